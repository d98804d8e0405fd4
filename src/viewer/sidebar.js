// Shows the list of sources and reports clicks on a source.

import { make, setText } from './dom.js';
import { compact, formatBytes, plural } from './format.js';
import { showErrorBadge } from './errorbadge.js';
import { LEVEL } from './level.js';
import { describeState } from './sources.js';

/** Characters at the end of a name that stay visible when CSS cuts its middle. When doubled, less of the beginning is. */
const TAIL_CHARS = 8;

/** Layouts in which a tap adds or removes a source, because there is no Ctrl key. */
const TOUCH = '(max-width: 760px), (pointer: coarse)';

export class Sidebar {
  #list;
  #all;
  /** @type {Map<string, HTMLButtonElement>} */
  #buttons = new Map();
  #choose;
  /** Shows only the errors of a source. @type {(name: string) => void} */
  showErrors = () => {};

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
    const chars = [...name];
    const tail = chars.length > 2 * TAIL_CHARS ? chars.splice(-TAIL_CHARS).join('') : '';
    button.children[0].append(make('span', 'head', chars.join('')), make('span', 'tail', tail));
    button.onclick = (event) => this.#choose(name, event.ctrlKey || event.metaKey || event.shiftKey || matchMedia(TOUCH).matches);
    const item = document.createElement('li');
    item.append(button);
    this.#buttons.set(name, button);
    return button;
  }

  /** @param {Iterable<import('./sources.js').Source>} sources in the order of the list @param {Set<string>} chosen */
  render(sources, chosen) {
    this.#list.classList.toggle('has-chosen', chosen.size > 0);
    this.#all.hidden = chosen.size === 0;
    let at = this.#list.firstElementChild;
    for (const source of sources) {
      const item = /** @type {HTMLElement} */ (this.#show(source, chosen).parentElement);
      showErrorBadge(item, source.name, source.levels[LEVEL.ERROR], this.showErrors);
      if (item === at) at = at.nextElementSibling;
      else this.#list.insertBefore(item, at);
    }
  }

  /** @param {import('./sources.js').Source} source @param {Set<string>} chosen */
  #show(source, chosen) {
    const button = this.#buttons.get(source.name) ?? this.#button(source.name, source.hue);
    const [, lineCount, state] = button.children;
    const { text, bad } = describeState(source.state);
    setText(lineCount, compact(source.count));
    setText(state, text);
    state.classList.toggle('bad', bad);
    /** @type {HTMLElement} */ (state).hidden = text === '';
    button.classList.toggle('inactive', source.state !== 'live' && source.state !== '');
    button.setAttribute('aria-pressed', String(chosen.has(source.name)));
    button.title = [source.path || source.name, plural(source.count, 'line'), source.size === null ? '' : formatBytes(source.size)].filter(Boolean).join('\n');
    return button;
  }
}
