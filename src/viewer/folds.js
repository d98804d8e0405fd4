// Decides which rows are hidden under others: lines of entries, repeated entries, and groups of
// build logs. Hidden rows stay in the list of rows with no height. Each line is looked at once;
// blocks that fold or unfold are applied to their rows in slices.

import { isFoldable } from './entries.js';
import { FoldJobs } from './foldjobs.js';
import { LEVEL } from './level.js';
import { markerOf } from './markers.js';
import { LineNumbers, ROW_FLAG } from './rowlist.js';
import { FLAG, textAt } from './store.js';
import { Track } from './track.js';

/** Time for unfolding before a jump. When doubled, a jump into a huge group drops frames. */
const REVEAL_MS = 20;

/** White space in front of a line, also behind colours. */
const INDENTED = /^(?:\x1b\[[\d;]*m)*\s/;

/** @typedef {'entry' | 'run' | 'group'} FoldKind */

export class Folds {
  /** `entries` folds entries and finished groups; `repeats` groups repeated entries. */
  options = { entries: true, repeats: false };
  /** Heads of entries of level error. */
  errors = new LineNumbers();
  /** Heads whose rows have to be shown again, because a number or a level has changed. @type {Set<number>} */
  touched = new Set();
  /** Line from which on lines fold no rows before it, because somebody reads these; Infinity while following. */
  still = () => Infinity;
  /** Called when the head of an entry takes the level of one of its lines. @type {(source: number, from: number, to: number) => void} */
  leveled = () => {};
  #view;
  /** @type {Map<number, Track>} by source */
  #tracks = new Map();
  #jobs;
  /** Decisions of the user to fold or unfold, by kind and head; kept when rows are selected again. @type {Map<string, boolean>} */
  #choices = new Map();
  /** Lines that are unfolded when they come. @type {Set<number>} */
  #awaited = new Set();

  /** @param {import('./foldjobs.js').Rows} view */
  constructor(view) {
    this.#view = view;
    this.#jobs = new FoldJobs(view, (source, n) => this.#trackOf(source).isHidden(n));
  }

  /** Starts again with the first line, and keeps what the user has chosen. */
  restart() {
    this.#tracks.clear();
    this.#jobs.clear();
    this.errors = new LineNumbers();
    this.touched.clear();
  }

  /** @param {Partial<Folds['options']>} options */
  setOptions(options) {
    Object.assign(this.options, options);
    this.#choices.clear();
    this.#awaited.clear();
  }

  /** Ends the newest entry of each source, because lines are missing. */
  break() {
    for (const track of this.#tracks.values()) track.break();
  }

  /** True if all rows are as decided. */
  get done() {
    return this.#jobs.done;
  }

  /** @param {number} source @returns {Track} */
  #trackOf(source) {
    let track = this.#tracks.get(source);
    if (!track) this.#tracks.set(source, (track = new Track()));
    return track;
  }

  /** @param {number} n */
  #trackOfLine(n) {
    const chunk = this.#view.store.chunkOf(n);
    return this.#trackOf(chunk.source[n - chunk.first]);
  }

  /**
   * Takes the next line that has a row.
   * @param {import('./store.js').Chunk} chunk
   * @param {number} n
   * @param {number} rowFlags
   * @param {boolean} isFiltered true if rows between lines may be missing; then groups do not fold
   * @returns {boolean} true if its row is hidden
   */
  add(chunk, n, rowFlags, isFiltered) {
    const i = n - chunk.first;
    const flags = chunk.flags[i];
    const track = this.#trackOf(chunk.source[i]);
    if (rowFlags & ROW_FLAG.CONTEXT) {
      if (!(flags & FLAG.CONTINUES)) track.break();
      return false;
    }
    const isMarker = (flags & FLAG.MARKER) !== 0 && !isFiltered;
    const isHidden = isMarker && this.#addMarker(track, chunk, n) || !isMarker && this.#addLine(track, chunk, n, isFiltered && (rowFlags & ROW_FLAG.MATCH) !== 0);
    track.last = n;
    return isHidden || track.groups.hiding(n) !== null;
  }

  /** @param {Track} track @param {import('./store.js').Chunk} chunk @param {number} n @param {boolean} isFound true if the line has to be shown */
  #addLine(track, chunk, n, isFound) {
    const i = n - chunk.first;
    const continues = (chunk.flags[i] & FLAG.CONTINUES) !== 0;
    const isAwaited = this.#awaited.size > 0 && this.#awaited.delete(n);
    const isHidden = continues ? track.entries.head >= 0 && this.#continue(track, chunk, n, isFound || isAwaited) : this.#begin(track, chunk, n);
    if (isAwaited && continues) this.#choices.set(`entry${track.entries.head}`, false);
    if (track.groups.open.length) {
      track.groups.count(chunk.level[i] === LEVEL.ERROR, isAwaited);
      for (const { head } of track.groups.open) this.touched.add(head);
    }
    return isHidden;
  }

  /** @param {Track} track @param {import('./store.js').Chunk} chunk @param {number} n @returns {boolean} false, because heads are shown */
  #begin(track, chunk, n) {
    const i = n - chunk.first;
    track.level = chunk.level[i];
    const from = i === 0 ? 0 : chunk.textEnds[i - 1];
    const first = chunk.text.charCodeAt(from);
    const isIndented = from < chunk.textEnds[i] && (first === 32 || first === 9 || (first === 27 && INDENTED.test(textAt(chunk, i))));
    track.entries.begin(n, isIndented);
    if (track.level === LEVEL.ERROR) this.#addError(n);
    if (!this.options.repeats || chunk.flags[i] & FLAG.MORE) return false;
    const previous = track.last;
    const { left, run } = track.repeats.begin(n, textAt(chunk, i), this.still());
    if (left) this.#jobs.add(chunk.source[i], left.newest, previous);
    if (!run) return false;
    run.isFolded = this.#choices.get(`run${run.head}`) ?? true;
    if (run.isFolded) this.#jobs.add(chunk.source[i], run.heads[run.heads.length - 2], previous);
    return false;
  }

  /** @param {Track} track @param {import('./store.js').Chunk} chunk @param {number} n @param {boolean} isFound */
  #continue(track, chunk, n, isFound) {
    const i = n - chunk.first;
    const source = chunk.source[i];
    const entry = track.entries.continue(n);
    this.#raiseLevel(track, chunk, i);
    const left = this.options.repeats ? track.repeats.continue(textAt(chunk, i)) : null;
    if (left) this.#jobs.add(source, left.newest, n - 1);
    entry.isFound ||= isFound;
    const wasFolded = entry.isFolded;
    if (entry.count === 2 || isFound) entry.isFolded = this.#isEntryFolded(entry, n);
    if (wasFolded !== entry.isFolded) this.#jobs.add(source, entry.second, entry.count === 2 ? entry.second : n - 1);
    this.touched.add(entry.head);
    return entry.isFolded;
  }

  /** @param {import('./entries.js').Entry} entry @param {number} n its newest line */
  #isEntryFolded(entry, n) {
    if (!isFoldable(entry)) return false;
    const still = this.still();
    return this.#choices.get(`entry${entry.head}`) ?? (this.options.entries && !entry.isFound && !(entry.second < still && n >= still));
  }

  /** Gives an entry the highest level of its lines. @param {Track} track @param {import('./store.js').Chunk} chunk @param {number} i */
  #raiseLevel(track, chunk, i) {
    if (chunk.level[i] <= track.level) return void (chunk.level[i] = track.level);
    track.level = chunk.level[i];
    this.#setLevel(track.entries.head, track.level);
    if (track.level === LEVEL.ERROR) this.#addError(track.entries.head);
  }

  /** @param {number} n @param {number} level */
  #setLevel(n, level) {
    const chunk = this.#view.store.chunkOf(n);
    const i = n - chunk.first;
    if (chunk.level[i] !== level) this.leveled(chunk.source[i], chunk.level[i], level);
    chunk.level[i] = level;
  }

  /** Adds an error at its place: lines of other sources may have been read before. @param {number} n line of its head */
  #addError(n) {
    const at = this.errors.indexOf(n);
    this.errors.push(n);
    if (at < this.errors.length - 1) this.errors.moveLastTo(at);
  }

  /** @param {Track} track @param {import('./store.js').Chunk} chunk @param {number} n @returns {boolean} true if the row is hidden */
  #addMarker(track, chunk, n) {
    const i = n - chunk.first;
    const marker = markerOf(textAt(chunk, i));
    const time = chunk.ts[i] === chunk.time[i] ? NaN : chunk.ts[i];
    const closed = marker && track.groups.apply(n, marker, track.last, time);
    if (!closed) return this.#addLine(track, chunk, n, false);
    track.break();
    const still = this.still();
    for (const group of closed) {
      const isReading = group.head < still && n >= still;
      group.isFolded = this.#choices.get(`group${group.head}`) ?? (this.options.entries && group.count > 0 && !group.hasError && !group.stays && !isReading);
      if (group.isFolded) this.#jobs.add(chunk.source[i], group.head + 1, Math.min(group.last, n - 1));
      this.touched.add(group.head);
    }
    return track.groups.hiddenMarkers.has(n);
  }

  /** Applies blocks that have folded or unfolded. @param {() => boolean} isTimeUp @returns {boolean} true if all are applied */
  advance(isTimeUp) {
    return this.#jobs.advance(isTimeUp);
  }

  /** Reports if an equal entry that is newer is shown in place of a line. @param {number} n */
  isRepeated(n) {
    return this.#trackOfLine(n).repeats.hiding(n) !== null;
  }

  /** Returns the blocks for which the row of a line stands. @param {number} n */
  at(n) {
    return this.#trackOfLine(n).at(n);
  }

  /** Returns a line and those that are hidden under its row, in their order. @param {number} n @returns {number[]} */
  linesOf(n) {
    const [from, to] = this.#trackOfLine(n).rangeOf(n);
    if (from === to) return [n];
    const { rows, store } = this.#view;
    const source = store.line(n).source;
    const lines = [];
    for (let i = rows.lines.indexOf(from); i < rows.length && rows.lines.at(i) <= to; i++) {
      const line = rows.lines.at(i);
      if (line === n || (rows.heightAt(i) === 0 && store.line(line).source === source)) lines.push(line);
    }
    return lines;
  }

  /** Returns the number of `linesOf` a line. @param {number} n */
  countOf(n) {
    const [from, to] = this.#trackOfLine(n).rangeOf(n);
    return from === to ? 1 : this.linesOf(n).length;
  }

  /**
   * Folds or unfolds the block of a row.
   * @param {number} n
   * @param {FoldKind} [kind] the first of its blocks if omitted
   * @returns {boolean} false if the row has no such block
   */
  toggle(n, kind) {
    const blocks = this.at(n);
    const found = kind ?? /** @type {const} */ (['group', 'entry', 'run']).find((each) => blocks[each]);
    const block = found && blocks[found];
    if (!found || !block) return false;
    this.#set(found, block, !block.isFolded);
    this.touched.add(n);
    return true;
  }

  /** @param {FoldKind} kind @param {import('./blocks.js').Block & { isFolded: boolean }} block @param {boolean} isFolded */
  #set(kind, block, isFolded) {
    block.isFolded = isFolded;
    this.#choices.set(kind + block.head, isFolded);
    const { source } = this.#view.store.line(block.head);
    this.#jobs.add(source, kind === 'run' ? block.head : block.head + 1, block.last);
  }

  /** Unfolds everything that hides a line, also if the line comes later. @param {number} n */
  reveal(n) {
    const { rows, store } = this.#view;
    const at = rows.lines.indexOf(n);
    if (at >= rows.length || rows.lines.at(at) !== n) return void this.#awaited.add(n);
    if (rows.heightAt(at) > 0 || !store.holds(n)) return;
    const { entries, repeats, groups } = this.#trackOfLine(n);
    const entry = entries.of(n);
    const run = repeats.hiding(n);
    if (entry?.isFolded && n > entry.head) this.#set('entry', entry, false);
    if (run) this.#set('run', run, false);
    for (let group = groups.hiding(n); group; group = groups.hiding(n)) this.#set('group', group, false);
    const end = performance.now() + REVEAL_MS;
    this.advance(() => performance.now() > end);
  }

  /** Returns the lines of a source that have rows in a range. @param {number} source @param {number} from @param {number} to @returns {number[]} */
  #linesIn(source, from, to) {
    const { rows, store } = this.#view;
    const lines = [];
    for (let i = rows.lines.indexOf(from); i < rows.length && rows.lines.at(i) <= to; i++) {
      const n = rows.lines.at(i);
      const chunk = store.chunkOf(n);
      if (chunk.source[n - chunk.first] === source) lines.push(n);
    }
    return lines;
  }

  /** Forgets evicted lines; called before their rows are removed. @param {number} first oldest line that is left */
  dropBefore(first) {
    this.errors.dropBefore(first);
    for (const key of this.#choices.keys()) if (Number(key.replace(/\D+/, '')) < first) this.#choices.delete(key);
    this.#tracks.forEach((track, source) => {
      const changed = track.dropBefore(first, (from, to) => this.#linesIn(source, from, to));
      for (const [at, to] of changed) this.#jobs.add(source, at, to);
    });
  }

  /** Forgets lines that were removed at the end; called after their rows are removed. @param {number} next line behind the newest one that is left */
  dropFrom(next) {
    this.errors.dropFrom(next);
    this.#tracks.forEach((track, source) => {
      const changed = track.dropFrom(next, (from, to) => this.#linesIn(source, from, to));
      for (const [at, to] of changed) this.#jobs.add(source, at, to);
    });
  }

  /** Makes the decisions of the user and the options those of another view. @param {Folds} other */
  copyChoices(other) {
    this.options = other.options;
    this.#choices = other.#choices;
    this.#awaited = other.#awaited;
  }

  /**
   * Adds the folds of lines that were put before the others.
   * @param {Folds} older folds of a view that has read all these lines, with the numbers that they have here
   * @returns {boolean} false if the rows must be selected again, because a group is not closed in these lines
   */
  prepend(older) {
    for (const { groups } of older.#tracks.values()) if (groups.open.length > 0) return false;
    older.#tracks.forEach((track, source) => {
      const present = this.#tracks.get(source);
      if (present) present.prepend(track);
      else this.#tracks.set(source, track);
      for (const { head } of track.entries.all) this.#setLevel(head, older.#view.store.line(head).level);
    });
    this.errors.prepend(older.errors);
    return true;
  }
}
