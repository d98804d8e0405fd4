// Selected text, by line and character of the store. The browser's own selection knows only the
// rows in the document, which are reused while the list scrolls; so pointer and keys set the
// selection here, and the browser's selection shows the part of it that is in the document.

import { caretAt } from './caret.js';
import { shownText } from './view.js';
import { FLAG, KIND } from './store.js';

/**
 * Place between two characters.
 * @typedef {object} Point
 * @property {number} line number of the line
 * @property {number} at characters of its shown text before the place; Infinity for all
 */

/** Scrolled part of the distance of the pointer from the list per frame. When doubled, lines fly past. */
const SCROLL_FACTOR = 0.25;

const WORD = /[\p{L}\p{M}\p{N}_]+/gu;

/** @param {Point} a @param {Point} b */
const compare = (a, b) => a.line - b.line || a.at - b.at || 0;

export class TextSelection {
  #list;
  #view;
  #scroller;
  #changed;
  #rowText;
  /** @type {Point | null} where the selection began */
  #anchor = null;
  /** @type {Point | null} where it ends; may be before the anchor */
  #focus = null;
  /** @type {[number, number] | null} pointer position while its button is down */
  #pointer = null;
  /** @type {[Point, Point]} first character, word or line of a drag, which stays selected */
  #unit = [{ line: 0, at: 0 }, { line: 0, at: 0 }];
  /** Clicks before the drag: 1 selects characters, 2 words, 3 lines. */
  #clicks = 1;
  /** Ends of the browser's selection as set by `show`: a change of them is made by the user. */
  #shown = '';

