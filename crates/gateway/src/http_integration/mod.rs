//! `HTTP` and `HTTP_PROXY` integrations: the request to a backend and what becomes of its answer. Calling it is the data
//! plane's; what can go wrong there has its [`Refusal`] (API Gateway, "HTTP integrations for REST APIs").

pub(crate) mod endpoint;

use bytes::Bytes;
use claviger_resources::RestApiId;
use claviger_resources::rest_api::{ContentHandling, Integration, Method, PassthroughBehavior};
use form_urlencoded::Serializer;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::backend_verification::Verification;
use crate::content_handling::BinaryMediaTypes;
use crate::exchange::Exchange;
use crate::header_rules::{API_ID, RESERVED, forwarded, returned};
use crate::integration_response::IntegrationResponses;
use crate::mapping::BackendAnswer;
use crate::refusal::Refusal;
use crate::rendering::{Rendering, RequestOverrides};
use crate::request_mapping::{RequestMappings, encode_path};
use crate::response::{JSON, Reply, TRACE_ID};
use crate::template::Templates;
use endpoint::Endpoint;

/// A request to a backend.
#[derive(Clone, Debug, PartialEq)]
pub struct BackendRequest {
    /// Its verb.
    pub method: http::Method,
    /// Where it goes: always absolute, `http` or `https`.
    pub uri: Uri,
    /// Its headers, without `Host` and `Content-Length`.
    pub headers: HeaderMap,
    /// Its body.
    pub body: BackendBody,
}

/// The body of a request to a backend.
#[derive(Clone, Debug, PartialEq)]
pub enum BackendBody {
    /// None.
    Empty,
    /// The client's, which may stream.
    Client,
    /// What a template made.
    Rendered(Bytes),
}

/// What both types share.
#[derive(Clone, Debug)]
struct Backend {
    /// The verb towards the backend; `None` for the client's.
    method: Option<http::Method>,
    endpoint: Endpoint,
    mappings: RequestMappings,
    /// A reserved header that a mapping sets: every request fails.
    reserved: Option<HeaderName>,
    api_id: HeaderValue,
    timeout_milliseconds: u32,
    verification: Verification,
}

/// A compiled `HTTP_PROXY` integration.
#[derive(Clone, Debug)]
pub struct HttpProxy {
    backend: Backend,
    stream_pause_milliseconds: Option<u32>,
}

/// A compiled `HTTP` integration.
#[derive(Clone, Debug)]
pub struct Http {
    backend: Backend,
    user_agent: HeaderValue,
    requests: Templates,
    passthrough: PassthroughBehavior,
    content_handling: Option<ContentHandling>,
    responses: IntegrationResponses,
}

impl HttpProxy {
    /// Compiles the integration of a method; the error says what is wrong with which part. `pause_milliseconds` is how long an
    /// answer may pause that is passed on as it comes.
    pub fn compile(api_id: &RestApiId, integration: &Integration, pause_milliseconds: u32) -> Result<Self, String> {
        let stream_pause_milliseconds = integration.is_streamed().then_some(pause_milliseconds);
        Backend::compile(api_id, integration).map(|backend| Self { backend, stream_pause_milliseconds })
    }

    /// How long the answer may pause, when it is passed on as it comes, however long it is.
    pub fn stream_pause_milliseconds(&self) -> Option<u32> {
        self.stream_pause_milliseconds
    }

    /// Whether the request's body must be there as a whole before [`HttpProxy::request`].
    pub fn reads_body(&self) -> bool {
        self.backend.mappings.reads_body()
    }

    /// The request to the backend: the client's, with what mappings set or add. `trace_id` is for `X-Amzn-Trace-Id`.
    pub fn request(&self, exchange: &Exchange<'_>, trace_id: HeaderValue) -> Result<BackendRequest, Refusal> {
        let mapped = self.backend.mappings.query(exchange)?;
        let query = join_query(exchange.request.query.unwrap_or_default(), &mapped);
        let mut headers = forwarded(exchange.request.headers);
        self.backend.finish_headers(&mut headers, exchange, trace_id)?;
        let variable = |name: &str| self.backend.mappings.path_variable(name, exchange);
        let method = self.backend.method(exchange)?;
        let body = if has_body(&method) { BackendBody::Client } else { BackendBody::Empty };
        Ok(BackendRequest { uri: self.backend.endpoint.uri(exchange, variable, &query)?, method, headers, body })
    }

    /// The headers of the response to the client; its status and body are the backend's.
    pub fn response_headers(&self, backend: &HeaderMap) -> HeaderMap {
        returned(backend)
    }

    /// How long the backend may take.
    pub fn timeout_milliseconds(&self) -> u32 {
        self.backend.timeout_milliseconds
    }

    /// What the backend's certificate is held to.
    pub fn verification(&self) -> &Verification {
        &self.backend.verification
    }
}

impl Http {
    /// Compiles the integration of a method; the error says what is wrong with which part.
    pub fn compile(
        api_id: &RestApiId,
        method: &Method,
        integration: &Integration,
        binary_media_types: &BinaryMediaTypes,
    ) -> Result<Self, String> {
        let user_agent = HeaderValue::from_str(&format!("AmazonAPIGateway_{api_id}"));
        Ok(Self {
            backend: Backend::compile(api_id, integration)?,
            user_agent: user_agent.map_err(|error| error.to_string())?,
            requests: Templates::compile(integration.request_templates.as_ref())
                .map_err(|error| format!("request {error}"))?,
            passthrough: integration.passthrough_behavior,
            content_handling: integration.content_handling,
            responses: IntegrationResponses::compile(method, binary_media_types)?,
        })
    }

