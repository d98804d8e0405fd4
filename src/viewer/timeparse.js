// Reads a time as people type it: `14:00`, `2026-11-25 14:00`, RFC 3339, or `10m` for ten
// minutes ago.

import { MAX_TIME } from './format.js';

const DAY_MS = 86_400_000;
/** @type {Record<string, number>} */
const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: DAY_MS, w: 7 * DAY_MS };

const AGO = /^-?\s*((?:\d+\s*[smhdw]\s*)+)(?:ago)?$/i;
const DATE = /^(\d{4})-(\d\d?)-(\d\d?)(?:$|(?:[T ]\s*)(.+)$)/i;
const TIME = /^(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?$/;
const OFFSET = /\s*(Z|UTC|[+-]\d\d:?\d\d)$/i;

export const EXAMPLES = 'a time such as 14:00, 2026-11-25 14:00, or 10m for ten minutes ago';

/** @typedef {{ ms: number, problem: string }} ParsedTime `ms` is NaN if there is a problem */

/** @param {string} problem @returns {ParsedTime} */
const failed = (problem) => ({ ms: NaN, problem });

/** @param {string} text @returns {number} ms since midnight, or NaN */
function timeOfDay(text) {
  const [, hours, minutes, seconds = '0', fraction = ''] = TIME.exec(text) ?? [];
  if (!(Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60)) return NaN;
  return Number(hours) * UNIT_MS.h + Number(minutes) * UNIT_MS.m + Number(seconds) * UNIT_MS.s + Number(fraction.padEnd(3, '0').slice(0, 3));
}

/** @param {string} text of an offset, such as `+02:00` @returns {number} ms */
function offsetMs(text) {
  const [, sign, hours, minutes] = /([+-])(\d\d):?(\d\d)/.exec(text) ?? ['', '+', '0', '0'];
  return (sign === '-' ? -1 : 1) * (Number(hours) * UNIT_MS.h + Number(minutes) * UNIT_MS.m);
}

/**
 * @param {RegExpExecArray} match of DATE
 * @param {import('./zone.js').Zone} zone
 * @returns {ParsedTime}
 */
function dated([, year, month, day, rest = ''], zone) {
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const back = new Date(date);
  if (back.getUTCMonth() !== Number(month) - 1 || back.getUTCDate() !== Number(day)) return failed(`There is no date ${year}-${month}-${day}`);
  const offset = OFFSET.exec(rest)?.[1];
  const time = rest ? timeOfDay(rest.replace(OFFSET, '')) : 0;
  if (Number.isNaN(time)) return failed(`Cannot read “${rest}” as a time of day, such as 14:00 or 14:00:05`);
  return { ms: offset ? date + time - offsetMs(offset) : zone.timeOf(date + time), problem: '' };
}

/**
 * @param {string} text
 * @param {{ now: number, zone: import('./zone.js').Zone, near: number, newest: number }} context
 *   a time without a date is of the day of `near`, or of the day before if it is after `newest`
 * @returns {ParsedTime}
 */
export function parseTime(text, { now, zone, near, newest }) {
  const typed = text.trim();
  if (!typed) return failed(`Type ${EXAMPLES}`);
  const since = AGO.exec(typed);
  if (since) {
    const parts = since[1].matchAll(/(\d+)\s*([smhdw])/gi);
    const ms = [...parts].reduce((at, [, n, unit]) => at - Number(n) * UNIT_MS[unit.toLowerCase()], now);
    return ms >= -MAX_TIME ? { ms, problem: '' } : failed(`“${typed}” is too long ago`);
  }
  const date = DATE.exec(typed);
  if (date) return dated(date, zone);
  const time = timeOfDay(typed);
  if (Number.isNaN(time)) return failed(`Cannot read “${typed}”; type ${EXAMPLES}`);
  const day = zone.dayOf(near);
  const ms = zone.timeOf(day * DAY_MS + time);
  return { ms: ms > newest ? zone.timeOf((day - 1) * DAY_MS + time) : ms, problem: '' };
}

/**
 * Reads a time of a URL.
 * @param {string | null} text RFC 3339, with its offset
 * @returns {number} NaN if it is none
 */
export function parseInstant(text) {
  return text && /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i.test(text) ? Date.parse(text.toUpperCase()) : NaN;
}
