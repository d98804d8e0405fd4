// Texts of the status bar, of the notice below the lines, and of the window title.

import { clock, count, plural } from './format.js';

/** Seconds per average rate. When doubled, the rate changes more slowly. */
const RATE_SECONDS = 3;

/** Time without connection that is not shown as a loss: a restart is often shorter. When doubled, a loss is shown later. */
export const GRACE_MS = 1_000;

/**
 * Bar below the lines.
 * @typedef {object} Notice
 * @property {boolean} isBad
 * @property {string} text
 * @property {'' | 'retry' | 'reload' | 'filter' | 'live' | 'close'} action
 */

/** Labels of the button of a notice. */
export const ACTION_LABELS = { '': '', retry: 'Try now', reload: 'Sign in', filter: 'Change server filter', live: 'Show newest lines', close: 'Close' };

/** @param {import('./stream.js').State} state */
const isDown = ({ phase }) => phase !== 'live' && phase !== 'ended';

/**
 * Reports if lines may be missing because there is no connection.
 * @param {import('./stream.js').State} state
 * @param {number} finishedAt time at which all input had ended, or 0
 * @param {number} now
 */
export function isLost(state, finishedAt, now) {
  if (!isDown(state) || finishedAt) return false;
  return state.phase === 'refused' || state.phase === 'rejected' || (state.lostAt ? now - state.lostAt >= GRACE_MS : state.phase === 'waiting');
}

/**
 * @param {import('./stream.js').State} state
 * @param {number} finishedAt time at which all input had ended, or 0
 * @param {number} now
 * @param {string} outcome how the command has ended, or '' without a command
 * @returns {string}
 */
export function connectionText(state, finishedAt, now, outcome = '') {
  if (finishedAt) {
    const text = outcome ? `${outcome[0]?.toUpperCase()}${outcome.slice(1)} at` : 'Finished';
    return `${text} ${clock(finishedAt).slice(0, 8)}`;
  }
  if (!isDown(state)) return 'Live';
  if (!isLost(state, finishedAt, now)) return state.lostAt ? 'Reconnecting…' : 'Connecting…';
  if (state.phase === 'refused') return 'Access refused';
  if (state.phase === 'rejected') return 'Filter not accepted';
  return state.lostAt ? 'Disconnected' : 'Not connected';
}

/** Formats as `12 s`, `3 min`, `2 h`. @param {number} ms */
function duration(ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

/**
 * @param {import('./stream.js').State} state
 * @param {number} finishedAt time at which all input had ended, or 0
 * @param {number} now
 * @returns {Notice | null}
 */
export function noticeOf(state, finishedAt, now) {
  if (!isLost(state, finishedAt, now)) return null;
  const { phase, lostAt, status = 0, message = '', retryAt = 0 } = state;
  const sentence = message ? `: ${message.replace(/\.$/, '')}` : '';
  if (phase === 'rejected') return { isBad: true, text: `The server does not accept the filter${sentence}`, action: 'filter' };
  if (phase === 'refused') {
    const text = status === 403 ? `The server refuses this page (status 403)${sentence}` : 'Signed out: new lines arrive after you sign in again';
    return { isBad: true, text, action: 'reload' };
  }
  const since = lostAt ? `Disconnected ${duration(now - lostAt)} ago` : 'Not connected';
  const reason = sentence || (status ? ` (status ${status})` : '');
  const next = phase === 'waiting' && retryAt > now ? `trying again in ${duration(retryAt - now + 499)}` : 'trying now';
  return { isBad: true, text: `${since}${reason}, ${next}`, action: 'retry' };
}

/** Counts received lines per second. */
export class Rate {
  /** @type {{ second: number, lines: number }[]} */
  #seconds = [];

  /** @param {number} lines @param {number} now */
  add(lines, now) {
    const second = Math.floor(now / 1000);
    const last = this.#seconds.at(-1);
    if (last?.second === second) last.lines += lines;
    else this.#seconds.push({ second, lines });
    while (this.#seconds.length > RATE_SECONDS + 1) this.#seconds.shift();
  }

  /** @param {number} now */
  perSecond(now) {
    const second = Math.floor(now / 1000);
    const full = this.#seconds.filter((each) => each.second < second && each.second >= second - RATE_SECONDS);
    return full.reduce((sum, each) => sum + each.lines, 0) / RATE_SECONDS;
  }
}

/** Counts lines received while the tab is hidden, for the window title. */
export class UnreadCount {
  lines = 0;
  errors = 0;

  /** @param {{ lines: number, errors: number }} counts */
  add({ lines, errors }) {
    this.lines += lines;
    this.errors += errors;
  }

  clear() {
    this.lines = this.errors = 0;
  }

  /** @param {string} title */
  inTitle(title) {
    if (this.errors) return `(${plural(this.errors, 'error')}, ${count(this.lines)}) ${title}`;
    return this.lines ? `(${count(this.lines)}) ${title}` : title;
  }
}
