// Tests of entries, repeated entries, groups of build logs and errors, without a browser.
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { SourceNames, decodeLine } from '../../src/viewer/decode.js';
import { nextError } from '../../src/viewer/errorjumps.js';
import { compileFields } from '../../src/viewer/fieldfilter.js';
import { LEVEL } from '../../src/viewer/level.js';
import { commandLevel, isMarker, markerOf } from '../../src/viewer/markers.js';
import { compile } from '../../src/viewer/query.js';
import { normalise } from '../../src/viewer/repeats.js';
import { RowList } from '../../src/viewer/rowlist.js';
import { Sources } from '../../src/viewer/sources.js';
import { Store } from '../../src/viewer/store.js';
import { View } from '../../src/viewer/view.js';

const names = new SourceNames();
let nextId = 1;

/** Returns a line as the stream states it; a text that begins with `|` continues the entry above. */
const line = (text, more = {}) => {
  const message = text.replace(/^\|/, '');
  const data = { file: 'a', message, time: 1, cont: text.startsWith('|'), ...more };
  return decodeLine(JSON.stringify(data), `e-${nextId++}`, names);
};
const ALL = { source: () => true, levels: 0, matcher: null, filter: false, context: 0 };
const finish = (view) => { while (!view.advance(() => false)); };
/** Reads lines into a view; each is a text or `[source, text]`. */
function read(lines, { criteria = {}, options = {}, store = new Store(), following = true } = {}) {
  const view = new View(store, () => 1);
  view.isFollowing = () => following;
  view.folds.setOptions(options);
  view.setCriteria({ ...ALL, ...criteria });
  push(view, lines);
  return view;
}
function push(view, lines) {
  for (const each of lines) view.store.push(typeof each === 'string' ? line(each) : line(each[1], { file: each[0], ...each[2] }));
  finish(view);
}
const textOf = (view, n) => view.store.line(n).text;
const numbers = (view) => Array.from({ length: view.rows.length }, (_, i) => view.rows.lines.at(i));
const shown = (view) => numbers(view).filter((_, i) => view.rows.heightAt(i) > 0).map((n) => textOf(view, n)).join(' ');
const linesOf = (view, text) => view.folds.linesOf(numbers(view).find((n) => textOf(view, n) === text)).map((n) => textOf(view, n)).join(' ');
const find = (view, text) => numbers(view).find((n) => textOf(view, n) === text);
const matching = (text) => ({ matcher: compile({ text, regex: false, matchCase: true }).matcher, filter: true });

