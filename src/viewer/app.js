// Starts the page: reads preferences and URL, opens the connection and the window of the log,
// and connects them to the page.

import { Connection } from './connect.js';
import { Controls } from './controls.js';
import { SourceNames } from './decode.js';
import { ReadProblem } from './cursor.js';
import { byId, onClick } from './dom.js';
import { endText } from './format.js';
import { parseHash } from './hash.js';
import { HistoryWindow } from './history.js';
import { findLinked, showLine, showLinked } from './linked.js';
import { Loader } from './loader.js';
import { readLines } from './ndjson.js';
import { Overview } from './overview.js';
import { Page } from './page.js';
import { loadPrefs } from './prefs.js';
import { HEALTH, fetchSourceList, problemOf, streamUrl } from './server.js';
import { GRACE_MS, Rate, UnreadCount } from './status.js';
import { StatusView } from './statusview.js';
import { FLAG, KIND } from './store.js';

/** Delay of status bar and sidebar behind the rows. When doubled, counts visibly lag. */
const REFRESH_DELAY_MS = 250;
/** Time between requests for `/sources`. When doubled, states of sources are older. */
const SOURCES_INTERVAL_MS = 5_000;
/** Wait for the first lines before a linked line is fetched. When doubled, it is fetched later. */
const LINK_TIMEOUT_MS = 4_000;
/** Time of replay after connecting, excluded from the rate. When doubled, the rate appears later. */
const HISTORY_PERIOD_MS = 1_000;

const page = new Page(byId('lines', HTMLElement));
const controls = new Controls(page, loadPrefs(), changeStream);
const rate = new Rate();
const unread = new UnreadCount();
const statusView = new StatusView(page, unread);
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
/** Body of `/sources`. @type {import('./server.js').SourceState[]} */
let sourceList = [];
/** Time at which the end of all input was seen; 0 if it was not, or came with the history. */
let endSeen = 0;
/** How the command has ended, or '' without a command. */
let outcome = '';
/** Event ID of a linked line that is not stored yet. */
let linkedLine = { line: '', until: 0 };
let refreshTimer = 0;
let liveSince = Infinity;
let overviewEnd = '';
let overviewRows = /** @type {object | null} */ (null);
/** Source names of the page. */
const names = new SourceNames();

const log = new HistoryWindow({
  store: page.store,
  read: (fields, isEnough) => readLines(streamUrl(page.urlState), fields, { names, isEnough }),
  names,
  sources: () => sourceList.map(({ name }) => name),
  prepend: (batch) => addLines(batch, () => page.prepend(batch)),
  append: (batch) => addLines(batch, () => page.append(batch)),
  clear: () => page.reset(),
  attach,
  changed: () => {
    controls.showSources();
    page.requestRender();
  },
});
const loader = new Loader(page, log, { toLive: connect, toStart: (list) => void goToStart(list) });

/** Counts lines and adds them to the page. @param {import('./store.js').Batch} batch @param {() => void} add */
function addLines(batch, add) {
  page.setNames(names.list);
  page.sources.count(batch);
  add();
}

/** @param {import('./store.js').Chunk[]} chunks @param {boolean} newest */
page.afterRemoval = (chunks, newest) => {
  for (const chunk of chunks) page.sources.count(chunk, -1);
  if (newest) log.dropped(chunks);
  else log.evicted(chunks);
};

/** Opens the stream at its newest lines, and drops the lines of an earlier one. */
function connect() {
  const isFirst = connection === null;
  log.reset();
  loader.reset(false);
  if (!isFirst) page.reset();
  remark = null;
  attach('');
}

