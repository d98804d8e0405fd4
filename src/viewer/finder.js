// Looks for a regular expression in a worker: some keep one busy with a single line for
// hours, and nothing stops that but the end of the worker. Lines are asked for in order.

const BATCH = 2048;
const AHEAD = 4;
const PATIENCE = 2_000;
const TOO_SLOW = 'takes too long, stopped';

/** @typedef {{ from: number, to: number, found: Uint8Array | null }} Asked */

export class Finder {
  #store;
  #textOf;
  #failed;
  /** @type {Worker | null} */
  #worker = null;
  #ready = false;
  /** @type {import('./query.js').Query} */
  #query = { text: '', regex: true, exact: false };
  /** @type {Asked[]} */
  #asked = [];
  #watch = 0;

  /**
   * @param {import('./store.js').Store} store
   * @param {(chunk: import('./store.js').Batch, i: number) => string} textOf
   * @param {(why: string) => void} failed
   */
  constructor(store, textOf, failed) {
    this.#store = store;
    this.#textOf = textOf;
    this.#failed = failed;
  }

  /** Looks for this from now on. @param {import('./query.js').Query} query */
  use(query) {
    if (this.#asked.some(({ found }) => !found)) this.#stop();
    this.#asked = [];
    this.#query = { ...query };
  }

  /** Asks for what is next, and tells how far answers reach. @param {number} from the first line that is not done with */
  reach(from) {
    while (this.#asked.length && this.#asked[0].to <= from) this.#asked.shift();
    this.#askFrom(Math.max(from, this.#asked.at(-1)?.to ?? 0));
    const open = this.#asked.find(({ found }) => !found);
    return open ? open.from : (this.#asked.at(-1)?.to ?? from);
  }

  /** Whether a line within reach matches. @param {number} n */
  found(n) {
    const asked = this.#asked.find(({ to }) => n < to);
    return asked?.found?.[n - asked.from] === 1;
  }

  /** @param {number} next */
  #askFrom(next) {
    while (this.#asked.length < AHEAD && next < this.#store.next) {
      const to = Math.min(this.#store.next, next + BATCH);
      const texts = [];
      for (let n = next; n < to; n++) {
        const chunk = this.#store.chunkOf(n);
        texts.push(this.#textOf(chunk, n - chunk.first));
      }
      this.#asked.push({ from: next, to, found: null });
      this.#start().postMessage({ query: this.#query, texts });
      this.#guard();
      next = to;
    }
  }

  /** No answer is waited for longer than this. */
  #guard() {
    clearTimeout(this.#watch);
    const waits = this.#ready && this.#asked.some(({ found }) => !found);
    if (waits) this.#watch = setTimeout(() => this.#fail(TOO_SLOW), PATIENCE);
  }

  #start() {
    if (this.#worker) return this.#worker;
    this.#worker = new Worker(new URL('./find.js', import.meta.url), { type: 'module' });
    this.#worker.onmessage = ({ data }) => this.#hear(data);
    this.#worker.onerror = () => this.#fail('cannot be run, reload the page');
    return this.#worker;
  }

  /** @param {import('./find.js').Answer} answer */
  #hear(answer) {
    if (answer.slow) return this.#fail(TOO_SLOW);
    this.#ready = true;
    const open = this.#asked.find(({ found }) => !found);
    if (open && answer.found) open.found = answer.found;
    this.#guard();
  }

  #stop() {
    clearTimeout(this.#watch);
    this.#worker?.terminate();
    this.#worker = null;
    this.#ready = false;
  }

  /** @param {string} why */
  #fail(why) {
    this.#stop();
    this.#asked = [];
    this.#failed(why);
  }
}
