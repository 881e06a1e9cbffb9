//! Issuance: the one way in which tokens come about, whoever asks for them and however.
//!
//! Decide, ask the hook, apply what it says, sign. All but the hook is pure. What a request may wait for, and only for a
//! bounded time, is the hook of a pool that has one and the first key of a pool that has just been created. What
//! a user's tokens say is decided by [`crate::sessions`], from the store; here they are put into claims and signed.

use std::sync::Arc;
use std::time::Duration;

use claviger_oauth::authorize::{self, UserToken};
use claviger_oauth::claims::AccessClaims;
use claviger_oauth::client::Client;
use claviger_oauth::client_credentials::{self, Grant};
use claviger_oauth::client_token::{self, ClientTokenRequest};
use claviger_oauth::hook::{ClientMetadata, Event, TokenKind, Trigger, to_json};
use claviger_oauth::jose::SigningKey;
use claviger_oauth::refusal::Refusal;
use claviger_oauth::secret::DigestKey;
use claviger_oauth::token_error::TokenError;
use claviger_oauth::token_request::{GrantType, TokenRequest};
use claviger_oauth::user_claims::{Occasion, UserClaims, UserGrant};
use claviger_resources::request_rates::Category;
use claviger_resources::{Clock, UserPoolId, user_pool};
use serde_json::{Map, Value};

use crate::functions::Functions;
use crate::hook::{Hook, HookError};
use crate::ids::random_uuid;
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::snapshot::pool::KeysError;
use crate::snapshot::{CurrentSnapshot, Pool, PoolKeys, Snapshot};
use crate::token_counts::TokenCounts;
use crate::vault::Vault;

/// How long the first token or key-set request of a new pool waits for the pool's keys.
const KEYS_WAIT_MAX: Duration = Duration::from_secs(10);

/// Issues tokens.
pub struct Issuance {
    current: Arc<CurrentSnapshot>,
    vault: Arc<Vault>,
    functions: Arc<Functions>,
    clock: Arc<dyn Clock>,
    limits: Arc<Limits>,
    metrics: Arc<Metrics>,
    counts: TokenCounts,
}

/// A token that was issued.
pub struct Issued {
    /// The compact token.
    pub access_token: String,
    /// How long it lives, in seconds.
    pub expires_in: u32,
}

/// The tokens of a user's session, beside its refresh token.
pub struct UserTokens {
    /// The access token.
    pub access_token: String,
    /// The ID token.
    pub id_token: String,
    /// How long the access token lives, in seconds.
    pub expires_in: u32,
}

/// Why no token was issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The request was refused.
    #[error(transparent)]
    Refused(#[from] TokenError),
    /// The pool's hook refused, or could not be asked.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// The pool's keys are not there in time, or cannot be used.
    #[error("the user pool cannot sign: {0}")]
    NoKey(String),
}

impl Issuance {
    /// Issues tokens for the pools of `current`, whose hooks are among `functions`, no more than `limits` allow.
    pub fn new(
        current: Arc<CurrentSnapshot>,
        vault: Arc<Vault>,
        functions: Arc<Functions>,
        clock: Arc<dyn Clock>,
        limits: Arc<Limits>,
    ) -> Self {
        let counts = TokenCounts::new(Arc::clone(&clock));
        Self { current, vault, functions, clock, limits, metrics: Arc::default(), counts }
    }

    /// The same, whose tokens are counted there.
    #[must_use]
    pub fn counting(self, metrics: Arc<Metrics>) -> Self {
        Self { metrics, ..self }
    }

    /// Answers a token request to a pool (RFC 6749, section 4.4). Where neither the host nor the client names one, the
    /// request fails as for an unknown client, and takes as long.
    pub async fn client_credentials(
        &self,
        snapshot: &Snapshot,
        pool: Option<&Pool>,
        request: &TokenRequest<'_>,
    ) -> Result<Issued, IssueError> {
        let client = snapshot.client_of(pool, &request.credentials.client_id);
        let outcome = self.to_client(snapshot, pool, client, request).await;
        self.count(snapshot, client, outcome.is_ok());
        outcome
    }

