// Unit tests of text that is made to break the page: names of built-in properties, and text that
// takes long to read.
import { afterEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { parseAnsi } from '../../src/viewer/ansi.js';
import { decodeControl, decodeFields, SourceNames } from '../../src/viewer/decode.js';
import { compileFields } from '../../src/viewer/fieldfilter.js';
import { foldAt } from '../../src/viewer/fold.js';
import { levelOf } from '../../src/viewer/level.js';
import { contentOf, fillText, jsonSpans } from '../../src/viewer/linetext.js';
import { canonicalNumber } from '../../src/viewer/number.js';
import { linkParts, splitSpans } from '../../src/viewer/parts.js';
import { piecesOf, recordOf } from '../../src/viewer/record.js';
import { RenderedRows } from '../../src/viewer/renderedrows.js';
import { gapText } from '../../src/viewer/row.js';
import { describeState } from '../../src/viewer/sources.js';
import { KIND, Store } from '../../src/viewer/store.js';
import { View } from '../../src/viewer/view.js';

const BUILT_IN = ['constructor', 'toString', '__proto__', 'hasOwnProperty'];

/** Element that has what a row needs. */
class FakeElement {
  dataset = {};
  className = '';
  textContent = '';
  children = [];
  get firstElementChild() {
    return this.children[0] ?? null;
  }
  replaceChildren(...children) {
    this.children = children;
  }
  append(...children) {
    this.children.push(...children);
  }
  insertBefore(child) {
    this.children.push(child);
  }
}

const { document } = globalThis;
const { error } = console;
afterEach(() => {
  globalThis.document = document;
  console.error = error;
});

describe('names of built-in properties', () => {
  for (const name of BUILT_IN) {
    it(`are no level, type, reason or state: ${name}`, () => {
      const line = JSON.stringify({ s: name, msg: 'x' });
      assert.equal(recordOf(line).levelName, '');
      assert.equal(piecesOf(recordOf(line), []).map(({ text }) => text).join(''), `x s=${name}`);
      assert.equal(levelOf(name), 0);
      assert.equal(decodeFields({ file: 'a', message: 'x', time: 1, level: name }, '', new SourceNames()).level, 0);
      assert.equal(decodeControl({ type: name, file: 'a' }, '', new SourceNames(), 0), null);
      assert.equal(gapText({ reason: name }).reason, name);
      assert.deepEqual(describeState(name), { text: name, bad: false });
    });
  }
});

/** Milliseconds that a function takes, the shortest of three times. */
function timeOf(run) {
  return Math.min(...[1, 2, 3].map(() => {
    const start = performance.now();
    run();
    return performance.now() - start;
  }));
}

describe('keys and brackets of JSON', () => {
  const dimmed = (text, end = Infinity) => {
    const spans = jsonSpans(text, end);
    assert.equal(spans.map((span) => span.text).join(''), text);
    return spans.filter(({ style }) => style).map((span) => span.text);
  };

  it('are dimmed, and those in strings are not', () => {
    assert.deepEqual(dimmed('{"a": "x{y}", "b\\"c" :[1,2]} end'), ['{', '"a":', ',', '"b\\"c" :', '[', ',', ']}']);
    assert.deepEqual(dimmed('{"a":1,"cut\\'), ['{', '"a":', ',']);
    assert.deepEqual(dimmed('{"a":{"b":1}}', 5), ['{', '"a":']);
  });

  it('are found once in a string without an end', () => {
    for (const text of [`{"${'\\"'.repeat(100_000)}`, `{"${'" '.repeat(100_000)}`, `{"a${' '.repeat(200_000)}`, `{"${'\\'.repeat(1_000_001)}`]) {
      assert.ok(timeOf(() => jsonSpans(text, Infinity)) < 3000, text.slice(0, 5));
    }
  });

  it('are dimmed in the shown part of a line only', () => {
    const text = `{"a":1,${'"b":[2],'.repeat(1000)}`;
    const state = { matcher: null, records: true, columns: { keys: [] }, expandedLines: new Set(), fullLines: new Set(), screenColumns: () => 80, time: 'off' };
    const line = { text, level: 0, source: 0, id: '', flags: KIND.LINE, cells: text.length, time: 0, ts: 0, offset: 0 };
    const partsOf = (changes) => contentOf(line, 0, true, { ...state, ...changes }).parts;
    assert.ok(partsOf({}).length < 300);
    assert.ok(partsOf({ fullLines: new Set([0]) }).length > 2000);
    assert.ok(partsOf({ matcher: { ranges: () => [[text.length - 2, text.length]] } }).length > 2000);
  });
});

describe('numbers with many digits', () => {
  it('are compared as text', () => {
    assert.equal(canonicalNumber('0'.repeat(350)), '0');
    assert.equal(canonicalNumber(`1${'0'.repeat(398)}`), '1e398');
    for (const text of ['1'.repeat(401), `0.${'0'.repeat(400)}`, `1e${'9'.repeat(401)}`]) assert.equal(canonicalNumber(text), null);
    const long = `1${'0'.repeat(500)}`;
    const test = compileFields([{ key: 'n', value: long, isExcluded: false }]);
    assert.equal(test(`{"n":${long}}`), true);
    assert.equal(test(`{"n":${long}.0}`), false);
  });

  it('are compared in linear time', () => {
    const long = `1${'0'.repeat(100_000)}1`;
    const test = compileFields([{ key: 'n', value: '1', isExcluded: false }]);
    assert.ok(timeOf(() => canonicalNumber(long)) < 1000);
    assert.ok(timeOf(() => compileFields([{ key: 'n', value: `1.${long}`, isExcluded: false }])) < 1000);
    assert.ok(timeOf(() => assert.equal(test(`{"n":${long}}`), false)) < 1000);
  });

  it('are found without the zeros at their end', () => {
    const test = compileFields([{ key: 'n', value: '100.500', isExcluded: false }]);
    assert.deepEqual(['n=100.5', 'n=100.50', 'n=100', 'n=1005e-1'].map((line) => test(line)), [true, true, false, true]);
    assert.equal(compileFields([{ key: 'n', value: '100.00', isExcluded: false }])('n=100'), true);
  });
});

describe('links', () => {
  const linksOf = (parts, limit) => linkParts(parts, limit).filter(({ link }) => link).map(({ text, link }) => [text, link]);
  const terminal = (target, shown) => splitSpans(parseAnsi(`\x1b]8;;${target}\x1b\\${shown}\x1b]8;;\x1b\\`), []);

  it('of the terminal open the address that they show', () => {
    assert.deepEqual(linksOf(terminal('https://evil.example/', 'https://bank.example/')), [['https://bank.example/', 'https://bank.example/']]);
    assert.deepEqual(linksOf(terminal('https://a.example/', 'see https://b.example/ now')), [['see ', 'https://a.example/'], ['https://b.example/', 'https://b.example/'], [' now', 'https://a.example/']]);
    assert.deepEqual(linksOf(terminal('https://a.example/', 'report')), [['report', 'https://a.example/']]);
    assert.deepEqual(linksOf(terminal('https://evil.example/', 'https://\x1b[1mbank\x1b[0m.example/')).map(([, link]) => link), Array(3).fill('https://bank.example/'));
  });

  it('show their whole address', () => {
    const parts = splitSpans([{ text: 'a https://bank.example.evil.example/ https://c.example/', style: null, symbol: false }], []);
    assert.deepEqual(linksOf(parts, 22), []);
    assert.deepEqual(linksOf(parts, 36), [['https://bank.example.evil.example/', 'https://bank.example.evil.example/']]);
    assert.equal(linksOf(parts).length, 2);
    assert.deepEqual(linksOf(terminal('https://evil.example/', 'https://bank.example.evil.example/'), 20), []);
    assert.deepEqual(linksOf(terminal('https://a.example/', 'report'), 3), [['report', 'https://a.example/']]);
  });

  it('are not made of an address that the fold cuts', () => {
    const made = [];
    globalThis.document = {
      createTextNode: (text) => ({ text }),
      createElement: (tag) => (made.push(tag), new FakeElement()),
    };
    const rest = ' x'.repeat(1000);
    const start = '-'.repeat(foldAt(`${'-'.repeat(400)}${rest}`, 80) - 20);
    const fill = (isFull) => {
      const text = `${start}https://bank.example.evil.example/${rest}`;
      const parts = [{ text, style: null, symbol: false, isMatch: false }];
      fillText(new FakeElement(), { visible: text, record: null, tree: null, isOpen: false, isRecord: false, parts }, isFull, 80);
      return made.splice(0);
    };
    assert.deepEqual(fill(false), ['button']);
    assert.deepEqual(fill(true), ['a', 'button'], 'the whole line can be folded');
  });
});

describe('a row that cannot be filled', () => {
  it('shows the text of its line, and later rows are filled', () => {
    globalThis.document = { createElement: () => new FakeElement() };
    const reported = [];
    console.error = (problem) => reported.push(problem.message);
    const store = new Store();
    for (const text of ['first', 'bad \x1b\u202eline', 'last']) store.push({ text, level: 0, source: 0, id: '', flags: KIND.LINE, cells: 1, time: 0, ts: 0, offset: 0 });
    const view = new View(store, () => 1);
    view.advance(() => false);
    const rendered = new RenderedRows(view, (row, n) => {
      if (n === 1) throw new Error('not readable');
      row.textContent = store.line(n).text;
    });
    rendered.show(0, 2);
    const shown = rendered.block.children.map((row) => row.textContent || row.children.map(({ textContent }) => textContent).join());
    assert.deepEqual(shown, ['first', 'bad \ufffd\ufffdline', 'last']);
    assert.equal(rendered.block.children[1].dataset.n, '1');
    assert.deepEqual(reported, ['not readable']);
  });
});
