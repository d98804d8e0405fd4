// Runs a regular expression in a worker. Some expressions need hours for one line, and only
// terminating the worker stops them. Requests and results are in the order of the lines.

/** Lines per request. When doubled, first results come later. */
const BATCH_LINES = 2048;
/** Requests sent in advance. When doubled, a changed query discards more work. */
const MAX_REQUESTS = 4;
/** Wait for a result. When doubled, a slow expression is reported later. */
const TIMEOUT_MS = 2_000;
const TOO_SLOW = 'Search took too long';

/** @typedef {{ from: number, to: number, results: Uint8Array | null }} Request */

export class RegexSearch {
  #store;
  #textOf;
  #failed;
  /** @type {Worker | null} */
  #worker = null;
  #ready = false;
  /** @type {import('./query.js').Query} */
  #query = { text: '', regex: true, matchCase: false };
  /** @type {Request[]} */
  #requests = [];
  #timer = 0;

  /**
   * @param {import('./store.js').Store} store
   * @param {(chunk: import('./store.js').Batch, i: number) => string} textOf
   * @param {(reason: string) => void} failed
   */
  constructor(store, textOf, failed) {
    this.#store = store;
    this.#textOf = textOf;
    this.#failed = failed;
  }

  /** Sets the query and discards results of the previous one. @param {import('./query.js').Query} query */
  setQuery(query) {
    if (this.#requests.some(({ results }) => !results)) this.#stop();
    this.#requests = [];
    this.#query = { ...query };
  }

  /**
   * Requests the next lines.
   * @param {number} from first line that the view still needs
   * @returns {number} line before which all results are known
   */
  advance(from) {
    // Answers come in the order of the requests, also to those for lines that are evicted by then.
    while (this.#requests[0]?.results && this.#requests[0].to <= from) this.#requests.shift();
    this.#sendRequests(Math.max(from, this.#requests.at(-1)?.to ?? 0));
    const open = this.#requests.find(({ results }) => !results);
    return open ? Math.max(from, open.from) : (this.#requests.at(-1)?.to ?? from);
  }

  /** Reports if a line matches; its result must be known. @param {number} n */
  isMatch(n) {
    const request = this.#requests.find(({ to }) => n < to);
    return request?.results?.[n - request.from] === 1;
  }

  /** @param {number} next */
  #sendRequests(next) {
    while (this.#requests.length < MAX_REQUESTS && next < this.#store.next) {
      const to = Math.min(this.#store.next, next + BATCH_LINES);
      const texts = [];
      for (let n = next; n < to; n++) {
        const chunk = this.#store.chunkOf(n);
        texts.push(this.#textOf(chunk, n - chunk.first));
      }
      this.#requests.push({ from: next, to, results: null });
      this.#start().postMessage({ query: this.#query, texts });
      this.#resetTimer();
      next = to;
    }
  }

  /** Restarts the timeout if a result is outstanding. */
  #resetTimer() {
    clearTimeout(this.#timer);
    const isWaiting = this.#ready && this.#requests.some(({ results }) => !results);
    if (isWaiting) this.#timer = setTimeout(() => this.#fail(TOO_SLOW), TIMEOUT_MS);
  }

  #start() {
    if (this.#worker) return this.#worker;
    this.#worker = new Worker(new URL('./searchworker.js', import.meta.url), { type: 'module', name: 'searchworker.js' });
    this.#worker.onmessage = ({ data }) => this.#receive(data);
    this.#worker.onerror = () => this.#fail('Search failed: reload the page');
    return this.#worker;
  }

  /** @param {import('./searchworker.js').Answer} answer */
  #receive(answer) {
    if (answer.slow) return this.#fail(TOO_SLOW);
    this.#ready = true;
    const open = this.#requests.find(({ results }) => !results);
    if (open && answer.results) open.results = answer.results;
    this.#resetTimer();
  }

  /** Ends the worker; the next request starts another one. */
  stop() {
    this.#requests = [];
    this.#stop();
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = null;
    this.#ready = false;
  }

  /** @param {string} reason */
  #fail(reason) {
    this.#stop();
    this.#requests = [];
    this.#failed(reason);
  }
}
