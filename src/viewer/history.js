// Window of the log that the page holds: usually attached to the live end, otherwise anywhere.
// Reads older and newer lines when the reader gets near an end of the window.

import { OlderCursor, ReadProblem, Stale, checked } from './cursor.js';
import { readMerged, takeNewer, takeOlder } from './merge.js';
import { Edges } from './edges.js';
import { cursorsAround, cursorsAtStart, cursorsOfFirst, findLine, firstSince, readPlace } from './place.js';
import { FLAG, KIND, batchOf, idAtEnd, linesOf } from './store.js';

/** Lines per page of older or newer lines. When doubled, each addition to the page takes longer. */
const PAGE_LINES = 2_000;
/** Lines that are surely missing, and not on their way. When doubled, fewer losses are said at once. */
const SURELY_GONE = 1_000;
/** Sources up to which lines are merged by time. When doubled, a page needs more requests. */
const MAX_MERGED = 32;
const MOVED = 'another place was opened';

/** @typedef {import('./store.js').Line} Line */

/**
 * Everything around the window.
 * @typedef {object} Surroundings
 * @property {import('./store.js').Store} store held lines
 * @property {import('./cursor.js').Reader} read
 * @property {import('./decode.js').SourceNames} names names by index
 * @property {() => string[]} sources all sources of the server
 * @property {(batch: import('./store.js').Batch) => void} prepend
 * @property {(batch: import('./store.js').Batch) => void} append
 * @property {() => void} clear
 * @property {(position: string) => void} attach opens the stream after an event
 * @property {() => void} changed
 */

export class HistoryWindow {
  /** True if live lines follow the held ones. */
  isLive = true;
  /** True if no line precedes the held ones. */
  isAtStart = false;
  /** True if the server cannot read the lines that precede the held ones. */
  isGone = false;
  /** Reason for which older lines could not be read, or ''. */
  problem = '';
  /** True if newer lines could not be read, and are not asked for again until it is set to false. */
  isStuck = false;
  /** True while older lines are read. */
  isReading = false;
  /** True while newer lines are read. */
  isReadingNewer = false;
  /** Number of older lines; null if unknown. @type {number | null} */
  olderCount = null;
  /** Position of the newest live line. */
  position = '';
  /** True if what precedes the live lines is known. */
  isStarted = false;
  #around;
  #edges;
  /** Cursors by source; null is the one over all sources. @type {Map<string | null, OlderCursor>} */
  #older = new Map();
  /** @type {Map<string | null, import('./cursor.js').NewerCursor>} */
  #newer = new Map();
  #isMerged = true;
  /** True if the next live line tells where older lines end. */
  #needsBase = false;
  /** Number of the current window, and of its ends: reads for an earlier one are dropped. */
  #versions = { window: 0, older: 0, newer: 0 };
  /** Position of the live end when the window left it, or ''. */
  #leftAt = '';
  #lastTotal = { older: 0, position: '' };

  /** @param {Surroundings} around */
  constructor(around) {
    this.#around = around;
    this.#edges = new Edges(around.store, around.names);
  }

  /** Forgets everything; the stream begins again. */
  reset() {
    this.#forget();
    this.isLive = true;
    this.isStarted = false;
    this.position = '';
  }

