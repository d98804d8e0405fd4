// Time that a line states, which is dimmed while the time column shows the same.

import { FLAG } from './store.js';

const CLOCK = '\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d+)?';
const DATE = '(?:\\d{4}[-/]\\d\\d[-/]\\d\\d|[A-Z][a-z]{2} [ \\d]\\d)';
const ZONE = '(?: ?(?:Z|UTC|[+-]\\d\\d:?\\d\\d))?';
/** Time at the beginning of a line, with the space behind it. */
const AT_START = new RegExp(`^()(\\[?(?:${DATE}[T ])?${CLOCK}${ZONE}(?:\\](?:\\s|$)|\\s|$))`);
/** Time of an access log, behind address and users. */
const IN_ACCESS_LOG = /^(\S+ \S+ \S+ )(\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] )/;

/**
 * Splits the time off the first span.
 * @param {import('./parts.js').LookSpan[]} spans
 * @param {Pick<import('./store.js').Line, 'ts' | 'time' | 'flags'>} line
 * @returns {import('./parts.js').LookSpan[]}
 */
export function dimTime(spans, line) {
  if (line.ts === line.time || line.flags & FLAG.CONTINUES || spans.length === 0 || spans[0].style) return spans;
  const [first, ...rest] = spans;
  const [all, before, time] = AT_START.exec(first.text) ?? IN_ACCESS_LOG.exec(first.text) ?? ['', '', ''];
  if (!time) return spans;
  const parts = [{ ...first, text: before }, { ...first, text: time, look: 'stated-time' }, { ...first, text: first.text.slice(all.length) }];
  return [...parts.filter(({ text }) => text), ...rest];
}
