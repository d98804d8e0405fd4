//! Checks the lines of all clients.
//!
//! Clients of one server receive the same bytes. Therefore each event is parsed once, when the
//! first client has it; the bytes of the other clients are compared with it, which is as fast as
//! memory and as strict. A client whose bytes differ is parsed event by event from then on.

use std::collections::{BTreeMap, VecDeque};

use hdrhistogram::Histogram;
use memchr::memmem::find;

use crate::line::{Line, Not, line_in};

const END: &[u8] = b"\n\n";

/// Latencies of lines in nanoseconds; none if they are not recorded.
pub type Latencies = Option<Histogram<u64>>;

/// Events with unchanged lines, complete and in order, and the start of the next event.
pub struct Reference {
    bytes: Vec<u8>,
    /// The ends of events; the first is the start of `bytes`.
    marks: VecDeque<Mark>,
}

/// The end of an event.
#[derive(Clone, Copy)]
struct Mark {
    at: u64,
    /// Number of the next line.
    next: u64,
    /// Time at which the line of this event was written, if it has one.
    time: Option<u64>,
}

/// The position of one client.
pub enum Reader {
    /// Up to here, and before `next`, the client has what the reference has.
    Same {
        at: u64,
        next: u64,
    },
    Other(Box<Other>),
}

/// A client whose bytes differ from those of the reference.
#[derive(Default)]
pub struct Other {
    rest: Vec<u8>,
    next: u64,
    /// Ranges of lines that have not come.
    missing: BTreeMap<u64, u64>,
    pub doubled: u64,
    pub reordered: u64,
    pub torn: u64,
}

impl Reference {
    /// Returns a reference for clients that start with the line `first`.
    pub fn new(first: u64) -> Self {
        Reference {
            bytes: Vec::new(),
            marks: VecDeque::from([Mark { at: 0, next: first, time: None }]),
        }
    }

    /// Returns a client that has nothing yet.
    pub fn reader(&self) -> Reader {
        Reader::Same { at: 0, next: self.marks[0].next }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn start(&self) -> u64 {
        self.marks[0].at
    }

    /// Adds the bytes that `reader` has received `now`; returns the number of completed lines.
    pub fn take(
        &mut self,
        reader: &mut Reader,
        bytes: &[u8],
        now: u64,
        seen: &mut Latencies,
    ) -> u64 {
        let (at, before) = match reader {
            Reader::Other(other) => return other.take(bytes, now, seen),
            Reader::Same { at, next } => (*at, *next),
        };
        let known = &self.bytes[(at - self.start()) as usize..];
        let common = known.len().min(bytes.len());
        if known[..common] != bytes[..common] {
            let mut other = self.leave(at);
            let lines = other.take(bytes, now, seen);
            *reader = Reader::Other(other);
            return lines;
        }
        let is_right = self.extend(&bytes[common..]);
        let right = (at + bytes.len() as u64).min(self.start() + self.bytes.len() as u64);
        let mark = self.last_mark(right);
        if let Some(seen) = seen {
            let new = self.marks.range(..=mark).rev().take_while(|mark| mark.at > at);
            new.filter_map(|mark| mark.time).for_each(|time| record(seen, now, time));
        }
        let next = self.marks[mark].next;
        *reader = Reader::Same { at: right, next };
        if let Err(rest) = is_right {
            let mut other = Other { next, ..Other::default() };
            let lines = other.take(&rest, now, seen);
            *reader = Reader::Other(Box::new(other));
            return next - before + lines;
        }
        next - before
    }

    /// Appends bytes that no client has had yet; returns those from the first wrong event on.
    fn extend(&mut self, bytes: &[u8]) -> Result<(), Vec<u8>> {
        let before = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        let mut mark = self.marks[self.marks.len() - 1];
        let mut from = (mark.at - self.start()) as usize;
        while let Some(len) = find(&self.bytes[from..], END) {
            let event = &self.bytes[from..from + len + END.len()];
            let time = match line_in(event) {
                Ok(Line { number, time }) if number == mark.next => Some(time),
                Err(Not::Line) if find(event, b"\"gap\"").is_none() => None,
                _ => {
                    let rest = self.bytes[from..].to_vec();
                    // Other clients that have a part of this event are checked by themselves.
                    self.bytes.truncate(before.max(from));
                    return Err(rest);
                }
            };
            from += event.len();
            mark = Mark {
                at: mark.at + event.len() as u64,
                next: mark.next + u64::from(time.is_some()),
                time,
            };
            self.marks.push_back(mark);
        }
        Ok(())
    }

    /// Returns a client that has the bytes of the reference up to here, and others after them.
    fn leave(&self, at: u64) -> Box<Other> {
        let mark = self.marks[self.last_mark(at)];
        let event = (mark.at - self.start()) as usize..(at - self.start()) as usize;
        let rest = self.bytes[event].to_vec();
        Box::new(Other { rest, next: mark.next, ..Other::default() })
    }

    /// Returns the last event that ends at `at` or before.
    fn last_mark(&self, at: u64) -> usize {
        self.marks.partition_point(|mark| mark.at <= at) - 1
    }

    /// Forgets bytes that every client has.
    pub fn forget_before(&mut self, at: u64) {
        let mark = self.last_mark(at);
        self.bytes.drain(..(self.marks[mark].at - self.start()) as usize);
        self.marks.drain(..mark);
    }
}

impl Reader {
    /// Returns the number of its highest line, plus one.
    pub fn next(&self) -> u64 {
        match self {
            Reader::Same { next, .. } => *next,
            Reader::Other(other) => other.next,
        }
    }

