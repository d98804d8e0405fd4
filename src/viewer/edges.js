// Ends of the held lines for each source: the place from which older or newer lines are read on
// after lines were removed from the page.

import { NewerCursor, OlderCursor } from './cursor.js';
import { FLAG, KIND, lineAt } from './store.js';

/** @typedef {import('./store.js').Line} Line */
/** @typedef {import('./store.js').Chunk} Chunk */

export class Edges {
  #store;
  #names;
  /** Last line of each source that was removed at the front. @type {Map<number, Line>} */
  #evicted = new Map();
  /** First line of each source that was removed at the end. @type {Map<number, Line>} */
  #dropped = new Map();
  /** @type {Line | null} */
  #lastEvicted = null;

  /** @param {import('./store.js').Store} store @param {import('./decode.js').SourceNames} names */
  constructor(store, names) {
    this.#store = store;
    this.#names = names;
  }

  clear() {
    this.#evicted.clear();
    this.#dropped.clear();
    this.#lastEvicted = null;
  }

  /** Forgets what was removed at the end before. */
  clearDropped() {
    this.#dropped.clear();
  }

  /** @param {Chunk[]} chunks the oldest first @returns {Set<number>} their sources */
  evicted(chunks) {
    const sources = chunks.map((chunk) => this.#note(chunk, this.#evicted, false));
    this.#lastEvicted = lineAt(chunks[chunks.length - 1], chunks[chunks.length - 1].count - 1);
    return new Set(sources.flat());
  }

  /** @param {Chunk[]} chunks the newest first @returns {Set<number>} their sources */
  dropped(chunks) {
    return new Set(chunks.flatMap((chunk) => this.#note(chunk, this.#dropped, true)));
  }

  /**
   * Keeps the first or last line of each source in a chunk.
   * @param {Chunk} chunk
   * @param {Map<number, Line>} kept
   * @param {boolean} first
   * @returns {number[]} sources of the chunk
   */
  #note(chunk, kept, first) {
    /** @type {Set<number>} */
    const seen = new Set();
    for (let step = 0; step < chunk.count; step++) {
      const i = first ? step : chunk.count - 1 - step;
      const source = chunk.source[i];
      if (seen.has(source) || (chunk.flags[i] & FLAG.KIND) === KIND.GAP) continue;
      seen.add(source);
      kept.set(source, lineAt(chunk, i));
    }
    return [...seen];
  }

  /**
   * Finds the first or last held line of a source.
   * @param {number} source -1 for all sources
   * @param {boolean} last
   * @returns {Line | null}
   */
  #held(source, last) {
    const { chunks } = this.#store;
    for (let c = 0; c < chunks.length; c++) {
      const chunk = chunks[last ? chunks.length - 1 - c : c];
      for (let step = 0; step < chunk.count; step++) {
        const i = last ? chunk.count - 1 - step : step;
        if ((source < 0 || chunk.source[i] === source) && (chunk.flags[i] & FLAG.KIND) !== KIND.GAP) return lineAt(chunk, i);
      }
    }
    return null;
  }

  /**
   * Returns a cursor that precedes the held lines, or null if nothing does.
   * @param {string | null} name null for all sources
   */
  older(name) {
    const source = this.#indexOf(name);
    const held = this.#held(source, false);
    if (held) return new OlderCursor(name, held.id, (held.flags & FLAG.CONTINUES) !== 0);
    const evicted = name === null ? this.#lastEvicted : this.#evicted.get(source);
    if (!evicted) return null;
    const cursor = new OlderCursor(name, evicted.id);
    cursor.push([evicted], false);
    return cursor;
  }

  /**
   * Returns a cursor that follows the held lines.
   * @param {string | null} name null for all sources
   * @param {string} position of the live end when the window left it, or ''
   */
  newer(name, position) {
    const source = this.#indexOf(name);
    const held = this.#held(source, true);
    if (held) return new NewerCursor(name, { last_event_id: held.id });
    const dropped = this.#dropped.get(source);
    const from = dropped?.id ?? position;
    const cursor = new NewerCursor(name, from ? { last_event_id: from } : { n: 'all' });
    if (dropped) cursor.push([dropped], '');
    return cursor;
  }

  /**
   * Returns the index of a source, -1 for all, 65535 if it has no line yet.
   * @param {string | null} name
   */
  #indexOf(name) {
    return name === null ? -1 : this.#names.list.indexOf(name) & 65535;
  }

  /** Leaves out what is held of lines in the order of the stream. @param {Line[]} lines */
  withoutHeld(lines) {
    /** @type {Map<number, number>} */
    const from = new Map();
    for (const source of new Set(lines.map((line) => line.source))) {
      const id = this.#held(source, true)?.id;
      from.set(source, lines.findLastIndex((line) => line.source === source && line.id === id));
    }
    return lines.filter(({ source }, i) => i > (from.get(source) ?? -1));
  }
}
