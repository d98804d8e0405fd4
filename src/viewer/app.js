// Starts the page: reads preferences and URL, opens the connection, refreshes the status bar,
// fetches linked lines that the page does not have.

import { Connection } from './connect.js';
import { Controls } from './controls.js';
import { byId, onClick, setText } from './dom.js';
import { count, plural } from './format.js';
import { parseHash } from './hash.js';
import { findLinked, showLinked } from './linked.js';
import { Overview } from './overview.js';
import { Page } from './page.js';
import { loadPrefs } from './prefs.js';
import { ACTION_LABELS, GRACE_MS, Rate, UnreadCount, connectionText, isLost, noticeOf } from './status.js';
import { FLAG, KIND } from './store.js';

/** Delay of status bar and sidebar behind the rows. When doubled, counts visibly lag. */
const REFRESH_DELAY_MS = 250;
/** Time between requests for `/sources`. When doubled, states of sources are older. */
const SOURCES_INTERVAL_MS = 5_000;
/** Wait for a linked line in the stream. When doubled, an older line is fetched later. */
const LINK_TIMEOUT_MS = 4_000;
/** Time of replay after connecting, excluded from the rate. When doubled, the rate appears later. */
const HISTORY_PERIOD_MS = 1_000;

/** URL of the page without user and password, with which `fetch` and `EventSource` refuse a URL. */
const BASE = location.origin + location.pathname;

const page = new Page(byId('lines', HTMLElement));
const controls = new Controls(page, loadPrefs(), changeStream);
const rate = new Rate();
const unread = new UnreadCount();
const overview = new Overview(byId('overview', HTMLCanvasElement), (part) => {
  const { lines } = page.view.rows;
  if (lines.length) page.list.scrollToLine(lines.at(Math.min(lines.length - 1, Math.floor(part * lines.length))));
});

/** @type {Connection | null} */
let connection = null;
/** @type {import('./stream.js').State} */
let state = { phase: 'connecting', lostAt: 0 };
/** What the page says besides the state of its connection. @type {import('./status.js').Notice | null} */
let remark = null;
/** True while the page shows an excerpt of the history in place of the stream. */
let isExcerpt = false;
/** Body of `/sources`. @type {{ name: string, state: string, last_change: number | null }[]} */
let sourceList = [];
/** Time at which the end of all input was seen; 0 if it was not, or came with the history. */
let endSeen = 0;
/** Event ID of a linked line that is not stored yet. */
let linkedLine = { line: '', until: 0 };
let refreshTimer = 0;
let liveSince = Infinity;
let overviewNext = -1;
let overviewRows = /** @type {object | null} */ (null);

/**
 * Returns the URL of the stream: JSON data, unnamed events, pings, and the server filter with whole entries.
 * @param {{ grep: string, history: string }} filter
 */
function streamUrl({ grep, history } = page.urlState) {
  const link = /** @type {HTMLLinkElement | null} */ (document.querySelector('link[rel="ssetail-stream"]'));
  const url = new URL(link?.getAttribute('href') ?? 'sse', BASE);
  url.searchParams.set('format', 'json');
  for (const flag of ['unnamed', 'ping']) url.searchParams.set(flag, '');
  if (grep) url.searchParams.set('grep', grep);
  if (grep) url.searchParams.set('entries', '');
  if (history) url.searchParams.set('n', history);
  return url.href.replace(/=(?=&|$)/g, '');
}

/** Opens the stream, and drops the lines of an earlier one. */
function connect() {
  connection?.close();
  if (connection || isExcerpt) page.clear();
  isExcerpt = false;
  remark = null;
  attach('');
}

/** @param {string} after ID of the last event that the page has, or '' */
function attach(after) {
  const health = new URL('healthz', BASE).href;
  connection = new Connection({ url: streamUrl(), health, after }, {
    names: (names) => {
      page.setNames(names);
      controls.showSources();
    },
    lines: receiveLines,
    missed: (lost) => page.addGap(lost),
    state: receiveState,
  });
}

/** @param {import('./stream.js').State} now */
function receiveState(now) {
  if (now.phase === 'live') void fetchSources();
  if (now.phase === 'live' && state.phase !== 'live') liveSince = Date.now();
  state = now;
  showStatus();
  // A loss is shown when it has lasted for the grace period, rather than at the next tick.
  if (state.lostAt) setTimeout(showStatus, GRACE_MS + 50);
}

/**
 * Opens a stream with another filter. The lines and the stream stay if the server does not accept it.
 * @param {{ grep: string, history: string }} filter
 * @returns {Promise<string>} reason for which the filter is not used, or ''
 */
