// State of each source, from `/sources`, and its number of lines, from the stream.

import { KIND, FLAG } from './store.js';

/** Number of source colours in viewer.css. */
export const HUE_COUNT = 10;

/**
 * @typedef {object} Source
 * @property {string} name
 * @property {number} hue
 * @property {number} count lines received by this page
 * @property {string} state state in `/sources`, or ''
 * @property {string} path
 * @property {number | null} size
 */

export class Sources {
  /** @type {Map<string, Source>} */
  byName = new Map();
  /** @type {string[]} names by source index */
  names = [];
  /** Received lines by level. */
  levels = [0, 0, 0, 0, 0];

  /** @param {string} name @returns {Source} */
  #sourceOf(name) {
    let source = this.byName.get(name);
    if (!source) {
      source = { name, hue: this.byName.size % HUE_COUNT, count: 0, state: '', path: '', size: null };
      this.byName.set(name, source);
    }
    return source;
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

  /** @param {import('./store.js').Batch} batch @returns {{ lines: number, errors: number }} */
  count(batch) {
    const total = { lines: 0, errors: 0 };
    for (let i = 0; i < batch.count; i++) {
      if ((batch.flags[i] & FLAG.KIND) > KIND.BINARY) continue;
      total.lines++;
      const level = batch.level[i];
      this.levels[level]++;
      if (level === 4) total.errors++;
      const source = this.byName.get(this.names[batch.source[i]]);
      if (source) source.count++;
    }
    return total;
  }

  resetCounts() {
    this.levels.fill(0);
    for (const source of this.byName.values()) source.count = 0;
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
