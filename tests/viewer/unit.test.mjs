// Tests of the modules that need no browser.
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { indexedColour, parseAnsi, visibleText } from '../../src/viewer/ansi.js';
import { cellsOf } from '../../src/viewer/cells.js';
import { findJson, parseJson, stringParts } from '../../src/viewer/json.js';
import { LEVEL } from '../../src/viewer/level.js';
import { compile } from '../../src/viewer/query.js';
import { Hub } from '../../src/viewer/hub.js';
import { formatHash, parseHash } from '../../src/viewer/hash.js';
import { SourceNames, decodeLine, decodeControl } from '../../src/viewer/decode.js';
import { ROW_FLAG, LineNumbers, RowList } from '../../src/viewer/rowlist.js';
import { ScrollMap } from '../../src/viewer/scroll.js';
import { FLAG, KIND, Store } from '../../src/viewer/store.js';
import { EventParser, retryAfterOf } from '../../src/viewer/eventreader.js';
import { opacities } from '../../src/viewer/overview.js';
import { extentOf, extentText } from '../../src/viewer/print.js';
import { Sources } from '../../src/viewer/sources.js';
import { connectionText, noticeOf } from '../../src/viewer/status.js';
import { Stream } from '../../src/viewer/stream.js';
import { View } from '../../src/viewer/view.js';
import { asNdjson, asText } from '../../src/viewer/export.js';
import { splitSpans } from '../../src/viewer/parts.js';
import { gapText } from '../../src/viewer/row.js';
import { ago, endText, formatBytes, hexText, plural, shortenName } from '../../src/viewer/format.js';

const line = (text, more = {}) => ({ text, id: `e-${text}`, flags: 0, level: 0, source: 0, cells: text.length, time: 1, ts: 1, offset: 0, ...more });
const filled = (texts) => {
  const store = new Store();
  texts.forEach((text, i) => store.push(line(String(text), { id: `e-${i + 1}` })));
  return store;
};
const styled = (text) => parseAnsi(text).map(({ text, style }) => [text, style && Object.fromEntries(Object.entries(style).filter(([, v]) => v))]);

describe('ansi', () => {
  it('applies and resets colours and attributes', () => {
    assert.deepEqual(styled('a\x1b[1;31mb\x1b[22mc\x1b[0md'), [['a', null], ['b', { fg: 'c1', bold: true }], ['c', { fg: 'c1' }], ['d', null]]);
    assert.deepEqual(styled('\x1b[97;44mx\x1b[39;49my'), [['x', { fg: 'c15', bg: 'c4' }], ['y', null]]);
    assert.deepEqual(styled('\x1b[mx\x1b[3;4;7;9my'), [['x', null], ['y', { italic: true, underline: true, inverse: true, strike: true }]]);
  });
  it('parses 256 and true colours in every notation', () => {
    for (const code of ['38;2;1;2;3', '38:2:1:2:3', '38:2::1:2:3']) assert.deepEqual(styled(`\x1b[${code}mx`), [['x', { fg: 'rgb(1 2 3)' }]]);
    for (const code of ['48;5;208', '48:5:208']) assert.deepEqual(styled(`\x1b[${code}mx`), [['x', { bg: 'rgb(255 135 0)' }]]);
    assert.deepEqual(styled('\x1b[38;5;1;1mx'), [['x', { fg: 'c1', bold: true }]]);
    assert.equal(indexedColour(244), 'rgb(128 128 128)');
    assert.equal(indexedColour(999), '');
  });
  it('shows the text after the last carriage return', () => {
    assert.equal(visibleText('1%\r50%\r\x1b[K100%'), '100%');
    assert.equal(visibleText('done\r'), 'done');
    assert.deepEqual(styled('\x1b[32m1%\r2%'), [['2%', { fg: 'c2' }]]);
  });
  it('shows control characters as symbols', () => {
    assert.equal(visibleText('a\x0bb\0'), 'a␋b␀');
    assert.equal(visibleText('user\u202Etxt'), 'user⟨U+202E⟩txt');
    assert.equal(visibleText('cut \x1b'), 'cut ␛');
  });
  it('writes at the column of the cursor', () => {
    const cases = {
      '1%\r50%\r\x1b[K100%': '100%', 'long text\rnew': 'newg text', 'wait |\b/\b-\bok': 'wait ok',
      'ab\x1b[2Dx': 'xb', 'ab\x1b[5Cx': 'ab     x', 'abcdef\x1b[3GX': 'abXdef', 'abcdef\x1b[2G\x1b[2P': 'adef', 'abc\x1b[2G\x1b[2@': 'a  bc',
      'abcdef\x1b[4D\x1b[2X': 'ab  ef', 'abc\x1b[1K\x1b[Dx': '  x', 'ab\x1b7cd\x1b8x': 'abxd', 'ab\x1b[scd\x1b[ux': 'abxd', 'a-\x1b[4bb': 'a-----b',
      '日本\rx': 'x 本', 'x日本\x1b[3Gy': 'x y本', 'e\u0301a\x1b[Db': 'e\u0301b', 'a\tb\rx\ty': 'x\ty', 'a\tb\rx\x1b[3Cy': 'x   y   b', 'a\x1b[999Cb': `a${' '.repeat(255)}b`,
      'Downloading\x1b[2K': 'Downloading', '⠙\x1b[1G\x1b[0K': '',
    };
    for (const [raw, shown] of Object.entries(cases)) assert.equal(visibleText(raw), shown, JSON.stringify(raw));
  });
  it('leaves no trace of sequences for the whole terminal', () => {
    const cases = {
      'a\x1b(Bb\x1b)0c': 'abc', '\x1b[?25lx\x1b[?25h': 'x', '\x1b]0;title\x07x': 'x', '\x1b]0;title\x1b\\x': 'x', '\x1bP+q544e\x1b\\x': 'x', '\x1b[>4;1mx\x1b[6n': 'x',
      '\x1b=x\x1b>': 'x', 'done\x07': 'done', '\x1b[mx\x0f': 'x', '\x1b(0lqk\x1b(Bx': '┌─┐x', 'cut \x1b[12': 'cut ', '\x1b]0;never ended ERROR': '0;never ended ERROR',
      '\x1b[2A\x1b[2Kup\x1b[1B': 'up', 'first\x1b[1Asecond': 'first second', '\x1b[H\x1b[2Jtop': 'top',
    };
    for (const [raw, shown] of Object.entries(cases)) assert.equal(visibleText(raw), shown, JSON.stringify(raw));
  });
  it('marks links', () => {
    const links = (text) => parseAnsi(text).map(({ text, link = '' }) => [text, link]);
    assert.deepEqual(links('a \x1b]8;id=1;https://x.example/?a;b\x07link\x1b]8;;\x07 z'), [['a ', ''], ['link', 'https://x.example/?a;b'], [' z', '']]);
    assert.deepEqual(links('\x1b]8;;http://x\x1b\\t\x1b]8;;\x1b\\'), [['t', 'http://x']]);
  });
  it('keeps the style of what was not overwritten', () => {
    assert.deepEqual(styled('\x1b[31mabcd\x1b[2G\x1b[1mX\x1b[0m\x1b[4GY'), [['a', { fg: 'c1' }], ['X', { fg: 'c1', bold: true }], ['c', { fg: 'c1' }], ['Y', null]]);
  });
  const fixtures = new URL('fixtures/', import.meta.url);
  for (const file of readdirSync(fixtures).filter((file) => file.endsWith('.txt'))) {
    it(`shows a recorded session as a terminal does: ${file}`, () => {
      const [raw, expected] = [file, file.replace('.txt', '.expected')].map((name) => readFileSync(new URL(name, fixtures), 'utf8').split('\n'));
      assert.deepEqual(raw.map((line) => visibleText(line).trimEnd()), expected);
      assert.deepEqual(raw.filter((line) => parseAnsi(line).some(({ symbol }) => symbol)), []);
    });
  }
  it('takes hostile lines in time that grows with their length', () => {
    for (const part of ['\x1b[31ma\x1b[32mb\x1b[2D\x1b[C', 'ab\b', 'x\x1b[K\r', '\x1b[@', 'a\x1b[999b', '日\b', 'a\tb\r\x1b[K']) {
      // A limit for time that grows with the square of the length; a busy machine needs much less.
      const start = process.cpuUsage();
      const shown = visibleText(`${'x'.repeat(100_000)}${part.repeat(900_000 / part.length)}`);
      const { user } = process.cpuUsage(start);
      assert.ok(user < 30_000_000, `${JSON.stringify(part)} took ${user / 1000} ms`);
      assert.ok(shown.length <= 1_100_000);
    }
  });
  it('counts terminal cells', () => {
    assert.equal(cellsOf('abc'), 3);
    assert.equal(cellsOf('a\tb'), 9);
    assert.equal(cellsOf('日本'), 4);
    assert.equal(cellsOf('e\u0301'), 1);
  });
});

