// State of each source, from `/sources`, and its number of lines, from the stream.

import { LEVEL } from './level.js';
import { KIND, FLAG } from './store.js';

/** Compares names so that `api-7` comes before `api-14`. */
export const NATURAL = new Intl.Collator('en', { numeric: true });

/** Number of source colours in viewer.css. */
export const HUE_COUNT = 10;

/**
 * @typedef {object} Source
 * @property {string} name
 * @property {number} hue
 * @property {number} count lines held by this page
 * @property {number[]} levels the entries of these lines by level
 * @property {string} state state in `/sources`, or ''
 * @property {string} path
 * @property {string} place position in the tree of sources: the path of the file, or the name if it was given
 * @property {number | null} size
 */

export class Sources {
  /** @type {Map<string, Source>} */
  byName = new Map();
  /** @type {string[]} names by source index */
  names = [];
  /** Changes with each new source and each new place of a source. */
  version = 0;
  /** @type {Source[]} */
  #sorted = [];

  /** @param {string} name @returns {Source} */
  #sourceOf(name) {
    let source = this.byName.get(name);
    if (!source) {
      source = { name, hue: this.byName.size % HUE_COUNT, count: 0, levels: [0, 0, 0, 0, 0], state: '', path: '', place: name, size: null };
      this.byName.set(name, source);
      this.version++;
    }
    return source;
  }

  /** All sources in the natural order of their names. */
  get sorted() {
    // Sources are never removed, so their number tells if the order is still that of all.
    if (this.#sorted.length !== this.byName.size) this.#sorted = [...this.byName.values()].sort((a, b) => NATURAL.compare(a.name, b.name));
    return this.#sorted;
  }

  /**
   * Returns the received entries of a level.
   * @param {number} level
   * @param {Set<string>} chosen sources to count; all if empty
   */
  levelCount(level, chosen) {
    let total = 0;
    for (const source of this.byName.values()) if (isChosen(chosen, source)) total += source.levels[level];
    return total;
  }

  /** Returns a filter by source index; it is called for each line. @param {Set<string>} chosen @returns {(index: number) => boolean} */
  filterOf(chosen) {
    if (chosen.size === 0) return () => true;
    /** @type {Map<string, boolean>} */
    const known = new Map();
    return (index) => {
      const name = this.names[index];
      let shown = known.get(name);
      if (shown === undefined) known.set(name, (shown = this.isShown(chosen, index)));
      return shown;
    };
  }

  /** Reports if the source with an index is chosen. @param {Set<string>} chosen @param {number} index */
  isShown(chosen, index) {
    const source = this.byName.get(this.names[index]);
    return chosen.size === 0 || (source !== undefined && isChosen(chosen, source));
  }

  /** Reports if exactly one source is shown, so that lines need no name. @param {Set<string>} chosen */
  isSingle(chosen) {
    let shown = 0;
    for (const source of this.byName.values()) if (isChosen(chosen, source) && ++shown > 1) return false;
    return true;
  }

  /** @param {string[]} names */
  setNames(names) {
    this.names = names;
    names.forEach((name) => this.#sourceOf(name));
  }

  /** Updates the sources from the body of `/sources`. @param {unknown} list @returns {boolean} true if a place has changed */
  update(list) {
    const { version } = this;
    if (!Array.isArray(list)) return false;
    for (const { name, state, path, size } of list) {
      const source = this.#sourceOf(String(name));
      Object.assign(source, { state: String(state ?? ''), path: String(path ?? ''), size: size ?? null });
      const place = placeOf(source);
      if (place === source.place) continue;
      source.place = place;
      this.version++;
    }
    return this.version !== version;
  }

  /** Counts lines that the page takes, or with `sign` -1 lines that it removes. @param {import('./store.js').Batch} batch @param {number} [sign] */
  count(batch, sign = 1) {
    for (let i = 0; i < batch.count; i++) {
      const source = this.byName.get(this.names[batch.source[i]]);
      if (!source || (batch.flags[i] & FLAG.KIND) > KIND.BINARY) continue;
      source.count += sign;
      if (!(batch.flags[i] & FLAG.CONTINUES)) source.levels[batch.level[i]] += sign;
    }
  }

  /** Counts the head of an entry under another level. @param {number} index of the source @param {number} from @param {number} to levels */
  relevel(index, from, to) {
    const source = this.byName.get(this.names[index]);
    if (!source) return;
    source.levels[from]--;
    source.levels[to]++;
  }

  /** @param {import('./store.js').Batch} batch @returns {{ lines: number, errors: number }} */
  total(batch) {
    const total = { lines: 0, errors: 0 };
    for (let i = 0; i < batch.count; i++) {
      if ((batch.flags[i] & FLAG.KIND) > KIND.BINARY) continue;
      total.lines++;
      if (batch.level[i] === LEVEL.ERROR && !(batch.flags[i] & FLAG.CONTINUES)) total.errors++;
    }
    return total;
  }

  resetCounts() {
    for (const source of this.byName.values()) {
      source.count = 0;
      source.levels.fill(0);
    }
  }

  /** @param {number} index source index of a line */
  hueOf(index) {
    return this.byName.get(this.names[index])?.hue ?? HUE_COUNT;
  }
}

/**
 * Reports if a source is shown.
 * @param {Set<string>} chosen names of sources, and folders of the tree with a slash at their end; all are shown if empty
 * @param {{ name: string, place: string }} source
 */
export function isChosen(chosen, { name, place }) {
  if (chosen.size === 0 || chosen.has(name)) return true;
  for (let at = place.indexOf('/'); at >= 0; at = place.indexOf('/', at + 1)) if (chosen.has(place.slice(0, at + 1))) return true;
  return false;
}

/** Returns the path of a source if its name is the end of it, because the user has not given a name. @param {Source} source */
function placeOf({ name, path }) {
  let plain = name.replace(/^\.\//, '');
  try {
    plain = decodeURIComponent(plain);
  } catch {
    // The bytes of the name are not UTF-8, as those of the path.
  }
  return `/${path}`.endsWith(`/${plain}`) ? path : name;
}

/** Returns the label of a state. @param {string} state */
export function describeState(state) {
  /** @type {Record<string, { text: string, bad: boolean }>} */
  const states = {
    live: { text: '', bad: false },
    waiting: { text: 'Waiting for the file', bad: false },
    rotated: { text: 'Rotated', bad: false },
    truncated: { text: 'Truncated', bad: false },
    removed: { text: 'Removed', bad: true },
    unreadable: { text: 'Unreadable', bad: true },
    stalled: { text: 'Does not answer', bad: true },
    ended: { text: 'Ended', bad: false },
    unreachable: { text: 'Cannot be reached', bad: true },
    refused: { text: 'Cannot be followed', bad: true },
  };
  return (Object.hasOwn(states, state) ? states[state] : null) ?? { text: state, bad: false };
}
