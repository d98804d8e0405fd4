use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use hyper::HeaderMap;
use serde_json::Value;

use super::*;
use crate::event::{
    CommandExit, ControlEvent, Cutting, EndReason, Format, GapReason, Name, Presentation,
    SourceChange,
};
use crate::feed::feed;
use crate::follow::Registry;
use crate::http::parameter::PARAMETERS;
use crate::http::route::DOCUMENTS;
use crate::http::{Query, QueryTime, Secret};
use crate::record::Level;
use crate::store::Capacity;

fn site(endpoint: &str) -> Site {
    let encoder = crate::event::Encoder::new(crate::event::Epoch::from_random(0));
    let capacity = Capacity { lines: 1, bytes: 1, index_bytes: 1 };
    let (_, feed) = feed(encoder, capacity, Cutting::default());
    Site::new(feed, Registry::default(), endpoint)
}

fn described(site: &Site) -> Value {
    let request = Request::get("/openapi.json").header("host", "localhost:8088");
    let text = description(site, &request.body(()).expect("a request"));
    assert!(!text.contains("\"@"), "a value is missing in {text}");
    serde_json::from_str(&text).expect("JSON")
}

fn keys(object: &Value) -> BTreeSet<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn texts(array: &Value) -> Vec<&str> {
    array.as_array().expect("an array").iter().map(|text| text.as_str().expect("text")).collect()
}

/// Returns the parameters of the event stream in the query, with their names.
fn parameters(document: &Value) -> Vec<(&str, &Value)> {
    let all = document["components"]["parameters"].as_object().expect("an object");
    let in_query = all.values().filter(|parameter| parameter["in"] == "query");
    in_query.map(|parameter| (parameter["name"].as_str().expect("a name"), parameter)).collect()
}

#[test]
fn every_parameter_is_described() {
    let document = described(&site("/sse"));
    let described = parameters(&document).into_iter().map(|(name, _)| name);
    let scheme = document["components"]["securitySchemes"]["query"]["name"].as_str();
    let described: BTreeSet<&str> = described.chain(scheme).collect();
    assert_eq!(described, PARAMETERS.map(|(name, _)| name).into());
    let all = document["components"]["parameters"].as_object().expect("an object");
    let used = document["paths"]["/sse"]["get"]["parameters"].as_array().expect("an array");
    let used: BTreeSet<&str> =
        used.iter().filter_map(|one| one["$ref"].as_str()?.rsplit('/').next()).collect();
    assert_eq!(used, all.keys().map(String::as_str).collect());
}

/// Returns whether the event stream accepts these values of a parameter.
fn accepts(name: &str, values: &[&str]) -> bool {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(values.iter().map(|value| (name, value)));
    if name == "before" {
        query.append_pair("n", "1");
    }
    let presentation = Presentation::default();
    let time = QueryTime::default();
    Query::parse(&query.finish(), &HeaderMap::new(), presentation, &time).is_ok()
}

#[test]
fn the_limits_and_examples_of_parameters_are_those_of_the_server() {
    let document = described(&site("/sse"));
    for (name, parameter) in parameters(&document) {
        let (schema, example) = (&parameter["schema"], &parameter["example"]);
        let examples = match example {
            Value::Array(_) => texts(example).into_iter().map(str::to_owned).collect(),
            Value::String(text) => vec![text.clone()],
            other => vec![other.to_string()],
        };
        let examples: Vec<&str> = examples.iter().map(String::as_str).collect();
        assert!(accepts(name, &examples), "{name} {examples:?}");
        if let Some(most) = schema["maxItems"].as_u64() {
            let values = vec![examples[0]; most as usize + 1];
            assert!(accepts(name, &values[1..]) && !accepts(name, &values), "{name}");
        }
        if let Some(most) = schema["maximum"].as_u64() {
            assert!(accepts(name, &[&most.to_string()]), "{name}");
            assert!(!accepts(name, &[&(most + 1).to_string()]), "{name}");
        }
        if schema["type"] == "boolean" {
            assert!(accepts(name, &["true"]) && accepts(name, &["false"]), "{name}");
        }
    }
    let parameter = |name: &str| &document["components"]["parameters"][name]["schema"];
    assert_eq!(texts(&parameter("format")["enum"]), Format::NAMES.map(|(name, _)| name));
    let schemas = &document["components"]["schemas"];
    assert_eq!(texts(&schemas["Level"]["enum"]), Level::NAMES.map(|(name, _)| name));
}

