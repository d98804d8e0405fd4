// Reads a line that is JSON or logfmt as a record: level, message and fields, each with its place
// in the line, so that matches of a search can be shown in the record.

import { decode, findJson, parseJson, rowParts } from './json.js';
import { logfmtTokens, startsPairs } from './logfmt.js';
import { stated } from './stated.js';

/** Levels of objects whose fields are shown by themselves. When doubled, keys become long. */
const MAX_DEPTH = 3;
/** Mark of a container's name before its line, as docker compose writes it. */
const CONTAINER_NAME = /^[\w.-]{1,64} +\| /;

/**
 * A field of a line, as criteria and columns name it.
 * @typedef {object} Field
 * @property {string} key keys of nested objects are joined with dots
 * @property {string} value without quotes and escapes
 */

/**
 * A field with its place in the line.
 * @typedef {object} Leaf
 * @property {{ text: string, from: number }[]} path keys with their escapes; none for a word of logfmt
 * @property {'string' | 'number' | 'boolean' | 'null' | 'json'} kind `json`: an array, or a deep object
 * @property {string} text text of the line, without quotes
 * @property {boolean} isQuoted
 * @property {boolean} isJson
 * @property {number} from where `text` begins in the line
 * @property {number} to
 */

/**
 * Part of a record as its row shows it.
 * @typedef {object} Piece
 * @property {string} text
 * @property {string} look class of its element, or ''
 * @property {boolean} symbol
 * @property {number} from place in the line; -1 if the line has no such text
 * @property {number} to
 * @property {Field} [field] the field whose value this is
 */

/**
 * @typedef {object} Record
 * @property {string} prefix text before the record
 * @property {import('./json.js').JsonNode} tree
 * @property {Leaf[]} leaves all fields, in the order of the line
 * @property {Leaf | null} time
 * @property {Leaf | null} level
 * @property {string} levelName '' without a level
 * @property {Leaf | null} message
 */

/** @param {Leaf} leaf @returns {Field} */
export function fieldOf({ path, text, isQuoted }) {
  return { key: path.map((part) => decode(part.text)).join('.'), value: isQuoted ? decode(text) : text };
}

/**
 * @param {string} text a line as the page shows it, without control characters
 * @returns {Record | null} null if the line is neither JSON nor logfmt
 */
export function recordOf(text) {
  return jsonRecord(text) ?? logfmtRecord(text);
}

/** @param {string} text @returns {Record | null} */
function jsonRecord(text) {
  if (!/[}]\s*$/.test(text.slice(-8))) return null;
  const source = findJson(text);
  if (!source || source[0] !== '{') return null;
  const at = text.lastIndexOf(source);
  const tree = parseJson(source);
  /** @type {Leaf[]} */
  const leaves = [];
  flatten(tree, [], source, at, leaves);
  const statements = stated(leaves);
  // Other text with an object at its end is a sentence, in which the object has its place, and an
  // object behind space alone is a part of JSON in several lines.
  const isPart = at > 0 && (!text.slice(0, at).trim() || (!statements.levelName && !statements.message));
  if (isPart) return null;
  return { prefix: text.slice(0, at), tree, leaves, ...statements };
}

/** @type {{ [kind in import('./json.js').JsonNode['kind']]: Leaf['kind'] }} */
const LEAF_KINDS = { object: 'json', array: 'json', string: 'string', text: 'string', number: 'number', boolean: 'boolean', null: 'null' };

/**
 * @param {import('./json.js').JsonNode} node an object
 * @param {Leaf['path']} path
 * @param {string} source
 * @param {number} at where `source` begins in the line
 * @param {Leaf[]} leaves
 */
function flatten(node, path, source, at, leaves) {
  for (const child of node.children) {
    const { key, keyAt, kind, from, to } = child;
    const below = [...path, { text: key ?? '', from: at + keyAt }];
    if (kind === 'object' && child.children.length && below.length < MAX_DEPTH) flatten(child, below, source, at, leaves);
    else {
      leaves.push({ path: below, kind: LEAF_KINDS[kind], text: source.slice(from, to), isQuoted: kind === 'string', isJson: true, from: at + from, to: at + to });
    }
  }
}

/** @param {string} text @returns {import('./json.js').JsonNode['kind']} */
function kindOfBare(text) {
  if (text === 'null') return 'null';
  if (text === 'true' || text === 'false') return 'boolean';
  return /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? 'number' : 'string';
}

/** @param {string} text @returns {Record | null} */
function logfmtRecord(text) {
  const at = startsPairs(text) ? 0 : (CONTAINER_NAME.exec(text)?.[0].length ?? -1);
  if (at < 0 || !startsPairs(text.slice(at))) return null;
  const tokens = logfmtTokens(text.slice(at));
  const leaves = tokens.map((token) => logfmtLeaf(token, at));
  const statements = stated(leaves);
  // One pair alone may be anything, such as a statement of a program.
  const isRecord = statements.levelName || statements.time || (statements.message && tokens.length > 2);
  if (!isRecord) return null;
  return { prefix: text.slice(0, at), tree: logfmtTree(leaves), leaves, ...statements };
}

/** @param {import('./logfmt.js').Token} token @param {number} at @returns {Leaf} */
function logfmtLeaf({ key, text, isQuoted, keyAt, from, to }, at) {
  const path = key ? [{ text: key, from: at + keyAt }] : [];
  const kind = isQuoted || !key ? 'string' : LEAF_KINDS[kindOfBare(text)];
  return { path, kind, text, isQuoted, isJson: false, from: at + from, to: at + to };
}

