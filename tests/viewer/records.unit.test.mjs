// Tests of records, criteria of fields, folding and links, without a browser.
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { compileFields, criterionText, parseCriterion } from '../../src/viewer/fieldfilter.js';
import { fieldText } from '../../src/viewer/fieldtext.js';
import { estimateRows, foldAt, foldCells, folds } from '../../src/viewer/fold.js';
import { rowParts, stringParts } from '../../src/viewer/json.js';
import { logfmtTokens } from '../../src/viewer/logfmt.js';
import { canonicalNumber } from '../../src/viewer/number.js';
import { linkParts, splitPieces } from '../../src/viewer/parts.js';
import { covers, fieldOf, piecesOf, recordOf } from '../../src/viewer/record.js';
import { addressOf, findUrls } from '../../src/viewer/urls.js';

/** The table that the tests of the server read too. */
const TABLE = JSON.parse(readFileSync(new URL('fixtures/records.json', import.meta.url), 'utf8'));

/** Milliseconds of a time that a field of the table states. */
const millis = (text) => (/^[\d.]+$/.test(text) ? Math.floor(Number(text) * (text.length > 14 ? 1e-3 : text.length > 12 ? 1 : 1000)) : Date.parse(text));
const shown = (line, columns = []) => piecesOf(recordOf(line), columns).map(({ text }) => text).join('');
/** Row of a record with `<matches>`. */
const marked = (line, ranges) => splitPieces(piecesOf(recordOf(line), []), ranges).map(({ text, isMatch }) => (isMatch ? `<${text}>` : text)).join('');
const rangesOf = (line, text) => [...line.matchAll(text)].map(({ index, 0: found }) => [index, index + found.length]);

