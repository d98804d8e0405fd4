// Fills one row of the list. Log text enters the document only here and in tree.js, always as
// text nodes.

import { parseAnsi } from './ansi.js';
import { make } from './dom.js';
import { clock, hexText, instant, plural, shortenName } from './format.js';
import { findJson } from './json.js';
import { ROW_FLAG } from './rowlist.js';
import { FLAG, KIND } from './store.js';
import { timeColumn } from './timecolumn.js';
import { jsonTree } from './tree.js';

/** Maximum width of the name column in cells. When doubled, text gets less space. */
export const NAME_COLUMNS = 20;

/** Characters shown of a collapsed line. When doubled, long lines render slower. */
export const MAX_SHOWN_CHARS = 2000;

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
 * @property {Set<number>} expandedLines lines whose JSON is shown as a tree
 * @property {Set<number>} fullLines lines that are shown at full length
 */

/** @typedef {import('./ansi.js').Span & { isMatch: boolean }} StyledPart */

/**
 * Splits spans at the ends of the matched ranges.
 * @param {import('./ansi.js').Span[]} spans
 * @param {[number, number][]} ranges sorted, without overlap
 * @returns {StyledPart[]}
 */
export function splitSpans(spans, ranges) {
  /** @type {StyledPart[]} */
  const parts = [];
  let at = 0;
  let r = 0;
  for (const span of spans) {
    const end = at + span.text.length;
    for (let from = at; from < end; ) {
      while (r < ranges.length && ranges[r][1] <= from) r++;
      const [begin, stop] = ranges[r] ?? [Infinity, Infinity];
      const isMatch = begin <= from;
      const to = Math.min(end, isMatch ? stop : begin);
      parts.push({ ...span, text: span.text.slice(from - at, to - at), isMatch });
      from = to;
    }
    at = end;
  }
  return parts;
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

/** @param {StyledPart} part @returns {Node} */
function partNode({ text, style, symbol, isMatch, link }) {
  const address = link ? webAddress(link) : '';
  if (!style && !symbol && !isMatch && !address) return document.createTextNode(text);
  const element = make(isMatch ? 'mark' : 'span', symbol ? 'symbol' : '', text);
  if (style) applyStyle(element, style);
  return address ? linkNode(element, address) : element;
}

/** Returns the address if a link to it can do nothing but open a web page, or ''. @param {string} text */
function webAddress(text) {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url && /^https?:$/.test(url.protocol) ? url.href : '';
}

/** @param {HTMLElement} content @param {string} address */
function linkNode(content, address) {
  const link = /** @type {HTMLAnchorElement} */ (make('a', 'line-link'));
  link.href = link.title = address;
  link.target = '_blank';
  link.rel = 'noreferrer';
  link.append(content);
  return link;
}

/** Reports if a line ends with JSON; cheap tests run first. @param {string} text */
export function hasJson(text) {
  return /[}\]]\s*$/.test(text.slice(-8)) && /[{[]\s*(?:["\d{[]|$)/.test(text) && findJson(text) !== null;
}

/** @param {boolean} open */
function jsonButton(open) {
  const button = make('button', 'json-toggle');
  button.title = open ? 'Collapse JSON' : 'Expand JSON';
  button.setAttribute('aria-label', button.title);
  button.setAttribute('aria-expanded', String(open));
  button.tabIndex = -1;
  return button;
}

const DIMMED = Object.freeze({ fg: '', bg: '', bold: false, dim: true, italic: false, underline: false, inverse: false, strike: false });
const JSON_SYNTAX = /("[^"\\]*(?:\\.[^"\\]*)*"\s*:|[{}[\],]+)/;

/** Returns spans in which keys and brackets are dimmed. @param {string} text @returns {import('./ansi.js').Span[]} */
function jsonSpans(text) {
  return text.split(JSON_SYNTAX).map((part, i) => ({ text: part, style: i % 2 ? DIMMED : null, symbol: false }));
}

/** @param {import('./store.js').Line} line @returns {import('./ansi.js').Span[]} */
function spansOf(line) {
  if ((line.flags & FLAG.KIND) === KIND.BINARY) return [{ text: hexText(line.text), style: null, symbol: false }];
  if (line.flags & FLAG.CONTROL_CHARS) return parseAnsi(line.text);
  if (/^\s*\{"/.test(line.text)) return jsonSpans(line.text);
  return [{ text: line.text, style: null, symbol: false }];
}

/**
 * @param {HTMLElement} text element to fill
 * @param {import('./store.js').Line} line
 * @param {number} n
 * @param {boolean} isMatch
 * @param {RenderState} renderState
 */
function fillText(text, line, n, isMatch, renderState) {
  const spans = spansOf(line);
  const visible = spans.map((span) => span.text).join('');
  const ranges = (isMatch && renderState.matcher?.ranges(visible)) || [];
  const isTruncated = visible.length > MAX_SHOWN_CHARS && !renderState.fullLines.has(n) && !ranges.some(([, end]) => end > MAX_SHOWN_CHARS);
  let remaining = isTruncated ? MAX_SHOWN_CHARS : Infinity;
  for (const part of splitSpans(spans, ranges)) {
    if (remaining <= 0) break;
    text.append(partNode({ ...part, text: part.text.slice(0, remaining) }));
    remaining -= part.text.length;
  }
  if (isTruncated) text.append(showAllButton(visible.length - MAX_SHOWN_CHARS));
  if (line.flags & FLAG.MORE) text.append(make('span', 'symbol', '↩︎…'));
  return visible;
}

/** @param {number} hidden */
function showAllButton(hidden) {
  const button = make('button', 'show-all', `Show ${plural(hidden, 'more character')}`);
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
  const visible = fillText(text, line, n, isMatch, renderState);
  const expandable = hasJson(visible);
  const open = expandable && renderState.expandedLines.has(n);
  row.append(name, text);
  if (expandable) row.append(jsonButton(open));
  const json = open ? findJson(visible) : null;
  if (json) text.append(jsonTree(json));
}

/** @type {Record<string, string>} */
const GAP_REASONS = {
  evicted: 'no longer in memory or file',
  slow: 'this page read too slowly',
  truncated: 'the file was truncated',
  restart: 'a new run starts here',
  unknown: 'resume position unknown',
  asleep: 'this tab was suspended',
};

/** @param {{ lost?: number | null, reason?: string, filtered?: boolean }} gap */
export function gapText({ lost, reason = 'unknown', filtered }) {
  const isKnown = typeof lost === 'number';
  const amount = isKnown ? `${plural(lost, 'event')} lost` : reason === 'restart' ? 'ssetail restarted' : 'Lines may be missing';
  return { amount, reason: (GAP_REASONS[reason] ?? reason) + (isKnown && filtered ? '; counted before filtering' : '') };
}

/** @param {HTMLElement} row @param {import('./store.js').Line} line @param {import('./zone.js').Zone} zone */
function fillDivider(row, line, zone) {
  const control = JSON.parse(line.text);
  const text = make('div', 'divider-text');
  if (control.type === 'gap') {
    const { amount, reason } = gapText(control);
    text.append(make('strong', '', `${amount}:`), ` ${reason}`);
  } else {
    const change = control.type === 'end' ? 'ended' : control.change;
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
  if (kind <= KIND.BINARY) fillLine(row, line, n, isMatch, renderState);
  else {
    row.classList.add('divider', kind === KIND.GAP ? 'gap' : 'change');
    fillDivider(row, line, renderState.zone);
  }
}

/** Updates the classes for current and selected lines without filling the row again. @param {HTMLElement} row @param {number} n @param {RenderState} renderState */
export function showSelection(row, n, { current, selection }) {
  row.classList.toggle('current', n === current);
  row.classList.toggle('selected', selection !== null && n >= selection[0] && n <= selection[1]);
}

