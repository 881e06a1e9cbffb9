//! Lambda functions behind routes: `AWS_PROXY` in both payload formats (API Gateway, "Create AWS Lambda proxy integrations
//! for HTTP APIs"). Calling the function is the data plane's.

mod answer;
pub(super) mod event;
pub(super) mod event_1_0;

use std::borrow::Cow;

use bytes::Bytes;
use claviger_resources::http_api::Integration;
use http::HeaderValue;
use percent_encoding::percent_decode_str;

use super::answer::Answer;
use super::parameter_mapping::{RequestMapping, ResponseMappings};
use super::refusal::Refusal;
use crate::exchange::Exchange;
use crate::lambda::FunctionUri;
use crate::mapping::BackendAnswer;
use crate::request::Request;

/// The format in which a function is told of a request, and in which it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadFormat {
    /// That of REST APIs.
    V1,
    /// That of HTTP APIs alone.
    V2,
}

/// A compiled `AWS_PROXY` integration.
#[derive(Clone, Debug)]
pub struct LambdaProxy {
    uri: FunctionUri,
    format: PayloadFormat,
    request: RequestMapping,
    responses: ResponseMappings,
    timeout_milliseconds: u32,
}

impl PayloadFormat {
    /// Reads `1.0` or `2.0`.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "1.0" => Ok(Self::V1),
            "2.0" => Ok(Self::V2),
            other => Err(format!("{other:?} is no payload format version")),
        }
    }
}

impl LambdaProxy {
    /// Compiles an integration; the error says what is wrong with which part.
    pub fn compile(integration: &Integration) -> Result<Self, String> {
        let uri = integration.integration_uri.as_deref().unwrap_or_default();
        Ok(Self {
            uri: FunctionUri::compile_target(uri)?,
            format: PayloadFormat::parse(&integration.payload_format_version)?,
            request: RequestMapping::compile(integration.request_parameters.as_ref())
                .map_err(|error| error.to_string())?,
            responses: ResponseMappings::compile(integration.response_parameters.as_ref())
                .map_err(|error| error.to_string())?,
            timeout_milliseconds: integration.timeout_in_millis,
        })
    }

    /// The function to call for a request.
    pub fn function(&self, exchange: &Exchange<'_>) -> Result<String, Refusal> {
        self.uri.function(exchange.stage_variables).ok_or_else(|| {
            Refusal::internal("the URI of the integration names no function with the variables of this stage")
        })
    }

    /// The event that tells the function of a request, with what mappings change. `scopes` are those of which the route
    /// demands one, `trace_id` is for `x-amzn-trace-id`.
    pub fn event(&self, exchange: &Exchange<'_>, scopes: &[Box<str>], trace_id: &HeaderValue) -> Bytes {
        if self.request.is_empty() {
            return self.event_of(exchange, &path_with_stage(exchange), scopes, trace_id);
        }
        let mut headers = exchange.request.headers.clone();
        self.request.change_headers(&mut headers, exchange);
        let (query, path) = (self.request.query(exchange), self.request.path(exchange));
        let path_with_stage = path.as_deref().map_or_else(|| path_with_stage(exchange), decoded);
        let request = Request {
            headers: &headers,
            query: Some(&*query).filter(|query| !query.is_empty()),
            path: path.as_deref().unwrap_or(exchange.request.path),
            ..exchange.request
        };
        self.event_of(&Exchange { request, ..*exchange }, &path_with_stage, scopes, trace_id)
    }

    fn event_of(&self, exchange: &Exchange<'_>, path: &str, scopes: &[Box<str>], trace_id: &HeaderValue) -> Bytes {
        let event = match self.format {
            PayloadFormat::V1 => event_1_0::proxy_event(exchange, path, scopes, trace_id),
            PayloadFormat::V2 => event::proxy_event(exchange, path, scopes, trace_id),
        };
        event.into()
    }

    /// The response to the client for what the function answered.
    pub fn answer(&self, exchange: &Exchange<'_>, text: &[u8]) -> Result<Answer, Refusal> {
        let mut answer = answer::read(text, self.format)?;
        let (headers, body) = (answer.headers.clone(), answer.body.clone());
        let said = BackendAnswer { headers: &headers, body: &body };
        self.responses.apply(&mut answer.status, &mut answer.headers, exchange, said);
        Ok(answer)
    }

    /// How long the function may take.
    pub fn timeout_milliseconds(&self) -> u32 {
        self.timeout_milliseconds
    }
}

/// The path that functions are told: decoded, with the stage before it unless that is `$default` (observed); on a custom domain
/// name the path of the mapping stands there instead.
pub(super) fn path_with_stage<'a>(exchange: &Exchange<'a>) -> Cow<'a, str> {
    let context = exchange.context;
    let is_bare = context.stage == "$default" && context.base_path.is_none();
    decoded(if is_bare { exchange.request.path } else { context.path })
}

fn decoded(path: &str) -> Cow<'_, str> {
    percent_decode_str(path).decode_utf8().unwrap_or(Cow::Borrowed(path))
}

/// Media types whose bodies functions are told as text, beside those of `text/`; a body of any other type, or of none, is
/// encoded (observed).
const TEXT: [&str; 3] = ["application/javascript", "application/json", "application/xml"];

/// The body as functions are told it, and whether it is in base64.
pub(super) fn body<'a>(request: &Request<'a>) -> (Option<Cow<'a, str>>, bool) {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    let names_text = request.headers.contains_key(http::header::CONTENT_TYPE) && {
        let kind = request.content_type().to_ascii_lowercase();
        kind.starts_with("text/") || TEXT.contains(&&*kind)
    };
    match std::str::from_utf8(request.body) {
        _ if request.body.is_empty() => (None, false),
        Ok(text) if names_text => (Some(Cow::Borrowed(text)), false),
        _ => (Some(Cow::Owned(STANDARD.encode(request.body))), true),
    }
}

#[cfg(test)]
mod tests;
