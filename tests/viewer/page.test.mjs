// Tests of the page in a real browser, against the mock or the driver in SSETAIL_DRIVER.
import { after, afterEach, before, beforeEach, describe, it as test } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { launch } from './browser.mjs';

const { newDriver } = process.env.SSETAIL_DRIVER
  ? await import(process.env.SSETAIL_DRIVER)
  : { newDriver: (await import('./driver.mjs')).mockDriver };
const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Test of what every server does. With SSETAIL_MOCK_ONLY, the program runs it at another time. */
const it = process.env.SSETAIL_MOCK_ONLY ? () => {} : test;
/** Test that needs a server which sends gaps and status 502 on demand: the mock. */
const itWithMock = process.env.SSETAIL_DRIVER ? () => {} : test;

let browser;
let driver;
let context;
let page;
let pageErrors;

const numbered = (from, to) => Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
const texts = () => page.$$eval('.rows .row:not(.divider) .text', (all) => all.map((each) => each.textContent));
const visibleTexts = () => page.evaluate(() => {
  const box = document.querySelector('#lines').getBoundingClientRect();
  return [...document.querySelectorAll('.rows .row')]
    .filter((row) => row.getBoundingClientRect().top >= box.top - 1 && row.getBoundingClientRect().bottom <= box.bottom + 1)
    .map((row) => row.querySelector('.text, .divider-text').textContent);
});
const waitForLine = (text) => page.waitForFunction((wanted) => [...document.querySelectorAll('.rows .row')].some((row) => row.textContent.includes(wanted)), text, { timeout: 15_000 });
const waitForCount = (count) => page.waitForFunction((wanted) => document.querySelector('#line-count').textContent.startsWith(wanted), count, { timeout: 30_000 })
  .catch(async () => assert.fail(`wanted ${count}, got ${await page.textContent('#line-count')}, ${await page.textContent('#connection')}, ${(await page.$$eval('.gap', (gaps) => gaps.map((gap) => gap.textContent))).join()}`));

