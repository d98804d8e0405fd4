// Fills one row of the list: the only place where log text becomes DOM, always as text nodes.

import { parseAnsi } from './ansi.js';
import { ago, clock, hexText, instant, plural, shortName } from './format.js';
import { FLAG, KIND } from './store.js';
import { findJson, jsonTree } from './tree.js';
import { MARK } from './rowlist.js';

/** The widest that the column of names gets. */
export const NAME_COLUMNS = 20;

/** Longer lines are cut off on screen until they are asked for. */
export const CLIP = 2000;

/**
 * Everything a row's look depends on, besides its line.
 * @typedef {object} Look
 * @property {import('./store.js').Store} store
 * @property {string[]} names
 * @property {(source: number) => number} hueOf
 * @property {import('./query.js').Matcher | null} matcher
 * @property {'off' | 'clock' | 'ago'} time
 * @property {number} current line number, or -1
 * @property {[number, number] | null} selection first and last line number
 * @property {Set<number>} unfolded lines whose JSON is shown as a tree
 * @property {Set<number>} unclipped lines that are shown at full length
 */

/** @typedef {import('./ansi.js').Span & { found: boolean }} Piece */

/** @param {string} tag @param {string} className @param {string} [text] */
function make(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  if (text) element.textContent = text;
  return element;
}

/**
 * Cuts spans at the ends of the found ranges.
 * @param {import('./ansi.js').Span[]} spans
 * @param {[number, number][]} ranges sorted, apart
 * @returns {Piece[]}
 */
export function cutSpans(spans, ranges) {
  /** @type {Piece[]} */
  const pieces = [];
  let at = 0;
  let r = 0;
  for (const span of spans) {
    const end = at + span.text.length;
    for (let from = at; from < end; ) {
      while (r < ranges.length && ranges[r][1] <= from) r++;
      const [begin, stop] = ranges[r] ?? [Infinity, Infinity];
      const found = begin <= from;
      const to = Math.min(end, found ? stop : begin);
      pieces.push({ ...span, text: span.text.slice(from - at, to - at), found });
      from = to;
    }
    at = end;
  }
  return pieces;
}

/** @param {HTMLElement} element @param {import('./ansi.js').Style} style */
function applyStyle(element, style) {
  const { fg, bg } = style.inverse ? { fg: style.bg || 'inverse-fg', bg: style.fg || 'inverse-bg' } : style;
  for (const [property, colour] of [['fg', fg], ['bg', bg]]) {
    if (colour.startsWith('rgb')) {
      element.classList.add(property);
      element.style.setProperty(`--paint-${property}`, colour);
    } else if (colour) element.classList.add(`${property}-${colour}`);
  }
  for (const name of /** @type {const} */ (['bold', 'dim', 'italic', 'underline', 'strike'])) {
    if (style[name]) element.classList.add(name);
  }
}

/** @param {Piece} piece @returns {Node} */
function pieceNode({ text, style, symbol, found }) {
  if (!style && !symbol && !found) return document.createTextNode(text);
  const element = make(found ? 'mark' : 'span', symbol ? 'symbol' : '', text);
  if (style) applyStyle(element, style);
  return element;
}

