// Table of keyboard shortcuts, used by the key handler and by the help dialog.

import { make } from './dom.js';

/**
 * @typedef {object} Binding
 * @property {string[]} keys values of KeyboardEvent.key
 * @property {string} label
 */

/** @type {Record<string, Binding>} */
export const BINDINGS = {
  search: { keys: ['/'], label: 'search' },
  next: { keys: ['n'], label: 'next hit' },
  previous: { keys: ['N'], label: 'previous hit' },
  filter: { keys: ['x'], label: 'only matches' },
  surroundings: { keys: ['i'], label: 'show in place' },
  follow: { keys: ['f'], label: 'follow the end' },
  start: { keys: ['g', 'Home'], label: 'first line' },
  end: { keys: ['G', 'End'], label: 'last line' },
  down: { keys: ['j'], label: 'line down' },
  up: { keys: ['k'], label: 'line up' },
  json: { keys: ['Enter', 'o'], label: 'unfold JSON' },
  copy: { keys: ['c'], label: 'copy lines' },
  link: { keys: ['l'], label: 'link to line' },
  wrap: { keys: ['w'], label: 'wrap long lines' },
  time: { keys: ['t'], label: 'arrival time' },
  names: { keys: ['s'], label: 'source names' },
  errors: { keys: ['e'], label: 'only errors' },
  side: { keys: ['b'], label: 'list of sources' },
  all: { keys: ['0'], label: 'all sources' },
  source: { keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'], label: 'one source' },
  help: { keys: ['?'], label: 'this help' },
  escape: { keys: ['Escape'], label: 'leave, clear' },
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
