//! From a request to its answer: find the operation, run it, wait until this node knows what it changed.
//!
//! Each protocol has its own way in and out; what they share is [`ControlPlane::call`].

mod aws_json;
mod aws_query;
mod rest_json;
mod s3;
mod within;

pub use self::aws_json::is_unsigned;
pub use self::rest_json::RestRequest;
pub(crate) use self::within::Api;

use std::sync::Arc;

use claviger_aws_protocol::failure::Failure;
use claviger_runtime::refusals::{Refused, Surface};
use serde_json::Value;
use tracing::Instrument;

use crate::operation::{Caller, Row};
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

    /// Runs an operation on a checked input. When it returns, the node serves what the operation wrote, so that a token
    /// asked for with a client just created is granted. The answer is the output's JSON, `None` for no content.
    pub(crate) async fn call(
        &self,
        row: &Row,
        input: Value,
        caller: &Caller,
        request_id: &str,
    ) -> Result<Option<String>, Failure> {
        let span = tracing::info_span!("call", operation = row.name, request_id);
        async {
            let answer = row.execute(&self.services, caller, input).await?;
            if let Some(revision) = answer.revision {
                self.services.wait_until_applied(revision).await;
            }
            Ok(answer.json)
        }
        .instrument(span)
        .await
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
