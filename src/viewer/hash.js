// Reads and writes the hash of the URL, e.g. `#ID&q=…&filter=1&source=…`: a URL names a line,
// a search, the shown sources and levels, and the server filter.

/**
 * @typedef {object} UrlState
 * @property {string} line an event ID, or ''
 * @property {import('./query.js').Query} query
 * @property {boolean} filter
 * @property {number} context
 * @property {string[]} sources
 * @property {number} levels bit set; 0 shows all levels
 * @property {string} grep regular expression of the server filter, or ''
 * @property {import('./timerange.js').TimeRange | null} range times to which the page is narrowed
 * @property {string} history 'all' or a number of lines; '' for the default of the server
 */

import { LEVELS } from './level.js';
import { rangeOf, setRange } from './timerange.js';

/** @param {string} hash @returns {UrlState} */
export function parseHash(hash) {
  const [first = '', ...rest] = hash.replace(/^#/, '').split('&');
  const hasLine = /^[\w.~-]+$/.test(first);
  const fields = new URLSearchParams(hasLine ? rest.join('&') : hash.replace(/^#/, ''));
  const context = Number(fields.get('context'));
  return {
    line: hasLine ? first : '',
    query: { text: fields.get('q') ?? '', regex: fields.has('regex'), matchCase: fields.has('case') },
    filter: fields.has('filter'),
    context: context > 0 && context <= 99 ? Math.floor(context) : 0,
    sources: fields.getAll('source'),
    levels: levelBits(fields.get('level') ?? ''),
    range: rangeOf(fields),
    grep: fields.get('grep') ?? '',
    history: /^(all|\d+)$/.test(fields.get('history') ?? '') ? String(fields.get('history')) : '',
  };
}

/** @param {string} list @returns {number} */
function levelBits(list) {
  return list.split(',').reduce((bits, name) => (LEVELS.includes(name) ? bits | (1 << LEVELS.indexOf(name)) : bits), 0);
}

/** @param {UrlState} state @returns {string} '' if nothing is set */
export function formatHash({ line, query, filter, context, sources, levels, range, grep, history }) {
  const fields = new URLSearchParams();
  if (query.text) fields.set('q', query.text);
  if (query.text && query.regex) fields.set('regex', '1');
  if (query.text && query.matchCase) fields.set('case', '1');
  if (filter) fields.set('filter', '1');
  if (context) fields.set('context', String(context));
  for (const source of sources) fields.append('source', source);
  if (levels) fields.set('level', LEVELS.filter((_, i) => levels & (1 << i)).join(','));
  setRange(fields, range);
  if (grep) fields.set('grep', grep);
  if (history) fields.set('history', history);
  const parts = [line, fields.toString()].filter(Boolean);
  return parts.length ? `#${parts.join('&')}` : '';
}
