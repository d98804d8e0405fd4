// Connects the parts that deal with time to the page: time column, zone, timeline, range, jumps.

import { byId, onClick, setPressed, setText } from './dom.js';
import { JumpDialog } from './jump.js';
import { isTimelineShown } from './prefs.js';
import { axisOf, axisTime } from './timeaxis.js';
import { TIMES, showDays, timeTitle } from './timecolumn.js';
import { MAX_BARS, TimeCounts } from './timecounts.js';
import { Timeline } from './timeline.js';
import { isOutside, rangeText } from './timerange.js';
import { firstFrom, timesOf } from './timesearch.js';
import { zoneOf } from './zone.js';

/** Delay of the timeline behind the rows. When doubled, bars visibly lag. */
const REFRESH_DELAY_MS = 250;
/**
 * Time for counting per turn. When doubled, frames are dropped while a million lines are counted.
 */
const COUNT_BUDGET_MS = 4;
/** Pause between two turns. When doubled, the timeline of many lines appears later. */
const COUNT_PAUSE_MS = 12;
/** Seconds of the empty timeline. When doubled, so is its range. */
const EMPTY_SECONDS = 60;

const CONTENT_TOASTS = { line: 'Time of the lines shown', arrival: 'Arrival time shown', ago: 'Age of the lines shown', off: 'Time hidden' };

/**
 * @typedef {object} TimeActions
 * @property {(change: Partial<import('./prefs.js').Prefs>) => void} setPrefs
 * @property {() => void} urlStateChanged called after a change of the range
 * @property {(text: string) => void} toast
 */

export class TimeTools {
  #page;
  #prefs;
  #actions;
  #counts;
  #timeline;
  #jump;
  #timer = 0;
  /** State that was counted last: another criterion counts everything again. @type {unknown[]} */
  #counted = [];
  /** @type {unknown[]} */
  #criteria = [];
  /** Time to go to when the rows are complete; NaN for none. */
  #pending = NaN;
  /**
   * Range for which older lines were asked for.
   * @type {import('./timerange.js').TimeRange | null}
   */
  #opened = null;

  /**
   * @param {import('./page.js').Page} page
   * @param {import('./prefs.js').Prefs} prefs
   * @param {TimeActions} actions
   */
  constructor(page, prefs, actions) {
    this.#page = page;
    this.#prefs = prefs;
    this.#actions = actions;
    this.#counts = new TimeCounts(page.store);
    this.#timeline = new Timeline(byId('strip', HTMLElement), zoneOf(prefs.zone), { goTo: (ms) => this.goTo(ms), narrow: (range) => this.narrow(range) });
    this.#jump = new JumpDialog(() => this.#jumpContext, (ms) => this.goTo(ms));
    this.#wire();
  }

  #wire() {
    onClick('range', () => (this.narrow(null), byId('lines', HTMLElement).focus()));
    onClick('timeline-toggle', () => this.#actions.setPrefs({ timeline: !isTimelineShown(this.#prefs.timeline) }));
    onClick('jump-open', () => this.openJump());
    onClick('time', () => this.nextContent());
    byId('menu', HTMLElement).addEventListener('click', (event) => {
      const { timeContent } = /** @type {HTMLElement} */ (event.target).dataset;
      if (timeContent) this.#actions.setPrefs({ time: /** @type {import('./timecolumn.js').TimeContent} */ (timeContent) });
    });
    byId('menu', HTMLElement).addEventListener('toggle', () => this.#listZones(), { once: true });
    byId('zone', HTMLSelectElement).onchange = () => this.#actions.setPrefs({ zone: byId('zone', HTMLSelectElement).value });
    byId('lines', HTMLElement).addEventListener('pointerover', (event) => this.#addTitle(/** @type {HTMLElement} */ (event.target)));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#timeline.redraw());
  }

  /** Adds the title of a time under the pointer: few of them are ever read. @param {HTMLElement} time */
  #addTitle(time) {
    const { store, renderState } = this.#page;
    const n = Number(time.closest('.row')?.getAttribute('data-n') ?? NaN);
    if (time.matches('.row > .time') && store.holds(n)) time.title = timeTitle(store.line(n), renderState.zone);
  }

  /** Adds all zones to the menu, when it opens for the first time. */
  #listZones() {
    const select = byId('zone', HTMLSelectElement);
    select.options[0].text = `Local (${zoneOf('local').place})`;
    for (const name of Intl.supportedValuesOf('timeZone')) if (name !== 'UTC') select.add(new Option(name.replace(/_/g, ' '), name));
    select.value = this.#page.renderState.zone.name;
  }

