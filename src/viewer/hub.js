// Distributes one stream to many pages through a bounded store. Each page has a cursor into
// the store, so replay for a new tab and live lines are the same read. A page whose cursor
// points to evicted lines receives a `missed` message with their number. The lines that the
// stream begins with are sent apart, because each page merges them with older ones.

import { SourceNames, decodeLine, decodeControl } from './decode.js';
import { Store, batchOf } from './store.js';
import { BROWSER, Stream } from './stream.js';

/** Lines kept for replay to new tabs. When doubled, so is the memory. */
const MAX_LINES = 250_000;
/** Characters kept for replay; bounds long lines. When doubled, so is the memory. */
const MAX_CHARS = 64 << 20;
/** Lines of the store that a new page gets; it reads older ones itself. When doubled, a new tab is ready later. */
const NEW_PAGE_LINES = 5_000;
/** Wait for the line that a returning page has as its last. When doubled, a line that never comes delays it longer. */
const RETURN_TIMEOUT_MS = 1_000;
/** Lines per message. When doubled, each message blocks the page longer. */
const BATCH_LINES = 1024;
/** Lines sent without acknowledgement. When doubled, a busy page queues more. */
const MAX_UNACKNOWLEDGED = 8 * BATCH_LINES;
/** Time to collect lines for a message. When doubled, lines appear later. */
const FLUSH_DELAY_MS = 25;

/**
 * Begin of the lines that a new page gets. `first` are the newest lines of each source, in the
 * order of the stream; the lines that follow are later than the event `position`. Without `first`,
 * the page reads what precedes the line that follows.
 * @typedef {{ type: 'start', first: import('./store.js').Batch | null, perSource: number, position: string }} Start
 */

/**
 * Message from the hub to a page.
 * @typedef {Start | { type: 'names', names: string[] }
 *   | { type: 'lines', batch: import('./store.js').Batch, next: number }
 *   | { type: 'missed', lost: number }
 *   | { type: 'state', state: import('./stream.js').State }} FromHub
 */

/**
 * Message from a page to the hub.
 * @typedef {{ type: 'ack', next: number } | { type: 'check' } | { type: 'watch', on: boolean } | { type: 'close' }} ToHub
 */

/** @typedef {{ port: MessagePort, cursor: number, acked: number, names: number, isWatching: boolean, isStarted: boolean }} Subscriber */

export class Hub {
  #store = new Store();
  #names = new SourceNames();
  /** @type {Set<Subscriber>} */
  #subscribers = new Set();
  #stream;
  #isFlushScheduled = false;
  /** Lines before those of the store; null if there are none, or if later ones were evicted. @type {Start | null} */
  #start = null;
  /** Functions that wait for an event ID. @type {Map<string, () => void>} */
  #awaited = new Map();

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
      first: (read) => this.#begin(read),
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
    return this.#isEmpty || this.#cursorAfter(id) >= 0;
  }

  /** True if the stream has given nothing yet. */
  get #isEmpty() {
    return this.#store.next === 0 && !this.#start;
  }

  /** True if a page without lines can be attached: the hub knows what precedes its lines, or has not begun. */
  get canStart() {
    return !this.#isEmpty || !this.#stream.lastId;
  }

  /** Waits for an event that this stream will soon receive. @param {string} id */
  awaitEvent(id) {
    return new Promise((done) => {
      this.#awaited.set(id, () => done(undefined));
      setTimeout(done, RETURN_TIMEOUT_MS);
    }).finally(() => this.#awaited.delete(id));
  }

  /** Returns the number of the line after an event, or -1. @param {string} id */
  #cursorAfter(id) {
    if (this.#start?.position === id) return this.#store.first;
    const n = this.#store.findId(id);
    return n < 0 ? -1 : n + 1;
  }

  /** Returns the first line for a new page. */
  #newCursor() {
    const { first, size, next } = this.#store;
    return size > NEW_PAGE_LINES ? next - NEW_PAGE_LINES : first;
  }

  /** Keeps the lines of the first read for all pages. @param {import('./firstread.js').FirstRead} read */
  #begin({ lines, names, perSource, endId }) {
    for (const line of lines) if (line.source < names.length) line.source = this.#names.indexOf(names[line.source]);
    this.#start = { type: 'start', first: batchOf(lines), perSource, position: endId };
    for (const subscriber of this.#subscribers) this.#sendPending(subscriber);
  }

  /**
   * @param {MessagePort} port
   * @param {string} [after] ID of the last event that the page has, or ''
   */
  attach(port, after = '') {
    if (after && this.#isEmpty) this.#stream.lastId = after;
    const mustOpen = this.#subscribers.size === 0 || this.#stream.state.phase === 'ended';
    const known = after ? this.#cursorAfter(after) : this.#newCursor();
    const cursor = known < 0 ? this.#store.first : known;
    const subscriber = { port, cursor, acked: cursor, names: 0, isWatching: true, isStarted: after !== '' };
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
    this.#awaited.get(line.id)?.();
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    setTimeout(() => this.#flush(), FLUSH_DELAY_MS);
  }

  #flush() {
    this.#isFlushScheduled = false;
    if (this.#store.evict(MAX_LINES, MAX_CHARS).length) this.#start = null;
    for (const subscriber of this.#subscribers) this.#sendPending(subscriber);
  }

  /** @param {Subscriber} subscriber */
  #sendPending(subscriber) {
    if (subscriber.names < this.#names.list.length) {
      subscriber.names = this.#names.list.length;
      send(subscriber, { type: 'names', names: this.#names.list });
    }
    if (!subscriber.isStarted) this.#sendStart(subscriber);
    while (subscriber.cursor < this.#store.next && subscriber.cursor - subscriber.acked < MAX_UNACKNOWLEDGED) {
      if (subscriber.cursor < this.#store.first) this.#sendMissed(subscriber);
      const batch = this.#store.slice(subscriber.cursor, BATCH_LINES);
      subscriber.cursor += batch.count;
      send(subscriber, { type: 'lines', batch, next: subscriber.cursor });
    }
  }

  /** Sends the begin when it is known: before the first line at the latest. @param {Subscriber} subscriber */
  #sendStart(subscriber) {
    if (this.#isEmpty) return;
    const isWhole = this.#start && subscriber.cursor === this.#store.first;
    send(subscriber, isWhole && this.#start ? this.#start : { type: 'start', first: null, perSource: 0, position: '' });
    subscriber.isStarted = true;
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
