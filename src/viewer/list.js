// Virtual list: the document contains only the visible rows. The list follows the newest line
// until the user scrolls up; then visible rows stay in place while lines arrive or are evicted.

import { HANGING_INDENT, estimateRows, recordCells } from './fold.js';
import { RowMetrics } from './rowmetrics.js';
import { ScrollMap } from './scroll.js';
import { FLAG, KIND } from './store.js';

/** Rows rendered beyond the viewport, for smooth scrolling. When doubled, frames take longer. */
const OVERSCAN_ROWS = 8;
/** Row elements kept for reuse: two screens. When doubled, most stay unused. */
const MAX_POOLED_ROWS = 120;
/** Pause before the scroll bar is realigned. When doubled, it is inexact for longer. */
const REALIGN_DELAY_MS = 180;

/** @typedef {(row: HTMLElement, n: number, flags: number) => void} FillRow */

export class LineList {
  map = new ScrollMap();
  following = true;
  wrap = true;
  /** JSON is shown as records, which are narrower. */
  records = true;
  /** Cells that fit into one screen line. */
  columns = 120;
  lineHeight = 20;
  #scroller;
  #view;
  #fillContent;
  #changed;
  #spacer = document.createElement('div');
  #block = document.createElement('div');
  #metrics;
  /** @type {Map<number, HTMLElement>} */
  #rendered = new Map();
  /** @type {HTMLElement[]} */
  #pool = [];
  /** @type {HTMLElement[]} rows filled since the last measurement */
  #unmeasured = [];
  /** @type {{ line: number, y: number } | null} */
  #anchor = null;
  #realignTimer = 0;

  /**
   * @param {HTMLElement} scroller
   * @param {import('./view.js').View} view
   * @param {FillRow} fillContent
   * @param {() => void} changed called when the list needs a render
   */
  constructor(scroller, view, fillContent, changed) {
    this.#scroller = scroller;
    this.#view = view;
    this.#fillContent = fillContent;
    this.#changed = changed;
    view.inserted = (i, height) => this.#rowInserted(i, height);
    this.#spacer.className = 'spacer';
    this.#block.className = 'rows';
    scroller.append(this.#spacer, this.#block);
    this.#metrics = new RowMetrics(scroller);
    scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    scroller.addEventListener('wheel', (event) => event.deltaY < 0 && this.follow(false), { passive: true });
    this.#block.addEventListener('toggle', (event) => this.#treeToggled(event), true);
    // On paper, the list has no size; rows keep the heights that they have on the screen.
    new ResizeObserver(() => scroller.clientHeight > 0 && this.measure()).observe(scroller);
  }

  /** Estimated height of a line in screen lines; replaced by the measured height when rendered. */
  estimate = (/** @type {import('./store.js').Batch} */ chunk, /** @type {number} */ i) => {
    if (!this.wrap || (chunk.flags[i] & FLAG.KIND) > KIND.BINARY) return 1;
    return estimateRows(this.records ? recordCells(chunk, i) : chunk.cells[i], this.columns);
  };

  /** Measures viewport and cells again, after a change of size. */
  measure() {
    const { viewport, lineHeight, columns } = this.#metrics.measure();
    this.map.viewport = viewport;
    this.lineHeight = lineHeight;
    if (columns + HANGING_INDENT !== this.columns) this.#reflow(columns + HANGING_INDENT);
    this.#changed();
  }

  /** @param {number} columns */
  #reflow(columns) {
    const anchor = this.#firstVisible();
    this.columns = columns;
    if (!this.wrap) return;
    this.estimateHeights();
    // The length at which lines fold depends on the columns.
    this.refill();
    // A list that follows would jump to the anchor at the first pause. One that has an anchor is on its way.
    if (!this.following) this.#anchor ??= anchor;
  }

