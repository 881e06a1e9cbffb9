//! What is counted while requests are answered, for Prometheus (OpenMetrics 1.0). `docs/metrics.md` lists it all.
//!
//! Labels that come from outside are bounded: after so many app clients, scopes or routes, further ones count as `other`, so
//! that nobody can fill the memory with names. Counting locks nothing that waits for I/O.

use std::fmt::Write as _;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use claviger_oauth::refusal::Refusal;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Label values of one metric, for app clients and for scopes by client and route; further ones are `other`.
const SERIES_MAX: usize = 10_000;
/// What names beyond the bound are counted as.
const OTHER: &str = "other";
/// Upper bounds of the classes of durations, in seconds.
const SECONDS: [f64; 14] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// The content type of what [`Metrics::to_text`] answers.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is counted.
pub struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<RequestLabels, Counter>,
    durations: Family<SurfaceLabel, Histogram, Classes>,
    refusals: Bounded<RefusalLabels>,
    tokens: Bounded<ClientLabels>,
    failed_authentications: Bounded<ClientLabels>,
    verifications: Family<OutcomeLabel, Counter>,
    scope_uses: Bounded<ScopeLabels>,
    state: Family<ThingLabel, Gauge>,
    queued: Family<LogLabel, Gauge>,
    dropped: Family<LogLabel, Counter>,
    ages: Ages,
}

