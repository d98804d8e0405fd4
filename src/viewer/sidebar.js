// Shows the list of sources and reports clicks on a source.

import { make } from './dom.js';
import { count, shortenName, formatBytes } from './format.js';
import { describeState } from './sources.js';

/** Characters that fit into the sidebar. When doubled, CSS hides the end of names. */
const LABEL_CHARS = 18;

export class Sidebar {
  #list;
  #all;
  /** @type {Map<string, HTMLButtonElement>} */
  #buttons = new Map();
  #choose;

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} all button that shows all sources
   * @param {(name: string, combine: boolean) => void} choose
   */
  constructor(list, all, choose) {
    this.#list = list;
    this.#all = all;
    this.#choose = choose;
  }

  /** @param {string} name @param {number} hue */
  #button(name, hue) {
    const button = /** @type {HTMLButtonElement} */ (make('button', `source s${hue}`));
    button.append(make('span', 'label'), make('span', 'count'), make('span', 'state'));
    button.children[0].textContent = shortenName(name, LABEL_CHARS);
    button.onclick = (event) => this.#choose(name, event.ctrlKey || event.metaKey || event.shiftKey);
    const item = document.createElement('li');
    item.append(button);
    this.#list.append(item);
    this.#buttons.set(name, button);
    return button;
  }

  /** @param {Iterable<import('./sources.js').Source>} sources @param {Set<string>} chosen */
  render(sources, chosen) {
    this.#list.classList.toggle('has-chosen', chosen.size > 0);
    this.#all.hidden = chosen.size === 0;
    for (const source of sources) this.#show(source, chosen);
  }

  /** @param {import('./sources.js').Source} source @param {Set<string>} chosen */
  #show(source, chosen) {
    const button = this.#buttons.get(source.name) ?? this.#button(source.name, source.hue);
    const [, lineCount, state] = button.children;
    const { text, bad } = describeState(source.state);
    lineCount.textContent = count(source.count);
    state.textContent = text;
    state.classList.toggle('bad', bad);
    /** @type {HTMLElement} */ (state).hidden = text === '';
    button.classList.toggle('inactive', source.state !== 'live' && source.state !== '');
    button.setAttribute('aria-pressed', String(chosen.has(source.name)));
    button.title = [source.path || source.name, source.size === null ? '' : formatBytes(source.size)].filter(Boolean).join('\n');
  }
}