/** Opens a page and records its errors in `pageErrors`. */
async function open(options = {}, hash = '') {
  context ??= await browser.newContext({ viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'], ...options });
  const opened = await context.newPage();
  opened.on('pageerror', (error) => pageErrors.push(String(error)));
  opened.on('console', (entry) => entry.type() === 'error' && !/Failed to load resource|net::ERR/.test(entry.text()) && pageErrors.push(entry.text()));
  opened.on('dialog', (dialog) => (pageErrors.push(`dialog ${dialog.message()}`), dialog.dismiss()));
  await opened.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) => console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`)));
  await opened.goto(driver.url + hash);
  await opened.waitForSelector('.connection.live');
  return opened;
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

describe('lines', () => {
  it('appear live, from all sources, oldest first', async () => {
    await driver.append('a.log', ['first']);
    page = await open();
    await waitForLine('first');
    await driver.append('b.log', ['second']);
    await waitForLine('second');
    await driver.append('a.log', ['third']);
    await waitForLine('third');
    assert.deepEqual(await texts(), ['first', 'second', 'third']);
    await page.waitForSelector('.source:has-text("b.log")');
  });

  it('never appear together with the empty message', async () => {
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
    await waitForLine('first');
    assert.equal(await page.evaluate(() => globalThis.covered), 0);
  });

  it('are shown as text, also if they contain HTML', async () => {
    const html = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
    await driver.append('a.log', [html, `{"html":${JSON.stringify(html)},"level":"error"}`]);
    page = await open();
    await waitForLine('onerror');
    await page.click('.json-toggle');
    await page.waitForSelector('.tree');
    assert.equal((await texts())[0], html);
    assert.equal(await page.locator('.rows img, .rows script').count(), 0);
  });

  it('show JSON as the source has it', async () => {
    await driver.append('a.log', ['{"z":9007199254740993,"a":1e400,"10":"\\u202ehi\\u001b[31m","a":"one\\ntwo","s":{"k":[]}}']);
    page = await open();
    await page.click('.json-toggle');
    const leaves = await page.$$eval('.tree :is(.j-leaf, summary)', (all) => all.map((each) => each.textContent));
    assert.deepEqual(leaves, ['z: 9007199254740993', 'a: 1e400', '10: \\u202ehi\\u001b[31m', 'a: one\ntwo', 's: {1}', 'k: [0]']);
    assert.deepEqual(await page.$$eval('.tree .symbol', (all) => all.map((each) => each.textContent)), ['\\u202e', '\\u001b']);
  });

  it('show ANSI colours, and the last state of progress lines', async () => {
    await driver.append('a.log', ['\x1b[31mred\x1b[0m plain \x1b[38;2;10;200;30mtrue\x1b[0m', '10%\r100%', '\x1b[1;4;7mall\x1b[0m']);
    page = await open();
    await waitForLine('red plain true');
    assert.equal(await page.textContent('.fg-c1'), 'red');
    assert.equal(await page.$eval('.fg', (span) => span.style.getPropertyValue('--paint-fg')), 'rgb(10 200 30)');
    assert.equal((await texts())[1], '100%');
    assert.equal(await page.$eval('.bold.underline', (span) => span.className.includes('bg-inverse-bg')), true);
  });

  it('link to web pages only, without a referrer', async () => {
    const link = (address, text) => `\x1b]8;;${address}\x07${text}\x1b]8;;\x07`;
    await driver.append('a.log', [`see ${link('https://docs.example/a?b=c', 'the docs')} now`, link('javascript:alert(1)', 'script'), link('file:///etc/passwd', 'file'), link('//host/x', 'relative'), '\x1b(Bplain\x1b[?25h\x1b]0;title\x07']);
    page = await open();
    await waitForLine('plain');
    assert.deepEqual(await texts(), ['see the docs now', 'script', 'file', 'relative', 'plain']);
    const links = await page.$$eval('.rows a', (all) => all.map(({ href, rel, target, textContent, title }) => ({ href, rel, target, textContent, title })));
    assert.deepEqual(links, [{ href: 'https://docs.example/a?b=c', rel: 'noreferrer', target: '_blank', textContent: 'the docs', title: 'https://docs.example/a?b=c' }]);
    await page.fill('#query', 'docs');
    await page.waitForSelector('a mark');
  });

  it('wrap or scroll sideways', async () => {
    await driver.append('a.log', ['x'.repeat(900), ...numbered(0, 5)]);
    page = await open();
    await waitForLine('line 4');
    const tall = await page.$eval('.rows .row:not(.divider)', (row) => row.offsetHeight);
    assert.ok(tall >= 100);
    await page.keyboard.press('w');
    await page.waitForFunction(() => document.querySelector('.rows .row:not(.divider)').offsetHeight < 30);
    await page.keyboard.press('w');
    await page.waitForFunction((height) => document.querySelector('.rows .row:not(.divider)').offsetHeight === height, tall);
  });
});

describe('a long log', () => {
  it('keeps 200,000 lines with few rows in the document, and reaches both ends', async () => {
    page = await open();
    for (let i = 0; i < 200_000; i += 10_000) {
      await driver.append('a.log', numbered(i, i + 10_000));
      await new Promise((next) => setTimeout(next, 30));
    }
    await waitForCount('200,000');
    await waitForLine('line 199999');
    assert.ok((await page.locator('.row').count()) < 120);
    await page.keyboard.press('Home');
    await waitForLine('line 0');
    assert.equal((await texts())[0], 'line 0');
    await page.fill('#query', 'line 123456');
    await page.keyboard.press('Enter');
    await waitForLine('line 123456');
    await page.keyboard.press('Escape');
    await page.waitForTimeout(500);
    await page.evaluate(() => (document.querySelector('#lines').scrollTop = 2_000_000));
    await waitForLine('line 100000');
    await page.keyboard.press('Escape');
    await page.keyboard.press('G');
    await waitForLine('line 199999');
  });

  it('pauses when a line is clicked, so that the line stays', async () => {
    await driver.append('a.log', numbered(0, 500));
    page = await open();
    await waitForLine('line 499');
    const row = await page.locator('.row:has-text("line 480") .text').boundingBox();
    await page.mouse.move(row.x + 30, row.y + 8);
    await page.mouse.down();
    await driver.append('a.log', numbered(500, 700));
    await waitForCount('700');
    await page.mouse.up();
    await page.waitForSelector('.row.current:has-text("line 480")');
    await driver.append('a.log', numbered(700, 900));
    await waitForCount('900');
    assert.equal((await page.locator('.row.current .text').boundingBox()).y, row.y);
    assert.equal(await page.textContent('#follow'), 'Paused');
  });

  it('stays in place while lines arrive, and returns to the newest line', async () => {
    await driver.append('a.log', numbered(0, 2000));
    page = await open();
    await waitForLine('line 1999');
    await page.mouse.move(600, 400);
    await page.mouse.wheel(0, -3000);
    await page.waitForTimeout(600);
    const seen = await visibleTexts();
    assert.ok(!seen.includes('line 1999'));
    for (let i = 0; i < 10; i++) {
      await driver.append('a.log', numbered(2000 + i * 100, 2100 + i * 100));
      await page.waitForTimeout(40);
    }
    await page.waitForSelector('#resume:has-text("1,000 new lines")');
    assert.deepEqual(await visibleTexts(), seen);
    await page.click('#resume');
    await waitForLine('line 2999');
    await driver.append('a.log', ['after']);
    await waitForLine('after');
    assert.equal(await page.isHidden('#resume'), true);
  });
});

describe('search and filters', () => {
  beforeEach(async () => {
    await driver.append('a.log', [...numbered(0, 300), 'needle one', ...numbered(300, 600), 'NEEDLE two', ...numbered(600, 900)]);
    page = await open();
    await waitForLine('line 899');
  });

  it('highlights hits and jumps between them', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('needle');
    await page.keyboard.press('Enter');
    await waitForLine('NEEDLE two');
    await page.waitForFunction(() => document.querySelector('#query-state').textContent === '2/2' || document.querySelector('#query-state').textContent === '1/2');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.fill('#query', 'needle');
    await page.focus('#lines');
    await page.keyboard.press('n');
    await page.keyboard.press('n');
    await page.waitForFunction(() => /^[12]\/2$/.test(document.querySelector('#query-state').textContent));
    await page.keyboard.press('N');
    await page.waitForSelector('mark');
  });

  it('goes to the nearest hit above the lower end of the view first', async () => {
    await page.fill('#query', 'needle');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.row.current:has-text("NEEDLE two")');
    assert.equal(await page.textContent('#query-state'), '2/2');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.row.current:has-text("needle one")');
    await page.keyboard.press('Shift+Enter');
    await page.waitForSelector('.row.current:has-text("NEEDLE two")');
    await page.fill('#query', 'line [0-9]*0$');
    await page.click('#regex');
    await page.focus('#query');
    await page.waitForSelector('.row:has-text("line ") mark');
    const bottom = (await visibleTexts()).filter((text) => /^line \d*0$/.test(text)).at(-1);
    await page.keyboard.press('Enter');
    await page.waitForSelector(`.row.current:has-text("${bottom}")`);
  });

  it('shows no old lines while rows are selected for a list that follows', async () => {
    await driver.append('a.log', numbered(900, 4500));
    await waitForLine('line 4499');
    const devtools = await context.newCDPSession(page);
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    const oldest = await page.evaluate(async () => {
      const seen = new Set();
      document.querySelector('.source').click();
      for (let frame = 0; frame < 30; frame++) {
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        for (const row of document.querySelectorAll('.rows .row .text')) seen.add(Number(row.textContent.replace('line ', '')));
      }
      return Math.min(...seen);
    });
    assert.ok(oldest > 4400, `line ${oldest}`);
    await waitForLine('line 4499');
  });

  it('goes to a hit also if the rows change before the next frame', async () => {
    const changes = {
      wrap: () => document.querySelector('#lines').dispatchEvent(new KeyboardEvent('keydown', { key: 'w', bubbles: true })),
      records: () => document.querySelector('#lines').dispatchEvent(new KeyboardEvent('keydown', { key: 'r', bubbles: true })),
    };
    for (const [name, change] of Object.entries(changes)) {
      await page.keyboard.press('Escape');
      await page.keyboard.press('End');
      await waitForLine('line 899');
      await page.fill('#query', 'needle one');
      await page.waitForFunction(() => document.querySelector('#query-state').textContent === '1');
      await page.evaluate(`(() => {
        document.querySelector('#query').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
        (${change})();
      })()`);
      await page.waitForSelector('.row.current:has-text("needle one")', { timeout: 10_000 }).catch(() => assert.fail(`the hit is not in view after a change of ${name}`));
      await page.fill('#query', '');
      await page.focus('#lines');
    }
  });

  it('keeps visible lines in place when context of a quiet source is inserted above them', async () => {
    await driver.append('quiet.log', ['quiet before']);
    await waitForLine('quiet before');
    await driver.append('a.log', Array.from({ length: 200 }, (_, i) => `needle ${i}`));
    await page.fill('#query', 'needle');
    await page.click('#filter');
    await page.fill('#context', '2');
    await waitForLine('needle 199');
    await page.mouse.move(600, 400);
    await page.mouse.wheel(0, -600);
    await page.waitForFunction(() => document.querySelector('#follow').textContent === 'Paused');
    await page.waitForTimeout(400);
    const seen = await visibleTexts();
    await driver.append('quiet.log', ['quiet needle']);
    await page.waitForFunction(() => document.querySelector('#query-state').textContent === '203');
    assert.deepEqual(await visibleTexts(), seen);
    await page.keyboard.press('Escape');
    await page.evaluate(() => (document.querySelector('#lines').scrollTop = 0));
    await waitForLine('quiet before');
  });

  it('filters with context, also new lines, and shows surrounding lines', async () => {
    await page.fill('#query', 'needle');
    await page.click('#filter');
    await page.fill('#context', '1');
    await page.waitForFunction(() => document.querySelectorAll('.rows .row:not(.divider)').length === 6);
    assert.deepEqual(await texts(), ['line 299', 'needle one', 'line 300', 'line 599', 'NEEDLE two', 'line 600']);
    assert.equal(await page.locator('.row.break').count(), 1);
    await driver.append('a.log', ['another needle']);
    await waitForLine('another needle');
    await page.click('.row:has-text("needle one") .text');
    await page.keyboard.press('i');
    await waitForLine('line 305');
    assert.equal(await page.textContent('.row.current .text'), 'needle one');
    assert.equal(await page.getAttribute('#filter', 'aria-pressed'), 'false');
  });

  it('accepts regular expressions, and shows the error of an invalid one', async () => {
    await page.click('#regex');
    await page.fill('#query', '^needle (one|two)$');
    await page.waitForFunction(() => document.querySelector('#query-state').textContent === '2');
    await page.fill('#query', '(');
    await page.waitForSelector('.query-state.bad');
  });

  it('stops an expression that takes too long', async () => {
    await driver.append('b.log', [`${'a'.repeat(60)}!`]);
    await page.click('#regex');
    await page.fill('#query', '^(a+)+$');
    await page.waitForSelector('.query-state.bad:has-text("took too long")');
    await page.fill('#query', '^(a+)!$');
    await page.waitForFunction(() => document.querySelector('#query-state').textContent === '1');
    await page.waitForSelector('mark');
  });

  it('filters by source and level', async () => {
    await driver.append('b.log', ['ERROR from b', 'plain from b']);
    await waitForLine('plain from b');
    await page.click('.source:has-text("b.log")');
    await page.waitForFunction(() => document.querySelectorAll('.rows .row:not(.divider)').length === 2);
    await page.click('.level.error');
    await page.waitForFunction(() => document.querySelectorAll('.rows .row:not(.divider)').length === 1);
    await page.click('.source:has-text("a.log")', { modifiers: ['Control'] });
    assert.match(await page.evaluate(() => location.hash), /source=b.log&source=a.log&level=error/);
    await page.click('#all');
    await page.click('.level.error');
    await waitForLine('line 899');
  });

  it('keeps lines and stream when the server does not accept a filter, and says why', async () => {
    await page.click('#more');
    await page.fill('#grep', '(needle');
    await page.click('#server button');
    await page.waitForSelector('#grep-problem:has-text("grep takes a regular expression")');
    assert.equal(await page.getAttribute('#grep', 'aria-invalid'), 'true');
    await driver.append('a.log', ['after the bad filter']);
    await waitForLine('after the bad filter');
    await waitForCount('903');
    assert.doesNotMatch(page.url(), /grep/);
    await page.fill('#grep', 'needle');
    assert.equal(await page.isHidden('#grep-problem'), true);
    await page.click('#server button');
    await waitForCount('1 line');
    const other = await context.newPage();
    await other.goto(`${driver.url}#grep=(`);
    await other.waitForSelector('#notice.bad:has-text("The server does not accept the filter: grep takes")');
    await other.click('#notice-action');
    await other.fill('#grep', 'needle');
    await other.click('#server button');
    await other.waitForSelector('.row:has-text("needle one")');
    assert.equal(await other.isHidden('#notice'), true);
  });

  it('applies the server filter', async () => {
    await page.click('#more');
    await page.fill('#grep', 'needle');
    await page.click('#server button');
    await waitForCount('1 line');
    assert.deepEqual(await texts(), ['needle one']);
  });
});

