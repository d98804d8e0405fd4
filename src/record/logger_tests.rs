//! Lines of loggers, with the time and the level that they state.

use super::{Level, LineState, Recognizer, clock_near};

/// The time of the lines, 2026-11-25T19:00:01Z, in milliseconds since 1970.
const TIME: i64 = 1_795_633_201_000;

/// Logger, line, level, and time as milliseconds after [`TIME`].
type Row = (&'static str, &'static str, Option<Level>, Option<i64>);

const INFO: Option<Level> = Some(Level::Info);
const WARN: Option<Level> = Some(Level::Warn);
const ERROR: Option<Level> = Some(Level::Error);

#[rustfmt::skip]
const LOGGERS: [Row; 62] = [
    ("nginx access", r#"203.0.113.7 - - [25/Nov/2026:19:00:01 +0000] "GET /a?q=ERROR HTTP/1.1" 200 612 "-" "curl/8.5.0""#, INFO, Some(0)),
    ("nginx access", r#"203.0.113.7 - bob [25/Nov/2026:20:00:01 +0100] "POST /api HTTP/2.0" 502 157 "https://x/" "Mozilla/5.0 (X11)""#, ERROR, Some(0)),
    ("apache access", r#"www.example.com:443 2001:db8::1 - - [25/Nov/2026:19:00:01 +0000] "GET /x\"y HTTP/1.1" 404 196 "-" "-""#, WARN, Some(0)),
    ("http.server", r#"127.0.0.1 - - [25/Nov/2026 19:00:01] "GET / HTTP/1.1" 200 -"#, INFO, Some(0)),
    ("nginx error", "2026/11/25 19:00:01 [error] 123#0: *5 connect() failed (111: Connection refused)", ERROR, Some(0)),
    ("nginx error", "2026/11/25 19:00:01 [notice] 1#1: start worker processes", Some(Level::Notice), Some(0)),
    ("apache error", "[Wed Nov 25 19:00:01.123456 2026] [core:error] [pid 42:tid 1] AH00037: Symbolic link not allowed", ERROR, Some(123)),
    ("apache error", "[Wed Nov 25 19:00:01.123456 2026] [mpm_event:notice] [pid 42] AH00489: configured", Some(Level::Notice), Some(123)),
    ("caddy", r#"{"level":"info","ts":1795633201.123,"logger":"http.log.access","msg":"handled request","request":{"uri":"/","level":"x"},"status":200}"#, INFO, Some(123)),
    ("syslog", "Nov 25 19:00:01 web1 sshd[812]: error: kex_exchange_identification: reset", ERROR, Some(0)),
    ("syslog", "Nov 25 19:00:01 web1 systemd[1]: Started nginx.service.", None, Some(0)),
    ("syslog", "Nov 25 19:00:01 web1 systemd[1]: nginx.service: Failed with result 'exit-code'.", ERROR, Some(0)),
    ("syslog", "Nov 25 19:00:01 web1 systemd[1]: nginx.service: Main process exited, code=exited, status=1/FAILURE", ERROR, Some(0)),
    ("syslog", "Nov 25 19:00:01 web1 systemd[1]: Failed to start nginx.service.", ERROR, Some(0)),
    ("syslog", "Nov 25 19:00:01 web1 kernel: Out of memory: Killed process 812 (java)", ERROR, Some(0)),
    ("rfc 3164", "<11>Nov 25 19:00:01 web1 app[812]: refused", ERROR, Some(0)),
    ("rfc 5424", "<165>1 2026-11-25T19:00:01.003Z web1 app 812 ID47 - ERROR is in the text", Some(Level::Notice), Some(3)),
    ("journald", r#"{"__REALTIME_TIMESTAMP":"1795633201123456","PRIORITY":"3","MESSAGE":"refused","_PID":"812"}"#, ERROR, Some(123)),
    ("klog", "E1125 19:00:01.123456       1 reflector.go:150] Failed to watch: INFO", ERROR, Some(123)),
    ("klog", "I1125 19:00:01.123456  1234 main.go:10] started", INFO, Some(123)),
    ("zerolog", r#"{"level":"error","error":"refused","time":"2026-11-25T19:00:01Z","message":"connect"}"#, ERROR, Some(0)),
    ("zerolog console", "2026-11-25T19:00:01Z ERR connect failed error=\"refused\"", ERROR, Some(0)),
    ("zerolog console", "\u{1b}[90m2026-11-25T19:00:01Z\u{1b}[0m \u{1b}[33mWRN\u{1b}[0m slow", WARN, Some(0)),
    ("pino", r#"{"level":50,"time":1795633201123,"pid":42,"hostname":"web1","msg":"refused"}"#, ERROR, Some(123)),
    ("bunyan", r#"{"name":"shop","hostname":"web1","pid":42,"level":30,"msg":"up","time":"2026-11-25T19:00:01.123Z","v":0}"#, INFO, Some(123)),
    ("slog text", "time=2026-11-25T19:00:01.123Z level=ERROR msg=\"level=INFO\" err=refused", ERROR, Some(123)),
    ("slog json", r#"{"time":"2026-11-25T19:00:01.123456789Z","level":"WARN","msg":"slow"}"#, WARN, Some(123)),
    ("logrus", "time=\"2026-11-25T19:00:01Z\" level=warning msg=slow", WARN, Some(0)),
    ("prometheus", "ts=2026-11-25T19:00:01.123Z caller=main.go:123 level=info msg=\"Server is ready\"", INFO, Some(123)),
    ("zap console", "2026-11-25T19:00:01.123Z\terror\tshop/main.go:12\trefused", ERROR, Some(123)),
    ("serilog json", r#"{"@t":"2026-11-25T19:00:01.1230000Z","@mt":"Started {Name}","Name":"shop"}"#, INFO, Some(123)),
    ("serilog json", r#"{"@t":"2026-11-25T19:00:01.1230000Z","@m":"x","@l":"Error"}"#, ERROR, Some(123)),
    ("serilog console", "[2026-11-25 19:00:01 ERR] refused", ERROR, Some(0)),
    ("logback", "2026-11-25 19:00:01,123 [http-nio-8080-exec-1] ERROR com.acme.Shop - refused", ERROR, Some(123)),
    ("logback", "2026-11-25 19:00:01.123 [the worker of the pool] WARN  com.acme.Shop - slow", WARN, Some(123)),
    ("spring boot", "2026-11-25T19:00:01.123Z  INFO 42 --- [           main] com.acme.Shop : Started", INFO, Some(123)),
    ("log4j", "2026-11-25 19:00:01,123 FATAL [main] com.acme.Shop: refused", Some(Level::Fatal), Some(123)),
    ("log4j", "ERROR 2026-11-25 19:00:01,123 [main] com.acme.Shop - refused", ERROR, Some(123)),
    ("python", "WARNING:root:slow", WARN, None),
    ("python", "2026-11-25 19:00:01,123 - shop.db - CRITICAL - refused", Some(Level::Fatal), Some(123)),
    ("python", "2026-11-25 19:00:01,123 INFO shop.db ERROR is in the text", INFO, Some(123)),
    ("loguru", "2026-11-25 19:00:01.123 | SUCCESS  | shop:main:3 - done", None, Some(123)),
    ("loguru", "2026-11-25 19:00:01.123 | ERROR    | shop:main:3 - refused", ERROR, Some(123)),
    ("celery", "[2026-11-25 19:00:01,123: INFO/MainProcess] celery@web1 ready.", INFO, Some(123)),
    ("gunicorn", "[2026-11-25 19:00:01 +0000] [42] [ERROR] Worker failed to boot.", ERROR, Some(0)),
    ("uvicorn", r#"INFO:     127.0.0.1:54321 - "GET / HTTP/1.1" 500 Internal Server Error"#, INFO, None),
    ("rails", "E, [2026-11-25T19:00:01.123456 #42] ERROR -- : refused", ERROR, Some(123)),
    ("laravel", "[2026-11-25 19:00:01] production.ERROR: refused {\"exception\":\"[object] (RuntimeException(code: 0)", ERROR, Some(0)),
    ("monolog", "[2026-11-25T19:00:01.123456+00:00] app.CRITICAL: refused [] []", Some(Level::Fatal), Some(123)),
    ("go", "2026/11/25 19:00:01 listening on :8080", None, Some(0)),
    ("go", "2026/11/25 19:00:01 http: panic serving 127.0.0.1:5: boom", ERROR, Some(0)),
    ("env_logger", "[2026-11-25T19:00:01Z ERROR shop::db] refused", ERROR, Some(0)),
    ("tracing", "2026-11-25T19:00:01.123456Z ERROR shop::db: refused", ERROR, Some(123)),
    ("tracing", "2026-11-25T19:00:01.123456Z  WARN request{id=1}: shop::db: slow", WARN, Some(123)),
    ("tracing json", r#"{"timestamp":"2026-11-25T19:00:01.123456Z","level":"DEBUG","fields":{"message":"x"},"target":"shop"}"#, Some(Level::Debug), Some(123)),
    ("winston", "2026-11-25T19:00:01.123Z error: refused", ERROR, Some(123)),
    ("postgresql", "2026-11-25 19:00:01.123 UTC [42] ERROR:  relation \"x\" does not exist", ERROR, Some(123)),
    ("postgresql", "2026-11-25 19:00:01.123 UTC [42] LOG:  database system is ready", INFO, Some(123)),
    ("mysql", "2026-11-25T19:00:01.123456Z 0 [Warning] [MY-010068] [Server] CA certificate is self signed.", WARN, Some(123)),
    ("mongodb", r#"{"t":{"$date":"2026-11-25T19:00:01.123+00:00"},"s":"E","c":"NETWORK","id":1,"msg":"refused"}"#, ERROR, Some(123)),
    ("elastic", r#"{"@timestamp":"2026-11-25T19:00:01.123Z","log.level":"error","message":"refused"}"#, ERROR, Some(123)),
    ("docker compose", "web-1  | 2026-11-25T19:00:01.123Z ERROR refused", ERROR, Some(123)),
];

fn recognizer() -> Recognizer {
    Recognizer::new(clock_near(TIME))
}

#[test]
fn levels_of_loggers() {
    for (logger, line, level, _) in LOGGERS {
        let record = recognizer().recognize(line.as_bytes(), &mut LineState::default());
        assert_eq!(record.level, level, "{logger}: {line}");
        // Nothing that is behind an error belongs to it.
        let mut state = LineState::default();
        let mut recognizer = recognizer();
        recognizer.recognize(b"ERROR refused", &mut state);
        let record = recognizer.recognize(line.as_bytes(), &mut state);
        assert_eq!((record.level, record.continues), (level, false), "{logger}: {line}");
    }
}

#[test]
fn times_of_loggers() {
    for (logger, line, _, time) in LOGGERS {
        let record = recognizer().recognize(line.as_bytes(), &mut LineState::default());
        assert_eq!(record.time.map(|time| time - TIME), time, "{logger}: {line}");
        assert_eq!(recognizer().is_anchor(line.as_bytes()), time.is_some(), "{logger}: {line}");
    }
}
