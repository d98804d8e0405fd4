// Starts the page: reads preferences and URL, opens the connection, refreshes the status bar.

import { Connection } from './connect.js';
import { Controls } from './controls.js';
import { byId, setText } from './dom.js';
import { count, plural } from './format.js';
import { parseHash } from './hash.js';
import { Overview } from './overview.js';
import { Page } from './page.js';
import { loadPrefs } from './prefs.js';
import { Rate, UnreadCount, connectionText } from './status.js';

/** Delay of status bar and sidebar behind the rows. When doubled, counts visibly lag. */
const REFRESH_DELAY_MS = 250;
/** Time between requests for `/sources`. When doubled, states of sources are older. */
const SOURCES_INTERVAL_MS = 5_000;
/** Wait for a linked line. When doubled, a missing line is reported later. */
const LINK_TIMEOUT_MS = 4_000;
/** Time of replay after connecting, excluded from the rate. When doubled, the rate appears later. */
const HISTORY_PERIOD_MS = 1_000;

/** URL of the page without user and password, with which `fetch` and `EventSource` refuse a URL. */
const BASE = location.origin + location.pathname;

const page = new Page(byId('lines', HTMLElement));
const controls = new Controls(page, loadPrefs(), () => connect());
const rate = new Rate();
const unread = new UnreadCount();
const overview = new Overview(byId('overview', HTMLCanvasElement), (part) => {
  const { lines } = page.view.rows;
  if (lines.length) page.list.scrollToLine(lines.at(Math.min(lines.length - 1, Math.floor(part * lines.length))));
});

/** @type {Connection | null} */
let connection = null;
/** @type {import('./stream.js').State} */
let state = { phase: 'connecting' };
/** Event ID of a linked line that is not stored yet. */
let linkedLine = { line: '', until: 0 };
let refreshTimer = 0;
let liveSince = Infinity;
let overviewNext = -1;
let overviewRows = /** @type {object | null} */ (null);

/** Returns the URL of the stream: JSON data, unnamed events, pings, and the server filter. */
function streamUrl() {
  const link = /** @type {HTMLLinkElement | null} */ (document.querySelector('link[rel="ssetail-stream"]'));
  const url = new URL(link?.getAttribute('href') ?? 'sse', BASE);
  url.searchParams.set('format', 'json');
  for (const flag of ['unnamed', 'ping']) url.searchParams.set(flag, '');
  const { grep, history } = page.urlState;
  if (grep) url.searchParams.set('grep', grep);
  if (history) url.searchParams.set('n', history);
  return url.href.replace(/=(?=&|$)/g, '');
}

function connect() {
  connection?.close();
  if (connection) page.clear();
  connection = new Connection(streamUrl(), {
    names: (names) => {
      page.setNames(names);
      controls.showSources();
    },
    lines: receiveLines,
    missed: (lost) => page.addGap(lost),
    state: (now) => {
      if (now.phase === 'live') void fetchSources();
      if (now.phase === 'live' && state.phase !== 'live') liveSince = Date.now();
      state = now;
      showStatus();
    },
  });
}

/** @param {import('./store.js').Batch} batch */
function receiveLines(batch) {
  const total = page.sources.count(batch);
  page.append(batch);
  if (Date.now() - liveSince > HISTORY_PERIOD_MS) rate.add(total.lines, Date.now());
  if (batch.flags.some((flags) => (flags & 7) > 2)) void fetchSources();
  if (!document.hidden) return;
  unread.add(total);
  scheduleRefresh();
}

async function fetchSources() {
  try {
    const answer = await fetch(new URL('sources', BASE), { cache: 'no-store' });
    if (!answer.ok) return;
    page.sources.update(await answer.json());
    controls.showSources();
  } catch {
    // The status bar already shows a lost connection.
  }
}

