//! A user pool as tokens are issued and verified from it: issuer, active scopes, keys, domains.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use claviger_oauth::hook::EventVersion;
use claviger_oauth::jose::{KeyError, KeySet, SigningKey, VerifyingKey, jwks_document};
use claviger_resources::resource_server::ResourceServer;
use claviger_resources::signing_key::{KeyPurpose, SigningAlgorithm, SigningKeyRecord, SigningKeys};
use claviger_resources::user_pool::UserPool;
use claviger_resources::{Sealed, Tenant, Timestamp, UserPoolId};

use super::revoked::Revoked;
use crate::hook::Hook;
use crate::vault::{SealedFor, Vault, VaultError};

/// A user pool.
#[derive(Clone)]
pub struct Pool {
    /// Its id.
    pub id: UserPoolId,
    /// The account and region it lives in.
    pub tenant: Tenant,
    /// Tells it from a pool that had its id before it was made.
    pub generation: Generation,
    /// The `iss` claim of its tokens.
    pub issuer: Arc<str>,
    /// Its pre token generation trigger.
    pub hook: Option<Arc<Hook>>,
    /// Those of its tokens that are refused.
    pub revoked: Revoked,
    /// Its keys; `None` while the first are being made.
    pub keys: Option<Arc<PoolKeys>>,
    /// The host of its token endpoint, a custom domain before a prefix; `None` without a domain.
    pub domain: Option<Arc<str>>,
    pub(super) prefix_domain: Option<Arc<str>>,
    pub(super) custom_domain: Option<Arc<str>>,
    /// Resource server identifier to the full names of its scopes.
    servers: imbl::OrdMap<String, Arc<[Arc<str>]>>,
    scopes: imbl::HashSet<Arc<str>>,
}

/// Which of the pools that have had the same id: when it was created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Generation(Timestamp);

impl Pool {
    pub(super) fn new(record: &UserPool, issuer: Arc<str>) -> Self {
        Self {
            id: record.id.clone(),
            tenant: record.tenant.clone(),
            generation: Generation(record.created),
            issuer,
            hook: Hook::of(record).map(Arc::new),
            revoked: Revoked::default(),
            keys: None,
            domain: None,
            prefix_domain: None,
            custom_domain: None,
            servers: imbl::OrdMap::new(),
            scopes: imbl::HashSet::new(),
        }
    }

    /// The same pool after its own record changed.
    pub(super) fn with_record(&self, record: &UserPool, issuer: Arc<str>) -> Self {
        Self {
            tenant: record.tenant.clone(),
            generation: Generation(record.created),
            issuer,
            hook: Hook::of(record).map(Arc::new),
            ..self.clone()
        }
    }

    /// Its trigger, if machines have it too: only its third version is for them.
    pub fn machine_hook(&self) -> Option<&Hook> {
        self.hook.as_deref().filter(|hook| hook.version == EventVersion::V3)
    }

    /// Whether some resource server of the pool defines this scope now.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    pub(super) fn put_server(&mut self, server: &ResourceServer, intern: &mut dyn FnMut(&str) -> Arc<str>) {
        self.remove_server(&server.identifier);
        let scopes: Arc<[Arc<str>]> = server.scope_names().map(|scope| intern(&scope)).collect();
        self.scopes.extend(scopes.iter().cloned());
        self.servers.insert(server.identifier.clone(), scopes);
    }

    pub(super) fn remove_server(&mut self, identifier: &str) {
        let Some(gone) = self.servers.remove(identifier) else { return };
        for scope in gone.iter() {
            // `a` with scope `b/c` and `a/b` with scope `c` cannot both exist: scope names hold no slash.
            self.scopes.remove(scope);
        }
    }

    pub(super) fn put_domain(&mut self, host: Arc<str>, custom: bool) {
        *(if custom { &mut self.custom_domain } else { &mut self.prefix_domain }) = Some(host);
        self.domain = self.custom_domain.clone().or_else(|| self.prefix_domain.clone());
    }

    pub(super) fn remove_domain(&mut self, custom: bool) {
        *(if custom { &mut self.custom_domain } else { &mut self.prefix_domain }) = None;
        self.domain = self.custom_domain.clone().or_else(|| self.prefix_domain.clone());
    }
}

