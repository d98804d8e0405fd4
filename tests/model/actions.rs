//! The changes to files that a sequence makes.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use super::sequence::{LINGER, Layout, Sequence, Writer};
use crate::harness::eventually;

/// Most bytes that are taken back from the end of a file; more are another content.
const MOST_TAKEN_BACK: usize = 3000;

/// Length of a hole: a few blocks of the file system.
const HOLE: u64 = 20_000;

impl Sequence {
    /// Does the action with this number, from 0 to 18.
    pub fn act(&mut self, action: u64) {
        let (name, act): (_, fn(&mut Self)) = match action {
            0..=3 => ("append", Self::append),
            4 => ("append a piece", Self::append_piece),
            5 => ("append much", Self::append_much),
            6 => ("rotate", Self::rotate),
            7 => ("rotate twice", |s| {
                s.rotate();
                s.append();
                s.rotate();
            }),
            8 => ("truncate", Self::truncate),
            9 => ("truncate and grow", |s| {
                s.truncate();
                s.append_much();
            }),
            10 => ("delete", Self::delete),
            11 => ("replace", Self::replace),
            12 => ("late write", Self::write_late),
            13 => ("move the directory", Self::move_directory),
            14 => ("link elsewhere", Self::link_elsewhere),
            15 => ("truncate the end", Self::truncate_end),
            16 => ("leave a hole", Self::leave_hole),
            17 => ("come and go", Self::come_and_go),
            _ => ("restart the writer", Self::restart_writer),
        };
        self.history.push(name);
        act(self);
    }

    /// Writes text with a writer, and adds its complete lines to the owed ones.
    fn write(&mut self, index: usize, text: &str) {
        let writer = &mut self.writers[index];
        writer.file.write_all(text.as_bytes()).expect("written");
        let whole = std::mem::take(&mut writer.unfinished) + text;
        let mut lines: Vec<&str> = whole.split('\n').collect();
        lines.pop().unwrap_or_default().clone_into(&mut writer.unfinished);
        self.reference.add_lines(writer.generation, lines.into_iter());
    }

    fn text(&mut self, lines: u64) -> String {
        (0..lines)
            .map(|_| {
                self.lines += 1;
                let pad = "x".repeat(self.random.below(60) as usize);
                format!("<{}>{pad}\n", self.lines)
            })
            .collect()
    }

    fn append(&mut self) {
        self.current();
        let lines = 1 + self.random.below(4);
        let text = self.text(lines);
        let last = self.writers.len() - 1;
        self.write(last, &text);
    }

    fn append_much(&mut self) {
        self.current();
        let lines = self.random.below(3000);
        let text = self.text(lines);
        let last = self.writers.len() - 1;
        self.write(last, &text);
    }

    fn append_piece(&mut self) {
        self.current();
        let text = self.text(1);
        let last = self.writers.len() - 1;
        let len = self.random.below(text.len() as u64) as usize;
        self.write(last, &text[..len]);
    }

    /// Waits until the follower has the file open.
    ///
    /// A follower promises this within 100 ms, but not on a machine that runs forty of them.
    fn wait_until_followed(&mut self) {
        self.current();
        self.wait_until_open(&self.path());
    }

    fn wait_until_open(&mut self, path: &Path) {
        let path = path.canonicalize().expect("a path");
        let descriptors = || {
            let all = std::fs::read_dir("/proc/self/fd").expect("readable").flatten();
            let target = |fd: std::fs::DirEntry| std::fs::read_link(fd.path()).ok();
            all.filter_map(target).filter(|target| *target == path).count()
        };
        eventually("the follower opens the file", || {
            self.read();
            descriptors() >= 2
        });
    }

    /// Notes that the file does not have the followed name any more.
    fn mark_replaced(&mut self) -> &mut Writer {
        let writer = self.writers.last_mut().expect("a writer");
        writer.replaced = Some(Instant::now());
        writer.release = None;
        writer
    }

    fn rotate(&mut self) {
        self.wait_until_followed();
        for n in (0..self.rotations).rev() {
            let name = |n| self.path().with_file_name(format!("app.log.{n}"));
            if name(n).exists() {
                std::fs::rename(name(n), name(n + 1)).expect("renamed");
            }
        }
        self.rotations += 1;
        let rotated = self.path().with_file_name("app.log.0");
        std::fs::rename(self.path(), rotated).expect("renamed");
        self.mark_replaced();
        self.current();
    }

    /// Truncates the file; lines that are unread then may be lost, so all are read before.
    fn truncate(&mut self) {
        self.current();
        if let Err(missing) = self.settle() {
            panic!("before a truncation: {missing}, after {}", self.history.join(", "));
        }
        let writer = self.current();
        writer.file.set_len(0).expect("truncated");
        let unfinished = std::mem::take(&mut writer.unfinished);
        self.reference.add_truncated(unfinished);
        let generation = self.reference.add_generation();
        self.current().generation = generation;
    }

