//! Records: the time, the level, the entry and the fields that a line states.
//!
//! Lines come in and [`Record`]s go out.
//! Everything here is pure: no I/O, no clock, no lock and no async.
//! A record depends only on the bytes of a line, on the [`LineState`] that the lines before it in
//! the same file have left, and on the [`Clock`].

mod ansi;
mod clock;
mod condition;
mod context;
mod crash;
mod entry;
mod fields;
mod json;
mod layout;
mod level;
mod level_names;
mod logfmt;
mod number;
mod recognizer;
mod redrawn;
mod state;
mod stated_time;
mod structured;
mod text_level;
mod time;
mod time_value;

#[cfg(test)]
mod entry_tests;
#[cfg(test)]
mod logger_tests;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod redraw_tests;
#[cfg(test)]
mod table_tests;
#[cfg(test)]
mod trace_tests;

pub use clock::{Clock, Zone};
pub use condition::{BadCondition, Condition};
pub use context::{BLOCK, Context, MAX_DISORDER};
pub use fields::{Field, field};
pub use level::Level;
pub use number::Number;
pub use recognizer::{EXAMINED, Recognizer, Record};
pub use state::LineState;
pub use stated_time::stated_time;
pub use time_value::{BadTime, parse_time};

/// The clock of lines that were written in UTC near the time `near`.
#[cfg(test)]
fn clock_near(near: i64) -> Clock {
    Clock::new(&Zone::utc(), near)
}
