//! How sign-ins and what comes after them are refused.

use claviger_runtime::sessions::RefreshError;

use super::super::errors::Error;

/// Why a sign-in, a renewal or a call of a signed-in user was refused. The texts are AWS's where AWS's are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// A wrong password, or a user that is not told from one.
    #[error("Incorrect username or password.")]
    Incorrect,
    /// Too many wrong passwords.
    #[error("Password attempts exceeded")]
    AttemptsExceeded,
    /// The sign-up was never confirmed.
    #[error("User is not confirmed.")]
    NotConfirmed,
    /// The password was reset, and no new one set.
    #[error("Password reset required for the user")]
    ResetRequired,
    /// Nobody used the temporary password in time.
    #[error("Temporary password has expired and must be reset by an administrator.")]
    TemporaryPasswordExpired,

    /// A parameter that the flow or the challenge needs.
    #[error("Missing required parameter {0}")]
    MissingParameter(&'static str),
    /// The client may not use this flow, as AWS says it of passwords sent in clear.
    #[error("USER_PASSWORD_AUTH flow not enabled for this client")]
    PasswordFlowDisabled,
    /// The same, as AWS says it of SRP.
    #[error("USER_SRP_AUTH is not enabled for the client.")]
    SrpFlowDisabled,
    /// The same, as AWS says it of all others.
    #[error("Auth flow not enabled for this client")]
    FlowDisabled,
    /// A flow for administrators, asked for without a signature.
    #[error("Initiate Auth method not supported.")]
    FlowForAdministrators,
    /// The flow's challenges are made by functions, which are not called here.
    #[error("CUSTOM_AUTH is not available: its challenges are defined by Lambda functions, which are not called here.")]
    CustomFlow,
    /// Exchanged refresh tokens have an operation of their own.
    #[error("Refresh token rotation is enabled for this client. Use GetTokensFromRefreshToken.")]
    RotationEnabled,
    /// The challenge is of a kind that is not given here.
    #[error(
        "Challenges of this kind are not given here; PASSWORD_VERIFIER, NEW_PASSWORD_REQUIRED and SELECT_CHALLENGE are."
    )]
    ChallengeNotServed,
    /// The chosen answer is none of those offered.
    #[error("The selected challenge is not available; choose PASSWORD or PASSWORD_SRP.")]
    ChoiceNotAvailable,
    /// Not a public number of an SRP client.
    #[error("SRP_A is not a number of the 3072-bit group in hexadecimal.")]
    SrpNumber,
    /// The time of an SRP client.
    #[error("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")]
    Timestamp,
    /// What was given out to be sent back is something else, or another user's.
    #[error("Invalid session for the user.")]
    InvalidSession,
    /// What was given out came back too late.
    #[error("Invalid session for the user, session is expired.")]
    ExpiredSession,

    /// Not a refresh token of this client.
    #[error("Invalid Refresh Token")]
    InvalidRefreshToken,
    /// An old refresh token.
    #[error("Refresh Token has expired")]
    ExpiredRefreshToken,
    /// The session was ended.
    #[error("Refresh Token has been revoked")]
    RevokedRefreshToken,
    /// The refresh token was exchanged for another one.
    #[error("Refresh token has been used already. Use the newest one.")]
    ReusedRefreshToken,
    /// The secret is none of the client's.
    #[error("Invalid client or secret")]
    InvalidSecret,
    /// The secret is missing.
    #[error("Client {0} is configured for secret but secret was not received")]
    MissingSecret(String),
    /// Only refresh tokens can be revoked.
    #[error("Unsupported token type")]
    UnsupportedTokenType,
    /// The client's tokens cannot be revoked.
    #[error("Token revocation is not enabled for this client")]
    RevocationDisabled,

    /// Not an access token of ours.
    #[error("Invalid Access Token")]
    InvalidAccessToken,
    /// An old access token.
    #[error("Access Token has expired")]
    ExpiredAccessToken,
    /// An access token whose session was ended.
    #[error("Access Token has been revoked")]
    RevokedAccessToken,
    /// An access token that is not for managing one's account: a machine's.
    #[error("Access Token does not have required scopes")]
    MissingScope,
    /// An attribute that no code verifies, or that the user does not have.
    #[error("Only an email or a phone_number that the user has can be verified with a code.")]
    AttributeNotVerifiable,
    /// Too many wrong passwords, where a password is changed.
    #[error("Attempt limit exceeded, please try after some time.")]
    AttemptLimit,
}

impl SignInError {
    /// The exception that carries it; all of them are answered with status 400.
    pub(in crate::cognito) fn exception(&self) -> &'static str {
        match self {
            Self::Incorrect
            | Self::AttemptsExceeded
            | Self::TemporaryPasswordExpired
            | Self::InvalidSession
            | Self::ExpiredSession
            | Self::InvalidRefreshToken
            | Self::ExpiredRefreshToken
            | Self::RevokedRefreshToken
            | Self::InvalidSecret
            | Self::MissingSecret(_)
            | Self::InvalidAccessToken
            | Self::ExpiredAccessToken
            | Self::RevokedAccessToken
            | Self::MissingScope => "NotAuthorizedException",
            Self::NotConfirmed => "UserNotConfirmedException",
            Self::ResetRequired => "PasswordResetRequiredException",
            Self::ReusedRefreshToken => "RefreshTokenReuseException",
            Self::UnsupportedTokenType => "UnsupportedTokenTypeException",
            Self::RevocationDisabled => "UnsupportedOperationException",
            Self::AttemptLimit => "LimitExceededException",
            Self::MissingParameter(_)
            | Self::PasswordFlowDisabled
            | Self::SrpFlowDisabled
            | Self::FlowDisabled
            | Self::FlowForAdministrators
            | Self::CustomFlow
            | Self::RotationEnabled
            | Self::ChallengeNotServed
            | Self::ChoiceNotAvailable
            | Self::SrpNumber
            | Self::Timestamp
            | Self::AttributeNotVerifiable => "InvalidParameterException",
        }
    }

    /// Whether what was written before it stays: wrong passwords are counted.
    pub(in crate::cognito) fn keeps_changes(&self) -> bool {
        matches!(self, Self::Incorrect)
    }
}

impl From<RefreshError> for Error {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Invalid => SignInError::InvalidRefreshToken.into(),
            RefreshError::Expired => SignInError::ExpiredRefreshToken.into(),
            RefreshError::Revoked => SignInError::RevokedRefreshToken.into(),
            RefreshError::Reused => SignInError::ReusedRefreshToken.into(),
            RefreshError::UserDisabled => super::super::user_error::UserError::Disabled.into(),
            RefreshError::Store(error) => error.into(),
        }
    }
}
