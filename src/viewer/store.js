// Holds lines compactly: chunks of columns, so that a million lines are a few
// hundred objects. Lines are numbered by arrival; the oldest fall off by whole chunks.

export const KIND = Object.freeze({ LINE: 0, BINARY: 1, GAP: 2, SOURCE: 3, END: 4 });

/** Bits of a line's `flags`; the lowest three are its KIND. */
export const FLAG = Object.freeze({ KIND: 7, MORE: 8, SPECIAL: 16 });

const CAPACITY = 4096;

/**
 * One line on its way into a store.
 * @typedef {object} Line
 * @property {string} text the line; base64 for KIND.BINARY, JSON for control events
 * @property {string} id its event ID
 * @property {number} flags KIND and FLAG bits
 * @property {number} level see level.js
 * @property {number} source index of its source's name
 * @property {number} cells how many columns it fills when shown
 * @property {number} time arrival in ms
 * @property {number} offset place in its file, NaN when unknown
 */

/**
 * Consecutive lines as columns; what travels between a worker and its pages.
 * @typedef {object} Batch
 * @property {number} count
 * @property {string} text all lines, joined
 * @property {string} ids all IDs, joined
 * @property {Uint32Array} textEnds where each line ends in `text`
 * @property {Uint32Array} idEnds
 * @property {Uint8Array} flags
 * @property {Uint8Array} level
 * @property {Uint16Array} source
 * @property {Uint16Array} cells
 * @property {Float64Array} time
 * @property {Float64Array} offset
 */

/** @typedef {Batch & { first: number }} Chunk */

/**
 * @param {number} first
 * @param {number} capacity
 * @returns {Chunk}
 */
function emptyChunk(first, capacity = CAPACITY) {
  return {
    first,
    count: 0,
    text: '',
    ids: '',
    textEnds: new Uint32Array(capacity),
    idEnds: new Uint32Array(capacity),
    flags: new Uint8Array(capacity),
    level: new Uint8Array(capacity),
    source: new Uint16Array(capacity),
    cells: new Uint16Array(capacity),
    time: new Float64Array(capacity),
    offset: new Float64Array(capacity),
  };
}

/** @param {Uint32Array} ends @param {number} i */
const start = (ends, i) => (i === 0 ? 0 : ends[i - 1]);

/**
 * Copies a run of `from` behind what `to` already has.
 * @param {Batch} from
 * @param {number} begin
 * @param {number} end
 * @param {Batch} to
 */
function copyRun(from, begin, end, to) {
  const at = to.count;
  for (const column of /** @type {const} */ (['flags', 'level', 'source', 'cells', 'time', 'offset'])) {
    to[column].set(from[column].subarray(begin, end), at);
  }
  const text = start(from.textEnds, begin);
  const ids = start(from.idEnds, begin);
  for (let i = begin; i < end; i++) {
    to.textEnds[at + i - begin] = to.text.length + from.textEnds[i] - text;
    to.idEnds[at + i - begin] = to.ids.length + from.idEnds[i] - ids;
  }
  to.text += from.text.slice(text, start(from.textEnds, end));
  to.ids += from.ids.slice(ids, start(from.idEnds, end));
  to.count += end - begin;
}

/** The text of line `i` of a chunk. @param {Batch} chunk @param {number} i */
export function textAt(chunk, i) {
  return chunk.text.slice(start(chunk.textEnds, i), chunk.textEnds[i]);
}

/** The ID of line `i` of a chunk. @param {Batch} chunk @param {number} i */
export function idAt(chunk, i) {
  return chunk.ids.slice(start(chunk.idEnds, i), chunk.idEnds[i]);
}

/** @param {Batch} batch */
function rulersIn({ flags, count }) {
  let found = 0;
  for (let i = 0; i < count; i++) found += Number((flags[i] & FLAG.KIND) > KIND.BINARY);
  return found;
}

export class Store {
  /** @type {Chunk[]} */
  chunks = [];
  /** Number that the next line gets. */
  next = 0;
  /** Characters held. */
  chars = 0;
  /** How many of those held are rulers (gaps, changes of a source), not lines. */
  rulers = 0;
  #recent = 0;

