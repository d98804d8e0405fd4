// Desktop notifications and sounds about lines that match while the tab is hidden, with their dialog
// and their state in the status bar.

import { byId, onClick, setText } from './dom.js';
import { plural } from './format.js';
import { showLine } from './linked.js';
import { Store } from './store.js';
import { Watch, describeFilter } from './watch.js';
import { shownText } from './view.js';

/** Least time between two notifications. When doubled, later matches are reported later. */
const PERIOD_MS = 10_000;
/** Characters of a line in a notification. When doubled, most systems cut it. */
const MAX_CHARS = 200;

const PROBLEMS = {
  denied: 'The browser blocks notifications of this address. Allow them in its settings for this site, or use the sound only.',
  missing: 'This browser shows notifications only for addresses with https and for localhost. Use the sound only.',
  none: 'Choose a notification, the sound, or both.',
  past: 'The range of times has ended, so that no new line is in it. Show all times first.',
};

export class Notifier {
  #page;
  /** @type {Watch | null} */
  #watch = null;
  #words = '';
  #hasDesktop = false;
  /** @type {AudioContext | null} context of the sound; null without sound */
  #audio = null;
  /** Matches since the last notification. */
  #count = 0;
  /** Event ID and shown text of the first of them. */
  #first = { id: '', text: '' };
  #sentAt = -PERIOD_MS;
  #timer = 0;
  /** @type {Notification | null} */
  #shown = null;

  /** @param {import('./page.js').Page} page */
  constructor(page) {
    this.#page = page;
    page.afterReceipt = (batch) => {
      if (document.hidden) this.#watch?.receive(batch);
    };
    document.addEventListener('visibilitychange', () => this.#visibilityChanged());
    onClick('notify-open', () => this.#open());
    onClick('notify-start', () => void this.#start());
    onClick('notify-off', () => this.#stop(''));
  }

  /** Filter of the page as it is now. @returns {import('./watch.js').WatchFilter} */
  get #filter() {
    const { query, levels, chosenSources, grep, fields, range } = this.#page.urlState;
    return { query: { ...query }, levels, chosen: new Set(chosenSources), grep, fields, range };
  }

  /** @param {import('./watch.js').WatchFilter} filter */
  #describe(filter) {
    return describeFilter(filter, this.#page.renderState.zone);
  }

  #open() {
    setText(byId('notify-words', HTMLElement), this.#describe(this.#filter));
    this.#showProblem('');
    byId('notify', HTMLDialogElement).showModal();
  }

  /** @param {string} problem */
  #showProblem(problem) {
    const element = byId('notify-problem', HTMLElement);
    element.hidden = problem === '';
    setText(element, problem);
  }

  /** Begins to watch, after the browser has asked for permission. */
  async #start() {
    const hasDesktop = byId('notify-desktop', HTMLInputElement).checked;
    const hasSound = byId('notify-sound', HTMLInputElement).checked;
    const problem = this.#problemOfChoice(hasDesktop, hasSound) || (hasDesktop ? await this.#askPermission() : '');
    this.#showProblem(problem);
    if (problem) return;
    this.#stop('');
    const filter = this.#filter;
    this.#hasDesktop = hasDesktop;
    if (hasSound) this.#play((this.#audio = new AudioContext()));
    this.#words = this.#describe(filter);
    const store = new Store();
    /** @type {Watch} */
    const watch = new Watch(store, this.#page.sources, filter, (lines) => this.#found(store, lines), (reason) => {
      if (this.#watch === watch) this.#stop(reason);
    });
    this.#watch = watch;
    byId('notify', HTMLDialogElement).close();
    this.#showState('');
  }

  /** @param {boolean} hasDesktop @param {boolean} hasSound @returns {string} reason for which nothing would be reported, or '' */
  #problemOfChoice(hasDesktop, hasSound) {
    if (!hasDesktop && !hasSound) return PROBLEMS.none;
    return (this.#filter.range?.[1] ?? Infinity) <= Date.now() ? PROBLEMS.past : '';
  }

  /** @returns {Promise<string>} reason for which notifications cannot be shown, or '' */
  async #askPermission() {
    if (typeof Notification === 'undefined' || !isSecureContext) return PROBLEMS.missing;
    return (await Notification.requestPermission()) === 'granted' ? '' : PROBLEMS.denied;
  }

  /** @param {string} reason for an end that the user has not asked for, or '' */
  #stop(reason) {
    this.#watch?.end();
    this.#watch = null;
    void this.#audio?.close();
    this.#audio = null;
    this.#forget();
    this.#showState(reason);
  }

  /** Shows in the status bar that notifications are on, or why they ended. @param {string} reason */
  #showState(reason) {
    const text = reason ? `Notifications ended: ${reason}` : `Notify of ${this.#words[0]?.toLowerCase()}${this.#words.slice(1)}`;
    const state = byId('notify-state', HTMLElement);
    state.hidden = !this.#watch && !reason;
    state.title = text;
    setText(byId('notify-text', HTMLElement), text);
    const off = byId('notify-off', HTMLElement);
    setText(off, reason ? 'Close' : 'Turn off');
    off.setAttribute('aria-label', reason ? 'Close' : 'Turn off notifications');
  }

  #visibilityChanged() {
    this.#watch?.skip();
    this.#forget();
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#count = 0;
    this.#shown?.close();
    this.#shown = null;
  }

  /** @param {Store} store @param {number[]} lines */
  #found(store, lines) {
    if (!document.hidden) return;
    if (this.#count === 0) {
      const chunk = store.chunkOf(lines[0]);
      this.#first = { id: store.idOf(lines[0]), text: shownText(chunk, lines[0] - chunk.first).slice(0, MAX_CHARS) };
    }
    this.#count += lines.length;
    this.#timer ||= window.setTimeout(() => this.#send(), Math.max(0, this.#sentAt + PERIOD_MS - performance.now()));
  }

  #send() {
    const [count, first] = [this.#count, this.#first];
    this.#forget();
    this.#sentAt = performance.now();
    if (this.#audio) this.#play(this.#audio);
    if (this.#hasDesktop) this.#notify(count, first);
  }

  /** Goes to a line, which the page may not hold. @param {string} id */
  #show(id) {
    const n = this.#page.store.findId(id);
    if (n >= 0) showLine(this.#page, n);
    else void this.#page.openAtId(id);
  }

  /** @param {number} count @param {{ id: string, text: string }} first */
  #notify(count, { id, text }) {
    try {
      const notification = new Notification(`ssetail: ${plural(count, 'line')}`, { body: `${this.#words}\n${text}`, tag: location.host });
      notification.onclick = () => {
        window.focus();
        notification.close();
        this.#show(id);
      };
      this.#shown = notification;
    } catch {
      // Chrome on Android shows notifications only of service workers.
      this.#stop('This browser does not show them; use the sound only');
    }
  }

  /** Plays two short tones. @param {AudioContext} audio */
  #play(audio) {
    void audio.resume();
    for (const [i, frequency] of [660, 880].entries()) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const from = audio.currentTime + i * 0.13;
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0.12, from);
      volume.gain.exponentialRampToValueAtTime(0.001, from + 0.12);
      tone.connect(volume).connect(audio.destination);
      tone.start(from);
      tone.stop(from + 0.13);
    }
  }
}