describe('json', () => {
  /** Writes nodes in the notation of the source, to compare with it. */
  const written = ({ key, kind, text, children }) => {
    const value = kind === 'object' ? `{${children.map(written)}}` : kind === 'array' ? `[${children.map(written)}]` : kind === 'string' ? `"${text}"` : text;
    return key === null ? value : `"${key}":${value}`;
  };
  it('keeps numbers, the order of keys, duplicates and escapes as they are in the source', () => {
    for (const source of [
      '{"id":9007199254740993,"big":1e400,"neg":-0,"exact":1.10}',
      '{"b":1,"a":2,"10":3,"2":4,"a":5,"__proto__":{"x":null}}',
      '[[],{},[[true,false]],"",{"":""}]',
      '{"a:b":"c,d","e\\"}":"[\\\\","u":"\\u202e\\u001b[31m"}',
    ]) assert.equal(written(parseJson(source)), source);
    assert.equal(written(parseJson(' { "a" :\t[ 1 , 2 ] } ')), '{"a":[1,2]}');
    assert.equal(findJson('12:00 INFO {"a":9007199254740993} '), '{"a":9007199254740993}');
    assert.equal(findJson('[api] {"a":1}'), '{"a":1}');
    for (const text of ['{}', '[ ]', '{a}', 'x', '{"a":1} b']) assert.equal(findJson(text), null);
  });
  it('decodes harmless escapes only', () => {
    const shown = (text) => stringParts(text).map(({ text, isEscape }) => (isEscape ? `<${text}>` : text)).join('');
    assert.equal(shown('a\\r\\nb\\n\\tc \\"d\\" \\\\ \\/ \\u00e4 \\ud83d\\ude00'), 'a\nb\n\tc "d" \\ / ä 😀');
    assert.equal(shown('\\u202etxt\\u001b[31m\\u0000 \\ud83d \\u200b \\b\\r'), '<\\u202e>txt<\\u001b>[31m<\\u0000> <\\ud83d> <\\u200b> <\\b><\\r>');
    assert.equal(shown('\\\\u202e'), '\\u202e');
  });
  it('takes long and deep values', () => {
    assert.equal(parseJson(`["${'x\\\\'.repeat(500_000)}"]`).children[0].text.length, 1_500_000);
    assert.equal(parseJson('['.repeat(5000) + ']'.repeat(5000)).kind, 'array');
  });
});

