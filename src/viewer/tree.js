// Renders the fields of JSON or logfmt as an expandable tree, with the line height of the rows.

import { make } from './dom.js';
import { setField } from './fieldmark.js';
import { decode, stringParts } from './json.js';

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

/**
 * @param {JsonNode} json
 * @param {number} index
 * @param {number} depth
 * @param {string} path key of the parent and a dot, or ''
 * @returns {HTMLElement}
 */
function node(json, index, depth, path) {
  const { key, kind, text } = json;
  if (kind === 'object' || kind === 'array') return branch(json, index, depth, path);
  const leaf = make('div', 'j-leaf');
  // A word of logfmt that is no pair has no key, and no value.
  if (kind === 'text' && key === '') return (leaf.append(text), leaf);
  const value = make('span', `field j-${kind === 'text' ? 'string' : kind}`);
  if (kind === 'string') appendString(value, text);
  else value.append(text);
  value.tabIndex = 0;
  value.setAttribute('role', 'button');
  value.setAttribute('aria-haspopup', 'menu');
  leaf.append(label(json, index), setField(value, { key: path + keyOf(json, index), value: kind === 'string' ? decode(text) : text }));
  return leaf;
}

/** @param {JsonNode} json @param {number} index */
const keyOf = ({ key }, index) => (key === null ? String(index) : decode(key));

/** @param {JsonNode} json @param {number} index @param {number} depth @param {string} path */
function branch(json, index, depth, path) {
  const details = /** @type {HTMLDetailsElement} */ (make('details', 'j-branch'));
  const summary = make('summary', '');
  summary.append(label(json, index), make('span', 'j-size', summaryOf(json)));
  details.append(summary);
  details.open = depth < OPEN_DEPTH;
  fillWhenOpen(details, json, depth, `${path}${keyOf(json, index)}.`);
  return details;
}

/**
 * @param {HTMLDetailsElement} details
 * @param {JsonNode} json
 * @param {number} depth
 * @param {string} path
 */
function fillWhenOpen(details, json, depth, path) {
  let filled = false;
  const fill = () => {
    if (filled || !details.open) return;
    filled = true;
    details.append(children(json, depth + 1, path));
  };
  fill();
  details.addEventListener('toggle', fill);
}

/** @param {JsonNode} json @param {number} depth @param {string} path */
function children(json, depth, path) {
  const block = make('div', 'j-children');
  const shown = json.children.slice(0, MAX_CHILDREN);
  for (const [index, child] of shown.entries()) block.append(node(child, index, depth, path));
  const hidden = json.children.length - shown.length;
  if (hidden > 0) block.append(make('div', 'j-size', `… ${hidden} more`));
  return block;
}

/** @param {JsonNode} json an object or array @returns {HTMLElement} */
export function fieldTree(json) {
  const tree = make('div', 'tree');
  tree.append(children(json, 0, ''));
  return tree;
}
