// Interface of page tests to their server. `mockDriver` controls the mock; real.mjs controls
// the real binary through files and signals.
import { Mock } from './mock/server.mjs';

/**
 * @typedef {object} Driver
 * @property {string} url
 * @property {(source: string, lines: string[]) => Promise<void>} append
 * @property {() => Promise<void>} restart starts another run at the same address
 * @property {() => Promise<void>} kill ends the server without a word to its clients
 * @property {() => Promise<void>} revive starts it again after `kill`
 * @property {() => Promise<void>} stop
 * @property {((reason: string, lost: number | null) => Promise<void>) | undefined} gap sends a gap; mock only
 * @property {(() => number) | undefined} streams number of open event streams
 */

/** @returns {Promise<Driver>} */
export async function mockDriver(options = {}) {
  let mock = await new Mock(options).listen();
  return {
    url: mock.url,
    append: async (source, lines) => mock.append(source, lines),
    gap: async (reason, lost) => mock.gap(reason, lost),
    streams: () => mock.clients.size,
    async restart() {
      const { port } = mock;
      await mock.close();
      mock = await new Mock(options).listen(port);
    },
    kill: () => mock.close(),
    async revive() {
      mock = await new Mock(options).listen(mock.port);
    },
    stop: () => mock.close().catch(() => {}),
    get mock() { return mock; },
  };
}
