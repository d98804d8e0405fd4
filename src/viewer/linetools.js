// Actions on lines: selecting with the pointer, copying, linking, showing the surrounding
// lines. Also places the toolbar beside the line under the pointer.

import { writeClipboard } from './clipboard.js';
import { asText, writeLines } from './export.js';
import { plural } from './format.js';
import { formatHash } from './hash.js';
import { isTyping } from './keys.js';
import { contentOf, rowText } from './linetext.js';
import { ROW_FLAG } from './rowlist.js';
import { TextSelection } from './selection.js';

/** Distance of the toolbar from the right edge of the list, beside the scroll bar. When doubled, it covers more text. */
const TOOLS_MARGIN_PX = 14;

export class LineTools {
  #page;
  #urlStateChanged;
  #toast;
  #isActive;
  #tools;
  #hovered = -1;
  #selection;

  /**
   * @param {import('./page.js').Page} page
   * @param {() => void} urlStateChanged called after a change of the URL state
   * @param {(text: string) => void} toast
   * @param {() => boolean} isActive true while keys act on the lines of this page
   */
  constructor(page, urlStateChanged, toast, isActive) {
    this.#page = page;
    this.#urlStateChanged = urlStateChanged;
    this.#toast = toast;
    this.#isActive = isActive;
    this.#tools = /** @type {HTMLElement} */ (page.scroller.parentElement?.querySelector(':scope > .row-tools'));
    this.#selection = new TextSelection(page.scroller, page.list, page.view, () => page.requestRender(), (line) => this.#rowText(line));
    this.#wire();
  }

