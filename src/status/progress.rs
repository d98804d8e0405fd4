//! A progress bar as text, drawn by indicatif.

use std::io;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

/// Templates of indicatif with the least width that each needs, widest first.
const WITH_TOTAL: [(usize, &str); 3] = [
    (70, "reading [{wide_bar}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left"),
    (36, "[{wide_bar}] {percent}%, {bytes_per_sec}, {eta}"),
    (0, "{percent}%, {eta} left"),
];
/// The same for an unknown total.
const WITHOUT_TOTAL: [(usize, &str); 3] = [
    (50, "reading standard input: {bytes}, {bytes_per_sec}"),
    (30, "reading: {bytes}, {bytes_per_sec}"),
    (0, "{bytes}"),
];

/// Number of bytes to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    Known(u64),
    Unknown,
}

/// Progress bar of bytes that are read.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    canvas: Canvas,
}

/// Terminal of one line, for indicatif.
#[derive(Clone, Debug, Default)]
struct Canvas(Arc<CanvasState>);

#[derive(Debug, Default)]
struct CanvasState {
    width: AtomicU16,
    line: Mutex<String>,
}

impl Progress {
    pub(super) fn new() -> Self {
        let canvas = Canvas::default();
        let target = ProgressDrawTarget::term_like(Box::new(canvas.clone()));
        Progress { bar: ProgressBar::with_draw_target(None, target), canvas }
    }

    /// Returns the bar for `read` bytes of `amount`, at most `width` characters.
    pub(super) fn render(&self, amount: Amount, read: u64, width: usize) -> String {
        self.canvas.0.width.store(u16::try_from(width).unwrap_or(u16::MAX), Ordering::Relaxed);
        let templates = match amount {
            Amount::Known(bytes) => {
                self.bar.set_length(bytes);
                WITH_TOTAL
            }
            Amount::Unknown => {
                self.bar.unset_length();
                WITHOUT_TOTAL
            }
        };
        let template = templates.iter().find(|(least, _)| width >= *least);
        let style = template.map(|(_, template)| ProgressStyle::with_template(template));
        if let Some(Ok(style)) = style {
            self.bar.set_style(style.progress_chars("=> "));
        }
        self.bar.set_position(read);
        self.bar.tick();
        self.canvas.line().trim_end().to_owned()
    }
}

impl Canvas {
    fn line(&self) -> MutexGuard<'_, String> {
        self.0.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// indicatif erases the line and then writes it, so that the cursor does not matter.
impl TermLike for Canvas {
    fn width(&self) -> u16 {
        self.0.width.load(Ordering::Relaxed)
    }

    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.line().push_str(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.line().clear();
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}
