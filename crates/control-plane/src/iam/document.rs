//! Policy documents, ids and dates, as IAM writes them.

use claviger_resources::random::text;
use claviger_resources::{Random, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::IgnoredAny;

use super::errors::Error;

/// What RFC 3986 leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Digits of unique ids.
const DIGITS: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Whether a text can be a policy: a JSON object. What it says is kept and not read.
pub(super) fn check(document: &str) -> Result<(), Error> {
    let is_object = document.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(document).is_ok();
    if is_object { Ok(()) } else { Err(Error::MalformedPolicy) }
}

/// A policy as answers have it (IAM API, `GetRolePolicy`: "URL-encoded compliant with RFC 3986").
pub(super) fn encoded(document: &str) -> String {
    utf8_percent_encode(document, UNRESERVED).to_string()
}

/// A new unique id.
pub(super) fn unique_id(prefix: &str, random: &mut dyn Random) -> String {
    format!("{prefix}{}", text(random, DIGITS, 17))
}

/// Dates of IAM have whole seconds.
pub(super) fn date(at: Timestamp) -> i64 {
    at.seconds()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_an_object() {
        let check = |text: &str, expected: bool| assert_eq!(check(text).is_ok(), expected, "{text}");
        check("{}", true);
        check(" {\"Version\": \"2012-10-17\"}", true);
        check("[]", false);
        check("{", false);
        check("", false);
        assert_eq!(encoded("{\"a\": 1}"), "%7B%22a%22%3A%201%7D");
    }
}
