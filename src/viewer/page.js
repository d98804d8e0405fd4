// State of the page and the methods that change it. Uses store, view and list, but no
// buttons. Each change calls `requestRender`, and the next frame renders it.

import { LineList } from './list.js';
import { RegexSearch } from './regexsearch.js';
import { parseHash } from './hash.js';
import { compile } from './query.js';
import { fillRow, showSelection } from './row.js';
import { Sources } from './sources.js';
import { FIRST_NUMBER, FLAG, KIND, Store } from './store.js';
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
  /** Number of the next line at the time when following stopped. */
  pausedAt = 0;
  /** @type {View} */
  view;
  /** @type {LineList} */
  list;
  /** @type {import('./row.js').RenderState} */
  renderState;
  afterRender = () => {};
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
  #regexSearch = typeof Worker === 'undefined' ? null : new RegexSearch(this.store, shownText, (reason) => this.#stopSearch(reason));
  /** Step of a jump that waits for the end of the search, or 0. */
  #pendingJump = 0;
  /** True until the first jump of a search, which does not depend on the current line. */
  #isNewSearch = false;

  /** @param {HTMLElement} scroller */
  constructor(scroller) {
    this.view = new View(this.store, (chunk, i) => this.list.estimate(chunk, i));
    this.renderState = {
      store: this.store,
      names: [],
      hueOf: (source) => this.sources.hueOf(source),
      matcher: null,
      time: 'off',
      current: -1,
      selection: null,
      expandedLines: new Set(),
      fullLines: new Set(),
    };
    const fill = (/** @type {HTMLElement} */ row, /** @type {number} */ n, /** @type {number} */ flags) => {
      if (this.store.holds(n)) fillRow(row, n, flags, this.renderState);
    };
    this.list = new LineList(scroller, this.view, fill, () => this.requestRender());
  }

  /** Renders in the next frame. */
  requestRender() {
    this.#frameRequest ||= requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    this.#frameRequest = 0;
    const deadline = performance.now() + FRAME_BUDGET_MS;
    const done = this.view.advance(() => performance.now() > deadline);
    if (done && this.#pendingJump) this.jumpToMatch(this.#pendingJump);
    if (this.list.following) this.pausedAt = this.store.next;
    this.list.render();
    this.afterRender();
    if (!done) this.requestRender();
  }

  /** @param {string[]} names */
  setNames(names) {
    this.sources.setNames(names);
    this.renderState.names = names;
  }

  /** @param {import('./store.js').Batch} batch */
  append(batch) {
    this.store.append(batch);
    this.#trim();
    this.requestRender();
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
    const added = this.view.prepend(older);
    if (added < 0) this.applyFilters();
    else this.list.removedAbove(-added);
    this.#trim();
    this.requestRender();
  }

  /** Removes lines beyond the limit, at the end that is far from the reader. */
  #trim() {
    const { store, list, renderState } = this;
    const newest = !list.following && list.firstLine - store.first < store.next - list.firstLine;
    const chunks = store.evict(LIMIT.lines, LIMIT.chars, newest);
    if (chunks.length === 0) return;
    if (newest) this.#dropNewest();
    else list.removedAbove(this.view.dropEvicted());
    for (const set of [renderState.expandedLines, renderState.fullLines]) for (const n of set) if (!store.holds(n)) set.delete(n);
    if (!store.holds(renderState.current)) renderState.current = -1;
    this.afterRemoval(chunks, newest);
  }

  #dropNewest() {
    const isDone = this.view.dropRemoved();
    this.list.dropFrom(this.store.next);
    this.pausedAt = Math.min(this.pausedAt, this.store.next);
    if (!isDone) this.applyFilters();
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
    this.renderState.current = -1;
    this.renderState.selection = null;
    this.list.following = true;
    this.applyFilters();
  }

  /** Number of rows added since following stopped. */
  get newLineCount() {
    const { lines } = this.view.rows;
    return this.list.following ? 0 : lines.length - lines.indexOf(this.pausedAt);
  }

  /** Selects the rows again. @param {number} [keep] line that keeps its position on the screen */
  applyFilters(keep) {
    const { query, filter, context, chosenSources, levels } = this.urlState;
    const { matcher, error } = compile(query);
    this.searchError = error;
    this.renderState.matcher = matcher;
    if (!this.list.following || keep !== undefined) this.list.anchorLine(keep);
    const source = (/** @type {number} */ index) => chosenSources.size === 0 || chosenSources.has(this.sources.names[index]);
    const search = query.regex && matcher ? this.#regexSearch : null;
    search?.setQuery(query);
    this.view.setCriteria({ source, levels, matcher, search, filter, context });
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
    if (extend && renderState.current >= 0) renderState.selection = [Math.min(renderState.current, n), Math.max(renderState.current, n)];
    else {
      renderState.current = n;
      renderState.selection = null;
    }
    for (const [line, row] of this.list.visibleRows) showSelection(row, line, renderState);
    this.requestRender();
  }

  /** Moves the current line. @param {number} step */
  moveCurrent(step) {
    const { lines } = this.view.rows;
    if (lines.length === 0) return;
    const from = this.renderState.current >= 0 ? lines.indexOf(this.renderState.current) + step : lines.indexOf(this.list.firstLine) + 1;
    this.goToLine(lines.at(Math.min(lines.length - 1, Math.max(0, from))));
  }

  /** Clears search filter and levels, and keeps the current line in place. */
  showSurroundings() {
    const { current } = this.renderState;
    if (current < 0) return;
    this.urlState.filter = false;
    this.urlState.levels = 0;
    this.list.following = false;
    this.pausedAt = this.store.next;
    this.applyFilters(current);
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

  /** @param {string} name @param {boolean} combine adds or removes the source instead of showing only this source */
  chooseSource(name, combine) {
    const { chosenSources } = this.urlState;
    const only = chosenSources.size === 1 && chosenSources.has(name);
    if (combine && chosenSources.has(name)) chosenSources.delete(name);
    else {
      if (!combine) chosenSources.clear();
      if (!only || combine) chosenSources.add(name);
    }
    this.applyFilters(this.renderState.current >= 0 && !this.list.following ? this.renderState.current : undefined);
  }

  /** @param {number} bit of a level */
  toggleLevel(bit) {
    this.urlState.levels ^= bit;
    this.applyFilters();
  }

  /** @returns {number[]} selected lines, or the current line */
  get selectedLines() {
    const { current, selection } = this.renderState;
    if (!selection) return current >= 0 ? [current] : [];
    const { lines } = this.view.rows;
    const selected = [];
    for (let i = lines.indexOf(selection[0]); i < lines.length && lines.at(i) <= selection[1]; i++) selected.push(lines.at(i));
    return selected;
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
