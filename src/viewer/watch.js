// Finds lines that pass a filter among those that arrive while the tab is hidden.

import { EntryTest, compileFields } from './fieldfilter.js';
import { fieldText, valueText } from './fieldtext.js';
import { LEVELS } from './level.js';
import { compile } from './query.js';
import { RegexSearch } from './regexsearch.js';
import { FLAG, KIND } from './store.js';
import { isOutside, rangeText } from './timerange.js';
import { shownText } from './view.js';

/** Lines examined without a pause. When doubled, so is the longest task of a hidden tab. */
const SLICE_LINES = 2048;
/** Pause before results of the search worker are looked at again. When doubled, lines are found later. */
const RETRY_MS = 200;
/** Examined lines that are kept. When doubled, a watch takes more memory. */
const KEPT_LINES = 4096;

/**
 * Filter that lines have to pass.
 * @typedef {object} WatchFilter
 * @property {import('./query.js').Query} query
 * @property {number} levels bit set; 0 for all
 * @property {Set<string>} chosen names of sources and folders; all if empty
 * @property {string} grep server filter that all lines of the page pass, or ''
 * @property {import('./fieldfilter.js').Criterion[]} fields
 * @property {import('./timerange.js').TimeRange | null} range
 */

/** Joins as `a`, `a and b`, `a, b and c`. @param {string[]} items */
const listOf = (items) => [items.slice(0, -1).join(', '), ...items.slice(-1)].filter(Boolean).join(' and ');

/** Describes criteria of fields, e.g. `with status=500 or 502 and without user=1`. @param {import('./fieldfilter.js').Criterion[]} fields */
function describeFields(fields) {
  /** @type {Map<string, string[]>} */
  const included = new Map();
  for (const field of fields) {
    if (!field.isExcluded) included.set(field.key, [...(included.get(field.key) ?? []), included.has(field.key) ? valueText(field) : fieldText(field, '=')]);
  }
  const excluded = fields.filter(({ isExcluded }) => isExcluded).map((field) => fieldText(field, '='));
  const shown = [...included.values()].map((values) => values.join(' or '));
  return listOf([shown.length ? `with ${listOf(shown)}` : '', excluded.length ? `without ${excluded.join(' or ')}` : ''].filter(Boolean));
}

/**
 * Describes a filter, e.g. `Error lines of api.log that match “timeout”`.
 * @param {WatchFilter} filter
 * @param {import('./zone.js').Zone} zone
 */
export function describeFilter({ query, levels, chosen, grep, fields, range }, zone) {
  const kinds = LEVELS.filter((_, level) => levels & (1 << level)).reverse();
  const names = chosen.size > 3 ? `${chosen.size} sources` : listOf([...chosen]);
  const expressions = [query.text && `${query.regex ? 'the expression ' : ''}“${query.text}”`, grep && `the server filter “${grep}”`].filter(Boolean);
  const parts = [names && `of ${names}`, describeFields(fields), listOf(expressions) && `that match ${listOf(expressions)}`, range && `(${rangeText(range, zone, Date.now())})`].filter(Boolean);
  const subject = kinds.length ? `${listOf(kinds)} lines` : parts.length ? 'lines' : 'all lines';
  const text = [subject, ...parts].join(' ');
  return text[0].toUpperCase() + text.slice(1);
}

export class Watch {
  #store;
  #sources;
  #filter;
  #found;
  #matcher;
  #fields;
  #search;
  #next;
  #timer = 0;

  /**
   * @param {import('./store.js').Store} store store of the watch alone: the page may be elsewhere in the log
   * @param {import('./sources.js').Sources} sources
   * @param {WatchFilter} filter
   * @param {(lines: number[]) => void} found called with lines that pass the filter
   * @param {(reason: string) => unknown} failed called when the search cannot go on
   */
  constructor(store, sources, filter, found, failed) {
    this.#store = store;
    this.#sources = sources;
    this.#filter = filter;
    this.#found = found;
    this.#matcher = compile(filter.query).matcher;
    this.#fields = new EntryTest(compileFields(filter.fields));
    this.#search = this.#matcher && filter.query.regex ? new RegexSearch(store, shownText, failed) : null;
    this.#search?.setQuery(filter.query);
    this.#next = store.next;
  }

  /** Skips all lines until now: the user can see them. */
  skip() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#next = this.#store.next;
  }

  /** Ends the watch for good, and the worker of its search. */
  end() {
    this.skip();
    this.#search?.stop();
  }

  /** Examines lines. @param {import('./store.js').Batch} batch */
  receive(batch) {
    this.#store.append(batch);
    this.advance();
    this.#store.evict(Math.max(KEPT_LINES, this.#store.next - this.#next), Infinity);
  }

  /** Examines the lines that have arrived. */
  advance() {
    this.#next = Math.max(this.#next, this.#store.first);
    const reach = this.#search?.advance(this.#next) ?? Infinity;
    const end = Math.min(this.#store.next, reach, this.#next + SLICE_LINES);
    const lines = [];
    for (; this.#next < end; this.#next++) if (this.#passes(this.#next)) lines.push(this.#next);
    if (lines.length) this.#found(lines);
    if (this.#next < this.#store.next) this.#timer ||= setTimeout(() => ((this.#timer = 0), this.advance()), this.#search ? RETRY_MS : 0);
  }

  /** @param {number} n */
  #passes(n) {
    const chunk = this.#store.chunkOf(n);
    const i = n - chunk.first;
    if ((chunk.flags[i] & FLAG.KIND) > KIND.BINARY) return false;
    const { levels, chosen, range } = this.#filter;
    if (!this.#fields.passes(chunk, i, shownText)) return false;
    if (isOutside(range, chunk.ts[i])) return false;
    if (levels !== 0 && (levels & (1 << chunk.level[i])) === 0) return false;
    if (!this.#sources.isShown(chosen, chunk.source[i])) return false;
    if (!this.#matcher) return true;
    return this.#search ? this.#search.isMatch(n) : this.#matcher.test(shownText(chunk, i));
  }
}
