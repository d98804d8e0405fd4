// The strip beside the scroll bar: where in all rows the errors, warnings and hits are.

import { LEVEL } from './level.js';

const WIDTH = 10;

/** @param {string} name a custom property of the theme */
const colour = (name) => getComputedStyle(document.body).getPropertyValue(name);

/** A colour that light-dark() chose, as canvas needs it. @param {HTMLElement} probe @param {string} name */
function resolved(probe, name) {
  probe.style.color = colour(name);
  return getComputedStyle(probe).color;
}

export class Marks {
  #canvas;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {(part: number) => void} go called with 0…1 where it was clicked
   */
  constructor(canvas, go) {
    this.#canvas = canvas;
    canvas.onpointerdown = (event) => go(event.offsetY / canvas.clientHeight);
  }

  /** @param {import('./rowlist.js').RowList} rows */
  render(rows) {
    const height = this.#canvas.clientHeight;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    const paint = this.#canvas.getContext('2d');
    if (!paint || height === 0) return;
    paint.clearRect(0, 0, WIDTH, height);
    const [warn, error, found] = ['--warn', '--error', '--mark-now'].map((name) => resolved(this.#canvas, name));
    const step = rows.length / height;
    for (let y = 0; y < height; y++) {
      const { level, hit } = rows.peak(Math.floor(y * step), Math.floor((y + 1) * step));
      paint.fillStyle = level === LEVEL.ERROR ? error : warn;
      if (level >= LEVEL.WARN) paint.fillRect(level === LEVEL.ERROR ? 5 : 7, y, level === LEVEL.ERROR ? 4 : 2, 2);
      paint.fillStyle = found;
      if (hit) paint.fillRect(1, y, 4, 2);
    }
  }
}