#[test]
fn every_path_is_described_where_it_is() {
    let documents = DOCUMENTS.map(|(path, _)| path);
    let with = |more: &[&'static str]| documents.into_iter().chain(more.iter().copied()).collect();
    for (endpoint, paths) in [
        ("/sse", with(&["/", "/sse"])),
        ("/a'b/stream", with(&["/", "/a'b/stream"])),
        ("", with(&["/"])),
        ("/sources", with(&["/"])),
    ] {
        let document = described(&site(endpoint));
        assert_eq!(keys(&document["paths"]), paths, "{endpoint}");
        let path = if endpoint.is_empty() { "/" } else { endpoint };
        assert_eq!(document["paths"][path]["get"]["operationId"], "readLines");
        assert_eq!(document["servers"][0]["url"], "/");
        assert!(keys(&document["paths"]).iter().all(|path| site(endpoint).route(path).is_some()));
    }
    let document = described(&Site { viewer: None, prefix: "/logs".into(), ..site("/sse") });
    assert_eq!(keys(&document["paths"]), with(&["/sse"]));
    assert_eq!(document["servers"][0]["url"], "/logs");
}

#[test]
fn the_credentials_are_those_that_the_site_accepts() {
    let secret = |text: &str| Some(Secret::from(text.to_owned()));
    for (basic, token, schemes, more) in [
        (None, None, vec![], vec![]),
        (secret("me:pass"), None, vec!["basic"], vec![]),
        (None, secret("t"), vec!["bearer", "cookie"], vec!["query"]),
        (secret("me:pass"), secret("t"), vec!["basic", "bearer", "cookie"], vec!["query"]),
    ] {
        let access = Access::new(basic, token).expect("valid secrets");
        let document = described(&Site { access, ..site("/sse") });
        let names = |security: &Value| -> Vec<String> {
            let security = security.as_array().expect("an array").iter();
            security.flat_map(keys).map(str::to_owned).collect()
        };
        assert_eq!(names(&document["security"]), schemes);
        let stream = &document["paths"]["/sse"]["get"]["security"];
        assert_eq!(names(stream), [schemes, more].concat());
        assert_eq!(names(&document["paths"]["/healthz"]["get"]["security"]), [""; 0]);
        let known = &document["components"]["securitySchemes"];
        assert!(names(stream).iter().all(|name| known[name].is_object()));
        assert_eq!(known["cookie"]["name"], "ssetail-8088");
    }
}

#[test]
fn the_defaults_of_parameters_are_those_of_the_site() {
    let default = |document: &Value, name: &str| {
        document["components"]["parameters"][name]["schema"]["default"].clone()
    };
    let document = described(&site("/sse"));
    assert_eq!(default(&document, "format"), "text");
    assert_eq!(default(&document, "unnamed"), false);
    let presentation =
        Presentation { format: Format::Base64, named: false, ..Presentation::default() };
    let document = described(&Site { presentation, ..site("/sse") });
    assert_eq!(default(&document, "format"), "base64");
    assert_eq!(default(&document, "unnamed"), true);
}

#[test]
fn every_control_event_is_described() {
    let document = described(&site("/sse"));
    let schemas = &document["components"]["schemas"];
    let (file, lost) = (&Name::new(OsStr::new("a.log")), Some(1));
    let gaps = [
        GapReason::Evicted,
        GapReason::Slow,
        GapReason::Truncated,
        GapReason::Restart,
        GapReason::Unknown,
    ];
    let changes = [
        SourceChange::Appeared,
        SourceChange::Rotated,
        SourceChange::Truncated,
        SourceChange::Removed,
        SourceChange::Unreadable,
    ];
    let reasons = [EndReason::Complete, EndReason::Time, EndReason::Stop];
    let gap = |reason| ControlEvent::Gap { reason, lost, filtered: true };
    let events = gaps.map(gap).into_iter();
    let events = events.chain(changes.map(|change| ControlEvent::Source { file, change }));
    let events = events.chain(reasons.map(|reason| ControlEvent::EndOfRead { reason }));
    let exits = [CommandExit::Status(1), CommandExit::Signal { name: "SIGINT".into(), number: 2 }];
    let ends = exits.iter().map(|exit| ControlEvent::End { file, exit: Some(exit) });
    let ends = ends.chain([ControlEvent::End { file, exit: None }, ControlEvent::Ping { time: 0 }]);
    let mut described: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut sent: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for event in events.chain(ends) {
        let mut object: Value = serde_json::from_str(&event.to_json()).expect("JSON");
        let kind = object["type"].as_str().expect("a type").to_owned();
        if let ControlEvent::Gap { reason, lost, .. } = event {
            // A gap of another server has the name of that, and no filter.
            let relayed = ControlEvent::RelayedGap { file, reason, lost }.to_json();
            let relayed: Value = serde_json::from_str(&relayed).expect("JSON");
            object["file"] = relayed["file"].clone();
        }
        let reference = &schemas["ControlEvent"]["discriminator"]["mapping"][&kind];
        let pointer = reference.as_str().expect("a reference").trim_start_matches('#');
        let schema = document.pointer(pointer).expect("a schema");
        assert_eq!(schema["properties"]["type"]["const"], kind);
        described.entry(kind.clone()).or_insert_with(|| keys(&schema["properties"]));
        let keys = keys(&object).into_iter().map(str::to_owned);
        sent.entry(kind).or_default().extend(keys);
        for (name, property) in schema["properties"].as_object().expect("an object") {
            if property["enum"].is_array() {
                assert!(texts(&property["enum"]).iter().any(|value| object[name] == *value));
            }
        }
    }
    for (kind, keys) in described {
        assert!(sent[&kind].iter().eq(keys), "{kind}: {:?}", sent[&kind]);
    }
}
