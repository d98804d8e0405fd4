// Texts of the status bar and of the window title.

import { count, plural } from './format.js';

/** Seconds per average rate. When doubled, the rate changes more slowly. */
const RATE_SECONDS = 3;

/** @param {import('./stream.js').State} state @param {number} now @returns {string} */
export function connectionText({ phase, retryAt = 0, status = 0 }, now) {
  const seconds = Math.max(1, Math.ceil((retryAt - now) / 1000));
  if (phase === 'live') return 'Live';
  if (phase === 'ended') return 'All sources have ended';
  if (phase === 'connecting') return 'Connecting…';
  if (phase === 'refused') return `Access refused (status ${status}): sign in, then reload`;
  return `Reconnecting in ${seconds} s`;
}

/** Counts received lines per second. */
export class Rate {
  /** @type {{ second: number, lines: number }[]} */
  #seconds = [];

  /** @param {number} lines @param {number} now */
  add(lines, now) {
    const second = Math.floor(now / 1000);
    const last = this.#seconds.at(-1);
    if (last?.second === second) last.lines += lines;
    else this.#seconds.push({ second, lines });
    while (this.#seconds.length > RATE_SECONDS + 1) this.#seconds.shift();
  }

  /** @param {number} now */
  perSecond(now) {
    const second = Math.floor(now / 1000);
    const full = this.#seconds.filter((each) => each.second < second && each.second >= second - RATE_SECONDS);
    return full.reduce((sum, each) => sum + each.lines, 0) / RATE_SECONDS;
  }
}

/** Counts lines received while the tab is hidden, for the window title. */
export class UnreadCount {
  lines = 0;
  errors = 0;

  /** @param {{ lines: number, errors: number }} counts */
  add({ lines, errors }) {
    this.lines += lines;
    this.errors += errors;
  }

  clear() {
    this.lines = this.errors = 0;
  }

  /** @param {string} title */
  inTitle(title) {
    if (this.errors) return `(${plural(this.errors, 'error')}, ${count(this.lines)}) ${title}`;
    return this.lines ? `(${count(this.lines)}) ${title}` : title;
  }
}
