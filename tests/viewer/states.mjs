// States of the page for screenshots. Each function brings a new page into one state.
import { readFileSync } from 'node:fs';

const many = (mock, count, from = 0) => mock.append('worker.log', Array.from({ length: count }, (_, i) => `2026-11-23 14:05:${String(i % 60).padStart(2, '0')},${String((i * 37) % 1000).padStart(3, '0')} ${['INFO ', 'INFO ', 'DEBUG', 'INFO ', 'WARN '][i % 5]} [queue] picked up job ${from + i} (${['send-receipt', 'resize-image', 'index-order'][i % 3]})`));

export const STATES = {
  live: async () => {},
  times: async ({ page }) => {
    await page.keyboard.press('t');
    await page.waitForTimeout(2700);
  },
  search: async ({ page }) => {
    await page.fill('#query', 'orders');
    await page.keyboard.press('Enter');
  },
  filter: async ({ page }) => {
    await page.fill('#query', 'connection|retrying');
    await page.click('#regex');
    await page.click('#filter');
    await page.fill('#context', '2');
  },
  json: async ({ page }) => {
    await page.evaluate(() => document.querySelectorAll('.json-toggle')[2].click());
  },
  paused: async ({ page, mock }) => {
    many(mock, 3000);
    await page.waitForTimeout(400);
    await page.mouse.move(300, 400);
    await page.mouse.wheel(0, -1500);
    await page.waitForTimeout(300);
    many(mock, 312, 3000);
  },
  gap: async ({ mock, page }) => {
    mock.gap('evicted', 1024);
    await page.waitForTimeout(100);
    many(mock, 4);
    mock.gap('restart', null);
    await page.waitForTimeout(100);
    many(mock, 2, 9);
    mock.control('end', { file: 'worker.log' });
  },
  sources: async ({ page }) => {
    await page.click('.source:has-text("api")');
    await page.click('.source:has-text("worker.log")', { modifiers: ['Control'] });
  },
  selection: async ({ page }) => {
    const rows = page.locator('.rows .row:not(.divider) .text');
    await rows.nth(8).click({ position: { x: 30, y: 8 } });
    await rows.nth(12).click({ position: { x: 30, y: 8 }, modifiers: ['Shift'] });
  },
  'text-selection': async ({ page }) => {
    const text = page.locator('.rows .row:not(.divider) .text');
    const [from, to] = [await text.nth(7).boundingBox(), await text.nth(14).boundingBox()];
    await page.mouse.move(from.x + 90, from.y + 8);
    await page.mouse.down();
    await page.mouse.move(to.x + 150, to.y + 8, { steps: 3 });
    await page.mouse.up();
  },
  numbers: async ({ page, mock }) => {
    mock.append('api', ['{"level":"info","id":9007199254740993,"limit":1e400,"name":"\\u202ecod.exe","note":"two\\nlines, \\u001b[31mno colour","id":2,"nested":{"10":[1.10,-0],"2":null}}']);
    await page.waitForTimeout(200);
    await page.locator('.json-toggle').last().click();
    await page.mouse.wheel(0, 2000);
  },
  nowrap: async ({ page }) => {
    await page.keyboard.press('w');
  },
  print: async ({ page }) => {
    await page.keyboard.press('t');
    await page.evaluate(() => document.querySelectorAll('.json-toggle')[2].click());
    await page.emulateMedia({ media: 'print' });
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  },
  menu: async ({ page }) => {
    await page.click('#more');
  },
  help: async ({ page }) => {
    await page.keyboard.press('?');
  },
  lost: async ({ page, mock }) => {
    mock.failWith = 502;
    for (const client of mock.clients) client.response.destroy();
    await page.waitForTimeout(1200);
  },
  dead: async ({ page, mock }) => {
    mock.isSilent = true;
    for (const client of mock.clients) client.response.destroy();
    await page.waitForSelector('#notice:has-text("Disconnected 5 s ago")');
  },
  refused: async ({ page, mock }) => {
    mock.failWith = 401;
    for (const client of mock.clients) client.response.destroy();
    await page.waitForSelector('#notice:has-text("Signed out")');
  },
  rejected: async ({ page }) => {
    await page.click('#more');
    await page.fill('#grep', '(orders');
    await page.click('#server button');
    await page.waitForSelector('#grep-problem:not([hidden])');
  },
  finished: async ({ page, mock }) => {
    for (const name of mock.sources.keys()) mock.control('end', { file: name });
    await page.waitForSelector('.connection.finished');
  },
  'linked-line': async ({ page, mock }) => {
    many(mock, 60_000);
    await page.goto('about:blank');
    await page.goto(`${mock.url}#${mock.epoch}-30000`);
    await page.waitForSelector('.row.current');
    await page.waitForSelector('#resume:has-text("Return to live")');
  },
  'older-lines': async ({ page, mock }) => {
    many(mock, 60_000);
    await page.goto('about:blank');
    await page.route((url) => url.searchParams.has('before'), () => {});
    await page.goto(mock.url);
    await page.waitForSelector('.rows .row');
    await page.evaluate(() => (document.querySelector('#lines').scrollTop = 0));
  },
  'older-failed': async ({ page, mock }) => {
    many(mock, 60_000);
    await page.goto('about:blank');
    await page.route((url) => url.searchParams.has('before'), (route) => route.abort());
    await page.goto(mock.url);
    await page.waitForSelector('.rows .row');
    await page.evaluate(() => (document.querySelector('#lines').scrollTop = 0));
  },
  'log-start': async ({ page }) => {
    await page.keyboard.press('Home');
  },
  gone: async ({ page, mock }) => {
    await page.goto('about:blank');
    await page.goto(`${mock.url}#zzzzzz-100`);
    await page.waitForSelector('#notice:has-text("is gone")');
  },
  empty: async ({ page }) => {
    await page.fill('#query', 'nothing like this');
    await page.click('#filter');
  },
  slow: async ({ page, mock }) => {
    mock.append('worker.log', [`${'a'.repeat(60)}!`]);
    await page.fill('#query', '^(a+)+$');
    await page.click('#regex');
    await page.waitForTimeout(2500);
  },
  crowded: async ({ mock }) => {
    for (let i = 0; i < 200; i++) mock.append(`service-${i}/${i % 7 ? 'current.log' : 'a-file-with-a-name-that-is-much-too-long-for-any-list.log'}`, [`INFO line of service ${i}`]);
    mock.append('unbroken.log', ['x'.repeat(400), 'a very long line '.repeat(300)]);
    mock.append('\u202d%E2%80%AE.log', ['a name with controls']);
  },
};

/** Sources of the states that do not use the demo. */
export const SOURCES = {
  one: (mock) => many(mock, 12),
  terminal: (mock) => {
    for (const tool of ['cargo', 'make', 'ls', 'pip', 'tqdm', 'tput', 'rich']) mock.append(tool, readFileSync(new URL(`fixtures/${tool}.txt`, import.meta.url), 'utf8').split('\n').slice(0, 9));
  },
  nothing: () => {},
  untouched: (mock) => mock.source('later.log').state = 'waiting',
};
for (const name of Object.keys(SOURCES)) STATES[name] = async () => {};
