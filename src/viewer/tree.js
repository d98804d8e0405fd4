// A JSON value as a readable, foldable tree. Every line of it is as tall as a row's line.

const OPEN_DEPTH = 2;
const MOST_CHILDREN = 500;

/**
 * Finds the JSON in a line: the whole line, or an object or array at its end.
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

/** @param {string} tag @param {string} className @param {string} [text] */
function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** @param {string} key */
function label(key) {
  return element('span', 'j-key', `${key}: `);
}

/** @param {object} value */
function summaryOf(value) {
  const size = Object.keys(value).length;
  return Array.isArray(value) ? `[${size}]` : `{${size}}`;
}

/** @param {string} key @param {unknown} value @param {number} depth @returns {HTMLElement} */
function node(key, value, depth) {
  if (value !== null && typeof value === 'object') return branch(key, value, depth);
  const leaf = element('div', 'j-leaf');
  const kind = value === null ? 'null' : typeof value;
  leaf.append(label(key), element('span', `j-${kind}`, typeof value === 'string' ? value : String(value)));
  return leaf;
}

/** @param {string} key @param {object} value @param {number} depth */
function branch(key, value, depth) {
  const details = /** @type {HTMLDetailsElement} */ (element('details', 'j-branch'));
  const summary = element('summary', '');
  summary.append(label(key), element('span', 'j-size', summaryOf(value)));
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
  const block = element('div', 'j-children');
  const entries = Object.entries(value);
  for (const [key, child] of entries.slice(0, MOST_CHILDREN)) block.append(node(key, child, depth));
  if (entries.length > MOST_CHILDREN) block.append(element('div', 'j-size', `… ${entries.length - MOST_CHILDREN} more`));
  return block;
}

/** @param {object} value @returns {HTMLElement} */
export function jsonTree(value) {
  const tree = element('div', 'tree');
  tree.append(children(value, 0));
  return tree;
}