async function changeStream(filter) {
  const problem = await problemOf(filter);
  if (problem) return problem;
  Object.assign(page.urlState, filter);
  connect();
  return '';
}

/** Asks the server for an empty read with the filter. @param {{ grep: string, history: string }} filter */
async function problemOf(filter) {
  const url = new URL(streamUrl({ ...filter, history: '0' }));
  url.searchParams.set('follow', '0');
  try {
    const answer = await fetch(url, { cache: 'no-store', headers: { accept: 'application/x-ndjson' } });
    if (answer.ok) return '';
    return (await answer.text()).trim().slice(0, 300) || `The server answered with status ${answer.status}`;
  } catch {
    return 'The server does not respond';
  }
}

/** @param {import('./store.js').Batch} batch */
function receiveLines(batch) {
  const total = page.sources.count(batch);
  page.append(batch);
  if (Date.now() - liveSince > HISTORY_PERIOD_MS) rate.add(total.lines, Date.now());
  if (batch.flags.some((flags) => (flags & FLAG.KIND) > KIND.GAP)) void fetchSources();
  noteEnds(batch);
  if (!document.hidden) return;
  unread.add(total);
  scheduleRefresh();
}

/** Notes sources that have ended: the server may be gone before it is asked for them. @param {import('./store.js').Batch} batch */
function noteEnds(batch) {
  batch.flags.subarray(0, batch.count).forEach((flags, i) => {
    if ((flags & FLAG.KIND) !== KIND.END) return;
    const name = page.sources.names[batch.source[i]];
    for (const source of sourceList) if (source.name === name) source.state = 'ended';
    endSeen = Date.now() - liveSince > HISTORY_PERIOD_MS ? batch.time[i] : 0;
  });
}

/** Returns the time at which all input had ended, or 0. */
function finishedAt() {
  const isFinished = state.phase === 'ended' || (sourceList.length > 0 && sourceList.every((source) => source.state === 'ended'));
  if (!isFinished) return (endSeen = 0);
  return endSeen || Math.max(0, ...sourceList.map((source) => source.last_change ?? 0)) || (endSeen = Date.now());
}

