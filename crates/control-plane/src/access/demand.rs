//! What a call needs to be allowed: an action on a resource.

use std::borrow::Cow;

/// What must be allowed for something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Demand {
    /// The action. Where it has another name, either may be allowed, and either may be denied.
    pub(super) action: String,
    pub(super) alias: Option<String>,
    /// The ARN of what it is done to; `*` where AWS has none.
    pub(super) resource: Cow<'static, str>,
    /// Whether only roles of ours know this: on AWS it is a part of something else, and so for roles of IAM.
    pub(super) is_own: bool,
}

impl Demand {
    /// An action of a service on a resource.
    pub(crate) fn new(service: &str, operation: &str, resource: impl Into<Cow<'static, str>>) -> Self {
        Self { action: format!("{service}:{operation}"), alias: None, resource: resource.into(), is_own: false }
    }

    /// A right that AWS knows as a part of others.
    pub(crate) fn own(action: &str, resource: impl Into<Cow<'static, str>>) -> Self {
        Self { action: action.to_owned(), alias: None, resource: resource.into(), is_own: true }
    }

    /// The same, whose action is also called so.
    pub(crate) fn or(self, alias: String) -> Self {
        Self { alias: Some(alias), ..self }
    }
}
