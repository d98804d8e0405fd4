// Tests that the parts of the page never cover each other, in a real browser with the real program.
import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { launch } from './browser.mjs';
import { newDriver } from './real.mjs';

const PARTS = ['.bar', '#sidebar', '#timeline', '.chips', '.pane-title', '.lines', '#note', '#notice', '.status'];
const HASH = '#field=status%3D500&column=status&from=2020-01-01T00:00:00Z';

let browser;
let driver;

before(async () => {
  browser = await launch();
  driver = await newDriver({ files: {
    'a.log': Array.from({ length: 200 }, (_, i) => `level=info status=500 msg="line ${i}"`),
    'b.log': ['level=error status=500 msg=broken'],
  } });
});
after(async () => {
  await driver.stop();
  await browser.close();
});

/** Returns the parts that are seen, and those that cover each other or stand out of the window. */
const layout = (page) => page.evaluate((selectors) => {
  const seen = selectors.flatMap((selector) => [...document.querySelectorAll(selector)].map((element, i) => ({ name: `${selector} ${i}`, element, box: element.getBoundingClientRect() })))
    .filter(({ element, box }) => element.checkVisibility() && box.width > 0 && box.height > 0);
  const faults = seen.flatMap(({ name, box }, i) => seen.slice(i + 1)
    .filter((other) => Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left) > 1 && Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top) > 1)
    .map((other) => `${name} and ${other.name}`));
  for (const { name, box } of seen) if (box.left < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1) faults.push(`${name} is not inside`);
  return { names: seen.map(({ name }) => name), faults };
}, PARTS);

describe('parts of the page', () => {
  for (const [width, height] of [[1280, 800], [390, 844]]) {
    it(`do not cover each other at ${width}`, async () => {
      const context = await browser.newContext({ viewport: { width, height } });
      const page = await context.newPage();
      await page.goto(driver.url + HASH);
      await page.waitForSelector('.rows .row');
      await page.waitForSelector('#note:not([hidden])');
      if (!await page.isVisible('#strip')) {
        await page.click('#more');
        await page.click('#timeline-toggle');
        await page.keyboard.press('Escape');
        await page.waitForSelector('#strip');
      }
      let { names, faults } = await layout(page);
      assert.deepEqual(faults, []);
      for (const name of ['#timeline 0', '.chips 0', '#note 0', '.lines 0']) assert.ok(names.includes(name), `${name} in ${names}`);
      assert.ok(await page.isVisible('#range'));
      await page.goto('about:blank');
      await page.goto(`${driver.url}#line=zzzzzz-100&source=a.log&source=b.log&beside=1&${HASH.slice(1)}`);
      await page.waitForSelector('#notice:has-text("is gone")');
      await page.waitForFunction(() => document.querySelectorAll('.pane-title').length === 2);
      ({ names, faults } = await layout(page));
      assert.deepEqual(faults, []);
      for (const name of ['#notice 0', '.pane-title 1', '.lines 1', '.chips 0']) assert.ok(names.includes(name), `${name} in ${names}`);
      await context.close();
    });
  }
});
