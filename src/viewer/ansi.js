// Parses a raw line into spans of plain text with a style. SGR sequences set the style, OSC 8
// sequences set the link, and screenrow.js executes movements and erasures within the line.
// Other sequences are for a terminal as a whole (titles, modes, queries) and leave no trace.
// All other control characters, such as those of text direction, become visible symbols.

import { ScreenRow } from './screenrow.js';

/**
 * Colours are '' (default), 'c0' to 'c15' (palette of the theme) or 'rgb(…)'.
 * @typedef {object} Style
 * @property {string} fg
 * @property {string} bg
 * @property {boolean} bold
 * @property {boolean} dim
 * @property {boolean} italic
 * @property {boolean} underline
 * @property {boolean} inverse
 * @property {boolean} strike
 */

/** @typedef {{ text: string, style: Style | null, symbol: boolean, link?: string }} Span */

const CONTROL_CHARS = '\\x00-\\x08\\x0a-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff';
const ESCAPE_SEQUENCE = '\\x1b(?:\\[[0-?]*[ -/]*(?:[@-~]|$)|[\\]PX^_][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\)|[ -/]*[0-~])';
const TOKEN = new RegExp(`${ESCAPE_SEQUENCE}|[${CONTROL_CHARS}]`, 'g');
const CONTROL = new RegExp(`[${CONTROL_CHARS}]`);

/** @type {Readonly<Style>} */
const PLAIN = Object.freeze({
  fg: '', bg: '', bold: false, dim: false, italic: false, underline: false, inverse: false, strike: false,
});

/** @type {Record<number, Partial<Style>>} */
const ATTRIBUTES = {
  1: { bold: true }, 2: { dim: true }, 3: { italic: true }, 4: { underline: true },
  7: { inverse: true }, 9: { strike: true }, 21: { underline: true }, 22: { bold: false, dim: false },
  23: { italic: false }, 24: { underline: false }, 27: { inverse: false }, 29: { strike: false },
  39: { fg: '' }, 49: { bg: '' },
};

/** Reports if a line contains control characters. @param {string} text */
export function hasControlChars(text) {
  return CONTROL.test(text);
}

/** @param {number} index 0 to 255 @returns {string} */
export function indexedColour(index) {
  if (!(index >= 0 && index <= 255)) return '';
  if (index < 16) return `c${index}`;
  if (index >= 232) {
    const grey = 8 + (index - 232) * 10;
    return `rgb(${grey} ${grey} ${grey})`;
  }
  const cube = [Math.floor((index - 16) / 36), Math.floor((index - 16) / 6) % 6, (index - 16) % 6];
  return `rgb(${cube.map((step) => (step ? 55 + step * 40 : 0)).join(' ')})`;
}

/**
 * Parses an extended colour: `38;5;n`, `38;2;r;g;b`, or the same with colons.
 * @param {string[]} codes the parameters; codes[at] is 38 or 48
 * @param {number} at
 * @returns {{ colour: string, consumed: number }}
 */
function extendedColour(codes, at) {
  const colons = codes[at].split(':');
  const parts = colons.length > 1 ? colons : codes.slice(at);
  const consumed = (/** @type {number} */ n) => (colons.length > 1 ? 1 : n);
  if (parts[1] === '5') return { colour: indexedColour(Number(parts[2])), consumed: consumed(3) };
  if (parts[1] !== '2') return { colour: '', consumed: 1 };
  const rgb = colons.length > 5 ? parts.slice(3, 6) : parts.slice(2, 5);
  const values = rgb.map((part) => Math.min(255, Number(part) || 0));
  return { colour: values.length === 3 ? `rgb(${values.join(' ')})` : '', consumed: consumed(5) };
}

/** Parses a basic colour code: 30–37, 40–47, 90–97, 100–107. @param {number} code @returns {Partial<Style> | null} */
function basicColour(code) {
  if (code >= 30 && code <= 37) return { fg: `c${code - 30}` };
  if (code >= 40 && code <= 47) return { bg: `c${code - 40}` };
  if (code >= 90 && code <= 97) return { fg: `c${code - 82}` };
  if (code >= 100 && code <= 107) return { bg: `c${code - 92}` };
  return null;
}

/**
 * Applies one SGR (select graphic rendition) sequence.
 * @param {Style} style
 * @param {string} parameters the text between `ESC [` and `m`
 * @returns {Style}
 */
