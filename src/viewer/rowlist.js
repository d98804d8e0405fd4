// Rows of the list: line number, height in screen lines and flags of each. Sums over blocks
// of rows find the top of a row, and the row at a position, without a scan of all rows.

import { LEVEL } from './level.js';

/** Rows per height sum: a lookup in a million rows scans 1,000 sums and 1,000 heights. */
const BLOCK_ROWS = 1024;

/** Room for older rows that is made at once, in blocks. When doubled, so is this memory. */
const FRONT_BLOCKS = 64;

/** MATCH: the line matches; CONTEXT: it is near a match; BREAK: lines before it are hidden. */
export const ROW_FLAG = Object.freeze({ MATCH: 1, CONTEXT: 2, BREAK: 4 });

/** Flags of rows from which on the overview marks their level. */
const FIRST_MARKED = LEVEL.WARN << 4;

/** Sorted line numbers: added and dropped at both ends. */
export class LineNumbers {
  #items = new Uint32Array(1024);
  #start = 0;
  #end = 0;

  get length() {
    return this.#end - this.#start;
  }

  /** @param {number} i */
  at(i) {
    return this.#items[this.#start + i];
  }

  /** @param {number} n */
  push(n) {
    if (this.#end === this.#items.length) this.#grow();
    this.#items[this.#end++] = n;
  }

  /** Moves the last number to index `i`. @param {number} i */
  moveLastTo(i) {
    const at = this.#start + i;
    const last = this.#items[this.#end - 1];
    this.#items.copyWithin(at + 1, at, this.#end - 1);
    this.#items[at] = last;
  }

  #grow() {
    const live = this.#items.subarray(this.#start, this.#end);
    const items = this.length * 2 > this.#items.length ? new Uint32Array(this.#items.length * 2) : this.#items;
    items.set(live);
    this.#items = items;
    this.#end = live.length;
    this.#start = 0;
  }

  /** Puts numbers before the others. @param {LineNumbers} other */
  prepend(other) {
    const count = other.length;
    if (count > this.#start) {
      const room = count + FRONT_BLOCKS * BLOCK_ROWS;
      const items = new Uint32Array(room + this.#items.length - this.#start);
      items.set(this.#items.subarray(this.#start, this.#end), room);
      this.#end = room + this.length;
      this.#start = room;
      this.#items = items;
    }
    this.#start -= count;
    this.#items.set(other.#items.subarray(other.#start, other.#end), this.#start);
  }

  /** Drops the number `n` and those above. @param {number} n */
  dropFrom(n) {
    this.#end = this.#start + this.indexOf(n);
  }

  /** @param {number} n @returns {number} count of dropped numbers */
  dropBefore(n) {
    const count = this.indexOf(n);
    this.#start += count;
    return count;
  }

  /** Index of the first number that is not below `n`. @param {number} n */
  indexOf(n) {
    let low = this.#start;
    let high = this.#end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#items[middle] < n) low = middle + 1;
      else high = middle;
    }
    return low - this.#start;
  }
}

export class RowList {
  lines = new LineNumbers();
  #heights = new Uint16Array(BLOCK_ROWS);
  /** ROW_FLAG bits of each row, and its level from bit 4 on */
  #flags = new Uint8Array(BLOCK_ROWS);
  /** @type {number[]} heights of whole blocks */
  #sums = [0];
  #start = 0;
  #end = 0;
  /** Screen lines of all rows. */
  total = 0;

  get length() {
    return this.#end - this.#start;
  }

