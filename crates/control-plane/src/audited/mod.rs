//! What the audit log is told of a call: gathered while the call is answered, sent along with the answer, and recorded by
//! whoever knows where the call came from.

mod redaction;

use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::shape::Shape;
use claviger_runtime::audit::{Call, unsigned};
use http::Response;
use serde_json::Value;

use self::redaction::{redacted, redacted_unshaped};
use crate::access::{VerifiedCaller, withheld};
use crate::operation::Access;
use crate::services::Services;

/// What is known of a call so far; nothing where calls are not recorded.
pub(crate) struct Trail(Option<Box<Call>>);

impl Trail {
    /// A call to a service, of an operation as the request names it.
    pub(crate) fn new(
        services: &Services,
        service: &'static str,
        operation: Option<&str>,
        caller: &VerifiedCaller,
        request_id: &str,
    ) -> Self {
        if !services.settings.calls_are_recorded {
            return Self(None);
        }
        let call = Call::new(service, operation.unwrap_or("Unknown").to_owned(), request_id);
        Self(Some(Box::new(by(call, caller))))
    }

    /// The call is one of this operation.
    pub(crate) fn is_of(&mut self, operation: &'static str, access: Access) {
        if let Some(call) = &mut self.0 {
            call.operation = operation.into();
            call.is_read = access == Access::Read;
        }
    }

    /// The call is about the content of something.
    pub(crate) fn is_of_data(&mut self) {
        if let Some(call) = &mut self.0 {
            call.is_of_data = true;
        }
    }

    /// The call has this input, which was held to its shape.
    pub(crate) fn takes(&mut self, shape: &Shape, input: &Value) {
        if let Some(call) = &mut self.0 {
            let (value, bytes) = redacted(&call.service, &call.operation, shape, input, "requestParametersTooLarge");
            call.request = Some(value);
            call.bytes += bytes;
        }
    }

    /// The call names this; nothing of it is a secret.
    pub(crate) fn names(&mut self, named: Value) {
        if let Some(call) = &mut self.0 {
            call.bytes += named.to_string().len();
            call.request = Some(named);
        }
    }

    /// The call is answered with this JSON, which has this shape where it has one that is known.
    pub(crate) fn answers(&mut self, shape: Option<&Shape>, json: Option<&str>) {
        let (Some(call), Some(json)) = (&mut self.0, json) else { return };
        call.disclosed = withheld::shown(&call.service, &call.operation, json);
        // What only looks changes nothing that would have to be recorded, and may be long; credentials tell what came of them.
        let is_token = call.operation == "GetClientToken";
        if call.is_read && call.service != "sts" && !is_token {
            return;
        }
        let Ok(output) = serde_json::from_str::<Value>(json) else { return };
        let reason = "responseElementsTooLarge";
        let (value, bytes) = match shape {
            Some(shape) => redacted(&call.service, &call.operation, shape, &output, reason),
            None => redacted_unshaped(&output, reason),
        };
        call.response = Some(value);
        call.bytes += bytes;
        if is_token {
            let token = output.pointer("/ClientAuthenticationResult/AccessToken").and_then(Value::as_str);
            call.token = token.map(unsigned);
            call.bytes += call.token.as_ref().map_or(0, String::len);
        }
    }

    /// The call is refused.
    pub(crate) fn refuses(&mut self, failure: &Failure) {
        if let Some(call) = &mut self.0 {
            call.refusal = Some((failure.code.clone().into_owned(), failure.message.clone()));
        }
    }

    /// Sends it along with the answer.
    pub(crate) fn attach<B>(self, response: &mut Response<B>) {
        if let Some(call) = self.0 {
            call.attach(response);
        }
    }
}

/// A call of this caller.
pub fn by(call: Call, caller: &VerifiedCaller) -> Call {
    let is_somebody = !caller.is_nobody();
    let caller = caller.caller();
    Call {
        principal: is_somebody.then(|| caller.principal.clone()),
        is_session: caller.is_session,
        account: Some(caller.account),
        region: Some(caller.region.to_string()),
        ..call
    }
}
