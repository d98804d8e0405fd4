//! The recipes in docs/recipes.
//!
//! The proxies among them are started by `reverse_proxies.rs`, and the scripts by `readme.rs`.

mod clients;
mod deployments;
mod home_automation;
mod jobs;
mod manifests;
mod pages;

use std::collections::BTreeSet;
use std::path::Path;

use crate::documents::{blocks, read};

/// The first words of a paragraph that says why no test executes a recipe, or a whole page.
const MARK: &str = "> Not executed by a test";

/// The recipes that tests execute: a page, and its sections.
const EXECUTED: [(&str, &[&str]); 7] = [
    ("clients.md", &["Go", "Node", "Python", "Rust"]),
    ("home-automation.md", &["openHAB"]),
    ("node.md", &["Express", "Next", "Vite", "http-proxy"]),
    (
        "pages.md",
        &[
            "A function for pages that stay open",
            "A plain page",
            "React",
            "Tokens in a header",
            "Vue",
        ],
    ),
    (
        "proxies.md",
        &[
            "Apache", "Caddy", "HAProxy", "Squid", "Traefik", "Varnish", "lighttpd", "nghttpx",
            "nginx",
        ],
    ),
    (
        "scripts.md",
        &[
            "",
            "Polling without missing a line",
            "The errors of the last ten minutes",
            "The newest lines that match",
            "Waiting for a line",
        ],
    ),
    (
        "systemd.md",
        &[
            "A service of a user",
            "Another address",
            "Other permissions",
            "The service of the package",
        ],
    ),
];

/// Returns the names of the pages.
fn pages() -> BTreeSet<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/recipes");
    let names = directory
        .read_dir()
        .expect("a directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    names.filter(|name| name != "README.md").collect()
}

/// Returns the sections of a page that say why no test executes them; the empty name stands for
/// the whole page.
fn marked(page: &str) -> BTreeSet<String> {
    let mut section = String::new();
    let mut marked = BTreeSet::new();
    for line in read(&format!("docs/recipes/{page}")).lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            heading.clone_into(&mut section);
        } else if line.starts_with(MARK) {
            marked.insert(section.clone());
        }
    }
    marked
}

#[test]
fn every_recipe_is_executed_or_marked() {
    let known: BTreeSet<&str> = EXECUTED.iter().map(|(page, _)| *page).collect();
    for page in pages() {
        let marked = marked(&page);
        if marked.contains("") {
            assert!(!known.contains(&*page), "{page} is executed and marked");
            continue;
        }
        let (_, sections) = EXECUTED.iter().find(|(name, _)| *name == page).expect("a known page");
        let executed: BTreeSet<String> = sections.iter().map(|name| (*name).to_owned()).collect();
        // Commands for a console, and text for people and agents, are no recipes.
        let recipes = blocks(&format!("docs/recipes/{page}")).into_iter();
        let recipes = recipes.filter(|block| !["console", "markdown"].contains(&&*block.language));
        let found: BTreeSet<String> = recipes.map(|block| block.section).collect();
        let expected: BTreeSet<String> = executed.union(&marked).cloned().collect();
        assert_eq!(found, expected, "{page}");
        assert!(executed.is_disjoint(&marked), "{page}");
    }
}

#[test]
fn the_index_and_the_readme_lead_to_the_recipes() {
    let index = read("docs/recipes/README.md");
    for page in pages() {
        assert!(index.contains(&format!("[{page}]({page})")), "{page}");
    }
    assert!(read("README.md").contains("(docs/recipes/README.md)"));
}
