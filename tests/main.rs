//! Tests of the built program, from the outside.

mod browsers;
mod cli;
mod encoding;
mod following;
mod harness;
mod limits;
mod listening;
mod load;
mod parser;
mod readme;
mod resuming;
mod serving;
mod siege;
mod stopping;
mod tls;
mod trust;
