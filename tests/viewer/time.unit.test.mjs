// Tests of the modules that deal with time and need no browser.
import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { dimTime } from '../../src/viewer/statedtime.js';
import { clock, moment } from '../../src/viewer/format.js';
import { formatHash, parseHash } from '../../src/viewer/hash.js';
import { LEVEL, LEVELS } from '../../src/viewer/level.js';
import { FLAG, KIND, Store } from '../../src/viewer/store.js';
import { axisOf, axisTime, clockAt, ticksOf, widthFor } from '../../src/viewer/timeaxis.js';
import { partHeights } from '../../src/viewer/timebars.js';
import { dateText } from '../../src/viewer/timecolumn.js';
import { TimeCounts } from '../../src/viewer/timecounts.js';
import { parseInstant, parseTime } from '../../src/viewer/timeparse.js';
import { isOutside, rangeText } from '../../src/viewer/timerange.js';
import { firstFrom, timesOf } from '../../src/viewer/timesearch.js';
import { View } from '../../src/viewer/view.js';
import { Zone, timeInWords, zoneOf } from '../../src/viewer/zone.js';

const at = (text) => Date.parse(text);
const iso = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');
const BERLIN = new Zone('Europe/Berlin');
const NEW_YORK = new Zone('America/New_York');
const KATHMANDU = new Zone('Asia/Kathmandu');
const UTC = new Zone('UTC');
const DAY_S = 86_400;

/** Fills a store with lines of `[ts, level, source, kind]`. */
function stored(lines) {
  const store = new Store();
  for (const [ts, level = 0, source = 0, flags = 0] of lines) store.push({ text: 'x', id: 'e-1', flags, level, source, cells: 1, time: 1, ts: typeof ts === 'string' ? at(ts) : ts, offset: 0 });
  return store;
}

describe('zones', () => {
  it('know summer time and offsets of quarters of an hour', () => {
    assert.deepEqual(['2026-07-01T12:00:00Z', '2026-12-01T12:00:00Z'].map((text) => BERLIN.offsetText(at(text))), ['+02:00', '+01:00']);
    assert.equal(NEW_YORK.offsetText(at('2026-12-01T12:00:00Z')), '-05:00');
    assert.equal(KATHMANDU.offsetText(0), '+05:30');
    assert.equal(KATHMANDU.offsetText(at('2026-01-01T00:00:00Z')), '+05:45');
    assert.equal(UTC.offsetText(at('2026-01-01T00:00:00Z')), '+00:00');
  });
  it('change at the second of the change', () => {
    const change = at('2026-03-29T01:00:00Z');
    assert.deepEqual([change - 1, change].map((ms) => clock(ms, BERLIN)), ['01:59:59.999', '03:00:00.000']);
  });
  it('find the time that a clock shows, also if it shows it twice or never', () => {
    const timeOf = (text) => iso(BERLIN.timeOf(at(text)));
    assert.equal(timeOf('2026-11-25T14:00:00Z'), '2026-11-25T13:00:00Z');
    assert.equal(timeOf('2026-10-25T02:30:00Z'), '2026-10-25T00:30:00Z');
    assert.equal(iso(BERLIN.timeOf(at('2026-10-25T02:30:00Z'), true)), '2026-10-25T01:30:00Z');
    assert.equal(timeOf('2026-10-25T03:00:00Z'), '2026-10-25T02:00:00Z');
    assert.equal(timeOf('2026-03-29T02:30:00Z'), '2026-03-29T01:30:00Z');
    assert.equal(timeOf('2026-03-29T03:00:00Z'), '2026-03-29T01:00:00Z');
  });
  it('replace an unknown name by the zone of the browser', () => {
    assert.equal(zoneOf('Nowhere/Land').name, 'local');
    assert.equal(zoneOf('UTC').name, 'UTC');
    assert.equal(zoneOf('local').offset(0), -new Date(0).getTimezoneOffset() * 60_000);
  });
});

