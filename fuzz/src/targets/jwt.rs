//! Tokens that are presented: read, looked up, judged and refused.

use std::sync::LazyLock;

use claviger_oauth::authorize::strip_bearer;
use claviger_oauth::jose::{ForeignKeySet, KeySet, Token, VerifyingKey};
use claviger_oauth::jwt_authorizer::{Algorithms, JwtDemand, PresentedToken};
use claviger_oauth::verified_token;

const NOW_SECONDS: i64 = 1_769_860_800;
/// A public key whose private key nobody has kept.
const JWK: &str = r#"{"kty":"EC","kid":"k","use":"sig","alg":"ES256","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;

/// A token.
pub(super) fn run(data: &[u8]) {
    static KEYS: LazyLock<KeySet> = LazyLock::new(|| KeySet::new(VerifyingKey::from_jwk(JWK).into_iter().collect()));
    static FOREIGN: LazyLock<Option<ForeignKeySet>> =
        LazyLock::new(|| ForeignKeySet::parse(format!(r#"{{"keys":[{JWK}]}}"#).as_bytes()).ok());
    let Ok(text) = std::str::from_utf8(data) else { return };
    let bare = strip_bearer(text);
    if let Ok(token) = Token::parse(bare) {
        assert!(bare.as_bytes().starts_with(token.signing_input()), "what is signed is what was sent");
        assert!(KEYS.verify(&token).is_err(), "nobody can sign");
    }
    assert!(verified_token::verify(bare, |_| true, |_| Ok(&*KEYS), NOW_SECONDS).is_err(), "nobody can sign");
    let Some(foreign) = &*FOREIGN else { return };
    let demand = JwtDemand { algorithms: Algorithms::Rsa, audiences: &[], scopes: &[], claims: &[] };
    if let Ok((token, ())) = PresentedToken::read(text, |_| Some(())) {
        let _ = token.key_id();
        assert!(token.accept(|token| foreign.verify(token), demand, NOW_SECONDS).is_err(), "nobody can sign");
    }
    // What is refused for other reasons than its signature is looked at, too.
    if let Ok((token, ())) = PresentedToken::read(text, |_| Some(()))
        && let Ok(accepted) = token.accept(|_| Ok(()), demand, NOW_SECONDS)
    {
        assert!(accepted.expires_at() >= NOW_SECONDS - 600, "what has expired is not accepted");
    }
}
