//! Batches whose records are not the same for all peers.

use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use flate2::write::GzDecoder;

use crate::event::{Batch, Carry, Encoder, End, Epoch, Presentation};
use crate::feed::feed;
use crate::follow::Registry;
use crate::http::Site;
use crate::http::stream::Gathered;
use crate::http::stream::event_stream::EventStream;
use crate::http::stream::event_stream_tests::stream_of;
use crate::record::Context;
use crate::store::Capacity;
use crate::store::samples::{batch_of, cutting, source};

/// A stream, and the peer that decodes it.
struct Peer {
    stream: EventStream,
    decoder: GzDecoder<Vec<u8>>,
}

impl Peer {
    /// Makes a peer that has decoded the preamble, so that the header of gzip is behind it.
    fn new(site: &Arc<Site>, query: &str) -> Self {
        let stream = stream_of(site, query, true);
        let mut peer = Peer { stream, decoder: GzDecoder::new(Vec::new()) };
        let preamble = peer.stream.preamble.take().expect("a preamble");
        let mut frame = Gathered::default();
        let position = peer.stream.peer.position;
        peer.stream.push(&mut frame, preamble.clone(), 0, position);
        peer.decode(frame, &preamble);
        peer
    }

    /// Gets a whole batch; returns its blocks.
    fn get(&mut self, batch: &Arc<Batch>) -> Bytes {
        let mut frame = Gathered::default();
        self.stream.push_shared(&mut frame, batch);
        let presentation = self.stream.query.presentation;
        let text = batch.encoded(self.stream.site.feed.encoder(), presentation);
        self.decode(frame, &text)
    }

    fn decode(&mut self, frame: Gathered, text: &[u8]) -> Bytes {
        let mut frame = self.stream.deflate(frame);
        self.stream.count_last_frame();
        let blocks = frame.pop().expect("bytes");
        assert!(frame.is_empty());
        self.decoder.write_all(&blocks).expect("gzip");
        self.decoder.flush().expect("gzip");
        let read = std::mem::take(self.decoder.get_mut());
        assert!(read == text, "{} bytes in place of {}", read.len(), text.len());
        blocks
    }
}

/// Returns the context behind a line that states a time.
fn context_behind_a_time(encoder: &Encoder) -> Context {
    let text = b"2026-11-25T19:00:00Z ERROR a\n";
    let (lines, _) = cutting(1000).cut(text, &mut Carry::default(), End::Open);
    let batch = Batch::of_lines(source(), 1, lines.expect("a line"), Arc::default());
    batch.context_behind(Context::at(0), encoder.clock())
}

#[tokio::test]
async fn no_peer_gets_blocks_that_refer_to_records_of_another_context_than_it_has_decoded() {
    let capacity = Capacity { lines: 10, bytes: 1 << 20, index_bytes: 0 };
    let (_publisher, feed) = feed(Encoder::new(Epoch::from_random(1)), capacity, cutting(1000));
    let site = Arc::new(Site::new(feed, Registry::default(), "/sse"));
    let encoder = site.feed.encoder();
    let context = context_behind_a_time(encoder);
    let known = [1, 51, 101, 151, 201].map(|first| {
        let batch = Arc::new(batch_of(first, 50, &Arc::default()));
        batch.set_context(context);
        batch
    });
    // The same events, read again by somebody who cannot read the lines before them.
    let guessed = Arc::new(batch_of(101, 50, &Arc::default()));
    guessed.guess_context(Context::at(0));
    let mut peers = [(); 2].map(|()| Peer::new(&site, "n=0&format=json"));
    let presentation: Presentation = peers[0].stream.query.presentation;
    assert_ne!(guessed.encoded(encoder, presentation), known[2].encoded(encoder, presentation));
    let mut both = |first: &Arc<Batch>, second: &Arc<Batch>| {
        let blocks = [peers[0].get(first), peers[1].get(second)];
        blocks[0].as_ptr() == blocks[1].as_ptr()
    };
    assert!(both(&known[0], &known[0]) && both(&known[1], &known[1]), "records are shared");
    assert!(!both(&known[2], &guessed));
    assert!(!both(&known[3], &known[3]), "blocks that refer to the records of the first peer");
    assert!(!both(&guessed, &guessed), "another batch may have other records");
    let mut plain = [(); 2].map(|()| Peer::new(&site, "n=0&format=text"));
    let blocks = plain.each_mut().map(|peer| peer.get(&guessed).as_ptr());
    assert_eq!(blocks[0], blocks[1], "the text does not depend on the context");
}
