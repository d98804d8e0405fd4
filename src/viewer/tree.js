// Renders a JSON value as an expandable tree, with the line height of the rows.

import { make } from './dom.js';

/** Open levels of a new tree. When doubled, large values fill the screen. */
const OPEN_DEPTH = 2;
/** Children shown per node. When doubled, large arrays open more slowly. */
const MAX_CHILDREN = 500;

/**
 * Finds a JSON object or array at the end of a line.
 * @param {string} text
 * @returns {{ value: object } | null}
 */
export function findJson(text) {
  const start = text.search(/[{[]/);
  if (start < 0 || !/[}\]]\s*$/.test(text)) return null;
  for (const at of new Set([start, text.indexOf('{')])) {
    const value = at < 0 ? undefined : tryParse(text.slice(at));
    if (value !== null && typeof value === 'object' && Object.keys(value).length > 0) return { value };
  }
  return null;
}

/** @param {string} text @returns {unknown} */
function tryParse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {string} key */
function label(key) {
  return make('span', 'j-key', `${key}: `);
}

/** @param {object} value */
function summaryOf(value) {
  const size = Object.keys(value).length;
  return Array.isArray(value) ? `[${size}]` : `{${size}}`;
}

/** @param {string} key @param {unknown} value @param {number} depth @returns {HTMLElement} */
function node(key, value, depth) {
  if (value !== null && typeof value === 'object') return branch(key, value, depth);
  const leaf = make('div', 'j-leaf');
  const kind = value === null ? 'null' : typeof value;
  leaf.append(label(key), make('span', `j-${kind}`, typeof value === 'string' ? value : String(value)));
  return leaf;
}

/** @param {string} key @param {object} value @param {number} depth */
function branch(key, value, depth) {
  const details = /** @type {HTMLDetailsElement} */ (make('details', 'j-branch'));
  const summary = make('summary', '');
  summary.append(label(key), make('span', 'j-size', summaryOf(value)));
  details.append(summary);
  details.open = depth < OPEN_DEPTH;
  fillWhenOpen(details, value, depth);
  return details;
}

/** @param {HTMLDetailsElement} details @param {object} value @param {number} depth */
function fillWhenOpen(details, value, depth) {
  let filled = false;
  const fill = () => {
    if (filled || !details.open) return;
    filled = true;
    details.append(children(value, depth + 1));
  };
  fill();
  details.addEventListener('toggle', fill);
}

/** @param {object} value @param {number} depth */
function children(value, depth) {
  const block = make('div', 'j-children');
  const entries = Object.entries(value);
  for (const [key, child] of entries.slice(0, MAX_CHILDREN)) block.append(node(key, child, depth));
  if (entries.length > MAX_CHILDREN) block.append(make('div', 'j-size', `… ${entries.length - MAX_CHILDREN} more`));
  return block;
}

/** @param {object} value @returns {HTMLElement} */
export function jsonTree(value) {
  const tree = make('div', 'tree');
  tree.append(children(value, 0));
  return tree;
}
