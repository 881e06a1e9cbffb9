//! `TOKEN` and `REQUEST` authorizers: what identifies a caller, what the function is told, and what its answer means (API
//! Gateway, "Use API Gateway Lambda authorizers"). Calling the function, and keeping what it answers, is the data plane's.

mod answer;

use bytes::Bytes;
use claviger_resources::AuthorizerId;
use claviger_resources::limits::AUTHORIZER_RESULT_TTL_SECONDS_MAX;
use claviger_resources::rest_api::{Authorizer, AuthorizerType};
use http::HeaderValue;
use serde::Serialize;

pub use self::answer::{Answer, AnswerForm, InvalidAnswer};
use crate::exchange::Exchange;
use crate::lambda::{Absent, FunctionUri, RequestEvent};
use crate::mapping::{Place, Source};
use crate::pattern::Pattern;
use crate::refusal::Refusal;

/// For how long a decision may be kept when the authorizer does not say (API Gateway API reference,
/// `authorizerResultTtlInSeconds`).
pub(crate) const RESULT_TTL_SECONDS_DEFAULT: u32 = 300;

/// A function's error message that means 401 instead of 500.
pub const UNAUTHORIZED: &str = "Unauthorized";

/// A compiled `TOKEN` or `REQUEST` authorizer.
#[derive(Clone, Debug)]
pub struct LambdaAuthorizer {
    /// Its id.
    pub id: AuthorizerId,
    /// Its name.
    pub name: String,
    /// The function that decides.
    pub function: FunctionUri,
    /// For how long its answer may be kept, in seconds. Without an identity to keep it under, that is no time at all.
    pub result_ttl_seconds: u32,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Token { source: IdentitySource, validation: Option<Pattern> },
    Request { sources: Vec<IdentitySource> },
}

/// Where a value that identifies the caller comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentitySource {
    text: Box<str>,
    source: Source,
}

/// The values that identify a caller, in the order of their sources. They may be secrets, so they cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity(Vec<String>);

/// A caller who does not say who they are in the way the authorizer asks for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unidentified {
    /// A value is missing or empty.
    #[error("the identity source {0} has no value")]
    Missing(String),
    /// The token does not look like one.
    #[error("the token does not match identityValidationExpression")]
    NoMatch,
}

impl LambdaAuthorizer {
    /// Compiles an authorizer of one of the two kinds; the error says what is wrong with it.
    pub fn compile(authorizer: &Authorizer) -> Result<Self, String> {
        let of = |what: String| format!("authorizer {}: {what}", authorizer.name);
        let uri = authorizer.authorizer_uri.as_deref().unwrap_or_default();
        let function = FunctionUri::compile(uri).map_err(of)?;
        let ttl = authorizer.authorizer_result_ttl_in_seconds.unwrap_or(RESULT_TTL_SECONDS_DEFAULT);
        let written = authorizer.identity_source.as_deref().unwrap_or_default();
        let sources = written.split(',').map(str::trim).filter(|source| !source.is_empty());
        let mut sources = sources.map(IdentitySource::parse).collect::<Result<Vec<_>, _>>().map_err(of)?;
        let kind = match authorizer.kind {
            AuthorizerType::Request => Kind::Request { sources },
            AuthorizerType::Token | AuthorizerType::CognitoUserPools | AuthorizerType::Jwt => {
                let validation = match authorizer.identity_validation_expression.as_deref() {
                    None | Some("") => None,
                    Some(expression) => Some(Pattern::compile(expression).map_err(|error| of(error.to_string()))?),
                };
                match (sources.pop(), sources.is_empty()) {
                    (Some(source @ IdentitySource { source: Source::Request(Place::Header, _), .. }), true) => {
                        Kind::Token { source, validation }
                    }
                    _ => return Err(of(format!("the identity source {written:?} is not one header"))),
                }
            }
        };
        Ok(Self {
            id: authorizer.id.clone(),
            name: authorizer.name.clone(),
            function,
            result_ttl_seconds: match &kind {
                Kind::Request { sources } if sources.is_empty() => 0,
                _ => ttl.min(AUTHORIZER_RESULT_TTL_SECONDS_MAX),
            },
            kind,
        })
    }

