//! Failures: what went wrong in AWS's terms, independent of the protocol that will carry it.

use std::borrow::Cow;

/// An error as AWS would answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exception's name, such as `ResourceNotFoundException`.
    pub code: Cow<'static, str>,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, in AWS's words.
    pub message: String,
}

impl Failure {
    /// A failure with this exception name, status and message.
    pub fn new(code: impl Into<Cow<'static, str>>, status: u16, message: impl Into<String>) -> Self {
        Self { code: code.into(), status, message: message.into() }
    }

    /// The request's body cannot be read as the operation's input.
    pub fn serialization(message: &str) -> Self {
        Self::new("SerializationException", 400, message)
    }
}
