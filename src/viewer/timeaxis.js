// Horizontal axis of the timeline: width and number of its buckets, and its labels. Its times are
// seconds of the clock of the zone since FIRST_MONDAY_MS, so that days begin at midnight.

import { shortDate } from './zone.js';

/** Clock time in ms from which buckets are counted: Monday 5 January 1970. */
const FIRST_MONDAY_MS = 4 * 86_400_000;
const DAY_MS = 86_400_000;
const DAY_S = 86_400;
/**
 * Widths of buckets in seconds: 1 s to 28 days. Each divides the next, so that buckets can be
 * merged.
 */
const WIDTHS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, DAY_S, 7 * DAY_S, 28 * DAY_S];
/** Steps of labels in seconds. Months follow: more days have no round number in a calendar. */
const STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, DAY_S, 2 * DAY_S, 7 * DAY_S, 14 * DAY_S];
/** Steps of labels in months. */
const MONTH_STEPS = [1, 3, 6, 12, 60, 120, 600];
const MONTH_S = 30 * DAY_S;
/**
 * Fewest buckets of an axis without a range. When doubled, a minute of lines fills only half of the
 * strip.
 */
const MIN_BUCKETS = 60;
/**
 * Part of the axis by which it grows at once. When doubled, bars move more rarely, and more stays
 * empty.
 */
const GROWTH = 1 / 24;

/** @param {number} clock @returns {number} seconds of the axis */
export const axisTime = (clock) => Math.floor((clock - FIRST_MONDAY_MS) / 1000);
/** @param {number} seconds of the axis @returns {number} clock time in ms */
export const clockAt = (seconds) => seconds * 1000 + FIRST_MONDAY_MS;

/**
 * @typedef {{ width: number, first: number, count: number }} Axis bucket width in seconds, number
 *   of the first bucket, number of buckets
 */

/**
 * Returns the smallest width of at most `max` buckets.
 * @param {number} from
 * @param {number} to last second
 * @param {number} max
 */
export function widthFor(from, to, max) {
  return WIDTHS.find((width) => Math.floor(to / width) - Math.floor(from / width) < max) ?? 28 * DAY_S;
}

/**
 * Returns an axis for the seconds `from` to `to`. Without a range, it has at least MIN_BUCKETS and
 * ends with some empty ones, so that bars stay in place while lines arrive.
 * @param {number} from
 * @param {number} to last second
 * @param {number} max largest number of buckets
 * @param {boolean} isRange
 * @returns {Axis}
 */
export function axisOf(from, to, max, isRange) {
  const width = widthFor(from, to, max);
  const [first, last] = [Math.floor(from / width), Math.floor(to / width)];
  if (isRange) return { width, first, count: Math.min(max, last - first + 1) };
  const step = Math.max(1, 2 ** Math.floor(Math.log2((last - first + 1) * GROWTH)));
  const end = (Math.floor(last / step) + 1) * step;
  const begin = Math.min(Math.floor(first / step) * step, end - MIN_BUCKETS);
  return { width, first: Math.max(begin, end - max), count: Math.min(max, end - begin) };
}

/** @typedef {{ at: number, text: string }} Tick `at` in buckets from the start of the axis */

/**
 * Formats a label: the time of day, the date at midnight and from steps of days on, or the month.
 * The first label has the date or the year as well, unless it is that of now.
 * @param {number} clock
 * @param {number} step seconds
 * @param {boolean} isFirst
 * @param {number} now clock time
 */
function tickText(clock, step, isFirst, now) {
  const iso = new Date(clock).toISOString();
  const [year, thisYear] = [clock, now].map((time) => new Date(time).getUTCFullYear());
  if (step >= MONTH_S) {
    if (iso.slice(5, 7) === '01') return String(year);
    const month = shortDate(clock, year).slice(-3);
    return isFirst && year !== thisYear ? `${month} ${year}` : month;
  }
  const date = shortDate(clock, isFirst ? thisYear : year);
  if (step >= DAY_S || clock % DAY_MS === 0) return date;
  const time = iso.slice(11, step < 60 ? 19 : 16);
  return isFirst && Math.floor(clock / DAY_MS) !== Math.floor(now / DAY_MS) ? `${date} ${time}` : time;
}

/**
 * Returns the labels of an axis.
 * @param {Axis} axis
 * @param {number} max largest number of labels
 * @param {number} now clock time
 * @returns {Tick[]}
 */
export function ticksOf({ width, first, count }, max, now) {
  const [from, span] = [first * width, count * width];
  const step = STEPS.find((each) => span / each <= max);
  /** @type {Tick[]} */
  const ticks = [];
  const add = (/** @type {number} */ seconds, /** @type {number} */ size) => ticks.push({ at: (seconds - from) / width, text: tickText(clockAt(seconds), size, ticks.length === 0, now) });
  if (step) {
    for (let at = Math.ceil(from / step) * step; at < from + span; at += step) add(at, step);
    return ticks;
  }
  const months = MONTH_STEPS.find((each) => span / (each * MONTH_S) <= max) ?? 1200;
  const start = new Date(clockAt(from));
  for (let month = start.getUTCFullYear() * 12 + Math.ceil((start.getUTCMonth() + 1) / months) * months; ; month += months) {
    const at = axisTime(Date.UTC(Math.floor(month / 12), month % 12));
    if (!(at < from + span)) return ticks;
    add(at, MONTH_S);
  }
}
