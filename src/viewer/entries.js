// Entries of one source that have several lines, such as a trace under its error.

import { dropBlocks, indexBefore, insertBlock } from './blocks.js';

/** Fewest lines that are folded: the button takes as much space as one line. */
const MIN_FOLDED = 2;

/**
 * @typedef {object} Entry
 * @property {number} head line of the head
 * @property {number} second first line that continues it
 * @property {number} last
 * @property {number} count lines that continue it
 * @property {boolean} isFolded
 * @property {boolean} isFound true if one of its lines is shown because it matches
 * @property {boolean} isLoose true if it is not folded, because its head is no headline
 */

export class Entries {
  /** Entries of two or more lines. @type {Entry[]} */
  all = [];
  /** Head of the newest entry, or -1. */
  head = -1;
  /** Newest entry, if it has several lines. @type {Entry | null} */
  newest = null;
  #isLoose = false;

  /** Begins an entry. @param {number} n line of its head; -1 if no line can continue it @param {boolean} [isLoose] */
  begin(n, isLoose = false) {
    this.head = n;
    this.newest = null;
    this.#isLoose = isLoose;
  }

  /** Adds a line to the newest entry. @param {number} n @returns {Entry} */
  continue(n) {
    if (!this.newest) {
      this.newest = { head: this.head, second: n, last: n, count: 0, isFolded: false, isFound: false, isLoose: this.#isLoose };
      insertBlock(this.all, this.newest);
    }
    this.newest.count++;
    this.newest.last = n;
    return this.newest;
  }

  /** Returns the entry of a line if it has several lines. @param {number} n */
  of(n) {
    const entry = this.all[indexBefore(this.all, n)];
    return entry && n <= entry.last ? entry : null;
  }

  /** Forgets evicted lines. @param {number} first oldest line that is left @returns {Entry | null} entry that has lost its head */
  dropBefore(first) {
    dropBlocks(this.all, first);
    const entry = this.all[0];
    return entry && entry.head < first ? entry : null;
  }

  /** Forgets lines that were removed at the end. @param {number} next @returns {Entry | null} entry that has lost its last lines */
  dropFrom(next) {
    this.all.length = indexBefore(this.all, next - 1) + 1;
    const entry = this.all.at(-1) ?? null;
    const isCut = entry !== null && entry.last >= next;
    this.newest = isCut ? entry : null;
    this.head = isCut ? entry.head : -1;
    return this.newest;
  }

  /** Adds entries of older lines. @param {Entries} older */
  prepend(older) {
    this.all = [...older.all, ...this.all];
  }

  /** Gives an entry the lines that are left of it. @param {Entry} entry @param {number[]} lines */
  setLines(entry, [head, ...others]) {
    if (entry === this.newest) this.head = head;
    const { length } = others;
    Object.assign(entry, { head, second: others[0] ?? head, last: others[length - 1] ?? head, count: length });
  }
}

/** Reports if an entry is long enough for a button. @param {Entry | null} entry @returns {entry is Entry} */
export const isFoldable = (entry) => entry !== null && entry.count >= MIN_FOLDED && !entry.isLoose;
