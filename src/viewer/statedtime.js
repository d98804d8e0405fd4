// Time at the beginning of a line, which is dimmed while the time column shows the same.

import { FLAG } from './store.js';

const CLOCK = '\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d+)?';
const DATE = '(?:\\d{4}[-/]\\d\\d[-/]\\d\\d|[A-Z][a-z]{2} [ \\d]\\d)';
const STATED = new RegExp(`^\\[?(?:${DATE}[T ])?${CLOCK}(?: ?(?:Z|UTC|[+-]\\d\\d:?\\d\\d))?(?:\\]|(?=\\s|$))`);

/**
 * Splits the time off the first span.
 * @param {import('./parts.js').LookSpan[]} spans
 * @param {Pick<import('./store.js').Line, 'ts' | 'time' | 'flags'>} line
 * @returns {import('./parts.js').LookSpan[]}
 */
export function dimTime(spans, line) {
  if (line.ts === line.time || line.flags & FLAG.CONTINUES || spans.length === 0 || spans[0].style) return spans;
  const [first, ...rest] = spans;
  const time = STATED.exec(first.text)?.[0];
  return time ? [{ ...first, text: time, look: 'stated-time' }, { ...first, text: first.text.slice(time.length) }, ...rest] : spans;
}