  /** Number of the oldest line held. */
  get first() {
    return this.chunks.length ? this.chunks[0].first : this.next;
  }

  /** How many are held, rulers too. */
  get size() {
    return this.next - this.first;
  }

  /** Forgets every line; numbers go on. */
  clear() {
    this.chunks = [];
    this.chars = 0;
    this.rulers = 0;
    this.#recent = 0;
  }

  /** @param {number} count */
  #room(count) {
    let last = this.chunks.at(-1);
    if (!last || last.count + count > CAPACITY) {
      last = emptyChunk(this.next);
      this.chunks.push(last);
    }
    return last;
  }

  /** @param {Line} line */
  push(line) {
    const chunk = this.#room(1);
    const i = chunk.count++;
    chunk.text += line.text;
    chunk.ids += line.id;
    chunk.textEnds[i] = chunk.text.length;
    chunk.idEnds[i] = chunk.ids.length;
    chunk.flags[i] = line.flags;
    chunk.level[i] = line.level;
    chunk.source[i] = line.source;
    chunk.cells[i] = Math.min(line.cells, 65535);
    chunk.time[i] = line.time;
    chunk.offset[i] = line.offset;
    this.chars += line.text.length;
    this.rulers += Number((line.flags & FLAG.KIND) > KIND.BINARY);
    this.next++;
  }

  /** @param {Batch} batch */
  append(batch) {
    for (let at = 0; at < batch.count; ) {
      const end = Math.min(batch.count, at + CAPACITY);
      copyRun(batch, at, end, this.#room(end - at));
      this.next += end - at;
      at = end;
    }
    this.chars += batch.text.length;
    this.rulers += rulersIn(batch);
  }

  /**
   * Lines from number `from`, at most `max` of them and no further than its chunk.
   * @param {number} from
   * @param {number} max
   * @returns {Batch}
   */
  slice(from, max) {
    const chunk = this.chunkOf(from);
    const begin = from - chunk.first;
    const end = Math.min(chunk.count, begin + max);
    const { first, ...batch } = emptyChunk(from, end - begin);
    copyRun(chunk, begin, end, batch);
    return batch;
  }

  /**
   * Drops the oldest chunks until what is left is within both limits.
   * @param {number} lines
   * @param {number} chars
   * @returns {boolean} whether anything was dropped
   */
  evict(lines, chars) {
    const before = this.chunks.length;
    while (this.chunks.length > 1 && (this.size - this.chunks[0].count >= lines || this.chars > chars)) {
      this.chars -= this.chunks[0].text.length;
      this.rulers -= rulersIn(this.chunks[0]);
      this.chunks.shift();
      this.#recent = 0;
    }
    return this.chunks.length < before;
  }

  /** The chunk that holds line `n`, which must be held. @param {number} n @returns {Chunk} */
  chunkOf(n) {
    const near = this.chunks[this.#recent];
    if (near && n >= near.first && n < near.first + near.count) return near;
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.chunks[middle].first <= n) low = middle;
      else high = middle - 1;
    }
    this.#recent = low;
    return this.chunks[low];
  }

  /** @param {number} n */
  holds(n) {
    return n >= this.first && n < this.next;
  }

  /** @param {number} n @returns {Line} */
  line(n) {
    const chunk = this.chunkOf(n);
    const i = n - chunk.first;
    return {
      text: textAt(chunk, i),
      id: idAt(chunk, i),
      flags: chunk.flags[i],
      level: chunk.level[i],
      source: chunk.source[i],
      cells: chunk.cells[i],
      time: chunk.time[i],
      offset: chunk.offset[i],
    };
  }

  /**
   * Finds the line with this event ID (a gap repeats the ID before it, and is passed over).
   * @param {string} id
   * @returns {number} its number, or -1
   */
  findId(id) {
    for (const chunk of this.chunks) {
      if (!chunk.ids.includes(id)) continue;
      for (let i = 0; i < chunk.count; i++) {
        if (idAt(chunk, i) === id && (chunk.flags[i] & FLAG.KIND) !== KIND.GAP) return chunk.first + i;
      }
    }
    return -1;
  }
}