  /**
   * @param {HTMLElement} scroller
   * @param {import('./list.js').LineList} list
   * @param {import('./view.js').View} view
   * @param {() => void} changed called when the page needs a render
   * @param {(line: number) => string} rowText returns the text of a row, which may differ from that of its line
   */
  constructor(scroller, list, view, changed, rowText) {
    this.#scroller = scroller;
    this.#list = list;
    this.#view = view;
    this.#changed = changed;
    this.#rowText = rowText;
    scroller.addEventListener('mousedown', (event) => this.#pressed(event));
    window.addEventListener('mousemove', (event) => this.#moved(event));
    window.addEventListener('mouseup', () => (this.#pointer = null));
    document.addEventListener('selectionchange', () => this.#browserChanged());
    document.addEventListener('focusin', (event) => {
      if (/** @type {HTMLElement} */ (event.target).matches('input, select')) this.clear();
    });
  }

  get isEmpty() {
    return !this.#anchor || !this.#focus || compare(this.#anchor, this.#focus) === 0;
  }

  get isDragging() {
    return this.#pointer !== null && !this.isEmpty;
  }

  /** @returns {[Point, Point] | null} first and last point */
  get range() {
    if (!this.#anchor || !this.#focus || this.isEmpty) return null;
    return compare(this.#anchor, this.#focus) < 0 ? [this.#anchor, this.#focus] : [this.#focus, this.#anchor];
  }

  clear() {
    if (this.#anchor && !this.isEmpty) getSelection()?.removeAllRanges();
    this.#anchor = this.#focus = null;
    this.#shown = '';
  }

  /** Selects all rows of the view, also those of them that are not in the document. */
  selectAll() {
    const { lines } = this.#view.rows;
    if (lines.length === 0) return;
    this.#set({ line: lines.at(0), at: 0 }, { line: lines.at(lines.length - 1), at: Infinity });
  }

  /** @param {Point} anchor @param {Point} focus */
  #set(anchor, focus) {
    this.#anchor = anchor;
    this.#focus = focus;
    if (!this.isEmpty) this.#list.follow(false);
    this.#changed();
  }

  /** @param {MouseEvent} event */
  #pressed(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.button !== 0 || target === this.#scroller || target.closest('button, a, summary')) return;
    if (target.closest('.tree')) return this.clear();
    const point = this.#pointAt(event.clientX, event.clientY);
    if (!point) return;
    event.preventDefault();
    this.#focusWithoutRing();
    if (event.shiftKey) return this.isEmpty ? undefined : this.#set(/** @type {Point} */ (this.#anchor), point);
    this.clear();
    getSelection()?.removeAllRanges();
    this.#pointer = [event.clientX, event.clientY];
    this.#clicks = event.detail;
    this.#unit = this.#unitAt(point);
    this.#set(...this.#unit);
  }

  /** Focuses the list as a click does that is not prevented; browsers show a ring after calls of `focus`. */
  #focusWithoutRing() {
    this.#scroller.classList.add('no-ring');
    this.#scroller.focus({ preventScroll: true });
    this.#scroller.addEventListener('blur', () => this.#scroller.classList.remove('no-ring'), { once: true });
  }

  /** Returns the word or line around a point after several clicks. @param {Point} point @returns {[Point, Point]} */
  #unitAt({ line, at }) {
    if (this.#clicks <= 1) return [{ line, at }, { line, at }];
    if (this.#clicks > 2) return [{ line, at: 0 }, { line, at: Infinity }];
    const text = this.#textOf(line);
    for (const match of text.matchAll(WORD)) {
      const end = match.index + match[0].length;
      if (match.index <= at && at < end) return [{ line, at: match.index }, { line, at: end }];
    }
    return [{ line, at }, { line, at: Math.min(text.length, at + 1) }];
  }

  /** @param {MouseEvent} event */
  #moved(event) {
    if (!this.#pointer) return;
    if ((event.buttons & 1) === 0) return void (this.#pointer = null);
    const [x, y] = this.#pointer;
    if (x === event.clientX && y === event.clientY) return;
    this.#pointer = [event.clientX, event.clientY];
    this.#extend();
    this.#changed();
  }

  /** Extends the selection to the character, word or line at the pointer. */
  #extend() {
    const point = this.#pointer && this.#pointAt(...this.#pointer);
    if (!point || !this.#focus) return;
    const [from, to] = this.#unitAt(point);
    const [first, last] = this.#unit;
    const isBefore = compare(from, first) < 0;
    const focus = isBefore ? from : compare(to, last) < 0 ? last : to;
    if (compare(focus, this.#focus) !== 0) this.#set(isBefore ? last : first, focus);
  }

  /** Scrolls while the pointer is above or below the list. */
  #scrollToPointer() {
    if (!this.#pointer || this.isEmpty) return;
    const { top, bottom } = this.#scroller.getBoundingClientRect();
    const [, y] = this.#pointer;
    const distance = Math.min(0, y - top) + Math.max(0, y - bottom + 1);
    if (distance === 0) return;
    const before = this.#list.map.top;
    this.#list.scrollBy(Math.sign(distance) * Math.ceil(Math.abs(distance) * SCROLL_FACTOR));
    this.#list.follow(false);
    if (this.#list.map.top !== before) this.#changed();
  }

  /** @param {number} x @param {number} y @returns {Point | null} */
  #pointAt(x, y) {
    const box = this.#scroller.getBoundingClientRect();
    const inside = Math.max(box.top + 1, Math.min(y, box.bottom - 2));
    let nearest = null;
    let distance = Infinity;
    for (const [line, row] of this.#list.visibleRows) {
      if (!row.querySelector('.text')) continue;
      const { top, bottom } = row.getBoundingClientRect();
      const away = Math.max(0, top - inside, inside - bottom + 0.01);
      if (away < distance) [nearest, distance] = [{ line, row, top, bottom }, away];
    }
    if (!nearest) return null;
    const { line, row, top, bottom } = nearest;
    const text = /** @type {HTMLElement} */ (row.querySelector('.text'));
    return { line, at: this.#clip(line, caretAt(text, x, Math.max(top + 1, Math.min(inside, bottom - 1)))) };
  }

  /** Replaces a place at or behind the end of what a row shows by the end of the line. @param {number} line @param {number} at */
  #clip(line, at) {
    // Fields that are unfolded are selected as a whole, because they are no text of the line.
    if (this.#isUnfolded(line)) return at > 0 ? Infinity : 0;
    return at >= this.#shownLength(line) ? Infinity : at;
  }

  /** Returns the characters of the line that its row shows; a long line ends with a button. @param {number} line */
  #shownLength(line) {
    const text = this.#list.rowOf(line)?.querySelector('.text');
    if (this.#isUnfolded(line)) return text?.textContent?.length ?? 0;
    const { length } = this.#textOf(line);
    const end = text?.querySelector(':scope > .show-all');
    if (!text || !end) return length;
    const range = document.createRange();
    range.setStart(text, 0);
    range.setEndBefore(end);
    return Math.min(length, range.toString().length);
  }

  /** @param {number} line */
  #isUnfolded(line) {
    return Boolean(this.#list.rowOf(line)?.querySelector('.text.unfolded'));
  }

  /** @param {number} line */
  #textOf(line) {
    return this.#view.store.holds(line) ? this.#rowText(line) : '';
  }

  /** Follows changes by the user in the browser's selection: by touch, and by keys. */
  #browserChanged() {
    if (this.#pointer) return;
    const selection = getSelection();
    if (!selection || endsOf(selection) === this.#shown) return;
    const anchor = this.#pointOf(selection.anchorNode, selection.anchorOffset);
    const focus = this.#pointOf(selection.focusNode, selection.focusOffset);
    if (!anchor || !focus) return;
    this.#shown = endsOf(selection);
    if (selection.isCollapsed) this.#anchor = this.#focus = null;
    else this.#set(anchor, focus);
  }

  /** @param {Node | null} node @param {number} offset @returns {Point | null} null outside the text of lines, and in trees */
  #pointOf(node, offset) {
    const element = node instanceof Element ? node : node?.parentElement;
    const text = element?.closest('.row .text');
    const row = text?.parentElement;
    if (!node || !text || !row?.dataset.n || element?.closest('.tree') || !this.#scroller.contains(text)) return null;
    const range = document.createRange();
    range.setStart(text, 0);
    range.setEnd(node, offset);
    const line = Number(row.dataset.n);
    return { line, at: this.#clip(line, range.toString().length) };
  }

  /** Shows the selection in the rows; called after each frame. */
  show() {
    this.#scrollToPointer();
    if (this.#pointer && !this.isEmpty) this.#extend();
    const { range } = this;
    const selection = getSelection();
    if (!range || !selection || !this.#anchor) return;
    const lines = [...this.#list.visibleRows].filter(([line, row]) => line >= range[0].line && line <= range[1].line && row.querySelector('.text')).map(([line]) => line);
    if (lines.length === 0) return void (this.#shown && (selection.removeAllRanges(), (this.#shown = endsOf(selection))));
    const [first, last] = [Math.min(...lines), Math.max(...lines)];
    const start = this.#placeOf(range[0].line === first ? range[0] : { line: first, at: 0 });
    const end = this.#placeOf(range[1].line === last ? range[1] : { line: last, at: Infinity });
    const [from, to] = range[0] === this.#anchor ? [start, end] : [end, start];
    const isSame = selection.anchorNode === from[0] && selection.anchorOffset === from[1] && selection.focusNode === to[0] && selection.focusOffset === to[1];
    if (!isSame) selection.setBaseAndExtent(...from, ...to);
    this.#shown = endsOf(selection);
  }

  /** @param {Point} point in a row of the document @returns {[Node, number]} */
  #placeOf({ line, at }) {
    const text = /** @type {HTMLElement} */ (this.#list.rowOf(line)?.querySelector('.text'));
    let rest = Math.min(at, this.#shownLength(line));
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const { length } = /** @type {Text} */ (node);
      if (rest <= length) return [node, rest];
      rest -= length;
    }
    return [text, text.childNodes.length];
  }

  /** @returns {string} the selected lines that the view shows; of a part of a line, what its row shows */
  get text() {
    const { range } = this;
    if (!range) return '';
    const [first, last] = range;
    const { store } = this.#view;
    const parts = [];
    for (const line of this.#lines(first, last)) {
      const chunk = store.chunkOf(line);
      const flags = chunk.flags[line - chunk.first];
      if ((flags & FLAG.KIND) > KIND.BINARY) continue;
      const from = line === first.line ? first.at : 0;
      const to = line === last.line ? last.at : Infinity;
      parts.push(from === 0 && to === Infinity ? shownText(chunk, line - chunk.first) : this.#rowText(line).slice(from, to));
      parts.push(flags & FLAG.MORE ? '' : '\n');
    }
    if (parts.at(-1) === '\n') parts.pop();
    return parts.join('');
  }

  /** Returns the selected lines. A row brings the lines under it unless only a part of it is selected. @param {Point} first @param {Point} last @returns {number[]} */
  #lines(first, last) {
    const view = this.#view;
    const isOne = first.line === last.line;
    const isWhole = last.at === Infinity && !(isOne && first.at > 0);
    if (isWhole) return [...view.linesBetween(first.line, last.line)];
    return isOne ? [last.line] : [...view.linesBetween(first.line, last.line - 1), last.line];
  }
}

/** Numbers of the nodes that a selection has begun or ended in. @type {WeakMap<Node, number>} */
const nodeNumbers = new WeakMap();
let nextNumber = 1;

/** @param {Node | null} node */
function numberOf(node) {
  if (!node) return 0;
  let number = nodeNumbers.get(node);
  if (!number) nodeNumbers.set(node, (number = nextNumber++));
  return number;
}

/** Returns both ends of the browser's selection as a key for comparison. @param {Selection} selection */
function endsOf({ anchorNode, anchorOffset, focusNode, focusOffset }) {
  return [numberOf(anchorNode), anchorOffset, numberOf(focusNode), focusOffset].join();
}