    /// Takes back a few bytes, and writes others, so that the next cut is another one.
    ///
    /// A line of which a part is left is published again when it is finished. A line that is left
    /// without its newline is not: the bytes that follow are another line.
    fn truncate_end(&mut self) {
        self.current();
        if let Err(missing) = self.settle() {
            panic!("before a truncation: {missing}, after {}", self.history.join(", "));
        }
        let content = std::fs::read(self.path()).expect("read");
        let most = (content.len() / 2).min(MOST_TAKEN_BACK);
        if most == 0 {
            return;
        }
        let left = content.len() - 1 - self.random.below(most as u64) as usize;
        // A line begins behind a newline or a hole.
        let line = content[..left].rsplit(|byte| b"\n\0".contains(byte)).next();
        let part = String::from_utf8(line.unwrap_or_default().to_vec()).expect("ASCII");
        let writer = self.current();
        writer.file.set_len(left as u64).expect("truncated");
        let part = if content[left] == b'\n' { String::new() } else { part };
        let unfinished = std::mem::replace(&mut writer.unfinished, part);
        self.reference.add_truncated(unfinished);
        self.append();
    }

    /// Extends the file without writing, and appends lines behind the hole.
    fn leave_hole(&mut self) {
        let writer = self.current();
        let len = writer.file.metadata().expect("metadata").len();
        writer.file.set_len(len + HOLE).expect("extended");
        let unfinished = std::mem::take(&mut writer.unfinished);
        let generation = writer.generation;
        if !unfinished.is_empty() {
            self.reference.add_lines(generation, std::iter::once(&*unfinished));
        }
        self.append();
    }

    fn delete(&mut self) {
        self.wait_until_followed();
        std::fs::remove_file(self.path()).expect("removed");
        self.mark_replaced();
    }

    /// A short job writes a file that only the glob finds, and deletes it.
    fn come_and_go(&mut self) {
        if self.layout != Layout::Glob {
            return self.append();
        }
        self.current();
        let path = self.path().with_file_name(format!("app.log-job-{}", self.lines));
        self.create(&path);
        let job = self.writers.len() - 1;
        let text = self.text(2);
        self.write(job, &text);
        self.wait_until_open(&path);
        std::fs::remove_file(path).expect("removed");
        self.mark_replaced();
        // The last writer is that of the followed name.
        self.writers.swap(job - 1, job);
    }

    fn replace(&mut self) {
        self.wait_until_followed();
        self.mark_replaced();
        let (new, path) = (self.path().with_file_name("new"), self.path());
        self.create(&new);
        std::fs::rename(new, path).expect("renamed");
    }

    /// Writes to a file that was rotated, as a writer does that does not know of the rotation.
    fn write_late(&mut self) {
        let is_late = |writer: &Writer| {
            writer.replaced.is_some_and(|replaced| replaced.elapsed() < LINGER / 9)
        };
        if let Some(index) = self.writers.iter().rposition(is_late) {
            let text = self.text(1);
            self.write(index, &text);
        }
    }

    fn move_directory(&mut self) {
        if self.layout == Layout::Link {
            return;
        }
        self.wait_until_followed();
        let directory = self.root.path().join("dir");
        let away = self.root.path().join(format!("away.{}", self.reference.generations()));
        std::fs::rename(&directory, away).expect("renamed");
        self.mark_replaced();
        std::fs::create_dir(&directory).expect("created");
        self.rotations = 0;
    }

    /// Changes the link to a new release directory, or back to an earlier one.
    fn link_elsewhere(&mut self) {
        if self.layout != Layout::Link {
            return;
        }
        self.wait_until_followed();
        let release = self.random.below(4) as usize;
        let earlier = self.writers.iter().position(|writer| writer.release == Some(release));
        if release == self.release
            || earlier.is_some_and(|at| !self.writers[at].unfinished.is_empty())
        {
            return;
        }
        let name = format!("release.{release}");
        std::fs::create_dir_all(self.root.path().join(&name)).expect("created");
        let next = self.root.path().join("next");
        std::os::unix::fs::symlink(name, &next).expect("linked");
        std::fs::rename(next, self.root.path().join("dir")).expect("renamed");
        let left = self.release;
        self.mark_replaced().release = Some(left);
        self.release = release;
        if let Some(at) = earlier {
            let mut writer = self.writers.remove(at);
            writer.replaced = None;
            self.writers.push(writer);
            // The follower may still have the file open, so only a line shows that it reads again.
            self.append();
            if let Err(missing) = self.settle() {
                panic!("back at a release: {missing}, after {}", self.history.join(", "));
            }
        }
    }

    /// Ends the writer, perhaps in the middle of a line; another continues the file.
    fn restart_writer(&mut self) {
        self.append_piece();
        let path = self.path();
        self.current().file = OpenOptions::new().append(true).open(path).expect("opened");
    }
}
