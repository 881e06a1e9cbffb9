//! Why a signature is refused, and how each protocol's services say so.

use crate::failure::Failure;
use crate::protocol::Protocol;

/// Why a signature is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The request carries no signature.
    #[error("Missing Authentication Token")]
    Missing,
    /// The signature cannot be read.
    #[error("{0}")]
    Incomplete(String),
    /// The signature can be read and is for something else: another service, region or day.
    #[error("{0}")]
    Scope(String),
    /// The signature is too old, or from the future.
    #[error("{0}")]
    Time(String),
    /// No such access key. Whoever looks keys up says so.
    #[error("The security token included in the request is invalid.")]
    UnknownAccessKey,
    /// The signature is not the one that key makes of this request.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
    /// The body is not the one that was signed.
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    Payload,
}

impl SignatureError {
    /// The failure, with the code and status that services of this protocol use (IAM User Guide, "Troubleshoot Signature
    /// Version 4 signing"; S3 API Reference, "Error responses").
    pub fn failure(&self, protocol: Protocol) -> Failure {
        let (code, status) = match protocol {
            Protocol::AwsJson10 | Protocol::AwsJson11 => (self.json_code(), 400),
            Protocol::RestJson => (self.json_code(), 403),
            Protocol::AwsQuery { .. } => self.query_code(),
            Protocol::S3 => return self.s3_failure(),
        };
        Failure::new(code, status, self.to_string())
    }

    fn json_code(&self) -> &'static str {
        match self {
            Self::Missing => "MissingAuthenticationTokenException",
            Self::Incomplete(_) => "IncompleteSignatureException",
            Self::UnknownAccessKey => "UnrecognizedClientException",
            Self::Scope(_) | Self::Time(_) | Self::Mismatch | Self::Payload => "InvalidSignatureException",
        }
    }

    fn query_code(&self) -> (&'static str, u16) {
        match self {
            Self::Missing => ("MissingAuthenticationToken", 403),
            Self::Incomplete(_) => ("IncompleteSignature", 400),
            Self::UnknownAccessKey => ("InvalidClientTokenId", 403),
            Self::Scope(_) | Self::Time(_) | Self::Mismatch | Self::Payload => ("SignatureDoesNotMatch", 403),
        }
    }

    fn s3_failure(&self) -> Failure {
        match self {
            Self::Missing => Failure::new("AccessDenied", 403, "Access Denied"),
            Self::Incomplete(message) | Self::Scope(message) => {
                Failure::new("AuthorizationHeaderMalformed", 400, message.as_str())
            }
            Self::Time(_) => Failure::new(
                "RequestTimeTooSkewed",
                403,
                "The difference between the request time and the current time is too large.",
            ),
            Self::UnknownAccessKey => Failure::new(
                "InvalidAccessKeyId",
                403,
                "The AWS Access Key Id you provided does not exist in our records.",
            ),
            Self::Mismatch => Failure::new("SignatureDoesNotMatch", 403, self.to_string()),
            Self::Payload => Failure::new("XAmzContentSHA256Mismatch", 400, self.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_has_its_own_code_and_status() {
        let query = Protocol::AwsQuery { namespace: "" };
        for (error, protocol, code, status) in [
            (SignatureError::Missing, Protocol::AwsJson11, "MissingAuthenticationTokenException", 400),
            (SignatureError::Missing, Protocol::RestJson, "MissingAuthenticationTokenException", 403),
            (SignatureError::Missing, query, "MissingAuthenticationToken", 403),
            (SignatureError::Missing, Protocol::S3, "AccessDenied", 403),
            (SignatureError::Incomplete(String::new()), Protocol::AwsJson11, "IncompleteSignatureException", 400),
            (SignatureError::Incomplete(String::new()), query, "IncompleteSignature", 400),
            (SignatureError::UnknownAccessKey, Protocol::AwsJson10, "UnrecognizedClientException", 400),
            (SignatureError::UnknownAccessKey, query, "InvalidClientTokenId", 403),
            (SignatureError::UnknownAccessKey, Protocol::S3, "InvalidAccessKeyId", 403),
            (SignatureError::Mismatch, Protocol::RestJson, "InvalidSignatureException", 403),
            (SignatureError::Mismatch, Protocol::S3, "SignatureDoesNotMatch", 403),
            (SignatureError::Time(String::new()), query, "SignatureDoesNotMatch", 403),
            (SignatureError::Time(String::new()), Protocol::S3, "RequestTimeTooSkewed", 403),
            (SignatureError::Payload, Protocol::S3, "XAmzContentSHA256Mismatch", 400),
        ] {
            let failure = error.failure(protocol);
            assert_eq!((&*failure.code, failure.status), (code, status), "{error:?} {protocol:?}");
        }
    }
}
