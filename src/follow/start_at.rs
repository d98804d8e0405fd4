//! Where to begin in a file that exists at start: `-n N` and `-n +N`, as in tail(1).

use std::io;

use memchr::{memchr_iter, memrchr_iter};

use super::file::LogFile;

const BLOCK: usize = 64 * 1024;

/// Which lines of a file that exists at start are published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartAt {
    /// Its last lines, an unfinished one among them.
    Last(u64),
    /// StartAt this line on; the first is 1.
    Line(u64),
}

impl StartAt {
    /// The offset at which reading begins.
    pub(super) fn offset(self, file: &LogFile) -> io::Result<u64> {
        match self {
            StartAt::Last(lines) => last_lines(file, lines),
            StartAt::Line(line) => nth_line(file, line),
        }
    }
}

/// Reads backwards, so that the work depends on the lines, not on the file.
///
/// For no lines it is where an unfinished line begins, which is published once it is finished.
fn last_lines(file: &LogFile, lines: u64) -> io::Result<u64> {
    let len = file.metadata()?.len();
    let mut block = vec![0; BLOCK];
    let mut end = len;
    // The newline that ends the last line does not begin another.
    let mut wanted =
        if lines > 0 && !ends_unfinished(file, len)? { lines + 1 } else { lines.max(1) };
    while end > 0 {
        let start = end.saturating_sub(BLOCK as u64);
        let block = &mut block[..(end - start) as usize];
        file.read_at(block, start)?;
        for newline in memrchr_iter(b'\n', block) {
            wanted -= 1;
            if wanted == 0 {
                return Ok(start + newline as u64 + 1);
            }
        }
        end = start;
    }
    Ok(0)
}

fn ends_unfinished(file: &LogFile, len: u64) -> io::Result<bool> {
    let mut last = [b'\n'];
    if len > 0 {
        file.read_at(&mut last, len - 1)?;
    }
    Ok(last[0] != b'\n')
}

fn nth_line(file: &LogFile, line: u64) -> io::Result<u64> {
    let mut missing = line.saturating_sub(1);
    let mut block = vec![0; BLOCK];
    let mut offset = 0;
    let mut line_start = 0;
    while missing > 0 {
        let read = file.read_at(&mut block, offset)?;
        if read == 0 {
            break;
        }
        for newline in memchr_iter(b'\n', &block[..read]) {
            missing -= 1;
            line_start = offset + newline as u64 + 1;
            if missing == 0 {
                return Ok(line_start);
            }
        }
        offset += read as u64;
    }
    // An unfinished line is published whole, once it is finished.
    Ok(line_start)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::file::room;
    use super::*;

    /// What tail(1) would print of `text`.
    fn tail(text: &str, from: StartAt) -> String {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("written");
        let offset =
            from.offset(&LogFile::open(file.path(), &room()).expect("open")).expect("read");
        text[offset as usize..].to_owned()
    }

    #[test]
    fn it_begins_where_tail_does() {
        assert_eq!(tail("a\nb\nc\n", StartAt::Last(2)), "b\nc\n");
        assert_eq!(tail("a\nb\nc", StartAt::Last(2)), "b\nc");
        assert_eq!(tail("a\nb\nc\n", StartAt::Last(9)), "a\nb\nc\n");
        assert_eq!(tail("a\nb\nc\n", StartAt::Last(0)), "");
        assert_eq!(tail("a\nb\nc\n", StartAt::Line(2)), "b\nc\n");
        assert_eq!(tail("a\nb\nc\n", StartAt::Line(0)), "a\nb\nc\n");
        assert_eq!(tail("a\nb\nc\n", StartAt::Line(9)), "");
        assert_eq!(tail("a\nb", StartAt::Line(9)), "b");
        assert_eq!(tail("", StartAt::Last(3)), "");
    }

    #[test]
    fn an_unfinished_line_is_held_also_when_no_line_is_wanted() {
        assert_eq!(tail("a\nb", StartAt::Last(0)), "b");
        assert_eq!(tail("b", StartAt::Last(0)), "b");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn blocks_do_not_matter(
            lines in proptest::collection::vec(0usize..9000, 1..40), count in 1usize..45,
        ) {
            let lines: Vec<String> = lines.iter().map(|&len| "x".repeat(len) + "\n").collect();
            let text = lines.concat();
            let last = lines[lines.len().saturating_sub(count)..].concat();
            prop_assert_eq!(tail(&text, StartAt::Last(count as u64)), last);
            let rest = lines[(count - 1).min(lines.len())..].concat();
            prop_assert_eq!(tail(&text, StartAt::Line(count as u64)), rest);
        }
    }
}
