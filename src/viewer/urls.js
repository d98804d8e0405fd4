// Finds addresses of web pages in text.

/**
 * Address up to a character that none has: space, quotes, angle brackets, `{|}^`, backslash,
 * symbols for control characters.
 */
const ADDRESS = /\bhttps?:\/\/[^\s"'<>{}|\\^\x60\u2400-\u2426\u27e8\u27e9\ufffd\p{C}]+/giu;
/** Characters of an address; longer text is none. When doubled, such lines render slower. */
const MAX_CHARS = 2048;
/** Punctuation that ends a sentence, or a list, behind an address. */
const TRAILING = /[.,;:!?*_~…、。，]/u;

/** @param {string} text @param {string} char */
const countOf = (text, char) => text.split(char).length - 1;

/**
 * Removes punctuation, and brackets that were opened before the address.
 * @param {string} address
 */
function trimmed(address) {
  /** Brackets that are closed without being opened. @type {Record<string, number>} */
  const excess = { ')': countOf(address, ')') - countOf(address, '('), ']': countOf(address, ']') - countOf(address, '[') };
  let end = address.length;
  for (; end > 0; end--) {
    const last = address[end - 1];
    if (last in excess ? excess[last]-- <= 0 : !TRAILING.test(last)) break;
  }
  return address.slice(0, end);
}

/**
 * Returns the address that opening `text` leads to, or ''. Text with a user name is no address,
 * because it can look like that of another host.
 * @param {string} text
 */
export function addressOf(text) {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url && /^https?:$/.test(url.protocol) && url.hostname && !url.username && !url.password ? url.href : '';
}

/**
 * @param {string} text a row as it is shown
 * @returns {{ from: number, to: number, href: string }[]}
 */
export function findUrls(text) {
  if (!/https?:\/\//i.test(text)) return [];
  const urls = [];
  for (const { 0: match, index } of text.matchAll(ADDRESS)) {
    // The rest of an address may follow an escape of JSON, such as \u0026; only the escapes of
    // spaces and quotes end it.
    const isCut = /^\\(?![nrt"])/.test(text.slice(index + match.length, index + match.length + 2));
    const shown = trimmed(match);
    const href = isCut || match.length > MAX_CHARS ? '' : addressOf(shown);
    if (href) urls.push({ from: index, to: index + shown.length, href });
  }
  return urls;
}
