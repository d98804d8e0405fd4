// Tests of older lines, of the merge by time, and of places in the log, with the real program.
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { launch } from './browser.mjs';
import { newDriver } from './real.mjs';

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
const headIs = (pattern) => page.waitForFunction((source) => new RegExp(source).test(document.querySelector('.older').textContent), pattern.source, { timeout: 15_000 })
  .catch(async () => assert.fail(`wanted ${pattern}, got ${await page.textContent('.older')}`));
const held = (count, on = page) => on.waitForFunction((wanted) => document.querySelector('#line-count').textContent === `${wanted} lines`, count, { timeout: 30_000 })
  .catch(async () => assert.fail(`wanted ${count}, got ${await on.textContent('#line-count')}`));

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

describe('a log of 200,000 lines', () => {
  beforeEach(async () => {
    driver = await newDriver();
    await driver.append('a.log', numbered(0, 200_000));
  });

  it('opens with the newest lines, and says how many are older', async () => {
    await open();
    await waitForLine('line 199999');
    await held('10,000');
  });
});