    /// Returns the number of lines before `end` that it lacks.
    pub fn lost(&self, end: u64) -> u64 {
        let missing: u64 = match self {
            Reader::Same { .. } => 0,
            Reader::Other(other) => other.missing.iter().map(|(from, to)| to - from).sum(),
        };
        missing + end.saturating_sub(self.next())
    }
}

impl Other {
    fn take(&mut self, bytes: &[u8], now: u64, seen: &mut Latencies) -> u64 {
        let mut rest = std::mem::take(&mut self.rest);
        rest.extend_from_slice(bytes);
        let (mut at, mut lines) = (0, 0);
        while let Some(len) = find(&rest[at..], END) {
            match line_in(&rest[at..at + len + END.len()]) {
                Ok(line) => {
                    lines += u64::from(self.place(line.number));
                    if let Some(seen) = seen {
                        record(seen, now, line.time);
                    }
                }
                Err(Not::Whole) => self.torn += 1,
                Err(Not::Line) => {}
            }
            at += len + END.len();
        }
        rest.drain(..at);
        self.rest = rest;
        lines
    }

    /// Returns true if the line had not come yet.
    fn place(&mut self, number: u64) -> bool {
        if number >= self.next {
            if number > self.next {
                self.missing.insert(self.next, number);
            }
            self.next = number + 1;
            return true;
        }
        let range = self.missing.range(..=number).next_back().map(|(from, to)| (*from, *to));
        let Some((from, to)) = range.filter(|(_, to)| number < *to) else {
            self.doubled += 1;
            return false;
        };
        self.reordered += 1;
        self.missing.remove(&from);
        let parts = [(from, number), (number + 1, to)];
        self.missing.extend(parts.into_iter().filter(|(from, to)| from < to));
        true
    }
}

fn record(seen: &mut Histogram<u64>, now: u64, time: u64) {
    seen.saturating_record(now.saturating_sub(time));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u64) -> Vec<u8> {
        let pad = " the rest is the same in every line, so that it can be checked..";
        format!("data: line={number:010} {:020}{pad}\nid: {number}\n\n", 0).into()
    }

    fn events(numbers: &[u64]) -> Vec<u8> {
        numbers.iter().flat_map(|number| event(*number)).collect()
    }

    /// Returns the results of two readers: lines, and (lost of ten, doubled, reordered, torn).
    fn read(first: &[u8], second: &[u8], run: usize) -> [(u64, [u64; 4]); 2] {
        let mut reference = Reference::new(0);
        let mut readers = [(reference.reader(), first, 0), (reference.reader(), second, 0)];
        while readers.iter().any(|(_, bytes, _)| !bytes.is_empty()) {
            for (reader, bytes, lines) in &mut readers {
                let (now, later) = bytes.split_at(run.min(bytes.len()));
                *lines += reference.take(reader, now, 0, &mut None);
                *bytes = later;
            }
        }
        readers.map(|(reader, _, lines)| {
            let lost = reader.lost(10);
            match reader {
                Reader::Same { .. } => (lines, [lost, 0, 0, 0]),
                Reader::Other(o) => (lines, [lost, o.doubled, o.reordered, o.torn]),
            }
        })
    }

    #[test]
    fn every_fault_is_counted_at_the_client_that_has_it() {
        let all: Vec<u64> = (0..10).collect();
        let mut torn = events(&all);
        torn[300] = b'!';
        let faults = [
            (events(&all), (10, [0, 0, 0, 0])),
            (events(&[0, 1, 2, 6, 7, 8, 9]), (7, [3, 0, 0, 0])),
            (events(&[0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]), (10, [0, 1, 0, 0])),
            (events(&[0, 1, 3, 2, 4, 5, 6, 7, 8, 9]), (10, [0, 0, 1, 0])),
            (events(&[0, 1, 2]), (3, [7, 0, 0, 0])),
            (torn, (9, [1, 0, 0, 1])),
        ];
        let right = (10, [0, 0, 0, 0]);
        for (bytes, expected) in &faults {
            for run in [1, 7, 50, 139, 140, 1000, 10_000] {
                assert_eq!(read(&events(&all), bytes, run), [right, *expected], "runs of {run}");
                assert_eq!(read(bytes, &events(&all), run), [*expected, right], "runs of {run}");
            }
        }
    }

    #[test]
    fn what_everybody_has_can_be_forgotten() {
        let mut reference = Reference::new(0);
        let (mut ahead, mut behind) = (reference.reader(), reference.reader());
        let bytes = events(&[0, 1, 2, 3]);
        reference.take(&mut ahead, &bytes, 0, &mut None);
        reference.take(&mut behind, &bytes[..200], 0, &mut None);
        reference.forget_before(200);
        assert_eq!(reference.take(&mut behind, &bytes[200..], 0, &mut None), 3);
        assert!(matches!(behind, Reader::Same { next: 4, .. }));
    }
}