describe('formats of times', () => {
  const ms = at('2026-11-25T13:00:05.250Z');
  it('have the zone', () => {
    assert.equal(clock(ms, BERLIN), '14:00:05.250');
    assert.equal(moment(ms, BERLIN), '2026-11-25 14:00:05.250 +01:00');
    assert.equal(timeInWords(ms, BERLIN), 'Wednesday 25 November 2026, 14:00:05.250, Europe/Berlin');
    assert.equal(timeInWords(at('2026-11-25T13:00:00Z'), UTC), 'Wednesday 25 November 2026, 13:00:00, UTC');
    assert.match(timeInWords(ms, zoneOf('local')), /, local time$/);
  });
  it('are empty for times that no calendar has', () => {
    for (const none of [NaN, Infinity, 9e15, -9e15]) assert.deepEqual([clock(none, BERLIN), moment(none, BERLIN)], ['', '']);
  });
  it('fit into the column as dates', () => {
    assert.deepEqual([dateText(at('2026-11-25T14:00:59Z'), 2026), dateText(at('2025-11-05T14:00:00Z'), 2026)], ['25 Nov 14:00', '5 Nov 2025']);
  });
});

describe('typed times', () => {
  const now = at('2026-11-26T09:30:00Z');
  const parse = (text, more = {}) => parseTime(text, { now, zone: BERLIN, near: now, newest: now, ...more });
  const read = (text, more) => iso(parse(text, more).ms);

  it('are of the day of the lines in view, and never after the newest line', () => {
    assert.equal(read('10:00'), '2026-11-26T09:00:00Z');
    assert.equal(read('14:00'), '2026-11-25T13:00:00Z');
    assert.equal(read('14:00', { near: at('2026-10-01T05:00:00Z') }), '2026-10-01T12:00:00Z');
    assert.equal(read('9:05:07.5'), '2026-11-26T08:05:07.500Z');
    assert.equal(read('00:30', { near: at('2026-11-24T23:10:00Z') }), '2026-11-24T23:30:00Z');
  });
  it('may have a date', () => {
    assert.equal(read('2026-11-25'), '2026-11-24T23:00:00Z');
    assert.equal(read(' 2026-11-25 14:00 '), '2026-11-25T13:00:00Z');
    assert.equal(read('2026-07-01 14:00:05'), '2026-07-01T12:00:05Z');
    assert.equal(read('2026-11-25 14:00', { zone: UTC }), '2026-11-25T14:00:00Z');
  });
  it('may have an offset, which wins over the zone', () => {
    for (const text of ['2026-11-25T14:00:00Z', '2026-11-25t16:00:00+02:00', '2026-11-25T09:00-0500', '2026-11-25 14:00 UTC']) assert.equal(read(text), '2026-11-25T14:00:00Z', text);
    assert.equal(read('2026-11-25T14:00:00.123456Z'), '2026-11-25T14:00:00.123Z');
  });
  it('may be an age', () => {
    for (const text of ['10m', '-10m', '10 m ago', '10M']) assert.equal(read(text), '2026-11-26T09:20:00Z', text);
    assert.equal(read('1h30m'), '2026-11-26T08:00:00Z');
    assert.deepEqual(['45s', '2d', '1w'].map((text) => read(text)), ['2026-11-26T09:29:15Z', '2026-11-24T09:30:00Z', '2026-11-19T09:30:00Z']);
  });
  it('are moved out of the hour that summer time skips', () => {
    assert.equal(timeInWords(parse('2026-03-29 02:30').ms, BERLIN), 'Sunday 29 March 2026, 03:30:00, Europe/Berlin');
  });
  it('that cannot be read get one sentence', () => {
    const problems = { '': /^Type a time such as/, '99999999999w': /is too long ago$/, noon: /^Cannot read “noon”; type/, '25:00': /^Cannot read “25:00”/, '14:60': /^Cannot read/, '2026-02-30': /^There is no date 2026-02-30$/, '2026-11-25 25:00': /^Cannot read “25:00” as a time of day/, '2026-13-01 10:00': /^There is no date/ };
    for (const [text, problem] of Object.entries(problems)) {
      assert.match(parse(text).problem, problem);
      assert.ok(Number.isNaN(parse(text).ms));
    }
  });
});

