// Merges the lines of several sources by time. A line is given out only when all sources with
// more lines have been read up to it, so that the order is exact.

import { Stale } from './cursor.js';

/** @typedef {import('./cursor.js').OlderCursor} OlderCursor */
/** @typedef {import('./cursor.js').NewerCursor} NewerCursor */
/** @typedef {import('./store.js').Line} Line */

/** Fewest lines per request of a source. When doubled, many sources take longer. */
const MIN_LINES = 50;

/**
 * Reads all sources whose next entry is not known.
 * @param {(OlderCursor | NewerCursor)[]} cursors
 * @param {import('./cursor.js').Reader} read
 * @param {number} count lines that are wanted of all sources
 * @param {() => boolean} isStale
 */
async function fillAll(cursors, read, count, isStale) {
  const empty = cursors.filter(({ isReady }) => !isReady);
  const active = cursors.filter(({ isAtEnd }) => !isAtEnd).length;
  await Promise.all(empty.map((cursor) => cursor.fill(read, Math.max(MIN_LINES, Math.ceil((2 * count) / active)), isStale)));
  return empty.length > 0;
}

/**
 * Takes the newest lines of all cursors, without reading.
 * @param {OlderCursor[]} cursors
 * @param {number} count
 * @returns {Line[]} the oldest first
 */
export function takeOlder(cursors, count) {
  /** @type {Line[][]} */
  const taken = [];
  for (let total = 0; total < count && cursors.every(({ isReady }) => isReady); ) {
    let newest = null;
    for (const cursor of cursors) {
      const entry = cursor.entries.at(-1);
      const other = newest?.entries.at(-1);
      if (entry && (!other || entry.key > other.key || (entry.key === other.key && entry.lines[0].time >= other.lines[0].time))) newest = cursor;
    }
    const entry = newest?.entries.pop();
    if (!entry) break;
    taken.push(entry.lines);
    total += entry.lines.length;
  }
  return taken.reverse().flat();
}

/**
 * Takes the oldest lines of all cursors, without reading.
 * @param {NewerCursor[]} cursors
 * @param {number} count
 * @returns {Line[]} the oldest first
 */
export function takeNewer(cursors, count) {
  /** @type {Line[]} */
  const taken = [];
  while (taken.length < count && cursors.every(({ isReady }) => isReady)) {
    let oldest = null;
    for (const cursor of cursors) {
      const [entry] = cursor.entries;
      const [other] = oldest?.entries ?? [];
      if (entry && (!other || entry.key < other.key || (entry.key === other.key && entry.lines[0].time < other.lines[0].time))) oldest = cursor;
    }
    const entry = oldest?.entries.shift();
    if (!entry) break;
    taken.push(...entry.lines);
  }
  return taken;
}

/**
 * Reads about `count` lines in one direction; fewer only if there are no more.
 * @template {OlderCursor | NewerCursor} C
 * @param {C[]} cursors
 * @param {import('./cursor.js').Reader} read
 * @param {number} count
 * @param {(cursors: C[], count: number) => Line[]} take
 * @param {(lines: Line[]) => void} add
 * @param {() => boolean} [isStale] true if the lines are not wanted any more; then the cursors keep them
 */
export async function readMerged(cursors, read, count, take, add, isStale = () => false) {
  for (let total = 0; total < count; ) {
    await fillAll(cursors, read, count, isStale);
    if (isStale()) throw new Stale();
    const lines = take(cursors, count - total);
    if (lines.length === 0) return;
    add(lines);
    total += lines.length;
  }
}
