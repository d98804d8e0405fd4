// Drives Firefox through WebDriver BiDi with puppeteer-core, which the Chrome and Firefox teams
// maintain and which starts an installed Firefox itself. selenium-webdriver needs geckodriver, which
// Debian does not package, and Playwright drives only its own patched build.
import puppeteer from 'puppeteer-core';

const VIEWPORT = { width: 1280, height: 800 };

/** @returns {Promise<import('./engines.mjs').Engine>} */
export async function startFirefox() {
  const executablePath = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
  const browser = await puppeteer.launch({ browser: 'firefox', executablePath, defaultViewport: VIEWPORT });
  const page = await browser.newPage();
  const reported = [];
  page.on('pageerror', (error) => reported.push(String(error)));
  page.on('console', (entry) => entry.type() === 'error' && reported.push(entry.text()));
  return {
    reported,
    open: (url) => page.goto(url),
    run: (code, ...args) => page.evaluate(code, ...args),
    async press(combination) {
      const keys = combination.split('+');
      for (const key of keys) await page.keyboard.down(key);
      for (const key of keys.toReversed()) await page.keyboard.up(key);
    },
    type: (text) => page.keyboard.type(text),
    move: (x, y) => page.mouse.move(x, y),
    down: () => page.mouse.down(),
    up: () => page.mouse.up(),
    wheel: (pixels) => page.mouse.wheel({ deltaY: pixels }),
    stop: () => browser.close(),
  };
}
