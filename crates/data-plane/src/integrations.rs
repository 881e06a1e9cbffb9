//! Integrations: what answers a method. The rules are the gateway crate's; here is the I/O they ask for.

mod http;
mod lambda;

use claviger_gateway::compile::{CompiledIntegration, Found};
use claviger_gateway::exchange::Exchange;
use claviger_gateway::execution_log::ExecutionLog;
use claviger_gateway::refusal::Refusal;

pub(crate) use self::http::outgoing;
use crate::DataPlane;
use crate::gateway::{Answer, Permit};
use crate::upstream::Upload;

impl DataPlane {
    /// Has the method's integration answer a request that was let through. The body is the exchange's, or still arriving where
    /// the method need not see it; `source_arn` is what a function is called for. With a log, the endpoint's answer is there as
    /// a whole.
    pub(crate) async fn integrate(
        &self,
        found: &Found<'_, '_>,
        permit: Permit,
        exchange: &Exchange<'_>,
        body: Upload,
        source_arn: impl Fn() -> String + Send + Sync,
        log: Option<&mut ExecutionLog<'_>>,
    ) -> Result<Answer, Refusal> {
        match &found.method.integration {
            CompiledIntegration::Mock(mock) => mock.reply(exchange).map(Answer::from),
            CompiledIntegration::Http(http) => self.http(http, permit, exchange, body, log).await,
            CompiledIntegration::HttpProxy(proxy) => self.http_proxy(proxy, permit, exchange, body, log).await,
            CompiledIntegration::Lambda(lambda) => self.lambda(lambda, permit, exchange, &source_arn(), log).await,
            CompiledIntegration::LambdaProxy(proxy) => {
                self.lambda_proxy(proxy, permit, exchange, &source_arn(), log).await
            }
            CompiledIntegration::Unavailable(unavailable) => Err(unavailable.into()),
        }
    }
}
