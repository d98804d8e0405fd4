// Chooses the text that a row shows for its line: the record of JSON and logfmt, or the line
// itself.

import { parseAnsi } from './ansi.js';
import { make } from './dom.js';
import { foldAt } from './fold.js';
import { count, hexText } from './format.js';
import { findJson, parseJson } from './json.js';
import { appendParts, linkParts, splitPieces, splitSpans } from './parts.js';
import { covers, piecesOf, recordOf } from './record.js';
import { dimTime } from './statedtime.js';
import { FLAG, KIND } from './store.js';
import { fieldTree } from './tree.js';

/**
 * @typedef {object} Content
 * @property {string} visible the line without control characters
 * @property {import('./record.js').Record | null} record fields of the line
 * @property {boolean} isRecord the row shows the record in place of the line
 * @property {import('./parts.js').Part[]} parts text of the row
 * @property {import('./json.js').JsonNode | null} tree fields that can be unfolded
 * @property {boolean} isOpen the tree is unfolded
 */

const DIMMED = Object.freeze({ fg: '', bg: '', bold: false, dim: true, italic: false, underline: false, inverse: false, strike: false });
/** String, which may lack its end and thus is read once, with the colon of a key; or brackets. */
const JSON_SYNTAX = /"[^"\\]*(?:\\[^][^"\\]*)*(?:"(\s*:)?|\\?$)|[{}[\],]+/g;

/**
 * Returns spans in which keys and brackets are dimmed.
 * @param {string} text
 * @param {number} end of the text that is shown, behind which nothing is dimmed
 * @returns {import('./ansi.js').Span[]}
 */
export function jsonSpans(text, end) {
  /** @type {import('./ansi.js').Span[]} */
  const spans = [];
  let at = 0;
  for (const { 0: token, 1: colon, index } of text.slice(0, end).matchAll(JSON_SYNTAX)) {
    if (token[0] === '"' && !colon) continue;
    if (index > at) spans.push({ text: text.slice(at, index), style: null, symbol: false });
    spans.push({ text: token, style: DIMMED, symbol: false });
    at = index + token.length;
  }
  if (at < text.length) spans.push({ text: text.slice(at), style: null, symbol: false });
  return spans;
}

/** @param {import('./store.js').Line} line @returns {import('./ansi.js').Span[]} */
function spansOf(line) {
  if ((line.flags & FLAG.KIND) === KIND.BINARY) return [{ text: hexText(line.text), style: null, symbol: false }];
  if (line.flags & FLAG.CONTROL_CHARS) return parseAnsi(line.text);
  return [{ text: line.text, style: null, symbol: false }];
}

/** Returns the JSON at the end of a line that is not shown as a record. @param {string} text */
function treeOf(text) {
  const mayHaveJson = /[}\]]\s*$/.test(text.slice(-8)) && /[{[]\s*(?:["\d{[]|$)/.test(text);
  const source = mayHaveJson ? findJson(text) : null;
  return source === null ? null : parseJson(source);
}

/**
 * @param {import('./store.js').Line} line
 * @param {number} n
 * @param {boolean} isMatch
 * @param {import('./row.js').RenderState} renderState
 * @returns {Content}
 */
export function contentOf(line, n, isMatch, { matcher, records, columns, expandedLines, fullLines, screenColumns, time }) {
  const spans = spansOf(line);
  const visible = spans.length === 1 ? spans[0].text : spans.map((span) => span.text).join('');
  const isText = (line.flags & FLAG.KIND) === KIND.LINE;
  const record = isText ? recordOf(visible) : null;
  const tree = record?.tree ?? (isText ? treeOf(visible) : null);
  const isOpen = tree !== null && expandedLines.has(n);
  const ranges = (isMatch && matcher?.ranges(visible)) || [];
  const common = { visible, record, tree, isOpen };
  if (record && records) {
    const pieces = piecesOf(record, columns.keys);
    if (isOpen) return { ...common, isRecord: true, parts: splitPieces(pieces.slice(0, record.prefix ? 1 : 0), []) };
    // A match in text that the record does not show is shown in the line itself.
    if (covers(pieces, ranges)) return { ...common, isRecord: true, parts: splitPieces(pieces, ranges) };
  }
  const isJson = isText && !(line.flags & FLAG.CONTROL_CHARS) && /^\s*\{"/.test(visible);
  const isWhole = isJson && (fullLines.has(n) || ranges.length > 0);
  const shown = isJson ? jsonSpans(visible, isWhole ? Infinity : foldAt(visible, screenColumns())) : spans;
  return { ...common, isRecord: false, parts: splitSpans(time === 'line' ? dimTime(shown, line) : shown, ranges) };
}

/** Returns the text of a row; '' of a record that is unfolded. @param {Content} content */
export function rowText({ isRecord, isOpen, parts }) {
  return isRecord && isOpen ? '' : parts.map((part) => part.text).join('');
}

/**
 * @param {HTMLElement} element element to fill
 * @param {Content} content
 * @param {boolean} isFull shows the whole line
 * @param {number} columns see fold.js
 */
export function fillText(element, { parts, tree, isOpen, isRecord }, isFull, columns) {
  const text = parts.length === 1 ? parts[0].text : parts.map((part) => part.text).join('');
  const fold = foldAt(text, columns);
  const isFoldable = fold < text.length && fold >= lastMatch(parts);
  const limit = isFoldable && !isFull ? fold : Infinity;
  appendParts(element, linkParts(parts, limit), limit);
  if (isFoldable) element.append(isFull ? foldButton() : showAllButton(text.length - limit));
  if (!tree || !isOpen) return;
  if (isRecord) element.classList.add('unfolded');
  element.append(fieldTree(tree));
}

/** Returns the end of the last match, or 0. @param {import('./parts.js').Part[]} parts */
function lastMatch(parts) {
  let at = 0;
  let last = 0;
  for (const { text, isMatch } of parts) {
    at += text.length;
    if (isMatch) last = at;
  }
  return last;
}

/** @param {number} hidden number of characters */
function showAllButton(hidden) {
  const button = make('button', 'show-all', `${count(hidden)} more characters`);
  button.title = 'Show the whole line';
  button.ariaExpanded = 'false';
  button.tabIndex = -1;
  return button;
}

/** Returns the button of a long line that is shown whole. */
function foldButton() {
  const button = make('button', 'show-all', 'Fold line');
  button.ariaExpanded = 'true';
  button.tabIndex = -1;
  return button;
}
