// Reads older and newer lines in time: some after the page has opened, more near the ends of the
// window. Shows above the first row what precedes it.

import { setText } from './dom.js';
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

export class Loader {
  #page;
  #window;
  #pagesLeft = 1;
  #newerLeft = PAGES_PER_MOVE;
  #retryTimer = 0;
  #isCleared = false;
  #head = document.createElement('div');
  #text = document.createElement('span');
  #button = document.createElement('button');

  /**
   * @param {import('./page.js').Page} page
   * @param {import('./history.js').HistoryWindow} window
   * @param {{ toLive: () => void, toStart: () => void }} moves
   */
  constructor(page, window, { toLive, toStart }) {
    this.#page = page;
    this.#window = window;
    this.#head.className = 'older';
    this.#head.append(this.#text, this.#button);
    this.#button.className = 'link';
    this.#button.onclick = () => this.load();
    page.list.setEnds({
      head: this.#head,
      isLive: () => window.isLive,
      isAtStart: () => window.isAtStart || window.isGone,
      toLive,
      toStart,
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

  /** Reads lines if an end is near. Called after each frame. */
  check() {
    const { list, view, store } = this.#page;
    const window = this.#window;
    const near = NEAR_VIEWPORTS * list.map.viewport;
    if (!window.isLive && view.done && list.map.maxTop - list.map.top < near) this.#readNewer();
    this.showHead();
    if (!view.done || !window.isStarted || window.isReading || window.isAtStart || window.isGone || window.problem) return;
    const hasRoom = store.size < LIMIT.lines / 2 && store.chars < LIMIT.chars / 2;
    const isFirst = window.isLive && hasRoom && store.size < FIRST_LINES && !this.#isCleared;
    const isNear = list.map.top < near && (hasRoom || !list.following) && this.#pagesLeft > 0;
    if (!isFirst && isNear) this.#pagesLeft--;
    if (isFirst || isNear) void window.readOlder();
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
    const canLoad = window.problem !== '' || (this.#pagesLeft === 0 && !window.isAtStart);
    setText(this.#text, window.isAtStart && store.size === 0 ? '' : headText(window));
    setText(this.#button, window.problem ? 'Try again' : 'Load older lines');
    this.#button.hidden = !canLoad || window.isReading || window.isGone || !window.isStarted;
  }
}
