//! How Secrets Manager refuses.

use claviger_aws_protocol::failure::Failure;
use claviger_resources::limits::{SECRET_LABELS_MAX, SECRETS_MAX};
use claviger_runtime::vault::VaultError;
use claviger_store::StoreError;

use crate::operation::Refusal;

/// Why an operation of Secrets Manager was refused. The texts are AWS's where AWS's are known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such secret.
    #[error("Secrets Manager can't find the specified secret.")]
    SecretNotFound,
    /// No such version of it, or none with this label.
    #[error("Secrets Manager can't find the specified secret value for {what}: {which}")]
    ValueNotFound {
        /// `VersionId`, or `staging label`.
        what: &'static str,
        /// Which.
        which: String,
    },
    /// The name is taken.
    #[error("The operation failed because the secret {0} already exists.")]
    SecretExists(String),
    /// The version has another value.
    #[error(
        "You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}."
    )]
    VersionExists {
        /// The version.
        token: String,
        /// The secret.
        arn: String,
    },
    /// The deletion of the secret is scheduled.
    #[error("You can't perform this operation on the secret because it was marked for deletion.")]
    MarkedForDeletion,
    /// So it was before.
    #[error("You can't perform this operation on the secret because it was already scheduled for deletion.")]
    AlreadyScheduled,
    /// Its name is not free until it is gone.
    #[error("You can't create this secret because a secret with this name is already scheduled for deletion.")]
    NameScheduled,
    /// Something does not go with the state of the secret; the text is AWS's.
    #[error("{0}")]
    InvalidRequest(String),
    /// A member breaks a rule that the service description does not tell; the text is AWS's.
    #[error("{0}")]
    InvalidParameter(String),
    /// The same, where AWS has it from its first look at the input.
    #[error("{0}")]
    Validation(&'static str),
    /// The token of a page is none.
    #[error("The NextToken value is invalid.")]
    NextToken,
    /// A policy is no JSON object.
    #[error("This resource policy contains invalid Json.")]
    MalformedPolicy,
    /// A policy lets everyone in.
    #[error("You can't attach a resource policy that allows broad access to the secret when BlockPublicPolicy is set.")]
    PublicPolicy,
    /// The function does not let itself be called.
    #[error(
        "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to \
         the principal secretsmanager.amazonaws.com."
    )]
    FunctionNotInvocable,
    /// There are as many secrets as there may be.
    #[error("There are {SECRETS_MAX} secrets, which is as many as there may be.")]
    TooManySecrets,
    /// There would be too many labels.
    #[error("A secret can have at most {SECRET_LABELS_MAX} staging labels.")]
    TooManyLabels,
    /// The vault could not do its part.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Error {
    /// AWS's name for it.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::SecretNotFound | Self::ValueNotFound { .. } => "ResourceNotFoundException",
            Self::SecretExists(_) | Self::VersionExists { .. } => "ResourceExistsException",
            Self::MarkedForDeletion | Self::AlreadyScheduled | Self::NameScheduled | Self::InvalidRequest(_) => {
                "InvalidRequestException"
            }
            Self::InvalidParameter(_) | Self::Store(StoreError::NulCharacter) => "InvalidParameterException",
            Self::Validation(_) => "ValidationException",
            Self::NextToken => "InvalidNextTokenException",
            Self::MalformedPolicy => "MalformedPolicyDocumentException",
            Self::PublicPolicy => "PublicPolicyException",
            Self::FunctionNotInvocable => "AccessDeniedException",
            Self::TooManySecrets | Self::TooManyLabels => "LimitExceededException",
            Self::Vault(_) | Self::Store(_) => "InternalServiceError",
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::Store(StoreError::Contention | StoreError::Conflict) => {
                let message = "The secret was changed by another request at the same time. Try again.";
                Self::new("InvalidRequestException", 400, message)
            }
            Error::Store(StoreError::NulCharacter) => Self::new(error.code(), 400, error.to_string()),
            Error::Vault(_) | Error::Store(_) => Self::internal(error.code()),
            _ => Self::new(error.code(), 400, error.to_string()),
        }
    }
}

impl Refusal for Error {
    fn is_contention(&self) -> bool {
        matches!(self, Self::Store(StoreError::Contention | StoreError::Conflict))
    }
}