    /// The values that identify the caller. The function is not called for one of whom a value is missing.
    pub fn identify(&self, exchange: &Exchange<'_>) -> Result<Identity, Unidentified> {
        let sources = match &self.kind {
            Kind::Token { source, .. } => std::slice::from_ref(source),
            Kind::Request { sources } => sources.as_slice(),
        };
        let identity = Identity::of(sources, exchange)?;
        match &self.kind {
            Kind::Token { validation: Some(pattern), .. } if !identity.0.iter().all(|token| pattern.matches(token)) => {
                Err(Unidentified::NoMatch)
            }
            _ => Ok(identity),
        }
    }

    /// The event that the function gets. `trace_id` is for `X-Amzn-Trace-Id`.
    pub fn event(
        &self,
        identity: &Identity,
        method_arn: &str,
        exchange: &Exchange<'_>,
        trace_id: &HeaderValue,
    ) -> Bytes {
        let token = identity.0.first().map(String::as_str).unwrap_or_default();
        let event = match &self.kind {
            Kind::Token { .. } => {
                serde_json::to_vec(&TokenEvent { kind: "TOKEN", authorization_token: token, method_arn })
            }
            Kind::Request { .. } => {
                let request = RequestEvent::new(exchange, trace_id, Absent::Empty);
                serde_json::to_vec(&RequestAuthorizerEvent { kind: "REQUEST", method_arn, request })
            }
        };
        // Plain data: it cannot fail.
        event.unwrap_or_default().into()
    }

    /// Whether callers are known by one token alone.
    pub fn is_of_token(&self) -> bool {
        matches!(self.kind, Kind::Token { .. })
    }

    /// Where it looks for who calls, as it was written.
    pub fn identity_sources(&self) -> impl Iterator<Item = &str> {
        let sources = match &self.kind {
            Kind::Token { source, .. } => std::slice::from_ref(source),
            Kind::Request { sources } => sources.as_slice(),
        };
        sources.iter().map(IdentitySource::text)
    }

    /// What a token must match as a whole.
    pub fn identity_validation(&self) -> Option<&str> {
        match &self.kind {
            Kind::Token { validation, .. } => validation.as_ref().map(Pattern::as_str),
            Kind::Request { .. } => None,
        }
    }
}

impl Identity {
    /// The values of all sources, each of which must have one.
    pub(crate) fn of(sources: &[IdentitySource], exchange: &Exchange<'_>) -> Result<Self, Unidentified> {
        let values = sources
            .iter()
            .map(|source| source.value(exchange).ok_or_else(|| Unidentified::Missing(source.text.to_string())));
        values.collect::<Result<_, _>>().map(Self)
    }

    /// The values, for whoever keeps what was answered under them.
    pub fn values(&self) -> &[String] {
        &self.0
    }
}

impl IdentitySource {
    pub(crate) fn new(text: &str, source: Source) -> Self {
        Self { text: text.into(), source }
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    fn parse(text: &str) -> Result<Self, String> {
        let source = Source::parse_request(text).ok().filter(|source| {
            matches!(
                source,
                Source::Request(Place::Header | Place::QueryString, _) | Source::StageVariable(_) | Source::Context(_)
            )
        });
        let source = source.ok_or_else(|| format!("{text:?} is no identity source"))?;
        Ok(Self::new(text, source))
    }

    fn value(&self, exchange: &Exchange<'_>) -> Option<String> {
        let values = self.source.values(exchange, None).ok()?;
        values.into_iter().next().filter(|value| !value.is_empty()).map(std::borrow::Cow::into_owned)
    }
}

/// Whether a text lists nothing but identity sources that `REQUEST` authorizers know.
pub fn are_identity_sources(text: &str) -> bool {
    text.split(',').all(|source| IdentitySource::parse(source.trim()).is_ok())
}

impl From<Unidentified> for Refusal {
    fn from(unidentified: Unidentified) -> Self {
        Self::Unauthorized(unidentified.to_string().into())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TokenEvent<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    authorization_token: &'a str,
    method_arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestAuthorizerEvent<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    method_arn: &'a str,
    #[serde(flatten)]
    request: RequestEvent<'a>,
}

#[cfg(test)]
mod tests;
