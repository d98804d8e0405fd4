// Reads lines of the server as NDJSON, from a read that ends or that is aborted after enough lines.

import { decodeControl, decodeFields } from './decode.js';
import { failureOf } from './eventreader.js';
import { FLAG, KIND } from './store.js';

/** Objects decoded without a pause. When doubled, frames take longer. */
const SLICE_OBJECTS = 256;

/**
 * @typedef {object} Read
 * @property {import('./store.js').Line[]} lines lines and control events, the oldest first
 * @property {string} endId position after the last line; '' if the body was aborted or is
 *   incomplete
 * @property {import('./eventreader.js').Failure | null} failure
 */

/**
 * @typedef {object} Options
 * @property {import('./decode.js').SourceNames} names
 * @property {(lines: import('./store.js').Line[]) => boolean} [isEnough] true if the read can be
 *   aborted
 * @property {AbortSignal} [signal]
 * @property {() => void} [opened] called when the server has accepted the read
 */

/** Lets frames and input go first. */
const pause = () => new Promise((done) => {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    done(undefined);
  };
  port2.postMessage(0);
});

/**
 * Control events state no time; they get that of the line before, or else of the line below.
 * @param {import('./store.js').Line[]} lines
 */
function fillTimes(lines) {
  const isLine = (/** @type {import('./store.js').Line} */ { flags }) => (flags & FLAG.KIND) <= KIND.BINARY;
  let last = lines.find(isLine);
  for (const line of lines) {
    if (isLine(line)) last = line;
    else if (last) Object.assign(line, { time: last.time, ts: last.ts });
  }
}

/**
 * @param {ReadableStream<Uint8Array>} body
 * @param {import('./decode.js').SourceNames} names
 * @param {(lines: import('./store.js').Line[]) => boolean} isEnough
 * @returns {Promise<{ lines: import('./store.js').Line[], endId: string }>}
 */
async function decodeBody(body, names, isEnough) {
  const lines = [];
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    const texts = (rest + decoder.decode(value, { stream: !done })).split('\n');
    rest = texts.pop() ?? '';
    for (const [i, text] of texts.entries()) {
      if (i % SLICE_OBJECTS === SLICE_OBJECTS - 1) await pause();
      const item = JSON.parse(text);
      if (item.type === 'end_of_read') return { lines, endId: item.id };
      const line = item.type ? decodeControl(item, item.id, names, Date.now()) : decodeFields(item, item.id, names);
      if (line) lines.push(line);
      if (line && isEnough(lines)) return { lines, endId: '' };
    }
    if (done) throw new Error('the body is incomplete');
  }
}

/**
 * @param {string} url of the stream
 * @param {Record<string, string>} fields added to the query
 * @param {Options} options
 * @returns {Promise<Read>}
 */
export async function readLines(url, fields, { names, isEnough = () => false, signal, opened }) {
  const from = new URL(url);
  for (const [name, value] of Object.entries(fields)) from.searchParams.set(name, value);
  const abort = new AbortController();
  signal?.addEventListener('abort', () => abort.abort());
  try {
    const answer = await fetch(from, { cache: 'no-store', signal: abort.signal, headers: { accept: 'application/x-ndjson' } });
    const isRead = answer.ok && answer.body && answer.headers.get('content-type')?.includes('ndjson');
    if (!isRead || !answer.body) return { lines: [], endId: '', failure: await failureOf(answer) };
    opened?.();
    const { lines, endId } = await decodeBody(answer.body, names, isEnough);
    fillTimes(lines);
    return { lines, endId, failure: null };
  } catch {
    return { lines: [], endId: '', failure: { status: 0, retryAfter: 0, message: '' } };
  } finally {
    abort.abort();
  }
}
