//! How IAM refuses.

use claviger_aws_protocol::failure::Failure;
use claviger_store::StoreError;

use crate::operation::Refusal;

/// Why an operation of IAM was refused. The texts are AWS's where AWS's are known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something does not exist; the text is AWS's.
    #[error("{0}")]
    NoSuchEntity(String),
    /// The name is taken.
    #[error("{what} with name {name} already exists.")]
    AlreadyExists {
        /// `Role`, or `Policy`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// Something depends on what is to be deleted; the text is AWS's.
    #[error("{0}")]
    DeleteConflict(&'static str),
    /// A policy is no JSON object.
    #[error("This policy contains invalid Json")]
    MalformedPolicy,
    /// There would be more than may be; the text is AWS's.
    #[error("{0}")]
    LimitExceeded(String),
    /// The token of a page is none.
    #[error("Invalid Marker")]
    Marker,
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Error {
    /// There is no role of this name.
    pub(super) fn no_role(name: &str) -> Self {
        Self::NoSuchEntity(format!("The role with name {name} cannot be found."))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (code, status) = match &error {
            Error::NoSuchEntity(_) => ("NoSuchEntity", 404),
            Error::AlreadyExists { .. } => ("EntityAlreadyExists", 409),
            Error::DeleteConflict(_) => ("DeleteConflict", 409),
            Error::MalformedPolicy => ("MalformedPolicyDocument", 400),
            Error::LimitExceeded(_) => ("LimitExceeded", 409),
            Error::Marker | Error::Store(StoreError::NulCharacter) => ("ValidationError", 400),
            Error::Store(StoreError::Contention | StoreError::Conflict) => {
                let message = "The request was rejected because multiple requests to change this object were submitted \
                               simultaneously. Wait a few minutes and submit your request again.";
                return Self::new("ConcurrentModification", 409, message);
            }
            Error::Store(_) => return Self::internal("ServiceFailure"),
        };
        Self::new(code, status, error.to_string())
    }
}

impl Refusal for Error {
    fn is_contention(&self) -> bool {
        matches!(self, Self::Store(StoreError::Contention | StoreError::Conflict))
    }
}
