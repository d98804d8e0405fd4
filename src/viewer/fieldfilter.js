// Criteria of fields, such as `status=500`: the lines to show or to hide by the value of a field.

import { decode, isValid } from './json.js';
import { logfmtTokens } from './logfmt.js';
import { jsonField } from './jsonfield.js';
import { canonicalNumber } from './number.js';

/** Number of criteria. When doubled, filtering takes longer. */
export const MAX_CRITERIA = 16;

/**
 * @typedef {object} Criterion
 * @property {string} key
 * @property {string} value
 * @property {boolean} isExcluded hides lines with the value in place of those without it
 */

/** @typedef {(line: string) => boolean} LineTest reports if a line is shown */

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
 * Reports if the first field of a line with a key has a value. Fields are those of JSON at the end
 * of the line, or else the pairs of logfmt anywhere in it.
 * @param {string} line
 * @param {string} key
 * @param {(value: string) => boolean} isEqual
 */
function fieldHas(line, key, isEqual) {
  const start = /[}\]]\s*$/.test(line.slice(-8)) ? line.search(/[{[]/) : -1;
  for (const at of start < 0 ? [] : new Set([start, line.indexOf('{')])) {
    const value = at < 0 ? null : jsonField(line, at, key);
    if (value !== null && !isEqual(value)) return false;
    // The scanner reads no further than it needs, and only whole JSON has fields.
    if (at >= 0 && (value !== null || at === 0) && isValid(line.slice(at))) return value !== null;
  }
  const token = logfmtTokens(line).find((each) => each.key === key);
  return token !== undefined && isEqual(token.isQuoted ? decode(token.text) : token.text);
}

/**
 * Returns a test for one criterion, which parses only lines that may have the field and the value.
 * @param {Criterion} criterion
 * @returns {LineTest}
 */
function hasValue({ key, value }) {
  const number = canonicalNumber(value);
  const isEqual = (/** @type {string} */ found) => found === value || (number !== null && canonicalNumber(found) === number);
  // Every form of the field has the first part of its key; a number may be written in other ways.
  const part = key.split('.').find((each) => !/^\d*$/.test(each)) ?? '';
  const text = number === null ? value : '';
  return (line) => (line.includes('\\') || (line.includes(part) && line.includes(text))) && fieldHas(line, key, isEqual);
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
  return (line) => groups.every((tests) => tests.some((test) => test(line))) && !excluded.some((test) => test(line));
}
