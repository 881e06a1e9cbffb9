//! How our own service refuses: with exceptions named as Cognito's are, which its clients know how to read.

use claviger_aws_protocol::failure::Failure;
use claviger_gateway::roles::InvalidRoles;
use claviger_oauth::claims::ExtraClaimsError;
use claviger_resources::InvalidId;
use claviger_resources::limits::{ACCESS_KEYS_MAX, AUTHORIZATION_POLICIES_MAX};
use claviger_resources::request_rates::RATE_MAX;
use claviger_resources::signing_key::TooManyKeys;
use claviger_runtime::revocations::RevokeError;
use claviger_runtime::signing_keys::MakeKeysError;
use claviger_store::StoreError;

use crate::operation::Refusal;

/// Why an operation of ours was refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such app client.
    #[error("App client {0} does not exist.")]
    AppClientNotFound(String),
    /// There is no such user pool.
    #[error("User pool {0} does not exist.")]
    UserPoolNotFound(String),
    /// The pool's first keys are being made.
    #[error("The signing keys of user pool {0} are still being made. Try again.")]
    NoSigningKeysYet(String),
    /// The pool has no such key.
    #[error("Signing key {0} does not exist.")]
    SigningKeyNotFound(String),
    /// The pool has as many keys as there may be.
    #[error(transparent)]
    TooManyKeys(#[from] TooManyKeys),
    /// It is not said what is to be revoked, or more than one thing is.
    #[error("Give ClientId, or UserPoolId, or UserPoolId and TokenId.")]
    WhatToRevoke,
    /// No page ended there.
    #[error("NextToken is none that this operation answered.")]
    NextToken,
    /// The pool has as many revocations as are remembered.
    #[error("The user pool has as many revocations as are remembered. Revoke the tokens of a client, or of the pool.")]
    TooManyRevocations,
    /// A key could not be made.
    #[error("a signing key cannot be made")]
    MakeKeys(#[from] MakeKeysError),
    /// A rate of nothing a second would never let a token through, and one beyond a million bounds nothing.
    #[error("RequestsPerSecond must be greater than 0 and at most {RATE_MAX}.")]
    RateOutOfRange,
    /// A burst belongs to a rate.
    #[error("Burst needs RequestsPerSecond: the app client has no rate yet.")]
    BurstWithoutRate,
    /// An extra cannot be set and unset at once.
    #[error("{0} cannot be both set and unset.")]
    SetAndUnset(&'static str),
    /// There is no such API.
    #[error("API {0} does not exist.")]
    ApiNotFound(String),
    /// The API has no role mapping.
    #[error("API {0} has no role mapping.")]
    NoRoleMapping(String),
    /// There is no such authorization policy.
    #[error("Authorization policy {0} does not exist.")]
    PolicyNotFound(String),
    /// There are as many policies as there may be.
    #[error("There are {AUTHORIZATION_POLICIES_MAX} authorization policies, which is as many as there may be.")]
    TooManyPolicies,
    /// It is no name of a policy, or no id of a pool.
    #[error("The input is {0}.")]
    Id(#[from] InvalidId),
    /// It is no scope.
    #[error("{0:?} is no scope.")]
    Scope(String),
    /// The table is no role mapping.
    #[error("The role mapping cannot be set: {0}.")]
    Roles(#[from] InvalidRoles),
    /// There is no such access key.
    #[error("Access key {0} does not exist.")]
    AccessKeyNotFound(String),
    /// The access key opens nothing any more, so that nothing can take its place.
    #[error("Access key {0} is revoked or has expired; make a new one.")]
    AccessKeyEnded(String),
    /// There are as many access keys as there may be.
    #[error("The account has {ACCESS_KEYS_MAX} access keys that are good, which is as many as there may be.")]
    TooManyAccessKeys,
    /// There is no such role.
    #[error("There is no role {name}. There are: {known}.")]
    NoRole {
        /// Its name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// A key could not be made.
    #[error("a key could not be made: {0}")]
    NewKey(String),
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
            Error::AppClientNotFound(_)
            | Error::AccessKeyNotFound(_)
            | Error::ApiNotFound(_)
            | Error::NoRoleMapping(_)
            | Error::UserPoolNotFound(_)
            | Error::SigningKeyNotFound(_)
            | Error::PolicyNotFound(_) => "ResourceNotFoundException",
            Error::NoSigningKeysYet(_) => "TooManyRequestsException",
            Error::TooManyKeys(_) | Error::TooManyRevocations | Error::TooManyPolicies | Error::TooManyAccessKeys => {
                "LimitExceededException"
            }
            Error::RateOutOfRange
            | Error::AccessKeyEnded(_)
            | Error::NoRole { .. }
            | Error::BurstWithoutRate
            | Error::SetAndUnset(_)
            | Error::WhatToRevoke
            | Error::NextToken
            | Error::Claims(_)
            | Error::Id(_)
            | Error::Scope(_)
            | Error::Roles(_) => "InvalidParameterException",
            Error::Store(StoreError::NulCharacter) => {
                return Self::new("InvalidParameterException", 400, StoreError::NulCharacter.to_string());
            }
            // Clients wait and try again when they read this name.
            Error::Store(StoreError::Contention | StoreError::Conflict) => {
                return Self::new("TooManyRequestsException", 400, "Too many requests".to_owned());
            }
            Error::MakeKeys(_)
            | Error::Store(
                StoreError::AlreadyExists
                | StoreError::NameTaken { .. }
                | StoreError::ReadOnly
                | StoreError::Unavailable(_)
                | StoreError::Corrupt { .. },
            )
            | Error::NewKey(_) => return Self::internal("InternalErrorException"),
        };
        Self::new(exception, 400, error.to_string())
    }
}

impl From<RevokeError> for Error {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::TooMany => Self::TooManyRevocations,
            RevokeError::Store(error) => Self::Store(error),
            RevokeError::Stopping => Self::Store(StoreError::Unavailable(RevokeError::Stopping.into())),
        }
    }
}

impl Refusal for Error {
    fn is_contention(&self) -> bool {
        matches!(self, Self::Store(StoreError::Contention | StoreError::Conflict))
    }
}
