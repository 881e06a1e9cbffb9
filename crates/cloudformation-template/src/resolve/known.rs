//! What the engine knows so far, and what it may be asked for.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::DynamicReference;

/// Everything outside of the template that expressions may come to. May hold secrets: it is never printed.
#[derive(Clone, Default)]
pub struct Known {
    /// Resources that exist, by logical id.
    pub resources: BTreeMap<String, KnownResource>,
    /// Exported values, by export name.
    pub exports: BTreeMap<String, String>,
    /// Outputs of other stacks.
    pub stack_outputs: BTreeMap<StackOutput, String>,
    /// What dynamic references lead to.
    pub dynamic: BTreeMap<DynamicReference, String>,
}

/// A resource that exists.
#[derive(Clone, Default)]
pub struct KnownResource {
    /// What `Ref` gives.
    pub reference: Value,
    /// What `Fn::GetAtt` gives, by attribute.
    pub attributes: BTreeMap<String, Value>,
}

impl fmt::Debug for Known {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Known")
            .field("resources", &self.resources.keys())
            .field("exports", &self.exports.keys())
            .field("stack_outputs", &self.stack_outputs.keys())
            .field("dynamic", &self.dynamic.keys())
            .finish()
    }
}

/// An output of another stack, as `Fn::GetStackOutput` names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StackOutput {
    /// The stack's name or ARN.
    pub stack: String,
    /// The output's name.
    pub output: String,
    /// Where the stack is; nothing for where this one is.
    pub region: Option<String>,
    /// The role to read it with, for another account.
    pub role: Option<String>,
}

/// Something that has to be known first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// A resource of the template has to exist: its logical id.
    Resource(String),
    /// An exported value: its export name.
    Export(String),
    /// An output of another stack.
    StackOutput(StackOutput),
    /// What a dynamic reference leads to.
    Dynamic(DynamicReference),
}
