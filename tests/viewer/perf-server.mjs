// Runs the mock in its own process, so that it does not share a thread with the test driver.
import { Mock } from './mock/server.mjs';

const mock = await new Mock({ ring: 1000 }).listen();
let written = 0;
process.send(mock.url);
process.on('message', ({ lines, perTick }) => {
  const start = Date.now();
  let sent = 0;
  const timer = setInterval(() => {
    const due = perTick >= 1000 ? sent + perTick : Math.min(lines, Math.floor((Date.now() - start) * perTick / 10));
    const batch = [];
    for (; sent < Math.min(due, lines); sent++, written++) batch.push(`2026-11-23 14:05:22,114 ${written % 50 ? 'INFO ' : 'ERROR'} [queue] picked up job ${written} (send-receipt) for customer c-${written % 9973}`);
    if (batch.length) mock.append(written % 3 ? 'worker.log' : 'api.log', batch);
    if (sent >= lines) clearInterval(timer);
  }, perTick >= 1000 ? 60 : 10);
});
