//! What is being done to a stack.

use serde::{Deserialize, Serialize};

use super::Definition;
use crate::Timestamp;

/// What is being done to a stack: enough to go on with it after a crash.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackOperation {
    /// Unlike any other's.
    pub id: String,
    /// What is to be done.
    pub kind: OperationKind,
    /// How far it has come.
    pub phase: Phase,
    /// Who carries it out: whoever else had it before finds itself replaced at its next step.
    #[serde(default)]
    pub worker: String,
    /// What callers call it by (`ClientRequestToken`); its events carry it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// What the stack is to be made from.
    #[serde(default)]
    pub definition: Definition,
    /// What happens when something fails.
    pub on_failure: OnFailure,
    /// Resources that a deletion lets go, or that undoing an update skips.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<String>,
    /// Why it has to be undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Whether it goes no further than the steps under way: its caller has thought better of it. The stack's status says so
    /// already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_halted: bool,
    /// The stack policy that holds for this operation alone, as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// The stack policy that holds once it has succeeded, as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_policy: Option<String>,
}

impl StackOperation {
    /// When everything must have been made of a stack that began to be made then; `None` when there is no such moment.
    pub fn deadline(&self, created: Timestamp) -> Option<Timestamp> {
        let minutes = self.definition.timeout_minutes.filter(|_| self.kind == OperationKind::Create)?;
        Some(Timestamp::from_milliseconds(created.milliseconds().saturating_add(i64::from(minutes) * 60_000)))
    }
}

/// What can be done to a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OperationKind {
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// It is deleted.
    Delete,
}

/// How far an operation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Resources are made, changed, or (where the stack is deleted) deleted.
    Forward,
    /// What is no longer needed is deleted.
    Cleanup,
    /// What has been done is undone.
    Rollback,
    /// What an undone update had made is deleted.
    RollbackCleanup,
    /// It stopped half-way and waits for its caller.
    Stopped,
}

/// What happens when making a stack fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OnFailure {
    /// What has been made is deleted, and the stack stays to be looked at.
    #[default]
    Rollback,
    /// The stack goes as well.
    Delete,
    /// What has been made stays.
    DoNothing,
}
