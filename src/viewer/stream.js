// Keeps one event stream open: resumes with the last event ID, reconnects after a failure, and
// notices a connection that is silent because the network or the server is dead.

import { openStream, responds } from './eventreader.js';
import { openAfterRead } from './firstread.js';
import { FLAG, KIND } from './store.js';

/** Time between checks. When doubled, a dead connection is noticed later. */
const CHECK_INTERVAL_MS = 1_000;
/** Allowed silence before the second ping. When doubled, a dead connection is noticed later. */
const INITIAL_SILENCE_MS = 40_000;
/** Maximum of the allowed silence. When doubled, a dead connection is noticed later. */
const MAX_SILENCE_MS = 600_000;
/** Silence after which a server is asked for a sign of life. When doubled, a dead one is noticed later. */
const PROBE_SILENCE_MS = 5_000;
/** Wait for this sign. When doubled, a dead server is noticed later. */
const PROBE_TIMEOUT_MS = 4_000;
/** Wait for a response. When doubled, a stalled request is repeated later. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Maximum of the first delay before a retry; each failure doubles it. */
const INITIAL_RETRY_DELAY_MS = 500;
/** Maximum of later delays. When doubled, the page reconnects later. */
const MAX_RETRY_DELAY_MS = 10_000;
/** Maximum of a wait that a server asks for. When doubled, a wrong `Retry-After` lasts longer. */
const MAX_SERVER_DELAY_MS = 600_000;

/**
 * connecting: waits for a response; waiting: retries at `retryAt`; ended: all sources have ended;
 * refused: credentials are missing, or the server refuses this page, retries at `retryAt`;
 * rejected: the server does not accept the query, so that a retry is useless.
 * @typedef {object} State
 * @property {'connecting' | 'live' | 'waiting' | 'ended' | 'refused' | 'rejected'} phase
 * @property {number} lostAt time at which the connection was lost; 0 if it is live or never was
 * @property {number} [retryAt]
 * @property {number} [status] of the last response; 0 if there was none
 * @property {string} [message] sentence of the last response
 */

/**
 * @typedef {object} Listener
 * @property {(data: string, id: string) => void} line
 * @property {(data: string, id: string) => void} control
 * @property {(state: State) => void} state
 * @property {(read: import('./firstread.js').FirstRead) => void} [first] newest lines, read before the stream opens
 */

/** Browser functions that a stream needs; tests replace them. */
export const BROWSER = {
  open: openStream,
  openFirst: /** @type {typeof openAfterRead | undefined} */ (openAfterRead),
  responds,
  now: () => Date.now(),
  random: () => Math.random(),
  /** @param {() => void} run @param {number} ms */
  later: (run, ms) => /** @type {number} */ (/** @type {unknown} */ (setTimeout(run, ms))),
  /** @param {number} timer */
  cancel: (timer) => clearTimeout(timer),
};

export class Stream {
  #url;
  #healthUrl;
  #listener;
  #platform;
  /** @type {{ close(): void } | null} */
  #connection = null;
  /** @type {State} */
  state = { phase: 'connecting', lostAt: 0 };
  lastId = '';
  /** True while somebody looks at the page: only then a silent server is asked for a sign of life. */
  isWatched = true;
  #phaseStart = 0;
  #lastReceived = 0;
  #lastPing = 0;
  #lastProbe = 0;
  #silenceLimit = INITIAL_SILENCE_MS;
  #failures = 0;
  /** Reconnection time of the server. */
  #serverDelay = 0;
  /** Number of events on this connection. */
  #events = 0;
  /** True if the last event is the end of standard input. */
  #isAfterEnd = false;
  #retryTimer = 0;
  #checkTimer = 0;

  /**
   * @param {string} url
   * @param {string} healthUrl URL that responds while the server lives
   * @param {Listener} listener
   * @param {typeof BROWSER} platform
   */
  constructor(url, healthUrl, listener, platform = BROWSER) {
    this.#url = url;
    this.#healthUrl = healthUrl;
    this.#listener = listener;
    this.#platform = platform;
  }

  /** Opens or reopens the stream after the last received event. */
  open() {
    this.close();
    this.#connect();
    this.#monitor();
  }

  /** Closes the stream on purpose, which is no loss of the connection. */
  close() {
    this.#disconnect();
    this.#platform.cancel(this.#checkTimer);
    this.state = { phase: 'connecting', lostAt: 0 };
  }

  /** Reconnects now if the connection is doubtful; called when a page is shown or the network returns. */
  check() {
    const { phase } = this.state;
    const silence = this.#platform.now() - this.#lastReceived;
    if (phase === 'waiting' || phase === 'refused' || phase === 'ended') this.#connect();
    else if (phase === 'live' && silence > this.#silenceLimit / 2) this.#lose(this.#lastReceived);
  }

  /** @param {Omit<State, 'lostAt'>} state */
  #setState(state) {
    if (state.phase !== this.state.phase) this.#phaseStart = this.#platform.now();
    this.state = { ...state, lostAt: state.phase === 'live' ? 0 : this.state.lostAt };
    this.#listener.state(this.state);
  }

