// Turns an event of the stream into a line for the store. Runs in the worker,
// so that the page never parses the stream's JSON.

import { cellsOf, hasSpecials, visibleText } from './ansi.js';
import { levelOf } from './level.js';
import { FLAG, KIND } from './store.js';

/** Source names by the order of their first appearance. */
export class Names {
  /** @type {string[]} */
  list = [];
  /** @type {Map<string, number>} */
  #index = new Map();

  /** @param {string} name @returns {number} */
  indexOf(name) {
    let index = this.#index.get(name);
    if (index === undefined) {
      index = this.list.push(name) - 1;
      this.#index.set(name, index);
    }
    return index;
  }
}

/** @type {Record<string, number>} */
const CONTROL_KINDS = { gap: KIND.GAP, source: KIND.SOURCE, end: KIND.END };

/** Bytes that are mostly not text are shown as hex. @param {string} lossy */
function looksBinary(lossy) {
  const sample = lossy.slice(0, 512);
  const odd = sample.match(/[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]/g)?.length ?? 0;
  return odd > sample.length / 8 || sample.includes('\0');
}

/** @param {string} text */
function describe(text) {
  const special = hasSpecials(text);
  const visible = special ? visibleText(text) : text;
  return { flags: special ? FLAG.SPECIAL : 0, level: levelOf(visible), cells: cellsOf(visible) };
}

/**
 * @param {string} data a `message` event's data
 * @param {string} id
 * @param {Names} names
 * @returns {import('./store.js').Line}
 */
export function lineOf(data, id, names) {
  const { file, message, time, offset = NaN, more = false, base64 } = JSON.parse(data);
  const more_ = more ? FLAG.MORE : 0;
  const place = { id, source: names.indexOf(String(file)), time: Number(time), offset: Number(offset) };
  const text = String(message);
  if (typeof base64 === 'string' && looksBinary(text)) {
    const cells = Math.floor(base64.length / 4) * 9;
    return { ...place, text: base64, flags: KIND.BINARY | more_, level: 0, cells };
  }
  const { flags, level, cells } = describe(text);
  return { ...place, text, flags: KIND.LINE | more_ | flags, level, cells };
}

/**
 * @param {{ type: string, file?: string }} control a control event's data
 * @param {string} id
 * @param {Names} names
 * @param {number} now
 * @returns {import('./store.js').Line | null} null when it is not to be shown
 */
export function rulerOf(control, id, names, now) {
  const kind = CONTROL_KINDS[control.type];
  if (kind === undefined) return null;
  const source = control.file === undefined ? 65535 : names.indexOf(control.file);
  return { text: JSON.stringify(control), id, flags: kind, level: 0, source, cells: 1, time: now, offset: NaN };
}
