//! Backends: how integrations call them, in the gateway's words. A request is asked in time, tried again where that can do
//! no harm, and held back from a backend that has too many already or fails again and again.

mod breaker;
mod clock;
mod download;
mod patience;
mod settings;
mod terms;
mod upload;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use claviger_gateway::refusal::Refusal;
use claviger_resources::Monotonic;
use claviger_runtime::outbound::{Outbound, OutboundError};
use claviger_runtime::vault::Vault;
use http::uri::Scheme;
use http::{HeaderMap, Method, Request, Response, Uri, response};
use hyper::body::Incoming;
use tokio::sync::Semaphore;

use self::breaker::Breaker;
use self::clock::{Clock, Late};
pub(crate) use self::download::{Download, Held};
pub use self::settings::{Origin, SETTINGS, SettingError, SettingRow, UpstreamRules, UpstreamSettings};
use self::terms::OwnTerms;
pub(crate) use self::terms::Terms;
pub(crate) use self::upload::{Arriving, Upload};
use crate::body::ReadError;

/// Addresses of backends of which something is remembered.
const BACKENDS_MAX: usize = 4_096;
/// The pause before a request is tried again, for each time that it was.
const RETRY_PAUSE: Duration = Duration::from_millis(25);

/// The clients for backends, and what is known of each.
pub(crate) struct Upstreams {
    rules: UpstreamRules,
    /// For all backends without settings of their own, which share its pool.
    general: Arc<Outbound<Upload>>,
    /// By host and port as integrations write them, without and with TLS.
    plain: RwLock<HashMap<Box<str>, Arc<Upstream>>>,
    secure: RwLock<HashMap<Box<str>, Arc<Upstream>>>,
    /// Those whose TLS is of another kind, each with connections of its own.
    particular: RwLock<HashMap<(Origin, OwnTerms), Arc<Upstream>>>,
    vault: Arc<Vault>,
    monotonic: Arc<dyn Monotonic>,
}

/// One backend.
struct Upstream {
    origin: Origin,
    settings: UpstreamSettings,
    client: Arc<Outbound<Upload>>,
    places: Arc<Semaphore>,
    breaker: Breaker,
}

/// A request to a backend.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Upload,
}

/// What an integration allows its backend.
#[derive(Clone, Copy)]
pub(crate) struct Allowance {
    /// How long it may take: its own time, in which waiting for what the client still sends does not count.
    pub(crate) milliseconds: u32,
    /// How long its answer may pause when that is passed on as it comes, however long it is. Other answers are held to the
    /// gateway's bound, and their first part is waited for.
    pub(crate) stream_pause: Option<Duration>,
}

/// What became of asking once.
type Outcome = Result<Result<Response<Incoming>, OutboundError>, Late>;

/// How often a request was tried again.
#[derive(Default)]
struct Repeats {
    counted: u32,
    /// Whether a connection that the backend had given up was replaced, which is not counted and done once.
    replaced: bool,
}

impl Upstreams {
    /// Clients that follow these rules.
    pub(crate) fn new(rules: UpstreamRules, vault: Arc<Vault>, monotonic: Arc<dyn Monotonic>) -> Self {
        let general = Arc::new(Outbound::new(rules.general().connections));
        let (plain, secure, particular) = (RwLock::default(), RwLock::default(), RwLock::default());
        Self { rules, general, plain, secure, particular, vault, monotonic }
    }

    /// The same with these rules.
    pub(crate) fn with(self, rules: UpstreamRules) -> Self {
        Self::new(rules, self.vault, self.monotonic)
    }

    /// Clients that follow the same rules and share nothing.
    pub(crate) fn apart(&self) -> Self {
        Self::new(self.rules.clone(), Arc::clone(&self.vault), Arc::clone(&self.monotonic))
    }

