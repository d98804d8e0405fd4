// Meaning of the fields of a record: its time and its level, by the rules of
// src/record/structured.rs and level_names.rs, and its message.

import { decode } from './json.js';

const TIME_KEYS = new Set(['time', 'ts', 'timestamp', '@timestamp', 't', '@t', 'datetime', 'asctime', 'Timestamp', '__REALTIME_TIMESTAMP']);
const LEVEL_KEYS = new Set(['level', 'severity', 'lvl', 'loglevel', 'logLevel', 'log_level', 'LogLevel', 'log.level', '@l', 'levelname', 'Level', 'severity_text', 'severityText', 'SeverityText', 'SEVERITY']);
const SYSLOG_KEYS = new Set(['priority', 'PRIORITY']);
/** Keys of the message; the first of them that a record has counts. */
const MESSAGE_KEYS = ['msg', 'message', '@m', '@mt', 'short_message', 'MESSAGE', '@message', 'Message', '_msg', 'event', 'body', 'log', 'text'];

const NAMES = [
  ['trace', 'trace trc trce verbose vrb silly finer finest'],
  ['debug', 'debug dbg dbug fine'],
  ['info', 'info inf information informational'],
  ['notice', 'notice'],
  ['warn', 'warn warning wrn'],
  ['error', 'error err eror severe'],
  ['fatal', 'fatal ftl critical crit alert emerg emergency panic dpanic'],
];
/** @type {Map<string, string>} */
const LEVEL_OF_NAME = new Map(NAMES.flatMap(([level, names]) => names.split(' ').map((name) => /** @type {const} */ ([name, level]))));
const SYSLOG_LEVELS = ['fatal', 'fatal', 'fatal', 'error', 'warn', 'notice', 'info', 'debug'];
/** Levels of the numbers of bunyan and pino, by tens. */
const TENS = ['trace', 'trace', 'debug', 'info', 'warn', 'error'];
const LEVEL_OF_LETTER = new Map(Object.entries({ F: 'fatal', E: 'error', W: 'warn', I: 'info', D: 'debug', D1: 'debug', D2: 'debug', D3: 'debug', D4: 'debug', D5: 'debug' }));

const MONTH_DAY = '[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d';
const DAY_MONTH = '\\d\\d?[/ -][A-Z][a-z]{2}[/ -]\\d{4}[: ]\\d\\d:\\d\\d:\\d\\d';
const TIME_TEXT = new RegExp(`^(?:\\d{4}(?:-\\d\\d-|/\\d\\d/)\\d\\d[Tt _]\\d\\d:\\d\\d|\\d{8}[Tt]\\d{6}|(?:[A-Z][a-z]{2},? )?(?:${MONTH_DAY}|${DAY_MONTH}))`);

/**
 * Reports if a text of digits counts the time since 1970, from 2001-09-09 on.
 * @param {string} text
 */
function isTimeNumber(text) {
  if (!/^\d{10,19}(?:\.\d+)?$/.test(text)) return false;
  return [1, 1e3, 1e6, 1e9].some((unit) => Math.floor(Number(text) / unit) >= 1e9 && Math.floor(Number(text) / unit) < 4_102_444_800);
}

/** @param {string} text */
const isTime = (text) => isTimeNumber(text.trim()) || TIME_TEXT.test(text.trim());

/** @param {string} text */
const wholeNumber = (text) => (/^\d+$/.test(text) ? Number(text) : NaN);

/** @param {string} text @returns {string | undefined} */
function levelOfText(text) {
  const named = LEVEL_OF_NAME.get(text.trim().toLowerCase());
  const number = wholeNumber(text.trim());
  if (named || Number.isNaN(number)) return named;
  return SYSLOG_LEVELS[number] ?? TENS[Math.floor(number / 10)] ?? 'fatal';
}

/** @param {string} key @param {import('./record.js').Leaf} leaf @returns {string | undefined} */
function levelOf(key, { text, kind }) {
  if (LEVEL_KEYS.has(key)) return levelOfText(text);
  if (SYSLOG_KEYS.has(key)) return LEVEL_OF_NAME.get(text.toLowerCase()) ?? SYSLOG_LEVELS[wholeNumber(text)];
  return key === 's' && kind === 'string' ? LEVEL_OF_LETTER.get(text) : undefined;
}

/**
 * Returns the key that a field has for the server: `log.level` and `t.$date` may be nested.
 * @param {import('./record.js').Leaf} leaf
 */
function keyOf({ path }) {
  const raw = path.map(({ text }) => text).join('.');
  if (path.length < 2) return raw;
  return raw === 'log.level' || raw === 't.level' ? 'level' : raw === 't.$date' || raw === 'log.$date' ? 't' : '';
}

/**
 * Finds the fields that state time, level and message; of two with the same meaning, the first
 * counts.
 * @param {import('./record.js').Leaf[]} leaves
 * @returns {Pick<import('./record.js').Record, 'time' | 'level' | 'levelName' | 'message'>}
 */
export function stated(leaves) {
  let time = null;
  let date = null;
  let level = null;
  let levelName = '';
  let isSerilog = false;
  for (const leaf of leaves) {
    const key = keyOf(leaf);
    isSerilog ||= key === '@t';
    if (leaf.kind !== 'string' && leaf.kind !== 'number') continue;
    if (TIME_KEYS.has(key)) time ??= isTime(leaf.text) ? leaf : null;
    else if (key === 'date') date ??= isTime(leaf.text) ? leaf : null;
    else if (!level) {
      levelName = levelOf(key, leaf) ?? '';
      if (levelName) level = leaf;
    }
  }
  // The compact JSON of Serilog leaves out this level only.
  if (!level && isSerilog && leaves[0].isJson) levelName = 'info';
  return { time: time ?? date, level, levelName, message: messageOf(leaves) };
}

/** @param {import('./record.js').Leaf[]} leaves */
function messageOf(leaves) {
  for (const key of MESSAGE_KEYS) {
    const found = leaves.find(({ path, kind, text }) => kind === 'string' && path.length === 1 && text !== '' && decode(path[0].text) === key);
    if (found) return found;
  }
  return null;
}
