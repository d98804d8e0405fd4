// What is known about each source: from the server's list, and from its lines as they arrive.

import { KIND, FLAG } from './store.js';

/** Sources share this many colours. */
export const HUES = 10;

/**
 * @typedef {object} Source
 * @property {string} name
 * @property {number} hue
 * @property {number} count lines that this page received
 * @property {string} state as the server names it, or ''
 * @property {string} path
 * @property {number | null} size
 */

export class Sources {
  /** @type {Map<string, Source>} */
  byName = new Map();
  /** @type {string[]} by the number that lines carry */
  names = [];
  /** Lines received, by level. */
  levels = [0, 0, 0, 0, 0];

  /** @param {string} name @returns {Source} */
  #know(name) {
    let source = this.byName.get(name);
    if (!source) {
      source = { name, hue: this.byName.size % HUES, count: 0, state: '', path: '', size: null };
      this.byName.set(name, source);
    }
    return source;
  }

  /** @param {string[]} names */
  named(names) {
    this.names = names;
    names.forEach((name) => this.#know(name));
  }

  /** Takes over the server's list. @param {unknown} list */
  listed(list) {
    if (!Array.isArray(list)) return;
    for (const { name, state, path, size } of list) {
      Object.assign(this.#know(String(name)), { state: String(state ?? ''), path: String(path ?? ''), size: size ?? null });
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

  forgetCounts() {
    this.levels.fill(0);
    for (const source of this.byName.values()) source.count = 0;
  }

  /** @param {number} index the number that lines carry */
  hueOf(index) {
    return this.byName.get(this.names[index])?.hue ?? HUES;
  }
}

/** What a state means to a reader. @param {string} state */
export function describeState(state) {
  /** @type {Record<string, { text: string, bad: boolean }>} */
  const known = {
    live: { text: '', bad: false },
    waiting: { text: 'waiting for the file', bad: false },
    rotated: { text: 'rotated', bad: false },
    truncated: { text: 'truncated', bad: false },
    removed: { text: 'removed', bad: true },
    unreadable: { text: 'unreadable', bad: true },
    ended: { text: 'ended', bad: false },
  };
  return known[state] ?? { text: state, bad: false };
}
