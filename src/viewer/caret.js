// Finds the character at a position of the window.

/** @typedef {{ offsetNode: Node, offset: number }} Caret */

/** @param {number} x @param {number} y @returns {Caret | null} */
function caretOf(x, y) {
  if ('caretPositionFromPoint' in document) return document.caretPositionFromPoint(x, y);
  const range = /** @type {any} */ (document).caretRangeFromPoint?.(x, y);
  return range ? { offsetNode: range.startContainer, offset: range.startOffset } : null;
}

/**
 * Returns the characters of an element before a position; positions beside it count as its
 * nearest side.
 * @param {HTMLElement} element
 * @param {number} x
 * @param {number} y within the element
 */
export function caretAt(element, x, y) {
  const { left, right } = element.getBoundingClientRect();
  if (x <= left) return 0;
  const caret = caretOf(Math.min(x, right - 2), y);
  if (!caret || !element.contains(caret.offsetNode)) return Infinity;
  const range = document.createRange();
  range.setStart(element, 0);
  range.setEnd(caret.offsetNode, caret.offset);
  return range.toString().length;
}
