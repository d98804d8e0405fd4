//! Streams that share deflated batches, decoded.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flate2::{Decompress, FlushDecompress};
use proptest::prelude::*;

use super::chain::Chain;
use super::*;
use crate::event::{Batch, Deflated, Encoder, Epoch, Format, Medium, Presentation};
use crate::store::samples::batch_of;

/// The next step of one of the peers.
#[derive(Clone, Debug)]
enum Step {
    /// Reads so many batches.
    Read(usize),
    /// Passes over a batch, as with a filter of sources.
    Skip,
    /// Gets a comment of its own.
    Comment,
}

/// A peer, which decodes everything as soon as it is sent.
struct Peer {
    at: usize,
    decoded: Decoded,
    decoder: Decompress,
    /// Number of bytes that were sent.
    sent: usize,
}

impl Peer {
    fn new(at: usize) -> Self {
        Peer { at, decoded: Decoded::default(), decoder: Decompress::new(false), sent: 0 }
    }

    fn decode(&mut self, blocks: &[u8], text: &[u8]) {
        self.sent += blocks.len();
        let mut read = Vec::with_capacity(text.len() + 1);
        self.decoder.decompress_vec(blocks, &mut read, FlushDecompress::Sync).expect("deflate");
        assert!(read == text, "{} of {} bytes", read.len(), text.len());
    }

    /// Reads the next batch, as a stream does.
    fn read(&mut self, site: &Site) {
        self.read_as(site, PRESENTATION);
    }

    fn read_as(&mut self, site: &Site, presentation: Presentation) {
        let Some(batch) = site.batches.get(self.at) else { return };
        self.read_at(site, presentation, batch.first());
    }

    /// Reads the next batch so many milliseconds after the start; returns its compressed form, unless
    /// the peer is sent its few bytes with others.
    fn read_at(
        &mut self,
        site: &Site,
        presentation: Presentation,
        millis: u64,
    ) -> Option<Deflated> {
        let batch = &site.batches[self.at];
        self.at += 1;
        let text = batch.encoded(&site.encoder, presentation);
        let run = self.decoded.run_with(batch);
        let now = site.start + Duration::from_millis(millis);
        let shared = site.compression.share(batch, presentation, &text, run.since, now);
        if let Some(deflated) = &shared {
            self.decoded.append(deflated, run);
            self.decode(&deflated.blocks, &text);
        } else {
            self.decoded.push(&text, run);
            self.decode(&site.compression.deflate(&text), &text);
        }
        shared
    }
}

struct Site {
    batches: Vec<Arc<Batch>>,
    encoder: Encoder,
    compression: StreamCompression,
    /// The time at which event 0 would be read; one follows every millisecond.
    start: Instant,
}

const PRESENTATION: Presentation =
    Presentation { medium: Medium::Events, format: Format::Text, named: true };

fn site(lens: &[usize]) -> Site {
    let mut first = 1;
    let batches = lens.iter().map(|&len| {
        let batch = batch_of(first, len, &Arc::default());
        first = batch.next();
        Arc::new(batch)
    });
    Site {
        batches: batches.collect(),
        encoder: Encoder::new(Epoch::from_random(1)),
        compression: StreamCompression::default(),
        start: Instant::now(),
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1..30usize).prop_map(Step::Read),
        1 => Just(Step::Skip),
        1 => Just(Step::Comment),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_peer_decodes_exactly_what_it_was_sent(
        lens in proptest::collection::vec(prop_oneof![9 => 1..4usize, 1 => 1..700usize], 1..150),
        starts in proptest::collection::vec(any::<prop::sample::Index>(), 1..6),
        steps in proptest::collection::vec((any::<prop::sample::Index>(), step()), 0..150),
    ) {
        let site = site(&lens);
        let mut peers: Vec<Peer> =
            starts.iter().map(|start| Peer::new(start.index(lens.len()))).collect();
        for (peer, step) in steps {
            let len = peers.len();
            let peer = &mut peers[peer.index(len)];
            match step {
                Step::Read(count) => (0..count).for_each(|_| peer.read(&site)),
                Step::Skip => peer.at += 1,
                Step::Comment => {
                    peer.decoded.push(b":\n", Run::default());
                    peer.decode(&site.compression.deflate(b":\n"), b":\n");
                }
            }
        }
    }
}

#[test]
fn peers_at_the_same_place_get_the_same_small_batches() {
    let site = site(&vec![1; 3000]);
    let text: usize =
        site.batches.iter().map(|batch| batch.encoded(&site.encoder, PRESENTATION).len()).sum();
    let mut peers: Vec<Peer> = Vec::new();
    for at in 0..3000 {
        if at % 1000 == 0 {
            peers.push(Peer::new(at));
        }
        for peer in &mut peers {
            peer.read(&site);
        }
    }
    for (peer, share) in peers.iter().zip([1, 2, 3]) {
        let text = text * (4 - share) / 3;
        assert!(peer.sent * 2 < text, "{} of {text} bytes from {share}", peer.sent);
    }
}

