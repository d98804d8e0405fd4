//! Reverse proxies, each started with a configuration of its own.

use std::net::TcpStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

use crate::certificate::certify;
use crate::harness::{eventually, write};
use crate::readme::blocks;

/// The first of the ports that proxies listen on, which needs no privileges.
const FIRST_PORT: u16 = 8000;

/// The packages that `tests/run` installs.
const NODE_MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/node_modules");

/// A program that passes requests to ssetail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    Nginx,
    Apache,
    Caddy,
    Haproxy,
    Lighttpd,
    /// The npm package http-proxy, which web frameworks use.
    HttpProxy,
    /// The development server of Vite.
    Vite,
    Varnish,
    Squid,
    Nghttpx,
}

/// The settings of a proxy that change what ssetail gets.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub program: Program,
    /// ssetail gets the host that the browser has sent.
    pub keeps_host: bool,
    /// ssetail gets paths without `/logs`.
    pub strips_prefix: bool,
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
        let file = path.join("config");
        let lines = program.enclose(&lines.replace("8088", server_port));
        write(&file, program.config(path, &ip, port, is_secure) + &lines);
        certify(path);
        let mut child = program
            .command(&file, &format!("{ip}:{port}"))
            .current_dir(path)
            .env("HOME", path)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the proxy starts; tests/run installs it");
        eventually("the proxy listens", || {
            assert!(child.try_wait().expect("a child").is_none(), "{program:?} has ended");
            TcpStream::connect((&*ip, port)).is_ok()
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
    /// Returns the lines of README.md for this program.
    pub fn recipe(self) -> String {
        let language = match self {
            Program::Nginx => "nginx",
            Program::Apache => "apache",
            Program::Caddy => "caddyfile",
            Program::Haproxy => "haproxy",
            Program::Lighttpd => "lighttpd",
            Program::HttpProxy => "js",
            Program::Vite => "ts",
            Program::Varnish => "vcl",
            Program::Squid | Program::Nghttpx => panic!("{self:?} needs no settings for streams"),
        };
        let mut blocks = blocks().into_iter().filter(|(found, _)| found == language);
        blocks.next().expect("a block").1.join("\n")
    }

    fn command(self, config: &Path, address: &str) -> Command {
        let directory = config.parent().expect("a directory").to_str().expect("UTF-8");
        let (program, args): (_, &[&str]) = match self {
            Program::Nginx => ("nginx", &["-e", "stderr", "-p", ".", "-c"]),
            Program::Apache => ("apache2", &["-DFOREGROUND", "-d", ".", "-f"]),
            Program::Caddy => ("caddy", &["run", "--adapter", "caddyfile", "--config"]),
            Program::Haproxy => ("haproxy", &["-db", "-q", "-f"]),
            Program::Lighttpd => ("lighttpd", &["-D", "-f"]),
            Program::HttpProxy | Program::Vite => ("node", &[]),
            Program::Varnish => {
                ("varnishd", &["-F", "-j", "none", "-n", directory, "-a", address, "-f"])
            }
            Program::Squid => ("squid", &["-N", "-n", &squid_service(address), "-f"]),
            Program::Nghttpx => ("nghttpx", &["-L", "ERROR", "--conf"]),
        };
        let mut command = Command::new(program);
        command.args(args).arg(config);
        command
    }

    /// Returns the configuration without the lines about ssetail.
    fn config(self, directory: &Path, ip: &str, port: u16, is_secure: bool) -> String {
        let directory = directory.display();
        match self {
            Program::Nginx => {
                let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                    .map(|kind| format!("{kind}_temp_path {kind};\n"))
                    .concat();
                let tls = if is_secure { "ssl" } else { "" };
                format!(
                    "daemon off; master_process off; pid pid;\nevents {{}}\nhttp {{\n{temporary}\
                     access_log off; error_log stderr crit;\n\
                     ssl_certificate cert.pem; ssl_certificate_key key.pem;\n\
                     server {{\nlisten {ip}:{port} {tls};\n"
                )
            }
            Program::Apache => {
                let modules: String =
                    ["mpm_event", "proxy", "proxy_http", "deflate", "filter", "authz_core"]
                        .map(|name| {
                            let file = format!("/usr/lib/apache2/modules/mod_{name}.so");
                            format!("LoadModule {name}_module {file}\n")
                        })
                        .concat();
                format!(
                    "{modules}Listen {ip}:{port}\nServerName logs.example\nPidFile pid\n\
                     DefaultRuntimeDir {directory}\nUser www-data\nGroup www-data\n\
                     ErrorLog /dev/stderr\nLogLevel crit\n"
                )
            }
            Program::Caddy => format!(
                "{{\nadmin off\nauto_https off\nlog {{\nlevel ERROR\n}}\n}}\n\
                 http://:{port} {{\nbind {ip}\n"
            ),
            Program::Haproxy => format!(
                "defaults\nmode http\ntimeout connect 5s\ntimeout client 60s\n\
                 timeout server 60s\nfrontend front\nbind {ip}:{port}\ndefault_backend logs\n"
            ),
            Program::Lighttpd => format!(
                "server.bind = \"{ip}\"\nserver.port = {port}\n\
                 server.document-root = \"{directory}\"\n"
            ),
            // It listens once the lines after these have made the proxy.
            Program::HttpProxy => format!(
                "const {{ createProxyServer }} = require('{NODE_MODULES}/http-proxy');\n\
                 setImmediate(() => proxy.listen({port}, '{ip}'));\n"
            ),
            // Its own `listen` first takes the port of every address for a moment.
            Program::Vite => format!(
                "const start = async (server) => {{\n\
                 const {{ createServer }} = await import('{NODE_MODULES}/vite/dist/node/index.js');\n\
                 const options = {{ configFile: false, logLevel: 'silent', server }};\n\
                 (await createServer(options)).httpServer.listen({port}, '{ip}');\n}};\n\
                 start({{\nallowedHosts: ['logs.example'],\n"
            ),
            Program::Varnish => "vcl 4.1;\n".to_owned(),
            Program::Squid => format!(
                "http_port {ip}:{port} accel defaultsite=logs.example\nhttp_access allow all\n\
                 never_direct allow all\ncoredump_dir {directory}\npid_filename none\n\
                 access_log none\ncache_log /dev/null\npinger_enable off\nnetdb_filename none\n"
            ),
            Program::Nghttpx => format!("frontend={ip},{port};no-tls\nworkers=1\n"),
        }
    }

    /// Closes the blocks that the configuration has opened, after these lines.
    fn enclose(self, lines: &str) -> String {
        let end = match self {
            Program::Nginx => "}\n}",
            Program::Caddy => "}",
            Program::Vite => "});",
            _ => "",
        };
        format!("{lines}\n{end}\n")
    }
}

impl Settings {
    /// Returns the lines that pass `/logs/` to ssetail at `127.0.0.1:8088`, as README.md has them.
    pub fn lines(self) -> String {
        let Settings { program, keeps_host, strips_prefix } = self;
        let if_kept = |text: &'static str| if keeps_host { text } else { "" };
        let if_replaced = |text: &'static str| if keeps_host { "" } else { text };
        let if_stripped = |text: &'static str| if strips_prefix { text } else { "" };
        match program {
            Program::Nginx => format!(
                "location /logs/ {{ proxy_pass http://127.0.0.1:8088{}; proxy_http_version 1.1; {} }}",
                if_stripped("/"),
                if_kept("proxy_set_header Host $host;"),
            ),
            Program::Apache => format!(
                "{}\nProxyPass \"/logs/\" \"http://127.0.0.1:8088/{}\"",
                if_kept("ProxyPreserveHost On"),
                if strips_prefix { "" } else { "logs/" },
            ),
            Program::Caddy => format!(
                "{} /logs/* {{\nreverse_proxy 127.0.0.1:8088 {{\n{}\n}}\n}}",
                if strips_prefix { "handle_path" } else { "handle" },
                if_replaced("header_up Host {upstream_hostport}"),
            ),
            Program::Haproxy => format!(
                "backend logs\n{}\n{}\nserver ssetail 127.0.0.1:8088",
                if_replaced("http-request set-header host 127.0.0.1"),
                if_stripped("http-request replace-path /logs(/.*) \\1"),
            ),
            Program::Lighttpd => program.recipe(),
            Program::HttpProxy | Program::Vite => program
                .recipe()
                .replace("changeOrigin: true", &format!("changeOrigin: {}", !keeps_host)),
            Program::Varnish => format!(
                "{}\n{}",
                program.recipe(),
                if_replaced("sub vcl_pipe { set bereq.http.host = \"127.0.0.1\"; }"),
            ),
            Program::Squid => format!(
                "cache_peer 127.0.0.1 parent 8088 0 no-query originserver {}",
                if_replaced("forceddomain=127.0.0.1"),
            ),
            Program::Nghttpx => {
                format!("backend=127.0.0.1,8088\n{}", if_replaced("host-rewrite=yes"))
            }
        }
    }
}
