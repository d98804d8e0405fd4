// Finds places of the log on the server: a line, a time, the start; with cursors in both
// directions.

import { NewerCursor, OlderCursor, ReadProblem, checked, isGap, isLine } from './cursor.js';
import { readMerged, takeNewer, takeOlder } from './merge.js';
import { FLAG } from './store.js';

/** Lines that are read back from the end of a source. When doubled, a quiet source takes longer. */
const END_LINES = 200;

/** Lines before and after a place that are read at first. When doubled, it is shown later. */
const PLACE_LINES = 400;

/** @typedef {import('./store.js').Line} Line */
/** @typedef {import('./cursor.js').Reader} Reader */
/** @typedef {[OlderCursor, NewerCursor]} Cursors */

/** @param {string | null} source null for all sources @returns {Record<string, string>} */
const fieldsOf = (source) => (source === null ? {} : { file: source });

/** Finds a line by event ID. @param {Reader} read @param {string} id @returns {Promise<Line>} */
export async function findLine(read, id) {
  const { endId } = checked(await read({ before: id, n: '1' }));
  const { lines } = checked(await read({ last_event_id: endId, follow: '0' }, (all) => all.length > 1));
  // An event stream splits a long line into parts, whose IDs are that of the line and a number of
  // bytes.
  const line = lines.find((each) => isLine(each) && (each.id === id || id.startsWith(`${each.id}.`)));
  if (!line) throw new ReadProblem('the server does not keep it any more', true);
  return line;
}

/**
 * Finds the first line of a source at or after a time.
 * @param {Reader} read
 * @param {string | null} source null for all sources
 * @param {number} ms
 */
export async function firstSince(read, source, ms) {
  const fields = { ...fieldsOf(source), since: new Date(ms).toISOString(), follow: '0' };
  const { lines } = checked(await read(fields, (all) => isLine(all[all.length - 1])));
  return lines.findLast(isLine);
}

/** @param {string | null} source @param {Line} line @returns {Cursors} */
function cursorsAtLine(source, line) {
  const newer = new NewerCursor(source, { last_event_id: line.id });
  newer.push([line], '');
  return [new OlderCursor(source, line.id, (line.flags & FLAG.CONTINUES) !== 0), newer];
}

/** @param {string | null} source @returns {Cursors} */
export function cursorsAtStart(source) {
  const older = new OlderCursor(source, '');
  older.isAtEnd = true;
  return [older, new NewerCursor(source, { n: 'all' })];
}

/** @param {Reader} read @param {string | null} source @returns {Promise<Cursors>} */
async function cursorsAtEnd(read, source) {
  const { lines, endId } = checked(await read({ ...fieldsOf(source), follow: '0', n: String(END_LINES) }));
  const [older, newer] = [new OlderCursor(source, ''), new NewerCursor(source, { last_event_id: endId })];
  older.pushFirst(lines, END_LINES);
  newer.push([], endId);
  return [older, newer];
}

/**
 * Returns cursors at a line of its source, and at a time in other sources.
 * @param {Reader} read
 * @param {string | null} source null for all sources, in the order of the stream
 * @param {number} ms
 * @param {string | null} sourceOfLine
 * @param {Line} line
 * @returns {Promise<Cursors>}
 */
export async function cursorsAround(read, source, ms, sourceOfLine, line) {
  if (source === null || source === sourceOfLine) return cursorsAtLine(source, line);
  const first = await firstSince(read, source, ms);
  return first ? cursorsAtLine(source, first) : cursorsAtEnd(read, source);
}

/**
 * Reads the lines before and after a place.
 * @param {Reader} read
 * @param {(string | null)[]} sources
 * @param {(source: string | null) => Promise<Cursors>} cursorsAt
 */
export async function readPlace(read, sources, cursorsAt) {
  const pairs = await Promise.all(sources.map(cursorsAt));
  const [older, newer] = [pairs.map(([each]) => each), pairs.map(([, each]) => each)];
  /** @type {Line[]} */
  const before = [];
  /** @type {Line[]} */
  const after = [];
  await readMerged(newer, read, PLACE_LINES, takeNewer, (lines) => after.push(...lines));
  await readMerged(older, read, PLACE_LINES, takeOlder, (lines) => before.unshift(...lines));
  // A gap before the first line tells that the server has no earlier ones.
  const gaps = Math.max(0, after.findIndex((line) => !isGap(line)));
  return { older, newer, before, after: after.slice(gaps), isCut: gaps > 0 };
}

/**
 * Returns cursors that have the lines of the first read.
 * @param {Line[]} lines newest lines of each source, in the order of the stream
 * @param {(string | null)[]} sources
 * @param {string[]} names source names by index
 * @param {number} perSource number of lines of each source that was asked for
 * @returns {[string | null, OlderCursor][]}
 */
export function cursorsOfFirst(lines, sources, names, perSource) {
  return sources.map((name) => {
    const cursor = new OlderCursor(name, '');
    cursor.pushFirst(name === null ? lines : lines.filter(({ source }) => names[source] === name), perSource);
    return [name, cursor];
  });
}
