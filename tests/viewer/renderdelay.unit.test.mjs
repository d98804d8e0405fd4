// Unit tests of the delay before a list that follows is rendered.
import { it } from 'node:test';
import assert from 'node:assert/strict';
import { RenderDelay } from '../../src/viewer/renderdelay.js';

it('delays a list that follows until its rows are complete, or for a quarter of a second', () => {
  const delay = new RenderDelay();
  const isOver = (...frames) => frames.map(([isComplete, now]) => delay.isOver(isComplete, true, now));
  assert.deepEqual(isOver([true, 1000], [false, 2000], [false, 2200], [true, 2210]), [true, false, false, true]);
  assert.deepEqual(isOver([false, 3000], [false, 3250], [false, 3251], [false, 9000]), [false, false, true, true]);
  assert.deepEqual(isOver([true, 9100], [false, 9200]), [true, false], 'each selection has its delay');
});

it('does not delay a list that does not follow', () => {
  assert.equal(new RenderDelay().isOver(false, false, 1000), true);
});
