// Realistic lines of several sources, for screenshots.
const ESC = '\x1b';
export function demo(mock) {
  const t0 = Date.now() - 95_000;
  let i = 0;
  const nextTime = () => ({ time: t0 + i++ * 1700 });
  const append = (name, ...lines) => lines.forEach((line) => mock.append(name, [line], nextTime()));
  append('build.log', `${ESC}[1m${ESC}[32m   Compiling${ESC}[0m proc-macro2 v1.0.95`, `${ESC}[1m${ESC}[32m   Compiling${ESC}[0m hyper v1.6.0`, `${ESC}[1m${ESC}[32m   Compiling${ESC}[0m tokio v1.45.1`);
  append('api', '{"level":"info","time":"2026-11-23T14:02:11.201Z","msg":"listening","address":"127.0.0.1:3000","workers":4}');
  append('access.log', '127.0.0.1 - - [23/Nov/2026:14:02:12 +0000] "GET /orders?page=2 HTTP/1.1" 200 5316 "-" "curl/8.5.0"', '127.0.0.1 - - [23/Nov/2026:14:02:13 +0000] "POST /orders HTTP/1.1" 201 412 "-" "okhttp/4.12"');
  append('build.log', `${ESC}[1m${ESC}[32m   Compiling${ESC}[0m ssetail v0.1.0 (/work/ssetail)`, `${ESC}[1m${ESC}[33mwarning${ESC}[0m${ESC}[1m: unused variable: \`offset\`${ESC}[0m`, `${ESC}[1m${ESC}[34m  --> ${ESC}[0msrc/feed/ring.rs:118:9`, `${ESC}[1m${ESC}[34m   |${ESC}[0m`, `${ESC}[1m${ESC}[34m118 |${ESC}[0m     let offset = batch.offset();`, `${ESC}[1m${ESC}[34m   |${ESC}[0m         ${ESC}[1m${ESC}[33m^^^^^^${ESC}[0m ${ESC}[1m${ESC}[33mhelp: if this is intentional, prefix it with an underscore: \`_offset\`${ESC}[0m`);
  mock.control('source', { file: 'access.log', change: 'rotated' });
  append('api', '{"level":"warn","time":"2026-11-23T14:02:19.877Z","msg":"slow query","ms":1240,"table":"orders","plan":{"node":"Seq Scan","rows":18231}}', '{"level":"info","time":"2026-11-23T14:02:20.012Z","msg":"order placed","order":{"id":4711,"items":[{"sku":"A-113","n":2},{"sku":"B-020","n":1}],"total":{"amount":"48.20","currency":"EUR"}},"customer":"c-99120"}');
  append('worker.log', '2026-11-23 14:02:21,114 INFO  [queue] picked up job 88213 (send-receipt)', '2026-11-23 14:02:21,730 DEBUG [smtp] 250 2.0.0 Ok: queued as 4Xk2vT1m', '2026-11-23 14:02:22,008 ERROR [queue] job 88214 failed after 3 attempts: connection refused (os error 111)', 'Traceback (most recent call last):', '  File "/srv/worker/queue.py", line 212, in run', '    self.deliver(job)', 'ConnectionRefusedError: [Errno 111] Connection refused');
  append('access.log', '10.0.4.17 - - [23/Nov/2026:14:02:24 +0000] "GET /orders/4711 HTTP/1.1" 200 1873 "-" "Mozilla/5.0"', '10.0.4.17 - - [23/Nov/2026:14:02:24 +0000] "GET /orders/9999 HTTP/1.1" 404 74 "-" "Mozilla/5.0"', '10.0.4.22 - - [23/Nov/2026:14:02:25 +0000] "GET /report HTTP/1.1" 502 166 "-" "Mozilla/5.0"');
  append('build.log', 'Building [>         ]  1/9\rBuilding [====>     ]  4/9\rBuilding [=========>]  9/9', `${ESC}[1m${ESC}[32m    Finished${ESC}[0m \`release\` profile [optimized] target(s) in 41.72s`, `${ESC}[38;5;208m256 colours${ESC}[0m, ${ESC}[38;2;120;200;255mtrue colour${ESC}[0m, ${ESC}[7minverse${ESC}[0m, ${ESC}[3mitalic${ESC}[0m, ${ESC}[4munderline${ESC}[0m, ${ESC}[9mstruck${ESC}[0m, ${ESC}[2mdim${ESC}[0m, ${ESC}[41m on red ${ESC}[0m, ${ESC}[30;103m on yellow ${ESC}[0m`);
  append('worker.log', '2026-11-23 14:02:31,440 WARN  [queue] backlog is 1,204 jobs, the limit is 1,000', '2026-11-23 14:02:32,001 INFO  [queue] picked up job 88215 (resize-image)', '2026-11-23 14:02:32,450 INFO  [queue] <img src=x onerror="alert(1)"> is only text here');
  mock.append('core.bin', ['\u0000\ufffd\ufffd'], { base64: Buffer.from([0, 0x80, 0xff, 0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0x33, 0xc0]).toString('base64'), ...nextTime() });
  append('api', '{"level":"error","time":"2026-11-23T14:02:35.900Z","msg":"upstream timed out","upstream":"report-1:9000","after_ms":30000}', '{"level":"info","time":"2026-11-23T14:02:36.411Z","msg":"retrying","upstream":"report-2:9000"}');
  append('access.log', '10.0.4.22 - - [23/Nov/2026:14:02:37 +0000] "GET /report HTTP/1.1" 200 88214 "-" "Mozilla/5.0"', '10.0.4.31 - - [23/Nov/2026:14:02:38 +0000] "GET /orders HTTP/1.1" 200 5316 "-" "Mozilla/5.0"');
  mock.source('later.log').state = 'waiting';
}
