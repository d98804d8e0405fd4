// Tests of the tree of sources, links to ranges, notifications and the words around them, in a real
// browser with the real program.
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { launch } from './browser.mjs';
import { newDriver } from './real.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const HOSTS = ['db-1/main.log', 'sys.log', 'web-1/api.log', 'web-1/nginx/access.log', 'web-1/nginx/error.log', 'web-2/api.log', 'web-2/nginx/access.log', 'web-2/nginx/error.log', 'web-2/worker.log', 'web-10/api.log', 'web-10/b.log', 'web-10/c.log'];

let browser;
let driver;
let context;
let page;
let pageErrors;
let tree;

const texts = () => page.$$eval('.rows .row:not(.divider) .text', (all) => all.map((each) => each.textContent));
const selected = () => page.$$eval('.rows .row.selected .text', (all) => all.map((each) => each.textContent));
const outline = () => page.$$eval('#sources .source', (all) => all.map((each) => each.querySelector('.label').textContent));
const waitForLine = (text) => page.waitForFunction((wanted) => [...document.querySelectorAll('.rows .row')].some((row) => row.textContent.includes(wanted)), text, { timeout: 15_000 });
const waitForTexts = (wanted) => page.waitForFunction((list) => JSON.stringify([...document.querySelectorAll('.rows .row:not(.divider) .text')].map((each) => each.textContent)) === list, JSON.stringify(wanted), { timeout: 10_000 })
  .catch(async () => assert.deepEqual(await texts(), wanted));
const pressed = (label) => page.$$eval('#sources .source', (all, name) => all.find((each) => each.querySelector('.label').textContent === name).getAttribute('aria-pressed'), label);
const focused = () => page.evaluate(() => document.activeElement.querySelector('.label')?.textContent ?? document.activeElement.id);

/** Creates files below a new folder, and returns the argument that follows them. */
async function filesOf(names, linesOf) {
  tree = await mkdtemp(join(tmpdir(), 'ssetail-tree-'));
  for (const name of names) {
    const path = join(tree, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, linesOf(name).map((line) => `${line}\n`).join(''));
  }
  return [join(tree, '**/*.log')];
}

async function start(args = []) {
  driver = await newDriver({ args });
}

