// State of the page and the methods that change it. Uses store, view and list, but no
// buttons. Each change calls `requestRender`, and the next frame renders it.

import { compileFields } from './fieldfilter.js';
import { CurrentLine } from './current.js';
import { LineList } from './list.js';
import { newRenderState } from './renderstate.js';
import { RegexSearch } from './regexsearch.js';
import { parseHash } from './hash.js';
import { LEVEL } from './level.js';
import { compile } from './query.js';
import { fillRow, updateHead } from './row.js';
import { Sources } from './sources.js';
import { FIRST_NUMBER, KIND, Store } from './store.js';
import { View, shownText } from './view.js';

/** Stored lines and characters. When doubled, so is the memory. */
export const LIMIT = { lines: 1_000_000, chars: 256 << 20 };

/** Numbers skipped when lines are replaced: older lines of a window get numbers of no earlier one. */
const WINDOW_NUMBERS = 2 ** 22;
/** Time for filtering per frame of 16.7 ms. When doubled, frames are dropped. */
const FRAME_BUDGET_MS = 9;

export class Page {
  store = new Store(FIRST_NUMBER);
  sources = new Sources();
  /** Search, filters and shown sources, as in the URL. */
  urlState = { ...parseHash(''), chosenSources: /** @type {Set<string>} */ (new Set()) };
  searchError = '';
  /** Source or folder whose lines this list shows; '' for all chosen ones. */
  pane = '';
  /** Pages of the other panes over the same store. @type {Page[]} */
  others = [];
  /** First and last line of a link, which are shown also if the filters hide them. @type {[number, number] | null} */
  linked = null;
  /** Number of the next line at the time when following stopped. */
  pausedAt = 0;
  /** @type {View} */
  view;
  /** @type {LineList} */
  list;
  /** @type {import('./row.js').RenderState} */
  renderState;
  afterRender = () => {};
  /** Called when a pane has been added. @type {(pane: Page) => void} */
  paneAdded = () => {};
  /** Called with live lines, also those that the page does not hold. @type {(batch: import('./store.js').Batch) => void} */
  afterReceipt = () => {};
  /** Opens the window at a line with an event ID. @type {(id: string) => Promise<void>} */
  openAtId = async () => {};
  /**
   * Called after chunks were removed, at the newer end if `newest`.
   * @type {(chunks: import('./store.js').Chunk[], newest: boolean) => void}
   */
  afterRemoval = () => {};
  /** Called after the user has removed all lines. */
  afterClear = () => {};
  /** Goes to the first line at or after a time in ms. @type {(ms: number) => Promise<void>} */
  openAtTime = async () => {};
  #frameRequest = 0;
  /** @type {RegexSearch | null} */
  #regexSearch;
  /** Current line, selection and jumps to matches. */
  current = new CurrentLine(this);

  /**
   * @param {HTMLElement} scroller
   * @param {Page | null} [main] page whose store, sources and filters this page shows too, as another pane
   */
  constructor(scroller, main = null) {
    this.scroller = scroller;
    /** @type {Page} */
    this.main = main ?? this;
    if (main) {
      this.store = main.store;
      this.sources = main.sources;
      this.urlState = main.urlState;
    }
    this.#regexSearch = typeof Worker === 'undefined' ? null : new RegexSearch(this.store, shownText, (reason) => this.#stopSearch(reason));
    this.view = new View(this.store, (chunk, i) => this.list.estimate(chunk, i));
    this.view.isFollowing = () => this.list.following;
    this.view.folds.leveled = (source, from, to) => this.sources.relevel(source, from, to);
    this.renderState = newRenderState(this, main);
    const fill = (/** @type {HTMLElement} */ row, /** @type {number} */ n, /** @type {number} */ flags) => {
      if (this.store.holds(n)) fillRow(row, n, flags, this.renderState);
    };
    this.list = new LineList(scroller, this.view, fill, () => this.requestRender());
  }

  /** All pages over the store, the main one first. */
  get panes() {
    return [this.main, ...this.main.others];
  }

  /** Renders in the next frame. */
  requestRender() {
    this.#frameRequest ||= requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    this.#frameRequest = 0;
    const deadline = performance.now() + FRAME_BUDGET_MS / this.panes.length;
    const done = this.view.advance(() => performance.now() > deadline);
    if (done) this.current.finishMoves();
    if (this.list.following) this.pausedAt = this.store.next;
    this.list.render();
    this.#updateHeads();
    this.afterRender();
    if (!done) this.requestRender();
  }

