// Tests of the sign-in page and of the manifest, with the program alone: both are part of it.
import { after, afterEach, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch } from './browser.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser;
let context;
let program;
let folder;
let url;
let page;

/** Starts the program with a token, and opens a page at `hash` without it. */
async function open(hash, options = {}) {
  folder = await mkdtemp(join(tmpdir(), 'ssetail-sign-in-'));
  await writeFile(join(folder, 'a.log'), 'first\nsecond\n');
  program = spawn(process.env.SSETAIL_BIN, [join(folder, 'a.log'), '--port', '0', '-n', '+1', '--path-prefix', '/logs'], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, SSETAIL_TOKEN: 'right-token' } });
  let stderr = '';
  const printed = await new Promise((found, failed) => {
    program.stderr.on('data', (chunk) => {
      const match = /https?:\/\/\S+(?=\s)/.exec((stderr += chunk));
      if (match) found(match[0]);
    });
    program.once('exit', () => failed(new Error(`ssetail ended: ${stderr}`)));
  });
  url = new URL('/logs/', printed).href;
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  page = await context.newPage();
  await page.goto(url + hash);
}

before(async () => { browser = await launch(); });
after(() => browser.close());
afterEach(async () => {
  await context.close();
  await new Promise((done) => {
    program.once('exit', done);
    program.kill();
  });
  await rm(folder, { recursive: true });
});

async function expectNoViolations() {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => (await globalThis.axe.run()).violations.map(({ id, nodes }) => `${id} ${nodes.map((node) => node.html).join(' ').slice(0, 300)}`));
  assert.deepEqual(violations, []);
}

describe('the sign-in page', () => {
  for (const [scheme, width] of [['dark', 1280], ['light', 390]]) {
    it(`takes the token, keeps the place and leaves no token in an address, ${scheme} at ${width}`, async () => {
      await open('#q=second', { colorScheme: scheme, viewport: { width, height: 800 } });
      const addresses = [];
      page.on('framenavigated', (frame) => addresses.push(frame.url()));
      assert.equal(await page.title(), 'Sign in to ssetail');
      await expectNoViolations();
      await page.keyboard.type('wrong-token');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#problem:has-text("This is not the token of this server")');
      assert.equal(page.url(), `${url}?token=#q=second`);
      await expectNoViolations();
      await page.fill('#token', 'right-token');
      await page.click('button');
      await page.waitForSelector('.connection.live');
      assert.equal(page.url(), `${url}#q=second`);
      assert.equal(await page.inputValue('#query'), 'second');
      assert.ok(addresses.every((address) => !address.includes('right') && !address.includes('wrong')), addresses.join());
      assert.equal(await page.evaluate(() => scrollX + document.documentElement.scrollWidth), width);
    });
  }
});

describe('the manifest', () => {
  it('lets the browser install the page', async () => {
    await open('?token=right-token');
    await page.waitForSelector('.connection.live');
    const session = await context.newCDPSession(page);
    const { url: address, errors, data } = await session.send('Page.getAppManifest');
    assert.deepEqual([address, errors], [`${url}manifest.webmanifest`, []]);
    assert.equal(JSON.parse(data).name, `ssetail ${new URL(url).host}`);
    const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
    // Contexts of tests are private windows, in which no page can be installed.
    assert.deepEqual(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito'), []);
  });
});
