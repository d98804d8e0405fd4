// Tests of folds and searches when the oldest lines are evicted.
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { SourceNames, decodeLine } from '../../src/viewer/decode.js';
import { Groups } from '../../src/viewer/groups.js';
import { Store } from '../../src/viewer/store.js';
import { View } from '../../src/viewer/view.js';

const names = new SourceNames();
const line = (message, fields = {}) => decodeLine(JSON.stringify({ file: 'a', message, time: 1, ...fields }), `e-${message}`, names);
const finish = (view) => { while (!view.advance(() => false)); };
const push = (view, lines) => {
  for (const each of lines) view.store.push(each);
  finish(view);
};

/** Returns a view that follows, of a store of which a whole chunk can be evicted. */
function newView() {
  const view = new View(new Store(), () => 1);
  view.isFollowing = () => true;
  view.setCriteria({ source: () => true, levels: 0, matcher: null, filter: false, context: 0 });
  return view;
}

function evict(view) {
  const { first } = view.store;
  view.store.evict(900, Infinity);
  view.dropEvicted();
  finish(view);
  assert.ok(view.store.first > first);
}

const lines = (count, fields) => Array.from({ length: count }, (_, i) => line(`line ${i}`, fields));

describe('groups', () => {
  it('stay unfolded if they close after their heads were evicted', () => {
    const view = newView();
    push(view, [line('::group::G'), ...lines(5000)]);
    evict(view);
    push(view, [line('::endgroup::'), line('x')]);
    assert.equal(view.rows.total, view.store.size - 1);
  });
  it('that have ended are dropped, also in or behind one that has not', () => {
    const groups = new Groups();
    const open = (n, name) => groups.apply(n, { actions: [{ type: 'open', key: '', name }], syntax: [] }, n - 1, NaN);
    const close = (n) => groups.apply(n, { actions: [{ type: 'close', key: '', name: '' }], syntax: [] }, n - 1, NaN);
    open(0, 'outer');
    for (let n = 1; n < 100; n += 2) (open(n, 'inner'), close(n + 1));
    groups.dropBefore(90);
    assert.deepEqual(groups.all.map(({ head }) => head), [0, 89, 91, 93, 95, 97, 99]);
    close(101);
    groups.dropBefore(102);
    assert.equal(groups.all.length, 0);
  });
  it('that are nested deeper than the limit are dropped', () => {
    const groups = new Groups();
    for (let n = 0; n < 40; n++) groups.apply(n, { actions: [{ type: 'open', key: '', name: '' }], syntax: [] }, n - 1, NaN);
    for (let n = 40; n < 80; n++) groups.apply(n, { actions: [{ type: 'close', key: '', name: '' }], syntax: [] }, n - 1, NaN);
    assert.ok(groups.all.every(({ last }) => last < 80));
    groups.dropBefore(80);
    assert.equal(groups.all.length, 0);
  });
});

describe('entries', () => {
  it('whose only line was evicted fold no lines that continue them', () => {
    const view = newView();
    push(view, [line('head'), ...lines(5000, { file: 'b' })]);
    evict(view);
    push(view, lines(3, { cont: true }));
    assert.equal(view.rows.total, view.store.size);
  });
  it('all of whose lines were evicted fold no lines that continue them', () => {
    const view = newView();
    push(view, [line('head'), ...lines(3, { cont: true }), ...lines(5000, { file: 'b' })]);
    evict(view);
    push(view, lines(3, { cont: true }));
    assert.equal(view.rows.total, view.store.size);
  });
});
