// State that the rows of a list are filled from. Lists beside each other share most of it.

import { Columns } from './columns.js';
import { LOCAL } from './zone.js';

/**
 * Returns the state of a page whose store, sources and view are set.
 * @param {import('./page.js').Page} page
 * @param {import('./page.js').Page | null} main page that this one is shown beside
 * @returns {import('./row.js').RenderState}
 */
export function newRenderState(page, main) {
  const shared = main?.renderState ?? {
    store: page.store,
    names: [],
    hueOf: (/** @type {number} */ source) => page.sources.hueOf(source),
    time: 'off',
    zone: LOCAL,
    expandedLines: new Set(),
    fullLines: new Set(),
    records: true,
    columns: new Columns(() => page.panes.forEach(({ list }) => list.measure())),
  };
  const own = { matcher: null, current: -1, selection: null, folds: page.view.folds, screenColumns: () => (page.list.wrap ? page.list.columns : 0) };
  // A state that all panes share is inherited, so that a change of the main page is one of all.
  return Object.assign(main ? Object.create(shared) : shared, own);
}