describe('links, copies and downloads', () => {
  it('link to a line, and copy it', async () => {
    await driver.append('a.log', numbered(0, 1000));
    page = await open();
    await waitForLine('line 999');
    await page.fill('#query', 'line 500');
    await page.keyboard.press('Enter');
    await waitForLine('line 500');
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

  itWithMock('fetch a line that the stream does not bring, with those around it', async () => {
    driver.mock.capacity = 100;
    await driver.append('a.log', numbered(0, 60_000));
    page = await open({}, `#${driver.mock.epoch}-20001`);
    await page.waitForSelector('.row.current:has-text("line 20000")');
    await page.waitForSelector('#resume:has-text("Return to live")');
    assert.equal(await page.textContent('#follow'), 'Paused');
    await page.keyboard.press('Home');
    await waitForLine('line 0');
    await page.keyboard.press('G');
    await waitForLine('line 59999');
    await driver.append('a.log', ['live again']);
    await waitForLine('live again');
    assert.equal(await page.isHidden('#resume'), true);
    await page.evaluate((id) => (location.hash = id), `${driver.mock.epoch}-1`);
    await page.waitForSelector('.row.current:has-text("line 0")');
  });

  it('say that a line of another run is gone, and go on', async () => {
    await driver.append('a.log', ['first']);
    page = await open({}, '#zzzzzz-5');
    await page.waitForSelector('#notice:has-text("The linked line is gone: the server has been restarted since")');
    await driver.append('a.log', ['second']);
    await waitForLine('second');
    await page.click('#notice-action');
    await page.waitForSelector('#notice', { state: 'hidden' });
  });

  it('copy a range of lines', async () => {
    await driver.append('a.log', numbered(0, 10));
    page = await open();
    await waitForLine('line 9');
    await page.click('.row:has-text("line 3") .text', { position: { x: 20, y: 8 } });
    await page.click('.row:has-text("line 6") .text', { position: { x: 20, y: 8 }, modifiers: ['Shift'] });
    await page.keyboard.press('c');
    await page.waitForFunction(async () => (await navigator.clipboard.readText()) === 'line 3\nline 4\nline 5\nline 6\n');
  });

  describe('of text', () => {
    const name = (n) => `line ${n}`;
    /** Reads the clipboard until it has an accepted text. */
    const clipboard = async (accepts) => {
      for (const deadline = Date.now() + 10_000; ;) {
        const text = await page.evaluate(() => navigator.clipboard.readText());
        if (accepts(text)) return text;
        assert.ok(Date.now() < deadline, `the clipboard has ${JSON.stringify(text)}`);
      }
    };
    /** Presses Ctrl+C and returns the copied text. */
    const copied = async () => {
      await page.evaluate(() => navigator.clipboard.writeText('nothing'));
      await clipboard((text) => text === 'nothing');
      await page.keyboard.press('Control+c');
      return clipboard((text) => text !== 'nothing');
    };
    /** Returns the position before a character of a line that is in the document. */
    const before = (text, at) => page.evaluate(([text, at]) => {
      const row = [...document.querySelectorAll('.rows .text')].find((each) => each.textContent === text);
      const range = document.createRange();
      range.setStart(row.firstChild, at);
      range.setEnd(row.firstChild, at + 1);
      const { left, top, height } = range.getBoundingClientRect();
      return [left + 1, top + height / 2];
    }, [text, at]);
    const drag = async (from, to) => {
      await page.mouse.move(...from);
      await page.mouse.down();
      await page.mouse.move(...to, { steps: 4 });
    };
    beforeEach(async () => {
      await driver.append('a.log', numbered(1000, 3000));
      await driver.append('b.log', ['of b']);
      page = await open();
      await waitForLine('of b');
      await waitForCount('2,001 lines');
    });

    it('gives what was selected after a drag that scrolls', async () => {
      await page.evaluate(() => (document.querySelector('#lines').scrollTop = 10_000));
      await waitForLine('line 1510');
      const start = await before(name(1510), 3);
      await drag(start, [start[0], 798]);
      await page.waitForFunction(() => [...document.querySelectorAll('.rows .text')].some((each) => Number(each.textContent.slice(5)) > 1700));
      assert.equal(await page.locator('.rows .text:text-is("line 1510")').count(), 0);
      await page.mouse.move(start[0], 300);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      await page.mouse.move(...await before((await visibleTexts()).at(-4), 6));
      const last = Number((await visibleTexts()).at(-4).slice(5));
      await page.mouse.up();
      assert.equal(await copied(), ['e 1510', ...numbered(1511, last), name(last).slice(0, 6)].join('\n'));
    });

    it('gives what was selected before the list was scrolled, and upwards', async () => {
      const [from, to] = [await before(name(2990), 6), await before(name(2987), 2)];
      await drag(from, to);
      await page.mouse.up();
      await page.mouse.wheel(0, -8000);
      await waitForLine('line 2600');
      await page.waitForFunction(() => ![...document.querySelectorAll('.rows .text')].some((each) => each.textContent === 'line 2987'));
      assert.equal(await page.$eval('#lines', (lines) => getComputedStyle(lines).outlineStyle), 'none');
      assert.equal(await copied(), 'ne 2987\nline 2988\nline 2989\nline 2');
      await page.keyboard.press('G');
      await waitForLine('of b');
      await page.waitForFunction(() => getSelection().toString().includes('2988'));
      assert.equal(await copied(), 'ne 2987\nline 2988\nline 2989\nline 2');
      await page.keyboard.press('Escape');
      assert.equal(await page.evaluate(() => getSelection().isCollapsed), true);
    });

    it('gives the lines that Shift-click has selected', async () => {
      await page.click('.row:has-text("line 2990") .text', { position: { x: 20, y: 8 } });
      await page.mouse.wheel(0, -8000);
      await waitForLine('line 2600');
      const first = (await visibleTexts()).at(5);
      await page.click(`.row:has-text("${first}") .text`, { position: { x: 20, y: 8 }, modifiers: ['Shift'] });
      assert.equal(await copied(), `${numbered(Number(first.slice(5)), 2991).join('\n')}\n`);
    });

    it('gives all shown lines after Ctrl+A, and nothing else of the page', async () => {
      await page.focus('#lines');
      await page.keyboard.press('Control+a');
      assert.equal(await copied(), [...numbered(1000, 3000), 'of b'].join('\n'));
      await page.fill('#query', '7');
      await page.click('#filter');
      await page.focus('#lines');
      await page.waitForFunction(() => /^\d+ shown/.test(document.querySelector('#shown').textContent));
      await page.keyboard.press('Control+a');
      assert.equal(await copied(), numbered(1000, 3000).filter((text) => text.includes('7')).join('\n'));
      await page.focus('#query');
      await page.keyboard.press('Control+a');
      assert.equal(await copied(), '7');
    });

    it('selects words and lines with repeated clicks, and extends with Shift', async () => {
      const at = await before(name(2990), 6);
      await page.mouse.click(...at, { clickCount: 2 });
      assert.equal(await copied(), '2990');
      await page.mouse.click(...at);
      await page.mouse.down({ clickCount: 2 });
      await page.mouse.move(...await before(name(2989), 2), { steps: 3 });
      await page.mouse.up({ clickCount: 2 });
      assert.equal(await copied(), 'line 2989\nline 2990');
      await page.keyboard.press('Escape');
      await page.mouse.click(...at, { clickCount: 3 });
      assert.equal(await copied(), 'line 2990');
      await drag(await before(name(2980), 5), await before(name(2981), 4));
      await page.mouse.up();
      await page.keyboard.down('Shift');
      await page.mouse.click(...await before(name(2982), 4));
      await page.keyboard.up('Shift');
      assert.equal(await copied(), '2980\nline 2981\nline');
    });

    it('follows selections by touch and by keys', async () => {
      await page.focus('#lines');
      await page.evaluate(() => {
        const [from, to] = ['line 2985', 'line 2988'].map((text) => [...document.querySelectorAll('.rows .text')].find((each) => each.textContent === text).firstChild);
        getSelection().setBaseAndExtent(to, 4, from, 1);
      });
      await page.waitForSelector('#follow:has-text("Paused")');
      await page.evaluate(() => (document.querySelector('#lines').scrollTop = 0));
      await waitForLine('line 1000');
      assert.equal(await copied(), 'ine 2985\nline 2986\nline 2987\nline');
    });

    it('leaves text outside the lines to the browser', async () => {
      await page.click('#more');
      await page.click('#help-open');
      await page.evaluate(() => getSelection().selectAllChildren(document.querySelector('#help-title')));
      assert.equal(await copied(), 'Keyboard shortcuts');
    });

    it('stays while lines arrive, are filled again and get longer than their row', async () => {
      await driver.append('a.log', [`start ${'x'.repeat(5000)} end`, '\x1b[31mred\x1b[0m and {"a":1}', 'below']);
      await waitForLine('below');
      await drag(await before('below', 3), [(await before('of b', 0))[0], (await before('of b', 0))[1]]);
      await page.mouse.up();
      await driver.append('a.log', numbered(3000, 3500));
      await waitForCount('2,504');
      await page.keyboard.press('t');
      await page.waitForSelector('.row .time');
      assert.equal(await copied(), `of b\nstart ${'x'.repeat(5000)} end\nred and {"a":1}\nbel`);
      assert.match(await page.evaluate(() => getSelection().toString()), /red and/);
    });
  });

  itWithMock('work on plain http, where the asynchronous clipboard is missing', async () => {
    await driver.append('a.log', numbered(0, 10));
    context = await browser.newContext({ proxy: { server: driver.url } });
    page = await context.newPage();
    await page.goto('http://logs.example/');
    await waitForLine('line 9');
    assert.equal(await page.evaluate(() => navigator.clipboard === undefined), true);
    await page.click('.row:has-text("line 3") .text', { position: { x: 20, y: 8 } });
    await page.keyboard.press('c');
    await page.waitForSelector('#toast:has-text("1 line copied")');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'lines');
    await page.focus('#query');
    await page.keyboard.press('Control+v');
    assert.equal(await page.inputValue('#query'), 'line 3');
    assert.equal(await page.locator('textarea').count(), 0);
  });

  it('download the shown lines', async () => {
    await driver.append('a.log', ['keep 1', 'drop', '\x1b[31mkeep\x1b[0m 2']);
    page = await open({}, '#q=keep&filter=1');
    await waitForLine('keep 2');
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
    await waitForLine('before');
    await driver.restart();
    await driver.append('a.log', ['afterwards']);
    await waitForLine('afterwards');
    await page.waitForSelector('.divider.gap');
    await page.waitForSelector('.connection.live');
  });

  itWithMock('shows gaps where they happened', async () => {
    await driver.append('a.log', ['one']);
    page = await open();
    await waitForLine('one');
    await driver.gap('slow', 1234);
    await driver.append('a.log', ['two']);
    await waitForLine('two');
    assert.match((await visibleTexts()).join('|'), /^one\|1,234 events lost.*\|two$/);
  });

  itWithMock('reconnects after a 502, and resumes without missing or repeated lines', async () => {
    await driver.append('a.log', numbered(0, 5));
    page = await open();
    await waitForLine('line 4');
    driver.mock.failWith = 502;
    for (const client of driver.mock.clients) client.response.destroy();
    await page.waitForSelector('.connection.waiting');
    driver.mock.failWith = 0;
    await driver.append('a.log', numbered(5, 9));
    await waitForLine('line 8');
    assert.deepEqual(await texts(), numbered(0, 9));
  });

  it('is missed within three seconds, in a bar, the title and the icon', async () => {
    await driver.append('a.log', numbered(0, 300));
    page = await open();
    await waitForLine('line 299');
    await page.evaluate(() => (globalThis.liveIcon = document.querySelector('link[rel=icon]').href));
    await driver.kill();
    await page.waitForFunction(() => /^Disconnected \d+ s ago, trying (again in \d+ s|now)$/.test(document.querySelector('#notice:not([hidden]) span')?.textContent), null, { timeout: 3000 });
    assert.match(await page.title(), /^Disconnected · /);
    assert.equal(await page.textContent('#connection'), 'Disconnected');
    assert.equal(await page.evaluate(() => document.querySelector('link[rel=icon]').href !== globalThis.liveIcon), true);
    await page.waitForSelector('#notice:has-text("Disconnected 4 s ago")');
    await driver.revive();
    await driver.append('a.log', ['afterwards']);
    await page.waitForSelector('.connection.live');
    await waitForLine('afterwards');
    assert.equal(await page.isHidden('#notice'), true);
    assert.equal(await page.textContent('#follow'), 'Following');
    assert.doesNotMatch(await page.title(), /Disconnected/);
    assert.equal(await page.evaluate(() => document.querySelector('link[rel=icon]').href === globalThis.liveIcon), true);
  });

  itWithMock('is missed when the server is silent and gives no sign of life', async () => {
    await driver.append('a.log', ['before']);
    page = await open();
    await waitForLine('before');
    driver.mock.isSilent = true;
    await page.waitForSelector('#notice.bad:has-text("Disconnected")', { timeout: 14_000 });
    driver.mock.isSilent = false;
    await driver.append('a.log', ['afterwards']);
    await page.click('#notice-action');
    await waitForLine('afterwards');
  });

  itWithMock('waits as long as a proxy asks for, and can be tried at once', async () => {
    await driver.append('a.log', numbered(0, 3));
    page = await open();
    await waitForLine('line 2');
    for (const status of [429, 501, 503]) {
      Object.assign(driver.mock, { failWith: status, failHeaders: { 'retry-after': '100' } });
      for (const client of driver.mock.clients) client.response.destroy();
      await page.waitForSelector(`#notice.bad:has-text("(status ${status}), trying again in 9")`);
      driver.mock.failWith = 0;
      await page.click('#notice-action');
      await page.waitForSelector('.connection.live');
    }
    await driver.append('a.log', ['afterwards']);
    await waitForLine('afterwards');
    assert.deepEqual(await texts(), [...numbered(0, 3), 'afterwards']);
  });

  itWithMock('offers to sign in after a 401', async () => {
    await driver.append('a.log', ['before']);
    page = await open();
    await waitForLine('before');
    driver.mock.failWith = 401;
    for (const client of driver.mock.clients) client.response.destroy();
    await page.waitForSelector('#notice.bad:has-text("Signed out")');
    driver.mock.failWith = 0;
    await Promise.all([page.waitForEvent('load'), page.click('#notice-action')]);
    await waitForLine('before');
  });

  itWithMock('shows when all input had ended, with and without a server', async () => {
    await driver.append('stdin', ['last line']);
    page = await open();
    await waitForLine('last line');
    driver.mock.control('end', { file: 'stdin' });
    await page.waitForFunction(() => /^Finished \d\d:\d\d:\d\d$/.test(document.querySelector('#connection').textContent));
    assert.match(await page.title(), /^Finished · /);
    const shown = await page.textContent('#connection');
    await driver.kill();
    await page.waitForSelector('.connection.waiting');
    assert.equal(await page.textContent('#connection'), shown);
    assert.equal(await page.isHidden('#notice'), true);
  });

  itWithMock('shows with which status a command has finished', async () => {
    await driver.append('cargo', ['last line']);
    page = await open();
    await waitForLine('last line');
    driver.mock.control('end', { file: 'cargo', status: 101 });
    await page.waitForFunction(() => /^Finished with status 101 at \d\d:\d\d:\d\d$/.test(document.querySelector('#connection').textContent));
    assert.match(await page.title(), /^Finished with status 101 · /);
    await page.waitForFunction(() => [...document.querySelectorAll('.divider')].some((row) => row.textContent.includes('cargo finished with status 101')));
  });

  it('resumes after the back/forward cache without missing or repeated lines', async () => {
    await driver.append('a.log', numbered(0, 5));
    page = await open();
    await waitForLine('line 4');
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
    if (driver.streams) for (let i = 0; driver.streams() > 0; i++, assert.ok(i < 200)) await page.waitForTimeout(20);
    await driver.append('a.log', numbered(5, 9));
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
    await waitForLine('line 8');
    await driver.append('a.log', ['live']);
    await waitForLine('live');
    assert.deepEqual(await texts(), [...numbered(0, 9), 'live']);
  });

  itWithMock('works with a password in the address, which is not in copied links', async () => {
    await driver.append('a.log', ['secret line']);
    driver.mock.credentials = `Basic ${btoa('me:pw')}`;
    const { url } = driver;
    context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
    page = await context.newPage();
    await page.goto(url.replace('//', '//me:pw@'));
    await waitForLine('secret line');
    await page.click('#more');
    await page.click('#link-view');
    const link = await page.waitForFunction(() => navigator.clipboard.readText());
    assert.equal(new URL(await link.jsonValue()).password, '');
    await page.evaluate((id) => (location.hash = id), `${driver.mock.epoch}-1`);
    await page.waitForSelector('.row.current');
  });

  it('is shared by two tabs, and a new tab gets earlier lines', async () => {
    await driver.append('a.log', ['shared']);
    page = await open();
    await waitForLine('shared');
    const other = await open();
    await other.waitForSelector('.row:has-text("shared")');
    if (driver.streams) assert.equal(driver.streams(), 1);
    await driver.append('a.log', ['to both']);
    await waitForLine('to both');
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
      await waitForLine('plain');
      await context.close();
    }
    context = undefined;
  });
});

