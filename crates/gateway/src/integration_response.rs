//! Integration responses: how a backend's answer becomes the method's (API Gateway, "Set up an integration response").

use bytes::Bytes;
use claviger_resources::rest_api::{ContentHandling, Method};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::content_handling::BinaryMediaTypes;
use crate::header_rules::mapped_name;
use crate::mapping::{BackendAnswer, Source, parse_response_destination};
use crate::pattern::Pattern;
use crate::refusal::Refusal;
use crate::rendering::Rendering;
use crate::response::{JSON, Reply};
use crate::template::Templates;

/// The integration responses of a method, in the order in which their patterns are tried.
#[derive(Clone, Debug, Default)]
pub struct IntegrationResponses(Vec<IntegrationResponse>);

/// One integration response.
#[derive(Clone, Debug)]
pub struct IntegrationResponse {
    status: StatusCode,
    /// `None` for the default response.
    pattern: Option<Pattern>,
    /// Whether the method declares a response for the status; one that it does not cannot be sent.
    declared: bool,
    headers: Vec<(HeaderName, HeaderSource)>,
    templates: Templates,
    content_handling: Option<ContentHandling>,
    binary_media_types: BinaryMediaTypes,
}

#[derive(Clone, Debug)]
enum HeaderSource {
    Constant(HeaderValue),
    Mapped(Source),
}

impl IntegrationResponses {
    /// Compiles the integration responses of a method; the error says which and what is wrong with it.
    pub fn compile(method: &Method, binary_media_types: &BinaryMediaTypes) -> Result<Self, String> {
        let responses = method.method_integration.iter().flat_map(|integration| &integration.integration_responses);
        let compile = |(code, response)| {
            IntegrationResponse::compile(response, method.method_responses.contains_key(code), binary_media_types)
                .map_err(|reason| format!("integration response {code}: {reason}"))
        };
        responses.map(compile).collect::<Result<_, _>>().map(Self)
    }

    /// The first response whose pattern matches the whole of what the endpoint said (its status for `MOCK` and `HTTP`),
    /// else the default one, with its place among the responses.
    pub fn select(&self, endpoint: &str) -> Result<usize, Refusal> {
        let matching =
            |response: &IntegrationResponse| response.pattern.as_ref().is_some_and(|pattern| pattern.matches(endpoint));
        let chosen =
            self.0.iter().position(matching).or_else(|| self.0.iter().position(|response| response.pattern.is_none()));
        chosen.ok_or_else(|| {
            Refusal::configuration(format!(
                "No match for output mapping and no default output mapping configured. \
                 Endpoint Response Status Code: {endpoint}"
            ))
        })
    }

    /// The response at the place that [`IntegrationResponses::select`] gave.
    pub fn response(&self, place: usize) -> Option<&IntegrationResponse> {
        self.0.get(place)
    }
}

impl IntegrationResponse {
    fn compile(
        response: &claviger_resources::rest_api::IntegrationResponse,
        declared: bool,
        binary_media_types: &BinaryMediaTypes,
    ) -> Result<Self, String> {
        let status = response.status_code.parse().map_err(|_| format!("{:?} is no status", response.status_code))?;
        let pattern = match response.selection_pattern.as_deref() {
            None | Some("") => None,
            Some(pattern) => Some(Pattern::compile(pattern).map_err(|error| error.to_string())?),
        };
        let mut headers = Vec::new();
        for (destination, source) in response.response_parameters.iter().flatten() {
            let name = parse_response_destination(destination).map_err(|error| error.to_string())?;
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} is no header name"))?;
            let source = Source::parse_response(source).map_err(|error| error.to_string())?;
            headers.push((mapped_name(name), HeaderSource::new(source)));
        }
        let templates = Templates::compile(response.response_templates.as_ref()).map_err(|error| error.to_string())?;
        Ok(Self {
            status,
            pattern,
            declared,
            headers,
            templates,
            content_handling: response.content_handling,
            binary_media_types: binary_media_types.clone(),
        })
    }

    /// The method's response to what the endpoint answered: its status, its mapped headers, its body through the template
    /// for what the client accepts, and what templates overrode.
    pub fn reply<'a>(&self, rendering: &mut Rendering<'a>, answer: BackendAnswer<'a>) -> Result<Reply, Refusal> {
        if !self.declared {
            return Err(Refusal::configuration(format!(
                "Output mapping refers to an invalid method response: {}",
                self.status.as_u16()
            )));
        }
        let exchange = *rendering.exchange();
        let body = match self.templates.for_response(exchange.request.accept()) {
            Some(template) => rendering.response(template, answer.body)?,
            None => Bytes::copy_from_slice(answer.body),
        };
        let body = self.binary_media_types.convert_response(
            self.content_handling,
            answer.headers.get(CONTENT_TYPE),
            exchange.request.accept(),
            body,
        )?;
        let mut reply = Reply::new(self.status, JSON, body);
        for (name, source) in &self.headers {
            match source {
                HeaderSource::Constant(value) => {
                    reply.headers.insert(name.clone(), value.clone());
                }
                HeaderSource::Mapped(source) => {
                    let values = source.values(&exchange, Some(answer))?;
                    replace(&mut reply, name, values.iter().filter_map(|value| HeaderValue::from_str(value).ok()));
                }
            }
        }
        let overrides = rendering.response_overrides()?;
        reply.status = overrides.status.unwrap_or(reply.status);
        for (name, values) in overrides.headers {
            replace(&mut reply, &mapped_name(name), values.into_iter());
        }
        reply.headers.entry(CONTENT_TYPE).or_insert(JSON);
        Ok(reply)
    }
}

/// Sets a header to some values; none leave it as it was.
fn replace(reply: &mut Reply, name: &HeaderName, values: impl Iterator<Item = HeaderValue>) {
    for (index, value) in values.enumerate() {
        if index == 0 {
            reply.headers.insert(name.clone(), value);
        } else {
            reply.headers.append(name.clone(), value);
        }
    }
}

impl HeaderSource {
    fn new(source: Source) -> Self {
        match &source {
            Source::Literal(text) => HeaderValue::from_str(text).map_or(Self::Mapped(source), Self::Constant),
            _ => Self::Mapped(source),
        }
    }
}
