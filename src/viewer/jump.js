// Dialog "Go to time": a field for a time, and what it understands.

import { byId, setText } from './dom.js';
import { parseTime } from './timeparse.js';
import { timeInWords } from './zone.js';

/**
 * @typedef {object} JumpContext
 * @property {import('./zone.js').Zone} zone
 * @property {number} near time of the lines in view
 * @property {number} newest time of the newest line
 */

export class JumpDialog {
  #dialog = byId('jump', HTMLDialogElement);
  #field = byId('jump-time', HTMLInputElement);
  #meaning = byId('jump-meaning', HTMLElement);
  #contextOf;

  /** @param {() => JumpContext} contextOf @param {(ms: number) => void} goTo */
  constructor(contextOf, goTo) {
    this.#contextOf = contextOf;
    this.#field.addEventListener('input', () => this.#show());
    byId('jump-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const { ms, problem } = this.#parsed;
      this.#field.setAttribute('aria-invalid', String(problem !== ''));
      if (problem) return this.#field.focus();
      this.#dialog.close();
      goTo(ms);
    });
    byId('jump-close', HTMLButtonElement).onclick = () => this.#dialog.close();
  }

  open() {
    this.#show();
    this.#dialog.showModal();
    this.#field.select();
  }

  get #parsed() {
    return parseTime(this.#field.value, { ...this.#contextOf(), now: Date.now() });
  }

  /** Says what the typed time means. */
  #show() {
    const { ms, problem } = this.#parsed;
    const isBad = problem !== '' && this.#field.value.trim() !== '';
    setText(this.#meaning, problem || timeInWords(ms, this.#contextOf().zone));
    this.#meaning.classList.toggle('field-problem', isBad);
    this.#field.setAttribute('aria-invalid', String(isBad));
  }
}
