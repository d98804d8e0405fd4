// Fetches a linked line that the page does not have, with the lines around it.

import { SourceNames, decodeControl, decodeLine } from './decode.js';
import { sentenceOf } from './eventreader.js';
import { Store } from './store.js';

/** Lines of each source before the linked line. When doubled, so is the time until it is shown. */
const LINES_BEFORE = 300;
/** Lines after the linked line. When doubled, so is the time until it is shown. */
const LINES_AFTER = 600;
/** Lines per batch for the page. When doubled, each batch blocks the page longer. */
const BATCH_LINES = 1024;

/**
 * @typedef {object} Excerpt
 * @property {Store} store
 * @property {string[]} names
 * @property {number} line number of the linked line in `store`, or -1
 * @property {string} problem reason for which the server has no such line, or ''
 */

/** @typedef {{ type?: string, id: string }} Item */

/**
 * Reads at most `max` objects of NDJSON.
 * @param {string} url of the stream
 * @param {Record<string, string>} fields added to the query
 * @param {number} max
 * @returns {Promise<{ items: { data: string, item: Item }[], problem: string }>}
 */
async function read(url, fields, max) {
  const from = new URL(url);
  for (const [name, value] of Object.entries(fields)) from.searchParams.set(name, value);
  const abort = new AbortController();
  const answer = await fetch(from, { cache: 'no-store', signal: abort.signal, headers: { accept: 'application/x-ndjson' } });
  if (!answer.ok || !answer.body) return { items: [], problem: (await sentenceOf(answer)) || `status ${answer.status}` };
  const items = [];
  const decoder = new TextDecoder();
  const reader = answer.body.getReader();
  let rest = '';
  for (let end = false; !end && items.length < max; ) {
    const { done, value } = await reader.read();
    const lines = (rest + decoder.decode(value, { stream: !done })).split('\n');
    rest = lines.pop() ?? '';
    for (const data of lines) items.push({ data, item: JSON.parse(data) });
    end = done;
  }
  abort.abort();
  return { items: items.slice(0, max), problem: '' };
}

/**
 * Fetches the line with the event ID `id` and those around it.
 * @param {string} url of the stream, with its filters
 * @param {string} id
 * @returns {Promise<Excerpt>}
 */
export async function fetchExcerpt(url, id) {
  const before = await read(url, { before: id, n: String(LINES_BEFORE) }, Infinity);
  const empty = { store: new Store(), names: [], line: -1 };
  if (before.problem) return { ...empty, problem: before.problem };
  const position = before.items.at(-1)?.item.id ?? '';
  const after = await read(url, { last_event_id: position, follow: '0' }, LINES_AFTER);
  if (after.problem) return { ...empty, problem: after.problem };
  return excerptOf([...before.items, ...after.items], id);
}

/** @param {{ data: string, item: Item }[]} items @param {string} id @returns {Excerpt} */
function excerptOf(items, id) {
  const store = new Store();
  const names = new SourceNames();
  let found = -1;
  for (const { data, item } of items) {
    const line = item.type ? decodeControl(/** @type {any} */ (item), item.id, names, Date.now()) : decodeLine(data, item.id, names);
    if (!line) continue;
    // An event stream splits a long line into parts, whose IDs are that of the line and a number of bytes.
    if (!item.type && found < 0 && (item.id === id || id.startsWith(`${item.id}.`))) found = store.next;
    store.push(line);
  }
  return { store, names: names.list, line: found, problem: found < 0 ? 'the server does not keep it any more' : '' };
}

/** @param {Store} store @returns {Iterable<import('./store.js').Batch>} */
export function* batchesOf(store) {
  for (let n = store.first; n < store.next; ) {
    const batch = store.slice(n, BATCH_LINES);
    yield batch;
    n += batch.count;
  }
}
