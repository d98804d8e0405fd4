// Delays the rendering of a list that follows while its rows are being selected, from the oldest on:
// the newest rows so far are old lines, which would pass by.

/** Longest delay. When doubled, a slow search shows its first rows later. */
const MAX_DELAY_MS = 250;

export class RenderDelay {
  /** Time of the first frame in which rows were missing; 0 if none are. */
  #since = 0;

  /**
   * Reports if the list may be rendered now.
   * @param {boolean} isComplete true if all rows are selected
   * @param {boolean} isFollowing true if the list shows its newest rows
   * @param {number} now in milliseconds
   * @returns {boolean}
   */
  isOver(isComplete, isFollowing, now) {
    this.#since = isComplete ? 0 : this.#since || now;
    return isComplete || !isFollowing || now - this.#since > MAX_DELAY_MS;
  }
}
