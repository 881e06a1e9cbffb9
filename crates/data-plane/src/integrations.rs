//! Integrations: what answers a method. The rules are the gateway crate's; here is the I/O they ask for.

mod http;
mod lambda;

use claviger_gateway::compile::{CompiledIntegration, Found};
use claviger_gateway::exchange::Exchange;
use claviger_gateway::refusal::Refusal;

use crate::DataPlane;
use crate::gateway::{Answer, Permit};

impl DataPlane {
    /// Has the method's integration answer a request that was let through. `source_arn` is what a function is called for.
    pub(crate) async fn integrate(
        &self,
        found: &Found<'_, '_>,
        permit: Permit,
        exchange: &Exchange<'_>,
        source_arn: impl Fn() -> String + Send + Sync,
    ) -> Result<Answer, Refusal> {
        match &found.method.integration {
            CompiledIntegration::Mock(mock) => mock.reply(exchange).map(Answer::from),
            CompiledIntegration::Http(http) => self.http(http, permit, exchange).await,
            CompiledIntegration::HttpProxy(proxy) => self.http_proxy(proxy, permit, exchange).await,
            CompiledIntegration::Lambda(lambda) => self.lambda(lambda, permit, exchange, &source_arn()).await,
            CompiledIntegration::LambdaProxy(proxy) => self.lambda_proxy(proxy, permit, exchange, &source_arn()).await,
            CompiledIntegration::Unavailable(unavailable) => Err(unavailable.into()),
        }
    }
}
