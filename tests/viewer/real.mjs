// Driver for the real binary, with files in a temporary folder:
// SSETAIL_DRIVER=./real.mjs SSETAIL_BIN=… node --test page.test.mjs
// With SSETAIL_PAGE=source, the page comes from src/viewer in place of the binary.
import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pageProxy } from './proxy.mjs';

/** Starts the binary and waits for the URL on its standard error. */
async function start(folder, port, args) {
  const child = spawn(process.env.SSETAIL_BIN, [`${folder}/*.log`, '--port', String(port), '-n', '+1', '--heartbeat', '5s', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  const url = await new Promise((found, failed) => {
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
      const printed = /https?:\/\/\S+(?=\s)/.exec(stderr);
      if (printed) found(new URL('/', printed[0]).href);
    });
    child.once('exit', () => failed(new Error(`ssetail ended: ${stderr}`)));
  });
  return { child, url };
}

/**
 * @param {{ args?: string[], files?: Record<string, string[]>, before?: string }} [options] further
 * arguments of the program, files that exist when it starts, and a script to run before the page's own, with
 * the page from src/viewer
 */
export async function newDriver({ args = [], files = {}, before = '' } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'ssetail-page-'));
  for (const [name, lines] of Object.entries(files)) await writeFile(join(folder, name), lines.map((line) => `${line}\n`).join(''));
  let running = await start(folder, 0, args);
  const proxy = process.env.SSETAIL_PAGE === 'source' || before ? await pageProxy(() => running.url, before) : null;
  const end = (signal = 'SIGTERM') => new Promise((done) => {
    if (running.child.exitCode !== null || running.child.signalCode !== null) return done();
    running.child.once('exit', done);
    running.child.kill(signal);
  });
  return {
    get url() { return proxy?.url ?? running.url; },
    folder,
    append: (source, lines) => appendFile(join(folder, source), lines.map((line) => `${line}\n`).join('')),
    async restart() {
      const { port } = new URL(running.url);
      await end();
      running = await start(folder, port, args);
    },
    kill: () => end('SIGKILL'),
    async revive() {
      running = await start(folder, new URL(running.url).port, args);
    },
    async stop() {
      await end();
      await proxy?.close();
      await rm(folder, { recursive: true });
    },
  };
}
