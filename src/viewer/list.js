// The virtual list: only the rows in sight are in the document. It follows the end until
// the reader scrolls up, and keeps what is read in place whatever arrives or falls off.

import { Probe } from './probe.js';
import { CLIP } from './row.js';
import { ScrollMap } from './scroll.js';
import { FLAG, KIND } from './store.js';

const OVERSCAN = 8;
const POOL = 120;
const HANGING = 2;
const SETTLE = 180;

/** @typedef {(row: HTMLElement, n: number, mark: number) => void} Fill */

export class LineList {
  map = new ScrollMap();
  following = true;
  wrap = true;
  /** Columns that fit beside the margin. */
  columns = 120;
  lineHeight = 20;
  #scroller;
  #view;
  #fill;
  #changed;
  #spacer = document.createElement('div');
  #block = document.createElement('div');
  #probe;
  /** @type {Map<number, HTMLElement>} */
  #live = new Map();
  /** @type {HTMLElement[]} */
  #pool = [];
  /** @type {HTMLElement[]} filled since the last measurement */
  #fresh = [];
  /** @type {{ line: number, y: number } | null} */
  #anchor = null;
  #settling = 0;

  /**
   * @param {HTMLElement} scroller
   * @param {import('./view.js').View} view
   * @param {Fill} fill
   * @param {() => void} changed called when something else needs a render
   */
  constructor(scroller, view, fill, changed) {
    this.#scroller = scroller;
    this.#view = view;
    this.#fill = fill;
    this.#changed = changed;
    this.#spacer.className = 'spacer';
    this.#block.className = 'rows';
    scroller.append(this.#spacer, this.#block);
    this.#probe = new Probe(scroller);
    scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    scroller.addEventListener('wheel', (event) => event.deltaY < 0 && this.follow(false), { passive: true });
    this.#block.addEventListener('toggle', (event) => this.#resized(event), true);
    new ResizeObserver(() => this.measure()).observe(scroller);
  }

  /** Screen lines that a stored line needs; exact for plain text, corrected once it is shown. */
  estimate = (/** @type {import('./store.js').Batch} */ chunk, /** @type {number} */ i) => {
    if (!this.wrap || (chunk.flags[i] & FLAG.KIND) > KIND.BINARY) return 1;
    const over = Math.min(chunk.cells[i], CLIP + 20) - this.columns;
    return over <= 0 ? 1 : 1 + Math.ceil(over / Math.max(8, this.columns - HANGING));
  };

  /** The window or a column has changed its size. */
  measure() {
    const { viewport, lineHeight, columns } = this.#probe.measure();
    this.map.viewport = viewport;
    this.lineHeight = lineHeight;
    if (columns + HANGING !== this.columns) this.#reflow(columns + HANGING);
    this.#changed();
  }

  /** @param {number} columns */
  #reflow(columns) {
    const anchor = this.#firstInSight();
    this.columns = columns;
    if (!this.wrap) return;
    this.remeasure();
    if (anchor) this.#anchor = anchor;
  }

