// Connects buttons, fields and keys of index.html to the methods of Page, and shows the
// state of Page in them.

import { MAX_BESIDE, SideBySide } from './sidebyside.js';
import { downloadLines } from './export.js';
import { count, plural, compact } from './format.js';
import { ErrorJumps } from './errorjumps.js';
import { formatHash } from './hash.js';
import { byId, onClick, setPressed, setText } from './dom.js';
import { FieldTools } from './fieldtools.js';
import { bindingOf, isTyping, listKeys } from './keys.js';
import { LEVELS } from './level.js';
import { LineTools } from './linetools.js';
import { LIMIT } from './page.js';
import { Notes } from './notes.js';
import { Notifier } from './notify.js';
import { applyPrefs, savePrefs } from './prefs.js';
import { printLines } from './print.js';
import { NAME_COLUMNS } from './row.js';
import { SearchBar } from './searchbar.js';
import { ServerFilter } from './serverfilter.js';
import { Sidebar } from './sidebar.js';
import { TimeTools } from './timetools.js';

/** Duration of a toast. When doubled, it covers lines for longer. */
const TOAST_MS = 2600;

/** Buttons that clear the filters: in the status bar, in the list without lines, and in the note about a linked line. */
const CLEAR_BUTTONS = ['clear-filters', 'empty-clear', 'note-clear'];

export class Controls {
  #panes;
  #prefs;
  #serverFilter;
  #levels = LEVELS.map((name, level) => /** @type {[number, HTMLButtonElement]} */ ([level, document.querySelector(`.level.${name}`)])).filter(([, button]) => button);
  #search;
  #fields;
  #sidebar;
  #errors;
  #notes;
  #time;
  #toastTimer = 0;

  /**
   * @param {import('./page.js').Page} page
   * @param {import('./prefs.js').Prefs} prefs
   * @param {(filter: { grep: string }) => Promise<string>} reconnect opens a stream
   *   with another server filter; returns the reason if the server does not accept it
   */
  constructor(page, prefs, reconnect) {
    this.#prefs = prefs;
    this.#serverFilter = new ServerFilter(reconnect, () => this.#urlStateChanged());
    this.#sidebar = new Sidebar(byId('sources', HTMLElement), byId('all', HTMLElement), byId('source-filter', HTMLInputElement), (keys) => this.#chooseSources(keys));
    this.#sidebar.showErrors = (name) => {
      page.showErrorsOf(name);
      this.#urlStateChanged();
    };
    this.#panes = new SideBySide(page, (pane, isActive) => new LineTools(pane, () => this.#urlStateChanged(), (text) => this.toast(text), isActive));
    this.#errors = new ErrorJumps(page);
    this.#search = new SearchBar(() => this.#page, () => this.#urlStateChanged());
    this.#fields = new FieldTools(page, byId('lines', HTMLElement), () => this.#urlStateChanged(), (text) => void this.#panes.tools.copyText([text], 'Value copied'));
    this.#notes = new Notes(page, !prefs.introduced, () => this.#setPrefs({ introduced: true }));
    new Notifier(page);
    this.#time = new TimeTools(page, prefs, { setPrefs: (change) => this.#setPrefs(change), urlStateChanged: () => this.#urlStateChanged(), toast: (text) => this.toast(text) });
    printLines(() => this.#page, () => this.#panes.tools.selectedRange);
    this.#wireBar();
    this.#wireMenu();
    this.#wireLevels();
    document.addEventListener('keydown', (event) => this.#key(event));
    listKeys(byId('keys', HTMLElement));
    byId('limit', HTMLElement).textContent = `This page holds up to ${count(LIMIT.lines)} lines or ${LIMIT.chars >> 20} MiB of text. Older lines come from the server when you scroll up.`;
    this.applyPrefs();
  }

  /** Page of the focused pane. */
  get #page() {
    return this.#panes.page;
  }

  /** Opens the menu at the server filter. */
  editServerFilter() {
    this.#serverFilter.edit();
  }

