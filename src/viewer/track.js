// Folds of one source, and what they hide.

import { Entries, isFoldable } from './entries.js';
import { Groups } from './groups.js';
import { Repeats } from './repeats.js';

/**
 * Blocks for which a row stands.
 * @typedef {object} Blocks
 * @property {import('./entries.js').Entry | null} entry
 * @property {import('./repeats.js').Run | null} run
 * @property {import('./groups.js').Group | null} group
 * @property {number} depth number of groups around the row
 */

/** Returns the lines of the source that have rows between two lines. @typedef {(from: number, to: number) => number[]} LinesIn */

export class Track {
  entries = new Entries();
  repeats = new Repeats();
  groups = new Groups();
  /** Newest line that has a row. */
  last = -1;
  /** Level of the newest entry. */
  level = 0;

  /** Ends the newest entry and the newest run. */
  break() {
    this.entries.begin(-1);
    this.repeats.end();
  }

  /** Reports if the row of a line is hidden under another one. @param {number} n */
  isHidden(n) {
    const entry = this.entries.of(n);
    if (entry?.isFolded && n > entry.head) return true;
    return this.repeats.hiding(n) !== null || this.groups.hiding(n) !== null || this.groups.hiddenMarkers.has(n);
  }

  /** Returns the blocks for which the row of a line stands. @param {number} n @returns {Blocks} */
  at(n) {
    const { entries, repeats, groups } = this;
    const entry = entries.of(n);
    const run = repeats.headedBy(n);
    return {
      entry: isFoldable(entry) && entry.head === n ? entry : null,
      run: run && run.heads.length > 1 ? run : null,
      group: groups.headedBy(n),
      depth: groups.all.length ? (groups.around(n)?.depth ?? -1) + 1 : 0,
    };
  }

  /** Returns the range of lines that are hidden under a row, or are the row. @param {number} n @returns {[number, number]} */
  rangeOf(n) {
    const { entry, run, group } = this.at(n);
    return [run?.isFolded ? run.head : n, group?.isFolded ? group.last : entry?.isFolded ? entry.last : n];
  }

  /**
   * Forgets evicted lines. The first line that is left of an entry becomes its head.
   * @param {number} first oldest line that is left
   * @param {LinesIn} linesIn
   * @returns {[number, number][]} ranges of lines to show or hide again
   */
  dropBefore(first, linesIn) {
    const { entries, repeats, groups } = this;
    const entry = entries.dropBefore(first);
    if (entry) entries.setLines(entry, linesIn(first, entry.last));
    repeats.dropBefore(first);
    if (entries.head < first) this.break();
    const changed = groups.dropBefore(first).map(({ last }) => /** @type {[number, number]} */ ([first, last]));
    return entry ? [[entry.head, entry.head], ...changed] : changed;
  }

  /**
   * Forgets lines that were removed at the end.
   * @param {number} next line behind the newest one that is left
   * @param {LinesIn} linesIn
   * @returns {[number, number][]} ranges of lines to show or hide again
   */
  dropFrom(next, linesIn) {
    const { entries, repeats, groups } = this;
    const entry = entries.dropFrom(next);
    if (entry) entries.setLines(entry, linesIn(entry.head, next));
    for (const group of groups.dropFrom(next)) group.count = Math.max(0, linesIn(group.head, next).length - 1);
    const run = repeats.dropFrom(next);
    return run ? [[run.newest, next]] : [];
  }

  /** Adds the folds of older lines. @param {Track} older */
  prepend(older) {
    this.entries.prepend(older.entries);
    this.repeats.prepend(older.repeats);
    this.groups.prepend(older.groups);
  }
}
