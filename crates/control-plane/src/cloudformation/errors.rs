//! How CloudFormation refuses: one enum in its own words, one mapping to its codes.

use claviger_aws_protocol::failure::Failure;
use claviger_cloudformation_template::TemplateError;
use claviger_runtime::vault::VaultError;
use claviger_store::StoreError;

use super::types::HandlerFailure;
use crate::operation::Refusal;

/// Why an operation of CloudFormation was refused. The texts are AWS's where AWS's are known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for cannot be; the text is AWS's.
    #[error("{0}")]
    Validation(String),
    /// The stack's name is taken.
    #[error("Stack [{0}] already exists")]
    StackExists(String),
    /// The change set's name is taken.
    #[error("ChangeSet {0} already exists")]
    ChangeSetExists(String),
    /// No such change set.
    #[error("ChangeSet [{0}] does not exist")]
    ChangeSetNotFound(String),
    /// The change set cannot be carried out, or not be deleted, as it stands.
    #[error("{0}")]
    ChangeSetStatus(String),
    /// The caller has not agreed to what the template does.
    #[error("Requires capabilities : [{0}]")]
    Capabilities(String),
    /// A resource could not be dealt with.
    #[error("{0}")]
    Handler(#[from] HandlerFailure),
    /// Somebody else deals with the stack now.
    #[error("another operation has taken the stack over")]
    TakenOver,
    /// The vault could not do its part.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Error {
    /// A `ValidationError`.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::Validation(message.into())
    }

    /// No such stack.
    pub(super) fn no_stack(name: &str) -> Self {
        // Tools look for "does not exist".
        Self::invalid(format!("Stack with id {name} does not exist"))
    }
}

impl From<TemplateError> for Error {
    fn from(error: TemplateError) -> Self {
        Self::Validation(error.message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::Validation(_) => Self::new("ValidationError", 400, message),
            Error::StackExists(_) | Error::ChangeSetExists(_) => Self::new("AlreadyExistsException", 400, message),
            Error::ChangeSetNotFound(_) => Self::new("ChangeSetNotFound", 404, message),
            Error::ChangeSetStatus(_) => Self::new("InvalidChangeSetStatus", 400, message),
            Error::Capabilities(_) => Self::new("InsufficientCapabilitiesException", 400, message),
            Error::Handler(_) | Error::TakenOver | Error::Vault(_) | Error::Store(_) => {
                Self::internal("InternalFailure")
            }
        }
    }
}

impl Refusal for Error {
    fn is_contention(&self) -> bool {
        match self {
            Self::Store(StoreError::Contention | StoreError::Conflict) => true,
            Self::Handler(failure) => failure.is_contention(),
            _ => false,
        }
    }
}
