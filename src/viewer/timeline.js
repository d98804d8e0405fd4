// Strip with the number of lines over time by level. A click goes to a time, a drag selects a
// range; with the keyboard, arrows move a cursor, Shift and arrows select, and Enter goes there.

import { make, setText } from './dom.js';
import { plural } from './format.js';
import { LEVEL, LEVELS } from './level.js';
import { clockAt } from './timeaxis.js';
import { drawBars, styleOf, totalOf } from './timebars.js';
import { rangeText } from './timerange.js';

/**
 * Distance in pixels from which on a press is a drag. When doubled, narrow ranges need a keyboard.
 */
const DRAG_PX = 4;
/** Least average width of a bar. When doubled, a year has bars for weeks instead of days. */
const MIN_BAR_PX = 2.5;
/** Buckets of one press of a page key. When doubled, few buckets are reached by it. */
const PAGE_BUCKETS = 10;

/** @type {[number[], string][]} levels of a count, and the noun for them */
const COUNTS = [[[LEVEL.ERROR], 'error'], [[LEVEL.WARN], 'warning'], [[LEVEL.INFO], 'info line'], [[LEVEL.DEBUG, LEVEL.NONE], 'other line']];

/**
 * @typedef {object} TimelineActions
 * @property {(ms: number) => void} goTo
 * @property {(range: import('./timerange.js').TimeRange) => void} narrow
 */

export class Timeline {
  #strip;
  #actions;
  #canvas = document.createElement('canvas');
  #style = styleOf(this.#canvas);
  #chosen = make('div', 'strip-chosen');
  #visible = make('div', 'strip-visible');
  #tip = make('div', 'strip-tip');
  /** @type {import('./timeaxis.js').Axis} */
  #axis = { width: 1, first: 0, count: 1 };
  /** @type {Uint32Array} */
  #bars = new Uint32Array(LEVELS.length);
  /** @type {import('./zone.js').Zone} */
  #zone;
  /** Second of the bucket under the cursor; NaN without one. */
  #cursor = NaN;
  /** Second of the bucket where the selection began; NaN without one. */
  #anchor = NaN;
  /** Pointer position of the press, or NaN. */
  #pressedAt = NaN;

