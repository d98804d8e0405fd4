// What a page test can do to the server it looks at. `mockDriver` does it to the mock;
// a driver for the real binary appends to files and restarts the process.
import { Mock } from './mock/server.mjs';

/**
 * @typedef {object} Driver
 * @property {string} url
 * @property {(source: string, lines: string[]) => Promise<void>} append
 * @property {() => Promise<void>} restart the same address, another run
 * @property {() => Promise<void>} stop
 * @property {((reason: string, lost: number | null) => Promise<void>) | undefined} gap only the mock can lose events at will
 * @property {(() => number) | undefined} streams how many event streams are open
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
    stop: () => mock.close(),
    get mock() { return mock; },
  };
}
