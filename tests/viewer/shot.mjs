// Writes screenshots of all states into tests/screenshots/ (ignored by git).
// node shot.mjs [regular expression for names]
import { Mock } from './mock/server.mjs';
import { demo } from './mock/demo.mjs';
import { launch } from './browser.mjs';
import { SOURCES, STATES } from './states.mjs';
import { mkdirSync } from 'node:fs';

const SHOTS = new URL('../screenshots/', import.meta.url);
mkdirSync(SHOTS, { recursive: true });
const only = process.argv[2];
const browser = await launch();
for (const [size, width, height] of [['wide', 1280, 800], ['phone', 390, 844]]) {
  for (const scheme of ['dark', 'light']) {
    for (const [state, prepare] of Object.entries(STATES)) {
      const name = `${state}-${size}-${scheme}`;
      if (only && !name.match(only)) continue;
      const mock = await new Mock().listen();
      (SOURCES[state] ?? demo)(mock);
      const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
      const page = await context.newPage();
      page.on('console', (m) => m.type() === 'error' && console.log(name, m.text()));
      page.on('pageerror', (e) => console.log(name, e.stack));
      await page.goto(mock.url);
      await page.waitForSelector('.connection.live');
      await page.waitForTimeout(700);
      await prepare({ page, mock, size }).catch((error) => console.log(name, error.message));
      await page.waitForTimeout(500);
      await page.screenshot({ path: new URL(`${name}.png`, SHOTS).pathname });
      await context.close();
      await mock.close();
    }
  }
}
await browser.close();
