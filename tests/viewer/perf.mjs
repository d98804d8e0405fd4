// Measures the page under load: a million stored lines, then 10,000 lines per second for 30 s.
// With SSETAIL_BIN, first measures the first paint of the real page; with `0` stored lines, only that.
// node perf.mjs [stored lines] [seconds] [lines per second] [search]
import { fork } from 'node:child_process';
import { launch } from './browser.mjs';
import { measurePaint } from './paint.mjs';

const [stored, seconds, perSecond] = [1_000_000, 30, 10_000].map((n, i) => Number(process.argv[2 + i] ?? n));
const browser = await launch();
if (process.env.SSETAIL_BIN) await measurePaint(browser);
if (stored === 0) {
  await browser.close();
  process.exit();
}
const server = fork(new URL('./perf-server.mjs', import.meta.url), { stdio: 'inherit' });
const nextMessage = () => new Promise((done) => server.once('message', done));
const url = await nextMessage();
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
const start = Date.now();
await page.goto(url);
await page.waitForSelector('.connection.live');
server.send({ lines: stored, perTick: 5000 });
await page.waitForFunction((n) => Number(document.querySelector('#line-count').textContent.replace(/\D/g, '')) >= n * 0.99, stored, { timeout: 300_000, polling: 500 });
console.log(`${await page.textContent('#line-count')} stored after ${((Date.now() - start) / 1000).toFixed(1)} s`);
if (process.argv[5]) await page.fill('#query', process.argv[5]);
await page.waitForTimeout(2000);
await page.evaluate(() => {
  globalThis.tasks = [];
  globalThis.frames = [];
  new PerformanceObserver((list) => globalThis.tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' });
  let last = performance.now();
  const tick = (now) => (globalThis.frames.push(now - last), (last = now), requestAnimationFrame(tick));
  requestAnimationFrame(tick);
});
server.send({ lines: seconds * perSecond, perTick: perSecond / 100 });
await page.waitForTimeout(seconds * 1000);
const { tasks, frames, rate, memory } = await page.evaluate(() => ({ tasks: globalThis.tasks, frames: globalThis.frames, rate: document.querySelector('#rate').textContent, memory: performance.memory.usedJSHeapSize }));
frames.sort((a, b) => a - b);
const at = (part) => frames[Math.floor((frames.length - 1) * part)].toFixed(1);
console.log(`${rate}; ${frames.length} frames in ${seconds} s; ms: median ${at(0.5)}, 95% ${at(0.95)}, 99% ${at(0.99)}, longest ${at(1)}`);
console.log(`long tasks (>50 ms): ${tasks.length}${tasks.length ? `, longest ${Math.max(...tasks)} ms, all ${tasks.map(Math.round).join(' ')}` : ''}; page heap ${(memory / 2 ** 20).toFixed(0)} MiB`);
const top = () => page.evaluate(() => {
  const box = document.querySelector('#lines').getBoundingClientRect();
  return Number([...document.querySelectorAll('.rows .row')].find((row) => row.getBoundingClientRect().bottom > box.top + 1).dataset.n);
});
await page.evaluate(() => (document.querySelector('#lines').scrollTop = 100_000));
await page.waitForTimeout(400);
const from = await top();
await page.mouse.move(600, 400);
for (let i = 0; i < 20; i++) await page.mouse.wheel(0, 500);
await page.waitForTimeout(600);
console.log(`10,000 px of wheel move ${await top() - from} rows of 20 px`);
await page.evaluate(() => { const lines = document.querySelector('#lines'); lines.scrollTop = lines.scrollHeight / 2; });
await page.waitForTimeout(400);
console.log(`the scroll bar in the middle shows row ${await top() - from}`);
await page.evaluate(() => (document.querySelector('#lines').scrollTop = 0));
const held = () => page.$eval('#line-count', (element) => element.textContent);
const older = () => page.$eval('.older', (element) => element.textContent);
console.log(`at the top: ${await held()}, ${await older()}`);
await page.evaluate(() => { globalThis.taskCount = globalThis.tasks.length; });
for (let i = 0; i < 40; i++) {
  await page.evaluate(() => (document.querySelector('#lines').scrollTop = 0));
  await page.waitForTimeout(150);
}
console.log(`older lines: ${await held()}, ${await older()}; long tasks: ${(await page.evaluate(() => globalThis.tasks.slice(globalThis.taskCount))).map(Math.round).join(' ') || 'none'}`);
const time = async (name, run) => {
  const from = Date.now();
  await run();
  console.log(`${name}: ${Date.now() - from} ms`);
};
await time('search all stored lines', async () => {
  await page.fill('#query', 'no such thing');
  await page.waitForFunction(() => document.querySelector('#query-state').textContent === '0', null, { timeout: 60_000 });
});
console.log(`long tasks since then: ${(await page.evaluate(() => globalThis.tasks)).slice(tasks.length).map(Math.round).join(' ')}`);
await browser.close();
server.kill();
