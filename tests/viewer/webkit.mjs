// Drives WebKitGTK through Debian's WebKitWebDriver, on a virtual X display. WebKit's own driver
// speaks the W3C WebDriver protocol, of which the tests need five commands, sent here with fetch:
// a library such as selenium-webdriver would only add dependencies. Playwright's WebKit is a
// patched build that no package registry has.
import { spawn } from 'node:child_process';
import { readFile, readdir, readlink } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const STARTS_WITHIN_MS = 20_000;

/** Code points that stand for keys in WebDriver. */
const KEYS = { Control: '\uE009', Shift: '\uE008', Enter: '\uE007', Escape: '\uE00C', Home: '\uE011', End: '\uE010', PageUp: '\uE00E', PageDown: '\uE00F', ArrowUp: '\uE013', ArrowDown: '\uE015', Tab: '\uE004' };

/** Returns the first result of `look` that is not undefined. */
async function eventually(what, look) {
  for (const deadline = Date.now() + STARTS_WITHIN_MS; ;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`no ${what} after ${STARTS_WITHIN_MS} ms`);
    await pause(20);
  }
}

/** Starts a program that ends with this process at the latest. */
function startProgram(name, args, options) {
  const child = spawn(name, args, options);
  process.once('exit', () => child.kill());
  return child;
}

/** Starts an X server and returns it with the display it has chosen. */
async function startDisplay() {
  const child = startProgram('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  let number = '';
  child.stdio[3].on('data', (chunk) => (number += chunk));
  await eventually('X display; tests/run installs xvfb', () => (number.endsWith('\n') ? number : undefined));
  return { child, display: `:${number.trim()}` };
}

/** Returns the port on which a process listens; the driver does not print the one it was given. */
async function portOf(pid) {
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => '')));
  for (const line of (await readFile('/proc/net/tcp', 'utf8')).split('\n').slice(1)) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    if (state === '0A' && links.includes(`socket:[${inode}]`)) return parseInt(local.split(':')[1], 16);
  }
  return undefined;
}

/** Returns the path of the browser, which is not on the PATH. */
async function miniBrowser() {
  const machine = { x64: 'x86_64', arm64: 'aarch64' }[process.arch] ?? process.arch;
  const folder = `/usr/lib/${machine}-linux-gnu`;
  const name = (await readdir(folder)).filter((each) => each.startsWith('webkit2gtk-')).sort().at(-1);
  return `${folder}/${name}/MiniBrowser`;
}

/** Ends a process that this module has started. */
const end = (child) => new Promise((done) => {
  if (child.exitCode !== null || child.signalCode !== null) return done();
  child.once('exit', done);
  child.kill();
});

/** Returns a function that sends a command of WebDriver and returns its value. */
const commands = (base) => async (method, path, body) => {
  const answer = await fetch(base + path, { method, body: body && JSON.stringify(body) });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${value.error}: ${value.message}`);
  return value;
};

/** Asks the driver to start a browser, and returns the path of the session. */
async function startSession(send) {
  const options = { binary: await miniBrowser(), args: ['--automation'] };
  const { sessionId } = await send('POST', '/session', { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } } });
  const session = `/session/${sessionId}`;
  await send('POST', `${session}/window/rect`, { x: 0, y: 0, width: 1280, height: 800 });
  return session;
}

/** @returns {Promise<import('./engines.mjs').Engine>} */
export async function startWebkit() {
  const { child: screen, display } = await startDisplay();
  const driver = startProgram('WebKitWebDriver', ['--port=0'], { stdio: 'ignore', env: { ...process.env, DISPLAY: display, NO_AT_BRIDGE: '1' } });
  const stop = async () => {
    await end(driver);
    await end(screen);
  };
  try {
    const port = await eventually('WebKitWebDriver; tests/run installs webkit2gtk-driver', () => portOf(driver.pid));
    const send = commands(`http://127.0.0.1:${port}`);
    return engineOf(send, await startSession(send), stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @returns {import('./engines.mjs').Engine} */
function engineOf(send, session, stop) {
  let position = [0, 0];
  /** Sum of all turns of the wheel, because this driver takes the distance from that of the turn before. */
  let turned = 0;
  const act = (type, actions, parameters) => send('POST', `${session}/actions`, { actions: [{ type, id: type, actions, parameters }] });
  const point = (...actions) => act('pointer', actions, { pointerType: 'mouse' });
  const press = (keys) => act('key', [...keys.map((value) => ({ type: 'keyDown', value })), ...keys.toReversed().map((value) => ({ type: 'keyUp', value }))]);
  return {
    reported: [],
    open: (url) => send('POST', `${session}/url`, { url }),
    run: (code, ...args) => send('POST', `${session}/execute/sync`, { script: `return (${code})(...arguments)`, args }),
    press: (combination) => press(combination.split('+').map((key) => KEYS[key] ?? key)),
    async type(text) {
      for (const key of text) await press([key]);
    },
    async move(x, y) {
      position = [Math.round(x), Math.round(y)];
      await point({ type: 'pointerMove', x: position[0], y: position[1], duration: 0, origin: 'viewport' });
    },
    down: () => point({ type: 'pointerDown', button: 0 }),
    up: () => point({ type: 'pointerUp', button: 0 }),
    wheel(pixels) {
      turned += pixels;
      return act('wheel', [{ type: 'scroll', x: position[0], y: position[1], deltaX: 0, deltaY: turned, duration: 0, origin: 'viewport' }]);
    },
    async stop() {
      await send('DELETE', session).catch(() => {});
      await stop();
    },
  };
}
