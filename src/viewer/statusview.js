// Shows the state of the connection and of the lines: status bar, notice below the lines, message
// of an empty list, title and icon.

import { byId, setText } from './dom.js';
import { count, plural } from './format.js';
import { ACTION_LABELS, connectionText, isLost, noticeOf } from './status.js';

/**
 * @typedef {object} Situation
 * @property {import('./stream.js').State} state
 * @property {number} finished time at which all input had ended, or 0
 * @property {string} outcome how the command has ended, or '' without a command
 * @property {import('./status.js').Notice | null} remark what the page says besides the state of
 *   its connection
 * @property {number} speed lines per second
 * @property {boolean} mayReceive true if the first lines are still to come
 */

export class StatusView {
  #page;
  #unread;
  #icon = /** @type {HTMLLinkElement} */ (document.querySelector('link[rel="icon"]'));
  #liveIcon = this.#icon.href;
  /** Icon on red, in the colours of index.html. */
  #lostIcon = this.#liveIcon.replace('%2316202b', '%23c62f28').replace('%238fa3b5', '%23ffffff').replace('%2344d7a8', '%23ffffff');

  /** @param {import('./page.js').Page} page @param {import('./status.js').UnreadCount} unread */
  constructor(page, unread) {
    this.#page = page;
    this.#unread = unread;
  }

  /** @param {Situation} situation */
  show(situation) {
    const now = Date.now();
    const { state, finished, speed } = situation;
    const { store, view, urlState, renderState } = this.#page;
    const lost = isLost(state, finished, now);
    const element = byId('connection', HTMLElement);
    element.className = `connection ${state.phase}${lost ? ' lost' : ''}${finished ? ' finished' : ''}`;
    setText(element.lastElementChild, connectionText(state, finished, now, situation.outcome));
    this.#showNotice(situation, now);
    setText(byId('line-count', HTMLElement), plural(store.size - store.controlEvents, 'line'));
    setText(byId('shown', HTMLElement), view.rows.length < store.size && view.done ? `${count(view.rows.length)} shown` : '');
    setText(byId('rate', HTMLElement), speed >= 0.5 ? `${plural(Math.round(speed), 'line')}/s` : '');
    const selected = renderState.selection ? `${plural(this.#page.current.selectedCount, 'line')} selected` : '';
    setText(byId('details', HTMLElement), [urlState.grep && `Server filter: ${urlState.grep}`, selected].filter(Boolean).join(' · '));
    this.#showEmpty(situation);
    this.#showTitle(situation, now);
  }

  /** @param {Situation} situation @param {number} now */
  #showTitle({ state, finished, outcome }, now) {
    const { urlState, sources } = this.#page;
    const names = [...urlState.chosenSources];
    const all = names.length ? names : [...sources.byName.keys()];
    const label = all.length > 2 ? plural(all.length, 'source') : all.join(', ');
    const word = finished || isLost(state, finished, now) ? connectionText(state, finished, now, outcome).replace(/(?: at)? [\d:]+$/, '') : '';
    document.title = this.#unread.inTitle([word, label, 'ssetail'].filter(Boolean).join(' · '));
  }

  /**
   * Shows the notice below the lines, and its state in the icon.
   * @param {Situation} situation
   * @param {number} now
   */
  #showNotice({ state, finished, remark }, now) {
    const notice = noticeOf(state, finished, now) ?? remark;
    const element = byId('notice', HTMLElement);
    element.hidden = !notice;
    element.classList.toggle('bad', Boolean(notice?.isBad));
    setText(element.firstElementChild, notice?.text ?? '');
    const button = byId('notice-action', HTMLButtonElement);
    button.dataset.action = notice?.action ?? '';
    setText(button, ACTION_LABELS[notice?.action ?? '']);
    const icon = isLost(state, finished, now) ? this.#lostIcon : this.#liveIcon;
    if (this.#icon.href !== icon) this.#icon.href = icon;
  }

  /** @param {Situation} situation */
  #showEmpty({ state, finished, mayReceive }) {
    const { store, view } = this.#page;
    const empty = byId('empty', HTMLElement);
    empty.hidden = view.rows.length > 0 || !view.done || (mayReceive && store.size === 0);
    if (empty.hidden) return;
    const lines = store.size - store.controlEvents;
    setText(empty.children[0], lines ? 'No matching lines' : state.phase === 'live' ? 'No lines yet' : connectionText(state, finished, Date.now()));
    setText(empty.children[1], lines
      ? `${plural(lines, 'line')} hidden. New lines that match appear here.`
      : state.phase === 'live' ? 'Lines appear here as they are written.' : 'Lines appear here when the server responds.');
  }
}
