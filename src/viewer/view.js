// Selects the shown lines by source, level and search, and folds them. Processes the store in
// steps that fit into a frame, and continues when lines arrive.

import { visibleText } from './ansi.js';
import { EntryFilter } from './entryfilter.js';
import { EntryTest } from './fieldfilter.js';
import { Folds } from './folds.js';
import { hexText } from './format.js';
import { ROW_FLAG, LineNumbers, RowList } from './rowlist.js';
import { FLAG, KIND, textAt } from './store.js';
import { isOutside } from './timerange.js';

/** Lines processed between checks of the time. When doubled, frames take longer. */
const SLICE_LINES = 256;

/**
 * @typedef {object} Criteria
 * @property {(source: number) => boolean} source true if the source is shown
 * @property {number} levels bit set of levels; 0 shows all
 * @property {import('./fieldfilter.js').LineTest | null} [fields] hides lines by their fields
 * @property {import('./query.js').Matcher | null} matcher
 * @property {import('./regexsearch.js').RegexSearch | null} [search] runs the matcher in a worker; for regular expressions
 * @property {boolean} filter hides lines that do not match
 * @property {number} context number of lines around each match
 * @property {[number, number] | null} [linked] first and last line of a link, which are always shown
 * @property {import('./timerange.js').TimeRange | null} [range] hides lines of other times
 */

/** @type {Criteria} */
const SHOW_ALL = { source: () => true, levels: 0, matcher: null, filter: false, context: 0 };

/**
 * Returns the text of a line as the page shows it.
 * @param {import('./store.js').Batch} chunk
 * @param {number} i
 */
export function shownText(chunk, i) {
  const flags = chunk.flags[i];
  const text = textAt(chunk, i);
  if ((flags & FLAG.KIND) === KIND.BINARY) return hexText(text);
  return flags & FLAG.CONTROL_CHARS ? visibleText(text) : text;
}

export class View {
  #store;
  #heightOf;
  #criteria = SHOW_ALL;
  #cursor = 0;
  #filter = new EntryFilter(0, () => {});
  #fields = new EntryTest(null);
  #isFiltered = false;
  /** Line before which all rows were complete at the end of a frame. */
  #settled = 0;
  /** Reports if the newest line is followed, so that rows may move. */
  isFollowing = () => true;
  folds = new Folds(this);
  rows = new RowList();
  matches = new LineNumbers();
  /** Number of rows that are shown only because they are linked. */
  linkedRows = 0;
  /** Called after rows from `i` on were inserted before other rows, shown or hidden. @type {(i: number, height: number) => void} */
  inserted = () => {};

