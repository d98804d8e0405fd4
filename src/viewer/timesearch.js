// Finds rows by time. Rows are in the order of arrival, in which times can go back and forth.

import { FLAG, KIND } from './store.js';

/**
 * Returns the row with the first time at or after `ms`: the earliest time, and of the same times
 * the first row. One pass over all rows (a few milliseconds for a million).
 * @param {import('./rowlist.js').LineNumbers} lines of the rows
 * @param {import('./store.js').Store} store
 * @param {number} ms
 * @returns {number} number of the line, or -1
 */
export function firstFrom(lines, store, ms) {
  let best = Infinity;
  let found = -1;
  let i = 0;
  for (const chunk of store.chunks) {
    const end = chunk.first + chunk.count;
    for (; i < lines.length && lines.at(i) < end; i++) {
      const at = lines.at(i) - chunk.first;
      const ts = chunk.ts[at];
      if (ts >= ms && ts < best && (chunk.flags[at] & FLAG.KIND) <= KIND.BINARY) [best, found] = [ts, lines.at(i)];
    }
  }
  return found;
}

/**
 * Returns the first and last time of all lines.
 * @param {import('./store.js').Store} store
 * @returns {[number, number] | null} null without lines
 */
export function timesOf({ chunks }) {
  let [from, to] = [Infinity, -Infinity];
  for (const { ts, flags, count } of chunks) {
    for (let i = 0; i < count; i++) {
      if ((flags[i] & FLAG.KIND) > KIND.BINARY) continue;
      if (ts[i] < from) from = ts[i];
      if (ts[i] > to) to = ts[i];
    }
  }
  return from <= to ? [from, to] : null;
}
