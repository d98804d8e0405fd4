// Criteria of fields, such as `status=500`: the lines to show or to hide by the value of a field.

import { decode, findJson, parseJson } from './json.js';
import { logfmtTokens } from './logfmt.js';
import { canonicalNumber, withoutTrailingZeros } from './number.js';
import { FLAG } from './store.js';

/** Number of criteria. When doubled, filtering takes longer. */
export const MAX_CRITERIA = 16;

/**
 * @typedef {object} Criterion
 * @property {string} key
 * @property {string} value
 * @property {boolean} isExcluded hides lines with the value in place of those without it
 */

/**
 * Reports if a line is shown. A line that continues an entry is shown with the line at its head, of
 * which `isHeadShown` tells; only a value to show that it has itself shows it without that.
 * @typedef {(line: string, isHeadShown?: boolean) => boolean} LineTest
 */

/** @param {Criterion} criterion @returns {string} `KEY=VALUE` or `KEY!=VALUE` */
export function criterionText({ key, value, isExcluded }) {
  return `${key.replace(/[%=!]/g, encodeURIComponent).replaceAll('!', '%21')}${isExcluded ? '!=' : '='}${value}`;
}

/** @param {string} text @returns {Criterion | null} */
export function parseCriterion(text) {
  const match = /^([^=!]+)(!?)=([^]*)$/.exec(text);
  if (!match) return null;
  return { key: match[1].replace(/%(25|3D|21)/gi, decodeURIComponent), value: match[3], isExcluded: match[2] !== '' };
}

/**
 * Returns the value at `path` in an object or array, by the rules of src/record/fields.rs: a key
 * that has dots itself is preferred, and of several fields with the same key, the first counts.
 * @param {import('./json.js').JsonNode} node
 * @param {string} path
 * @returns {string | null} null if there is none, or an object or array
 */
function member({ children }, path) {
  /** @type {string | null} */
  let nested = null;
  for (const [index, child] of children.entries()) {
    const key = child.key === null ? String(index) : decode(child.key);
    const isBranch = child.kind === 'object' || child.kind === 'array';
    if (key === path) return isBranch ? null : child.kind === 'string' ? decode(child.text) : child.text;
    if (isBranch && path.startsWith(`${key}.`)) nested ??= member(child, path.slice(key.length + 1));
  }
  return nested;
}

/**
 * Returns the value of a field of a line, or null. Fields are those of JSON at the end of the
 * line, or else the pairs of logfmt anywhere in it.
 * @param {string} line
 * @param {string} key
 */
function fieldValue(line, key) {
  const source = findJson(line);
  if (source) return member(parseJson(source), key);
  const token = logfmtTokens(line).find((each) => each.key === key);
  return token ? (token.isQuoted ? decode(token.text) : token.text) : null;
}

/** Digits with an exponent, which may be a number of another value than they look. */
const EXPONENT = /\d[eE][+-]?\d/;

/**
 * Returns the digits that a number has in all its forms without an exponent.
 * @param {string} value
 */
function sharedDigits(value) {
  if (EXPONENT.test(value)) return '';
  const digits = value.replace(/^-?0*(?=\d)/, '');
  return digits.includes('.') ? withoutTrailingZeros(digits).replace(/\.$/, '') : digits;
}

/**
 * Returns a test for one criterion, which parses only lines that may have the field and the value.
 * @param {Criterion} criterion
 * @returns {LineTest}
 */
function hasValue({ key, value }) {
  const number = canonicalNumber(value);
  const isEqual = (/** @type {string} */ found) => found === value || (number !== null && canonicalNumber(found) === number);
  // Every form of the field has a part of its key.
  const part = key.split('.').find((each) => !/^\d*$/.test(each)) ?? '';
  const text = number === null ? value : number === '0' ? '' : sharedDigits(value);
  return (line) => {
    const mayHaveIt = line.includes('\\') || (line.includes(part) && (line.includes(text) || (number !== null && EXPONENT.test(line))));
    const found = mayHaveIt ? fieldValue(line, key) : null;
    return found !== null && isEqual(found);
  };
}

/**
 * Returns a test for all criteria: of those that include values of the same key, one has to hold.
 * @param {Criterion[]} criteria
 * @returns {LineTest | null} null if there is none
 */
export function compileFields(criteria) {
  if (criteria.length === 0) return null;
  const excluded = criteria.filter(({ isExcluded }) => isExcluded).map(hasValue);
  /** @type {Map<string, LineTest[]>} */
  const included = new Map();
  for (const criterion of criteria) {
    if (!criterion.isExcluded) included.set(criterion.key, [...(included.get(criterion.key) ?? []), hasValue(criterion)]);
  }
  const groups = [...included.values()];
  return (line, isHeadShown) => {
    if (isHeadShown !== undefined && (isHeadShown || groups.length === 0)) return isHeadShown;
    return groups.every((tests) => tests.some((test) => test(line))) && !excluded.some((test) => test(line));
  };
}

/** Tests the lines of several sources in their order, and remembers the heads of their entries. */
export class EntryTest {
  #test;
  /** @type {Map<number, boolean>} by source */
  #heads = new Map();

  /** @param {LineTest | null | undefined} test */
  constructor(test) {
    this.#test = test;
  }

  /**
   * @param {import('./store.js').Batch} chunk
   * @param {number} i
   * @param {(chunk: import('./store.js').Batch, i: number) => string} textOf
   */
  passes(chunk, i, textOf) {
    if (!this.#test) return true;
    const source = chunk.source[i];
    const continues = (chunk.flags[i] & FLAG.CONTINUES) !== 0;
    const passes = this.#test(textOf(chunk, i), continues ? this.#heads.get(source) : undefined);
    if (!continues) this.#heads.set(source, passes);
    return passes;
  }

  /** Forgets the heads, because lines are missing. */
  break() {
    this.#heads.clear();
  }
}