    /// Sends a request and gives the head of the answer.
    pub(crate) async fn send(
        &self,
        outgoing: Outgoing,
        terms: Terms<'_>,
        allowance: Allowance,
    ) -> Result<(response::Parts, Download), Refusal> {
        let milliseconds = allowance.milliseconds;
        let is_secure = outgoing.uri.scheme() == Some(&Scheme::HTTPS);
        let upstream = if terms.are_usual() || !is_secure {
            self.upstream(&outgoing.uri)?
        } else {
            self.particular_upstream(&outgoing.uri, terms)?
        };
        let clock = Clock::start(Duration::from_millis(milliseconds.into()), &outgoing.body);
        let Ok(Ok(place)) = clock.within(None, Arc::clone(&upstream.places).acquire_owned()).await else {
            return Err(upstream.is_busy(milliseconds));
        };
        let (head, incoming) = upstream.ask(&outgoing, &clock, milliseconds, &*self.monotonic).await?.into_parts();
        let body = Download::new(incoming, place, &clock, allowance, &upstream.settings)?;
        Ok((head, body))
    }

    /// What is known of the backend at an address.
    fn upstream(&self, uri: &Uri) -> Result<Arc<Upstream>, Refusal> {
        let invalid = || Refusal::InvalidEndpoint(uri.to_string());
        let address = uri.authority().ok_or_else(invalid)?.as_str();
        let known = if uri.scheme() == Some(&Scheme::HTTPS) { &self.secure } else { &self.plain };
        if let Some(upstream) = known.read().unwrap_or_else(PoisonError::into_inner).get(address) {
            return Ok(Arc::clone(upstream));
        }
        let origin = Origin::of(uri).ok_or_else(invalid)?;
        let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
        // One backend may be written in several ways.
        let upstream = known.values().find(|upstream| upstream.origin == origin).cloned();
        let upstream = upstream.unwrap_or_else(|| Arc::new(self.new_upstream(origin)));
        make_room(&mut known);
        if known.len() < BACKENDS_MAX {
            known.insert(address.into(), Arc::clone(&upstream));
        }
        Ok(upstream)
    }

    fn new_upstream(&self, origin: Origin) -> Upstream {
        match self.rules.own(&origin) {
            Some(own) => Upstream::new(origin, own.clone(), Arc::new(Outbound::new(own.connections))),
            None => Upstream::new(origin, self.rules.general().clone(), Arc::clone(&self.general)),
        }
    }

    /// What is known of the backend at an address when it is called on terms of its own.
    fn particular_upstream(&self, uri: &Uri, terms: Terms<'_>) -> Result<Arc<Upstream>, Refusal> {
        let origin = Origin::of(uri).ok_or_else(|| Refusal::InvalidEndpoint(uri.to_string()))?;
        let place = (origin, terms.own());
        if let Some(upstream) = self.particular.read().unwrap_or_else(PoisonError::into_inner).get(&place) {
            return Ok(Arc::clone(upstream));
        }
        let tls = terms.tls(&self.vault)?;
        let mut known = self.particular.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(upstream) = known.get(&place) {
            return Ok(Arc::clone(upstream));
        }
        let settings = self.rules.own(&place.0).unwrap_or(self.rules.general()).clone();
        let client = Arc::new(Outbound::with_tls(settings.connections, tls));
        let upstream = Arc::new(Upstream::new(place.0.clone(), settings, client));
        make_room(&mut known);
        if known.len() < BACKENDS_MAX {
            known.insert(place, Arc::clone(&upstream));
        }
        Ok(upstream)
    }
}

/// Forgets backends of which nothing needs to be remembered, where there are too many.
fn make_room<K: Eq + Hash>(known: &mut HashMap<K, Arc<Upstream>>) {
    if known.len() >= BACKENDS_MAX {
        known.retain(|_, upstream| Arc::strong_count(upstream) > 1 || !upstream.breaker.is_at_rest());
    }
}

impl Allowance {
    /// For an answer that is held to the gateway's bound.
    pub(crate) fn bounded(milliseconds: u32) -> Self {
        Self { milliseconds, stream_pause: None }
    }
}

impl Upstream {
    fn new(origin: Origin, settings: UpstreamSettings, client: Arc<Outbound<Upload>>) -> Self {
        Self {
            places: Arc::new(Semaphore::new(settings.requests_max)),
            breaker: Breaker::new(settings.breaker_failures, settings.breaker_open),
            origin,
            settings,
            client,
        }
    }

