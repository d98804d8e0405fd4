//! Compares patterns with bash: options `globstar` and `nullglob` on, `dotglob` off.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use tempfile::TempDir;

use super::Pattern;

const FILES: &str = r"
    a.log b.log c.txt é.log ä1.log 日本.log app.log app.log.1 A.log .hidden.log 1.log 02.log 3.log
    {x}.log {half [g].log a*b.log a?b.log q!.log ^c.log -.log ].log back\slash.log
    x/d.log x/y/e.log x/y/.f.log x/z/e.log .git/f.log .git/sub/g.log
    nginx/access.log app/x.log app/y/x.log [prod]app/p.log
";

const PATTERNS: &str = r"
    *.log ?.log ??.log * *.* .* .*.log ***.log *a*p*p* **.log
    [a-c].log [!a-c].log [^a-c].log [éè].log [[:alpha:]].log [![:alpha:]].log [[:digit:]].log
    [[:digit:][:punct:]].log [[:upper:]].log [[:foo:]a].log []].log [!]].log []-].log [-a].log
    [a-].log [[.a.]].log [[=b=]].log [z-a].log [a-c-e].log [\]].log [a\-c].log [[]g].log [g].log
    [.]hidden.log ?hidden.log \.hid* 日?.log [一-鿿]*.log [[:alnum:]_]*.log
    \[g].log a[*]b.log a\*b.log a\?b.log *\!.log \a*.log back\\*.log x\/d*.log
    {half* {x}.log *{x}* app.log{,.1} {b,}.log {a,b}.log {nginx/access,app/x}.log {nginx,app}/*.log
    */{access,x}.log {a,{b,é}}.log {{a,b}.log,c.txt} {{a,b}}.log {a,{b,c}.log {a,a}.log {,a,b}.log
    {1..3}.log {01..3}.log {3..1}.log {a..c}.log {a..c..2}.log {1..3..2}.log {a..1}.log {.*,*}.log
    {a\,b}.log \{x}.log {x,a}b{.log,} {x/d,x/y/e,none}.log
    ./*.log app/../*.log nginx//acc*.log ./nginx/./*.log x/*/e.log */d.log */*.log */../b.log
    x/y/* none/*.log a.log/* */ dangling* file-link* \[prod\]*/*.log
    **/*.log **/e.log **/y/*.log x/** ** **/**/e.log */**/*.log link/** link/*.log li*/d.log
    **/d.log x**/*.log **/.f.log **/.*.log .git/*.log .git/** .*/*.log x/../**/x.log none/**
";

/// Makes the directory tree in which bash and ssetail look for files.
fn tree() -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    for file in FILES.split_whitespace() {
        let path = root.path().join(file);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, "").expect("written");
    }
    let latin = OsStr::from_bytes(b"latin\xe9.log");
    std::fs::write(root.path().join(latin), "").expect("written");
    for (target, link) in [("x", "link"), ("nowhere", "dangling"), ("a.log", "file-link")] {
        symlink(target, root.path().join(link)).expect("linked");
    }
    root
}

/// Returns the files that bash finds for each pattern; directories and dangling links are none.
fn bash(root: &Path, patterns: &[&str]) -> Vec<BTreeSet<PathBuf>> {
    let script: String =
        patterns.iter().map(|word| format!("printf '%s\\0' {word}; printf '\\1\\0'\n")).collect();
    let output = Command::new("bash")
        .args(["-O", "globstar", "-O", "nullglob", "-c", &script])
        .current_dir(root)
        .env("LC_ALL", "C.UTF-8")
        .output()
        .expect("bash runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut found = vec![BTreeSet::new()];
    for word in output.stdout.split(|byte| *byte == 0) {
        if word == b"\x01" {
            found.push(BTreeSet::new());
        } else if root.join(OsStr::from_bytes(word)).is_file() && !word.is_empty() {
            found.last_mut().expect("a set").insert(normal(Path::new(OsStr::from_bytes(word))));
        }
    }
    found.pop();
    assert_eq!(found.len(), patterns.len());
    found
}

/// Removes `.` and repeated slashes.
fn normal(path: &Path) -> PathBuf {
    path.components().filter(|part| part.as_os_str() != ".").collect()
}

fn ssetail(root: &Path, pattern: &str) -> BTreeSet<PathBuf> {
    let pattern = Pattern::within(root, OsStr::new(pattern)).expect("a pattern");
    let strip = |path: PathBuf| normal(path.strip_prefix(root).expect("below the root"));
    pattern.expand().into_iter().map(strip).collect()
}

#[test]
fn patterns_match_the_same_files_as_in_bash() {
    let root = tree();
    let patterns: Vec<&str> = PATTERNS.split_whitespace().collect();
    for (pattern, expected) in patterns.iter().zip(bash(root.path(), &patterns)) {
        assert_eq!(ssetail(root.path(), pattern), expected, "{pattern}");
    }
}

#[test]
fn an_invalid_sequence_of_a_name_is_one_character() {
    let root = tree();
    let expected = BTreeSet::from([PathBuf::from(OsStr::from_bytes(b"latin\xe9.log"))]);
    assert_eq!(ssetail(root.path(), "latin?.log"), expected);
    assert_eq!(ssetail(root.path(), "latin[!a-z].log"), expected);
}

#[test]
fn the_directory_of_a_relative_pattern_is_no_pattern() {
    let root = tempfile::tempdir().expect("a directory");
    for name in ["[prod] app", "{a,b}", "odd[name", "what?", "st*r", "{half", r"back\slash", "**"] {
        let directory = root.path().join(name);
        std::fs::create_dir_all(directory.join("x")).expect("made");
        std::fs::write(directory.join("x/a.log"), "").expect("written");
        assert_eq!(ssetail(&directory, "*/*.log"), BTreeSet::from(["x/a.log".into()]), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn random_patterns_match_the_same_files_as_in_bash(
        patterns in prop::collection::vec(
            prop::collection::vec(
                prop::sample::select(&[
                    "a", "b", "x", "y", "é", "1", ".", ".log", "log", "*", "?", "**", "/", "[a-c]", "[!a]", "[",
                    "]", "-", "{", "}", ",", "{a,x}", "{1..3}", "\\", "..", "app", "[[:alpha:]]",
                ][..]),
                1..8,
            ).prop_map(|parts| parts.concat())
             .prop_filter("bash would continue the line, or leave the tree", |text| {
                 !text.ends_with('\\') && !text.contains("../")
                     && !text.starts_with(['/', '-']) && !text.starts_with("\\/")
             }),
            20..40,
        )
    ) {
        let root = tree();
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        for (pattern, expected) in patterns.iter().zip(bash(root.path(), &patterns)) {
            prop_assert_eq!(ssetail(root.path(), pattern), expected, "{}", pattern);
        }
    }
}
