//! The page that a browser without credentials gets in place of the viewer.
//!
//! The form sends the token in the query, from which a redirect removes it: a correct one becomes a
//! cookie (see [`super::access`]), and a wrong one is replaced by an empty one, so that no token
//! stays in the address bar.

use bytes::Bytes;
use hyper::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY,
};
use hyper::{Response, StatusCode, Uri};

use super::access::{Access, query_token, without_token};
use super::body::AnswerBody;
use super::responses::{text, unauthorized};
use super::viewer::hash_source;

const PAGE: &str = include_str!("sign_in.html");
const STYLE: &str = include_str!("sign_in.css");
const TOKEN: &str = include_str!("sign_in_token.html");
const PASSWORD: &str = "<p>This server needs a user and a password. Reload the page, and the browser asks for them.</p>";
const PROBLEM: &str = "This is not the token of this server.";

/// Asks for the credentials that `access` takes.
pub(super) fn page(
    uri: &Uri,
    access: &Access,
    challenges: &[&'static str],
) -> Response<AnswerBody> {
    let given = query_token(uri);
    if let Some(location) = given.as_ref().filter(|token| !token.is_empty()).and(rejected(uri)) {
        let mut response = text(StatusCode::SEE_OTHER, &format!("{PROBLEM}\n"));
        response.headers_mut().insert(LOCATION, location);
        return response;
    }
    let style = STYLE.trim();
    let content = PAGE
        .replace("/*style*/", style)
        .replace("<!--token-->", if access.token().is_some() { TOKEN } else { "" })
        .replace("<!--password-->", if access.has_password() { PASSWORD } else { "" })
        .replace("<!--problem-->", if given.is_some() { PROBLEM } else { "" });
    let mut response =
        unauthorized(challenges).map(|_| AnswerBody::whole(Some(Bytes::from(content))));
    let mut set = |name: HeaderName, value| response.headers_mut().insert(name, value);
    set(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    set(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(policy) = HeaderValue::from_str(&policy(style)) {
        set(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// Returns the URL of the page with an empty token, which stands for a wrong one.
fn rejected(uri: &Uri) -> Option<HeaderValue> {
    let address = without_token(uri);
    let separator = if address.contains('?') { '&' } else { '?' };
    HeaderValue::try_from(format!("{address}{separator}token=")).ok()
}

fn policy(style: &str) -> String {
    format!(
        "default-src 'none'; style-src {}; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'",
        hash_source(style)
    )
}
