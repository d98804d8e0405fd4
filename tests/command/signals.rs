//! Signals go to the command first.

use super::{running, wait_until_ended};
use crate::harness::{Signal, eventually};

#[test]
fn the_first_interrupt_is_for_the_command_and_the_second_ends_the_program() {
    let script = "trap 'echo interrupted' INT; echo ready; while :; do sleep 0.05; done";
    let mut ssetail = running(&[], script).start();
    let mut events = ssetail.events("/sse?n=all");
    assert_eq!(events.data(1), ["ready"]);
    ssetail.signal(Signal::INT);
    assert_eq!(events.data(1), ["interrupted"]);
    ssetail.signal(Signal::INT);
    assert_eq!(ssetail.wait().code(), Some(130));
    assert!(events.rest().is_empty() && !events.connection.ended);
}

#[test]
fn an_interrupted_command_is_served_until_the_second_interrupt() {
    let mut ssetail = running(&[], "echo ready; exec sleep 1000").start();
    let mut events = ssetail.events("/sse?n=all");
    assert_eq!(events.data(1), ["ready"]);
    ssetail.signal(Signal::INT);
    assert_eq!(events.data(1), [r#"{"type":"end","file":"bash","signal":"SIGINT"}"#]);
    ssetail.wait_for("bash was ended by SIGINT; its output is served until Ctrl-C");
    wait_until_ended(&ssetail);
    assert_eq!(ssetail.events("/sse?n=all").data(1), ["ready"]);
    ssetail.signal(Signal::INT);
    assert_eq!(ssetail.wait().code(), Some(130));
}

#[test]
fn termination_ends_the_command_and_then_the_program() {
    for signal in [Signal::TERM, Signal::HUP] {
        let script = "trap 'echo cleaned up; exit 7' TERM HUP; echo ready
            while :; do sleep 0.05; done";
        let mut ssetail = running(&[], script).start();
        let mut events = ssetail.events("/sse?n=all");
        assert_eq!(events.data(1), ["ready"]);
        ssetail.signal(signal);
        // Bash may tell before that the signal has ended a process that it waits for.
        let rest: Vec<String> = events.rest().into_iter().map(|event| event.data).collect();
        let end = r#"{"type":"end","file":"bash","status":7}"#;
        assert!(rest.ends_with(&["cleaned up".to_owned(), end.to_owned()]), "{rest:?}");
        assert_eq!(ssetail.wait().code(), Some(7));
        assert!(!events.connection.ended, "the body is aborted, so that clients reconnect");
    }
}

#[test]
fn a_signal_reaches_all_processes_of_the_command() {
    let script = "trap 'wait; exit 9' TERM; bash -c 'trap \"echo inner; exit\" TERM; echo ready
        while :; do sleep 0.05; done' & wait";
    let mut ssetail = running(&["--exit-on-eof"], script).start();
    let mut events = ssetail.events("/sse?n=all");
    assert_eq!(events.data(1), ["ready"]);
    ssetail.signal(Signal::TERM);
    assert!(events.rest().iter().any(|event| event.data == "inner"));
    assert_eq!(ssetail.wait().code(), Some(9));
}

#[test]
fn the_command_is_hung_up_when_the_program_is_killed() {
    let script = "trap 'echo gone >gone; exit' HUP; echo ready; while :; do sleep 0.05; done";
    let mut ssetail = running(&[], script).start();
    assert_eq!(ssetail.events("/sse?n=all").data(1), ["ready"]);
    ssetail.kill();
    eventually("the command is told", || ssetail.path("gone").exists());
}

#[test]
fn an_unread_standard_output_does_not_delay_the_end() {
    let mut ssetail = running(&[], "exec yes").with_full_stdout().start();
    assert!(ssetail.events("/sse?n=all").next().is_some());
    ssetail.signal(Signal::TERM);
    assert_eq!(ssetail.wait().code(), Some(143));
}
