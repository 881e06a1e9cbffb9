//! From a request to its answer: find the operation, run it, wait until this node knows what it changed.
//!
//! Each protocol has its own way in and out; what they share is [`ControlPlane::call`].

mod aws_json;
mod aws_query;
mod rest_json;
mod s3;
mod within;

#[cfg(test)]
pub(crate) use self::aws_json::is_open_to_everybody;
pub use self::aws_json::{is_unsigned, needs_no_signature, service_of_target};
pub use self::rest_json::RestRequest;
pub(crate) use self::within::Api;

use std::sync::Arc;

use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::json_rpc;
use claviger_aws_protocol::protocol::Protocol;
use claviger_aws_protocol::query::Form;
use claviger_aws_protocol::shape::Shape;
use claviger_runtime::refusals::{Refused, Surface};
use http::Method;
use http::request::Parts;
use serde_json::Value;
use tracing::Instrument;

use crate::access::withheld::without_secrets;
use crate::access::{Demand, VerifiedCaller};
use crate::audited::Trail;
use crate::operation::Row;
use crate::services::Services;

/// The control plane of one node.
pub struct ControlPlane {
    services: Arc<Services>,
}

impl ControlPlane {
    /// The control plane over these services.
    pub fn new(services: Arc<Services>) -> Self {
        Self { services }
    }

    /// What operations share.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Runs an operation on a checked input, for a caller that may. When it returns, the node serves what the operation wrote, so that a token
    /// asked for with a client just created is granted. The answer is the output's JSON, `None` for no content.
    pub(crate) async fn call(
        &self,
        asked: Asked<'_>,
        input: Value,
        caller: &VerifiedCaller,
        request_id: &str,
        trail: &mut Trail,
    ) -> Result<Option<String>, Failure> {
        let Asked { row, service, demands, protocol, shapes } = asked;
        trail.takes(shapes.0, &input);
        let span = tracing::info_span!("call", operation = row.name, request_id);
        async {
            if let Some(demands) = &demands {
                caller.check(demands, protocol)?;
            }
            let answer = row.execute(&self.services, caller.caller(), input).await?;
            if let Some(revision) = answer.revision {
                self.services.wait_until_applied(revision).await;
            }
            let demands = demands.unwrap_or_default();
            let answer = without_secrets(caller, service, row.name, &demands, answer.json);
            trail.answers(shapes.1, answer.as_deref());
            Ok(answer)
        }
        .instrument(span)
        .await
    }
}

/// An operation that is asked for, and what it needs.
pub(crate) struct Asked<'a> {
    row: &'a Row,
    /// What actions of its service start with.
    service: &'static str,
    /// What must be allowed; `None` for what is open to everybody.
    demands: Option<Vec<Demand>>,
    protocol: Protocol,
    /// What its input looks like, and where that is known, its output.
    shapes: (&'static Shape, Option<&'static Shape>),
}

/// The shape of an operation's output in its service's table.
fn output(outputs: &'static [(&'static str, Option<&'static Shape>)], operation: &str) -> Option<&'static Shape> {
    outputs.iter().find(|(name, _)| *name == operation).and_then(|(_, shape)| *shape)
}

/// The operation that a request to a service names, where nobody has read it any closer: its body, too, when that is there.
pub fn operation_named(service: &str, parts: &Parts, body: Option<&[u8]>) -> Option<String> {
    match service {
        "apigateway" | "lambda" => rest_json::operation_named(service, parts).map(str::to_owned),
        "cloudformation" | "iam" | "sts" => {
            let query = parts.uri.query().unwrap_or_default().as_bytes();
            let form = if parts.method == Method::GET { query } else { body? };
            Form::parse(form).ok()?.action().map(str::to_owned)
        }
        // Its requests name operations in too many ways for somebody who has proved nothing.
        "s3" => None,
        _ => json_rpc::target(&parts.headers).map(|target| target.operation.to_owned()),
    }
}

/// What operators may ask about a failure.
pub fn refused(failure: Failure) -> Refused {
    let known = failure.known.map(|known| *known).unwrap_or_default();
    let reason = known.reason.unwrap_or(failure.message);
    Refused::new(Surface::ControlPlane, reason).with_code(failure.code).with_setting(known.setting)
}

/// A failure of an input that AWS's description of the operation does not allow.
fn by_shape(failure: Failure, operation: &str) -> Failure {
    failure.for_operators(None, Some(format!("what AWS's service description demands of the input of {operation}")))
}