    /// Asks until there is an answer, or trying again makes no sense.
    async fn ask(
        &self,
        outgoing: &Outgoing,
        clock: &Clock<'_>,
        milliseconds: u32,
        monotonic: &dyn Monotonic,
    ) -> Result<Response<Incoming>, Refusal> {
        let mut repeats = Repeats::default();
        loop {
            let Some(attempt) = self.breaker.attempt(monotonic.nanoseconds()) else { return Err(self.is_left_alone()) };
            let sending = self.client.send(outgoing.request());
            let outcome = clock.within(self.settings.response_max, sending).await;
            // What the client has done wrong tells nothing of the backend.
            if let Some(error) = outgoing.body.failure() {
                return Err(of_client(&error));
            }
            match &outcome {
                Ok(Ok(_)) => attempt.succeeded(),
                Ok(Err(OutboundError::Stale(_))) => drop(attempt),
                Ok(Err(_)) | Err(_) => attempt.failed(monotonic.nanoseconds()),
            }
            let Some(pause) = self.repeats(outgoing, &outcome, &mut repeats) else {
                return in_gateway_words(outcome, milliseconds);
            };
            if !pause.is_zero() && clock.within(None, tokio::time::sleep(pause)).await.is_err() {
                return in_gateway_words(outcome, milliseconds);
            }
        }
    }

    /// After which pause the request is tried again, if it is.
    fn repeats(&self, outgoing: &Outgoing, outcome: &Outcome, repeats: &mut Repeats) -> Option<Duration> {
        let repeatable = || outgoing.body.may_be_repeated(&outgoing.method);
        let allowed = match outcome {
            Ok(Ok(response)) => self.settings.retry_statuses.contains(&response.status()) && repeatable(),
            Ok(Err(OutboundError::Unresolved(_) | OutboundError::Unreachable(_))) => outgoing.body.is_unspent(),
            Ok(Err(OutboundError::Stale(_))) if !repeats.replaced => {
                repeats.replaced = true;
                return repeatable().then_some(Duration::ZERO);
            }
            Ok(Err(OutboundError::Stale(_) | OutboundError::Broken(_))) => repeatable(),
            Err(_) => false,
        };
        if !allowed || repeats.counted >= self.settings.retries {
            return None;
        }
        repeats.counted += 1;
        Some(RETRY_PAUSE * repeats.counted)
    }

    fn is_busy(&self, milliseconds: u32) -> Refusal {
        let setting = format!("requests-max of the backend {} is {}", self.origin, self.settings.requests_max);
        Refusal::PhaseTimeout { waited_for: "its turn", milliseconds, setting }
    }

    fn is_left_alone(&self) -> Refusal {
        let failures = self.settings.breaker_failures;
        let setting = format!("breaker-failures of the backend {} is {failures}", self.origin);
        Refusal::BackendLeftAlone { setting }
    }
}

impl Outgoing {
    /// The request as it goes out. `Host` is the backend's and comes from the URI; the length is the body's own.
    fn request(&self) -> Request<Upload> {
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }
}

/// A name that does not resolve is an endpoint that cannot be; all else that goes wrong is the network's fault.
fn in_gateway_words(outcome: Outcome, milliseconds: u32) -> Result<Response<Incoming>, Refusal> {
    match outcome {
        Ok(Ok(response)) if response.status().is_informational() => {
            Err(Refusal::Network(format!("the endpoint answers with {}", response.status())))
        }
        Ok(Ok(response)) => Ok(response),
        Ok(Err(error @ OutboundError::Unresolved(_))) => Err(Refusal::InvalidEndpoint(error.reason())),
        Ok(Err(error)) => Err(Refusal::Network(error.reason())),
        Err(Late::Phase(duration_max)) => {
            Err(phase_timeout("the head of its answer", "response-timeout-ms", duration_max))
        }
        Err(Late::Whole) => Err(Refusal::IntegrationTimeout { milliseconds }),
    }
}

/// What the client did wrong while its request was on its way.
fn of_client(error: &ReadError) -> Refusal {
    match error {
        ReadError::TooLarge { .. } => Refusal::RequestTooLarge,
        ReadError::TooSlow | ReadError::Broken(_) => Refusal::RequestUnreadable(error.to_string()),
    }
}

/// An operator gave a backend less time for something than the integration does.
fn phase_timeout(waited_for: &'static str, setting: &'static str, duration_max: Duration) -> Refusal {
    let milliseconds = u32::try_from(duration_max.as_millis()).unwrap_or(u32::MAX);
    let setting = format!("{setting} of the backend is {milliseconds}");
    Refusal::PhaseTimeout { waited_for, milliseconds, setting }
}
