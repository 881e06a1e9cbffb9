//! One request's rendering of templates: the request template's effects on `$context` reach the response template.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::exchange::Exchange;
use crate::refusal::Refusal;
use crate::template::Template;

/// The state that the templates of one exchange share. Constant templates neither make nor touch it.
#[derive(Debug)]
pub struct Rendering<'a> {
    exchange: &'a Exchange<'a>,
}

/// What templates set under `$context.responseOverride`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseOverrides {
    /// An integer from 100 to 599; API Gateway ignores other values.
    pub status: Option<StatusCode>,
    /// Headers that win over mapped ones.
    pub headers: Vec<(HeaderName, Vec<HeaderValue>)>,
}

/// What templates set under `$context.requestOverride`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestOverrides {
    /// Headers that win over mapped ones.
    pub headers: Vec<(HeaderName, Vec<HeaderValue>)>,
    /// Query parameters that win over mapped ones, decoded.
    pub query: Vec<(String, String)>,
    /// Path variables that win over mapped ones, decoded.
    pub path: Vec<(String, String)>,
}

impl<'a> Rendering<'a> {
    /// A rendering in which no template has run.
    pub fn new(exchange: &'a Exchange<'a>) -> Self {
        Self { exchange }
    }

    /// The exchange that is rendered.
    pub fn exchange(&self) -> &'a Exchange<'a> {
        self.exchange
    }

    /// Renders a template over a body.
    pub fn render(&mut self, template: &Template, _body: &'a [u8]) -> Result<Bytes, Refusal> {
        match template {
            Template::Constant(text) => Ok(text.clone()),
        }
    }

    /// What the templates that ran set on the request.
    pub fn request_overrides(&mut self) -> Result<RequestOverrides, Refusal> {
        Ok(RequestOverrides::default())
    }

    /// What the templates that ran set on the response.
    pub fn response_overrides(&mut self) -> Result<ResponseOverrides, Refusal> {
        Ok(ResponseOverrides::default())
    }
}
