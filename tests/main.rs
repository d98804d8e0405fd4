//! The fast tier: tests of the built program that need no other installed program.

mod cli;
mod embedding;
mod encoding;
mod following;
mod generated;
mod golden;
mod harness;
mod hostile_clients;
mod limits;
mod listening;
mod model;
mod packaging;
mod page;
mod parser;
mod random_requests;
mod restarting;
mod resuming;
mod scripts;
mod serving;
mod spool;
mod stopping;
mod structure;
mod terminal;
mod text;
mod tls;
mod trust;
