//! Keys of issuers that are no pools of ours: found by OpenID Connect discovery, kept in memory, fetched again when they are
//! old or when a token names one that is not among them (API Gateway, "Control access to HTTP APIs with JWT authorizers").
//!
//! Whoever has keys at hand never waits: only the first tokens of an issuer do, and those that name a new key. Each issuer
//! is asked by one request at a time, and not again before some time has passed, whatever tokens say.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use claviger_oauth::jose::ForeignKeySet;
use claviger_resources::Monotonic;
use claviger_resources::limits::JWKS_BYTES_MAX;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use serde::Deserialize;

use crate::outbound::Outbound;

/// How long keys are good without a question to their issuer.
const FRESH: Duration = Duration::from_hours(2);
/// How long keys are used while their issuer does not answer.
const USABLE: Duration = Duration::from_hours(24);
/// The least time between two questions to an issuer that has answered.
const PAUSE: Duration = Duration::from_secs(10);
/// How long one of the two documents may take to come.
const DOCUMENT_DURATION_MAX: Duration = Duration::from_millis(1_500);
/// Issuers whose keys are kept.
const ISSUERS_MAX: usize = 1_024;

/// Where an issuer's discovery document is (OpenID Connect Discovery 1.0, section 4).
const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";

/// The keys of foreign issuers that a node has fetched.
pub struct IssuerKeys {
    client: Outbound<Empty<Bytes>>,
    monotonic: Arc<dyn Monotonic>,
    issuers: Mutex<HashMap<Arc<str>, Arc<Issuer>>>,
}

/// One issuer.
struct Issuer {
    name: Arc<str>,
    kept: ArcSwapOption<Kept>,
    /// Held by the one request that asks.
    turn: tokio::sync::Mutex<Option<Attempt>>,
    /// When its keys were last wanted.
    wanted_at: AtomicU64,
}

struct Kept {
    keys: Arc<ForeignKeySet>,
    /// Where they are.
    jwks_uri: Arc<str>,
    fetched_at: u64,
}

/// The last question to an issuer.
struct Attempt {
    at: u64,
    failure: Option<FetchError>,
}

/// Why an issuer's keys cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The issuer is no address that may be asked.
    #[error("{0:?} is neither an https address nor an http address of this machine or network")]
    Address(String),
    /// The discovery document cannot be had, or is not the issuer's.
    #[error("{0}")]
    Discovery(String),
    /// The key set cannot be had.
    #[error("{0}")]
    Keys(String),
}

