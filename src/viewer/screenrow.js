// One row of a terminal: text is written at the column of the cursor, over text that is there.
// Text is held as runs of one style, so that a redraw of the row costs a few objects and not
// one for each character.

import { cellsOf, charCells } from './cells.js';

/**
 * @typedef {import('./ansi.js').Span & { cells: number, simple: boolean }} Run
 * `simple` runs have one cell for each UTF-16 unit
 */

/** Columns that a movement beyond the text can reach. When doubled, blank space may double. */
const MAX_COLUMN = 256;
/** Steps after which a row only grows: a line of 1 MiB with hostile redraws takes half a second. */
const MAX_WORK = 1_000_000;
/** Characters for which a run is simple: ASCII, and the lines and blocks of progress bars. */
const SIMPLE = /^[\x20-\x7e\u2500-\u259f]*$/;
const WORD = /[\p{L}\p{N}]{2}/u;

/** @param {string} text @param {number} column @returns {Run} */
function plainRun(text, column) {
  const simple = SIMPLE.test(text);
  return { text, style: null, symbol: false, simple, cells: simple ? text.length : cellsOf(text, column) };
}

/** @param {Run[]} runs */
const textOf = (runs) => runs.reduce((text, run) => text + run.text, '');

/**
 * Appends a run, joined to the last one if they look the same.
 * @param {Run[]} runs
 * @param {Run} run
 */
function append(runs, run) {
  const last = runs.at(-1);
  if (last && last.style === run.style && last.link === run.link && last.symbol === run.symbol) {
    last.text += run.text;
    last.cells += run.cells;
    last.simple &&= run.simple;
  } else if (run.cells || run.text) runs.push({ ...run });
}

/**
 * Returns the part of a run between two columns. Halves of wide characters become spaces.
 * @param {Run} run
 * @param {number} column of its first cell
 * @param {number} from
 * @param {number} to
 * @returns {Run}
 */
function cutRun(run, column, from, to) {
  if (from <= column && to >= column + run.cells) return run;
  let text = '';
  if (run.simple) text = run.text.slice(Math.max(0, from - column), Math.max(0, to - column));
  else {
    let at = column;
    for (const char of run.text) {
      const end = at + charCells(char, at);
      if (at >= from && end <= to) text += char;
      else text += ' '.repeat(Math.max(0, Math.min(end, to) - Math.max(at, from)));
      at = end;
    }
  }
  return { ...run, text, cells: Math.min(to, column + run.cells) - Math.max(from, column) };
}

export class ScreenRow {
  /** @type {import('./ansi.js').Style | null} style of text to write */
  style = null;
  /** Address of text to write, or ''. */
  link = '';
  column = 0;
  /** @type {Run[]} */
  #runs = [];
  #cells = 0;
  #savedColumn = 0;
  #work = 0;
  /** @type {Run[]} runs before the last erasure */
  #erased = [];
  /** @type {Run[]} rows that the cursor has left */
  #left = [];

  /** @param {string} text @param {boolean} [symbol] */
  write(text, symbol = false) {
    if (this.#isWornOut) this.column = this.#cells;
    if (this.column < this.#cells && text.includes('\t')) return this.#writeTabbed(text);
    const run = { ...plainRun(text, this.column), style: this.style, symbol, ...(this.link && { link: this.link }) };
    if (this.column > this.#cells) this.#pad();
    if (this.column === this.#cells) append(this.#runs, run);
    else this.#replace(this.column, this.column + run.cells, [run]);
    this.column += run.cells;
    this.#cells = Math.max(this.#cells, this.column);
  }

  /** Writes text with tabs over other text, which a tab does not erase. @param {string} text */
  #writeTabbed(text) {
    for (const [i, part] of text.split('\t').entries()) {
      if (i > 0) this.moveTo(this.column + charCells('\t', this.column));
      if (part) this.write(part);
    }
  }

  #pad() {
    append(this.#runs, plainRun(' '.repeat(this.column - this.#cells), this.#cells));
    this.#cells = this.column;
  }

  /** @param {number} from @param {number} to @returns {Run[]} copies of the runs between two columns */
  #cut(from, to) {
    this.#countWork();
    /** @type {Run[]} */
    const runs = [];
    let column = 0;
    for (const run of this.#runs) {
      const end = column + run.cells;
      if (end > from && column < to) append(runs, cutRun(run, column, from, to));
      column = end;
    }
    return runs;
  }

  /** @param {number} from @param {number} to @param {Run[]} by */
  #replace(from, to, by) {
    const runs = this.#cut(0, from);
    for (const run of by) append(runs, run);
    if (to < this.#cells) for (const run of this.#cut(to, this.#cells)) append(runs, run);
    this.#runs = runs;
  }

  /** True if the row has had so many redraws that it only grows. */
  get #isWornOut() {
    return this.#work > MAX_WORK;
  }

  #countWork() {
    this.#work += 4 + this.#runs.length + this.#cells / 16;
  }

