// The worker's entry: one hub for each stream, shared by every tab that asks for it.
// Works as a SharedWorker (tabs connect) and as a plain Worker (its page sends a port).

import { Hub } from './hub.js';

/** @type {Map<string, Hub>} */
const hubs = new Map();

/**
 * A hub outlives its last page, so that a reload finds its lines again.
 * @param {MessagePort} port
 * @param {string} url
 */
function attach(port, url) {
  for (const [other, hub] of hubs) if (other !== url && hub.idle) hubs.delete(other);
  let hub = hubs.get(url);
  if (!hub) {
    hub = new Hub(url);
    hubs.set(url, hub);
  }
  hub.attach(port);
}

/** @param {MessageEvent} event a port, and the stream it wants */
function welcome(event) {
  const { url } = event.data;
  attach(event.ports[0], url);
}

self.onmessage = welcome;
self.addEventListener('connect', (event) => {
  const [port] = /** @type {MessageEvent} */ (event).ports;
  port.onmessage = welcome;
});
