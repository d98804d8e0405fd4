// The search field and what stands in it: what is looked for, and what was found.

import { byId, press, put } from './dom.js';
import { count } from './format.js';

export class SearchBar {
  #page;
  #placed;
  #query = byId('query', HTMLInputElement);
  #context = byId('context', HTMLInputElement);

  /** @param {import('./page.js').Page} page @param {() => void} placed called when other lines are chosen */
  constructor(page, placed) {
    this.#page = page;
    this.#placed = placed;
    this.#wire();
  }

  focus() {
    this.#query.select();
  }

  /** @param {string} id @param {() => void} run */
  #click(id, run) {
    byId(id, HTMLButtonElement).addEventListener('click', run);
  }

  #wire() {
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
    this.#click('filter', () => this.toggleFilter());
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

  toggleFilter() {
    const { place, look } = this.#page;
    place.filter = !place.filter;
    this.#page.apply(look.current >= 0 && !this.#page.list.following ? look.current : undefined);
    this.#placed();
  }

  showPlace() {
    const { query, filter, context, levels } = this.#page.place;
    if (this.#query.value !== query.text) this.#query.value = query.text;
    if (Number(this.#context.value) !== context) this.#context.value = String(context);
    press(byId('exact', HTMLElement), query.exact);
    press(byId('regex', HTMLElement), query.regex);
    press(byId('filter', HTMLElement), filter);
    this.#context.disabled = !filter && levels === 0;
  }

  showState() {
    const { view, queryError, hitNumber, place } = this.#page;
    const { length } = view.hits;
    const state = byId('query-state', HTMLElement);
    const found = hitNumber ? `${count(hitNumber)}/${count(length)}` : count(length);
    const text = queryError || (!place.query.text ? '' : view.progress < 0.99 ? `${Math.floor(view.progress * 100)}%` : found);
    put(state, text);
    state.classList.toggle('bad', queryError !== '');
    for (const id of ['next', 'previous']) byId(id, HTMLButtonElement).disabled = length === 0;
  }
}
