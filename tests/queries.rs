//! Query parameters: other names, misspelled ones, and repeated ones (docs/PROTOCOL.md).

use crate::harness::client::{Connection, Events};
use crate::harness::{Running, Ssetail};

fn lines(content: &str) -> Running {
    Ssetail::new().file("a.log", content).arg("a.log").start()
}

#[test]
fn a_client_resumes_with_each_name_of_the_last_event_id() {
    let ssetail = lines("1\n2\n3\n4\n");
    let ids: Vec<String> = ssetail.events("/sse").take(4).into_iter().map(|e| e.id).collect();
    for name in ["last_event_id", "lastEventId", "last-event-id"] {
        let mut events = ssetail.events(&format!("/sse?{name}={}", ids[1]));
        assert_eq!(events.data(2), ["3", "4"], "{name}");
        // A browser that reconnects repeats the query of its first request.
        let mut events = ssetail.events_after(&format!("/sse?{name}={}", ids[0]), &ids[2]);
        assert_eq!(events.data(1), ["4"], "{name}");
    }
}

#[test]
fn a_misspelled_parameter_is_refused_with_its_name_and_others_are_ignored() {
    let ssetail = lines("x\n");
    for (query, meant) in [
        ("fil=a.log", "write file, as file=*.log"),
        ("greep=x", "write grep, as grep=error|warn"),
        ("lastEventID=k3f9q2-1", "write last_event_id, as last_event_id="),
        ("n=1&FORMAT=json", "write format, as format=json"),
        ("folow=0", "write follow, as follow=0"),
        ("n=1&Before=k3f9q2-1", "write before, as before=k3f9q2-1a&n=100"),
    ] {
        for method in ["GET", "HEAD"] {
            let answer = ssetail.request(method, &format!("/sse?{query}"), &[]);
            assert_eq!(answer.status, 400, "{method} {query}");
            assert!(method == "HEAD" || answer.body.contains(meant), "{}", answer.body);
        }
    }
    let mut events = ssetail.events("/sse?_=1700000000000&t=1&nocache=1&utm_source=x&%00=%FF");
    assert_eq!(events.data(1), ["x"]);
}

#[test]
fn a_line_has_to_satisfy_every_expression() {
    let ssetail = lines("error disk\nerror net\nwarn disk\n!x\nend\n");
    let data = |query: &str, count| ssetail.events(&format!("/sse?{query}")).data(count);
    assert_eq!(data("grep=error|end&grep=disk|end", 2), ["error disk", "end"]);
    assert_eq!(data("grep=!error", 3), ["warn disk", "!x", "end"]);
    assert_eq!(data("grep=%21error&grep=!warn&grep=.", 2), ["!x", "end"]);
    assert_eq!(data("grep=%5C!x|end", 2), ["!x", "end"]);
    ssetail.append("a.log", "error cpu\nerror disk 2\n");
    assert_eq!(data("grep=error&grep=!disk", 2), ["error net", "error cpu"]);
}

#[test]
fn ndjson_has_two_names() {
    let ssetail = lines("x\n");
    for name in ["application/x-ndjson", "application/jsonl"] {
        let mut connection =
            Connection::open(ssetail.address(), "GET", "/sse", &[("accept", name)]);
        let kind = connection.headers.iter().find(|(key, _)| key == "content-type");
        assert_eq!(kind.map(|(_, value)| &**value), Some(name));
        let body = connection.read().expect("a line");
        assert!(body.starts_with(b"{\"file\":\"a.log\",\"message\":\"x\""), "{body:?}");
        let head = ssetail.request("HEAD", "/sse", &[("accept", name)]);
        assert_eq!(head.header("content-type"), Some(name));
    }
}

#[test]
fn a_client_can_ask_for_a_clean_end() {
    let mut ssetail = lines("x\n");
    let open = |path: &str| Events::open(ssetail.address(), path, &[]);
    let (mut clean, mut aborted) = (open("/sse?clean_end"), open("/sse"));
    assert_eq!((clean.data(1), aborted.data(1)), (vec!["x".to_owned()], vec!["x".to_owned()]));
    ssetail.stop();
    assert!(clean.next().is_none() && aborted.next().is_none());
    assert_eq!((clean.connection.ended, aborted.connection.ended), (true, false));
}

#[test]
fn reconnection_times_differ_from_client_to_client() {
    let ssetail = lines("x\n");
    let times: std::collections::BTreeSet<u64> = (0..20)
        .map(|_| {
            let mut events = ssetail.events("/sse");
            events.data(1);
            events.parser.retry.expect("a time")
        })
        .collect();
    assert!(times.len() > 2 && times.iter().all(|time| (1500..=2500).contains(time)), "{times:?}");
}
