// Unit tests of the end of notifications, with a page that has only what they need.
import { afterEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { Notifier } from '../../src/viewer/notify.js';
import { Sources } from '../../src/viewer/sources.js';
import { KIND, Store } from '../../src/viewer/store.js';
import { zoneOf } from '../../src/viewer/zone.js';

const NAMES = ['document', 'window', 'Worker', 'AudioContext', 'HTMLElement', 'HTMLButtonElement', 'HTMLInputElement', 'HTMLDialogElement'];
const before = NAMES.map((name) => globalThis[name]);
afterEach(() => NAMES.forEach((name, i) => (globalThis[name] = before[i])));

/** Element of any type. */
class FakeElement {
  checked = false;
  hidden = false;
  textContent = '';
  listeners = {};
  addEventListener(type, listener) {
    this.listeners[type] = listener;
  }
  setAttribute() {}
  showModal() {}
  close() {}
}

class FakeAudio {
  currentTime = 0;
  destination = null;
  resume() {}
  close() {}
  createOscillator() {
    return { frequency: {}, connect: (volume) => volume, start() {}, stop() {} };
  }
  createGain() {
    return { gain: { setValueAtTime() {}, exponentialRampToValueAtTime() {} }, connect() {} };
  }
}

/** Installs a document and a worker; returns elements by ID and the workers that run. */
function install() {
  const elements = new Map();
  const byId = (id) => elements.get(id) ?? elements.set(id, new FakeElement()).get(id);
  const running = new Set();
  class FakeWorker {
    constructor() {
      running.add(this);
    }
    postMessage() {}
    terminate() {
      running.delete(this);
    }
  }
  for (const name of NAMES) if (name.startsWith('HTML')) globalThis[name] = FakeElement;
  Object.assign(globalThis, { window: globalThis, Worker: FakeWorker, AudioContext: FakeAudio });
  globalThis.document = { hidden: true, getElementById: byId, addEventListener() {} };
  return { byId, running };
}

describe('notifications that are turned off', () => {
  it('end the worker of their search', async () => {
    const { byId, running } = install();
    const store = new Store();
    const urlState = { query: { text: 'a+', regex: true, matchCase: false }, levels: 0, chosenSources: new Set(), grep: '', fields: [], range: null };
    const page = { store, sources: new Sources(), urlState, renderState: { zone: zoneOf('UTC') }, afterReceipt() {} };
    new Notifier(page);
    byId('notify-sound').checked = true;
    byId('notify-start').listeners.click();
    await Promise.resolve();
    store.push({ text: 'aa', level: 0, source: 0, id: '', flags: KIND.LINE, cells: 1, time: 0, ts: 0, offset: 0 });
    const batch = store.slice(store.first, 1);
    page.afterReceipt(batch);
    assert.equal(running.size, 1);
    byId('notify-off').listeners.click();
    assert.equal(running.size, 0);
    page.afterReceipt(batch);
    assert.equal(running.size, 0);
  });
});