describe('records', () => {
  for (const { line, prefix = '', time, level, message, fields } of TABLE) {
    it(`are read as the server reads them: ${prefix}${line}`, () => {
      const record = recordOf(prefix + line);
      assert.ok(record);
      assert.equal(record.time && millis(record.time.text), time);
      assert.equal(record.levelName || null, level);
      assert.equal(record.message && fieldOf(record.message).value, message);
      assert.deepEqual(record.leaves.map((leaf) => [fieldOf(leaf).key, fieldOf(leaf).value, ...(leaf.kind === 'json' ? ['json'] : [])]), fields);
      assert.equal(record.prefix, prefix);
    });
    it(`name the place of each value: ${prefix}${line}`, () => {
      for (const { text, from, to } of recordOf(prefix + line).leaves) assert.equal((prefix + line).slice(from, to), text);
      for (const { text, from, to, symbol } of piecesOf(recordOf(prefix + line), [])) {
        if (from >= 0 && (symbol || text.length === to - from)) assert.equal((prefix + line).slice(from, to).toLowerCase(), text.toLowerCase());
      }
    });
  }

  it('show level, message and fields in one row', () => {
    assert.equal(shown('{"time":"2026-11-25T19:00:01Z","level":"warn","n":1,"msg":"two words","user":{"id":9007199254740993,"tags":["a"]},"e":""}'), 'WARN  two words n=1 user.id=9007199254740993 user.tags=["a"] e=""');
    assert.equal(shown('{"level":30,"msg":"x","code":"404","word":"a b","s":"plain"}'), 'INFO  x code="404" word="a b" s=plain');
    assert.equal(shown('level=info msg=starting up now n=1'), 'INFO  starting up now n=1');
    assert.equal(shown('api-1  | {"severity":"NOTICE","message":"m","a":null}'), 'api-1  | NOTICE m a=null');
    assert.equal(shown('{"a":1,"b":true}'), 'a=1 b=true');
    assert.equal(shown('{"time":"2026-11-25T19:00:01Z"}'), 'time=2026-11-25T19:00:01Z');
    assert.equal(shown('{"level":"info","msg":"m","a":1,"b":{"c":2}}', ['b.c', 'level']), 'm a=1');
    assert.equal(shown('{"level":"info","msg":"m","a":1}', ['msg']), 'INFO  a=1');
  });

  it('keep escapes that change the text around them, and the row in one line', () => {
    const pieces = piecesOf(recordOf('{"msg":"a\\nb \\u202ec \\u00e9","\\u001bk":"\\t\\u2028"}'), []);
    assert.equal(pieces.map(({ text }) => text).join(''), 'a\\nb \\u202ec é \\u001bk="\\t\\u2028"'.replace('"\\t\\u2028"', '\\t\\u2028'));
    assert.deepEqual(pieces.filter(({ symbol }) => symbol).map(({ text }) => text), ['\\n', '\\u202e', '\\u001b', '\\t', '\\u2028']);
    assert.deepEqual(rowParts('a\\u0041', 5), [{ text: 'a', isEscape: false, from: 5, to: 6 }, { text: 'A', isEscape: false, from: 6, to: 12 }]);
    assert.equal(stringParts('\\d+').map(({ text }) => text).join(''), '\\d+');
  });

  it('are no other lines', () => {
    for (const line of ['text', '', '{}', '[1,2]', '{"a":1} b', '{"a":1', '{a:1}', 'GET /?a=b', 'a=1', 'a=1 b=2', 'POST body: {"a":1}', 'x level=info msg=y', 'a == b', 'if (a) { "b": 1 }', '  {"level":"info","msg":"a part of an array"}']) assert.equal(recordOf(line), null, line);
  });

  it('show matches where the line has them, if the row shows all of them', () => {
    const line = '{"level":"info","msg":"slow query","time":"2026-11-25T19:00:01Z","user":{"name":"slow"},"x":"a\\u00e9"}';
    assert.equal(marked(line, rangesOf(line, 'slow')), 'INFO  <slow> query user.name=<slow> x=aé');
    assert.equal(marked(line, rangesOf(line, 'nf')), 'I<NF>O  slow query user.name=slow x=aé');
    assert.equal(marked(line, rangesOf(line, 'u00')), 'INFO  slow query user.name=slow x=a<é>');
    const pieces = piecesOf(recordOf(line), []);
    for (const [text, isShown] of [['slow', true], ['user', true], ['query', true], ['2026', false], ['"slow', false], ['msg', false], ['info","msg', false], ['a\\\\u00', true]]) assert.equal(covers(pieces, rangesOf(line, text)), isShown, text);
    const logfmt = 'level=info msg=x status=500 q="a b"';
    const pairs = piecesOf(recordOf(logfmt), []);
    for (const [text, isShown] of [['status=500', true], ['q="a b"', true], ['level', false], ['500 q', false]]) assert.equal(covers(pairs, rangesOf(logfmt, text)), isShown, text);
  });

  it('take long and hostile lines in time that grows with their length', () => {
    // A limit for time that grows with the square of the length; a busy machine needs much less.
    const start = process.cpuUsage().user;
    for (const line of [`http://a${')'.repeat(60_000)}`, `{"a":"${'\\n'.repeat(60_000)}"}`, `{${Array.from({ length: 9000 }, (_, i) => `"k${i}":${i}`)}}`, `level=info ${'a='.repeat(60_000)}`, `level=info ${'"'.repeat(60_000)}`, `level=info a="${'\\'.repeat(60_001)}`, `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, `level=info ${'x'.repeat(120_000)}`, `level=info ${'http://'.repeat(20_000)}`]) {
      const record = recordOf(line);
      findUrls(line);
      if (record) linkParts(splitPieces(piecesOf(record, []), []));
      compileFields([{ key: 'k8999', value: '1', isExcluded: false }])(line);
    }
    const spent = (process.cpuUsage().user - start) / 1000;
    assert.ok(spent < 10_000, `${spent} ms`);
  });
});

describe('logfmt', () => {
  it('is split as the server splits it', () => {
    const pairs = (line) => logfmtTokens(line).filter(({ key }) => key).map(({ key, text }) => [key, text]);
    for (const [line, expected] of [
      ['a=1 b="two words"', [['a', '1'], ['b', 'two words']]],
      ['a= b', [['a', '']]],
      ['GET /x failed status=500\tuser=bob', [['status', '500'], ['user', 'bob']]],
      ['url=http://x/?a=b n=2', [['url', 'http://x/?a=b'], ['n', '2']]],
      ['said "status=500 x" n=2', [['n', '2']]],
      ['a="cut', [['a', 'cut']]],
      ['=x ==y " z=1', [['z', '1']]],
      ['a="x"b=2', [['a', 'x'], ['b', '2']]],
      ['"a=1', [['a', '1']]],
    ]) assert.deepEqual(pairs(line), expected, line);
    assert.deepEqual(logfmtTokens('a=1 word "in quotes"').filter(({ key }) => !key).map(({ text }) => text), ['word', '"in quotes"']);
  });
});

describe('criteria of fields', () => {
  const lines = {
    ok: '{"level":"info","status":200,"user":{"name":"Ada","id":9007199254740993},"items":[{"sku":"A"}]}',
    bad: '{"level":"error","status":5e2,"user":{"name":"Bob"},"status":1}',
    pair: 'ts=1 level=error status=500 q="a b"',
    prose: 'GET /x failed status=500',
    escaped: '{"\\u006cevel":"\\u0069nfo","a.b":1,"a":{"b":2}}',
    none: 'plain text about status 500',
    broken: '{"status":500',
    prefixed: '[api] {"status":"500"}',
  };
  const kept = (...texts) => {
    const test = compileFields(texts.map((text) => parseCriterion(text)));
    return Object.keys(lines).filter((name) => test(lines[name])).join(' ');
  };
  it('include lines that have the field only, and hide only lines with the value', () => {
    assert.equal(kept('level=info'), 'ok escaped');
    assert.equal(kept('level!=info'), 'bad pair prose none broken prefixed');
    assert.equal(kept('status=500'), 'bad pair prose prefixed');
    assert.equal(kept('status=500.0'), 'bad pair prose prefixed');
    assert.equal(kept('status=1'), '');
    assert.equal(kept('user.name=Ada'), 'ok');
    assert.equal(kept('user.id=9007199254740993'), 'ok');
    assert.equal(kept('user.id=9007199254740992'), '');
    assert.equal(kept('items.0.sku=A'), 'ok');
    assert.equal(kept('q=a b'), 'pair');
    assert.equal(kept('a.b=1'), 'escaped');
    assert.equal(kept('a.b=2'), '');
    assert.equal(kept('user={"name":"Bob"}'), '');
  });
  it('find a number in each of its forms', () => {
    const forms = [['-5', '-05', '-5.0', '-5e0', '-0.5e1'], ['0', '-0', '0.00', '0e9', '000'], ['1.5', '1.50', '01.5', '15e-1', '150e-2'], ['1200', '1200.0', '12e2', '01200']];
    for (const all of forms) {
      for (const value of all) for (const form of all) assert.ok(compileFields([{ key: 'n', value, isExcluded: false }])(`x n=${form} y`), `${value} ${form}`);
      for (const value of all) for (const other of forms.flat()) assert.equal(compileFields([{ key: 'n', value, isExcluded: true }])(`n=${other}`), !all.includes(other), `${value} ${other}`);
    }
  });
  it('are alternatives for values of the same key, and all hold for others', () => {
    assert.equal(kept('status=200', 'status=500'), 'ok bad pair prose prefixed');
    assert.equal(kept('status=200', 'status=500', 'level!=error'), 'ok prose prefixed');
    assert.equal(kept('status=500', 'level=error'), 'bad pair');
    assert.equal(compileFields([]), null);
  });
  it('agree with the record about every field of the table', () => {
    for (const { line, prefix = '', fields } of TABLE) {
      const seen = new Set();
      for (const [key, value, json] of fields) {
        const matches = compileFields([{ key, value, isExcluded: false }])(prefix + line);
        assert.equal(matches, !json && !seen.has(key), `${key} of ${line}`);
        assert.equal(compileFields([{ key, value: `${value}x`, isExcluded: false }])(prefix + line), false);
        seen.add(key);
      }
    }
  });
  it('are written and parsed', () => {
    for (const criterion of [{ key: 'a', value: '1', isExcluded: false }, { key: 'a=b!%', value: '=x!=', isExcluded: true }, { key: 'k', value: '', isExcluded: false }, { key: 'k', value: 'a\nb', isExcluded: true }]) assert.deepEqual(parseCriterion(criterionText(criterion)), criterion);
    assert.equal(criterionText({ key: 'status', value: '500', isExcluded: true }), 'status!=500');
    for (const text of ['', 'a', '=x', '!=x']) assert.equal(parseCriterion(text), null);
  });
  it('are shown without characters that change the text around them', () => {
    assert.equal(fieldText({ key: 'a\u202eb', value: 'x\n\u001b[31m' }, '='), 'a\\u202eb=x\\n\\u001b[31m');
    assert.equal(fieldText({ key: 'a', value: '' }, '≠'), 'a≠""');
    assert.equal(fieldText({ key: 'a', value: 'x'.repeat(500) }, '=').length, 62);
  });
});

describe('numbers', () => {
  it('are equal by value, at any size', () => {
    const same = (a, b) => canonicalNumber(a) === canonicalNumber(b);
    for (const [a, b] of [['1e3', '1000'], ['1000.0', '1E+3'], ['-0', '0.00e9'], ['007', '7'], ['1e-2', '0.01'], ['1.50', '1.5']]) assert.ok(same(a, b), `${a} ${b}`);
    for (const [a, b] of [['9007199254740993', '9007199254740992'], ['0.1', '0.10000000000000001'], ['-2', '2'], ['1e400', '1e401']]) assert.ok(!same(a, b), `${a} ${b}`);
    for (const text of ['', '-', '1.', '.5', '1e', '+1', '1x', '0x10', 'NaN', '1 ']) assert.equal(canonicalNumber(text), null);
  });
});

describe('folding', () => {
  it('shows about five rows of a long line', () => {
    for (const columns of [42, 130, 300]) {
      const at = foldAt('x'.repeat(5000), columns);
      assert.equal(at, foldCells(columns));
      assert.ok(estimateRows(5000, columns) <= 6 && estimateRows(5000, columns) >= 4, `${columns}: ${estimateRows(5000, columns)}`);
      assert.ok(at > 3.2 * columns && at < 5 * columns);
    }
    assert.equal(foldAt('x'.repeat(5000), 0), 2000);
    assert.equal(foldAt('日'.repeat(5000), 130), Math.floor(foldCells(130) / 2));
    assert.equal(foldAt('👍'.repeat(5000), 130) % 2, 0);
  });
  it('leaves lines alone that need no more rows', () => {
    for (const columns of [42, 130]) {
      let cells = foldCells(columns);
      while (!folds(cells, columns)) cells++;
      assert.equal(foldAt('x'.repeat(cells - 1), columns), Infinity);
      assert.equal(foldAt('x'.repeat(cells), columns), foldCells(columns));
      assert.ok(estimateRows(cells - 1, columns) <= 7);
    }
    assert.equal(foldAt('short', 42), Infinity);
  });
  it('estimates the height of wrapped lines', () => {
    assert.equal(estimateRows(10, 100), 1);
    assert.equal(estimateRows(100, 100), 1);
    assert.equal(estimateRows(101, 100), 2);
    assert.equal(estimateRows(199, 100), 3);
  });
});

describe('addresses', () => {
  const found = (text) => findUrls(text).map(({ from, to }) => text.slice(from, to));
  it('end before punctuation and brackets that belong to the sentence', () => {
    assert.deepEqual(found('see http://a.example/x.'), ['http://a.example/x']);
    assert.deepEqual(found('(https://a.example/x_(y)), [http://b.example/?q=[1]]; "http://c.example/"'), ['https://a.example/x_(y)', 'http://b.example/?q=[1]', 'http://c.example/']);
    assert.deepEqual(found('<http://a.example/>; http://b.example/a,b?c=d&e=f#g…'), ['http://a.example/', 'http://b.example/a,b?c=d&e=f#g']);
    assert.deepEqual(found('HTTP://A.EXAMPLE:8080/x http://127.0.0.1:3000 http://[::1]:80/x'), ['HTTP://A.EXAMPLE:8080/x', 'http://127.0.0.1:3000', 'http://[::1]:80/x']);
  });
  it('are those of web pages only', () => {
    for (const text of ['javascript:alert(1)', 'ftp://a.example', 'file:///etc', 'xhttp://a.example/', 'http://', 'http:// a', 'https://user@evil.example/', 'http://google.com:x@evil.example/', 'http://a.example:99999/', '//a.example']) assert.deepEqual(found(text), [], text);
    assert.equal(addressOf('https://google.com@evil.example/'), '');
  });
  it('are no part of an escape of JSON', () => {
    assert.deepEqual(found('"http://a.example/x\\u0026y=1"'), []);
    assert.deepEqual(found('"http://a.example\\/y"'), []);
    assert.deepEqual(found('http://a.example\\@evil.example/'), []);
    assert.deepEqual(found('"see http://a.example/x\\nat b"'), ['http://a.example/x']);
    const [row] = [piecesOf(recordOf('{"msg":"m","url":"https:\\/\\/a.example\\/x\\u0026y","bad":"http://a.example/\\u202ex"}'), [])];
    const links = linkParts(splitPieces(row, [])).filter(({ link }) => link);
    assert.deepEqual(links.map(({ text, link }) => [text, link]), [['https://a.example/x&y', 'https://a.example/x&y']]);
  });
  it('show the host that opens', () => {
    const [{ href }] = findUrls('https://\u0430pple.com/');
    assert.equal(href, 'https://xn--pple-43d.com/');
    assert.deepEqual(found('http://a.example/\u202excod'), ['http://a.example/']);
    assert.deepEqual(found('http://a.example/⟨U+202E⟩x'), ['http://a.example/']);
  });
});
