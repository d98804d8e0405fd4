// Menu of a field's value: show or hide lines with it, copy it, use its key as a column.

import { make } from './dom.js';
import { fieldText, safeText } from './fieldtext.js';
import { findUrls } from './urls.js';

/** @typedef {'include' | 'exclude' | 'copy' | 'column'} FieldAction */

/** Distance of the menu from the edges of the window in pixels. */
const MARGIN = 6;

/** @param {string} address */
function linkItem(address) {
  const item = /** @type {HTMLAnchorElement} */ (make('a', 'menu-item', 'Open link'));
  item.href = item.title = address;
  item.target = '_blank';
  item.rel = 'noreferrer';
  item.setAttribute('role', 'menuitem');
  return item;
}

export class FieldMenu {
  #element = make('div', 'menu field-menu');
  /** @type {import('./record.js').Field} */
  #field = { key: '', value: '' };

  /**
   * @param {HTMLElement} parent
   * @param {(action: FieldAction, field: import('./record.js').Field) => void} choose
   */
  constructor(parent, choose) {
    this.#element.popover = 'auto';
    this.#element.setAttribute('role', 'menu');
    this.#element.setAttribute('aria-label', 'Value');
    this.#element.addEventListener('keydown', (event) => this.#key(event));
    this.#element.addEventListener('click', (event) => {
      const item = /** @type {HTMLElement} */ (event.target).closest('.menu-item');
      if (!(item instanceof HTMLElement)) return;
      this.#element.hidePopover();
      if (item.dataset.field) choose(/** @type {FieldAction} */ (item.dataset.field), this.#field);
    });
    parent.append(this.#element);
  }

  /**
   * Opens the menu below an element.
   * @param {Element} element
   * @param {import('./record.js').Field} field
   * @param {boolean} isColumn
   */
  open(element, field, isColumn) {
    this.#field = field;
    const shown = fieldText(field, '=');
    const items = /** @type {[FieldAction, string, string][]} */ ([
      ['include', 'Show only', shown],
      ['exclude', 'Hide', shown],
      ['copy', 'Copy value', ''],
      ['column', isColumn ? 'Remove column' : 'Use as column', safeText(field.key)],
    ]);
    this.#element.replaceChildren(...items.map(([action, label, detail]) => {
      const item = make('button', 'menu-item');
      item.dataset.field = action;
      item.setAttribute('role', 'menuitem');
      item.append(make('span', '', label));
      if (detail) item.append(' ', make('code', '', detail));
      return item;
    }));
    const [url] = findUrls(field.value);
    if (url?.from === 0 && url.to === field.value.length) this.#element.append(linkItem(url.href));
    this.#element.showPopover();
    this.#place(element.getClientRects()[0] ?? element.getBoundingClientRect());
    /** @type {HTMLElement} */ (this.#element.firstElementChild).focus();
  }

  /** @param {DOMRect} box of the value */
  #place(box) {
    const { offsetWidth, offsetHeight, style } = this.#element;
    const below = box.bottom + 2;
    const top = below + offsetHeight + MARGIN <= innerHeight ? below : box.top - offsetHeight - 2;
    style.setProperty('left', `${Math.max(MARGIN, Math.min(box.left, innerWidth - offsetWidth - MARGIN))}px`);
    style.setProperty('top', `${Math.max(MARGIN, Math.min(top, innerHeight - offsetHeight - MARGIN))}px`);
  }

  /** Moves between the items with the arrow keys. @param {KeyboardEvent} event */
  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const items = /** @type {HTMLElement[]} */ ([...this.#element.children]);
    const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    items[(at + step + items.length) % items.length].focus();
  }
}
