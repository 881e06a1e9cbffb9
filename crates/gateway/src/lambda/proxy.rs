//! `AWS_PROXY` to a function.

use bytes::Bytes;
use claviger_resources::rest_api::Integration;
use http::HeaderValue;

use super::event::ProxyEvent;
use super::{FunctionCall, answer};
use crate::content_handling::BinaryMediaTypes;
use crate::exchange::Exchange;
use crate::refusal::Refusal;
use crate::request_mapping::RequestMappings;
use crate::response::Reply;

/// A compiled `AWS_PROXY` integration.
#[derive(Clone, Debug)]
pub struct LambdaProxy {
    call: FunctionCall,
    binary_media_types: BinaryMediaTypes,
}

impl LambdaProxy {
    /// Compiles the integration of a method; the error says what is wrong with which part. Of its mappings nothing is used,
    /// but one of a reserved header makes every request fail.
    pub fn compile(integration: &Integration, binary_media_types: &BinaryMediaTypes) -> Result<Self, String> {
        let mappings = RequestMappings::compile(integration.request_parameters.as_ref())?;
        let call = FunctionCall::compile(integration, &mappings)?;
        Ok(Self { call, binary_media_types: binary_media_types.clone() })
    }

    /// Which function is called, and for how long.
    pub fn call(&self) -> &FunctionCall {
        &self.call
    }

    /// The event that tells the function of a request. `trace_id` is for `X-Amzn-Trace-Id`.
    pub fn event(&self, exchange: &Exchange<'_>, trace_id: &HeaderValue) -> Bytes {
        let is_binary = self.binary_media_types.contains(exchange.request.content_type());
        let event = ProxyEvent::new(exchange, trace_id, is_binary);
        // Plain data: it cannot fail.
        serde_json::to_vec(&event).unwrap_or_default().into()
    }

    /// The response to the client for what the function answered.
    pub fn reply(&self, exchange: &Exchange<'_>, answer: &[u8]) -> Result<Reply, Refusal> {
        answer::reply(answer, exchange.request.accept(), &self.binary_media_types)
    }
}