describe('entries', () => {
  it('of three or more lines are folded under their head', () => {
    const view = read(['a', 'head', '|1', '|2', '|3', 'pair', '|1b', 'end']);
    assert.equal(shown(view), 'a head pair 1b end');
    assert.equal(view.folds.at(find(view, 'head')).entry.count, 3);
    assert.equal(view.folds.at(find(view, 'pair')).entry, null);
    assert.equal(view.rows.total, 5);
    assert.equal(linesOf(view, 'head'), 'head 1 2 3');
  });
  it('keep their lines when lines of other sources stand between', () => {
    const view = read([['a', 'A'], ['b', 'B'], ['a', '|a1'], ['b', '|b1'], ['c', 'C'], ['a', '|a2'], ['b', '|b2'], ['b', '|b3']]);
    assert.equal(shown(view), 'A B C');
    assert.equal(linesOf(view, 'A'), 'A a1 a2');
    assert.equal([...view.linesBetween(find(view, 'B'), find(view, 'C'))].map((n) => textOf(view, n)).join(' '), 'B b1 b2 b3 C');
  });
  it('fold and unfold, and stay as chosen when the rows are selected again', () => {
    const view = read(['head', '|1', '|2', 'other', '|x', '|y']);
    assert.equal(view.folds.toggle(0), true);
    finish(view);
    assert.equal(shown(view), 'head 1 2 other');
    push(view, ['|z']);
    view.setCriteria({ ...ALL });
    finish(view);
    assert.equal(shown(view), 'head 1 2 other');
    assert.equal(view.rows.total, 4);
    view.folds.toggle(0, 'entry');
    finish(view);
    assert.equal(shown(view), 'head other');
    assert.equal(view.folds.toggle(1), false);
  });
  it('do not fold when folding is off, nor under a line that is indented itself', () => {
    assert.equal(shown(read(['head', '|1', '|2'], { options: { entries: false } })), 'head 1 2');
    assert.equal(shown(read(['\x1b[1m   Compiling a', '|b', '|c'])), '\x1b[1m   Compiling a b c');
  });
  it('change only their count when lines come for a folded one', () => {
    const view = read(['head', '|1', '|2', 'next']);
    view.folds.touched.clear();
    const heights = view.rows.total;
    push(view, [['b', 'other']]);
    push(view, ['|n1', '|n2', '|n3']);
    assert.equal(view.folds.at(find(view, 'next')).entry.count, 3);
    assert.equal(view.rows.total, heights + 1);
    assert.deepEqual([...view.folds.touched], [3]);
  });
  it('hide no row that was shown while nobody follows', () => {
    const view = read(['head', '|1'], { following: false });
    push(view, ['|2', '|3', 'late', '|4', '|5']);
    assert.equal(shown(view), 'head 1 2 3 late');
  });
  it('are counted under the level of their lines', () => {
    const sources = new Sources();
    const view = read([]);
    view.folds.leveled = (source, from, to) => sources.relevel(source, from, to);
    for (const each of ['head', ['a', '|1', { level: 'warn' }], ['a', '|2', { level: 'error' }]]) {
      const next = typeof each === 'string' ? line(each) : line(each[1], { file: each[0], ...each[2] });
      view.store.push(next);
    }
    sources.setNames(names.list);
    const [chunk] = view.store.chunks;
    sources.count(chunk);
    finish(view);
    assert.deepEqual(sources.byName.get('a').levels, [0, 0, 0, 0, 1]);
    sources.count(chunk, -1);
    assert.deepEqual(sources.byName.get('a').levels, [0, 0, 0, 0, 0]);
  });
  it('have the highest level of their lines', () => {
    const view = read(['head', ['a', '|1', { level: 'warn' }], ['a', '|2', { level: 'error' }], '|3', ['a', 'next', { level: 'info' }], '|4']);
    assert.deepEqual([0, 2, 3, 4, 5].map((n) => view.store.line(n).level), [LEVEL.ERROR, LEVEL.ERROR, LEVEL.ERROR, LEVEL.INFO, LEVEL.INFO]);
  });
  it('keep their rest folded when their head is evicted', () => {
    const store = new Store();
    const view = read([], { store });
    push(view, ['head', ...Array.from({ length: 5000 }, (_, i) => `|${i}`)]);
    assert.equal(shown(view), 'head');
    store.evict(900, Infinity);
    view.dropEvicted();
    finish(view);
    assert.equal(shown(view), '4095');
    assert.equal(view.folds.at(store.first).entry.count, 5000 - 4096);
    push(view, ['|more', 'end']);
    assert.equal(shown(view), '4095 end');
    assert.equal(view.folds.linesOf(store.first).length, 5000 - 4096 + 2);
  });
});