/// The members of a discovery document that are looked at.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl IssuerKeys {
    /// A node's keys of foreign issuers; their age goes by this clock.
    pub fn new(monotonic: Arc<dyn Monotonic>) -> Self {
        Self { client: Outbound::default(), monotonic, issuers: Mutex::default() }
    }

    /// The keys of an issuer, the one that a token names among them if the issuer has it.
    pub async fn keys(self: &Arc<Self>, issuer: &str, key_id: &str) -> Result<Arc<ForeignKeySet>, FetchError> {
        let issuer = self.issuer(issuer);
        let kept = issuer.kept.load_full();
        let usable = kept.filter(|kept| self.age(kept) < USABLE && kept.keys.contains(key_id));
        let Some(kept) = usable else { return self.ask(issuer).await.map(|kept| Arc::clone(&kept.keys)) };
        // Nobody waits for what only keeps the keys young.
        if self.age(&kept) >= FRESH && issuer.turn.try_lock().is_ok() {
            let this = Arc::clone(self);
            tokio::spawn(async move { this.ask(issuer).await });
        }
        Ok(Arc::clone(&kept.keys))
    }

    /// Where an issuer's keys are, which are kept when it can be asked for them.
    pub async fn locate(self: &Arc<Self>, issuer: &str) -> Result<Arc<str>, FetchError> {
        self.ask(self.issuer(issuer)).await.map(|kept| Arc::clone(&kept.jwks_uri))
    }

    fn issuer(&self, name: &str) -> Arc<Issuer> {
        let now = self.monotonic.nanoseconds();
        // The map is changed whole or not at all.
        let mut issuers = self.issuers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(issuer) = issuers.get(name) {
            issuer.wanted_at.store(now, Ordering::Relaxed);
            return Arc::clone(issuer);
        }
        if issuers.len() >= ISSUERS_MAX {
            let oldest = issuers.values().min_by_key(|issuer| issuer.wanted_at.load(Ordering::Relaxed));
            if let Some(oldest) = oldest.map(|issuer| Arc::clone(&issuer.name)) {
                issuers.remove(&oldest);
            }
        }
        let name: Arc<str> = name.into();
        let issuer = Arc::new(Issuer {
            name: Arc::clone(&name),
            kept: ArcSwapOption::empty(),
            turn: tokio::sync::Mutex::new(None),
            wanted_at: AtomicU64::new(now),
        });
        issuers.insert(name, Arc::clone(&issuer));
        issuer
    }

    /// Asks an issuer in a task of its own, which a client that goes away does not break off.
    async fn ask(self: &Arc<Self>, issuer: Arc<Issuer>) -> Result<Arc<Kept>, FetchError> {
        let this = Arc::clone(self);
        let asking = tokio::spawn(async move { this.ask_in_turn(&issuer).await });
        asking.await.unwrap_or_else(|_| Err(FetchError::Keys("the server is stopping".to_owned())))
    }

    async fn ask_in_turn(&self, issuer: &Issuer) -> Result<Arc<Kept>, FetchError> {
        let mut turn = issuer.turn.lock().await;
        let now = self.monotonic.nanoseconds();
        let recent = turn.as_ref().filter(|attempt| elapsed(attempt.at, now) < PAUSE);
        let failure = if let Some(attempt) = recent {
            attempt.failure.clone()
        } else {
            let failure = self.renew(issuer, now).await.err();
            *turn = Some(Attempt { at: now, failure: failure.clone() });
            failure
        };
        match issuer.kept.load_full().filter(|kept| self.age(kept) < USABLE) {
            Some(kept) => Ok(kept),
            None => Err(failure.unwrap_or_else(|| FetchError::Keys("the issuer was asked too often".to_owned()))),
        }
    }

    async fn renew(&self, issuer: &Issuer, now: u64) -> Result<(), FetchError> {
        let fetched = self.fetch(&issuer.name).await;
        let (keys, jwks_uri) = fetched.inspect_err(|failure| {
            tracing::warn!(issuer = &*issuer.name, reason = %failure, "cannot fetch an issuer's keys");
        })?;
        issuer.kept.store(Some(Arc::new(Kept { keys: Arc::new(keys), jwks_uri, fetched_at: now })));
        Ok(())
    }

    fn age(&self, kept: &Kept) -> Duration {
        elapsed(kept.fetched_at, self.monotonic.nanoseconds())
    }

    async fn fetch(&self, issuer: &str) -> Result<(ForeignKeySet, Arc<str>), FetchError> {
        let address = format!("{}{DISCOVERY_PATH}", issuer.trim_end_matches('/'));
        let address = askable(&address).ok_or_else(|| FetchError::Address(issuer.to_owned()))?;
        let document = self.document(address).await.map_err(FetchError::Discovery)?;
        let discovery: Discovery = serde_json::from_slice(&document)
            .map_err(|error| FetchError::Discovery(format!("the discovery document cannot be read: {error}")))?;
        if discovery.issuer != issuer {
            let named = discovery.issuer;
            return Err(FetchError::Discovery(format!("the discovery document names the issuer {named:?}")));
        }
        let jwks_uri: Arc<str> = discovery.jwks_uri.into();
        let address = askable(&jwks_uri).ok_or_else(|| FetchError::Address(jwks_uri.to_string()))?;
        let document = self.document(address).await.map_err(FetchError::Keys)?;
        let keys = ForeignKeySet::parse(&document);
        let keys = keys.map_err(|_| FetchError::Keys("the key set cannot be read".to_owned()))?;
        Ok((keys, jwks_uri))
    }

    /// One document; the error is the reason.
    async fn document(&self, address: Uri) -> Result<Bytes, String> {
        let named = address.to_string();
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = address;
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let work = async {
            let answer = self.client.send(request).await.map_err(|error| error.reason())?;
            if answer.status() != StatusCode::OK {
                return Err(format!("it answered {}", answer.status()));
            }
            let body = Limited::new(answer.into_body(), JWKS_BYTES_MAX).collect().await;
            body.map(http_body_util::Collected::to_bytes).map_err(|error| error.to_string())
        };
        let outcome = tokio::time::timeout(DOCUMENT_DURATION_MAX, work).await;
        let outcome = outcome.unwrap_or_else(|_| Err("it did not answer in time".to_owned()));
        outcome.map_err(|reason| format!("{named}: {reason}"))
    }
}

fn elapsed(from: u64, now: u64) -> Duration {
    Duration::from_nanos(now.saturating_sub(from))
}

/// An address that may be asked for keys. Without TLS anyone on the way could put in keys of their own, so that is for this
/// machine and for names that only a local network knows.
fn askable(address: &str) -> Option<Uri> {
    let uri: Uri = address.parse().ok()?;
    let host = uri.host().filter(|host| !host.is_empty())?;
    let is_near = || {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<std::net::IpAddr>()
            .map_or(!host.contains('.') || host.ends_with(".localhost"), |ip| ip.is_loopback())
    };
    let allowed = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_near(),
        _ => false,
    };
    allowed.then_some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_tls_or_from_nearby() {
        let check = |address: &str, expected: bool| assert_eq!(askable(address).is_some(), expected, "{address}");
        check("https://issuer.example/a", true);
        check("http://127.0.0.1:9000/a", true);
        check("http://[::1]:9000/a", true);
        check("http://localhost/a", true);
        check("http://idp.localhost/a", true);
        check("http://keycloak:8080/realms/a", true);
        check("http://issuer.example/a", false);
        check("http://192.0.2.1/a", false);
        check("ftp://issuer.example/a", false);
        check("issuer.example", false);
        check("", false);
    }
}
