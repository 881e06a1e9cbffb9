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
    /// A presigned request is older than it may be.
    #[error("{0}")]
    Expired(String),
    /// A header that says what is done is left open. S3's alone.
    #[error("There were headers present in the request which were not signed")]
    HeadersNotSigned,
    /// What the body is said to be is nothing that there is. S3's alone.
    #[error(
        "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
         STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value."
    )]
    PayloadKind,
    /// The session that the credentials were made for is over. Whoever reads session tokens says so.
    #[error("The security token included in the request is expired")]
    SessionExpired,
    /// The session token is none, or not that of the access key. Whoever reads session tokens says so.
    #[error("The security token included in the request is invalid.")]
    SessionToken,
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
            // That a session is over is told with a status of its own (AWS, "Common error types").
            Protocol::AwsJson10 | Protocol::AwsJson11 if *self == Self::SessionExpired => (self.json_code(), 403),
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
            Self::UnknownAccessKey | Self::SessionToken => "UnrecognizedClientException",
            Self::SessionExpired => "ExpiredTokenException",
            Self::Scope(_)
            | Self::Time(_)
            | Self::Expired(_)
            | Self::HeadersNotSigned
            | Self::Mismatch
            | Self::Payload
            | Self::PayloadKind => "InvalidSignatureException",
        }
    }

    fn query_code(&self) -> (&'static str, u16) {
        match self {
            Self::Missing => ("MissingAuthenticationToken", 403),
            Self::Incomplete(_) => ("IncompleteSignature", 400),
            Self::UnknownAccessKey | Self::SessionToken => ("InvalidClientTokenId", 403),
            Self::SessionExpired => ("ExpiredToken", 403),
            Self::Scope(_)
            | Self::Time(_)
            | Self::Expired(_)
            | Self::HeadersNotSigned
            | Self::Mismatch
            | Self::Payload
            | Self::PayloadKind => ("SignatureDoesNotMatch", 403),
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
            Self::Expired(_) => Failure::new("AccessDenied", 403, "Request has expired"),
            Self::HeadersNotSigned => Failure::new("AccessDenied", 403, self.to_string()),
            Self::PayloadKind => Failure::new("InvalidArgument", 400, self.to_string()),
            Self::SessionExpired => Failure::new("ExpiredToken", 400, "The provided token has expired."),
            Self::SessionToken => {
                Failure::new("InvalidToken", 400, "The provided token is malformed or otherwise invalid.")
            }
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
            (SignatureError::PayloadKind, Protocol::S3, "InvalidArgument", 400),
            (SignatureError::HeadersNotSigned, Protocol::S3, "AccessDenied", 403),
            (SignatureError::Expired(String::new()), Protocol::S3, "AccessDenied", 403),
            (SignatureError::Expired(String::new()), Protocol::AwsJson11, "InvalidSignatureException", 400),
            (SignatureError::SessionExpired, Protocol::AwsJson11, "ExpiredTokenException", 403),
            (SignatureError::SessionExpired, query, "ExpiredToken", 403),
            (SignatureError::SessionExpired, Protocol::S3, "ExpiredToken", 400),
            (SignatureError::SessionToken, Protocol::RestJson, "UnrecognizedClientException", 403),
            (SignatureError::SessionToken, Protocol::S3, "InvalidToken", 400),
        ] {
            let failure = error.failure(protocol);
            assert_eq!((&*failure.code, failure.status), (code, status), "{error:?} {protocol:?}");
        }
    }
}
