// How soon the page is painted, beside a page of one word from the same program.
import { newDriver } from './real.mjs';

const PAGES = { 'one word': 'healthz', 'the page': '', 'the page again': '' };

/** @returns {Promise<number>} milliseconds from asking for it to its first content on the screen */
async function firstPaint(page, url) {
  await page.goto(url);
  const paint = await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  return paint.jsonValue();
}

/** Prints the figures of so many visits after a first, each with an empty cache but for `again`. */
export async function measurePaint(browser, visits = 15) {
  const driver = await newDriver();
  await driver.append('a.log', Array.from({ length: 500 }, (_, i) => `2026-11-23 14:05:22,114 INFO [queue] picked up job ${i}`));
  const figures = Object.fromEntries(Object.keys(PAGES).map((what) => [what, []]));
  for (let visit = 0; visit <= visits; visit++) {
    let page;
    for (const [what, path] of Object.entries(PAGES)) {
      if (what !== 'the page again') {
        await page?.context().close();
        page = await (await browser.newContext()).newPage();
      } else await page.waitForSelector('.connection.live');
      await page.goto('about:blank');
      // A new window loads parts of its own, beside which nothing can be measured.
      await page.waitForTimeout(500);
      const paint = await firstPaint(page, driver.url + path);
      if (visit > 0) figures[what].push(paint);
    }
    await page.context().close();
  }
  for (const [what, all] of Object.entries(figures)) {
    all.sort((a, b) => a - b);
    const [low, middle, high] = [0, all.length >> 1, all.length - 1].map((i) => Math.round(all[i]));
    console.log(`${what}: first contentful paint after ${middle} ms (${low}–${high}, ${visits} visits)`);
  }
  await driver.stop();
}
