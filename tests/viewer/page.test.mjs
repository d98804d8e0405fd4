// The page in a real browser, against any server that speaks SPEC.md's wire.
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { launch } from './browser.mjs';

const { newDriver } = process.env.SSETAIL_DRIVER
  ? await import(process.env.SSETAIL_DRIVER)
  : { newDriver: (await import('./driver.mjs')).mockDriver };
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** What only a server can show that loses events and answers 502 when it is told to. */
const ofAServerThatBreaks = process.env.SSETAIL_DRIVER ? () => {} : it;

let browser;
let driver;
let context;
let page;
let complaints;

const numbered = (from, to) => Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
const texts = () => page.$$eval('.rows .row:not(.ruler) .text', (all) => all.map((each) => each.textContent));
const inSight = () => page.evaluate(() => {
  const box = document.querySelector('#lines').getBoundingClientRect();
  return [...document.querySelectorAll('.rows .row')]
    .filter((row) => row.getBoundingClientRect().top >= box.top - 1 && row.getBoundingClientRect().bottom <= box.bottom + 1)
    .map((row) => row.querySelector('.text, .ruler-text').textContent);
});
const shows = (text) => page.waitForFunction((wanted) => [...document.querySelectorAll('.rows .row')].some((row) => row.textContent.includes(wanted)), text, { timeout: 15_000 });
const held = (count) => page.waitForFunction((wanted) => document.querySelector('#held').textContent.startsWith(wanted), count, { timeout: 30_000 })
  .catch(async () => assert.fail(`wanted ${count}, got ${await page.textContent('#held')}, ${await page.textContent('#connection')}, ${(await page.$$eval('.gap', (gaps) => gaps.map((gap) => gap.textContent))).join()}`));

