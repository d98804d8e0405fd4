// Driver for the real binary, with files in a temporary folder:
// SSETAIL_DRIVER=./real.mjs SSETAIL_BIN=… node --test page.test.mjs
import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Starts the binary and waits for the URL on its standard error. */
async function start(folder, port) {
  const child = spawn(process.env.SSETAIL_BIN, [`${folder}/*.log`, '--port', String(port), '-n', '+1', '--heartbeat', '5s'], { stdio: ['ignore', 'ignore', 'pipe'] });
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

export async function newDriver() {
  const folder = await mkdtemp(join(tmpdir(), 'ssetail-page-'));
  let running = await start(folder, 0);
  const end = (signal = 'SIGTERM') => new Promise((done) => {
    if (running.child.exitCode !== null || running.child.signalCode !== null) return done();
    running.child.once('exit', done);
    running.child.kill(signal);
  });
  return {
    get url() { return running.url; },
    append: (source, lines) => appendFile(join(folder, source), lines.map((line) => `${line}\n`).join('')),
    async restart() {
      const { port } = new URL(running.url);
      await end();
      running = await start(folder, port);
    },
    kill: () => end('SIGKILL'),
    async revive() {
      running = await start(folder, new URL(running.url).port);
    },
    async stop() {
      await end();
      await rm(folder, { recursive: true });
    },
  };
}
