// One row in the list of sources: a source, or a folder with a button that opens and closes it.

import { make } from './dom.js';
import { compact, formatBytes, plural } from './format.js';
import { summaryOf } from './sourcetree.js';

/** Characters at the end of a name that stay visible when CSS cuts its middle. When doubled, less of the beginning is. */
const TAIL_CHARS = 8;

/** Returns the place of a node below the root. @param {import('./sourcetree.js').TreeNode} node @returns {string} */
const trail = (node) => (node.parent ? trail(node.parent) + node.label : '');

export class SourceRow {
  element = make('li', '');
  button = /** @type {HTMLButtonElement} */ (make('button', 'source'));
  /** Button of a folder that opens and closes it. */
  toggle = /** @type {HTMLButtonElement | null} */ (null);
  /** @type {import('./sourcetree.js').TreeNode} */
  node;
  #label = make('span', 'label');
  #count = make('span', 'count');
  #state = make('span', 'state');
  /** Values that the elements show, so that a refresh changes only what differs. @type {Map<string, string | boolean>} */
  #shown = new Map();

  /** @param {import('./sourcetree.js').TreeNode} node */
  constructor(node) {
    this.node = node;
    this.button.append(this.#label, this.#count, this.#state);
    this.button.tabIndex = -1;
    if (node.isFolder) {
      this.toggle = /** @type {HTMLButtonElement} */ (make('button', 'branch-toggle'));
      this.toggle.tabIndex = -1;
      this.button.classList.add('folder');
      this.element.append(this.toggle);
    } else this.button.classList.add(`s${node.sources[0].hue}`);
    this.element.append(this.button);
  }

  /**
   * Shows the state of a node.
   * @param {import('./sourcetree.js').TreeNode} node the same source or folder, perhaps of a newer tree
   * @param {{ open: boolean, pressed: string, isInherited: boolean, inTree: boolean }} state `isInherited` if a folder above is chosen
   */
  update(node, { open, pressed, isInherited, inTree }) {
    this.node = node;
    const { count, state, bad, isLive } = summaryOf(node);
    this.#change('label', node.label, () => this.#fillLabel(node.label));
    this.#change('depth', String(node.depth), (depth) => this.element.style.setProperty('--depth', depth));
    this.#change('tree', inTree, (on) => this.element.classList.toggle('in-tree', Boolean(on)));
    this.#change('level', inTree ? String(node.depth + 1) : '', (level) => (level ? this.element.setAttribute('aria-level', level) : this.element.removeAttribute('aria-level')));
    this.#change('count', compact(count), (text) => (this.#count.textContent = text));
    this.#change('state', state, () => {
      this.#state.textContent = state;
      this.#state.hidden = state === '';
    });
    this.#change('bad', bad, (on) => this.#state.classList.toggle('bad', Boolean(on)));
    this.#change('inactive', !isLive, (on) => this.button.classList.toggle('inactive', Boolean(on)));
    this.#change('inherited', isInherited, (on) => this.button.classList.toggle('inherited', Boolean(on)));
    this.#change('pressed', pressed, (text) => this.button.setAttribute('aria-pressed', text));
    this.#change('title', this.#titleOf(count), (text) => (this.button.title = text));
    if (!this.toggle) return;
    const { toggle } = this;
    this.#change('open', open, () => {
      toggle.setAttribute('aria-expanded', String(open));
      toggle.setAttribute('aria-label', `${open ? 'Close' : 'Open'} ${trail(node)}`);
    });
  }

  /** @param {string} what @param {string | boolean} value @param {(value: any) => void} show */
  #change(what, value, show) {
    if (this.#shown.get(what) === value) return;
    this.#shown.set(what, value);
    show(value);
  }

  /** @param {string} label */
  #fillLabel(label) {
    const chars = [...label];
    const tail = chars.length > 2 * TAIL_CHARS ? chars.splice(-TAIL_CHARS).join('') : '';
    this.#label.replaceChildren(make('span', 'head', chars.join('')), make('span', 'tail', tail));
  }

  /** @param {number} count */
  #titleOf(count) {
    const { sources, isFolder, key } = this.node;
    const [{ path, size }] = sources;
    const parts = isFolder ? [key, plural(sources.length, 'source'), plural(count, 'line')] : [path || key, plural(count, 'line'), size === null ? '' : formatBytes(size)];
    return parts.filter(Boolean).join('\n');
  }
}
