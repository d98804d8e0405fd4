// Fills one row of the list: time, name, columns, and the text of linetext.js.

import { make } from './dom.js';
import { showFolds, updateFolds } from './foldrow.js';
import { clock, endText, instant, plural, shortenName } from './format.js';
import { contentOf, fillText } from './linetext.js';
import { ROW_FLAG } from './rowlist.js';
import { FLAG, KIND } from './store.js';
import { timeColumn } from './timecolumn.js';

/** Maximum width of the name column in cells. When doubled, text gets less space. */
export const NAME_COLUMNS = 20;
/** Characters of a row that cannot be shown as usual. When doubled, such a row may be higher. */
const MAX_PLAIN_CHARS = 1_000;

/**
 * State that all rows depend on, in addition to their lines.
 * @typedef {object} RenderState
 * @property {import('./store.js').Store} store
 * @property {string[]} names
 * @property {(source: number) => number} hueOf
 * @property {import('./query.js').Matcher | null} matcher
 * @property {import('./timecolumn.js').TimeContent} time
 * @property {import('./zone.js').Zone} zone
 * @property {number} current line number, or -1
 * @property {[number, number] | null} selection first and last line number
 * @property {Set<number>} expandedLines lines whose fields are shown as a tree
 * @property {Set<number>} fullLines lines that are shown at full length
 * @property {import('./folds.js').Folds} [folds] what is folded under rows
 * @property {boolean} records shows JSON and logfmt as records
 * @property {import('./columns.js').Columns} columns fields that are shown as columns
 * @property {() => number} screenColumns returns the cells of a screen row; 0 if lines are not wrapped
 */

/** @param {boolean} open */
function jsonButton(open) {
  const button = make('button', 'json-toggle');
  button.title = open ? 'Hide fields' : 'Show fields';
  button.setAttribute('aria-label', button.title);
  button.setAttribute('aria-expanded', String(open));
  button.tabIndex = -1;
  return button;
}

/**
 * @param {HTMLElement} row
 * @param {import('./store.js').Line} line
 * @param {number} n
 * @param {boolean} isMatch
 * @param {RenderState} renderState
 */
function fillLine(row, line, n, isMatch, renderState) {
  if (renderState.time !== 'off') row.append(timeColumn(line, renderState));
  const name = make('span', 'name', shortenName(renderState.names[line.source], NAME_COLUMNS));
  name.title = renderState.names[line.source];
  const text = make('div', 'text');
  const content = contentOf(line, n, isMatch, renderState);
  fillText(text, content, renderState.fullLines.has(n), renderState.screenColumns());
  if (line.flags & FLAG.MORE) text.append(make('span', 'symbol', '↩︎…'));
  row.append(name);
  if (renderState.columns.keys.length) row.append(renderState.columns.cells(content.record));
  row.append(text);
  if (content.tree) row.append(jsonButton(content.isOpen));
}

const GAP_REASONS = new Map(Object.entries({
  evicted: 'no longer in memory or file',
  slow: 'this page read too slowly',
  truncated: 'the file was truncated',
  restart: 'a new run starts here',
  unknown: 'resume position unknown',
  asleep: 'this tab was suspended',
}));

/** @param {{ lost?: number | null, reason?: string, filtered?: boolean }} gap */
export function gapText({ lost, reason = 'unknown', filtered }) {
  const isKnown = typeof lost === 'number';
  const amount = isKnown ? `${plural(lost, 'event')} lost` : reason === 'restart' ? 'ssetail restarted' : 'Lines may be missing';
  return { amount, reason: (GAP_REASONS.get(reason) ?? reason) + (isKnown && filtered ? '; counted before filtering' : '') };
}

/** @param {HTMLElement} row @param {import('./store.js').Line} line @param {import('./zone.js').Zone} zone */
function fillDivider(row, line, zone) {
  const control = JSON.parse(line.text);
  const text = make('div', 'divider-text');
  if (control.type === 'gap') {
    const { amount, reason } = gapText(control);
    if (control.file !== undefined) text.append(make('span', 'name-inline', control.file), ' ');
    text.append(make('strong', '', `${amount}:`), ` ${reason}`);
  } else {
    const change = control.type === 'end' ? endText(control) : control.change;
    text.append(make('span', 'name-inline', control.file), ` ${change}`);
  }
  const time = make('time', '', clock(line.time, zone).slice(0, 8));
  time.title = instant(line.time);
  text.append(' ', time);
  row.append(text);
}

/**
 * @param {HTMLElement} row
 * @param {number} n
 * @param {number} flags bits of ROW_FLAG
 * @param {RenderState} renderState
 */
export function fillRow(row, n, flags, renderState) {
  const line = renderState.store.line(n);
  const kind = line.flags & FLAG.KIND;
  row.replaceChildren();
  row.dataset.n = String(n);
  row.className = `row s${renderState.hueOf(line.source)} l${line.level}`;
  const isMatch = (flags & ROW_FLAG.MATCH) !== 0;
  row.classList.toggle('context-line', (flags & ROW_FLAG.CONTEXT) !== 0);
  row.classList.toggle('break', (flags & ROW_FLAG.BREAK) !== 0);
  row.classList.toggle('binary', kind === KIND.BINARY);
  showSelection(row, n, renderState);
  if (kind <= KIND.BINARY) {
    fillLine(row, line, n, isMatch, renderState);
    if (renderState.folds) showFolds(row, n, renderState.folds);
  } else {
    row.classList.add('divider', kind === KIND.GAP ? 'gap' : 'change');
    fillDivider(row, line, renderState.zone);
  }
}

/**
 * Fills a row with nothing but the beginning of its line, because more cannot be shown.
 * @param {HTMLElement} row
 * @param {number} n
 * @param {import('./store.js').Store} store
 */
export function fillPlain(row, n, store) {
  const text = store.holds(n) ? store.line(n).text.slice(0, MAX_PLAIN_CHARS) : '';
  row.dataset.n = String(n);
  row.className = 'row l0';
  row.replaceChildren(make('div', 'text', text.replace(/\p{C}/gu, '\ufffd')));
}

/** Updates the buttons and the level of a row without filling the row again. @param {HTMLElement} row @param {number} n @param {RenderState} renderState */
export function updateHead(row, n, { store, folds }) {
  if (!folds || !store.holds(n)) return;
  const level = `l${store.line(n).level}`;
  if (!row.classList.contains(level)) row.className = row.className.replace(/\bl\d\b/, level);
  updateFolds(row, n, folds);
}

/** Updates the classes for current and selected lines without filling the row again. @param {HTMLElement} row @param {number} n @param {RenderState} renderState */
export function showSelection(row, n, { current, selection }) {
  row.classList.toggle('current', n === current);
  row.classList.toggle('selected', selection !== null && n >= selection[0] && n <= selection[1]);
}

