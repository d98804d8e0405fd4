//! Following files when a limit of inotify is reached.

use crate::harness::Ssetail;

/// Returns a shell script that lowers a limit of its user namespace.
fn with_limit(limit: &str) -> String {
    format!("echo {limit}; exec {} a.log --port 0", env!("CARGO_BIN_EXE_ssetail"))
}

#[test]
fn without_notifications_the_program_says_so_once_and_polls() {
    for (limit, sysctl) in [
        ("0 > /proc/sys/user/max_inotify_instances", "fs.inotify.max_user_instances"),
        ("1 > /proc/sys/user/max_inotify_watches", "fs.inotify.max_user_watches"),
    ] {
        let ssetail = Ssetail::running("unshare", &["-Ur", "sh", "-c", &with_limit(limit)]);
        let mut ssetail = ssetail.file("a.log", "").start();
        ssetail.wait_for(sysctl);
        let mut events = ssetail.events("/sse");
        for n in 0..5 {
            ssetail.append("a.log", format!("line {n}\n"));
            assert_eq!(events.data(1), [format!("line {n}")]);
        }
        assert_eq!(ssetail.stderr.matches("sysctl").count(), 1);
    }
}
