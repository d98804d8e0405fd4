// Reads an event stream with `fetch`. An EventSource hides the status, `Retry-After` and the
// sentence of a refusal, the reconnection time, and the difference between an end and an abort.

/** Characters of a refusal that are shown. When doubled, a long sentence covers more lines. */
const MAX_MESSAGE = 300;

/**
 * Reason for which no stream was opened, or an open one broke.
 * @typedef {object} Failure
 * @property {number} status of the response; 0 if there is none, or if an open stream broke
 * @property {number} retryAfter wait in ms that the response asks for, or 0
 * @property {string} message sentence of the response, or ''
 */

/**
 * @typedef {object} Events
 * @property {() => void} opened
 * @property {() => void} received called for each piece of the body, comments included
 * @property {(name: string, data: string, id: string) => void} event
 * @property {(ms: number) => void} retry the reconnection time of the server
 * @property {() => void} ended the body is complete
 * @property {(failure: Failure) => void} failed
 */

/** Splits the text of an event stream into events. */
export class EventParser {
  #events;
  #rest = '';
  #name = '';
  /** @type {string | null} */
  #data = null;
  #id = '';

  /** @param {Pick<Events, 'event' | 'retry'>} events */
  constructor(events) {
    this.#events = events;
  }

  /** @param {string} text */
  push(text) {
    const all = this.#rest + text;
    let from = 0;
    for (let end = all.indexOf('\n'); end >= 0; end = all.indexOf('\n', from)) {
      this.#line(all.slice(from, all[end - 1] === '\r' ? end - 1 : end));
      from = end + 1;
    }
    this.#rest = all.slice(from);
  }

  /** @param {string} line */
  #line(line) {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'data') this.#data = this.#data === null ? value : `${this.#data}\n${value}`;
    else if (field === 'id') this.#id = value;
    else if (field === 'event') this.#name = value;
    else if (field === 'retry' && /^\d+$/.test(value)) this.#events.retry(Number(value));
  }

  #dispatch() {
    if (this.#data !== null) this.#events.event(this.#name, this.#data, this.#id);
    this.#data = null;
    this.#name = '';
  }
}

/** @param {Response} answer @param {number} now @returns {number} wait in ms that `Retry-After` asks for, or 0 */
export function retryAfterOf(answer, now) {
  const value = answer.headers.get('retry-after') ?? '';
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : / GMT$/.test(value) ? Date.parse(value) - now : 0;
  return ms > 0 ? ms : 0;
}

/** Returns the sentence of the server; pages of proxies are not text/plain. @param {Response} answer */
export async function sentenceOf(answer) {
  if (!answer.headers.get('content-type')?.startsWith('text/plain')) return '';
  const text = (await answer.text()).trim();
  return text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}…` : text;
}

/** @param {Response} answer @returns {Promise<Failure>} */
export async function failureOf(answer) {
  const message = answer.ok ? '' : await sentenceOf(answer).catch(() => '');
  return { status: answer.status, retryAfter: retryAfterOf(answer, Date.now()), message };
}

/**
 * @param {ReadableStream<Uint8Array>} body
 * @param {Events} events
 * @param {AbortSignal} signal
 */
async function readBody(body, events, signal) {
  const parser = new EventParser(events);
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (signal.aborted) return;
    if (done) return events.ended();
    events.received();
    parser.push(decoder.decode(value, { stream: true }));
  }
}

/** @param {Response} answer */
const isStream = (answer) => answer.status === 200 && Boolean(answer.headers.get('content-type')?.startsWith('text/event-stream'));

/**
 * Opens an event stream. No function of `events` is called after `close()`.
 * @param {string} url
 * @param {Events} events
 * @returns {{ close(): void }}
 */
export function openStream(url, events) {
  const abort = new AbortController();
  const { signal } = abort;
  const read = async () => {
    const answer = await fetch(url, { cache: 'no-store', signal, headers: { accept: 'text/event-stream' } });
    if (!isStream(answer) || !answer.body) {
      const failure = await failureOf(answer);
      if (!signal.aborted) events.failed(failure);
      return abort.abort();
    }
    // A body of known length has no lines: the server turns this client away.
    if (!answer.headers.has('content-length')) events.opened();
    await readBody(answer.body, events, signal);
  };
  read().catch(() => signal.aborted || events.failed({ status: 0, retryAfter: 0, message: '' }));
  return { close: () => abort.abort() };
}

/**
 * Asks whether anything responds at a URL.
 * @param {string} url
 * @param {number} timeout in ms
 * @returns {Promise<boolean>} true for any response, also one of a proxy
 */
export async function responds(url, timeout) {
  try {
    const answer = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(timeout) });
    await answer.body?.cancel();
    return true;
  } catch {
    return false;
  }
}
