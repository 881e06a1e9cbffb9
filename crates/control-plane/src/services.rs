//! What outlives a call: the store, the vault, the clock, the source of randomness and the settings.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use claviger_resources::quotas::Quotas;
use claviger_resources::{Clock, Random};
use claviger_runtime::blobs::BlobStore;
use claviger_runtime::functions::Functions;
use claviger_runtime::issuance::Issuance;
use claviger_runtime::issuer_keys::IssuerKeys;
use claviger_runtime::log_events::LogEvents;
use claviger_runtime::nodes::Nodes;
use claviger_runtime::passwords::Passwords;
use claviger_runtime::roles::Roles;
use claviger_runtime::trials::Trials;
use claviger_runtime::vault::Vault;
use claviger_store::{Revision, Store, StoreError};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::cloudformation::Stacks;

/// How long to wait for the node's snapshot. The write is on disk by then; a snapshot that is later than this catches up on
/// its own, and the caller is better served by an answer than by an error.
const APPLY_WAIT_MAX: Duration = Duration::from_secs(2);

/// What operations share.
///
/// It stands behind a trait object for the compiler's sake, which proves of each future that it can go to another thread:
/// of a trait object it knows that, and need not look at everything below it, each time again.
pub struct Services(Box<dyn Deref<Target = Parts> + Send + Sync>);

/// What there is in [`Services`].
pub struct Parts {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The revision of the store that the node's snapshot has reached.
    pub applied: watch::Receiver<Revision>,
    /// Seals and digests secrets.
    pub vault: Arc<Vault>,
    /// Makes and checks passwords.
    pub passwords: Passwords,
    /// Issues tokens from what this node serves.
    pub issuance: Arc<Issuance>,
    /// Asks other issuers for their keys.
    pub issuer_keys: Arc<IssuerKeys>,
    /// Keeps the contents of objects.
    pub blobs: BlobStore,
    /// Keeps log events.
    pub log_events: Arc<LogEvents>,
    /// Calls functions.
    pub functions: Arc<Functions>,
    /// This node, and what it knows of others.
    pub nodes: Arc<Nodes>,
    /// Carries out what is asked of stacks.
    pub stacks: Stacks,
    /// Tries methods and authorizers out.
    pub trials: Arc<dyn Trials>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes a source of randomness for one call.
    pub random: Arc<dyn Fn() -> Box<dyn Random> + Send + Sync>,
    /// The roles in which access keys call.
    pub roles: Arc<Roles>,
    /// What the operator has chosen.
    pub settings: Settings,
}

/// What the operator has chosen for the control plane.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Words that no domain prefix may contain beyond AWS's own.
    pub reserved_domain_words: Vec<String>,
    /// Host names under which the server itself is reached, beyond AWS's and `localhost`: no custom domain may be one of
    /// them or below one.
    pub host_suffixes: Vec<String>,
    /// Whether the tokens of an app client are refused once it is deleted; at AWS they live until they expire.
    pub revoke_on_delete: bool,
    /// How many of each thing there may be.
    pub quotas: Quotas,
    /// Whether the audit log is told of calls.
    pub calls_are_recorded: bool,
    /// The node's own URL, for functions to answer at; `None` where there is none yet.
    pub endpoint: Option<String>,
}

impl Services {
    /// Shares these.
    pub fn new(parts: Parts) -> Self {
        Self(Box::new(Box::new(parts)))
    }

    /// Waits until the node serves what was written at a revision.
    pub async fn wait_until_applied(&self, revision: Revision) {
        let mut applied = self.applied.clone();
        // An error means that the snapshot's side is gone: the node is stopping, and nobody is left to serve what was written.
        if timeout(APPLY_WAIT_MAX, applied.wait_for(|reached| *reached >= revision)).await.is_err() {
            tracing::warn!(%revision, "went on before the node's snapshot reached the revision that was written");
        }
    }

    /// Waits until the node serves all that has been written so far.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        let revision = self.store.read().await?.revision().await?;
        self.wait_until_applied(revision).await;
        Ok(())
    }

    /// A source of randomness for one call.
    pub fn random(&self) -> Box<dyn Random> {
        (self.random)()
    }
}

impl Deref for Services {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
