// Counts terminal cells.

const WIDE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\uff00-\uff60]/u;

/** Returns the cells of one character at a column: 8 per tab stop, 2 per wide character. @param {string} char @param {number} column */
export function charCells(char, column) {
  const code = /** @type {number} */ (char.codePointAt(0));
  if (code === 9) return 8 - (column % 8);
  if (code >= 0x300 && code <= 0x36f) return 0;
  return code >= 0x1100 && WIDE.test(char) ? 2 : 1;
}

/** Returns the width of visible text in terminal cells. @param {string} text @param {number} [column] at which the text starts */
export function cellsOf(text, column = 0) {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let end = column;
  for (const char of text) end += charCells(char, end);
  return end - column;
}