function applySgr(style, parameters) {
  const codes = parameters.split(';');
  let next = { ...style };
  for (let i = 0; i < codes.length; i++) {
    const code = Number.parseInt(codes[i] || '0', 10);
    if (code === 0) next = { ...PLAIN };
    else if (code === 38 || code === 48) {
      const { colour, consumed } = extendedColour(codes, i);
      next[code === 38 ? 'fg' : 'bg'] = colour;
      i += consumed - 1;
    } else if (codes[i] === '4:0') next.underline = false;
    else Object.assign(next, ATTRIBUTES[code] ?? basicColour(code));
  }
  return next;
}

/** Returns the symbol for a control character. @param {string} char @returns {string} */
function symbol(char) {
  const code = char.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '␡';
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

/** @param {Style} style */
function isPlain(style) {
  return !style.fg && !style.bg && !style.bold && !style.dim && !style.italic && !style.underline
    && !style.inverse && !style.strike;
}

const LINK = /^\x1b\]8;[^;]*;([^]*?)(?:\x07|\x1b\\)$/;
const CSI = /^\x1b\[([\d;:]*)([@-~])$/;
/** Characters without an effect on text: bell, and changes of a character set. */
const SILENT = /^[\x07\x0e\x0f]$/;
/** Line-drawing characters of `ESC ( 0`, from U+0060 on. */
const LINE_DRAWING = '◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·';

/** @param {string} text */
function lineDrawing(text) {
  return text.replace(/[\x60-~]/g, (char) => LINE_DRAWING[char.charCodeAt(0) - 0x60]);
}

class Parser {
  #row;
  /** @type {Style} */
  #style = { ...PLAIN };
  #drawsLines = false;

  /** @param {ScreenRow} row */
  constructor(row) {
    this.#row = row;
  }

  /** @param {string} text */
  text(text) {
    if (text) this.#row.write(this.#drawsLines ? lineDrawing(text) : text);
  }

  /** @param {string} token an escape sequence or a control character */
  control(token) {
    if (token === '\r') this.#row.moveTo(0);
    else if (token === '\b') this.#row.moveBy(-1);
    else if (token.length > 1) this.#sequence(token);
    else if (!SILENT.test(token)) this.#row.write(symbol(token), true);
  }

  /** @param {string} token */
  #sequence(token) {
    const csi = CSI.exec(token);
    if (csi) return this.#csi(csi[1], csi[2]);
    const link = LINK.exec(token);
    if (link) this.#row.link = link[1];
    else if (/^\x1b\(/.test(token)) this.#drawsLines = token[2] === '0';
    else if (token === '\x1b7') this.#row.save();
    else if (token === '\x1b8') this.#row.restore();
    else if (/^\x1b[cDEM]$/.test(token)) this.#row.leave();
  }

  /** @param {string} parameters @param {string} final character that names the function */
  #csi(parameters, final) {
    if (final === 'm') {
      this.#style = applySgr(this.#style, parameters);
      this.#row.style = isPlain(this.#style) ? null : this.#style;
    } else move(this.#row, final, Number.parseInt(parameters, 10));
  }
}

/**
 * Executes a control sequence that moves or erases.
 * @param {ScreenRow} row
 * @param {string} final
 * @param {number} parameter NaN for the default
 */
function move(row, final, parameter) {
  const n = parameter || 1;
  if (final === 'C' || final === 'a') row.moveBy(n);
  else if (final === 'D') row.moveBy(-n);
  else if (final === 'G' || final === '\x60') row.moveTo(n - 1);
  else if (final === 'K' || (final === 'J' && !(parameter > 1))) erase(row, parameter || 0);
  else if (final === 'X') row.erase(row.column, row.column + n);
  else if (final === 'P') row.remove(n);
  else if (final === '@') row.insert(n);
  else if (final === 'b') row.repeat(n);
  else if (final === 's') row.save();
  else if (final === 'u') row.restore();
  else if ('ABEFHJdef'.includes(final)) row.leave();
}

/** @param {ScreenRow} row @param {number} mode 0: from the cursor on, 1: up to the cursor, 2: all */
function erase(row, mode) {
  if (mode <= 2) row.erase(mode === 0 ? row.column : 0, mode === 1 ? row.column + 1 : Infinity);
}

/**
 * @param {string} text a raw line
 * @returns {Span[]}
 */
export function parseAnsi(text) {
  const row = new ScreenRow();
  const parser = new Parser(row);
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    parser.text(text.slice(at, match.index));
    parser.control(match[0]);
    at = match.index + match[0].length;
  }
  parser.text(text.slice(at));
  return row.spans();
}

/** Returns the text of a line as the page shows it. @param {string} text @returns {string} */
export function visibleText(text) {
  if (!hasControlChars(text)) return text;
  let visible = '';
  for (const span of parseAnsi(text)) visible += span.text;
  return visible;
}