  /** Shows the preferences about time; rows are filled again by the caller. */
  applyPrefs() {
    const { renderState } = this.#page;
    const { time, zone, timeline } = this.#prefs;
    renderState.time = time;
    if (renderState.zone.name !== zone) renderState.zone = zoneOf(zone);
    setPressed(byId('time', HTMLElement), time !== 'off');
    setPressed(byId('timeline-toggle', HTMLElement), isTimelineShown(timeline));
    for (const choice of document.querySelectorAll('[data-time-content]')) setPressed(choice, /** @type {HTMLElement} */ (choice).dataset.timeContent === time);
    byId('zone', HTMLSelectElement).value = renderState.zone.name;
    this.showRange();
    this.#timeline.redraw();
    this.#schedule();
  }

  /** Shows the next content in the time column. */
  nextContent() {
    const time = TIMES[(TIMES.indexOf(this.#prefs.time) + 1) % TIMES.length];
    this.#actions.setPrefs({ time });
    this.#actions.toast(CONTENT_TOASTS[time]);
  }

  openJump() {
    this.#jump.open();
  }

  get #jumpContext() {
    const { store, list, view, renderState } = this.#page;
    const { lines } = view.rows;
    const last = lines.length ? lines.at(lines.length - 1) : -1;
    const [near, newest] = [list.following ? last : list.firstLine, last].map((n) => (store.holds(n) ? store.line(n).ts : Date.now()));
    return { zone: renderState.zone, near, newest: Math.max(near, newest) };
  }

  /**
   * Narrows the page to a range of times, or shows all times again.
   * @param {import('./timerange.js').TimeRange | null} range
   */
  narrow(range) {
    const { urlState, list, view, store, renderState } = this.#page;
    urlState.range = range;
    this.#opened = range;
    const n = range ? firstFrom(view.rows.lines, store, range[0]) : renderState.current;
    if (range) list.follow(false);
    this.#page.applyFilters(n >= 0 && !list.following ? n : undefined);
    this.#actions.urlStateChanged();
  }

  /** Shows all times again. @returns {boolean} false if nothing changes */
  removeRange() {
    if (!this.#page.urlState.range) return false;
    this.narrow(null);
    return true;
  }

  /** Shows the range in its label. */
  showRange() {
    const { range } = this.#page.urlState;
    const label = byId('range', HTMLButtonElement);
    label.hidden = !range;
    if (range) setText(label.firstElementChild, rangeText(range, this.#page.renderState.zone, Date.now()));
  }

  /**
   * Goes to the first line at or after a time; older lines come from the server.
   * @param {number} ms
   */
  goTo(ms) {
    if (isOutside(this.#page.urlState.range, ms)) this.narrow(null);
    const oldest = timesOf(this.#page.store)?.[0] ?? Infinity;
    if (ms < oldest) return void this.#openAt(ms);
    this.#pending = ms;
    this.#page.requestRender();
  }

  /** @param {number} ms */
  async #openAt(ms) {
    try {
      await this.#page.openAtTime(ms);
      this.#pending = ms;
      this.#page.requestRender();
    } catch {
      this.#actions.toast('Older lines could not be fetched from the server');
    }
  }

  /** Goes to the time that waits for complete rows. */
  #goToPending() {
    const { view, store } = this.#page;
    if (Number.isNaN(this.#pending) || !view.done) return;
    const ms = this.#pending;
    this.#pending = NaN;
    const { lines } = view.rows;
    if (lines.length === 0) return this.#actions.toast('No lines to go to');
    const n = firstFrom(lines, store, ms);
    this.#page.current.goTo(n < 0 ? lines.at(lines.length - 1) : n);
    if (n < 0) this.#actions.toast('No line at or after this time; this is the last line');
    else if (ms < (timesOf(store)?.[0] ?? ms)) this.#actions.toast('No older lines on this page; this is the oldest one');
  }

  /** Asks for older lines if a link narrows the page to a range that begins before the held ones. */
  #openRange() {
    const { urlState, store } = this.#page;
    const { range } = urlState;
    // A link to a line opens there.
    if (!range || range === this.#opened || urlState.line || store.size === 0) return;
    this.#opened = range;
    const oldest = timesOf(store)?.[0] ?? Infinity;
    if (Number.isFinite(range[0]) && range[0] < oldest) void this.#openAt(range[0]);
  }

  /** Shows what depends on the rows; called after each frame. */
  showFrame() {
    const { list, view, renderState } = this.#page;
    this.#openRange();
    this.#goToPending();
    showDays(list, view.rows, renderState);
    this.#showVisible();
    this.#schedule();
  }

  /** Marks the times of the visible lines in the timeline. */
  #showVisible() {
    const { list, store, renderState } = this.#page;
    const ends = [list.firstLine, list.lastLine].map((n) => (store.holds(n) ? axisTime(renderState.zone.clockOf(store.chunkOf(n).ts[n - store.chunkOf(n).first])) : NaN));
    this.#timeline.showVisible(Math.min(...ends), Math.max(...ends));
  }

  /** Counts lines soon, if there is anything to count. */
  #schedule() {
    const { store, view, renderState } = this.#page;
    if (this.#timer || !isTimelineShown(this.#prefs.timeline)) return;
    const state = [store.next, store.first, view.matches.length, view.criteria, renderState.zone];
    if (state.every((value, i) => value === this.#counted[i])) return;
    this.#counted = state;
    this.#timer = window.setTimeout(() => this.#count(), REFRESH_DELAY_MS);
  }

  #count() {
    const { view, renderState } = this.#page;
    const { zone } = renderState;
    const { source, levels, range, filter, matcher } = view.criteria;
    const criteria = [view.criteria, zone];
    if (criteria.some((value, i) => value !== this.#criteria[i])) this.#counts.setCriteria({ source, levels, range, zone, matches: filter && matcher ? () => view.matches : null });
    this.#criteria = criteria;
    const deadline = performance.now() + COUNT_BUDGET_MS;
    const done = this.#counts.advance(() => performance.now() > deadline);
    this.#timer = done ? 0 : window.setTimeout(() => this.#count(), COUNT_PAUSE_MS);
    if (!done) return;
    this.#showTimeline();
    this.#schedule();
  }

  #showTimeline() {
    const { zone } = this.#page.renderState;
    const { range } = this.#page.view.criteria;
    const now = axisTime(zone.clockOf(Date.now()));
    const extent = this.#counts.extent ?? [now - EMPTY_SECONDS, now];
    const stated = range ? [range[0], range[1] - 1].map((ms) => axisTime(zone.clockOf(ms))) : [NaN, NaN];
    const [from, to] = stated.map((second, i) => (Number.isFinite(second) ? second : extent[i]));
    const axis = axisOf(from, Math.max(from, to), Math.min(MAX_BARS, Math.max(1, this.#timeline.capacity)), stated.every(Number.isFinite));
    this.#timeline.show(axis, this.#counts.bars(axis), zone);
    this.#showVisible();
  }
}
