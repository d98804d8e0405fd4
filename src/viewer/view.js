// Selects the shown lines by source, level and search, with lines of context. Processes the
// store in steps that fit into a frame, and continues when lines arrive.

import { visibleText } from './ansi.js';
import { hexText } from './format.js';
import { ROW_FLAG, LineNumbers, RowList } from './rowlist.js';
import { FLAG, KIND, textAt } from './store.js';

/** Lines processed between checks of the time. When doubled, frames take longer. */
const SLICE_LINES = 256;

/**
 * @typedef {object} Criteria
 * @property {(source: number) => boolean} source true if the source is shown
 * @property {number} levels bit set of levels; 0 shows all
 * @property {import('./query.js').Matcher | null} matcher
 * @property {import('./regexsearch.js').RegexSearch | null} [search] runs the matcher in a worker; for regular expressions
 * @property {boolean} filter hides lines that do not match
 * @property {number} context number of lines around each match
 */

/**
 * Lines near matches of one source.
 * @typedef {object} SourceContext
 * @property {number[]} before lines that become context if a match follows
 * @property {number} after number of lines that are still context of the last match
 * @property {boolean} skipped true if lines since the last shown one are hidden
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
  /** @type {Map<number, SourceContext>} by source, because context is of the same source, as in grep */
  #contexts = new Map();
  rows = new RowList();
  matches = new LineNumbers();
  /** Called after a row was inserted before other rows. @type {(i: number, height: number) => void} */
  inserted = () => {};

  /**
   * @param {import('./store.js').Store} store
   * @param {(chunk: import('./store.js').Batch, i: number) => number} heightOf
   */
  constructor(store, heightOf) {
    this.#store = store;
    this.#heightOf = heightOf;
  }

  get store() {
    return this.#store;
  }

  /** True if all stored lines are processed. */
  get done() {
    return this.#cursor >= this.#store.next;
  }

  get criteria() {
    return this.#criteria;
  }

  /** True if levels or the search hide lines. */
  get isFiltered() {
    const { filter, matcher, levels } = this.#criteria;
    return levels !== 0 || (filter && matcher !== null);
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
    this.#cursor = this.#store.first;
    this.#contexts = new Map();
  }

  /**
   * Processes lines until all are processed or the time is up.
   * @param {() => boolean} isTimeUp
   * @returns {boolean} true if all are processed
   */
  advance(isTimeUp) {
    this.#cursor = Math.max(this.#cursor, this.#store.first);
    while (this.#cursor < this.#store.next) {
      const chunk = this.#store.chunkOf(this.#cursor);
      const reach = this.#criteria.search?.advance(this.#cursor) ?? Infinity;
      const end = Math.min(chunk.first + chunk.count, this.#cursor + SLICE_LINES, reach);
      if (end <= this.#cursor) break;
      while (this.#cursor < end) this.#add(chunk, this.#cursor++);
      if (isTimeUp()) break;
    }
    return this.#cursor === this.#store.next;
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
    part.setCriteria(this.#criteria);
    part.advance(() => false);
    this.matches.prepend(part.matches);
    return this.rows.prepend(part.rows);
  }

  /** Removes rows of lines that were removed at the end. @returns {boolean} false if the rows must be selected again */
  dropRemoved() {
    const { next } = this.#store;
    this.matches.dropFrom(next);
    this.rows.dropFrom(next);
    this.#cursor = Math.min(this.#cursor, next);
    return !this.#criteria.search && this.#criteria.context === 0;
  }

  /** Removes rows of evicted lines. @returns {number} removed screen lines */
  dropEvicted() {
    this.matches.dropBefore(this.#store.first);
    return this.rows.dropBefore(this.#store.first);
  }

  /** @param {import('./store.js').Chunk} chunk @param {number} n */
  #add(chunk, n) {
    const i = n - chunk.first;
    const kind = chunk.flags[i] & FLAG.KIND;
    if (kind === KIND.GAP) return this.#show(chunk, n, 0);
    if (!this.#criteria.source(chunk.source[i])) return;
    if (kind > KIND.BINARY) {
      if (!this.isFiltered) this.#show(chunk, n, 0);
      return;
    }
    this.#addLine(chunk, n, i);
  }

  /** @param {import('./store.js').Chunk} chunk @param {number} n @param {number} i */
  #addLine(chunk, n, i) {
    const { levels, matcher, search, filter, context } = this.#criteria;
    const isLevelShown = levels === 0 || (levels & (1 << chunk.level[i])) !== 0;
    const isMatch = isLevelShown && matcher !== null && (search ? search.isMatch(n) : matcher.test(shownText(chunk, i)));
    if (isMatch) this.matches.push(n);
    const flags = isMatch ? ROW_FLAG.MATCH : 0;
    if (filter && matcher ? isMatch : isLevelShown) this.#showWithContext(chunk, n, flags);
    else if (context > 0) this.#addContext(chunk, n);
  }

  /** @param {number} source */
  #contextOf(source) {
    let context = this.#contexts.get(source);
    if (!context) this.#contexts.set(source, (context = { before: [], after: 0, skipped: false }));
    return context;
  }

  /** @param {import('./store.js').Chunk} chunk @param {number} n @param {number} flags */
  #showWithContext(chunk, n, flags) {
    if (this.#criteria.context === 0) return this.#show(chunk, n, flags);
    const context = this.#contextOf(chunk.source[n - chunk.first]);
    for (const before of context.before) {
      if (this.#store.holds(before)) this.#show(this.#store.chunkOf(before), before, ROW_FLAG.CONTEXT, context);
    }
    context.before.length = 0;
    context.after = this.#criteria.context;
    this.#show(chunk, n, flags, context);
  }

  /** @param {import('./store.js').Chunk} chunk @param {number} n */
  #addContext(chunk, n) {
    const context = this.#contextOf(chunk.source[n - chunk.first]);
    if (context.after > 0) {
      context.after--;
      this.#show(chunk, n, ROW_FLAG.CONTEXT, context);
      return;
    }
    context.before.push(n);
    if (context.before.length > this.#criteria.context) {
      context.before.shift();
      context.skipped = true;
    }
  }

  /**
   * @param {import('./store.js').Chunk} chunk
   * @param {number} n
   * @param {number} flags
   * @param {SourceContext} [context]
   */
  #show(chunk, n, flags, context) {
    const breakFlag = context?.skipped && this.rows.length > 0 ? ROW_FLAG.BREAK : 0;
    if (context) context.skipped = false;
    const i = n - chunk.first;
    const height = this.#heightOf(chunk, i);
    const at = this.rows.add(n, height, flags | breakFlag, chunk.level[i]);
    if (at < this.rows.length - 1) this.inserted(at, height);
  }
}