/** @param {string} after ID of the last event that the page has, or '' */
function attach(after) {
  const earlier = connection;
  /** Source index of the page for each of the stream. @type {number[]} */
  let indexes = [];
  const ours = (/** @type {import('./store.js').Batch} */ batch) => {
    batch.source.forEach((source, i) => (batch.source[i] = indexes[source] ?? source));
    return batch;
  };
  connection = new Connection({ url: streamUrl(page.urlState), health: HEALTH, after }, {
    names: (list) => {
      indexes = list.map((name) => names.indexOf(name));
      page.setNames(names.list);
      controls.showSources();
    },
    start: (start) => {
      log.start({ ...start, first: start.first && ours(start.first) });
      showTotal();
    },
    lines: (batch) => receiveLines(ours(batch)),
    missed: (lost) => log.isLive && page.addGap(lost),
    state: receiveState,
  });
  // The stream stays open when the earlier connection to it is closed only now.
  earlier?.close();
}

/** @param {import('./stream.js').State} now */
function receiveState(now) {
  if (now.phase === 'live' || now.phase === 'ended') void fetchSources();
  if (now.phase === 'live' && state.phase !== 'live') {
    liveSince = Date.now();
    if (!log.isGone) log.problem = '';
    page.requestRender();
  }
  state = now;
  showStatus();
  // A loss is shown when it has lasted for the grace period, rather than at the next tick.
  if (state.lostAt) setTimeout(showStatus, GRACE_MS + 50);
}

/**
 * Opens a stream with another filter. The lines and the stream stay if the server does not accept it.
 * @param {{ grep: string }} filter
 * @returns {Promise<string>} reason for which the filter is not used, or ''
 */
async function changeStream(filter) {
  const problem = await problemOf(filter);
  if (problem) return problem;
  Object.assign(page.urlState, filter);
  connect();
  return '';
}

/** @param {import('./store.js').Batch} batch */
function receiveLines(batch) {
  const isHeld = log.receive(batch);
  const total = page.sources.total(batch);
  if (Date.now() - liveSince > HISTORY_PERIOD_MS) rate.add(total.lines, Date.now());
  if (batch.flags.some((flags) => (flags & FLAG.KIND) > KIND.GAP)) void fetchSources();
  noteEnds(batch);
  if (document.hidden) unread.add(total);
  page.afterReceipt(batch);
  if (document.hidden || !isHeld) scheduleRefresh();
}

/** Notes sources that have ended: the server may be gone before it is asked for them. @param {import('./store.js').Batch} batch */
function noteEnds(batch) {
  batch.flags.subarray(0, batch.count).forEach((flags, i) => {
    if ((flags & FLAG.KIND) !== KIND.END) return;
    const name = page.sources.names[batch.source[i]];
    for (const source of sourceList) if (source.name === name) source.state = 'ended';
    endSeen = Date.now() - liveSince > HISTORY_PERIOD_MS ? batch.time[i] : 0;
    const end = JSON.parse(batch.text.slice(batch.textEnds[i - 1] ?? 0, batch.textEnds[i]));
    if ('status' in end || 'signal' in end) outcome = endText(end);
  });
}

/** Returns the time at which all input had ended, or 0. */
function finishedAt() {
  const isFinished = state.phase === 'ended' || (sourceList.length > 0 && sourceList.every((source) => source.state === 'ended'));
  if (!isFinished) return (endSeen = 0);
  return endSeen || Math.max(0, ...sourceList.map((source) => source.last_change ?? 0)) || (endSeen = Date.now());
}

async function fetchSources() {
  const list = await fetchSourceList();
  if (!list) return;
  sourceList = list;
  page.updateSources(list);
  showTotal();
  controls.showSources();
}

/** Tells the window how many lines the log has; a filter leaves that unknown. */
function showTotal() {
  const total = sourceList.reduce((sum, { lines }) => sum + (lines ?? 0), 0);
  if (!total || page.urlState.grep) return;
  log.setTotal(total);
  loader.showHead();
}

function scheduleRefresh() {
  refreshTimer ||= window.setTimeout(() => {
    refreshTimer = 0;
    showStatus();
    controls.showSources();
    findLinkedLine();
    const end = `${page.store.first}-${page.store.next}`;
    if (overviewEnd !== end || overviewRows !== page.view.rows) overview.render(page.view.rows);
    overviewEnd = end;
    overviewRows = page.view.rows;
  }, REFRESH_DELAY_MS);
}

