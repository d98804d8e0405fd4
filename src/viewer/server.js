// URLs of the server, and questions to it.

import { SourceNames } from './decode.js';
import { readLines } from './ndjson.js';

/** URL of the page without user and password, with which `fetch` and `EventSource` refuse a URL. */
const BASE = location.origin + location.pathname;

/** URL that responds while the server lives. */
export const HEALTH = new URL('healthz', BASE).href;

/**
 * Returns the URL of the stream: JSON data, unnamed events, pings, and the server filter with whole entries.
 * @param {{ grep: string }} filter
 */
export function streamUrl({ grep }) {
  const link = /** @type {HTMLLinkElement | null} */ (document.querySelector('link[rel="ssetail-stream"]'));
  const url = new URL(link?.getAttribute('href') ?? 'sse', BASE);
  url.searchParams.set('format', 'json');
  for (const flag of ['unnamed', 'ping']) url.searchParams.set(flag, '');
  if (grep) {
    url.searchParams.set('grep', grep);
    url.searchParams.set('entries', '');
  }
  return url.href.replace(/=(?=&|$)/g, '');
}

/**
 * Asks the server for an empty read with the filter.
 * @param {{ grep: string }} filter
 * @returns {Promise<string>} reason for which the server does not accept it, or ''
 */
export async function problemOf(filter) {
  const { failure } = await readLines(streamUrl(filter), { n: '0', follow: '0' }, { names: new SourceNames() });
  if (!failure) return '';
  return failure.message || (failure.status ? `The server answered with status ${failure.status}` : 'The server does not respond');
}

/** @typedef {{ name: string, state: string, lines: number, last_change: number | null }} SourceState */

/** Fetches the body of `/sources`. @returns {Promise<SourceState[] | null>} null without a response */
export async function fetchSourceList() {
  try {
    const answer = await fetch(new URL('sources', BASE), { cache: 'no-store' });
    const list = answer.ok ? await answer.json() : null;
    return Array.isArray(list) ? list : null;
  } catch {
    // The status bar already shows a lost connection.
    return null;
  }
}
