// Tests of folded entries, repeated entries, groups of build logs and errors in a real browser,
// with the real program: SSETAIL_BIN=… node --test entries.page.test.mjs
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { launch } from './browser.mjs';
import { newDriver } from './real.mjs';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const JAVA = [
  '2026-11-25 19:00:01,123 ERROR [http-nio-8080-exec-3] com.acme.OrderController - order 4711 failed',
  'org.springframework.dao.DataAccessResourceFailureException: could not open connection; nested exception',
  '\tat org.springframework.orm.jpa.EntityManagerFactoryUtils.convertJpaAccessExceptionIfPossible(EntityManagerFactoryUtils.java:277)',
  '\tat com.acme.OrderService.place(OrderService.java:88)',
  '\tat com.acme.OrderController.post(OrderController.java:41)',
  'Caused by: java.net.ConnectException: Connection refused',
  '\tat java.base/sun.nio.ch.Net.pollConnect(Native Method)',
  '\t... 27 common frames omitted',
];
/** A traceback as Python logs it. */
const python = () => {
  const program = ['import logging', 'logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level="INFO")', 'def deliver(job): raise ConnectionError("refused")', 'logging.info("start")', 'try: deliver(1)', 'except Exception: logging.exception("job failed")', 'logging.info("next")'];
  return spawnSync('python3', ['-c', program.join('\n')], { encoding: 'utf8' }).stderr.trimEnd().split('\n');
};
const info = (text) => `2026-11-25 19:00:02,000 INFO [main] com.acme.App - ${text}`;
const numbered = (count, text = info) => Array.from({ length: count }, (_, i) => text(`line ${i}`));

let browser;
let driver;
let context;
let page;
let pageErrors;

const texts = () => page.$$eval('.rows .row:not(.divider) .text', (all) => all.map((text) => {
  const copy = text.cloneNode(true);
  copy.querySelectorAll('button, .syntax, .group-size').forEach((each) => each.remove());
  return copy.textContent;
}));
const row = (text) => page.locator('.rows .row').filter({ hasText: text }).first();
const waitForTexts = async (wanted) => {
  const end = Date.now() + 15_000;
  for (let last; Date.now() < end; await page.waitForTimeout(30)) {
    last = await texts();
    if (JSON.stringify(last) === JSON.stringify(wanted)) return;
    if (Date.now() > end - 100) assert.deepEqual(last, wanted);
  }
};
const waitForCount = (count) => page.waitForFunction((wanted) => document.querySelector('#line-count').textContent.startsWith(`${wanted} line`), count, { timeout: 15_000 });
const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
const waitForClipboard = async (wanted) => {
  const end = Date.now() + 10_000;
  while (Date.now() < end && (await clipboard()) !== wanted) await page.waitForTimeout(30);
  assert.equal(await clipboard(), wanted);
};
const current = () => page.evaluate(() => document.querySelector('.row.current .text')?.textContent ?? '');