function scheduleRefresh() {
  refreshTimer ||= window.setTimeout(() => {
    refreshTimer = 0;
    showStatus();
    controls.showSources();
    findLinkedLine();
    if (overviewNext !== page.store.next || overviewRows !== page.view.rows) overview.render(page.view.rows);
    overviewNext = page.store.next;
    overviewRows = page.view.rows;
  }, REFRESH_DELAY_MS);
}

function showTitle() {
  const names = [...page.urlState.chosenSources];
  const all = names.length ? names : [...page.sources.byName.keys()];
  const label = all.length > 2 ? plural(all.length, 'source') : all.join(', ');
  document.title = unread.inTitle(label ? `${label} · ssetail` : 'ssetail');
}

function showStatus() {
  const now = Date.now();
  const { store, view, urlState, renderState } = page;
  const element = byId('connection', HTMLElement);
  element.className = `connection ${state.phase}`;
  setText(element.lastElementChild, connectionText(state, now));
  const lineCount = store.size - store.controlEvents;
  setText(byId('line-count', HTMLElement), plural(lineCount, 'line'));
  setText(byId('shown', HTMLElement), view.rows.length < store.size && view.done ? `${count(view.rows.length)} shown` : '');
  const speed = rate.perSecond(now);
  setText(byId('rate', HTMLElement), speed >= 0.5 ? `${plural(Math.round(speed), 'line')}/s` : '');
  const selected = renderState.selection ? `${plural(page.selectedLines.length, 'line')} selected` : '';
  setText(byId('details', HTMLElement), [urlState.grep && `Server filter: ${urlState.grep}`, selected].filter(Boolean).join(' · '));
  showEmpty();
  showTitle();
}

function showEmpty() {
  const mayReceiveHistory = state.phase === 'live' && Date.now() - liveSince < HISTORY_PERIOD_MS;
  const empty = byId('empty', HTMLElement);
  empty.hidden = page.view.rows.length > 0 || !page.view.done || (mayReceiveHistory && page.store.size === 0);
  if (empty.hidden) return;
  const lineCount = page.store.size - page.store.controlEvents;
  setText(empty.children[0], lineCount ? 'No matching lines' : state.phase === 'live' ? 'No lines yet' : connectionText(state, Date.now()));
  setText(empty.children[1], lineCount
    ? `${plural(lineCount, 'line')} hidden. New lines that match appear here.`
    : state.phase === 'live' ? 'Lines appear here as they are written.' : 'Lines appear here when the server responds.');
}

/** Scrolls to the linked line if the store has it. */
function findLinkedLine() {
  if (!linkedLine.line) return;
  const n = page.store.findId(linkedLine.line);
  if (n >= 0) {
    page.setCurrent(n, false);
    page.list.following = false;
    page.list.anchorLine(n);
    page.requestRender();
  } else if (Date.now() < linkedLine.until) return scheduleRefresh();
  else controls.toast('The linked line is no longer available');
  linkedLine.line = '';
}

function readAddress() {
  const { sources, ...urlState } = parseHash(location.hash);
  const mustReconnect = urlState.grep !== page.urlState.grep || urlState.history !== page.urlState.history;
  Object.assign(page.urlState, urlState, { chosenSources: new Set(sources) });
  linkedLine = { line: urlState.line, until: Date.now() + LINK_TIMEOUT_MS };
  page.applyFilters();
  controls.showUrlState();
  if (mustReconnect && connection) connect();
  scheduleRefresh();
}

page.afterRender = () => {
  controls.showFrame();
  if (page.view.rows.length > 0) byId('empty', HTMLElement).hidden = true;
  scheduleRefresh();
};
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  connection?.check();
  unread.clear();
  page.requestRender();
});
window.addEventListener('online', () => connection?.check());
window.addEventListener('hashchange', readAddress);
window.addEventListener('pagehide', (event) => event.persisted || connection?.close());
setInterval(() => {
  if (document.hidden) return;
  showStatus();
  if (page.renderState.time === 'ago') page.list.refill();
}, 1000);
setInterval(() => document.hidden || void fetchSources(), SOURCES_INTERVAL_MS);
readAddress();
connect();