async function fetchSources() {
  try {
    const answer = await fetch(new URL('sources', BASE), { cache: 'no-store' });
    if (!answer.ok) return;
    const list = await answer.json();
    sourceList = Array.isArray(list) ? list : [];
    page.updateSources(list);
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
  const parts = [connectionWord(), label, 'ssetail'].filter(Boolean);
  document.title = unread.inTitle(parts.join(' · '));
}

/** Returns the state of the connection for the title; '' while it is as expected. */
function connectionWord() {
  const finished = finishedAt();
  return finished || isLost(state, finished, Date.now()) ? connectionText(state, finished, Date.now()).replace(/ [\d:]+$/, '') : '';
}

const icon = /** @type {HTMLLinkElement} */ (document.querySelector('link[rel="icon"]'));
const liveIcon = icon.href;
/** Icon on red, in the colours of index.html. */
const lostIcon = liveIcon.replace('%2316202b', '%23c62f28').replace('%238fa3b5', '%23ffffff').replace('%2344d7a8', '%23ffffff');

/** Shows the notice below the lines, and its state in the icon. @param {number} finished @param {number} now */
function showNotice(finished, now) {
  const lost = !isExcerpt && isLost(state, finished, now);
  const notice = (isExcerpt ? null : noticeOf(state, finished, now)) ?? remark;
  const element = byId('notice', HTMLElement);
  element.hidden = !notice;
  element.classList.toggle('bad', Boolean(notice?.isBad));
  setText(element.firstElementChild, notice?.text ?? '');
  const button = byId('notice-action', HTMLButtonElement);
  button.dataset.action = notice?.action ?? '';
  setText(button, ACTION_LABELS[notice?.action ?? '']);
  if (icon.href !== (lost ? lostIcon : liveIcon)) icon.href = lost ? lostIcon : liveIcon;
}

function runNoticeAction() {
  const { action } = byId('notice-action', HTMLButtonElement).dataset;
  if (action === 'retry') connection?.check();
  else if (action === 'reload') location.reload();
  else if (action === 'filter') controls.editServerFilter();
  else if (action === 'live') connect();
  else remark = null;
  showStatus();
}

function showStatus() {
  const now = Date.now();
  const { store, view, urlState, renderState } = page;
  const element = byId('connection', HTMLElement);
  const finished = finishedAt();
  const lost = !isExcerpt && isLost(state, finished, now);
  element.className = `connection ${isExcerpt ? 'excerpt' : state.phase}${lost ? ' lost' : ''}${finished ? ' finished' : ''}`;
  setText(element.lastElementChild, isExcerpt ? 'Not live' : connectionText(state, finished, now));
  showNotice(finished, now);
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
  setText(empty.children[0], lineCount ? 'No matching lines' : state.phase === 'live' ? 'No lines yet' : connectionText(state, finishedAt(), Date.now()));
  setText(empty.children[1], lineCount
    ? `${plural(lineCount, 'line')} hidden. New lines that match appear here.`
    : state.phase === 'live' ? 'Lines appear here as they are written.' : 'Lines appear here when the server responds.');
}

/** Scrolls to the linked line, which the server is asked for if the page does not get it with the stream. */
function findLinkedLine() {
  const { line, until } = linkedLine;
  if (!line) return;
  const n = findLinked(page);
  const hasHistory = state.phase === 'live' && Date.now() - liveSince > HISTORY_PERIOD_MS;
  if (n < 0 && !hasHistory && Date.now() < until) return scheduleRefresh();
  linkedLine.line = '';
  if (n < 0) return void fetchLinkedLine(line);
  goToLinkedLine(n);
}

/** @param {number} n */
function goToLinkedLine(n) {
  showLinked(page, n);
}

/** @param {string} id */
async function fetchLinkedLine(id) {
  try {
    const { fetchExcerpt, batchesOf } = await import('./excerpt.js');
    const excerpt = await fetchExcerpt(streamUrl(), id);
    if (excerpt.line < 0) remark = { isBad: false, text: `The linked line is gone: ${reasonOfGone(excerpt.problem)}`, action: 'close' };
    else showExcerpt(excerpt, batchesOf(excerpt.store));
  } catch {
    remark = { isBad: false, text: 'The linked line could not be fetched from the server', action: 'close' };
  }
  showStatus();
}

/** Returns the reason for which the server has no such line. @param {string} problem sentence of the server */
const reasonOfGone = (problem) => (problem.startsWith('before ') ? 'the server has been restarted since, or never had it' : problem);

/**
 * Shows a part of the history in place of the stream.
 * @param {import('./excerpt.js').Excerpt} excerpt
 * @param {Iterable<import('./store.js').Batch>} batches
 */
function showExcerpt(excerpt, batches) {
  connection?.close();
  connection = null;
  page.clear();
  isExcerpt = true;
  const first = page.store.next;
  page.setNames(excerpt.names);
  for (const batch of batches) {
    page.sources.count(batch);
    page.append(batch);
  }
  controls.showSources();
  goToLinkedLine(first + excerpt.line);
  remark = { isBad: false, text: `${plural(excerpt.store.size - excerpt.store.controlEvents, 'line')} around the linked line; later lines are not shown`, action: 'live' };
}

/** Returns the ID of the newest event of the page; a gap repeats the one before it. */
function lastId() {
  for (let n = page.store.next - 1; n >= page.store.first; n--) {
    const id = page.idOf(n);
    if (id) return id;
  }
  return '';
}

function readAddress() {
  const { sources, ...urlState } = parseHash(location.hash);
  const mustReconnect = urlState.grep !== page.urlState.grep || urlState.history !== page.urlState.history;
  Object.assign(page.urlState, urlState, { chosenSources: new Set(sources) });
  linkedLine = { line: urlState.line, until: Date.now() + LINK_TIMEOUT_MS };
  page.applyFilters();
  controls.showUrlState();
  if (mustReconnect && (connection || isExcerpt)) connect();
  scheduleRefresh();
}

page.afterRender = () => {
  controls.showFrame();
  if (page.view.rows.length > 0) byId('empty', HTMLElement).hidden = true;
  scheduleRefresh();
};
document.addEventListener('visibilitychange', () => {
  connection?.watch(!document.hidden);
  if (document.hidden) return;
  connection?.check();
  unread.clear();
  page.requestRender();
});
window.addEventListener('online', () => connection?.check());
window.addEventListener('hashchange', readAddress);
// A page in the back/forward cache cannot receive lines, and a full queue of them would evict it.
window.addEventListener('pagehide', () => connection?.close());
window.addEventListener('pageshow', (event) => event.persisted && connection && attach(lastId()));
onClick('notice-action', runNoticeAction);
setInterval(() => {
  if (document.hidden) return;
  showStatus();
  if (page.renderState.time === 'ago') page.list.refill();
}, 1000);
setInterval(() => document.hidden || void fetchSources(), SOURCES_INTERVAL_MS);
readAddress();
connect();