describe('query', () => {
  it('finds plain text and regular expressions', () => {
    assert.deepEqual(compile({ text: 'a.b', regex: false, matchCase: false }).matcher.ranges('A.B axb a.b'), [[0, 3], [8, 11]]);
    assert.deepEqual(compile({ text: 'a.b', regex: true, matchCase: true }).matcher.ranges('A.B axb'), [[4, 7]]);
    assert.equal(compile({ text: '', regex: false, matchCase: false }).matcher, null);
  });
  it('reads regular expressions with the u flag, or without it where only that is valid', () => {
    const found = (text, line) => compile({ text, regex: true, matchCase: true }).matcher.ranges(line);
    assert.deepEqual(found('^.$', '😀'), [[0, 2]]);
    assert.deepEqual(found('\\p{Lu}+', 'abc ÄÖ'), [[4, 6]]);
    assert.deepEqual(found('\\-x]', 'a-x]'), [[1, 4]]);
  });
  it('returns the error of an invalid regular expression', () => assert.match(compile({ text: '(', regex: true, matchCase: false }).error, /nterminated/));
  it('returns no ranges for empty matches', () => assert.deepEqual(compile({ text: 'x*', regex: true, matchCase: true }).matcher.ranges('ab'), []));
  it('splits styled spans at matches', () => {
    const pieces = splitSpans(parseAnsi('ab\x1b[1mcd'), [[1, 3]]);
    assert.deepEqual(pieces.map(({ text, isMatch }) => [text, isMatch]), [['a', false], ['b', true], ['c', true], ['d', false]]);
  });
});

describe('store', () => {
  it('returns stored lines', () => {
    const store = filled(['one', '', 'three']);
    assert.equal(store.line(1).text, '');
    assert.equal(store.line(2).text, 'three');
    assert.equal(store.line(2).id, 'e-3');
    assert.equal(store.findId('e-2'), 1);
    assert.equal(store.findId('e-'), -1);
  });
  it('is unchanged by a copy in batches', () => {
    const from = filled(Array.from({ length: 10_000 }, (_, i) => `line ${i}`));
    const to = new Store();
    for (let at = 0; at < from.next; ) {
      const batch = from.slice(at, 777);
      to.append(batch);
      at += batch.count;
    }
    assert.equal(to.size, 10_000);
    for (const n of [0, 776, 777, 4095, 4096, 9999]) assert.deepEqual(to.line(n), from.line(n));
  });
  it('evicts the oldest lines beyond its limit', () => {
    const store = filled(Array.from({ length: 50_000 }, (_, i) => i));
    assert.ok(store.evict(10_000, Infinity).length > 0);
    assert.ok(store.size >= 10_000 && store.size < 15_000);
    assert.equal(store.line(store.first).text, String(store.first));
    assert.equal(store.next, 50_000);
  });
});

describe('rows', () => {
  it('finds the top of each row, also after rows were dropped', () => {
    const rows = new RowList();
    for (let n = 0; n < 5000; n++) rows.push(n * 2, 1 + (n % 3), 0);
    const slowTop = (i) => Array.from({ length: i }, (_, j) => rows.heightAt(j)).reduce((a, b) => a + b, 0);
    for (const drop of [0, 1001, 1500, 6000]) {
      rows.dropBefore(drop);
      for (const i of [0, 1, 700, 1900]) {
        assert.equal(rows.topOf(i), slowTop(i));
        assert.equal(rows.rowAt(slowTop(i)), i);
        assert.equal(rows.rowAt(slowTop(i) + rows.heightAt(i) - 1), i);
      }
    }
    for (let n = 5000; n < 9000; n++) rows.push(n * 2, 2, ROW_FLAG.MATCH);
    rows.setHeight(3, 40);
    assert.equal(rows.topOf(rows.length), rows.total);
    assert.equal(rows.topOf(2500), slowTop(2500));
    assert.equal(rows.rowAt(1e9), rows.length - 1);
    rows.push(20_000, 1, ROW_FLAG.MATCH, 4);
    rows.push(20_001, 1, 0, 3);
    const { errors, warnings, matches } = rows.summary(rows.length);
    assert.deepEqual([errors.at(-2), warnings.at(-1), matches.at(-2), matches.at(-1), matches[0]], [1, 1, 1, 0, 0]);
    assert.deepEqual([...rows.summary(2).errors], [0, 1]);
    assert.equal(rows.flagsAt(rows.length - 2), ROW_FLAG.MATCH);
  });
  it('adds rows between others', () => {
    const [rows, inOrder] = [new RowList(), new RowList()];
    for (let n = 0; n < 3000; n++) rows.push(n * 2, 1 + (n % 3), 0, n % 4);
    for (const n of [2001, 4001, 63]) assert.equal(rows.add(n, 5, ROW_FLAG.CONTEXT, 4), (n + 1) / 2 + (n === 4001 ? 1 : 0));
    for (let n = 0; n < 6000; n++) {
      if ([63, 2001, 4001].includes(n)) inOrder.push(n, 5, ROW_FLAG.CONTEXT, 4);
      else if (n % 2 === 0) inOrder.push(n, 1 + ((n / 2) % 3), 0, (n / 2) % 4);
    }
    assert.equal(rows.total, inOrder.total);
    for (let i = 0; i < rows.length; i++) {
      assert.deepEqual([rows.lines.at(i), rows.heightAt(i), rows.flagsAt(i)], [inOrder.lines.at(i), inOrder.heightAt(i), inOrder.flagsAt(i)]);
      assert.equal(rows.topOf(i), inOrder.topOf(i));
    }
    for (const parts of [3003, 40, 7]) assert.deepEqual(rows.summary(parts), inOrder.summary(parts));
  });
  it('finds line numbers', () => {
    const numbers = new LineNumbers();
    for (let n = 0; n < 3000; n++) numbers.push(n * 10);
    numbers.dropBefore(15_001);
    assert.equal(numbers.at(0), 15_010);
    assert.equal(numbers.indexOf(15_011), 1);
    assert.equal(numbers.indexOf(1e6), numbers.length);
  });
});

