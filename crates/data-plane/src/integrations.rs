//! Integrations: what answers a method. The rules are the gateway crate's; here is the I/O they ask for.

mod http;
mod lambda;

use claviger_gateway::compile::{CompiledIntegration, Found};
use claviger_gateway::exchange::Exchange;
use claviger_gateway::execution_log::ExecutionLog;
use claviger_gateway::refusal::Refusal;
use claviger_resources::client_certificate::ClientCertificate;

pub(crate) use self::http::outgoing;
use crate::DataPlane;
use crate::gateway::{Answer, Permit};
use crate::upstream::Upload;

/// What backends and functions are called with. Most integrations need neither, so each is made when it is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Credentials<'a> {
    /// What a function is called for.
    pub(crate) source_arn: &'a (dyn Fn() -> String + Send + Sync),
    /// The certificate for a backend that asks for one.
    pub(crate) certificate: &'a (dyn Fn() -> Result<Option<&'a ClientCertificate>, Refusal> + Send + Sync),
}

impl DataPlane {
    /// Has the method's integration answer a request that was let through. The body is the exchange's, or still arriving where
    /// the method need not see it. With a log, the endpoint's answer is there as a whole.
    pub(crate) async fn integrate(
        &self,
        found: &Found<'_, '_>,
        permit: Permit,
        exchange: &Exchange<'_>,
        body: Upload,
        credentials: Credentials<'_>,
        log: Option<&mut ExecutionLog<'_>>,
    ) -> Result<Answer, Refusal> {
        let Credentials { source_arn, certificate } = credentials;
        match &found.method.integration {
            CompiledIntegration::Mock(mock) => mock.reply(exchange).map(Answer::from),
            CompiledIntegration::Http(http) => self.http(http, permit, exchange, body, certificate()?, log).await,
            CompiledIntegration::HttpProxy(proxy) => {
                self.http_proxy(proxy, permit, exchange, body, certificate()?, log).await
            }
            CompiledIntegration::Lambda(lambda) => self.lambda(lambda, permit, exchange, &source_arn(), log).await,
            CompiledIntegration::LambdaProxy(proxy) => {
                self.lambda_proxy(proxy, permit, exchange, &source_arn(), log).await
            }
            CompiledIntegration::Unavailable(unavailable) => Err(unavailable.into()),
        }
    }
}
