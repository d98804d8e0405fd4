// Goes to lines that a URL or a notification names, also to those that the filters hide.

/** @typedef {import('./page.js').Page} Page */

/** Returns the line that the URL names, or -1 if it or the end of its range is not stored. @param {Page} page */
export function findLinked({ urlState: { line, lastLine }, store }) {
  const n = store.findId(line);
  return lastLine && findEnd(store, lastLine) < 0 ? -1 : n;
}

/** Finds the last line of a range; a read by NDJSON has the whole of a line whose parts have IDs of their own. @param {import('./store.js').Store} store @param {string} id */
const findEnd = (store, id) => (store.findId(id) >= 0 ? store.findId(id) : store.findId(id.replace(/\..*/, '')));

/** Selects the linked line, or the range that begins with it. @param {Page} page @param {number} n */
export function showLinked(page, n) {
  const { urlState: { lastLine }, store } = page;
  const end = lastLine ? findEnd(store, lastLine) : n;
  showLine(page, n, end < 0 ? store.next - 1 : Math.max(n, end));
}

/**
 * Goes to a line, or selects a range, in the pane that shows its source.
 * @param {Page} page
 * @param {number} n
 * @param {number} [last]
 */
export function showLine(page, n, last = n) {
  const { store, panes } = page;
  if (!store.holds(n)) return;
  const chunk = store.chunkOf(n);
  const owner = panes.find(({ view }) => view.criteria.source(chunk.source[n - chunk.first])) ?? page;
  owner.linked = [n, last];
  owner.view.folds.reveal(n);
  owner.renderState.current = n;
  owner.renderState.selection = last > n ? [n, last] : null;
  owner.list.following = false;
  owner.pausedAt = store.next;
  owner.applyFilters(n);
}