describe('view', () => {
  const shown = (view) => Array.from({ length: view.rows.length }, (_, i) => `${view.store.line(view.rows.lines.at(i)).text}${view.rows.flagsAt(i) & ROW_FLAG.BREAK ? '/' : ''}${view.rows.flagsAt(i) & ROW_FLAG.CONTEXT ? '~' : ''}`).join(' ');
  const criteria = (more) => ({ source: () => true, levels: 0, matcher: null, filter: false, context: 0, ...more });
  const { matcher } = compile({ text: '^(5|6|20)$', regex: true, matchCase: true });
  const view = (more, store = filled(Array.from({ length: 30 }, (_, i) => i))) => {
    const made = new View(store, () => 1);
    made.setCriteria(criteria(more));
    made.advance(() => false);
    return made;
  };
  it('shows all lines and counts matches', () => {
    const all = view({ matcher });
    assert.equal(all.rows.length, 30);
    assert.equal(all.matches.length, 3);
  });
  it('shows matches only', () => assert.equal(shown(view({ matcher, filter: true })), '5 6 20'));
  it('shows context lines once, and marks hidden lines between them', () => {
    assert.equal(shown(view({ matcher, filter: true, context: 2 })), '3~ 4~ 5 6 7~ 8~ 18/~ 19~ 20 21~ 22~');
    assert.equal(shown(view({ matcher, filter: true, context: 7 })), Array.from({ length: 28 }, (_, i) => ([5, 6, 20].includes(i) ? i : `${i}~`)).join(' '));
  });
  it('takes context from the source of the match, in the order of the lines', () => {
    const store = new Store();
    for (const text of ['a1', 'b1', 'a2', 'b-hit', 'a3', 'b2', 'a-hit', 'b3', 'b4', 'a4']) store.push(line(text, { source: text.startsWith('a') ? 0 : 1 }));
    const { matcher } = compile({ text: 'hit', regex: false, matchCase: true });
    const inserted = [];
    const made = new View(store, () => 1);
    made.inserted = (i) => inserted.push(i);
    made.setCriteria(criteria({ matcher, filter: true, context: 2 }));
    made.advance(() => false);
    assert.equal(shown(made), 'b1~ a2/~ b-hit a3~ b2~ a-hit b3~ a4~');
    assert.deepEqual(inserted, [1, 3]);
  });
  it('continues with new lines', () => {
    const store = filled([1, 5, 2, 3]);
    const live = view({ matcher, filter: true, context: 1 }, store);
    assert.equal(shown(live), '1~ 5 2~');
    store.push(line('6'));
    live.advance(() => false);
    assert.equal(shown(live), '1~ 5 2~ 3~ 6');
  });
  it('always shows gaps, but hides other control events when filtered', () => {
    const store = filled([1, 5]);
    store.push(line('{}', { flags: KIND.GAP, source: 65535 }));
    store.push(line('{}', { flags: KIND.SOURCE }));
    assert.equal(view({}, store).rows.length, 4);
    assert.equal(view({ matcher, filter: true }, store).rows.length, 2);
  });
  it('filters by source and level', () => {
    const store = new Store();
    ['a', 'b', 'c'].forEach((text, i) => store.push(line(text, { source: i, level: i })));
    assert.equal(shown(view({ source: (s) => s === 1 }, store)), 'b');
    assert.equal(shown(view({ levels: 1 << 2 }, store)), 'c');
  });
});

describe('scroll', () => {
  it('moves a short list one to one', () => {
    const map = new ScrollMap(10_000);
    Object.assign(map, { total: 5000, viewport: 500 });
    map.scrolled(1000);
    assert.equal(map.top, 1000);
    map.scrolled(1040);
    assert.equal(map.top, 1040);
    assert.equal(map.realign(), 1040);
  });
  it('reaches both ends of a list above the maximum height, and moves one to one', () => {
    const map = new ScrollMap(10_000);
    Object.assign(map, { total: 1_000_000, viewport: 500 });
    map.scrolled(4000);
    const before = map.top;
    map.scrolled(4060);
    assert.equal(map.top - before, 60);
    map.scrolled(9500);
    assert.equal(map.top, 999_500);
    map.scrolled(0);
    assert.equal(map.top, 0);
  });
  it('keeps visible rows in place when rows above are removed', () => {
    const map = new ScrollMap();
    Object.assign(map, { total: 100_000, viewport: 500 });
    map.scrollTo(50_000);
    map.total -= 20_000;
    map.offset -= 20_000;
    assert.equal(map.top, 30_000);
    assert.equal(map.realign(), 30_000);
  });
});

