// Field of the server filter in the menu.

import { byId, setText } from './dom.js';

export class ServerFilter {
  #field = byId('grep', HTMLInputElement);
  #reconnect;
  #changed;

  /**
   * @param {(filter: { grep: string }) => Promise<string>} reconnect opens a stream with another
   *   filter; returns the reason if the server does not accept it
   * @param {() => void} changed called when another filter is in use
   */
  constructor(reconnect, changed) {
    this.#reconnect = reconnect;
    this.#changed = changed;
    byId('server', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#apply();
    });
    this.#field.addEventListener('input', () => this.#showProblem(''));
  }

  async #apply() {
    const problem = await this.#reconnect({ grep: this.#field.value });
    this.#showProblem(problem);
    if (problem) return this.#field.focus();
    byId('menu', HTMLElement).hidePopover();
    this.#changed();
  }

  /** @param {string} problem */
  #showProblem(problem) {
    const element = byId('grep-problem', HTMLElement);
    element.hidden = problem === '';
    setText(element, problem);
    this.#field.setAttribute('aria-invalid', String(problem !== ''));
  }

  /** @param {string} grep */
  show(grep) {
    this.#field.value = grep;
  }

  /** Opens the menu at the field. */
  edit() {
    byId('menu', HTMLElement).showPopover();
    this.#field.focus();
  }
}
