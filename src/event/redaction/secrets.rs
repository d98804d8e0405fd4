//! Expressions for well-known secrets: the table of `--redact-secrets`.
//!
//! Keys and user names stay readable; only values are removed.

/// A kind of secret.
pub(super) struct Secret {
    /// Name of the kind, for tests.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests name the kind that fails"))]
    pub(super) name: &'static str,
    /// Matches the secret; groups whose names begin with `keep` stay.
    pub(super) expression: &'static str,
}

const fn secret(name: &'static str, expression: &'static str) -> Secret {
    Secret { name, expression }
}

/// All kinds. The order does not matter: what any of them matches is removed.
pub(super) const SECRETS: [Secret; 27] = [
    secret(
        "authorization header",
        r#"(?i-u)(?P<keep>\bauthorization\\?["']?\s*[:=]\s*\\?["']?(?:bearer|basic|negotiate|apikey)\s+)[a-z0-9._~+/=:-]+"#,
    ),
    secret(
        "digest in an authorization header",
        r"(?i-u)(?P<keep>\bauthorization\s*[:=]\s*digest\s+).+",
    ),
    secret(
        "authorization header without a known scheme",
        r#"(?i-u)(?P<keep>\bauthorization\\?["']?\s*[:=]\s*\\?["']?(?:token\s+)?)[a-z0-9._~+/=:-]{16,}"#,
    ),
    secret(
        "bearer token",
        r"(?i-u)(?P<keep>\bbearer\s+)(?:[a-z0-9._~+/-]{4,}[0-9][a-z0-9._~+/-]{4,}|[a-z._~+/-]{24,})=*",
    ),
    secret(
        "password in a URL",
        r#"(?i-u)(?P<keep>\b[a-z][a-z0-9+.-]*://[^\s/:@"'<>?#]*:)[^\s/"'<>?#]+(?P<keep_host>@)"#,
    ),
    secret("AWS access key ID", r"(?-u)\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    secret(
        "AWS secret access key",
        r#"(?i-u)(?P<keep>secret_?access_?key\\?["']?\s*[:=]\s*\\?["']?)[a-z0-9/+=]{40}"#,
    ),
    secret("Google API key", r"(?-u)\bAIza[0-9A-Za-z_-]{35}"),
    secret("Google OAuth token", r"(?-u)\bya29\.[0-9A-Za-z_-]{20,}"),
    secret("GitHub token", r"(?-u)\b(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{22,})"),
    secret("GitLab token", r"(?-u)\bgl(?:pat|dt|rt|cbt|ptt|soat)-[0-9A-Za-z_.-]{20,}"),
    secret("Slack token", r"(?-u)\bx(?:ox[abeoprs]|app)-[0-9A-Za-z-]{10,}"),
    secret(
        "Slack webhook",
        r"(?-u)(?P<keep>\bhooks\.slack\.com/(?:services|workflows)/)[0-9A-Za-z/_-]+",
    ),
    secret("Stripe key", r"(?-u)\b(?:[rs]k_(?:live|test)_|whsec_)[0-9A-Za-z]{16,}"),
    secret(
        "Azure account key",
        r"(?i-u)(?P<keep>\b(?:account|shared_?access)key\s*=\s*)[a-z0-9+/]{20,}=*",
    ),
    secret("Azure signature", r"(?i-u)(?P<keep>[?&]sig=)[a-z0-9%+/=_-]{16,}"),
    secret("JSON web token", r"(?-u)\beyJ[0-9A-Za-z_-]{8,}\.eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]*"),
    secret(
        "private key",
        r"(?s-u)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:.*?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|.*)",
    ),
    secret(
        "quoted value of a key",
        r#"(?i-u)(?P<keep>(?:pass(?:word|wd|phrase)|\bpwd|secret|token|api[_-]?key|(?:secret|private|access)[_-]?key)["']?\s*[:=]\s*")(?:[^"\\]|\\.)+"#,
    ),
    secret(
        "value of a key in JSON inside of JSON",
        r#"(?i-u)(?P<keep>(?:pass(?:word|wd|phrase)|\bpwd|secret|token|api[_-]?key|(?:secret|private|access)[_-]?key)\\"\s?:\s?\\")(?:[^"\\]|\\\\(?:\\.|[^\\"]))+"#,
    ),
    secret(
        "value of a key in single quotes",
        r"(?i-u)(?P<keep>(?:pass(?:word|wd|phrase)|\bpwd|secret|token|api[_-]?key|(?:secret|private|access)[_-]?key)'?\s*[:=]\s*')(?:[^'\\]|\\.)+",
    ),
    secret(
        "value of a key in a query or in logfmt",
        r#"(?i-u)(?P<keep>(?:pass(?:word|wd|phrase)|\bpwd|secret|token|api[_-]?key|(?:secret|private|access)[_-]?key)=)(?:[^\s"'&,;<>\\]|\\[^\s"'])+"#,
    ),
    secret(
        "value of a password behind a colon",
        r#"(?i-u)(?P<keep>(?:^|[\s{,;"'])[a-z0-9_.-]*(?:pass(?:word|wd|phrase)|\bpwd|secret|api[_-]?key)["']?:\s+)[^\s"'{},;\[][^\s"',;}]*"#,
    ),
    secret(
        "value of a password behind an equals sign",
        r#"(?i-u)(?P<keep>(?:pass(?:word|wd|phrase)|\bpwd)\s*=\s*)[^\s&"'\\][^\s&"]*"#,
    ),
    secret(
        "number of a password in JSON",
        r#"(?i-u)(?P<keep>(?:pass(?:word|wd|phrase)|\bpwd|secret)\\?["']\s*:\s*)-?[0-9][0-9.e+-]*"#,
    ),
    secret(
        "header with a token",
        r#"(?i-u)(?P<keep>\bx-(?:auth-token|access-token|api-key|csrf-token|amz-security-token)["']?\s*[:=]\s*["']?)[^\s"',;]+"#,
    ),
    secret("long token behind a colon", r"(?i-u)(?P<keep>\btoken:\s+)[a-z0-9._~+/=-]{16,}"),
];