describe('decode', () => {
  it('decodes lines', () => {
    const names = new SourceNames();
    const read = decodeLine('{"file":"a","message":"\\u001b[31mERROR\\u001b[0m x","time":5,"ts":4,"level":"fatal","cont":true,"offset":7}', 'k-1', names);
    assert.deepEqual(read, { text: '\x1b[31mERROR\x1b[0m x', id: 'k-1', flags: FLAG.CONTROL_CHARS | FLAG.CONTINUES, level: LEVEL.ERROR, source: 0, cells: 7, time: 5, ts: 4, offset: 7 });
    assert.equal(decodeLine('{"file":"a","message":"","time":5}', 'k-1', names).ts, 5);
    assert.ok(Number.isNaN(decodeLine('{"file":"stdin","message":"","time":5}', 'k-2', names).offset));
    assert.equal(decodeLine('{"file":"b","message":"x","time":5,"more":true}', 'k-3', names).flags, FLAG.MORE);
    assert.deepEqual(names.list, ['a', 'stdin', 'b']);
  });
  it('keeps the bytes of binary lines, and the text of lines with a few invalid bytes', () => {
    const names = new SourceNames();
    const binary = decodeLine('{"file":"a","message":"\\u0000\\ufffd","time":1,"base64":"AP8="}', 'k', names);
    assert.equal(binary.flags, KIND.BINARY);
    assert.equal(hexText(binary.text), '00 ff  ··');
    assert.equal(decodeLine('{"file":"a","message":"caf\\ufffd au lait, and more","time":1,"base64":"Y2Fm6SBhdSBsYWl0"}', 'k', names).flags, KIND.LINE);
  });
  it('decodes gaps, and ignores unknown control events', () => {
    assert.equal(decodeControl({ type: 'gap', lost: 3 }, 'k', new SourceNames(), 1).flags, KIND.GAP);
    assert.equal(decodeControl({ type: 'later' }, 'k', new SourceNames(), 1), null);
  });
});

describe('hash', () => {
  it('parses what it formats', () => {
    const state = { line: 'k3f9q2-1a', lastLine: '', query: { text: 'a&b=#', regex: true, matchCase: false }, filter: true, context: 3, sources: ['a b', 'c&d'], beside: false, levels: 0b11000, fields: [{ key: 'a=b!%', value: 'x=&"', isExcluded: true }, { key: 's', value: '', isExcluded: false }], columns: ['user.name', 'a b'], range: [0, 60_000], grep: 'x+', history: 'all' };
    assert.deepEqual(parseHash(formatHash(state)), state);
  });
  it('accepts a line alone, or nothing', () => {
    assert.equal(parseHash('#k3f9q2-1a').line, 'k3f9q2-1a');
    assert.equal(formatHash(parseHash('')), '');
  });
});

describe('export', () => {
  it('writes text and NDJSON', () => {
    const store = filled(['x']);
    store.push(line('part', { flags: FLAG.MORE }));
    store.push(line('AP8=', { flags: KIND.BINARY, offset: NaN }));
    const source = { store, names: ['a'] };
    assert.equal(asText(source, 0) + asText(source, 1), 'x\npart');
    assert.deepEqual(JSON.parse(asNdjson(source, 0)), { file: 'a', message: 'x', time: 1, offset: 0, id: 'e-1' });
    assert.deepEqual(JSON.parse(asNdjson(source, 2)), { file: 'a', base64: 'AP8=', time: 1, id: 'e-AP8=' });
  });
});

describe('format', () => {
  it('formats counts, sizes, names, ages and gaps', () => {
    assert.equal(plural(1, 'line'), '1 line');
    assert.equal(plural(12_345, 'line'), '12,345 lines');
    assert.equal(formatBytes(4096), '4.0 KiB');
    assert.deepEqual(['service-179/current.log', 'a-file-without-any-folder.log', 'a/very/long/folder/for/a.log'].map((name) => shortenName(name, 20)), ['service-179/…ent.log', 'a-file-wi…folder.log', 'a/very/lo…/for/a.log']);
    assert.deepEqual([shortenName('web-1/app.log', 13), shortenName('web-1/application.log', 13)], ['web-1/app.log', 'web-1/…on.log']);
    assert.equal(ago(0, 65_000), '1m 05s');
    assert.match(gapText({ reason: 'evicted', lost: 1 }).amount, /^1 event lost/);
    assert.equal(gapText({ reason: 'restart', lost: null }).amount, 'ssetail restarted');
  });
});

/** Platform for a Stream, with a clock that only `pass` moves. */
function fakePlatform() {
  const made = {
    time: 1000, timers: [], sources: [], asked: 0, isAlive: true,
    open(url, events) {
      const source = { url, events, isClosed: false, close() { this.isClosed = true; } };
      made.sources.push(source);
      return source;
    },
    responds: async () => (made.asked++, made.isAlive),
    now: () => made.time, random: () => 1,
    later: (run, ms) => made.timers.push({ run, at: made.time + ms, off: false }),
    cancel: (id) => { if (id) made.timers[id - 1].off = true; },
    pass(ms) {
      const until = made.time + ms;
      for (;;) {
        const next = made.timers.filter((t) => !t.off && t.at <= until).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        made.time = next.at;
        next.off = true;
        next.run();
      }
      made.time = until;
    },
    get last() { return made.sources.at(-1); },
  };
  return made;
}
const promisesSettled = () => new Promise((done) => setImmediate(done));

