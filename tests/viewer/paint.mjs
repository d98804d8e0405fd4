// How soon the page is painted, beside a page of one word from the same program.
import { newDriver } from './real.mjs';

const PAGES = { 'one word': 'healthz', 'the page': '', 'the page again': '' };

/** @returns {Promise<number>} milliseconds from asking for it to its first content on the screen */
async function firstPaint(page, url) {
  await page.goto(url);
  const paint = await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  return paint.jsonValue();
}

/** Prints the figures of so many visits, each with an empty cache but for `again`. */
export async function measurePaint(browser, visits = 15) {
  const driver = await newDriver();
  await driver.append('a.log', Array.from({ length: 500 }, (_, i) => `2026-11-23 14:05:22,114 INFO [queue] picked up job ${i}`));
  const figures = Object.fromEntries(Object.keys(PAGES).map((what) => [what, []]));
  for (let visit = 0; visit < visits; visit++) {
    const contexts = [await browser.newContext(), await browser.newContext()];
    const [other, page] = await Promise.all(contexts.map((context) => context.newPage()));
    for (const [what, path] of Object.entries(PAGES)) figures[what].push(await firstPaint(path ? other : page, driver.url + path));
    for (const context of contexts) await context.close();
  }
  for (const [what, all] of Object.entries(figures)) {
    all.sort((a, b) => a - b);
    const [low, middle, high] = [0, all.length >> 1, all.length - 1].map((i) => Math.round(all[i]));
    console.log(`${what}: first contentful paint after ${middle} ms (${low}–${high}, ${visits} visits)`);
  }
  await driver.stop();
}
