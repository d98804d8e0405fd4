// Prints lines instead of the screen: puts the selected lines, or else the newest ones, into
// the document while it is printed. viewer.css hides everything else on paper.

import { make } from './dom.js';
import { count, plural } from './format.js';
import { fillRow } from './row.js';

/** Lines printed without a selection: about 100 sheets. When doubled, printing starts later. */
const NEWEST_LINES = 5_000;
/** Lines printed of a selection. When doubled, browsers may run out of memory. */
const MAX_SELECTED_LINES = 50_000;

/**
 * Returns the rows to print, as a range of indexes, and the sentence about them.
 * @param {{ from: number, to: number } | null} selected selected rows
 * @param {number} length number of all rows
 */
export function extentOf(selected, length) {
  if (!selected) {
    const from = Math.max(0, length - NEWEST_LINES);
    return { from, to: length, text: from ? `Newest ${count(NEWEST_LINES)} of ${count(length)} lines` : plural(length, 'line') };
  }
  const { from, to } = selected;
  const end = Math.min(to, from + MAX_SELECTED_LINES);
  return { from, to: end, text: end < to ? `First ${count(end - from)} of ${count(to - from)} selected lines` : plural(to - from, 'selected line') };
}

/**
 * @param {import('./page.js').Page} page
 * @param {() => [number, number] | null} selection returns the first and the last selected line
 */
export function printLines(page, selection) {
  /** @type {HTMLElement | null} */
  let paper = null;
  const remove = () => paper?.remove();
  window.addEventListener('beforeprint', () => {
    remove();
    paper = paperOf(page, selection());
    document.body.append(paper);
  });
  window.addEventListener('afterprint', remove);
}

/** @param {import('./page.js').Page} page @param {[number, number] | null} selection */
function paperOf({ view, renderState, urlState }, selection) {
  const { lines } = view.rows;
  const { from, to, text } = extentOf(selection && { from: lines.indexOf(selection[0]), to: lines.indexOf(selection[1] + 1) }, view.rows.length);
  const shown = Array.from({ length: to - from }, (_, i) => lines.at(from + i));
  // Marks and buttons are for the screen, and lines have no end that can be shown later.
  const state = { ...renderState, matcher: null, current: -1, selection: null, fullLines: new Set(shown) };
  const paper = make('div', 'paper');
  const { query, filter, chosenSources } = urlState;
  const parts = [text, [...chosenSources].join(', '), filter && query.text && `matches of ${query.text}`, new Date().toLocaleString()];
  paper.append(make('p', '', parts.filter(Boolean).join(' · ')));
  for (const n of shown) {
    const row = document.createElement('div');
    fillRow(row, n, 0, state);
    paper.append(row);
  }
  return paper;
}