  /** Shows the changed URL state in the controls and writes it to the URL. */
  #urlStateChanged() {
    this.showUrlState();
    history.replaceState(null, '', this.#hash({}) || location.pathname + location.search);
  }

  /** Returns the hash for the view without its lines. @param {Partial<import('./hash.js').UrlState>} change */
  #hash(change) {
    const { chosenSources, ...urlState } = this.#page.urlState;
    return formatHash({ ...urlState, sources: [...chosenSources], line: '', lastLine: '', ...change });
  }

  #clearFilters() {
    this.#page.clearFilters();
    this.#urlStateChanged();
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
    onClick('follow', () => this.#page.list.follow(!this.#page.list.following));
    onClick('resume', () => this.#page.list.follow(true));
    onClick('beside', () => {
      const { urlState } = this.#page;
      urlState.beside = !urlState.beside;
      this.#urlStateChanged();
    });
    for (const id of CLEAR_BUTTONS) onClick(id, () => this.#clearFilters());
    onClick('all', () => this.#chooseSources([]));
  }

  /** @param {string[]} keys names of sources and folders; all if empty */
  #chooseSources(keys) {
    this.#page.chooseSources(keys);
    this.#urlStateChanged();
  }

  #focusSources() {
    if (!this.#prefs.side) this.#setPrefs({ side: true });
    this.#sidebar.focus();
  }

  #toggleFolding() {
    this.#setPrefs({ fold: !this.#prefs.fold });
    this.toast(this.#prefs.fold ? 'Entries folded' : 'Entries unfolded');
  }

  /** @param {Partial<import('./prefs.js').Prefs>} change */
  #setPrefs(change) {
    Object.assign(this.#prefs, change);
    savePrefs(this.#prefs);
    this.applyPrefs();
  }

  applyPrefs() {
    const prefs = this.#prefs;
    applyPrefs(prefs);
    this.#time.applyPrefs();
    this.#page.showRecords(prefs.records);
    this.#panes.measure(prefs.wrap);
    setPressed(byId('wrap', HTMLElement), prefs.wrap);
    setPressed(byId('names', HTMLElement), prefs.names);
    this.#page.setFolding({ entries: prefs.fold, repeats: prefs.repeats });
    setPressed(byId('fold', HTMLElement), prefs.fold);
    setPressed(byId('repeats', HTMLElement), prefs.repeats);
    setPressed(byId('records', HTMLElement), prefs.records);
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
      if (format) void downloadLines(this.#page, format).then((lines) => this.toast(`${plural(lines, 'line')} downloaded`));
      if (item.matches('.menu-item:not([aria-pressed])')) byId('menu', HTMLElement).hidePopover();
    });
    onClick('names', () => this.#setPrefs({ names: !this.#prefs.names }));
    onClick('fold', () => this.#setPrefs({ fold: !this.#prefs.fold }));
    onClick('repeats', () => this.#setPrefs({ repeats: !this.#prefs.repeats }));
    onClick('records', () => this.#setPrefs({ records: !this.#prefs.records }));
    onClick('link-view', () => void this.#panes.tools.copyText([location.href], 'Link copied'));
    onClick('clear', () => this.#page.clear());
    onClick('help-open', () => byId('help', HTMLDialogElement).showModal());
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (this.#findKey(event)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event) || this.#scrollKey(event)) return;
    const name = bindingOf(event.key);
    // The browser closes the menu.
    if (!name || (name === 'escape' && document.querySelector(':popover-open'))) return;
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

  /** @param {KeyboardEvent} event @returns {boolean} true if the key scrolls or selects */
  #scrollKey(event) {
    const { list } = this.#page;
    const page = list.map.viewport - 2 * list.lineHeight;
    /** @type {Record<string, number>} */
    const by = { ArrowDown: list.lineHeight, ArrowUp: -list.lineHeight, PageDown: page, PageUp: -page };
    if (!(event.key in by)) return false;
    event.preventDefault();
    if (event.shiftKey && event.key.startsWith('Arrow')) this.#page.current.extend(event.key === 'ArrowDown' ? 1 : -1);
    else list.scrollBy(by[event.key]);
    return true;
  }

  /** @param {string} name @param {string} key */
  #run(name, key) {
    const page = this.#page;
    const { list, renderState } = page;
    /** @type {Record<string, () => unknown>} */
    const actions = {
      search: () => this.#search.focus(),
      next: () => page.current.jumpToMatch(1),
      previous: () => page.current.jumpToMatch(-1),
      filter: () => this.#search.toggleFilter(),
      surroundings: () => this.#panes.tools.showSurroundings(),
      follow: () => list.follow(!list.following),
      start: () => list.toStart(),
      end: () => list.follow(true),
      down: () => page.current.move(1),
      up: () => page.current.move(-1),
      json: () => renderState.current >= 0 && !page.toggleFold(renderState.current) && page.toggleJson(renderState.current),
      fold: () => this.#toggleFolding(),
      copy: () => this.#panes.tools.copyLines(),
      link: () => this.#panes.tools.linkLine(),
      wrap: () => this.#setPrefs({ wrap: !this.#prefs.wrap }),
      time: () => this.#time.nextContent(),
      jump: () => this.#time.openJump(),
      clear: () => this.#clearFilters(),
      sources: () => this.#focusSources(),
      names: () => this.#setPrefs({ names: !this.#prefs.names }),
      nextError: () => this.#errors.jump(1),
      previousError: () => this.#errors.jump(-1),
      records: () => this.#setPrefs({ records: !this.#prefs.records }),
      side: () => this.#setPrefs({ side: !this.#prefs.side }),
      all: () => this.#chooseSources([]),
      source: () => this.#chooseSourceNumber(Number(key)),
      help: () => byId('help', HTMLDialogElement).showModal(),
      escape: () => (renderState.current < 0 && this.#time.removeRange()) || page.current.set(-1, false),
    };
    actions[name]?.();
  }

  /** @param {number} number from 1 */
  #chooseSourceNumber(number) {
    const name = this.#sidebar.nameAt(number);
    if (name === undefined) return;
    const { chosenSources } = this.#page.urlState;
    this.#chooseSources(chosenSources.size === 1 && chosenSources.has(name) ? [] : [name]);
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
    this.#serverFilter.show(grep);
    for (const [level, button] of this.#levels) setPressed(button, (levels & (1 << level)) !== 0);
    this.#panes.update();
    this.#showBesideButton();
    const isFiltered = this.#hash({ grep: '', history: '' }) !== '';
    for (const id of CLEAR_BUTTONS) byId(id, HTMLElement).hidden = !isFiltered;
    this.#search.showUrlState();
    this.#fields.show();
    this.#time.showRange();
    this.showSources();
  }

  #showBesideButton() {
    const { beside, chosenSources } = this.#page.urlState;
    const button = byId('beside', HTMLElement);
    button.hidden = chosenSources.size < 2 || chosenSources.size > MAX_BESIDE;
    setPressed(button, beside);
  }

  showSources() {
    const { sources, urlState } = this.#page;
    this.#sidebar.render(sources, urlState.chosenSources);
    this.#errors.show();
    const widest = Math.max(4, ...[...sources.byName.keys()].map((name) => name.length));
    const width = `${Math.min(NAME_COLUMNS, widest)}ch`;
    const root = document.documentElement;
    const single = this.#panes.areSingle ?? sources.isSingle(urlState.chosenSources);
    const changed = root.style.getPropertyValue('--name-width') !== width || root.classList.contains('one-source') !== single;
    root.style.setProperty('--name-width', width);
    root.classList.toggle('one-source', single);
    if (changed) this.#panes.measure(this.#prefs.wrap);
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
    this.#panes.showFrame();
    this.#notes.show();
    this.#time.showFrame();
  }
}