#[test]
fn readers_of_old_events_do_not_take_the_chain_of_new_ones() {
    let site = site(&vec![1; 1500]);
    let mut live = Peer::new(1000);
    for _ in 0..250 {
        live.read(&site);
    }
    let mut late: Vec<Peer> = (0..9).map(|n| Peer::new(n * 100)).collect();
    let before = live.sent;
    for _ in 0..250 {
        for peer in &mut late {
            peer.read(&site);
        }
        live.read(&site);
    }
    assert!(live.sent - before < before, "{} and then {} bytes", before, live.sent - before);
}

#[test]
fn more_presentations_than_chains_do_not_take_chains_of_each_other() {
    let site = site(&vec![1; 500]);
    let formats = [Format::Text, Format::Json, Format::Base64, Format::Buffer, Format::Exact];
    let presentations = formats.into_iter().flat_map(|format| {
        [true, false].map(|named| Presentation { medium: Medium::Events, format, named })
    });
    let mut peers: Vec<(Presentation, Peer)> =
        presentations.take(9).map(|form| (form, Peer::new(0))).collect();
    for _ in 0..500 {
        for (presentation, peer) in &mut peers {
            peer.read_as(&site, *presentation);
        }
    }
    for (presentation, peer) in &peers[..8] {
        let text: usize = site
            .batches
            .iter()
            .map(|batch| batch.encoded(&site.encoder, *presentation).len())
            .sum();
        assert!(peer.sent < text, "{} of {text} bytes for {presentation:?}", peer.sent);
    }
}

#[test]
fn a_peer_that_begins_at_the_newest_batch_before_all_others_shares_their_chain() {
    let site = site(&vec![1; 2000]);
    let mut peers = vec![Peer::new(0)];
    for at in 0..2000 {
        if at % 500 == 499 {
            peers.push(Peer::new(at));
        }
        // The one that has begun last is the first to read.
        for peer in peers.iter_mut().rev() {
            peer.read(&site);
        }
    }
    assert_eq!(site.compression.chains(), 1);
}

#[test]
fn new_readers_of_a_busy_log_reset_a_chain_once_in_a_while() {
    let (start, text) = (Instant::now(), [b'x'; 9000]);
    let mut chain = Chain::new(PRESENTATION, 1);
    let mut next = 1;
    let mut since_at = |chain: &mut Chain, millis| {
        next += 1;
        chain.deflate(next, &text, 0, start + Duration::from_millis(millis)).since
    };
    assert_eq!(since_at(&mut chain, 0), 1);
    chain.want_reset();
    assert_eq!(since_at(&mut chain, 1), 2, "the first reset");
    chain.want_reset();
    assert_eq!(since_at(&mut chain, 2), 2);
    assert_eq!(since_at(&mut chain, 300), 2);
    assert_eq!(since_at(&mut chain, 301), 5, "the second one");
}

#[test]
fn peers_that_join_a_busy_log_get_blocks_of_their_own_until_the_chain_may_be_reset() {
    let site = site(&[60; 22]);
    let read = |peer: &mut Peer, millis| {
        let deflated = peer.read_at(&site, PRESENTATION, millis).expect("many bytes");
        (deflated.since, deflated.blocks.as_ptr())
    };
    let first_of = |at: usize| site.batches[at].first();
    let mut live = Peer::new(0);
    for _ in 0..10 {
        read(&mut live, 0);
    }
    let mut early = Peer::new(10);
    let (shared, own) = (read(&mut live, 0), read(&mut early, 0));
    // The chain begins with the second batch: nobody has gone on from one to the next before.
    assert_eq!((shared.0, own.0), (first_of(1), first_of(10)), "no reset was wanted before");
    let (shared, own) = (read(&mut live, 0), read(&mut early, 0));
    assert_eq!(shared, own, "that reset");
    assert_eq!(shared.0, first_of(11));
    // All of this is less than the window, which would lead to the chain, too.
    let mut late = [12, 12].map(Peer::new);
    for at in 12..20 {
        let shared = read(&mut live, 299);
        assert_eq!(shared, read(&mut early, 299));
        assert_eq!(shared.0, first_of(11), "others keep their small blocks at {at}");
        let own = late.each_mut().map(|peer| read(peer, 299));
        assert_eq!(own[0], own[1], "compressed once at {at}");
        assert_eq!(own[0].0, first_of(at), "refers to nothing before {at}");
    }
    for at in 20..22 {
        let shared = read(&mut live, 300);
        assert_eq!(shared.0, first_of(20), "the next reset, at {at}");
        assert_eq!(late.each_mut().map(|peer| read(peer, 300)), [shared; 2]);
    }
}
