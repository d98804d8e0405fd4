//! Compose files and manifests of Kubernetes: their schemas, and the programs in them.

use serde_json::Value;

use super::manifests::{check, check_schema, parsed, texts};
use crate::documents::{blocks, recipe};
use crate::harness::{Events, Running, Ssetail};

const TOKEN: &str = "a-long-secret";

/// Starts ssetail with the arguments of a container, and these paths replaced by the directory of
/// the test, as mounts would do it.
fn started(ssetail: Ssetail, args: &[&str], paths: &[&str]) -> Running {
    let root = ssetail.path("");
    let root = root.to_str().expect("UTF-8");
    let args: Vec<String> = args
        .iter()
        .map(|arg| {
            let path = paths.iter().find(|path| arg.starts_with(**path));
            path.map_or((*arg).to_owned(), |_| format!("{root}{}", arg.trim_start_matches('/')))
        })
        .collect();
    ssetail.env("SSETAIL_TOKEN", TOKEN).args(args).start()
}

/// Checks that the server has this source, for readers with the token and this host.
#[track_caller]
fn serves(ssetail: &Running, host: &str, name: &str) {
    let bearer = format!("Bearer {TOKEN}");
    let answer = ssetail.request("GET", "/sources", &[("host", host), ("authorization", &bearer)]);
    assert!(answer.body.contains(&format!("\"name\":\"{name}\"")), "{}", answer.body);
    assert_eq!(ssetail.request("GET", "/sources", &[("host", host)]).status, 401);
    assert_eq!(ssetail.request("GET", "/healthz", &[]).body, "ok\n");
}

fn compose(section: &str) -> Value {
    let yaml = recipe("docker.md", section, "yaml");
    check_schema("vendor.compose-spec", &yaml);
    parsed(&yaml)["services"]["ssetail"].clone()
}

#[test]
fn the_service_of_compose_follows_logs_of_the_host() {
    let service = compose("Compose");
    let ssetail = Ssetail::new().file("var/log/syslog.log", "x\n");
    let state = ssetail.path("state");
    assert_eq!(service["environment"]["SSETAIL_STATE"], "/state");
    let ssetail = ssetail.env("SSETAIL_STATE", state.to_str().expect("UTF-8"));
    let ssetail = started(ssetail, &texts(&service["command"]), &["/var/log"]);
    for host in ["localhost", "logs.example", "ssetail:8088"] {
        serves(&ssetail, host, "syslog.log");
    }
    assert!(state.is_dir());
}

#[test]
fn the_service_of_compose_follows_the_logs_of_all_containers() {
    let service = compose("The logs of all containers");
    let line = r#"{"log":"hello\n","stream":"stdout","time":"2026-11-25T22:13:55.1Z"}"#;
    let file = "var/lib/docker/containers/0a1b/0a1b-json.log";
    let ssetail = Ssetail::new().file(file, format!("{line}\n"));
    let ssetail = started(ssetail, &texts(&service["command"]), &["/var/lib/docker"]);
    serves(&ssetail, "localhost", "0a1b-json.log");
    let bearer = format!("Bearer {TOKEN}");
    let mut events = Events::open(ssetail.address(), "/sse", &[("authorization", &bearer)]);
    assert_eq!(events.lines(1), ["hello"]);
}

/// Returns the template of the pods of a manifest.
fn pods(section: &str) -> Value {
    let yaml = recipe("kubernetes.md", section, "yaml");
    check("kubernetes-validate", &["--strict"], &yaml);
    parsed(&yaml)["spec"]["template"]["spec"].clone()
}

#[test]
fn the_sidecar_follows_the_logs_of_the_application() {
    let pods = pods("A sidecar");
    let ssetail = Ssetail::new().file("logs/app.log", "x\n");
    let ssetail = started(ssetail, &texts(&pods["initContainers"][0]["args"]), &["/logs"]);
    serves(&ssetail, "10.0.0.1:8088", "app.log");
}

#[test]
fn the_daemon_of_a_node_follows_the_logs_of_its_containers() {
    let pods = pods("One for each node");
    let name = "var/log/containers/app-x_default_app-0a1b.log";
    let line = "2026-11-25T22:13:55.123456789Z stdout F hello\n";
    let ssetail = Ssetail::new().file(name, line);
    let args = texts(&pods["containers"][0]["args"]);
    let ssetail = started(ssetail, &args, &["/var/log", "/var/lib"]);
    serves(&ssetail, "10.0.0.1:8088", "app-x_default_app-0a1b.log");
    let bearer = format!("Bearer {TOKEN}");
    let mut events = Events::open(ssetail.address(), "/sse", &[("authorization", &bearer)]);
    assert_eq!(events.lines(1), ["hello"]);
}

/// A block that no test checks would not be noticed on pages that are marked as a whole.
#[test]
fn every_manifest_is_checked() {
    let count = |page: &str| {
        let blocks = blocks(&format!("docs/recipes/{page}"));
        blocks.iter().filter(|block| block.language != "console").count()
    };
    assert_eq!((count("docker.md"), count("kubernetes.md"), count("ci.md")), (2, 2, 2));
}
