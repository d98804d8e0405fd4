// Unit tests of the tree of sources, links to ranges, lines that are shown because they are linked,
// and filters of notifications.
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { formatHash, parseHash } from '../../src/viewer/hash.js';
import { Sources, isChosen } from '../../src/viewer/sources.js';
import { buildTree, chosenAfter, chosenState, matchingKeys, shownNodes, summaryOf } from '../../src/viewer/sourcetree.js';
import { FLAG, KIND, Store, batchOf } from '../../src/viewer/store.js';
import { View } from '../../src/viewer/view.js';
import { zoneOf } from '../../src/viewer/zone.js';
import { Watch, describeFilter } from '../../src/viewer/watch.js';

const UTC = zoneOf('UTC');

function sourcesOf(...names) {
  const sources = new Sources();
  sources.setNames(names);
  return sources;
}

const HOSTS = ['web-10/api.log', 'web-2/api.log', 'web-2/nginx/access.log', 'web-2/nginx/error.log', 'db/postgres/main/server.log', 'syslog', '/var/log/a', '/var/log/b'];
const open = () => true;
const outline = (root, isOpen = open, filter = '') => shownNodes(root, isOpen, filter).map(({ label, depth, isFolder }) => `${'  '.repeat(depth)}${label}${isFolder ? '' : ' *'}`);

describe('tree of sources', () => {
  const sources = sourcesOf(...HOSTS);
  const tree = buildTree(sources.sorted);

  it('has folders in natural order, and joins single children', () => {
    assert.deepEqual(outline(tree), [
      '/var/log/', '  a *', '  b *', 'db/postgres/main/server.log *', 'syslog *',
      'web-2/', '  api.log *', '  nginx/', '    access.log *', '    error.log *', 'web-10/api.log *',
    ]);
    assert.deepEqual(outline(tree, ({ key }) => key !== 'web-2/').slice(-2), ['web-2/', 'web-10/api.log *']);
  });

  it('follows the paths of files, without the folder of all', () => {
    const files = sourcesOf('api.log', 'web-2/api.log', 'a.log', 'b.log', 'c.log', 'd.log', './error', '50%25.log');
    const paths = { 'api.log': 'web-1/api.log', 'web-2/api.log': 'web-2/api.log', './error': 'web-1/error', '50%25.log': 'web-2/50%.log' };
    const list = [...files.byName.keys()].map((name) => ({ name, path: `/srv/logs/${paths[name] ?? `web-2/${name}`}`, state: 'live' }));
    assert.equal(files.update(list), true);
    assert.equal(files.update(list), false);
    const root = buildTree(files.sorted);
    assert.deepEqual(outline(root), ['web-1/', '  api.log *', '  error *', 'web-2/', '  50%.log *', '  a.log *', '  api.log *', '  b.log *', '  c.log *', '  d.log *']);
    assert.deepEqual(matchingKeys(root, 'srv'), [], 'the folder of all is not searched');
    assert.deepEqual(matchingKeys(root, 'web-1'), ['/srv/logs/web-1/']);
    assert.deepEqual(chosenAfter(root, new Set(['/srv/logs/web-1/']), 'api.log', true), ['./error']);
    assert.equal(isChosen(new Set(['/srv/logs/web-1/']), files.byName.get('api.log')), true);
    files.update([{ name: 'renamed', path: '/srv/logs/web-1/x.log' }]);
    assert.equal(files.byName.get('renamed').place, 'renamed');
  });

  it('is flat for a few sources, and for odd names ends', () => {
    assert.deepEqual(outline(buildTree(sourcesOf('a/1', 'a/2').sorted)), ['a/1 *', 'a/2 *']);
    const odd = ['/', '//', '//x', 'a/', 'a//b', 'a', '', 'b', 'c'];
    assert.equal(buildTree(sourcesOf(...odd).sorted).sources.length, odd.length);
  });

  it('shows what matches all words of the filter, in open folders', () => {
    assert.deepEqual(outline(tree, () => false, 'LOG web nginx'), ['web-2/', '  nginx/', '    access.log *', '    error.log *']);
    assert.deepEqual(matchingKeys(tree, 'web nginx'), ['web-2/nginx/']);
    assert.deepEqual(matchingKeys(tree, 'api'), ['web-2/api.log', 'web-10/api.log']);
    assert.deepEqual(matchingKeys(tree, 'no such'), []);
  });

  it('sums up lines, and names the worst state', () => {
    const node = shownNodes(tree, open, '').find(({ key }) => key === 'web-2/');
    sources.update([{ name: 'web-2/api.log', state: 'ended' }, { name: 'web-2/nginx/error.log', state: 'unreadable' }]);
    sources.byName.get('web-2/api.log').count = 3;
    sources.byName.get('web-2/nginx/access.log').count = 4;
    assert.deepEqual(summaryOf(node), { count: 7, state: '1 of 3 unreadable', bad: true, isLive: true });
    sources.update([{ name: 'web-2/nginx/error.log', state: 'live' }]);
    assert.deepEqual(summaryOf(node), { count: 7, state: '', bad: false, isLive: true });
    assert.equal(summaryOf({ ...node, sources: node.sources.slice(0, 1) }).state, 'Ended');
  });

  it('chooses sources and folders, one or several', () => {
    const after = (chosen, key, combine) => chosenAfter(tree, new Set(chosen), key, combine);
    assert.deepEqual(after([], 'web-2/', false), ['web-2/']);
    assert.deepEqual(after(['web-2/'], 'web-2/', false), []);
    assert.deepEqual(after(['web-2/'], 'syslog', true), ['web-2/', 'syslog']);
    assert.deepEqual(after(['web-2/nginx/error.log', 'syslog'], 'web-2/', true), ['syslog', 'web-2/']);
    assert.deepEqual(after(['web-2/'], 'web-2/api.log', true), ['web-2/nginx/access.log', 'web-2/nginx/error.log']);
    assert.deepEqual(after(['web-2/'], 'web-2/nginx/', true), ['web-2/api.log']);
    const folder = shownNodes(tree, open, '').find(({ key }) => key === 'web-2/');
    assert.deepEqual([[], ['web-2/'], ['web-2/api.log'], ['syslog']].map((chosen) => chosenState(folder, new Set(chosen))), ['false', 'true', 'mixed', 'false']);
  });

  it('takes a thousand sources in little time', () => {
    const names = Array.from({ length: 1000 }, (_, i) => `host-${i % 40}/service-${i}/current.log`);
    const many = sourcesOf(...names);
    const chosen = new Set(['host-3/']);
    const root = buildTree(many.sorted);
    const refresh = () => {
      const before = performance.now();
      for (const node of shownNodes(root, open, '')) summaryOf(node), chosenState(node, chosen);
      return performance.now() - before;
    };
    assert.equal(shownNodes(root, open, '').length, 1040);
    // The best of several, because the first ones run without optimized code, and others beside other programs.
    const best = Math.min(...Array.from({ length: 20 }, refresh));
    assert.ok(best < 8, `${best} ms`);
  });
});

