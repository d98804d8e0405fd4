// Measures what rows have room for, with a row that nobody sees.

const SAMPLE = 100;

/** @param {string} tag @param {string} className */
function make(tag, className) {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}

export class Probe {
  #scroller;
  #text = make('div', 'text');
  #sample = document.createElement('span');

  /** @param {HTMLElement} scroller what holds the rows */
  constructor(scroller) {
    this.#scroller = scroller;
    this.#sample.textContent = '0'.repeat(SAMPLE);
    this.#text.append(this.#sample);
    const row = make('div', 'row probe');
    row.append(make('time', 'time'), make('span', 'name'), this.#text);
    scroller.append(row);
  }

  /** The height in sight, that of a line, and how many columns fit beside the margin. */
  measure() {
    const { paddingLeft, paddingRight } = getComputedStyle(this.#text);
    const room = this.#text.clientWidth - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
    const column = this.#sample.getBoundingClientRect().width / SAMPLE;
    return {
      viewport: this.#scroller.clientHeight,
      lineHeight: Number.parseFloat(getComputedStyle(this.#scroller).getPropertyValue('--line')) || 20,
      columns: Math.max(8, Math.floor(room / column)),
    };
  }
}