  estimateHeights() {
    this.#view.rows.resetHeights((n) => {
      const chunk = this.#store.chunkOf(n);
      return this.estimate(chunk, n - chunk.first);
    });
    this.#unmeasured = [...this.#rendered.values()];
  }

  get #store() {
    return this.#view.store;
  }

  /** @param {boolean} wrap */
  setWrap(wrap) {
    const anchor = this.#firstVisible();
    this.wrap = wrap;
    this.#scroller.classList.toggle('nowrap', !wrap);
    this.#scroller.scrollLeft = 0;
    this.estimateHeights();
    if (!this.following) this.#anchor = anchor;
    this.measure();
  }

  /** @param {boolean} following */
  follow(following) {
    if (this.following === following) return;
    this.following = following;
    this.#changed();
  }

  /** @returns {{ line: number, y: number } | null} */
  #firstVisible() {
    const { rows } = this.#view;
    if (rows.length === 0) return null;
    const i = rows.rowAt(this.map.top / this.lineHeight);
    return { line: rows.lines.at(i), y: rows.topOf(i) * this.lineHeight - this.map.top };
  }

  /** Line number of the first visible row, or -1. */
  get firstLine() {
    return this.#firstVisible()?.line ?? -1;
  }

  /** Line number of the last row that is not cut off by the lower end of the viewport, or -1. */
  get lastLine() {
    const { rows } = this.#view;
    if (rows.length === 0) return -1;
    if (this.following) return rows.lines.at(rows.length - 1);
    const anchor = this.#anchor;
    const top = anchor ? rows.topOf(Math.min(rows.lines.indexOf(anchor.line), rows.length - 1)) * this.lineHeight - anchor.y : this.map.top;
    const end = Math.floor((top + this.map.viewport) / this.lineHeight);
    const i = rows.rowAt(end - 1);
    return rows.lines.at(rows.topOf(i) + rows.heightAt(i) > end ? Math.max(0, i - 1) : i);
  }

  /** Keeps a line at its position on the screen across the next change of rows. @param {number} [line] */
  anchorLine(line) {
    const row = line === undefined ? undefined : this.#rendered.get(line);
    if (row) this.#anchor = { line: Number(line), y: row.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top };
    else if (line !== undefined) this.#anchor = { line, y: this.map.viewport / 3 };
    else this.#anchor = this.#firstVisible();
  }

  /** Scrolls a line to a third of the viewport, unless the line is visible. @param {number} line */
  scrollToLine(line) {
    this.following = false;
    const { rows } = this.#view;
    const i = rows.lines.indexOf(line);
    const y = rows.topOf(Math.min(i, Math.max(0, rows.length - 1))) * this.lineHeight - this.map.top;
    const isVisible = i < rows.length && y >= 0 && y < this.map.viewport - 3 * this.lineHeight;
    if (!isVisible) this.#anchor = { line, y: this.map.viewport / 3 };
    this.#changed();
  }

  /** @param {number} pixels */
  scrollBy(pixels) {
    if (pixels < 0) this.following = false;
    this.#setScrollTop(this.map.scrollTo(this.map.top + pixels));
    if (this.map.top >= this.map.maxTop - 1) this.following = true;
    this.#changed();
  }

  toStart() {
    this.following = false;
    this.#setScrollTop(this.map.scrollTo(0));
    this.#changed();
  }

  /** Keeps visible rows in place after rows above were removed. @param {number} screenLines */
  removedAbove(screenLines) {
    this.map.total -= screenLines * this.lineHeight;
    this.map.offset -= screenLines * this.lineHeight;
  }

  /** Keeps visible rows in place after a row was inserted above them. @param {number} i @param {number} screenLines */
  #rowInserted(i, screenLines) {
    if (this.#view.rows.topOf(i) * this.lineHeight < this.map.top) this.removedAbove(-screenLines);
  }

  /** Fills all rendered rows again. */
  refill() {
    for (const [n, row] of this.#rendered) this.#fillRow(row, n);
    this.#changed();
  }

  /** Removes all rendered rows. */
  reset() {
    for (const row of this.#rendered.values()) row.remove();
    this.#rendered.clear();
    this.#unmeasured = [];
  }

  /** @param {number} n */
  rowOf(n) {
    return this.#rendered.get(n);
  }

  /** @returns {Iterable<[number, HTMLElement]>} */
  get visibleRows() {
    return this.#rendered;
  }

  /** @param {number} n */
  refillLine(n) {
    const row = this.#rendered.get(n);
    if (row) this.#fillRow(row, n);
    this.#changed();
  }

  #scrolled() {
    const scrollTop = this.#scroller.scrollTop;
    const change = scrollTop - this.map.scrollTop;
    if (Math.abs(change) < 1.5) return;
    this.#anchor = null;
    // A viewport that grows moves the end of the list, which nobody has scrolled away from.
    const isAtEnd = scrollTop >= this.#scroller.scrollHeight - this.#scroller.clientHeight - 1;
    if (change < 0 && !isAtEnd) this.following = false;
    this.map.scrolled(scrollTop);
    if (change > 0 && this.map.top >= this.map.maxTop - 2) this.following = true;
    clearTimeout(this.#realignTimer);
    this.#realignTimer = window.setTimeout(() => this.#setScrollTop(this.map.realign()), REALIGN_DELAY_MS);
    this.#changed();
  }

  /** @param {number} scrollTop */
  #setScrollTop(scrollTop) {
    this.#scroller.scrollTop = scrollTop;
    this.map.scrollTop = scrollTop;
  }

  /** Measures a row again after a node of its JSON tree was toggled. @param {Event} event */
  #treeToggled(event) {
    const row = /** @type {HTMLElement} */ (event.target).closest('.row');
    if (row instanceof HTMLElement) this.#unmeasured.push(row);
    this.#changed();
  }

  /** Updates the document. Called once per frame. */
  render() {
    const { rows } = this.#view;
    const { map } = this;
    this.#applySize();
    if (this.following) this.#setScrollTop(map.scrollTo(Infinity));
    else if (this.#anchor) this.#applyAnchor();
    else if (map.isMisaligned) this.#setScrollTop(map.realign());
    if (rows.length === 0) return this.reset();
    const first = this.#renderRows();
    if (this.#measureRows()) {
      this.#applySize();
      if (this.following) this.#setScrollTop(map.scrollTo(Infinity));
    }
    this.#block.style.transform = `translateY(${rows.topOf(first) * this.lineHeight - map.offset}px)`;
  }

  #applySize() {
    this.map.total = this.#view.rows.total * this.lineHeight;
    const height = `${this.map.height}px`;
    if (this.#spacer.style.height !== height) this.#spacer.style.height = height;
  }

  #applyAnchor() {
    const { rows } = this.#view;
    const anchor = this.#anchor;
    if (!anchor || rows.length === 0) return;
    const i = Math.min(rows.lines.indexOf(anchor.line), rows.length - 1);
    if (rows.lines.at(i) >= anchor.line || this.#view.done) this.#anchor = null;
    this.#setScrollTop(this.map.scrollTo(rows.topOf(i) * this.lineHeight - anchor.y));
  }

  /** Puts the visible rows into the document. @returns {number} index of the first */
  #renderRows() {
    const { rows } = this.#view;
    const top = this.map.top / this.lineHeight;
    const first = rows.stepShown(rows.rowAt(top), -OVERSCAN_ROWS);
    const last = rows.stepShown(rows.rowAt(top + this.map.viewport / this.lineHeight), OVERSCAN_ROWS);
    this.#remove(rows.lines.at(first), rows.lines.at(last));
    let at = this.#block.firstElementChild;
    for (let i = rows.nearestShown(first, 1); i <= last; i = rows.nearestShown(i + 1, 1)) {
      const row = this.#rowFor(i);
      if (row === at) at = at.nextElementSibling;
      else this.#block.insertBefore(row, at);
    }
    return first;
  }

  /** @param {number} first @param {number} last range of lines to keep, without hidden ones */
  #remove(first, last) {
    const { rows } = this.#view;
    for (const [n, row] of this.#rendered) {
      if (n >= first && n <= last && rows.heightAt(rows.lines.indexOf(n)) > 0) continue;
      this.#rendered.delete(n);
      row.remove();
      if (this.#pool.length < MAX_POOLED_ROWS) this.#pool.push(row);
    }
  }

  /** @param {number} i */
  #rowFor(i) {
    const n = this.#view.rows.lines.at(i);
    const present = this.#rendered.get(n);
    if (present) return present;
    const row = this.#pool.pop() ?? document.createElement('div');
    this.#rendered.set(n, row);
    this.#fillRow(row, n);
    return row;
  }

  /** @param {HTMLElement} row @param {number} n */
  #fillRow(row, n) {
    const { rows } = this.#view;
    this.#fillContent(row, n, rows.flagsAt(rows.lines.indexOf(n)));
    this.#unmeasured.push(row);
  }

  /**
   * Replaces estimated heights of new rows by measured heights.
   * @returns {boolean} true if a height changed
   */
  #measureRows() {
    const { rows } = this.#view;
    const firstVisible = rows.rowAt(this.map.top / this.lineHeight);
    let above = 0;
    let changed = false;
    for (const row of this.#unmeasured) {
      if (!row.isConnected) continue;
      const i = rows.lines.indexOf(Number(row.dataset.n));
      const height = Math.max(1, Math.round(row.offsetHeight / this.lineHeight));
      if (height === rows.heightAt(i) || rows.heightAt(i) === 0) continue;
      const change = rows.setHeight(i, height);
      changed = true;
      if (i < firstVisible) above += change;
    }
    this.#unmeasured.length = 0;
    this.map.offset += above * this.lineHeight;
    return changed;
  }
}
