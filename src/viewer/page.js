// State of the page and the methods that change it. Uses store, view and list, but no
// buttons. Each change calls `requestRender`, and the next frame renders it.

import { Columns } from './columns.js';
import { compileFields } from './fieldfilter.js';
import { LineList } from './list.js';
import { RegexSearch } from './regexsearch.js';
import { parseHash } from './hash.js';
import { LEVEL } from './level.js';
import { compile } from './query.js';
import { fillRow, showSelection, updateHead } from './row.js';
import { Sources } from './sources.js';
import { FIRST_NUMBER, FLAG, KIND, Store } from './store.js';
import { View, shownText } from './view.js';
import { LOCAL } from './zone.js';

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
  column = '';
  /** Pages with other columns of the same store. @type {Page[]} */
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
  /** Called after lines were stored, also while the page is hidden and renders nothing. */
  afterAppend = () => {};
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
  /** Step of a jump that waits for the end of the search, or 0. */
  #pendingJump = 0;
  /** @type {(() => void)[]} moves of the current line that wait until all rows are known */
  #pendingMoves = [];
  /** True until the first jump of a search, which does not depend on the current line. */
  #isNewSearch = false;

  /**
   * @param {HTMLElement} scroller
   * @param {Page | null} [main] page whose store, sources and filters this page shows too, as another column
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
    const shared = main?.renderState ?? {
      store: this.store,
      names: [],
      hueOf: (/** @type {number} */ source) => this.sources.hueOf(source),
      time: 'off',
      zone: LOCAL,
      expandedLines: new Set(),
      fullLines: new Set(),
      records: true,
      columns: new Columns(() => this.panes.forEach(({ list }) => list.measure())),
    };
    const own = { matcher: null, current: -1, selection: null, folds: this.view.folds, screenColumns: () => (this.list.wrap ? this.list.columns : 0) };
    // A state that all panes share is inherited, so that a change of the main page is one of all.
    this.renderState = Object.assign(main ? Object.create(shared) : shared, own);
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
    if (done && this.#pendingJump) this.jumpToMatch(this.#pendingJump);
    if (done) for (const move of this.#pendingMoves.splice(0)) move();
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
    this.afterAppend();
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
    this.afterAppend();
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

  /** Selects the rows of all columns again. @param {number} [keep] line that keeps its position on the screen */
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
    const source = this.sources.filterOf(this.column ? new Set([this.column]) : chosenSources);
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
    this.#isNewSearch = true;
    this.applyFilters();
  }

  /**
   * Goes to a match; the first jump goes to the nearest one above the lower end of the view.
   * @param {number} step 1 for the next match, -1 for the previous one
   */
  jumpToMatch(step) {
    if (!this.view.done) {
      this.#pendingJump = step;
      return this.requestRender();
    }
    this.#pendingJump = 0;
    const { matches } = this.view;
    if (matches.length === 0) return;
    const { current } = this.renderState;
    const isFirst = this.#isNewSearch || current < 0;
    this.#isNewSearch = false;
    const from = matches.indexOf(isFirst ? this.list.lastLine + 1 : current);
    const next = isFirst || step < 0 ? from - 1 : matches.at(from) === current ? from + 1 : from;
    this.goToLine(matches.at((next + matches.length) % matches.length));
  }

  /** Position of the current line among the matches, from 1; 0 if it is no match. */
  get matchNumber() {
    const { matches } = this.view;
    const at = matches.indexOf(this.renderState.current);
    return at < matches.length && matches.at(at) === this.renderState.current ? at + 1 : 0;
  }

  /** Makes a line the current line and scrolls to it. @param {number} n */
  goToLine(n) {
    this.setCurrent(n, false);
    this.list.scrollToLine(n);
  }

  /** @param {number} n @param {boolean} extend selects from the current line to this line */
  setCurrent(n, extend) {
    const { renderState } = this;
    if (n >= 0) this.view.folds.reveal(n);
    if (extend && renderState.current >= 0) renderState.selection = [Math.min(renderState.current, n), Math.max(renderState.current, n)];
    else {
      renderState.current = n;
      renderState.selection = null;
    }
    for (const [line, row] of this.list.visibleRows) showSelection(row, line, renderState);
    this.requestRender();
  }

  /** Moves between rows when all are known, because the next one may be missing before. @param {() => void} move */
  #whenDone(move) {
    if (this.view.done) return move();
    this.#pendingMoves.push(move);
    this.requestRender();
  }

  /** Moves the current line. @param {number} step */
  moveCurrent(step) {
    this.#whenDone(() => this.#moveCurrent(step));
  }

  /** @param {number} step */
  #moveCurrent(step) {
    const { lines } = this.view.rows;
    if (lines.length === 0) return;
    const isFirst = this.renderState.current < 0;
    const from = Math.min(lines.length - 1, lines.indexOf(isFirst ? this.list.firstLine : this.renderState.current));
    this.goToLine(lines.at(this.view.rows.stepShown(from, isFirst ? 1 : step)));
  }

  /** Moves the end of the selection, which begins at the current line. @param {number} step */
  extendSelection(step) {
    this.#whenDone(() => this.#extendSelection(step));
  }

  /** @param {number} step */
  #extendSelection(step) {
    const { current, selection } = this.renderState;
    const { lines } = this.view.rows;
    if (current < 0 || lines.length === 0) return this.#moveCurrent(step);
    const end = !selection ? current : selection[0] === current ? selection[1] : selection[0];
    const next = lines.at(this.view.rows.stepShown(lines.indexOf(end), step));
    this.setCurrent(next, true);
    this.list.scrollToLine(next);
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

  /** @param {number} n */
  showAllText(n) {
    this.renderState.fullLines.add(n);
    this.list.follow(false);
    this.list.refillLine(n);
  }

  /** Shows only these sources; all if empty. @param {Iterable<string>} keys names of sources and folders */
  chooseSources(keys) {
    this.urlState.chosenSources = new Set(keys);
    this.applyFilters(this.renderState.current >= 0 && !this.list.following ? this.renderState.current : undefined);
  }

  /** Shows only the errors of a source; a second call shows everything again. @param {string} name */
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

  /** @returns {number[]} selected lines, or the current line, with those that are folded under them */
  get selectedLines() {
    const { current, selection } = this.renderState;
    if (!selection) return current >= 0 ? [...this.view.linesBetween(current, current)] : [];
    return [...this.view.linesBetween(...selection)];
  }

  /** Line numbers of all rows. */
  get shownLines() {
    const { lines } = this.view.rows;
    return Uint32Array.from({ length: lines.length }, (_, i) => lines.at(i));
  }

  /** @param {number} n @returns {string} event ID of the line; '' for a gap, which repeats the ID before it */
  idOf(n) {
    const { id, flags } = this.store.line(n);
    return (flags & FLAG.KIND) === KIND.GAP ? '' : id;
  }
}