describe('filters', () => {
  it('show whole entries, and unfold one with a match in a hidden line', () => {
    const lines = ['x', 'head', '|1', '|hit', '|2', 'y', 'hit head', '|3', '|4', 'z'];
    const view = read(lines, { criteria: matching('hit') });
    assert.equal(shown(view), 'head 1 hit 2 hit head');
    assert.equal(linesOf(view, 'hit head'), 'hit head 3 4');
    assert.equal(view.matches.length, 2);
  });
  it('put the lines of an entry before rows of other sources', () => {
    const view = read([['a', 'A'], ['b', 'hit B'], ['a', '|a1'], ['b', 'B2'], ['a', '|hit a2'], ['b', 'B3'], ['a', '|a3']], { criteria: matching('hit') });
    assert.equal(shown(view), 'A hit B a1 hit a2 a3');
  });
  it('by fields show and hide whole entries', () => {
    const lines = [['a', 'A status=500'], ['b', 'B status=200'], ['a', '|a1'], ['b', '|b1'], 'other', '|o1 status=500', ['b', 'C'], ['b', '|c1']];
    const shownWith = (criterion) => shown(read(lines, { options: { entries: false }, criteria: { fields: compileFields([{ key: 'status', value: '500', isExcluded: false, ...criterion }]) } }));
    assert.equal(shownWith({}), 'A status=500 a1 other o1 status=500');
    assert.equal(shownWith({ isExcluded: true }), 'B status=200 b1 other o1 status=500 C c1');
    assert.equal(shownWith({ value: '200', isExcluded: true }), 'A status=500 a1 other o1 status=500 C c1');
    const view = read(lines, { criteria: { ...matching('a1'), fields: compileFields([{ key: 'status', value: '500', isExcluded: false }]) } });
    assert.equal(view.matches.length, 1);
  });
  it('by level show whole entries', () => {
    const view = read(['quiet', '|q', ['a', 'E', { level: 'error' }], '|e1', '|e2', 'quiet'], { criteria: { levels: 1 << LEVEL.ERROR } });
    assert.equal(numbers(view).map((n) => textOf(view, n)).join(' '), 'E e1 e2');
    assert.equal(shown(view), 'E');
  });
  it('count lines of context around whole entries', () => {
    const view = read(['1', '2', '3', 'head', '|hit', '4', '5', '6'], { criteria: { ...matching('hit'), context: 2 } });
    assert.equal(shown(view), '2 3 head hit 4 5');
  });
  it('do not fold context under an entry', () => {
    const view = read(['hit', 'next', '|1', '|2', '|3', '|4'], { criteria: { ...matching('hit'), context: 3 } });
    assert.equal(shown(view), 'hit next 1 2');
  });
  it('leave groups open', () => {
    const view = read(['::group::G', 'hit', '::endgroup::', 'x'], { criteria: matching('hit') });
    assert.equal(shown(view), 'hit');
  });
  it('reveal a line that is jumped to, also before it is read', () => {
    const view = read(['head', '|1', '|2', 'next', '::group::G', 'in', '::endgroup::']);
    view.folds.reveal(2);
    view.folds.reveal(5);
    view.folds.reveal(9);
    push(view, ['late', '|l1', '|l2', '|l3']);
    assert.equal(shown(view), 'head 1 2 next ::group::G in late l1 l2 l3');
  });
});

describe('repeated entries', () => {
  const repeats = { options: { repeats: true } };
  it('differ in times, numbers, IDs and quoted values only', () => {
    assert.equal(normalise('2026-11-25T19:00:01.5Z job 17 of "a b" took 1.5ms id 7f3a-99'), normalise("2026-11-26 18:10:11 job 2 of 'c' took 20ms id 00ff").replace('# #', '#'));
    assert.notEqual(normalise('job 1 failed'), normalise('job 1 done'));
    assert.ok(normalise('x'.repeat(1e6)).length <= 256);
  });
  it('are shown by the newest, with all others under it', () => {
    const view = read(['GET 1', 'GET 2', ['b', 'other'], 'GET 3', 'PUT 4', 'GET 5'], repeats);
    assert.equal(shown(view), 'other GET 3 PUT 4 GET 5');
    assert.equal(linesOf(view, 'GET 3'), 'GET 1 GET 2 GET 3');
    assert.equal(view.folds.at(find(view, 'GET 3')).run.heads.length, 3);
    view.folds.toggle(find(view, 'GET 3'), 'run');
    finish(view);
    assert.equal(shown(view), 'GET 1 GET 2 other GET 3 PUT 4 GET 5');
  });
  it('are not grouped by default', () => assert.equal(shown(read(['GET 1', 'GET 2'])), 'GET 1 GET 2'));
  it('of several lines are compared as a whole', () => {
    const view = read(['E 1', '|at x', '|at y', 'E 2', '|at x', '|at y', 'E 3', '|at z', 'end'], { options: { repeats: true, entries: false } });
    assert.equal(shown(view), 'E 2 at x at y E 3 at z end');
    const live = read(['E 1', '|at x', 'E 2'], { options: { repeats: true, entries: false } });
    assert.equal(shown(live), 'E 2');
    push(live, ['|at z']);
    assert.equal(shown(live), 'E 1 at x E 2 at z');
    assert.equal(shown(read(['E 1', '|at x', '|at y', 'E 2', 'other'], { options: { repeats: true, entries: false } })), 'E 1 at x at y E 2 other');
  });
  it('stay while nobody follows', () => {
    const view = read(['GET 1'], { ...repeats, following: false });
    push(view, ['GET 2', 'GET 3']);
    assert.equal(shown(view), 'GET 1 GET 3');
  });
  it('lose evicted entries', () => {
    const store = new Store();
    const view = read(Array.from({ length: 5000 }, (_, i) => `GET ${i}`), { ...repeats, store });
    assert.equal(shown(view), 'GET 4999');
    store.evict(900, Infinity);
    view.dropEvicted();
    finish(view);
    assert.equal(view.folds.at(4999).run.heads.length, 5000 - 4096);
    assert.equal(view.folds.linesOf(4999).length, 5000 - 4096);
  });
});