  /** @param {number} column */
  moveTo(column) {
    if (this.#isWornOut) return;
    if (column < this.column) this.#countWork();
    this.column = Math.max(0, Math.min(column, Math.max(this.#cells, MAX_COLUMN)));
  }

  /** @param {number} columns */
  moveBy(columns) {
    this.moveTo(this.column + columns);
  }

  save() {
    this.#savedColumn = this.column;
  }

  restore() {
    this.moveTo(this.#savedColumn);
  }

  /** Erases cells without a move of the cursor. @param {number} from @param {number} to */
  erase(from, to) {
    if (this.#isWornOut || from >= this.#cells) return;
    this.#countWork();
    if (WORD.test(textOf(this.#runs))) this.#erased = this.#cut(0, this.#cells);
    this.#replace(from, to, to < this.#cells ? [plainRun(' '.repeat(to - from), from)] : []);
    if (to >= this.#cells) this.#cells = from;
  }

  /** Removes cells at the cursor; the rest moves to the left. @param {number} cells */
  remove(cells) {
    if (this.#isWornOut || this.column >= this.#cells) return;
    this.#countWork();
    const end = Math.min(this.#cells, this.column + cells);
    this.#replace(this.column, end, []);
    this.#cells -= end - this.column;
  }

  /** Inserts blank cells at the cursor. @param {number} cells */
  insert(cells) {
    const blank = Math.min(cells, MAX_COLUMN - this.#cells);
    if (this.#isWornOut || this.column >= this.#cells || blank <= 0) return;
    this.#replace(this.column, this.column, [plainRun(' '.repeat(blank), this.column)]);
    this.#cells += blank;
  }

  /** Repeats the character before the cursor. @param {number} times */
  repeat(times) {
    const count = Math.min(times, MAX_COLUMN - this.column);
    if (this.#isWornOut || count <= 0) return;
    const last = this.#cut(Math.max(0, this.column - 1), this.column).at(-1);
    if (last) this.write(last.text.repeat(count), last.symbol);
  }

  /** Leaves for another row of the screen. The page shows the rows of one line beside each other. */
  leave() {
    if (this.#isWornOut) return;
    this.#keepRow(textOf(this.#runs).trim() ? this.#runs : []);
    this.#runs = [];
    this.#cells = 0;
    this.column = 0;
  }

  /** @param {Run[]} runs */
  #keepRow(runs) {
    if (this.#left.length && runs.length) append(this.#left, plainRun(' ', 0));
    for (const run of runs) append(this.#left, run);
  }

  /** @returns {import('./ansi.js').Span[]} the row as it looks at the end; text that was erased, if nothing else is left */
  spans() {
    this.#keepRow(this.#runs);
    const isBlank = !textOf(this.#left).trim();
    const runs = isBlank && this.#erased.length ? this.#erased : this.#left;
    return runs.map(({ text, style, symbol, link }) => (link ? { text, style, symbol, link } : { text, style, symbol }));
  }
}
