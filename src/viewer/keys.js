// The keyboard: which key does what, in one table that the help shows too.

/**
 * @typedef {object} Binding
 * @property {string[]} keys as KeyboardEvent.key names them
 * @property {string} what
 */

/** @type {Record<string, Binding>} */
export const BINDINGS = {
  search: { keys: ['/'], what: 'search' },
  next: { keys: ['n'], what: 'next hit' },
  previous: { keys: ['N'], what: 'previous hit' },
  filter: { keys: ['x'], what: 'only hits' },
  place: { keys: ['i'], what: 'show in place' },
  follow: { keys: ['f'], what: 'follow the end' },
  start: { keys: ['g', 'Home'], what: 'first line' },
  end: { keys: ['G', 'End'], what: 'last line' },
  down: { keys: ['j'], what: 'line down' },
  up: { keys: ['k'], what: 'line up' },
  unfold: { keys: ['Enter', 'o'], what: 'unfold JSON' },
  copy: { keys: ['c'], what: 'copy lines' },
  link: { keys: ['l'], what: 'link to line' },
  wrap: { keys: ['w'], what: 'wrap long lines' },
  time: { keys: ['t'], what: 'arrival time' },
  names: { keys: ['s'], what: 'source names' },
  errors: { keys: ['e'], what: 'only errors' },
  side: { keys: ['b'], what: 'list of sources' },
  all: { keys: ['0'], what: 'all sources' },
  source: { keys: ['1', '2', '3', '4', '5', '6', '7', '8', '9'], what: 'one source' },
  help: { keys: ['?'], what: 'this help' },
  escape: { keys: ['Escape'], what: 'leave, clear' },
};

/** @param {string} key @returns {string | undefined} the name of what it does */
export function bindingOf(key) {
  return Object.keys(BINDINGS).find((name) => BINDINGS[name].keys.includes(key));
}

/** Whether a key belongs to the control that has the focus. @param {KeyboardEvent} event */
export function isTyping({ target, key }) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest('dialog, [popover]')) return true;
  if (target.matches('input, select, textarea')) return true;
  return key === 'Enter' && target.matches('button, summary');
}

/** @param {HTMLElement} list */
export function listKeys(list) {
  for (const { keys, what } of Object.values(BINDINGS)) {
    const item = document.createElement('div');
    const term = document.createElement('dt');
    const detail = document.createElement('dd');
    term.textContent = what;
    const shown = keys.length > 3 ? [`${keys[0]}…${keys.at(-1)}`] : keys;
    for (const key of shown) {
      const cap = document.createElement('kbd');
      cap.textContent = key;
      detail.append(cap);
    }
    item.append(term, detail);
    list.append(item);
  }
}
