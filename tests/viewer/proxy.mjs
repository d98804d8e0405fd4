// Serves the page from src/viewer, and everything else from a running ssetail, so that a change of
// the page can be tried without building the program: SSETAIL_PAGE=source. It can also put a script
// of a test before the first script of the page.
import { createServer, request as send } from 'node:http';
import { readFile } from 'node:fs/promises';
import { asset } from './mock/server.mjs';

const FIRST_SCRIPT = '/viewer/early.js';

/** Answers with the first script of the page after another one. */
async function sendFirstScript(before, response) {
  const own = await readFile(new URL(`../../src${FIRST_SCRIPT}`, import.meta.url), 'utf8');
  response.writeHead(200, { 'content-type': 'text/javascript' }).end(`${before}\n${own}`);
}

/**
 * Starts the proxy in front of `target()`, the address of ssetail, and returns its own address.
 * @param {() => string} target
 * @param {string} [before] a script to run before those of the page
 */
export async function pageProxy(target, before = '') {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (before && pathname === FIRST_SCRIPT) return void sendFirstScript(before, response);
    if (pathname === '/' || pathname.startsWith('/viewer/')) return void asset(pathname, response);
    const headers = { ...request.headers, host: new URL(target()).host };
    const upstream = send(new URL(request.url, target()), { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    upstream.on('error', () => response.destroy());
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => (server.closeAllConnections(), new Promise((done) => server.close(done))),
  };
}
