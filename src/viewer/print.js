// Prints lines instead of the screen: puts the selected lines, or else the newest ones, into
// the document while it is printed. viewer.css hides everything else on paper.

import { make } from './dom.js';
import { fieldText } from './fieldtext.js';
import { plural } from './format.js';
import { fillRow } from './row.js';
import { rangeText } from './timerange.js';

/** Lines printed without a selection: about 100 sheets. When doubled, printing starts later. */
const NEWEST_LINES = 5_000;
/** Lines printed of a selection. When doubled, browsers may run out of memory. */
const MAX_SELECTED_LINES = 50_000;

/**
 * Returns the rows to print, as a range of indexes.
 * @param {[number, number] | null} selected indexes of the first selected row and behind the last one
 * @param {number} length number of all rows
 */
export function extentOf(selected, length) {
  if (!selected) return { from: Math.max(0, length - NEWEST_LINES), to: length, isAll: length <= NEWEST_LINES };
  const [from, end] = selected;
  const to = Math.min(end, from + MAX_SELECTED_LINES);
  return { from, to, isAll: to === end };
}

/** Returns the sentence about the printed lines. @param {number} lines @param {boolean} isSelected @param {boolean} isAll */
export function extentText(lines, isSelected, isAll) {
  if (isSelected) return isAll ? plural(lines, 'selected line') : `First ${plural(lines, 'selected line')}; later ones are not printed`;
  return isAll ? plural(lines, 'line') : `Newest ${plural(lines, 'line')}; older ones are not printed`;
}

/**
 * @param {() => import('./page.js').Page} page returns the page of the focused pane, whose lines are printed
 * @param {() => [number, number] | null} selection returns its first and its last selected line
 */
export function printLines(page, selection) {
  /** @type {HTMLElement | null} */
  let paper = null;
  const remove = () => paper?.remove();
  window.addEventListener('beforeprint', () => {
    remove();
    paper = paperOf(page(), selection());
    document.body.append(paper);
  });
  window.addEventListener('afterprint', remove);
}

/** @param {import('./page.js').Page} page @param {[number, number] | null} selection */
function paperOf({ view, renderState, urlState, pane }, selection) {
  const { lines } = view.rows;
  const chosen = selection && [...view.linesBetween(...selection)];
  const { from, to, isAll } = extentOf(chosen && [0, chosen.length], view.rows.length);
  const shown = chosen ? chosen.slice(from, to) : Array.from({ length: to - from }, (_, i) => lines.at(from + i));
  // Marks and buttons are for the screen, and lines have no end that can be shown later.
  const state = Object.assign(Object.create(renderState), { matcher: null, current: -1, selection: null, fullLines: new Set(shown) });
  const paper = make('div', 'paper');
  for (const n of shown) {
    const row = document.createElement('div');
    fillRow(row, n, 0, state);
    row.querySelector('.show-all')?.remove();
    paper.append(row);
  }
  const { query, filter, chosenSources, fields, range } = urlState;
  const text = extentText(paper.querySelectorAll('.row:not(.divider)').length, selection !== null, isAll);
  const filters = [filter && query.text && `matches of ${query.text}`, ...fields.map((field) => fieldText(field, field.isExcluded ? '≠' : '=')), range && rangeText(range, renderState.zone, Date.now())];
  const parts = [text, pane || [...chosenSources].join(', '), ...filters, new Date().toLocaleString()];
  paper.prepend(make('p', '', parts.filter(Boolean).join(' · ')));
  return paper;
}
