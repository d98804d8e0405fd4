use proptest::prelude::*;

use super::*;

fn redaction(expressions: &[&str], secrets: bool) -> Redaction {
    let expressions: Vec<String> = expressions.iter().map(|&text| text.to_owned()).collect();
    Redaction::new(&expressions, secrets).expect("expressions")
}

fn redact(redaction: &Redaction, line: &str, carry: &mut LineCarry) -> String {
    let text = redaction.redact(Cow::Borrowed(line.as_bytes()), carry, false);
    String::from_utf8(text.into_owned()).expect("UTF-8")
}

/// Redacts one line.
fn redacted(expressions: &[&str], line: &str) -> String {
    redact(&redaction(expressions, false), line, &mut LineCarry::default())
}

/// Redacts the well-known secrets of consecutive lines.
fn without_secrets(lines: &[&str]) -> Vec<String> {
    let redaction = redaction(&[], true);
    let mut carry = LineCarry::default();
    lines.iter().map(|line| redact(&redaction, line, &mut carry)).collect()
}

fn matches(expression: &Expression, text: &[u8]) -> bool {
    let (mut matches, mut removed) = (Vec::new(), Vec::new());
    expression.find(text, &mut matches, &mut removed);
    !matches.is_empty()
}

#[test]
fn matches_are_replaced() {
    assert_eq!(redacted(&["[0-9]+"], "a 12 b 3"), "a [redacted] b [redacted]");
    assert_eq!(redacted(&["x"], "a"), "a");
    assert_eq!(redacted(&["[0-9]"], "a123b"), "a[redacted]b");
    assert_eq!(redacted(&["ab", "bc"], "abc abd"), "[redacted] [redacted]d");
}

#[test]
fn a_match_of_no_bytes_changes_nothing() {
    assert_eq!(redacted(&["x*", "^", "(?P<keep>)"], "abxc"), "ab[redacted]c");
    assert_eq!(redacted(&[""], ""), "");
}

#[test]
fn groups_named_keep_stay() {
    assert_eq!(
        redacted(&["password=(?P<keep>..)[a-z]*"], "password=secret"),
        "[redacted]se[redacted]"
    );
    assert_eq!(
        redacted(&["(?P<keep>password=)[a-z]+"], "password=secret;"),
        "password=[redacted];"
    );
    assert_eq!(redacted(&["(?P<keep>a)"], "a"), "a");
    assert_eq!(redacted(&["(?P<keep>a)?b"], "ab b"), "a[redacted] [redacted]");
    assert_eq!(redacted(&["(?P<keep>a)b(?P<keep_too>c)"], "abc"), "a[redacted]c");
    // A part that one expression keeps and another matches is removed.
    assert_eq!(redacted(&["(?P<keep>a)b", "a"], "ab"), "[redacted]");
}

#[test]
fn colours_do_not_hide_a_secret() {
    let expressions = ["(?P<keep>card=)[0-9]{4}"];
    assert_eq!(
        redacted(&expressions, "\x1b[1mcard=12\x1b[31m34\x1b[0m end"),
        "\x1b[1mcard=[redacted]\x1b[0m end"
    );
    assert_eq!(redacted(&expressions, "ca\x1b[1mrd=1\x1b[m234"), "ca\x1b[1mrd=[redacted]");
    assert_eq!(redacted(&expressions, "\x1b]0;card=1234\x07 a"), "\x1b]0;card=[redacted]\x07 a");
    assert_eq!(
        redacted(&expressions, "card=1234\x1b[m card=56\x1b[m78\x1b["),
        "card=[redacted]\x1b[m card=[redacted]"
    );
}

#[test]
fn the_rest_of_a_line_is_removed_behind_a_match_that_may_go_on() {
    let redaction = redaction(&["token=[a-z]+"], false);
    let mut carry = LineCarry::default();
    let mut section = |text: &'static str, more| {
        let text = redaction.redact(Cow::Borrowed(text.as_bytes()), &mut carry, more);
        String::from_utf8(text.into_owned()).expect("UTF-8")
    };
    assert_eq!(section("a token=abc", true), "a [redacted]");
    assert_eq!(section("def", true), "[redacted]");
    assert_eq!(section("ghi and more", false), "[redacted]");
    assert_eq!(section("abc", false), "abc");
    assert_eq!(section("token=abc ", true), "[redacted] ");
    assert_eq!(section("def", false), "def");
}

