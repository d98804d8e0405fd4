// Splits JSON into nodes that keep the text of the source: numbers of any size, the order of
// keys, and keys that occur twice. JavaScript's own objects and numbers keep none of these.

/**
 * Kind of a value; `text` is a string without escapes, of logfmt.
 * @typedef {'object' | 'array' | 'string' | 'text' | 'number' | 'boolean' | 'null'} Kind
 */

/**
 * @typedef {object} JsonNode
 * @property {string | null} key text between the quotes, with its escapes; null in an array
 * @property {Kind} kind
 * @property {string} text text of the source without quotes; '' for an object or array
 * @property {JsonNode[]} children
 * @property {number} keyAt where `key` begins in the source; -1 without a key
 * @property {number} from where `text` begins in the source, or the bracket of an object or array
 * @property {number} to where it ends
 */

const TOKEN = /"([^"\\]*(?:\\.[^"\\]*)*)"|[{}[\],:]|[^\s{}[\],:"]+/g;
const ESCAPE = /\\r\\n|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\./g;
/** Escapes of these characters are decoded. Others could change the text around them. */
const HARMLESS = /^(?:\r?\n|[\t\p{L}\p{M}\p{N}\p{P}\p{S} ])$/u;

/**
 * Finds a JSON object or array that is not empty at the end of a line.
 * @param {string} text
 * @returns {string | null} its source
 */
export function findJson(text) {
  const start = text.search(/[{[]/);
  if (start < 0 || !/[}\]]\s*$/.test(text)) return null;
  for (const at of new Set([start, text.indexOf('{')])) {
    const source = at < 0 ? '' : text.slice(at).trim();
    if (/^.\s*[^\s}\]]/.test(source) && isValid(source)) return source;
  }
  return null;
}

/** @param {string} source */
function isValid(source) {
  try {
    JSON.parse(source);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} token @returns {JsonNode['kind']} */
function kindOf(token) {
  if (token[0] === '"') return 'string';
  if (token === 'null') return 'null';
  return token === 'true' || token === 'false' ? 'boolean' : 'number';
}

/** @param {string} source a valid object or array @returns {JsonNode} */
export function parseJson(source) {
  /** @type {JsonNode} */
  const root = { key: null, kind: 'array', text: '', children: [], keyAt: -1, from: 0, to: 0 };
  const open = [root];
  /** @type {string | null} */
  let key = null;
  let keyAt = -1;
  /** Value that turns out to be a key if a colon follows. */
  let last = root;
  for (const match of source.matchAll(TOKEN)) {
    const [token, string = ''] = match;
    const parent = open[open.length - 1];
    if (token === ',') continue;
    if (token === ':') {
      key = last.text;
      keyAt = last.from;
      parent.children.pop();
    } else if (token === '}' || token === ']') {
      parent.to = match.index + 1;
      open.pop();
    } else {
      const isBranch = token === '{' || token === '[';
      const kind = token === '{' ? 'object' : token === '[' ? 'array' : kindOf(token);
      const text = isBranch ? '' : kind === 'string' ? string : token;
      const from = match.index + (kind === 'string' ? 1 : 0);
      last = { key, kind, text, children: [], keyAt, from, to: from + text.length };
      key = null;
      keyAt = -1;
      parent.children.push(last);
      if (isBranch) open.push(last);
    }
  }
  return root.children[0];
}

/**
 * Decodes the escapes of a string; text that is not JSON stays as it is.
 * @param {string} text text between the quotes
 */
export function decode(text) {
  if (!text.includes('\\')) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}

/**
 * Decodes the escapes of a string for one row: as `stringParts` does, but line ends and tabs also
 * stay as the source has them.
 * @param {string} text text between the quotes
 * @param {number} at where it begins in the source
 * @returns {{ text: string, isEscape: boolean, from: number, to: number }[]} with places in the source
 */
export function rowParts(text, at) {
  if (!text.includes('\\')) return [{ text, isEscape: false, from: at, to: at + text.length }];
  /** @type {ReturnType<typeof rowParts>} */
  const parts = [];
  let from = 0;
  const add = (/** @type {number} */ to, /** @type {string} */ shown, /** @type {boolean} */ isEscape) => {
    if (to > from) parts.push({ text: shown, isEscape, from: at + from, to: at + to });
    from = to;
  };
  for (const match of text.matchAll(ESCAPE)) {
    add(match.index, text.slice(from, match.index), false);
    const decoded = decode(match[0]);
    const isShown = decoded !== match[0] && HARMLESS.test(decoded) && !/[\r\n\t]/.test(decoded);
    add(match.index + match[0].length, isShown ? decoded : match[0], !isShown);
  }
  add(text.length, text.slice(from), false);
  return parts;
}

/**
 * Decodes the escapes of a string, except those of control characters, text directions and
 * other invisible characters, which stay as the source has them.
 * @param {string} text text between the quotes
 * @returns {{ text: string, isEscape: boolean }[]}
 */
export function stringParts(text) {
  const parts = [{ text: '', isEscape: false }];
  let at = 0;
  for (const match of text.matchAll(ESCAPE)) {
    const [escape] = match;
    const decoded = decode(escape);
    parts[parts.length - 1].text += text.slice(at, match.index);
    at = match.index + escape.length;
    if (HARMLESS.test(decoded)) parts[parts.length - 1].text += decoded.replace('\r', '');
    else parts.push({ text: escape, isEscape: true }, { text: '', isEscape: false });
  }
  parts[parts.length - 1].text += text.slice(at);
  return parts.filter((part) => part.text);
}
