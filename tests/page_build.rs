//! The preparation of the page by the build, whose modules have tests of their own.

#[path = "../build/bundle.rs"]
mod bundle;
#[path = "../build/compact.rs"]
mod compact;
