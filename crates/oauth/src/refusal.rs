//! Why a token is not accepted: the exact reason, for operators. Clients hear only what AWS says.

/// Why a token is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none.
    #[error("no token was presented")]
    Missing,
    /// It is not a signed JSON Web Token in compact form.
    #[error("malformed token: {0}")]
    Malformed(&'static str),
    /// No accepted key has the id that its header names.
    #[error("the issuer has no key {0:?}")]
    UnknownKey(Box<str>),
    /// Its header names another algorithm than its key's.
    #[error("the token's algorithm {0:?} is not that of its key")]
    AlgorithmNotAllowed(Box<str>),
    /// Its signature is not its key's.
    #[error("the token's signature is wrong")]
    BadSignature,
    /// A claim that must be there is not, or has the wrong type.
    #[error("the claim {0} is missing or of the wrong type")]
    Claim(&'static str),
    /// It has expired.
    #[error("the token has expired")]
    Expired,
    /// It is not valid yet.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// It was issued by someone else.
    #[error("the token's issuer {0:?} is not an accepted user pool")]
    WrongIssuer(Box<str>),
    /// It is a token of another kind.
    #[error("an {expected} token is required here")]
    WrongTokenUse {
        /// `access` or `id`.
        expected: &'static str,
    },
    /// It carries none of the scopes that are required.
    #[error("the token carries none of the required scopes, but {0:?}")]
    MissingScope(Box<str>),
    /// Its `aud` claim does not match the authorizer's expression.
    #[error("the token's audience does not match the authorizer's validation expression")]
    Audience,
    /// It was valid, and was revoked.
    #[error("{0}")]
    Revoked(&'static str),
    /// The pool it names is one of those accepted, but does not exist any more.
    #[error("the user pool does not exist")]
    NoPool,
    /// The pool it names is known, but its keys are not made yet.
    #[error("the user pool has no keys yet")]
    NoKeys,
}

/// As much of a text from outside as a reason keeps of it; a reason is not to be made long from outside.
pub(crate) fn excerpt(text: &str) -> Box<str> {
    const BYTES_MAX: usize = 256;
    text.get(..text.floor_char_boundary(BYTES_MAX)).unwrap_or_default().into()
}
