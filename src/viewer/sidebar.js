// Shows the sources as a list or tree with a filter field, moves the focus in it by arrow keys, and
// reports which sources are chosen.

import { LEVEL } from './level.js';
import { showErrorBadge } from './errorbadge.js';
import { SourceRow } from './sourcerow.js';
import { buildTree, chosenAfter, chosenState, matchingKeys, shownNodes } from './sourcetree.js';

/** Sources from which on the filter field is shown. When doubled, a long list has none. */
const FILTER_FROM = 12;
/** Sources up to which folders are open at first. When doubled, the tree begins as a longer list. */
const OPEN_UP_TO = 60;
/** Rows that one refresh adds. When doubled, the first refresh with many sources takes longer. */
const MAX_NEW_ROWS = 150;

/** Layouts in which a tap adds or removes a source, because there is no Ctrl key. */
const TOUCH = '(max-width: 760px), (pointer: coarse)';

export class Sidebar {
  #list;
  #all;
  #field;
  #choose;
  /** Shows only the errors of a source or folder. @type {(name: string) => void} */
  showErrors = () => {};
  /** @type {Map<string, SourceRow>} rows by key; the keys of folders have a slash before them */
  #rows = new Map();
  /** @type {Map<string, boolean>} folders that the user has opened or closed */
  #opened = new Map();
  /** @type {import('./sourcetree.js').TreeNode} */
  #tree = buildTree([]);
  #version = 0;
  /** @type {SourceRow[]} rows of the list in order */
  #shown = [];
  /** @type {SourceRow | undefined} row that the Tab key reaches */
  #current;
  #chosen = /** @type {Set<string>} */ (new Set());
  #frame = 0;

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} all button that shows all sources
   * @param {HTMLInputElement} field filter of the list
   * @param {(keys: string[]) => void} choose called with names of sources and folders; all sources if empty
   */
  constructor(list, all, field, choose) {
    this.#list = list;
    this.#all = all;
    this.#field = field;
    this.#choose = choose;
    list.addEventListener('click', (event) => this.#clicked(event));
    list.addEventListener('keydown', (event) => this.#keyPressed(event));
    field.addEventListener('input', () => this.#refresh());
    field.addEventListener('keydown', (event) => this.#fieldKeyPressed(event));
  }

  /** Focuses the filter field, or the list if it is short. */
  focus() {
    if (this.#field.hidden) this.#current?.button.focus();
    else this.#field.select();
  }

  /** Returns the name of a source by its number in the list, from 1. @param {number} number */
  nameAt(number) {
    return this.#tree.sources[number - 1]?.name;
  }

  /** @param {import('./sources.js').Sources} sources @param {Set<string>} chosen */
  render(sources, chosen) {
    if (sources.version !== this.#version) this.#tree = buildTree(sources.sorted);
    this.#version = sources.version;
    this.#chosen = chosen;
    this.#refresh();
  }

  #refresh() {
    const chosen = this.#chosen;
    this.#list.classList.toggle('has-chosen', chosen.size > 0);
    this.#all.hidden = chosen.size === 0;
    this.#field.hidden = this.#tree.sources.length < FILTER_FROM;
    const filter = this.#field.hidden ? '' : this.#field.value.trim();
    const nodes = shownNodes(this.#tree, (folder) => this.#isOpen(folder), filter);
    const inTree = nodes.some(({ isFolder }) => isFolder);
    document.documentElement.classList.toggle('has-tree', inTree);
    this.#shown = [];
    let added = 0;
    for (const node of nodes) {
      const key = node.isFolder ? `/${node.key}` : node.key;
      let row = this.#rows.get(key);
      if (!row?.element.isConnected && ++added > MAX_NEW_ROWS) break;
      if (!row) this.#rows.set(key, (row = new SourceRow(node)));
      const isOpen = filter !== '' || this.#isOpen(node);
      row.update(node, { open: isOpen, pressed: chosenState(node, chosen), isInherited: !chosen.has(node.key), inTree });
      // The sources of an open folder have badges of their own.
      const errors = isOpen && node.isFolder ? 0 : node.sources.reduce((sum, { levels }) => sum + levels[LEVEL.ERROR], 0);
      showErrorBadge(row.element, node.key, errors, this.showErrors);
      this.#shown.push(row);
    }
    this.#place();
    if (added > MAX_NEW_ROWS) this.#frame ||= requestAnimationFrame(() => ((this.#frame = 0), this.#refresh()));
  }

  /** Puts the shown rows into the document. */
  #place() {
    const list = this.#list;
    let at = list.firstElementChild;
    for (const { element } of this.#shown) {
      if (element === at) at = at.nextElementSibling;
      else list.insertBefore(element, at);
    }
    while (at) {
      const next = at.nextElementSibling;
      at.remove();
      at = next;
    }
    if (!this.#current?.element.isConnected) this.#setCurrent(this.#shown[0]);
  }

  /** @param {SourceRow | undefined} row */
  #setCurrent(row) {
    if (this.#current) this.#current.button.tabIndex = -1;
    this.#current = row;
    if (row) row.button.tabIndex = 0;
  }

  /** @param {import('./sourcetree.js').TreeNode} folder */
  #isOpen(folder) {
    return this.#opened.get(folder.key) ?? this.#tree.sources.length <= OPEN_UP_TO;
  }

  /** @param {import('./sourcetree.js').TreeNode} folder @param {boolean} open */
  #setOpen(folder, open) {
    this.#opened.set(folder.key, open);
    this.#refresh();
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const target = /** @type {HTMLElement} */ (event.target).closest('button');
    const row = this.#shown.find(({ button, toggle }) => target && (button === target || toggle === target));
    if (!row) return;
    this.#setCurrent(row);
    if (row.toggle === target) return this.#setOpen(row.node, !this.#isOpen(row.node));
    const combine = event.ctrlKey || event.metaKey || event.shiftKey || matchMedia(TOUCH).matches;
    this.#choose(chosenAfter(this.#tree, this.#chosen, row.node.key, combine));
  }

  /** Moves by arrow keys, as in a file tree. @param {KeyboardEvent} event */
  #keyPressed(event) {
    const at = this.#shown.findIndex(({ element }) => element.contains(document.activeElement));
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const { node } = this.#shown[at];
    /** @type {Record<string, () => void>} */
    const actions = {
      ArrowDown: () => this.#focusRow(at + 1),
      ArrowUp: () => this.#focusRow(at - 1),
      Home: () => this.#focusRow(0),
      End: () => this.#focusRow(this.#shown.length - 1),
      ArrowRight: () => (node.isFolder && !this.#isOpen(node) ? this.#setOpen(node, true) : this.#focusRow(node.isFolder ? at + 1 : at)),
      ArrowLeft: () => (node.isFolder && this.#isOpen(node) ? this.#setOpen(node, false) : this.#focusRow(this.#shown.findIndex((row) => row.node === node.parent))),
      Escape: () => document.getElementById('lines')?.focus(),
    };
    if (!(event.key in actions)) return;
    event.preventDefault();
    event.stopPropagation();
    actions[event.key]();
  }

  /** @param {number} at */
  #focusRow(at) {
    const row = this.#shown[at];
    if (!row) return;
    this.#setCurrent(row);
    row.button.focus();
  }

  /** @param {KeyboardEvent} event */
  #fieldKeyPressed(event) {
    const { value } = this.#field;
    if (event.key === 'ArrowDown') this.#focusRow(0);
    else if (event.key === 'Enter' && value.trim() && this.#shown.length) this.#choose(matchingKeys(this.#tree, value.trim()));
    else if (event.key === 'Escape' && value) {
      this.#field.value = '';
      this.#refresh();
    } else if (event.key === 'Escape') document.getElementById('lines')?.focus();
    else return;
    event.preventDefault();
  }
}