/// The keys of a pool.
pub struct PoolKeys {
    /// The published key set, ready to send.
    pub jwks: Bytes,
    pool: UserPoolId,
    verifying: KeySet,
    /// Those that sign access tokens, the newest first.
    access: Vec<LazySigningKey>,
    /// Those that sign ID tokens, the newest first.
    id: Vec<LazySigningKey>,
    /// When something is to be done about them without anybody asking.
    next_change: Option<Timestamp>,
}

/// A private key that is opened and prepared when the first token needs it, not when the node starts.
struct LazySigningKey {
    signs_from: Timestamp,
    kid: String,
    algorithm: SigningAlgorithm,
    sealed: Sealed,
    ready: OnceLock<SigningKey>,
}

/// Why a pool's keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// There is no key for access tokens among them.
    #[error("there is no key for access tokens")]
    NoAccessKey,
    /// There is no key for ID tokens among them.
    #[error("there is no key for ID tokens")]
    NoIdKey,
    /// The vault cannot open the private key.
    #[error("the private key cannot be opened")]
    Vault(#[from] VaultError),
    /// A key cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl PoolKeys {
    pub(super) fn new(record: &SigningKeys) -> Result<Self, KeysError> {
        let keys = |purpose| {
            let mut keys: Vec<_> =
                record.keys.iter().filter(|key| key.purpose == purpose).map(LazySigningKey::new).collect();
            keys.sort_by_key(|key| std::cmp::Reverse(key.signs_from));
            keys
        };
        let access = keys(KeyPurpose::Access);
        if access.is_empty() {
            return Err(KeysError::NoAccessKey);
        }
        let verifying: Result<_, _> = record.keys.iter().map(|key| VerifyingKey::from_jwk(&key.jwk)).collect();
        Ok(Self {
            jwks: jwks_document(record.keys.iter().map(|key| key.jwk.as_str())).into(),
            pool: record.pool.clone(),
            verifying: KeySet::new(verifying?),
            access,
            id: keys(KeyPurpose::Id),
            next_change: record.next_change(),
        })
    }

    /// The key that signs access tokens now.
    pub fn access(&self, vault: &Vault, now_seconds: i64) -> Result<&SigningKey, KeysError> {
        begun(&self.access, now_seconds).ok_or(KeysError::NoAccessKey)?.ready(vault, &self.pool)
    }

    /// The key that signs ID tokens now.
    pub fn id(&self, vault: &Vault, now_seconds: i64) -> Result<&SigningKey, KeysError> {
        begun(&self.id, now_seconds).ok_or(KeysError::NoIdKey)?.ready(vault, &self.pool)
    }

    /// When something is to be done about them without anybody asking.
    pub fn next_change(&self) -> Option<Timestamp> {
        self.next_change
    }
}

/// The newest key that has begun to sign; where none has, by a clock that went back, the oldest.
fn begun(keys: &[LazySigningKey], now_seconds: i64) -> Option<&LazySigningKey> {
    keys.iter().find(|key| key.signs_from.seconds() <= now_seconds).or(keys.last())
}

impl LazySigningKey {
    fn new(record: &SigningKeyRecord) -> Self {
        Self {
            signs_from: record.signs_from,
            kid: record.kid.clone(),
            algorithm: record.algorithm,
            sealed: record.sealed.clone(),
            ready: OnceLock::new(),
        }
    }

    fn ready(&self, vault: &Vault, pool: &UserPoolId) -> Result<&SigningKey, KeysError> {
        if let Some(ready) = self.ready.get() {
            return Ok(ready);
        }
        let der = vault.open_sealed(SealedFor::SigningKey(pool), &self.sealed)?;
        let key = SigningKey::from_pkcs8(&self.kid, self.algorithm, der.expose())?;
        Ok(self.ready.get_or_init(|| key))
    }
}

impl AsRef<KeySet> for PoolKeys {
    fn as_ref(&self) -> &KeySet {
        &self.verifying
    }
}
