// Chooses the lines that are shown: sources, levels, search hits with context.
// Works through the store in slices of time, and goes on as lines arrive.

import { visibleText } from './ansi.js';
import { hexText } from './format.js';
import { MARK, Numbers, RowList } from './rowlist.js';
import { FLAG, KIND, textAt } from './store.js';

const SLICE = 256;

/**
 * @typedef {object} Criteria
 * @property {(source: number) => boolean} source whether a source is shown
 * @property {number} levels bit set of levels; 0 shows all
 * @property {import('./query.js').Matcher | null} matcher
 * @property {import('./finder.js').Finder | null} [finder] runs the matcher, where that can take long
 * @property {boolean} filter show only hits, instead of marking them
 * @property {number} context lines around each hit
 */

/** @type {Criteria} */
const EVERYTHING = { source: () => true, levels: 0, matcher: null, filter: false, context: 0 };

/**
 * What a reader sees of a line, as text.
 * @param {import('./store.js').Batch} chunk
 * @param {number} i
 */
export function shownText(chunk, i) {
  const flags = chunk.flags[i];
  const text = textAt(chunk, i);
  if ((flags & FLAG.KIND) === KIND.BINARY) return hexText(text);
  return flags & FLAG.SPECIAL ? visibleText(text) : text;
}

export class View {
  #store;
  #heightOf;
  #criteria = EVERYTHING;
  #cursor = 0;
  /** @type {number[]} lines that become context if a hit follows */
  #before = [];
  #after = 0;
  #skipped = false;
  rows = new RowList();
  hits = new Numbers();

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

  /** Whether every line held has been looked at. */
  get done() {
    return this.#cursor >= this.#store.next;
  }

  get criteria() {
    return this.#criteria;
  }

  /** Whether lines are left out for their level or for not being hits. */
  get narrowed() {
    const { filter, matcher, levels } = this.#criteria;
    return levels !== 0 || (filter && matcher !== null);
  }

  /** How much of the store has been looked at, 0 to 1. */
  get progress() {
    const { first, size } = this.#store;
    return size === 0 ? 1 : Math.max(0, this.#cursor - first) / size;
  }

  /** @param {Criteria} criteria */
  choose(criteria) {
    this.#criteria = criteria;
    this.restart();
  }

  /** Begins again with the oldest line held. */
  restart() {
    this.rows = new RowList();
    this.hits = new Numbers();
    this.#cursor = this.#store.first;
    this.#before = [];
    this.#after = 0;
    this.#skipped = false;
  }

  /**
   * Looks at lines until all are seen, or until time is up.
   * @param {() => boolean} enough
   * @returns {boolean} whether all are seen
   */
  advance(enough) {
    this.#cursor = Math.max(this.#cursor, this.#store.first);
    while (this.#cursor < this.#store.next) {
      const chunk = this.#store.chunkOf(this.#cursor);
      const reach = this.#criteria.finder?.reach(this.#cursor) ?? Infinity;
      const end = Math.min(chunk.first + chunk.count, this.#cursor + SLICE, reach);
      if (end <= this.#cursor) break;
      while (this.#cursor < end) this.#consider(chunk, this.#cursor++);
      if (enough()) break;
    }
    return this.#cursor === this.#store.next;
  }

  /** Forgets rows whose lines are no longer held. @returns {number} screen lines that went away */
  drop() {
    this.hits.dropBefore(this.#store.first);
    return this.rows.dropBefore(this.#store.first);
  }

  /** @param {import('./store.js').Chunk} chunk @param {number} n */
  #consider(chunk, n) {
    const i = n - chunk.first;
    const kind = chunk.flags[i] & FLAG.KIND;
    if (kind === KIND.GAP) return this.#show(chunk, n, 0);
    if (!this.#criteria.source(chunk.source[i])) return;
    if (kind > KIND.BINARY) {
      if (!this.narrowed) this.#show(chunk, n, 0);
      return;
    }
    this.#considerLine(chunk, n, i);
  }

  /** @param {import('./store.js').Chunk} chunk @param {number} n @param {number} i */
  #considerLine(chunk, n, i) {
    const { levels, matcher, finder, filter, context } = this.#criteria;
    const wanted = levels === 0 || (levels & (1 << chunk.level[i])) !== 0;
    const hit = wanted && matcher !== null && (finder ? finder.found(n) : matcher.test(shownText(chunk, i)));
    if (hit) this.hits.push(n);
    const mark = hit ? MARK.HIT : 0;
    if (filter && matcher ? hit : wanted) this.#showWithContext(chunk, n, mark);
    else if (context > 0) this.#maybeContext(chunk, n);
  }

  /** @param {import('./store.js').Chunk} chunk @param {number} n @param {number} mark */
  #showWithContext(chunk, n, mark) {
    const { context } = this.#criteria;
    for (const before of this.#before) {
      if (this.#store.holds(before)) this.#show(this.#store.chunkOf(before), before, MARK.CONTEXT);
    }
    this.#before.length = 0;
    this.#after = context;
    this.#show(chunk, n, mark);
  }

  /** @param {import('./store.js').Chunk} chunk @param {number} n */
  #maybeContext(chunk, n) {
    if (this.#after > 0) {
      this.#after--;
      this.#show(chunk, n, MARK.CONTEXT);
      return;
    }
    this.#before.push(n);
    if (this.#before.length > this.#criteria.context) {
      this.#before.shift();
      this.#skipped = true;
    }
  }

  /** @param {import('./store.js').Chunk} chunk @param {number} n @param {number} mark */
  #show(chunk, n, mark) {
    const apart = this.#skipped && this.rows.length > 0 ? MARK.BREAK : 0;
    this.#skipped = false;
    const i = n - chunk.first;
    this.rows.push(n, this.#heightOf(chunk, i), mark | apart, chunk.level[i]);
  }
}