describe('groups', () => {
  const group = (view, text) => view.folds.at(find(view, text)).group;
  it('fold when they are finished, with the number of their lines', () => {
    const view = read(['a', '::group::Build', 'b', '|  c', '::endgroup::', 'd', '##[group]Test', 'e']);
    assert.equal(shown(view), 'a ::group::Build d ##[group]Test e');
    assert.equal(group(view, '::group::Build').count, 2);
    assert.equal(group(view, '##[group]Test').isFolded, false);
    push(view, ['##[endgroup]', 'f']);
    assert.equal(shown(view), 'a ::group::Build d ##[group]Test f');
    view.folds.toggle(1);
    finish(view);
    assert.equal(shown(view), 'a ::group::Build b   c d ##[group]Test f');
  });
  it('stay open with an error in them, also in a group in them', () => {
    const view = read(['::group::A', '::group::B', 'ok', '::endgroup::', '::group::C', '::error::broken', '::endgroup::', '::endgroup::', 'z']);
    assert.equal(shown(view), '::group::A ::group::B ::group::C ::error::broken z');
    assert.deepEqual(['::group::A', '::group::B', '::error::broken', 'z'].map((text) => view.folds.at(find(view, text)).depth), [0, 1, 2, 0]);
  });
  it('of several sources do not mix', () => {
    const view = read([['a', '::group::A'], ['b', '::group::B'], ['a', 'a1'], ['b', 'b1'], ['a', '::endgroup::'], ['b', 'b2']]);
    assert.equal(shown(view), '::group::A ::group::B b1 b2');
  });
  it('of GitLab may end and begin in one line', () => {
    const view = read(['section_start:10:a\r\x1b[0KFirst', '1', 'section_end:15:a\r\x1b[0Ksection_start:15:b\r\x1b[0KSecond', '2', 'section_end:75:b\r\x1b[0K', 'end']);
    assert.equal(shown(view), 'section_start:10:a\r\x1b[0KFirst section_end:15:a\r\x1b[0Ksection_start:15:b\r\x1b[0KSecond end');
    const [first, second] = [0, 2].map((n) => view.folds.at(n).group);
    assert.deepEqual([first.name, first.to - first.from, second.name, second.to - second.from], ['First', 5000, 'Second', 60_000]);
  });
  it('of Buildkite end with the next one', () => {
    const view = read(['~~~ Prepare', '1', '--- Build', '2', '+++ Test', '3', '--- Upload', '4', '^^^ +++', '5', '--- Done', '6']);
    assert.equal(shown(view), '~~~ Prepare --- Build +++ Test 3 --- Upload 4 5 --- Done 6');
  });
  it('of Travis and TeamCity have their names', () => {
    const view = read(['travis_fold:start:install\r\x1b[0K', '1', 'travis_fold:end:install\r\x1b[0K', "##teamcity[blockOpened name='Unit |'tests|'']", '2', "##teamcity[blockClosed name='Unit |'tests|'']", 'x']);
    assert.deepEqual(view.folds.at(0).group.name, 'install');
    assert.deepEqual(numbers(view).filter((_, i) => view.rows.heightAt(i)).length, 3);
    assert.deepEqual(markerOf("##teamcity[blockOpened name='a' description='b']"), { actions: [{ type: 'open', key: 'a', name: 'a' }], syntax: [[0, 29], [30, Infinity]] });
  });
  it('do not begin at headers of diffs, results of Go tests or rulers', () => {
    for (const text of ['--- a/src/x.js', '+++ b/src/x.js', '--- /dev/null', '--- x.c\t2026-11-25', '--- FAIL: TestX (0.01s)', '--- Logging error ---', '---', 'x --- y', '+++ README.md']) assert.equal(isMarker(text), false, text);
    for (const text of ['--- :docker: Build', '2026-11-25T19:00:01.123Z ##[group]x', '::endgroup::', '\x1b[36m##[group]Run\x1b[0m']) assert.equal(isMarker(text), true, text);
  });
  it('hide the syntax, but not the time before it', () => {
    const stamp = '2026-11-25T19:00:01.123Z ';
    assert.deepEqual(markerOf(`${stamp}##[group]Run`).syntax, [[stamp.length, stamp.length + 9]]);
  });
  it('are unfolded when their heads are evicted', () => {
    const store = new Store();
    const view = read(['::group::G', ...Array.from({ length: 5000 }, (_, i) => `line ${i}`), '::endgroup::', 'x'], { store });
    assert.equal(shown(view), '::group::G x');
    store.evict(900, Infinity);
    view.dropEvicted();
    finish(view);
    assert.equal(view.rows.total, 5000 - 4095 + 1);
  });
  it('ignore an end without a beginning', () => assert.equal(shown(read(['a', '::endgroup::', 'b'])), 'a ::endgroup:: b'));
});

