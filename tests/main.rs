//! The fast tier: tests of the built program that need no other installed program.

mod cli;
mod embedding;
mod encoding;
mod following;
mod garbage;
mod generated;
mod golden;
mod harness;
mod limits;
mod listening;
mod model;
mod packaging;
mod page;
mod parser;
mod restarting;
mod resuming;
mod scripts;
mod serving;
mod siege;
mod spool;
mod stopping;
mod structure;
mod terminal;
mod tls;
mod trust;
