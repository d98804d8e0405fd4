// Counts lines by time and level for the timeline. Each chunk of the store is read once, and has a
// summary; bars are sums of the summaries, so that eviction and another width cost little.

import { axisTime, widthFor } from './timeaxis.js';
import { MAX_TIME } from './format.js';
import { LEVELS } from './level.js';
import { FLAG, KIND } from './store.js';
import { isOutside } from './timerange.js';

/**
 * Buckets of the summary of one chunk; at least as many as bars. When doubled, so is the memory.
 */
const CHUNK_BUCKETS = 1024;
/** Largest number of bars. When doubled, more bars are narrower than two pixels. */
export const MAX_BARS = 640;

/**
 * Lines of one chunk: counts by bucket and level, from bucket `base` on.
 * @typedef {object} Summary
 * @property {number} first number of the chunk's first line
 * @property {number} counted lines of the chunk that were read
 * @property {number} from first second with a line
 * @property {number} to last second with a line
 * @property {number} width seconds of each bucket
 * @property {number} base
 * @property {Uint32Array} counts
 */

/**
 * Lines to count.
 * @typedef {object} CountCriteria
 * @property {(source: number) => boolean} source
 * @property {number} levels bit set; 0 for all
 * @property {import('./timerange.js').TimeRange | null | undefined} range
 * @property {(() => import('./rowlist.js').LineNumbers) | null} matches returns the lines to
 *   count; null for all
 * @property {import('./zone.js').Zone} zone
 */

/** Seconds and levels of the lines that are being added. */
const seconds = new Float64Array(8192);
const levels = new Uint8Array(8192);

/** @param {import('./store.js').Chunk} chunk @returns {Summary} */
const emptySummary = ({ first }) => ({ first, counted: 0, from: Infinity, to: -Infinity, width: 1, base: 0, counts: new Uint32Array(0) });

/**
 * Makes room for the seconds `from` to `to`.
 * @param {Summary} summary
 * @param {number} from
 * @param {number} to
 */
function extend(summary, from, to) {
  const { width, base, counts } = summary;
  if (from >= summary.from && to <= summary.to) return;
  summary.from = Math.min(from, summary.from);
  summary.to = Math.max(to, summary.to);
  summary.width = widthFor(summary.from, summary.to, CHUNK_BUCKETS);
  summary.base = Math.floor(summary.from / summary.width);
  summary.counts = new Uint32Array((Math.floor(summary.to / summary.width) - summary.base + 1) * LEVELS.length);
  if (counts.length) merge({ width, base, counts }, summary);
}

/**
 * Adds counts to buckets of the same or a larger width; those outside are left out.
 * @param {{ width: number, base: number, counts: Uint32Array }} from
 * @param {{ width: number, base: number, counts: Uint32Array }} to
 */
function merge(from, to) {
  const size = LEVELS.length;
  for (let i = 0; i < from.counts.length; i += size) {
    const at = (Math.floor(((from.base + i / size) * from.width) / to.width) - to.base) * size;
    if (at < 0 || at >= to.counts.length) continue;
    for (let level = 0; level < size; level++) to.counts[at + level] += from.counts[i + level];
  }
}

export class TimeCounts {
  #store;
  /** @type {CountCriteria | null} */
  #criteria = null;
  /** @type {WeakMap<import('./store.js').Chunk, Summary>} */
  #summaries = new WeakMap();
  /** 1 for each source that states times. */
  #hasTimes = new Uint8Array(65_536);

  /** @param {import('./store.js').Store} store */
  constructor(store) {
    this.#store = store;
  }

  /** @param {CountCriteria} criteria */
  setCriteria(criteria) {
    this.#criteria = criteria;
    this.#summaries = new WeakMap();
  }

  /**
   * Reads lines that are not counted yet.
   * @param {() => boolean} isTimeUp
   * @returns {boolean} true if all are counted
   */
  advance(isTimeUp) {
    for (const chunk of this.#store.chunks) {
      let summary = this.#summaries.get(chunk);
      if (!summary || summary.first !== chunk.first || summary.counted > chunk.count) this.#summaries.set(chunk, (summary = emptySummary(chunk)));
      if (summary.counted === chunk.count) continue;
      const isRead = this.#read(chunk, summary);
      if (isRead && isTimeUp()) return false;
    }
    return true;
  }

  /**
   * Reads the rest of a chunk.
   * @param {import('./store.js').Chunk} chunk
   * @param {Summary} summary
   * @returns {boolean} true if there were lines to count
   */
  #read(chunk, summary) {
    const { matches } = /** @type {CountCriteria} */ (this.#criteria);
    for (let i = summary.counted; i < chunk.count; i++) if (chunk.ts[i] !== chunk.time[i]) this.#hasTimes[chunk.source[i]] = 1;
    let found = 0;
    if (!matches) {
      while (summary.counted < chunk.count && found < seconds.length) found = this.#note(chunk, summary.counted++, found);
    } else {
      const lines = matches();
      for (let at = lines.indexOf(chunk.first + summary.counted); at < lines.length && lines.at(at) < chunk.first + chunk.count && found < seconds.length; at++) {
        found = this.#note(chunk, lines.at(at) - chunk.first, found);
        summary.counted = lines.at(at) - chunk.first + 1;
      }
    }
    if (found) this.#add(summary, found);
    return found > 0;
  }

  /**
   * Notes second and level of a line that is to be counted.
   * @param {import('./store.js').Chunk} chunk
   * @param {number} i
   * @param {number} found noted lines
   * @returns {number} noted lines
   */
  #note(chunk, i, found) {
    const criteria = /** @type {CountCriteria} */ (this.#criteria);
    const ts = chunk.ts[i];
    const level = chunk.level[i];
    if ((chunk.flags[i] & FLAG.KIND) > KIND.BINARY || !(Math.abs(ts) <= MAX_TIME)) return found;
    if (criteria.levels && !(criteria.levels & (1 << level))) return found;
    // The first lines of an old file may state no time. Their arrival says nothing about it.
    if (ts === chunk.time[i] && this.#hasTimes[chunk.source[i]]) return found;
    if (isOutside(criteria.range, ts) || !criteria.source(chunk.source[i])) return found;
    seconds[found] = axisTime(criteria.zone.clockOf(ts));
    levels[found] = level;
    return found + 1;
  }

  /** @param {Summary} summary @param {number} found noted lines */
  #add(summary, found) {
    let [from, to] = [Infinity, -Infinity];
    for (let i = 0; i < found; i++) {
      if (seconds[i] < from) from = seconds[i];
      if (seconds[i] > to) to = seconds[i];
    }
    extend(summary, from, to);
    for (let i = 0; i < found; i++) summary.counts[(Math.floor(seconds[i] / summary.width) - summary.base) * LEVELS.length + levels[i]]++;
  }

  /** @returns {Summary[]} */
  get #all() {
    return this.#store.chunks.map((chunk) => this.#summaries.get(chunk)).filter((summary) => summary !== undefined);
  }

  /** @returns {[number, number] | null} first and last second with a line */
  get extent() {
    let [from, to] = [Infinity, -Infinity];
    for (const summary of this.#all) {
      from = Math.min(from, summary.from);
      to = Math.max(to, summary.to);
    }
    return from <= to ? [from, to] : null;
  }

  /**
   * Returns the counts of each bucket of an axis, by level.
   * @param {import('./timeaxis.js').Axis} axis
   */
  bars({ width, first, count }) {
    const bars = { width, base: first, counts: new Uint32Array(count * LEVELS.length) };
    for (const summary of this.#all) merge(summary, bars);
    return bars.counts;
  }
}