describe('ranges', () => {
  const range = [at('2026-11-25T13:00:00Z'), at('2026-11-25T13:10:00Z')];
  const text = (from, to, now = '2026-11-25T20:00:00Z') => rangeText([from && at(from), to && at(to)].map((ms, i) => ms || [-Infinity, Infinity][i]), BERLIN, at(now));

  it('are in the URL with their offset', () => {
    const hash = formatHash({ ...parseHash(''), range });
    assert.equal(decodeURIComponent(hash), '#from=2026-11-25T13:00:00Z&to=2026-11-25T13:10:00Z');
    assert.deepEqual(parseHash(hash).range, range);
    assert.deepEqual(parseHash('#from=2026-11-25T14:00:00%2B01:00&to=2026-11-25t13:10z').range, range);
    assert.deepEqual(parseHash('#from=2026-11-25T13:00:00Z').range, [range[0], Infinity]);
    assert.equal(formatHash({ ...parseHash(''), range: [-Infinity, range[1]] }), '#to=2026-11-25T13%3A10%3A00Z');
  });
  it('that are none are ignored', () => {
    for (const hash of ['', '#from=noon', '#from=2026-11-25', '#from=2026-11-25T14:00:00', '#from=2026-11-25T14:00:00Z&to=2026-11-25T14:00:00Z', '#from=2026-11-25T14:00:00Z&to=2026-11-25T13:00:00Z']) assert.equal(parseHash(hash).range, null, hash);
    assert.ok(Number.isNaN(parseInstant('2026-99-99T00:00:00Z')));
  });
  it('have a short text', () => {
    assert.equal(text('2026-11-25T13:00:00Z', '2026-11-25T13:10:00Z'), '14:00–14:10');
    assert.equal(text('2026-11-25T13:00:00Z', '2026-11-25T13:00:20Z'), '14:00–14:00:20');
    assert.equal(text('2026-11-25T22:00:00Z', '2026-11-25T23:00:00Z'), '23:00–24:00');
    assert.equal(text('2026-11-25T13:00:00Z', '2026-11-25T13:10:00Z', '2026-11-27T00:00:00Z'), '25 Nov 14:00–14:10');
    assert.equal(text('2026-11-24T22:00:00Z', '2026-11-25T01:00:00Z'), '24 Nov 23:00 – 25 Nov 02:00');
    assert.equal(text('2026-11-23T23:00:00Z', '2026-11-24T23:00:00Z'), '24 Nov');
    assert.equal(text('2025-11-23T23:00:00Z', '2025-11-26T23:00:00Z'), '24 Nov 2025 – 26 Nov 2025');
    assert.deepEqual([text('2026-11-25T13:00:00Z', ''), text('', '2026-11-25T13:00:00Z')], ['from 14:00', 'until 14:00']);
  });
  it('hide lines and control events of other times in the view', () => {
    const lines = [1000, 2000, 3000, 1500].map((ts) => [ts]);
    const view = new View(stored([...lines, [2500, 0, 0, KIND.SOURCE], [9000, 0, 65535, KIND.GAP]]), () => 1);
    const shown = (range) => {
      view.setCriteria({ source: () => true, levels: 0, matcher: null, filter: false, context: 0, range });
      view.advance(() => false);
      return Array.from({ length: view.rows.length }, (_, i) => view.rows.lines.at(i));
    };
    assert.deepEqual(shown([1500, 3000]), [1, 3, 4]);
    assert.deepEqual(shown([2000, Infinity]), [1, 2, 4, 5]);
    assert.deepEqual(shown(null), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual([isOutside(null, 5), isOutside([1, 5], 5), isOutside([1, 5], NaN)], [false, true, true]);
  });
});

describe('axis of the timeline', () => {
  const seconds = (text) => axisTime(at(text));

  it('has buckets from one second to days', () => {
    const from = seconds('2026-11-25T13:00:00Z');
    const widths = [60, 3600, 6 * 3600, DAY_S, 7 * DAY_S, 60 * DAY_S, 365 * DAY_S].map((span) => widthFor(from, from + span, 400));
    assert.deepEqual(widths, [1, 10, 60, 300, 1800, 21_600, DAY_S]);
    for (let i = 1; i < widths.length; i++) assert.equal(widths[i] % widths[i - 1], 0);
  });
  it('shows a minute at least, and begins and ends at whole buckets', () => {
    const now = seconds('2026-11-25T13:00:00Z');
    const axis = axisOf(now - 3, now, 400, false);
    assert.deepEqual([axis.width, axis.count], [1, 60]);
    assert.ok(axis.first <= now - 3 && axis.first + axis.count > now);
    assert.deepEqual(axisOf(now, now + 599, 400, true), { width: 5, first: now / 5, count: 120 });
  });
  it('keeps its start and end while a few lines arrive', () => {
    const from = seconds('2026-11-25T13:00:00Z');
    const axes = Array.from({ length: 240 }, (_, i) => axisOf(from, from + 120 + i, 400, false));
    assert.ok(new Set(axes.map(({ first, count }) => `${first} ${count}`)).size < 50);
    for (const [i, { first, count, width }] of axes.entries()) {
      assert.ok(count <= 400 && first * width <= from && (first + count) * width > from + 120 + i);
      assert.ok((first + count) * width - (from + 120 + i) < 0.1 * (120 + i));
    }
  });
  it('has buckets of days and weeks that begin at midnight and on Monday', () => {
    assert.equal(new Date(clockAt(0)).toUTCString().slice(0, 3), 'Mon');
    const { first } = axisOf(seconds('2026-11-25T13:00:00Z'), seconds('2026-11-26T13:00:00Z'), 2, true);
    assert.equal(iso(clockAt(first * DAY_S)), '2026-11-25T00:00:00Z');
  });
  it('has labels at round times', () => {
    const labels = (from, to, max, now = '2026-11-25T20:00:00Z') => ticksOf(axisOf(seconds(from), seconds(to) - 1, 400, true), max, at(now)).map(({ text }) => text);
    assert.deepEqual(labels('2026-11-25T13:00:03Z', '2026-11-25T13:01:00Z', 6), ['13:00:10', '13:00:20', '13:00:30', '13:00:40', '13:00:50']);
    assert.deepEqual(labels('2026-11-24T21:30:00Z', '2026-11-25T02:00:00Z', 6), ['24 Nov 22:00', '23:00', '25 Nov', '01:00']);
    assert.deepEqual(labels('2025-10-20T00:00:00Z', '2026-11-01T00:00:00Z', 13).slice(0, 4), ['Nov 2025', 'Dec', '2026', 'Feb']);
    assert.deepEqual(labels('2024-10-20T00:00:00Z', '2026-11-01T00:00:00Z', 3), ['2025', '2026']);
  });
});

describe('counts of the timeline', () => {
  const all = { source: () => true, levels: 0, range: null, matches: null, zone: UTC };
  const base = at('2026-11-25T13:00:00Z');
  const countsOf = (store, criteria = {}) => {
    const counts = new TimeCounts(store);
    counts.setCriteria({ ...all, ...criteria });
    while (!counts.advance(() => true));
    return counts;
  };
  const total = (counts, level) => {
    const [from, to] = counts.extent ?? [0, 0];
    return counts.bars(axisOf(from, to, 400, false)).reduce((sum, n, i) => (level === undefined || i % LEVELS.length === level ? sum + n : sum), 0);
  };

  it('are by bucket and level, without control events', () => {
    const counts = countsOf(stored([[base, LEVEL.ERROR], [base + 999, LEVEL.INFO], [base + 5000, LEVEL.ERROR], [base + 1500], [base + 700, 0, 0, KIND.END], [NaN], [9e15]]));
    const first = axisTime(base);
    assert.deepEqual(counts.extent, [first, first + 5]);
    const bars = counts.bars({ width: 1, first, count: 6 });
    assert.deepEqual([...bars.subarray(0, 10)], [0, 0, 1, 0, 1, 1, 0, 0, 0, 0]);
    assert.equal(bars[5 * LEVELS.length + LEVEL.ERROR], 1);
    assert.deepEqual([...counts.bars({ width: 5, first: first / 5, count: 2 })], [1, 0, 1, 0, 1, 0, 0, 0, 0, 1]);
    assert.deepEqual([...counts.bars({ width: 5, first: first / 5 + 1, count: 1 })], [0, 0, 0, 0, 1]);
  });
  it('leave out lines without a time in a source that states times, because they would stretch the axis', () => {
    const arrival = base + 365 * DAY_S * 1000;
    const store = new Store();
    for (const [source, ts] of [[0, arrival], [0, base], [1, arrival], [0, base + 1000]]) store.push({ text: 'x', id: 'e-1', flags: 0, level: 0, source, cells: 1, time: arrival, ts, offset: 0 });
    assert.deepEqual(countsOf(store, { source: (source) => source === 0 }).extent, [axisTime(base), axisTime(base) + 1]);
    assert.equal(total(countsOf(store, { source: (source) => source === 1 })), 1);
    assert.equal(total(countsOf(store)), 3);
  });
  it('follow sources, levels, range and matches', () => {
    const store = stored([[base, LEVEL.ERROR, 0], [base + 1000, LEVEL.ERROR, 1], [base + 2000, LEVEL.INFO, 0], [base + 3000, LEVEL.WARN, 1]]);
    assert.equal(total(countsOf(store)), 4);
    assert.equal(total(countsOf(store, { source: (source) => source === 1 })), 2);
    assert.equal(total(countsOf(store, { levels: 1 << LEVEL.ERROR })), 2);
    assert.equal(total(countsOf(store, { range: [base + 1000, base + 3000] })), 2);
    const view = new View(store, () => 1);
    view.setCriteria({ source: () => true, levels: 0, matcher: { test: () => true, ranges: () => [] }, filter: true, context: 0 });
    assert.equal(total(countsOf(store, { matches: () => view.matches })), 0);
    view.advance(() => false);
    assert.equal(total(countsOf(store, { matches: () => view.matches })), 4);
  });
  it('grow with the lines and shrink with eviction, in every order of times', () => {
    const store = new Store();
    const counts = new TimeCounts(store);
    counts.setCriteria(all);
    let expected = [];
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 1000; i++) {
        const ts = base + ((round * 7919 + i * 104_729) % 4_000_000) * 1000;
        store.push({ text: 'x', id: 'e-1', flags: 0, level: (round + i) % 5, source: 0, cells: 1, time: 1, ts, offset: 0 });
        expected.push([ts, (round + i) % 5]);
      }
      counts.advance(() => false);
      if (store.evict(10_000, Infinity)) expected = expected.slice(-store.size);
    }
    const seconds = expected.map(([ts]) => axisTime(ts));
    assert.deepEqual(counts.extent, [Math.min(...seconds), Math.max(...seconds)]);
    const axis = axisOf(...counts.extent, 400, false);
    const bars = new Uint32Array(axis.count * LEVELS.length);
    for (const [ts, level] of expected) bars[(Math.floor(axisTime(ts) / axis.width) - axis.first) * LEVELS.length + level]++;
    assert.deepEqual(counts.bars(axis), bars);
  });
  it('of matches grow while the view works', () => {
    const store = stored(Array.from({ length: 9000 }, (_, i) => [base + i * 1000, LEVEL.INFO]));
    const view = new View(store, () => 1);
    view.setCriteria({ source: () => true, levels: 0, matcher: { test: () => true, ranges: () => [] }, filter: true, context: 0 });
    const counts = new TimeCounts(store);
    counts.setCriteria({ ...all, matches: () => view.matches });
    while (!view.done) {
      view.advance(() => true);
      counts.advance(() => false);
      assert.equal(total(counts), view.matches.length);
    }
    assert.equal(total(counts), 9000);
  });
  it('stop when the time is up', () => {
    const counts = new TimeCounts(stored(Array.from({ length: 20_000 }, (_, i) => [base + i])));
    counts.setCriteria(all);
    let turns = 1;
    while (!counts.advance(() => true)) turns++;
    assert.ok(turns >= 4, `${turns} turns`);
    assert.equal(total(counts), 20_000);
  });
  it('begin days at midnight of the zone, also when summer time ends', () => {
    const lines = ['2026-10-24T21:59:59Z', '2026-10-24T22:00:00Z', '2026-10-25T22:59:59Z', '2026-10-25T23:00:00Z'];
    const counts = countsOf(stored(lines.map((ts) => [ts])), { zone: BERLIN });
    const bars = counts.bars({ width: DAY_S, first: axisTime(at('2026-10-24T00:00:00Z')) / DAY_S, count: 3 });
    assert.deepEqual([0, 1, 2].map((i) => bars[i * LEVELS.length]), [1, 2, 1]);
  });
  it('of a single error stay visible in a high bar', () => {
    const bars = Uint32Array.from([10, 5, 100_000, 0, 1]);
    assert.deepEqual(partHeights(bars, 0, 40 / 100_016), [2, 0, 40, 2]);
  });
});

