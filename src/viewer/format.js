// Formats numbers, times and bytes.

import { LOCAL } from './zone.js';

const NUMBER = new Intl.NumberFormat('en');
const pad = (/** @type {number} */ n, width = 2) => String(n).padStart(width, '0');

/** Formats as `12,345`. @param {number} n */
export const count = (n) => NUMBER.format(n);

const COMPACT_NUMBER = new Intl.NumberFormat('en', { notation: 'compact' });

/** Formats as `666`, `2K`, `1.3M`. @param {number} n */
export const compact = (n) => COMPACT_NUMBER.format(n);

/** Formats as `1 line`, `2 lines`. @param {number} n @param {string} noun */
export const plural = (n, noun) => `${count(n)} ${noun}${n === 1 ? '' : 's'}`;

/** Formats as `4.2 MiB`. @param {number} bytes */
export function formatBytes(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  let n = bytes;
  for (; n >= 1024 && i < units.length - 1; i++) n /= 1024;
  return `${i === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[i]}`;
}

/** Largest time that a Date can have in every zone. */
export const MAX_TIME = 8.64e15 - 86_400_000;

/** Formats as `14:03:22.123`. @param {number} ms */
export function clock(ms, zone = LOCAL) {
  return Math.abs(ms) <= MAX_TIME ? new Date(zone.clockOf(ms)).toISOString().slice(-13, -1) : '';
}

/** Formats as `2026-11-25 14:03:22.123 +01:00`. @param {number} ms @param {import('./zone.js').Zone} zone */
export function moment(ms, zone) {
  return Math.abs(ms) <= MAX_TIME ? `${new Date(zone.clockOf(ms)).toISOString().slice(0, -1).replace('T', ' ')} ${zone.offsetText(ms)}` : '';
}

/** Formats as ISO 8601, for tooltips. @param {number} ms */
export function instant(ms) {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : '';
}

/** Formats an age as `12s`, `3m 05s`, `5h 10m`, `2d`. @param {number} ms time of the line @param {number} now */
export function ago(ms, now) {
  if (!Number.isFinite(ms)) return '';
  const seconds = Math.max(0, Math.floor((now - ms) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h ${pad(Math.floor((seconds % 3600) / 60))}m`;
  return `${Math.floor(seconds / 86400)}d`;
}

/** Characters of a file name that are shown behind its folder. When doubled, more folders are cut. */
const LEAST_TAIL = 6;

/** Shortens a name behind its folder, or else in the middle: both ends distinguish names. @param {string} name @param {number} max characters */
export function shortenName(name, max) {
  if (name.length <= max) return name;
  const folder = name.lastIndexOf('/') + 1;
  const head = folder > 0 && folder < max - LEAST_TAIL ? folder : Math.floor((max - 1) / 2);
  return `${name.slice(0, head)}…${name.slice(head + 1 - max)}`;
}

/** Decodes base64. @param {string} base64 */
export function bytesOf(base64) {
  const binary = atob(base64);
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

/** Formats base64 as hex and printable characters: `68 69 00  hi·`. @param {string} base64 */
export function hexText(base64) {
  const bytes = bytesOf(base64);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const printable = Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join('');
  return `${hex}  ${printable}`;
}

/** Returns how a source has ended: a command has a status or a signal. @param {{ status?: number, signal?: string }} end */
export function endText({ status, signal }) {
  if (typeof signal === 'string') return `ended by ${signal}`;
  return typeof status === 'number' ? `finished with status ${status}` : 'ended';
}