  /** Updates the visible heads of which more lines have come, or that have been folded. */
  #updateHeads() {
    const { touched } = this.view.folds;
    for (const [n, row] of this.list.visibleRows) if (touched.has(n)) updateHead(row, n, this.renderState);
    touched.clear();
  }

  /** Folds or unfolds what a row stands for. @param {number} n @param {import('./folds.js').FoldKind} [kind] @returns {boolean} false if it stands for nothing else */
  toggleFold(n, kind) {
    if (n < 0 || !this.view.folds.toggle(n, kind)) return false;
    this.list.follow(false);
    this.list.anchorLine(n);
    this.requestRender();
    return true;
  }

  /** Folds or unfolds all lines. @param {Partial<import('./folds.js').Folds['options']>} options */
  setFolding(options) {
    const { folds } = this.view;
    if (Object.entries(options).every(([name, value]) => folds.options[/** @type {'entries'} */ (name)] === value)) return;
    for (const { view } of this.panes) view.folds.setOptions(options);
    this.applyFilters();
  }

  /** @param {string[]} names */
  setNames(names) {
    this.sources.setNames(names);
    this.renderState.names = names;
  }

  /** @param {unknown} list body of `/sources` */
  updateSources(list) {
    // The folder of a source is known only now.
    if (this.sources.update(list) && this.urlState.chosenSources.size > 0) this.applyFilters();
  }

  /** @param {import('./store.js').Batch} batch */
  append(batch) {
    this.store.append(batch);
    this.#trim();
    for (const page of this.panes) page.requestRender();
  }

  /** Appends a gap for lines that the hub evicted before this page read them. @param {number} lost */
  addGap(lost) {
    const text = JSON.stringify({ type: 'gap', reason: 'asleep', lost });
    this.store.push({ text, id: '', flags: KIND.GAP, level: 0, source: 65535, cells: 1, time: Date.now(), ts: Date.now(), offset: NaN });
    this.requestRender();
  }

  /** Puts older lines before the others. @param {import('./store.js').Batch} batch */
  prepend(batch) {
    if (batch.count === 0) return;
    this.store.prepend(batch);
    const older = new Store(this.store.first);
    older.append(batch);
    for (const page of this.panes) page.#prependRows(older);
    this.#trim();
  }

  /** @param {Store} older store of lines that were put before the others */
  #prependRows(older) {
    const added = this.view.prepend(older);
    if (added < 0) this.#selectRows();
    else this.list.removedAbove(-added);
    this.requestRender();
  }

  /** Removes lines beyond the limit, at the end that is far from the reader. */
  #trim() {
    const { store, list } = this;
    const newest = !list.following && list.firstLine - store.first < store.next - list.firstLine;
    const chunks = store.evict(LIMIT.lines, LIMIT.chars, newest);
    if (chunks.length === 0) return;
    for (const page of this.panes) page.#dropRemoved(newest);
    this.afterRemoval(chunks, newest);
  }

  /** @param {boolean} newest true if the newest lines were removed, false if the oldest were */
  #dropRemoved(newest) {
    const { store, renderState } = this;
    if (newest) this.#dropNewest();
    else this.list.removedAbove(this.view.dropEvicted());
    for (const set of [renderState.expandedLines, renderState.fullLines]) for (const n of set) if (!store.holds(n)) set.delete(n);
    if (!store.holds(renderState.current)) renderState.current = -1;
  }

  #dropNewest() {
    const isDone = this.view.dropRemoved();
    this.list.dropFrom(this.store.next);
    this.pausedAt = Math.min(this.pausedAt, this.store.next);
    if (!isDone) this.#selectRows();
  }

  /** Removes the lines because the user wants it. */
  clear() {
    const { chunks } = this.store;
    this.store.clear();
    if (chunks.length) this.afterRemoval(chunks, false);
    this.reset();
    this.afterClear();
  }

  /** Removes all lines before others take their place. */
  reset() {
    this.store.clear();
    this.store.next += WINDOW_NUMBERS;
    this.sources.resetCounts();
    this.renderState.expandedLines.clear();
    this.renderState.fullLines.clear();
    for (const page of this.panes) {
      Object.assign(page.renderState, { current: -1, selection: null });
      page.linked = null;
      page.list.following = true;
    }
    this.applyFilters();
  }

  /** Number of rows added since following stopped. */
  get newLineCount() {
    const { lines } = this.view.rows;
    return this.list.following ? 0 : lines.length - lines.indexOf(this.pausedAt);
  }

  /** Selects the rows of all panes again. @param {number} [keep] line that keeps its position on the screen */
  applyFilters(keep) {
    for (const page of this.panes) page.#selectRows(page === this ? keep : undefined);
  }

  /** @param {number} [keep] */
  #selectRows(keep) {
    const { query, filter, context, chosenSources, levels, fields, columns, range } = this.urlState;
    const { matcher, error } = compile(query);
    this.searchError = error;
    this.renderState.matcher = matcher;
    this.renderState.columns.set(columns);
    if (!this.list.following || keep !== undefined) this.list.anchorLine(keep);
    const source = this.sources.filterOf(this.pane ? new Set([this.pane]) : chosenSources);
    const search = query.regex && matcher ? this.#regexSearch : null;
    search?.setQuery(query);
    this.view.setCriteria({ source, levels, matcher, search, filter, context, linked: this.linked, fields: compileFields(fields), range });
    this.list.reset();
    this.requestRender();
  }

  /** Shows all lines and the reason for the failed search. @param {string} reason */
  #stopSearch(reason) {
    this.searchError = reason;
    this.renderState.matcher = null;
    this.view.setCriteria({ ...this.view.criteria, matcher: null, search: null });
    this.list.reset();
    this.requestRender();
  }

  /** @param {Partial<import('./query.js').Query>} change */
  search(change) {
    Object.assign(this.urlState.query, change);
    this.current.isNewSearch = true;
    this.applyFilters();
  }

  /** Shows all lines of the stream, and keeps the current line in place. */
  clearFilters() {
    const { grep, history } = this.urlState;
    Object.assign(this.urlState, parseHash(''), { grep, history, chosenSources: new Set() });
    this.linked = null;
    this.renderState.selection = null;
    const { current } = this.renderState;
    this.applyFilters(current >= 0 && !this.list.following ? current : undefined);
  }

  /** Clears search filter, levels and criteria of fields, and keeps the current line in place. */
  showSurroundings() {
    const { current } = this.renderState;
    if (current < 0) return;
    this.urlState.filter = false;
    this.urlState.levels = 0;
    this.urlState.fields = [];
    this.list.following = false;
    this.pausedAt = this.store.next;
    this.applyFilters(current);
  }

  /** Shows JSON and logfmt as records, or as they are. @param {boolean} records */
  showRecords(records) {
    if (this.renderState.records === records) return;
    this.renderState.records = records;
    for (const { list } of this.panes) {
      if (!list.following) list.anchorLine();
      list.records = records;
      list.estimateHeights();
      list.refill();
    }
  }

  /** @param {number} n */
  toggleJson(n) {
    const { expandedLines } = this.renderState;
    if (!expandedLines.delete(n)) expandedLines.add(n);
    if (this.list.following && expandedLines.has(n)) this.list.follow(false);
    this.list.refillLine(n);
  }

  /** Shows a long line whole, or folds it. @param {number} n */
  toggleFullText(n) {
    if (this.renderState.fullLines.delete(n)) this.list.scrollToLine(n);
    else this.renderState.fullLines.add(n);
    this.list.follow(false);
    this.list.refillLine(n);
  }

  /** Shows only these sources; all if empty. @param {Iterable<string>} keys names of sources and folders */
  chooseSources(keys) {
    this.urlState.chosenSources = new Set(keys);
    this.applyFilters(this.renderState.current >= 0 && !this.list.following ? this.renderState.current : undefined);
  }

  /** Shows only the errors of a source or folder; a second call shows everything again. @param {string} name */
  showErrorsOf(name) {
    const { urlState } = this;
    const isOnly = urlState.levels === 1 << LEVEL.ERROR && urlState.chosenSources.size === 1 && urlState.chosenSources.has(name);
    urlState.levels = isOnly ? 0 : 1 << LEVEL.ERROR;
    urlState.chosenSources = new Set(isOnly ? [] : [name]);
    this.applyFilters();
  }

  /** @param {number} bit of a level */
  toggleLevel(bit) {
    this.urlState.levels ^= bit;
    this.applyFilters();
  }

  /** Line numbers of all rows. */
  get shownLines() {
    const { lines } = this.view.rows;
    return Uint32Array.from({ length: lines.length }, (_, i) => lines.at(i));
  }
}
