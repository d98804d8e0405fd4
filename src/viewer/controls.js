// Wires the buttons, fields and keys of index.html to what the page can do,
// and shows its state in them.

import { asNdjson, asText, download, writeLines } from './export.js';
import { count, plural, short } from './format.js';
import { formatHash } from './hash.js';
import { byId } from './dom.js';
import { bindingOf, isTyping, listKeys } from './keys.js';
import { LEVELS } from './level.js';
import { LineTools } from './linetools.js';
import { LIMIT } from './page.js';
import { applyPrefs, savePrefs } from './prefs.js';
import { Sidebar } from './sidebar.js';

const TOAST = 2600;

/** @param {boolean} on @param {Element} element */
const press = (element, on) => element.setAttribute('aria-pressed', String(on));

export class Controls {
  #page;
  #prefs;
  #reconnect;
  #query = byId('query', HTMLInputElement);
  #context = byId('context', HTMLInputElement);
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
    this.#lines = new LineTools(page, () => this.#placed(), (text) => this.toast(text));
    this.#wireSearch();
    this.#wireBar();
    this.#wireMenu();
    this.#makeLevels();
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

  #wireSearch() {
    const { place } = this.#page;
    const search = () => {
      this.#page.search({ text: this.#query.value });
      this.#placed();
    };
    this.#query.addEventListener('input', search);
    this.#query.addEventListener('keydown', (event) => this.#searchKey(event));
    this.#context.addEventListener('input', () => {
      place.context = Math.min(99, Math.max(0, Math.floor(Number(this.#context.value)) || 0));
      this.#page.apply();
      this.#placed();
    });
    for (const name of /** @type {const} */ (['exact', 'regex'])) {
      this.#click(name, () => {
        this.#page.search({ [name]: !place.query[name] });
        this.#placed();
      });
    }
    this.#click('filter', () => this.#toggleFilter());
    this.#click('next', () => this.#page.jump(1));
    this.#click('previous', () => this.#page.jump(-1));
  }

  /** @param {KeyboardEvent} event */
  #searchKey(event) {
    if (event.key === 'Enter') this.#page.jump(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape' && this.#query.value) {
      this.#query.value = '';
      this.#page.search({ text: '' });
      this.#placed();
    } else if (event.key === 'Escape') byId('lines', HTMLElement).focus();
    else return;
    event.preventDefault();
  }

  #toggleFilter() {
    const { place, look } = this.#page;
    place.filter = !place.filter;
    this.#page.apply(look.current >= 0 && !this.#page.list.following ? look.current : undefined);
    this.#placed();
  }

  #makeLevels() {
    const group = byId('levels', HTMLElement);
    for (const level of [4, 3, 2, 1]) {
      const button = document.createElement('button');
      const name = document.createElement('span');
      name.textContent = LEVELS[level];
      button.className = `level ${LEVELS[level]}`;
      button.title = `Only ${LEVELS[level]} lines; choose several to combine`;
      button.append(name, ' ', document.createElement('b'));
      button.onclick = () => {
        this.#page.toggleLevel(1 << level);
        this.#placed();
      };
      group.append(button);
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
      search: () => this.#query.select(),
      next: () => page.jump(1),
      previous: () => page.jump(-1),
      filter: () => this.#toggleFilter(),
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
    const { query, filter, context, levels, grep, history: lines } = this.#page.place;
    if (this.#query.value !== query.text) this.#query.value = query.text;
    if (Number(this.#context.value) !== context) this.#context.value = String(context);
    byId('grep', HTMLInputElement).value = grep;
    byId('history', HTMLSelectElement).value = lines;
    press(byId('exact', HTMLElement), query.exact);
    press(byId('regex', HTMLElement), query.regex);
    press(byId('filter', HTMLElement), filter);
    [4, 3, 2, 1].forEach((level, i) => press(byId('levels', HTMLElement).children[i], (levels & (1 << level)) !== 0));
    this.#context.disabled = !filter && levels === 0;
    this.showSources();
  }

  showSources() {
    const { sources, place } = this.#page;
    this.#sidebar.render(sources.byName.values(), place.chosen);
    const widest = Math.max(4, ...[...sources.byName.keys()].map((name) => name.length));
    const width = `${Math.min(20, widest)}ch`;
    const root = document.documentElement;
    const single = sources.byName.size < 2;
    const changed = root.style.getPropertyValue('--name-width') !== width || document.body.classList.contains('one-source') !== single;
    root.style.setProperty('--name-width', width);
    document.body.classList.toggle('one-source', single);
    if (changed) this.#page.list.measure();
    [4, 3, 2, 1].forEach((level, i) => {
      const button = byId('levels', HTMLElement).children[i];
      const total = short(sources.levels[level]);
      button.children[1].textContent = total;
      button.setAttribute('aria-label', `${LEVELS[level]} ${total}`);
    });
  }

  /** After each frame: what follows the rows. */
  showFrame() {
    const { list, waiting } = this.#page;
    const resume = byId('resume', HTMLElement);
    const text = waiting > 0 ? `${plural(waiting, 'new line')} ↓` : '';
    if (resume.textContent !== text) resume.textContent = text;
    resume.hidden = text === '';
    const follow = byId('follow', HTMLElement);
    press(follow, list.following);
    follow.textContent = list.following ? 'following' : 'paused';
    this.#showSearchState();
    this.#lines.placeTools();
  }

  #showSearchState() {
    const { view, queryError, hitNumber, place } = this.#page;
    const { length } = view.hits;
    const state = byId('query-state', HTMLElement);
    const found = hitNumber ? `${count(hitNumber)}/${count(length)}` : count(length);
    const text = queryError || (!place.query.text ? '' : view.progress < 0.99 ? `${Math.floor(view.progress * 100)}%` : found);
    if (state.textContent !== text) state.textContent = text;
    state.classList.toggle('bad', queryError !== '');
    for (const id of ['next', 'previous']) byId(id, HTMLButtonElement).disabled = length === 0;
  }
}
