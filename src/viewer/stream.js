// Keeps one event stream open: resumes by the last event ID, revives an EventSource that
// the browser has given up, and does not trust a connection that has gone silent.

const TICK = 2_000;
const FIRST_SILENCE = 40_000;
const LONGEST_SILENCE = 600_000;
const STALLED = 30_000;
const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;
const CLOSED = 2;

/**
 * connecting: asked, no answer yet; waiting: will try again at `retryAt`;
 * ended: the server has nothing more to send; refused: it said no, with `status`.
 * @typedef {object} State
 * @property {'connecting' | 'live' | 'waiting' | 'ended' | 'refused'} phase
 * @property {number} [retryAt]
 * @property {number} [status]
 */

/**
 * @typedef {object} Ears
 * @property {(data: string, id: string) => void} line
 * @property {(data: string, id: string) => void} control
 * @property {(state: State) => void} state
 */

/** @param {unknown} error */
const nothing = (error) => void error;

/** What the outside world offers; tests bring their own. */
export const BROWSER = {
  /** @param {string} url */
  open: (url) => new EventSource(url),
  /** @param {string} url @returns {Promise<number>} the status, 0 when there is no answer */
  async status(url) {
    const abort = new AbortController();
    try {
      const answer = await fetch(url, { cache: 'no-store', signal: abort.signal, headers: { accept: 'text/event-stream' } });
      answer.body?.cancel().catch(nothing);
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
  #ears;
  #world;
  /** @type {EventSource | null} */
  #source = null;
  /** @type {State} */
  state = { phase: 'connecting' };
  lastId = '';
  #since = 0;
  #heard = 0;
  #pinged = 0;
  #silence = FIRST_SILENCE;
  #attempt = 0;
  #retry = 0;
  #tick = 0;

  /**
   * @param {string} url
   * @param {Ears} ears
   * @param {typeof BROWSER} world
   */
  constructor(url, ears, world = BROWSER) {
    this.#url = url;
    this.#ears = ears;
    this.#world = world;
  }

  /** Opens it, or opens it again; it goes on after the last event it has seen. */
  open() {
    this.close();
    this.#connect();
    this.#watch();
  }

  close() {
    this.#drop();
    this.#world.cancel(this.#tick);
  }

  /** The page was shown, or the network came back: do not wait for timers. */
  wake() {
    const { phase } = this.state;
    const age = this.#world.now() - this.#since;
    const silent = this.#world.now() - this.#heard > this.#silence / 2;
    if (phase === 'waiting' || phase === 'refused') this.#connect();
    else if (phase === 'connecting' && age > TICK) this.#connect();
    else if (phase === 'live' && silent) this.#connect();
  }

  /** @param {State} state */
  #become(state) {
    if (state.phase !== this.state.phase) this.#since = this.#world.now();
    this.state = state;
    this.#ears.state(state);
  }

  #drop() {
    this.#world.cancel(this.#retry);
    this.#source?.close();
    this.#source = null;
  }

  #resumeUrl() {
    const url = new URL(this.#url);
    if (this.lastId) url.searchParams.set('last_event_id', this.lastId);
    return url.href;
  }

  #connect() {
    this.#drop();
    this.#since = this.#heard = this.#world.now();
    this.#become({ phase: 'connecting' });
    const source = this.#world.open(this.#resumeUrl());
    this.#source = source;
    source.onopen = () => {
      this.#hear('');
      this.#pinged = 0;
      this.#become({ phase: 'live' });
    };
    source.onerror = () => this.#fail(source);
    source.onmessage = (event) => {
      this.#hear(event.lastEventId);
      this.#ears.line(event.data, event.lastEventId);
    };
    source.addEventListener('ssetail', (event) => this.#control(event.data, event.lastEventId));
  }

  /** @param {string} id */
  #hear(id) {
    this.#heard = this.#world.now();
    if (!id) return;
    this.lastId = id;
    this.#attempt = 0;
  }

  /** @param {string} data @param {string} id */
  #control(data, id) {
    this.#hear(id);
    if (JSON.parse(data).type === 'ping') this.#learn();
    else this.#ears.control(data, id);
  }

  /** The time between two pings tells how much silence is normal. */
  #learn() {
    this.#attempt = 0;
    const now = this.#world.now();
    if (this.#pinged) this.#silence = Math.min(LONGEST_SILENCE, Math.max(4_000, 2.5 * (now - this.#pinged)));
    this.#pinged = now;
  }

  /** @param {EventSource} source */
  #fail(source) {
    if (source !== this.#source) return;
    if (source.readyState === CLOSED) void this.#askWhy();
    else this.#become({ phase: 'connecting' });
  }

  /** An EventSource does not say why it was closed for good; an ordinary request does. */
  async #askWhy() {
    this.#drop();
    this.#become({ phase: 'connecting' });
    const status = await this.#world.status(this.#resumeUrl());
    if (this.#source) return;
    if (status === 204) this.#become({ phase: 'ended' });
    else this.#backOff(status);
  }

  /** @param {number} status */
  #backOff(status) {
    const longest = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#attempt++);
    const delay = longest * (0.5 + this.#world.random() / 2);
    const retryAt = this.#world.now() + delay;
    const refused = status === 401 || status === 403;
    this.#become(refused ? { phase: 'refused', status, retryAt } : { phase: 'waiting', status, retryAt });
    this.#retry = this.#world.later(() => this.#connect(), delay);
  }

  #watch() {
    this.#tick = this.#world.later(() => this.#watch(), TICK);
    const now = this.#world.now();
    if (this.state.phase === 'live' && now - this.#heard > this.#silence) {
      this.#silence = Math.min(LONGEST_SILENCE, this.#silence * 2);
      this.#connect();
    } else if (this.state.phase === 'connecting' && this.#source && now - this.#since > STALLED) {
      this.#connect();
    }
  }
}
