// Maps the scroll bar to a position in the list. Browsers limit the height of an element, and
// heights of rows are estimates until rendered, so bar and list differ by an `offset`. Small
// movements are one to one, large ones proportional; `realign` makes the offset exact again.

/** Height of the scrolled element. When doubled, it exceeds limits of browsers. */
const MAX_ELEMENT_PX = 12_000_000;

export class ScrollMap {
  /** Height of the whole list in pixels. */
  total = 0;
  /** Height of the visible part in pixels. */
  viewport = 0;
  /** Position of the scroll bar. */
  scrollTop = 0;
  /** Position in the list minus `scrollTop`. */
  offset = 0;
  #maxHeight;

  constructor(maxHeight = MAX_ELEMENT_PX) {
    this.#maxHeight = maxHeight;
  }

  /** Height of the element that is scrolled. */
  get height() {
    return Math.min(Math.max(this.total, this.viewport), this.#maxHeight);
  }

  get maxTop() {
    return Math.max(0, this.total - this.viewport);
  }

  /** Position in the list: pixels above the viewport. */
  get top() {
    return Math.min(this.maxTop, Math.max(0, this.scrollTop + this.offset));
  }

  /** Returns the exact scroll bar position for a position in the list. @param {number} top */
  #scrollTopFor(top) {
    if (this.height === this.total) return top;
    return this.maxTop === 0 ? 0 : (top / this.maxTop) * (this.height - this.viewport);
  }

  /** Follows a movement of the scroll bar. @param {number} scrollTop */
  scrolled(scrollTop) {
    const isJump = Math.abs(scrollTop - this.scrollTop) > 4 * this.viewport;
    this.scrollTop = scrollTop;
    if (isJump) {
      const range = this.height - this.viewport;
      this.offset = (range > 0 ? (scrollTop / range) * this.maxTop : 0) - scrollTop;
    }
  }

  /** True if only one of bar and list is at an end. */
  get isMisaligned() {
    const range = this.height - this.viewport;
    const unclamped = this.scrollTop + this.offset;
    return unclamped < 0 || unclamped > this.maxTop || (this.scrollTop <= 0 && unclamped > 0)
      || (this.scrollTop >= range - 1 && unclamped < this.maxTop - 1);
  }

  /** Sets the position in the list. @param {number} top @returns {number} new scroll bar position */
  scrollTo(top) {
    const position = Math.min(this.maxTop, Math.max(0, top));
    this.scrollTop = this.#scrollTopFor(position);
    this.offset = position - this.scrollTop;
    return this.scrollTop;
  }

  /** Makes the scroll bar exact without moving the list. @returns {number} new scroll bar position */
  realign() {
    return this.scrollTo(this.top);
  }
}
