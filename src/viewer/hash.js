// The view in the address: `#ID&q=…&mode=filter&source=…`, so that a line, a search
// or a choice of sources can be linked to.

/**
 * @typedef {object} Place
 * @property {string} line an event ID, or ''
 * @property {import('./query.js').Query} query
 * @property {boolean} filter
 * @property {number} context
 * @property {string[]} sources
 * @property {number} levels
 * @property {string} grep what the server is asked to leave in
 * @property {string} history how much the server is asked for, '' for what it holds
 */

import { LEVELS } from './level.js';

/** @param {string} hash @returns {Place} */
export function parseHash(hash) {
  const [first = '', ...rest] = hash.replace(/^#/, '').split('&');
  const linked = /^[\w.~-]+$/.test(first);
  const fields = new URLSearchParams(linked ? rest.join('&') : hash.replace(/^#/, ''));
  const context = Number(fields.get('context'));
  return {
    line: linked ? first : '',
    query: { text: fields.get('q') ?? '', regex: fields.has('regex'), exact: fields.has('case') },
    filter: fields.has('filter'),
    context: context > 0 && context <= 99 ? Math.floor(context) : 0,
    sources: fields.getAll('source'),
    levels: levelBits(fields.get('level') ?? ''),
    grep: fields.get('grep') ?? '',
    history: /^(all|\d+)$/.test(fields.get('history') ?? '') ? String(fields.get('history')) : '',
  };
}

/** @param {string} list @returns {number} */
function levelBits(list) {
  return list.split(',').reduce((bits, name) => (LEVELS.includes(name) ? bits | (1 << LEVELS.indexOf(name)) : bits), 0);
}

/** @param {Place} place @returns {string} '' when nothing is chosen */
export function formatHash({ line, query, filter, context, sources, levels, grep, history }) {
  const fields = new URLSearchParams();
  if (query.text) fields.set('q', query.text);
  if (query.text && query.regex) fields.set('regex', '1');
  if (query.text && query.exact) fields.set('case', '1');
  if (filter) fields.set('filter', '1');
  if (context) fields.set('context', String(context));
  for (const source of sources) fields.append('source', source);
  if (levels) fields.set('level', LEVELS.filter((_, i) => levels & (1 << i)).join(','));
  if (grep) fields.set('grep', grep);
  if (history) fields.set('history', history);
  const parts = [line, fields.toString()].filter(Boolean);
  return parts.length ? `#${parts.join('&')}` : '';
}
