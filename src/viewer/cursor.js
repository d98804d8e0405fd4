// Reads the lines of one source, or of all, from a position in either direction. Lines are given
// out in entries: a line and those that continue it stay together.

import { FLAG, KIND } from './store.js';

/**
 * Lines after which an entry is given out in pieces. When doubled, an endless entry takes more
 * memory.
 */
const MAX_ENTRY_LINES = 2_000;
/** Most lines of one source per request. When doubled, lines of others wait longer. */
const MAX_LINES = 2_000;

/** @typedef {import('./store.js').Line} Line */
/**
 * @typedef {(fields: Record<string, string>, isEnough?: (lines: Line[]) => boolean) => Promise<import('./ndjson.js').Read>} Reader
 */

/**
 * An entry and its place among those of other sources.
 * @typedef {object} Entry
 * @property {Line[]} lines
 * @property {number} key highest time of the source up to this entry, in ms
 */

/** Reason for which lines could not be read; `isGone` if a retry is useless. */
export class ReadProblem extends Error {
  /** @param {string} text @param {boolean} [isGone] */
  constructor(text, isGone = false) {
    super(text);
    this.isGone = isGone;
  }
}

/** The window was moved while lines were read. */
export class Stale extends Error {}

/** @param {import('./ndjson.js').Read} read @returns {import('./ndjson.js').Read} */
export function checked(read) {
  const { failure } = read;
  if (!failure) return read;
  if (failure.status === 400) throw new ReadProblem(failure.message, true);
  throw new ReadProblem(failure.message || (failure.status ? `the server answered with status ${failure.status}` : 'the server does not respond'));
}

/** @param {Line} line */
export const isGap = (line) => (line.flags & FLAG.KIND) === KIND.GAP;

/**
 * Splits lines into entries.
 * @param {Line[]} lines of one source, the oldest first
 * @param {number} [least] key of what precedes the lines
 * @param {number} [most] key of what follows them
 * @returns {Entry[]}
 */
export function entriesOf(lines, least = -Infinity, most = Infinity) {
  /** @type {Entry[]} */
  const entries = [];
  let key = least;
  let isWithin = false;
  for (const line of lines) {
    const last = entries.at(-1);
    if (last && (isWithin || line.flags & FLAG.CONTINUES) && last.lines.length < MAX_ENTRY_LINES) last.lines.push(line);
    else {
      if (line.ts > key) key = line.ts;
      entries.push({ lines: [line], key: Math.min(key, most) });
    }
    isWithin = (line.flags & FLAG.MORE) !== 0;
  }
  return entries;
}

/** Reads backward. */
export class OlderCursor {
  /** Entries that are read and not given out, the oldest first. @type {Entry[]} */
  entries = [];
  isAtEnd = false;
  /** True if the server cannot read older lines any more. */
  isGone = false;
  /** Lines at the start that may continue an entry which is not read yet. @type {Line[]} */
  #rest = [];
  #before;
  #source;
  #isContinued;
  #most = Infinity;

  /**
   * @param {string | null} source null for all sources
   * @param {string} before event ID; '' for the end of the log
   * @param {boolean} [isContinued] true if the line at `before` continues an entry, which then
   *   comes first
   */
  constructor(source, before, isContinued = false) {
    this.#source = source;
    this.#before = before;
    this.#isContinued = isContinued;
  }

  /** True if the next entry is known, or that there is none. */
  get isReady() {
    return this.isAtEnd || this.entries.length > 0;
  }

