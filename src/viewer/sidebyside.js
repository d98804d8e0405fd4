// Shows two or three chosen sources beside each other. Each pane is a Page with its own list over
// the store of the main page; keys and buttons act on the focused pane.

import { byId, make, setText } from './dom.js';
import { LineTools } from './linetools.js';
import { Page } from './page.js';

/** Most panes. When doubled, lines of usual length wrap three times. */
export const MAX_BESIDE = 3;

/**
 * @typedef {object} Pane
 * @property {Page} page
 * @property {LineTools} tools
 * @property {HTMLElement | null} element element with the lines, which is in the document while the pane is shown; null for the main page
 * @property {HTMLElement} title bar above the lines, with a button that follows new lines
 */

export class SideBySide {
  #main;
  #newTools;
  /** All panes that were ever shown; the first one is the list without panes. @type {Pane[]} */
  #panes = [];
  /** Sources or folders of the panes; empty without panes. @type {string[]} */
  #keys = [];
  /** @type {Pane} */
  #focused;

  /**
   * @param {Page} main
   * @param {(page: Page, isActive: () => boolean) => LineTools} newTools makes the line actions of a pane
   */
  constructor(main, newTools) {
    this.#main = main;
    this.#newTools = newTools;
    this.#focused = this.#add(main, null);
  }

  /** Page of the focused pane. */
  get page() {
    return this.#focused.page;
  }

  /** Line actions of the focused pane. */
  get tools() {
    return this.#focused.tools;
  }

  /** Reports if each list has the lines of one source, which need no name; undefined without panes. */
  get areSingle() {
    return this.#keys.length ? this.#keys.every((key) => !key.endsWith('/')) : undefined;
  }

  /** @param {Page} page @param {HTMLElement | null} element @returns {Pane} */
  #add(page, element) {
    const title = make('div', 'pane-title');
    const follow = make('button', 'link', 'Follow');
    follow.onclick = () => page.list.follow(true);
    title.append(make('span', ''), follow);
    /** @type {Pane} */
    const pane = { page, element, title, tools: this.#newTools(page, () => this.#focused === pane) };
    for (const type of ['pointerdown', 'focusin']) page.scroller.addEventListener(type, () => this.#focus(pane), true);
    this.#panes.push(pane);
    return pane;
  }

  #addPage() {
    const element = make('div', 'pane');
    const scroller = make('div', 'lines');
    const tools = /** @type {HTMLElement} */ (byId('row-tools', HTMLElement).cloneNode(true));
    tools.removeAttribute('id');
    tools.hidden = true;
    scroller.tabIndex = 0;
    scroller.setAttribute('role', 'log');
    scroller.setAttribute('aria-live', 'off');
    element.append(scroller, tools);
    const page = new Page(scroller, this.#main);
    page.view.folds.setOptions(this.#main.view.folds.options);
    page.list.records = this.#main.list.records;
    page.afterRender = () => this.#main.afterRender();
    this.#main.paneAdded(page);
    return this.#add(page, element);
  }

  /** @param {Pane} pane */
  #focus(pane) {
    const last = this.#focused;
    if (pane === last) return;
    this.#focused = pane;
    last.tools.leave();
    last.page.current.set(-1, false);
    this.#showFocus();
    pane.page.requestRender();
  }

  #showFocus() {
    for (const pane of this.#panes) pane.title.classList.toggle('focused', pane === this.#focused);
  }

  /** Shows the panes of the URL state, or the single list. */
  update() {
    const { beside, chosenSources } = this.#main.urlState;
    const isOn = beside && chosenSources.size >= 2 && chosenSources.size <= MAX_BESIDE;
    const keys = isOn ? [...chosenSources] : [];
    if (keys.join('\n') === this.#keys.join('\n')) return;
    this.#keys = keys;
    while (this.#panes.length < keys.length) this.#addPage();
    const main = byId('main', HTMLElement);
    main.classList.toggle('panes', isOn);
    main.style.setProperty('--panes', String(keys.length));
    this.#main.others = this.#panes.slice(1, Math.max(1, keys.length)).map(({ page }) => page);
    this.#panes.forEach((pane, i) => this.#place(pane, i));
    this.#focus(this.#panes[0]);
    this.#showFocus();
    this.measure(this.#main.list.wrap);
    this.#main.applyFilters();
  }

  /** @param {Pane} pane @param {number} i */
  #place({ page, element, title }, i) {
    const key = this.#keys[i] ?? '';
    page.pane = key;
    for (const each of [page.scroller, title]) each.style.setProperty('--pane', String(i));
    page.scroller.setAttribute('aria-label', key ? `Log lines of ${key}` : 'Log lines');
    setText(title.firstElementChild, key);
    if (element && key) (this.#panes[i - 1].element ?? page.main.scroller).after(element);
    if (key) page.scroller.before(title);
    else title.remove();
    if (!element || key) return;
    element.remove();
    page.view.restart();
  }

  /** Applies wrapping and measures again in all panes, after a change of preferences. @param {boolean} wrap */
  measure(wrap) {
    for (const { page: { list } } of this.#panes) {
      if (list.wrap !== wrap) list.setWrap(wrap);
      list.measure();
      list.refill();
    }
  }

  /** Updates titles and line actions; called after each frame. */
  showFrame() {
    for (const { page, title } of this.#panes) /** @type {HTMLElement} */ (title.lastElementChild).hidden = page.list.following;
    this.tools.positionTools();
  }
}