  #forget() {
    for (const end of /** @type {const} */ (['window', 'older', 'newer'])) this.#versions[end]++;
    this.#older.clear();
    this.#newer.clear();
    this.#edges.clear();
    this.#needsBase = false;
    this.isAtStart = this.isGone = this.isReading = this.isStuck = this.isReadingNewer = false;
    this.problem = '';
    this.olderCount = null;
  }

  /** Begins with the newest lines of each source. @param {import('./hub.js').Start} start */
  start({ first, perSource, position }) {
    this.position ||= position;
    if (!this.isLive) return;
    this.isStarted = true;
    this.#isMerged = this.#sources().length <= MAX_MERGED;
    this.#needsBase = first === null;
    if (!first) return;
    for (const [name, cursor] of cursorsOfFirst(linesOf(first), this.#keys(), this.#around.names.list, perSource)) this.#older.set(name, cursor);
    const known = takeOlder([...this.#older.values()], Infinity);
    this.#around.append(batchOf(known));
    this.#noteStart();
  }

  #sources() {
    return [...new Set([...this.#around.sources(), ...this.#around.names.list])];
  }

  /** Returns the keys of cursors: names of sources, or null for all. @returns {(string | null)[]} */
  #keys() {
    return this.#isMerged ? this.#sources() : [null];
  }

  #noteStart() {
    const cursors = [...this.#older.values()];
    this.isAtStart = cursors.every(({ isAtEnd, entries }) => isAtEnd && entries.length === 0);
    this.isGone = cursors.some(({ isGone }) => isGone) || (this.isAtStart && (this.olderCount ?? 0) >= SURELY_GONE);
    if (this.isAtStart) this.olderCount = 0;
    this.#around.changed();
  }

  /**
   * Takes live lines.
   * @param {import('./store.js').Batch} batch
   * @returns {boolean} false if the window is elsewhere
   */
  receive(batch) {
    const ids = [false, true].map((last) => idAtEnd(batch, last));
    this.position = ids[1] || this.position;
    if (!this.isLive) return false;
    if (this.#needsBase && ids[0]) {
      for (const name of this.#keys()) this.#older.set(name, new OlderCursor(name, ids[0]));
      this.#needsBase = false;
    }
    this.#around.append(batch);
    return true;
  }

  /**
   * Takes the number of lines of the log, from which the number of older lines follows. Lines on
   * their way make it inexact, unless none arrive.
   * @param {number} total
   */
  setTotal(total) {
    const { store } = this.#around;
    if (!this.isLive || !this.isStarted) return;
    const older = total - (store.size - store.controlEvents);
    const isSame = this.#lastTotal.older === older && this.#lastTotal.position === this.position;
    this.#lastTotal = { older, position: this.position };
    // The server does not say which lines it cannot read any more.
    if (this.isAtStart && older > 0 && isSame) this.isGone = true;
    if (!this.isAtStart && this.olderCount === null && older > 0) this.olderCount = older;
  }

  /** Notes that the oldest lines were removed from the page. @param {import('./store.js').Chunk[]} chunks */
  evicted(chunks) {
    this.#versions.older++;
    this.isReading = false;
    for (const source of this.#edges.evicted(chunks)) this.#older.delete(this.#isMerged ? this.#around.names.list[source] : null);
    this.#count(chunks, 1);
    this.isAtStart = this.isGone = false;
    this.problem = '';
  }

  /**
   * Notes that the newest lines were removed from the page, which detaches it from the live end.
   * @param {import('./store.js').Chunk[]} chunks
   */
  dropped(chunks) {
    this.#versions.newer++;
    this.isReadingNewer = false;
    if (this.isLive) {
      this.#newer.clear();
      this.#edges.clearDropped();
      this.#leftAt = this.position;
    }
    for (const source of this.#edges.dropped(chunks)) this.#newer.delete(this.#isMerged ? this.#around.names.list[source] : null);
    this.isLive = false;
  }

  /** @param {import('./store.js').Batch[]} batches @param {number} sign */
  #count(batches, sign) {
    if (this.olderCount === null) return;
    for (const batch of batches) {
      for (let i = 0; i < batch.count; i++) if ((batch.flags[i] & FLAG.KIND) <= KIND.BINARY) this.olderCount += sign;
    }
    if (this.olderCount <= 0) this.olderCount = null;
  }

  /** Returns cursors that precede the held lines. */
  #olderCursors() {
    for (const name of this.#keys()) {
      const cursor = this.#older.get(name) ?? this.#edges.older(name);
      if (cursor) this.#older.set(name, cursor);
    }
    return [...this.#older.values()];
  }

  /** Returns cursors that follow the held lines. */
  #newerCursors() {
    for (const name of this.#keys()) {
      if (!this.#newer.has(name)) this.#newer.set(name, this.#edges.newer(name, this.#leftAt));
    }
    return [...this.#newer.values()];
  }

  /** Reads older lines. @param {number} [count] */
  async readOlder(count = PAGE_LINES) {
    if (this.isReading || this.isAtStart || !this.isStarted || this.#needsBase) return;
    const version = this.#versions.older;
    const isStale = () => version !== this.#versions.older;
    this.isReading = true;
    this.problem = '';
    try {
      await readMerged(this.#olderCursors(), this.#around.read, count, takeOlder, (lines) => {
        const batch = batchOf(lines);
        this.#count([batch], -1);
        this.#around.prepend(batch);
      }, isStale);
      if (!isStale()) this.#noteStart();
    } catch (error) {
      if (!isStale()) this.#noteProblem(error);
    }
    if (isStale()) return;
    this.isReading = false;
    this.#around.changed();
  }

  /** @param {unknown} error */
  #noteProblem(error) {
    if (!(error instanceof ReadProblem)) throw error;
    // The server does not know IDs of an earlier run.
    this.problem = error.isGone ? 'the server has been restarted since' : error.message;
    this.isGone = error.isGone;
  }

  /** Reads newer lines, up to the live end. */
  async readNewer() {
    if (this.isLive || this.isReadingNewer) return;
    const version = this.#versions.newer;
    const isStale = () => version !== this.#versions.newer;
    this.isReadingNewer = true;
    const add = (/** @type {Line[]} */ lines) => {
      if (isStale()) throw new Stale();
      if (lines.length) this.#around.append(batchOf(lines));
    };
    try {
      await readMerged(this.#newerCursors(), this.#around.read, PAGE_LINES, takeNewer, add, isStale);
      if (this.#newerCursors().every(({ isAtEnd, entries }) => isAtEnd && entries.length === 0)) await this.#join(add, isStale);
    } catch (error) {
      if (!(error instanceof Stale || error instanceof ReadProblem)) throw error;
      this.isStuck = error instanceof ReadProblem && !isStale();
    }
    if (isStale()) return;
    this.isReadingNewer = false;
    this.#around.changed();
  }

  /**
   * Attaches the window to the live end. Cursors have ended at different positions: lines after a
   * position before all of them are read in the order of the stream, and held ones are left out.
   * @param {(lines: Line[]) => void} add
   * @param {() => boolean} isStale
   */
  async #join(add, isStale) {
    const { read } = this.#around;
    const { endId: base } = checked(await read({ follow: '0', n: '0' }));
    const cursors = this.#newerCursors();
    for (const cursor of cursors) cursor.isAtEnd = false;
    await readMerged(cursors, read, PAGE_LINES, takeNewer, add, isStale);
    if (!cursors.every(({ isAtEnd, entries }) => isAtEnd && entries.length === 0)) return;
    const { lines, endId } = checked(await read({ follow: '0', last_event_id: base }));
    const rest = this.#edges.withoutHeld(lines);
    add(rest);
    if (isStale()) {
      // The newest lines were removed at once; cursors of the others are behind what was added.
      for (const { source } of rest) this.#newer.delete(this.#isMerged ? this.#around.names.list[source] : null);
      return;
    }
    this.#newer.clear();
    this.isLive = true;
    this.position = endId;
    this.#around.attach(endId);
  }

  /**
   * Opens the window at a line.
   * @param {string} id
   * @param {number} [window] number of the new window
   * @returns {Promise<number>} number of the line
   */
  async openAtId(id, window = ++this.#versions.window) {
    const { read, store, names } = this.#around;
    const line = await findLine(read, id);
    await this.#swap(window, (name) => cursorsAround(read, name, line.ts, names.list[line.source], line));
    return store.findId(line.id);
  }

  /**
   * Opens the window at a time.
   * @param {number} ms
   * @returns {Promise<number>} number of the first line at or after it, or -1
   */
  async openAtTime(ms) {
    const { read } = this.#around;
    const window = ++this.#versions.window;
    const line = await firstSince(read, null, ms);
    if (window !== this.#versions.window) throw new ReadProblem(MOVED);
    if (!line) return -1;
    if (this.#sources().length > MAX_MERGED) return this.openAtId(line.id, window);
    return this.#swap(window, (name) => cursorsAround(read, name, ms, null, line));
  }

  /** Opens the window at the first line of the log. */
  async openAtStart() {
    await this.#swap(++this.#versions.window, async (name) => cursorsAtStart(name));
  }

  /**
   * Replaces the window when the lines of the new one are read.
   * @param {number} window number of the new window, taken before the first read for it
   * @param {(name: string | null) => Promise<import('./place.js').Cursors>} cursorsAt
   * @returns {Promise<number>} number of the first line after the place
   */
  async #swap(window, cursorsAt) {
    const { read, store, append, prepend, clear } = this.#around;
    const isMerged = this.#sources().length <= MAX_MERGED;
    const keys = isMerged ? this.#sources() : [null];
    const { older, newer, before, after, isCut } = await readPlace(read, keys, cursorsAt);
    if (window !== this.#versions.window) throw new ReadProblem(MOVED);
    clear();
    this.#forget();
    this.#isMerged = isMerged;
    keys.forEach((name, i) => (this.#older.set(name, older[i]), this.#newer.set(name, newer[i])));
    this.isLive = false;
    this.isStarted = true;
    this.#leftAt = this.position;
    const first = store.next;
    append(batchOf(after));
    prepend(batchOf(before));
    this.#noteStart();
    this.isGone ||= isCut;
    return first;
  }
}
