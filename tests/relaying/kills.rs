//! Kills at random moments of a server and of its relay, while lines are written.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Forwarder, STATE, asking_for_gzip, relay_at};
use crate::harness::{Running, Ssetail, write_until};

/// Starts a program again in its directory after a kill.
fn again(before: &mut Running, args: &[&str]) -> Running {
    Ssetail::after(before).args(STATE).args(args).start()
}

#[test]
fn every_line_comes_once_or_is_counted_when_server_and_relay_are_killed_often() {
    kill_often(str::to_owned, "never");
}

#[test]
fn every_line_comes_once_or_is_counted_when_servers_that_compress_are_killed_often() {
    kill_often(asking_for_gzip, "always");
}

/// Kills a server and its relay; relays find them at what `address` makes of a URL, and both have
/// `--compress`.
fn kill_often(address: fn(&str) -> String, compress: &str) {
    let flags = ["--from-start", "--reconnect-delay", "10ms", "--compress", compress];
    let top_args = [&["x.log"][..], &flags].concat();
    let mut top = Ssetail::new().file("x.log", "").args(STATE).args(&top_args).start();
    let to_top = Forwarder::to(&top);
    let relay_arg = format!("a={}", address(&to_top.url()));
    let relay_args = [&[&*relay_arg][..], &flags].concat();
    let mut relay = Ssetail::new().args(STATE).args(&relay_args).start();
    let to_relay = Forwarder::to(&relay);
    let bottom = relay_at(&address(&to_relay.url())).arg("--from-start").start();
    let mut events = bottom.events("/sse?n=all");
    let (directory, stop) = (top.path("x.log"), AtomicBool::new(false));
    let (mut next, mut lost) = (0, 0);
    let mut read = |until: &mut dyn FnMut(usize) -> bool| {
        while !until(next) {
            let event = events.next().expect("an event");
            if event.kind == "ssetail" {
                let gap: serde_json::Value = serde_json::from_str(&event.data).expect("JSON");
                assert_eq!(gap["type"], "gap", "{gap}");
                let count = gap["lost"].as_u64().expect("an exact number") as usize;
                (next, lost) = (next + count, lost + count);
            } else {
                assert_eq!(event.data, format!("line {next}"));
                next += 1;
            }
        }
    };
    let written = std::thread::scope(|scope| {
        let writer = scope.spawn(|| write_until(&directory, &stop));
        let mut random = 7_u64;
        let mut seen = 0;
        for round in 0..12 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            seen += 1 + (random >> 33) as usize % 300;
            read(&mut |next| next >= seen);
            // The kill comes at a random moment; no check depends on it.
            std::thread::sleep(Duration::from_micros((random >> 20) % 20_000));
            if round % 2 == 0 {
                relay = again(&mut relay, &relay_args);
                to_relay.lead_to(&relay);
            } else {
                top = again(&mut top, &top_args);
                to_top.lead_to(&top);
            }
        }
        stop.store(true, Ordering::Relaxed);
        writer.join().expect("written")
    });
    read(&mut |next| next >= written);
    assert_eq!(next, written);
    assert!(lost < written, "most lines come: {lost} of {written} are lost");
}
