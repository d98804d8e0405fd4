// Renders JSON as an expandable tree, with the line height of the rows.

import { make } from './dom.js';
import { parseJson, stringParts } from './json.js';

/** Open levels of a new tree. When doubled, large values fill the screen. */
const OPEN_DEPTH = 2;
/** Children shown per node. When doubled, large arrays open more slowly. */
const MAX_CHILDREN = 500;

/** @typedef {import('./json.js').JsonNode} JsonNode */

/** @param {HTMLElement} element @param {string} text text between the quotes of a string */
function appendString(element, text) {
  for (const part of stringParts(text)) element.append(part.isEscape ? make('span', 'symbol', part.text) : part.text);
}

/** @param {JsonNode} json @param {number} index */
function label({ key }, index) {
  const element = make('span', 'j-key');
  appendString(element, key ?? String(index));
  element.append(': ');
  return element;
}

/** @param {JsonNode} json */
function summaryOf({ kind, children }) {
  return kind === 'array' ? `[${children.length}]` : `{${children.length}}`;
}

/** @param {JsonNode} json @param {number} index @param {number} depth @returns {HTMLElement} */
function node(json, index, depth) {
  if (json.kind === 'object' || json.kind === 'array') return branch(json, index, depth);
  const leaf = make('div', 'j-leaf');
  const value = make('span', `j-${json.kind}`);
  if (json.kind === 'string') appendString(value, json.text);
  else value.append(json.text);
  leaf.append(label(json, index), value);
  return leaf;
}

/** @param {JsonNode} json @param {number} index @param {number} depth */
function branch(json, index, depth) {
  const details = /** @type {HTMLDetailsElement} */ (make('details', 'j-branch'));
  const summary = make('summary', '');
  summary.append(label(json, index), make('span', 'j-size', summaryOf(json)));
  details.append(summary);
  details.open = depth < OPEN_DEPTH;
  fillWhenOpen(details, json, depth);
  return details;
}

/** @param {HTMLDetailsElement} details @param {JsonNode} json @param {number} depth */
function fillWhenOpen(details, json, depth) {
  let filled = false;
  const fill = () => {
    if (filled || !details.open) return;
    filled = true;
    details.append(children(json, depth + 1));
  };
  fill();
  details.addEventListener('toggle', fill);
}

/** @param {JsonNode} json @param {number} depth */
function children(json, depth) {
  const block = make('div', 'j-children');
  const shown = json.children.slice(0, MAX_CHILDREN);
  for (const [index, child] of shown.entries()) block.append(node(child, index, depth));
  const hidden = json.children.length - shown.length;
  if (hidden > 0) block.append(make('div', 'j-size', `… ${hidden} more`));
  return block;
}

/** @param {string} source a valid object or array @returns {HTMLElement} */
export function jsonTree(source) {
  const tree = make('div', 'tree');
  tree.append(children(parseJson(source), 0));
  return tree;
}
