//! nginx as a reverse proxy.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::harness::{eventually, write};
use crate::proxy::{Proxy, Target};

/// A running nginx; killed when dropped.
pub struct Nginx {
    /// A free port that leads to nginx, which cannot take one itself.
    pub proxy: Proxy,
    child: Child,
    _directory: TempDir,
}

impl Nginx {
    /// Starts nginx, which passes `/logs/` to `address` with these further settings.
    pub fn start(address: &str, settings: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        let socket: PathBuf = path.join("socket");
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {kind};\n"))
            .concat();
        let config = format!(
            "daemon off; master_process off; pid pid;\nevents {{}}\nhttp {{\n{temporary}\
             access_log off; error_log stderr crit;\nserver {{\nlisten unix:{};\n\
             location /logs/ {{ proxy_pass http://{address};\n{settings} }}\n\
             location @away {{ return 444; }}\n}}\n}}\n",
            socket.display(),
        );
        let file = path.join("nginx.conf");
        write(&file, config);
        let child = Command::new("nginx")
            .args(["-e", "stderr", "-p"])
            .arg(path)
            .arg("-c")
            .arg(file)
            .stdout(Stdio::null())
            .spawn()
            .expect("nginx starts; tests/run installs it");
        eventually("nginx listens", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
        Nginx { proxy: Proxy::to(Target::Socket(socket)), child, _directory: directory }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
