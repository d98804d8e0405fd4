// The page's state and what can be done with it. Knows the store, the view and the list;
// knows no button. Everything that changes ends in `touch`, and is drawn with the next frame.

import { LineList } from './list.js';
import { Finder } from './finder.js';
import { parseHash } from './hash.js';
import { compile } from './query.js';
import { fillRow, markRow } from './row.js';
import { Sources } from './sources.js';
import { FLAG, KIND, Store } from './store.js';
import { View, shownText } from './view.js';

export const LIMIT = { lines: 1_000_000, chars: 256 << 20 };

/** While a reader looks at old lines, twice as many are kept before any fall off. */
const PATIENT = 2;
const FRAME = 9;

export class Page {
  store = new Store();
  sources = new Sources();
  /** What is chosen; the address shows it. */
  place = { ...parseHash(''), chosen: /** @type {Set<string>} */ (new Set()) };
  queryError = '';
  /** Number of the next line when following stopped. */
  pausedAt = 0;
  /** @type {View} */
  view;
  /** @type {LineList} */
  list;
  /** @type {import('./row.js').Look} */
  look;
  /** Called after each frame. */
  drawn = () => {};
  #pending = 0;
  #finder = typeof Worker === 'undefined' ? null : new Finder(this.store, shownText, (why) => this.#giveUp(why));
  /** A jump that waits until all lines have been searched. */
  #wish = 0;

  /** @param {HTMLElement} scroller */
  constructor(scroller) {
    this.view = new View(this.store, (chunk, i) => this.list.estimate(chunk, i));
    this.look = {
      store: this.store,
      names: [],
      hueOf: (source) => this.sources.hueOf(source),
      matcher: null,
      time: 'off',
      current: -1,
      selection: null,
      unfolded: new Set(),
      unclipped: new Set(),
    };
    const fill = (/** @type {HTMLElement} */ row, /** @type {number} */ n, /** @type {number} */ mark) => {
      if (this.store.holds(n)) fillRow(row, n, mark, this.look);
    };
    this.list = new LineList(scroller, this.view, fill, () => this.touch());
  }

  /** Draws with the next frame. */
  touch() {
    this.#pending ||= requestAnimationFrame(() => this.#frame());
  }

  #frame() {
    this.#pending = 0;
    const deadline = performance.now() + FRAME;
    const done = this.view.advance(() => performance.now() > deadline);
    if (done && this.#wish) this.jump(this.#wish);
    if (this.list.following) this.pausedAt = this.store.next;
    this.list.render();
    this.drawn();
    if (!done) this.touch();
  }

  /** @param {string[]} names */
  named(names) {
    this.sources.named(names);
    this.look.names = names;
  }

  /** @param {import('./store.js').Batch} batch */
  append(batch) {
    this.store.append(batch);
    this.#trim();
    this.touch();
  }

  /** Says in its place that lines are missing. @param {number} lost */
  missed(lost) {
    const text = JSON.stringify({ type: 'gap', reason: 'asleep', lost });
    this.store.push({ text, id: '', flags: KIND.GAP, level: 0, source: 65535, cells: 1, time: Date.now(), offset: NaN });
    this.touch();
  }

