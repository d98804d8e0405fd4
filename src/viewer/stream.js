// Keeps one event stream open: resumes with the last event ID, replaces an EventSource that
// the browser has closed, and reconnects when the connection is silent for too long.

/** Time between checks. When doubled, a dead connection is noticed later. */
const CHECK_INTERVAL_MS = 2_000;
/** Allowed silence before the second ping. When doubled, a dead connection is noticed later. */
const INITIAL_SILENCE_MS = 40_000;
/** Maximum of the allowed silence. When doubled, a dead connection is noticed later. */
const MAX_SILENCE_MS = 600_000;
/** Wait for a response. When doubled, a stalled request is repeated later. */
const CONNECT_TIMEOUT_MS = 30_000;
/** Maximum of the first delay before a retry; each failure doubles it. */
const INITIAL_RETRY_DELAY_MS = 500;
/** Maximum of later delays. When doubled, the page reconnects later. */
const MAX_RETRY_DELAY_MS = 30_000;
/** EventSource.CLOSED, which Node lacks. */
const CLOSED = 2;

/**
 * connecting: waits for a response; waiting: retries at `retryAt`; ended: the server responded
 * with 204, all sources have ended; refused: the server responded with 401 or 403.
 * @typedef {object} State
 * @property {'connecting' | 'live' | 'waiting' | 'ended' | 'refused'} phase
 * @property {number} [retryAt]
 * @property {number} [status]
 */

/**
 * @typedef {object} Listener
 * @property {(data: string, id: string) => void} line
 * @property {(data: string, id: string) => void} control
 * @property {(state: State) => void} state
 */

/** @param {unknown} error */
const ignore = (error) => void error;

/** Browser functions that a stream needs; tests replace them. */
export const BROWSER = {
  /** @param {string} url */
  open: (url) => new EventSource(url),
  /** @param {string} url @returns {Promise<number>} status of the response, 0 if there is none */
  async status(url) {
    const abort = new AbortController();
    try {
      const answer = await fetch(url, { cache: 'no-store', signal: abort.signal, headers: { accept: 'text/event-stream' } });
      answer.body?.cancel().catch(ignore);
      return answer.status;
    } catch {
      return 0;
    } finally {
      abort.abort();
    }
  },
  now: () => Date.now(),
  random: () => Math.random(),
  /** @param {() => void} run @param {number} ms */
  later: (run, ms) => /** @type {number} */ (/** @type {unknown} */ (setTimeout(run, ms))),
  /** @param {number} timer */
  cancel: (timer) => clearTimeout(timer),
};

export class Stream {
  #url;
  #listener;
  #platform;
  /** @type {EventSource | null} */
  #source = null;
  /** @type {State} */
  state = { phase: 'connecting' };
  lastId = '';
  #phaseStart = 0;
  #lastReceived = 0;
  #lastPing = 0;
  #silenceLimit = INITIAL_SILENCE_MS;
  #failures = 0;
  #retryTimer = 0;
  #checkTimer = 0;

  /**
   * @param {string} url
   * @param {Listener} listener
   * @param {typeof BROWSER} platform
   */
  constructor(url, listener, platform = BROWSER) {
    this.#url = url;
    this.#listener = listener;
    this.#platform = platform;
  }

  /** Opens or reopens the stream after the last received event. */
  open() {
    this.close();
    this.#connect();
    this.#monitor();
  }

  close() {
    this.#disconnect();
    this.#platform.cancel(this.#checkTimer);
  }

  /** Reconnects now if the connection is doubtful; called when a page is shown or the network returns. */
  check() {
    const { phase } = this.state;
    const age = this.#platform.now() - this.#phaseStart;
    const silent = this.#platform.now() - this.#lastReceived > this.#silenceLimit / 2;
    if (phase === 'waiting' || phase === 'refused') this.#connect();
    else if (phase === 'connecting' && age > CHECK_INTERVAL_MS) this.#connect();
    else if (phase === 'live' && silent) this.#connect();
  }

  /** @param {State} state */
  #setState(state) {
    if (state.phase !== this.state.phase) this.#phaseStart = this.#platform.now();
    this.state = state;
    this.#listener.state(state);
  }

  #disconnect() {
    this.#platform.cancel(this.#retryTimer);
    this.#source?.close();
    this.#source = null;
  }

  #resumeUrl() {
    const url = new URL(this.#url);
    if (this.lastId) url.searchParams.set('last_event_id', this.lastId);
    return url.href;
  }

  #connect() {
    this.#disconnect();
    this.#phaseStart = this.#lastReceived = this.#platform.now();
    this.#setState({ phase: 'connecting' });
    const source = this.#platform.open(this.#resumeUrl());
    this.#source = source;
    source.onopen = () => {
      this.#recordEvent('');
      this.#lastPing = 0;
      this.#setState({ phase: 'live' });
    };
    source.onerror = () => this.#connectionFailed(source);
    source.onmessage = (event) => {
      this.#recordEvent(event.lastEventId);
      this.#listener.line(event.data, event.lastEventId);
    };
    source.addEventListener('ssetail', (event) => this.#control(event.data, event.lastEventId));
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
    this.#recordEvent(id);
    if (JSON.parse(data).type === 'ping') this.#updateSilenceLimit();
    else this.#listener.control(data, id);
  }

  /** Sets the allowed silence from the time between two pings. */
  #updateSilenceLimit() {
    this.#failures = 0;
    const now = this.#platform.now();
    if (this.#lastPing) this.#silenceLimit = Math.min(MAX_SILENCE_MS, Math.max(4_000, 2.5 * (now - this.#lastPing)));
    this.#lastPing = now;
  }

  /** @param {EventSource} source */
  #connectionFailed(source) {
    if (source !== this.#source) return;
    if (source.readyState === CLOSED) void this.#requestStatus();
    else this.#setState({ phase: 'connecting' });
  }

  /** Requests the status of the response, because an EventSource does not expose it. */
  async #requestStatus() {
    this.#disconnect();
    this.#setState({ phase: 'connecting' });
    const status = await this.#platform.status(this.#resumeUrl());
    if (this.#source) return;
    if (status === 204) this.#setState({ phase: 'ended' });
    else this.#scheduleRetry(status);
  }

  /** @param {number} status */
  #scheduleRetry(status) {
    const maximum = Math.min(MAX_RETRY_DELAY_MS, INITIAL_RETRY_DELAY_MS * 2 ** this.#failures++);
    const delay = maximum * (0.5 + this.#platform.random() / 2);
    const retryAt = this.#platform.now() + delay;
    const refused = status === 401 || status === 403;
    this.#setState(refused ? { phase: 'refused', status, retryAt } : { phase: 'waiting', status, retryAt });
    this.#retryTimer = this.#platform.later(() => this.#connect(), delay);
  }

  #monitor() {
    this.#checkTimer = this.#platform.later(() => this.#monitor(), CHECK_INTERVAL_MS);
    const now = this.#platform.now();
    if (this.state.phase === 'live' && now - this.#lastReceived > this.#silenceLimit) {
      this.#silenceLimit = Math.min(MAX_SILENCE_MS, this.#silenceLimit * 2);
      this.#connect();
    } else if (this.state.phase === 'connecting' && this.#source && now - this.#phaseStart > CONNECT_TIMEOUT_MS) {
      this.#connect();
    }
  }
}