    async fn to_client(
        &self,
        snapshot: &Snapshot,
        pool: Option<&Pool>,
        client: Option<&Client>,
        request: &TokenRequest<'_>,
    ) -> Result<Issued, IssueError> {
        if let (Some(pool), GrantType::ClientCredentials) = (pool, request.grant_type) {
            self.count_request(snapshot, pool, Category::ClientAuthentication)?;
        }
        let is_active = |scope: &str| pool.is_some_and(|pool| pool.has_scope(scope));
        let grant = client_credentials::decide(request, client, self.vault.digest_key(), is_active);
        let grant = grant.inspect_err(|error| self.count_failure(error, client))?;
        let pool = pool.ok_or(TokenError::UnknownClient)?;
        self.issue(pool, &grant, request.client_metadata.as_ref()).await
    }

    /// Answers a call of `GetClientToken`, which names no pool but by its client.
    pub async fn client_token(&self, request: &ClientTokenRequest<'_>) -> Result<Issued, IssueError> {
        let snapshot = self.current.load_full();
        let client = snapshot.client(&request.credentials.client_id).map(AsRef::as_ref);
        let outcome = self.directly(&snapshot, client, request).await;
        self.count(&snapshot, client, outcome.is_ok());
        outcome
    }

    async fn directly(
        &self,
        snapshot: &Snapshot,
        client: Option<&Client>,
        request: &ClientTokenRequest<'_>,
    ) -> Result<Issued, IssueError> {
        let pool = client.and_then(|client| snapshot.pool(client.pool.as_str()));
        if let Some(pool) = pool {
            self.count_request(snapshot, pool, Category::ClientAuthentication)?;
        }
        let is_active = |scope: &str| pool.is_some_and(|pool| pool.has_scope(scope));
        let grant = client_token::decide(request, client, self.vault.digest_key(), is_active)?;
        let pool = pool.ok_or(TokenError::UnknownClient)?;
        self.issue(pool, &grant, request.client_metadata).await
    }

