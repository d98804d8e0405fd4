// Tests of the search by regular expression, with a worker that answers when it is told to.
import { afterEach, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { compile } from '../../src/viewer/query.js';
import { RegexSearch } from '../../src/viewer/regexsearch.js';
import { KIND, Store, textAt } from '../../src/viewer/store.js';

describe('the search by regular expression', () => {
  const { Worker: original } = globalThis;
  /** @type {{ query: any, texts: string[] }[]} */
  let requests = [];
  let worker;
  beforeEach(() => {
    requests = [];
    globalThis.Worker = class {
      constructor() {
        worker = this;
      }
      postMessage(request) {
        requests.push(request);
      }
      terminate() {}
    };
  });
  afterEach(() => {
    globalThis.Worker = original;
  });

  const answer = () => {
    const { query, texts } = requests.shift();
    const { matcher } = compile(query);
    worker.onmessage({ data: { results: Uint8Array.from(texts, (text) => Number(matcher.test(text))) } });
  };

  it('gives each answer to its request after lines were evicted', () => {
    const store = new Store();
    for (let i = 0; i < 10_000; i++) store.push({ text: `${i}`, id: '', flags: KIND.LINE, level: 0, source: 0, cells: 1, time: 0, ts: 0, offset: 0 });
    const search = new RegexSearch(store, textAt, assert.fail);
    search.setQuery({ text: '^[45]\\d{3}$', regex: true, matchCase: false });
    assert.equal(search.advance(0), 0);
    // Lines whose answer is outstanding are not needed any more.
    const needed = 4096;
    search.advance(needed);
    const matches = [];
    for (let next = needed; next < store.next; ) {
      if (requests.length) answer();
      const known = search.advance(next);
      assert.ok(requests.length > 0 || known > next, 'the search goes on');
      for (; next < known; next++) if (search.isMatch(next)) matches.push(next);
    }
    assert.deepEqual([matches[0], matches.at(-1), matches.length], [4096, 5999, 5999 - 4095]);
    search.setQuery({ text: '', regex: true, matchCase: false });
  });
});