describe('event parser', () => {
  const parsed = (...pieces) => {
    const events = [];
    const parser = new EventParser({ event: (...event) => events.push(event), retry: (ms) => events.push(ms) });
    for (const piece of pieces) parser.push(piece);
    return events;
  };
  it('reads names, data and IDs, whatever the pieces', () => {
    const text = ':\nretry: 2000\ndata:  {}\nid: k-1\n\nevent: ssetail\ndata: a\ndata:b\nid: k-2\n\n:\ndata\n\n\n';
    const wanted = [2000, ['', ' {}', 'k-1'], ['ssetail', 'a\nb', 'k-2'], ['', '', 'k-2']];
    assert.deepEqual(parsed(text), wanted);
    assert.deepEqual(parsed(...text), wanted);
    assert.deepEqual(parsed(text.replaceAll('\n', '\r\n')), wanted);
  });
  it('drops an event that is cut', () => assert.deepEqual(parsed('data: a\nid: k-1\n'), []));
  it('reads both forms of Retry-After', () => {
    const answer = (value) => new Response('', { headers: value ? { 'retry-after': value } : {} });
    assert.equal(retryAfterOf(answer('7'), 0), 7000);
    assert.equal(retryAfterOf(answer('Thu, 01 Jan 1970 00:00:09 GMT'), 1000), 8000);
    for (const value of ['', 'soon', '-3', 'Thu, 01 Jan 1970 00:00:00 GMT']) assert.equal(retryAfterOf(answer(value), 1000), 0);
  });
});

