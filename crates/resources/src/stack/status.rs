//! Where a stack or one of its resources stands.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! statuses {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// AWS's name of it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// The one that AWS calls by this name.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)* _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

statuses! {
    /// Where a stack stands (AWS CloudFormation, "Stack status codes").
    StackStatus {
        /// A change set is to make it.
        ReviewInProgress = "REVIEW_IN_PROGRESS",
        /// It is being made.
        CreateInProgress = "CREATE_IN_PROGRESS",
        /// It has been made.
        CreateComplete = "CREATE_COMPLETE",
        /// It could not be made, and what has been made stays.
        CreateFailed = "CREATE_FAILED",
        /// What has been made of it is being deleted.
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        /// What had been made of it is deleted.
        RollbackComplete = "ROLLBACK_COMPLETE",
        /// What had been made of it could not all be deleted.
        RollbackFailed = "ROLLBACK_FAILED",
        /// It is being changed.
        UpdateInProgress = "UPDATE_IN_PROGRESS",
        /// It has been changed; what is no longer needed is being deleted.
        UpdateCompleteCleanupInProgress = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        /// It has been changed.
        UpdateComplete = "UPDATE_COMPLETE",
        /// It could not be changed, and what has been changed stays.
        UpdateFailed = "UPDATE_FAILED",
        /// Its changes are being undone.
        UpdateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS",
        /// Its changes are undone; what they made is being deleted.
        UpdateRollbackCompleteCleanupInProgress = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        /// Its changes are undone.
        UpdateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE",
        /// Its changes could not all be undone.
        UpdateRollbackFailed = "UPDATE_ROLLBACK_FAILED",
        /// It is being deleted.
        DeleteInProgress = "DELETE_IN_PROGRESS",
        /// It is deleted.
        DeleteComplete = "DELETE_COMPLETE",
        /// It could not be deleted whole.
        DeleteFailed = "DELETE_FAILED",
    }
}

statuses! {
    /// Where a resource of a stack stands.
    ResourceStatus {
        /// It is being made.
        CreateInProgress = "CREATE_IN_PROGRESS",
        /// It has been made.
        CreateComplete = "CREATE_COMPLETE",
        /// It could not be made.
        CreateFailed = "CREATE_FAILED",
        /// It is being changed.
        UpdateInProgress = "UPDATE_IN_PROGRESS",
        /// It has been changed.
        UpdateComplete = "UPDATE_COMPLETE",
        /// It could not be changed.
        UpdateFailed = "UPDATE_FAILED",
        /// It is being deleted.
        DeleteInProgress = "DELETE_IN_PROGRESS",
        /// It is deleted.
        DeleteComplete = "DELETE_COMPLETE",
        /// It could not be deleted.
        DeleteFailed = "DELETE_FAILED",
        /// The stack has let it go without deleting it.
        DeleteSkipped = "DELETE_SKIPPED",
    }
}

impl StackStatus {
    /// Whether something is being done to the stack, so that nothing else may be.
    pub fn is_in_progress(self) -> bool {
        self.as_str().ends_with("_IN_PROGRESS") && self != Self::ReviewInProgress
    }

    /// Whether a deletion may begin, which it may while the stack is being made.
    pub fn can_delete(self) -> bool {
        !self.is_in_progress()
            || matches!(self, Self::CreateInProgress | Self::RollbackInProgress | Self::DeleteInProgress)
    }

    /// Whether an update may begin.
    pub fn can_update(self) -> bool {
        matches!(
            self,
            Self::CreateComplete
                | Self::UpdateComplete
                | Self::UpdateRollbackComplete
                | Self::CreateFailed
                | Self::UpdateFailed
        )
    }
}

impl ResourceStatus {
    /// Whether what was begun has not ended.
    pub fn is_in_progress(self) -> bool {
        matches!(self, Self::CreateInProgress | Self::UpdateInProgress | Self::DeleteInProgress)
    }

    /// Whether it failed.
    pub fn is_failed(self) -> bool {
        matches!(self, Self::CreateFailed | Self::UpdateFailed | Self::DeleteFailed)
    }
}
