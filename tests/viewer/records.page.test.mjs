// Tests of records, criteria of fields, columns, folding and links in a real browser, against the program.
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { launch } from './browser.mjs';
import { newDriver } from './real.mjs';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const JSON_LINE = '{"time":"2026-11-25T19:00:01Z","level":"warn","msg":"slow query","ms":1240,"user":{"id":9007199254740993,"name":"Ada L"},"ok":true,"none":null}';
const LOGFMT_LINE = 'ts=2026-11-25T19:00:02Z level=error msg="job failed" attempt=3 err="x \\"y\\"" word';
const statusLine = (status, i = 0) => `{"level":"info","msg":"request ${i}","status":${status},"path":"/${i}"}`;

let browser;
let driver;
let context;
let page;
let pageErrors;

const texts = () => page.$$eval('.rows .row:not(.divider) .text', (all) => all.map((each) => each.textContent));
const waitForTexts = (wanted) => page.waitForFunction((all) => JSON.stringify([...document.querySelectorAll('.rows .row:not(.divider) .text')].map((each) => each.textContent)) === all, JSON.stringify(wanted), { timeout: 15_000 })
  .catch(async () => assert.deepEqual(await texts(), wanted));
const waitForLine = (text) => page.waitForSelector(`.rows .row:has-text(${JSON.stringify(text)})`);
const chips = () => page.$$eval('.chips:not([hidden]) .chip', (all) => all.map((each) => each.textContent));
const copied = () => page.evaluate(() => navigator.clipboard.readText());
/** Clicks a value of a row, and an item of its menu. */
async function choose(row, value, action) {
  await page.locator(`.row:has-text(${JSON.stringify(row)}) .field`, { hasText: value }).first().click();
  await page.waitForSelector('.field-menu:popover-open');
  if (action) await page.click(`.field-menu [data-field=${action}]`);
}

