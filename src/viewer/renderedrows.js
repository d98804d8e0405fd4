// Rows of the list that are in the document, by line number. Elements are used again.

import { fillPlain } from './row.js';

/** Row elements kept for reuse: two screens. When doubled, most stay unused. */
const MAX_POOLED_ROWS = 120;

/** @typedef {(row: HTMLElement, n: number, flags: number) => void} FillRow */

export class RenderedRows {
  block = document.createElement('div');
  /** @type {Map<number, HTMLElement>} */
  byLine = new Map();
  #view;
  #fillContent;
  /** @type {HTMLElement[]} */
  #pool = [];
  /** @type {HTMLElement[]} rows filled since the last measurement */
  #unmeasured = [];
  /** True if the rows were selected by earlier criteria. */
  #isExpired = false;

  /** @param {import('./view.js').View} view @param {FillRow} fillContent */
  constructor(view, fillContent) {
    this.#view = view;
    this.#fillContent = fillContent;
    this.block.className = 'rows';
  }

  /**
   * Puts rows into the document, and removes others.
   * @param {number} first
   * @param {number} last indexes
   */
  show(first, last) {
    const { rows } = this.#view;
    this.keep(rows.lines.at(first), rows.lines.at(last));
    let at = this.block.firstElementChild;
    for (let i = rows.nearestShown(first, 1); i <= last; i = rows.nearestShown(i + 1, 1)) {
      const row = this.#rowFor(i);
      if (row === at) at = at.nextElementSibling;
      else this.block.insertBefore(row, at);
    }
  }

  /** Removes other rows than these, and hidden ones. @param {number} first @param {number} last line numbers */
  keep(first, last) {
    const { rows } = this.#view;
    for (const [n, row] of this.byLine) {
      if (n >= first && n <= last && rows.heightAt(rows.lines.indexOf(n)) > 0) continue;
      this.byLine.delete(n);
      row.remove();
      if (this.#pool.length < MAX_POOLED_ROWS) this.#pool.push(row);
    }
  }

  /** @param {number} i */
  #rowFor(i) {
    const n = this.#view.rows.lines.at(i);
    const present = this.byLine.get(n);
    if (present) return present;
    const row = this.#pool.pop() ?? document.createElement('div');
    this.byLine.set(n, row);
    this.fill(row, n);
    return row;
  }

  /** @param {HTMLElement} row @param {number} n */
  fill(row, n) {
    const { rows, store } = this.#view;
    try {
      this.#fillContent(row, n, rows.flagsAt(rows.lines.indexOf(n)));
    } catch (error) {
      // Other rows would be missing too.
      console.error(error);
      fillPlain(row, n, store);
    }
    this.#unmeasured.push(row);
  }

  /** Fills all rows again. */
  refill() {
    for (const [n, row] of this.byLine) this.fill(row, n);
  }

  /** Lets `removeExpired` remove the rows, which stay in the document until then. */
  expire() {
    this.#isExpired = true;
  }

  /** Removes the rows if they have expired, or if there are no lines. */
  removeExpired() {
    if (!this.#isExpired && this.#view.rows.length > 0) return;
    this.#isExpired = false;
    this.#clear();
  }

  #clear() {
    for (const row of this.byLine.values()) row.remove();
    this.byLine.clear();
    this.#unmeasured = [];
  }

  /** Measures a row, or all rows, again at the next measurement. @param {HTMLElement} [row] */
  remeasure(row) {
    if (row) this.#unmeasured.push(row);
    else this.#unmeasured = [...this.byLine.values()];
  }

  /**
   * Replaces estimated heights of new rows by measured heights.
   * @param {number} lineHeight
   * @param {number} firstVisible index
   * @returns {{ changed: boolean, above: number }} true if a height changed; screen lines added
   *   above the first visible row
   */
  measure(lineHeight, firstVisible) {
    const { rows } = this.#view;
    let above = 0;
    let changed = false;
    for (const row of this.#unmeasured) {
      if (!row.isConnected) continue;
      const i = rows.lines.indexOf(Number(row.dataset.n));
      const height = Math.max(1, Math.round(row.offsetHeight / lineHeight));
      if (height === rows.heightAt(i) || rows.heightAt(i) === 0) continue;
      const change = rows.setHeight(i, height);
      changed = true;
      if (i < firstVisible) above += change;
    }
    this.#unmeasured.length = 0;
    return { changed, above };
  }
}
