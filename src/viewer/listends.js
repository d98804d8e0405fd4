// Ends of the log beyond the rows of a list, with the element above the first row.

/**
 * Ends of the log beyond the rows.
 * @typedef {object} Ends
 * @property {HTMLElement} head element above the first row
 * @property {() => boolean} isLive true if new lines follow the last row
 * @property {() => boolean} isAtStart true if no line precedes the first row
 * @property {() => void} toLive
 * @property {() => void} toStart
 * @property {() => void} moved called when the user scrolls
 */

export class ListEnds {
  /** Ends of the log; without them, the rows are all lines. @type {Ends | null} */
  #ends = null;
  /** Height above the first row. */
  height = 0;

  /** @param {Ends} ends @param {HTMLElement} scroller */
  set(ends, scroller) {
    this.#ends = ends;
    scroller.prepend(ends.head);
  }

  /** True if new lines follow the last row. */
  get isLive() {
    return this.#ends?.isLive() ?? true;
  }

  /** True if no line precedes the first row. */
  get isAtStart() {
    return this.#ends?.isAtStart() ?? true;
  }

  toLive() {
    this.#ends?.toLive();
  }

  toStart() {
    this.#ends?.toStart();
  }

  /** Reports that the user scrolls. */
  moved() {
    this.#ends?.moved();
  }

  measure() {
    this.height = this.#ends?.head.offsetHeight ?? 0;
  }

  /** Moves the element above the first row, which is hidden while it is out of sight. @param {import('./scroll.js').ScrollMap} map */
  place(map) {
    if (!this.#ends) return;
    const { style } = this.#ends.head;
    style.transform = `translateY(${-map.offset}px)`;
    style.visibility = map.top < this.height ? 'visible' : 'hidden';
  }
}
