// Stores lines in chunks of typed arrays, so that a million lines are a few hundred objects.
// Lines are numbered in their order on the page; chunks are removed at both ends, and older
// lines can be put before the others.

export const KIND = Object.freeze({ LINE: 0, BINARY: 1, GAP: 2, SOURCE: 3, END: 4 });

/**
 * Bits of a line's `flags`; the lowest three are its KIND. CONTINUES: the line belongs to the entry
 * above it; MARKER: it opens or closes a group, see markers.js.
 */
export const FLAG = Object.freeze({ KIND: 7, MORE: 8, CONTROL_CHARS: 16, CONTINUES: 32, MARKER: 64 });

/** Lines per chunk. When doubled, eviction removes more lines at once. */
const CHUNK_LINES = 4096;

/**
 * One line or control event.
 * @typedef {object} Line
 * @property {string} text text of the line; base64 for KIND.BINARY, JSON for control events
 * @property {string} id event ID
 * @property {number} flags KIND and FLAG bits
 * @property {number} level see level.js
 * @property {number} source index of the source name; 65535 for none
 * @property {number} cells width in terminal cells
 * @property {number} time time of arrival in ms
 * @property {number} ts time that the line or its entry states, in ms; `time` where none is stated
 * @property {number} offset byte position in the file, NaN if unknown
 */

/**
 * Consecutive lines with one array per field; the hub sends batches to the pages.
 * @typedef {object} Batch
 * @property {number} count
 * @property {string} text all lines, joined
 * @property {string} ids all IDs, joined
 * @property {Uint32Array} textEnds end of each line in `text`
 * @property {Uint32Array} idEnds
 * @property {Uint8Array} flags
 * @property {Uint8Array} level
 * @property {Uint16Array} source
 * @property {Uint16Array} cells
 * @property {Float64Array} time
 * @property {Float64Array} ts
 * @property {Float64Array} offset
 */

/** @typedef {Batch & { first: number }} Chunk */

/**
 * @param {number} first
 * @param {number} capacity
 * @returns {Chunk}
 */
function emptyChunk(first, capacity) {
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
    ts: new Float64Array(capacity),
    offset: new Float64Array(capacity),
  };
}

/** @param {Uint32Array} ends @param {number} i */
const start = (ends, i) => (i === 0 ? 0 : ends[i - 1]);

/**
 * Appends lines `begin` to `end` of `from` to `to`.
 * @param {Batch} from
 * @param {number} begin
 * @param {number} end
 * @param {Batch} to
 */