/** @param {Leaf[]} leaves @returns {import('./json.js').JsonNode} */
function logfmtTree(leaves) {
  const children = leaves.map(({ path, kind, text, isQuoted, from, to }) => ({
    key: path[0]?.text ?? '',
    // Only a value in quotes has escapes.
    kind: kind === 'string' && !isQuoted ? /** @type {const} */ ('text') : /** @type {import('./json.js').JsonNode['kind']} */ (kind),
    text, children: [], keyAt: path[0]?.from ?? -1, from, to,
  }));
  return { key: null, kind: 'object', text: '', children, keyAt: -1, from: 0, to: 0 };
}

/**
 * @param {string} text
 * @param {number} [from] place in the line
 * @param {string} [look]
 * @param {Field} [field]
 * @returns {Piece}
 */
function piece(text, from = -1, look = '', field = undefined) {
  return { text, look, symbol: false, from, to: from < 0 ? -1 : from + text.length, field };
}

/**
 * Returns the text of a record as its row shows it: prefix, level, message and fields.
 * @param {Record} record
 * @param {readonly string[]} columns keys that are shown elsewhere
 * @returns {Piece[]}
 */
export function piecesOf(record, columns) {
  const { prefix, leaves, time, level, levelName, message } = record;
  const isElsewhere = (/** @type {Leaf} */ leaf) => columns.length > 0 && leaf.path.length > 0 && columns.includes(fieldOf(leaf).key);
  const pieces = prefix ? [piece(prefix, 0)] : [];
  if (levelName && !(level && isElsewhere(level))) pieces.push(...levelPieces(levelName, level));
  const shownMessage = message && !isElsewhere(message) ? message : null;
  if (shownMessage?.isQuoted) addEscaped(pieces, shownMessage.text, shownMessage.from, 'r-message');
  else if (shownMessage) pieces.push(piece(shownMessage.text, shownMessage.from, 'r-message'));
  const others = leaves.filter((leaf) => leaf !== time && leaf !== message && leaf !== level);
  // A record that states only its time shows it.
  const shown = others.length || message || !time ? others : [time];
  let hasText = shownMessage !== null;
  for (const leaf of shown) {
    if (isElsewhere(leaf)) continue;
    if (hasText) pieces.push(piece(' '));
    addPair(pieces, leaf);
    hasText = true;
  }
  return pieces;
}

/**
 * @param {string} name
 * @param {Leaf | null} level
 * @returns {Piece[]} name in the width of five characters, and a space
 */
function levelPieces(name, level) {
  const shown = piece(name.toUpperCase(), -1, `r-level r-${name}`, level ? fieldOf(level) : undefined);
  if (level) [shown.from, shown.to] = [level.from, level.to];
  return [shown, piece(' '.repeat(Math.max(1, 6 - name.length)))];
}

/**
 * Adds the text of a string, with its escapes as symbols.
 * @param {Piece[]} pieces
 * @param {string} text
 * @param {number} from
 * @param {string} look
 * @param {Field} [field]
 */
function addEscaped(pieces, text, from, look, field) {
  for (const part of rowParts(text, from)) {
    pieces.push({ text: part.text, look: part.isEscape ? '' : look, symbol: part.isEscape, from: part.from, to: part.to, field });
  }
}

/** Characters of a value that need quotes around it, and text that is no text without them. */
const NEEDS_QUOTES = /^$|[\s="]|^(?:true|false|null|-?\d[\d.eE+-]*)$/;

/** Adds `key=value`, or a word of logfmt. @param {Piece[]} pieces @param {Leaf} leaf */
function addPair(pieces, leaf) {
  const { path, kind, text, isQuoted, isJson, from, to } = leaf;
  if (path.length === 0) return void pieces.push(piece(text, from));
  path.forEach((part, i) => {
    if (i > 0) pieces.push(piece('.', -1, 'r-key'));
    addEscaped(pieces, part.text, part.from, 'r-key');
  });
  const last = path[path.length - 1];
  pieces.push(piece('=', isJson ? -1 : last.from + last.text.length, 'r-key'));
  const look = kind === 'json' ? 'j-string' : `j-${kind}`;
  const field = kind === 'json' ? undefined : fieldOf(leaf);
  const hasQuotes = isQuoted && NEEDS_QUOTES.test(text);
  if (hasQuotes) pieces.push(piece('"', from - 1, look, field));
  if (isQuoted) addEscaped(pieces, text, from, look, field);
  else pieces.push(piece(text, from, look, field));
  if (hasQuotes) pieces.push(piece('"', to, look, field));
}

/**
 * Reports if pieces show all of some ranges of the line.
 * @param {Piece[]} pieces
 * @param {[number, number][]} ranges sorted
 */
export function covers(pieces, ranges) {
  if (ranges.length === 0) return true;
  const shown = pieces.filter(({ from }) => from >= 0).sort((a, b) => a.from - b.from);
  let i = 0;
  return ranges.every(([from, to]) => {
    while (i < shown.length && shown[i].to <= from) i++;
    let reached = from;
    for (let j = i; j < shown.length && shown[j].from <= reached && reached < to; j++) reached = Math.max(reached, shown[j].to);
    return reached >= to;
  });
}

/** Returns the first field with a key, or null. @param {Record} record @param {string} key */
export function leafOf({ leaves }, key) {
  return leaves.find((leaf) => leaf.path.length > 0 && fieldOf(leaf).key === key) ?? null;
}
