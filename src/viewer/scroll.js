// Maps the scroll bar to a place in the list. Browsers limit an element's height, and rows
// are only estimated until they are shown, so the two differ by an `offset`: small moves
// are one to one, large ones are proportional, and `settle` brings both together again.

/** Below what every browser lays out. */
const TALLEST = 12_000_000;

export class ScrollMap {
  /** Pixels of the whole list. */
  total = 0;
  /** Pixels of the window onto it. */
  viewport = 0;
  /** What the scroll bar says. */
  physical = 0;
  /** Place in the list minus `physical`. */
  offset = 0;
  #tallest;

  constructor(tallest = TALLEST) {
    this.#tallest = tallest;
  }

  /** Height of the element that is scrolled. */
  get height() {
    return Math.min(Math.max(this.total, this.viewport), this.#tallest);
  }

  get furthest() {
    return Math.max(0, this.total - this.viewport);
  }

  /** Pixels of the list above the window. */
  get top() {
    return Math.min(this.furthest, Math.max(0, this.physical + this.offset));
  }

  /** Where the scroll bar belongs for a place in the list. @param {number} top */
  #barFor(top) {
    if (this.height === this.total) return top;
    return this.furthest === 0 ? 0 : (top / this.furthest) * (this.height - this.viewport);
  }

  /** The scroll bar was moved. @param {number} physical */
  moved(physical) {
    const far = Math.abs(physical - this.physical) > 4 * this.viewport;
    this.physical = physical;
    if (far) {
      const range = this.height - this.viewport;
      this.offset = (range > 0 ? (physical / range) * this.furthest : 0) - physical;
    }
  }

  /** Whether the bar has come to an end where the list has not, or the other way round. */
  get astray() {
    const range = this.height - this.viewport;
    const wanted = this.physical + this.offset;
    return wanted < 0 || wanted > this.furthest || (this.physical <= 0 && wanted > 0)
      || (this.physical >= range - 1 && wanted < this.furthest - 1);
  }

  /** Goes to a place in the list. @param {number} top @returns {number} where to put the scroll bar */
  go(top) {
    const place = Math.min(this.furthest, Math.max(0, top));
    this.physical = this.#barFor(place);
    this.offset = place - this.physical;
    return this.physical;
  }

  /** Puts the bar where it belongs without moving the list. @returns {number} where to put it */
  settle() {
    return this.go(this.top);
  }
}
