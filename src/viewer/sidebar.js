// Shows the list of sources, and reports which are chosen.

import { count, shortName, size } from './format.js';
import { describeState } from './sources.js';

/** About as many characters as have room. */
const LABEL = 18;

/** @param {string} tag @param {string} className */
function make(tag, className) {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}

export class Sidebar {
  #list;
  #all;
  /** @type {Map<string, HTMLButtonElement>} */
  #buttons = new Map();
  #pick;

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} all the button that shows all again
   * @param {(name: string, combine: boolean) => void} pick
   */
  constructor(list, all, pick) {
    this.#list = list;
    this.#all = all;
    this.#pick = pick;
  }

  /** @param {string} name @param {number} hue */
  #button(name, hue) {
    const button = /** @type {HTMLButtonElement} */ (make('button', `source s${hue}`));
    button.append(make('span', 'label'), make('span', 'count'), make('span', 'state'));
    button.children[0].textContent = shortName(name, LABEL);
    button.onclick = (event) => this.#pick(name, event.ctrlKey || event.metaKey || event.shiftKey);
    const item = document.createElement('li');
    item.append(button);
    this.#list.append(item);
    this.#buttons.set(name, button);
    return button;
  }

  /** @param {Iterable<import('./sources.js').Source>} sources @param {Set<string>} chosen */
  render(sources, chosen) {
    this.#list.classList.toggle('choosing', chosen.size > 0);
    this.#all.hidden = chosen.size === 0;
    for (const source of sources) this.#show(source, chosen);
  }

  /** @param {import('./sources.js').Source} source @param {Set<string>} chosen */
  #show(source, chosen) {
    const button = this.#buttons.get(source.name) ?? this.#button(source.name, source.hue);
    const [, counted, state] = button.children;
    const { text, bad } = describeState(source.state);
    counted.textContent = count(source.count);
    state.textContent = text;
    state.classList.toggle('bad', bad);
    /** @type {HTMLElement} */ (state).hidden = text === '';
    button.classList.toggle('quiet', source.state !== 'live' && source.state !== '');
    button.setAttribute('aria-pressed', String(chosen.has(source.name)));
    button.title = [source.path || source.name, source.size === null ? '' : size(source.size)].filter(Boolean).join('\n');
  }
}
