// Reads and writes the hash of the URL, e.g. `#ID&q=…&filter=1&source=…`: a URL names a line or a
// range of lines (`#line=ID..ID&…`), a search, the shown sources, levels, fields and columns, and
// the server filter.

/**
 * @typedef {object} UrlState
 * @property {string} line an event ID, or ''
 * @property {string} lastLine event ID of the last line of a range, or ''
 * @property {import('./query.js').Query} query
 * @property {boolean} filter
 * @property {number} context
 * @property {string[]} sources names, and folders of names with a slash at their end
 * @property {boolean} beside true to show two or three chosen sources beside each other
 * @property {number} levels bit set; 0 shows all levels
 * @property {string} grep regular expression of the server filter, or ''
 * @property {import('./fieldfilter.js').Criterion[]} fields
 * @property {string[]} columns keys of fields that are shown as columns
 * @property {import('./timerange.js').TimeRange | null} range times to which the page is narrowed
 * @property {string} history 'all' or a number of lines; '' for the default of the server
 */

import { MAX_COLUMNS } from './columns.js';
import { MAX_CRITERIA, criterionText, parseCriterion } from './fieldfilter.js';
import { LEVELS } from './level.js';
import { rangeOf, setRange } from './timerange.js';

/** @param {string} hash @returns {UrlState} */
export function parseHash(hash) {
  const [first = '', ...rest] = hash.replace(/^#/, '').split('&');
  const hasLine = /^[\w.~-]+$/.test(first);
  const fields = new URLSearchParams(hasLine ? rest.join('&') : hash.replace(/^#/, ''));
  const context = Number(fields.get('context'));
  const ids = (hasLine ? first : fields.get('line') ?? '').split('..');
  const [line = '', lastLine = ''] = ids.every((id) => /^[\w.~-]+$/.test(id)) ? ids : [];
  return {
    line,
    lastLine,
    query: { text: fields.get('q') ?? '', regex: fields.has('regex'), matchCase: fields.has('case') },
    filter: fields.has('filter'),
    context: context > 0 && context <= 99 ? Math.floor(context) : 0,
    sources: fields.getAll('source'),
    beside: fields.has('beside'),
    levels: levelBits(fields.get('level') ?? ''),
    fields: fields.getAll('field').flatMap((text) => parseCriterion(text) ?? []).slice(0, MAX_CRITERIA),
    columns: [...new Set(fields.getAll('column').filter(Boolean))].slice(0, MAX_COLUMNS),
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
export function formatHash({ line, lastLine, query, filter, context, sources, beside, levels, fields: criteria, columns, range, grep, history }) {
  const fields = new URLSearchParams();
  const isRange = line !== '' && lastLine !== '';
  if (query.text) fields.set('q', query.text);
  if (query.text && query.regex) fields.set('regex', '1');
  if (query.text && query.matchCase) fields.set('case', '1');
  if (filter) fields.set('filter', '1');
  if (context) fields.set('context', String(context));
  for (const source of sources) fields.append('source', source);
  if (beside) fields.set('beside', '1');
  if (levels) fields.set('level', LEVELS.filter((_, i) => levels & (1 << i)).join(','));
  for (const criterion of criteria) fields.append('field', criterionText(criterion));
  for (const column of columns) fields.append('column', column);
  setRange(fields, range);
  if (grep) fields.set('grep', grep);
  if (history) fields.set('history', history);
  const parts = [isRange ? `line=${line}..${lastLine}` : line, fields.toString()].filter(Boolean);
  return parts.length ? `#${parts.join('&')}` : '';
}
