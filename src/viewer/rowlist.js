// The rows that the list shows, in order: which line each is, and how many screen lines
// tall. Answers "how far down is row i" and "which row is at y" without walking a million rows.

const BLOCK = 1024;
const GROUP = 64;

/** Why a row is shown. */
export const MARK = Object.freeze({ HIT: 1, CONTEXT: 2, BREAK: 4 });

/** Growing, sorted line numbers; the front can be dropped. */
export class Numbers {
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
    if (this.#end === this.#items.length) this.#make();
    this.#items[this.#end++] = n;
  }

  #make() {
    const live = this.#items.subarray(this.#start, this.#end);
    const items = this.length * 2 > this.#items.length ? new Uint32Array(this.#items.length * 2) : this.#items;
    items.set(live);
    this.#items = items;
    this.#end = live.length;
    this.#start = 0;
  }

  /** @param {number} n @returns {number} how many were dropped */
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

/** Marks of several rows as one. @param {number} a @param {number} b */
const merge = (a, b) => Math.max(a & 0xf0, b & 0xf0) | ((a | b) & 15);

export class RowList {
  lines = new Numbers();
  #heights = new Uint16Array(BLOCK);
  /** a row's MARK bits, and its level from bit 4 on */
  #marks = new Uint8Array(BLOCK);
  /** the marks of 64 rows: the highest level, every MARK */
  #groups = new Uint8Array(BLOCK / GROUP);
  /** @type {number[]} heights of whole blocks */
  #sums = [0];
  #start = 0;
  #end = 0;
  /** Screen lines of all rows. */
  total = 0;

  get length() {
    return this.#end - this.#start;
  }

  /** @param {number} line @param {number} height @param {number} mark @param {number} [level] */
  push(line, height, mark, level = 0) {
    if (this.#end === this.#heights.length) this.#make();
    this.lines.push(line);
    const marks = mark | (level << 4);
    const group = Math.floor(this.#end / GROUP);
    this.#marks[this.#end] = marks;
    this.#groups[group] = merge(this.#groups[group], marks);
    this.#heights[this.#end] = height;
    this.#sums[Math.floor(this.#end / BLOCK)] += height;
    this.#end++;
    this.total += height;
  }

  #make() {
    const whole = Math.floor(this.#start / BLOCK);
    const size = this.length * 2 > this.#heights.length ? this.#heights.length * 2 : this.#heights.length;
    const heights = new Uint16Array(size);
    const marks = new Uint8Array(size);
    const groups = new Uint8Array(size / GROUP);
    heights.set(this.#heights.subarray(whole * BLOCK, this.#end));
    marks.set(this.#marks.subarray(whole * BLOCK, this.#end));
    const sums = new Array(size / BLOCK).fill(0);
    this.#sums.slice(whole, Math.ceil(this.#end / BLOCK)).forEach((sum, i) => (sums[i] = sum));
    groups.set(this.#groups.subarray((whole * BLOCK) / GROUP, Math.ceil(this.#end / GROUP)));
    this.#heights = heights;
    this.#groups = groups;
    this.#marks = marks;
    this.#sums = sums;
    this.#start -= whole * BLOCK;
    this.#end -= whole * BLOCK;
  }

  /** @param {number} i */
  markAt(i) {
    return this.#marks[this.#start + i] & 15;
  }

  /**
   * The worst level of a run of rows, and whether there is a hit among them; nearly, for long runs.
   * @param {number} from
   * @param {number} to
   */
  peak(from, to) {
    const coarse = to - from > 2 * GROUP;
    const items = coarse ? this.#groups : this.#marks;
    const step = coarse ? GROUP : 1;
    const end = Math.floor((this.#start + to) / step);
    let worst = 0;
    for (let at = Math.floor((this.#start + from) / step); at < end; at++) worst = merge(worst, items[at]);
    return { level: worst >> 4, hit: (worst & MARK.HIT) !== 0 };
  }

  /** @param {number} i */
  heightAt(i) {
    return this.#heights[this.#start + i];
  }

  /** @param {number} i @param {number} height @returns {number} by how much it changed */
  setHeight(i, height) {
    const at = this.#start + i;
    const change = Math.min(height, 65535) - this.#heights[at];
    this.#heights[at] += change;
    this.#sums[Math.floor(at / BLOCK)] += change;
    this.total += change;
    return change;
  }

  /** @param {(line: number) => number} heightOf */
  remeasure(heightOf) {
    this.#sums.fill(0);
    this.total = 0;
    for (let at = this.#start; at < this.#end; at++) {
      const height = heightOf(this.lines.at(at - this.#start));
      this.#heights[at] = height;
      this.#sums[Math.floor(at / BLOCK)] += height;
      this.total += height;
    }
  }

  /** @param {number} line @returns {number} screen lines that went away */
  dropBefore(line) {
    const count = this.lines.dropBefore(line);
    let gone = 0;
    for (let at = this.#start; at < this.#start + count; at++) {
      gone += this.#heights[at];
      this.#sums[Math.floor(at / BLOCK)] -= this.#heights[at];
      this.#heights[at] = 0;
    }
    this.#start += count;
    this.total -= gone;
    return gone;
  }

  /** Screen lines above row `i`. @param {number} i */
  topOf(i) {
    const at = this.#start + i;
    const block = Math.floor(at / BLOCK);
    let top = 0;
    for (let b = 0; b < block; b++) top += this.#sums[b];
    for (let j = block * BLOCK; j < at; j++) top += this.#heights[j];
    return top;
  }

  /** The row at `y` screen lines from the top. @param {number} y */
  rowAt(y) {
    let rest = y;
    let block = 0;
    while (block < this.#sums.length - 1 && rest >= this.#sums[block]) rest -= this.#sums[block++];
    let at = block * BLOCK;
    while (at < this.#end - 1 && rest >= this.#heights[at]) rest -= this.#heights[at++];
    return Math.max(0, Math.min(at, this.#end - 1) - this.#start);
  }
}