  #trim() {
    const factor = this.list.following ? 1 : PATIENT;
    if (!this.store.evict(LIMIT.lines * factor, LIMIT.chars * factor)) return;
    this.list.dropped(this.view.drop());
    const { first } = this.store;
    for (const set of [this.look.unfolded, this.look.unclipped]) for (const n of set) if (n < first) set.delete(n);
    if (this.look.current < first) this.look.current = -1;
  }

  clear() {
    this.store.clear();
    this.sources.forgetCounts();
    this.look.current = -1;
    this.look.selection = null;
    this.list.following = true;
    this.apply();
  }

  /** How many shown lines have come since following stopped. */
  get waiting() {
    const { lines } = this.view.rows;
    return this.list.following ? 0 : lines.length - lines.indexOf(this.pausedAt);
  }

  /** Chooses lines anew. @param {number} [keep] a line that stays where it is on the screen */
  apply(keep) {
    const { query, filter, context, chosen, levels } = this.place;
    const { matcher, error } = compile(query);
    this.queryError = error;
    this.look.matcher = matcher;
    if (!this.list.following || keep !== undefined) this.list.hold(keep);
    const source = (/** @type {number} */ index) => chosen.size === 0 || chosen.has(this.sources.names[index]);
    const finder = query.regex && matcher ? this.#finder : null;
    finder?.use(query);
    this.view.choose({ source, levels, matcher, finder, filter, context });
    this.list.reset();
    this.touch();
  }

  /** Shows lines without the expression that cannot be looked for. @param {string} why */
  #giveUp(why) {
    this.queryError = why;
    this.look.matcher = null;
    this.view.choose({ ...this.view.criteria, matcher: null, finder: null });
    this.list.reset();
    this.touch();
  }

  /** @param {Partial<import('./query.js').Query>} change */
  search(change) {
    Object.assign(this.place.query, change);
    this.apply();
  }

  /** @param {number} step 1 to the next hit, -1 to the one before */
  jump(step) {
    if (!this.view.done) {
      this.#wish = step;
      return this.touch();
    }
    this.#wish = 0;
    const { hits } = this.view;
    if (hits.length === 0) return;
    const from = this.look.current >= 0 ? this.look.current : step > 0 ? this.list.firstLine : this.store.next;
    const at = hits.indexOf(from);
    const next = step < 0 ? at - 1 : hits.at(at) === from && this.look.current >= 0 ? at + 1 : at;
    this.select(hits.at((next + hits.length) % hits.length));
  }

  /** Which hit the current line is, from 1; 0 when it is none. */
  get hitNumber() {
    const { hits } = this.view;
    const at = hits.indexOf(this.look.current);
    return at < hits.length && hits.at(at) === this.look.current ? at + 1 : 0;
  }

  /** Makes a line the current one and brings it into sight. @param {number} n */
  select(n) {
    this.mark(n, false);
    this.list.reveal(n);
  }

  /** @param {number} n @param {boolean} extend from the current line to this one */
  mark(n, extend) {
    const { look } = this;
    if (extend && look.current >= 0) look.selection = [Math.min(look.current, n), Math.max(look.current, n)];
    else {
      look.current = n;
      look.selection = null;
    }
    for (const [line, row] of this.list.inSight) markRow(row, line, look);
    this.touch();
  }

  /** Moves the current line. @param {number} step */
  move(step) {
    const { lines } = this.view.rows;
    if (lines.length === 0) return;
    const from = this.look.current >= 0 ? lines.indexOf(this.look.current) + step : lines.indexOf(this.list.firstLine) + 1;
    this.select(lines.at(Math.min(lines.length - 1, Math.max(0, from))));
  }

  /** Shows the current line among all lines of its source, not only among hits. */
  showInPlace() {
    const { current } = this.look;
    if (current < 0) return;
    this.place.filter = false;
    this.place.levels = 0;
    this.list.following = false;
    this.pausedAt = this.store.next;
    this.apply(current);
  }

  /** @param {number} n */
  unfold(n) {
    const { unfolded } = this.look;
    if (!unfolded.delete(n)) unfolded.add(n);
    if (this.list.following && unfolded.has(n)) this.list.follow(false);
    this.list.refillLine(n);
  }

  /** @param {number} n */
  unclip(n) {
    this.look.unclipped.add(n);
    this.list.follow(false);
    this.list.refillLine(n);
  }

  /** @param {string} name @param {boolean} combine with what is chosen already */
  pick(name, combine) {
    const { chosen } = this.place;
    const only = chosen.size === 1 && chosen.has(name);
    if (combine && chosen.has(name)) chosen.delete(name);
    else {
      if (!combine) chosen.clear();
      if (!only || combine) chosen.add(name);
    }
    this.apply(this.look.current >= 0 && !this.list.following ? this.look.current : undefined);
  }

  /** @param {number} bit of a level */
  toggleLevel(bit) {
    this.place.levels ^= bit;
    this.apply();
  }

  /** @returns {number[]} the lines to copy: a selected range, or the current line */
  get selectedLines() {
    const { current, selection } = this.look;
    if (!selection) return current >= 0 ? [current] : [];
    const { lines } = this.view.rows;
    const picked = [];
    for (let i = lines.indexOf(selection[0]); i < lines.length && lines.at(i) <= selection[1]; i++) picked.push(lines.at(i));
    return picked;
  }

  /** Line numbers of all rows. */
  get shownLines() {
    const { lines } = this.view.rows;
    return Uint32Array.from({ length: lines.length }, (_, i) => lines.at(i));
  }

  /** @param {number} n @returns {string} the ID by which a line can be linked to */
  idOf(n) {
    const { id, flags } = this.store.line(n);
    return (flags & FLAG.KIND) === KIND.GAP ? '' : id;
  }
}
