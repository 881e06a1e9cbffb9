//! `AWS` to a function: templates make the function's event of the request, and the response of its answer.

use std::sync::LazyLock;

use bytes::Bytes;
use claviger_resources::rest_api::{ContentHandling, Integration, Method, PassthroughBehavior};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName};
use serde::de::IgnoredAny;
use serde_json::json;

use super::FunctionCall;
use crate::content_handling::BinaryMediaTypes;
use crate::integration_response::IntegrationResponses;
use crate::mapping::BackendAnswer;
use crate::refusal::Refusal;
use crate::rendering::Rendering;
use crate::request_mapping::RequestMappings;
use crate::response::{JSON, Reply};
use crate::template::Templates;

/// The header by which a mapping says that nobody waits for the function.
const INVOCATION_TYPE: HeaderName = HeaderName::from_static("x-amz-invocation-type");

/// A compiled `AWS` integration whose service is Lambda.
#[derive(Clone, Debug)]
pub struct Lambda {
    call: FunctionCall,
    mappings: RequestMappings,
    requests: Templates,
    passthrough: PassthroughBehavior,
    content_handling: Option<ContentHandling>,
    responses: IntegrationResponses,
}

/// What is asked of the function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LambdaRequest {
    /// To answer this event.
    Answer(Bytes),
    /// To take this event; nobody waits for what becomes of it.
    Take(Bytes),
    /// Nothing: the call is only tried.
    Nothing,
    /// Nothing, as the event is not JSON; holds what Lambda answers to it.
    Unreadable(Bytes),
}

/// What came of asking a function.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// It answered.
    Answered(&'a [u8]),
    /// It failed by its own account.
    Failed {
        /// Its `errorMessage`, by which the response is selected.
        message: &'a str,
        /// The whole of its error.
        error: &'a [u8],
    },
    /// It took the event.
    Taken,
    /// Nothing was asked of it.
    Tried,
    /// Lambda refused the event with this.
    Refused(&'a [u8]),
}

impl Lambda {
    /// Compiles the integration of a method; the error says what is wrong with which part.
    pub fn compile(
        method: &Method,
        integration: &Integration,
        binary_media_types: &BinaryMediaTypes,
    ) -> Result<Self, String> {
        let mappings = RequestMappings::compile(integration.request_parameters.as_ref())?;
        Ok(Self {
            call: FunctionCall::compile(integration, &mappings)?,
            mappings,
            requests: Templates::compile(integration.request_templates.as_ref())
                .map_err(|error| format!("request {error}"))?,
            passthrough: integration.passthrough_behavior,
            content_handling: integration.content_handling,
            responses: IntegrationResponses::compile(method, binary_media_types)?,
        })
    }

    /// Which function is called, and for how long.
    pub fn call(&self) -> &FunctionCall {
        &self.call
    }

    /// How the request's body is converted, which [`BinaryMediaTypes::convert_request`] does before the exchange is made.
    pub fn content_handling(&self) -> Option<ContentHandling> {
        self.content_handling
    }

    /// What is asked of the function. A request without a body and without a template is an empty event.
    pub fn request(&self, rendering: &mut Rendering<'_>) -> Result<LambdaRequest, Refusal> {
        let exchange = rendering.exchange();
        let request = exchange.request;
        let event = if let Some(template) = self.requests.for_request(request.content_type()) {
            rendering.request(template)?
        } else {
            self.requests.pass_through(self.passthrough)?;
            Bytes::copy_from_slice(request.body)
        };
        let event = if event.trim_ascii().is_empty() { Bytes::from_static(b"{}") } else { event };
        let overridden = rendering.request_overrides()?.headers;
        let headers = [overridden, self.mappings.headers(exchange)?].concat();
        let invocation = headers.iter().find(|(name, _)| *name == INVOCATION_TYPE);
        let invocation = invocation.and_then(|(_, values)| values.last()?.to_str().ok());
        if let Err(error) = serde_json::from_slice::<IgnoredAny>(&event) {
            let message = format!("Could not parse request body into json: {error}");
            return Ok(LambdaRequest::Unreadable(json!({ "Type": "User", "message": message }).to_string().into()));
        }
        match invocation {
            None | Some("RequestResponse") => Ok(LambdaRequest::Answer(event)),
            Some("Event") => Ok(LambdaRequest::Take(event)),
            Some("DryRun") => Ok(LambdaRequest::Nothing),
            Some(other) => Err(Refusal::configuration(format!("{other:?} is no value of {INVOCATION_TYPE}"))),
        }
    }

    /// The response to the client for what came of it. It is selected by the function's `errorMessage`, which is empty where
    /// the function did not fail.
    pub fn reply<'a>(&self, rendering: &mut Rendering<'a>, outcome: Outcome<'a>) -> Result<Reply, Refusal> {
        static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| HeaderMap::from_iter([(CONTENT_TYPE, JSON)]));
        let (message, body) = match outcome {
            Outcome::Answered(answer) => ("", answer),
            Outcome::Failed { message, error } => (message, error),
            Outcome::Taken | Outcome::Tried => ("", &[][..]),
            Outcome::Refused(error) => ("400", error),
        };
        let place = self.responses.select(message).map_err(|_| {
            Refusal::configuration(
                "No match for output mapping and no default output mapping configured. Endpoint Response Status Code: 200",
            )
        })?;
        let response = self.responses.response(place);
        let response =
            response.ok_or_else(|| Refusal::configuration("the selected integration response does not exist"))?;
        response.reply(rendering, BackendAnswer { headers: &HEADERS, body })
    }
}
