// Decodes an event of the stream into a line of the store. Runs in the worker, so that
// JSON parsing does not block the page.

import { hasControlChars, visibleText } from './ansi.js';
import { cellsOf } from './cells.js';
import { levelOf } from './level.js';
import { commandLevel, isMarker } from './markers.js';
import { FLAG, KIND } from './store.js';

/** Source names in the order of their first event. */
export class SourceNames {
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

/** @type {Map<string, number>} */
const CONTROL_KINDS = new Map(Object.entries({ gap: KIND.GAP, source: KIND.SOURCE, end: KIND.END }));

/** Reports if lossily decoded bytes are mostly not text; such lines are shown as hex. @param {string} text */
function looksBinary(text) {
  const sample = text.slice(0, 512);
  const nonText = sample.match(/[\x00-\x08\x0e-\x1a\x1c-\x1f\ufffd]/g)?.length ?? 0;
  return nonText > sample.length / 8 || sample.includes('\0');
}

/** @param {string} text */
function analyse(text) {
  return hasControlChars(text) ? { flags: FLAG.CONTROL_CHARS, cells: cellsOf(visibleText(text)) } : { flags: 0, cells: cellsOf(text) };
}

/**
 * @param {string} data data of a `message` event
 * @param {string} id
 * @param {SourceNames} names
 * @returns {import('./store.js').Line}
 */
export function decodeLine(data, id, names) {
  return decodeFields(JSON.parse(data), id, names);
}

/**
 * @param {any} fields of a line in the format `json`
 * @param {string} id
 * @param {SourceNames} names
 * @returns {import('./store.js').Line}
 */
export function decodeFields({ file, message, time, ts, level, cont = false, offset = NaN, more = false, base64 }, id, names) {
  const stated = (more ? FLAG.MORE : 0) | (cont ? FLAG.CONTINUES : 0);
  const common = { id, source: names.indexOf(String(file)), time: Number(time), ts: Number(ts ?? time), level: commandLevel(String(message)) || levelOf(level), offset: Number(offset) };
  const text = String(message);
  if (typeof base64 === 'string' && looksBinary(text)) {
    const cells = Math.floor(base64.length / 4) * 9;
    return { ...common, text: base64, flags: KIND.BINARY | stated, cells };
  }
  const { flags, cells } = analyse(text);
  return { ...common, text, flags: KIND.LINE | stated | flags | (isMarker(text) ? FLAG.MARKER : 0), cells };
}

/**
 * @param {{ type: string, file?: string }} control data of a control event
 * @param {string} id
 * @param {SourceNames} names
 * @param {number} now
 * @returns {import('./store.js').Line | null} null if the page does not show events of this type
 */
export function decodeControl(control, id, names, now) {
  // A gap of another server is an event that all clients get, and does not end this client's history.
  const isRelayed = control.type === 'gap' && control.file !== undefined;
  const kind = isRelayed ? KIND.SOURCE : CONTROL_KINDS.get(control.type);
  if (kind === undefined) return null;
  const source = control.file === undefined ? 65535 : names.indexOf(control.file);
  return { text: JSON.stringify(control), id, flags: kind, level: 0, source, cells: 1, time: now, ts: now, offset: NaN };
}
