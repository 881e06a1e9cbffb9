//! How API Gateway refuses: one enum in its own words, one mapping to its codes.

use claviger_aws_protocol::failure::Failure;
use claviger_resources::rest_api::GatewayResponseType;
use claviger_resources::{AccountId, RestApiId, StageName};
use claviger_runtime::vault::VaultError;
use claviger_store::StoreError;

use crate::domain_name::Refused;
use crate::operation::Refusal;
use crate::self_signed;

/// Why an API Gateway operation was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such REST API in this account and region.
    #[error("Invalid API identifier specified {account}:{id}")]
    RestApiNotFound {
        /// The caller's account.
        account: AccountId,
        /// The id asked for.
        id: String,
    },
    /// Something within an API, or beside it, does not exist; the text is AWS's.
    #[error("{0}")]
    NotFound(String),
    /// The request asks for what cannot be; the text is AWS's.
    #[error("{0}")]
    BadRequest(String),
    /// The request collides with what there is; the text is AWS's.
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
    /// Too much of this is done at the moment.
    #[error("Too Many Requests")]
    Busy,
    /// Not something this operation can be asked here.
    #[error("{0}")]
    Unsupported(String),
    /// A key's value cannot be sealed or opened.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
    /// A certificate cannot be made.
    #[error("a certificate cannot be made")]
    Certificate(#[from] self_signed::Failed),
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Error {
    /// A `NotFoundException` of the form AWS uses for most nouns.
    pub fn invalid_identifier(what: &str) -> Self {
        Self::NotFound(format!("Invalid {what} identifier specified"))
    }

    /// A stage that does not exist.
    pub fn stage_not_found() -> Self {
        Self::NotFound("Invalid stage identifier specified".to_owned())
    }

    /// A stage whose name is taken.
    pub fn stage_exists(_: &StageName) -> Self {
        Self::Conflict("Stage already exists".to_owned())
    }

    /// A gateway response that is not customised and so cannot be deleted.
    pub fn gateway_response_not_defined(_: GatewayResponseType) -> Self {
        Self::NotFound("Gateway response type not defined on api".to_owned())
    }

    /// An API whose pinned id is taken.
    pub fn api_id_taken(id: &RestApiId) -> Self {
        Self::Conflict(format!("The API id {id} is in use; choose another one in the tag"))
    }

    /// A `BadRequestException`.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::BadRequest(message.into())
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoDomain => Self::invalid_identifier("domain name"),
            Refused::Bad(message) => Self::BadRequest(message),
            Refused::KeyTaken => Self::Conflict("Base path already exists for this domain name".to_owned()),
            Refused::LimitExceeded(what, scope, maximum) => Self::LimitExceeded { what, scope, maximum },
            Refused::Store(error) => error.into(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        match error {
            Error::RestApiNotFound { .. } | Error::NotFound(_) => Self::new("NotFoundException", 404, message),
            Error::BadRequest(_) | Error::Unsupported(_) => Self::new("BadRequestException", 400, message),
            Error::Conflict(_) => Self::new("ConflictException", 409, message),
            Error::LimitExceeded { .. } => Self::new("LimitExceededException", 429, message),
            Error::Busy => Self::new("TooManyRequestsException", 429, message),
            Error::Store(StoreError::NulCharacter) => {
                Self::new("BadRequestException", 400, "A name must not contain the character U+0000")
            }
            Error::Store(StoreError::Conflict | StoreError::Contention) => Self::new(
                "ConflictException",
                409,
                "Unable to complete operation due to concurrent modification. Please try again later.",
            ),
            Error::Store(_) | Error::Vault(_) | Error::Certificate(_) => Self::internal("InternalFailure"),
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