  /**
   * @param {import('./store.js').Store} store
   * @param {(chunk: import('./store.js').Batch, i: number) => number} heightOf
   */
  constructor(store, heightOf) {
    this.#store = store;
    this.#heightOf = heightOf;
    this.folds.still = () => (this.isFollowing() ? Infinity : this.#settled);
  }

  get store() {
    return this.#store;
  }

  /** True if all stored lines are processed, and their rows are folded. */
  get done() {
    return this.#cursor >= this.#store.next && this.folds.done;
  }

  get criteria() {
    return this.#criteria;
  }

  /** True if levels, fields or the search hide lines. */
  get isFiltered() {
    const { filter, matcher, levels, fields } = this.#criteria;
    return levels !== 0 || Boolean(fields) || (filter && matcher !== null);
  }

  /** Processed part of the store, 0 to 1. */
  get progress() {
    const { first, size } = this.#store;
    return size === 0 ? 1 : Math.max(0, this.#cursor - first) / size;
  }

  /** @param {Criteria} criteria */
  setCriteria(criteria) {
    this.#criteria = criteria;
    this.restart();
  }

  /** Starts again at the oldest stored line. */
  restart() {
    this.rows = new RowList();
    this.matches = new LineNumbers();
    this.linkedRows = 0;
    this.#cursor = this.#store.first;
    this.#isFiltered = this.isFiltered;
    this.#fields = new EntryTest(this.#criteria.fields);
    this.#filter = new EntryFilter(this.#criteria.context, (n, rowFlags) => {
      if (this.#store.holds(n)) this.#show(this.#store.chunkOf(n), n, rowFlags, true);
    });
    this.folds.restart();
  }

  /**
   * Processes lines until all are processed or the time is up.
   * @param {() => boolean} isTimeUp
   * @returns {boolean} true if all are processed
   */
  advance(isTimeUp) {
    this.#cursor = Math.max(this.#cursor, this.#store.first);
    if (!this.folds.advance(isTimeUp)) return false;
    while (this.#cursor < this.#store.next) {
      const chunk = this.#store.chunkOf(this.#cursor);
      const reach = this.#criteria.search?.advance(this.#cursor) ?? Infinity;
      const end = Math.min(chunk.first + chunk.count, this.#cursor + SLICE_LINES, reach);
      if (end <= this.#cursor) break;
      while (this.#cursor < end) this.#add(chunk, this.#cursor++);
      if (!this.folds.advance(isTimeUp) || isTimeUp()) break;
    }
    if (this.done) this.#settled = this.#cursor;
    return this.done;
  }

  /** Shows or hides a row. @param {number} i @param {boolean} isShown @returns {number} change in screen lines */
  setShown(i, isShown) {
    if (this.rows.heightAt(i) > 0 === isShown) return 0;
    const n = this.rows.lines.at(i);
    const chunk = this.#store.chunkOf(n);
    return this.rows.setHeight(i, isShown ? this.#heightOf(chunk, n - chunk.first) : 0);
  }

  /**
   * Returns the lines of the rows between two lines, each with those that are hidden under it.
   * @param {number} first
   * @param {number} last
   * @returns {Generator<number>}
   */
  *linesBetween(first, last) {
    const { rows, folds } = this;
    for (let i = rows.nearestShown(rows.lines.indexOf(first), 1); i < rows.length && rows.lines.at(i) <= last; i = rows.nearestShown(i + 1, 1)) {
      yield* folds.linesOf(rows.lines.at(i));
    }
  }

  /** Returns the number of `linesBetween` two lines. @param {number} first @param {number} last */
  countBetween(first, last) {
    const { rows, folds } = this;
    let count = 0;
    for (let i = rows.nearestShown(rows.lines.indexOf(first), 1); i < rows.length && rows.lines.at(i) <= last; i = rows.nearestShown(i + 1, 1)) {
      count += folds.countOf(rows.lines.at(i));
    }
    return count;
  }

  /**
   * Adds rows of lines that were put before the others.
   * @param {import('./store.js').Store} older store of these lines, with the numbers that they have here
   * @returns {number} added screen lines, or -1 if the rows must be selected again: context and
   *   searches in a worker need lines in their order
   */
  prepend(older) {
    if (this.#criteria.search || this.#criteria.context > 0) return -1;
    const part = new View(older, this.#heightOf);
    part.folds.copyChoices(this.folds);
    part.setCriteria(this.#criteria);
    part.advance(() => false);
    if (!this.folds.prepend(part.folds)) return -1;
    this.linkedRows += part.linkedRows;
    this.matches.prepend(part.matches);
    return this.rows.prepend(part.rows);
  }

  /** Removes rows of lines that were removed at the end. @returns {boolean} false if the rows must be selected again */
  dropRemoved() {
    const { next } = this.#store;
    this.matches.dropFrom(next);
    this.rows.dropFrom(next);
    this.folds.dropFrom(next);
    this.#cursor = Math.min(this.#cursor, next);
    return !this.#criteria.search && this.#criteria.context === 0;
  }

  /** Removes rows of evicted lines. @returns {number} removed screen lines */
  dropEvicted() {
    this.folds.dropBefore(this.#store.first);
    this.matches.dropBefore(this.#store.first);
    return this.rows.dropBefore(this.#store.first);
  }

  /** @param {import('./store.js').Chunk} chunk @param {number} n */
  #add(chunk, n) {
    const i = n - chunk.first;
    const kind = chunk.flags[i] & FLAG.KIND;
    if (isOutside(this.#criteria.range, chunk.ts[i])) return void this.#showIfLinked(chunk, n);
    if (kind === KIND.GAP) {
      this.#filter.break();
      this.#fields.break();
      this.folds.break();
      return this.#show(chunk, n, 0);
    }
    if (!this.#criteria.source(chunk.source[i])) return void this.#showIfLinked(chunk, n);
    if (kind > KIND.BINARY) {
      if (!this.#isFiltered) this.#show(chunk, n, 0);
      return;
    }
    this.#addLine(chunk, n, i);
  }

  /** @param {import('./store.js').Chunk} chunk @param {number} n @param {number} i */
  #addLine(chunk, n, i) {
    const { levels, matcher, search, filter } = this.#criteria;
    const hasFields = this.#fields.passes(chunk, i, shownText);
    const isLevelShown = hasFields && (levels === 0 || (levels & (1 << chunk.level[i])) !== 0);
    const isMatch = isLevelShown && matcher !== null && (search ? search.isMatch(n) : matcher.test(shownText(chunk, i)));
    if (isMatch) this.matches.push(n);
    const rowFlags = isMatch ? ROW_FLAG.MATCH : 0;
    const isShown = filter && matcher ? isMatch : isLevelShown;
    if (!this.#isFiltered) this.#show(chunk, n, rowFlags, true);
    else if (isShown || !this.#showIfLinked(chunk, n)) this.#filter.add(chunk, n, isShown, rowFlags);
  }

  /** Shows a line of a link that the criteria hide. @param {import('./store.js').Chunk} chunk @param {number} n @returns {boolean} true if it is one */
  #showIfLinked(chunk, n) {
    const { linked } = this.#criteria;
    if (!linked || n < linked[0] || n > linked[1]) return false;
    this.linkedRows++;
    this.#show(chunk, n, ROW_FLAG.CONTEXT);
    return true;
  }

  /**
   * @param {import('./store.js').Chunk} chunk
   * @param {number} n
   * @param {number} rowFlags
   * @param {boolean} [isLine] true if it may be folded
   */
  #show(chunk, n, rowFlags, isLine) {
    const i = n - chunk.first;
    const isHidden = isLine === true && this.folds.add(chunk, n, rowFlags, this.#isFiltered);
    const height = isHidden ? 0 : this.#heightOf(chunk, i);
    const flags = this.rows.length > 0 ? rowFlags : rowFlags & ~ROW_FLAG.BREAK;
    const at = this.rows.add(n, height, flags, chunk.level[i]);
    if (height && at < this.rows.length - 1) this.inserted(at, height);
  }
}