describe('chosen sources', () => {
  it('are those with the name, and those below a folder', () => {
    const chosen = new Set(['a', 'x/y/']);
    assert.deepEqual(['a', 'x/y/z', 'x/y/z/1', 'x/y', 'x/yz', 'b'].map((name) => isChosen(chosen, { name, place: name })), [true, true, true, false, false, false]);
    assert.equal(isChosen(new Set(), { name: 'b', place: 'b' }), true);
    const sources = sourcesOf('x/y/1', 'a', 'b');
    const filter = sources.filterOf(chosen);
    assert.deepEqual([0, 1, 2, 3].map(filter), [true, true, false, false]);
    assert.equal(sources.isSingle(chosen), false);
    assert.equal(sources.isSingle(new Set(['x/y/'])), true);
    assert.equal(sources.isSingle(new Set()), false);
  });
});

describe('hash of a range', () => {
  it('names both ends', () => {
    const state = { ...parseHash('#q=a&level=error'), line: 'k3-1', lastLine: 'k3-2a' };
    const hash = formatHash(state);
    assert.equal(hash, '#line=k3-1..k3-2a&q=a&level=error');
    assert.deepEqual(parseHash(hash), state);
    assert.deepEqual([parseHash('#k3-1..k3-2&q=a').lastLine, parseHash('#line=k3-1').line, parseHash('#line=<b>..x').line], ['k3-2', 'k3-1', '']);
    assert.equal(formatHash({ ...state, line: '' }), '#q=a&level=error');
  });
});

/** Stores lines of `[text, level, source]`. */
function storeOf(...lines) {
  const store = new Store();
  for (const [text, level = 0, source = 0] of lines) store.push({ text, level, source, id: `k-${store.next}`, flags: KIND.LINE, cells: text.length, time: 0, ts: 0, offset: 0 });
  return store;
}

