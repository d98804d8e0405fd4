// Tests of older lines, of the merge by time, and of places in the log, with the real program.
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { launch } from './browser.mjs';
import { newDriver } from './real.mjs';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let browser;
let driver;
let context;
let page;
let pageErrors;

const numbered = (from, to) => Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
/** Texts of the rows that are completely visible. */
const visibleTexts = () => page.evaluate(() => {
  const box = document.querySelector('#lines').getBoundingClientRect();
  return [...document.querySelectorAll('.rows .row:not(.divider)')]
    .filter((row) => row.getBoundingClientRect().top >= box.top - 1 && row.getBoundingClientRect().bottom <= box.bottom + 1)
    .map((row) => row.querySelector('.text').textContent);
});
const waitForLine = (text, on = page) => on.waitForFunction((wanted) => [...document.querySelectorAll('.rows .row .text')].some((row) => row.textContent === wanted), text, { timeout: 15_000 });
const headIs = (pattern) => page.waitForFunction((source) => {
  const [text, button] = document.querySelector('.older').children;
  return new RegExp(source).test(text.textContent + (button.hidden ? '' : button.textContent));
}, pattern.source, { timeout: 15_000 }).catch(async () => assert.fail(`wanted ${pattern}, got ${await page.textContent('.older')}`));
const held = (count, on = page) => on.waitForFunction((wanted) => document.querySelector('#line-count').textContent === `${wanted} lines`, count, { timeout: 30_000 })
  .catch(async () => assert.fail(`wanted ${count}, got ${await on.textContent('#line-count')}`));

/** Waits until the numbers of held and of older lines are up to date. */
const countsAre = (total, least) => page.waitForFunction(([total, least]) => {
  const [count, older] = ['#line-count', '.older span'].map((each) => Number(document.querySelector(each).textContent.replace(/\D/g, '')));
  return count >= least && count + older === total;
}, [total, least]);

