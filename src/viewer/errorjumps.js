// Buttons and keys that go to the next and to the previous error entry, and the number of them.

import { byId, onClick, setText } from './dom.js';
import { count } from './format.js';

/**
 * Returns the error entry to go to; of repeated ones, the newest.
 * @param {import('./view.js').View} view
 * @param {number} current line, or -1
 * @param {number} bottom last visible line
 * @param {1 | -1} step
 * @returns {number} -1 if there is no error entry
 */
export function nextError({ folds }, current, bottom, step) {
  const { errors } = folds;
  if (errors.length === 0) return -1;
  const isFirst = current < 0;
  let at = errors.indexOf(isFirst ? bottom + 1 : step > 0 ? current + 1 : current) - (isFirst || step < 0 ? 1 : 0);
  for (let tries = 0; tries < errors.length; tries++, at += step) {
    const line = errors.at((at + errors.length) % errors.length);
    if (!folds.isRepeated(line)) return line;
  }
  return errors.at((at + errors.length) % errors.length);
}

export class ErrorJumps {
  #page;

  /** @param {import('./page.js').Page} page */
  constructor(page) {
    this.#page = page;
    onClick('next-error', () => this.jump(1));
    onClick('previous-error', () => this.jump(-1));
  }

  /** @param {1 | -1} step */
  jump(step) {
    const { view, list, renderState } = this.#page;
    const line = nextError(view, renderState.current, list.lastLine, step);
    if (line < 0) return;
    this.#page.current.goTo(line);
    this.show();
  }

  /** Shows the number of error entries; called together with the other counts. */
  show() {
    const { view, renderState } = this.#page;
    const { errors } = view.folds;
    const group = byId('error-jumps', HTMLElement);
    group.hidden = errors.length === 0;
    const at = errors.indexOf(renderState.current);
    const isCurrent = at < errors.length && errors.at(at) === renderState.current;
    setText(byId('error-count', HTMLElement), isCurrent ? `${count(at + 1)}/${count(errors.length)}` : count(errors.length));
    setText(byId('error-word', HTMLElement), errors.length === 1 ? 'error' : 'errors');
  }
}
