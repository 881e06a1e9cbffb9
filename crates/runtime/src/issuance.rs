//! Issuance: the one way in which tokens come about, whoever asks for them and however.
//!
//! Decide, then sign. Both are pure; the one thing a request may wait for, and only for a bounded time, is the first key of
//! a pool that has just been created.

use std::sync::Arc;
use std::time::Duration;

use claviger_oauth::claims::AccessClaims;
use claviger_oauth::client_credentials::{self, Grant};
use claviger_oauth::secret::DigestKey;
use claviger_oauth::token_error::TokenError;
use claviger_oauth::token_request::{GrantType, TokenRequest};
use claviger_resources::request_rates::Category;
use claviger_resources::{Clock, UserPoolId};

use crate::ids::random_uuid;
use crate::limits::Limits;
use crate::snapshot::{CurrentSnapshot, Pool, PoolKeys, Snapshot};
use crate::vault::Vault;

/// How long the first token or key-set request of a new pool waits for the pool's keys.
const KEYS_WAIT_MAX: Duration = Duration::from_secs(10);

/// Issues tokens.
pub struct Issuance {
    current: Arc<CurrentSnapshot>,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    limits: Arc<Limits>,
}

/// A token that was issued.
pub struct Issued {
    /// The compact token.
    pub access_token: String,
    /// How long it lives, in seconds.
    pub expires_in: u32,
}

/// Why no token was issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The request was refused.
    #[error(transparent)]
    Refused(#[from] TokenError),
    /// The pool's keys are not there in time, or cannot be used.
    #[error("the user pool cannot sign: {0}")]
    NoKey(String),
}

impl Issuance {
    /// Issues tokens for the pools of `current`, no more than `limits` allow.
    pub fn new(current: Arc<CurrentSnapshot>, vault: Arc<Vault>, clock: Arc<dyn Clock>, limits: Arc<Limits>) -> Self {
        Self { current, vault, clock, limits }
    }

    /// Answers a token request to a pool (RFC 6749, section 4.4). Where neither the host nor the client names one, the
    /// request fails as for an unknown client, and takes as long.
    pub async fn client_credentials(
        &self,
        snapshot: &Snapshot,
        pool: Option<&Pool>,
        request: &TokenRequest<'_>,
    ) -> Result<Issued, IssueError> {
        let client = snapshot.client(&request.credentials.client_id).map(AsRef::as_ref);
        let client = client.filter(|client| pool.is_some_and(|pool| client.pool == pool.id));
        if let (Some(pool), GrantType::ClientCredentials) = (pool, request.grant_type) {
            self.count_request(snapshot, pool, Category::ClientAuthentication)?;
        }
        let is_active = |scope: &str| pool.is_some_and(|pool| pool.has_scope(scope));
        let grant = client_credentials::decide(request, client, self.vault.digest_key(), is_active)?;
        let pool = pool.ok_or(TokenError::UnknownClient)?;
        if let Some(keys) = &pool.keys {
            return self.sign(pool, &grant, keys);
        }
        self.sign(pool, &grant, &*self.first_keys(&pool.id).await?)
    }

    /// Counts a request for a token against the request rate that AWS has for its category.
    pub fn count_request(&self, snapshot: &Snapshot, pool: &Pool, category: Category) -> Result<(), TokenError> {
        match &self.limits.rates {
            Some(rates) => Ok(rates.category(snapshot, &pool.tenant, category)?),
            None => Ok(()),
        }
    }

    /// What requests are counted against.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The key of client-secret digests.
    pub fn digest_key(&self) -> &DigestKey {
        self.vault.digest_key()
    }

    /// The keys of a pool, waited for if they are still being made; `None` when they do not come in time.
    pub async fn keys(&self, pool: &Pool) -> Option<Arc<PoolKeys>> {
        match &pool.keys {
            Some(keys) => Some(Arc::clone(keys)),
            None => self.first_keys(&pool.id).await.ok(),
        }
    }

    /// Signs what was granted, within the client's own limits; a token that cannot be made is not counted.
    fn sign(&self, pool: &Pool, grant: &Grant<'_>, keys: &PoolKeys) -> Result<Issued, IssueError> {
        self.limits.usage.take(grant.client, &pool.tenant)?;
        self.sign_counted(pool, grant, keys).inspect_err(|_| self.limits.usage.give_back(grant.client))
    }

    fn sign_counted(&self, pool: &Pool, grant: &Grant<'_>, keys: &PoolKeys) -> Result<Issued, IssueError> {
        let claims = AccessClaims {
            client_id: grant.client.id.as_str(),
            scopes: &grant.scopes,
            issuer: &pool.issuer,
            issued_at: self.clock.now().seconds(),
            lifetime_seconds: grant.client.access_token_seconds,
            id: random_uuid(),
        };
        let key = keys.access(&self.vault).map_err(|error| IssueError::NoKey(error.to_string()))?;
        let access_token =
            key.sign(claims.to_json().as_bytes()).map_err(|error| IssueError::NoKey(error.to_string()))?;
        Ok(Issued { access_token, expires_in: grant.client.access_token_seconds })
    }

    async fn first_keys(&self, pool: &UserPoolId) -> Result<Arc<PoolKeys>, IssueError> {
        let mut applied = self.current.applied();
        let wait = async {
            loop {
                applied.borrow_and_update();
                let snapshot = self.current.load_full();
                let pool = snapshot.pool(pool.as_str())?;
                if let Some(keys) = &pool.keys {
                    return Some(Arc::clone(keys));
                }
                applied.changed().await.ok()?;
            }
        };
        let keys = tokio::time::timeout(KEYS_WAIT_MAX, wait).await;
        keys.ok().flatten().ok_or_else(|| IssueError::NoKey("its keys are still being made".to_owned()))
    }
}
