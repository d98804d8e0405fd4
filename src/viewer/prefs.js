// Preferences of the user, stored in the browser.

const STORAGE_KEY = 'ssetail';

/**
 * @typedef {object} Prefs
 * @property {'system' | 'light' | 'dark'} theme
 * @property {boolean} wrap
 * @property {'off' | 'clock' | 'ago'} time
 * @property {boolean} names
 * @property {boolean} records
 * @property {boolean} side
 * @property {number} size
 * @property {boolean} fold folds entries and finished groups
 * @property {boolean} repeats groups repeated entries
 * @property {boolean} introduced true if the introduction was closed
 */

/** @type {Prefs} */
const DEFAULTS = { theme: 'system', wrap: true, time: 'off', names: true, records: true, side: true, size: 12.5, fold: true, repeats: false, introduced: false };

/** @returns {Prefs} */
export function loadPrefs() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(STORAGE_KEY) ?? '{}') };
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
export function applyPrefs({ theme, names, side, size, time }) {
  const root = document.documentElement;
  root.dataset.theme = theme;
  root.style.setProperty('--size', `${size}px`);
  root.style.setProperty('--line', `${Math.round(size * 1.6)}px`);
  root.classList.toggle('no-names', !names);
  root.classList.toggle('no-side', !side);
  root.classList.toggle('no-time', time === 'off');
}