describe('search by time', () => {
  const linesOf = (store) => {
    const view = new View(store, () => 1);
    view.advance(() => false);
    return view.rows.lines;
  };
  it('finds the first time at or after, in whatever order lines arrive', () => {
    const store = stored([[500], [100], [300, 0, 0, KIND.GAP], [200], [400], [300], [300, 0, 0, FLAG.CONTINUES]]);
    const lines = linesOf(store);
    assert.deepEqual([0, 150, 201, 300, 401, 501].map((ms) => firstFrom(lines, store, ms)), [1, 3, 5, 5, 0, -1]);
    assert.deepEqual(timesOf(store), [100, 500]);
    assert.equal(timesOf(new Store()), null);
  });
  it('finds only rows', () => {
    const store = stored(Array.from({ length: 10_000 }, (_, i) => [i * 10, i % 100 ? LEVEL.INFO : LEVEL.ERROR]));
    const view = new View(store, () => 1);
    view.setCriteria({ source: () => true, levels: 1 << LEVEL.ERROR, matcher: null, filter: false, context: 0 });
    view.advance(() => false);
    assert.equal(firstFrom(view.rows.lines, store, 50_001), 5100);
    assert.equal(firstFrom(view.rows.lines, store, 99_001), -1);
  });
});

describe('the time at the beginning of a line', () => {
  const dimmed = (text, more = {}) => dimTime([{ text, style: null, symbol: false }], { ts: 1, time: 2, flags: 0, ...more }).filter(({ look }) => look).map((span) => span.text.trim()).join();
  it('is dimmed in the common notations', () => {
    for (const time of ['2026-11-25 19:00:02,000', '2026-11-25T19:00:02.123Z', '2026/11/25 19:00:02', '[2026-11-25 19:00:02 +0100]', 'Nov  5 19:00:02', '[12:00:01.5]', '12:00:01']) assert.equal(dimmed(`${time} INFO x`), time);
    assert.equal(dimTime([{ text: '12:00:01 a', style: null, symbol: false }], { ts: 1, time: 2, flags: 0 }).map(({ text }) => text).join('|'), '12:00:01 |a');
    const access = '10.0.4.17 - - [23/Nov/2026:14:02:24 +0000] "GET / HTTP/1.1" 200 74';
    assert.equal(dimmed(access), '[23/Nov/2026:14:02:24 +0000]');
    assert.equal(dimTime([{ text: access, style: null, symbol: false }], { ts: 1, time: 2, flags: 0 }).map(({ text }) => text).join(''), access);
  });
  it('is not dimmed where it is none, or not in the column', () => {
    for (const text of ['12:00:01abc', 'at 12:00:01', '2026-11-25 is a day', '']) assert.equal(dimmed(text), '');
    assert.equal(dimmed('12:00:01 x', { time: 1 }), '');
    assert.equal(dimmed('12:00:01 x', { flags: FLAG.CONTINUES }), '');
  });
});