async function open(hash = '', prepare = async () => {}) {
  context ??= await browser.newContext({ viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'] });
  page = await context.newPage();
  page.on('pageerror', (error) => pageErrors.push(error.stack));
  page.on('console', (entry) => entry.type() === 'error' && !/Failed to load resource|net::ERR/.test(entry.text()) && pageErrors.push(entry.text()));
  await prepare(page);
  await page.goto(driver.url + hash);
  await page.waitForSelector('.connection.live');
  return page;
}

before(async () => { browser = await launch(); });
after(() => browser.close());
beforeEach(() => { pageErrors = []; });
afterEach(async () => {
  await context?.close();
  context = undefined;
  await driver.stop();
  assert.deepEqual(pageErrors, []);
});

/** Scrolls by steps of less than a page until the text above the first row, or a line, is seen; returns the texts in the order of their first appearance. */
async function sweep(step, until) {
  const texts = await page.evaluate(async ([step, until]) => {
    const lines = document.querySelector('#lines');
    const seen = new Set();
    for (const deadline = performance.now() + 120_000; performance.now() < deadline;) {
      await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
      const box = lines.getBoundingClientRect();
      const shown = [...document.querySelectorAll('.rows .row:not(.divider)')].filter((row) => row.getBoundingClientRect().bottom > box.top && row.getBoundingClientRect().top < box.bottom).map((row) => row.querySelector('.text').textContent);
      for (const text of step < 0 ? shown.toReversed() : shown) seen.add(text);
      const head = document.querySelector('.older');
      if (shown.includes(until) || (head.checkVisibility({ visibilityProperty: true }) && head.textContent.startsWith(until))) return [...seen];
      lines.scrollTop += step;
    }
    throw new Error(`${until} was not reached; ${document.querySelector('.older').textContent}, ${[...seen].at(-1)}, ${document.querySelector('#line-count').textContent}`);
  }, [step, until]);
  return step < 0 ? texts.toReversed() : texts;
}

/** Returns the texts of all lines of the page. */
async function exported() {
  await page.click('#more');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-export=text]')]);
  return (await readFile(await download.path(), 'utf8')).trimEnd().split('\n');
}

/** Lowers the number of lines that the page holds. */
const withLimit = (lines) => (opened) => opened.route(/\/(page|app)\.js/, async (route) => {
  const answer = await route.fetch();
  await route.fulfill({ response: answer, body: (await answer.text()).replace('lines: 1_000_000', `lines: ${lines}`) });
});

/** Reads the last lines of the log from the server. */
async function lastLines(n) {
  const answer = await fetch(`${driver.url}sse?follow=0&n=${n}`, { headers: { accept: 'application/x-ndjson' } });
  return (await answer.text()).split('\n').filter(Boolean).map((line) => JSON.parse(line)).filter(({ message }) => message !== undefined);
}

/** Appends lines to `a.log`, and waits until the server has read them. */
async function appendRead(lines) {
  await driver.append('a.log', lines);
  const deadline = performance.now() + 30_000;
  while ((await lastLines(1))[0]?.message !== lines.at(-1)) assert.ok(performance.now() < deadline, 'the server does not have the last line');
}

const isOlderRead = (url) => url.searchParams.has('before') && url.searchParams.get('n') !== '1';

describe('a long log', () => {
  beforeEach(async () => {
    driver = await newDriver();
  });

  it('opens with the newest lines, never plays old ones, and says how many are older', async () => {
    await appendRead(numbered(0, 200_000));
    await open('#history=all', (opened) => opened.addInitScript(() => {
      globalThis.seen = new Set();
      const look = () => {
        for (const row of document.querySelectorAll('.rows .row:not(.divider) .text')) globalThis.seen.add(Number(row.textContent.slice(5)));
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }));
    await waitForLine('line 199999');
    await headIs(/^18\d,\d00 older lines$/);
    await countsAre(200_000, 10_000);
    assert.ok(Math.min(...await page.evaluate(() => [...globalThis.seen])) > 199_900);
    assert.equal(await page.textContent('#follow'), 'Following');
  });

  it('goes to its real first line with Home, and back to live with End', async () => {
    await appendRead(numbered(0, 100_000));
    await open();
    await waitForLine('line 99999');
    await page.keyboard.press('Home');
    await waitForLine('line 0');
    assert.equal((await visibleTexts())[0], 'line 0');
    await headIs(/^Start of the log$/);
    await page.waitForSelector('#resume:has-text("Return to live")');
    await driver.append('a.log', ['later']);
    await page.keyboard.press('End');
    await waitForLine('later');
    await page.waitForSelector('#follow:has-text("Following")');
    await driver.append('a.log', ['live']);
    await waitForLine('live');
    assert.equal(await page.isHidden('#resume'), true);
  });

  it('passes every line once and in order when scrolled up to the first', async () => {
    await appendRead(numbered(0, 15_000));
    await open();
    await waitForLine('line 14999');
    assert.deepEqual(await sweep(-600, 'Start of the log'), numbered(0, 15_000));
    assert.deepEqual(await exported(), numbered(0, 15_000));
    await page.click('#resume').catch(() => {});
  });

  it('keeps visible rows in place while older ones arrive', async () => {
    await appendRead(numbered(0, 30_000));
    let release = () => {};
    const released = new Promise((done) => { release = done; });
    await open('', (opened) => opened.route(isOlderRead, async (route) => {
      await released;
      await route.continue();
    }));
    await waitForLine('line 29999');
    await held('600');
    await page.evaluate(() => (document.querySelector('#lines').scrollTop = 0));
    await waitForLine('line 29400');
    await headIs(/^29,400 older lines$/);
    const places = () => page.$$eval('.rows .row', (rows) => Object.fromEntries(rows.map((row) => [row.textContent, row.getBoundingClientRect().top]).filter(([, top]) => top > 0 && top < 700)));
    const before = await places();
    release();
    await page.waitForFunction(() => Number(document.querySelector('#line-count').textContent.replace(/\D/g, '')) > 2000);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const now = await places();
    for (const [text, top] of Object.entries(before)) assert.ok(Math.abs(now[text] - top) <= 1, `${text} from ${top} to ${now[text]}`);
    assert.ok(Object.keys(before).length > 25);
  });

  it('has no hole when lines arrive while older ones are read', async () => {
    await appendRead(numbered(0, 20_000));
    await open();
    await waitForLine('line 19999');
    await page.evaluate(() => (document.querySelector('#lines').scrollTop = 2000));
    for (let i = 20_000; i < 30_000; i += 1000) {
      await driver.append('a.log', numbered(i, i + 1000));
      await page.evaluate(() => (document.querySelector('#lines').scrollTop = 1000));
      await page.waitForTimeout(20);
    }
    await page.waitForFunction(() => /new lines/.test(document.querySelector('#resume').textContent));
    // Older lines are read only near the start.
    await page.waitForFunction(() => {
      document.querySelector('#lines').scrollTop = 1000;
      return Number(document.querySelector('#line-count').textContent.replace(/\D/g, '')) > 20_000;
    });
    await page.keyboard.press('End');
    await waitForLine('line 29999');
    const all = await exported();
    assert.deepEqual(all, numbered(30_000 - all.length, 30_000));
    assert.ok(all.length > 20_000);
  });

  it('is held up to a limit at both ends, and attaches to the live end again', async () => {
    await appendRead(numbered(0, 45_000));
    await open('', withLimit(16_000));
    await waitForLine('line 44999');
    const up = await sweep(-600, 'Start of the log');
    assert.deepEqual(up, numbered(0, 45_000));
    const size = () => page.$eval('#line-count', (element) => Number(element.textContent.replace(/\D/g, '')));
    assert.ok(await size() < 22_000, `${await size()} lines`);
    await page.waitForSelector('#resume:has-text("Return to live")');
    await driver.append('a.log', ['new while away']);
    const down = await sweep(600, 'new while away');
    assert.deepEqual(down, [...numbered(0, 45_000), 'new while away']);
    assert.ok(await size() < 22_000);
    await page.waitForFunction(() => document.querySelector('#follow').textContent === 'Following' || (document.querySelector('#lines').scrollTop += 500) < 0);
    await driver.append('a.log', ['live again']);
    await waitForLine('live again');
  });

  it('is not read as a whole for a search that hides almost all of it, but as far as the user asks', async () => {
    await appendRead(numbered(0, 100_000));
    await open('#q=line 99999&filter=1');
    await waitForLine('line 99999');
    const size = () => page.$eval('#line-count', (element) => Number(element.textContent.replace(/\D/g, '')));
    await headIs(/^\d\d,\d00 older linesLoad older lines$/);
    await countsAre(100_000, 10_000);
    const before = await size();
    assert.ok(before < 16_000, `${before} lines`);
    await page.click('.older button');
    await page.waitForFunction((least) => Number(document.querySelector('#line-count').textContent.replace(/\D/g, '')) > least, before + 6000);
    await headIs(/Load older lines$/);
    await countsAre(100_000, before + 6000);
    assert.ok(await size() < before + 14_000, `${await size()} lines`);
    assert.deepEqual(await visibleTexts(), ['line 99999']);
  });

  it('opens at a linked line, from which both directions can be scrolled', async () => {
    await appendRead(numbered(0, 60_000));
    const [{ id }] = await lastLines(30_000);
    await open(`#${id}`);
    await page.waitForSelector('.row.current:has-text("line 30000")');
    assert.equal(await page.textContent('.row.current .text'), 'line 30000');
    const up = await sweep(-600, 'line 28000');
    assert.deepEqual(up.slice(up.indexOf('line 28000')), numbered(28_000, Number(up.at(-1).slice(5)) + 1));
    const down = await sweep(600, 'line 33000');
    assert.deepEqual(down.slice(0, down.indexOf('line 33000')), numbered(Number(down[0].slice(5)), 33_000));
    assert.ok(Number(down[0].slice(5)) < 28_010);
    await page.click('#resume');
    await waitForLine('line 59999');
    await driver.append('a.log', ['live']);
    await waitForLine('live');
  });
});

describe('several sources', () => {
  const stamp = (i) => new Date(Date.UTC(2026, 10, 25, 10, 0, 0) + i * 100).toISOString();

  it('are merged by time, also in older pages, and traces stay together', async () => {
    const files = { 'a.log': [], 'b.log': [] };
    const expected = [];
    for (let i = 0; i < 9_000; i++) {
      const lines = [`${stamp(i)} ERROR event ${i}`, ...(i % 10 === 0 ? [`Traceback of ${i}:`, `  at one (${i})`, `  at two (${i})`].slice(1) : [])];
      files[i % 3 === 0 ? 'b.log' : 'a.log'].push(...lines);
      expected.push(...lines);
    }
    driver = await newDriver({ files });
    await open();
    await waitForLine(expected.at(-1));
    await sweep(-600, 'Start of the log');
    assert.deepEqual(await exported(), expected);
    await page.keyboard.press('End');
    await driver.append('b.log', [`${stamp(0)} late`]);
    await waitForLine(`${stamp(0)} late`);
    assert.equal((await exported()).at(-1), `${stamp(0)} late`);
  });

  it('are read in the order of the stream when there are many', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `s${String(i).padStart(2, '0')}.log`);
    driver = await newDriver();
    for (const name of names) await driver.append(name, ['first']);
    await open();
    await page.waitForFunction(() => document.querySelectorAll('.source').length === 40);
    for (let round = 0; round < 20; round++) {
      for (const [i, name] of names.entries()) if (i < 3 || round % 10 === 0) await driver.append(name, Array.from({ length: i === 0 ? 600 : 5 }, (_, k) => `${name} ${round}.${k}`));
    }
    const total = 40 + 20 * 610 + 2 * 37 * 5;
    await held(total.toLocaleString('en'));
    const live = await exported();
    await page.reload();
    await page.waitForSelector('.connection.live');
    await sweep(-600, 'Start of the log');
    assert.deepEqual(await exported(), live);
  });
});