async function open(hash = '', options = {}) {
  context ??= await browser.newContext({ viewport: { width: 1280, height: 800 }, permissions: ['clipboard-read', 'clipboard-write'], ...options });
  page = await context.newPage();
  page.on('pageerror', (error) => pageErrors.push(String(error)));
  page.on('console', (entry) => entry.type() === 'error' && !/Failed to load resource|net::ERR/.test(entry.text()) && pageErrors.push(entry.text()));
  await page.addInitScript(() => document.addEventListener('securitypolicyviolation', (event) => console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`)));
  await page.addInitScript(() => {
    // Tests hide the page by `setHidden`, because a headless page is always visible.
    let isHidden = false;
    Object.defineProperty(document, 'hidden', { get: () => isHidden });
    globalThis.setHidden = (hidden) => {
      isHidden = hidden;
      document.dispatchEvent(new Event('visibilitychange'));
    };
  });
  await page.goto(driver.url + hash);
  await page.waitForSelector('.connection.live');
}

async function expectNoViolations() {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => (await globalThis.axe.run()).violations.map(({ id, nodes }) => `${id} ${nodes.map((node) => node.html).join(' ').slice(0, 300)}`));
  assert.deepEqual(violations, []);
}

before(async () => { browser = await launch(); });
after(() => browser.close());
beforeEach(() => {
  pageErrors = [];
  tree = '';
});
afterEach(async () => {
  await context?.close();
  context = undefined;
  await driver.stop();
  if (tree) await rm(tree, { recursive: true });
  assert.deepEqual(pageErrors, []);
});

describe('many sources', () => {
  const openHosts = async (hash) => {
    await start(await filesOf(HOSTS, (name) => [`first of ${name}`]));
    await open(hash);
    await page.waitForFunction(() => document.querySelectorAll('#sources .source').length === 17);
  };

  it('have a badge with the number of errors, also on a closed folder', async () => {
    await start(await filesOf(HOSTS, (name) => [name.includes('api') ? `ERROR of ${name}` : `INFO of ${name}`, 'ERROR seldom'].slice(0, name.startsWith('web-1/') ? 2 : 1)));
    await open();
    const badge = (label) => page.locator(`li:has(> .source:has-text("${label}")) > .error-badge:visible`).first();
    await page.waitForFunction(() => document.querySelectorAll('.error-badge:not([hidden])').length === 5);
    assert.equal(await badge('web-1/').count(), 0);
    await page.click('[aria-label="Close web-1/"]');
    assert.equal(await badge('web-1/').textContent(), '4');
    await expectNoViolations();
    await badge('web-1/').click();
    await waitForTexts(['ERROR of web-1/api.log', 'ERROR seldom', 'ERROR seldom', 'ERROR seldom']);
    await badge('web-1/').click();
    await page.waitForFunction((all) => document.querySelectorAll('.rows .row').length === all, HOSTS.length + 3);
  });

  it('are a tree, of which a folder can be chosen and closed', async () => {
    await openHosts();
    assert.deepEqual(await outline(), ['db-1/main.log', 'sys.log', 'web-1/', 'api.log', 'nginx/', 'access.log', 'error.log', 'web-2/', 'api.log', 'nginx/', 'access.log', 'error.log', 'worker.log', 'web-10/', 'api.log', 'b.log', 'c.log']);
    await page.waitForFunction(() => document.querySelector('.folder .count')?.textContent === '3');
    await page.click('.folder:has-text("web-2/")');
    await waitForTexts(['api.log', 'nginx/access.log', 'nginx/error.log', 'worker.log'].map((name) => `first of web-2/${name}`));
    assert.equal(await pressed('worker.log'), 'true');
    assert.equal(await pressed('sys.log'), 'false');
    assert.match(page.url(), /source=[\w%.-]+%2Fweb-2%2F$/);
    await page.click('[aria-label="Close web-1/"]');
    assert.deepEqual((await outline()).slice(2, 5), ['web-1/', 'web-2/', 'api.log']);
    await page.click('.source:has-text("sys.log")', { modifiers: ['Control'] });
    await waitForLine('first of sys.log');
    await page.reload();
    await page.waitForSelector('.connection.live');
    await waitForLine('first of web-2/worker.log');
    assert.equal((await texts()).length, 5);
  });

  it('are found by the filter field, of which Enter chooses what it shows', async () => {
    await openHosts();
    await page.click('#side');
    await page.keyboard.press('s');
    await page.keyboard.type('Nginx err');
    await page.waitForFunction(() => document.querySelectorAll('#sources .source').length === 6);
    await page.keyboard.press('Enter');
    await waitForTexts(['first of web-1/nginx/error.log', 'first of web-2/nginx/error.log']);
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.querySelectorAll('#sources .source').length === 17);
    assert.equal(await page.inputValue('#source-filter'), '');
    await page.keyboard.press('Escape');
    assert.equal(await focused(), 'lines');
  });

  it('are reached by arrow keys, with one tab stop', async () => {
    await openHosts();
    await page.focus('#source-filter');
    await page.keyboard.press('ArrowDown');
    assert.equal(await focused(), 'db-1/main.log');
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowDown']) await page.keyboard.press(key);
    assert.equal(await focused(), 'nginx/');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await page.getAttribute('[aria-label="Open web-1/nginx/"]', 'aria-expanded'), 'false');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await focused(), 'web-1/');
    await page.keyboard.press('End');
    assert.equal(await focused(), 'c.log');
    await page.keyboard.press('Enter');
    await waitForTexts(['first of web-10/c.log']);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'c.log');
  });

  it('leave out the name column while a single one is shown', async () => {
    await openHosts();
    const isNameShown = () => page.$eval('.rows .row .name', (name) => getComputedStyle(name).display !== 'none');
    await waitForLine('first of sys.log');
    assert.equal(await isNameShown(), true);
    await page.click('.source:has-text("sys.log")');
    await page.waitForFunction(() => getComputedStyle(document.querySelector('.rows .row .name')).display === 'none');
    await page.click('#all');
    await page.waitForFunction(() => getComputedStyle(document.querySelector('.rows .row .name')).display !== 'none');
  });

  it('have no accessibility violation, also on a phone', async () => {
    await openHosts();
    await page.click('.folder:has-text("web-2/")');
    await page.keyboard.press('s');
    await expectNoViolations();
    await page.setViewportSize({ width: 390, height: 844 });
    const small = await page.$$eval('#sidebar button:not([hidden]), #source-filter', (all) => all.filter((each) => each.getBoundingClientRect().height < 43.5).map((each) => each.outerHTML));
    assert.deepEqual(small, []);
    await expectNoViolations();
  });

  it('enter the list in steps if they are a thousand', async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `host-${i % 20}/service-${i}.log`);
    await start(await filesOf(names, (name) => [name]));
    await open();
    await page.evaluate(() => {
      globalThis.steps = [];
      new MutationObserver((records) => globalThis.steps.push(records.reduce((sum, { addedNodes }) => sum + addedNodes.length, 0))).observe(document.querySelector('#sources'), { childList: true });
    });
    await page.fill('#source-filter', 'service');
    await page.waitForFunction(() => document.querySelectorAll('#sources .source').length === 1020, null, { timeout: 30_000 });
    const steps = await page.evaluate(() => globalThis.steps);
    assert.ok(steps.length > 5 && Math.max(...steps) <= 200, steps.join());
  });
});

describe('links to ranges', () => {
  const lines = Array.from({ length: 60 }, (_, i) => `${i % 10 === 0 ? 'ERROR' : 'INFO'} line ${i} of a`);

  it('restore the selected lines and all filters', async () => {
    await start();
    await driver.append('a.log', lines);
    await driver.append('b.log', ['INFO line 1 of b']);
    await open('#q=line&filter=1&level=info&source=a.log&grep=of');
    await waitForLine('line 59 of a');
    await page.keyboard.press('Home');
    await waitForLine('line 3 of a');
    const row = (text) => page.locator('.rows .row', { hasText: text });
    await row('line 3 of a').click();
    await row('line 7 of a').click({ modifiers: ['Shift'] });
    await page.keyboard.press('l');
    await page.waitForFunction(() => /^Link to the selected lines copied/.test(document.querySelector('#toast').textContent));
    const url = new URL(await page.evaluate(() => navigator.clipboard.readText()));
    assert.match(url.hash, /^#line=\w+-\w+\.\.\w+-\w+&q=line&filter=1&source=a\.log&level=info&grep=of$/);
    await page.close();
    await open(url.hash);
    await page.waitForSelector('.row.selected');
    assert.deepEqual(await selected(), [3, 4, 5, 6, 7].map((i) => `INFO line ${i} of a`));
    assert.equal(await page.textContent('#follow'), 'Paused');
    assert.equal(await page.inputValue('#query'), 'line');
    assert.ok(!(await texts()).some((text) => /ERROR|of b/.test(text)));
    assert.equal(await page.locator('#note.linked:not([hidden])').count(), 0);
  });

  it('show lines that the filters hide, and say so', async () => {
    await start();
    await driver.append('a.log', lines);
    await open();
    await waitForLine('line 59 of a');
    await page.locator('.rows .row', { hasText: 'line 53 of a' }).click();
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Shift+ArrowUp');
    assert.deepEqual(await selected(), ['INFO line 53 of a', 'INFO line 54 of a']);
    await page.keyboard.press('l');
    await page.waitForFunction(() => location.hash.startsWith('#line='));
    const { hash } = new URL(page.url());
    await page.close();
    await open(`${hash}&level=error`);
    await page.waitForSelector('.row.selected');
    assert.deepEqual(await texts(), [0, 10, 20, 30, 40, 50].map((i) => `ERROR line ${i} of a`).concat(['INFO line 53 of a', 'INFO line 54 of a']));
    assert.match(await page.textContent('#note:not([hidden])'), /^The filters hide 2 of these lines/);
    await expectNoViolations();
    await page.click('#note-clear');
    await waitForLine('INFO line 52 of a');
    assert.equal(await page.locator('#note.linked:not([hidden])').count(), 0);
    assert.equal(new URL(page.url()).hash, '');
  });
});

describe('panes', () => {
  const paneTexts = () => page.$$eval('.lines', (all) => all.filter((each) => each.clientHeight > 0).map((each) => [...each.querySelectorAll('.rows .row:not(.divider) .text')].map((text) => text.textContent)));
  const waitForColumns = (wanted) => page.waitForFunction((list) => JSON.stringify([...document.querySelectorAll('.lines')].filter((each) => each.clientHeight > 0).map((each) => [...each.querySelectorAll('.rows .row:not(.divider) .text')].map((text) => text.textContent))) === list, JSON.stringify(wanted), { timeout: 10_000 })
    .catch(async () => assert.deepEqual(await paneTexts(), wanted));

  async function openPanes() {
    await start();
    await driver.append('a.log', ['ERROR one of a', 'INFO two of a']);
    await driver.append('b.log', ['INFO one of b', 'INFO three of b']);
    await driver.append('c.log', ['ERROR of c']);
    await open();
    await waitForLine('of c');
    assert.equal(await page.isVisible('#beside'), false);
    await page.click('.source:has-text("b.log")');
    await page.click('.source:has-text("a.log")', { modifiers: ['Control'] });
    await page.click('#beside');
    await waitForColumns([['INFO one of b', 'INFO three of b'], ['ERROR one of a', 'INFO two of a']]);
  }

  it('have each a source, and new lines; search and levels apply to all', async () => {
    await openPanes();
    await driver.append('a.log', ['ERROR three of a']);
    await driver.append('b.log', ['ERROR four of b']);
    await waitForColumns([['INFO one of b', 'INFO three of b', 'ERROR four of b'], ['ERROR one of a', 'INFO two of a', 'ERROR three of a']]);
    await page.click('.level.error');
    await waitForColumns([['ERROR four of b'], ['ERROR one of a', 'ERROR three of a']]);
    await page.click('.level.error');
    await page.fill('#query', 'three');
    await page.click('#filter');
    await waitForColumns([['INFO three of b'], ['ERROR three of a']]);
    await expectNoViolations();
    const { hash } = new URL(page.url());
    assert.equal(hash, '#q=three&filter=1&source=b.log&source=a.log&beside=1');
    await page.click('#beside');
    await waitForTexts(['INFO three of b', 'ERROR three of a']);
    await page.close();
    await open(hash);
    await waitForColumns([['INFO three of b'], ['ERROR three of a']]);
    await page.click('#all');
    await waitForTexts(['INFO three of b', 'ERROR three of a']);
  });

  it('scroll, pause and copy each for itself', async () => {
    await openPanes();
    await driver.append('a.log', Array.from({ length: 200 }, (_, i) => `INFO line ${i} of a`));
    await driver.append('b.log', Array.from({ length: 200 }, (_, i) => `INFO line ${i} of b`));
    await waitForLine('line 199 of b');
    await waitForLine('line 199 of a');
    await page.click('.pane .row:has-text("line 190 of a") .text', { position: { x: 30, y: 8 } });
    await page.waitForFunction(() => document.querySelector('#follow').textContent === 'Paused');
    await page.click('.pane .row:has-text("line 192 of a") .text', { position: { x: 30, y: 8 }, modifiers: ['Shift'] });
    await page.keyboard.press('Home');
    await page.waitForFunction(() => document.querySelector('.pane .rows').textContent.includes('ERROR one of a'));
    await driver.append('b.log', ['INFO last of b']);
    await waitForLine('last of b');
    assert.ok((await paneTexts())[1].includes('ERROR one of a'), 'the pane of a stays');
    await page.keyboard.press('c');
    await page.waitForFunction(() => /^3 lines copied/.test(document.querySelector('#toast').textContent));
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), [190, 191, 192].map((i) => `INFO line ${i} of a\n`).join(''));
    await page.click('#lines .row:has-text("line 195 of b") .text', { position: { x: 30, y: 8 } });
    assert.deepEqual(await page.$$eval('.row.current .text', (all) => all.map((each) => each.textContent)), ['INFO line 195 of b']);
    assert.equal(await page.locator('.row.selected').count(), 0);
    await page.click('.pane-title:has-text("a.log") button');
    await page.waitForFunction(() => document.querySelector('.pane .rows').textContent.includes('line 199 of a'));
  });

  it('read older lines, each when it is scrolled up', async () => {
    await start();
    await driver.append('a.log', Array.from({ length: 16_000 }, (_, i) => `INFO line ${i} of a`));
    await driver.append('b.log', ['INFO one of b', 'INFO two of b']);
    await open('#source=b.log&source=a.log&beside=1');
    await waitForLine('line 15999 of a');
    await page.waitForFunction(() => {
      const lines = document.querySelector('.pane .lines');
      if (lines.querySelector('.row .text')?.textContent === 'INFO line 0 of a') return true;
      lines.scrollTop = lines.scrollTop > 10 ? 0 : 60;
      return false;
    }, undefined, { timeout: 20_000 });
    assert.equal(await page.textContent('.pane .older span'), 'Start of the log');
  });

  it('are printed one by one, and leave room for chips', async () => {
    await openPanes();
    await page.locator('.pane .row .text').first().click({ position: { x: 30, y: 8 } });
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    assert.deepEqual(await page.$$eval('.paper .row .text', (all) => all.map((each) => each.textContent)), (await paneTexts())[1]);
    assert.match(await page.textContent('.paper > p'), / · a\.log · /);
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    await page.goto(`${page.url()}&column=status`);
    await page.waitForSelector('.chip');
    await page.waitForFunction(() => {
      const bottom = document.querySelector('.chips').getBoundingClientRect().bottom;
      const titles = [...document.querySelectorAll('.pane-title')].map((each) => each.getBoundingClientRect());
      const tops = [...document.querySelectorAll('.lines')].map((each) => each.getBoundingClientRect().top);
      return titles.length === 2 && titles.every((title) => title.top >= bottom) && tops.every((top, i) => top >= titles[i].bottom);
    });
  });

  it('are below each other on a phone', async () => {
    await openPanes();
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForFunction(() => document.querySelector('.pane .lines').clientWidth > 350);
    await expectNoViolations();
    const [first, second] = await page.$$eval('.lines', (all) => all.filter((each) => each.clientHeight > 0).map((each) => each.getBoundingClientRect().toJSON()));
    assert.ok(first.bottom <= second.top && Math.abs(first.height - second.height) < 2 && first.height > 150, JSON.stringify([first, second]));
  });
});

describe('clear filters', () => {
  it('removes search, levels and sources, and keeps the server filter', async () => {
    await start();
    await driver.append('a.log', ['INFO one of a', 'ERROR two of a']);
    await driver.append('b.log', ['INFO three of b']);
    await open('#grep=of');
    await waitForLine('three of b');
    assert.equal(await page.isVisible('#clear-filters'), false);
    await page.click('.level.error');
    await page.click('.source:has-text("b.log")');
    await page.waitForSelector('#empty:not([hidden])');
    await expectNoViolations();
    await page.click('#empty-clear');
    await waitForTexts(['INFO one of a', 'ERROR two of a', 'INFO three of b']);
    assert.equal(new URL(page.url()).hash, '#grep=of');
    await page.fill('#query', 'two');
    await page.click('#filter');
    await waitForTexts(['ERROR two of a']);
    await page.focus('#lines');
    await page.keyboard.press('X');
    await waitForTexts(['INFO one of a', 'ERROR two of a', 'INFO three of b']);
    assert.equal(await page.inputValue('#query'), '');
    assert.equal(await page.isVisible('#clear-filters'), false);
  });

  it('removes fields, columns and the range of times', async () => {
    await start();
    await driver.append('a.log', ['level=info status=200 msg=good', 'level=info status=500 msg=bad']);
    await open('#field=status%3D500&column=status&to=2020-01-01T00:00:00Z');
    await page.waitForSelector('#empty:not([hidden])');
    assert.equal(await page.locator('.chip').count(), 2);
    assert.equal(await page.isVisible('#range'), true);
    await page.click('#clear-filters');
    await page.waitForFunction(() => document.querySelectorAll('.rows .row').length === 2);
    assert.deepEqual([await page.locator('.chip').count(), await page.isVisible('#range'), new URL(page.url()).hash], [0, false, '']);
  });
});

describe('the introduction', () => {
  it('is shown until it is closed', async () => {
    await start();
    await open();
    await page.waitForSelector('#note:has-text("Click a source or a level")');
    await expectNoViolations();
    await page.click('#note-close');
    assert.equal(await page.isVisible('#note'), false);
    await page.reload();
    await page.waitForSelector('.connection.live');
    await page.waitForSelector('#empty:not([hidden])');
    assert.equal(await page.isVisible('#note'), false);
  });
});

describe('notifications', () => {
  /** Opens a page with a stand-in for Notification, which records what is shown. */
  async function openWatched(answer, linesBefore = []) {
    await start();
    if (linesBefore.length) await driver.append('api.log', linesBefore);
    await driver.append('api.log', ['ERROR timeout before']);
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    await context.addInitScript((permission) => {
      globalThis.shown = [];
      globalThis.Notification = class {
        static requestPermission = async () => permission;
        constructor(title, options) {
          globalThis.shown.push({ title, ...options });
          globalThis.last = this;
        }
        close() {}
      };
      const time = performance.now.bind(performance);
      globalThis.skipped = 0;
      performance.now = () => time() + globalThis.skipped;
    }, answer);
    await open('#q=timeout&level=error&source=api.log');
    await waitForLine('timeout before');
    await page.click('#more');
    await page.click('#notify-open');
    assert.equal(await page.textContent('#notify-words'), 'Error lines of api.log that match “timeout”');
    await expectNoViolations();
    await page.click('#notify-start');
  }
  const waitForShown = (count) => page.waitForFunction((wanted) => globalThis.shown.length === wanted, count, { timeout: 10_000 });

  it('tell of matches while the page is hidden, and lead to the first', async () => {
    await openWatched('granted');
    await page.waitForSelector('#notify-state:has-text("Notify of error lines of api.log")');
    await driver.append('api.log', ['ERROR timeout while visible']);
    await waitForLine('timeout while visible');
    await page.evaluate(() => globalThis.setHidden(true));
    await driver.append('api.log', ['INFO timeout', 'ERROR other', 'ERROR timeout while hidden', 'ERROR timeout again']);
    await driver.append('other.log', ['ERROR timeout elsewhere']);
    await waitForShown(1);
    const [{ title, body }] = await page.evaluate(() => globalThis.shown);
    assert.match(title, /^ssetail: [12] lines?$/);
    assert.equal(body, 'Error lines of api.log that match “timeout”\nERROR timeout while hidden');
    await page.fill('#query', 'before');
    await page.evaluate(() => globalThis.setHidden(false));
    await page.evaluate(() => globalThis.last.onclick());
    await page.waitForFunction(() => document.querySelector('.row.current')?.textContent.includes('timeout while hidden'));
    await expectNoViolations();
    await page.click('#notify-off');
    assert.equal(await page.isVisible('#notify-state'), false);
    await page.evaluate(() => globalThis.setHidden(true));
    await driver.append('api.log', ['ERROR timeout after the end']);
    await page.evaluate(() => globalThis.setHidden(false));
    await waitForLine('timeout after the end').catch(() => {});
    assert.equal((await page.evaluate(() => globalThis.shown)).length, 1);
  });

  it('tell of matches while the page is elsewhere in the log', async () => {
    // The page at the start of the log does not reach its end.
    await openWatched('granted', Array.from({ length: 40_000 }, (_, i) => `ERROR number ${i}`));
    await page.waitForSelector('#notify-state:not([hidden])');
    await page.focus('#lines');
    await page.keyboard.press('Home');
    await page.waitForSelector('#resume:has-text("Return to live")');
    await page.evaluate(() => globalThis.setHidden(true));
    await driver.append('api.log', ['ERROR timeout while elsewhere']);
    await waitForShown(1);
    assert.match((await page.evaluate(() => globalThis.shown))[0].body, /ERROR timeout while elsewhere$/);
    await page.evaluate(() => globalThis.setHidden(false));
    await page.evaluate(() => globalThis.last.onclick());
    await page.waitForFunction(() => document.querySelector('.row.current')?.textContent.includes('timeout while elsewhere'));
  });

  it('come at most once in ten seconds, with a count', async () => {
    await openWatched('granted');
    await page.waitForSelector('#notify-state:not([hidden])');
    await page.evaluate(() => globalThis.setHidden(true));
    await driver.append('api.log', ['ERROR timeout 1']);
    await waitForShown(1);
    await page.evaluate(() => (globalThis.skipped = 7_000));
    for (const i of [2, 3, 4]) await driver.append('api.log', [`ERROR timeout ${i}`]);
    const before = Date.now();
    await waitForShown(2);
    assert.ok(Date.now() - before > 1_000, 'the second came at once');
    assert.match((await page.evaluate(() => globalThis.shown))[1].title, /^ssetail: 3 lines$/);
  });

  it('explain a refusal, and leave the sound', async () => {
    await openWatched('denied');
    await page.waitForSelector('#notify-problem:has-text("The browser blocks notifications")');
    await expectNoViolations();
    await page.uncheck('#notify-desktop');
    await page.check('#notify-sound');
    await page.evaluate(() => {
      globalThis.tones = 0;
      const { start } = OscillatorNode.prototype;
      OscillatorNode.prototype.start = function (...args) {
        globalThis.tones++;
        return start.apply(this, args);
      };
    });
    await page.click('#notify-start');
    await page.waitForSelector('#notify-state:not([hidden])');
    assert.equal(await page.evaluate(() => globalThis.tones), 2);
    await page.evaluate(() => globalThis.setHidden(true));
    await driver.append('api.log', ['ERROR timeout aloud']);
    await page.waitForFunction(() => globalThis.tones === 4);
    assert.deepEqual(await page.evaluate(() => globalThis.shown), []);
  });
});
