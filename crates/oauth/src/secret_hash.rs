//! `SECRET_HASH`: how a caller on behalf of a user shows that it knows the app client's secret (Amazon Cognito, "Computing
//! secret hash values").

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Whether `given` was made with this secret for this username; tells nothing by how long it takes.
pub fn matches(given: &str, secret: &[u8], username: &str, client_id: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let message = [username.as_bytes(), client_id.as_bytes()].concat();
    STANDARD.decode(given).is_ok_and(|given| hmac::verify(&key, &message, &given).is_ok())
}

/// The hash of a username under a client's secret.
pub fn of(secret: &[u8], username: &str, client_id: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    STANDARD.encode(hmac::sign(&key, &[username.as_bytes(), client_id.as_bytes()].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_made_of_secret_username_and_client() {
        // From Python: base64.b64encode(hmac.new(b"secret", b"adaclient", hashlib.sha256).digest())
        let hash = of(b"secret", "ada", "client");
        assert_eq!(hash, "FEW6rzXVdy2RLJp0KqkU9A6/pxQBq5FgsxTWe/Ot+CI=");
        let check = |given: &str, secret: &[u8], username, client, expected| {
            assert_eq!(matches(given, secret, username, client), expected, "{given} {username} {client}");
        };
        check(&hash, b"secret", "ada", "client", true);
        check(&hash, b"secrets", "ada", "client", false);
        check(&hash, b"secret", "eda", "client", false);
        check(&hash, b"secret", "ada", "clients", false);
        check(hash.trim_end_matches('='), b"secret", "ada", "client", false);
        check("", b"secret", "ada", "client", false);
        check("!", b"secret", "ada", "client", false);
    }
}
