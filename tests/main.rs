//! Tests of the built program, from the outside.

mod browsers;
mod cli;
mod clients;
mod encoding;
mod following;
mod garbage;
mod generated;
mod harness;
mod limits;
mod listening;
mod model;
mod page;
mod parser;
mod readme;
mod restarting;
mod results;
mod resuming;
mod scripts;
mod serving;
mod siege;
mod stopping;
mod tls;
mod trust;