  /**
   * Takes lines that precede those it has.
   * @param {Line[]} lines
   * @param {boolean} isAll true if nothing precedes them
   */
  push(lines, isAll) {
    const gap = lines.findLastIndex(isGap);
    if (gap >= 0) this.isGone = true;
    const known = [...lines.slice(gap + 1), ...this.#rest];
    this.isAtEnd = isAll || gap >= 0;
    this.#before = lines[gap + 1]?.id ?? this.#before;
    let from = 0;
    const isHeadless = (/** @type {Line} */ line) => (line.flags & FLAG.CONTINUES) !== 0 && known.length < MAX_ENTRY_LINES;
    if (!this.isAtEnd) while (from < known.length && isHeadless(known[from])) from++;
    this.#rest = known.slice(0, from);
    const entries = entriesOf(known.slice(from), -Infinity, this.#most);
    this.#most = entries[0]?.key ?? this.#most;
    if (this.#isContinued && entries.length) {
      /** @type {Entry} */ (entries.at(-1)).key = Infinity;
      this.#isContinued = false;
    }
    this.entries.unshift(...entries);
  }

  /** @param {Reader} read @param {number} count @param {() => boolean} isStale */
  async fill(read, count, isStale) {
    while (!this.isReady) {
      const n = Math.min(MAX_LINES, Math.max(1, count));
      const { lines } = checked(await read({
        ...(this.#source === null ? {} : { file: this.#source }),
        ...(this.#before ? { before: this.#before } : { follow: '0' }),
        n: String(n),
      }));
      if (isStale()) throw new Stale();
      if (this.#source === null) this.#pushAll(lines, n);
      else this.push(lines, countLines(lines) < n);
      count *= 2;
    }
  }

  /**
   * Takes the newest `n` lines of each source, of which only those are used that no skipped line
   * precedes.
   * @param {Line[]} lines
   * @param {number} n
   */
  #pushAll(lines, n) {
    const { from, isAll } = wholeFrom(lines, n);
    this.push(lines.slice(from), isAll);
  }

  /** Takes the first read, in the order of the stream. @param {Line[]} lines @param {number} n */
  pushFirst(lines, n) {
    if (this.#source === null) this.#pushAll(lines, n);
    else this.push(lines, countLines(lines) < n);
  }
}

/** Reports if it is no control event. @param {Line} line */
export const isLine = ({ flags }) => (flags & FLAG.KIND) <= KIND.BINARY;

/** @param {Line[]} lines */
const countLines = (lines) => lines.filter(isLine).length;

/**
 * Finds the first line after which no line of any source is missing.
 * @param {Line[]} lines newest `n` lines of each source, in the order of the stream
 * @param {number} n
 */
export function wholeFrom(lines, n) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  let from = lines.length;
  while (from > 0) {
    const line = lines[--from];
    if (!isLine(line)) continue;
    const count = (counts.get(line.source) ?? 0) + 1;
    counts.set(line.source, count);
    if (count >= n) return { from, isAll: false };
  }
  return { from, isAll: true };
}

/** Reads forward. */
export class NewerCursor {
  /** Entries that are read and not given out, the oldest first. @type {Entry[]} */
  entries = [];
  /** True if the last read got to the end of the log. */
  isAtEnd = false;
  /** Position of that end. */
  endId = '';
  #source;
  #from;
  #least = -Infinity;
  /** Entry to which further lines may belong. @type {Line[]} */
  #rest = [];

  /**
   * @param {string | null} source null for all sources
   * @param {Record<string, string>} from position, as fields of a query
   */
  constructor(source, from) {
    this.#source = source;
    this.#from = from;
  }

  /** True if the next entry is known, or that there is none. */
  get isReady() {
    return this.entries.length > 0 || this.isAtEnd;
  }

  /**
   * @param {Line[]} lines that follow those it has
   * @param {string} endId position of the end, or ''
   */
  push(lines, endId) {
    this.isAtEnd = endId !== '';
    this.endId = endId;
    const position = endId || lines.findLast((line) => !isGap(line))?.id;
    if (position) this.#from = { last_event_id: position };
    const entries = entriesOf([...this.#rest, ...lines], this.#least);
    this.#rest = this.isAtEnd ? [] : (entries.pop()?.lines ?? []);
    this.#least = entries.at(-1)?.key ?? this.#least;
    // The rest of an entry whose start was given out stays with it.
    if (entries.length && entries[0].lines[0].flags & FLAG.CONTINUES) entries[0].key = -Infinity;
    this.entries.push(...entries);
  }

  /** @param {Reader} read @param {number} count @param {() => boolean} isStale */
  async fill(read, count, isStale) {
    while (!this.isReady) {
      const max = Math.min(MAX_LINES, Math.max(2, count));
      const { lines, endId } = checked(await read({ ...(this.#source === null ? {} : { file: this.#source }), ...this.#from, follow: '0' }, (all) => all.length >= max));
      if (isStale()) throw new Stale();
      this.push(lines, endId);
      count *= 2;
    }
  }
}
