//! What traffic does: the token endpoint, discovery, the gateway pipeline and its integrations.
//!
//! Each request loads the current snapshot once and is answered from it: no database is asked and nothing is written, but for
//! what concerns sessions of users (`UserSessions`): their refresh tokens and what userInfo tells. The two
//! journeys are [`oauth`] and [`gateway`]; each reads as the list of its steps. [`authorization_policy`] answers proxies that
//! ask whether they may let a request through.

mod access_log;
pub mod authorization_policy;
mod authorizer_cache;
mod aws_iam;
pub mod body;
mod functions;
pub mod gateway;
mod http_api;
mod ids;
mod integrations;
mod jwt;
pub mod oauth;
mod token_facts;
pub mod upstream;

use std::net::SocketAddr;
use std::sync::Arc;

use claviger_resources::{Clock, Monotonic};
use claviger_runtime::access_keys::AccessKeys;
use claviger_runtime::access_logs::AccessLogs;
use claviger_runtime::audit::{AuditLog, Encryption};
use claviger_runtime::functions::Functions;
use claviger_runtime::issuance::Issuance;
use claviger_runtime::issuer_keys::IssuerKeys;
use claviger_runtime::metrics::Metrics;
use claviger_runtime::revocations::Revocations;
use claviger_runtime::sessions::UserSessions;
use claviger_runtime::snapshot::CurrentSnapshot;
use claviger_runtime::token_cache::TokenCache;
use tokio::sync::Semaphore;

use self::authorizer_cache::AuthorizerCache;
use self::upstream::{UpstreamRules, Upstreams};

/// Events that functions are given at a time without anybody who waits for them.
const UNAWAITED_EVENTS_MAX: usize = 100;

/// The data plane of one node.
pub struct DataPlane {
    current: Arc<CurrentSnapshot>,
    issuance: Arc<Issuance>,
    sessions: Arc<UserSessions>,
    revocations: Arc<Revocations>,
    tokens: Arc<TokenCache>,
    access_keys: Arc<AccessKeys>,
    clock: Arc<dyn Clock>,
    issuer_keys: Arc<IssuerKeys>,
    upstreams: Upstreams,
    functions: Arc<Functions>,
    unawaited: Arc<Semaphore>,
    authorizers: AuthorizerCache,
    access_logs: Arc<AccessLogs>,
    audit: Arc<AuditLog>,
    metrics: Arc<Metrics>,
    monotonic: Arc<dyn Monotonic>,
}

/// What is known of the connection a request came over.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The other end.
    pub peer: SocketAddr,
    /// Whether the request came over TLS.
    pub tls: bool,
    /// How that encrypts, when it is known.
    pub encryption: Option<Encryption>,
    /// The host the request was sent to: lower case, no port.
    pub host: &'a str,
}

impl DataPlane {
    /// A data plane that serves what `current` holds, by the clock of its sessions.
    pub fn new(
        current: Arc<CurrentSnapshot>,
        sessions: UserSessions,
        tokens: Arc<TokenCache>,
        issuer_keys: Arc<IssuerKeys>,
        access_keys: Arc<AccessKeys>,
        functions: Arc<Functions>,
        monotonic: Arc<dyn Monotonic>,
    ) -> Self {
        let (issuance, clock) = (Arc::clone(&sessions.issuance), Arc::clone(&sessions.clock));
        let vault = Arc::clone(&sessions.vault);
        let audit = Arc::new(AuditLog::off(Arc::clone(&clock)));
        Self {
            issuance,
            revocations: Arc::new(Revocations {
                store: Arc::clone(&sessions.store),
                current: Arc::clone(&current),
                threads: sessions.threads.clone(),
            }),
            sessions: Arc::new(sessions),
            tokens,
            access_keys,
            clock,
            issuer_keys,
            upstreams: Upstreams::new(UpstreamRules::default(), vault, Arc::clone(&monotonic)),
            functions,
            unawaited: Arc::new(Semaphore::new(UNAWAITED_EVENTS_MAX)),
            authorizers: AuthorizerCache::new(Arc::clone(&monotonic)),
            access_logs: Arc::new(AccessLogs::temporary()),
            audit,
            metrics: Arc::default(),
            monotonic,
            current,
        }
    }

    /// How many verified tokens are kept, and how many bytes they take.
    pub fn cached_tokens(&self) -> (usize, usize) {
        self.tokens.size()
    }

    /// The same, but for how it calls backends.
    #[must_use]
    pub fn calling_backends(self, rules: UpstreamRules) -> Self {
        Self { upstreams: self.upstreams.with(rules), ..self }
    }

    /// The same, whose calls are counted there.
    #[must_use]
    pub fn counting(self, metrics: Arc<Metrics>) -> Self {
        Self { metrics, ..self }
    }

    /// The same, whose requests for tokens are recorded there.
    #[must_use]
    pub fn recording_to(self, audit: Arc<AuditLog>) -> Self {
        Self { audit, ..self }
    }

    /// The same, whose access logs go there.
    #[must_use]
    pub fn logging_to(self, access_logs: Arc<AccessLogs>) -> Self {
        Self { access_logs, ..self }
    }
}
