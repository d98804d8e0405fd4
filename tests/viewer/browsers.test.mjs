// Tests of the page from src/viewer in Firefox and WebKit, with the real program. The other tests
// use Chromium.
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { RECORDER } from './engines.mjs';
import { startFirefox } from './firefox.mjs';
import { newDriver } from './real.mjs';
import { startWebkit } from './webkit.mjs';

const DEADLINE_MS = 15_000;

/** @type {import('./engines.mjs').Engine} */
let engine;
let driver;
let state;

const numbered = (from, to) => Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
const run = (code, ...args) => engine.run(code, ...args);

/** Waits until a function returns something true in the page, and returns that. */
async function until(code, ...args) {
  for (const deadline = Date.now() + DEADLINE_MS; ;) {
    const result = await run(code, ...args);
    if (result) return result;
    if (Date.now() > deadline) assert.fail(`waited for ${code} ${JSON.stringify(args)}, the page shows ${await shown()}`);
    await pause(20);
  }
}
/** Returns the state of the page for the message of a failed test. */
const shown = async () => JSON.stringify(await run(() => ({
  rows: [...document.querySelectorAll('.rows .row')].map((row) => row.textContent).filter((_, i, all) => i < 2 || i > all.length - 3),
  ...Object.fromEntries(['connection', 'line-count', 'query-state', 'follow', 'notice', 'toast'].map((id) => [id, document.getElementById(id)?.textContent])),
  scrollTop: document.querySelector('#lines')?.scrollTop,
  current: document.querySelector('.row.current')?.textContent,
  query: document.querySelector('#query')?.value,
  focused: document.activeElement?.id,
  problems: globalThis.problems,
})));
const textIs = (selector, text) => until((selector, text) => document.querySelector(selector)?.textContent === text, selector, text);
const waitForLine = (text) => until((wanted) => [...document.querySelectorAll('.rows .text')].some((each) => each.textContent === wanted), text);
const texts = () => run(() => [...document.querySelectorAll('.rows .text')].map((text) => text.textContent));
const focusLines = () => run(() => document.querySelector('#lines').focus());
const waitForLive = () => until(() => document.querySelector('.connection.live') !== null);

/** Texts of the rows that are completely visible. */
const visibleTexts = () => run(() => {
  const box = document.querySelector('#lines').getBoundingClientRect();
  return [...document.querySelectorAll('.rows .row')]
    .filter((row) => row.getBoundingClientRect().top >= box.top - 1 && row.getBoundingClientRect().bottom <= box.bottom + 1)
    .map((row) => row.querySelector('.text, .divider-text').textContent);
});

async function open() {
  await engine.open(driver.url);
  await waitForLive();
}

/** Clears the selection, which would take the caret, pastes into a field of its own, and returns the text. */
async function pasted() {
  await press('Escape');
  await until(() => getSelection().isCollapsed);
  await run(() => {
    const field = document.createElement('textarea');
    field.id = 'pasted';
    document.body.append(field);
    field.focus();
  });
  await engine.press('Control+v');
  const text = await until(() => document.querySelector('#pasted').value);
  await run(() => document.querySelector('#pasted').remove());
  await focusLines();
  return text;
}

/** Waits until the list does not scroll, and returns a line near its lower end. */
async function stillLine() {
  await run(() => {
    globalThis.stillFor = 0;
    let at = -1;
    const look = () => {
      const { scrollTop } = document.querySelector('#lines');
      globalThis.stillFor = scrollTop === at ? globalThis.stillFor + 1 : 0;
      at = scrollTop;
      if (globalThis.stillFor < 5) requestAnimationFrame(look);
    };
    look();
  });
  await until(() => globalThis.stillFor >= 5);
  return (await visibleTexts()).at(-4);
}

/** Returns the position before a character of a line that is in the document. */
const placeBefore = (text, at) => run((text, at) => {
  const row = [...document.querySelectorAll('.rows .text')].find((each) => each.textContent === text);
  const range = document.createRange();
  range.setStart(row.firstChild, at);
  range.setEnd(row.firstChild, at + 1);
  const { left, top, height } = range.getBoundingClientRect();
  return [left + 1, top + height / 2];
}, text, at);

