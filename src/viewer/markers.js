// Reads the lines with which build services mark groups of lines, and state levels.

import { visibleText } from './ansi.js';
import { levelOf } from './level.js';

/** Characters in which a marker is looked for. When doubled, decoding of long lines takes longer. */
const EXAMINED_CHARS = 400;

/** Time that downloaded logs have in front of each line. */
const STAMP = '(?:\\d{4}-\\d\\d-\\d\\dT[\\d:.]+(?:Z|[+-]\\d\\d:?\\d\\d)? (?:\\d\\d[OE]\\+? ?)?)?';

/** Test of raw text that is cheaper than reading the marker. */
const MAYBE_MARKER = /##\[(?:end)?group\]|::(?:end)?group::|##teamcity\[block|section_(?:start|end):\d|travis_fold:|(?:---|\+\+\+|~~~|\^\^\^) [^\s]/;
/** GitHub and Azure: `::group::NAME`, `##[group]NAME`. */
const GITHUB = new RegExp(`^${STAMP}(?:##\\[(end)?group\\]|::(end)?group::)`);
const TEAMCITY = /##teamcity\[block(Opened|Closed) name='((?:[^'|]|\|.)*)'/;
/** GitLab and Travis, in raw text; one line may end a section and start the next one. */
const SECTION = /section_(start|end):(\d+):([\w.-]+)(?:\[[^\]]*\])?(?=\r|$)|travis_fold:(start|end):([\w.-]+)/g;
/** Marker that no text has overwritten. */
const SECTION_TEXT = /^(?:section_(?:start|end)|travis_fold):/;
/** Buildkite: `--- NAME`; but no result of a Go test, and no ruler around a title. */
const BUILDKITE = new RegExp(`^${STAMP}(?:---|(\\+\\+\\+)|~~~) (?!(?:PASS|FAIL|SKIP|BENCH): )(\\S.*?)\\s*$`);
const OPEN_PREVIOUS = new RegExp(`^${STAMP}\\^\\^\\^ \\+\\+\\+\\s*$`);
/** Name in the header of a diff, which looks like a marker of Buildkite otherwise. */
const PATH = /\t|^(?:[ab]\/|\/)|^\S*[./]\S*$|-{2,}$/;

/** GitHub's and Azure's statements of levels, at the start of a line. */
const COMMAND = new RegExp(`^${STAMP}(?:##\\[(error|warning|notice|debug)\\]|::(error|warning|notice|debug)(?: [^:]*)?::|##vso\\[task\\.logissue [^\\]]*type=(error|warning))`);

/**
 * Effect of a marker on the groups of its source.
 * @typedef {object} Action
 * @property {'open' | 'close' | 'next' | 'reveal'} type next: opens a group and closes the one before;
 *   reveal: keeps the newest group open
 * @property {string} key name that a `close` has to repeat; '' closes the innermost group
 * @property {string} name title of an opened group
 * @property {boolean} [stays] true if the group is not folded when it is closed
 * @property {number} [time] time that the marker states, in ms
 */

/**
 * @typedef {object} Marker
 * @property {Action[]} actions
 * @property {[number, number][]} syntax ranges of the shown text that are no part of the title
 */

/** Reports if a line is a marker. @param {string} raw text of the line, with escape sequences */
export function isMarker(raw) {
  const text = raw.length > EXAMINED_CHARS ? raw.slice(0, EXAMINED_CHARS) : raw;
  return MAYBE_MARKER.test(text) && markerOf(text) !== null;
}

/** @param {string} raw @returns {Marker | null} */
export function markerOf(raw) {
  const examined = raw.slice(0, EXAMINED_CHARS);
  const text = visibleText(examined);
  // A terminal erases the marker; ansi.js shows it nevertheless if nothing follows it.
  const isErased = !SECTION_TEXT.test(text);
  const sections = sectionActions(examined, isErased ? text.trim() : '');
  if (sections.length) return { actions: sections, syntax: isErased ? [] : [[0, Infinity]] };
  return githubMarker(text) ?? teamcityMarker(text) ?? buildkiteMarker(text);
}

/** @param {string} raw @param {string} title text behind the markers @returns {Action[]} */
function sectionActions(raw, title) {
  return Array.from(raw.matchAll(SECTION), ([, word, time, key, travis, travisKey]) => {
    const name = key ?? travisKey;
    return { type: (word ?? travis) === 'start' ? 'open' : 'close', key: name, name: title || name, time: time ? Number(time) * 1000 : undefined };
  });
}

/** Length of the time in front of a line. @param {string} text */
const stampLength = (text) => new RegExp(`^${STAMP}`).exec(text)?.[0].length ?? 0;

/** @param {string} text @returns {Marker | null} */
function githubMarker(text) {
  const match = GITHUB.exec(text);
  if (!match) return null;
  const end = match[0].length;
  const name = text.slice(end).trim();
  if (match[1] ?? match[2]) return { actions: [{ type: 'close', key: '', name: '' }], syntax: [] };
  return { actions: [{ type: 'open', key: '', name }], syntax: [[stampLength(text), end]] };
}

/** @param {string} text @returns {Marker | null} */
function teamcityMarker(text) {
  const match = TEAMCITY.exec(text);
  if (!match) return null;
  const key = match[2];
  if (match[1] === 'Closed') return { actions: [{ type: 'close', key, name: '' }], syntax: [] };
  const from = match.index + match[0].length - 1 - key.length;
  return { actions: [{ type: 'open', key, name: key }], syntax: [[match.index, from], [from + key.length, Infinity]] };
}

/** @param {string} text @returns {Marker | null} */
function buildkiteMarker(text) {
  if (OPEN_PREVIOUS.test(text)) return { actions: [{ type: 'reveal', key: '', name: '' }], syntax: [] };
  const match = BUILDKITE.exec(text);
  if (!match || PATH.test(match[2])) return null;
  const from = stampLength(text);
  return { actions: [{ type: 'next', key: '', name: match[2], stays: match[1] !== undefined }], syntax: [[from, from + 4]] };
}

/** Returns the level that a command of GitHub or Azure states, one of LEVEL, or 0. @param {string} text */
export function commandLevel(text) {
  const match = COMMAND.exec(text);
  if (!match) return 0;
  const name = match[1] ?? match[2] ?? match[3];
  return levelOf(name === 'warning' ? 'warn' : name);
}
