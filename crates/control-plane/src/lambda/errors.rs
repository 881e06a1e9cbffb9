//! How Lambda refuses: one enum in its own words, one mapping to its exceptions.

use claviger_aws_protocol::failure::Failure;
use claviger_resources::limits::FUNCTION_POLICY_BYTES_MAX;
use claviger_runtime::functions::{ArchiveError, CodeError, FunctionError};
use claviger_runtime::vault::VaultError;
use claviger_store::StoreError;

use crate::operation::Refusal;

/// Why an operation of Lambda was refused. The texts are AWS's where AWS's are known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such function, or no such version of it.
    #[error("Function not found: {0}")]
    FunctionNotFound(String),
    /// Something of a function does not exist; the text is AWS's.
    #[error("{0}")]
    NotFound(String),
    /// The name is taken.
    #[error("Function already exist: {0}")]
    FunctionExists(String),
    /// The alias's name is taken.
    #[error("Alias already exists: {0}")]
    AliasExists(String),
    /// The version is what aliases lead to.
    #[error("Unable to delete version because the following aliases reference it: [{0}]")]
    VersionInUse(String),
    /// The statement id is taken.
    #[error(
        "The statement id ({0}) provided already exists. Please provide a new statement id, or remove the existing statement."
    )]
    StatementExists(String),
    /// The request asks for what cannot be; the text is AWS's.
    #[error("{0}")]
    InvalidParameter(String),
    /// A value breaks a rule that the service description does not tell; the text is AWS's.
    #[error("{0}")]
    Validation(String),
    /// The event is not JSON.
    #[error("Could not parse request body into json: {0}")]
    InvalidContent(String),
    /// The policy is too long.
    #[error("The final policy size ({0}) is bigger than the limit ({FUNCTION_POLICY_BYTES_MAX}).")]
    PolicyLengthExceeded(usize),
    /// The function was changed since the caller saw it.
    #[error(
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve \
         the latest Revision Id"
    )]
    RevisionMismatch,
    /// The event is too large.
    #[error("Request must be smaller than {0} bytes for the InvokeFunction operation")]
    EventTooLarge(usize),
    /// The function belongs to another account.
    #[error(
        "User: arn:aws:iam::{account}:root is not authorized to perform: lambda:{operation} on resource: {function} \
         because no resource-based policy allows the lambda:{operation} action"
    )]
    NotAuthorized {
        /// The caller's account.
        account: String,
        /// What the caller asked for.
        operation: &'static str,
        /// The function's ARN.
        function: String,
    },
    /// The function cannot be called.
    #[error(transparent)]
    Call(FunctionError),
    /// The code cannot be kept.
    #[error("the code cannot be kept")]
    Code(#[source] CodeError),
    /// Functions are not run on this server.
    #[error("functions are not run on this server")]
    NotRun,
    /// The vault could not do its part.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Error {
    /// An `InvalidParameterValueException`.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::InvalidParameter(message.into())
    }

    /// Why a zip, or what keeps it, does not do.
    pub fn of_code(error: CodeError) -> Self {
        let CodeError::Archive(archive) = error else { return Self::Code(error) };
        match archive {
            ArchiveError::Empty => Self::invalid("Uploaded file must be a non-empty zip"),
            ArchiveError::TooLarge => Self::invalid("Unzipped size must be smaller than 262144000 bytes"),
            ArchiveError::Unreadable(_) => {
                Self::invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
            }
            ArchiveError::TooMany | ArchiveError::Entry(_) => {
                Self::invalid(format!("The zip cannot be used: {archive}"))
            }
            ArchiveError::Write(_) => Self::Code(CodeError::Archive(archive)),
        }
    }
}

/// An exception whose message is called `Message`, not `message`.
fn capital(code: &'static str, status: u16, message: String, fault: &'static str) -> Failure {
    Failure::new(code, status, message.clone()).with_member("Type", fault).with_member("Message", message)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let user =
            |code: &'static str, status: u16| Self::new(code, status, message.clone()).with_member("Type", "User");
        match error {
            Error::FunctionNotFound(_) | Error::NotFound(_) | Error::Call(FunctionError::NotFound(_)) => {
                capital("ResourceNotFoundException", 404, message, "User")
            }
            Error::FunctionExists(_) | Error::AliasExists(_) | Error::VersionInUse(_) | Error::StatementExists(_) => {
                user("ResourceConflictException", 409)
            }
            Error::InvalidParameter(_) => user("InvalidParameterValueException", 400),
            Error::Validation(_) => Self::new("ValidationException", 400, message),
            Error::InvalidContent(_) => user("InvalidRequestContentException", 400),
            Error::PolicyLengthExceeded(_) => user("PolicyLengthExceededException", 400),
            Error::RevisionMismatch => user("PreconditionFailedException", 412),
            Error::EventTooLarge(_) => user("RequestTooLargeException", 413),
            Error::NotAuthorized { .. } | Error::Call(FunctionError::NotPermitted { .. }) => {
                Self::new("AccessDeniedException", 403, message)
            }
            Error::Call(FunctionError::Throttled) => Self::new("TooManyRequestsException", 429, "Rate Exceeded.")
                .with_member("Type", "User")
                .with_member("Reason", "ConcurrentInvocationLimitExceeded")
                .for_operators(Some(message), None),
            Error::Call(FunctionError::ReservationFull) => Self::new("TooManyRequestsException", 429, "Rate Exceeded.")
                .with_member("Type", "User")
                .with_member("Reason", "ReservedFunctionConcurrentInvocationLimitExceeded")
                .for_operators(Some(message), None),
            Error::Call(FunctionError::Unavailable { .. }) | Error::NotRun => {
                capital("InvalidRuntimeException", 502, message, "User")
            }
            Error::Store(StoreError::Conflict | StoreError::Contention) => Self::new(
                "ResourceConflictException",
                409,
                "The operation cannot be performed at this time. The function was changed by someone else meanwhile.",
            )
            .with_member("Type", "User"),
            Error::Call(_) => capital("ServiceException", 500, message, "Service"),
            Error::Code(_) | Error::Vault(_) | Error::Store(_) => {
                let internal = Self::internal("ServiceException");
                capital("ServiceException", 500, internal.message, "Service")
            }
        }
    }
}

impl Refusal for Error {
    fn is_contention(&self) -> bool {
        matches!(self, Self::Store(StoreError::Contention | StoreError::Conflict))
    }

    fn setting(&self) -> Option<String> {
        match self {
            Self::NotAuthorized { .. } => Some("the account in the function's ARN".to_owned()),
            Self::Call(FunctionError::NotFound(_)) => Some("--function ARN=URL or CLAVIGER_FUNCTIONS".to_owned()),
            Self::PolicyLengthExceeded(_) => Some(format!("a policy has at most {FUNCTION_POLICY_BYTES_MAX} bytes")),
            _ => None,
        }
    }
}
