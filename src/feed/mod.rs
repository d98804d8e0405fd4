//! The feed: the batches of its publishers, read by any number of subscribers.
//!
//! A subscriber is a cursor and not a queue: it holds the seq of the event that it reads next, and
//! takes batches from the ring when its client can receive them.
//!
//! # Replay
//!
//! Reading old events and waiting for new ones are the same operation.
//! A subscriber whose cursor is behind the newest batch reads until nothing is left, and then waits.
//! No event can be lost or repeated between the two, because nothing joins them.
//!
//! The newest lines that match an expression are found before the first read: a search goes backward
//! through the ring and the index, a step at a time, and blocking threads do its steps.
//!
//! A subscriber can have an end, behind which it reads nothing.
//!
//! # Lagging
//!
//! A publisher never waits for a subscriber.
//! When the ring has evicted the batches at a cursor, the subscriber reads them again from their
//! file: the same events with the same IDs.
//! If there is no file, or the file has other bytes now, the subscriber gets a [`Gap`] with the exact
//! number of lost events, and continues at the next event that can be read.
//!
//! # Waking
//!
//! A publication wakes one task, the [relay](Feed::relay), which wakes the subscribers that wait.
//! The publishing thread therefore wakes one task, however many subscribers there are.
//!
//! A few lines for a few subscribers, after a pause, are sent by the publishing thread itself: the
//! *inline delivery*, an explicit call that the publisher makes after it has released all locks.
//! The private module `inline` has the policy and its measurements.
//! Without a relay, the publishing thread wakes all subscribers.
//!
//! A thread that reads a source can ask whether [all subscribers have read
//! everything](Publisher::is_caught_up), and be woken when they have: reading less often while
//! earlier lines are still being sent makes batches larger.
//! It never has to wait for that.
//!
//! # Restarts
//!
//! With a [`Journal`](crate::journal::Journal), the records of a publication are written before any
//! subscriber can see its events.
//! A feed that is [resumed](resume()) begins with the history that the journal has recorded, and with the
//! next seq.
//!
//! # Closing
//!
//! The feed closes when its last [`Publisher`] is dropped, or when [`Feed::close`] is called.
//! Every subscriber then reads the remaining events, and ends.
//!
//! # Cancel safety
//!
//! A subscriber moves its cursor only when it returns events or a gap.
//! A pending read has therefore lost nothing, and a subscriber can be dropped at any time.

mod buffers;
mod draft;
mod gap;
mod handle;
mod inline;
mod look_back;
mod next_read;
mod publisher;
mod refill;
mod reload;
mod resume;
mod shared;
mod since;
mod start;
mod start_search;
mod state;
mod subscriber;
mod verification;
mod waiters;
mod writer;

pub use draft::{Draft, DraftContent};
pub use gap::Gap;
pub use handle::{Feed, RingUsage};
pub use inline::InlineStream;
pub use publisher::Publisher;
pub use resume::{feed, feed_of_messages, resume};
pub use start::{Backlog, Candidates, Start};
pub use subscriber::{Read, Subscriber};