/// How long ago something was.
#[derive(Default)]
struct Ages {
    snapshot: Gauge<f64, AtomicU64>,
    behind: Gauge<f64, AtomicU64>,
}

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Area {
    /// The token endpoint and what else belongs to a user pool's domain.
    OAuth,
    /// Key sets and discovery documents.
    Discovery,
    /// An API behind the gate.
    Gate,
    /// What proxies ask.
    Authorize,
    /// The AWS calls of operators.
    ControlPlane,
    /// The server's own paths.
    Own,
    /// Nothing that is there.
    Nowhere,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    area: &'static str,
    /// The class of the status: `2xx`.
    status: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct SurfaceLabel {
    area: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RefusalLabels {
    surface: String,
    code: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ClientLabels {
    client_id: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ScopeLabels {
    client_id: String,
    scope: String,
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ThingLabel {
    thing: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct LogLabel {
    log: &'static str,
}

/// Makes the histograms of durations.
#[derive(Clone)]
struct Classes;

impl MetricConstructor<Histogram> for Classes {
    fn new_metric(&self) -> Histogram {
        Histogram::new(SECONDS)
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("claviger");
        let (requests, verifications) = (Family::default(), Family::default());
        let (refusals, tokens) = (Bounded::<RefusalLabels>::new(), Bounded::<ClientLabels>::new());
        let (failed, scopes) = (Bounded::<ClientLabels>::new(), Bounded::<ScopeLabels>::new());
        let durations = Family::<SurfaceLabel, Histogram, Classes>::new_with_constructor(Classes);
        let state = Family::<ThingLabel, Gauge>::default();
        registry.register("requests", "Requests that were answered", requests.clone());
        registry.register("request_duration_seconds", "How long answers took to begin", durations.clone());
        registry.register(
            "refusals",
            "Requests that were refused, by what refused them and its code",
            refusals.family.clone(),
        );
        registry.register("tokens_issued", "Tokens that app clients were issued", tokens.family.clone());
        registry.register(
            "failed_authentications",
            "Requests of app clients that did not prove who they are",
            failed.family.clone(),
        );
        registry.register(
            "token_verifications",
            "Tokens that were shown, and what became of them",
            verifications.clone(),
        );
        registry.register("scope_uses", "Calls that a scope opened, by app client and route", scopes.family.clone());
        registry.register("state", "How much there is of something now", state.clone());
        let (queued, dropped) = (Family::<LogLabel, Gauge>::default(), Family::<LogLabel, Counter>::default());
        registry.register("queued_records", "Records of a log that wait to be written", queued.clone());
        registry.register("dropped_records", "Records of a log that were lost", dropped.clone());
        let ages = Ages::default();
        let snapshot = "How long ago what is served was changed last";
        registry.register("snapshot_age_seconds", snapshot, ages.snapshot.clone());
        let behind = "How long ago all was known that had been committed";
        registry.register("snapshot_behind_seconds", behind, ages.behind.clone());
        Self {
            registry: Mutex::new(registry),
            requests,
            durations,
            refusals,
            tokens,
            failed_authentications: failed,
            verifications,
            scope_uses: scopes,
            state,
            queued,
            dropped,
            ages,
        }
    }
}

impl Metrics {
    /// Counts a request that was answered with this status after so long.
    pub fn answered(&self, area: Area, status: u16, duration: Duration) {
        let area = area.as_str();
        self.requests.get_or_create(&RequestLabels { area, status: class(status) }).inc();
        self.durations.get_or_create(&SurfaceLabel { area }).observe(duration.as_secs_f64());
    }

    /// Counts a refusal by what refused and its code.
    pub fn refused(&self, surface: &dyn std::fmt::Display, code: Option<&str>) {
        let labels = RefusalLabels { surface: surface.to_string(), code: code.unwrap_or("none").to_owned() };
        let other = || RefusalLabels { surface: surface.to_string(), code: OTHER.to_owned() };
        self.refusals.count(&labels, other);
    }

    /// Counts a token that an app client was issued.
    pub fn issued(&self, client: &str) {
        self.tokens.count(&ClientLabels { client_id: client.to_owned() }, ClientLabels::other);
    }

    /// Counts a request of an app client that did not prove who it is. Clients that do not exist are all `other`.
    pub fn failed_authentication(&self, client: Option<&str>) {
        let labels = ClientLabels { client_id: client.unwrap_or(OTHER).to_owned() };
        self.failed_authentications.count(&labels, ClientLabels::other);
    }

    /// Counts a token that was shown.
    pub fn verified(&self, outcome: Result<bool, &Refusal>) {
        let outcome = match outcome {
            Ok(true) => "known",
            Ok(false) => "verified",
            Err(refusal) => refusal_name(refusal),
        };
        self.verifications.get_or_create(&OutcomeLabel { outcome }).inc();
    }

    /// Counts a call of a route that a scope of an app client's token opened.
    pub fn scope_used(&self, client: &str, scope: &str, route: &str) {
        let labels = ScopeLabels { client_id: client.to_owned(), scope: scope.to_owned(), route: route.to_owned() };
        let other = || ScopeLabels { client_id: OTHER.to_owned(), scope: OTHER.to_owned(), route: OTHER.to_owned() };
        self.scope_uses.count(&labels, other);
    }

    /// Says how much there is of something now.
    pub fn there_are(&self, thing: &'static str, number: i64) {
        self.state.get_or_create(&ThingLabel { thing }).set(number);
    }

    /// Says how many records of a log wait now, and how many were lost since the start.
    pub fn log_is(&self, log: &'static str, queued: usize, dropped: u64) {
        self.queued.get_or_create(&LogLabel { log }).set(i64::try_from(queued).unwrap_or(i64::MAX));
        self.dropped.get_or_create(&LogLabel { log }).inner().store(dropped, Ordering::Relaxed);
    }

    /// Says how long ago the snapshot was changed, and how long ago it surely held all that had been committed.
    pub fn snapshot_is(&self, age: Duration, behind: Duration) {
        self.ages.snapshot.set(age.as_secs_f64());
        self.ages.behind.set(behind.as_secs_f64());
    }

    /// Everything, in the text format of OpenMetrics.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = text::encode(&mut text, &registry) {
            text.clear();
            let _ = writeln!(text, "# {error}");
        }
        text
    }
}

impl ClientLabels {
    fn other() -> Self {
        Self { client_id: OTHER.to_owned() }
    }
}

impl Area {
    const fn as_str(self) -> &'static str {
        match self {
            Self::OAuth => "oauth",
            Self::Discovery => "discovery",
            Self::Gate => "gate",
            Self::Authorize => "authorize",
            Self::ControlPlane => "control_plane",
            Self::Own => "own",
            Self::Nowhere => "nowhere",
        }
    }
}

/// A counter for each of a bounded number of labels.
struct Bounded<L> {
    family: Family<L, Counter>,
    count: AtomicUsize,
}

impl<L: Clone + Hash + Eq> Bounded<L> {
    fn new() -> Self {
        Self { family: Family::default(), count: AtomicUsize::new(0) }
    }

    /// Counts one more; under other labels when there are as many as there may be.
    fn count(&self, labels: &L, other: impl FnOnce() -> L) {
        if let Some(counter) = self.family.get(labels) {
            counter.inc();
            return;
        }
        // Two that come at once may both take a place for the same labels: the bound is kept, a little early.
        if self.count.fetch_add(1, Ordering::Relaxed) < SERIES_MAX {
            self.family.get_or_create(labels).inc();
        } else {
            self.count.store(SERIES_MAX, Ordering::Relaxed);
            self.family.get_or_create(&other()).inc();
        }
    }
}

const fn class(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

const fn refusal_name(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Missing => "missing",
        Refusal::Malformed(_) => "malformed",
        Refusal::UnknownKey(_) => "unknown_key",
        Refusal::AlgorithmNotAllowed(_) => "algorithm_not_allowed",
        Refusal::BadSignature => "bad_signature",
        Refusal::Claim(_) => "claim",
        Refusal::Expired => "expired",
        Refusal::NotYetValid => "not_yet_valid",
        Refusal::WrongIssuer(_) => "wrong_issuer",
        Refusal::WrongTokenUse { .. } => "wrong_token_use",
        Refusal::MissingScope(_) => "missing_scope",
        Refusal::Audience => "audience",
        Refusal::Revoked(_) => "revoked",
        Refusal::NoPool => "no_pool",
        Refusal::NoKeys => "no_keys",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let metrics = Metrics::default();
        metrics.answered(Area::OAuth, 200, Duration::from_micros(300));
        metrics.answered(Area::OAuth, 400, Duration::from_millis(2));
        metrics.refused(&"token endpoint", Some("invalid_grant"));
        metrics.issued("c1");
        metrics.issued("c1");
        metrics.failed_authentication(None);
        metrics.verified(Ok(true));
        metrics.verified(Err(&Refusal::Expired));
        metrics.scope_used("c1", "weather-api/get", "api1/GET /weather");
        metrics.there_are("user_pools", 3);
        metrics.log_is("audit-calls", 5, 6);
        metrics.log_is("audit-calls", 2, 7);
        metrics.snapshot_is(Duration::from_millis(1_500), Duration::ZERO);
        let text = metrics.to_text();
        for line in [
            "claviger_requests_total{area=\"oauth\",status=\"2xx\"} 1",
            "claviger_requests_total{area=\"oauth\",status=\"4xx\"} 1",
            "claviger_request_duration_seconds_bucket{le=\"0.0005\",area=\"oauth\"} 1",
            "claviger_request_duration_seconds_count{area=\"oauth\"} 2",
            "claviger_refusals_total{surface=\"token endpoint\",code=\"invalid_grant\"} 1",
            "claviger_tokens_issued_total{client_id=\"c1\"} 2",
            "claviger_failed_authentications_total{client_id=\"other\"} 1",
            "claviger_token_verifications_total{outcome=\"known\"} 1",
            "claviger_token_verifications_total{outcome=\"expired\"} 1",
            "claviger_scope_uses_total{client_id=\"c1\",scope=\"weather-api/get\",route=\"api1/GET /weather\"} 1",
            "claviger_state{thing=\"user_pools\"} 3",
            "claviger_queued_records{log=\"audit-calls\"} 2",
            "claviger_dropped_records_total{log=\"audit-calls\"} 7",
            "claviger_snapshot_age_seconds 1.5",
            "claviger_snapshot_behind_seconds 0.0",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn names_from_outside_take_no_more_memory_than_they_may() {
        let metrics = Metrics::default();
        for number in 0..SERIES_MAX + 100 {
            metrics.issued(&format!("c{number}"));
        }
        metrics.issued("c1");
        let text = metrics.to_text();
        assert_eq!(text.matches("claviger_tokens_issued_total{").count(), SERIES_MAX + 1);
        assert!(text.contains("claviger_tokens_issued_total{client_id=\"other\"} 100\n"));
        assert!(text.contains("claviger_tokens_issued_total{client_id=\"c1\"} 2\n"));
    }
}
