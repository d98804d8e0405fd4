//! The journal: whatever the directory of `--state` holds, it is recovered or refused.
//!
//! The first byte of the input selects how the rest becomes a journal:
//!
//! - `r`: the rest is the whole file.
//! - any other: a valid journal of this run is followed by records with checksums that hold.
//!   The rest holds the records of each frame, after their length in two bytes, lowest first;
//!   a length beyond the input makes the rest the tail of the file, without checksums.

#![no_main]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use ssetail::event::{Cutting, Encoder, Epoch, Name, Source};
use ssetail::feed::{Draft, DraftContent, resume};
use ssetail::journal::{Journal, JournalNote, Recovered};
use ssetail::store::{Capacity, History};
use tempfile::TempDir;

const INDEX_BYTES: usize = 1 << 20;

/// A directory in memory where there is one, and the start of a journal of this machine.
struct State {
    directory: TempDir,
    prefix: Vec<u8>,
}

static STATE: LazyLock<State> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let directory = TempDir::new_in(parent).expect("a directory");
    let (journal, recovered) = open(directory.path()).expect("an empty directory");
    let history = recovered.history(INDEX_BYTES);
    let encoder = Encoder::new(Epoch::from_random(1));
    let (capacity, cutting) = (Capacity::default(), Cutting::default());
    let (publisher, _feed) = resume(encoder, capacity, cutting, history, Some(journal));
    let source = Arc::new(Source { id: 0, name: Name::new(OsStr::new("a.log")) });
    let content = DraftContent::Note(JournalNote::Path(PathBuf::from("/a.log")));
    publisher.publish(vec![Draft { source, content }]);
    let prefix = std::fs::read(directory.path().join("journal")).expect("a journal");
    State { directory, prefix }
});

fuzz_target!(|input: &[u8]| {
    let Some((kind, rest)) = input.split_first() else { return };
    let journal = if *kind == b'r' { rest.to_vec() } else { with_frames(rest) };
    let directory = STATE.directory.path();
    std::fs::write(directory.join("journal"), journal).expect("written");
    let Some((_journal, recovered)) = open(directory) else { return };
    let History { index, next } = recovered.history(INDEX_BYTES);
    let mut last = 1;
    for entry in index.entries() {
        assert!(last <= entry.first() && entry.first() < entry.next(), "seqs grow");
        last = entry.next();
    }
    assert!(last <= next);
    assert!(index.bytes() <= INDEX_BYTES);
});

fn open(directory: &Path) -> Option<(Journal, Recovered)> {
    Journal::open(directory, INDEX_BYTES, &Cutting::default(), Vec::new(), |_| ()).ok()
}

fn with_frames(mut rest: &[u8]) -> Vec<u8> {
    let mut journal = STATE.prefix.clone();
    while let Some((len, records)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_le_bytes(*len));
        let Some((records, after)) = records.split_at_checked(len) else { break };
        push_frame(&mut journal, records);
        rest = after;
    }
    journal.extend(rest);
    journal
}

/// Appends the length of `records`, their CRC, the CRC of these two, and the records.
fn push_frame(journal: &mut Vec<u8>, records: &[u8]) {
    let mut head = (records.len() as u32).to_le_bytes().to_vec();
    head.extend(crc32fast::hash(records).to_le_bytes());
    head.extend(crc32fast::hash(&head).to_le_bytes());
    journal.extend(head);
    journal.extend(records);
}
