// Says how things are: connection, counts, rate, the window's title.

import { count, plural } from './format.js';

/** Rates are counted over this many seconds. */
const SPAN = 3;

/** @param {import('./stream.js').State} state @param {number} now @returns {string} */
export function connectionText({ phase, retryAt = 0, status = 0 }, now) {
  const seconds = Math.max(1, Math.ceil((retryAt - now) / 1000));
  if (phase === 'live') return 'live';
  if (phase === 'ended') return 'all input has ended';
  if (phase === 'connecting') return 'connecting…';
  if (phase === 'refused') return `refused (${status}): sign in, then reload`;
  return `connection lost, again in ${seconds}s`;
}

/** Lines per second, from arrivals. */
export class Rate {
  /** @type {{ second: number, lines: number }[]} */
  #seconds = [];

  /** @param {number} lines @param {number} now */
  add(lines, now) {
    const second = Math.floor(now / 1000);
    const last = this.#seconds.at(-1);
    if (last?.second === second) last.lines += lines;
    else this.#seconds.push({ second, lines });
    while (this.#seconds.length > SPAN + 1) this.#seconds.shift();
  }

  /** @param {number} now */
  perSecond(now) {
    const second = Math.floor(now / 1000);
    const whole = this.#seconds.filter((each) => each.second < second && each.second >= second - SPAN);
    return whole.reduce((sum, each) => sum + each.lines, 0) / SPAN;
  }
}

/** What arrived while nobody looked, for the title. */
export class Unseen {
  lines = 0;
  errors = 0;

  /** @param {{ lines: number, errors: number }} arrived */
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
