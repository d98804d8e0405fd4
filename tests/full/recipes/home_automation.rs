//! docs/recipes/home-automation.md.

use super::manifests::parsed;
use crate::documents::recipe;
use crate::harness::{Ssetail, output_of};
use crate::systemd::verify;

const OPENHAB: &str = "2026-11-25 22:13:55.123 [INFO ] [org.openhab.core.model] - started
2026-11-25 22:13:56.123 [ERROR] [handler.ScriptActionHandler] - Script execution failed
java.lang.IllegalStateException: no item
\tat org.openhab.Foo.bar(Foo.java:1)
2026-11-25 22:13:57.123 [WARN ] [org.openhab.core.model] - slow
";

const HOME_ASSISTANT: &str = "INFO (MainThread) [homeassistant.core] up
ERROR (MainThread) [homeassistant.components.mqtt] Cannot connect
WARNING (SyncWorker_1) [homeassistant.loader] slow
ERROR (MainThread) [homeassistant.components.mqtt] Cannot connect
";

#[test]
fn the_command_for_openhab_serves_its_logs() {
    let command = recipe("home-automation.md", "openHAB", "sh");
    let args: Vec<&str> = command.split(' ').skip(1).collect();
    assert_eq!(args[2..], ["--bind", "0.0.0.0", "--port", "9001"]);
    let mut ssetail = Ssetail::running(env!("CARGO_BIN_EXE_ssetail"), &[])
        .file("openhab.log", OPENHAB)
        .file("events.log", "2026-11-25 22:13:57.123 [INFO ] [openhab.event] - Lamp is ON\n");
    let directory = ssetail.path("");
    let directory = directory.to_str().expect("UTF-8");
    for arg in args {
        // Only this machine and a free port, because other tests run beside this one.
        let arg = arg.replace("/var/log/openhab/", directory);
        ssetail = ssetail.arg(arg.replace("0.0.0.0", "127.0.0.1").replace("9001", "0"));
    }
    let ssetail = ssetail.start();
    let plain = [("accept", "text/plain")];
    let errors = ssetail.request("GET", "/sse?level=error&entries&follow=0", &plain).body;
    let lines: Vec<&str> = OPENHAB.lines().collect();
    assert_eq!(errors.trim_end().lines().collect::<Vec<_>>(), lines[1..4]);
    assert!(ssetail.get("/sources").body.contains("\"events.log\""));
}

#[test]
fn systemd_accepts_the_service_for_openhab() {
    let unit = recipe("home-automation.md", "openHAB", "ini");
    verify(&[("openhab-log.service", &unit)]);
}

#[test]
fn the_sensor_of_home_assistant_counts_errors() {
    let sensor = &parsed(&recipe("home-automation.md", "Home Assistant", "yaml"))["rest"][0];
    let text = |name: &str| sensor[name].as_str().expect("a text").to_owned();
    let now = output_of("date", &["+%F %T.123"]);
    let log: String =
        HOME_ASSISTANT.lines().map(|line| format!("{} {line}\n", now.trim_end())).collect();
    let ssetail = Ssetail::new().file("home-assistant.log", log).arg("home-assistant.log");
    let ssetail = ssetail.env("SSETAIL_TOKEN", "a-long-secret").start();
    let resource = text("resource");
    let path = resource.strip_prefix("http://127.0.0.1:8088").expect("the address");
    let headers = &sensor["headers"];
    let header = |name: &str| headers[name].as_str().expect("a text");
    let headers = [("accept", header("Accept")), ("authorization", header("Authorization"))];
    let answer = ssetail.request("GET", path, &headers);
    assert_eq!(answer.body.lines().count(), 2, "{}", answer.body);
}
