// Wires the buttons, fields and keys of index.html to what the page can do,
// and shows its state in them.

import { asNdjson, asText, download, writeLines } from './export.js';
import { count, plural, short } from './format.js';
import { formatHash } from './hash.js';
import { byId, press, put } from './dom.js';
import { bindingOf, isTyping, listKeys } from './keys.js';
import { LEVELS } from './level.js';
import { LineTools } from './linetools.js';
import { LIMIT } from './page.js';
import { applyPrefs, savePrefs } from './prefs.js';
import { NAME_COLUMNS } from './row.js';
import { SearchBar } from './searchbar.js';
import { Sidebar } from './sidebar.js';

const TOAST = 2600;

export class Controls {
  #page;
  #prefs;
  #reconnect;
  #levels = LEVELS.map((name, level) => /** @type {[number, HTMLButtonElement]} */ ([level, document.querySelector(`.level.${name}`)])).filter(([, button]) => button);
  #search;
  #lines;
  #sidebar;
  #toasting = 0;

  /**
   * @param {import('./page.js').Page} page
   * @param {import('./prefs.js').Prefs} prefs
   * @param {() => void} reconnect asks the server anew
   */
  constructor(page, prefs, reconnect) {
    this.#page = page;
    this.#prefs = prefs;
    this.#reconnect = reconnect;
    this.#sidebar = new Sidebar(byId('sources', HTMLElement), byId('all', HTMLElement), (name, combine) => {
      page.pick(name, combine);
      this.#placed();
    });
    this.#search = new SearchBar(page, () => this.#placed());
    this.#lines = new LineTools(page, () => this.#placed(), (text) => this.toast(text));
    this.#wireBar();
    this.#wireMenu();
    this.#wireLevels();
    document.addEventListener('keydown', (event) => this.#key(event));
    listKeys(byId('keys', HTMLElement));
    byId('limit', HTMLElement).textContent = `This page holds the newest ${count(LIMIT.lines)} lines or ${LIMIT.chars >> 20} MiB of them, and twice that while you read older ones.`;
    this.applyPrefs();
  }

  /** @param {string} id @param {() => void} run */
  #click(id, run) {
    byId(id, HTMLButtonElement).addEventListener('click', run);
  }

  /** The choice of lines has changed: show it here and in the address. */
  #placed() {
    this.showPlace();
    const { chosen, ...place } = this.#page.place;
    history.replaceState(null, '', formatHash({ ...place, line: '', sources: [...chosen] }) || location.pathname + location.search);
  }

  #wireLevels() {
    for (const [level, button] of this.#levels) {
      button.onclick = () => {
        this.#page.toggleLevel(1 << level);
        this.#placed();
      };
    }
  }

  #wireBar() {
    this.#click('side', () => this.#prefer({ side: !this.#prefs.side }));
    this.#click('wrap', () => this.#prefer({ wrap: !this.#prefs.wrap }));
    this.#click('time', () => this.#nextTime());
    this.#click('follow', () => this.#page.list.follow(!this.#page.list.following));
    this.#click('resume', () => this.#page.list.follow(true));
    this.#click('all', () => this.#showAll());
  }

  #showAll() {
    this.#page.place.chosen.clear();
    this.#page.apply();
    this.#placed();
  }

  #nextTime() {
    const next = /** @type {const} */ ({ off: 'clock', clock: 'ago', ago: 'off' })[this.#prefs.time];
    this.#prefer({ time: next });
    this.toast({ off: 'Arrival time hidden', clock: 'Arrival time', ago: 'Time since arrival' }[next]);
  }

  /** @param {Partial<import('./prefs.js').Prefs>} change */
  #prefer(change) {
    Object.assign(this.#prefs, change);
    savePrefs(this.#prefs);
    this.applyPrefs();
  }

  applyPrefs() {
    const { list, look } = this.#page;
    const prefs = this.#prefs;
    applyPrefs(prefs);
    look.time = prefs.time;
    if (list.wrap !== prefs.wrap) list.setWrap(prefs.wrap);
    list.measure();
    list.refill();
    press(byId('wrap', HTMLElement), prefs.wrap);
    press(byId('time', HTMLElement), prefs.time !== 'off');
    press(byId('names', HTMLElement), prefs.names);
    byId('side', HTMLElement).setAttribute('aria-expanded', String(prefs.side));
    for (const choice of document.querySelectorAll('[data-theme-choice]')) press(choice, /** @type {HTMLElement} */ (choice).dataset.themeChoice === prefs.theme);
    for (const choice of document.querySelectorAll('[data-size]')) press(choice, Number(/** @type {HTMLElement} */ (choice).dataset.size) === prefs.size);
  }

  #wireMenu() {
    byId('menu', HTMLElement).addEventListener('click', (event) => {
      const item = /** @type {HTMLElement} */ (event.target).closest('button');
      if (!item) return;
      const { themeChoice, size, export: format } = item.dataset;
      if (themeChoice) this.#prefer({ theme: /** @type {import('./prefs.js').Prefs['theme']} */ (themeChoice) });
      if (size) this.#prefer({ size: Number(size) });
      if (format) void this.#export(format);
      if (item.matches('.menu-item:not([aria-pressed])')) byId('menu', HTMLElement).hidePopover();
    });
    this.#click('names', () => this.#prefer({ names: !this.#prefs.names }));
    this.#click('link-view', () => void this.#lines.copyText([location.href], 'Link copied'));
    this.#click('clear', () => this.#page.clear());
    this.#click('help-open', () => byId('help', HTMLDialogElement).showModal());
    byId('server', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#page.place.grep = byId('grep', HTMLInputElement).value;
      this.#page.place.history = byId('history', HTMLSelectElement).value;
      byId('menu', HTMLElement).hidePopover();
      this.#placed();
      this.#reconnect();
    });
  }

  /** @param {string} format */
  async #export(format) {
    const { store, look, shownLines } = this.#page;
    const text = format === 'text';
    const pieces = await writeLines({ store, names: look.names }, shownLines, text ? asText : asNdjson);
    const stamp = new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-');
    download(pieces, text ? 'text/plain' : 'application/x-ndjson', `ssetail-${stamp}.${text ? 'log' : 'ndjson'}`);
    this.toast(`${plural(shownLines.length, 'line')} downloaded`);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event) || this.#scrollKey(event)) return;
    const name = bindingOf(event.key);
    if (!name) return;
    event.preventDefault();
    this.#run(name, event.key);
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether it was one */
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
    const { list, look } = page;
    /** @type {Record<string, () => unknown>} */
    const actions = {
      search: () => this.#search.focus(),
      next: () => page.jump(1),
      previous: () => page.jump(-1),
      filter: () => this.#search.toggleFilter(),
      place: () => this.#lines.showInPlace(),
      follow: () => list.follow(!list.following),
      start: () => list.toStart(),
      end: () => list.follow(true),
      down: () => page.move(1),
      up: () => page.move(-1),
      unfold: () => look.current >= 0 && page.unfold(look.current),
      copy: () => this.#lines.copyLines(),
      link: () => this.#lines.linkLine(),
      wrap: () => this.#prefer({ wrap: !this.#prefs.wrap }),
      time: () => this.#nextTime(),
      names: () => this.#prefer({ names: !this.#prefs.names }),
      errors: () => (page.toggleLevel(1 << 4), this.#placed()),
      side: () => this.#prefer({ side: !this.#prefs.side }),
      all: () => this.#showAll(),
      source: () => this.#pickNumber(Number(key)),
      help: () => byId('help', HTMLDialogElement).showModal(),
      escape: () => page.mark(-1, false),
    };
    actions[name]?.();
  }

  /** @param {number} number from 1 */
  #pickNumber(number) {
    const name = [...this.#page.sources.byName.keys()][number - 1];
    if (name === undefined) return;
    this.#page.pick(name, false);
    this.#placed();
  }

  /** @param {string} text */
  toast(text) {
    const toast = byId('toast', HTMLElement);
    toast.textContent = text;
    clearTimeout(this.#toasting);
    this.#toasting = window.setTimeout(() => (toast.textContent = ''), TOAST);
  }

  /** Shows in the controls what is chosen. */
  showPlace() {
    const { levels, grep, history: lines } = this.#page.place;
    byId('grep', HTMLInputElement).value = grep;
    byId('history', HTMLSelectElement).value = lines;
    for (const [level, button] of this.#levels) press(button, (levels & (1 << level)) !== 0);
    this.#search.showPlace();
    this.showSources();
  }

  showSources() {
    const { sources, place } = this.#page;
    this.#sidebar.render(sources.byName.values(), place.chosen);
    const widest = Math.max(4, ...[...sources.byName.keys()].map((name) => name.length));
    const width = `${Math.min(NAME_COLUMNS, widest)}ch`;
    const root = document.documentElement;
    const single = sources.byName.size < 2;
    const changed = root.style.getPropertyValue('--name-width') !== width || root.classList.contains('one-source') !== single;
    root.style.setProperty('--name-width', width);
    root.classList.toggle('one-source', single);
    if (changed) this.#page.list.measure();
    for (const [level, button] of this.#levels) {
      const total = short(sources.levels[level]);
      put(button.lastElementChild, total);
      button.setAttribute('aria-label', `${LEVELS[level]} ${total}`);
    }
  }

  /** After each frame: what follows the rows. */
  showFrame() {
    const { list, waiting } = this.#page;
    const resume = byId('resume', HTMLElement);
    const text = waiting > 0 ? `${plural(waiting, 'new line')} ↓` : '';
    put(resume, text);
    resume.hidden = text === '';
    const follow = byId('follow', HTMLElement);
    press(follow, list.following);
    put(follow, list.following ? 'following' : 'paused');
    this.#search.showState();
    this.#lines.placeTools();
  }
}
