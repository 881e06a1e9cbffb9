//! How API Gateway refuses where HTTP APIs are concerned: one enum in its own words, one mapping to its codes.

use claviger_aws_protocol::failure::Failure;
use claviger_resources::{AccountId, HttpApiId};
use claviger_store::StoreError;

use crate::domain_name::Refused;
use crate::operation::Refusal;

/// Why an operation was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such API in this account and region.
    #[error("Invalid API identifier specified {account}:{id}")]
    ApiNotFound {
        /// The caller's account.
        account: AccountId,
        /// The id asked for.
        id: String,
    },
    /// Something within an API does not exist.
    #[error("Invalid {0} identifier specified")]
    NotFound(&'static str),
    /// The request asks for what cannot be; the text is AWS's where it is known.
    #[error("{0}")]
    BadRequest(String),
    /// The request collides with what there is.
    #[error("{0}")]
    Conflict(String),
    /// A quota is used up.
    #[error(
        "Maximum number of {what} for this {scope} has been reached. Please contact AWS if you need additional {what}."
    )]
    LimitExceeded {
        /// What there are too many of.
        what: &'static str,
        /// Within what.
        scope: &'static str,
        /// The quota.
        maximum: usize,
    },
    /// Not something this operation can be asked here.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Error {
    /// A `BadRequestException`.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::BadRequest(message.into())
    }

    /// An API whose pinned id is taken.
    pub fn api_id_taken(id: &HttpApiId) -> Self {
        Self::Conflict(format!("The API id {id} is in use; choose another one in the tag"))
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoDomain => Self::NotFound("domain name"),
            Refused::Bad(message) => Self::BadRequest(message),
            Refused::KeyTaken => Self::Conflict("ApiMapping key already exists for this domain name".to_owned()),
            Refused::LimitExceeded(what, scope, maximum) => Self::LimitExceeded { what, scope, maximum },
            Refused::Store(error) => error.into(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::ApiNotFound { .. } => {
                Self::new("NotFoundException", 404, message).with_member("resourceType", "Api")
            }
            Error::NotFound(what) => Self::new("NotFoundException", 404, message).with_member("resourceType", what),
            Error::BadRequest(_) | Error::Unsupported(_) => Self::new("BadRequestException", 400, message),
            Error::Conflict(_) => Self::new("ConflictException", 409, message),
            Error::LimitExceeded { what, .. } => {
                Self::new("TooManyRequestsException", 429, message).with_member("limitType", what)
            }
            Error::Store(StoreError::NulCharacter) => {
                Self::new("BadRequestException", 400, "A name must not contain the character U+0000")
            }
            Error::Store(StoreError::Conflict | StoreError::Contention) => Self::new(
                "ConflictException",
                409,
                "Unable to complete operation due to concurrent modification. Please try again later.",
            ),
            Error::Store(_) => Self::internal("InternalFailure"),
        }
    }
}

impl Refusal for Error {
    fn is_contention(&self) -> bool {
        matches!(self, Self::Store(StoreError::Contention | StoreError::Conflict))
    }

    fn setting(&self) -> Option<String> {
        match self {
            Self::LimitExceeded { what, scope, maximum } => {
                Some(format!("the quota of {what} per {scope} is {maximum}"))
            }
            _ => None,
        }
    }
}
