//! How CloudWatch Logs refuses.

use std::io;

use claviger_aws_protocol::failure::Failure;
use claviger_resources::limits::LOG_GROUPS_MAX;
use claviger_runtime::log_events::QueueFull;
use claviger_store::StoreError;

use crate::operation::Refusal;

/// Why an operation of CloudWatch Logs was refused. The texts are AWS's where AWS's are known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such group.
    #[error("The specified log group does not exist.")]
    GroupNotFound,
    /// No such stream.
    #[error("The specified log stream does not exist.")]
    StreamNotFound,
    /// The name of the group is taken.
    #[error("The specified log group already exists")]
    GroupExists,
    /// The name of the stream is taken.
    #[error("The specified log stream already exists")]
    StreamExists,
    /// A member breaks a rule that the service description does not tell; the text is AWS's.
    #[error("{0}")]
    InvalidParameter(String),
    /// There are as many groups as there may be.
    #[error("There are {LOG_GROUPS_MAX} log groups, which is as many as there may be.")]
    TooManyGroups,
    /// There would be too many tags.
    #[error("A log group can have at most 50 tags.")]
    TooManyTags,
    /// Events come faster than they are written.
    #[error("{0}; try again later")]
    QueueFull(#[from] QueueFull),
    /// The files could not be read or written.
    #[error("the files of log events failed")]
    Files(#[from] io::Error),
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Error {
    /// A member breaks a rule.
    pub(super) fn invalid(message: &str) -> Self {
        Self::InvalidParameter(message.to_owned())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (code, status) = match &error {
            Error::GroupNotFound | Error::StreamNotFound => ("ResourceNotFoundException", 400),
            Error::GroupExists | Error::StreamExists => ("ResourceAlreadyExistsException", 400),
            Error::InvalidParameter(_) | Error::Store(StoreError::NulCharacter) => ("InvalidParameterException", 400),
            Error::TooManyGroups => ("LimitExceededException", 400),
            Error::TooManyTags => ("TooManyTagsException", 400),
            Error::QueueFull(_) => ("ServiceUnavailableException", 503),
            Error::Store(StoreError::Contention | StoreError::Conflict) => {
                let message = "Multiple concurrent requests to update the same resource were in conflict.";
                return Self::new("OperationAbortedException", 400, message);
            }
            Error::Files(_) | Error::Store(_) => return Self::internal("ServiceUnavailableException"),
        };
        Self::new(code, status, error.to_string())
    }
}

impl Refusal for Error {
    fn is_contention(&self) -> bool {
        matches!(self, Self::Store(StoreError::Contention | StoreError::Conflict))
    }
}
