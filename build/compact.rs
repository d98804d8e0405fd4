//! The files of the page without comments and indentation: a third less to send.

/// Removes from JavaScript or CSS what only a reader of the source needs: comments that stand on
/// lines of their own, type comments (`/** … */`) everywhere, indentation and empty lines.
///
/// Lines stay lines, so that statements end where they did. The source has no text over several
/// lines and no `/**` in a text; a test of this module checks both.
pub fn compact(source: &str) -> String {
    let mut compacted = String::with_capacity(source.len());
    for line in without_blocks(source).lines().map(str::trim) {
        if !line.is_empty() && !line.starts_with("//") {
            compacted.push_str(line);
            compacted.push('\n');
        }
    }
    compacted
}

fn without_blocks(source: &str) -> String {
    let mut rest = source;
    let mut kept = String::with_capacity(source.len());
    while let Some((before, after)) = next_block(rest) {
        kept.push_str(before);
        rest = after;
    }
    kept.push_str(rest);
    kept
}

/// Returns the text before and after the first comment that can be removed.
fn next_block(text: &str) -> Option<(&str, &str)> {
    let begin = text.match_indices("/*").map(|(at, _)| at).find(|&at| {
        let line_start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        text[at..].starts_with("/**") || text[line_start..at].trim().is_empty()
    })?;
    let length = text[begin..].find("*/")? + "*/".len();
    Some((&text[..begin], &text[begin + length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_indentation_are_removed() {
        let source = "// Title.\n\n/**\n * @param {number} a\n */\nfunction f(a) {\n  \
                      // why\n  return /** @type {any} */ (a) // 1\n}\n";
        assert_eq!(compact(source), "function f(a) {\nreturn  (a) // 1\n}\n");
        let style = "/* one */\n.row { color: red; /* two */ }\n  /* three\n  lines */\n.a {}\n";
        assert_eq!(compact(style), ".row { color: red; /* two */ }\n.a {}\n");
        assert_eq!(compact("a('http://b/*')\n"), "a('http://b/*')\n");
    }

    #[test]
    fn sources_have_nothing_that_compacting_would_change() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/viewer");
        for file in std::fs::read_dir(folder).expect("the folder").flatten() {
            let source = std::fs::read_to_string(file.path()).expect("a text");
            for line in without_blocks(&source).lines() {
                let code = line.trim();
                let has_open_text = !code.starts_with("//") && code.matches('`').count() % 2 == 1;
                assert!(
                    !has_open_text,
                    "{} has a text over several lines: {code}",
                    file.path().display()
                );
            }
            let opened = source.matches("/**").count();
            let quoted = ["'/**", "\"/**", "`/**"].map(|text| source.matches(text).count());
            assert!(opened == 0 || quoted == [0; 3], "{}", file.path().display());
        }
    }
}
