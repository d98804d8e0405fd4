use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::event::{Location, Splitter};

/// Byte order marks, and bytes that begin like one.
const MARKS: &[&[u8]] = &[b"", b"\xEF\xBB\xBF", b"\xFF\xFE", b"\xFE\xFF", b"\xEF\xBB", b"\xFF"];

/// Writes of a program, each of which is read at once.
struct Writes(std::vec::IntoIter<Vec<u8>>);

impl LineSource for Writes {
    const CONTEXT: usize = 3;

    fn read(&mut self, state: &mut ReadState, scratch: &mut [u8]) -> io::Result<Chunk> {
        let Some(write) = self.0.next() else { return Ok(Chunk::End) };
        state.space(scratch, 0)[..write.len()].copy_from_slice(&write);
        Ok(Chunk::Bytes { len: write.len(), has_more: false })
    }

    fn locate(&self, _bytes: &[u8], _offset: u64) -> Option<Location> {
        None
    }
}

/// Returns the parts of all lines, and whether another part follows.
fn lines(writes: Vec<Vec<u8>>, binary: bool) -> Vec<(Vec<u8>, bool)> {
    let splitter = Splitter { max_line: 5, section: 9, binary };
    let cutting = Cutting { splitter, ..Cutting::default() };
    let mut reader = LineReader::new(Writes(writes.into_iter()), ReadState::default());
    let mut scratch = LineReader::<Writes>::scratch(&cutting);
    let mut lines = Vec::new();
    loop {
        let progress = reader.read(&mut scratch, &cutting, 0).expect("read");
        for update in progress.updates {
            let Update::Lines(batch) = update else { continue };
            lines.extend(batch.spans.iter().map(|span| {
                let part = &batch.bytes[span.start as usize..span.end as usize];
                (part.to_vec(), span.more)
            }));
        }
        if progress.availability == Availability::Ended {
            return lines;
        }
    }
}

proptest! {
    #[test]
    fn a_text_does_not_depend_on_how_it_is_written(
        mark in select(MARKS),
        text in vec(prop_oneof![Just(b'\n'), Just(0), Just(b'a'), any::<u8>()], 0..60),
        lens in vec(0usize..7, 0..40), binary: bool,
    ) {
        let bytes = [mark, &text].concat();
        let mut rest = &*bytes;
        let mut writes = Vec::new();
        for len in lens.into_iter().chain([bytes.len()]) {
            let (write, after) = rest.split_at(len.min(rest.len()));
            writes.push(write.to_vec());
            rest = after;
        }
        let whole = lines(vec![bytes.clone()], binary);
        let pieces = lines(writes, binary);
        if binary {
            let joined = |parts: Vec<(Vec<u8>, bool)>| -> Vec<u8> {
                parts.into_iter().flat_map(|(part, _)| part).collect()
            };
            prop_assert_eq!(&joined(whole), &bytes);
            prop_assert_eq!(&joined(pieces), &bytes);
        } else {
            prop_assert_eq!(pieces, whole);
        }
    }
}