async function press(...combinations) {
  for (const combination of combinations) await engine.press(combination);
}

function showsLines() {
  it('shows live lines of all sources', async () => {
    await driver.append('a.log', ['first']);
    await open();
    await waitForLine('first');
    await driver.append('b.log', ['<b>second</b>']);
    await waitForLine('<b>second</b>');
    await driver.append('a.log', ['third']);
    await waitForLine('third');
    assert.deepEqual(await texts(), ['first', '<b>second</b>', 'third']);
    await textIs('#line-count', '3 lines');
  });

  it('has every line once after a restart and a kill of the server', async () => {
    await driver.append('a.log', numbered(0, 1000));
    await open();
    await waitForLine('line 999');
    await driver.restart();
    await driver.append('a.log', numbered(1000, 2000));
    await waitForLine('line 1999');
    await driver.kill();
    await driver.append('a.log', numbered(2000, 3000));
    await textIs('#connection', 'Disconnected');
    await driver.revive();
    await waitForLive();
    await waitForLine('line 2999');
    await driver.append('a.log', ['live again']);
    await waitForLine('live again');
    await textIs('#line-count', '3,001 lines');
    assert.equal(await run(() => document.querySelectorAll('.gap').length), 0);
    await focusLines();
    await press('Control+a', 'Control+c');
    assert.deepEqual((await pasted()).split('\n'), [...numbered(0, 3000), 'live again']);
  });

  it('shows older lines when scrolled up, and returns to live ones', async () => {
    await driver.append('a.log', numbered(0, 30_000));
    await open();
    await waitForLine('line 29999');
    const held = await run(() => Number(document.querySelector('#line-count').textContent.replace(/\D/g, '')));
    assert.ok(held < 30_000, `${held} lines are held at first`);
    await engine.move(700, 500);
    for (let first = 30_000; first > 29_000 - held;) {
      await engine.wheel(-10_000);
      const above = first;
      first = await until((above) => {
        const shown = Number(document.querySelector('.rows .text').textContent.slice(5));
        return shown < above && shown;
      }, above);
      const seen = (await visibleTexts()).map((text) => Number(text.slice(5)));
      assert.deepEqual(seen, seen.map((_, i) => seen[0] + i));
    }
    await textIs('#follow', 'Paused');
    await focusLines();
    await press('Home');
    await waitForLine('line 0');
    assert.equal((await visibleTexts())[0], 'line 0');
    await driver.append('a.log', ['later']);
    await press('End');
    await waitForLine('later');
    await textIs('#follow', 'Following');
    await driver.append('a.log', ['live']);
    await waitForLine('live');
    assert.deepEqual((await visibleTexts()).slice(-4), ['line 29998', 'line 29999', 'later', 'live']);
  });
}

function copiesText() {
  const openLines = async () => {
    await open();
    await driver.append('a.log', numbered(1000, 3000));
    await waitForLine('line 2999');
    await textIs('#line-count', '2,000 lines');
  };

  it('copies what was selected by a drag that scrolls', async () => {
    await openLines();
    await run(() => (document.querySelector('#lines').scrollTop = 10_000));
    const first = await until(() => {
      const text = document.querySelectorAll('.rows .text')[20].textContent;
      return text < 'line 2000' && text;
    });
    const start = await placeBefore(first, 3);
    await engine.move(...start);
    await engine.down();
    await engine.move(start[0], start[1] + 60);
    await engine.move(start[0], await run(() => innerHeight - 2));
    await until((first) => Number(document.querySelector('.rows .text').textContent.slice(5)) > first, Number(first.slice(5)));
    await engine.move(start[0], 300);
    const last = await stillLine();
    await engine.move(...await placeBefore(last, 6));
    await engine.up();
    await press('Control+c');
    assert.equal(await pasted(), [first.slice(3), ...numbered(Number(first.slice(5)) + 1, Number(last.slice(5))), last.slice(0, 6)].join('\n'));
  });

  it('copies what was selected before the list was scrolled', async () => {
    await openLines();
    await engine.move(...await placeBefore('line 2990', 6));
    await engine.down();
    await engine.move(...await placeBefore('line 2989', 3));
    await engine.move(...await placeBefore('line 2987', 2));
    await engine.up();
    await engine.wheel(-8000);
    await until(() => ![...document.querySelectorAll('.rows .text')].some((each) => each.textContent === 'line 2987'));
    await press('Control+c');
    assert.equal(await pasted(), 'ne 2987\nline 2988\nline 2989\nline 2');
  });
}

