//! Event ids: every id that is accepted means the same when it is written and read again.
//!
//! The input is the text of an id, as a client sends it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ssetail::event::EventId;

fuzz_target!(|text: &[u8]| {
    let Ok(id) = EventId::parse(text) else { return };
    assert_eq!(EventId::parse(id.to_string().as_bytes()), Ok(id));
});
