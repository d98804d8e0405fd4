//! Tests of the built program, from the outside.

mod browsers;
mod cli;
mod clients;
mod embedding;
mod encoding;
mod following;
mod garbage;
mod generated;
mod harness;
mod limits;
mod listening;
mod model;
mod packaging;
mod page;
mod parser;
mod readme;
mod results;
mod resuming;
mod scripts;
mod serving;
mod siege;
mod spool;
mod stopping;
mod terminal;
mod tls;
mod trust;
