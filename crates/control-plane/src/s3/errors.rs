//! How S3 refuses.

use std::io;

use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::protocol::Protocol;
use claviger_aws_protocol::s3::{ChunkError, DocumentError};
use claviger_aws_protocol::sigv4::SignatureError;
use claviger_store::StoreError;

use crate::operation::Refusal;

/// Why an operation of S3 was refused. The texts are AWS's where AWS's are known.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such bucket.
    #[error("The specified bucket does not exist")]
    NoSuchBucket,
    /// The bucket is another account's.
    #[error("Access Denied")]
    AccessDenied,
    /// A presigned URL is over.
    #[error("Request has expired")]
    Expired,
    /// The bucket's name cannot be one.
    #[error("The specified bucket is not valid.")]
    InvalidBucketName,
    /// The bucket's name is another account's.
    #[error(
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please \
         select a different name and try again."
    )]
    BucketAlreadyExists,
    /// The bucket is the caller's own.
    #[error("Your previous request to create the named bucket succeeded and you already own it.")]
    BucketAlreadyOwnedByYou,
    /// The bucket holds objects.
    #[error("The bucket you tried to delete is not empty")]
    BucketNotEmpty,
    /// The region of a new bucket is another than the one that was asked.
    #[error("The {0} location constraint is incompatible for the region specific endpoint this request was sent to.")]
    IllegalLocation(String),
    /// No such object.
    #[error("The specified key does not exist.")]
    NoSuchKey,
    /// A key has more bytes than it may.
    #[error("Your key is too long")]
    KeyTooLong,
    /// No such upload.
    #[error(
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
    )]
    NoSuchUpload,
    /// A part is missing, or is not what it is said to be.
    #[error(
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified \
         entity tag may not match the part's entity tag."
    )]
    InvalidPart,
    /// Parts are not in the order of their numbers.
    #[error("The list of parts was not in ascending order. Parts must be ordered by part number.")]
    InvalidPartOrder,
    /// A part that is not the last is too small.
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    EntityTooSmall,
    /// There is more than may be.
    #[error("Your proposed upload exceeds the maximum allowed size")]
    EntityTooLarge,
    /// A sub-resource of a bucket that was not put.
    #[error("{message}")]
    NotConfigured {
        /// AWS's code for it.
        code: &'static str,
        /// AWS's words for it.
        message: &'static str,
    },
    /// A policy is no JSON.
    #[error("Policies must be valid JSON and the first byte must be '{{'")]
    MalformedPolicy,
    /// A document is not what it should be.
    #[error(transparent)]
    MalformedXml(#[from] DocumentError),
    /// Something in the request cannot be; the text is AWS's.
    #[error("{0}")]
    InvalidArgument(String),
    /// The request as a whole cannot be; the text is AWS's.
    #[error("{0}")]
    InvalidRequest(String),
    /// `Content-MD5` is none.
    #[error("The Content-MD5 you specified was invalid.")]
    InvalidDigest,
    /// The body is not the one that was checksummed.
    #[error("The {0} you specified did not match the calculated checksum.")]
    BadDigest(String),
    /// The body is not the one that was signed.
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    ContentSha256Mismatch,
    /// The body ended early.
    #[error("You did not provide the number of bytes specified by the Content-Length HTTP header")]
    IncompleteBody,
    /// The body is not in the chunks that it should be in.
    #[error("{0}")]
    Chunks(#[from] ChunkError),
    /// What is to come behind the body does not.
    #[error("The request contained trailing data that was not well-formed or did not conform to our published schema.")]
    MalformedTrailer,
    /// The caller may not do it.
    #[error("{}", .0.message)]
    Denied(Failure),
    /// The body did not come in time, or not at all.
    #[error("Your socket connection to the server was not read from or written to within the timeout period.")]
    RequestTimeout,
    /// A condition of the request does not hold.
    #[error("At least one of the pre-conditions you specified did not hold")]
    PreconditionFailed,
    /// The object is the one that the caller has.
    #[error("Not Modified")]
    NotModified,
    /// There is nothing in the range.
    #[error("The requested range is not satisfiable")]
    InvalidRange,
    /// The method is none of the resource's.
    #[error("The specified method is not allowed against this resource.")]
    MethodNotAllowed,
    /// An operation that is not served.
    #[error("{0} is not served here.")]
    NotImplemented(String),
    /// The contents of objects cannot be read or written.
    #[error("the files of objects cannot be used")]
    Files(#[from] io::Error),
    /// The store could not do its part.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (code, status) = match &error {
            Error::NoSuchBucket => ("NoSuchBucket", 404),
            Error::AccessDenied | Error::Expired => ("AccessDenied", 403),
            Error::InvalidBucketName => ("InvalidBucketName", 400),
            Error::BucketAlreadyExists => ("BucketAlreadyExists", 409),
            Error::BucketAlreadyOwnedByYou => ("BucketAlreadyOwnedByYou", 409),
            Error::BucketNotEmpty => ("BucketNotEmpty", 409),
            Error::IllegalLocation(_) => ("IllegalLocationConstraintException", 400),
            Error::NoSuchKey => ("NoSuchKey", 404),
            Error::KeyTooLong => ("KeyTooLongError", 400),
            Error::NoSuchUpload => ("NoSuchUpload", 404),
            Error::InvalidPart => ("InvalidPart", 400),
            Error::InvalidPartOrder => ("InvalidPartOrder", 400),
            Error::EntityTooSmall => ("EntityTooSmall", 400),
            Error::EntityTooLarge => ("EntityTooLarge", 400),
            Error::NotConfigured { code, .. } => (*code, 404),
            Error::MalformedPolicy => ("MalformedPolicy", 400),
            Error::MalformedXml(_) => ("MalformedXML", 400),
            Error::InvalidArgument(_) => ("InvalidArgument", 400),
            Error::Denied(failure) => return failure.clone(),
            Error::MalformedTrailer => ("MalformedTrailerError", 400),
            Error::Chunks(ChunkError::Signature) => {
                return SignatureError::Mismatch.failure(Protocol::S3);
            }
            Error::InvalidRequest(_) | Error::Chunks(_) => ("InvalidRequest", 400),
            Error::InvalidDigest => ("InvalidDigest", 400),
            Error::BadDigest(_) => ("BadDigest", 400),
            Error::ContentSha256Mismatch => ("XAmzContentSHA256Mismatch", 400),
            Error::IncompleteBody => ("IncompleteBody", 400),
            Error::RequestTimeout => ("RequestTimeout", 400),
            Error::PreconditionFailed => ("PreconditionFailed", 412),
            Error::NotModified => ("NotModified", 304),
            Error::InvalidRange => ("InvalidRange", 416),
            Error::MethodNotAllowed => ("MethodNotAllowed", 405),
            Error::NotImplemented(_) => ("NotImplemented", 501),
            Error::Store(StoreError::NulCharacter) => {
                return Self::new("InvalidArgument", 400, StoreError::NulCharacter.to_string());
            }
            Error::Store(StoreError::Contention | StoreError::Conflict) => {
                return Self::new("SlowDown", 503, "Please reduce your request rate.");
            }
            Error::Files(_) | Error::Store(_) => return Self::internal("InternalError"),
        };
        Self::new(code, status, error.to_string())
    }
}

impl Refusal for Error {
    fn is_contention(&self) -> bool {
        matches!(self, Self::Store(StoreError::Contention | StoreError::Conflict))
    }
}