/** A page that remembers everything that went wrong on it. */
async function open(options = {}, hash = '') {
  context ??= await browser.newContext({ viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'], ...options });
  const opened = await context.newPage();
  opened.on('pageerror', (error) => complaints.push(String(error)));
  opened.on('console', (entry) => entry.type() === 'error' && !/Failed to load resource|net::ERR/.test(entry.text()) && complaints.push(entry.text()));
  opened.on('dialog', (dialog) => (complaints.push(`dialog ${dialog.message()}`), dialog.dismiss()));
  await opened.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) => console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`)));
  await opened.goto(driver.url + hash);
  await opened.waitForSelector('.connection.live');
  return opened;
}

before(async () => { browser = await launch(); });
after(() => browser.close());
beforeEach(async () => {
  complaints = [];
  driver = await newDriver();
});
afterEach(async () => {
  await context?.close();
  context = undefined;
  await driver.stop();
  assert.deepEqual(complaints, []);
});

describe('lines', () => {
  it('show live, from every source, oldest first', async () => {
    await driver.append('a.log', ['first']);
    page = await open();
    await shows('first');
    await driver.append('b.log', ['second']);
    await shows('second');
    await driver.append('a.log', ['third']);
    await shows('third');
    assert.deepEqual(await texts(), ['first', 'second', 'third']);
    await page.waitForSelector('.source:has-text("b.log")');
  });

  it('are never below words about none', async () => {
    page = await open();
    await page.waitForSelector('#empty:has-text("No lines yet")');
    await page.evaluate(() => {
      globalThis.covered = 0;
      const look = () => {
        globalThis.covered += Number(document.querySelector('.rows .row') && !document.querySelector('#empty').hidden);
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    await driver.append('a.log', ['first']);
    await shows('first');
    assert.equal(await page.evaluate(() => globalThis.covered), 0);
  });

  it('are text, whatever they contain', async () => {
    const evil = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
    await driver.append('a.log', [evil, `{"html":${JSON.stringify(evil)},"level":"error"}`]);
    page = await open();
    await shows('onerror');
    await page.click('.fold');
    await page.waitForSelector('.tree');
    assert.equal((await texts())[0], evil);
    assert.equal(await page.locator('.rows img, .rows script').count(), 0);
  });

  it('have ANSI colours, and the last state of progress lines', async () => {
    await driver.append('a.log', ['\x1b[31mred\x1b[0m plain \x1b[38;2;10;200;30mtrue\x1b[0m', '10%\r100%', '\x1b[1;4;7mall\x1b[0m']);
    page = await open();
    await shows('red plain true');
    assert.equal(await page.textContent('.fg-c1'), 'red');
    assert.equal(await page.$eval('.fg', (span) => span.style.getPropertyValue('--paint-fg')), 'rgb(10 200 30)');
    assert.equal((await texts())[1], '100%');
    assert.equal(await page.$eval('.bold.underline', (span) => span.className.includes('bg-inverse-bg')), true);
  });

  it('wrap or scroll, and keep their place', async () => {
    await driver.append('a.log', ['x'.repeat(900), ...numbered(0, 5)]);
    page = await open();
    await shows('line 4');
    const tall = await page.$eval('.rows .row:not(.ruler)', (row) => row.offsetHeight);
    assert.ok(tall > 100);
    await page.keyboard.press('w');
    await page.waitForFunction(() => document.querySelector('.rows .row:not(.ruler)').offsetHeight < 30);
    await page.keyboard.press('w');
    await page.waitForFunction((height) => document.querySelector('.rows .row:not(.ruler)').offsetHeight === height, tall);
  });
});

describe('a long log', () => {
  it('holds 200,000 lines with few rows in the document, and reaches both ends', async () => {
    page = await open();
    for (let i = 0; i < 200_000; i += 10_000) {
      await driver.append('a.log', numbered(i, i + 10_000));
      await new Promise((next) => setTimeout(next, 30));
    }
    await held('200,000');
    await shows('line 199999');
    assert.ok((await page.locator('.row').count()) < 120);
    await page.keyboard.press('g');
    await shows('line 0');
    assert.equal((await texts())[0], 'line 0');
    await page.fill('#query', 'line 123456');
    await page.keyboard.press('Enter');
    await shows('line 123456');
    await page.keyboard.press('Escape');
    await page.waitForTimeout(500);
    await page.evaluate(() => (document.querySelector('#lines').scrollTop = 2_000_000));
    await shows('line 100000');
    await page.keyboard.press('Escape');
    await page.keyboard.press('G');
    await shows('line 199999');
  });

  it('stays where it is read while lines arrive, and comes back to the end', async () => {
    await driver.append('a.log', numbered(0, 2000));
    page = await open();
    await shows('line 1999');
    await page.mouse.move(600, 400);
    await page.mouse.wheel(0, -3000);
    await page.waitForTimeout(600);
    const seen = await inSight();
    assert.ok(!seen.includes('line 1999'));
    for (let i = 0; i < 10; i++) {
      await driver.append('a.log', numbered(2000 + i * 100, 2100 + i * 100));
      await page.waitForTimeout(40);
    }
    await page.waitForSelector('#resume:has-text("1,000 new lines")');
    assert.deepEqual(await inSight(), seen);
    await page.click('#resume');
    await shows('line 2999');
    await driver.append('a.log', ['after']);
    await shows('after');
    assert.equal(await page.isHidden('#resume'), true);
  });
});

describe('finding', () => {
  beforeEach(async () => {
    await driver.append('a.log', [...numbered(0, 300), 'needle one', ...numbered(300, 600), 'NEEDLE two', ...numbered(600, 900)]);
    page = await open();
    await shows('line 899');
  });

  it('highlights hits and jumps between them', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('needle');
    await page.keyboard.press('Enter');
    await shows('needle one');
    await page.waitForFunction(() => document.querySelector('#query-state').textContent === '2/2' || document.querySelector('#query-state').textContent === '1/2');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.fill('#query', 'needle');
    await page.focus('#lines');
    await page.keyboard.press('n');
    await page.keyboard.press('n');
    assert.match(await page.textContent('#query-state'), /^[12]\/2$/);
    await page.keyboard.press('N');
    assert.ok((await page.locator('mark').count()) >= 1);
  });

  it('filters with context, to what arrives too, and shows in place', async () => {
    await page.fill('#query', 'needle');
    await page.click('#filter');
    await page.fill('#context', '1');
    await page.waitForFunction(() => document.querySelectorAll('.rows .row:not(.ruler)').length === 6);
    assert.deepEqual(await texts(), ['line 299', 'needle one', 'line 300', 'line 599', 'NEEDLE two', 'line 600']);
    assert.equal(await page.locator('.row.break').count(), 1);
    await driver.append('a.log', ['another needle']);
    await shows('another needle');
    await page.click('.row:has-text("needle one") .text');
    await page.keyboard.press('i');
    await shows('line 305');
    assert.equal(await page.textContent('.row.current .text'), 'needle one');
    assert.equal(await page.getAttribute('#filter', 'aria-pressed'), 'false');
  });

  it('takes regular expressions, and says what is wrong with one', async () => {
    await page.click('#regex');
    await page.fill('#query', '^needle (one|two)$');
    await page.waitForFunction(() => document.querySelector('#query-state').textContent === '2');
    await page.fill('#query', '(');
    await page.waitForSelector('.query-state.bad');
  });

  it('is not held up by an expression without end', async () => {
    await driver.append('b.log', [`${'a'.repeat(60)}!`]);
    await page.click('#regex');
    await page.fill('#query', '^(a+)+$');
    await page.waitForSelector('.query-state.bad:has-text("takes too long")');
    await page.fill('#query', '^(a+)!$');
    await page.waitForFunction(() => document.querySelector('#query-state').textContent === '1');
    await page.waitForSelector('mark');
  });

  it('chooses sources and levels', async () => {
    await driver.append('b.log', ['ERROR from b', 'plain from b']);
    await shows('plain from b');
    await page.click('.source:has-text("b.log")');
    await page.waitForFunction(() => document.querySelectorAll('.rows .row:not(.ruler)').length === 2);
    await page.click('.level.error');
    await page.waitForFunction(() => document.querySelectorAll('.rows .row:not(.ruler)').length === 1);
    await page.click('.source:has-text("a.log")', { modifiers: ['Control'] });
    assert.match(await page.evaluate(() => location.hash), /source=b.log&source=a.log&level=error/);
    await page.click('#all');
    await page.click('.level.error');
    await shows('line 899');
  });

  it('asks the server for less', async () => {
    await page.click('#more');
    await page.fill('#grep', 'needle');
    await page.click('#server button');
    await held('1 line');
    assert.deepEqual(await texts(), ['needle one']);
  });
});

describe('links and copies', () => {
  it('link to a line, and copy it', async () => {
    await driver.append('a.log', numbered(0, 1000));
    page = await open();
    await shows('line 999');
    await page.fill('#query', 'line 500');
    await page.keyboard.press('Enter');
    await shows('line 500');
    await page.focus('#lines');
    await page.keyboard.press('c');
    await page.waitForFunction(async () => (await navigator.clipboard.readText()) === 'line 500');
    await page.keyboard.press('l');
    const link = await page.waitForFunction(async () => {
      const text = await navigator.clipboard.readText();
      return text.includes('#') ? text : '';
    });
    const other = await open({}, new URL(await link.jsonValue()).hash);
    await other.waitForSelector('.row.current:has-text("line 500")');
  });

  it('copy a range of lines', async () => {
    await driver.append('a.log', numbered(0, 10));
    page = await open();
    await shows('line 9');
    await page.click('.row:has-text("line 3") .text', { position: { x: 20, y: 8 } });
    await page.click('.row:has-text("line 6") .text', { position: { x: 20, y: 8 }, modifiers: ['Shift'] });
    await page.keyboard.press('c');
    await page.waitForFunction(async () => (await navigator.clipboard.readText()) === 'line 3\nline 4\nline 5\nline 6\n');
  });

  it('download what is shown', async () => {
    await driver.append('a.log', ['keep 1', 'drop', '\x1b[31mkeep\x1b[0m 2']);
    page = await open({}, '#q=keep&filter=1');
    await shows('keep 2');
    for (const [format, check] of [
      ['text', (text) => assert.equal(text, 'keep 1\nkeep 2\n')],
      ['ndjson', (text) => assert.deepEqual(text.trim().split('\n').map((line) => JSON.parse(line).message), ['keep 1', '\x1b[31mkeep\x1b[0m 2'])],
    ]) {
      await page.click('#more');
      const [download] = await Promise.all([page.waitForEvent('download'), page.click(`[data-export=${format}]`)]);
      check(await readFile(await download.path(), 'utf8'));
    }
  });
});

describe('the connection', () => {
  it('survives a restart of the server', async () => {
    await driver.append('a.log', ['before']);
    page = await open();
    await shows('before');
    await driver.restart();
    await driver.append('a.log', ['afterwards']);
    await shows('afterwards');
    await page.waitForSelector('.ruler.gap');
    await page.waitForSelector('.connection.live');
  });

  ofAServerThatBreaks('shows gaps where they happened', async () => {
    await driver.append('a.log', ['one']);
    page = await open();
    await shows('one');
    await driver.gap('slow', 1234);
    await driver.append('a.log', ['two']);
    await shows('two');
    assert.match((await inSight()).join('|'), /^one\|1,234 events lost.*\|two$/);
  });

  ofAServerThatBreaks('is revived after a 502, and resumes without a hole or a double', async () => {
    await driver.append('a.log', numbered(0, 5));
    page = await open();
    await shows('line 4');
    driver.mock.broken = 502;
    for (const client of driver.mock.clients) client.response.destroy();
    await page.waitForSelector('.connection.waiting');
    driver.mock.broken = 0;
    await driver.append('a.log', numbered(5, 9));
    await shows('line 8');
    assert.deepEqual(await texts(), numbered(0, 9));
  });

  it('is one for two tabs, and a new tab gets what the first one has', async () => {
    await driver.append('a.log', ['shared']);
    page = await open();
    await shows('shared');
    const other = await open();
    await other.waitForSelector('.row:has-text("shared")');
    if (driver.streams) assert.equal(driver.streams(), 1);
    await driver.append('a.log', ['to both']);
    await shows('to both');
    await other.waitForSelector('.row:has-text("to both")');
    await page.close();
    await driver.append('a.log', ['still alive']);
    await other.waitForSelector('.row:has-text("still alive")');
  });

  it('works without SharedWorker, and without any worker', async () => {
    await driver.append('a.log', ['plain']);
    for (const missing of [['SharedWorker'], ['SharedWorker', 'Worker']]) {
      context = await browser.newContext();
      await context.addInitScript((names) => names.forEach((name) => delete window[name]), missing);
      page = await open();
      await shows('plain');
      await context.close();
    }
    context = undefined;
  });
});

describe('looks', () => {
  for (const colorScheme of ['dark', 'light']) {
    for (const viewport of [{ width: 1280, height: 800 }, { width: 390, height: 844 }]) {
      it(`has no accessibility violation, ${colorScheme} at ${viewport.width}`, async () => {
        await driver.append('a.log', ['\x1b[31mred\x1b[0m \x1b[90mgrey\x1b[0m', 'ERROR x', 'WARN y', 'DEBUG z', '{"a":{"b":[1,null,"x"]}}']);
        await driver.append('b.log', numbered(0, 3));
        page = await open({ viewport, colorScheme });
        await shows('line 2');
        await page.fill('#query', 'line');
        await page.click('.fold');
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
        for (const opened of ['', '#more']) {
          if (opened) await page.click(opened);
          await page.addScriptTag({ path: axePath }).catch(async () => page.evaluate(await readFile(axePath, 'utf8')));
          const { violations } = await page.evaluate(() => globalThis.axe.run());
          assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => `${node.html} ${node.failureSummary}`)]), []);
        }
        complaints = complaints.filter((text) => !/script-src|CSP/.test(text));
      });
    }
  }

  it('follows the system, and remembers a choice', async () => {
    page = await open({ colorScheme: 'dark' });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await background();
    await page.click('#more');
    await page.click('[data-theme-choice=light]');
    assert.notEqual(await background(), dark);
    await page.reload();
    assert.notEqual(await background(), dark);
  });

  it('counts in the title while hidden', async () => {
    page = await open();
    await page.evaluate(() => Object.defineProperty(document, 'hidden', { value: true }));
    await driver.append('a.log', ['x', 'ERROR y']);
    await page.waitForFunction(() => /^\(1 error, 2\) /.test(document.title));
  });
});
