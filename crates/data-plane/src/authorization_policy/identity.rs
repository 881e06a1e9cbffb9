//! Whom a token is about, as headers that a proxy puts on the request it lets through. All of them are set every time, be
//! it to nothing, so that a client's own never pass for ours.

use std::fmt::Write as _;

use claviger_gateway::roles::Held;
use claviger_oauth::verified_token::VerifiedToken;
use http::{HeaderMap, HeaderName, HeaderValue};

const SUBJECT: HeaderName = HeaderName::from_static("x-claviger-subject");
const CLIENT_ID: HeaderName = HeaderName::from_static("x-claviger-client-id");
const USERNAME: HeaderName = HeaderName::from_static("x-claviger-username");
const SCOPE: HeaderName = HeaderName::from_static("x-claviger-scope");
const ROLES: HeaderName = HeaderName::from_static("x-claviger-roles");
const TOKEN_USE: HeaderName = HeaderName::from_static("x-claviger-token-use");
const ISSUER: HeaderName = HeaderName::from_static("x-claviger-issuer");
const USER_POOL: HeaderName = HeaderName::from_static("x-claviger-user-pool");

/// Puts the identity of an admitted token, and the roles that it holds under the policy, into headers.
pub(super) fn put(headers: &mut HeaderMap, token: &VerifiedToken, held: Option<&Held<'_>>) {
    for (name, text) in [
        (SUBJECT, token.subject().unwrap_or_default()),
        (CLIENT_ID, token.client().unwrap_or_default()),
        (USERNAME, token.username().unwrap_or_default()),
        (SCOPE, token.scope()),
        (ROLES, &*held.map(Held::text).unwrap_or_default()),
        (TOKEN_USE, token.token_use().unwrap_or_default()),
        (ISSUER, token.issuer()),
        (USER_POOL, token.pool().as_str()),
    ] {
        headers.insert(name, value(text));
    }
}

/// A text as a header's value. What is not printable ASCII is percent-encoded, and so is the percent sign, so that no two
/// texts become the same; spaces at the ends are, too, because proxies take them away.
fn value(text: &str) -> HeaderValue {
    let plain = |byte: u8| matches!(byte, 0x21..=0x7e) && byte != b'%';
    if text.bytes().all(plain) {
        return HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""));
    }
    let inner = text.trim_matches(' ');
    let start = text.len() - text.trim_start_matches(' ').len();
    let mut encoded = String::with_capacity(text.len() + 16);
    for (place, byte) in text.bytes().enumerate() {
        let is_inner_space = byte == b' ' && (start..start + inner.len()).contains(&place);
        if plain(byte) || is_inner_space {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    HeaderValue::try_from(encoded).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_breaks_out_of_its_header_and_no_two_become_one() {
        let check = |text: &str, expected: &str| assert_eq!(value(text), expected, "{text:?}");
        check("", "");
        check("4f2hmhnhvjujjor0kila8e8iu9", "4f2hmhnhvjujjor0kila8e8iu9");
        check("weather-api/get https://api.example/v1/read", "weather-api/get https://api.example/v1/read");
        check("a\r\nX-Claviger-Roles: admin", "a%0D%0AX-Claviger-Roles: admin");
        check("a\nb\0c\td\u{7f}", "a%0Ab%00c%09d%7F");
        check("Zoë", "Zo%C3%AB");
        check("50%0A", "50%250A");
        check(" admin", "%20admin");
        check("admin  ", "admin%20%20");
        check("a b ", "a b%20");
        check("   ", "%20%20%20");
    }
}
