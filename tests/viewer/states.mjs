// States of the page for screenshots. Each function brings a new page into one state.
import { readFileSync } from 'node:fs';

const many = (mock, count, from = 0) => mock.append('worker.log', Array.from({ length: count }, (_, i) => `2026-11-23 14:05:${String(i % 60).padStart(2, '0')},${String((i * 37) % 1000).padStart(3, '0')} ${['INFO ', 'INFO ', 'DEBUG', 'INFO ', 'WARN '][i % 5]} [queue] picked up job ${from + i} (${['send-receipt', 'resize-image', 'index-order'][i % 3]})`));

const traces = (mock) => {
  for (const order of [4711, 4712]) {
    mock.append('api', [`2026-11-23 14:05:01,123 ERROR [http-1] OrderController - order ${order} failed`]);
    mock.append('api', ['java.net.ConnectException: Connection refused', '\tat com.acme.Http.open(Http.java:88)', '\tat com.acme.OrderService.place(OrderService.java:41)', '\t... 27 common frames omitted'], { cont: true, level: 'error' });
    many(mock, 2, order);
  }
};

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
  field: async ({ page }) => {
    await page.locator('.row:has-text("order placed") .field:text-is("c-99120")').click();
  },
  columns: async ({ page }) => {
    await page.goto(`${page.url()}#column=level&column=upstream&field=msg!=retrying`);
    await page.reload();
    await page.waitForSelector('.rows .col:not(:empty)');
  },
  raw: async ({ page }) => {
    await page.keyboard.press('r');
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
  folder: async ({ page }) => {
    await page.click('.source.folder:has-text("web-2")');
    await page.click('[aria-label="Close web-1/"]');
  },
  found: async ({ page }) => {
    await page.keyboard.press('s');
    await page.keyboard.type('nginx error');
    await page.keyboard.press('Enter');
  },
  beside: async ({ page }) => {
    await page.click('.source:has-text("worker.log")');
    await page.click('.source:has-text("access.log")', { modifiers: ['Control'] });
    await page.click('#beside');
    await page.fill('#query', 'job');
    await page.locator('.pane .row').nth(3).click({ position: { x: 200, y: 8 } });
  },
  notify: async ({ page }) => {
    await page.fill('#query', 'timeout');
    await page.click('.level.error');
    await page.click('#more');
    await page.click('#notify-open');
  },
  watching: async ({ page }) => {
    await page.click('.level.error');
    await page.click('#more');
    await page.click('#notify-open');
    await page.uncheck('#notify-desktop');
    await page.check('#notify-sound');
    await page.click('#notify-start');
    await page.waitForSelector('#notify-state:not([hidden])');
  },
  'hidden-link': async ({ page, mock }) => {
    await page.goto('about:blank');
    await page.goto(`${mock.url}#line=${mock.epoch}-20..${mock.epoch}-24&level=error`);
    await page.waitForSelector('.row.current');
  },
  introduced: async ({ page }) => {
    await page.click('#note-close');
  },
  selection: async ({ page }) => {
    const rows = page.locator('.rows .row:not(.divider)');
    await rows.nth(8).click({ position: { x: 350, y: 8 } });
    await rows.nth(12).click({ position: { x: 350, y: 8 }, modifiers: ['Shift'] });
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
  entries: async ({ page, mock }) => {
    traces(mock);
    await page.waitForSelector('.fold-entry');
    await page.locator('.fold-entry').last().click();
  },
  repeats: async ({ page, mock }) => {
    for (let i = 0; i < 24; i++) mock.append('worker.log', [`2026-11-23 14:05:${10 + i},000 WARN  [pool] connection ${i} to "db-${i % 3}" timed out after ${i * 7} ms`]);
    await page.click('#more');
    await page.click('#repeats');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.fold-run');
  },
  range: async ({ page, mock, size }) => {
    mock.append('worker.log', Array.from({ length: 400 }, (_, i) => `${['INFO', 'WARN', 'INFO', 'ERROR', 'DEBUG'][(i * i) % 5]} job ${i}`), { ts: Date.now() - 3 * 86_400_000 });
    for (let i = 0; i < 300; i++) mock.append('worker.log', [`INFO job ${i}`, 'DEBUG done'], { ts: Date.now() - i * 600_000 });
    if (size === 'phone') {
      await page.click('#more');
      await page.click('#timeline-toggle');
      await page.keyboard.press('Escape');
    }
    await page.waitForTimeout(800);
    await page.focus('#strip');
    await page.keyboard.press('Shift+ArrowLeft');
    for (let i = 0; i < 40; i++) await page.keyboard.press('Shift+ArrowLeft');
    await page.keyboard.press('Enter');
    await page.waitForTimeout(600);
    await page.keyboard.press('Home');
    for (let i = 0; i < 9; i++) await page.keyboard.press('Shift+ArrowRight');
  },
  jump: async ({ page }) => {
    await page.keyboard.press('g');
    await page.keyboard.type('2026-11-25 14:00');
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

/** Adds the logs of a few hosts. */
function hosts(mock) {
  for (const host of ['web-1', 'web-2', 'web-10', 'db-1']) {
    const names = host === 'db-1' ? ['postgres/postgresql-16-main.log', 'backup.log'] : ['api.log', 'nginx/access.log', 'nginx/error.log', 'worker.log'];
    for (const [i, name] of names.entries()) mock.append(`${host}/${name}`, Array.from({ length: 9 + 7 * i }, (_, k) => `${['INFO', 'WARN', 'INFO'][k % 3]} request ${k} of ${host}`));
  }
  mock.append('syslog', ['INFO started']);
  mock.source('web-2/nginx/error.log').state = 'unreadable';
  mock.source('web-10/worker.log').state = 'ended';
}

/** Sources of the states that do not use the demo. */
export const SOURCES = {
  tree: hosts,
  folder: hosts,
  found: hosts,
  one: (mock) => many(mock, 12),
  terminal: (mock) => {
    for (const tool of ['cargo', 'make', 'ls', 'pip', 'tqdm', 'tput', 'rich']) mock.append(tool, readFileSync(new URL(`fixtures/${tool}.txt`, import.meta.url), 'utf8').split('\n').slice(0, 9));
  },
  groups: (mock) => {
    mock.append('github.log', ['2026-11-25T19:00:01.1234567Z ##[group]Run actions/checkout@v4', '2026-11-25T19:00:02.1Z Syncing repository', '2026-11-25T19:00:09.1Z ##[endgroup]', '::group::Build', 'compiling', '::group::Lint', 'app.js', '::endgroup::', '::warning file=app.js::Unused variable']);
    mock.append('github.log', ['::error file=app.js,line=1::Missing semicolon', '::endgroup::', '::group::Upload', 'artifact 1 of 3']);
    mock.append('gitlab.log', ['section_start:1764097201:prepare\r\x1b[0KPreparing environment', 'using docker', 'section_end:1764097205:prepare\r\x1b[0Ksection_start:1764097205:script\r\x1b[0K\x1b[36;1mRunning script\x1b[0;m', '$ make', 'section_end:1764097300:script\r\x1b[0K', '\x1b[32;1mJob succeeded']);
    mock.append('buildkite.log', ['~~~ Preparing working directory', 'cd /builds', '--- :hammer: Build', 'make', '+++ :test_tube: Test', 'ok 1', 'ok 2']);
  },
  nothing: () => {},
  untouched: (mock) => mock.source('later.log').state = 'waiting',
};
for (const name of Object.keys(SOURCES)) STATES[name] ??= async () => {};
