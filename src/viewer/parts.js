// Splits the text of a row at matches and links, and makes its nodes. Log text enters the document
// only here, in row.js and in tree.js, always as text nodes.

import { make } from './dom.js';
import { setField } from './fieldmark.js';
import { addressOf, findUrls } from './urls.js';

/**
 * Text of a row that looks the same.
 * @typedef {object} Part
 * @property {string} text
 * @property {import('./ansi.js').Style | null} style
 * @property {boolean} symbol
 * @property {boolean} isMatch
 * @property {string} [link] address
 * @property {string} [look] class of its element
 * @property {import('./record.js').Field} [field] the field whose value this is
 */

/** @typedef {import('./ansi.js').Span & { look?: string }} LookSpan span with the class of its element */

/**
 * Splits spans at the ends of the matched ranges.
 * @param {LookSpan[]} spans
 * @param {[number, number][]} ranges sorted, without overlap
 * @returns {Part[]}
 */
export function splitSpans(spans, ranges) {
  /** @type {Part[]} */
  const parts = [];
  let at = 0;
  let r = 0;
  for (const span of spans) {
    const end = at + span.text.length;
    for (let from = at; from < end; ) {
      while (r < ranges.length && ranges[r][1] <= from) r++;
      const [begin, stop] = ranges[r] ?? [Infinity, Infinity];
      const isMatch = begin <= from;
      const to = Math.min(end, isMatch ? stop : begin);
      parts.push({ ...span, text: span.text.slice(from - at, to - at), isMatch });
      from = to;
    }
    at = end;
  }
  return parts;
}

/**
 * Splits the pieces of a record at the ends of the matched ranges of the line, and joins those
 * that look the same.
 * @param {import('./record.js').Piece[]} pieces
 * @param {[number, number][]} ranges sorted, without overlap
 * @returns {Part[]}
 */
export function splitPieces(pieces, ranges) {
  /** @type {Part[]} */
  const parts = [];
  for (const { text, look, symbol, from, to, field } of pieces) {
    const inside = from < 0 || ranges.length === 0 ? ranges.slice(0, 0) : ranges.filter(([begin, end]) => end > from && begin < to);
    const isWhole = inside.length > 0 && text.length !== to - from;
    // A decoded escape has another length than its source, so that it matches as a whole.
    if (inside.length === 0 || isWhole) join(parts, { text, style: null, symbol, isMatch: isWhole, look, field });
    else {
      const moved = inside.map(([begin, end]) => /** @type {[number, number]} */ ([Math.max(0, begin - from), Math.min(text.length, end - from)]));
      for (const split of splitSpans([{ text, style: null, symbol }], moved)) join(parts, { ...split, look, field });
    }
  }
  return parts;
}

/**
 * Adds a part, joined to the last one if they look the same.
 * @param {Part[]} parts
 * @param {Part} part
 */
function join(parts, part) {
  const last = parts[parts.length - 1];
  if (last && last.look === part.look && last.field === part.field && last.isMatch === part.isMatch && !last.symbol && !part.symbol) last.text += part.text;
  else parts.push(part);
}

/**
 * Returns the parts with links at the addresses in their text. Such a link opens the address that
 * is shown, also where a terminal link has another one; an address that is cut off is no link,
 * because it may look like that of another host.
 * @param {Part[]} parts
 * @param {number} [limit] number of characters that are shown
 * @returns {Part[]}
 */
export function linkParts(parts, limit = Infinity) {
  const text = parts.map((part) => part.text).join('');
  const urls = findUrls(text);
  if (urls.length === 0) return parts;
  /** @type {Part[]} */
  const linked = [];
  let at = 0;
  let u = 0;
  for (const part of parts) {
    const end = at + part.text.length;
    for (let from = at; from < end; ) {
      while (u < urls.length && urls[u].to <= from) u++;
      const url = urls[u] ?? { from: Infinity, to: Infinity, href: '' };
      const isInside = url.from <= from;
      const to = Math.min(end, isInside ? url.to : url.from);
      linked.push({ ...part, text: part.text.slice(from - at, to - at), link: isInside ? (url.to > limit ? '' : url.href) : part.link });
      from = to;
    }
    at = end;
  }
  return linked;
}

/** @param {HTMLElement} element @param {import('./ansi.js').Style} style */
function applyStyle(element, style) {
  const { fg, bg } = style.inverse ? { fg: style.bg || 'inverse-fg', bg: style.fg || 'inverse-bg' } : style;
  for (const [property, colour] of [['fg', fg], ['bg', bg]]) {
    if (colour.startsWith('rgb')) {
      element.classList.add(property);
      element.style.setProperty(`--paint-${property}`, colour);
    } else if (colour) element.classList.add(`${property}-${colour}`);
  }
  for (const name of /** @type {const} */ (['bold', 'dim', 'italic', 'underline', 'strike'])) {
    if (style[name]) element.classList.add(name);
  }
}

/** @param {Part} part @returns {Node} */
function partNode({ text, style, symbol, isMatch, look }) {
  if (!style && !symbol && !isMatch && !look) return document.createTextNode(text);
  const element = make(isMatch ? 'mark' : 'span', [symbol ? 'symbol' : '', look].filter(Boolean).join(' '), text);
  if (style) applyStyle(element, style);
  return element;
}

/** @param {string} address */
function linkNode(address) {
  const link = /** @type {HTMLAnchorElement} */ (make('a', 'line-link'));
  link.href = link.title = address;
  link.target = '_blank';
  link.rel = 'noreferrer';
  return link;
}

/**
 * Appends parts to an element; parts of one field, and of one link, share an element.
 * @param {HTMLElement} element
 * @param {Part[]} parts
 * @param {number} limit number of characters
 */
export function appendParts(element, parts, limit) {
  let remaining = limit;
  let fieldNode = element;
  let link = { address: '', node: element };
  /** @type {Part['field']} */
  let field;
  for (let i = 0; i < parts.length && remaining > 0; i++) {
    const part = parts[i].text.length > remaining ? { ...parts[i], text: parts[i].text.slice(0, remaining) } : parts[i];
    remaining -= part.text.length;
    const address = part.link ? addressOf(part.link) : '';
    const isAlone = part.field !== undefined && part.field !== field && parts[i + 1]?.field !== part.field && !address;
    if (part.field !== field || isAlone) {
      field = part.field;
      fieldNode = field && !isAlone ? setField(make('span', 'field'), field) : element;
      if (fieldNode !== element) element.append(fieldNode);
      link = { address: '', node: fieldNode };
    }
    if (address !== link.address) {
      link = { address, node: address ? linkNode(address) : fieldNode };
      if (address) fieldNode.append(link.node);
    }
    const node = partNode(part);
    if (isAlone && part.field && node instanceof Element) setField(node, part.field).classList.add('field');
    link.node.append(node);
  }
}
