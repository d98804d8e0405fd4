// Unit tests of the window of the log: merge by time, both ends, places, and room for older lines.
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { OlderCursor, ReadProblem, entriesOf, wholeFrom } from '../../src/viewer/cursor.js';
import { SourceNames } from '../../src/viewer/decode.js';
import { HistoryWindow } from '../../src/viewer/history.js';
import { Hub } from '../../src/viewer/hub.js';
import { headText } from '../../src/viewer/loader.js';
import { LineNumbers, RowList } from '../../src/viewer/rowlist.js';
import { FLAG, KIND, Store, batchOf, linesOf } from '../../src/viewer/store.js';
import { View } from '../../src/viewer/view.js';

const line = (text, fields = {}) => ({ text, id: `k-${text}`, flags: KIND.LINE, level: 0, source: 0, cells: text.length, time: 0, ts: 0, offset: 0, ...fields });
const texts = (lines) => lines.map(({ text }) => text);
const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

/** Random numbers that are the same in each run. */
function randomOf(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Server that keeps all events, and answers reads as docs/PROTOCOL.md says. */
class FakeServer {
  events = [];
  reads = 0;
  failure = null;
  names = new SourceNames();

  append(file, text, ts, flags = 0) {
    this.events.push(line(text, { id: `k-${this.events.length + 1}`, source: this.names.indexOf(file), ts, time: this.events.length, flags: KIND.LINE | flags }));
  }

  read = async (fields, isEnough = () => false) => {
    this.reads++;
    await null;
    if (this.failure) return { lines: [], endId: '', failure: this.failure };
    const seqOf = (id) => Number(id.slice(2));
    const end = fields.before ? seqOf(fields.before) - 1 : this.events.length;
    if (end >= this.events.length && fields.before && !fields.before.startsWith('k-')) return { lines: [], endId: '', failure: { status: 400, retryAfter: 0, message: 'before takes' } };
    const begin = fields.last_event_id ? seqOf(fields.last_event_id) : 0;
    const since = fields.since ? Date.parse(fields.since) : -Infinity;
    let selected = this.events.slice(begin, end).filter((each) => (fields.file === undefined || this.names.list[each.source] === fields.file) && each.ts >= since);
    if (fields.n !== undefined && fields.n !== 'all' && !fields.last_event_id) {
      const counts = new Map();
      selected = selected.toReversed().filter(({ source }) => (counts.set(source, (counts.get(source) ?? 0) + 1), counts.get(source) <= Number(fields.n))).toReversed();
    }
    const lines = [];
    for (const each of selected) {
      lines.push({ ...each });
      if (isEnough(lines)) return { lines, endId: '', failure: null };
    }
    return { lines, endId: `k-${end}`, failure: null };
  };

  /** Returns the begin of a new page, as the hub sends it. */
  start(perSource) {
    const counts = new Map();
    const first = this.events.toReversed().filter(({ source }) => (counts.set(source, (counts.get(source) ?? 0) + 1), counts.get(source) <= perSource)).toReversed();
    return { type: 'start', first: batchOf(first), perSource, position: `k-${this.events.length}` };
  }
}

/** Page that holds at most `limit` lines, in chunks of `chunk`. */
function pageOf(server, limit = Infinity, chunk = 64) {
  const store = new Store(1000, chunk);
  const attached = [];
  const hooks = { appended: () => {} };
  const trim = (newest) => {
    const chunks = store.evict(limit, Infinity, newest);
    if (!chunks.length) return;
    if (newest) log.dropped(chunks);
    else log.evicted(chunks);
  };
  const log = new HistoryWindow({
    store,
    read: (...query) => server.read(...query),
    names: server.names,
    sources: () => [...server.names.list],
    prepend: (batch) => (store.prepend(batch), trim(true)),
    append: (batch) => (store.append(batch), hooks.appended(), trim(false)),
    clear: () => store.clear(),
    attach: (position) => attached.push(position),
    changed: () => {},
  });
  const held = () => range(store.first, store.next).map((n) => store.line(n));
  /** Gives the window the events after its position, as a stream does. */
  const stream = () => {
    const after = server.events.slice(Number((log.position || 'k-0').slice(2)));
    if (after.length) log.receive(batchOf(after));
  };
  return { store, log, held, attached, stream, trim, hooks };
}

describe('entries', () => {
  it('have the lines that continue them, the parts of a line, and a key that never falls', () => {
    const lines = [line('a', { ts: 5 }), line('b', { ts: 9, flags: FLAG.CONTINUES }), line('c', { ts: 3, flags: FLAG.MORE }), line('d', { ts: 8 }), line('e', { ts: 7 })];
    const entries = entriesOf(lines);
    assert.deepEqual(entries.map((entry) => [texts(entry.lines).join(''), entry.key]), [['ab', 5], ['cd', 5], ['e', 7]]);
    assert.deepEqual(entriesOf(lines, -Infinity, 6).map(({ key }) => key), [5, 5, 6]);
  });

  it('wait for their first line when read backward', () => {
    const cursor = new OlderCursor('a', 'k-9');
    const cont = (text) => line(text, { flags: FLAG.CONTINUES });
    cursor.push([cont('2'), cont('3')], false);
    assert.equal(cursor.isReady, false);
    cursor.push([cont('0'), line('1')], false);
    assert.deepEqual(cursor.entries.map((entry) => texts(entry.lines).join('')), ['123']);
    cursor.push([], true);
    assert.deepEqual(cursor.entries.map((entry) => texts(entry.lines).join('')), ['0', '123']);
  });

  it('are used only from where no line of any source is missing', () => {
    const of = (sources) => [...sources].map((source, i) => line(String(i), { source: Number(source) }));
    assert.deepEqual(wholeFrom(of('0110110'), 4), { from: 1, isAll: false });
    assert.deepEqual(wholeFrom(of('0110110'), 5), { from: 0, isAll: true });
    assert.deepEqual(wholeFrom([], 5), { from: 0, isAll: true });
  });
});

/** Writes `count` entries of sources whose times interleave; returns the texts in the order of time. */
function fill(server, count, sources, random) {
  const expected = [];
  const perSource = sources.map(() => []);
  for (let i = 0; i < count; i++) {
    const s = random(sources.length);
    const lines = [[`${i}`, 0], ...range(0, random(8) === 0 ? 3 : 0).map((k) => [`${i}+${k}`, FLAG.CONTINUES])];
    perSource[s].push(...lines.map(([text, flags]) => [sources[s], text, 1e12 + i * 1000, flags]));
    expected.push(...lines.map(([text]) => text));
  }
  // One source after the other, as a server reads files when it starts.
  for (const lines of perSource) for (const each of lines) server.append(...each);
  return expected;
}

describe('the window', () => {
  it('merges sources by time, with older lines exactly up to the first', async () => {
    for (const seed of [1, 2, 3, 4]) {
      const server = new FakeServer();
      const expected = fill(server, 700, ['a', 'b', 'c'], randomOf(seed));
      const { log, held } = pageOf(server);
      log.start(server.start(20));
      assert.ok(held().length >= 20);
      assert.deepEqual(texts(held()), expected.slice(-held().length));
      while (!log.isAtStart) {
        await log.readOlder(60);
        assert.deepEqual(texts(held()), expected.slice(-held().length));
        assert.equal((held()[0].flags & FLAG.CONTINUES), 0);
      }
      assert.equal(held().length, expected.length);
      assert.equal(log.olderCount, 0);
    }
  });

  it('keeps the order of a source whose times fall', async () => {
    const server = new FakeServer();
    for (const [text, ts] of [['1', 100], ['2', 50], ['3', 110]]) server.append('a', text, ts);
    for (const [text, ts] of [['x', 60], ['y', 105], ['z', 120]]) server.append('b', text, ts);
    const { log, held } = pageOf(server);
    log.start(server.start(10));
    assert.deepEqual(texts(held()), ['x', '1', '2', 'y', '3', 'z']);
  });

  it('reads many sources in the order of the stream', async () => {
    const server = new FakeServer();
    const random = randomOf(7);
    for (let i = 0; i < 3000; i++) server.append(`s${random(3) ? random(3) : random(40)}`, String(i), random(1000));
    const { log, held } = pageOf(server);
    log.start(server.start(5));
    while (!log.isAtStart) {
      assert.deepEqual(texts(held()), range(3000 - held().length, 3000).map(String));
      await log.readOlder(200);
    }
    assert.equal(held().length, 3000);
  });

  it('holds at most its limit, and has every line once at both ends, whatever happens', async () => {
    let detached = 0;
    for (const seed of range(1, 13)) {
      const random = randomOf(seed);
      const server = new FakeServer();
      fill(server, 300, [['a', 'b', 'c'], range(0, 40).map((i) => `s${i}`), [...new Array(60).fill('a'), 'b', 'c']][seed % 3], random);
      const { log, held, attached, stream } = pageOf(server, 300, 32);
      log.start(server.start(10));
      const consistent = () => {
        for (const name of server.names.list) {
          const source = server.names.list.indexOf(name);
          const [all, mine] = [server.events, held()].map((lines) => lines.filter((each) => each.source === source).map(({ id }) => id));
          if (mine.length === 0) continue;
          const from = all.indexOf(mine[0]);
          assert.deepEqual(mine, all.slice(from, from + mine.length), `lines of ${name}, seed ${seed}`);
        }
        assert.ok(held().length <= 300 + 200);
      };
      for (let step = 0; step < 60; step++) {
        const action = random(5);
        if (action === 0) for (let i = 0; i < random(80); i++) server.append(server.names.list[random(3)], `live ${server.events.length}`, 2e12 + server.events.length);
        if (action <= 1) stream();
        if (action === 2) await log.readOlder(random(90) + 1);
        if (action === 3) await log.readNewer();
        if (action === 4) for (let i = 0; i < 3; i++) await log.readOlder(80);
        consistent();
      }
      for (let i = 0; i < 50 && !log.isLive; i++) {
        await log.readNewer();
        consistent();
      }
      assert.equal(log.isLive, true);
      stream();
      const last = new Map(server.events.map((each) => [each.source, each.id]));
      const mine = new Map(held().map((each) => [each.source, each.id]));
      for (const [source, id] of mine) assert.equal(id, last.get(source));
      assert.equal(log.position, `k-${server.events.length}`);
      assert.ok(attached.every((position) => /^k-\d+$/.test(position)));
      while (!log.isAtStart) {
        await log.readOlder(100);
        consistent();
      }
      const firsts = new Map(server.events.toReversed().map((each) => [each.source, each.id]));
      for (const [source, id] of new Map(held().toReversed().map((each) => [each.source, each.id]))) assert.equal(id, firsts.get(source));
      detached += attached.length;
    }
    assert.ok(detached > 5, `${detached} returns to the live end`);
  });

  it('reads a quiet source again after all of its lines were removed, at both ends', async () => {
    const server = new FakeServer();
    for (let i = 0; i < 1000; i++) server.append({ 1: 'early', 500: 'quiet' }[i] ?? 'a', String(i), i);
    const { log, held, store } = pageOf(server, 200, 20);
    log.start(server.start(50));
    while (!log.isAtStart) await log.readOlder(60);
    assert.deepEqual([log.isLive, held()[1].text, store.size < 240], [false, '1', true]);
    server.append('late', 'of a new source', 1000);
    while (!log.isLive) await log.readNewer();
    const isNewest = () => assert.deepEqual(texts(held()), [...range(1001 - store.size, 1000).map(String), 'of a new source']);
    isNewest();
    for (let i = 0; i < 2; i++) await log.readOlder(60);
    assert.equal(log.isLive, false);
    while (!log.isLive) await log.readNewer();
    isNewest();
    while (!log.isAtStart) await log.readOlder(60);
    assert.deepEqual(texts(held()), range(0, store.size).map(String));
  });

  it('reads the start of an entry next to its other lines, after a removal within it', async () => {
    const server = new FakeServer();
    const { log, held } = pageOf(server, 3, 2);
    log.start(server.start(5));
    for (const each of [['a', 'head', 1], ['b', 'between', 9], ['a', 'rest', 1, FLAG.CONTINUES], ['a', 'next', 10], ['a', 'last', 11]]) server.append(...each);
    for (const event of server.events) log.receive(batchOf([event]));
    assert.deepEqual(texts(held()), ['rest', 'next', 'last']);
    await log.readOlder(1);
    assert.deepEqual(texts(held()).slice(0, 2), ['head', 'rest']);
  });

  it('counts older lines down and up', async () => {
    const server = new FakeServer();
    for (let i = 0; i < 2000; i++) server.append('a', String(i), i);
    const { log, held, stream } = pageOf(server, 500, 100);
    log.start(server.start(50));
    log.setTotal(2000);
    assert.equal(log.olderCount, 1950);
    await log.readOlder(100);
    assert.equal(log.olderCount, 1850);
    log.setTotal(99);
    assert.equal(log.olderCount, 1850);
    for (let i = 2000; i < 2600; i++) server.append('a', String(i), i);
    stream();
    assert.ok(held().length < 700);
    assert.equal(log.olderCount, 2600 - held().length);
    assert.match(headText(log), /^2,\d\d\d older lines$/);
  });

  it('opens at a line, at a time and at the start, with exact neighbours', async () => {
    const server = new FakeServer();
    const expected = fill(server, 3000, ['a', 'b', 'c'], randomOf(5));
    const open = async (go) => {
      const made = pageOf(server);
      made.log.start(server.start(20));
      const n = await go(made.log);
      const shown = texts(made.held());
      const from = expected.indexOf(shown[0]);
      assert.deepEqual(shown, expected.slice(from, from + shown.length));
      assert.equal(made.log.isLive, false);
      return { ...made, n, shown };
    };
    const target = server.events.find(({ text }) => text === '1500');
    const atLine = await open((log) => log.openAtId(target.id));
    assert.equal(atLine.store.line(atLine.n).text, '1500');
    assert.ok(atLine.shown.indexOf('1500') > 200 && atLine.shown.length - atLine.shown.indexOf('1500') > 200);
    const atTime = await open((log) => log.openAtTime(1e12 + 700_500));
    assert.equal(atTime.store.line(atTime.n).text, '701');
    const atStart = await open((log) => log.openAtStart());
    assert.deepEqual([atStart.shown[0], atStart.log.isAtStart], ['0', true]);
    while (!atStart.log.isLive) await atStart.log.readNewer();
    assert.deepEqual(texts(atStart.held()), expected);
    assert.deepEqual(atStart.attached, [`k-${server.events.length}`]);
    assert.equal(await pageOf(server).log.openAtTime(9e12), -1);
    await assert.rejects(pageOf(server).log.openAtId('x-1'), (error) => error instanceof ReadProblem && error.isGone);
  });

  it('has neither a hole nor a double when it meets the live end while lines arrive', async () => {
    const server = new FakeServer();
    fill(server, 200, ['a', 'b'], randomOf(3));
    const { read } = server;
    let written = 0;
    server.read = async (...query) => {
      const answer = await read(...query);
      if (written < 40) for (let i = 0; i < 3; i++) server.append(['a', 'b'][written++ % 2], `live ${written}`, 2e12 + written);
      return answer;
    };
    const made = pageOf(server);
    made.log.start(server.start(20));
    await made.log.openAtStart();
    for (let i = 0; i < 60 && !made.log.isLive; i++) {
      made.stream();
      await made.log.readNewer();
    }
    made.stream();
    assert.equal(made.log.isLive, true);
    assert.deepEqual(made.held().map(({ id }) => id).sort(), server.events.map(({ id }) => id).sort());
  });

  it('loses no line of a quiet source when lines are removed during a read, at both ends', async () => {
    for (const isNewer of [false, true]) {
      const server = new FakeServer();
      for (let i = 0; i < 2000; i++) server.append(i % 40 === 7 ? 'quiet' : 'a', String(i), i);
      const { log, held, store } = pageOf(server, Infinity, 8);
      log.start(server.start(100));
      if (isNewer) await log.openAtStart();
      const { read } = server;
      let removals = 0;
      server.read = async (...query) => {
        const answer = await read(...query);
        if (removals++ < 12) {
          const chunks = store.evict(store.size - 8, Infinity, isNewer);
          if (isNewer) log.dropped(chunks);
          else log.evicted(chunks);
        }
        return answer;
      };
      for (let i = 0; i < 200 && !(isNewer ? log.isLive : log.isAtStart); i++) await (isNewer ? log.readNewer() : log.readOlder(100));
      assert.ok(removals > 3);
      assert.deepEqual(texts(held()), range(0, 2000).map(String));
    }
  });

  it('does not go live if the last lines before the live end were removed at once', async () => {
    const server = new FakeServer();
    for (let i = 0; i < 300; i++) server.append(i % 9 ? 'a' : 'b', String(i), i);
    const { log, held, store, attached, hooks } = pageOf(server, Infinity, 8);
    log.start(server.start(20));
    await log.openAtStart();
    let isRemoved = false;
    const { read } = server;
    server.read = async (fields, isEnough) => {
      const isLast = fields.last_event_id && fields.follow === '0' && !fields.file;
      if (isLast && !isRemoved) {
        for (let i = 300; i < 320; i++) server.append(i % 9 ? 'a' : 'b', String(i), i);
        hooks.appended = () => {
          hooks.appended = () => {};
          isRemoved = true;
          log.dropped(store.evict(store.size - 8, Infinity, true));
        };
      }
      return read(fields, isEnough);
    };
    for (let i = 0; i < 20 && !isRemoved; i++) await log.readNewer();
    assert.deepEqual([isRemoved, log.isLive, attached.length], [true, false, 0]);
    for (let i = 0; i < 20 && !log.isLive; i++) await log.readNewer();
    assert.deepEqual([log.isLive, attached.length], [true, 1]);
    assert.deepEqual(texts(held()), range(0, 320).map(String));
  });

  it('stays at the live end if that is chosen while a line or a time is looked for', async () => {
    const server = new FakeServer();
    for (let i = 0; i < 300; i++) server.append(`s${i % 40}`, String(i), i);
    for (const go of [(log) => log.openAtId('k-100'), (log) => log.openAtTime(100), (log) => log.openAtTime(9e12), (log) => log.openAtStart()]) {
      const { log, stream } = pageOf(server);
      log.start(server.start(2));
      const opened = go(log);
      log.reset();
      log.start(server.start(2));
      await assert.rejects(opened, (error) => error instanceof ReadProblem);
      stream();
      assert.equal(log.isLive, true);
    }
  });

  it('says why older lines could not be read, and reads them when asked again', async () => {
    const server = new FakeServer();
    for (let i = 0; i < 300; i++) server.append('a', String(i), i);
    const { log, held } = pageOf(server);
    log.start(server.start(50));
    server.failure = { status: 502, retryAfter: 0, message: '' };
    await log.readOlder();
    assert.equal(headText(log), 'Older lines could not be read: the server answered with status 502');
    server.failure = null;
    await log.readOlder();
    assert.deepEqual([held().length, headText(log)], [300, 'Start of the log']);
    const other = pageOf(server);
    other.log.start(server.start(50));
    server.failure = { status: 400, retryAfter: 0, message: 'before takes the id of an event of this run' };
    await other.log.readOlder();
    assert.equal(headText(other.log), 'Older lines are gone: the server has been restarted since');
  });

  it('says that older lines are gone if the log has more lines than the server gives', async () => {
    const server = new FakeServer();
    for (let i = 0; i < 300; i++) server.append('a', String(i), i);
    for (const [lost, texts] of [[500, ['Start of the log', 'Older lines are gone']], [5000, ['Older lines are gone', 'Older lines are gone']], [0, ['Start of the log', 'Start of the log']]]) {
      const { log } = pageOf(server);
      log.start(server.start(50));
      log.setTotal(300 + lost);
      await log.readOlder();
      const first = headText(log);
      for (let i = 0; i < 2; i++) log.setTotal(300 + lost);
      assert.deepEqual([first, headText(log)], texts);
    }
  });

  it('reads what precedes the first live line if it did not begin with the log', async () => {
    const server = new FakeServer();
    for (let i = 0; i < 300; i++) server.append(i % 3 ? 'a' : 'b', String(i), i);
    const { log, held, stream } = pageOf(server);
    log.start({ type: 'start', first: null, perSource: 0, position: 'k-200' });
    await log.readOlder();
    assert.equal(held().length, 0);
    stream();
    await log.readOlder(1000);
    assert.deepEqual(texts(held()), range(0, 300).map(String));
  });
});

describe('room for older lines', () => {
  it('is made in the store, and chunks are removed at both ends', () => {
    const store = new Store(1000, 8);
    const batch = (from, to) => batchOf(range(from, to).map((i) => line(String(i), { flags: i % 10 === 0 ? KIND.SOURCE : KIND.LINE })));
    store.append(batch(100, 120));
    store.prepend(batch(70, 100));
    store.prepend(batch(69, 70));
    store.append(batch(120, 125));
    const all = () => range(store.first, store.next).map((n) => Number(store.line(n).text));
    assert.deepEqual(all(), range(69, 125));
    assert.deepEqual([store.first, store.next, store.size, store.controlEvents], [969, 1025, 56, 6]);
    assert.equal(store.findId('k-77'), 977);
    const removed = store.evict(40, Infinity, true);
    assert.deepEqual(all(), range(69, 69 + store.size));
    assert.ok(store.size <= 48 && removed[0].first > removed.at(-1).first);
    store.evict(20, Infinity);
    assert.equal(store.controlEvents, all().filter((i) => i % 10 === 0).length);
    assert.equal(store.chars, all().join('').length);
    store.append(batch(500, 503));
    assert.deepEqual(all().slice(-3), [500, 501, 502]);
  });

  it('is made in rows, whose sums stay right', () => {
    const random = randomOf(11);
    const rows = new RowList();
    let model = [];
    let [first, next] = [500_000, 500_000];
    const rowsOf = (from, count) => {
      const list = new RowList();
      const added = range(from, from + count).filter(() => random(5)).map((n) => ({ n, height: 1 + random(3), flags: random(4) }));
      for (const { n, height, flags } of added) list.push(n, height, flags);
      return [list, added];
    };
    for (let step = 0; step < 300; step++) {
      const count = random(900);
      const action = random(5);
      if (action === 0) {
        const [list, added] = rowsOf(first - count, count);
        assert.equal(rows.prepend(list), added.reduce((sum, { height }) => sum + height, 0));
        model = [...added, ...model];
        first -= count;
      } else if (action <= 2) {
        const [, added] = rowsOf(next, count);
        for (const { n, height, flags } of added) rows.push(n, height, flags);
        model.push(...added);
        next += count;
      } else if (action === 3) {
        const from = next - Math.min(count >> 1, next - first);
        rows.dropFrom(from);
        model = model.filter(({ n }) => n < from);
        next = from;
      } else {
        first += Math.min(count >> 2, next - first);
        rows.dropBefore(first);
        model = model.filter(({ n }) => n >= first);
      }
      assert.equal(rows.length, model.length);
      assert.equal(rows.total, model.reduce((sum, { height }) => sum + height, 0));
      if (!model.length) continue;
      const i = random(model.length);
      const top = model.slice(0, i).reduce((sum, { height }) => sum + height, 0);
      assert.deepEqual([rows.lines.at(i), rows.heightAt(i), rows.flagsAt(i), rows.topOf(i), rows.rowAt(top)], [model[i].n, model[i].height, model[i].flags, top, i]);
    }
  });

  it('is made in line numbers', () => {
    const numbers = new LineNumbers();
    const of = (from, to) => range(from, to).reduce((list, n) => (list.push(n), list), new LineNumbers());
    for (const n of range(500, 510)) numbers.push(n);
    numbers.prepend(of(400, 450));
    numbers.prepend(of(390, 400));
    numbers.push(510);
    numbers.dropFrom(505);
    assert.deepEqual(range(0, numbers.length).map((i) => numbers.at(i)), [...range(390, 450), ...range(500, 505)]);
    assert.equal(numbers.indexOf(501), 61);
  });

  it('is used by the view, without another selection of all rows', () => {
    const store = new Store(1000);
    const view = new View(store, () => 1);
    const matcher = { test: (text) => text.includes('7'), ranges: () => [] };
    view.setCriteria({ source: () => true, levels: 0, matcher, filter: true, context: 0 });
    const batch = (from, to) => batchOf(range(from, to).map((i) => line(String(i))));
    store.append(batch(100, 200));
    view.advance(() => false);
    const older = batch(50, 100);
    store.prepend(older);
    const part = new Store(store.first);
    part.append(older);
    assert.equal(view.prepend(part), 14);
    const shown = () => range(0, view.rows.length).map((i) => store.line(view.rows.lines.at(i)).text);
    assert.deepEqual(shown(), range(50, 200).map(String).filter((text) => text.includes('7')));
    assert.equal(view.matches.length, view.rows.length);
    assert.equal(view.done, true);
  });
});

describe('the hub', () => {
  const fakePort = () => {
    const port = { got: [], postMessage: (message) => port.got.push(message), close: () => {} };
    port.lines = () => port.got.filter(({ type }) => type === 'lines').flatMap(({ batch }) => texts(linesOf(batch)));
    port.start = () => port.got.find(({ type }) => type === 'start');
    return port;
  };
  const platformOf = () => {
    const platform = { opened: [], now: () => 1, random: () => 1, later: () => 1, cancel: () => {}, responds: async () => true };
    const open = (kind) => (url, ...rest) => {
      platform.opened.push({ kind, url, events: rest.at(-1) });
      return { close: () => {} };
    };
    return Object.assign(platform, { open: open('stream'), openFirst: open('first') });
  };
  const send = (events, from, to) => range(from, to).forEach((i) => events.event('', `{"file":"b","message":"${i}","time":1}`, `k-${i}`));
  const flushed = () => new Promise((done) => setTimeout(done, 40));
  const begin = (events) => events.first({ lines: [line('8', { id: 'k-8' }), line('9', { id: 'k-9' })], names: ['a'], perSource: 2, endId: 'k-9' });

  it('sends the first read apart, to each new page, as long as it holds all lines since', async () => {
    const platform = platformOf();
    const hub = new Hub('http://h/sse', 'http://h/healthz', platform);
    const [one, two, three, back] = [fakePort(), fakePort(), fakePort(), fakePort()];
    hub.attach(one);
    const { kind, events } = platform.opened[0];
    assert.equal(kind, 'first');
    assert.equal(one.start(), undefined);
    begin(events);
    send(events, 10, 15);
    await flushed();
    hub.attach(two);
    for (const port of [one, two]) {
      assert.deepEqual(texts(linesOf(port.start().first)), ['8', '9']);
      assert.deepEqual([port.start().position, port.start().perSource], ['k-9', 2]);
      assert.deepEqual(port.lines(), range(10, 15).map(String));
      assert.deepEqual(port.got.findLast(({ type }) => type === 'names').names, ['a', 'b']);
    }
    hub.attach(back, 'k-9');
    assert.deepEqual([back.start(), back.lines()], [undefined, range(10, 15).map(String)]);
    send(events, 15, 9000);
    await flushed();
    hub.attach(three);
    assert.equal(three.start().first, null);
    assert.deepEqual(three.lines().slice(0, 2), ['4000', '4001']);
  });

  it('waits for an event that a returning page has already', async () => {
    const platform = platformOf();
    const hub = new Hub('http://h/sse', 'http://h/healthz', platform);
    hub.attach(fakePort());
    assert.equal(hub.canStart, true);
    const { events } = platform.opened[0];
    begin(events);
    assert.equal(hub.canResume('k-12'), false);
    const waited = hub.awaitEvent('k-12');
    send(events, 10, 15);
    await waited;
    assert.equal(hub.canResume('k-12'), true);
    const resumed = new Hub('http://h/sse', 'http://h/healthz', platform);
    resumed.attach(fakePort(), 'k-3');
    assert.equal(platform.opened.at(-1).kind, 'stream');
    assert.equal(resumed.canStart, false);
  });
});