describe('stream', () => {
  const start = (platform) => {
    const received = { lines: [], states: [] };
    const stream = new Stream('http://h/sse?format=json', 'http://h/healthz', { line: (data, id) => received.lines.push(id), control() {}, state: (s) => received.states.push(s.phase) }, platform);
    stream.open();
    return { stream, received };
  };
  const respond = ({ events }, id = 'k-1') => {
    events.opened();
    events.event('', '{}', id);
  };
  const ping = ({ events }) => events.event('ssetail', '{"type":"ping"}', 'k-1');
  const fail = ({ events }, failure = {}) => events.failed({ status: 0, retryAfter: 0, message: '', ...failure });
  it('reconnects after silence with the last event ID', () => {
    const platform = fakePlatform();
    const { received } = start(platform);
    respond(platform.last);
    platform.pass(30_000);
    assert.equal(platform.sources.length, 1);
    platform.pass(11_500);
    assert.equal(platform.sources.length, 2);
    assert.equal(new URL(platform.last.url).searchParams.get('last_event_id'), 'k-1');
    assert.equal(platform.sources[0].isClosed, true);
    assert.equal(received.states.at(-1), 'connecting');
  });
  it('sets the allowed silence from the pings', () => {
    const platform = fakePlatform();
    start(platform);
    respond(platform.last);
    ping(platform.last);
    platform.pass(2_000);
    ping(platform.last);
    platform.pass(8_000);
    assert.equal(platform.sources.length, 2);
  });
  it('asks a silent server for a sign of life, and notices its death', async () => {
    const platform = fakePlatform();
    const { stream } = start(platform);
    respond(platform.last);
    const heard = platform.time;
    platform.pass(7_000);
    await promisesSettled();
    assert.deepEqual([platform.asked, platform.sources.length, stream.state.phase], [1, 1, 'live']);
    platform.isAlive = false;
    platform.pass(6_000);
    await promisesSettled();
    assert.deepEqual([platform.asked, platform.sources.length], [2, 2]);
    assert.deepEqual(stream.state, { phase: 'connecting', lostAt: heard });
    respond(platform.last);
    stream.isWatched = false;
    platform.pass(7_000);
    assert.equal(platform.asked, 2);
  });
  it('is not lost if a line arrives while a sign of life is awaited', async () => {
    const platform = fakePlatform();
    const { stream } = start(platform);
    respond(platform.last);
    platform.isAlive = false;
    platform.pass(7_000);
    respond(platform.last, 'k-2');
    await promisesSettled();
    assert.deepEqual([platform.asked, platform.sources.length, stream.state.phase], [1, 1, 'live']);
  });
  it('keeps the time of the loss while it retries with growing delays', () => {
    const platform = fakePlatform();
    const { stream } = start(platform);
    respond(platform.last);
    platform.pass(3_000);
    const lostAt = platform.time;
    const delays = [];
    for (let i = 0; i < 7; i++) {
      const { length } = platform.sources;
      const from = platform.time;
      fail(platform.last, i ? { status: 502 } : {});
      assert.deepEqual([stream.state.phase, stream.state.lostAt], ['waiting', lostAt]);
      while (platform.sources.length === length) platform.pass(100);
      delays.push(platform.time - from);
    }
    assert.deepEqual(delays, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    respond(platform.last);
    assert.deepEqual(stream.state, { phase: 'live', lostAt: 0 });
  });
  it('retries after any status of a proxy, and waits as long as that asks for', () => {
    for (const status of [404, 408, 429, 500, 501, 502, 503, 504]) {
      const platform = fakePlatform();
      const { stream } = start(platform);
      fail(platform.last, { status, retryAfter: 20_000 });
      assert.deepEqual([stream.state.phase, stream.state.status], ['waiting', status]);
      platform.pass(19_900);
      assert.equal(platform.sources.length, 1);
      platform.pass(200);
      assert.equal(platform.sources.length, 2);
    }
  });
  it('retries a connection without a response', () => {
    const platform = fakePlatform();
    const { stream } = start(platform);
    platform.pass(11_200);
    assert.equal(stream.state.phase, 'waiting');
    assert.equal(platform.sources[0].isClosed, true);
  });
  it('says that it is refused, and retries nevertheless', () => {
    for (const status of [200, 401, 403]) {
      const platform = fakePlatform();
      const { stream } = start(platform);
      fail(platform.last, { status });
      assert.equal(stream.state.phase, 'refused');
      platform.pass(600);
      assert.equal(platform.sources.length, 2);
    }
  });
  it('does not repeat a query that the server does not accept', () => {
    const platform = fakePlatform();
    const { stream } = start(platform);
    fail(platform.last, { status: 400, message: 'grep takes …' });
    assert.deepEqual([stream.state.phase, stream.state.message], ['rejected', 'grep takes …']);
    platform.pass(100_000);
    stream.check();
    assert.equal(platform.sources.length, 1);
  });
  it('stops after a 204, and check() reconnects without delay', () => {
    const platform = fakePlatform();
    const { stream, received } = start(platform);
    respond(platform.last);
    fail(platform.last, { status: 204 });
    assert.equal(received.states.at(-1), 'ended');
    platform.pass(100_000);
    assert.equal(platform.sources.length, 1);
    stream.check();
    assert.equal(platform.sources.length, 2);
    fail(platform.last);
    stream.check();
    assert.equal(platform.sources.length, 3);
  });
  it('stops after a complete body that ends with the end of the input', () => {
    const platform = fakePlatform();
    const { stream } = start(platform);
    respond(platform.last);
    platform.last.events.event('ssetail', '{"type":"end","file":"stdin"}', 'k-2');
    ping(platform.last);
    platform.last.events.ended();
    assert.equal(stream.state.phase, 'ended');
    const other = fakePlatform();
    const files = start(other).stream;
    other.last.events.event('ssetail', '{"type":"end","file":"stdin"}', 'k-2');
    respond(other.last, 'k-3');
    other.last.events.ended();
    assert.equal(files.state.phase, 'waiting');
  });
  it('returns after the reconnection time when it is turned away', () => {
    const platform = fakePlatform();
    const { stream } = start(platform);
    platform.last.events.retry(60_000);
    platform.last.events.ended();
    assert.match(stream.state.message, /^Too many/);
    platform.pass(59_000);
    assert.equal(platform.sources.length, 1);
    platform.pass(1_100);
    assert.equal(platform.sources.length, 2);
  });
});

describe('status', () => {
  const now = new Date(2026, 10, 26, 14, 2, 30).getTime();
  const at = (phase, more = {}) => ({ phase, lostAt: 0, ...more });
  const texts = (state, finished = 0) => [connectionText(state, finished, now), noticeOf(state, finished, now)?.text ?? ''];
  it('says nothing below the lines while all is well', () => {
    assert.deepEqual(texts(at('live')), ['Live', '']);
    assert.deepEqual(texts(at('connecting')), ['Connecting…', '']);
    assert.deepEqual(texts(at('waiting', { lostAt: now - 900, retryAt: now + 100 })), ['Reconnecting…', '']);
  });
  it('tells since when there is no connection, and when it is tried again', () => {
    const lost = { lostAt: now - 12_000 };
    assert.deepEqual(texts(at('waiting', { ...lost, retryAt: now + 2900 })), ['Disconnected', 'Disconnected 12 s ago, trying again in 3 s']);
    assert.deepEqual(texts(at('connecting', lost)), ['Disconnected', 'Disconnected 12 s ago, trying now']);
    assert.deepEqual(texts(at('waiting', { ...lost, status: 502, retryAt: now + 1 })), ['Disconnected', 'Disconnected 12 s ago (status 502), trying again in 1 s']);
    assert.equal(texts(at('connecting', { lostAt: now - 3_700_000 }))[1], 'Disconnected 61 min ago, trying now');
    assert.deepEqual(texts(at('waiting', { retryAt: now + 60_000, message: 'Too many event streams are open' })), ['Not connected', 'Not connected: Too many event streams are open, trying again in 60 s']);
  });
  it('tells the time at which all input had ended, also without a connection', () => {
    const finished = new Date(2026, 10, 26, 14, 2, 11).getTime();
    for (const phase of ['live', 'ended', 'waiting', 'connecting']) assert.deepEqual(texts(at(phase, { lostAt: now - 9000 }), finished), ['Finished 14:02:11', '']);
  });
  it('tells how a command has ended', () => {
    assert.deepEqual([{}, { status: 0 }, { status: 1 }, { signal: 'SIGTERM' }].map(endText), ['ended', 'finished with status 0', 'finished with status 1', 'ended by SIGTERM']);
    const finished = new Date(2026, 10, 26, 14, 2, 11).getTime();
    assert.equal(connectionText(at('live', {}), finished, now, endText({ status: 1 })), 'Finished with status 1 at 14:02:11');
    assert.equal(connectionText(at('ended', {}), finished, now, endText({ signal: 'SIGINT' })), 'Ended by SIGINT at 14:02:11');
  });
  it('offers what helps', () => {
    assert.equal(noticeOf(at('refused', { status: 401 }), 0, now).action, 'reload');
    assert.equal(noticeOf(at('rejected', { status: 400, message: 'grep takes x.' }), 0, now).text, 'The server does not accept the filter: grep takes x');
    assert.equal(noticeOf(at('waiting', { retryAt: now }), 0, now).action, 'retry');
  });
});

describe('hub', () => {
  /** Port of a page that acknowledges only through `ack`. */
  function fakePort() {
    const port = { got: [], onmessage: null, postMessage: (message) => port.got.push(message), close() {} };
    port.lines = () => port.got.filter((message) => message.type === 'lines').reduce((sum, { batch }) => sum + batch.count, 0);
    port.ack = () => port.onmessage({ data: { type: 'ack', next: port.got.findLast((message) => message.type === 'lines').next } });
    return port;
  }
  const send = (platform, count, from = 0) => {
    for (let i = from; i < from + count; i++) platform.last.events.event('', `{"file":"a","message":"${i}","time":1}`, `k-${i}`);
  };
  const flushed = () => new Promise((done) => setTimeout(done, 40));

  it('opens one stream for all pages, and replays to a new page', async () => {
    const platform = fakePlatform();
    const hub = new Hub('http://h/sse', '', platform);
    const [one, two] = [fakePort(), fakePort()];
    hub.attach(one);
    send(platform, 1500);
    await flushed();
    hub.attach(two);
    assert.equal(platform.sources.length, 1);
    assert.deepEqual([one.lines(), two.lines()], [1500, 1500]);
    assert.equal(two.got.find((message) => message.type === 'names').names[0], 'a');
  });

  it('waits for acknowledgements, and reports missed lines', async () => {
    const platform = fakePlatform();
    const hub = new Hub('http://h/sse', '', platform);
    const page = fakePort();
    hub.attach(page);
    send(platform, 270_000);
    await flushed();
    const first = page.lines();
    assert.ok(first > 0 && first < 10_000);
    while (page.got.findLast((message) => message.type === 'lines').next < 270_000) page.ack();
    const missed = page.got.filter((message) => message.type === 'missed').reduce((sum, { lost }) => sum + lost, 0);
    assert.ok(missed > 0);
    assert.equal(page.lines() + missed, 270_000);
  });

  it('closes the stream with the last page, and resumes with the next', async () => {
    const platform = fakePlatform();
    const hub = new Hub('http://h/sse', '', platform);
    const page = fakePort();
    hub.attach(page);
    send(platform, 3);
    await flushed();
    page.onmessage({ data: { type: 'close' } });
    assert.equal(platform.last.isClosed, true);
    const next = fakePort();
    hub.attach(next);
    assert.equal(new URL(platform.last.url).searchParams.get('last_event_id'), 'k-2');
    assert.equal(next.lines(), 3);
  });

  it('continues a page that returns after the lines that it has', async () => {
    const platform = fakePlatform();
    const hub = new Hub('http://h/sse', '', platform);
    const page = fakePort();
    hub.attach(page);
    send(platform, 5);
    await flushed();
    page.onmessage({ data: { type: 'close' } });
    assert.deepEqual([hub.canResume('k-2'), hub.canResume('x-2')], [true, false]);
    const back = fakePort();
    hub.attach(back, 'k-2');
    assert.equal(back.lines(), 2);
    const other = new Hub('http://h/sse', '', platform);
    other.attach(fakePort(), 'x-2');
    assert.equal(new URL(platform.last.url).searchParams.get('last_event_id'), 'x-2');
  });
});

describe('overview', () => {
  it('shows rare marks well, and many marks by their number', () => {
    assert.deepEqual([...opacities(new Uint32Array(100))], new Array(100).fill(0));
    const rare = opacities(Uint32Array.from({ length: 100 }, (_, i) => Number(i === 7)));
    assert.deepEqual([rare[7], rare[8]], [1, 0]);
    const often = opacities(Uint32Array.from({ length: 100 }, (_, i) => (i === 50 ? 25 : 2)));
    assert.equal(often[50], 1);
    assert.ok(often[0] > 0.1 && often[0] < 0.2);
  });
});

describe('paper', () => {
  it('has the selection or the newest lines, and says if that is not all', () => {
    const text = (selected, length) => {
      const { from, to, isAll } = extentOf(selected, length);
      return [from, to, extentText(to - from, selected !== null, isAll)];
    };
    assert.deepEqual(text(null, 1), [0, 1, '1 line']);
    assert.deepEqual(text(null, 12_000), [7000, 12_000, 'Newest 5,000 lines; older ones are not printed']);
    assert.deepEqual(text([3, 9003], 12_000), [3, 9003, '9,000 selected lines']);
    assert.deepEqual(text([3, 70_003], 90_000), [3, 50_003, 'First 50,000 selected lines; later ones are not printed']);
  });
});

describe('sources', () => {
  it('are in natural order', () => {
    const sources = new Sources();
    sources.setNames(['api-21', 'api-0']);
    assert.deepEqual(sources.sorted.map(({ name }) => name), ['api-0', 'api-21']);
    sources.update([{ name: 'api-14', state: 'live' }, { name: 'api-7', state: 'live' }]);
    assert.deepEqual(sources.sorted.map(({ name }) => name), ['api-0', 'api-7', 'api-14', 'api-21']);
  });
  it('count their lines by level', () => {
    const sources = new Sources();
    sources.setNames(['a', 'b']);
    const store = new Store();
    for (const [source, level] of [[0, 4], [0, 4], [0, 2], [1, 4]]) store.push(line('x', { source, level }));
    store.push(line('{}', { source: 0, level: 4, flags: KIND.SOURCE }));
    sources.count(store.chunks[0]);
    assert.deepEqual([new Set(), new Set('a'), new Set('b'), new Set('ab')].map((chosen) => sources.levelCount(4, chosen)), [3, 2, 1, 3]);
    assert.equal(sources.levelCount(2, new Set('b')), 0);
    sources.resetCounts();
    assert.equal(sources.levelCount(4, new Set()), 0);
  });
});

describe('index.html', () => {
  const read = (name) => readFileSync(new URL(`../../src/viewer/${name}`, import.meta.url), 'utf8');
  it('has no inline script, style or handler', () => {
    const html = read('index.html');
    assert.doesNotMatch(html, /<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=/);
  });
});
