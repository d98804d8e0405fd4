// Time column of the rows: the time of the line or of its arrival. The date replaces the time where
// the day changes, and in the topmost row if its day is not today.

import { make } from './dom.js';
import { ago, clock, moment } from './format.js';
import { FLAG } from './store.js';
import { shortDate } from './zone.js';

/** Contents of the column, in the order of the key. */
export const TIMES = /** @type {const} */ (['line', 'arrival', 'ago', 'off']);

/** @typedef {typeof TIMES[number]} TimeContent */
/** @typedef {{ ts: number, time: number, flags: number }} Times */

/** @param {Times} line @param {TimeContent} content @param {import('./zone.js').Zone} zone */
function textOf(line, content, zone) {
  if (line.flags & FLAG.CONTINUES) return '';
  if (content === 'ago') return ago(line.ts, Date.now());
  return clock(content === 'arrival' ? line.time : line.ts, zone);
}

/** Reports if the line or its entry states a time. @param {Times} line */
const hasTime = ({ ts, time }) => ts !== time;

/**
 * Returns the title: both times, with the zone.
 * @param {Times} line
 * @param {import('./zone.js').Zone} zone
 */
export function timeTitle(line, zone) {
  const stated = hasTime(line) ? `Line time: ${moment(line.ts, zone)}` : 'The line states no time';
  return `${stated}\nArrival: ${moment(line.time, zone)}\n${zone.place}`;
}

/**
 * @param {import('./store.js').Line} line
 * @param {{ time: TimeContent, zone: import('./zone.js').Zone }} state
 */
export function timeColumn(line, { time, zone }) {
  const column = make('time', 'time', textOf(line, time, zone));
  if (time !== 'arrival' && !hasTime(line)) column.classList.add('unstated');
  return column;
}

/**
 * Returns the index of the first row that begins in the viewport.
 * @param {import('./list.js').LineList} list
 * @param {import('./rowlist.js').RowList} rows
 */
function topRow({ top }, rows) {
  const y = Math.ceil(top - 0.25);
  const i = rows.rowAt(y);
  return rows.topOf(i) < y && i + 1 < rows.length ? i + 1 : i;
}

/**
 * Shows dates in the rendered rows; called after each frame.
 * @param {import('./list.js').LineList} list
 * @param {import('./rowlist.js').RowList} rows
 * @param {import('./row.js').RenderState} state
 */
export function showDays(list, rows, { store, time, zone }) {
  if (time === 'off' || time === 'ago' || rows.length === 0) return;
  const today = zone.dayOf(Date.now());
  const year = new Date(zone.clockOf(Date.now())).getUTCFullYear();
  let top = rows.lines.at(topRow(list, rows));
  let before = NaN;
  for (const [n, row] of [...list.visibleRows].sort((a, b) => a[0] - b[0])) {
    const column = row.querySelector(':scope > .time');
    if (!store.holds(n) || !column) continue;
    const chunk = store.chunkOf(n);
    const i = n - chunk.first;
    const line = { ts: chunk.ts[i], time: chunk.time[i], flags: chunk.flags[i] };
    if (line.flags & FLAG.CONTINUES) continue;
    const shown = time === 'arrival' ? line.time : line.ts;
    const day = zone.dayOf(shown);
    const isNew = day !== before && !Number.isNaN(before);
    const hasDate = isNew || (n >= top && day !== today);
    if (n >= top) top = Infinity;
    row.classList.toggle('new-day', isNew);
    if (hasDate !== column.classList.contains('date')) {
      column.classList.toggle('date', hasDate);
      column.textContent = hasDate ? dateText(zone.clockOf(shown), year) : textOf(line, time, zone);
    }
    before = day;
  }
}

/**
 * Formats as `25 Nov 14:00`, or `25 Nov 2025` in another year.
 * @param {number} clockTime
 * @param {number} year
 */
export function dateText(clockTime, year) {
  const date = shortDate(clockTime, year);
  return date.length > 6 ? date : `${date} ${new Date(clockTime).toISOString().slice(11, 16)}`;
}
