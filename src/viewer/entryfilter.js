// Selects lines that pass the filters, with the whole entry that each of them belongs to, and
// with lines of context of the same source, as in grep.

import { ROW_FLAG } from './rowlist.js';
import { FLAG } from './store.js';

/** Lines kept of an entry that has not passed. When doubled, a match far below a head shows more lines at once. */
const MAX_PENDING = 5000;

/**
 * State of one source.
 * @typedef {object} Nearby
 * @property {number[]} entry lines of the newest entry that are not shown
 * @property {boolean} isShown true if a line of the newest entry has passed
 * @property {number[]} before lines above this entry that become context if a line passes
 * @property {number} after number of lines that are still context of the last line that passed
 * @property {boolean} isSkipped true if lines since the last shown one are hidden
 */

/** @typedef {(n: number, rowFlags: number) => void} Show */

export class EntryFilter {
  #context;
  #show;
  /** @type {Map<number, Nearby>} by source */
  #sources = new Map();

  /** @param {number} context lines around each line that passes @param {Show} show called in the order of the lines of a source */
  constructor(context, show) {
    this.#context = context;
    this.#show = show;
  }

  /** @param {number} source @returns {Nearby} */
  #nearbyOf(source) {
    let nearby = this.#sources.get(source);
    if (!nearby) this.#sources.set(source, (nearby = { entry: [], isShown: false, before: [], after: 0, isSkipped: false }));
    return nearby;
  }

  /**
   * Takes the next line of a source.
   * @param {import('./store.js').Chunk} chunk
   * @param {number} n
   * @param {boolean} passes
   * @param {number} rowFlags of the row if it is shown
   */
  add(chunk, n, passes, rowFlags) {
    const nearby = this.#nearbyOf(chunk.source[n - chunk.first]);
    if (!(chunk.flags[n - chunk.first] & FLAG.CONTINUES)) this.#endEntry(nearby);
    if (!passes && !nearby.isShown) return this.#hide(nearby, n);
    if (!nearby.isShown) this.#showAbove(nearby);
    nearby.isShown = true;
    nearby.after = this.#context;
    this.#showRow(nearby, n, rowFlags);
  }

  /** Ends the newest entry of each source, because lines are missing. */
  break() {
    for (const nearby of this.#sources.values()) this.#endEntry(nearby);
  }

  /** @param {Nearby} nearby @param {number} n @param {number} rowFlags */
  #showRow(nearby, n, rowFlags) {
    this.#show(n, rowFlags | (nearby.isSkipped ? ROW_FLAG.BREAK : 0));
    nearby.isSkipped = false;
  }

  /** Shows the context above an entry that passes, and its lines so far. @param {Nearby} nearby */
  #showAbove(nearby) {
    for (const n of nearby.before) this.#showRow(nearby, n, ROW_FLAG.CONTEXT);
    for (const n of nearby.entry) this.#showRow(nearby, n, 0);
    nearby.before.length = nearby.entry.length = 0;
  }

  /** @param {Nearby} nearby @param {number} n */
  #hide(nearby, n) {
    if (nearby.after > 0) {
      nearby.after--;
      return this.#showRow(nearby, n, ROW_FLAG.CONTEXT);
    }
    if (nearby.entry.length < MAX_PENDING) nearby.entry.push(n);
  }

  /** Makes the newest lines of an entry that has not passed context of the next one. @param {Nearby} nearby */
  #endEntry(nearby) {
    const { entry, before } = nearby;
    if (this.#context > 0) for (const n of entry.slice(-this.#context)) before.push(n);
    const excess = Math.max(before.length - this.#context, entry.length - this.#context);
    if (excess > 0 && this.#context > 0) {
      before.splice(0, before.length - this.#context);
      nearby.isSkipped = true;
    }
    entry.length = 0;
    nearby.isShown = false;
  }
}
