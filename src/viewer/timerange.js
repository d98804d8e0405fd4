// Range of times to which the page is narrowed: its text, and its fields in the hash of the URL.

import { parseInstant } from './timeparse.js';
import { shortDate } from './zone.js';

/**
 * Range of times in ms, without its end; an infinite end is open.
 * @typedef {[number, number]} TimeRange
 */

const DAY_MS = 86_400_000;

/**
 * @param {URLSearchParams} fields of the hash
 * @returns {TimeRange | null} null if there is no valid range
 */
export function rangeOf(fields) {
  const [from, to] = [parseInstant(fields.get('from')), parseInstant(fields.get('to'))];
  const range = /** @type {TimeRange} */ ([Number.isNaN(from) ? -Infinity : from, Number.isNaN(to) ? Infinity : to]);
  return range[0] < range[1] && range.some(Number.isFinite) ? range : null;
}

/** Sets the fields of a range. @param {URLSearchParams} fields @param {TimeRange | null} [range] */
export function setRange(fields, range) {
  /** @type {const} */ (['from', 'to']).forEach((name, end) => {
    if (range && Number.isFinite(range[end])) fields.set(name, new Date(range[end]).toISOString().replace('.000Z', 'Z'));
  });
}

/**
 * Reports if a time is outside of the range.
 * @param {TimeRange | null | undefined} range
 * @param {number} ms
 */
export const isOutside = (range, ms) => Boolean(range) && !(ms >= /** @type {TimeRange} */ (range)[0] && ms < /** @type {TimeRange} */ (range)[1]);

/**
 * Formats the time of a clock without zeros at its end: `14:00`, `14:00:05`.
 * @param {number} clock
 */
const shortTime = (clock) => new Date(clock).toISOString().slice(11, 23).replace(/(:00)?\.000$/, '');

/**
 * Formats as `14:00–14:10`, with dates unless both are today.
 * @param {TimeRange} range
 * @param {import('./zone.js').Zone} zone
 * @param {number} now
 */
export function rangeText([from, to], zone, now) {
  const year = new Date(zone.clockOf(now)).getUTCFullYear();
  const today = zone.dayOf(now);
  const date = (/** @type {number} */ clock) => shortDate(clock, year);
  const time = (/** @type {number} */ clock) => (Math.floor(clock / DAY_MS) === today ? shortTime(clock) : `${date(clock)} ${shortTime(clock)}`);
  if (!Number.isFinite(to)) return `from ${time(zone.clockOf(from))}`;
  if (!Number.isFinite(from)) return `until ${time(zone.clockOf(to))}`;
  const [start, end] = [zone.clockOf(from), zone.clockOf(to)];
  const isWholeDays = start % DAY_MS === 0 && end % DAY_MS === 0;
  if (isWholeDays) return end - start === DAY_MS ? date(start) : `${date(start)} – ${date(end - DAY_MS)}`;
  const isOneDay = Math.floor(start / DAY_MS) === Math.floor((end - 1) / DAY_MS);
  if (isOneDay) return `${time(start)}–${end % DAY_MS === 0 ? '24:00' : shortTime(end)}`;
  return [start, end].map((clock) => `${date(clock)} ${shortTime(clock)}`).join(' – ');
}
