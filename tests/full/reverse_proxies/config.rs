//! The configurations of reverse proxies around and beside the recipes.

use std::path::Path;

use super::{NODE_MODULES, Program};

/// The settings of a proxy that change what ssetail gets.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub program: Program,
    /// ssetail gets the host that the browser has sent.
    pub keeps_host: bool,
    /// ssetail gets paths without `/logs`.
    pub strips_prefix: bool,
}

impl Program {
    /// Returns the name of the file of the configuration.
    pub(super) fn file_name(self) -> &'static str {
        match self {
            Program::Traefik => "logs.yml",
            Program::Express => "server.mjs",
            Program::Next => "next.config.mjs",
            _ => "config",
        }
    }

    /// Returns the configuration without the lines about ssetail.
    pub(super) fn config(self, directory: &Path, ip: &str, port: u16, is_secure: bool) -> String {
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
                     ErrorLog {directory}/errors\nLogLevel crit\n"
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
            Program::Traefik | Program::Express | Program::Next => String::new(),
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
    pub(super) fn enclose(self, lines: &str, ip: &str, port: u16) -> String {
        let lines = lines.replace("listen(3000)", &format!("listen({port}, '{ip}')"));
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
    /// Returns the lines that pass `/logs/` to ssetail at `127.0.0.1:8088`, as the recipe has them.
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
            Program::Lighttpd | Program::Next => program.recipe(),
            Program::Traefik => program.recipe().replace(
                "loadBalancer:",
                if keeps_host {
                    "loadBalancer:"
                } else {
                    "loadBalancer:\n        passHostHeader: false"
                },
            ),
            Program::HttpProxy | Program::Vite | Program::Express => program
                .recipe()
                .replace("changeOrigin: true", &format!("changeOrigin: {}", !keeps_host)),
            Program::Varnish => format!(
                "{}\n{}",
                program.recipe(),
                if_replaced("sub vcl_pipe { set bereq.http.host = \"127.0.0.1\"; }"),
            ),
            Program::Squid => {
                format!("{} {}", program.recipe(), if_replaced("forceddomain=127.0.0.1"))
            }
            Program::Nghttpx => {
                format!("{}\n{}", program.recipe(), if_replaced("host-rewrite=yes"))
            }
        }
    }
}
