// Starts the page: preferences, controls, the connection, and what is refreshed at leisure.

import { Connection } from './connect.js';
import { Controls } from './controls.js';
import { byId, put } from './dom.js';
import { count, plural } from './format.js';
import { parseHash } from './hash.js';
import { Marks } from './marks.js';
import { Page } from './page.js';
import { loadPrefs } from './prefs.js';
import { Rate, Unseen, connectionText } from './status.js';

const LEISURE = 250;
const ASK_SOURCES = 5_000;
const LINK_PATIENCE = 4_000;
/** What comes so soon after connecting is history, and no rate. */
const SETTLING = 1_000;

const page = new Page(byId('lines', HTMLElement));
const controls = new Controls(page, loadPrefs(), () => connect());
const rate = new Rate();
const unseen = new Unseen();
const marks = new Marks(byId('marks', HTMLCanvasElement), (part) => {
  const { lines } = page.view.rows;
  if (lines.length) page.list.reveal(lines.at(Math.min(lines.length - 1, Math.floor(part * lines.length))));
});

/** @type {Connection | null} */
let connection = null;
/** @type {import('./stream.js').State} */
let state = { phase: 'connecting' };
/** A linked line that has not arrived yet. */
let wanted = { line: '', until: 0 };
let due = 0;
let liveSince = Infinity;
let drawnNext = -1;
let drawnView = /** @type {object | null} */ (null);

/** The stream's address, with what a page needs: one JSON shape for all lines, and pings. */
function streamUrl() {
  const link = /** @type {HTMLLinkElement | null} */ (document.querySelector('link[rel="ssetail-stream"]'));
  const url = new URL(link?.getAttribute('href') ?? 'sse', document.baseURI);
  url.searchParams.set('format', 'json');
  for (const flag of ['unnamed', 'ping']) url.searchParams.set(flag, '');
  const { grep, history } = page.place;
  if (grep) url.searchParams.set('grep', grep);
  if (history) url.searchParams.set('n', history);
  return url.href.replace(/=(?=&|$)/g, '');
}

function connect() {
  connection?.close();
  if (connection) page.clear();
  connection = new Connection(streamUrl(), {
    names: (names) => {
      page.named(names);
      controls.showSources();
    },
    lines: arrived,
    missed: (lost) => page.missed(lost),
    state: (now) => {
      if (now.phase === 'live') void askSources();
      if (now.phase === 'live' && state.phase !== 'live') liveSince = Date.now();
      state = now;
      showStatus();
    },
  });
}

/** @param {import('./store.js').Batch} batch */
function arrived(batch) {
  const total = page.sources.count(batch);
  page.append(batch);
  if (Date.now() - liveSince > SETTLING) rate.add(total.lines, Date.now());
  if (batch.flags.some((flags) => (flags & 7) > 2)) void askSources();
  if (!document.hidden) return;
  unseen.add(total);
  relax();
}

async function askSources() {
  try {
    const answer = await fetch(new URL('sources', document.baseURI), { cache: 'no-store' });
    if (!answer.ok) return;
    page.sources.listed(await answer.json());
    controls.showSources();
  } catch {
    // The status bar tells when the server is away.
  }
}

/** Refreshes what may be a little late. */
function relax() {
  due ||= window.setTimeout(() => {
    due = 0;
    showStatus();
    controls.showSources();
    findWanted();
    if (drawnNext !== page.store.next || drawnView !== page.view.rows) marks.render(page.view.rows);
    drawnNext = page.store.next;
    drawnView = page.view.rows;
  }, LEISURE);
}

function showTitle() {
  const names = [...page.place.chosen];
  const all = names.length ? names : [...page.sources.byName.keys()];
  const what = all.length > 2 ? plural(all.length, 'source') : all.join(', ');
  document.title = unseen.inTitle(what ? `${what} · ssetail` : 'ssetail');
}

function showStatus() {
  const now = Date.now();
  const { store, view, place, look } = page;
  const element = byId('connection', HTMLElement);
  element.className = `connection ${state.phase}`;
  put(element.lastElementChild, connectionText(state, now));
  const held = store.size - store.rulers;
  put(byId('held', HTMLElement), plural(held, 'line'));
  put(byId('shown', HTMLElement), view.rows.length < store.size && view.done ? `${count(view.rows.length)} shown` : '');
  const speed = rate.perSecond(now);
  put(byId('rate', HTMLElement), speed >= 0.5 ? `${count(Math.round(speed))}/s` : '');
  const selected = look.selection ? `${plural(page.selectedLines.length, 'line')} selected` : '';
  put(byId('chosen', HTMLElement), [place.grep && `server sends only /${place.grep}/`, selected].filter(Boolean).join(' · '));
  showEmpty();
  showTitle();
}

function showEmpty() {
  const settling = state.phase === 'live' && Date.now() - liveSince < SETTLING;
  const empty = byId('empty', HTMLElement);
  empty.hidden = page.view.rows.length > 0 || !page.view.done || (settling && page.store.size === 0);
  if (empty.hidden) return;
  const held = page.store.size - page.store.rulers;
  put(empty.children[0], held ? 'No line matches' : state.phase === 'live' ? 'No lines yet' : connectionText(state, Date.now()));
  put(empty.children[1], held
    ? `${plural(held, 'line')} held; new lines are checked as they arrive.`
    : state.phase === 'live' ? 'Lines appear here as they are written.' : 'Lines appear here once ssetail answers.');
}

/** Goes to the line that the address links to, once it is here. */
function findWanted() {
  if (!wanted.line) return;
  const n = page.store.findId(wanted.line);
  if (n >= 0) {
    page.mark(n, false);
    page.list.following = false;
    page.list.hold(n);
    page.touch();
  } else if (Date.now() < wanted.until) return relax();
  else controls.toast('The linked line is not held any more');
  wanted.line = '';
}

function readAddress() {
  const { sources, ...place } = parseHash(location.hash);
  const again = place.grep !== page.place.grep || place.history !== page.place.history;
  Object.assign(page.place, place, { chosen: new Set(sources) });
  wanted = { line: place.line, until: Date.now() + LINK_PATIENCE };
  page.apply();
  controls.showPlace();
  if (again && connection) connect();
  relax();
}

page.drawn = () => {
  controls.showFrame();
  if (page.view.rows.length > 0) byId('empty', HTMLElement).hidden = true;
  relax();
};
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  connection?.wake();
  unseen.clear();
  page.touch();
});
window.addEventListener('online', () => connection?.wake());
window.addEventListener('hashchange', readAddress);
window.addEventListener('pagehide', (event) => event.persisted || connection?.close());
setInterval(() => {
  if (document.hidden) return;
  showStatus();
  if (page.look.time === 'ago') page.list.refill();
}, 1000);
setInterval(() => document.hidden || void askSources(), ASK_SOURCES);
readAddress();
connect();
