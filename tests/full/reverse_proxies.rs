//! Reverse proxies, each started with the lines of its recipe.

mod config;

use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::certificate::certify;
use crate::documents::recipe;
use crate::harness::{client, eventually, write};

pub use self::config::Settings;

/// The first of the ports that proxies listen on, which needs no privileges.
const FIRST_PORT: u16 = 8000;

/// The packages that `tests/run` installs.
pub const NODE_MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/node_modules");

/// The program in the Python package of this name, which `tests/run` installs.
const TRAEFIK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/.venv/bin/traefik");

/// A program that passes requests to ssetail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    Nginx,
    Apache,
    Caddy,
    Haproxy,
    Traefik,
    Lighttpd,
    /// The npm package express, with http-proxy-middleware.
    Express,
    /// The development server of Next.
    Next,
    /// The npm package http-proxy, which web frameworks use.
    HttpProxy,
    /// The development server of Vite.
    Vite,
    Varnish,
    Squid,
    Nghttpx,
}

/// A running proxy; killed when dropped.
pub struct ReverseProxy {
    /// A loopback address that no other test has.
    pub ip: String,
    pub port: u16,
    child: Child,
    _directory: TempDir,
}

impl ReverseProxy {
    /// Starts a proxy with these lines in its configuration, which leads to ssetail at this port
    /// instead of 8088; only nginx encrypts.
    pub fn start(program: Program, is_secure: bool, lines: &str, server_port: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (ip, port) = own_address();
        let path = directory.path();
        let file = path.join(program.file_name());
        let lines = lines.replace("8088", server_port);
        let lines = program.enclose(&lines, &ip, port);
        symlink(NODE_MODULES, path.join("node_modules")).expect("linked");
        // Next does not start without this directory.
        std::fs::create_dir(path.join("pages")).expect("created");
        write(&file, program.config(path, &ip, port, is_secure) + &lines);
        certify(path);
        let mut child = program
            .command(&file, &ip, port)
            .current_dir(path)
            .env("HOME", path)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the proxy starts; tests/run installs it");
        eventually("the proxy listens", || {
            let errors = || std::fs::read_to_string(path.join("errors")).unwrap_or_default();
            let ended = child.try_wait().expect("a child");
            assert!(ended.is_none(), "{program:?} has ended: {}", errors());
            TcpStream::connect((&*ip, port)).is_ok()
        });
        // Traefik listens before it has read its routers, and refuses all paths until then.
        let address = format!("{ip}:{port}");
        eventually("the proxy knows the path", || {
            program != Program::Traefik || client::get(&address, "/logs/healthz", &[]).status != 404
        });
        ReverseProxy { ip, port, child, _directory: directory }
    }

    pub fn address(&self) -> String {
        format!("{}:{}", self.ip, self.port)
    }
}

impl Drop for ReverseProxy {
    fn drop(&mut self) {
        // Apache has several processes.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
        for kind in ["metadata", "queues", "readers"] {
            let service = squid_service(&self.address());
            let _ = std::fs::remove_file(format!("/dev/shm/{service}-cf__{kind}.shm"));
        }
    }
}

/// Returns the name of the shared memory of Squid at this address, which it leaves when killed.
fn squid_service(address: &str) -> String {
    format!("ssetail{}", address.replace(['.', ':'], "x"))
}

/// Returns a loopback address that has the number of this process, and a port for one proxy.
///
/// These programs cannot listen on port 0 and say which port they got.
fn own_address() -> (String, u16) {
    static NEXT: AtomicU16 = AtomicU16::new(FIRST_PORT);
    // A number of a process has at most 22 bits; 127.0.0.0/16 is left to other programs.
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    (format!("127.{}.{middle}.{low}", high + 1), NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Program {
    /// Returns the lines of the recipe for this program.
    pub fn recipe(self) -> String {
        let (page, section, language) = match self {
            Program::Nginx => ("proxies.md", "nginx", "nginx"),
            Program::Apache => ("proxies.md", "Apache", "apache"),
            Program::Caddy => ("proxies.md", "Caddy", "caddyfile"),
            Program::Haproxy => ("proxies.md", "HAProxy", "haproxy"),
            Program::Traefik => ("proxies.md", "Traefik", "yaml"),
            Program::Lighttpd => ("proxies.md", "lighttpd", "lighttpd"),
            Program::Varnish => ("proxies.md", "Varnish", "vcl"),
            Program::Squid => ("proxies.md", "Squid", "squid"),
            Program::Nghttpx => ("proxies.md", "nghttpx", "ini"),
            Program::Express => ("node.md", "Express", "js"),
            Program::Next => ("node.md", "Next", "js"),
            Program::HttpProxy => ("node.md", "http-proxy", "js"),
            Program::Vite => ("node.md", "Vite", "ts"),
        };
        recipe(page, section, language)
    }

    fn command(self, config: &Path, ip: &str, port: u16) -> Command {
        let directory = config.parent().expect("a directory").to_str().expect("UTF-8");
        let address = &*format!("{ip}:{port}");
        let traefik = [&format!("--entryPoints.web.address={address}"), "--log.level=ERROR"];
        let (program, args): (_, &[&str]) = match self {
            Program::Nginx => ("nginx", &["-e", "stderr", "-p", ".", "-c"]),
            Program::Apache => ("apache2", &["-DFOREGROUND", "-d", ".", "-f"]),
            Program::Caddy => ("caddy", &["run", "--adapter", "caddyfile", "--config"]),
            Program::Haproxy => ("haproxy", &["-db", "-q", "-f"]),
            Program::Lighttpd => ("lighttpd", &["-D", "-f"]),
            Program::Traefik => (
                TRAEFIK,
                &[
                    traefik[0],
                    traefik[1],
                    "--providers.file.watch=false",
                    "--providers.file.filename",
                ],
            ),
            Program::HttpProxy | Program::Vite | Program::Express => ("node", &[]),
            Program::Next => (
                "node",
                &[
                    "node_modules/next/dist/bin/next",
                    "dev",
                    "-H",
                    ip,
                    "-p",
                    &port.to_string(),
                    directory,
                ],
            ),
            Program::Varnish => {
                ("varnishd", &["-F", "-j", "none", "-n", directory, "-a", address, "-f"])
            }
            Program::Squid => ("squid", &["-N", "-n", &squid_service(address), "-f"]),
            Program::Nghttpx => ("nghttpx", &["-L", "ERROR", "--conf"]),
        };
        let mut command = Command::new(program);
        command.args(args).env("NEXT_TELEMETRY_DISABLED", "1");
        // Next is given a directory, in which it finds its configuration.
        if self != Program::Next {
            command.arg(config);
        }
        command
    }
}
