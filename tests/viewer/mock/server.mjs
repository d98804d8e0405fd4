// Mock of the ssetail binary for the viewer: serves the files of src/viewer and the subset of
// docs/PROTOCOL.md that the viewer uses.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';

const ROOT = new URL('../../../src/viewer/', import.meta.url);
const TYPES = { html: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', svg: 'image/svg+xml' };
export const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Answers with the file of the page at `path`. */
export async function asset(path, response) {
  const name = path === '/' ? 'index.html' : /^\/viewer\/([\w.-]+)$/.exec(path)?.[1];
  try {
    const body = await readFile(new URL(name ?? '', ROOT));
    response.writeHead(200, { 'content-type': TYPES[name.split('.').pop()] ?? 'text/plain', 'content-security-policy': CSP, 'x-content-type-options': 'nosniff' }).end(body);
  } catch {
    response.writeHead(404).end('not found');
  }
}

export class Mock {
  constructor({ heartbeat = 15_000, ring = 200_000 } = {}) {
    this.heartbeat = heartbeat;
    this.capacity = ring;
    this.sources = new Map();
    this.clients = new Set();
    this.opened = 0;
    this.failWith = 0;
    this.failHeaders = {};
    /** True while requests get no response, and streams no byte. */
    this.isSilent = false;
    /** Value of `Authorization` that requests need, or ''. */
    this.credentials = '';
    this.finished = false;
    this.startRun();
  }

  /** Starts a new run: new epoch, empty ring. */
  startRun() {
    this.epoch = randomBytes(3).toString('hex');
    this.seq = 0;
    this.events = [];
    /** Events that only reads that end still get. */
    this.evicted = [];
  }

  async listen(port = 0) {
    this.http = createServer((request, response) => void this.answer(request, response));
    await new Promise((done) => this.http.listen(port, '127.0.0.1', done));
    this.port = this.http.address().port;
    this.url = `http://127.0.0.1:${this.port}/`;
    this.timer = setInterval(() => this.ping(), this.heartbeat);
    return this;
  }

  async close() {
    clearInterval(this.timer);
    for (const client of this.clients) client.response.destroy();
    this.clients.clear();
    this.http.closeAllConnections();
    await new Promise((done) => this.http.close(done));
  }

  source(name) {
    if (!this.sources.has(name)) this.sources.set(name, { name, path: `/var/log/${name}`, state: 'live', size: 0, offset: 0, lines: 0, last_change: null });
    return this.sources.get(name);
  }

  /** Appends lines to a source. */
  append(name, lines, extra = {}) {
    const source = this.source(name);
    const time = extra.time ?? Date.now();
    source.last_change = time;
    this.publish(lines.map((line) => {
      const level = /\b(ERROR|WARN|INFO|DEBUG)\b/.exec(line)?.[1].toLowerCase();
      const data = { file: name, message: line, time, offset: source.size, level, ...extra };
      source.size = source.offset = source.size + Buffer.byteLength(line) + 1;
      source.lines++;
      return { data: JSON.stringify(data), file: name, line, time };
    }));
  }

  control(type, fields = {}) {
    if (type === 'source') this.source(fields.file).state = { appeared: 'live' }[fields.change] ?? fields.change;
    if (type === 'end') this.source(fields.file).state = 'ended';
    this.publish([{ name: 'ssetail', data: JSON.stringify({ type, ...fields }) }]);
  }

  /** Sends a gap to all clients. */
  gap(reason, lost) {
    for (const client of this.clients) client.response.write(encode({ name: 'ssetail', data: JSON.stringify({ type: 'gap', reason, lost }), id: `${this.epoch}-${this.seq}` }));
  }

  publish(events) {
    for (const event of events) event.id = `${this.epoch}-${++this.seq}`;
    this.events.push(...events);
    if (this.events.length > this.capacity) this.evicted.push(...this.events.splice(0, this.events.length - this.capacity));
    if (this.isSilent) return;
    for (const client of this.clients) {
      const text = events.filter((event) => client.accepts(event)).map(encode).join('');
      if (text) client.response.write(text);
    }
  }

  ping() {
    if (this.isSilent) return;
    for (const { response } of this.clients) response.write(encode({ name: 'ssetail', data: `{"type":"ping","time":${Date.now()}}`, id: `${this.epoch}-${this.seq}` }));
  }

  async answer(request, response) {
    const url = new URL(request.url, this.url);
    if (this.isSilent) return;
    if (this.failWith) return void response.writeHead(this.failWith, this.failHeaders).end();
    if (this.credentials && request.headers.authorization !== this.credentials) return void response.writeHead(401, { 'www-authenticate': 'Basic realm="ssetail"' }).end();
    if (url.pathname === '/healthz') return void response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
    if (url.pathname === '/sse') return this.stream(request, response, url.searchParams);
    if (url.pathname === '/sources') return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify([...this.sources.values()]));
    if (url.pathname === '/manifest.webmanifest') return void response.writeHead(200, { 'content-type': 'application/manifest+json' }).end('{"name":"ssetail mock","start_url":"./","display":"standalone"}');
    return asset(url.pathname, response);
  }

  stream(request, response, query) {
    const bad = this.badQuery(query);
    if (bad) return void response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' }).end(bad);
    if (request.headers.accept === 'application/x-ndjson') return this.read(response, query);
    const last = request.headers['last-event-id'] || query.get('last_event_id') || '';
    const [epoch, seq] = last.split('-');
    if (this.finished && epoch === this.epoch && Number(seq) === this.seq) return void response.writeHead(204).end();
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    const grep = query.get('grep');
    const pattern = grep ? new RegExp(grep) : null;
    const client = { response, accepts: (event) => !pattern || event.name || pattern.test(event.line) };
    this.opened++;
    this.clients.add(client);
    request.on('close', () => this.clients.delete(client));
    response.write(':\nretry: 300\n' + this.replay(last, epoch, Number(seq), query.get('n')).filter(client.accepts).map(encode).join(''));
  }

  /** Returns the sentence for a query with a bad value, or ''. */
  badQuery(query) {
    try {
      RegExp(query.get('grep') ?? '');
    } catch {
      return 'grep takes a regular expression of moderate size, as grep=error|warn\n';
    }
    if (!query.has('before')) return '';
    const [epoch, seq] = query.get('before').split('-');
    return epoch === this.epoch && Number(seq) <= this.seq ? '' : 'before takes the id of an event of this run of the server, as before=k3f9q2-1a\n';
  }

  /** Responds with NDJSON to a read that ends. The history goes back to the first event, and only streams are limited to the ring. */
  read(response, query) {
    const seqOf = (name) => Number(query.get(name)?.split('-')[1] ?? NaN);
    const to = query.has('before') ? seqOf('before') - 1 : this.seq;
    const from = query.has('last_event_id') ? seqOf('last_event_id') : 0;
    const [pattern, since, files] = [new RegExp(query.get('grep') ?? ''), query.has('since') ? Date.parse(query.get('since')) : 0, query.getAll('file')];
    const isWanted = (event) => {
      const file = event.file ?? JSON.parse(event.data).file;
      if (files.length && !files.includes(file)) return false;
      return event.name || (pattern.test(event.line) && (since === 0 || (JSON.parse(event.data).ts ?? event.time) >= since));
    };
    const selected = [...this.evicted, ...this.events].slice(from, to).filter(isWanted);
    const objects = this.newest(selected, query).map(({ data, id }) => ({ ...JSON.parse(data), id }));
    objects.push({ type: 'end_of_read', reason: 'complete', id: `${this.epoch}-${to}` });
    response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(objects.map((each) => `${JSON.stringify(each)}\n`).join(''));
  }

  /** Returns the newest `n` lines of each source, and control events between them. */
  newest(events, query) {
    const n = query.get('n') ?? 'all';
    if (n === 'all' || query.has('last_event_id')) return events;
    const counts = new Map();
    const isNew = ({ name, file }) => name || (counts.set(file, (counts.get(file) ?? 0) + 1), counts.get(file) <= Number(n));
    const kept = new Set(events.toReversed().filter(isNew));
    const first = events.findIndex((event) => kept.has(event) && !event.name);
    return first < 0 ? [] : events.filter((event, i) => i >= first && kept.has(event));
  }

  replay(last, epoch, seq, n) {
    if (!last) return n === '0' ? [] : this.events;
    const gap = (reason, lost) => ({ name: 'ssetail', data: JSON.stringify({ type: 'gap', reason, lost }), id: `${this.epoch}-0` });
    if (epoch !== this.epoch) return [gap('restart', null), ...this.events];
    const oldest = this.events.length ? this.seq - this.events.length + 1 : this.seq + 1;
    const lost = Math.max(0, oldest - seq - 1);
    return [...(lost ? [gap('evicted', lost)] : []), ...this.events.slice(Math.max(0, seq + 1 - oldest))];
  }
}

function encode({ name, data, id }) {
  return `${name ? `event: ${name}\n` : ''}data: ${data}\nid: ${id}\n\n`;
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const mock = await new Mock().listen(Number(process.argv[2] ?? 8099));
  const { demo } = await import('./demo.mjs');
  demo(mock);
  console.log(mock.url);
}
