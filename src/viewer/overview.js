// Strip beside the scroll bar with the positions of errors, warnings and matches in all rows.
// Where most of the strip is marked, opacity tells where there are more of them.

const WIDTH_PX = 10;

/** @param {string} name custom property of the theme */
const property = (name) => getComputedStyle(document.body).getPropertyValue(name);

/** Resolves light-dark() to a colour, because a canvas cannot. @param {HTMLElement} element @param {string} name */
export function resolveColour(element, name) {
  element.style.color = property(name);
  return getComputedStyle(element).color;
}

/** Opacity of the weakest mark. When doubled, a log with many errors looks more like one that has nothing else. */
const MIN_OPACITY = 0.12;

/**
 * Returns the opacity of the mark of each part of the rows, 0 for none. Rare marks are opaque,
 * so that a single error is seen; the more parts are marked, the more opacity depends on the number.
 * @param {Uint32Array} counts marked rows of each part
 */
export function opacities(counts) {
  let most = 0;
  let marked = 0;
  for (const count of counts) {
    if (count > most) most = count;
    if (count) marked++;
  }
  const least = Math.max(MIN_OPACITY, (1 - marked / counts.length) ** 2);
  return Float32Array.from(counts, (count) => count && least + (1 - least) * (count / most) ** 2);
}

/** Left edge and width in pixels, and colour, of the marks: those of errors cover those of warnings. */
const MARKS = /** @type {const} */ ([['warnings', 7, 2, '--warn'], ['errors', 5, 4, '--error'], ['matches', 1, 4, '--mark-current']]);

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
    const summary = rows.summary(height);
    for (const [name, x, width, colour] of MARKS) {
      const opacity = opacities(summary[name]);
      context.fillStyle = resolveColour(this.#canvas, colour);
      for (let y = 0; y < height; y++) {
        if (!opacity[y]) continue;
        context.globalAlpha = opacity[y];
        // A mark alone is two pixels high; the next mark would otherwise be drawn over it.
        context.fillRect(x, y, width, opacity[y + 1] ? 1 : 2);
      }
    }
    context.globalAlpha = 1;
  }
}