    /// Decides whether the client that asks a pool for tokens may use the grant type at all.
    pub fn admit<'s>(
        &self,
        snapshot: &'s Snapshot,
        pool: Option<&Pool>,
        request: &TokenRequest<'_>,
    ) -> Result<&'s Client, TokenError> {
        let client = snapshot.client_of(pool, &request.credentials.client_id);
        client_credentials::admit(request, client, self.vault.digest_key())
    }

    /// Issues the access and the ID token of a user's session.
    pub async fn user(&self, grant: &UserGrant) -> Result<UserTokens, IssueError> {
        let snapshot = self.current.load_full();
        let pool = snapshot.pool(grant.pool.as_str()).ok_or_else(|| no_key(&"the node does not know the user pool"))?;
        let keys = match &pool.keys {
            Some(keys) => Arc::clone(keys),
            None => self.first_keys(&pool.id).await?,
        };
        // The hook is asked first: the tokens' life begins when it has answered.
        let changes = match &pool.hook {
            Some(hook) => {
                let event = grant.event(hook.version, &pool.tenant.region);
                Some(hook.ask(&self.functions, &event, &user_pool::arn(&pool.tenant, &pool.id)).await?)
            }
            None => None,
        };
        let occasion = Occasion {
            issuer: &pool.issuer,
            issued_at: self.clock.now().seconds(),
            access_token_id: random_uuid(),
            id_token_id: random_uuid(),
        };
        let mut claims = grant.claims(occasion);
        if let Some(changes) = &changes {
            claims.change(changes, &grant.client_id);
        }
        let tokens = self.sign_user(&keys, grant, &claims)?;
        self.count(&snapshot, snapshot.client(grant.client_id.as_str()).map(AsRef::as_ref), true);
        Ok(tokens)
    }

    /// Reads a user's access token (see [`authorize::user_token`]).
    pub fn user_token(&self, text: &str) -> Result<UserToken, Refusal> {
        let snapshot = self.current.load_full();
        authorize::user_token(text, |pool| snapshot.keys(pool), self.clock.now().seconds())
    }

    /// Counts what became of a request of an app client.
    fn count(&self, snapshot: &Snapshot, client: Option<&Client>, is_issued: bool) {
        if let Some(client) = client
            && let Some(pool) = snapshot.pool(client.pool.as_str())
        {
            self.counts.count(client, &pool.tenant, is_issued);
        }
    }

    /// How many tokens app clients were issued and refused.
    pub fn counts(&self) -> &TokenCounts {
        &self.counts
    }

    /// Counts what shows that somebody asks who is not who they say.
    fn count_failure(&self, error: &TokenError, client: Option<&Client>) {
        if matches!(error, TokenError::UnknownClient | TokenError::WrongSecret | TokenError::MissingSecret) {
            self.metrics.failed_authentication(client.map(|client| client.id.as_str()));
        }
    }

    /// Counts a request for a token against the request rate that AWS has for its category.
    fn count_request(&self, snapshot: &Snapshot, pool: &Pool, category: Category) -> Result<(), TokenError> {
        match &self.limits.rates {
            Some(rates) => Ok(rates.category(snapshot, &pool.tenant, category)?),
            None => Ok(()),
        }
    }

    /// What this node serves now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
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

    /// Issues what was granted, within the client's own limits. A token that cannot be made is not counted.
    async fn issue(
        &self,
        pool: &Pool,
        grant: &Grant<'_>,
        client_metadata: Option<&ClientMetadata>,
    ) -> Result<Issued, IssueError> {
        self.limits.usage.take(grant.client, &pool.tenant)?;
        let issued = match (&pool.keys, pool.machine_hook()) {
            // Nearly every request is here at its end, without having waited for anything.
            (Some(keys), None) => self.sign(&self.claims(pool, grant).to_json(), grant.client, keys),
            _ => self.issue_later(pool, grant, client_metadata).await,
        };
        match &issued {
            Ok(_) => self.metrics.issued(grant.client.id.as_str()),
            Err(_) => self.limits.usage.give_back(grant.client),
        }
        issued
    }

    /// Issues what was granted, waiting for the pool's hook and its first keys where it must.
    async fn issue_later(
        &self,
        pool: &Pool,
        grant: &Grant<'_>,
        client_metadata: Option<&ClientMetadata>,
    ) -> Result<Issued, IssueError> {
        let claims = match pool.machine_hook() {
            Some(hook) => self.customised(hook, pool, grant, client_metadata).await?,
            None => self.claims(pool, grant).to_json(),
        };
        match &pool.keys {
            Some(keys) => self.sign(&claims, grant.client, keys),
            None => self.sign(&claims, grant.client, &*self.first_keys(&pool.id).await?),
        }
    }

    /// The claims after the pool's hook has changed them. They are made when it has answered: a token's life begins then.
    async fn customised(
        &self,
        hook: &Hook,
        pool: &Pool,
        grant: &Grant<'_>,
        client_metadata: Option<&ClientMetadata>,
    ) -> Result<String, HookError> {
        let client_id = grant.client.id.as_str();
        let event = Event {
            version: hook.version,
            trigger: Trigger::ClientCredentials,
            region: pool.tenant.region.as_str(),
            pool: pool.id.as_str(),
            client_id,
            user: None,
            scopes: grant.scopes.iter().map(AsRef::as_ref).collect(),
            client_metadata,
        };
        let changes = hook.ask(&self.functions, &event, &user_pool::arn(&pool.tenant, &pool.id)).await?;
        let mut claims = self.claims(pool, grant).to_map();
        changes.apply(TokenKind::Machine, &mut claims, client_id);
        Ok(to_json(&claims)?)
    }

    fn claims<'a>(&self, pool: &'a Pool, grant: &'a Grant<'_>) -> AccessClaims<'a> {
        AccessClaims {
            client_id: grant.client.id.as_str(),
            scopes: &grant.scopes,
            issuer: &pool.issuer,
            issued_at: self.clock.now().seconds(),
            lifetime_seconds: grant.client.access_token_seconds,
            id: random_uuid(),
            extra: grant.client.extra_claims.as_deref(),
        }
    }

    fn sign(&self, claims: &str, client: &Client, keys: &PoolKeys) -> Result<Issued, IssueError> {
        let key = keys.access(&self.vault, self.clock.now().seconds()).map_err(|error| no_key(&error))?;
        let access_token = key.sign(claims.as_bytes()).map_err(|error| no_key(&error))?;
        Ok(Issued { access_token, expires_in: client.access_token_seconds })
    }

    fn sign_user(&self, keys: &PoolKeys, grant: &UserGrant, claims: &UserClaims) -> Result<UserTokens, IssueError> {
        let sign = |key: Result<&SigningKey, KeysError>, claims: &Map<String, Value>| {
            let claims = to_json(claims).map_err(HookError::from)?;
            key.map_err(|error| no_key(&error))?.sign(claims.as_bytes()).map_err(|error| no_key(&error))
        };
        let now = self.clock.now().seconds();
        Ok(UserTokens {
            access_token: sign(keys.access(&self.vault, now), &claims.access)?,
            id_token: sign(keys.id(&self.vault, now), &claims.id)?,
            expires_in: grant.access_token_seconds,
        })
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

fn no_key(why: &dyn std::fmt::Display) -> IssueError {
    IssueError::NoKey(why.to_string())
}
