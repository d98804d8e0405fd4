// Length at which lines fold, and their estimated height.

import { charCells } from './cells.js';

/** Screen rows of a folded line. When doubled, fewer lines fit on the screen. */
const FOLD_ROWS = 5;
/** Cells that the button of a folded line takes. When doubled, more of its last row is empty. */
const BUTTON_CELLS = 28;
/** Cells of a folded line that is not wrapped. When doubled, long lines render slower. */
const UNWRAPPED_CELLS = 2000;
/** Cells of a folded line in the narrowest window. When doubled, lines there fold later. */
const MIN_CELLS = 60;
/** Indent of wrapped lines in cells, as in viewer.css. */
export const HANGING_INDENT = 2;

/**
 * Returns the cells that a folded line shows.
 * @param {number} columns cells of a screen row; 0 if lines are not wrapped
 */
export function foldCells(columns) {
  if (columns === 0) return UNWRAPPED_CELLS;
  return Math.max(MIN_CELLS, FOLD_ROWS * (columns - HANGING_INDENT) - BUTTON_CELLS);
}

/**
 * Reports if a line folds: at least one more row would be needed to show it.
 * @param {number} cells
 * @param {number} columns
 */
export const folds = (cells, columns) => cells > foldCells(columns) + (columns || BUTTON_CELLS) + BUTTON_CELLS;

/**
 * Returns the number of characters that a line shows.
 * @param {string} text
 * @param {number} columns
 * @returns {number} Infinity for all
 */
export function foldAt(text, columns) {
  const limit = foldCells(columns);
  // No character takes more than two cells, except tabs.
  if (text.length * 2 <= limit && !text.includes('\t')) return Infinity;
  let cells = 0;
  let at = 0;
  let cut = -1;
  for (const char of text) {
    cells += charCells(char, cells);
    if (cells > limit && cut < 0) cut = at;
    if (folds(cells, columns)) return cut;
    at += char.length;
  }
  return Infinity;
}

/** Returns the screen rows of a line. @param {number} cells @param {number} columns */
export function estimateRows(cells, columns) {
  const shown = folds(cells, columns) ? foldCells(columns) + BUTTON_CELLS : cells;
  return shown <= columns ? 1 : 1 + Math.ceil((shown - columns) / Math.max(8, columns - HANGING_INDENT));
}

/** First character of a JSON object. */
const BRACE = 0x7b;
/** Cells by which a record is narrower than its JSON: time, and the keys of level and message. */
const RECORD_SAVING = 45;
/**
 * Part of the other cells of JSON that a record shows, without quotes and braces (measured: 0.8 to
 * 0.95).
 */
const RECORD_SHARE = 0.88;

/**
 * Estimates the cells of a line that is shown as a record if it is JSON.
 * @param {import('./store.js').Batch} chunk
 * @param {number} i
 */
export function recordCells(chunk, i) {
  const cells = chunk.cells[i];
  const isJson = chunk.text.charCodeAt(i && chunk.textEnds[i - 1]) === BRACE;
  return isJson ? Math.max(1, Math.round((cells - RECORD_SAVING) * RECORD_SHARE)) : cells;
}
