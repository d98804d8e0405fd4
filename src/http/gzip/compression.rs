//! The compression of all event streams of a site.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::chain::Chain;
use super::coding::Compress;
use super::deflater::{Deflater, stored};
use crate::event::{Batch, Deflated, PieceChecksum, Presentation, Seq};

/// Largest number of chains: one for each presentation in use, and for each place in old events that
/// is being read. A chain takes some 300 KiB.
///
/// With half the number, more readers have no chain, and then each batch is compressed alone; with
/// twice the number, chains take twice the memory.
const CHAINS: usize = 8;

/// Largest number of compressors that are kept for texts of one peer.
///
/// As many threads may compress at a time on a small machine. With twice the number, twice the memory
/// stays in use.
const SPARE: usize = 4;

/// Fewest bytes of a text that is worth a compressor of its own.
///
/// Two events of a log become 1.1 times smaller, and 30 become 4 times smaller. With twice the number,
/// more small answers are sent as they are; with half of it, more time is lost for nothing.
const WORTHWHILE: usize = 512;

/// Compresses batches, each at most twice for a presentation, and other texts.
#[derive(Debug, Default)]
pub struct StreamCompression {
    compress: Compress,
    chains: Mutex<Chains>,
    spare: Mutex<Vec<Deflater>>,
}

/// The chains of all presentations and places.
#[derive(Debug, Default)]
struct Chains {
    /// Those that no thread uses; the least recently used one first.
    idle: Vec<Chain>,
    /// Where those go on that a thread uses.
    used: Vec<(Presentation, Seq)>,
}

impl StreamCompression {
    /// Makes the compression of a site, of which `compress` says which streams it compresses.
    #[must_use]
    pub fn new(compress: Compress) -> Self {
        StreamCompression { compress, ..StreamCompression::default() }
    }

    /// The setting that says which streams are compressed.
    #[must_use]
    pub fn compress(&self) -> Compress {
        self.compress
    }

    /// Returns the compressed form of `text`, which is that of `batch`, for a peer that has the text of
    /// all events since `since` and nothing behind it; none if the text is so small that the peer gets
    /// it with others. `now` is the time of reading.
    pub(in crate::http) fn share(
        &self,
        batch: &Batch,
        presentation: Presentation,
        text: &[u8],
        since: Seq,
        now: Instant,
    ) -> Option<Deflated> {
        // Many peers begin at the newest batch: the first of them must not leave the chain behind.
        let first = batch.first();
        let goes_on = since < first || lock(&self.chains).go_on_at(presentation, first);
        let chained = if goes_on {
            batch.chained_or(presentation, || self.chain(batch, presentation, text, since, now))
        } else {
            // A peer that reads single batches needs no chain of its own.
            batch.chained(presentation)
        };
        if let Some(chained) = chained.filter(|chained| since <= chained.since) {
            return Some(chained.clone());
        }
        self.want_reset(presentation, batch.next());
        (text.len() >= WORTHWHILE).then(|| {
            let alone = || Deflated {
                blocks: self.deflate(text).into(),
                checksum: PieceChecksum::of(text),
                since: first,
            };
            batch.alone_or(presentation, alone).clone()
        })
    }

    /// Compresses `text`, which is that of `batch`, with the chain that goes on there; none if there is
    /// no chain, and no place for one.
    fn chain(
        &self,
        batch: &Batch,
        presentation: Presentation,
        text: &[u8],
        since: Seq,
        now: Instant,
    ) -> Option<Deflated> {
        let first = batch.first();
        let taken = lock(&self.chains).take(presentation, first)?;
        let mut chain = taken.unwrap_or_else(|| Chain::new(presentation, first));
        if !chain.goes_on_at(presentation, first) {
            chain.begin_again(presentation, first);
        }
        let deflated = chain.deflate(batch.next(), text, since, now);
        lock(&self.chains).give_back(chain, (presentation, first));
        Some(deflated)
    }

    /// Asks the chain that goes on at event `next`, if there is one, for a batch that refers to nothing
    /// before it.
    fn want_reset(&self, presentation: Presentation, next: Seq) {
        let mut chains = lock(&self.chains);
        let chain = chains.idle.iter_mut().find(|chain| chain.goes_on_at(presentation, next));
        if let Some(chain) = chain {
            chain.want_reset();
        }
    }

    /// Number of chains.
    #[cfg(test)]
    pub(super) fn chains(&self) -> usize {
        lock(&self.chains).idle.len()
    }

    /// Compresses a text that refers to nothing before it.
    pub(in crate::http) fn deflate(&self, text: &[u8]) -> Vec<u8> {
        if text.len() < WORTHWHILE {
            return stored(text);
        }
        let spare = lock(&self.spare).pop();
        let mut deflater = spare.unwrap_or_else(Deflater::new);
        let blocks = deflater.deflate(text);
        deflater.reset();
        let mut spare = lock(&self.spare);
        if spare.len() < SPARE {
            spare.push(deflater);
        }
        blocks
    }
}

impl Chains {
    /// Takes the chain that goes on at event `next`, or one that has to begin again there; `Some(None)`
    /// is the place of a new chain, and none is no place.
    ///
    /// Only a chain that is behind `next` is taken from other readers: those of old events never take
    /// the chain of new ones, nor that of readers before them.
    #[expect(clippy::option_option, reason = "the inner one is a chain, the outer one its place")]
    fn take(&mut self, presentation: Presentation, next: Seq) -> Option<Option<Chain>> {
        let mut idle = self.idle.iter();
        let mut at = idle.position(|chain| chain.goes_on_at(presentation, next));
        if at.is_none() && self.idle.len() + self.used.len() >= CHAINS {
            at = Some(self.idle.iter().position(|chain| chain.is_behind(next))?);
        }
        self.used.push((presentation, next));
        Some(at.map(|at| self.idle.remove(at)))
    }

    /// Returns true if a chain goes on with the batch that begins at event `next`.
    fn go_on_at(&self, presentation: Presentation, next: Seq) -> bool {
        self.used.contains(&(presentation, next))
            || self.idle.iter().any(|chain| chain.goes_on_at(presentation, next))
    }

    /// Gives back a chain that was taken at `place`, or made there.
    fn give_back(&mut self, chain: Chain, place: (Presentation, Seq)) {
        if let Some(at) = self.used.iter().position(|used| *used == place) {
            self.used.swap_remove(at);
        }
        self.idle.push(chain);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
