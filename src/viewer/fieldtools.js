// Clicks on values of records and trees, and the chips above the lines: criteria of fields and
// columns, each of which can be removed.

import { MAX_COLUMNS } from './columns.js';
import { make } from './dom.js';
import { MAX_CRITERIA } from './fieldfilter.js';
import { fieldAt } from './fieldmark.js';
import { FieldMenu } from './fieldmenu.js';
import { fieldText, safeText } from './fieldtext.js';

/** @typedef {import('./record.js').Field} Field */

export class FieldTools {
  #page;
  #urlStateChanged;
  #copy;
  #chips = make('div', 'chips');
  #menu;
  /** Line whose value was clicked. */
  #line = -1;

  /**
   * @param {import('./page.js').Page} page
   * @param {HTMLElement} lines element that contains the rows
   * @param {() => void} urlStateChanged called after a change of the URL state
   * @param {(text: string) => void} copy
   */
  constructor(page, lines, urlStateChanged, copy) {
    this.#page = page;
    this.#urlStateChanged = urlStateChanged;
    this.#copy = copy;
    this.#menu = new FieldMenu(/** @type {HTMLElement} */ (lines.parentElement), (action, field) => this.#run(action, field));
    this.#chips.hidden = true;
    this.#chips.setAttribute('role', 'group');
    this.#chips.setAttribute('aria-label', 'Fields');
    lines.before(this.#chips);
    lines.addEventListener('click', (event) => this.#clicked(event));
    lines.addEventListener('keydown', (event) => this.#keyPressed(event));
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const target = /** @type {Element} */ (event.target);
    const isSelecting = !getSelection()?.isCollapsed || event.shiftKey || event.ctrlKey || event.metaKey;
    if (!isSelecting && !target.closest('a')) this.#open(target);
  }

  /** Opens the menu for a value of a tree that has the focus. @param {KeyboardEvent} event */
  #keyPressed(event) {
    const target = /** @type {Element} */ (event.target);
    if ((event.key !== 'Enter' && event.key !== ' ') || !target.matches('.field[role="button"]')) return;
    event.preventDefault();
    event.stopPropagation();
    this.#open(target);
  }

  /** @param {Element} target */
  #open(target) {
    const found = fieldAt(target);
    const row = target.closest('.row');
    if (!found || !(row instanceof HTMLElement)) return;
    this.#line = Number(row.dataset.n);
    this.#menu.open(found.element, found.field, this.#page.urlState.columns.includes(found.field.key));
  }

  /** @param {import('./fieldmenu.js').FieldAction} action @param {Field} field */
  #run(action, field) {
    const { urlState } = this.#page;
    if (action === 'copy') return this.#copy(field.value);
    if (action === 'column') this.#toggleColumn(field.key);
    else {
      const others = urlState.fields.filter(({ key, value }) => key !== field.key || value !== field.value);
      urlState.fields = [...others, { ...field, isExcluded: action === 'exclude' }].slice(-MAX_CRITERIA);
    }
    this.#changed();
  }

  /** @param {string} key */
  #toggleColumn(key) {
    const { urlState } = this.#page;
    const others = urlState.columns.filter((column) => column !== key);
    urlState.columns = others.length < urlState.columns.length ? others : [...others, key].slice(-MAX_COLUMNS);
  }

  #changed() {
    const { list, store } = this.#page;
    this.#page.applyFilters(!list.following && store.holds(this.#line) ? this.#line : undefined);
    this.#urlStateChanged();
  }

  /** Shows criteria and columns of the URL state as chips. */
  show() {
    const { urlState } = this.#page;
    const chips = urlState.fields.map((criterion) => this.#chip(fieldText(criterion, criterion.isExcluded ? '≠' : '='), criterion.isExcluded ? 'excluded' : '', () => {
      urlState.fields = urlState.fields.filter((each) => each !== criterion);
    }));
    for (const key of urlState.columns) chips.push(this.#chip(`Column ${safeText(key)}`, 'column', () => this.#toggleColumn(key)));
    this.#chips.replaceChildren(...chips);
    this.#chips.hidden = chips.length === 0;
  }

  /** @param {string} text @param {string} className @param {() => void} remove */
  #chip(text, className, remove) {
    const chip = make('button', `chip ${className}`, text);
    chip.title = `Remove ${text}`;
    chip.setAttribute('aria-label', `${text}, remove`);
    chip.append(make('span', 'chip-remove', '×'));
    chip.addEventListener('click', () => {
      remove();
      const at = [...this.#chips.children].indexOf(chip);
      this.#line = this.#page.list.firstLine;
      this.#changed();
      const next = this.#chips.children[Math.min(at, this.#chips.children.length - 1)];
      if (next instanceof HTMLElement) next.focus();
    });
    return chip;
  }
}
