// Time zones: the offset from UTC at a time, the clock of a zone, and the time at which the
// clock shows something.

/** Offsets change at whole quarters of an hour only. */
const QUARTER_MS = 900_000;
/** Offsets kept: ten years of days. When doubled, so is the memory. */
const MAX_OFFSETS = 3_660;
const DAY_MS = 86_400_000;
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const pad = (/** @type {number} */ n) => String(n).padStart(2, '0');

/** Returns the offset of the browser's zone. @param {number} ms */
const localOffset = (ms) => -new Date(ms).getTimezoneOffset() * 60_000;

/**
 * Returns a function for the offset of a named zone; throws if the browser does not know it.
 * @param {string} name
 */
function namedOffset(name) {
  const format = new Intl.DateTimeFormat('en', { timeZone: name, timeZoneName: 'longOffset' });
  return (/** @type {number} */ ms) => {
    const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(format.format(ms)) ?? ['', '+', '0', '0'];
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  };
}

/**
 * Times of the clock are milliseconds, as if the clock showed UTC: `new Date(clock).toISOString()`
 * reads them.
 */
export class Zone {
  #offsetAt;
  /** @type {Map<number, number>} by day; NaN if it changes on that day */
  #offsets = new Map();
  #lastQuarter = NaN;
  #lastOffset = 0;

  /** @param {string} name `local`, `UTC` or an IANA name; throws a RangeError for others */
  constructor(name) {
    this.name = name;
    this.#offsetAt = name === 'local' ? localOffset : name === 'UTC' ? () => 0 : namedOffset(name);
  }

  /** Name for people. */
  get label() {
    return this.name === 'local' ? 'local time' : this.place;
  }

  /** Name of the zone, also of the browser's. */
  get place() {
    const name = this.name === 'local' ? Intl.DateTimeFormat().resolvedOptions().timeZone : this.name;
    return name.replace(/_/g, ' ');
  }

  /** Returns the offset from UTC in ms. @param {number} ms */
  offset(ms) {
    const quarter = Math.floor(ms / QUARTER_MS);
    if (quarter === this.#lastQuarter) return this.#lastOffset;
    const day = Math.floor(ms / DAY_MS);
    let offset = this.#offsets.get(day);
    if (offset === undefined) {
      if (this.#offsets.size >= MAX_OFFSETS) this.#offsets.clear();
      const [start, end] = [day, day + 1].map((each) => this.#offsetAt(each * DAY_MS));
      this.#offsets.set(day, (offset = start === end ? start : NaN));
    }
    this.#lastQuarter = quarter;
    return (this.#lastOffset = Number.isNaN(offset) ? this.#offsetAt(quarter * QUARTER_MS) : offset);
  }

  /** @param {number} ms @returns {number} what the clock shows */
  clockOf(ms) {
    return ms + this.offset(ms);
  }

  /**
   * Returns the time at which the clock shows `clock`. It shows an hour twice when summer time
   * ends; it skips one when it begins, and then this is the time at which it would have shown it.
   * @param {number} clock
   * @param {boolean} isSecond returns the second time if there are two
   */
  timeOf(clock, isSecond = false) {
    const times = [clock - this.offset(clock - DAY_MS), clock - this.offset(clock + DAY_MS)];
    const right = times.filter((ms) => this.clockOf(ms) === clock);
    return (isSecond ? right.at(-1) : right[0]) ?? times[0];
  }

  /** @param {number} ms @returns {number} number of the day */
  dayOf(ms) {
    return Math.floor(this.clockOf(ms) / DAY_MS);
  }

  /** Formats the offset as `+01:00`. @param {number} ms */
  offsetText(ms) {
    const minutes = Math.round(this.offset(ms) / 60_000);
    const size = Math.abs(minutes);
    return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
  }
}

/** Zone of the browser. */
export const LOCAL = new Zone('local');

/** Returns the zone, or the one of the browser if the name is unknown. @param {string} name */
export function zoneOf(name) {
  if (name === 'local') return LOCAL;
  try {
    return new Zone(name);
  } catch {
    return LOCAL;
  }
}

/**
 * Formats a date as `25 Nov`, with the year if it is not `year`.
 * @param {number} clock
 * @param {number} year
 */
export function shortDate(clock, year) {
  const date = new Date(clock);
  const text = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()].slice(0, 3)}`;
  return date.getUTCFullYear() === year ? text : `${text} ${date.getUTCFullYear()}`;
}

/**
 * Formats as `Wednesday 25 November 2026, 14:00:00, local time`.
 * @param {number} ms
 * @param {Zone} zone
 */
export function timeInWords(ms, zone) {
  const date = new Date(zone.clockOf(ms));
  const time = date.toISOString().slice(11, 23).replace(/\.000$/, '');
  return `${DAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}, ${time}, ${zone.label}`;
}