async function open(hash = '', options = {}) {
  context ??= await browser.newContext({ viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'], ...options });
  page = await context.newPage();
  page.on('pageerror', (error) => pageErrors.push(String(error)));
  page.on('console', (entry) => entry.type() === 'error' && pageErrors.push(entry.text()));
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

describe('traces', () => {
  it('of Java and Python are folded under their heads, unfold and fold', async () => {
    const trace = python();
    assert.ok(trace.length >= 7, trace.join('\n'));
    await driver.append('java.log', [info('before'), ...JAVA, info('after')]);
    await open();
    await waitForTexts([info('before'), JAVA[0], info('after')]);
    await driver.append('python.log', trace);
    const head = trace.findIndex((line) => line.includes('ERROR'));
    await waitForTexts([info('before'), JAVA[0], info('after'), ...trace.slice(0, head + 1), trace.at(-1)]);
    assert.equal(await row('job failed').locator('.fold').textContent(), `${trace.length - head - 2} more lines`);
    const button = row('order 4711').locator('.fold');
    assert.deepEqual([await button.textContent(), await button.getAttribute('aria-expanded')], ['7 more lines', 'false']);
    assert.equal(await row('order 4711').evaluate((each) => each.offsetHeight % 20), 0);
    await button.click();
    await waitForTexts([info('before'), ...JAVA, info('after'), ...trace.slice(0, head + 1), trace.at(-1)]);
    assert.equal(await page.locator('.row.l4').count(), JAVA.length + 1);
    assert.deepEqual([await button.textContent(), await button.getAttribute('aria-expanded')], ['Fold 7 lines', 'true']);
    await button.click();
    await waitForTexts([info('before'), JAVA[0], info('after'), ...trace.slice(0, head + 1), trace.at(-1)]);
  });

  it('fold and unfold by keys and in the menu, which is remembered', async () => {
    await driver.append('java.log', [info('before'), ...JAVA]);
    await open();
    await waitForTexts([info('before'), JAVA[0]]);
    await page.keyboard.press('z');
    await waitForTexts([info('before'), ...JAVA]);
    await page.reload();
    await waitForTexts([info('before'), ...JAVA]);
    await page.click('#more');
    await page.click('#fold');
    await waitForTexts([info('before'), JAVA[0]]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.waitForSelector('.row.current:has-text("order 4711")');
    await page.keyboard.press('o');
    await waitForTexts([info('before'), ...JAVA]);
    await page.keyboard.press('j');
    await page.waitForSelector('.row.current:has-text("nested exception")');
  });

  it('grow without a jump of the visible rows', async () => {
    await driver.append('java.log', [...numbered(60), ...JAVA.slice(0, 3)]);
    await open();
    await waitForCount(63);
    await page.locator('.rows .row .text', { hasText: 'line 50' }).click();
    const tops = () => page.$$eval('.rows .row', (all) => all.map((each) => [each.dataset.n, Math.round(each.getBoundingClientRect().top)]).join(' '));
    await page.waitForSelector('.row.current');
    await row('order 4711').locator('.fold').waitFor();
    const before = await tops();
    await driver.append('java.log', JAVA.slice(3));
    await page.waitForSelector('.fold:text("7 more lines")');
    assert.equal(await tops(), before);
    await row('order 4711').locator('.fold').click();
    await page.waitForSelector('.fold:text("Fold 7 lines")');
    assert.ok((await tops()).startsWith(before), `${await tops()}\n${before}`);
  });

  it('stay whole in filters, and are unfolded by a match in a hidden line', async () => {
    await driver.append('java.log', [info('before'), ...JAVA, info('after')]);
    await driver.append('other.log', [info('refused elsewhere')]);
    await open();
    await waitForCount(11);
    await page.fill('#query', 'Connection refused');
    await page.click('#filter');
    await waitForTexts(JAVA);
    await page.fill('#query', 'order 4711');
    await waitForTexts([JAVA[0]]);
    await page.fill('#query', '');
    await page.click('#filter');
    await page.click('.level.error');
    await waitForTexts([JAVA[0]]);
    assert.equal(await page.textContent('.level.error b'), '1');
  });

  it('come whole through the server filter', async () => {
    await driver.append('java.log', [info('before'), ...JAVA, info('after')]);
    await open('#grep=pollConnect');
    await waitForTexts([JAVA[0]]);
    await row('order 4711').locator('.fold').click();
    await waitForTexts(JAVA);
  });

  it('are unfolded by a jump to a match and by a link to a hidden line', async () => {
    await driver.append('java.log', [...numbered(80), ...JAVA, ...numbered(80)]);
    await open();
    await waitForCount(168);
    await page.fill('#query', 'pollConnect');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.row.current:has-text("pollConnect")');
    await page.locator('#lines').focus();
    await page.keyboard.press('l');
    await page.waitForFunction(() => /^#[\w.~]+-/.test(location.hash));
    const hash = new URL(page.url()).hash.replace(/&.*/, '');
    await page.close();
    await open(hash);
    await page.waitForSelector('.row.current:has-text("pollConnect")');
    const top = await page.$eval('.row.current', (each) => each.getBoundingClientRect().top);
    assert.ok(top > 50 && top < 700, `at ${top}`);
  });

  it('are copied, selected and exported with their hidden lines', async () => {
    await driver.append('java.log', [info('before'), ...JAVA, info('after')]);
    await open();
    await waitForTexts([info('before'), JAVA[0], info('after')]);
    await page.locator('.rows .row .text', { hasText: 'order 4711' }).click({ position: { x: 40, y: 8 } });
    await page.keyboard.press('c');
    await waitForClipboard(JAVA.map((line) => `${line}\n`).join(''));
    await page.keyboard.press('Escape');
    await page.locator('.rows .row .text', { hasText: 'order 4711' }).click({ position: { x: 40, y: 8 }, clickCount: 3 });
    await page.keyboard.press('Control+c');
    await waitForClipboard(JAVA.join('\n'));
    await page.locator('.rows .row .text', { hasText: 'order 4711' }).click({ position: { x: 12, y: 8 }, clickCount: 2 });
    await page.keyboard.press('Control+c');
    await waitForClipboard('2026');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Control+c');
    await waitForClipboard([info('before'), ...JAVA, info('after')].join('\n'));
    await page.keyboard.press('Escape');
    await page.click('#more');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-export="text"]')]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    assert.equal(Buffer.concat(chunks).toString(), [info('before'), ...JAVA, info('after'), ''].join('\n'));
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    assert.equal(await page.locator('.paper .row:not(.divider)').count(), 10);
  });
});

describe('repeated entries', () => {
  it('are grouped on demand, with their number', async () => {
    await driver.append('a.log', ['GET /orders/1 took 3 ms', 'GET /orders/2 took 5 ms', 'GET /orders/3 took 4 ms', 'done']);
    await open();
    await waitForCount(4);
    assert.equal((await texts()).length, 4);
    await page.click('#more');
    await page.click('#repeats');
    await page.keyboard.press('Escape');
    await waitForTexts(['GET /orders/3 took 4 ms', 'done']);
    assert.equal(await page.textContent('.fold-run'), '× 3');
    await driver.append('a.log', ['GET /orders/4 took 9 ms', 'GET /orders/5 took 9 ms']);
    await waitForTexts(['GET /orders/3 took 4 ms', 'done', 'GET /orders/5 took 9 ms']);
    await page.locator('.fold-run').first().click();
    await waitForTexts(['GET /orders/1 took 3 ms', 'GET /orders/2 took 5 ms', 'GET /orders/3 took 4 ms', 'done', 'GET /orders/5 took 9 ms']);
    await page.reload();
    await page.waitForSelector('.fold-run:text("× 3")');
  });
});

describe('errors', () => {
  it('are reached by keys and buttons, and counted by entry', async () => {
    await driver.append('a.log', [...numbered(50), ...JAVA, ...numbered(50), JAVA[0].replace('4711', '4712'), ...numbered(50)]);
    await open();
    await waitForCount(159);
    await page.waitForFunction(() => document.querySelector('#error-count').textContent === '2');
    await page.keyboard.press('e');
    await page.waitForSelector('.row.current:has-text("order 4712")');
    await page.waitForFunction(() => document.querySelector('#error-count').textContent === '2/2');
    await page.keyboard.press('E');
    await page.waitForSelector('.row.current:has-text("order 4711")');
    await page.click('#next-error');
    await page.waitForSelector('.row.current:has-text("order 4712")');
    await page.click('#next-error');
    await page.waitForSelector('.row.current:has-text("order 4711")');
    await driver.append('a.log', JAVA);
    await page.waitForFunction(() => document.querySelector('#error-count').textContent === '1/3');
    assert.match(await current(), /order 4711/);
  });

  it('of a source are shown by its badge', async () => {
    await driver.append('java.log', [info('before'), ...JAVA, info('after')]);
    await driver.append('other.log', [info('other'), 'ERROR other broken']);
    await driver.append('calm.log', [info('calm')]);
    await open();
    await waitForCount(13);
    await page.waitForSelector('li:has(.source:has-text("java.log")) > .error-badge:has-text("1")');
    assert.equal(await page.locator('.error-badge:visible').count(), 2);
    await page.click('li:has(.source:has-text("java.log")) > .error-badge');
    await waitForTexts([JAVA[0]]);
    assert.match(page.url(), /source=java\.log&level=error/);
    await page.click('li:has(.source:has-text("java.log")) > .error-badge');
    await page.waitForFunction(() => document.querySelectorAll('.rows .row:not(.divider)').length === 6);
  });
});

describe('groups', () => {
  const GITHUB = [
    '2026-11-25T19:00:01.1234567Z ##[group]Run actions/checkout@v4',
    '2026-11-25T19:00:02.0000000Z with: depth 1',
    '2026-11-25T19:01:06.2000000Z ##[endgroup]',
    '::group::Build',
    'compiling',
    '::group::Lint',
    'fine',
    '::endgroup::',
    '::error file=app.js,line=1::Missing semicolon',
    '::endgroup::',
    'plain',
  ];

  it('fold when they are finished, unless there is an error in them', async () => {
    await driver.append('ci.log', GITHUB);
    await open();
    await waitForTexts(['2026-11-25T19:00:01.1234567Z Run actions/checkout@v4', 'Build', 'compiling', 'Lint', GITHUB[8], 'plain']);
    assert.equal(await row('Run actions').locator('.group-size').textContent(), '1 line · 1m 05s');
    assert.equal(await page.locator('.row.l4').count(), 1);
    await page.getByRole('button', { name: 'Unfold Lint' }).click();
    await waitForTexts(['2026-11-25T19:00:01.1234567Z Run actions/checkout@v4', 'Build', 'compiling', 'Lint', 'fine', GITHUB[8], 'plain']);
    const left = (text) => page.evaluate((wanted) => {
      const text = [...document.querySelectorAll('.rows .text')].find((each) => each.textContent.startsWith(wanted));
      const range = document.createRange();
      range.selectNodeContents([...text.childNodes].find((node) => !node.classList?.contains('syntax')));
      return range.getBoundingClientRect().left;
    }, text);
    assert.ok(await left('plain') < await left('compiling') && await left('compiling') < await left('fine'));
    await page.getByRole('button', { name: 'Fold Build' }).click();
    await waitForTexts(['2026-11-25T19:00:01.1234567Z Run actions/checkout@v4', 'Build', 'plain']);
    await page.locator('.rows .row .text', { hasText: 'Build' }).click({ position: { x: 30, y: 8 } });
    await page.keyboard.press('c');
    await waitForClipboard(GITHUB.slice(3, 10).map((line) => `${line}\n`).join(''));
  });

  it('are open while they are written, in logs of GitLab', async () => {
    await driver.append('job.log', ['section_start:1764097201:prepare\r\x1b[0KPreparing environment', 'using docker', 'section_end:1764097205:prepare\r\x1b[0Ksection_start:1764097205:script\r\x1b[0K\x1b[36;1mRunning script\x1b[0;m', '$ make']);
    await open();
    await waitForTexts(['Preparing environment', 'Running script', '$ make']);
    assert.equal(await page.locator('.fold-group[aria-expanded="true"]').count(), 1);
    await driver.append('job.log', ['done', 'section_end:1764097300:script\r\x1b[0K', 'Job succeeded']);
    await waitForTexts(['Preparing environment', 'Running script', 'Job succeeded']);
    assert.deepEqual(await page.$$eval('.group-size', (all) => all.map((each) => each.textContent)), ['1 line · 4s', '2 lines · 1m 35s']);
  });

  it('of Buildkite, Travis and TeamCity have titles without syntax', async () => {
    await driver.append('bk.log', ['~~~ Preparing', 'a', '+++ :hammer: Build', 'b', '--- Upload', 'c']);
    await driver.append('tv.log', ['travis_fold:start:install\r\x1b[0K', 'npm ci', 'travis_fold:end:install\r\x1b[0K']);
    await driver.append('tc.log', ["##teamcity[blockOpened name='Unit tests' description='all']", 'ok', "##teamcity[blockClosed name='Unit tests']"]);
    await open('#source=bk.log');
    await waitForTexts(['Preparing', ':hammer: Build', 'b', 'Upload', 'c']);
    await page.click('.source:has-text("tv.log")');
    await waitForTexts(['install']);
    await page.click('.source:has-text("tc.log")');
    await waitForTexts(['Unit tests']);
  });
});

describe('accessibility', () => {
  for (const [name, options] of [['wide', {}], ['phone', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }]]) {
    for (const colorScheme of ['light', 'dark']) {
      it(`has no violation with folds, groups and badges, ${name} and ${colorScheme}`, async () => {
        await driver.append('java.log', [info('before'), ...JAVA, info('after')]);
        await driver.append('ci.log', ['::group::A', 'a', '::endgroup::', '::group::B', '::error::b', '::endgroup::', '~~~ C', 'c']);
        await open('', { ...options, colorScheme });
        await waitForCount(18);
        await page.waitForSelector('.error-badge');
        await page.evaluate(await readFile(axePath, 'utf8'));
        const violations = await page.evaluate(async () => (await globalThis.axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`));
        assert.deepEqual(violations, []);
        await row('order 4711').locator('.fold').click();
        await page.waitForSelector('.fold:text("Fold 7 lines")');
        assert.deepEqual(await page.evaluate(async () => (await globalThis.axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)), []);
        if (name === 'phone') {
          const small = await page.$$eval('.error-jumps button, .error-badge', (all) => all.filter((each) => each.getBoundingClientRect().height < 43.5 || each.getBoundingClientRect().width < 43.5).map((each) => each.outerHTML));
          assert.deepEqual(small, []);
        }
      });
    }
  }
});
