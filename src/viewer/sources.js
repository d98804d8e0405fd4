// State of each source, from `/sources`, and its number of lines, from the stream.

import { KIND, FLAG } from './store.js';

/** Compares names so that `api-7` comes before `api-14`. */
const NATURAL = new Intl.Collator('en', { numeric: true });

/** Number of source colours in viewer.css. */
export const HUE_COUNT = 10;

/**
 * @typedef {object} Source
 * @property {string} name
 * @property {number} hue
 * @property {number} count lines held by this page
 * @property {number[]} levels the same lines by level
 * @property {string} state state in `/sources`, or ''
 * @property {string} path
 * @property {number | null} size
 */

export class Sources {
  /** @type {Map<string, Source>} */
  byName = new Map();
  /** @type {string[]} names by source index */
  names = [];
  /** @type {Source[]} */
  #sorted = [];

  /** @param {string} name @returns {Source} */
  #sourceOf(name) {
    let source = this.byName.get(name);
    if (!source) {
      source = { name, hue: this.byName.size % HUE_COUNT, count: 0, levels: [0, 0, 0, 0, 0], state: '', path: '', size: null };
      this.byName.set(name, source);
    }
    return source;
  }

  /** All sources in the natural order of their names. */
  get sorted() {
    // Sources are never removed, so their number tells if the order is still that of all.
    if (this.#sorted.length !== this.byName.size) this.#sorted = [...this.byName.values()].sort((a, b) => NATURAL.compare(a.name, b.name));
    return this.#sorted;
  }

  /**
   * Returns the received lines of a level.
   * @param {number} level
   * @param {Set<string>} chosen sources to count; all if empty
   */
  levelCount(level, chosen) {
    let total = 0;
    for (const { name, levels } of this.byName.values()) if (chosen.size === 0 || chosen.has(name)) total += levels[level];
    return total;
  }

  /** @param {string[]} names */
  setNames(names) {
    this.names = names;
    names.forEach((name) => this.#sourceOf(name));
  }

  /** Updates the sources from the body of `/sources`. @param {unknown} list */
  update(list) {
    if (!Array.isArray(list)) return;
    for (const { name, state, path, size } of list) {
      Object.assign(this.#sourceOf(String(name)), { state: String(state ?? ''), path: String(path ?? ''), size: size ?? null });
    }
  }

  /** Counts lines that the page takes, or with `sign` -1 lines that it removes. @param {import('./store.js').Batch} batch @param {number} [sign] */
  count(batch, sign = 1) {
    for (let i = 0; i < batch.count; i++) {
      const source = this.byName.get(this.names[batch.source[i]]);
      if (!source || (batch.flags[i] & FLAG.KIND) > KIND.BINARY) continue;
      source.count += sign;
      source.levels[batch.level[i]] += sign;
    }
  }

  /** @param {import('./store.js').Batch} batch @returns {{ lines: number, errors: number }} */
  total(batch) {
    const total = { lines: 0, errors: 0 };
    for (let i = 0; i < batch.count; i++) {
      if ((batch.flags[i] & FLAG.KIND) > KIND.BINARY) continue;
      total.lines++;
      if (batch.level[i] === 4) total.errors++;
    }
    return total;
  }

  resetCounts() {
    for (const source of this.byName.values()) {
      source.count = 0;
      source.levels.fill(0);
    }
  }

  /** @param {number} index source index of a line */
  hueOf(index) {
    return this.byName.get(this.names[index])?.hue ?? HUE_COUNT;
  }
}

/** Returns the label of a state. @param {string} state */
export function describeState(state) {
  /** @type {Record<string, { text: string, bad: boolean }>} */
  const states = {
    live: { text: '', bad: false },
    waiting: { text: 'Waiting for the file', bad: false },
    rotated: { text: 'Rotated', bad: false },
    truncated: { text: 'Truncated', bad: false },
    removed: { text: 'Removed', bad: true },
    unreadable: { text: 'Unreadable', bad: true },
    stalled: { text: 'Does not answer', bad: true },
    ended: { text: 'Ended', bad: false },
  };
  return states[state] ?? { text: state, bad: false };
}
