//! Records: the time, the level, the entry and the fields that a line states.
//!
//! Lines come in and [`Record`]s go out.
//! Everything here is pure: no I/O, no clock, no lock and no async.
//! A record depends only on the bytes of a line, on the [`LineState`] that the lines before it in
//! the same file have left, and on the [`Clock`].

mod clock;
mod condition;
mod fields;
mod level;
mod recognizer;
mod state;
mod stated_time;
mod time;
mod time_value;

pub use clock::{Clock, Zone};
pub use condition::{BadCondition, Condition};
pub use fields::{Field, field};
pub use level::Level;
pub use recognizer::{EXAMINED, Recognizer, Record};
pub use state::LineState;
pub use stated_time::stated_time;
pub use time_value::{BadTime, parse_time};
