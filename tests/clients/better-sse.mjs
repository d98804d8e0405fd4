// A server of the package better-sse, for tests of relays: numbered events that can be resumed.
// Prints its address; ends the stream of every connection after a few events.

import { createServer } from 'node:http';
import { createSession } from 'better-sse';

const LAST = 100;
const PER_CONNECTION = 17;

const server = createServer(async (request, response) => {
  const session = await createSession(request, response, { retry: 10 });
  const first = Number(session.lastId || -1) + 1;
  for (let n = first; n < Math.min(first + PER_CONNECTION, LAST); n++) {
    session.push(`line ${n}`, n % 2 ? 'odd' : 'even', String(n));
  }
  if (first < LAST) setTimeout(() => response.end(), 20);
});
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
