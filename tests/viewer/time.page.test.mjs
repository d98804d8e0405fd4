// Tests of the time column, the timeline and jumps to a time, in a real browser against the program.
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Zone, shortDate, timeInWords } from '../../src/viewer/zone.js';
import { launch } from './browser.mjs';
import { newDriver } from './real.mjs';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A zone without summer time, five and a half hours before UTC. */
const ZONE = 'Asia/Kolkata';
/** Noon of the day before yesterday, in UTC. */
const BASE = Math.floor(Date.now() / DAY - 2) * DAY + 12 * HOUR;
const DATE = new Date(BASE).toISOString().slice(0, 10);
const DAY_IN_WORDS = timeInWords(BASE, new Zone('UTC')).split(',')[0];

let browser;
let driver;
let context;
let page;
let pageErrors;

const iso = (ms) => new Date(ms).toISOString();
/** Lines of one minute each, from 12:00 on: every tenth is an error. */
const everyMinute = (count, from = 0) => Array.from({ length: count }, (_, i) => `${iso(BASE + (from + i) * MINUTE)} ${(from + i) % 10 ? 'INFO' : 'ERROR'} request ${from + i}`);
const times = () => page.$$eval('.rows .row:not(.divider) .time', (all) => all.map((each) => each.textContent));
const waitFor = (test, argument) => page.waitForFunction(test, argument, { timeout: 10_000 });
const waitForText = (selector, text) => waitFor(([where, wanted]) => document.querySelector(where)?.textContent === wanted, [selector, text])
  .catch(async () => assert.fail(`wanted ${text} in ${selector}, got ${await page.textContent(selector)}`));
const waitForTimes = (wanted) => waitFor((texts) => [...document.querySelectorAll('.rows .row:not(.divider) .time')].map((each) => each.textContent).join() === texts, wanted.join())
  .catch(async () => assert.fail(`wanted ${wanted}, got ${await times()}`));
const waitForShown = (count) => waitFor((wanted) => document.querySelector('#shown').textContent === wanted, count ? `${count} shown` : '')
  .catch(async () => assert.fail(`wanted ${count} shown, got ${await page.textContent('#shown')}`));
const bucket = () => page.getAttribute('#strip', 'aria-valuetext');
const waitForBucket = (text) => waitFor((wanted) => document.querySelector('#strip').getAttribute('aria-valuetext') === wanted, text)
  .catch(async () => assert.fail(`wanted ${text}, got ${await bucket()}`));
/** Waits until the newest bar of the timeline is that of a time; an empty timeline has no lines in it. */
const waitForBars = (time) => waitFor((wanted) => document.querySelector('#strip').getAttribute('aria-valuetext')?.includes(` ${wanted}–`), time)
  .catch(async () => assert.fail(`wanted ${time} as the newest bar, got ${await bucket()}`));
const topLine = () => page.evaluate(() => {
  const box = document.querySelector('#lines').getBoundingClientRect();
  return [...document.querySelectorAll('.rows .row:not(.divider)')].find((row) => row.getBoundingClientRect().top >= box.top - 1)?.querySelector('.text').textContent.replace(/.* request/, 'request');
});
const current = () => page.textContent('.row.current .text').then((text) => text.replace(/.* request/, 'request'));

