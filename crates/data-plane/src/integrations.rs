//! Integrations: what answers a method. The rules are the gateway crate's; here is the I/O they ask for.

use claviger_gateway::compile::{CompiledIntegration, Found, Unavailable};
use claviger_gateway::exchange::Exchange;
use claviger_gateway::refusal::Refusal;

use crate::DataPlane;
use crate::gateway::Answer;
use crate::gateway::Permit;

impl DataPlane {
    /// Has the method's integration answer a request that was let through.
    pub(crate) async fn integrate(
        &self,
        found: &Found<'_, '_>,
        _permit: Permit,
        exchange: &Exchange<'_>,
    ) -> Result<Answer, Refusal> {
        match &found.method.integration {
            CompiledIntegration::Mock(mock) => mock.reply(exchange).map(Answer::from),
            CompiledIntegration::Http(_) => Err((&Unavailable("an HTTP integration")).into()),
            CompiledIntegration::HttpProxy(_) => Err((&Unavailable("an HTTP_PROXY integration")).into()),
            CompiledIntegration::Unavailable(unavailable) => Err(unavailable.into()),
        }
    }
}
