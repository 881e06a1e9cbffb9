//! Why a resource could not be made, changed or deleted, as CloudFormation tells it.

use std::fmt;

use claviger_aws_protocol::failure::Failure;

use crate::dispatch::Api;
use crate::operation::StagedFailure;

/// Why a resource could not be made, changed or deleted.
#[derive(Debug)]
pub struct HandlerFailure {
    service: Option<&'static str>,
    failure: Failure,
    is_contention: bool,
}

impl HandlerFailure {
    /// A service's refusal.
    pub(in crate::cloudformation) fn new(api: Api, failure: Failure) -> Self {
        Self { service: Some(api.name()), failure, is_contention: false }
    }

    /// A refusal of a service that has no operations to call from within.
    pub(in crate::cloudformation) fn of(service: &'static str, failure: Failure) -> Self {
        Self { service: Some(service), failure, is_contention: false }
    }

    /// A service's refusal in the transaction.
    pub(in crate::cloudformation) fn refused(api: Api, refused: StagedFailure) -> Self {
        Self { service: Some(api.name()), failure: refused.failure, is_contention: refused.is_contention }
    }

    /// What the template wants cannot be had here.
    pub(in crate::cloudformation) fn unsupported(message: impl Into<String>) -> Self {
        Self { service: None, failure: Failure::new("InvalidRequest", 400, message), is_contention: false }
    }

    /// An operation did not answer what it should.
    pub(in crate::cloudformation) fn silent(operation: &str) -> Self {
        Self {
            service: None,
            failure: Failure::new("InternalFailure", 500, format!("{operation} did not tell what it made")),
            is_contention: false,
        }
    }

    /// Whether running the transaction again will help.
    pub(in crate::cloudformation) fn is_contention(&self) -> bool {
        self.is_contention
    }

    /// Whether what was asked for is not there.
    pub(in crate::cloudformation) fn is_not_found(&self) -> bool {
        self.failure.status == 404
            || ["NotFound", "NoSuch", "NonExistent", "DoesNotExist"].iter().any(|it| self.failure.code.contains(it))
    }

    /// CloudFormation's own name for the kind of failure (`HandlerErrorCode`).
    fn handler_error_code(&self) -> &'static str {
        match (self.failure.code.as_ref(), self.failure.status) {
            _ if self.is_not_found() => "NotFound",
            (code, _) if code.contains("Exist") || code.contains("Conflict") => "AlreadyExists",
            (code, _) if code.contains("LimitExceeded") || code.contains("Quota") => "ServiceLimitExceeded",
            (code, _) if code.contains("TooManyRequests") => "Throttling",
            (code, _) if code.contains("AccessDenied") || code.contains("NotAuthorized") => "AccessDenied",
            (_, 500..) => "ServiceInternalError",
            _ => "InvalidRequest",
        }
    }
}

impl std::error::Error for HandlerFailure {}

/// As CloudFormation words a handler's failure; the request id is left out, because nobody else has seen it.
impl fmt::Display for HandlerFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, failure, .. } = self;
        match service {
            Some(service) => write!(
                f,
                "Resource handler returned message: \"{} (Service: {service}, Status Code: {})\" (HandlerErrorCode: {})",
                failure.message,
                failure.status,
                self.handler_error_code()
            ),
            None => f.write_str(&failure.message),
        }
    }
}