describe('a server filter', () => {
  it('applies to older lines, whose number is then unknown', async () => {
    driver = await newDriver();
    await driver.append('a.log', Array.from({ length: 60_000 }, (_, i) => (i % 5 === 0 ? `keep ${i}` : `drop ${i}`)));
    await open('#grep=keep');
    await waitForLine('keep 59995');
    await headIs(/^Older lines$/);
    await sweep(-600, 'Start of the log');
    assert.deepEqual(await exported(), Array.from({ length: 12_000 }, (_, i) => `keep ${i * 5}`));
  });
});

describe('the line above the first one', () => {
  for (const [colorScheme, width] of [['dark', 1280], ['light', 1280], ['dark', 390], ['light', 390]]) {
    it(`has no accessibility violation, ${colorScheme} at ${width}`, async () => {
      driver = await newDriver();
      await driver.append('a.log', numbered(0, 5000));
      context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, hasTouch: width < 500 });
      let isBroken = true;
      await open('', (opened) => opened.route(isOlderRead, (route) => (isBroken ? route.abort() : route.continue())));
      await waitForLine('line 4999');
      await page.evaluate(await readFile(axePath, 'utf8'));
      const violations = () => page.evaluate(async () => (await globalThis.axe.run()).violations.map(({ id, nodes }) => [id, nodes.map((node) => `${node.html} ${node.failureSummary}`)]));
      await page.evaluate(() => (document.querySelector('#lines').scrollTop = 0));
      await headIs(/Try again$/);
      assert.deepEqual(await violations(), []);
      const { width: wide, height } = await page.locator('.older button').boundingBox();
      if (width < 500) assert.ok(height >= 44 && wide >= 44, `${wide}x${height}`);
      isBroken = false;
      await page.focus('.older button');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Home');
      await headIs(/^Start of the log$/);
      await page.waitForFunction(() => document.querySelector('.older').style.visibility === 'visible');
      assert.deepEqual(await violations(), []);
    });
  }
});

