//! Integrations: what answers a method. The rules are the gateway crate's; here is the I/O they ask for.

mod http;
mod lambda;

use claviger_gateway::compile::{CompiledIntegration, Found};
use claviger_gateway::exchange::Exchange;
use claviger_gateway::refusal::Refusal;
use claviger_resources::client_certificate::ClientCertificate;

pub(crate) use self::http::outgoing;
use crate::DataPlane;
use crate::gateway::{Answer, Permit};
use crate::upstream::Upload;

impl DataPlane {
    /// Has the method's integration answer a request that was let through. The body is the exchange's, or still arriving where
    /// the method need not see it; `source_arn` is what a function is called for, `certificate` what backends are shown.
    pub(crate) async fn integrate<'c>(
        &self,
        found: &Found<'_, '_>,
        permit: Permit,
        exchange: &Exchange<'_>,
        body: Upload,
        source_arn: impl Fn() -> String + Send + Sync,
        certificate: impl Fn() -> Result<Option<&'c ClientCertificate>, Refusal> + Send + Sync,
    ) -> Result<Answer, Refusal> {
        match &found.method.integration {
            CompiledIntegration::Mock(mock) => mock.reply(exchange).map(Answer::from),
            CompiledIntegration::Http(http) => self.http(http, permit, exchange, body, certificate()?).await,
            CompiledIntegration::HttpProxy(proxy) => {
                self.http_proxy(proxy, permit, exchange, body, certificate()?).await
            }
            CompiledIntegration::Lambda(lambda) => self.lambda(lambda, permit, exchange, &source_arn()).await,
            CompiledIntegration::LambdaProxy(proxy) => self.lambda_proxy(proxy, permit, exchange, &source_arn()).await,
            CompiledIntegration::Unavailable(unavailable) => Err(unavailable.into()),
        }
    }
}
