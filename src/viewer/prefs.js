// Preferences of the user, stored in the browser.

import { TIMES } from './timecolumn.js';

const STORAGE_KEY = 'ssetail';

/**
 * @typedef {object} Prefs
 * @property {'system' | 'light' | 'dark'} theme
 * @property {boolean} wrap
 * @property {import('./timecolumn.js').TimeContent} time
 * @property {string} zone `local`, `UTC` or an IANA name
 * @property {boolean | null} timeline null: shown if the window is wide
 * @property {boolean} names
 * @property {boolean} records
 * @property {boolean} side
 * @property {number} size
 * @property {boolean} fold folds entries and finished groups
 * @property {boolean} repeats groups repeated entries
 * @property {boolean} introduced true if the introduction was closed
 */

/** @type {Prefs} */
const DEFAULTS = { theme: 'system', wrap: true, time: 'line', zone: 'local', timeline: null, names: true, records: true, side: true, size: 12.5, fold: true, repeats: false, introduced: false };

/** @returns {Prefs} */
export function loadPrefs() {
  try {
    const prefs = { ...DEFAULTS, ...JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}') };
    return TIMES.includes(prefs.time) ? prefs : { ...prefs, time: DEFAULTS.time };
  } catch {
    return { ...DEFAULTS };
  }
}

/** @param {Prefs} prefs */
export function savePrefs(prefs) {
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(prefs));
  } catch {
    // Without storage, preferences last until the page is closed.
  }
}

/** Applies the preferences that affect only CSS. @param {Prefs} prefs */
export function applyPrefs({ theme, names, side, size, time, timeline }) {
  const root = document.documentElement;
  root.dataset.theme = theme;
  root.style.setProperty('--size', `${size}px`);
  root.style.setProperty('--line', `${Math.round(size * 1.6)}px`);
  root.classList.toggle('no-names', !names);
  root.classList.toggle('no-side', !side);
  root.classList.toggle('no-time', time === 'off');
  root.classList.toggle('no-timeline', !isTimelineShown(timeline));
}

/** Reports if the timeline is shown. @param {boolean | null} choice of the user; without one, it needs a wide window, as in early.js */
export const isTimelineShown = (choice) => choice ?? window.innerWidth > 760;
