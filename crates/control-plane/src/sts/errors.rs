//! How STS refuses.

use claviger_aws_protocol::failure::Failure;
use claviger_runtime::vault::VaultError;
use claviger_store::StoreError;

use crate::operation::Refusal;

/// Why an operation of STS was refused. The texts are AWS's where AWS's are known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What is to be assumed is no role.
    #[error("Request ARN is invalid")]
    NoRole,
    /// A policy is no JSON.
    #[error("The policy is not in the valid JSON format.")]
    MalformedPolicy,
    /// A policy is JSON and no policy.
    #[error("The policy cannot be used: {0}.")]
    SessionPolicy(String),
    /// Managed policies do not narrow sessions here.
    #[error("PolicyArns is not served here; give the policy itself as Policy.")]
    PolicyArns,
    /// Policies and roles that narrow a session are more than a token holds.
    #[error("Packed policy consumes more than 100% of allotted space, please use smaller policy.")]
    PackedPolicyTooLarge,
    /// There are no devices for multi-factor authentication here.
    #[error("MultiFactorAuthentication failed with invalid MFA one time pass code.")]
    MultiFactor,
    /// Temporary credentials ask for others of their kind.
    #[error("Cannot call GetSessionToken with session credentials")]
    SessionFromSession,
    /// The id tells no account.
    #[error("The access key ID {0} tells no account.")]
    AccessKey(String),
    /// The vault could not do its part.
    #[error("the vault failed")]
    Vault(#[from] VaultError),
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (code, status) = match &error {
            Error::NoRole | Error::AccessKey(_) | Error::PolicyArns => ("ValidationError", 400),
            Error::PackedPolicyTooLarge => ("PackedPolicyTooLarge", 400),
            Error::MalformedPolicy | Error::SessionPolicy(_) => ("MalformedPolicyDocument", 400),
            Error::MultiFactor | Error::SessionFromSession => ("AccessDenied", 403),
            Error::Vault(_) | Error::Store(_) => return Self::internal("InternalFailure"),
        };
        Self::new(code, status, error.to_string())
    }
}

impl Refusal for Error {
    fn is_contention(&self) -> bool {
        matches!(self, Self::Store(StoreError::Contention | StoreError::Conflict))
    }
}
