// Entry of the stream worker: one hub per stream URL, shared by all tabs with this URL.
// Runs as a SharedWorker, to which tabs connect, or as a Worker, whose page sends a port.

import { Hub } from './hub.js';

/** @type {Map<string, Hub>} */
const hubs = new Map();

/**
 * Attaches a page to a hub. A hub without pages is kept until a page opens another stream, so
 * that a reload gets its lines again.
 * @param {MessagePort} port
 * @param {import('./connect.js').Request} request
 */
async function attach(port, { url, health, after }) {
  for (const [hubUrl, hub] of hubs) if (hubUrl !== url && hub.idle) hubs.delete(hubUrl);
  let hub = hubs.get(url);
  // A page that has read newer lines itself may be ahead of the stream.
  if (hub && !hub.idle && after && !hub.canResume(after)) await hub.awaitEvent(after);
  if (!hub || (after ? !hub.canResume(after) : !hub.canStart)) {
    const isFirst = !hub || hub.idle;
    hub = new Hub(url, health);
    if (isFirst) hubs.set(url, hub);
  }
  hub.attach(port, after);
}

/** @param {MessageEvent} event port of a page, and its request */
function receivePort(event) {
  void attach(event.ports[0], event.data);
}

self.onmessage = receivePort;
self.addEventListener('connect', (event) => {
  const [port] = /** @type {MessageEvent} */ (event).ports;
  port.onmessage = receivePort;
});
