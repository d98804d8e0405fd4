// Measures the size of cells and the width of rows with an invisible row.

import { make } from './dom.js';

/** Measured characters: the width of one would be rounded. */
const SAMPLE_CHARS = 100;

export class RowMetrics {
  #scroller;
  #text = make('div', 'text');
  #sample = document.createElement('span');

  /** @param {HTMLElement} scroller element that contains the rows */
  constructor(scroller) {
    this.#scroller = scroller;
    this.#sample.textContent = '0'.repeat(SAMPLE_CHARS);
    this.#text.append(this.#sample);
    const row = make('div', 'row metrics');
    row.append(make('time', 'time'), make('span', 'name'), make('span', 'cols'), this.#text);
    scroller.append(row);
  }

  /** Returns viewport height and line height in pixels, and the cells per screen line. */
  measure() {
    const { paddingLeft, paddingRight } = getComputedStyle(this.#text);
    const width = this.#text.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
    const cellWidth = this.#sample.getBoundingClientRect().width / SAMPLE_CHARS;
    return {
      viewport: this.#scroller.clientHeight,
      lineHeight: Number.parseFloat(getComputedStyle(this.#scroller).getPropertyValue('--line')) || 20,
      columns: Math.max(8, Math.floor(width / cellWidth)),
    };
  }
}
