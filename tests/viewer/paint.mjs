// Measures the first paint of the page, and of a one-word page of the same program.
import { newDriver } from './real.mjs';

const PAGES = { 'one word': 'healthz', 'the page': '', 'the page again': '' };

/** @returns {Promise<number>} milliseconds from the request to the first contentful paint */
async function firstPaint(page, url) {
  await page.goto(url);
  const paint = await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  return paint.jsonValue();
}

/** Prints the results of `visits` visits after a warm-up. Only `the page again` uses the cache. */
export async function measurePaint(browser, visits = 15) {
  const driver = await newDriver();
  await driver.append('a.log', Array.from({ length: 500 }, (_, i) => `2026-11-23 14:05:22,114 INFO [queue] picked up job ${i}`));
  const results = Object.fromEntries(Object.keys(PAGES).map((name) => [name, []]));
  for (let visit = 0; visit <= visits; visit++) {
    let page;
    for (const [name, path] of Object.entries(PAGES)) {
      if (name !== 'the page again') {
        await page?.context().close();
        page = await (await browser.newContext()).newPage();
      } else await page.waitForSelector('.connection.live');
      await page.goto('about:blank');
      // A new window first loads resources of the browser, which would disturb the measurement.
      await page.waitForTimeout(500);
      const paint = await firstPaint(page, driver.url + path);
      if (visit > 0) results[name].push(paint);
    }
    await page.context().close();
  }
  for (const [name, all] of Object.entries(results)) {
    all.sort((a, b) => a - b);
    const [low, middle, high] = [0, all.length >> 1, all.length - 1].map((i) => Math.round(all[i]));
    console.log(`${name}: first contentful paint after ${middle} ms (${low}–${high}, ${visits} visits)`);
  }
  await driver.stop();
}
