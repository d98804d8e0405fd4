// Fields of records as aligned columns before the text.

import { make } from './dom.js';
import { setField } from './fieldmark.js';
import { fieldOf, leafOf } from './record.js';

/**
 * Widths of a column in cells; it takes the next one when a value needs it. When doubled, text gets
 * less space.
 */
const WIDTHS = [8, 16, 24];
/** Number of columns. When doubled, text may have no space left. */
export const MAX_COLUMNS = 6;

export class Columns {
  /** @type {readonly string[]} */
  keys = [];
  /** @type {Map<string, number>} */
  #widths = new Map();
  #changed;
  #isChanging = false;

  /** @param {() => void} changed called when the width of the text changes */
  constructor(changed) {
    this.#changed = changed;
  }

  /** @param {readonly string[]} keys */
  set(keys) {
    if (keys.join('\n') === this.keys.join('\n')) return;
    this.keys = [...keys];
    for (const key of keys) this.#fit(key, key.length);
    this.#apply();
  }

  /** Widens a column for a value. @param {string} key @param {number} cells */
  #fit(key, cells) {
    const width = WIDTHS.find((each) => each >= cells) ?? WIDTHS[WIDTHS.length - 1];
    if ((this.#widths.get(key) ?? 0) >= width) return;
    this.#widths.set(key, width);
    this.#apply();
  }

  /**
   * Sets the widths in the next frame, because a row that is being filled must not change others.
   */
  #apply() {
    if (this.#isChanging || typeof document === 'undefined') return;
    this.#isChanging = true;
    requestAnimationFrame(() => {
      this.#isChanging = false;
      const { style } = document.documentElement;
      let total = 0;
      this.keys.forEach((key, i) => {
        const width = this.#widths.get(key) ?? WIDTHS[0];
        style.setProperty(`--col-${i}`, `${width}ch`);
        total += width + 2;
      });
      style.setProperty('--cols', `${total}ch`);
      this.#changed();
    });
  }

  /** Returns the cells of a row. @param {import('./record.js').Record | null} record */
  cells(record) {
    const row = make('span', 'cols');
    this.keys.forEach((key, i) => {
      const leaf = record && leafOf(record, key);
      const cell = make('span', 'col');
      cell.style.setProperty('width', `var(--col-${i})`);
      if (leaf) {
        this.#fit(key, leaf.text.length);
        const value = make('span', `j-${leaf.kind === 'json' ? 'string' : leaf.kind}`, leaf.text);
        if (leaf.kind !== 'json') setField(value, fieldOf(leaf)).classList.add('field');
        cell.title = `${key}=${leaf.text}`;
        cell.append(value);
      }
      row.append(cell);
    });
    return row;
  }
}
