// Opens a stream for a new page: reads the newest lines with a read that ends, then opens the
// event stream at the position after them. Old lines therefore never pass by as if they were live.

import { SourceNames } from './decode.js';
import { openStream } from './eventreader.js';
import { readLines } from './ndjson.js';

/** Lines of the first read, over all sources. When doubled, the first lines appear later. */
const FIRST_LINES = 1200;
/** Least and most lines of one source. When doubled, many sources or long lines take longer. */
const SOURCE_LINES = { min: 5, max: 600 };

/**
 * @typedef {object} FirstRead
 * @property {import('./store.js').Line[]} lines newest lines of each source, in the order of the
 *   stream
 * @property {string[]} names source names by index
 * @property {number} perSource number of lines of each source that was asked for
 * @property {string} endId position after the lines
 */

/**
 * Time between signs of life while the server searches. When doubled, the server is asked for a
 * sign of life more often.
 */
const SEARCH_SIGN_MS = 2_000;

/**
 * Returns the number of lines of each source to read.
 * @param {string} sourcesUrl
 * @param {AbortSignal} signal
 */
async function linesPerSource(sourcesUrl, signal) {
  try {
    const list = await (await fetch(sourcesUrl, { cache: 'no-store', signal })).json();
    return Math.min(SOURCE_LINES.max, Math.max(SOURCE_LINES.min, Math.ceil(FIRST_LINES / Math.max(1, list.length))));
  } catch {
    return SOURCE_LINES.min;
  }
}

/**
 * Opens an event stream after a first read. No function of `events` is called after `close()`.
 * @param {string} url
 * @param {string} sourcesUrl
 * @param {import('./eventreader.js').Events & { first: (read: FirstRead) => void }} events
 * @returns {{ close(): void }}
 */
export function openAfterRead(url, sourcesUrl, events) {
  const abort = new AbortController();
  const { signal } = abort;
  /** @type {{ close(): void } | null} */
  let stream = null;
  let timer = 0;
  const opened = () => {
    if (signal.aborted) return;
    events.opened();
    // A filter lets the server search for long without a byte.
    timer = setInterval(events.received, SEARCH_SIGN_MS);
  };
  const open = async () => {
    const perSource = await linesPerSource(sourcesUrl, signal);
    const names = new SourceNames();
    const read = await readLines(url, { follow: '0', n: String(perSource) }, { names, signal, opened });
    clearInterval(timer);
    if (signal.aborted) return;
    if (read.failure) return events.failed(read.failure);
    events.first({ lines: read.lines, names: names.list, perSource, endId: read.endId });
    const from = new URL(url);
    from.searchParams.set('last_event_id', read.endId);
    stream = openStream(from.href, events);
  };
  void open();
  return {
    close() {
      abort.abort();
      clearInterval(timer);
      stream?.close();
    },
  };
}
