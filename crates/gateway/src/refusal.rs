//! Refusals: every reason for which the gateway answers by itself, with the client's words, the status and the error
//! type each stands for, and the operator's reason as its `Display`.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_resources::limits::{GATEWAY_HEADER_BYTES_MAX, GATEWAY_URL_BYTES_MAX, METHOD_ARN_BYTES_MAX};
use claviger_resources::rest_api::GatewayResponseType;
use http::HeaderMap;
use http::header::{AUTHORIZATION, DATE};

use crate::signature_refusal::SignatureRefusal;

/// Why the gateway answers by itself. `Display` is the reason for operators, in the words of API Gateway's execution log
/// where it has some; clients see [`Refusal::message`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such resource or method: API Gateway answers as if the caller had to sign.
    #[error("no method of the deployed API matches the request's path and verb")]
    MissingAuthenticationToken,
    /// No such resource or method, and an `Authorization` header that is no AWS signature; holds the client's message.
    #[error(
        "no method of the deployed API matches the request's path and verb; its Authorization header was not looked at"
    )]
    IncompleteSignature(String),
    /// The method asks for an AWS signature, and the request's does not open it.
    #[error(transparent)]
    Signature(#[from] SignatureRefusal),
    /// No such API or stage on this host, or the API's default endpoint is disabled.
    #[error("the host serves no such API or stage")]
    Forbidden,
    /// The token is missing or not accepted; holds the reason.
    #[error("{0}")]
    Unauthorized(Cow<'static, str>),
    /// The token was acceptable until it expired.
    #[error("the token has expired")]
    TokenExpired,
    /// A policy or an authorizer denied the request.
    #[error("the authorizer's policy {}", if *.explicit { "denies the method explicitly" } else { "does not allow the method" })]
    AccessDenied {
        /// Whether a statement says so, or none allows it.
        explicit: bool,
    },
    /// The API's resource policy denied the request.
    #[error(transparent)]
    PolicyDenied(Box<PolicyDenial>),
    /// Who calls is known, and may not call this; holds the reason.
    #[error("{0}")]
    NotAllowed(String),
    /// The authorizer cannot be asked.
    #[error("{0}")]
    AuthorizerConfiguration(Cow<'static, str>),
    /// The authorizer did not answer.
    #[error("{0}")]
    AuthorizerFailure(Cow<'static, str>),
    /// The API key is missing, unknown, disabled or in no plan of this stage; holds which.
    #[error("the method requires an API key of a usage plan of this stage: {0}")]
    InvalidApiKey(&'static str),
    /// A rate limit is exceeded.
    #[error("the rate limit of the {0} is exceeded")]
    Throttled(&'static str),
    /// The usage plan's quota is spent.
    #[error("the usage plan's quota is spent")]
    QuotaExceeded,
    /// Required parameters are missing; holds their names.
    #[error("required request parameters are missing: {}", .0.join(", "))]
    MissingParameters(Vec<String>),
    /// The body does not satisfy the method's model; holds the validator's findings.
    #[error("the body does not satisfy the model: {0}")]
    InvalidBody(String),
    /// A parameter mapping reads the body, which is not JSON.
    #[error("a parameter mapping reads the request body, which is not JSON")]
    InvalidJsonBody,
    /// A mapping template reads the body, which is not JSON; holds what the parser says.
    #[error("a mapping template reads the request body, which is not JSON: {0}")]
    UnparsableBody(String),
    /// No template fits the request's content type.
    #[error("no mapping template fits the request's content type and the passthrough behavior refuses others")]
    UnsupportedMediaType,
    /// The ARN of the method with the request's path is longer than an authorizer may be asked about.
    #[error("the ARN of the method with the request's path is longer than {METHOD_ARN_BYTES_MAX} bytes")]
    UriTooLong,
    /// The request's path and query are longer than the gateway takes.
    #[error("the request's path and query are longer than {GATEWAY_URL_BYTES_MAX} bytes")]
    UrlTooLong,
    /// The request's headers are larger than the gateway takes.
    #[error("the request's headers are larger than {GATEWAY_HEADER_BYTES_MAX} bytes")]
    HeadersTooLarge,
    /// A path that a backend could read otherwise than the gateway; holds what it has.
    #[error("the path is ambiguous: it has {0}")]
    AmbiguousPath(&'static str),
    /// The request is larger than the gateway takes.
    #[error("the request is larger than the gateway takes")]
    RequestTooLarge,
    /// The request's body did not come whole.
    #[error("{0}")]
    RequestUnreadable(String),
    /// The API's configuration cannot serve the request.
    #[error("Execution failed due to configuration error: {0}")]
    ApiConfiguration(Cow<'static, str>),
    /// The integration's address is no address that can be called.
    #[error("Execution failed due to configuration error: Invalid endpoint address: {0}")]
    InvalidEndpoint(String),
    /// The backend could not be reached or broke off.
    #[error("Execution failed due to a network error communicating with endpoint: {0}")]
    Network(String),
    /// The function behind the method failed; holds what it says of that.
    #[error("Lambda execution failed with status 200 due to customer function error: {0}")]
    FunctionFailed(String),
    /// The function answered, but not in a form that can be passed on.
    #[error("Execution failed due to configuration error: Malformed Lambda proxy response: {0}")]
    MalformedAnswer(String),
    /// The function cannot be called now.
    #[error("Execution failed: {0}")]
    FunctionUnavailable(String),
    /// The backend did not answer in time.
    #[error("Execution failed due to a timeout error: the endpoint did not answer within {milliseconds} ms")]
    IntegrationTimeout {
        /// How long it was given.
        milliseconds: u32,
    },
    /// The backend did not do in time what an operator gives it less time for than the integration does.
    #[error("Execution failed due to a timeout error: the endpoint was waited for {waited_for} for {milliseconds} ms")]
    PhaseTimeout {
        /// What it was waited for.
        waited_for: &'static str,
        /// How long.
        milliseconds: u32,
        /// What the operator has set.
        setting: String,
    },
    /// The backend failed so often that it is left alone for a while.
    #[error("Execution failed: the endpoint failed again and again and is left alone for a while")]
    BackendLeftAlone {
        /// What the operator has set.
        setting: String,
    },
}

/// What an API's resource policy, or the role of an access key, does not let somebody do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} {} for {arn}",
    if *.by_role { "the role of the access key" } else { "the resource policy of the API" },
    if *.explicit { "denies the method explicitly" } else { "does not allow the method" }
)]
pub struct PolicyDenial {
    /// Whether a statement says so, or none allows it.
    pub explicit: bool,
    /// Whether it is the role that says so.
    pub by_role: bool,
    /// Who calls, as far as that is known.
    pub user: String,
    /// The ARN of the method with the request's path.
    pub arn: String,
}

impl PolicyDenial {
    fn message(&self) -> String {
        let how = if self.explicit { " with an explicit deny" } else { "" };
        format!(
            "User: {} is not authorized to perform: execute-api:Invoke on resource: {}{how}",
            self.user,
            with_account_concealed(&self.arn)
        )
    }
}

impl Refusal {
    /// The refusal of a request that matches no method (API Gateway answers 403, not 404): a signature error when the
    /// request carries an `Authorization` header that is not Signature Version 4.
    pub fn not_found(headers: &HeaderMap) -> Self {
        match headers.get(AUTHORIZATION) {
            Some(value) if !value.as_bytes().starts_with(b"AWS4-") => {
                let dated = headers.contains_key("x-amz-date") || headers.contains_key(DATE);
                Self::IncompleteSignature(incomplete_signature(value.as_bytes(), dated))
            }
            _ => Self::MissingAuthenticationToken,
        }
    }

    /// The refusal of a request whose configuration is at fault, with the reason for operators.
    pub fn configuration(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::ApiConfiguration(reason.into())
    }

    /// The gateway response that customises this refusal.
    pub const fn response_type(&self) -> GatewayResponseType {
        match self {
            Self::MissingAuthenticationToken => GatewayResponseType::MissingAuthenticationToken,
            Self::IncompleteSignature(_)
            | Self::Forbidden
            | Self::UriTooLong
            | Self::UrlTooLong
            | Self::HeadersTooLarge
            | Self::AmbiguousPath(_)
            | Self::RequestUnreadable(_) => GatewayResponseType::Default4xx,
            Self::Signature(refusal) => refusal.response_type(),
            Self::Unauthorized(_) | Self::TokenExpired => GatewayResponseType::Unauthorized,
            Self::AccessDenied { .. } | Self::PolicyDenied(_) | Self::NotAllowed(_) => {
                GatewayResponseType::AccessDenied
            }
            Self::AuthorizerConfiguration(_) => GatewayResponseType::AuthorizerConfigurationError,
            Self::AuthorizerFailure(_) => GatewayResponseType::AuthorizerFailure,
            Self::InvalidApiKey(_) => GatewayResponseType::InvalidApiKey,
            Self::Throttled(_) => GatewayResponseType::Throttled,
            Self::QuotaExceeded => GatewayResponseType::QuotaExceeded,
            Self::MissingParameters(_) => GatewayResponseType::BadRequestParameters,
            Self::InvalidBody(_) | Self::InvalidJsonBody | Self::UnparsableBody(_) => {
                GatewayResponseType::BadRequestBody
            }
            Self::UnsupportedMediaType => GatewayResponseType::UnsupportedMediaType,
            Self::RequestTooLarge => GatewayResponseType::RequestTooLarge,
            Self::ApiConfiguration(_) => GatewayResponseType::ApiConfigurationError,
            Self::InvalidEndpoint(_)
            | Self::Network(_)
            | Self::FunctionFailed(_)
            | Self::MalformedAnswer(_)
            | Self::FunctionUnavailable(_)
            | Self::BackendLeftAlone { .. } => GatewayResponseType::IntegrationFailure,
            Self::IntegrationTimeout { .. } | Self::PhaseTimeout { .. } => GatewayResponseType::IntegrationTimeout,
        }
    }

    /// The status, unless a gateway response sets another. For `INTEGRATION_FAILURE` the cause decides, not the type.
    pub const fn status(&self) -> u16 {
        match self {
            Self::AmbiguousPath(_) | Self::RequestUnreadable(_) => 400,
            Self::UriTooLong | Self::UrlTooLong => 414,
            Self::HeadersTooLarge => 431,
            Self::InvalidEndpoint(_) | Self::FunctionUnavailable(_) => 500,
            Self::FunctionFailed(_) | Self::MalformedAnswer(_) => 502,
            _ => match self.response_type().default_status() {
                Some(status) => status,
                None => 403,
            },
        }
    }

    /// The value of `x-amzn-ErrorType`.
    pub const fn error_type(&self) -> &'static str {
        match self {
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::IncompleteSignature(_) => "IncompleteSignatureException",
            Self::Signature(refusal) => refusal.error_type(),
            Self::Forbidden | Self::InvalidApiKey(_) => "ForbiddenException",
            Self::Unauthorized(_) | Self::TokenExpired => "UnauthorizedException",
            Self::AccessDenied { .. } | Self::PolicyDenied(_) | Self::NotAllowed(_) => "AccessDeniedException",
            Self::AuthorizerConfiguration(_) => "AuthorizerConfigurationException",
            Self::AuthorizerFailure(_) => "AuthorizerFailureException",
            Self::Throttled(_) => "TooManyRequestsException",
            Self::QuotaExceeded => "LimitExceededException",
            Self::MissingParameters(_)
            | Self::InvalidBody(_)
            | Self::InvalidJsonBody
            | Self::UnparsableBody(_)
            | Self::UnsupportedMediaType
            | Self::AmbiguousPath(_)
            | Self::RequestUnreadable(_) => "BadRequestException",
            Self::RequestTooLarge | Self::UriTooLong | Self::UrlTooLong | Self::HeadersTooLarge => {
                "RequestTooLargeException"
            }
            Self::ApiConfiguration(_)
            | Self::InvalidEndpoint(_)
            | Self::Network(_)
            | Self::FunctionFailed(_)
            | Self::MalformedAnswer(_)
            | Self::FunctionUnavailable(_)
            | Self::IntegrationTimeout { .. }
            | Self::PhaseTimeout { .. }
            | Self::BackendLeftAlone { .. } => "InternalServerErrorException",
        }
    }

    /// What the client is told; `None` where API Gateway says `null`.
    pub fn message(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(match self {
            Self::MissingAuthenticationToken => "Missing Authentication Token",
            Self::IncompleteSignature(message) => message,
            Self::Signature(refusal) => refusal.message(),
            Self::Forbidden | Self::InvalidApiKey(_) => "Forbidden",
            Self::Unauthorized(_) => "Unauthorized",
            Self::TokenExpired => "The incoming token has expired",
            Self::AccessDenied { explicit: true } => {
                "User is not authorized to access this resource with an explicit deny in an identity-based policy"
            }
            Self::AccessDenied { explicit: false } | Self::NotAllowed(_) => {
                "User is not authorized to access this resource"
            }
            Self::PolicyDenied(denial) => return Some(Cow::Owned(denial.message())),
            Self::AuthorizerConfiguration(_) | Self::AuthorizerFailure(_) => return None,
            Self::Throttled(_) => "Too Many Requests",
            Self::QuotaExceeded => "Limit Exceeded",
            Self::MissingParameters(names) => {
                let names = names.join(", ");
                return Some(Cow::Owned(format!("Missing required request parameters: [{names}]")));
            }
            Self::InvalidBody(_) => "Invalid request body",
            Self::InvalidJsonBody => "Invalid JSON in request body",
            Self::UnparsableBody(reason) => {
                return Some(Cow::Owned(format!("Could not parse request body into json: {reason}")));
            }
            Self::UnsupportedMediaType => "Unsupported Media Type",
            Self::RequestTooLarge => "Request Too Long",
            Self::AmbiguousPath(_) | Self::RequestUnreadable(_) => "Bad Request",
            Self::UriTooLong | Self::UrlTooLong => "Request-URI Too Long",
            Self::HeadersTooLarge => "Request Header Fields Too Large",
            Self::ApiConfiguration(_)
            | Self::InvalidEndpoint(_)
            | Self::FunctionFailed(_)
            | Self::MalformedAnswer(_)
            | Self::FunctionUnavailable(_) => "Internal server error",
            Self::Network(_) | Self::BackendLeftAlone { .. } => "Network error communicating with endpoint",
            Self::IntegrationTimeout { .. } | Self::PhaseTimeout { .. } => "Endpoint request timed out",
        }))
    }

    /// What the validator found, for `$context.error.validationErrorString`.
    pub fn validation_errors(&self) -> Option<&str> {
        match self {
            Self::InvalidBody(findings) => Some(findings),
            _ => None,
        }
    }

    /// Whether it arises while the request is validated or integrated: the default body then has a space after its colon.
    pub(crate) const fn during_integration(&self) -> bool {
        matches!(
            self,
            Self::MissingParameters(_)
                | Self::InvalidBody(_)
                | Self::InvalidJsonBody
                | Self::UnparsableBody(_)
                | Self::UnsupportedMediaType
                | Self::ApiConfiguration(_)
                | Self::InvalidEndpoint(_)
                | Self::Network(_)
                | Self::FunctionFailed(_)
                | Self::MalformedAnswer(_)
                | Self::FunctionUnavailable(_)
                | Self::IntegrationTimeout { .. }
                | Self::PhaseTimeout { .. }
                | Self::BackendLeftAlone { .. }
        )
    }
}

/// An ARN of whose account only the last four digits are shown.
fn with_account_concealed(arn: &str) -> String {
    let mut parts: Vec<Cow<'_, str>> = arn.splitn(6, ':').map(Cow::Borrowed).collect();
    if let Some(account) = parts.get_mut(4) {
        let shown = account.len().saturating_sub(4);
        *account = Cow::Owned("*".repeat(shown) + account.get(shown..).unwrap_or_default());
    }
    parts.join(":")
}

/// What the signature check says of an `Authorization` value that is no signature. It takes the value for an algorithm
/// and a list of `key=value` pairs, complains of the first that is no pair, then of what is missing, and never repeats
/// the value itself: it shows its SHA-256.
fn incomplete_signature(value: &[u8], dated: bool) -> String {
    let hash = STANDARD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, value));
    let text = String::from_utf8_lossy(value);
    let pairs = text.trim().split_once(char::is_whitespace).map_or("", |(_algorithm, pairs)| pairs.trim());
    let pairs = || pairs.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    if pairs().any(|pair| !pair.contains('=')) {
        return format!(
            "Invalid key=value pair (missing equal-sign) in Authorization header \
             (hashed with SHA-256 and encoded with Base64): '{hash}'."
        );
    }
    let mut message = String::new();
    for name in ["Credential", "Signature", "SignedHeaders"] {
        if !pairs().any(|pair| pair.split_once('=').is_some_and(|(key, _)| key == name)) {
            message.push_str("Authorization header requires '");
            message.push_str(name);
            message.push_str("' parameter. ");
        }
    }
    if !dated {
        message.push_str("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
    }
    message.push_str("(Hashed with SHA-256 and encoded with Base64) Authorization=");
    message.push_str(&hash);
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_methods_are_refused_like_missing_signatures() {
        let check = |authorization: Option<&str>, dated: bool, expected: &str| {
            let mut headers = HeaderMap::new();
            if let Some(value) = authorization {
                headers.insert(AUTHORIZATION, value.parse().unwrap());
            }
            if dated {
                headers.insert("x-amz-date", "20260702T114247Z".parse().unwrap());
            }
            let refusal = Refusal::not_found(&headers);
            let message = refusal.message().unwrap().into_owned();
            assert!(message.starts_with(expected), "{authorization:?}: {message}");
            assert_eq!(refusal.status(), 403);
            message
        };
        check(None, false, "Missing Authentication Token");
        check(Some("AWS4-HMAC-SHA256 Credential=a/b, Signature=c"), false, "Missing Authentication Token");
        let pair = "Invalid key=value pair (missing equal-sign) in Authorization header \
                    (hashed with SHA-256 and encoded with Base64): '";
        let told = check(Some("Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln"), false, pair);
        assert!(!told.contains("eyJ"), "the token itself is never repeated: {told}");
        check(Some("Basic dXNlcjpwYXNz"), false, pair);
        let requires = "Authorization header requires 'Credential' parameter. \
                        Authorization header requires 'Signature' parameter. \
                        Authorization header requires 'SignedHeaders' parameter. ";
        check(Some("eyJhbGciOiJSUzI1NiJ9.e30.c2ln"), true, &format!("{requires}(Hashed with SHA-256"));
        check(Some("Basic dXNlcjpwYXM="), false, &format!("{requires}Authorization header requires existence of"));
        check(Some("X Credential=a, Signature=b, SignedHeaders=c"), true, "(Hashed with SHA-256");
        check(Some(""), true, requires);
    }

    #[test]
    fn every_refusal_has_the_status_and_error_type_of_api_gateway() {
        let check = |refusal: Refusal, status: u16, kind: &str, error_type: &str| {
            assert_eq!(refusal.status(), status, "{refusal}");
            assert_eq!(refusal.response_type().as_str(), kind, "{refusal}");
            assert_eq!(refusal.error_type(), error_type, "{refusal}");
        };
        check(Refusal::Forbidden, 403, "DEFAULT_4XX", "ForbiddenException");
        for (refusal, kind, error_type) in [
            (SignatureRefusal::Missing, "MISSING_AUTHENTICATION_TOKEN", "MissingAuthenticationTokenException"),
            (SignatureRefusal::Incomplete("x".to_owned()), "DEFAULT_4XX", "IncompleteSignatureException"),
            (SignatureRefusal::Invalid("x".to_owned()), "INVALID_SIGNATURE", "InvalidSignatureException"),
            (SignatureRefusal::UnknownAccessKey, "DEFAULT_4XX", "UnrecognizedClientException"),
            (SignatureRefusal::Expired, "EXPIRED_TOKEN", "ExpiredTokenException"),
        ] {
            check(refusal.into(), 403, kind, error_type);
        }
        check(Refusal::Unauthorized("x".into()), 401, "UNAUTHORIZED", "UnauthorizedException");
        check(Refusal::TokenExpired, 401, "UNAUTHORIZED", "UnauthorizedException");
        check(Refusal::AccessDenied { explicit: true }, 403, "ACCESS_DENIED", "AccessDeniedException");
        check(Refusal::NotAllowed("x".to_owned()), 403, "ACCESS_DENIED", "AccessDeniedException");
        let arn = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/a:b".to_owned();
        let denial = PolicyDenial { explicit: true, by_role: false, user: "anonymous".to_owned(), arn };
        check(Refusal::PolicyDenied(denial.into()), 403, "ACCESS_DENIED", "AccessDeniedException");
        check(
            Refusal::AuthorizerConfiguration("x".into()),
            500,
            "AUTHORIZER_CONFIGURATION_ERROR",
            "AuthorizerConfigurationException",
        );
        check(Refusal::AuthorizerFailure("x".into()), 500, "AUTHORIZER_FAILURE", "AuthorizerFailureException");
        check(Refusal::InvalidApiKey("x"), 403, "INVALID_API_KEY", "ForbiddenException");
        check(Refusal::Throttled("stage"), 429, "THROTTLED", "TooManyRequestsException");
        check(Refusal::QuotaExceeded, 429, "QUOTA_EXCEEDED", "LimitExceededException");
        check(Refusal::MissingParameters(vec![]), 400, "BAD_REQUEST_PARAMETERS", "BadRequestException");
        check(Refusal::InvalidBody(String::new()), 400, "BAD_REQUEST_BODY", "BadRequestException");
        check(Refusal::InvalidJsonBody, 400, "BAD_REQUEST_BODY", "BadRequestException");
        check(Refusal::UnparsableBody("x".into()), 400, "BAD_REQUEST_BODY", "BadRequestException");
        check(Refusal::UnsupportedMediaType, 415, "UNSUPPORTED_MEDIA_TYPE", "BadRequestException");
        check(Refusal::RequestTooLarge, 413, "REQUEST_TOO_LARGE", "RequestTooLargeException");
        check(Refusal::configuration("x"), 500, "API_CONFIGURATION_ERROR", "InternalServerErrorException");
        check(Refusal::InvalidEndpoint("x".into()), 500, "INTEGRATION_FAILURE", "InternalServerErrorException");
        check(Refusal::FunctionFailed("x".into()), 502, "INTEGRATION_FAILURE", "InternalServerErrorException");
        check(Refusal::MalformedAnswer("x".into()), 502, "INTEGRATION_FAILURE", "InternalServerErrorException");
        check(Refusal::FunctionUnavailable("x".into()), 500, "INTEGRATION_FAILURE", "InternalServerErrorException");
        check(Refusal::UriTooLong, 414, "DEFAULT_4XX", "RequestTooLargeException");
        check(Refusal::Network("x".into()), 504, "INTEGRATION_FAILURE", "InternalServerErrorException");
        check(
            Refusal::IntegrationTimeout { milliseconds: 29_000 },
            504,
            "INTEGRATION_TIMEOUT",
            "InternalServerErrorException",
        );
    }
}