#[test]
fn windows_are_cut_beside_matches() {
    let redaction = redaction(&["[0-9]+"], false);
    let cut = |text: &str| redaction.cut(text.as_bytes());
    assert_eq!(cut(&"a".repeat(32)), 29);
    assert_eq!(cut(&("a".repeat(28) + "12aa")), 28);
    assert_eq!(cut(&("a".repeat(27) + "12aaa")), 27);
    assert_eq!(cut(&("a".repeat(26) + "12aaaa")), 29);
    assert_eq!(cut(&("a".repeat(30) + "12")), 29);
    assert_eq!(cut(&("1".repeat(30) + "aa")), 30);
    assert_eq!(cut(&"1".repeat(32)), 32);
}

#[test]
fn the_description_does_not_show_the_expressions() {
    let text = |expressions: &[&str], secrets| format!("{:?}", redaction(expressions, secrets));
    assert!(!text(&["hunter2"], false).contains("hunter2"));
    let all = [
        text(&[], false),
        text(&["a"], false),
        text(&["b"], false),
        text(&[], true),
        text(&["a", "b"], false),
    ];
    for (index, one) in all.iter().enumerate() {
        assert!(!all[..index].contains(one), "{one}");
    }
    assert_eq!(text(&["a"], true), text(&["a"], true));
}

/// Examples of each kind of secret; `«` and `»` stand around what is removed.
const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "authorization header",
        &[
            "GET / Authorization: Bearer «abc123»",
            r#"headers={"authorization":"Basic «dXNlcjpwYXNz»"}"#,
            r#"{"msg":"{\"Authorization\":\"Bearer «abc.def»\"}"}"#,
        ],
    ),
    (
        "authorization header without a known scheme",
        &[
            "authorization: «0123456789abcdef0123»",
            "Authorization: token «0123456789abcdef0123», accepted",
        ],
    ),
    ("bearer token", &["sent bearer «Zm9vYmFyYmF6cXV4Cg==» to host"]),
    (
        "password in a URL",
        &[
            "connect postgres://app:«hunter2»@db:5432/x?ssl=1 failed",
            "redis://:«p@ss»@cache/0 and https://user:«x»@host",
            r#"{"url":"https://u:«p»@h/"}"#,
        ],
    ),
    ("AWS access key ID", &["key «AKIAIOSFODNN7EXAMPLE» used"]),
    (
        "AWS secret access key",
        &[
            "aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»",
            r#"{"SecretAccessKey":"«wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»"}"#,
        ],
    ),
    ("Google API key", &["maps?key=«AIzaSyA0123456789abcdefghijklmnopqrstuv»&v=3"]),
    ("Google OAuth token", &["got «ya29.a0AfH6SMBx0123456789abcdef»"]),
    (
        "GitHub token",
        &["«ghp_0123456789abcdefghijABCDEFGHIJ012345»", "«github_pat_11ABCDEFG0abcdefghijkl_mnop»"],
    ),
    ("GitLab token", &["clone with «glpat-0123456789abcdefghij»"]),
    ("Slack token", &["«xoxb-123456789012-abcdefABCDEF»"]),
    ("Slack webhook", &["POST https://hooks.slack.com/services/«T000/B000/XXXX»"]),
    ("Stripe key", &["charge with «sk_live_0123456789abcdefABCDEF»"]),
    ("Azure account key", &["AccountName=a;AccountKey=«YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=»;E=x"]),
    ("Azure signature", &["GET /c/b?sv=2024&sig=«abcdefghijklmnop%2Fq%3D»&se=1"]),
    (
        "JSON web token",
        &[
            "jwt «eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U» ok",
        ],
    ),
    (
        "private key",
        &[
            r#"{"key":"«-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----»\n"}"#,
            "cut off «-----BEGIN PRIVATE KEY-----\\nMIIE»",
        ],
    ),
    (
        "quoted value of a key",
        &[
            r#"{"user":"a","password":"«p\"w, \\»","x":1}"#,
            r#"level=info access_token="«a b»" user=x"#,
            r#"{"api_key" : "«x»"}"#,
        ],
    ),
    (
        "value of a key in JSON inside of JSON",
        &[
            r#"{"log":"{\"password\":\"«a\\\"b»\",\"x\":1}\n"}"#,
            r#"{"log":"{\"token\":\"«abc»\"}"}"#,
        ],
    ),
    (
        "value of a key in single quotes",
        &["{'password': '«a b»', 'x': 1}", "p: password='«a\\'b»'"],
    ),
    (
        "digest in an authorization header",
        &["Authorization: Digest «username=\"a\", response=\"b\"»"],
    ),
    (
        "value of a password behind an equals sign",
        &["password = «x;y,z'<q»", "login password=«hun,ter2»&next=/"],
    ),
    ("number of a password in JSON", &["{\"password\":«12345678»,\"n\":1}"]),
    ("header with a token", &["X-Auth-Token: «abc» x"]),
    ("long token behind a colon", &["token: «abcdefghijklmnop1»"]),
    (
        "value of a key in a query or in logfmt",
        &[
            "POST /login?user=a&password=«b%20c»&next=/ 200",
            "level=info db.passwd=«x» client_secret=«y» n=1",
            "GET /sse?token=«abc» HTTP/1.1",
            r#"{"log":"api_key=«abc»"}"#,
        ],
    ),
    (
        "value of a password behind a colon",
        &["  password: «hunter2»", "config: db_password: «x», api-key: «y»"],
    ),
];

