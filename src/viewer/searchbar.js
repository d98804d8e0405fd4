// Search field with its buttons, and the number of matches.

import { byId, onClick, setPressed, setText } from './dom.js';
import { count } from './format.js';

export class SearchBar {
  #focused;
  #urlStateChanged;
  #query = byId('query', HTMLInputElement);
  #context = byId('context', HTMLInputElement);

  /** @param {() => import('./page.js').Page} focused returns the page of the focused pane @param {() => void} urlStateChanged called after a change of the URL state */
  constructor(focused, urlStateChanged) {
    this.#focused = focused;
    this.#urlStateChanged = urlStateChanged;
    this.#wire();
  }

  get #page() {
    return this.#focused();
  }

  focus() {
    this.#query.select();
  }

  #wire() {
    const { urlState } = this.#page;
    const search = () => {
      this.#page.search({ text: this.#query.value });
      this.#urlStateChanged();
    };
    this.#query.addEventListener('input', search);
    this.#query.addEventListener('keydown', (event) => this.#searchKey(event));
    this.#context.addEventListener('input', () => {
      urlState.context = Math.min(99, Math.max(0, Math.floor(Number(this.#context.value)) || 0));
      this.#page.applyFilters();
      this.#urlStateChanged();
    });
    for (const [id, name] of /** @type {const} */ ([['match-case', 'matchCase'], ['regex', 'regex']])) {
      onClick(id, () => {
        this.#page.search({ [name]: !urlState.query[name] });
        this.#urlStateChanged();
      });
    }
    onClick('filter', () => this.toggleFilter());
    onClick('next', () => this.#page.current.jumpToMatch(1));
    onClick('previous', () => this.#page.current.jumpToMatch(-1));
  }

  /** @param {KeyboardEvent} event */
  #searchKey(event) {
    if (event.key === 'Enter') this.#page.current.jumpToMatch(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape' && this.#query.value) {
      this.#query.value = '';
      this.#page.search({ text: '' });
      this.#urlStateChanged();
    } else if (event.key === 'Escape') byId('lines', HTMLElement).focus();
    else return;
    event.preventDefault();
  }

  toggleFilter() {
    const { urlState, renderState } = this.#page;
    urlState.filter = !urlState.filter;
    this.#page.applyFilters(renderState.current >= 0 && !this.#page.list.following ? renderState.current : undefined);
    this.#urlStateChanged();
  }

  showUrlState() {
    const { query, filter, context, levels } = this.#page.urlState;
    if (this.#query.value !== query.text) this.#query.value = query.text;
    if (Number(this.#context.value) !== context) this.#context.value = String(context);
    setPressed(byId('match-case', HTMLElement), query.matchCase);
    setPressed(byId('regex', HTMLElement), query.regex);
    setPressed(byId('filter', HTMLElement), filter);
    this.#context.disabled = !filter && levels === 0;
  }

  showState() {
    const { view, searchError, current: { matchNumber }, urlState } = this.#page;
    const { length } = view.matches;
    const state = byId('query-state', HTMLElement);
    const found = matchNumber ? `${count(matchNumber)}/${count(length)}` : count(length);
    const text = searchError || (!urlState.query.text ? '' : view.progress < 0.99 ? `${Math.floor(view.progress * 100)}%` : found);
    setText(state, text);
    state.classList.toggle('bad', searchError !== '');
    for (const id of ['next', 'previous']) byId(id, HTMLButtonElement).disabled = length === 0;
  }
}
