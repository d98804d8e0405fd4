// Distributes one stream to many pages through a bounded store. Each page has a cursor into
// the store, so replay for a new tab and live lines are the same read. A page whose cursor
// points to evicted lines receives a `missed` message with their number.

import { SourceNames, decodeLine, decodeControl } from './decode.js';
import { Store } from './store.js';
import { BROWSER, Stream } from './stream.js';

/** Lines kept for replay to new tabs. When doubled, so is the memory. */
const MAX_LINES = 250_000;
/** Characters kept for replay; bounds long lines. When doubled, so is the memory. */
const MAX_CHARS = 64 << 20;
/** Lines per message. When doubled, each message blocks the page longer. */
const BATCH_LINES = 1024;
/** Lines sent without acknowledgement. When doubled, a busy page queues more. */
const MAX_UNACKNOWLEDGED = 8 * BATCH_LINES;
/** Time to collect lines for a message. When doubled, lines appear later. */
const FLUSH_DELAY_MS = 25;

/**
 * Message from the hub to a page.
 * @typedef {{ type: 'names', names: string[] }
 *   | { type: 'lines', batch: import('./store.js').Batch, next: number }
 *   | { type: 'missed', lost: number }
 *   | { type: 'state', state: import('./stream.js').State }} FromHub
 */

/**
 * Message from a page to the hub.
 * @typedef {{ type: 'ack', next: number } | { type: 'check' } | { type: 'watch', on: boolean } | { type: 'close' }} ToHub
 */

/** @typedef {{ port: MessagePort, cursor: number, acked: number, names: number, isWatching: boolean }} Subscriber */

export class Hub {
  #store = new Store();
  #names = new SourceNames();
  /** @type {Set<Subscriber>} */
  #subscribers = new Set();
  #stream;
  #isFlushScheduled = false;

  /**
   * @param {string} url of the stream
   * @param {string} healthUrl URL that responds while the server lives
   * @param {typeof BROWSER} [platform]
   */
  constructor(url, healthUrl, platform = BROWSER) {
    this.#stream = new Stream(url, healthUrl, {
      line: (data, id) => this.#push(decodeLine(data, id, this.#names)),
      control: (data, id) => {
        const line = decodeControl(JSON.parse(data), id, this.#names, Date.now());
        if (line) this.#push(line);
      },
      state: (state) => this.#broadcast({ type: 'state', state }),
    }, platform);
  }

  /** True if no page is attached. */
  get idle() {
    return this.#subscribers.size === 0;
  }

  /**
   * Reports if a page that has the event `id` can be attached without a repeated or missing line.
   * @param {string} id
   */
  canResume(id) {
    return this.#store.next === 0 || this.#store.findId(id) >= 0;
  }

  /**
   * @param {MessagePort} port
   * @param {string} [after] ID of the last event that the page has, or ''
   */
  attach(port, after = '') {
    if (after && this.#store.next === 0) this.#stream.lastId = after;
    const mustOpen = this.#subscribers.size === 0 || this.#stream.state.phase === 'ended';
    const known = after ? this.#store.findId(after) : -1;
    const cursor = known < 0 ? this.#store.first : known + 1;
    const subscriber = { port, cursor, acked: cursor, names: 0, isWatching: true };
    this.#subscribers.add(subscriber);
    this.#updateWatched();
    if (mustOpen) this.#stream.open();
    port.onmessage = (event) => this.#receive(subscriber, event.data);
    send(subscriber, { type: 'state', state: this.#stream.state });
    this.#sendPending(subscriber);
  }

  /** @param {import('./store.js').Line} line */
  #push(line) {
    this.#store.push(line);
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setTimeout(() => this.#flush(), FLUSH_DELAY_MS);
  }

  #flush() {
    this.#isFlushScheduled = false;
    this.#store.evict(MAX_LINES, MAX_CHARS);
    for (const subscriber of this.#subscribers) this.#sendPending(subscriber);
  }

  /** @param {Subscriber} subscriber */
  #sendPending(subscriber) {
    if (subscriber.names < this.#names.list.length) {
      subscriber.names = this.#names.list.length;
      send(subscriber, { type: 'names', names: this.#names.list });
    }
    while (subscriber.cursor < this.#store.next && subscriber.cursor - subscriber.acked < MAX_UNACKNOWLEDGED) {
      if (subscriber.cursor < this.#store.first) this.#sendMissed(subscriber);
      const batch = this.#store.slice(subscriber.cursor, BATCH_LINES);
      subscriber.cursor += batch.count;
      send(subscriber, { type: 'lines', batch, next: subscriber.cursor });
    }
  }

  /** @param {Subscriber} subscriber */
  #sendMissed(subscriber) {
    send(subscriber, { type: 'missed', lost: this.#store.first - subscriber.cursor });
    subscriber.cursor = this.#store.first;
  }

  /** @param {Subscriber} subscriber @param {ToHub} message */
  #receive(subscriber, message) {
    if (message.type === 'check') this.#stream.check();
    else if (message.type === 'watch') {
      subscriber.isWatching = message.on;
      this.#updateWatched();
    }
    else if (message.type === 'close') this.#detach(subscriber);
    else {
      subscriber.acked = message.next;
      this.#sendPending(subscriber);
    }
  }

  #updateWatched() {
    this.#stream.isWatched = [...this.#subscribers].some(({ isWatching }) => isWatching);
  }

  /** @param {Subscriber} subscriber */
  #detach(subscriber) {
    subscriber.port.close();
    this.#subscribers.delete(subscriber);
    this.#updateWatched();
    if (this.#subscribers.size === 0) this.#stream.close();
  }

  /** @param {FromHub} message */
  #broadcast(message) {
    for (const subscriber of this.#subscribers) send(subscriber, message);
  }
}

/** @param {Subscriber} subscriber @param {FromHub} message */
function send(subscriber, message) {
  subscriber.port.postMessage(message);
}
