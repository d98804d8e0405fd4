// Connects buttons, fields and keys of index.html to the methods of Page, and shows the
// state of Page in them.

import { asNdjson, asText, download, writeLines } from './export.js';
import { count, plural, compact } from './format.js';
import { formatHash } from './hash.js';
import { byId, onClick, setPressed, setText } from './dom.js';
import { bindingOf, isTyping, listKeys } from './keys.js';
import { LEVELS } from './level.js';
import { LineTools } from './linetools.js';
import { LIMIT } from './page.js';
import { applyPrefs, savePrefs } from './prefs.js';
import { printLines } from './print.js';
import { NAME_COLUMNS } from './row.js';
import { SearchBar } from './searchbar.js';
import { Sidebar } from './sidebar.js';

/** Duration of a toast. When doubled, it covers lines for longer. */
const TOAST_MS = 2600;

export class Controls {
  #page;
  #prefs;
  #reconnect;
  #levels = LEVELS.map((name, level) => /** @type {[number, HTMLButtonElement]} */ ([level, document.querySelector(`.level.${name}`)])).filter(([, button]) => button);
  #search;
  #lines;
  #sidebar;
  #toastTimer = 0;

  /**
   * @param {import('./page.js').Page} page
   * @param {import('./prefs.js').Prefs} prefs
   * @param {(filter: { grep: string }) => Promise<string>} reconnect opens a stream
   *   with another server filter; returns the reason if the server does not accept it
   */
  constructor(page, prefs, reconnect) {
    this.#page = page;
    this.#prefs = prefs;
    this.#reconnect = reconnect;
    this.#sidebar = new Sidebar(byId('sources', HTMLElement), byId('all', HTMLElement), (name, combine) => {
      page.chooseSource(name, combine);
      this.#urlStateChanged();
    });
    this.#search = new SearchBar(page, () => this.#urlStateChanged());
    this.#lines = new LineTools(page, () => this.#urlStateChanged(), (text) => this.toast(text));
    printLines(page, () => this.#lines.selectedRange);
    this.#wireBar();
    this.#wireMenu();
    this.#wireLevels();
    document.addEventListener('keydown', (event) => this.#key(event));
    listKeys(byId('keys', HTMLElement));
    byId('limit', HTMLElement).textContent = `This page holds up to ${count(LIMIT.lines)} lines or ${LIMIT.chars >> 20} MiB of text. Older lines come from the server when you scroll up.`;
    this.applyPrefs();
  }

  /** Shows the changed URL state in the controls and writes it to the URL. */
  #urlStateChanged() {
    this.showUrlState();
    const { chosenSources, ...urlState } = this.#page.urlState;
    history.replaceState(null, '', formatHash({ ...urlState, line: '', sources: [...chosenSources] }) || location.pathname + location.search);
  }

  #wireLevels() {
    for (const [level, button] of this.#levels) {
      button.onclick = () => {
        this.#page.toggleLevel(1 << level);
        this.#urlStateChanged();
      };
    }
  }

  #wireBar() {
    onClick('side', () => this.#setPrefs({ side: !this.#prefs.side }));
    onClick('wrap', () => this.#setPrefs({ wrap: !this.#prefs.wrap }));
    onClick('time', () => this.#nextTime());
    onClick('follow', () => this.#page.list.follow(!this.#page.list.following));
    onClick('resume', () => this.#page.list.follow(true));
    onClick('all', () => this.#showAll());
  }

  #showAll() {
    this.#page.urlState.chosenSources.clear();
    this.#page.applyFilters();
    this.#urlStateChanged();
  }

  #nextTime() {
    const next = /** @type {const} */ ({ off: 'clock', clock: 'ago', ago: 'off' })[this.#prefs.time];
    this.#setPrefs({ time: next });
    this.toast({ off: 'Arrival time hidden', clock: 'Arrival time shown', ago: 'Time since arrival shown' }[next]);
  }

  /** @param {Partial<import('./prefs.js').Prefs>} change */
  #setPrefs(change) {
    Object.assign(this.#prefs, change);
    savePrefs(this.#prefs);
    this.applyPrefs();
  }

  applyPrefs() {
    const { list, renderState } = this.#page;
    const prefs = this.#prefs;
    applyPrefs(prefs);
    renderState.time = prefs.time;
    if (list.wrap !== prefs.wrap) list.setWrap(prefs.wrap);
    list.measure();
    list.refill();
    setPressed(byId('wrap', HTMLElement), prefs.wrap);
    setPressed(byId('time', HTMLElement), prefs.time !== 'off');
    setPressed(byId('names', HTMLElement), prefs.names);
    byId('side', HTMLElement).setAttribute('aria-expanded', String(prefs.side));
    for (const choice of document.querySelectorAll('[data-theme-choice]')) setPressed(choice, /** @type {HTMLElement} */ (choice).dataset.themeChoice === prefs.theme);
    for (const choice of document.querySelectorAll('[data-size]')) setPressed(choice, Number(/** @type {HTMLElement} */ (choice).dataset.size) === prefs.size);
  }

  #wireMenu() {
    byId('menu', HTMLElement).addEventListener('click', (event) => {
      const item = /** @type {HTMLElement} */ (event.target).closest('button');
      if (!item) return;
      const { themeChoice, size, export: format } = item.dataset;
      if (themeChoice) this.#setPrefs({ theme: /** @type {import('./prefs.js').Prefs['theme']} */ (themeChoice) });
      if (size) this.#setPrefs({ size: Number(size) });
      if (format) void this.#export(format);
      if (item.matches('.menu-item:not([aria-pressed])')) byId('menu', HTMLElement).hidePopover();
    });
    onClick('names', () => this.#setPrefs({ names: !this.#prefs.names }));
    onClick('link-view', () => void this.#lines.copyText([location.href], 'Link copied'));
    onClick('clear', () => this.#page.clear());
    onClick('help-open', () => byId('help', HTMLDialogElement).showModal());
    byId('server', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#applyServerFilter();
    });
    byId('grep', HTMLInputElement).addEventListener('input', () => this.#showFilterProblem(''));
  }

  async #applyServerFilter() {
    const problem = await this.#reconnect({ grep: byId('grep', HTMLInputElement).value });
    this.#showFilterProblem(problem);
    if (problem) return byId('grep', HTMLInputElement).focus();
    byId('menu', HTMLElement).hidePopover();
    this.#urlStateChanged();
  }

  /** @param {string} problem */
  #showFilterProblem(problem) {
    const element = byId('grep-problem', HTMLElement);
    element.hidden = problem === '';
    setText(element, problem);
    byId('grep', HTMLInputElement).setAttribute('aria-invalid', String(problem !== ''));
  }

  /** Opens the menu at the server filter. */
  editServerFilter() {
    byId('menu', HTMLElement).showPopover();
    byId('grep', HTMLInputElement).focus();
  }

  /** @param {string} format */
  async #export(format) {
    const { store, renderState, shownLines } = this.#page;
    const text = format === 'text';
    const parts = await writeLines({ store, names: renderState.names }, shownLines, text ? asText : asNdjson);
    const stamp = new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-');
    download(parts, text ? 'text/plain' : 'application/x-ndjson', `ssetail-${stamp}.${text ? 'log' : 'ndjson'}`);
    this.toast(`${plural(shownLines.length, 'line')} downloaded`);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.#findKey(event)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event) || this.#scrollKey(event)) return;
    const name = bindingOf(event.key);
    if (!name) return;
    event.preventDefault();
    this.#run(name, event.key);
  }

  /**
   * Ctrl+F goes to the search of the page, because the browser knows only the visible lines.
   * The same key in the search field opens the search of the browser.
   * @param {KeyboardEvent} event
   * @returns {boolean} true if the key is used
   */
  #findKey(event) {
    const isFind = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'f';
    if (!isFind || isTyping(event)) return false;
    event.preventDefault();
    this.#search.focus();
    this.toast(`Search in all lines; press ${event.metaKey ? '⌘F' : 'Ctrl+F'} again to search with the browser`);
    return true;
  }

  /** @param {KeyboardEvent} event @returns {boolean} true if the key scrolls */
  #scrollKey(event) {
    const { list } = this.#page;
    const page = list.map.viewport - 2 * list.lineHeight;
    /** @type {Record<string, number>} */
    const by = { ArrowDown: list.lineHeight, ArrowUp: -list.lineHeight, PageDown: page, PageUp: -page };
    if (!(event.key in by)) return false;
    event.preventDefault();
    list.scrollBy(by[event.key]);
    return true;
  }

  /** @param {string} name @param {string} key */
  #run(name, key) {
    const page = this.#page;
    const { list, renderState } = page;
    /** @type {Record<string, () => unknown>} */
    const actions = {
      search: () => this.#search.focus(),
      next: () => page.jumpToMatch(1),
      previous: () => page.jumpToMatch(-1),
      filter: () => this.#search.toggleFilter(),
      surroundings: () => this.#lines.showSurroundings(),
      follow: () => list.follow(!list.following),
      start: () => list.toStart(),
      end: () => list.follow(true),
      down: () => page.moveCurrent(1),
      up: () => page.moveCurrent(-1),
      json: () => renderState.current >= 0 && page.toggleJson(renderState.current),
      copy: () => this.#lines.copyLines(),
      link: () => this.#lines.linkLine(),
      wrap: () => this.#setPrefs({ wrap: !this.#prefs.wrap }),
      time: () => this.#nextTime(),
      names: () => this.#setPrefs({ names: !this.#prefs.names }),
      errors: () => (page.toggleLevel(1 << 4), this.#urlStateChanged()),
      side: () => this.#setPrefs({ side: !this.#prefs.side }),
      all: () => this.#showAll(),
      source: () => this.#chooseSourceNumber(Number(key)),
      help: () => byId('help', HTMLDialogElement).showModal(),
      escape: () => page.setCurrent(-1, false),
    };
    actions[name]?.();
  }

  /** @param {number} number from 1 */
  #chooseSourceNumber(number) {
    const name = this.#page.sources.sorted[number - 1]?.name;
    if (name === undefined) return;
    this.#page.chooseSource(name, false);
    this.#urlStateChanged();
  }

  /** @param {string} text */
  toast(text) {
    const toast = byId('toast', HTMLElement);
    toast.textContent = text;
    clearTimeout(this.#toastTimer);
    this.#toastTimer = window.setTimeout(() => (toast.textContent = ''), TOAST_MS);
  }

  showUrlState() {
    const { levels, grep } = this.#page.urlState;
    byId('grep', HTMLInputElement).value = grep;
    for (const [level, button] of this.#levels) setPressed(button, (levels & (1 << level)) !== 0);
    this.#search.showUrlState();
    this.showSources();
  }

  showSources() {
    const { sources, urlState } = this.#page;
    this.#sidebar.render(sources.sorted, urlState.chosenSources);
    const widest = Math.max(4, ...[...sources.byName.keys()].map((name) => name.length));
    const width = `${Math.min(NAME_COLUMNS, widest)}ch`;
    const root = document.documentElement;
    const single = sources.byName.size < 2;
    const changed = root.style.getPropertyValue('--name-width') !== width || root.classList.contains('one-source') !== single;
    root.style.setProperty('--name-width', width);
    root.classList.toggle('one-source', single);
    if (changed) this.#page.list.measure();
    for (const [level, button] of this.#levels) {
      const total = compact(sources.levelCount(level, urlState.chosenSources));
      setText(button.lastElementChild, total);
      button.setAttribute('aria-label', `${button.firstElementChild?.textContent} ${total}`);
    }
  }

  /** Updates the controls that depend on the rows; called after each frame. */
  showFrame() {
    const { list, newLineCount } = this.#page;
    const resume = byId('resume', HTMLElement);
    const text = !list.isLive ? 'Return to live ↓' : newLineCount > 0 ? `${plural(newLineCount, 'new line')} ↓` : '';
    setText(resume, text);
    resume.hidden = text === '';
    const follow = byId('follow', HTMLElement);
    setPressed(follow, list.following);
    setText(follow, list.following ? 'Following' : 'Paused');
    this.#search.showState();
    this.#lines.positionTools();
  }
}
