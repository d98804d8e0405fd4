// Finds one field of a JSON object without parsing the rest, by the rules of src/record/fields.rs.

import { decode } from './json.js';

const SPACE = /[ \t\n\r]*/y;
const STRING = /"([^"\\]*(?:\\.[^"\\]*)*)"/y;
const SCALAR = /[^\s{}[\],:"]+/y;
/** Next quote or bracket of a value that is passed over. */
const NEXT_MARK = /["{}[\]]/g;

/**
 * A place in JSON.
 * @typedef {{ text: string, at: number }} Cursor
 */

/** Matches at the cursor and moves it. @param {Cursor} cursor @param {RegExp} pattern sticky */
function take(cursor, pattern) {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text);
  if (match) cursor.at = pattern.lastIndex;
  return match;
}

/** Takes a character, and the space behind it. @param {Cursor} cursor @param {string} char */
function takeChar(cursor, char) {
  if (cursor.text[cursor.at] !== char) return false;
  cursor.at++;
  take(cursor, SPACE);
  return true;
}

/** Moves the cursor behind an object or array. @param {Cursor} cursor at its bracket @returns {boolean} false if it has no end */
function passBranch(cursor) {
  let depth = 0;
  for (;;) {
    NEXT_MARK.lastIndex = cursor.at;
    const mark = NEXT_MARK.exec(cursor.text);
    if (!mark) return false;
    cursor.at = mark.index;
    if (mark[0] === '"') {
      if (!take(cursor, STRING)) return false;
      continue;
    }
    cursor.at++;
    depth += mark[0] === '{' || mark[0] === '[' ? 1 : -1;
    if (depth === 0) return true;
  }
}

/** Returns the rest of a path behind a key: '' if it is the whole path, null if it does not begin with it. @param {string} path @param {string} key */
function restOf(path, key) {
  if (path === key) return '';
  return path.startsWith(key) && path[key.length] === '.' ? path.slice(key.length + 1) : null;
}

/**
 * Returns the value at `path` in the object or array at the cursor. A key that has dots itself is preferred.
 * @param {Cursor} cursor
 * @param {string} path
 * @returns {string | null} null if there is no such value, or if it is an object or array
 */
function member(cursor, path) {
  const isObject = cursor.text[cursor.at] === '{';
  /** @type {string | null} */
  let nested = null;
  takeChar(cursor, isObject ? '{' : '[');
  for (let index = 0; ; index++) {
    if (index > 0 && !takeChar(cursor, ',')) return nested;
    const name = isObject ? take(cursor, STRING) : null;
    if (isObject && (!name || (take(cursor, SPACE), !takeChar(cursor, ':')))) return nested;
    const rest = restOf(path, name ? decode(name[1]) : String(index));
    const first = cursor.text[cursor.at];
    if (first === '{' || first === '[') {
      if (rest === '') return null;
      if (rest && nested === null) nested = member({ ...cursor }, rest);
      if (!passBranch(cursor)) return nested;
    } else {
      const value = first === '"' ? take(cursor, STRING) : take(cursor, SCALAR);
      if (!value) return nested;
      if (rest === '') return first === '"' ? decode(value[1]) : value[0];
    }
    take(cursor, SPACE);
  }
}

/**
 * Returns the text of a field, such as `user.name` or `items.0`, without quotes and escapes.
 * @param {string} line
 * @param {number} at where the object begins
 * @param {string} key
 */
export const jsonField = (line, at, key) => member({ text: line, at }, key);