  #disconnect() {
    this.#platform.cancel(this.#retryTimer);
    this.#connection?.close();
    this.#connection = null;
    this.#noteLoss(this.#platform.now());
  }

  /** Keeps the time at which a live connection was lost. @param {number} time */
  #noteLoss(time) {
    if (this.state.phase === 'live') this.state.lostAt ||= time;
  }

  #resumeUrl() {
    const url = new URL(this.#url);
    if (this.lastId) url.searchParams.set('last_event_id', this.lastId);
    return url.href;
  }

  #connect() {
    this.#disconnect();
    this.#phaseStart = this.#lastReceived = this.#platform.now();
    this.#events = 0;
    this.#setState({ phase: 'connecting' });
    const events = this.#handlers();
    const { openFirst } = this.#platform;
    this.#connection = this.lastId || !openFirst
      ? this.#platform.open(this.#resumeUrl(), events)
      : openFirst(this.#url, this.#healthUrl && new URL('sources', this.#healthUrl).href, events);
  }

  /** Returns the functions that a connection calls. */
  #handlers() {
    return {
      opened: () => {
        this.#recordEvent('');
        this.#lastPing = 0;
        this.#setState({ phase: 'live' });
      },
      received: () => (this.#lastReceived = this.#platform.now()),
      event: (/** @type {string} */ name, /** @type {string} */ data, /** @type {string} */ id) => this.#receive(name, data, id),
      first: (/** @type {import('./firstread.js').FirstRead} */ read) => {
        this.#listener.first?.(read);
        this.#recordEvent(read.endId);
        this.#isAfterEnd = ((read.lines.at(-1)?.flags ?? 0) & FLAG.KIND) === KIND.END;
      },
      retry: (/** @type {number} */ ms) => (this.#serverDelay = ms),
      ended: () => this.#bodyEnded(),
      failed: (/** @type {import('./eventreader.js').Failure} */ failure) => this.#failed(failure),
    };
  }

  /** @param {string} name @param {string} data @param {string} id */
  #receive(name, data, id) {
    this.#recordEvent(id);
    this.#events++;
    if (name === 'ssetail') return this.#control(data, id);
    this.#isAfterEnd = false;
    this.#listener.line(data, id);
  }

  /** @param {string} id */
  #recordEvent(id) {
    this.#lastReceived = this.#platform.now();
    if (!id) return;
    this.lastId = id;
    this.#failures = 0;
  }

  /** @param {string} data @param {string} id */
  #control(data, id) {
    const { type } = JSON.parse(data);
    if (type === 'ping') return this.#updateSilenceLimit();
    this.#isAfterEnd = type === 'end';
    this.#listener.control(data, id);
  }

  /** Sets the allowed silence from the time between two pings. */
  #updateSilenceLimit() {
    this.#failures = 0;
    const now = this.#platform.now();
    if (this.#lastPing) this.#silenceLimit = Math.min(MAX_SILENCE_MS, Math.max(4_000, 2.5 * (now - this.#lastPing)));
    this.#lastPing = now;
  }

  /** A body that is complete after an `end` is final; one without events asks the page to return later. */
  #bodyEnded() {
    if (this.#isAfterEnd) {
      this.#disconnect();
      return this.#setState({ phase: 'ended' });
    }
    const isTurnedAway = this.#events === 0;
    this.#failed({ status: isTurnedAway ? 503 : 0, retryAfter: isTurnedAway ? this.#serverDelay : 0, message: isTurnedAway ? 'Too many event streams are open' : '' });
  }

  /** @param {import('./eventreader.js').Failure} failure */
  #failed({ status, retryAfter, message }) {
    const wasLive = this.state.phase === 'live';
    this.#disconnect();
    if (status === 204) return this.#setState({ phase: 'ended' });
    if (status === 400 && message) return this.#setState({ phase: 'rejected', status, message });
    const maximum = Math.min(MAX_RETRY_DELAY_MS, INITIAL_RETRY_DELAY_MS * 2 ** this.#failures++);
    const ownDelay = maximum * (0.5 + this.#platform.random() / 2);
    const delay = Math.max(ownDelay, Math.min(MAX_SERVER_DELAY_MS, Math.max(retryAfter, wasLive ? this.#serverDelay : 0)));
    // A status of 200 without an event stream is the sign-in page of a proxy.
    const isRefused = status === 401 || status === 403 || status === 200;
    this.#setState({ phase: isRefused ? 'refused' : 'waiting', status, message, retryAt: this.#platform.now() + delay });
    this.#retryTimer = this.#platform.later(() => this.#connect(), delay);
  }

  #monitor() {
    this.#checkTimer = this.#platform.later(() => this.#monitor(), CHECK_INTERVAL_MS);
    const now = this.#platform.now();
    const silence = now - this.#lastReceived;
    if (this.state.phase === 'live' && silence > this.#silenceLimit) {
      this.#silenceLimit = Math.min(MAX_SILENCE_MS, this.#silenceLimit * 2);
      this.#lose(this.#lastReceived);
    } else if (this.state.phase === 'live' && Math.min(silence, now - this.#lastProbe) > PROBE_SILENCE_MS) {
      void this.#probe();
    } else if (this.state.phase === 'connecting' && this.#connection && now - this.#phaseStart > CONNECT_TIMEOUT_MS) {
      this.#failed({ status: 0, retryAfter: 0, message: '' });
    }
  }

  /** Asks a silent server for a sign of life: its pings are too rare to notice its death soon. */
  async #probe() {
    if (!this.#healthUrl || !this.isWatched) return;
    this.#lastProbe = this.#platform.now();
    const lastReceived = this.#lastReceived;
    const connection = this.#connection;
    if (await this.#platform.responds(this.#healthUrl, PROBE_TIMEOUT_MS)) return;
    if (connection === this.#connection && lastReceived === this.#lastReceived) this.#lose(lastReceived);
  }

  /** Reconnects a connection that has been dead since `time`. @param {number} time */
  #lose(time) {
    this.#noteLoss(time);
    this.#connect();
  }
}