    /// Whether the request's body must be there as a whole before [`Http::request`].
    pub fn reads_body(&self) -> bool {
        self.content_handling.is_some()
            || self.backend.mappings.reads_body()
            || self.requests.iter().any(|template| template.constant().is_none())
    }

    /// How the request's body is converted, which [`BinaryMediaTypes::convert_request`] does before the exchange is made.
    pub fn content_handling(&self) -> Option<ContentHandling> {
        self.content_handling
    }

    /// The request to the backend: nothing of the client's but its content type and what mappings and templates take.
    /// `trace_id` is for `X-Amzn-Trace-Id`.
    pub fn request(&self, rendering: &mut Rendering<'_>, trace_id: HeaderValue) -> Result<BackendRequest, Refusal> {
        let exchange = rendering.exchange();
        let request = exchange.request;
        let body = match self.requests.for_request(request.content_type()) {
            Some(template) => BackendBody::Rendered(rendering.request(template)?),
            None => self.requests.pass_through(self.passthrough).map(|()| BackendBody::Client)?,
        };
        let overrides = rendering.request_overrides()?;
        let method = self.backend.method(exchange)?;
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(ACCEPT, JSON);
        headers.insert(USER_AGENT, self.user_agent.clone());
        let body = if has_body(&method) {
            headers.insert(CONTENT_TYPE, request.headers.get(CONTENT_TYPE).cloned().unwrap_or(JSON));
            body
        } else {
            BackendBody::Empty
        };
        self.backend.finish_headers(&mut headers, exchange, trace_id)?;
        for (name, values) in &overrides.headers {
            set(&mut headers, name, values);
        }
        let mut query = self.backend.mappings.query(exchange)?;
        query.retain(|(name, _)| !overrides.query.iter().any(|(overridden, _)| overridden == name));
        query.extend(overrides.query.iter().cloned());
        let variable = |name: &str| match path_override(&overrides, name) {
            Some(value) => Ok(Some(encode_path(value))),
            None => self.backend.mappings.path_variable(name, exchange),
        };
        let uri = self.backend.endpoint.uri(exchange, variable, &join_query("", &query))?;
        Ok(BackendRequest { method, uri, headers, body })
    }

    /// The response to the client for what the backend answered.
    pub fn reply<'a>(
        &self,
        rendering: &mut Rendering<'a>,
        status: u16,
        answer: BackendAnswer<'a>,
    ) -> Result<Reply, Refusal> {
        let place = self.responses.select(&status.to_string())?;
        let response = self.responses.response(place);
        response
            .ok_or_else(|| Refusal::configuration("the selected integration response does not exist"))?
            .reply(rendering, answer)
    }

    /// How long the backend may take.
    pub fn timeout_milliseconds(&self) -> u32 {
        self.backend.timeout_milliseconds
    }

    /// What the backend's certificate is held to.
    pub fn verification(&self) -> &Verification {
        &self.backend.verification
    }
}

impl Backend {
    fn compile(api_id: &RestApiId, integration: &Integration) -> Result<Self, String> {
        let uri = integration.uri.as_deref().filter(|uri| !uri.is_empty()).ok_or("the integration has no URI")?;
        let method = match integration.http_method.as_deref() {
            None | Some("ANY") => None,
            Some(verb) => Some(verb.parse().map_err(|_| format!("{verb:?} is no HTTP method"))?),
        };
        let mappings = RequestMappings::compile(integration.request_parameters.as_ref())?;
        let reserved = mappings.header_names().find(|name| RESERVED.contains(name)).cloned();
        Ok(Self {
            method,
            endpoint: Endpoint::compile(uri),
            reserved,
            mappings,
            api_id: HeaderValue::from_str(api_id.as_str()).map_err(|error| error.to_string())?,
            timeout_milliseconds: integration.timeout_in_millis,
            verification: Verification::of_method(integration),
        })
    }

    fn method(&self, exchange: &Exchange<'_>) -> Result<http::Method, Refusal> {
        match &self.method {
            Some(method) => Ok(method.clone()),
            None => exchange
                .request
                .method
                .parse()
                .map_err(|_| Refusal::configuration("the request's verb is no HTTP method")),
        }
    }

    /// Sets mapped headers, then those that the gateway adds to every request.
    fn finish_headers(
        &self,
        headers: &mut HeaderMap,
        exchange: &Exchange<'_>,
        trace_id: HeaderValue,
    ) -> Result<(), Refusal> {
        if let Some(name) = &self.reserved {
            return Err(Refusal::configuration(format!("{name} header already present")));
        }
        for (name, values) in self.mappings.headers(exchange)? {
            set(headers, &name, &values);
        }
        headers.insert(API_ID, self.api_id.clone());
        headers.insert(TRACE_ID, trace_id);
        Ok(())
    }
}

fn set(headers: &mut HeaderMap, name: &HeaderName, values: &[HeaderValue]) {
    headers.remove(name);
    for value in values {
        headers.append(name.clone(), value.clone());
    }
}

fn path_override<'a>(overrides: &'a RequestOverrides, name: &str) -> Option<&'a str> {
    overrides.path.iter().find(|(overridden, _)| overridden == name).map(|(_, value)| value.as_str())
}

/// API Gateway sends a body with any verb but these.
fn has_body(method: &http::Method) -> bool {
    ![http::Method::GET, http::Method::HEAD, http::Method::OPTIONS].contains(method)
}

fn join_query(raw: &str, mapped: &[(String, String)]) -> String {
    if mapped.is_empty() {
        return raw.to_owned();
    }
    let mapped = Serializer::new(String::new()).extend_pairs(mapped).finish();
    if raw.is_empty() { mapped } else { format!("{raw}&{mapped}") }
}

#[cfg(test)]
mod tests;