  /** Returns the text of a row, which is a record or the line itself. @param {number} n */
  #rowText(n) {
    const { rows } = this.#page.view;
    const i = rows.lines.indexOf(n);
    const isMatch = i < rows.length && (rows.flagsAt(i) & ROW_FLAG.MATCH) !== 0;
    const { store, renderState } = this.#page;
    return rowText(contentOf(store.line(n), n, isMatch, renderState));
  }

  #wire() {
    const lines = this.#page.scroller;
    lines.addEventListener('pointerdown', (event) => this.#linePressed(event));
    lines.addEventListener('click', (event) => this.#lineClicked(event));
    lines.addEventListener('pointerover', (event) => {
      const row = /** @type {HTMLElement} */ (event.target).closest?.('.row:not(.divider)');
      if (row instanceof HTMLElement && event.pointerType === 'mouse') this.#hovered = Number(row.dataset.n);
      this.#page.requestRender();
    });
    lines.parentElement?.addEventListener('pointerleave', () => {
      this.#hovered = -1;
      this.#page.requestRender();
    });
    document.addEventListener('copy', (event) => this.#copied(event));
    document.addEventListener('keydown', (event) => this.#keyPressed(event));
    this.#tools.addEventListener('click', (event) => this.#toolClicked(event));
  }

  /** Pauses, because a click needs a line that is still there when the button is released. @param {PointerEvent} event */
  #linePressed(event) {
    const isMouse = event.pointerType === 'mouse' && event.button === 0;
    if (isMouse && /** @type {HTMLElement} */ (event.target).closest('.row:not(.divider)')) this.#page.list.follow(false);
  }

  /** @param {MouseEvent} event */
  #lineClicked(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const row = target.closest('.row');
    if (!(row instanceof HTMLElement) || row.matches('.divider, .metrics')) return;
    const n = Number(row.dataset.n);
    if (target.closest('.json-toggle')) return this.#page.toggleJson(n);
    if (target.closest('.show-all')) return this.#page.toggleFullText(n);
    const fold = target.closest('.fold');
    if (fold instanceof HTMLElement) return void this.#page.toggleFold(n, /** @type {import('./folds.js').FoldKind} */ (fold.dataset.fold));
    if (target.closest('summary, a')) return;
    if (!this.#selection.isEmpty) return;
    this.#page.list.follow(false);
    this.#page.current.set(n, event.shiftKey);
  }

  /** Selects all lines instead of the whole page. @param {KeyboardEvent} event */
  #keyPressed(event) {
    if (!this.#isActive() || isTyping(event) || event.altKey || event.shiftKey) return;
    if (event.key === 'Escape') this.#selection.clear();
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'a') return;
    event.preventDefault();
    this.#selection.selectAll();
  }

  /** Copies selected text or lines of the store, also those that are not in the document. @param {ClipboardEvent} event */
  #copied(event) {
    if (event.target instanceof HTMLElement && event.target.matches('input, textarea')) return;
    if (!this.#isActive()) return;
    const isElsewhere = this.#selection.isEmpty && !getSelection()?.isCollapsed;
    if (isElsewhere || !event.clipboardData) return;
    try {
      const text = this.#selection.isEmpty ? this.#selectedLinesText() : this.#selection.text;
      if (!text) return;
      event.clipboardData.setData('text/plain', text);
      event.preventDefault();
    } catch {
      this.#toast('Too much text to copy');
    }
  }

  #selectedLinesText() {
    const { store, renderState, current: { lines } } = this.#page;
    let text = '';
    for (const n of lines) if (store.holds(n)) text += asText({ store, names: renderState.names }, n);
    return lines.length === 1 ? text.replace(/\n$/, '') : text;
  }

  /** @param {MouseEvent} event */
  #toolClicked(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest('button');
    const n = Number(this.#tools.dataset.n);
    const { renderState } = this.#page;
    const inSelection = renderState.selection && n >= renderState.selection[0] && n <= renderState.selection[1];
    if (!button || !this.#page.store.holds(n)) return;
    if (!inSelection) this.#page.current.set(n, false);
    if (button.dataset.do === 'copy') void this.#copySelectedLines();
    if (button.dataset.do === 'link') void this.linkLine();
    if (button.dataset.do === 'surroundings') this.showSurroundings();
  }

  showSurroundings() {
    this.#page.showSurroundings();
    this.#urlStateChanged();
  }

  /** First and last line of the selected text, or else of the selected lines. @returns {[number, number] | null} */
  get selectedRange() {
    const { range } = this.#selection;
    return range ? [range[0].line, range[1].line] : this.#page.renderState.selection;
  }

  /** Copies a link to the selected lines, or to the current line, with the filters of the page. */
  async linkLine() {
    const { urlState: { chosenSources, ...urlState }, renderState, store } = this.#page;
    let [first, last] = this.selectedRange ?? [renderState.current, renderState.current];
    // Notes between lines have no ID of their own.
    while (first < last && !store.idOf(first)) first++;
    while (first < last && !store.idOf(last)) last--;
    const line = store.holds(first) ? store.idOf(first) : '';
    if (!line) return this.#toast('Select a line first');
    const lastLine = last > first ? store.idOf(last) : '';
    history.replaceState(null, '', formatHash({ ...urlState, line, lastLine, sources: [...chosenSources] }));
    await this.copyText([location.href], lastLine ? 'Link to the selected lines copied' : 'Link to the line copied');
  }

  /** Copies the selected text, or else the selected lines. */
  async copyLines() {
    if (this.#selection.isEmpty) return this.#copySelectedLines();
    await this.copyText([this.#selection.text], 'Selected text copied');
  }

  async #copySelectedLines() {
    const { store, renderState, current: { lines } } = this.#page;
    if (lines.length === 0) return this.#toast('Select a line first');
    const parts = await writeLines({ store, names: renderState.names }, lines, asText);
    const text = lines.length === 1 ? parts.map((part) => part.replace(/\n$/, '')) : parts;
    await this.copyText(text, `${plural(lines.length, 'line')} copied`);
  }

  /** @param {string[]} parts @param {string} confirmation */
  async copyText(parts, confirmation) {
    const isDone = await writeClipboard(parts.join(''));
    this.#toast(isDone ? confirmation : 'The browser did not allow copying');
  }

  /** Ends the selection and hides the toolbar, when another pane gets the focus. */
  leave() {
    this.#selection.clear();
    this.#hovered = -1;
    this.#tools.hidden = true;
  }

  /** Shows the selection, and moves the toolbar to the line under the pointer or to the current line. */
  positionTools() {
    this.#selection.show();
    const { list, renderState, view } = this.#page;
    const n = list.rowOf(this.#hovered) ? this.#hovered : renderState.current;
    const row = list.rowOf(n);
    const main = this.#page.scroller.getBoundingClientRect();
    const box = row?.getBoundingClientRect();
    const shown = box !== undefined && !this.#selection.isDragging && box.top > main.top - 4 && box.top < main.bottom - list.lineHeight;
    this.#tools.hidden = !shown;
    if (!shown) return;
    this.#tools.dataset.n = String(n);
    const [surroundings] = this.#tools.children;
    /** @type {HTMLElement} */ (surroundings).hidden = !view.isFiltered;
    this.#tools.style.top = `${this.#toolsTop(row, box, main) - main.top + this.#page.scroller.offsetTop}px`;
    this.#tools.style.left = `${this.#page.scroller.offsetLeft + main.width - this.#tools.offsetWidth - TOOLS_MARGIN_PX}px`;
  }

  /**
   * Returns the place of the toolbar: at the top of the row, or above or below a button of the row.
   * @param {HTMLElement | undefined} row
   * @param {DOMRect} box of the row
   * @param {DOMRect} main of the list
   */
  #toolsTop(row, box, main) {
    const { offsetWidth, offsetHeight } = this.#tools;
    const left = main.right - offsetWidth - TOOLS_MARGIN_PX;
    const top = box.top - 2;
    const covered = [...(row?.querySelectorAll('.fold, .show-all') ?? [])].map((button) => button.getBoundingClientRect()).find((button) => button.right > left && button.top < top + offsetHeight);
    if (!covered) return top;
    return covered.top - offsetHeight >= main.top ? covered.top - offsetHeight : covered.bottom;
  }
}
