//! The access log of a stage: where its lines go, and what they say.

use std::sync::Arc;

use claviger_gateway::access_log::Format;
use serde_json::Value;

/// A stage's access log.
#[derive(Clone, Debug)]
pub struct StageLog {
    /// The ARN of the destination.
    pub destination: Arc<str>,
    /// What a line says.
    pub format: Format,
}

impl StageLog {
    /// Reads `accessLogSettings`; a stage logs once both a destination and a format are given.
    pub(super) fn of(settings: Option<&Value>) -> Option<Self> {
        let member = |name: &str| settings?.get(name)?.as_str();
        let (destination, format) = (member("destinationArn")?, member("format")?);
        match Format::parse(format) {
            Ok(format) => Some(Self { destination: destination.into(), format }),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, id = destination, "a stage cannot be logged");
                None
            }
        }
    }
}