describe('the overview', () => {
  it('is not solid when a long log has many errors', async () => {
    const burst = (i) => i >= 10_000 && i < 10_200;
    const lines = Array.from({ length: 20_000 }, (_, i) => (i % 20 === 0 || burst(i) ? `ERROR ${i}` : `line ${i}`));
    await driver.append('a.log', lines.slice(0, 1));
    page = await open();
    await waitForCount('1 ');
    // A new page gets the newest lines in memory only.
    await driver.append('a.log', lines.slice(1));
    await waitForCount('20,000');
    const column = () => page.$eval('#overview', (canvas) => {
      const { data } = canvas.getContext('2d').getImageData(6, 0, 1, canvas.height);
      return Array.from({ length: canvas.height }, (_, y) => data[y * 4 + 3] / 255);
    });
    await page.waitForFunction(() => document.querySelector('#overview').getContext('2d').getImageData(6, 0, 1, 400).data.some((value) => value));
    const opacity = await column();
    assert.ok(Math.max(...opacity) > 0.9, 'the burst is seen');
    assert.ok(opacity.filter((each) => each > 0.5).length < opacity.length / 20, 'and little else');
  });
});

describe('sources', () => {
  const LONG = ['service-with-a-long-name-1/current.log', 'service-with-a-long-name-2/current.log'];
  const names = () => page.$$eval('.source .label', (all) => all.map((each) => each.textContent));

  it('are listed in natural order, also if one appears later, and the keys follow it', async () => {
    for (const n of [0, 14, 21]) await driver.append(`api-${n}.log`, [`from ${n}`]);
    page = await open();
    await page.waitForFunction(() => document.querySelectorAll('.source').length === 3);
    await driver.append('api-7.log', ['from 7']);
    await page.waitForFunction(() => document.querySelectorAll('.source').length === 4);
    assert.deepEqual(await names(), ['api-0.log', 'api-7.log', 'api-14.log', 'api-21.log']);
    await page.keyboard.press('2');
    await page.waitForFunction(() => document.querySelectorAll('.rows .row:not(.divider)').length === 1);
    assert.deepEqual(await texts(), ['from 7']);
  });

  it('have level counts of the chosen ones', async () => {
    await driver.append('a.log', ['ERROR 1', 'ERROR 2', 'WARN 3']);
    await driver.append('b.log', ['ERROR 4']);
    page = await open();
    await page.waitForSelector('.level.error:has-text("3")');
    await page.click('.source:has-text("b.log")');
    await page.waitForSelector('.level.error:has-text("1")');
    assert.equal(await page.textContent('.level.warn b'), '0');
    await page.click('#all');
    await page.waitForSelector('.level.error:has-text("3")');
  });

  itWithMock('keep both ends of long names, which are cut once', async () => {
    for (const name of LONG) await driver.append(name, numbered(0, 1200));
    page = await open();
    await waitForCount('2,400');
    await page.waitForSelector('.source:has-text("1.2K")');
    assert.deepEqual(await names(), LONG);
    const boxes = await page.$$eval('.source', (all) => all.map((each) => {
      const [head, tail, count] = ['.head', '.tail', '.count'].map((part) => each.querySelector(part).getBoundingClientRect());
      return { head: head.width, isWhole: tail.width > 40 && tail.right <= count.left };
    }));
    for (const { head, isWhole } of boxes) assert.ok(head > 40 && isWhole);
  });

  it('leave the toolbar in place while their counts grow', async () => {
    await driver.append('a.log', ['ERROR 1', 'WARN 2']);
    page = await open();
    await page.waitForSelector('.level.error:has-text("1")');
    const places = () => page.$$eval('.bar button, .bar .search', (all) => all.map((each) => each.getBoundingClientRect()).map(({ x, width }) => [x, width]));
    const before = await places();
    await driver.append('a.log', Array.from({ length: 1800 }, (_, i) => `ERROR ${i}`));
    await page.waitForSelector('.level.error:has-text("1.8K")');
    assert.deepEqual(await places(), before);
  });
});

