// Virtual list: the document contains only the visible rows. The list follows the newest line
// until the user scrolls up; then visible rows stay in place while lines arrive or are evicted.

import { HANGING_INDENT, estimateRows, recordCells } from './fold.js';
import { ListEnds } from './listends.js';
import { RenderedRows } from './renderedrows.js';
import { RenderDelay } from './renderdelay.js';
import { RowMetrics } from './rowmetrics.js';
import { ScrollMap } from './scroll.js';
import { FLAG, KIND } from './store.js';

/** Rows rendered beyond the viewport, for smooth scrolling. When doubled, frames take longer. */
const OVERSCAN_ROWS = 8;
/** Pause before the scroll bar is realigned. When doubled, it is inexact for longer. */
const REALIGN_DELAY_MS = 180;

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
  #changed;
  #spacer = document.createElement('div');
  #metrics;
  #rendered;
  /** @type {{ line: number, y: number } | null} */
  #anchor = null;
  #realignTimer = 0;
  #ends = new ListEnds();
  #delay = new RenderDelay();

  /**
   * @param {HTMLElement} scroller
   * @param {import('./view.js').View} view
   * @param {import('./renderedrows.js').FillRow} fillContent
   * @param {() => void} changed called when the list needs a render
   */
  constructor(scroller, view, fillContent, changed) {
    this.#scroller = scroller;
    this.#view = view;
    this.#rendered = new RenderedRows(view, fillContent);
    this.#changed = changed;
    view.inserted = (i, height) => this.#rowInserted(i, height);
    this.#spacer.className = 'spacer';
    scroller.append(this.#spacer, this.#rendered.block);
    this.#metrics = new RowMetrics(scroller);
    scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    scroller.addEventListener('wheel', (event) => (event.deltaY < 0 ? this.#scrolledUp() : this.#ends.moved()), { passive: true });
    this.#rendered.block.addEventListener('toggle', (event) => this.#treeToggled(event), true);
    // On paper, the list has no size; rows keep the heights that they have on the screen.
    new ResizeObserver(() => scroller.clientHeight > 0 && this.measure()).observe(scroller);
  }

  /** @param {import('./listends.js').Ends} ends */
  setEnds(ends) {
    this.#ends.set(ends, this.#scroller);
    this.measure();
  }

  /** True if new lines follow the last row. */
  get isLive() {
    return this.#ends.isLive;
  }

  #scrolledUp() {
    this.follow(false);
    this.#ends.moved();
  }

  /** Position of a row in the list, in pixels. @param {number} i */
  #yOf(i) {
    return this.#ends.height + this.#view.rows.topOf(i) * this.lineHeight;
  }

  /** Row at a position in the list. @param {number} y in pixels */
  #rowAt(y) {
    return this.#view.rows.rowAt(Math.max(0, y - this.#ends.height) / this.lineHeight);
  }

  /** Upper end of the viewport in screen lines of the rows. */
  get top() {
    return Math.max(0, this.map.top - this.#ends.height) / this.lineHeight;
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
    this.#ends.measure();
    this.lineHeight = lineHeight;
    if (columns + HANGING_INDENT !== this.columns) this.#reflow(columns + HANGING_INDENT);
    this.#changed();
  }

  /** @param {number} columns */
  #reflow(columns) {
    if (this.wrap && !this.following) this.anchorLine();
    this.columns = columns;
    if (!this.wrap) return;
    this.estimateHeights();
    // The length at which lines fold depends on the columns.
    this.refill();
  }

  estimateHeights() {
    this.#view.rows.resetHeights((n) => {
      const chunk = this.#store.chunkOf(n);
      return this.estimate(chunk, n - chunk.first);
    });
    this.#rendered.remeasure();
  }

  get #store() {
    return this.#view.store;
  }

  /** @param {boolean} wrap */
  setWrap(wrap) {
    if (!this.following) this.anchorLine();
    this.wrap = wrap;
    this.#scroller.classList.toggle('nowrap', !wrap);
    this.#scroller.scrollLeft = 0;
    this.estimateHeights();
    this.measure();
  }

  /** @param {boolean} following */
  follow(following) {
    if (this.following === following) return;
    if (following && !this.isLive) return this.#ends.toLive();
    this.following = following;
    this.#changed();
  }

  /** @returns {{ line: number, y: number } | null} */
  #firstVisible() {
    const { rows } = this.#view;
    if (rows.length === 0) return null;
    const i = this.#rowAt(this.map.top);
    return { line: rows.lines.at(i), y: this.#yOf(i) - this.map.top };
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
    const top = anchor ? this.#yOf(Math.min(rows.lines.indexOf(anchor.line), rows.length - 1)) - anchor.y : this.map.top;
    const end = Math.floor((top + this.map.viewport - this.#ends.height) / this.lineHeight);
    const i = rows.rowAt(Math.max(0, end - 1));
    return rows.lines.at(rows.topOf(i) + rows.heightAt(i) > end ? Math.max(0, i - 1) : i);
  }

  /**
   * Keeps a line at its position on the screen across the next change of rows.
   * @param {number} [line] without it, the first visible line, or the one that the list is on its way to
   */
  anchorLine(line) {
    const row = line === undefined ? undefined : this.#rendered.byLine.get(line);
    if (row) this.#anchor = { line: Number(line), y: row.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top };
    else if (line !== undefined) this.#anchor = { line, y: this.map.viewport / 3 };
    else this.#anchor ??= this.#firstVisible();
  }

  /** Scrolls a line to a third of the viewport, unless the line is visible. @param {number} line */
  scrollToLine(line) {
    this.following = false;
    const { rows } = this.#view;
    const i = rows.lines.indexOf(line);
    const y = this.#yOf(Math.min(i, Math.max(0, rows.length - 1))) - this.map.top;
    const isVisible = i < rows.length && y >= 0 && y < this.map.viewport - 3 * this.lineHeight;
    if (!isVisible) this.#anchor = { line, y: this.map.viewport / 3 };
    this.#changed();
  }

  /** @param {number} pixels */
  scrollBy(pixels) {
    if (pixels < 0) this.#scrolledUp();
    this.#ends.moved();
    this.#anchor = null;
    this.#move(() => this.map.scrollTo(this.map.top + pixels));
    if (this.map.top >= this.map.maxTop - 1) this.following = this.isLive;
    this.#changed();
  }

  /** Goes to the first line of the log. */
  toStart() {
    this.following = false;
    if (!this.#ends.isAtStart) return this.#ends.toStart();
    this.#anchor = null;
    this.#move(() => this.map.scrollTo(0));
    this.#changed();
  }

  /** Keeps visible rows in place after rows above were removed. @param {number} screenLines */
  removedAbove(screenLines) {
    this.map.total -= screenLines * this.lineHeight;
    this.map.offset -= screenLines * this.lineHeight;
  }

  /** Keeps visible rows in place after a row was inserted above them. @param {number} i @param {number} screenLines */
  #rowInserted(i, screenLines) {
    if (this.#yOf(i) < this.map.top) this.removedAbove(-screenLines);
  }

  /** Fills all rendered rows again. */
  refill() {
    this.#rendered.refill();
    this.#changed();
  }

  /** Removes all rendered rows at the next render. */
  reset() {
    this.#rendered.expire();
  }

  /** @param {number} n */
  rowOf(n) {
    return this.#rendered.byLine.get(n);
  }

  /** @returns {Iterable<[number, HTMLElement]>} */
  get visibleRows() {
    return this.#rendered.byLine;
  }

  /** @param {number} n */
  refillLine(n) {
    const row = this.#rendered.byLine.get(n);
    if (row) this.#rendered.fill(row, n);
    this.#changed();
  }

  #scrolled() {
    const scrollTop = this.#scroller.scrollTop;
    const change = scrollTop - this.map.scrollTop;
    if (Math.abs(change) < 1.5) return;
    this.#anchor = null;
    // A viewport that grows moves the end of the list, which nobody has scrolled away from.
    const isAtEnd = scrollTop >= this.#scroller.scrollHeight - this.#scroller.clientHeight - 1;
    if (change < 0 && !isAtEnd) this.follow(false);
    this.#ends.moved();
    this.map.scrolled(scrollTop);
    if (change > 0 && this.map.top >= this.map.maxTop - 2) this.following = this.isLive;
    clearTimeout(this.#realignTimer);
    this.#realignTimer = window.setTimeout(() => this.#move(() => this.map.realign()), REALIGN_DELAY_MS);
    this.#changed();
  }

  /**
   * Scrolls between two renders. Rows may have been added since the last one: without the new size,
   * the browser would limit the position to the old one.
   * @param {() => number} newScrollTop
   */
  #move(newScrollTop) {
    this.#applySize();
    this.#setScrollTop(newScrollTop());
  }

  /** @param {number} scrollTop */
  #setScrollTop(scrollTop) {
    this.#scroller.scrollTop = scrollTop;
    this.map.scrollTop = scrollTop;
  }

  /** Measures a row again after a node of its JSON tree was toggled. @param {Event} event */
  #treeToggled(event) {
    const row = /** @type {HTMLElement} */ (event.target).closest('.row');
    if (row instanceof HTMLElement) this.#rendered.remeasure(row);
    this.#changed();
  }

  /** Updates the document. Called once per frame. */
  render() {
    const { map } = this;
    const { rows, done } = this.#view;
    if (!this.isLive) this.following = false;
    if (!this.#delay.isOver(done, this.following, performance.now())) return;
    this.#rendered.removeExpired();
    if (this.following) this.#anchor = null;
    this.#applySize();
    if (this.following) this.#setScrollTop(map.scrollTo(Infinity));
    else if (this.#anchor) this.#applyAnchor();
    else if (map.isMisaligned) this.#setScrollTop(map.realign());
    if (rows.length === 0) return this.#ends.place(map);
    const first = this.#renderRows();
    if (this.#measureRows()) {
      this.#applySize();
      if (this.following) this.#setScrollTop(map.scrollTo(Infinity));
    }
    this.#rendered.block.style.transform = `translateY(${this.#yOf(first) - map.offset}px)`;
    this.#ends.place(this.map);
  }

  #applySize() {
    this.map.total = this.#ends.height + this.#view.rows.total * this.lineHeight;
    const height = `${this.map.height}px`;
    if (this.#spacer.style.height !== height) this.#spacer.style.height = height;
  }

  #applyAnchor() {
    const { rows } = this.#view;
    const anchor = this.#anchor;
    if (!anchor || rows.length === 0) return;
    const i = Math.min(rows.lines.indexOf(anchor.line), rows.length - 1);
    if (rows.lines.at(i) >= anchor.line || this.#view.done) this.#anchor = null;
    this.#setScrollTop(this.map.scrollTo(this.#yOf(i) - anchor.y));
  }

  /** Puts the visible rows into the document. @returns {number} index of the first */
  #renderRows() {
    const { rows } = this.#view;
    const { top, viewport } = this.map;
    const first = rows.stepShown(this.#rowAt(top), -OVERSCAN_ROWS);
    const last = rows.stepShown(this.#rowAt(top + viewport), OVERSCAN_ROWS);
    this.#rendered.show(first, last);
    return first;
  }

  /** Removes rendered rows from a line on. @param {number} n */
  dropFrom(n) {
    this.#rendered.keep(0, n - 1);
  }

  /** Replaces estimated heights by measured ones. @returns {boolean} true if a height changed */
  #measureRows() {
    const { changed, above } = this.#rendered.measure(this.lineHeight, this.#rowAt(this.map.top));
    this.map.offset += above * this.lineHeight;
    return changed;
  }
}
