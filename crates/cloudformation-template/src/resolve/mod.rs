//! Resolving expressions. Nothing is fetched here: what is not known yet is said, all of it at once.

mod cidr;
mod dynamic;
mod evaluate;
mod functions;
mod known;

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use crate::TemplateError;

pub use dynamic::DynamicReference;
pub use known::{Known, KnownResource, Need, StackOutput};

pub(crate) use evaluate::{Audience, Evaluation};

/// What stands in a planned value for what is known only once the change has been made.
pub const KNOWN_AFTER_APPLY: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unresolved {
    /// These have to be known first.
    Needs(BTreeSet<Need>),
    /// It cannot have one.
    Refused(TemplateError),
}

impl From<TemplateError> for Unresolved {
    fn from(error: TemplateError) -> Self {
        Self::Refused(error)
    }
}

/// A value as far as it is known. May hold secrets: it is never printed.
#[derive(Clone, PartialEq)]
pub struct Planned {
    /// With [`KNOWN_AFTER_APPLY`] where something is missing.
    pub value: Value,
    /// What is missing.
    pub needs: BTreeSet<Need>,
}

impl fmt::Debug for Planned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Planned").field("needs", &self.needs).finish_non_exhaustive()
    }
}