describe('errors', () => {
  it('have the levels of commands', () => {
    assert.deepEqual(['::error::x', '::error file=a.js,line=1::x', '2026-11-25T19:00:01Z ##[warning]x', '##vso[task.logissue type=error;]x', '::notice::x', 'x ::error::', '::group::x'].map(commandLevel), [4, 4, 3, 4, 2, 0, 0]);
    assert.equal(line('::warning::x').level, LEVEL.WARN);
  });
  it('are entries, and counted as such', () => {
    const view = read([]);
    const lines = [['a', 'E', { level: 'error' }], ['a', '|e1', { level: 'error' }], ['b', 'head'], ['a', 'I', { level: 'info' }], ['b', '|late', { level: 'fatal' }], ['a', 'E2', { level: 'error' }]];
    for (const [file, text, more] of lines) view.store.push(line(text, { file, ...more }));
    const batch = view.store.slice(0, lines.length);
    view.setCriteria(ALL);
    finish(view);
    assert.deepEqual(Array.from({ length: view.folds.errors.length }, (_, i) => view.folds.errors.at(i)), [0, 2, 5]);
    const sources = new Sources();
    sources.setNames(names.list);
    assert.deepEqual(sources.total(batch), { lines: 6, errors: 2 });
    const counts = () => [sources.levelCount(LEVEL.ERROR, new Set()), sources.levelCount(LEVEL.ERROR, new Set(['b'])), sources.levelCount(LEVEL.NONE, new Set())];
    sources.count(batch);
    assert.deepEqual(counts(), [2, 0, 1]);
    sources.count(batch, -1);
    assert.deepEqual(counts(), [0, 0, 0]);
  });
  it('are found in both directions, once around, and by the newest of equal ones', () => {
    const error = (text) => ['a', text, { level: 'error' }];
    const view = read([error('E1'), 'x', error('F 2'), error('F 3'), 'y'], { options: { repeats: true } });
    const go = (current, step) => nextError(view, current, 4, step);
    assert.deepEqual([go(-1, 1), go(-1, -1), go(0, 1), go(3, 1), go(0, -1), go(3, -1)], [3, 3, 3, 0, 3, 0]);
    assert.equal(nextError(read(['x']), -1, 0, 1), -1);
    const grouped = read(['::group::G', error('E'), '::endgroup::', 'x', error('F')]);
    grouped.folds.toggle(0);
    finish(grouped);
    assert.equal(nextError(grouped, 4, 4, 1), 1);
  });
});

