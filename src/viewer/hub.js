// One stream for many pages. Lines go into a bounded store; every page is a cursor into it,
// so replay for a new tab and live lines are the same read, and a tab that sleeps
// costs nothing: when its cursor has fallen off, it is told how much it missed.

import { Names, lineOf, rulerOf } from './record.js';
import { Store } from './store.js';
import { BROWSER, Stream } from './stream.js';

const HISTORY_LINES = 250_000;
const HISTORY_CHARS = 64 << 20;
const BATCH = 1024;
const UNACKNOWLEDGED = 8 * BATCH;
const FLUSH = 25;

/**
 * What the hub tells a page.
 * @typedef {{ type: 'names', names: string[] }
 *   | { type: 'lines', batch: import('./store.js').Batch, next: number }
 *   | { type: 'missed', lost: number }
 *   | { type: 'state', state: import('./stream.js').State }} FromHub
 */

/**
 * What a page tells the hub.
 * @typedef {{ type: 'ack', next: number } | { type: 'wake' } | { type: 'bye' }} ToHub
 */

/** @typedef {{ port: MessagePort, cursor: number, acked: number, names: number }} Reader */

export class Hub {
  #store = new Store();
  #names = new Names();
  /** @type {Set<Reader>} */
  #readers = new Set();
  #stream;
  #flushing = false;

  /** @param {string} url @param {typeof BROWSER} [world] */
  constructor(url, world = BROWSER) {
    this.#stream = new Stream(url, {
      line: (data, id) => this.#push(lineOf(data, id, this.#names)),
      control: (data, id) => {
        const line = rulerOf(JSON.parse(data), id, this.#names, Date.now());
        if (line) this.#push(line);
      },
      state: (state) => this.#tell({ type: 'state', state }),
    }, world);
  }

  /** Whether no page reads from it. */
  get idle() {
    return this.#readers.size === 0;
  }

  /** @param {MessagePort} port */
  attach(port) {
    if (this.#readers.size === 0 || this.#stream.state.phase === 'ended') this.#stream.open();
    const reader = { port, cursor: this.#store.first, acked: this.#store.first, names: 0 };
    this.#readers.add(reader);
    port.onmessage = (event) => this.#obey(reader, event.data);
    send(reader, { type: 'state', state: this.#stream.state });
    this.#pump(reader);
  }

  /** @param {import('./store.js').Line} line */
  #push(line) {
    this.#store.push(line);
    if (this.#flushing) return;
    this.#flushing = true;
    setTimeout(() => this.#flush(), FLUSH);
  }

  #flush() {
    this.#flushing = false;
    this.#store.evict(HISTORY_LINES, HISTORY_CHARS);
    for (const reader of this.#readers) this.#pump(reader);
  }

  /** @param {Reader} reader */
  #pump(reader) {
    if (reader.names < this.#names.list.length) {
      reader.names = this.#names.list.length;
      send(reader, { type: 'names', names: this.#names.list });
    }
    while (reader.cursor < this.#store.next && reader.cursor - reader.acked < UNACKNOWLEDGED) {
      if (reader.cursor < this.#store.first) this.#skip(reader);
      const batch = this.#store.slice(reader.cursor, BATCH);
      reader.cursor += batch.count;
      send(reader, { type: 'lines', batch, next: reader.cursor });
    }
  }

  /** @param {Reader} reader */
  #skip(reader) {
    send(reader, { type: 'missed', lost: this.#store.first - reader.cursor });
    reader.cursor = this.#store.first;
  }

  /** @param {Reader} reader @param {ToHub} order */
  #obey(reader, order) {
    if (order.type === 'wake') this.#stream.wake();
    else if (order.type === 'bye') this.#leave(reader);
    else {
      reader.acked = order.next;
      this.#pump(reader);
    }
  }

  /** @param {Reader} reader */
  #leave(reader) {
    reader.port.close();
    this.#readers.delete(reader);
    if (this.#readers.size === 0) this.#stream.close();
  }

  /** @param {FromHub} news */
  #tell(news) {
    for (const reader of this.#readers) send(reader, news);
  }
}

/** @param {Reader} reader @param {FromHub} news */
function send(reader, news) {
  reader.port.postMessage(news);
}
