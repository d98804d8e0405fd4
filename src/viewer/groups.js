// Groups of one source, which its markers open and close. Groups may contain others.

import { dropBlocks, indexBefore, insertBlock } from './blocks.js';

/** Depth of nested groups. Deeper ones are opened at this depth; when doubled, lines cost more. */
const MAX_DEPTH = 12;

/**
 * @typedef {object} Group
 * @property {number} head line of the marker that opened it
 * @property {number} last line of the marker that closed it; Infinity while it is open
 * @property {number} count lines in it without markers
 * @property {boolean} isFolded
 * @property {boolean} hasError
 * @property {boolean} stays true if it is not folded when it is closed
 * @property {boolean} isSequel true if the next group closes it
 * @property {string} key
 * @property {string} name
 * @property {Group | null} parent
 * @property {number} depth 0 for a group that is in no other one
 * @property {number} from time of its start in ms, NaN if unknown
 * @property {number} to time of its end in ms
 * @property {[number, number][]} syntax ranges of the head's text that are not shown
 */

export class Groups {
  /** @type {Group[]} */
  all = [];
  /** Groups that are not closed, outermost first. @type {Group[]} */
  open = [];
  /** Lines of markers that are no heads, and therefore not shown. @type {Set<number>} */
  hiddenMarkers = new Set();

  /**
   * Applies a marker.
   * @param {number} n
   * @param {import('./markers.js').Marker} marker
   * @param {number} previous line before it of the same source
   * @param {number} time time of the line in ms, NaN if unknown
   * @returns {Group[] | null} closed groups; null if the marker has no effect
   */
  apply(n, { actions, syntax }, previous, time) {
    /** @type {Group[]} */
    const closed = [];
    const isHead = actions.some(({ type }) => type === 'open' || type === 'next');
    const last = isHead ? previous : n;
    let hasEffect = isHead;
    for (const { type, key, name, stays = false, time: stated = time } of actions) {
      const innermost = this.open.at(-1);
      if (type === 'close') closed.push(...this.#close(this.#indexToClose(key), last, stated));
      else if (type === 'reveal') hasEffect ||= innermost !== undefined && (innermost.stays = true);
      else {
        if (type === 'next') closed.push(...this.#close(this.open.findIndex((group) => group.isSequel), last, stated));
        this.#add({ head: n, last: Infinity, count: 0, isFolded: false, hasError: false, stays, isSequel: type === 'next', key, name, parent: null, depth: 0, from: stated, to: NaN, syntax });
      }
    }
    hasEffect ||= closed.length > 0;
    if (hasEffect && !isHead) this.hiddenMarkers.add(n);
    return hasEffect ? closed : null;
  }

  /** @param {string} key @returns {number} index of the innermost open group with this key, or -1 */
  #indexToClose(key) {
    return key === '' ? this.open.length - 1 : this.open.findLastIndex((group) => group.key === key);
  }

  /** Closes the open groups from an index on. @param {number} from @param {number} last @param {number} to time in ms */
  #close(from, last, to) {
    if (from < 0) return [];
    const closed = this.open.splice(from);
    for (const group of closed) Object.assign(group, { last, to });
    return closed;
  }

  /** @param {Group} group */
  #add(group) {
    if (this.open.length >= MAX_DEPTH) this.#close(MAX_DEPTH - 1, group.head - 1, group.from);
    group.parent = this.open.at(-1) ?? null;
    group.depth = this.open.length;
    this.open.push(group);
    insertBlock(this.all, group);
  }

  /** Counts a line in the open groups. @param {boolean} isError @param {boolean} stays true if the line must not be hidden */
  count(isError, stays) {
    for (const group of this.open) {
      group.count++;
      group.hasError ||= isError;
      group.stays ||= stays;
    }
  }

  /** Returns the group with this head, or null. @param {number} n */
  headedBy(n) {
    const group = this.all[indexBefore(this.all, n)];
    return group?.head === n ? group : null;
  }

  /** Returns the innermost group that has the line below its head, or null. @param {number} n */
  around(n) {
    /** @type {Group | null} */
    let group = this.all[indexBefore(this.all, n - 1)] ?? null;
    while (group && group.last < n) group = group.parent;
    return group;
  }

  /** Returns the outermost folded group that hides a line, or null. @param {number} n */
  hiding(n) {
    if (this.all.length === 0) return null;
    let hiding = null;
    for (let group = this.around(n); group; group = group.parent) if (group.isFolded) hiding = group;
    return hiding;
  }

  /** Forgets evicted lines. @param {number} first @returns {Group[]} folded groups that have lost their heads */
  dropBefore(first) {
    for (const n of this.hiddenMarkers) {
      if (n >= first) break;
      this.hiddenMarkers.delete(n);
    }
    dropBlocks(this.all, first);
    const headless = this.all.slice(0, indexBefore(this.all, first - 1) + 1);
    const unfolded = headless.filter(({ isFolded }) => isFolded);
    // No row could unfold them when they are closed later.
    for (const group of headless) Object.assign(group, { isFolded: false, stays: true });
    return unfolded;
  }

  /** Forgets lines that were removed at the end. @param {number} next @returns {Group[]} groups that have lost their ends */
  dropFrom(next) {
    for (const n of this.hiddenMarkers) if (n >= next) this.hiddenMarkers.delete(n);
    this.all.length = indexBefore(this.all, next - 1) + 1;
    const shortened = this.all.filter(({ last }) => last >= next);
    for (const group of shortened) Object.assign(group, { last: Infinity, to: NaN });
    this.open = shortened;
    return shortened;
  }

  /** Adds groups of older lines, which are all closed. @param {Groups} older */
  prepend(older) {
    this.all = [...older.all, ...this.all];
    this.hiddenMarkers = new Set([...older.hiddenMarkers, ...this.hiddenMarkers]);
  }
}
