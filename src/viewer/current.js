// Current line of a list, selection of lines, and moves to other lines and to matches.

import { showSelection } from './row.js';

/** Pause after counting lines, in times of its duration. When doubled, the number is corrected later. */
const COUNT_PAUSE = 20;

export class CurrentLine {
  #page;
  /** Step of a jump that waits for the end of the search, or 0. */
  #pendingJump = 0;
  /** @type {(() => void)[]} moves that wait until all rows are known */
  #pendingMoves = [];
  /**
   * Number of selected lines, what it was counted for, and the time before which changed rows are
   * not counted again.
   */
  #counted = { range: '', state: '', count: 0, next: 0 };
  /** True until the first jump of a search, which does not depend on the current line. */
  isNewSearch = false;

  /** @param {import('./page.js').Page} page */
  constructor(page) {
    this.#page = page;
  }

  /**
   * Goes to a match; the first jump goes to the nearest one above the lower end of the view.
   * @param {number} step 1 for the next match, -1 for the previous one
   */
  jumpToMatch(step) {
    const { view, list, renderState } = this.#page;
    if (!view.done) {
      this.#pendingJump = step;
      return this.#page.requestRender();
    }
    this.#pendingJump = 0;
    const { matches } = view;
    if (matches.length === 0) return;
    const { current } = renderState;
    const isFirst = this.isNewSearch || current < 0;
    this.isNewSearch = false;
    const from = matches.indexOf(isFirst ? list.lastLine + 1 : current);
    const next = isFirst || step < 0 ? from - 1 : matches.at(from) === current ? from + 1 : from;
    this.goTo(matches.at((next + matches.length) % matches.length));
  }

  /** Runs what has waited until all rows are known. */
  finishMoves() {
    if (this.#pendingJump) this.jumpToMatch(this.#pendingJump);
    for (const move of this.#pendingMoves.splice(0)) move();
  }

  /** Moves between rows when all are known, because the next one may be missing before. @param {() => void} move */
  #whenDone(move) {
    if (this.#page.view.done) return move();
    this.#pendingMoves.push(move);
    this.#page.requestRender();
  }

  /** Position of the current line among the matches, from 1; 0 if it is no match. */
  get matchNumber() {
    const { view, renderState } = this.#page;
    const at = view.matches.indexOf(renderState.current);
    return at < view.matches.length && view.matches.at(at) === renderState.current ? at + 1 : 0;
  }

  /** Makes a line the current line and scrolls to it. @param {number} n */
  goTo(n) {
    this.set(n, false);
    this.#page.list.scrollToLine(n);
  }

  /** @param {number} n -1 for no line @param {boolean} extend selects from the current line to this line */
  set(n, extend) {
    const { renderState, view, list } = this.#page;
    if (n >= 0) view.folds.reveal(n);
    if (extend && renderState.current >= 0) renderState.selection = [Math.min(renderState.current, n), Math.max(renderState.current, n)];
    else {
      renderState.current = n;
      renderState.selection = null;
    }
    for (const [line, row] of list.visibleRows) showSelection(row, line, renderState);
    this.#page.requestRender();
  }

  /** Moves the current line. @param {number} step */
  move(step) {
    this.#whenDone(() => this.#move(step));
  }

  /** @param {number} step */
  #move(step) {
    const { renderState, view: { rows }, list } = this.#page;
    const { lines } = rows;
    if (lines.length === 0) return;
    const isFirst = renderState.current < 0;
    const from = Math.min(lines.length - 1, lines.indexOf(isFirst ? list.firstLine : renderState.current));
    this.goTo(lines.at(rows.stepShown(from, isFirst ? 1 : step)));
  }

  /** Moves the end of the selection, which begins at the current line. @param {number} step */
  extend(step) {
    this.#whenDone(() => this.#extend(step));
  }

  /** @param {number} step */
  #extend(step) {
    const { renderState: { current, selection }, view: { rows }, list } = this.#page;
    const { lines } = rows;
    if (current < 0 || lines.length === 0) return this.#move(step);
    const end = !selection ? current : selection[0] === current ? selection[1] : selection[0];
    const next = lines.at(rows.stepShown(lines.indexOf(end), step));
    this.set(next, true);
    list.scrollToLine(next);
  }

  /** Number of selected lines, which are counted again when the selection or its rows have changed. */
  get selectedCount() {
    const { renderState: { selection }, view } = this.#page;
    if (!selection) return 0;
    const { rows } = view;
    const range = selection.join();
    const held = rows.lines.indexOf(selection[1] + 1) - rows.lines.indexOf(selection[0]);
    // Hidden rows anywhere may belong to a selected one.
    const state = `${held} ${rows.length - rows.countShown(0, rows.length)}`;
    const counted = this.#counted;
    const start = performance.now();
    if (range !== counted.range || (state !== counted.state && start >= counted.next)) {
      const count = view.countBetween(...selection);
      const end = performance.now();
      this.#counted = { range, state, count, next: end + (end - start) * COUNT_PAUSE };
    }
    return this.#counted.count;
  }

  /** @returns {number[]} selected lines, or the current line, with those that are folded under them */
  get lines() {
    const { renderState: { current, selection }, view } = this.#page;
    if (!selection) return current >= 0 ? [...view.linesBetween(current, current)] : [];
    return [...view.linesBetween(...selection)];
  }
}
