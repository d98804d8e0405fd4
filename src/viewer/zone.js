// Time zones: the offset from UTC at a time, the clock of a zone, and the time at which the
// clock shows something.

/** Offsets change at whole quarters of an hour only, so that one offset serves each quarter. */
const QUARTER_MS = 900_000;
/** Offsets kept: five weeks of quarters. When doubled, so is the memory. */
const MAX_OFFSETS = 3_500;
const DAY_MS = 86_400_000;
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const pad = (/** @type {number} */ n) => String(n).padStart(2, '0');

/** Returns the offset of the browser's zone. @param {number} ms */
const localOffset = (ms) => -new Date(ms).getTimezoneOffset() * 60_000;

/** Returns a function for the offset of a named zone; throws if the browser does not know it. @param {string} name */
function namedOffset(name) {
  const format = new Intl.DateTimeFormat('en', { timeZone: name, timeZoneName: 'longOffset' });
  return (/** @type {number} */ ms) => {
    const [, sign, hours, minutes] = /GMT([+-])(\d\d):(\d\d)/.exec(format.format(ms)) ?? ['', '+', '0', '0'];
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  };
}

/** Times of the clock are milliseconds, as if the clock showed UTC: `new Date(clock).toISOString()` reads them. */
export class Zone {
  #offsetAt;
  /** @type {Map<number, number>} by quarter */
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
    return this.name === 'local' ? 'local time' : this.name.replace(/_/g, ' ');
  }

  /** Returns the offset from UTC in ms. @param {number} ms */
  offset(ms) {
    const quarter = Math.floor(ms / QUARTER_MS);
    if (quarter === this.#lastQuarter) return this.#lastOffset;
    let offset = this.#offsets.get(quarter);
    if (offset === undefined) {
      if (this.#offsets.size >= MAX_OFFSETS) this.#offsets.clear();
      this.#offsets.set(quarter, (offset = this.#offsetAt(quarter * QUARTER_MS)));
    }
    this.#lastQuarter = quarter;
    return (this.#lastOffset = offset);
  }

  /** @param {number} ms @returns {number} what the clock shows */
  clockOf(ms) {
    return ms + this.offset(ms);
  }

  /**
   * Returns the time at which the clock shows `clock`: the first one if it shows it twice; if it
   * skips it, the time at which it would have.
   * @param {number} clock
   */
  timeOf(clock) {
    const early = clock - this.offset(clock - DAY_MS);
    if (this.clockOf(early) === clock) return early;
    const late = clock - this.offset(clock + DAY_MS);
    return this.clockOf(late) === clock ? late : early;
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

/** Formats a date as `25 Nov`, with the year if it is not `year`. @param {number} clock @param {number} year */
export function shortDate(clock, year) {
  const date = new Date(clock);
  const text = `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()].slice(0, 3)}`;
  return date.getUTCFullYear() === year ? text : `${text} ${date.getUTCFullYear()}`;
}

/** Formats as `Wednesday 25 November 2026, 14:00:00, local time`. @param {number} ms @param {Zone} zone */
export function timeInWords(ms, zone) {
  const date = new Date(zone.clockOf(ms));
  const time = date.toISOString().slice(11, 23).replace(/\.000$/, '');
  return `${DAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}, ${time}, ${zone.label}`;
}
