// Strip beside the scroll bar with the positions of errors, warnings and matches in all rows.

import { LEVEL } from './level.js';

const WIDTH_PX = 10;

/** @param {string} name custom property of the theme */
const property = (name) => getComputedStyle(document.body).getPropertyValue(name);

/** Resolves light-dark() to a colour, because a canvas cannot. @param {HTMLElement} element @param {string} name */
function resolveColour(element, name) {
  element.style.color = property(name);
  return getComputedStyle(element).color;
}

export class Overview {
  #canvas;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {(part: number) => void} scrollTo called with the clicked position, 0 to 1
   */
  constructor(canvas, scrollTo) {
    this.#canvas = canvas;
    canvas.onpointerdown = (event) => scrollTo(event.offsetY / canvas.clientHeight);
  }

  /** @param {import('./rowlist.js').RowList} rows */
  render(rows) {
    const height = this.#canvas.clientHeight;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    const context = this.#canvas.getContext('2d');
    if (!context || height === 0) return;
    context.clearRect(0, 0, WIDTH_PX, height);
    const [warn, error, match] = ['--warn', '--error', '--mark-current'].map((name) => resolveColour(this.#canvas, name));
    const step = rows.length / height;
    for (let y = 0; y < height; y++) {
      const { level, hasMatch } = rows.summaryOf(Math.floor(y * step), Math.floor((y + 1) * step));
      context.fillStyle = level === LEVEL.ERROR ? error : warn;
      if (level >= LEVEL.WARN) context.fillRect(level === LEVEL.ERROR ? 5 : 7, y, level === LEVEL.ERROR ? 4 : 2, 2);
      context.fillStyle = match;
      if (hasMatch) context.fillRect(1, y, 4, 2);
    }
  }
}