  /** @param {number} line @param {number} height @param {number} rowFlags @param {number} [level] */
  push(line, height, rowFlags, level = 0) {
    if (this.#end === this.#heights.length) this.#grow();
    this.lines.push(line);
    this.#flags[this.#end] = rowFlags | (level << 4);
    this.#heights[this.#end] = height;
    this.#sums[Math.floor(this.#end / BLOCK_ROWS)] += height;
    this.#end++;
    this.total += height;
  }

  /**
   * Adds a row at its place in the order of the lines: a match shows earlier lines of its
   * source, and lines of other sources may stand after them.
   * @param {number} line
   * @param {number} height
   * @param {number} rowFlags
   * @param {number} [level]
   * @returns {number} index of the row
   */
  add(line, height, rowFlags, level = 0) {
    const { length } = this;
    const i = length === 0 || this.lines.at(length - 1) < line ? length : this.lines.indexOf(line);
    this.push(line, height, rowFlags, level);
    if (i < length) this.#moveLastTo(i);
    return i;
  }

  /** Moves the last row to index `i`. @param {number} i */
  #moveLastTo(i) {
    const last = this.#end - 1;
    const at = this.#start + i;
    this.lines.moveLastTo(i);
    for (const items of [this.#heights, this.#flags]) {
      const moved = items[last];
      items.copyWithin(at + 1, at, last);
      items[at] = moved;
    }
    for (let block = Math.floor(at / BLOCK_ROWS); block * BLOCK_ROWS < this.#end; block++) {
      const heights = this.#heights.subarray(Math.max(this.#start, block * BLOCK_ROWS), Math.min(this.#end, (block + 1) * BLOCK_ROWS));
      this.#sums[block] = heights.reduce((sum, height) => sum + height, 0);
    }
  }

  #grow() {
    const whole = Math.floor(this.#start / BLOCK_ROWS);
    const size = this.length * 2 > this.#heights.length ? this.#heights.length * 2 : this.#heights.length;
    const heights = new Uint16Array(size);
    const flags = new Uint8Array(size);
    heights.set(this.#heights.subarray(whole * BLOCK_ROWS, this.#end));
    flags.set(this.#flags.subarray(whole * BLOCK_ROWS, this.#end));
    const sums = new Array(size / BLOCK_ROWS).fill(0);
    this.#sums.slice(whole, Math.ceil(this.#end / BLOCK_ROWS)).forEach((sum, i) => (sums[i] = sum));
    this.#heights = heights;
    this.#flags = flags;
    this.#sums = sums;
    this.#start -= whole * BLOCK_ROWS;
    this.#end -= whole * BLOCK_ROWS;
  }

  /** Puts rows before the others. @param {RowList} other @returns {number} added screen lines */
  prepend(other) {
    const count = other.length;
    const missing = Math.ceil((count - this.#start) / BLOCK_ROWS);
    if (missing > 0) this.#makeRoom(missing + FRONT_BLOCKS);
    this.lines.prepend(other.lines);
    this.#start -= count;
    this.#heights.set(other.#heights.subarray(other.#start, other.#end), this.#start);
    this.#flags.set(other.#flags.subarray(other.#start, other.#end), this.#start);
    for (let at = this.#start; at < this.#start + count; at++) this.#sums[Math.floor(at / BLOCK_ROWS)] += this.#heights[at];
    this.total += other.total;
    return other.total;
  }

  /** Makes room at the front. @param {number} blocks */
  #makeRoom(blocks) {
    const room = blocks * BLOCK_ROWS;
    const heights = new Uint16Array(room + this.#heights.length);
    const flags = new Uint8Array(heights.length);
    heights.set(this.#heights, room);
    flags.set(this.#flags, room);
    this.#heights = heights;
    this.#flags = flags;
    this.#sums = [...new Array(blocks).fill(0), ...this.#sums];
    this.#start += room;
    this.#end += room;
  }

  /** Drops the row of a line and those below. @param {number} line */
  dropFrom(line) {
    const end = this.#start + this.lines.indexOf(line);
    this.lines.dropFrom(line);
    for (let at = end; at < this.#end; at++) {
      this.#sums[Math.floor(at / BLOCK_ROWS)] -= this.#heights[at];
      this.total -= this.#heights[at];
      this.#heights[at] = 0;
    }
    this.#end = end;
  }

  /** @param {number} i */
  flagsAt(i) {
    return this.#flags[this.#start + i] & 15;
  }

  /**
   * Counts errors, warnings and matches that are not hidden in each of `parts` equal parts of the rows, with one
   * pass over the flags (measured: 3 ms for a million rows, most of them marked).
   * @param {number} parts
   */
  summary(parts) {
    const { length } = this;
    const [errors, warnings, matches] = [0, 0, 0].map(() => new Uint32Array(parts));
    for (let part = 0; part < parts; part++) {
      const end = this.#start + Math.floor(((part + 1) * length) / parts);
      for (let at = this.#start + Math.floor((part * length) / parts); at < end; at++) {
        const flags = this.#flags[at];
        if (this.#heights[at] === 0 || (flags < FIRST_MARKED && !(flags & ROW_FLAG.MATCH))) continue;
        matches[part] += flags & ROW_FLAG.MATCH;
        if (flags >> 4 === LEVEL.ERROR) errors[part]++;
        else if (flags >> 4 === LEVEL.WARN) warnings[part]++;
      }
    }
    return { errors, warnings, matches };
  }

  /**
   * Returns the nearest row from `i` on that is not hidden, past whole blocks of hidden rows.
   * @param {number} i
   * @param {1 | -1} step direction
   * @returns {number} `length` or -1 if there is none
   */
  nearestShown(i, step) {
    let at = this.#start + i;
    while (at >= this.#start && at < this.#end && this.#heights[at] === 0) {
      const block = Math.floor(at / BLOCK_ROWS);
      if (this.#sums[block] > 0) at += step;
      else at = step > 0 ? (block + 1) * BLOCK_ROWS : block * BLOCK_ROWS - 1;
    }
    return Math.max(-1, Math.min(this.length, at - this.#start));
  }

  /** Returns the number of rows from `from` to before `to` that are not hidden. @param {number} from @param {number} to */
  countShown(from, to) {
    let count = 0;
    for (let at = this.#start + from; at < this.#start + to; at++) if (this.#heights[at] > 0) count++;
    return count;
  }

  /** Returns the row that is `steps` rows after row `i`, without hidden ones, or the last one in this direction. @param {number} i @param {number} steps */
  stepShown(i, steps) {
    const step = steps < 0 ? -1 : 1;
    let at = i;
    for (let count = Math.abs(steps); count > 0; count--) {
      const next = this.nearestShown(at + step, step);
      if (next < 0 || next >= this.length) break;
      at = next;
    }
    return at;
  }

  /** Returns the height of a row in screen lines; 0 if it is hidden. @param {number} i */
  heightAt(i) {
    return this.#heights[this.#start + i];
  }

  /** @param {number} i @param {number} height @returns {number} difference to the height before */
  setHeight(i, height) {
    const at = this.#start + i;
    const change = Math.min(height, 65535) - this.#heights[at];
    this.#heights[at] += change;
    this.#sums[Math.floor(at / BLOCK_ROWS)] += change;
    this.total += change;
    return change;
  }

  /** Sets the heights of the rows that are not hidden. @param {(line: number) => number} heightOf */
  resetHeights(heightOf) {
    this.#sums.fill(0);
    this.total = 0;
    for (let at = this.#start; at < this.#end; at++) {
      if (this.#heights[at] === 0) continue;
      const height = heightOf(this.lines.at(at - this.#start));
      this.#heights[at] = height;
      this.#sums[Math.floor(at / BLOCK_ROWS)] += height;
      this.total += height;
    }
  }

  /** @param {number} line @returns {number} removed screen lines */
  dropBefore(line) {
    const count = this.lines.dropBefore(line);
    let removed = 0;
    for (let at = this.#start; at < this.#start + count; at++) {
      removed += this.#heights[at];
      this.#sums[Math.floor(at / BLOCK_ROWS)] -= this.#heights[at];
      this.#heights[at] = 0;
    }
    this.#start += count;
    this.total -= removed;
    return removed;
  }

  /** Returns the number of screen lines above row `i`. @param {number} i */
  topOf(i) {
    const at = this.#start + i;
    const block = Math.floor(at / BLOCK_ROWS);
    let top = 0;
    for (let b = 0; b < block; b++) top += this.#sums[b];
    for (let j = block * BLOCK_ROWS; j < at; j++) top += this.#heights[j];
    return top;
  }

  /** Returns the row at `y` screen lines from the top. @param {number} y */
  rowAt(y) {
    let rest = y;
    let block = 0;
    while (block < this.#sums.length - 1 && rest >= this.#sums[block]) rest -= this.#sums[block++];
    let at = block * BLOCK_ROWS;
    while (at < this.#end - 1 && rest >= this.#heights[at]) rest -= this.#heights[at++];
    return Math.max(0, Math.min(at, this.#end - 1) - this.#start);
  }
}
