// Quiet line below the list: an introduction at the first visit, and a note about a line that is
// shown although the filters hide it.

import { byId, onClick, setText } from './dom.js';
import { count } from './format.js';

const INTRODUCTION = 'Click a source or a level to show only its lines, and a line to pause there. Press ? for all keys.';
const TOUCH_INTRODUCTION = 'Tap a source or a level to show only its lines, and a line to pause there.';

/** @param {number} rows */
const linkedText = (rows) => (rows === 1 ? 'The filters hide this line; it is shown in grey.' : `The filters hide ${count(rows)} of these lines; they are shown in grey.`);

export class Notes {
  #page;
  #isNew;
  #touch = matchMedia('(pointer: coarse)');
  /** Line for which the note was closed. @type {[number, number] | null} */
  #closed = null;

  /**
   * @param {import('./page.js').Page} page
   * @param {boolean} isNew true until the introduction was closed
   * @param {() => void} remember called when it is closed
   */
  constructor(page, isNew, remember) {
    this.#page = page;
    this.#isNew = isNew;
    onClick('note-close', () => {
      const linked = this.#linkedPage;
      if (linked) this.#closed = linked.linked;
      else {
        this.#isNew = false;
        remember();
      }
      this.show();
    });
    this.show();
  }

  /** Page of the pane that shows hidden lines because they are linked. */
  get #linkedPage() {
    return this.#page.panes.find(({ view, linked }) => view.linkedRows > 0 && linked !== this.#closed);
  }

  /** Shows the note of this moment; called after each frame, and before the first one, so that the list has its size at once. */
  show() {
    const linked = this.#linkedPage;
    const note = byId('note', HTMLElement);
    note.hidden = !linked && !this.#isNew;
    setText(note.firstElementChild, linked ? linkedText(linked.view.linkedRows) : this.#touch.matches ? TOUCH_INTRODUCTION : INTRODUCTION);
    note.classList.toggle('linked', Boolean(linked));
    setText(byId('note-close', HTMLElement), linked ? 'Close' : 'Got it');
  }
}
