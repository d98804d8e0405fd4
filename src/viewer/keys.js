// Table of keyboard shortcuts, used by the key handler and by the help dialog.

import { make } from './dom.js';

/**
 * @typedef {object} Binding
 * @property {string[]} keys values of KeyboardEvent.key; `Ctrl+F` and `Shift+↓` are only listed, and handled by Controls
 * @property {string} label
 */

/** @type {Record<string, Binding>} */
export const BINDINGS = {
  search: { keys: ['/', 'Ctrl+F'], label: 'Search' },
  next: { keys: ['n'], label: 'Next match' },
  previous: { keys: ['N'], label: 'Previous match' },
  filter: { keys: ['x'], label: 'Show matches only' },
  clear: { keys: ['X'], label: 'Clear filters' },
  surroundings: { keys: ['i'], label: 'Show in context' },
  follow: { keys: ['f'], label: 'Follow new lines' },
  start: { keys: ['Home'], label: 'First line' },
  end: { keys: ['G', 'End'], label: 'Last line' },
  jump: { keys: ['g'], label: 'Go to time' },
  down: { keys: ['j'], label: 'Next line' },
  up: { keys: ['k'], label: 'Previous line' },
  json: { keys: ['Enter', 'o'], label: 'Unfold entry, show fields' },
  fold: { keys: ['z'], label: 'Fold entries' },
  extend: { keys: ['Shift+↓', 'Shift+↑'], label: 'Select more lines' },
  copy: { keys: ['c'], label: 'Copy lines' },
  link: { keys: ['l'], label: 'Copy link to selected lines' },
  wrap: { keys: ['w'], label: 'Wrap long lines' },
  time: { keys: ['t'], label: 'Time: of line, arrival, age, off' },
  nextError: { keys: ['e'], label: 'Next error' },
  previousError: { keys: ['E'], label: 'Previous error' },
  records: { keys: ['r'], label: 'JSON and logfmt as records' },
  names: { keys: ['S'], label: 'Show source names' },
  sources: { keys: ['s'], label: 'Find a source' },
  side: { keys: ['b'], label: 'Show sources' },
  all: { keys: ['0'], label: 'All sources' },
  source: { keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'], label: 'One source' },
  help: { keys: ['?'], label: 'Keyboard shortcuts' },
  escape: { keys: ['Escape'], label: 'Clear search or selection' },
};

/** @param {string} key @returns {string | undefined} name of the binding */
export function bindingOf(key) {
  return Object.keys(BINDINGS).find((name) => BINDINGS[name].keys.includes(key));
}

/** Reports if the focused element uses the key itself. @param {KeyboardEvent} event */
export function isTyping({ target, key }) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('dialog, [popover]')) return true;
  if (target.matches('input, select, textarea')) return true;
  return key === 'Enter' && target.matches('button, summary');
}

/** Fills the list of the help dialog. @param {HTMLElement} list */
export function listKeys(list) {
  for (const { keys, label } of Object.values(BINDINGS)) {
    const item = make('div', '');
    const detail = make('dd', '');
    const shown = keys.length > 3 ? [`${keys[0]}…${keys.at(-1)}`] : keys;
    for (const key of shown) detail.append(make('kbd', '', key));
    item.append(make('dt', '', label), detail);
    list.append(item);
  }
}
