// The page's way to its lines: a SharedWorker, so that all tabs share one stream;
// a Worker where the browser has none; and the page itself where neither starts.

const PATIENCE = 4_000;

/**
 * @typedef {object} Ears
 * @property {(names: string[]) => void} names
 * @property {(batch: import('./store.js').Batch) => void} lines
 * @property {(lost: number) => void} missed
 * @property {(state: import('./stream.js').State) => void} state
 */

/** @typedef {(url: string, failed: () => void) => MessagePort | Promise<MessagePort>} Way */

/** Hands one end of a new channel over, and keeps the other. @param {MessagePort | Worker} to @param {string} url */
function ask(to, url) {
  const { port1, port2 } = new MessageChannel();
  to.postMessage({ url }, [port2]);
  return port1;
}

const WORKER = new URL('./worker.js', import.meta.url);

/** @type {Way} */
function sharedWorker(url, failed) {
  const worker = new SharedWorker(WORKER, { type: 'module', name: 'ssetail' });
  worker.onerror = failed;
  worker.port.start();
  return ask(worker.port, url);
}

/** @type {Way} */
function ownWorker(url, failed) {
  const worker = new Worker(WORKER, { type: 'module' });
  worker.onerror = failed;
  return ask(worker, url);
}

/** @param {string} url */
async function inPage(url) {
  const { Hub } = await import('./hub.js');
  const { port1, port2 } = new MessageChannel();
  new Hub(url).attach(port2);
  return port1;
}

export class Connection {
  /** @type {Way[]} */
  #ways = [sharedWorker, ownWorker, inPage];
  /** @type {MessagePort | null} */
  #port = null;
  #url;
  #ears;
  #patience = 0;
  #closed = false;

  /** @param {string} url @param {Ears} ears */
  constructor(url, ears) {
    this.#url = url;
    this.#ears = ears;
    void this.#tryNext();
  }

  async #tryNext() {
    const way = this.#ways.shift();
    if (!way || this.#closed) return;
    let over = false;
    const failed = () => {
      if (over) return;
      over = true;
      clearTimeout(this.#patience);
      void this.#tryNext();
    };
    this.#patience = window.setTimeout(failed, PATIENCE);
    try {
      const port = await way(this.#url, failed);
      if (!over) this.#listen(port, () => (over = true));
    } catch {
      failed();
    }
  }

  /** @param {MessagePort} port @param {() => void} works */
  #listen(port, works) {
    this.#port?.close();
    this.#port = port;
    port.onmessage = (event) => {
      works();
      clearTimeout(this.#patience);
      this.#hear(event.data);
    };
  }

  /** @param {import('./hub.js').FromHub} news */
  #hear(news) {
    if (this.#closed) return;
    if (news.type === 'names') this.#ears.names(news.names);
    else if (news.type === 'missed') this.#ears.missed(news.lost);
    else if (news.type === 'state') this.#ears.state(news.state);
    else {
      this.#ears.lines(news.batch);
      this.#send({ type: 'ack', next: news.next });
    }
  }

  /** @param {import('./hub.js').ToHub} order */
  #send(order) {
    this.#port?.postMessage(order);
  }

  wake() {
    this.#send({ type: 'wake' });
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#patience);
    this.#send({ type: 'bye' });
  }
}
