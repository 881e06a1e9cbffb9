//! How our own service refuses: with exceptions named as Cognito's are, which its clients know how to read.

use claviger_aws_protocol::failure::Failure;
use claviger_oauth::claims::ExtraClaimsError;
use claviger_resources::request_rates::RATE_MAX;
use claviger_store::StoreError;

use crate::operation::Refusal;

/// Why an operation of ours was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such app client.
    #[error("App client {0} does not exist.")]
    AppClientNotFound(String),
    /// A rate of nothing a second would never let a token through, and one beyond a million bounds nothing.
    #[error("RequestsPerSecond must be greater than 0 and at most {RATE_MAX}.")]
    RateOutOfRange,
    /// A burst belongs to a rate.
    #[error("Burst needs RequestsPerSecond: the app client has no rate yet.")]
    BurstWithoutRate,
    /// An extra cannot be set and unset at once.
    #[error("{0} cannot be both set and unset.")]
    SetAndUnset(&'static str),
    /// Claims that no client can have.
    #[error("Claims cannot be set: {0}.")]
    Claims(ExtraClaimsError),

    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exception = match &error {
            Error::AppClientNotFound(_) => "ResourceNotFoundException",
            Error::RateOutOfRange | Error::BurstWithoutRate | Error::SetAndUnset(_) | Error::Claims(_) => {
                "InvalidParameterException"
            }
            Error::Store(StoreError::NulCharacter) => {
                return Self::new("InvalidParameterException", 400, StoreError::NulCharacter.to_string());
            }
            // Clients wait and try again when they read this name.
            Error::Store(StoreError::Contention | StoreError::Conflict) => {
                return Self::new("TooManyRequestsException", 400, "Too many requests".to_owned());
            }
            Error::Store(
                StoreError::AlreadyExists
                | StoreError::NameTaken { .. }
                | StoreError::ReadOnly
                | StoreError::Unavailable(_)
                | StoreError::Corrupt { .. },
            ) => return Self::internal("InternalErrorException"),
        };
        Self::new(exception, 400, error.to_string())
    }
}

impl Refusal for Error {
    fn is_contention(&self) -> bool {
        matches!(self, Self::Store(StoreError::Contention | StoreError::Conflict))
    }
}