/** Whether a line is worth a fold button; cheap signs come first. @param {string} text */
export function mayFold(text) {
  return /[}\]]\s*$/.test(text.slice(-8)) && /[{[]\s*(?:["\d{[]|$)/.test(text) && findJson(text) !== null;
}

/** @param {boolean} open */
function foldButton(open) {
  const button = make('button', 'fold');
  button.title = open ? 'Fold' : 'Unfold JSON';
  button.setAttribute('aria-label', button.title);
  button.setAttribute('aria-expanded', String(open));
  button.tabIndex = -1;
  return button;
}

const QUIET = Object.freeze({ fg: '', bg: '', bold: false, dim: true, italic: false, underline: false, inverse: false, strike: false });
const JSON_NOISE = /("(?:[^"\\]|\\.)*"\s*:|[{}[\],]+)/;

/** JSON with its keys and brackets stepping back behind its values. @param {string} text @returns {import('./ansi.js').Span[]} */
function jsonSpans(text) {
  return text.split(JSON_NOISE).map((part, i) => ({ text: part, style: i % 2 ? QUIET : null, symbol: false }));
}

/** @param {import('./store.js').Line} line @returns {import('./ansi.js').Span[]} */
function spansOf(line) {
  if ((line.flags & FLAG.KIND) === KIND.BINARY) return [{ text: hexText(line.text), style: null, symbol: false }];
  if (line.flags & FLAG.SPECIAL) return parseAnsi(line.text);
  if (/^\s*\{"/.test(line.text)) return jsonSpans(line.text);
  return [{ text: line.text, style: null, symbol: false }];
}

/**
 * @param {HTMLElement} text where it goes
 * @param {import('./store.js').Line} line
 * @param {number} n
 * @param {boolean} hit
 * @param {Look} look
 */
function fillText(text, line, n, hit, look) {
  const spans = spansOf(line);
  const visible = spans.map((span) => span.text).join('');
  const ranges = (hit && look.matcher?.ranges(visible)) || [];
  const clipped = visible.length > CLIP && !look.unclipped.has(n) && !ranges.some(([, end]) => end > CLIP);
  let room = clipped ? CLIP : Infinity;
  for (const piece of cutSpans(spans, ranges)) {
    if (room <= 0) break;
    text.append(pieceNode({ ...piece, text: piece.text.slice(0, room) }));
    room -= piece.text.length;
  }
  if (clipped) text.append(clipButton(visible.length - CLIP));
  if (line.flags & FLAG.MORE) text.append(make('span', 'symbol', '↩︎…'));
  return visible;
}

/** @param {number} hidden */
function clipButton(hidden) {
  const button = make('button', 'unclip', `+ ${plural(hidden, 'character')}`);
  button.tabIndex = -1;
  return button;
}

/** @param {number} time @param {Look['time']} style */
function timeColumn(time, style) {
  const column = make('time', 'time', style === 'ago' ? ago(time, Date.now()) : clock(time));
  column.title = instant(time);
  return column;
}

/**
 * @param {HTMLElement} row
 * @param {import('./store.js').Line} line
 * @param {number} n
 * @param {boolean} hit
 * @param {Look} look
 */
function fillLine(row, line, n, hit, look) {
  if (look.time !== 'off') row.append(timeColumn(line.time, look.time));
  const name = make('span', 'name', shortName(look.names[line.source], NAME_COLUMNS));
  name.title = look.names[line.source];
  const text = make('div', 'text');
  const visible = fillText(text, line, n, hit, look);
  const foldable = mayFold(visible);
  const open = foldable && look.unfolded.has(n);
  row.append(name, text);
  if (foldable) row.append(foldButton(open));
  const json = open ? findJson(visible) : null;
  if (json) text.append(jsonTree(json.value));
}

/** @type {Record<string, string>} */
const REASONS = {
  evicted: 'no longer held, nor in the file',
  slow: 'this page read too slowly',
  truncated: 'their file was truncated',
  restart: 'below is what it holds now',
  unknown: 'the place to resume from is not known',
  asleep: 'this tab slept for too long',
};

/** @param {{ lost?: number | null, reason?: string, filtered?: boolean }} gap */
export function gapText({ lost, reason = 'unknown', filtered }) {
  const known = typeof lost === 'number';
  const amount = known ? `${plural(lost, 'event')} lost` : reason === 'restart' ? 'ssetail restarted' : 'lines may be missing';
  return { amount, reason: (REASONS[reason] ?? reason) + (known && filtered ? '; counted before filtering' : '') };
}

/** @param {HTMLElement} row @param {import('./store.js').Line} line */
function fillRuler(row, line) {
  const control = JSON.parse(line.text);
  const text = make('div', 'ruler-text');
  if (control.type === 'gap') {
    const { amount, reason } = gapText(control);
    text.append(make('strong', '', amount), ` ${reason}`);
  } else {
    const what = control.type === 'end' ? 'ended' : control.change;
    text.append(make('span', 'name-inline', control.file), ` ${what}`);
  }
  const time = make('time', '', clock(line.time).slice(0, 8));
  time.title = instant(line.time);
  text.append(' ', time);
  row.append(text);
}

/**
 * Makes `row` show line `n`.
 * @param {HTMLElement} row
 * @param {number} n
 * @param {number} mark
 * @param {Look} look
 */
export function fillRow(row, n, mark, look) {
  const line = look.store.line(n);
  const kind = line.flags & FLAG.KIND;
  row.replaceChildren();
  row.dataset.n = String(n);
  row.className = `row s${look.hueOf(line.source)} l${line.level}`;
  const hit = (mark & MARK.HIT) !== 0;
  row.classList.toggle('hit', hit);
  row.classList.toggle('near', (mark & MARK.CONTEXT) !== 0);
  row.classList.toggle('break', (mark & MARK.BREAK) !== 0);
  row.classList.toggle('binary', kind === KIND.BINARY);
  markRow(row, n, look);
  if (kind <= KIND.BINARY) fillLine(row, line, n, hit, look);
  else {
    row.classList.add('ruler', kind === KIND.GAP ? 'gap' : kind === KIND.END ? 'end' : 'change');
    fillRuler(row, line);
  }
}

/** Shows what moves often, without filling the row again. @param {HTMLElement} row @param {number} n @param {Look} look */
export function markRow(row, n, { current, selection }) {
  row.classList.toggle('current', n === current);
  row.classList.toggle('selected', selection !== null && n >= selection[0] && n <= selection[1]);
}

