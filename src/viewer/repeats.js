// Runs of entries of one source that differ only in times, numbers, IDs and quoted values.

import { dropBlocks, indexBefore, insertBlock } from './blocks.js';

/** Compared characters of an entry. When doubled, a line costs more, and fewer entries are equal. */
const COMPARED_CHARS = 256;

/** Parts that may differ: quoted values, and words with a digit, such as times, numbers and hex IDs. */
const VARIABLE = /"[^"]*"|'[^']*'|\b[a-z_]*\d[\w.:,+-]*/gi;

/**
 * @typedef {object} Run
 * @property {number} head line of the oldest head
 * @property {number} newest line of the newest head, whose row stands for the run
 * @property {number} last line before the newest head
 * @property {number[]} heads
 * @property {boolean} isFolded
 */

/** Returns the compared part of a text, without what may differ. @param {string} text */
export const normalise = (text) => text.slice(0, COMPARED_CHARS).replace(VARIABLE, '#');

export class Repeats {
  /** @type {Run[]} */
  all = [];
  /** Compared text of the entry before the newest one. */
  #before = '';
  /** Compared text of the newest entry. */
  #key = '';
  #head = -1;
  /** Run that the newest entry belongs to. @type {Run | null} */
  #run = null;

  /** Ends the newest run. */
  end() {
    this.#key = this.#before = '';
    this.#head = -1;
    this.#run = null;
  }

  /**
   * Begins an entry.
   * @param {number} n
   * @param {string} text
   * @param {number} still line from which on the entry does not join rows before the line
   * @returns {{ left: Run | null, run: Run | null }} run that the last entry has left, and the one that this entry joins
   */
  begin(n, text, still) {
    const left = this.#run && this.#key !== this.#before ? this.#leave() : null;
    const before = this.#key;
    const previous = this.#head;
    this.#head = n;
    this.#key = normalise(text);
    const isEqual = before !== '' && (before === this.#key || before.startsWith(this.#key + '\n'));
    this.#before = before;
    if (!isEqual || (previous < still && n >= still)) this.#run = null;
    else this.#join(previous, n);
    return { left, run: this.#run };
  }

  /** Adds a line to the newest entry. @param {string} text @returns {Run | null} run that the entry has left */
  continue(text) {
    if (this.#head < 0 || this.#key.length >= COMPARED_CHARS) return null;
    this.#key = (this.#key + '\n' + normalise(text)).slice(0, COMPARED_CHARS);
    return this.#run && !this.#before.startsWith(this.#key) ? this.#leave() : null;
  }

  /** @param {number} previous @param {number} n */
  #join(previous, n) {
    if (!this.#run) {
      this.#run = { head: previous, newest: previous, last: previous, heads: [previous], isFolded: true };
      insertBlock(this.all, this.#run);
    }
    this.#run.heads.push(n);
    this.#run.newest = n;
    this.#run.last = n - 1;
  }

  /** Removes the newest entry from its run. */
  #leave() {
    const run = /** @type {Run} */ (this.#run);
    this.#run = null;
    run.heads.pop();
    run.newest = /** @type {number} */ (run.heads.at(-1));
    run.last = run.newest - 1;
    if (run.heads.length === 1) this.all.splice(this.all.indexOf(run), 1);
    return run;
  }

  /** Returns the run whose newest head is a line, or null. @param {number} n */
  headedBy(n) {
    const run = this.all[indexBefore(this.all, n)];
    return run?.newest === n ? run : null;
  }

  /** Returns the run that hides a line, or null. @param {number} n */
  hiding(n) {
    const run = this.all[indexBefore(this.all, n)];
    return run?.isFolded && n < run.newest ? run : null;
  }

  /** Forgets lines that were removed at the end. @param {number} next @returns {Run | null} run that has lost its newest head */
  dropFrom(next) {
    this.end();
    this.all.length = indexBefore(this.all, next - 1) + 1;
    const run = this.all.at(-1);
    if (!run || run.newest < next) return null;
    run.heads.length = run.heads.findIndex((head) => head >= next);
    run.newest = /** @type {number} */ (run.heads.at(-1));
    run.last = run.newest - 1;
    if (run.heads.length === 1) this.all.pop();
    return run;
  }

  /** Adds runs of older lines. @param {Repeats} older */
  prepend(older) {
    this.all = [...older.all, ...this.all];
  }

  /** Forgets evicted lines. @param {number} first */
  dropBefore(first) {
    dropBlocks(this.all, first);
    const run = this.all[0];
    if (!run || run.head >= first) return;
    run.heads.splice(0, run.heads.findIndex((head) => head >= first));
    run.head = first;
  }
}
