// Badge beside a source or folder with the number of its error entries; a click shows only these.

import { make, setText } from './dom.js';
import { compact, plural } from './format.js';

/**
 * Shows the badge at the end of an item of the list of sources, unless there is no error.
 * @param {HTMLElement} item
 * @param {string} name of the source, or of the folder with a slash at its end
 * @param {number} errors
 * @param {(name: string) => void} showErrors
 */
export function showErrorBadge(item, name, errors, showErrors) {
  let badge = /** @type {HTMLButtonElement | null} */ (item.querySelector(':scope > .error-badge'));
  if (!badge) {
    if (errors === 0) return;
    badge = /** @type {HTMLButtonElement} */ (make('button', 'error-badge'));
    badge.append(make('b', ''));
    badge.onclick = () => showErrors(name);
    item.append(badge);
  }
  badge.hidden = errors === 0;
  setText(badge.firstElementChild, compact(errors));
  badge.title = `Show only the errors of ${name}`;
  badge.setAttribute('aria-label', `${plural(errors, 'error')} in ${name}: show only these`);
}
