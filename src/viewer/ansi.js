// Parses a raw line into spans of plain text with a style. SGR sequences set the style, and
// text after a carriage return replaces the text before it. All other control characters
// (cursor movement, bell, text direction) become visible symbols.

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

/** @typedef {{ text: string, style: Style | null, symbol: boolean }} Span */

const CONTROL_CHARS = '\\x00-\\x08\\x0a-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ufeff';
const ESCAPE_SEQUENCE = '\\x1b(?:\\[[0-?]*[ -/]*[@-~]|[\\]PX^_][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\)?|[ -/]*[0-~])';
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

class Spans {
  /** @type {Span[]} */
  list = [];
  /** @type {Style} */
  style = { ...PLAIN };
  #hasReturned = false;

  /** @param {string} text @param {boolean} [isSymbol] */
  add(text, isSymbol = false) {
    if (!text) return;
    if (this.#hasReturned) this.list = [];
    this.#hasReturned = false;
    this.list.push({ text, style: isPlain(this.style) ? null : this.style, symbol: isSymbol });
  }

  /** @param {string} token */
  control(token) {
    if (token === '\r') this.#hasReturned = true;
    else if (/^\x1b\[[\d;:]*m$/.test(token)) this.style = applySgr(this.style, token.slice(2, -1));
    else if (!/^\x1b\[\d?K$/.test(token)) this.add(token.replace(new RegExp(CONTROL, 'g'), symbol), true);
  }
}

/**
 * @param {string} text a raw line
 * @returns {Span[]}
 */
export function parseAnsi(text) {
  const spans = new Spans();
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    spans.add(text.slice(at, match.index));
    spans.control(match[0]);
    at = match.index + match[0].length;
  }
  spans.add(text.slice(at));
  return spans.list;
}

/** Returns the text of a line as the page shows it. @param {string} text @returns {string} */
export function visibleText(text) {
  if (!hasControlChars(text)) return text;
  let visible = '';
  for (const span of parseAnsi(text)) visible += span.text;
  return visible;
}

/** Returns the width of visible text in terminal cells: 8 per tab stop, 2 per wide character. @param {string} text */
export function cellsOf(text) {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let cells = 0;
  for (const char of text) {
    const code = /** @type {number} */ (char.codePointAt(0));
    if (code === 9) cells += 8 - (cells % 8);
    else if (code >= 0x300 && code <= 0x36f) continue;
    else cells += code >= 0x1100 && /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\uff00-\uff60]/u.test(char) ? 2 : 1;
  }
  return cells;
}