describe('lines at both ends', () => {
  const LINES = ['head', '|1', '|2', 'GET 1', 'GET 2', '::group::G', 'in', '::endgroup::', ['a', 'E', { level: 'error' }], '|e1', '|e2'];
  it('are put before others with their folds', () => {
    const older = new Store();
    const part = new View(older, () => 1);
    const view = new View(new Store(), () => 1);
    view.folds.setOptions({ repeats: true });
    part.folds.copyChoices(view.folds);
    part.setCriteria(ALL);
    push(part, LINES);
    view.store.append(older.slice(0, LINES.length));
    view.setCriteria(ALL);
    finish(view);
    const wanted = shown(view);
    view.restart();
    view.folds.restart();
    for (let i = 0; i < part.rows.length; i++) view.rows.add(part.rows.lines.at(i), part.rows.heightAt(i), 0);
    assert.equal(view.folds.prepend(part.folds), true);
    assert.equal(shown(view), wanted);
    assert.equal(linesOf(view, 'head'), 'head 1 2');
    assert.equal(linesOf(view, 'GET 2'), 'GET 1 GET 2');
    assert.equal(linesOf(view, '::group::G'), '::group::G in ::endgroup::');
    assert.deepEqual([view.folds.errors.length, view.folds.errors.at(0)], [1, 8]);
    push(part, ['::group::open']);
    assert.equal(view.folds.prepend(part.folds), false);
  });
  it('are removed at the end, from all folds', () => {
    const drop = (lines, next, options) => {
      const view = read(lines, { options });
      const kept = new RowList();
      for (let i = 0; view.rows.lines.at(i) < next; i++) kept.push(view.rows.lines.at(i), view.rows.heightAt(i), 0);
      view.rows = kept;
      view.folds.dropFrom(next);
      view.folds.advance(() => false);
      return view;
    };
    const entry = drop(['head', '|1', '|2', '|3', 'E', '|x', '|y'], 3);
    assert.deepEqual([shown(entry), entry.folds.at(0).entry.count, linesOf(entry, 'head')], ['head', 2, 'head 1 2']);
    const run = drop(['GET 1', 'GET 2', 'GET 3'], 2, { repeats: true });
    assert.deepEqual([shown(run), run.folds.at(1).run.heads.length], ['GET 2', 2]);
    const group = drop(['::group::G', 'a', '::endgroup::', 'b'], 2);
    assert.deepEqual([shown(group), group.folds.at(0).group.count], ['::group::G', 1]);
  });
  it('break entries where lines are missing', () => {
    const view = read(['head', '|1', '|2']);
    view.store.push({ text: '{}', id: '', flags: 2, level: 0, source: 65535, cells: 1, time: 1, ts: 1, offset: NaN });
    push(view, ['|3', '|4']);
    assert.equal(shown(view), 'head {} 3 4');
  });
});

describe('rows', () => {
  it('are found past hidden ones', () => {
    const rows = new RowList();
    for (let n = 0; n < 5000; n++) rows.push(n, n % 4000 ? 0 : 1, 0);
    assert.equal(rows.nearestShown(1, 1), 4000);
    assert.equal(rows.nearestShown(3999, -1), 0);
    assert.equal(rows.nearestShown(4001, 1), 5000);
    assert.equal(rows.stepShown(0, 3), 4000);
    assert.equal(rows.stepShown(4000, -3), 0);
    rows.resetHeights(() => 2);
    assert.equal(rows.total, 4);
  });
  it('of a huge entry fold in slices', () => {
    const view = read(['head', ...Array.from({ length: 3000 }, (_, i) => `|${i}`)]);
    view.folds.toggle(0);
    let slices = 0;
    while (!view.advance(() => true)) slices++;
    assert.ok(slices >= 10);
    assert.equal(view.rows.total, 3001);
  });
});