describe('a failure', () => {
  it('to read older lines is said above the first one, with a second try', async () => {
    driver = await newDriver();
    await driver.append('a.log', numbered(0, 5000));
    let isBroken = true;
    await open('', (opened) => opened.route(isOlderRead, (route) => (isBroken ? route.abort() : route.continue())));
    await waitForLine('line 4999');
    await page.evaluate(() => (document.querySelector('#lines').scrollTop = 0));
    await headIs(/^Older lines could not be read: the server does not respondTry again$/);
    isBroken = false;
    await page.click('.older button');
    await sweep(-600, 'Start of the log');
    assert.deepEqual(await exported(), numbered(0, 5000));
  });

  it('to read lines from before a restart says that they are gone', async () => {
    driver = await newDriver();
    await driver.append('a.log', numbered(0, 30_000));
    let restarted = () => {};
    const restart = new Promise((done) => { restarted = done; });
    await open('', (opened) => opened.route(isOlderRead, async (route) => {
      await restart;
      await route.continue();
    }));
    await waitForLine('line 29999');
    await driver.restart();
    restarted();
    await driver.append('a.log', ['of the new run']);
    await waitForLine('of the new run');
    await sweep(-600, 'Older lines are gone: the server has been restarted since');
    assert.equal((await visibleTexts())[0], 'line 29400');
  });
});