function copyLines(from, begin, end, to) {
  const at = to.count;
  for (const column of /** @type {const} */ (['flags', 'level', 'source', 'cells', 'time', 'ts', 'offset'])) {
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

/** @param {Batch} chunk @param {number} i */
export function textAt(chunk, i) {
  return chunk.text.slice(start(chunk.textEnds, i), chunk.textEnds[i]);
}

/** @param {Batch} chunk @param {number} i */
export function idAt(chunk, i) {
  return chunk.ids.slice(start(chunk.idEnds, i), chunk.idEnds[i]);
}

/** Number of the first line of a page: leaves room for older lines, and numbers stay small integers. */
export const FIRST_NUMBER = 2 ** 29;

/** @param {Batch} chunk @param {number} i @returns {Line} */
export function lineAt(chunk, i) {
  return {
    text: textAt(chunk, i),
    id: idAt(chunk, i),
    flags: chunk.flags[i],
    level: chunk.level[i],
    source: chunk.source[i],
    cells: chunk.cells[i],
    time: chunk.time[i],
    ts: chunk.ts[i],
    offset: chunk.offset[i],
  };
}

/** @param {Batch} batch */
function countControlEvents({ flags, count }) {
  let total = 0;
  for (let i = 0; i < count; i++) total += Number((flags[i] & FLAG.KIND) > KIND.BINARY);
  return total;
}

export class Store {
  /** @type {Chunk[]} */
  chunks = [];
  /** Number of the next line. */
  next;
  /** Number of stored characters. */
  chars = 0;
  /** Number of stored control events (gaps, changes and ends of sources). */
  controlEvents = 0;
  #lastChunk = 0;

  #chunkLines;

  /** @param {number} [next] number of the first line @param {number} [chunkLines] */
  constructor(next = 0, chunkLines = CHUNK_LINES) {
    this.next = next;
    this.#chunkLines = chunkLines;
  }

  /** Number of the oldest stored line. */
  get first() {
    return this.chunks.length ? this.chunks[0].first : this.next;
  }

  /** Number of stored lines and control events. */
  get size() {
    return this.next - this.first;
  }

  /** Removes all lines; numbering continues. */
  clear() {
    this.chunks = [];
    this.chars = 0;
    this.controlEvents = 0;
    this.#lastChunk = 0;
  }

  /** @param {number} count */
  #chunkFor(count) {
    let last = this.chunks.at(-1);
    if (!last || last.count + count > last.flags.length) {
      last = emptyChunk(this.next, this.#chunkLines);
      this.chunks.push(last);
    }
    return last;
  }

  /** @param {Line} line */
  push(line) {
    const chunk = this.#chunkFor(1);
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
    chunk.ts[i] = line.ts;
    chunk.offset[i] = line.offset;
    this.chars += line.text.length;
    this.controlEvents += Number((line.flags & FLAG.KIND) > KIND.BINARY);
    this.next++;
  }

  /** @param {Batch} batch */
  append(batch) {
    for (let at = 0; at < batch.count; ) {
      const end = Math.min(batch.count, at + this.#chunkLines);
      copyLines(batch, at, end, this.#chunkFor(end - at));
      this.next += end - at;
      at = end;
    }
    this.chars += batch.text.length;
    this.controlEvents += countControlEvents(batch);
  }

  /** Puts lines before the oldest stored line. @param {Batch} batch */
  prepend(batch) {
    for (let end = batch.count; end > 0; ) {
      const begin = Math.max(0, end - this.#chunkLines);
      const chunk = emptyChunk(this.first - (end - begin), end - begin);
      copyLines(batch, begin, end, chunk);
      this.chunks.unshift(chunk);
      end = begin;
    }
    this.#lastChunk = 0;
    this.chars += batch.text.length;
    this.controlEvents += countControlEvents(batch);
  }

  /**
   * Returns at most `max` lines from number `from`, up to the end of its chunk.
   * @param {number} from
   * @param {number} max
   * @returns {Batch}
   */
  slice(from, max) {
    const chunk = this.chunkOf(from);
    const begin = from - chunk.first;
    const end = Math.min(chunk.count, begin + max);
    const { first, ...batch } = emptyChunk(from, end - begin);
    copyLines(chunk, begin, end, batch);
    return batch;
  }

  /**
   * Removes chunks at one end until the rest is within both limits.
   * @param {number} lines
   * @param {number} chars
   * @param {boolean} [newest] removes the newest lines in place of the oldest
   * @returns {Chunk[]} removed chunks
   */
  evict(lines, chars, newest = false) {
    /** @type {Chunk[]} */
    const removed = [];
    while (this.chunks.length > 1) {
      const chunk = this.chunks[newest ? this.chunks.length - 1 : 0];
      if (this.size - chunk.count < lines && this.chars <= chars) break;
      removed.push(chunk);
      this.chars -= chunk.text.length;
      this.controlEvents -= countControlEvents(chunk);
      if (newest) this.next = /** @type {Chunk} */ (this.chunks.pop()).first;
      else this.chunks.shift();
      this.#lastChunk = 0;
    }
    return removed;
  }

  /** Returns the chunk of a stored line. @param {number} n @returns {Chunk} */
  chunkOf(n) {
    const recent = this.chunks[this.#lastChunk];
    if (recent && n >= recent.first && n < recent.first + recent.count) return recent;
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.chunks[middle].first <= n) low = middle;
      else high = middle - 1;
    }
    this.#lastChunk = low;
    return this.chunks[low];
  }

  /** @param {number} n */
  holds(n) {
    return n >= this.first && n < this.next;
  }

  /** @param {number} n @returns {string} event ID of the line; '' for a gap, which repeats the ID before it */
  idOf(n) {
    const { id, flags } = this.line(n);
    return (flags & FLAG.KIND) === KIND.GAP ? '' : id;
  }

  /** @param {number} n @returns {Line} */
  line(n) {
    const chunk = this.chunkOf(n);
    return lineAt(chunk, n - chunk.first);
  }

  /**
   * Finds a line by event ID. Gaps are skipped, because they repeat the ID before them.
   * @param {string} id
   * @returns {number} number of the line, or -1
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

/** @param {Line[]} lines @returns {Batch} */
export function batchOf(lines) {
  const store = new Store(0, Math.max(1, lines.length));
  for (const line of lines) store.push(line);
  return store.chunks[0] ?? emptyChunk(0, 0);
}

/** @param {Batch} batch @returns {Line[]} */
export function linesOf(batch) {
  return Array.from({ length: batch.count }, (_, i) => lineAt(batch, i));
}

/**
 * Returns the ID of the first or last event of a batch that is no gap, or ''.
 * @param {Batch} batch
 * @param {boolean} last
 */
export function idAtEnd(batch, last) {
  for (let step = 0; step < batch.count; step++) {
    const i = last ? batch.count - 1 - step : step;
    if ((batch.flags[i] & FLAG.KIND) !== KIND.GAP) return idAt(batch, i);
  }
  return '';
}
