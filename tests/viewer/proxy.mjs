// Serves the page from src/viewer, and everything else from a running ssetail, so that a change of
// the page can be tried without building the program: SSETAIL_PAGE=source.
import { createServer, request as send } from 'node:http';
import { asset } from './mock/server.mjs';

/** Starts the proxy in front of `target()`, the address of ssetail, and returns its own address. */
export async function pageProxy(target) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
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