  /** Estimates every row again. */
  remeasure() {
    this.#view.rows.remeasure((n) => {
      const chunk = this.#store.chunkOf(n);
      return this.estimate(chunk, n - chunk.first);
    });
    this.#fresh = [...this.#live.values()];
  }

  get #store() {
    return this.#view.store;
  }

  /** @param {boolean} wrap */
  setWrap(wrap) {
    const anchor = this.#firstInSight();
    this.wrap = wrap;
    this.#scroller.classList.toggle('nowrap', !wrap);
    this.#scroller.scrollLeft = 0;
    this.remeasure();
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
  #firstInSight() {
    const { rows } = this.#view;
    if (rows.length === 0) return null;
    const i = rows.rowAt(this.map.top / this.lineHeight);
    return { line: rows.lines.at(i), y: rows.topOf(i) * this.lineHeight - this.map.top };
  }

  /** Line number of the first row in sight, or -1. */
  get firstLine() {
    return this.#firstInSight()?.line ?? -1;
  }

  /** Keeps the line where it is on the screen, although the rows are chosen anew. @param {number} [line] */
  hold(line) {
    const row = line === undefined ? undefined : this.#live.get(line);
    if (row) this.#anchor = { line: Number(line), y: row.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top };
    else if (line !== undefined) this.#anchor = { line, y: this.map.viewport / 3 };
    else this.#anchor = this.#firstInSight();
  }

  /** Brings a line into sight, a third from the top unless it is in sight already. @param {number} line */
  reveal(line) {
    this.following = false;
    const { rows } = this.#view;
    const i = rows.lines.indexOf(line);
    const y = rows.topOf(Math.min(i, Math.max(0, rows.length - 1))) * this.lineHeight - this.map.top;
    const inSight = i < rows.length && y >= 0 && y < this.map.viewport - 3 * this.lineHeight;
    if (!inSight) this.#anchor = { line, y: this.map.viewport / 3 };
    this.#changed();
  }

  /** @param {number} pixels */
  scrollBy(pixels) {
    if (pixels < 0) this.following = false;
    this.#setBar(this.map.go(this.map.top + pixels));
    if (this.map.top >= this.map.furthest - 1) this.following = true;
    this.#changed();
  }

  toStart() {
    this.following = false;
    this.#setBar(this.map.go(0));
    this.#changed();
  }

  /** Rows above have gone; what is in sight stays. @param {number} screenLines */
  dropped(screenLines) {
    this.map.total -= screenLines * this.lineHeight;
    this.map.offset -= screenLines * this.lineHeight;
  }

  /** Fills every row in sight again. */
  refill() {
    for (const [n, row] of this.#live) this.#fillRow(row, n);
    this.#changed();
  }

  /** Forgets every row in sight, because other lines are chosen. */
  reset() {
    for (const row of this.#live.values()) row.remove();
    this.#live.clear();
    this.#fresh = [];
  }

  /** @param {number} n */
  rowOf(n) {
    return this.#live.get(n);
  }

  /** @returns {Iterable<[number, HTMLElement]>} */
  get inSight() {
    return this.#live;
  }

  /** Fills one line's row again, if it is in sight. @param {number} n */
  refillLine(n) {
    const row = this.#live.get(n);
    if (row) this.#fillRow(row, n);
    this.#changed();
  }

  #scrolled() {
    const physical = this.#scroller.scrollTop;
    const by = physical - this.map.physical;
    if (Math.abs(by) < 1.5) return;
    this.#anchor = null;
    if (by < 0) this.following = false;
    this.map.moved(physical);
    if (by > 0 && this.map.top >= this.map.furthest - 2) this.following = true;
    clearTimeout(this.#settling);
    this.#settling = window.setTimeout(() => this.#setBar(this.map.settle()), SETTLE);
    this.#changed();
  }

  /** @param {number} physical */
  #setBar(physical) {
    this.#scroller.scrollTop = physical;
    this.map.physical = physical;
  }

  /** A part of an unfolded tree was opened or closed. @param {Event} event */
  #resized(event) {
    const row = /** @type {HTMLElement} */ (event.target).closest('.row');
    if (row instanceof HTMLElement) this.#fresh.push(row);
    this.#changed();
  }

  /** Brings the document up to date. To be called once in a frame. */
  render() {
    const { rows } = this.#view;
    const { map } = this;
    this.#applySize();
    if (this.following) this.#setBar(map.go(Infinity));
    else if (this.#anchor) this.#applyAnchor();
    else if (map.astray) this.#setBar(map.settle());
    if (rows.length === 0) return this.reset();
    const first = this.#place();
    if (this.#measureFresh()) {
      this.#applySize();
      if (this.following) this.#setBar(map.go(Infinity));
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
    this.#setBar(this.map.go(rows.topOf(i) * this.lineHeight - anchor.y));
  }

  /** Puts the rows in sight into the document. @returns {number} the first of them */
  #place() {
    const { rows } = this.#view;
    const top = this.map.top / this.lineHeight;
    const first = Math.max(0, rows.rowAt(top) - OVERSCAN);
    const last = Math.min(rows.length - 1, rows.rowAt(top + this.map.viewport / this.lineHeight) + OVERSCAN);
    this.#remove(rows.lines.at(first), rows.lines.at(last));
    let at = this.#block.firstElementChild;
    for (let i = first; i <= last; i++) {
      const row = this.#rowFor(i);
      if (row === at) at = at.nextElementSibling;
      else this.#block.insertBefore(row, at);
    }
    return first;
  }

  /** @param {number} first @param {number} last lines to keep */
  #remove(first, last) {
    for (const [n, row] of this.#live) {
      if (n >= first && n <= last) continue;
      this.#live.delete(n);
      row.remove();
      if (this.#pool.length < POOL) this.#pool.push(row);
    }
  }

  /** @param {number} i */
  #rowFor(i) {
    const n = this.#view.rows.lines.at(i);
    const present = this.#live.get(n);
    if (present) return present;
    const row = this.#pool.pop() ?? document.createElement('div');
    this.#live.set(n, row);
    this.#fillRow(row, n);
    return row;
  }

  /** @param {HTMLElement} row @param {number} n */
  #fillRow(row, n) {
    const { rows } = this.#view;
    this.#fill(row, n, rows.markAt(rows.lines.indexOf(n)));
    this.#fresh.push(row);
  }

  /**
   * Compares what was estimated with what the browser made of it.
   * @returns {boolean} whether anything was different
   */
  #measureFresh() {
    const { rows } = this.#view;
    const inSight = rows.rowAt(this.map.top / this.lineHeight);
    let above = 0;
    let changed = false;
    for (const row of this.#fresh) {
      if (!row.isConnected) continue;
      const i = rows.lines.indexOf(Number(row.dataset.n));
      const height = Math.max(1, Math.round(row.offsetHeight / this.lineHeight));
      if (height === rows.heightAt(i)) continue;
      const change = rows.setHeight(i, height);
      changed = true;
      if (i < inSight) above += change;
    }
    this.#fresh.length = 0;
    this.map.offset += above * this.lineHeight;
    return changed;
  }
}