/** Opens a page and records its errors in `pageErrors`. */
async function open(options = {}, hash = '') {
  context ??= await browser.newContext({ viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'], ...options });
  page = await context.newPage();
  page.on('pageerror', (error) => pageErrors.push(String(error)));
  page.on('console', (entry) => entry.type() === 'error' && !/Failed to load resource|net::ERR/.test(entry.text()) && pageErrors.push(entry.text()));
  await page.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) => console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`)));
  await page.goto(driver.url + hash);
  await page.waitForSelector('.connection.live');
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

const JSON_RECORD = 'WARN  slow query ms=1240 user.id=9007199254740993 user.name="Ada L" ok=true none=null';
const LOGFMT_RECORD = 'ERROR job failed attempt=3 err="x "y"" word';

describe('records', () => {
  beforeEach(async () => {
    await driver.append('a.log', [JSON_LINE, LOGFMT_LINE, 'plain text']);
    await open();
    await waitForLine('plain text');
  });

  it('replace JSON and logfmt, until the menu shows the lines as they are', async () => {
    await waitForTexts([JSON_RECORD, LOGFMT_RECORD, 'plain text']);
    assert.equal(await page.textContent('.row:has-text("slow query") .j-number'), '1240');
    await page.keyboard.press('r');
    await waitForTexts([JSON_LINE, LOGFMT_LINE, 'plain text']);
    await page.reload();
    await waitForLine('plain text');
    await waitForTexts([JSON_LINE, LOGFMT_LINE, 'plain text']);
    await page.click('#more');
    assert.equal(await page.getAttribute('#records', 'aria-pressed'), 'false');
    await page.click('#records');
    await waitForTexts([JSON_RECORD, LOGFMT_RECORD, 'plain text']);
  });

  it('unfold to the tree of their fields, in place', async () => {
    const toggle = page.locator('.json-toggle').first();
    const { y } = await toggle.boundingBox();
    await toggle.click();
    const tree = 'time: 2026-11-25T19:00:01Zlevel: warnmsg: slow queryms: 1240user: {2}id: 9007199254740993name: Ada Lok: truenone: null';
    await waitForTexts([tree, LOGFMT_RECORD, 'plain text']);
    assert.equal((await page.locator('.json-toggle').first().boundingBox()).y, y);
    assert.equal(await page.getAttribute('.json-toggle', 'aria-expanded'), 'true');
    await page.locator('.json-toggle').nth(1).click();
    await waitForTexts([tree, 'ts: 2026-11-25T19:00:02Zlevel: errormsg: job failedattempt: 3err: x "y"word', 'plain text']);
    await page.locator('.json-toggle').first().click();
    await page.locator('.json-toggle').nth(1).click();
    await waitForTexts([JSON_RECORD, LOGFMT_RECORD, 'plain text']);
  });

  it('are copied as they are in the file; of a part of a row, what it shows', async () => {
    await page.click('.row:has-text("slow query") .r-message');
    await page.keyboard.press('c');
    await page.waitForSelector('#toast:has-text("1 line copied")');
    assert.equal(await copied(), JSON_LINE);
    const box = (text) => page.locator(`.row:has-text("${text}") .text`).boundingBox();
    const [first, last] = [await box('slow query'), await box('plain text')];
    await page.mouse.move(first.x + 1, first.y + 8);
    await page.mouse.down();
    await page.mouse.move(last.x + last.width - 5, last.y + 8, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.press('Control+c');
    assert.equal(await copied(), `${JSON_LINE}\n${LOGFMT_LINE}\nplain text`);
    const word = await page.locator('.r-message:has-text("slow query")').boundingBox();
    await page.mouse.dblclick(word.x + word.width - 5, word.y + 8);
    await page.keyboard.press('Control+c');
    assert.equal(await copied(), 'query');
    await page.mouse.move(word.x + 1, word.y + 8);
    await page.mouse.down();
    await page.mouse.move(last.x + 38, last.y + 8, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.press('Control+c');
    const [begin, ...rest] = (await copied()).split('\n');
    assert.equal(begin, JSON_RECORD.slice('WARN  '.length));
    assert.deepEqual(rest, [LOGFMT_LINE, 'plain']);
  });

  it('show matches, or the line where they lie elsewhere in it', async () => {
    await page.fill('#query', 'slow');
    await page.waitForSelector('.r-message:text("slow")');
    assert.deepEqual(await page.$$eval('.rows mark', (all) => all.map((each) => each.textContent)), ['slow']);
    assert.equal((await texts())[0], JSON_RECORD);
    await page.fill('#query', '"msg":"slow');
    await waitForTexts([JSON_LINE, LOGFMT_RECORD, 'plain text']);
    assert.equal(await page.$$eval('.rows mark', (all) => all.map((each) => each.textContent).join('')), '"msg":"slow');
    await page.fill('#query', '19:00:0');
    await waitForTexts([JSON_LINE, LOGFMT_LINE, 'plain text']);
    await page.fill('#query', '');
    await waitForTexts([JSON_RECORD, LOGFMT_RECORD, 'plain text']);
  });
});

describe('values of fields', () => {
  beforeEach(async () => {
    await driver.append('a.log', [statusLine(200, 1), statusLine('5e2', 2), 'level=warn msg=pair status=500 n=1', 'text without fields', statusLine(404, 3)]);
  });
  const record = (status, i) => `INFO  request ${i} status=${status} path=/${i}`;
  const pair = 'WARN  pair status=500 n=1';

  it('show only lines with them, hide such lines, and are removed again', async () => {
    await open();
    await waitForLine('request 3');
    await choose('pair', '500');
    assert.deepEqual(await page.$$eval('.field-menu .menu-item', (all) => all.map((each) => each.textContent)), ['Show only status=500', 'Hide status=500', 'Copy value', 'Use as column status']);
    await page.click('.field-menu [data-field=include]');
    await waitForTexts([record('5e2', 2), pair]);
    assert.deepEqual(await chips(), ['status=500×']);
    assert.equal(new URLSearchParams(new URL(page.url()).hash.slice(1)).get('field'), 'status=500');
    await driver.append('a.log', [statusLine(200, 4), statusLine(500, 5)]);
    await waitForTexts([record('5e2', 2), pair, record(500, 5)]);
    await choose('pair', 'WARN', 'exclude');
    await waitForTexts([record('5e2', 2), record(500, 5)]);
    assert.deepEqual(await chips(), ['status=500×', 'level≠warn×']);
    await page.reload();
    await waitForTexts([record('5e2', 2), record(500, 5)]);
    await page.click('.chip:has-text("status=500")');
    await waitForTexts([record(200, 1), record('5e2', 2), 'text without fields', record(404, 3), record(200, 4), record(500, 5)]);
    await page.click('.chip:has-text("level")');
    await waitForLine('pair');
    assert.deepEqual(await chips(), []);
    assert.equal(new URL(page.url()).hash, '');
  });

  it('of a tree have the same menu, by keys too', async () => {
    await driver.append('a.log', [JSON_LINE]);
    await open();
    await waitForLine('slow query');
    await page.locator('.row:has-text("slow query") .json-toggle').click();
    await page.locator('.tree .field:text-is("9007199254740993")').focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('.field-menu:popover-open :text("user.id=9007199254740993") >> nth=0');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#toast:has-text("Value copied")');
    assert.equal(await copied(), '9007199254740993');
    await page.locator('.tree .field:text-is("Ada L")').click();
    await page.click('.field-menu [data-field=include]');
    await page.waitForFunction(() => document.querySelectorAll('.rows .row:not(.divider)').length === 1);
    assert.equal(new URLSearchParams(new URL(page.url()).hash.slice(1)).get('field'), 'user.name=Ada L');
  });

  it('do not open a menu while text is selected', async () => {
    await open();
    await waitForLine('request 3');
    const value = await page.locator('.row:has-text("pair") .field:text-is("500")').boundingBox();
    await page.mouse.move(value.x + 2, value.y + 8);
    await page.mouse.down();
    await page.mouse.move(value.x + value.width - 1, value.y + 8, { steps: 4 });
    await page.mouse.up();
    await page.keyboard.press('Control+c');
    assert.match(await copied(), /^50?0?$/);
    assert.equal(await page.locator('.field-menu:popover-open').count(), 0);
  });

  it('become a column, which is aligned, and in the link', async () => {
    await open();
    await waitForLine('request 3');
    await choose('request 1', '200', 'column');
    await waitForTexts(['INFO  request 1 path=/1', 'INFO  request 2 path=/2', 'WARN  pair n=1', 'text without fields', 'INFO  request 3 path=/3']);
    const cells = await page.$$eval('.rows .row:not(.divider) .col', (all) => all.map((each) => [each.textContent, each.getBoundingClientRect().x]));
    assert.deepEqual(cells.map(([text]) => text), ['200', '5e2', '500', '', '404']);
    assert.equal(new Set(cells.map(([, x]) => x)).size, 1);
    const lefts = () => page.$$eval('.rows .row:not(.divider) .text', (all) => new Set(all.map((each) => each.getBoundingClientRect().x)).size);
    assert.equal(await lefts(), 1);
    await driver.append('a.log', [statusLine(JSON.stringify('x'.repeat(300)), 6)]);
    await waitForLine('request 6');
    await page.waitForFunction(() => [...document.querySelectorAll('.rows .col')].every((each) => each.offsetWidth > 150 && each.offsetWidth < 260));
    assert.equal(await lefts(), 1);
    assert.match(page.url(), /#column=status$/);
    await page.reload();
    await waitForLine('request 6');
    assert.equal(await page.locator('.rows .row:has-text("request 1") .col').textContent(), '200');
    await page.click('.chip:has-text("Column status")');
    await waitForLine('status=404');
    assert.equal(await page.locator('.rows .col').count(), 0);
  });
});

describe('long lines', () => {
  const long = (i) => `${i} ${'x'.repeat(6000)} end`;

  it('fold at about five rows, and unfold in place', async () => {
    await driver.append('a.log', [...Array.from({ length: 40 }, (_, i) => long(i)), 'last']);
    await open();
    await waitForLine('last');
    const [height, line] = await page.$eval('.row:has(.show-all)', (row) => [row.offsetHeight, Number.parseFloat(getComputedStyle(row).lineHeight)]);
    assert.ok(height / line >= 4 && height / line <= 6, `${height / line} rows`);
    const button = page.locator('.row:has-text("38 xxx") .show-all');
    const hidden = Number((await button.textContent()).replace(/\D/g, ''));
    const shown = await page.$eval('.row:has-text("38 xxx") .text', (text) => text.firstChild.textContent.length);
    assert.equal(hidden + shown, long(38).length);
    assert.match(await button.textContent(), /^[\d,]+ more characters$/);
    const row = page.locator('.row:has-text("38 xxx")');
    const { y } = await row.boundingBox();
    await button.click();
    await page.waitForFunction(() => [...document.querySelectorAll('.row .text')].some((text) => text.textContent.endsWith('x endFold line')));
    assert.equal((await row.boundingBox()).y, y);
    assert.ok((await row.boundingBox()).height > 30 * line);
    await page.locator('#lines').hover();
    await page.mouse.wheel(0, 500);
    await page.waitForFunction((y) => document.querySelector('.show-all[aria-expanded=true]').closest('.row').getBoundingClientRect().top < y, y);
    await button.click();
    await page.waitForFunction(() => !document.querySelector('.show-all[aria-expanded=true]'));
    const folded = await row.boundingBox();
    assert.ok(Math.abs(folded.height - height) < 2 * line, `${folded.height} px`);
    const box = await page.locator('#lines').boundingBox();
    assert.ok(folded.y >= box.y && folded.y < box.y + box.height, 'the folded line is visible');
  });

  it('have the height that is expected of them before they are shown', async () => {
    await driver.append('a.log', [...Array.from({ length: 2000 }, (_, i) => `{"time":"2026-11-25T19:00:01.123Z","level":"info","msg":"request","n":${i},"path":"/a/b/c","agent":"${'word '.repeat(i % 160)}"}`), 'last']);
    await open();
    await waitForLine('last');
    const height = () => page.$eval('.spacer', (spacer) => spacer.offsetHeight);
    const expected = await height();
    const measured = await page.evaluate(async () => {
      const rows = [...document.querySelectorAll('.rows .row:not(.divider)')];
      return rows.reduce((sum, row) => sum + row.offsetHeight, 0) / rows.length;
    });
    assert.ok(expected / (2000 * 20) > 1.5, 'most lines need more than one row');
    await page.evaluate(() => { const lines = document.querySelector('#lines'); lines.scrollTop = lines.scrollHeight / 2; });
    await page.waitForFunction(() => !document.querySelector('.rows').textContent.includes('last'));
    const drift = Math.abs((await height()) - expected) / (await page.locator('.rows .row').count());
    assert.ok(drift < 20, `${drift} px for each row, which are ${measured} px high`);
  });

  it('are shown whole where a match lies behind the fold, and fold again', async () => {
    await driver.append('a.log', [long(1), `{"msg":"m","data":"${'y '.repeat(3000)}needle"}`]);
    await open();
    await page.waitForSelector('.show-all >> nth=1');
    await page.fill('#query', 'needle');
    await page.waitForSelector('.row mark:text("needle")');
    assert.equal(await page.locator('.show-all').count(), 1);
    await page.fill('#query', '');
    await page.waitForSelector('.show-all >> nth=1');
    await page.setViewportSize({ width: 700, height: 800 });
    await page.waitForFunction(() => [...document.querySelectorAll('.row:has(.show-all)')].every((row) => row.offsetHeight <= 7 * 20));
  });
});

describe('addresses', () => {
  it('are links to what they show', async () => {
    await driver.append('a.log', [
      'see (https://a.example/x_(y)?q=1), or http://\u0430.example/; not javascript:alert(1) or https://u@b.example/',
      '{"msg":"m","url":"https:\\/\\/c.example\\/x\\u0026y","next":"http://d.example/1"}',
      '\x1b[31mhttps://e.example/red\x1b[0m/x',
    ]);
    await open();
    await waitForLine('d.example');
    const links = await page.$$eval('.rows a', (all) => all.map(({ href, rel, target, textContent, title }) => [textContent, href, title, rel, target]));
    assert.deepEqual(links, [
      ['https://a.example/x_(y)?q=1', 'https://a.example/x_(y)?q=1'],
      ['http://\u0430.example/', 'http://xn--80a.example/'],
      ['https://c.example/x&y', 'https://c.example/x&y'],
      ['http://d.example/1', 'http://d.example/1'],
      ['https://e.example/red/x', 'https://e.example/red/x'],
    ].map(([text, href]) => [text, href, href, 'noreferrer', '_blank']));
    await page.click('.row:has-text("d.example") .r-key');
    assert.equal(await page.locator('.field-menu:popover-open').count(), 0);
    await page.locator('.row:has-text("d.example") .json-toggle').click();
    await page.locator('.tree .field:text-is("http://d.example/1")').click();
    assert.deepEqual(await page.$eval('.field-menu a', ({ href, rel, target }) => [href, rel, target]), ['http://d.example/1', 'noreferrer', '_blank']);
  });
});

describe('appearance of records', () => {
  for (const colorScheme of ['dark', 'light']) {
    for (const viewport of [{ width: 1280, height: 800 }, { width: 390, height: 844 }]) {
      it(`has no accessibility violation, ${colorScheme} at ${viewport.width}`, async () => {
        await driver.append('a.log', [JSON_LINE, LOGFMT_LINE, '{"level":"debug","msg":"d \\u202e","u":"http://a.example/"}', 'x'.repeat(3000), statusLine(200)]);
        await open({ viewport, colorScheme }, '#column=status&field=ms!=1&field=level!=info2');
        await waitForLine('slow query');
        await page.fill('#query', 'slow');
        await page.waitForSelector('mark');
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
        await page.evaluate(await readFile(axePath, 'utf8'));
        const check = async (state) => {
          const { violations } = await page.evaluate(() => globalThis.axe.run());
          assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => `${node.html} ${node.failureSummary}`)]), [], state);
        };
        await check('records');
        await page.locator('.json-toggle').first().click();
        await page.waitForSelector('.tree');
        await check('tree');
        await choose('job failed', '3');
        await check('menu');
        if (viewport.width < 400) for (const target of ['.field-menu .menu-item', '.chip']) assert.ok((await page.locator(target).first().boundingBox()).height >= 44, target);
        const menu = await page.locator('.field-menu').boundingBox();
        assert.ok(menu.x >= 0 && menu.x + menu.width <= viewport.width && menu.y + menu.height <= viewport.height, 'the menu is in the window');
      });
    }
  }
});
