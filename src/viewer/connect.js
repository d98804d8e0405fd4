// Connects the page to a hub. Tries a SharedWorker first, so that all tabs share one stream,
// then a Worker, then a hub in the page itself.

/** Wait for a transport to start. When doubled, the next one is tried later. */
const START_TIMEOUT_MS = 4_000;

/**
 * @typedef {object} Listener
 * @property {(names: string[]) => void} names
 * @property {(start: import('./hub.js').Start) => void} start
 * @property {(batch: import('./store.js').Batch) => void} lines
 * @property {(lost: number) => void} missed
 * @property {(state: import('./stream.js').State) => void} state
 */

/**
 * @typedef {object} Request
 * @property {string} url of the stream
 * @property {string} health URL that responds while the server lives
 * @property {string} after ID of the last event that the page has, or ''
 */

/** @typedef {(request: Request, failed: () => void) => MessagePort | Promise<MessagePort>} Transport */

/** Sends one port of a new channel to a worker and returns the other. @param {MessagePort | Worker} to @param {Request} request */
function openChannel(to, request) {
  const { port1, port2 } = new MessageChannel();
  to.postMessage(request, [port2]);
  return port1;
}

/** Address of the module. All modules are one script in the program, so the name of a worker says which one it runs. */
const WORKER = new URL('./streamworker.js', import.meta.url);

/** @type {Transport} */
function sharedWorker(request, failed) {
  const worker = new SharedWorker(WORKER, { type: 'module', name: 'streamworker.js' });
  worker.onerror = failed;
  worker.port.start();
  return openChannel(worker.port, request);
}

/** @type {Transport} */
function ownWorker(request, failed) {
  const worker = new Worker(WORKER, { type: 'module', name: 'streamworker.js' });
  worker.onerror = failed;
  return openChannel(worker, request);
}

/** @param {Request} request */
async function inPage({ url, health, after }) {
  const { Hub } = await import('./hub.js');
  const { port1, port2 } = new MessageChannel();
  new Hub(url, health).attach(port2, after);
  return port1;
}

export class Connection {
  /** @type {Transport[]} */
  #transports = [sharedWorker, ownWorker, inPage];
  /** @type {MessagePort | null} */
  #port = null;
  #request;
  #listener;
  #startTimer = 0;
  #closed = false;

  /** @param {Request} request @param {Listener} listener */
  constructor(request, listener) {
    this.#request = request;
    this.#listener = listener;
    void this.#tryNext();
  }

  async #tryNext() {
    const transport = this.#transports.shift();
    if (!transport || this.#closed) return;
    let settled = false;
    const failed = () => {
      if (settled) return;
      settled = true;
      clearTimeout(this.#startTimer);
      void this.#tryNext();
    };
    this.#startTimer = window.setTimeout(failed, START_TIMEOUT_MS);
    try {
      const port = await transport(this.#request, failed);
      if (!settled) this.#listen(port, () => (settled = true));
    } catch {
      failed();
    }
  }

  /** @param {MessagePort} port @param {() => void} succeeded */
  #listen(port, succeeded) {
    this.#port?.close();
    this.#port = port;
    port.onmessage = (event) => {
      succeeded();
      clearTimeout(this.#startTimer);
      this.#receive(event.data);
    };
  }

  /** @param {import('./hub.js').FromHub} message */
  #receive(message) {
    if (this.#closed) return;
    if (message.type === 'names') this.#listener.names(message.names);
    else if (message.type === 'start') this.#listener.start(message);
    else if (message.type === 'missed') this.#listener.missed(message.lost);
    else if (message.type === 'state') this.#listener.state(message.state);
    else {
      this.#listener.lines(message.batch);
      this.#send({ type: 'ack', next: message.next });
    }
  }

  /** @param {import('./hub.js').ToHub} message */
  #send(message) {
    this.#port?.postMessage(message);
  }

  check() {
    this.#send({ type: 'check' });
  }

  /** Tells the hub if somebody looks at the page. @param {boolean} on */
  watch(on) {
    this.#send({ type: 'watch', on });
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#startTimer);
    this.#send({ type: 'close' });
  }
}