describe('linked lines', () => {
  it('are shown although filters hide them, once', () => {
    const store = storeOf(['a', 4], ['b', 1], ['c', 1], ['d', 1, 1], ['e', 1], ['f', 4]);
    const view = new View(store, () => 1);
    const rows = (criteria) => {
      view.setCriteria({ source: (source) => source === 0, levels: 1 << 4, matcher: null, filter: false, context: 0, linked: [2, 3], ...criteria });
      view.advance(() => false);
      return Array.from({ length: view.rows.length }, (_, i) => view.rows.lines.at(i));
    };
    assert.deepEqual(rows({}), [0, 2, 3, 5]);
    assert.equal(view.linkedRows, 2);
    assert.deepEqual(rows({ context: 2 }), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(rows({ levels: 0, source: () => true }), [0, 1, 2, 3, 4, 5]);
    assert.equal(view.linkedRows, 0);
  });
});

describe('filters of notifications', () => {
  const all = { query: { text: '', regex: false, matchCase: false }, levels: 0, chosen: new Set(), grep: '', fields: [], range: null };
  const timeout = { text: 'timeout', regex: false, matchCase: false };

  it('are described in words', () => {
    assert.equal(describeFilter(all, UTC), 'All lines');
    assert.equal(describeFilter({ ...all, levels: 1 << 4, chosen: new Set(['api.log']), query: timeout }, UTC), 'Error lines of api.log that match “timeout”');
    assert.equal(describeFilter({ ...all, levels: (1 << 4) | (1 << 3), chosen: new Set(['a', 'b', 'c/']) }, UTC), 'Error and warn lines of a, b and c/');
    assert.equal(describeFilter({ ...all, grep: 'x', query: { ...timeout, regex: true }, chosen: new Set(['a', 'b', 'c', 'd']) }, UTC), 'Lines of 4 sources that match the expression “timeout” and the server filter “x”');
    const fields = [{ key: 'status', value: '500', isExcluded: false }, { key: 'user', value: '', isExcluded: true }, { key: 'status', value: '502', isExcluded: false }, { key: 'path', value: '/', isExcluded: false }];
    assert.equal(describeFilter({ ...all, fields, query: timeout }, UTC), 'Lines with status=500 or 502 and path=/ and without user="" that match “timeout”');
    assert.equal(describeFilter({ ...all, range: [Date.UTC(2020, 0, 2, 14), Date.UTC(2020, 0, 2, 14, 10)] }, UTC), 'Lines (2 Jan 2020 14:00–14:10)');
  });

  it('find lines that arrive, and none from before or that were skipped', () => {
    const store = storeOf(['timeout', 4]);
    const found = [];
    const watch = new Watch(store, sourcesOf('a', 'b'), { ...all, query: timeout, levels: 1 << 4, chosen: new Set(['a']) }, (lines) => found.push(...lines), assert.fail);
    const push = (text, level, source, flags = KIND.LINE) => store.push({ text, level, source, id: '', flags, cells: 1, time: 0, ts: 0, offset: 0 });
    push('Timeout seen', 4, 0);
    watch.skip();
    push('TIMEOUT of a', 4, 0);
    push('timeout of b', 4, 1);
    push('timeout, info', 2, 0);
    push('\x1b[31mtime\x1b[0mout', 4, 0, KIND.LINE | FLAG.CONTROL_CHARS);
    push('{"type":"gap","timeout":1}', 4, 0, KIND.GAP);
    watch.advance();
    assert.deepEqual(found, [2, 5]);
    watch.advance();
    assert.deepEqual(found, [2, 5]);
  });

  it('examine all batches, and keep few of their lines', () => {
    const store = storeOf();
    const found = [];
    const watch = new Watch(store, sourcesOf('a'), { ...all, query: timeout }, (lines) => found.push(...lines.map((n) => store.line(n).id)), assert.fail);
    for (let b = 0; b < 40; b++) {
      watch.receive(batchOf(Array.from({ length: 500 }, (_, i) => ({ text: i === 7 ? 'timeout' : 'x', level: 0, source: 0, id: `${b}-${i}`, flags: KIND.LINE, cells: 1, time: 0, ts: 0, offset: 0 }))));
    }
    assert.deepEqual(found, Array.from({ length: 40 }, (_, b) => `${b}-7`));
    assert.ok(store.size < 10_000, `${store.size} lines are kept`);
  });

  it('find lines by their fields and in the range of times', () => {
    const store = storeOf();
    const found = [];
    const fields = [{ key: 'status', value: '500', isExcluded: false }];
    const watch = new Watch(store, sourcesOf('a'), { ...all, fields, range: [10, 20] }, (lines) => found.push(...lines), assert.fail);
    const push = (text, ts, more = 0) => store.push({ text, level: 0, source: 0, id: '', flags: KIND.LINE | more, cells: 1, time: 15, ts, offset: 0 });
    push('{"status":500}', 12);
    push('{"status":200}', 12);
    push('{"status":500}', 20);
    push('path=/ status=500', 10);
    push('status=200 done', 10);
    push('at f (status=200)', 10, FLAG.CONTINUES);
    watch.advance();
    assert.deepEqual(found, [0, 3]);
  });
});
