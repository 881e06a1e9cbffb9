//! How `AWS_IAM` methods refuse: the signature of a request is missing, unreadable, wrong or not to be had.

use claviger_resources::rest_api::GatewayResponseType;

/// Why a signature does not open an `AWS_IAM` method. `Display` is the reason for operators.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRefusal {
    /// There is none.
    #[error("the method asks for an AWS signature, and the request has none")]
    Missing,
    /// It cannot be read; holds the client's message.
    #[error("the request's signature cannot be read: {0}")]
    Incomplete(String),
    /// It is not what the claimed key makes of the request, or for another service, region or time; holds the client's
    /// message.
    #[error("the request's signature is not valid: {0}")]
    Invalid(String),
    /// Nobody has the claimed access key.
    #[error("the access key is not known")]
    UnknownAccessKey,
    /// The session that the access key belongs to has ended.
    #[error("the session of the access key has expired")]
    Expired,
}

impl SignatureRefusal {
    pub(crate) const fn response_type(&self) -> GatewayResponseType {
        match self {
            Self::Missing => GatewayResponseType::MissingAuthenticationToken,
            // No type is documented for these two; an access log shows this one for a header that cannot be read.
            Self::Incomplete(_) | Self::UnknownAccessKey => GatewayResponseType::Default4xx,
            Self::Invalid(_) => GatewayResponseType::InvalidSignature,
            Self::Expired => GatewayResponseType::ExpiredToken,
        }
    }

    pub(crate) const fn error_type(&self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationTokenException",
            Self::Incomplete(_) => "IncompleteSignatureException",
            Self::Invalid(_) => "InvalidSignatureException",
            Self::UnknownAccessKey => "UnrecognizedClientException",
            Self::Expired => "ExpiredTokenException",
        }
    }

    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Missing => "Missing Authentication Token",
            Self::Incomplete(message) | Self::Invalid(message) => message,
            Self::UnknownAccessKey => "The security token included in the request is invalid.",
            Self::Expired => "The security token included in the request is expired",
        }
    }
}
