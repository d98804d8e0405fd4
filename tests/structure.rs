//! The invariants of `src/lib.rs` that the compiler does not check.
//!
//! Every source file is parsed, without its unit tests.
//! A path such as `crate::feed::Feed` or `super::ring::Ring` is an import of the file that defines
//! the item, also where the item is re-exported by a `mod.rs`.

mod imports;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use self::imports::{imports, strongly_connected};
use self::source::{SourceFile, production_files, test_files};

/// Most lines that a function of the program may have.
const FUNCTION_LINES: usize = 50;
/// Most lines that a Rust file may have.
const FILE_LINES: usize = 350;

/// The modules of the crate, the lowest first: each may import only from those before it.
const COLUMN: [&str; 19] = [
    "record", "event", "report", "system", "store", "journal", "feed", "follow", "upstream",
    "nats", "http", "status", "failure", "cli", "settings", "manual", "urls", "run", "lib",
];

/// Libraries and parts of `std` that only some modules may touch.
const TOUCH: [(&str, &[&str]); 32] = [
    ("async_nats", &["nats"]),
    ("futures_util", &["nats"]),
    ("jiff", &["record", "system"]),
    ("ruzstd", &["follow"]),
    ("bzip2", &["follow"]),
    ("lz4_flex", &["follow"]),
    ("lzma_rust2", &["follow"]),
    ("flate2", &["follow", "upstream", "http"]),
    ("clap", &["cli", "manual"]),
    ("clap_complete", &["cli", "manual"]),
    ("clap_mangen", &["manual"]),
    ("hyper", &["upstream", "http"]),
    ("hyper_util", &["upstream", "http"]),
    ("http_body", &["upstream", "http"]),
    ("rustls_native_certs", &["upstream"]),
    ("tokio_rustls", &["upstream", "http"]),
    ("tokio::net", &["upstream", "http"]),
    ("listenfd", &["http"]),
    ("prometheus_client", &["http"]),
    ("linemux", &["follow"]),
    ("notify", &["follow"]),
    ("indicatif", &["status"]),
    ("webbrowser", &["urls"]),
    ("pty_process", &["system"]),
    ("rustix", &["system"]),
    ("socket2", &["system"]),
    ("std::fs", &["follow", "journal", "upstream", "http", "settings", "system"]),
    (
        "std::sync::Mutex",
        &["report", "feed", "follow", "upstream", "nats", "http", "status", "system"],
    ),
    ("std::sync::RwLock", &["http"]),
    ("std::time::Instant", &["journal", "feed", "follow", "upstream", "http", "status", "system"]),
    ("std::time::SystemTime", &["follow", "http", "system"]),
    ("tokio", &["feed", "follow", "upstream", "nats", "http", "run", "settings"]),
];

/// Macros that print, and the modules that may.
const PRINTING: [&str; 4] = ["print", "println", "eprint", "eprintln"];
const MAY_PRINT: [&str; 2] = ["main", "status"];

#[test]
fn modules_import_only_from_modules_below_them() {
    let files = production_files();
    let height = |module: &str| COLUMN.iter().position(|name| *name == module);
    let mut wrong = BTreeSet::new();
    for (from, to) in imports(&files) {
        let (from, to) = (&files[from], &files[to]);
        let (Some(above), Some(below)) = (height(from.module()), height(to.module())) else {
            panic!("{} or {} is not in the column", from.module(), to.module());
        };
        // The crate root re-exports what is below it, and nothing needs the root.
        if below > above {
            wrong.insert(format!("{} imports {}", from.path, to.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let files = production_files();
    let circles: Vec<Vec<&str>> = strongly_connected(files.len(), &imports(&files))
        .into_iter()
        .filter(|circle| circle.len() > 1)
        .map(|circle| circle.into_iter().map(|index| &*files[index].path).collect())
        .collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn modules_touch_only_what_their_line_allows() {
    let mut wrong = BTreeSet::new();
    for file in production_files() {
        for path in &file.paths {
            let touches = |name: &str| *path == name || path.starts_with(&format!("{name}::"));
            for (name, allowed) in TOUCH.iter().filter(|(name, _)| touches(name)) {
                if !allowed.contains(&file.module()) {
                    wrong.insert(format!("{} uses {name}", file.path));
                }
            }
        }
        for name in file.macros.iter().filter(|name| PRINTING.contains(&&***name)) {
            if !MAY_PRINT.contains(&file.module()) {
                wrong.insert(format!("{} prints with {name}!", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_documentation_of_the_crate_names_every_module() {
    let files = production_files();
    let modules: BTreeSet<&str> = files.iter().map(SourceFile::module).collect();
    let documentation = std::fs::read_to_string("src/lib.rs").expect("read");
    for module in modules.into_iter().filter(|module| !["lib", "main"].contains(module)) {
        assert!(documentation.contains(&format!("`{module}`")), "{module} is not described");
    }
}

#[test]
fn functions_and_files_fit_a_screen_or_a_few() {
    let mut long = BTreeMap::new();
    let production = production_files();
    for file in &production {
        for (name, lines) in file.functions.iter().filter(|(_, lines)| *lines > FUNCTION_LINES) {
            long.insert(format!("{}: {name}", file.path), *lines);
        }
    }
    for file in production.iter().chain(&test_files()) {
        if file.lines > FILE_LINES {
            long.insert(file.path.clone(), file.lines);
        }
    }
    assert!(long.is_empty(), "too many lines: {long:#?}");
}