  /**
   * @param {HTMLElement} strip
   * @param {import('./zone.js').Zone} zone
   * @param {TimelineActions} actions
   */
  constructor(strip, zone, actions) {
    this.#strip = strip;
    this.#zone = zone;
    this.#actions = actions;
    this.#tip.setAttribute('aria-hidden', 'true');
    strip.append(this.#canvas, this.#chosen, this.#visible);
    strip.after(this.#tip);
    strip.addEventListener('pointerdown', (event) => this.#pressed(event));
    strip.addEventListener('pointermove', (event) => this.#moved(event));
    strip.addEventListener('pointerup', (event) => this.#released(event));
    strip.addEventListener('pointercancel', () => this.clear());
    strip.addEventListener('pointerleave', () => Number.isNaN(this.#pressedAt) && !strip.matches(':focus-visible') && this.clear());
    strip.addEventListener('keydown', (event) => this.#key(event));
    strip.addEventListener('focus', () => strip.matches(':focus-visible') && this.#moveTo(this.#last, false));
    strip.addEventListener('blur', () => this.clear());
    new ResizeObserver(() => this.redraw()).observe(strip);
  }

  /** Largest number of bars that fit. */
  get capacity() {
    return Math.floor(this.#strip.clientWidth / MIN_BAR_PX);
  }

  /**
   * @param {import('./timeaxis.js').Axis} axis
   * @param {Uint32Array} bars
   * @param {import('./zone.js').Zone} zone
   */
  show(axis, bars, zone) {
    this.#axis = axis;
    this.#bars = bars;
    this.#zone = zone;
    this.#draw();
    this.#showCursor();
  }

  /** Draws again in the colours of the theme. */
  redraw() {
    this.#style = styleOf(this.#canvas);
    this.#draw();
  }

  #draw() {
    drawBars(this.#canvas, this.#axis, this.#bars, this.#style, this.#zone.clockOf(Date.now()));
  }

  /**
   * Marks the times of the visible lines.
   * @param {number} from
   * @param {number} to seconds of the axis; NaN for none
   */
  showVisible(from, to) {
    const { style } = this.#visible;
    const [left, right] = [from, to + 1].map((second) => this.#part(second / this.#axis.width - this.#axis.first));
    const [start, size] = Number.isNaN(left) ? ['0', '0'] : [`${left}%`, `${right - left}%`];
    if (style.left !== start) style.setProperty('left', start);
    if (style.width !== size) style.setProperty('width', size);
  }

  /**
   * Returns the position of a bucket in percent of the width.
   * @param {number} bucket from the start of the axis
   */
  #part(bucket) {
    return Math.round(Math.min(1, Math.max(0, bucket / this.#axis.count)) * 10_000) / 100;
  }

  /** Removes cursor and selection. */
  clear() {
    this.#cursor = this.#anchor = this.#pressedAt = NaN;
    this.#showCursor();
  }

  /** Second of the newest bucket with lines. */
  get #last() {
    let i = this.#axis.count - 1;
    while (i > 0 && totalOf(this.#bars, i) === 0) i--;
    return (this.#axis.first + i) * this.#axis.width;
  }

  /** @param {PointerEvent} event @returns {number} second of the bucket under the pointer */
  #secondAt(event) {
    const box = this.#strip.getBoundingClientRect();
    const i = Math.floor(((event.clientX - box.left) / box.width) * this.#axis.count);
    return (this.#axis.first + Math.min(this.#axis.count - 1, Math.max(0, i))) * this.#axis.width;
  }

  /** @param {PointerEvent} event */
  #pressed(event) {
    if (event.button !== 0) return;
    this.#strip.setPointerCapture(event.pointerId);
    this.#pressedAt = event.clientX;
    this.#cursor = this.#secondAt(event);
    this.#anchor = NaN;
    this.#showCursor();
  }

  /** @param {PointerEvent} event */
  #moved(event) {
    const isDrag = Math.abs(event.clientX - this.#pressedAt) >= DRAG_PX;
    if (isDrag && Number.isNaN(this.#anchor)) this.#anchor = this.#cursor;
    this.#cursor = this.#secondAt(event);
    this.#showCursor();
  }

  /** @param {PointerEvent} event */
  #released(event) {
    if (Number.isNaN(this.#pressedAt)) return;
    this.#cursor = this.#secondAt(event);
    this.#pressedAt = NaN;
    this.#apply();
    if (event.pointerType !== 'mouse') this.clear();
  }

  /** Goes to the bucket under the cursor, or narrows the page to the selection. */
  #apply() {
    const range = this.#range;
    const hasSelection = !Number.isNaN(this.#anchor);
    this.#anchor = NaN;
    this.#showCursor();
    if (hasSelection) this.#actions.narrow(range);
    else this.#actions.goTo(range[0]);
  }

  /**
   * Times from the start of the first chosen bucket to the end of the last one.
   * @returns {[number, number]}
   */
  get #range() {
    const other = Number.isNaN(this.#anchor) ? this.#cursor : this.#anchor;
    const [from, to] = [Math.min(this.#cursor, other), Math.max(this.#cursor, other) + this.#axis.width];
    return [this.#zone.timeOf(clockAt(from)), this.#zone.timeOf(clockAt(to), true)];
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { width, first, count } = this.#axis;
    const current = Number.isNaN(this.#cursor) ? this.#last : this.#cursor;
    /** @type {Record<string, number>} */
    const targets = {
      ArrowLeft: current - width, ArrowRight: current + width, ArrowDown: current - width, ArrowUp: current + width,
      PageDown: current - PAGE_BUCKETS * width, PageUp: current + PAGE_BUCKETS * width,
      Home: first * width, End: (first + count - 1) * width,
    };
    if (event.key in targets) this.#moveTo(targets[event.key], event.shiftKey);
    else if (event.key === 'Enter' && !Number.isNaN(this.#cursor)) this.#apply();
    else if (event.key === 'Escape' && !Number.isNaN(this.#anchor)) this.#moveTo(current, false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Moves the cursor. @param {number} second @param {boolean} extend selects from where it was */
  #moveTo(second, extend) {
    const { width, first, count } = this.#axis;
    if (!extend) this.#anchor = NaN;
    else if (Number.isNaN(this.#anchor)) this.#anchor = this.#cursor;
    this.#cursor = Math.min((first + count - 1) * width, Math.max(first * width, second));
    this.#showCursor();
  }

  /** Shows cursor and selection, and what they contain. */
  #showCursor() {
    const { width, first, count } = this.#axis;
    const isShown = !Number.isNaN(this.#cursor);
    this.#chosen.hidden = this.#tip.hidden = !isShown;
    const cursor = Math.floor((isShown ? this.#cursor : this.#last) / width) - first;
    const anchor = Number.isNaN(this.#anchor) ? cursor : Math.floor(this.#anchor / width) - first;
    const [from, to] = [Math.max(0, Math.min(cursor, anchor)), Math.min(count, Math.max(cursor, anchor) + 1)];
    const text = this.#textOf(from, to);
    this.#strip.setAttribute('aria-valuemax', String(count));
    this.#strip.setAttribute('aria-valuenow', String(Math.min(count, Math.max(1, cursor + 1))));
    this.#strip.setAttribute('aria-valuetext', text);
    if (!isShown) return;
    this.#chosen.classList.toggle('wide', anchor !== cursor);
    this.#chosen.style.setProperty('left', `${this.#part(from)}%`);
    this.#chosen.style.setProperty('width', `${this.#part(to) - this.#part(from)}%`);
    setText(this.#tip, text);
    this.#placeTip(this.#part((from + to) / 2) / 100);
  }

  /** Places the tip at a part of the strip's width, within the window. @param {number} part */
  #placeTip(part) {
    const { offsetLeft, clientWidth } = this.#strip;
    const all = this.#strip.parentElement?.clientWidth || clientWidth;
    const middle = `${((offsetLeft + part * clientWidth) / all) * 100}%`;
    this.#tip.style.setProperty('left', middle);
    this.#tip.style.setProperty('transform', `translateX(-${middle})`);
  }

  /**
   * Formats times and counts of buckets.
   * @param {number} from
   * @param {number} to first bucket behind them
   */
  #textOf(from, to) {
    const { width, first } = this.#axis;
    const [start, end] = [from, to].map((i) => this.#zone.timeOf(clockAt((first + i) * width)));
    const counts = COUNTS.map(([levels, noun]) => {
      let lines = 0;
      for (let i = from; i < to; i++) for (const level of levels) lines += this.#bars[i * LEVELS.length + level];
      return lines && plural(lines, noun);
    }).filter(Boolean);
    return `${rangeText([start, end], this.#zone, Date.now())}: ${counts.join(', ') || 'no lines'}`;
  }
}