describe('on a phone', () => {
  const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true };
  const box = (selector) => page.locator(selector).first().boundingBox();

  it('lines have their time and source apart from the text', async () => {
    await driver.append('a.log', ['ERROR first', 'word '.repeat(60)]);
    await driver.append('b.log', ['last']);
    page = await open(PHONE);
    await waitForLine('last');
    await page.tap('#time');
    await page.waitForSelector('.rows .time');
    const lines = await page.$$eval('.rows .row:not(.divider)', (rows) => rows.map((row) => {
      const [time, name, text] = ['.time', '.name', '.text'].map((part) => row.querySelector(part));
      const [timeEnd, nameStart, nameEnd, textStart] = [time.getBoundingClientRect().right, name.getBoundingClientRect().left, name.getBoundingClientRect().right, text.getClientRects()[0].left];
      return { name: name.textContent, isApart: timeEnd + 4 < nameStart && nameEnd + 4 < textStart, height: row.offsetHeight % 20 };
    }));
    assert.deepEqual(lines, ['a.log', 'a.log', 'b.log'].map((name) => ({ name, isApart: true, height: 0 })));
    await page.tap('#wrap');
    await page.waitForSelector('.lines.nowrap');
    assert.deepEqual(await page.$$eval('.rows .row:not(.divider)', (rows) => rows.map((row) => row.offsetHeight)), [20, 20, 20]);
  });

  it('several sources can be chosen by tapping them', async () => {
    for (const name of ['a.log', 'b.log', 'c.log']) await driver.append(name, [`from ${name}`]);
    page = await open(PHONE);
    await waitForLine('from c.log');
    await page.tap('.source:has-text("a.log")');
    await page.tap('.source:has-text("c.log")');
    await page.waitForFunction(() => document.querySelectorAll('.rows .row:not(.divider)').length === 2);
    assert.deepEqual(await texts(), ['from a.log', 'from c.log']);
    await page.tap('#all');
    await page.waitForFunction(() => document.querySelectorAll('.rows .row:not(.divider)').length === 3);
  });

  it('touch targets have 44 pixels', async () => {
    await driver.append('a.log', numbered(0, 900));
    await driver.append('b.log', ['ERROR x']);
    page = await open(PHONE);
    await waitForLine('ERROR x');
    await page.tap('.rows .row:last-child .text');
    await page.fill('#query', 'line');
    await page.tap('.source:has-text("a.log")');
    const small = () => page.$$eval('button:not(.rows *), select, input', (all) => all.map((each) => ({ id: each.id || each.className || each.textContent, box: each.getBoundingClientRect() }))
      .filter(({ box: { width, height } }) => width > 0 && (width < 44 || height < 44)).map(({ id, box: { width, height } }) => `${id} ${width}x${height}`));
    assert.deepEqual(await small(), []);
    await page.tap('#more');
    assert.deepEqual(await small(), []);
    const menu = await box('#menu');
    assert.ok(menu.x >= 0 && menu.x + menu.width <= 390);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);
  });

  it('the toolbar and the sources stay in place while their counts grow', async () => {
    await driver.append('a.log', ['ERROR 1']);
    await driver.append('b.log', ['WARN 2']);
    page = await open(PHONE);
    await page.waitForSelector('.level.error:has-text("1")');
    const places = () => page.$$eval('.bar button, .source, #lines', (all) => all.map((each) => each.getBoundingClientRect()).map(({ x, y, width }) => [x, y, width]));
    const before = await places();
    await driver.append('a.log', Array.from({ length: 1800 }, (_, i) => `ERROR ${i}`));
    await page.waitForSelector('.level.error:has-text("1.8K")');
    await page.waitForSelector('.source:has-text("1.8K")');
    assert.deepEqual(await places(), before);
  });
});

