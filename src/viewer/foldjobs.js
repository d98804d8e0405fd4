// Shows and hides rows of blocks that have folded or unfolded, in slices that fit into a frame.

import { FLAG, KIND } from './store.js';

/** Rows changed between checks of the time. When doubled, frames take longer. */
const SLICE_ROWS = 256;

/**
 * Rows of a source to show or hide.
 * @typedef {object} Job
 * @property {number} source
 * @property {number} at next line
 * @property {number} to last line
 */

/**
 * The part of View that folds need.
 * @typedef {object} Rows
 * @property {import('./store.js').Store} store
 * @property {import('./rowlist.js').RowList} rows
 * @property {(i: number, isShown: boolean) => number} setShown returns the change in screen lines
 * @property {(i: number, change: number) => void} inserted called after the height of rows at `i` has changed
 */

export class FoldJobs {
  #view;
  #isHidden;
  /** @type {Job[]} */
  #jobs = [];

  /** @param {Rows} view @param {(source: number, n: number) => boolean} isHidden */
  constructor(view, isHidden) {
    this.#view = view;
    this.#isHidden = isHidden;
  }

  get done() {
    return this.#jobs.length === 0;
  }

  clear() {
    this.#jobs = [];
  }

  /** Shows and hides the rows from line `at` to line `to` of a source, one row at once. @param {number} source @param {number} at @param {number} to */
  add(source, at, to) {
    if (at === to) this.#applyTo(source, at);
    else if (at < to) this.#jobs.push({ source, at, to });
  }

  /** @param {number} source @param {number} n */
  #applyTo(source, n) {
    const { rows } = this.#view;
    const i = rows.lines.indexOf(n);
    if (i >= rows.length || rows.lines.at(i) !== n) return;
    const change = this.#view.setShown(i, !this.#isHidden(source, n));
    if (change) this.#view.inserted(i, change);
  }

  /** Continues the jobs. @param {() => boolean} isTimeUp @returns {boolean} true if all are done */
  advance(isTimeUp) {
    for (let job = this.#jobs[0]; job; job = this.#jobs[0]) {
      if (this.#advanceJob(job)) this.#jobs.shift();
      else if (isTimeUp()) return false;
    }
    return true;
  }

  /** Changes the next rows of a job. @param {Job} job @returns {boolean} true if these were the last ones */
  #advanceJob(job) {
    const { rows, store } = this.#view;
    const from = rows.lines.indexOf(job.at);
    const to = Math.min(rows.length, from + SLICE_ROWS);
    let change = 0;
    for (let i = from; i < to; i++) {
      const n = rows.lines.at(i);
      if (n > job.to) {
        job.at = Infinity;
        break;
      }
      job.at = n + 1;
      const chunk = store.chunkOf(n);
      const at = n - chunk.first;
      if (chunk.source[at] === job.source && (chunk.flags[at] & FLAG.KIND) <= KIND.BINARY) change += this.#view.setShown(i, !this.#isHidden(job.source, n));
    }
    if (change) this.#view.inserted(from, change);
    return job.at > job.to || to === rows.length;
  }
}
