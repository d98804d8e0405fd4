// Reads older and newer lines in time: some after the page has opened, more near the ends of the
// window. Shows above the first row what precedes it.

import { make, setText } from './dom.js';
import { plural } from './format.js';
import { LIMIT } from './page.js';

/**
 * Lines that a new page reads, so that a search finds something. When doubled, opening costs twice
 * as much.
 */
const FIRST_LINES = 10_000;
/**
 * Distance from an end at which lines are read, in viewports. When doubled, more is read in vain.
 */
const NEAR_VIEWPORTS = 8;
/**
 * Pages in each direction that are read after a movement of the user: filters may hide all of
 * their lines. When doubled, so is the load.
 */
const PAGES_PER_MOVE = 4;
/** Wait before newer lines are asked for again. When doubled, they come later after a failure. */
const RETRY_MS = 3_000;

/**
 * Returns the text above the first row.
 * @param {import('./history.js').HistoryWindow} window
 * @returns {string}
 */
export function headText({ isAtStart, isGone, problem, olderCount, isStarted }) {
  if (isGone) return problem ? `Older lines are gone: ${problem}` : 'Older lines are gone';
  if (problem) return `Older lines could not be read: ${problem}`;
  if (isAtStart) return 'Start of the log';
  if (!isStarted) return '';
  return olderCount === null ? 'Older lines' : plural(olderCount, 'older line');
}

/**
 * Element above the first row of a list.
 * @typedef {{ element: HTMLElement, text: HTMLElement, button: HTMLElement }} Head
 */

export class Loader {
  #page;
  #window;
  #moves;
  #pagesLeft = 1;
  #newerLeft = PAGES_PER_MOVE;
  #retryTimer = 0;
  #isCleared = false;
  /** @type {Head[]} */
  #heads = [];

  /**
   * @param {import('./page.js').Page} page
   * @param {import('./history.js').HistoryWindow} window
   * @param {{ toLive: () => void, toStart: (list: import('./list.js').LineList) => void }} moves
   */
  constructor(page, window, moves) {
    this.#page = page;
    this.#window = window;
    this.#moves = moves;
    page.paneAdded = ({ list }) => this.#attach(list);
    this.#attach(page.list);
  }

  /** Tells a list what is beyond its rows. @param {import('./list.js').LineList} list */
  #attach(list) {
    const window = this.#window;
    const head = { element: make('div', 'older'), text: make('span', ''), button: make('button', 'link') };
    head.element.append(head.text, head.button);
    head.button.onclick = () => this.load();
    this.#heads.push(head);
    list.setEnds({
      head: head.element,
      isLive: () => window.isLive,
      isAtStart: () => window.isAtStart || window.isGone,
      toLive: this.#moves.toLive,
      toStart: () => this.#moves.toStart(list),
      moved: () => (this.#pagesLeft = this.#newerLeft = PAGES_PER_MOVE),
    });
  }

  /**
   * Forgets earlier movements.
   * @param {boolean} isCleared true if nothing is read before the user asks for it
   */
  reset(isCleared) {
    this.#pagesLeft = isCleared ? 0 : 1;
    this.#newerLeft = PAGES_PER_MOVE;
    this.#isCleared = isCleared;
  }

  /** Reads older lines because the user wants them. */
  load() {
    this.#pagesLeft = PAGES_PER_MOVE;
    this.#window.problem = '';
    void this.#window.readOlder();
    this.#page.requestRender();
  }

  /** Reads lines if a list is near its end. Called after each frame. */
  check() {
    const { panes } = this.#page;
    const window = this.#window;
    const isDone = panes.every(({ view }) => view.done);
    if (!window.isLive && isDone && panes.some(({ list: { map } }) => map.maxTop - map.top < NEAR_VIEWPORTS * map.viewport)) this.#readNewer();
    if (isDone) this.#readOlder();
    this.showHead();
  }

  get #hasRoom() {
    const { store } = this.#page;
    return store.size < LIMIT.lines / 2 && store.chars < LIMIT.chars / 2;
  }

  /** True if lines of a new page are missing that it reads by itself. */
  get #isOpening() {
    return this.#window.isLive && this.#hasRoom && this.#page.store.size < FIRST_LINES && !this.#isCleared;
  }

  #readOlder() {
    const { panes } = this.#page;
    const window = this.#window;
    if (!window.isStarted || window.isReading || window.isAtStart || window.isGone || window.problem) return;
    const isOpening = this.#isOpening;
    const isNear = panes.some(({ list: { map } }) => map.top < NEAR_VIEWPORTS * map.viewport) && (this.#hasRoom || panes.every(({ list }) => !list.following)) && this.#pagesLeft > 0;
    if (!isOpening && isNear) this.#pagesLeft--;
    if (isOpening || isNear) void window.readOlder();
  }

  #readNewer() {
    const window = this.#window;
    if (window.isStuck) {
      this.#retryTimer ||= setTimeout(() => {
        this.#retryTimer = 0;
        window.isStuck = false;
        this.#page.requestRender();
      }, RETRY_MS);
    } else if (!window.isReadingNewer && this.#newerLeft > 0) {
      this.#newerLeft--;
      void window.readNewer();
    }
  }

  /** Shows what precedes the first row. */
  showHead() {
    const window = this.#window;
    const { store } = this.#page;
    const canLoad = window.problem !== '' || (this.#pagesLeft === 0 && !window.isAtStart && !this.#isOpening);
    for (const { text, button } of this.#heads) {
      setText(text, window.isAtStart && store.size === 0 ? '' : headText(window));
      setText(button, window.problem ? 'Try again' : 'Load older lines');
      button.hidden = !canLoad || window.isReading || window.isGone || !window.isStarted;
    }
  }
}