function obeysKeys() {
  it('obeys keys', async () => {
    await driver.append('a.log', [...numbered(0, 300), 'needle one', ...numbered(300, 600), 'needle two', ...numbered(600, 900)]);
    await open();
    await waitForLine('line 899');
    await press('/');
    await engine.type('needle');
    await textIs('#query-state', '2');
    await press('Enter');
    await textIs('.row.current .text', 'needle two');
    await press('Escape');
    await focusLines();
    await press('k', 'k', 'j');
    await textIs('.row.current .text', 'line 599');
    await press('Shift+ArrowDown', 'c');
    await until(() => document.querySelector('#toast').textContent === '2 lines copied');
    assert.equal(await pasted(), 'line 599\nneedle two\n');
    await press('Home');
    await waitForLine('line 0');
    await press('PageDown');
    await until(() => document.querySelector('#lines').scrollTop > 300);
    await press('G');
    await waitForLine('line 899');
    await textIs('#follow', 'Following');
    await press('?');
    await until(() => document.querySelector('#help').open);
    await press('Escape');
    await until(() => !document.querySelector('#help').open);
  });
}

function keepsEarlyKeys() {
  it('obeys keys that come before its rows are filled again', async () => {
    await driver.append('a.log', [...numbered(0, 300), 'needle', ...numbered(300, 600)]);
    await open();
    await waitForLine('line 599');
    await press('/');
    await engine.type('needle');
    await textIs('#query-state', '1');
    await press('Enter');
    await textIs('.row.current .text', 'needle');
    await run(() => {
      const send = (key, shiftKey = false) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey, bubbles: true, cancelable: true }));
      send('Escape');
      document.querySelector('#lines').focus();
      send('k');
      send('k');
      send('ArrowDown', true);
    });
    await textIs('.row.current .text', 'line 298');
    await until(() => [...document.querySelectorAll('.row.selected .text')].map((each) => each.textContent).join() === 'line 298,line 299');
  });
}

/** Fails if the record of problems is blind. */
function seesProblems() {
  it('would report an error, an entry of the console and a violation of the policy', async () => {
    await open();
    await run(() => {
      console.error('deliberate');
      setTimeout(() => { throw new Error('deliberate'); });
      document.body.append(Object.assign(new Image(), { src: 'http://deliberate.invalid/' }));
    });
    await until(() => ['console', 'error', 'CSP'].every((kind) => globalThis.problems.some((each) => each.startsWith(kind))));
    await run(() => (globalThis.problems.length = 0));
    engine.reported.length = 0;
  });
}

for (const [name, start] of [['Firefox', startFirefox], ['WebKit', startWebkit]]) {
  describe(`the page in ${name}`, () => {
    before(async () => { engine = await start(); });
    after(() => engine?.stop());
    beforeEach(async () => {
      state = await mkdtemp(join(tmpdir(), 'ssetail-state-'));
      driver = await newDriver({ args: ['--state', join(state, 'state')], before: RECORDER });
    });
    afterEach(async () => {
      const problems = await run(() => globalThis.problems).finally(async () => {
        await engine.open('about:blank');
        await driver.stop();
        await rm(state, { recursive: true });
      });
      assert.deepEqual([...problems, ...engine.reported.splice(0)], []);
    });
    seesProblems();
    showsLines();
    copiesText();
    obeysKeys();
    keepsEarlyKeys();
  });
}
