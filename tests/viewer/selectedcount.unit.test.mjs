// Unit tests of the number of selected lines in the status bar.
import { afterEach, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { CurrentLine } from '../../src/viewer/current.js';
import { FLAG, KIND, Store } from '../../src/viewer/store.js';
import { View } from '../../src/viewer/view.js';

const { now } = performance;
let clock = 0;
beforeEach(() => (performance.now = () => clock));
afterEach(() => (performance.now = now));

/** Lines of sources 0 and 1; `|` continues the entry of its source. */
function push(view, ...lines) {
  for (const text of lines) {
    const source = text.includes('b') ? 1 : 0;
    const flags = KIND.LINE | (text.startsWith('|') ? FLAG.CONTINUES : 0);
    view.store.push({ text, level: 0, source, id: '', flags, cells: 1, time: 0, ts: 0, offset: 0 });
  }
  while (!view.advance(() => false));
}

function pageOf(...lines) {
  const view = new View(new Store(), () => 1);
  view.isFollowing = () => true;
  push(view, ...lines);
  const page = { view, renderState: { current: 0, selection: null } };
  const current = new CurrentLine(page);
  const counts = [];
  const { countBetween } = view;
  // Counting takes 100 ms.
  view.countBetween = (...range) => {
    clock += 100;
    counts.push(range);
    return countBetween.apply(view, range);
  };
  return { view, current, counts, select: (...range) => (page.renderState.selection = range) };
}

describe('the number of selected lines', () => {
  it('is that of the lines, with those that are folded', () => {
    const { view, current, select } = pageOf('a', '|a1', '|a2', 'b', 'a', '|a1', 'b');
    assert.equal(current.selectedCount, 0);
    for (const range of [[0, 0], [0, 3], [1, 3], [0, 6], [3, 5], [4, 4]]) {
      select(...range);
      assert.equal(current.selectedCount, current.lines.length, range.join());
    }
    select(0, 0);
    assert.equal(current.selectedCount, 3);
    view.folds.toggle(0);
    while (!view.advance(() => false));
    clock += 10_000;
    assert.equal(current.selectedCount, 1);
  });

  it('is not counted again while nothing changes', () => {
    const { view, current, counts, select } = pageOf('a', 'b', 'a');
    select(0, 2);
    for (let i = 0; i < 3; i++) assert.equal(current.selectedCount, 3);
    push(view, 'a', 'b', 'a');
    clock += 10_000;
    assert.equal(current.selectedCount, 3);
    assert.equal(counts.length, 1);
    select(0, 3);
    assert.equal(current.selectedCount, 4);
  });

  it('is counted again after a pause when folded lines were added', () => {
    const { view, current, counts, select } = pageOf('a', '|a1', '|a2', 'b');
    select(0, 3);
    assert.equal(current.selectedCount, 4);
    push(view, '|a3');
    assert.equal(current.selectedCount, 4);
    clock += 10_000;
    assert.equal(current.selectedCount, 5);
    assert.equal(current.lines.length, 5);
    assert.equal(counts.length, 2);
  });
});
