// Lines as text or NDJSON, for the clipboard and for downloads.

import { shownText } from './view.js';
import { FLAG, KIND, idAt, textAt } from './store.js';

const PIECE = 5000;

/** @typedef {{ store: import('./store.js').Store, names: string[] }} Held */

/**
 * @param {Held} held
 * @param {number} n
 * @returns {string} the line as it is seen; '' for rulers
 */
export function asText({ store }, n) {
  const chunk = store.chunkOf(n);
  const i = n - chunk.first;
  if ((chunk.flags[i] & FLAG.KIND) > KIND.BINARY) return '';
  return shownText(chunk, i) + (chunk.flags[i] & FLAG.MORE ? '' : '\n');
}

/** @param {Held} held @param {number} n @returns {string} the event as JSON, and a newline */
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
  return `${JSON.stringify({ file: names[chunk.source[i]], ...content, time: chunk.time[i], offset, more, id })}\n`;
}

/**
 * Writes many lines without holding up the page.
 * @param {Held} held
 * @param {number[] | Uint32Array} lines
 * @param {typeof asText} write
 * @returns {Promise<string[]>}
 */
export async function writeLines(held, lines, write) {
  const pieces = [];
  for (let at = 0; at < lines.length; at += PIECE) {
    let piece = '';
    for (const n of lines.slice(at, at + PIECE)) if (held.store.holds(n)) piece += write(held, n);
    pieces.push(piece);
    await new Promise((resume) => setTimeout(resume));
  }
  return pieces;
}

/** @param {string[]} pieces @param {string} type @param {string} name */
export function download(pieces, type, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(pieces, { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
