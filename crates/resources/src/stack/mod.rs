//! CloudFormation stacks: what is kept of one, of what it is made of, of what it was asked to become, and of what has
//! happened to it.
//!
//! Values that a template computes may hold secrets (a parameter with `NoEcho`, a client secret handed on), so parameters
//! that must not be echoed, resolved properties, attributes and outputs are kept sealed.

mod change_set;
mod event;
mod export;
mod operation;
pub mod policy;
mod resource;
mod status;
mod template;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Sealed, Tenant, Timestamp};

pub use self::change_set::{ChangeSet, ChangeSetStatus, ChangeSetType, ExecutionStatus};
pub use self::event::StackEvent;
pub use self::export::{StackExport, StackImport};
pub use self::operation::{OnFailure, OperationKind, Phase, StackOperation};
pub use self::resource::{Physical, StackResource};
pub use self::status::{ResourceStatus, StackStatus};
pub use self::template::StackTemplate;

/// A stack, as it is stored.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stack {
    /// The last part of its ARN, unlike any other's.
    pub id: String,
    /// Its name, which a stack that is not deleted has to itself.
    pub name: String,
    /// The account and region it lives in.
    pub tenant: Tenant,
    /// Where it stands.
    pub status: StackStatus,
    /// Why, where that needs saying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// What it is made from; changes when an operation succeeds.
    #[serde(default)]
    pub definition: Definition,
    /// Its outputs as JSON: they may hold secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<Sealed>,
    /// The names it exports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exports: Vec<String>,
    /// The names it imports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<String>,
    /// Whether nobody may delete it.
    #[serde(default)]
    pub termination_protection: bool,
    /// The stack policy, as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The ARN of the stack that made this one as a resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_arn: Option<String>,
    /// The ARN of the outermost stack of those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_arn: Option<String>,
    /// The ARN of the change set that was last carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_set_arn: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
    /// When it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
    /// What is being done to it, or what was left half done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<StackOperation>,
    /// How many events it has had.
    #[serde(default)]
    pub events: u64,
    /// When the last one was: the next is later.
    #[serde(default)]
    pub last_event: Timestamp,
}

/// What a stack is made from.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Definition {
    /// The id of its template; `None` while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// What the template's description says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The parameters it was given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<StackParameter>,
    /// What the caller has agreed to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    /// Its tags.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// Topics that would be told of events; kept and shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notification_arns: Vec<String>,
    /// The role it is deployed with; kept and shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// Minutes that making it may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_minutes: Option<u32>,
    /// Whether what has been made stays when the rest fails.
    pub disable_rollback: bool,
}

/// A parameter of a stack.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackParameter {
    /// Its name.
    pub key: String,
    /// Its value, as it was given or as the template has it by default.
    pub value: ParameterValue,
    /// What a parameter of the Systems Manager said, when the value only names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<ParameterValue>,
}

/// The value of a parameter.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ParameterValue {
    /// In clear.
    Shown(String),
    /// A secret: the template says `NoEcho`.
    Hidden(Sealed),
}

impl Stack {
    /// Its Amazon Resource Name, which operations call its id.
    pub fn arn(&self) -> String {
        format!("arn:aws:cloudformation:{}:{}:stack/{}/{}", self.tenant.region, self.tenant.account, self.name, self.id)
    }

    /// Whether it is there, which a deleted one is not.
    pub fn is_live(&self) -> bool {
        self.status != StackStatus::DeleteComplete
    }
}
