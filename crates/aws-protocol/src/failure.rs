//! Failures: what went wrong in AWS's terms, independent of the protocol that will carry it.

use std::borrow::Cow;

/// An error as AWS would answer it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Failure {
    /// The exception's name, such as `ResourceNotFoundException`.
    pub code: Cow<'static, str>,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong, in AWS's words.
    pub message: String,
    /// What the exception says beside its message, such as `reasonCode` or `resourceType`.
    pub members: Vec<(&'static str, String)>,
    /// What only operators may know; no protocol writes it.
    pub known: Option<Box<Known>>,
}

/// What is known of a failure beyond what the caller may hear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The reason, where it says more than the message.
    pub reason: Option<String>,
    /// The setting that decided, and its value.
    pub setting: Option<String>,
    /// Whether it is one of so many that nobody wants a record of each.
    pub is_not_recorded: bool,
}

impl Failure {
    /// A failure with this exception name, status and message.
    pub fn new(code: impl Into<Cow<'static, str>>, status: u16, message: impl Into<String>) -> Self {
        Self { code: code.into(), status, message: message.into(), members: Vec::new(), known: None }
    }

    /// The same failure with one more member beside its message.
    #[must_use]
    pub fn with_member(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.members.push((name, value.into()));
        self
    }

    /// The same failure with what only operators may know of it.
    #[must_use]
    pub fn for_operators(self, reason: Option<String>, setting: Option<String>) -> Self {
        let before = self.known.map(|known| *known).unwrap_or_default();
        let known = Known { reason: reason.or(before.reason), setting: setting.or(before.setting), ..before };
        Self { known: Some(Box::new(known)), ..self }
    }

    /// The same failure, one of so many that nobody wants a record of each.
    #[must_use]
    pub fn not_recorded(self) -> Self {
        let before = self.known.map(|known| *known).unwrap_or_default();
        Self { known: Some(Box::new(Known { is_not_recorded: true, ..before })), ..self }
    }

    /// Whether an audit log records it.
    pub fn is_recorded(&self) -> bool {
        !self.known.as_ref().is_some_and(|known| known.is_not_recorded)
    }

    /// The request's body cannot be read as the operation's input.
    pub fn serialization(message: &str) -> Self {
        Self::new("SerializationException", 400, message)
    }

    /// The service has no operation of this name, or none here.
    pub fn unknown_operation(message: impl Into<String>) -> Self {
        Self::new("UnknownOperationException", 400, message)
    }

    /// Something broke inside: the caller learns only that (the log has the rest, under the request id).
    pub fn internal(code: &'static str) -> Self {
        Self::new(code, 500, "Something went wrong inside the server. Ask its operator, and name the request id.")
    }
}