describe('printing', () => {
  /** Prints to PDF; returns the texts and colours on paper, and the number of sheets. */
  async function printed() {
    await page.evaluate(() => window.addEventListener('beforeprint', () => {
      const paper = document.querySelector('.paper');
      globalThis.onPaper = { head: paper.querySelector('p').textContent, texts: [...paper.querySelectorAll('.row :is(.text, .divider-text)')].map((each) => each.textContent) };
    }, { once: true }));
    const pdf = await page.pdf();
    return { sheets: pdf.toString('latin1').match(/\/Type\s*\/Page\b/g).length, ...(await page.evaluate(() => globalThis.onPaper)) };
  }

  it('has all lines on several sheets, and the page is as before', async () => {
    await driver.append('a.log', ['x'.repeat(5000), ...numbered(0, 400)]);
    page = await open();
    await waitForLine('line 399');
    const before = await visibleTexts();
    const { sheets, head, texts: lines } = await printed();
    assert.ok(sheets > 4 && sheets < 12, `${sheets} sheets`);
    assert.match(head, /^401 lines · /);
    // The server tells that the file has appeared, too.
    const printedLines = lines.filter((line) => !line.startsWith('a.log appeared'));
    assert.deepEqual(printedLines, ['x'.repeat(5000), ...numbered(0, 400)]);
    await page.waitForFunction(() => !document.querySelector('.paper'));
    await driver.append('a.log', ['later']);
    await waitForLine('later');
    assert.deepEqual((await visibleTexts()).slice(0, -1), before.slice(1));
  });

  it('has the selection, or else the newest 5,000 lines and says so', async () => {
    await driver.append('a.log', numbered(0, 6000));
    page = await open();
    await waitForCount('6,000');
    const all = await printed();
    assert.match(all.head, /^Newest 5,000 lines; older ones are not printed · /);
    assert.deepEqual(all.texts, numbered(1000, 6000));
    await page.click('.row:has-text("line 5990") .text');
    await page.click('.row:has-text("line 5994") .text', { modifiers: ['Shift'] });
    const selected = await printed();
    assert.match(selected.head, /^5 selected lines · /);
    assert.deepEqual(selected.texts, numbered(5990, 5995));
  });

  it('is black on white, without anything but lines', async () => {
    await driver.append('a.log', ['\x1b[31;43mcolours\x1b[0m', 'ERROR x']);
    await driver.append('b.log', ['{"a":1}']);
    page = await open({ colorScheme: 'dark' });
    await waitForLine('ERROR x');
    await page.waitForSelector('.source:has-text("b.log")');
    await page.emulateMedia({ media: 'print' });
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    const shown = await page.evaluate(() => [...document.querySelectorAll('body *')].filter((each) => each.checkVisibility()).map((each) => {
      const { color, backgroundColor, opacity } = getComputedStyle(each);
      return [each.closest('.paper') !== null, color, backgroundColor, opacity, getComputedStyle(each, '::after').color].join(' ');
    }));
    assert.deepEqual([...new Set(shown)], ['true rgb(0, 0, 0) rgba(0, 0, 0, 0) 1 rgb(0, 0, 0)']);
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
    assert.equal(await page.locator('.paper button:visible').count(), 0);
    assert.deepEqual(await page.$$eval('.paper .name', (all) => all.map((each) => each.checkVisibility() && each.textContent)), ['a.log', 'a.log', 'b.log']);
    await page.emulateMedia({ media: 'screen' });
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    await waitForLine('ERROR x');
  });
});