async function open(hash = '', options = {}) {
  context ??= await browser.newContext({ viewport: { width: 1280, height: 800 }, timezoneId: ZONE, ...options });
  const opened = await context.newPage();
  opened.on('pageerror', (error) => pageErrors.push(String(error)));
  opened.on('console', (entry) => entry.type() === 'error' && pageErrors.push(entry.text()));
  await opened.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) => console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`)));
  await opened.goto(driver.url + hash);
  await opened.waitForSelector('.connection.live');
  return opened;
}

/** Opens the page with four hours of lines, and waits for the timeline, whose newest bar is that of a time. */
async function openHours(hash = '', newest = '21:29') {
  await driver.append('a.log', everyMinute(240));
  page = await open(hash);
  await page.waitForSelector('#line-count:has-text("240 lines")');
  await waitForBars(newest);
}

/** Presses on one place of the strip and releases at another, in parts of its width. */
async function drag(from, to) {
  const box = await page.locator('#strip').boundingBox();
  await page.mouse.move(box.x + box.width * from, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to, box.y + 20, { steps: 4 });
  await page.mouse.up();
}

async function assertAccessible() {
  await page.evaluate(await readFile(axePath, 'utf8'));
  await page.evaluate(() => Promise.all(document.getAnimations().map((each) => each.finished)));
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), []);
}

before(async () => { browser = await launch(); });
after(() => browser.close());
beforeEach(async () => {
  pageErrors = [];
  driver = await newDriver();
});
afterEach(async () => {
  await context?.close();
  context = undefined;
  await driver.stop();
  assert.deepEqual(pageErrors, []);
});

describe('time column', () => {
  const DATED = `${shortDate(BASE, new Date().getUTCFullYear())} 17:30`;

  it('shows the time of the line, and both times with the zone as title', async () => {
    await driver.append('a.log', [`${iso(BASE)} INFO first`, `${iso(BASE + 1250)} ERROR second`, '\tat Third.third(Third.java:3)']);
    page = await open();
    await waitForTimes([DATED, '17:30:01.250', '']);
    await page.locator('.rows .time').nth(1).hover();
    const title = await page.locator('.rows .time').nth(1).getAttribute('title');
    assert.match(title, new RegExp(`^Line time: ${DATE} 17:30:01\\.250 \\+05:30\\nArrival: \\d{4}-\\d\\d-\\d\\d [\\d:.]{12} \\+05:30\\nAsia/(Calcutta|Kolkata)$`));
    assert.ok(!title.includes(`Arrival: ${DATE}`));
  });

  it('shows the arrival of lines without a time, apart from the others', async () => {
    await driver.append('a.log', ['no time']);
    page = await open();
    await page.waitForSelector('.time.unstated');
    assert.match(await page.textContent('.rows .time'), /^\d\d:\d\d:\d\d\.\d{3}$/);
    await page.hover('.rows .time');
    assert.match(await page.getAttribute('.rows .time', 'title'), /^The line states no time\nArrival: /);
  });

  it('shows arrival, age or nothing on demand, and remembers it', async () => {
    await driver.append('a.log', [`${iso(BASE)} INFO first`]);
    page = await open();
    await waitForTimes([DATED]);
    await page.keyboard.press('t');
    await page.waitForSelector('#toast:has-text("Arrival time shown")');
    await waitFor(() => /^\d\d:\d\d:\d\d\.\d{3}$/.test(document.querySelector('.rows .time').textContent));
    assert.notEqual((await times())[0].slice(0, 5), '17:30');
    await page.click('#more');
    await page.click('[data-time-content="ago"]');
    await waitFor(() => /^[12]d$/.test(document.querySelector('.rows .time').textContent));
    await page.click('[data-time-content="off"]');
    await waitFor(() => !document.querySelector('.rows .time'));
    await page.reload();
    await page.waitForSelector('.rows .row .text');
    assert.deepEqual(await times(), []);
    await page.keyboard.press('t');
    await waitForTimes([DATED]);
  });

  it('shows the time of another zone', async () => {
    await driver.append('a.log', [`${iso(BASE)} INFO first`, `${iso(BASE + 1000)} INFO second`]);
    page = await open();
    await page.click('#more');
    await waitFor(() => document.querySelector('#zone').options.length > 100);
    await page.selectOption('#zone', 'UTC');
    await waitFor(() => document.querySelectorAll('.rows .time')[1]?.textContent === '12:00:01.000');
    await page.selectOption('#zone', 'Asia/Tokyo');
    await waitFor(() => document.querySelectorAll('.rows .time')[1]?.textContent === '21:00:01.000');
    await page.reload();
    await waitFor(() => document.querySelectorAll('.rows .time')[1]?.textContent === '21:00:01.000');
    await page.click('#more');
    await waitFor(() => document.querySelector('#zone').value === 'Asia/Tokyo');
  });

  it('shows the date where the day changes, and at the top', async () => {
    await driver.append('a.log', everyMinute(10, 5 * 60).concat(everyMinute(300, 6.5 * 60 - 5)));
    page = await open();
    await page.keyboard.press('Home');
    const year = new Date().getUTCFullYear();
    const next = `${shortDate(BASE + DAY, year)} 00:00`;
    await waitFor((wanted) => document.querySelector('.new-day .time')?.textContent === wanted, next);
    assert.equal(await page.locator('.new-day').count(), 1);
    assert.equal((await times())[0], `${shortDate(BASE, year)} 22:30`);
    assert.equal((await times())[1], '22:31:00.000');
    await page.mouse.move(600, 400);
    await page.mouse.wheel(0, 400);
    await waitFor((wanted) => {
      const { top } = document.querySelector('#lines').getBoundingClientRect();
      const dates = [...document.querySelectorAll('.rows .time.date')].filter((each) => each.getBoundingClientRect().bottom > top);
      return dates.length === 1 && dates[0].getBoundingClientRect().top < top + 20 && dates[0].textContent.startsWith(wanted);
    }, shortDate(BASE + DAY, year));
  });
});

describe('timeline', () => {
  it('narrows the page by a drag; the label shows all times again', async () => {
    await openHours();
    await drag(0.25, 0.5);
    await page.waitForSelector('#range:visible');
    const text = await page.textContent('#range span');
    const [, from, to] = /(\d\d:\d\d)–(\d\d:\d\d)$/.exec(text);
    const minutes = (clock) => clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    const length = minutes(to) - minutes(from);
    assert.ok(length >= 55 && length <= 75, text);
    await waitForShown(length);
    assert.equal(await topLine(), `request ${minutes(from) - minutes('17:30')}`);
    const hash = new URLSearchParams(new URL(page.url()).hash.slice(1));
    assert.equal(Date.parse(hash.get('from')), BASE + (minutes(from) - minutes('17:30')) * MINUTE);
    assert.equal(Date.parse(hash.get('to')) - Date.parse(hash.get('from')), length * MINUTE);
    await page.click('#range');
    await waitForShown(0);
    assert.equal(new URL(page.url()).hash, '');
    assert.equal(await page.isVisible('#range'), false);
  });

  it('shows all times again after Escape, but not by the one that closes the menu', async () => {
    await openHours(`#from=${iso(BASE + HOUR)}&to=${iso(BASE + HOUR + 10 * MINUTE)}`, '18:39');
    await waitForShown(10);
    await page.click('#more');
    await page.keyboard.press('Escape');
    await page.waitForSelector('#menu', { state: 'hidden' });
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    assert.ok(await page.isVisible('#range'));
    await page.keyboard.press('Escape');
    await waitForShown(0);
  });

  it('goes to the time of a click', async () => {
    await openHours();
    await drag(0.5, 0.5);
    await page.waitForSelector('.row.current');
    const line = Number((await current()).slice(8));
    assert.ok(line >= 100 && line <= 140, String(line));
    assert.equal(await page.textContent('#follow'), 'Paused');
    assert.equal(await page.isVisible('#range'), false);
  });

  it('says times and counts under the pointer', async () => {
    await driver.append('a.log', everyMinute(240));
    page = await open();
    await waitForBars('21:29');
    const box = await page.locator('#strip').boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + 20);
    await waitFor(() => /^\d.*: .*info line/.test(document.querySelector('.strip-tip:not([hidden])')?.textContent));
    await page.mouse.move(600, 500);
    await page.waitForSelector('.strip-tip', { state: 'hidden' });
  });

  it('is used with the keyboard', async () => {
    await driver.append('a.log', everyMinute(240));
    page = await open();
    await page.waitForSelector('#line-count:has-text("240 lines")');
    await waitForBars('21:29');
    const date = shortDate(BASE, new Date().getUTCFullYear());
    await page.keyboard.press('Tab');
    while (!(await page.evaluate(() => document.activeElement.id === 'strip'))) await page.keyboard.press('Tab');
    await waitForBucket(`${date} 21:29–21:30: 1 info line`);
    await page.keyboard.press('ArrowLeft');
    await waitForBucket(`${date} 21:28–21:29: 1 info line`);
    for (let i = 0; i < 8; i++) await page.keyboard.press('ArrowLeft');
    await waitForBucket(`${date} 21:20–21:21: 1 error`);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.row.current:has-text("request 230")');
    await page.keyboard.press('Shift+ArrowLeft');
    await page.keyboard.press('Shift+ArrowLeft');
    await waitForBucket(`${date} 21:18–21:21: 1 error, 2 info lines`);
    await page.keyboard.press('Enter');
    await waitForText('#range span', `${date} 21:18–21:21`);
    await waitForShown(3);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await waitForShown(0);
  });

  it('counts the chosen sources, levels and matches, and lines that arrive', async () => {
    await driver.append('a.log', everyMinute(2));
    await driver.append('b.log', [`${iso(BASE)} WARN other`]);
    page = await open();
    await page.waitForSelector('#line-count:has-text("3 lines")');
    await waitForBars('17:31');
    const date = shortDate(BASE, new Date().getUTCFullYear());
    await page.focus('#strip');
    await page.keyboard.press('Home');
    // The timeline is empty for a moment after a change, which can leave the cursor at either end.
    const first = async (text) => {
      await waitFor((wanted) => {
        const strip = document.querySelector('#strip');
        if (strip.getAttribute('aria-valuetext') === wanted) return true;
        const isAtEnd = strip.getAttribute('aria-valuenow') === strip.getAttribute('aria-valuemax');
        strip.dispatchEvent(new KeyboardEvent('keydown', { key: isAtEnd ? 'Home' : 'ArrowRight', bubbles: true }));
        return false;
      }, `${date} ${text}`).catch(async () => assert.fail(`wanted ${text}, got ${await bucket()}`));
    };
    await first('17:30–17:30:01: 1 error, 1 warning');
    await page.click('.source:has-text("b.log")');
    await first('17:30–17:30:01: 1 warning');
    await page.click('#all');
    await page.click('.level.error');
    await first('17:30–17:30:01: 1 error');
    await page.click('.level.error');
    await page.fill('#query', 'other');
    await page.click('#filter');
    await first('17:30–17:30:01: 1 warning');
    await page.fill('#query', '');
    await driver.append('b.log', [`${iso(BASE)} INFO late`, `${iso(BASE + 10)} later`]);
    await first('17:30–17:30:01: 1 error, 1 warning, 1 info line, 1 other line');
  });

  it('can be hidden; a range keeps its label', async () => {
    await openHours(`#from=${iso(BASE + HOUR)}&to=${iso(BASE + 2 * HOUR)}`, '19:29');
    await page.click('#more');
    await page.click('#timeline-toggle');
    await page.waitForSelector('#strip', { state: 'hidden' });
    assert.ok(await page.isVisible('#range'));
    await page.reload();
    await waitForShown(60);
    assert.deepEqual([await page.isVisible('#strip'), await page.isVisible('#range')], [false, true]);
    await page.click('#range');
    await page.waitForSelector('#timeline', { state: 'hidden' });
  });

  it('is hidden on a phone until it is wanted', async () => {
    await driver.append('a.log', everyMinute(240));
    page = await open('', { viewport: { width: 390, height: 844 }, hasTouch: true });
    await page.waitForSelector('.rows .row .text');
    assert.equal(await page.isVisible('#timeline'), false);
    await page.tap('#more');
    await page.tap('#timeline-toggle');
    await page.keyboard.press('Escape');
    await waitForBars('21:25');
    assert.ok((await page.locator('#strip').boundingBox()).height >= 44);
  });
});