#[test]
fn each_well_known_secret_is_removed() {
    for (name, lines) in EXAMPLES {
        for line in *lines {
            let plain = line.replace(['«', '»'], "");
            let mut expected = String::new();
            for (index, piece) in line.split(['«', '»']).enumerate() {
                expected.push_str(if index % 2 == 0 { piece } else { "[redacted]" });
            }
            assert_eq!(without_secrets(&[&plain]), [expected], "{name}");
        }
    }
}

#[test]
fn each_kind_of_secret_has_an_example_of_its_own() {
    for secret in &SECRETS {
        let (_, lines) = EXAMPLES.iter().find(|(name, _)| *name == secret.name).expect(secret.name);
        let expression = Expression::new(secret.expression).expect("an expression");
        for line in *lines {
            let line = line.replace(['«', '»'], "");
            assert!(matches(&expression, line.as_bytes()), "{}: {line}", secret.name);
        }
    }
    assert_eq!(EXAMPLES.len(), SECRETS.len());
}

#[test]
fn private_keys_of_several_lines_are_removed() {
    let block = [
        "before",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\r",
        "",
        "-----END OPENSSH PRIVATE KEY----- then",
        "after",
    ];
    let expected = ["before", "[redacted]", "[redacted]\r", "", "[redacted] then", "after"];
    assert_eq!(without_secrets(&block), expected);
    let coloured = [
        "key: \x1b[1m-----BEGIN PRIVATE KEY-----\x1b[0m",
        "\x1b[2mMIIE\x1b[0m",
        "-----END PRIVATE KEY-----",
    ];
    assert_eq!(
        without_secrets(&coloured),
        ["key: \x1b[1m[redacted]", "\x1b[2m[redacted]", "[redacted]"]
    );
    let no_block = ["expected -----BEGIN PRIVATE KEY-----, but the file is empty", "after"];
    assert_eq!(without_secrets(&no_block), ["expected [redacted]", "after"]);
}

#[test]
fn a_block_without_an_end_ends() {
    let mut lines = vec!["-----BEGIN PRIVATE KEY-----"];
    lines.resize(300, "text");
    let redacted = without_secrets(&lines);
    assert_eq!(redacted[255], "[redacted]");
    assert_eq!(redacted[256], "text");
}

#[test]
fn ordinary_lines_stay_as_they_are() {
    let text = include_str!("ordinary.log");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() >= 200, "{}", lines.len());
    for (redacted, line) in without_secrets(&lines).iter().zip(&lines) {
        assert_eq!(redacted, line);
    }
}

proptest! {
    #[test]
    fn no_match_is_left(text in "[ab12\x1bm\\[\r ]{0,40}") {
        let digits = redaction(&["1[ab]2", "(?P<keep>a)2+"], false);
        let result = redact(&digits, &text, &mut LineCarry::default());
        let result = result.replace("[redacted]", "#");
        let shown = crate::event::strip(result.as_bytes());
        for visible in [result.as_bytes(), &shown] {
            prop_assert!(!matches(&digits.expressions[0], visible), "{result:?}");
            prop_assert!(!matches(&digits.expressions[1], visible), "{result:?}");
        }
    }

    #[test]
    fn a_cut_is_inside_of_the_window_and_beside_matches(text in "[ab12é]{2,60}") {
        let redaction = redaction(&["1[ab]+2"], false);
        let cut = redaction.cut(text.as_bytes());
        prop_assert!(cut > 0 && text.is_char_boundary(cut));
        let whole = redact(&redaction, &text, &mut LineCarry::default());
        let (first, second) = text.split_at(cut);
        let pieces = [first, second].map(|piece| redact(&redaction, piece, &mut LineCarry::default()));
        prop_assert_eq!(pieces.concat(), whole);
    }
}