describe('Ctrl+F', () => {
  it('goes to the search of the page, and in it to the search of the browser', async () => {
    await driver.append('a.log', ['x']);
    page = await open();
    await waitForLine('x');
    await page.evaluate(() => {
      globalThis.prevented = [];
      window.addEventListener('keydown', (event) => event.key === 'f' && globalThis.prevented.push(event.defaultPrevented));
    });
    await page.keyboard.press('Control+f');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'query');
    assert.match(await page.textContent('#toast'), /press Ctrl\+F again to search with the browser/);
    await page.keyboard.press('Control+f');
    assert.deepEqual(await page.evaluate(() => globalThis.prevented), [true, false]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.waitForSelector('#keys :text("Ctrl+F")');
  });
});

describe('appearance', () => {
  for (const colorScheme of ['dark', 'light']) {
    for (const viewport of [{ width: 1280, height: 800 }, { width: 390, height: 844 }]) {
      it(`has no accessibility violation, ${colorScheme} at ${viewport.width}`, async () => {
        await driver.append('a.log', ['\x1b[31mred\x1b[0m \x1b[90mgrey\x1b[0m', 'ERROR x', 'WARN y', 'DEBUG z', '{"a":{"b":[1,null,"x"]}}']);
        await driver.append('b.log', numbered(0, 3));
        page = await open({ viewport, colorScheme });
        await waitForLine('line 2');
        await page.fill('#query', 'line');
        await page.click('.json-toggle');
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
        for (const opened of ['', '#more']) {
          if (opened) await page.click(opened);
          await page.addScriptTag({ path: axePath }).catch(async () => page.evaluate(await readFile(axePath, 'utf8')));
          const { violations } = await page.evaluate(() => globalThis.axe.run());
          assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => `${node.html} ${node.failureSummary}`)]), []);
        }
        pageErrors = pageErrors.filter((text) => !/script-src|CSP/.test(text));
      });
    }
  }

  for (const colorScheme of ['dark', 'light']) {
    it(`has no accessibility violation without a connection, ${colorScheme}`, async () => {
      await driver.append('a.log', ['x']);
      page = await open({ viewport: { width: 390, height: 844 }, colorScheme });
      await waitForLine('x');
      await page.evaluate(await readFile(axePath, 'utf8'));
      await driver.kill();
      await page.waitForSelector('#notice.bad');
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map((node) => `${node.html} ${node.failureSummary}`)]), []);
      const [button, bottom] = await Promise.all([page.locator('#notice-action').boundingBox(), page.locator('#lines').boundingBox()]);
      assert.ok(button.height >= 44 && bottom.y + bottom.height <= button.y, 'the button is large, and the bar covers no line');
    });
  }

  it('follows the theme of the system, and stores a chosen theme', async () => {
    page = await open({ colorScheme: 'dark' });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const dark = await background();
    await page.click('#more');
    await page.click('[data-theme-choice=light]');
    assert.notEqual(await background(), dark);
    await page.reload();
    assert.notEqual(await background(), dark);
  });

  it('counts new lines in the title while hidden', async () => {
    page = await open();
    await page.evaluate(() => Object.defineProperty(document, 'hidden', { value: true }));
    await driver.append('a.log', ['x', 'ERROR y']);
    await page.waitForFunction(() => /^\(1 error, 2\) /.test(document.title));
  });
});