describe('go to time', () => {
  const type = async (text) => {
    await page.keyboard.press('g');
    await page.waitForSelector('#jump[open]');
    await page.fill('#jump-time', text);
  };

  it('says what it understood, and goes to the first line from then on', async () => {
    await openHours();
    await type('18:30');
    await waitForText('#jump-meaning', `${DAY_IN_WORDS}, 18:30:00, local time`);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.row.current:has-text("request 60")');
    await page.waitForSelector('#jump', { state: 'hidden' });
    await type(`${iso(BASE + 100.5 * MINUTE)}`);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.row.current:has-text("request 101")');
  });

  it('says what it cannot read, and stays', async () => {
    await openHours();
    await page.click('#more');
    await page.click('#jump-open');
    await page.fill('#jump-time', 'half past nine');
    await page.waitForSelector('#jump-meaning.field-problem:has-text("Cannot read “half past nine”")');
    await page.keyboard.press('Enter');
    assert.ok(await page.isVisible('#jump'));
    assert.equal(await page.getAttribute('#jump-time', 'aria-invalid'), 'true');
    await assertAccessible();
    await page.click('#jump-close');
    await page.waitForSelector('#jump', { state: 'hidden' });
  });

  it('goes to the last line for a later time', async () => {
    await openHours();
    await page.keyboard.press('Home');
    await type('1m');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.row.current:has-text("request 239")');
    await page.waitForSelector('#toast:has-text("this is the last line")');
  });

  it('finds the time in files that were read one after the other', async () => {
    await driver.append('b.log', everyMinute(200, 2000));
    page = await open();
    await page.waitForSelector('#line-count:has-text("200 lines")');
    await driver.append('a.log', everyMinute(240));
    await page.waitForSelector('#line-count:has-text("440 lines")');
    await type(iso(BASE + 30 * MINUTE));
    await page.keyboard.press('Enter');
    await page.waitForSelector('.row.current:has-text("request 30")');
  });

  it('reads older lines from the server if the time is before all lines that the page holds', async () => {
    await driver.append('a.log', everyMinute(25_000));
    page = await open();
    await page.waitForSelector('.row:has-text("request 24999")');
    await type(iso(BASE + HOUR));
    await page.keyboard.press('Enter');
    await page.waitForSelector('.row.current:has-text("request 60")');
  });

  it('takes the day of the lines in view', async () => {
    await driver.append('a.log', ['a line without a time', ...everyMinute(240)]);
    page = await open();
    await page.waitForSelector('#line-count:has-text("241 lines")');
    await type('18:30');
    await waitForText('#jump-meaning', `${DAY_IN_WORDS}, 18:30:00, local time`);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.row.current:has-text("request 60")');
    await type('23:00');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.row.current:has-text("request 0")');
  });

  it('shows all times if the time is outside of the range', async () => {
    await openHours(`#from=${iso(BASE + HOUR)}&to=${iso(BASE + 2 * HOUR)}`, '19:29');
    await waitForShown(60);
    await type(iso(BASE + 3 * HOUR));
    await page.keyboard.press('Enter');
    await page.waitForSelector('.row.current:has-text("request 180")');
    assert.equal(await page.isVisible('#range'), false);
  });
});

describe('link', () => {
  it('opens with its range, also of another offset', async () => {
    await openHours(`#from=${iso(BASE + HOUR)}&to=${encodeURIComponent(iso(BASE + 90 * MINUTE + 5.5 * HOUR).replace('Z', '+05:30'))}`, '18:59');
    await waitForShown(30);
    await waitForText('#range span', `${shortDate(BASE, new Date().getUTCFullYear())} 18:30–19:00`);
  });
});

describe('axe', () => {
  for (const colorScheme of ['light', 'dark']) {
    it(`accepts the timeline with a selection, a range and the menu in ${colorScheme}`, async () => {
      await driver.append('a.log', ['no time', ...everyMinute(240)]);
      page = await open(`#from=${iso(BASE)}`, { colorScheme });
      await page.waitForSelector('#range:visible');
      await waitForBars('21:29');
      await page.focus('#strip');
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('Shift+ArrowLeft');
      await page.waitForSelector('.strip-tip:visible');
      await assertAccessible();
      await page.click('#more');
      await assertAccessible();
    });
  }
});