function runNoticeAction() {
  const { action } = byId('notice-action', HTMLButtonElement).dataset;
  if (action === 'retry') connection?.check();
  else if (action === 'reload') location.reload();
  else if (action === 'filter') controls.editServerFilter();
  else remark = null;
  showStatus();
}

function showStatus() {
  const isRecent = state.phase === 'live' && Date.now() - liveSince < HISTORY_PERIOD_MS;
  const mayReceive = isRecent || (state.phase === 'live' && !log.isStarted);
  statusView.show({ state, finished: finishedAt(), outcome, remark, speed: rate.perSecond(Date.now()), mayReceive });
}

/** Scrolls to the linked line, which the server is asked for if the page does not get it with the stream. */
function findLinkedLine() {
  const { line, until } = linkedLine;
  if (!line) return;
  const n = findLinked(page);
  if (n < 0 && !log.isStarted && Date.now() < until) return scheduleRefresh();
  linkedLine.line = '';
  if (n >= 0) goToLinkedLine(n);
  else void open('The linked line', async () => goToLinkedLine(await log.openAtId(line)));
}

/** @param {number} n */
function goToLinkedLine(n) {
  showLinked(page, n);
}

/**
 * Opens the window elsewhere, and says why if that fails.
 * @param {string} what
 * @param {() => Promise<void>} go
 */
async function open(what, go) {
  try {
    await go();
    loader.reset(false);
    remark = null;
  } catch (error) {
    if (!(error instanceof ReadProblem)) throw error;
    const text = error.isGone ? `${what} is gone: ${reasonOfGone(error.message)}` : `${what} could not be fetched: ${error.message}`;
    remark = { isBad: false, text, action: 'close' };
  }
  showStatus();
}

/** Returns the reason for which the server has no such line. @param {string} problem sentence of the server */
const reasonOfGone = (problem) => (problem.startsWith('before ') ? 'the server has been restarted since, or never had it' : problem);

/** Goes to the first line of the log. @param {import('./list.js').LineList} list */
async function goToStart(list) {
  await log.readOlder();
  if (!log.isAtStart && !log.isGone) await open('The start of the log', () => log.openAtStart());
  if (log.isAtStart || log.isGone) list.toStart();
}

/** Goes to the first line at or after a time, or else to the newest line. @param {number} ms */
page.openAtTime = (ms) => open('This time', async () => {
  const n = await log.openAtTime(ms);
  if (n < 0) page.list.follow(true);
  else goToLinkedLine(n);
});

/** Goes to a line that the page does not hold. @param {string} id */
page.openAtId = (id) => open('The line', async () => showLine(page, await log.openAtId(id)));

function readAddress() {
  const { sources, ...urlState } = parseHash(location.hash);
  const mustReconnect = urlState.grep !== page.urlState.grep;
  Object.assign(page.urlState, urlState, { chosenSources: new Set(sources) });
  linkedLine = { line: urlState.line, until: Date.now() + LINK_TIMEOUT_MS };
  page.applyFilters();
  controls.showUrlState();
  if (mustReconnect && connection) connect();
  scheduleRefresh();
}

page.afterRender = () => {
  controls.showFrame();
  loader.check();
  if (page.view.rows.length > 0) byId('empty', HTMLElement).hidden = true;
  scheduleRefresh();
};
page.afterClear = () => {
  loader.reset(true);
  page.requestRender();
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
window.addEventListener('pageshow', (event) => event.persisted && connection && attach(log.position));
onClick('notice-action', runNoticeAction);
setInterval(() => {
  if (document.hidden) return;
  showStatus();
  if (page.renderState.time === 'ago') page.list.refill();
}, 1000);
setInterval(() => document.hidden || void fetchSources(), SOURCES_INTERVAL_MS);
readAddress();
connect();
