// What can be done to single lines: choose them with the pointer, copy them,
// link to them, show them in place; and the buttons beside the line for it.

import { byId } from './dom.js';
import { asText, writeLines } from './export.js';
import { plural } from './format.js';
import { formatHash } from './hash.js';

export class LineTools {
  #page;
  #placed;
  #toast;
  #tools = byId('row-tools', HTMLElement);
  #hovered = -1;

  /**
   * @param {import('./page.js').Page} page
   * @param {() => void} placed called when other lines are chosen
   * @param {(text: string) => void} toast
   */
  constructor(page, placed, toast) {
    this.#page = page;
    this.#placed = placed;
    this.#toast = toast;
    this.#wire();
  }

  #wire() {
    const lines = byId('lines', HTMLElement);
    lines.addEventListener('click', (event) => this.#lineClicked(event));
    lines.addEventListener('pointerover', (event) => {
      const row = /** @type {HTMLElement} */ (event.target).closest?.('.row:not(.ruler)');
      if (row instanceof HTMLElement && event.pointerType === 'mouse') this.#hovered = Number(row.dataset.n);
      this.#page.touch();
    });
    lines.parentElement?.addEventListener('pointerleave', () => {
      this.#hovered = -1;
      this.#page.touch();
    });
    document.addEventListener('selectionchange', () => {
      const selection = getSelection();
      if (selection && !selection.isCollapsed && lines.contains(selection.anchorNode)) this.#page.list.follow(false);
    });
    this.#tools.addEventListener('click', (event) => this.#toolClicked(event));
  }

  /** @param {MouseEvent} event */
  #lineClicked(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const row = target.closest('.row');
    if (!(row instanceof HTMLElement) || row.matches('.ruler, .probe')) return;
    const n = Number(row.dataset.n);
    if (target.closest('.fold')) return this.#page.unfold(n);
    if (target.closest('.unclip')) return this.#page.unclip(n);
    if (target.closest('summary')) return;
    const selecting = !getSelection()?.isCollapsed;
    if (selecting && !event.shiftKey) return;
    if (event.shiftKey) getSelection()?.removeAllRanges();
    this.#page.mark(n, event.shiftKey);
  }

  /** @param {MouseEvent} event */
  #toolClicked(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest('button');
    const n = Number(this.#tools.dataset.n);
    const { look } = this.#page;
    const inSelection = look.selection && n >= look.selection[0] && n <= look.selection[1];
    if (!button || !this.#page.store.holds(n)) return;
    if (!inSelection) this.#page.mark(n, false);
    if (button.dataset.do === 'copy') void this.copyLines();
    if (button.dataset.do === 'link') void this.linkLine();
    if (button.dataset.do === 'place') this.showInPlace();
  }

  showInPlace() {
    this.#page.showInPlace();
    this.#placed();
  }

  async linkLine() {
    const { current } = this.#page.look;
    const line = current < 0 ? '' : this.#page.idOf(current);
    if (!line) return this.#toast('Choose a line first');
    const { chosen, ...place } = this.#page.place;
    history.replaceState(null, '', formatHash({ ...place, line, sources: [...chosen] }));
    await this.copyText([location.href], 'Link to this line copied');
  }

  async copyLines() {
    const { store, look, selectedLines } = this.#page;
    if (selectedLines.length === 0) return this.#toast('Choose a line first');
    const pieces = await writeLines({ store, names: look.names }, selectedLines, asText);
    const text = selectedLines.length === 1 ? pieces.map((piece) => piece.replace(/\n$/, '')) : pieces;
    await this.copyText(text, `${plural(selectedLines.length, 'line')} copied`);
  }

  /** @param {string[]} pieces @param {string} said */
  async copyText(pieces, said) {
    try {
      await navigator.clipboard.writeText(pieces.join(''));
      this.#toast(said);
    } catch {
      this.#toast('The browser did not allow copying');
    }
  }

  /** Puts the line's buttons beside the line under the pointer, or the current one. */
  placeTools() {
    const { list, look, view } = this.#page;
    const n = list.rowOf(this.#hovered) ? this.#hovered : look.current;
    const row = list.rowOf(n);
    const main = byId('lines', HTMLElement).getBoundingClientRect();
    const box = row?.getBoundingClientRect();
    const shown = box !== undefined && box.top > main.top - 4 && box.top < main.bottom - list.lineHeight;
    this.#tools.hidden = !shown;
    if (!shown) return;
    this.#tools.dataset.n = String(n);
    this.#tools.style.top = `${box.top - main.top - 2}px`;
    const [place] = this.#tools.children;
    /** @type {HTMLElement} */ (place).hidden = !view.narrowed;
  }
}
