// Formats lines as text or NDJSON, for the clipboard and for downloads.

import { shownText } from './view.js';
import { FLAG, KIND, idAt, textAt } from './store.js';

/** Lines formatted between two frames. When doubled, frames are later. */
const PART_LINES = 5000;

/** @typedef {{ store: import('./store.js').Store, names: string[] }} LineSource */

/**
 * @param {LineSource} source
 * @param {number} n
 * @returns {string} the line as the page shows it; '' for control events
 */
export function asText({ store }, n) {
  const chunk = store.chunkOf(n);
  const i = n - chunk.first;
  if ((chunk.flags[i] & FLAG.KIND) > KIND.BINARY) return '';
  return shownText(chunk, i) + (chunk.flags[i] & FLAG.MORE ? '' : '\n');
}

/** @param {LineSource} source @param {number} n @returns {string} the event as one line of JSON */
export function asNdjson({ store, names }, n) {
  const chunk = store.chunkOf(n);
  const i = n - chunk.first;
  const kind = chunk.flags[i] & FLAG.KIND;
  const text = textAt(chunk, i);
  const id = idAt(chunk, i);
  if (kind > KIND.BINARY) return `${JSON.stringify({ ...JSON.parse(text), id })}\n`;
  const content = kind === KIND.BINARY ? { base64: text } : { message: text };
  const offset = Number.isNaN(chunk.offset[i]) ? undefined : chunk.offset[i];
  const more = chunk.flags[i] & FLAG.MORE ? true : undefined;
  const cont = chunk.flags[i] & FLAG.CONTINUES ? true : undefined;
  const ts = chunk.ts[i] === chunk.time[i] ? undefined : chunk.ts[i];
  return `${JSON.stringify({ file: names[chunk.source[i]], ...content, time: chunk.time[i], ts, cont, offset, more, id })}\n`;
}

/**
 * Formats many lines and lets the page render in between.
 * @param {LineSource} source
 * @param {number[] | Uint32Array} lines
 * @param {typeof asText} write
 * @returns {Promise<string[]>}
 */
export async function writeLines(source, lines, write) {
  const parts = [];
  for (let at = 0; at < lines.length; at += PART_LINES) {
    let part = '';
    for (const n of lines.slice(at, at + PART_LINES)) if (source.store.holds(n)) part += write(source, n);
    parts.push(part);
    await new Promise((resume) => setTimeout(resume));
  }
  return parts;
}

/** @param {string[]} parts @param {string} type @param {string} name */
function download(parts, type, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * Offers the shown lines of a page as a file.
 * @param {import('./page.js').Page} page
 * @param {string} format `text` or `ndjson`
 * @returns {Promise<number>} number of lines
 */
export async function downloadLines({ store, renderState, shownLines }, format) {
  const isText = format === 'text';
  const parts = await writeLines({ store, names: renderState.names }, shownLines, isText ? asText : asNdjson);
  const stamp = new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-');
  download(parts, isText ? 'text/plain' : 'application/x-ndjson', `ssetail-${stamp}.${isText ? 'log' : 'ndjson'}`);
  return shownLines.length;
}
