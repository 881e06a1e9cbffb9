//! Refusals that an operator can ask about: the latest, in bounded memory, each under the id that its client saw.
//!
//! The part that refuses says why in a [`Refused`], which travels with the answer as one of its extensions and never on the
//! wire. Where every answer passes on its way out, it becomes a [`Record`] and is kept. Nothing of this is built for an answer
//! that grants. What is kept holds no secret: texts are cut, and [`concealed`] leaves out what could be one.

mod concealed;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use claviger_resources::Timestamp;
use http::{HeaderMap, HeaderName, Response, header};
use uuid::Uuid;

use self::concealed::{kept, without};

/// How many refusals are kept.
pub const RECORDS_MAX: usize = 8192;
/// How much memory they may take, in bytes.
pub const BYTES_MAX: usize = 8 * 1024 * 1024;
/// So many threads can keep one at a time.
const SHARDS: usize = 16;

/// Bytes of a reason, and of a setting.
const REASON_BYTES_MAX: usize = 2048;
/// Bytes of every other text.
const TEXT_BYTES_MAX: usize = 512;
/// Facts beside the reason.
const FACTS_MAX: usize = 16;

/// Who refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// `/oauth2/token`.
    TokenEndpoint,
    /// `/oauth2/revoke` and `/_claviger/revoke`.
    Revocation,
    /// `/_claviger/introspect`.
    Introspection,
    /// `/oauth2/userInfo`.
    UserInfo,
    /// The other paths of a pool's domain.
    Domain,
    /// Key sets and discovery documents.
    Discovery,
    /// The AWS APIs.
    ControlPlane,
    /// The gateway in front of APIs.
    Gate,
    /// What proxies in front of other services ask.
    AuthorizationPolicy,
    /// What decides where a request goes.
    Routing,
}

impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TokenEndpoint => "token endpoint",
            Self::Revocation => "revocation endpoint",
            Self::Introspection => "introspection endpoint",
            Self::UserInfo => "user info endpoint",
            Self::Domain => "user pool domain",
            Self::Discovery => "discovery",
            Self::ControlPlane => "control plane",
            Self::Gate => "gate",
            Self::AuthorizationPolicy => "authorization policy",
            Self::Routing => "routing",
        })
    }
}

/// Why a request was refused, as the part that refuses it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    surface: Surface,
    code: Option<String>,
    reason: String,
    setting: Option<String>,
    facts: Vec<(&'static str, String)>,
}

impl Refused {
    /// A refusal for this reason.
    pub fn new(surface: Surface, reason: impl Into<String>) -> Self {
        Self { surface, code: None, reason: reason.into(), setting: None, facts: Vec::new() }
    }

    /// The same, of which the client reads this code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The same, decided by this setting and its value.
    #[must_use]
    pub fn with_setting(mut self, setting: Option<String>) -> Self {
        self.setting = setting;
        self
    }

    /// The same with a fact about the request, when there is one.
    #[must_use]
    pub fn about(mut self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        if let Some(value) = value {
            self.facts.push((name, value.into()));
        }
        self
    }

    /// Leaves out a secret that the client sent, wherever it stands.
    #[must_use]
    pub fn concealing(mut self, secret: &str) -> Self {
        for text in self.texts_mut() {
            without(text, secret);
        }
        self
    }

    /// What refused.
    pub fn surface(&self) -> Surface {
        self.surface
    }

    /// The code that the client was told.
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// The reason.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Sends it along with an answer.
    pub fn attach<B>(self, response: &mut Response<B>) {
        response.extensions_mut().insert(self);
    }

    /// Takes it from an answer.
    pub fn detach<B>(response: &mut Response<B>) -> Option<Self> {
        // Looking does not make the map that removing would.
        response.extensions().get::<Self>()?;
        response.extensions_mut().remove()
    }

    fn texts_mut(&mut self) -> impl Iterator<Item = &mut String> {
        let facts = self.facts.iter_mut().map(|(_, value)| value);
        [&mut self.reason].into_iter().chain(self.code.as_mut()).chain(self.setting.as_mut()).chain(facts)
    }
}

/// What was asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'a str,
    /// The host.
    pub host: &'a str,
    /// The path, without the query: that may hold secrets.
    pub path: &'a str,
    /// The headers, whose secrets are left out of everything that is kept.
    pub headers: &'a HeaderMap,
}

/// A refusal as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The id that the client saw.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who refused.
    pub surface: Surface,
    /// The method that was asked.
    pub method: String,
    /// The host that was asked.
    pub host: String,
    /// The path that was asked.
    pub path: String,
    /// The status that was answered.
    pub status: u16,
    /// The code that the client read.
    pub code: Option<String>,
    /// Why.
    pub reason: String,
    /// The setting that decided, and its value.
    pub setting: Option<String>,
    /// What else is known: the pool, the client, the API.
    pub facts: Vec<(&'static str, String)>,
}

/// The headers whose values are secrets.
const SECRET_HEADERS: [HeaderName; 6] = [
    header::AUTHORIZATION,
    header::PROXY_AUTHORIZATION,
    header::COOKIE,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-amz-security-token"),
    HeaderName::from_static("x-amz-access-token"),
];

impl Record {
    /// The record of a refusal that was answered with this id and status.
    pub fn new(id: Uuid, at: Timestamp, asked: Asked<'_>, status: u16, refused: Refused) -> Self {
        let secrets = secrets(asked.headers);
        let text = |text: Cow<'_, str>, bytes_max: usize| {
            let mut text = text.into_owned();
            for secret in &secrets {
                without(&mut text, secret);
            }
            kept(&text, bytes_max)
        };
        let fact = |(name, value): (&'static str, String)| (name, text(value.into(), TEXT_BYTES_MAX));
        Self {
            id,
            at,
            surface: refused.surface,
            method: text(asked.method.into(), TEXT_BYTES_MAX),
            host: text(asked.host.into(), TEXT_BYTES_MAX),
            path: text(asked.path.into(), TEXT_BYTES_MAX),
            status,
            code: refused.code.map(|code| text(code.into(), TEXT_BYTES_MAX)),
            reason: text(refused.reason.into(), REASON_BYTES_MAX),
            setting: refused.setting.map(|setting| text(setting.into(), REASON_BYTES_MAX)),
            facts: refused.facts.into_iter().take(FACTS_MAX).map(fact).collect(),
        }
    }

    /// Every text of it.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let fixed = [&self.method, &self.host, &self.path, &self.reason];
        let facts = self.facts.iter().map(|(_, value)| value);
        fixed.into_iter().chain(&self.code).chain(&self.setting).chain(facts).map(String::as_str)
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.facts.len() * size_of::<(&str, String)>() + self.texts().map(str::len).sum::<usize>()
    }
}

/// The secrets in a request's headers, without the scheme before them. A signature of AWS's names much that is no secret, and
/// is itself too long to be kept.
fn secrets(headers: &HeaderMap) -> Vec<&str> {
    let values = SECRET_HEADERS.into_iter().filter_map(|name| Some((headers.get(&name)?.to_str().ok()?, name)));
    let values = values.filter(|(value, _)| !value.starts_with("AWS4-"));
    values
        .flat_map(|(value, name)| {
            let separators: &[char] = if name == header::COOKIE { &[';', '=', ' '] } else { &[' '] };
            value.split(separators).filter(|part| !part.eq_ignore_ascii_case("bearer"))
        })
        .collect()
}

/// The latest refusals. The oldest go when there are too many, or when they take too much memory.
pub struct Refusals {
    /// How many there have been: the next one's place in time, and with it its shard.
    count: AtomicU64,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    records: VecDeque<(u64, Arc<Record>)>,
    bytes: usize,
}

impl Default for Refusals {
    fn default() -> Self {
        Self { count: AtomicU64::new(0), shards: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl Refusals {
    /// Keeps a refusal.
    pub fn keep(&self, record: Record) {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        // In turn, not by id: clients of the gate may choose their ids, and are not to choose what is forgotten.
        if let Some(shard) = self.shards.get(usize::try_from(number).unwrap_or_default() % SHARDS) {
            locked(shard).keep(number, record);
        }
    }

    /// The refusals with this id, the latest first: one, unless a client used its id again.
    pub fn find(&self, id: Uuid) -> Vec<Arc<Record>> {
        let mut found: Vec<(u64, Arc<Record>)> = Vec::new();
        for shard in &self.shards {
            let shard = locked(shard);
            found.extend(shard.records.iter().filter(|(_, record)| record.id == id).cloned());
        }
        found.sort_unstable_by_key(|(number, _)| std::cmp::Reverse(*number));
        found.into_iter().map(|(_, record)| record).collect()
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| locked(shard).records.len()).sum()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets them all.
    pub fn clear(&self) {
        for shard in &self.shards {
            *locked(shard) = Shard::default();
        }
    }
}

impl Shard {
    fn keep(&mut self, number: u64, record: Record) {
        self.bytes += record.bytes();
        self.records.push_back((number, Arc::new(record)));
        while self.records.len() > RECORDS_MAX / SHARDS || self.bytes > BYTES_MAX / SHARDS {
            let Some((_, oldest)) = self.records.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(oldest.bytes());
        }
    }
}

/// A record is put whole or not at all, so a thread that died with the lock left nothing half done.
fn locked(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: u128, refused: Refused) -> Record {
        let headers = HeaderMap::new();
        let asked = Asked { method: "POST", host: "localhost", path: "/oauth2/token", headers: &headers };
        Record::new(Uuid::from_u128(id), Timestamp::from_seconds(0), asked, 400, refused)
    }

    fn short(id: u128) -> Record {
        record(id, Refused::new(Surface::Gate, "x"))
    }

    #[test]
    fn finds_what_it_keeps_and_the_latest_of_an_id_first() {
        let refusals = Refusals::default();
        assert!(refusals.is_empty() && refusals.find(Uuid::from_u128(1)).is_empty());
        for (id, reason) in [(1, "first"), (2, "other"), (1, "second")] {
            refusals.keep(record(id, Refused::new(Surface::Gate, reason)));
        }
        let reasons = |id| -> Vec<String> {
            refusals.find(Uuid::from_u128(id)).iter().map(|record| record.reason.clone()).collect()
        };
        assert_eq!(
            (reasons(1), reasons(2), refusals.len()),
            (vec!["second".into(), "first".into()], vec!["other".into()], 3)
        );
        refusals.clear();
        assert!(refusals.is_empty());
    }

    #[test]
    fn forgets_the_oldest_when_there_are_too_many() {
        let refusals = Refusals::default();
        let kept = RECORDS_MAX as u128;
        for id in 0..kept + 1000 {
            refusals.keep(short(id));
        }
        assert_eq!(refusals.len(), RECORDS_MAX);
        for (id, expected) in [(0, 0), (999, 0), (1000, 1), (kept + 999, 1)] {
            assert_eq!(refusals.find(Uuid::from_u128(id)).len(), expected, "{id}");
        }
    }

    #[test]
    fn takes_no_more_memory_than_it_may_however_long_the_texts() {
        let refusals = Refusals::default();
        let long = "word ".repeat(1000);
        for id in 0..2000 {
            let mut refused = Refused::new(Surface::Gate, &*long).with_setting(Some(long.clone())).with_code(&*long);
            for _ in 0..=FACTS_MAX {
                refused = refused.about("scope", Some(&*long));
            }
            refusals.keep(record(id, refused));
        }
        let bytes: usize = refusals.shards.iter().map(|shard| locked(shard).bytes).sum();
        let counted: usize = refusals
            .shards
            .iter()
            .map(|shard| locked(shard).records.iter().map(|(_, record)| record.bytes()).sum::<usize>())
            .sum();
        assert_eq!(bytes, counted);
        assert!((BYTES_MAX / 2..=BYTES_MAX).contains(&bytes), "{bytes}");
        assert_eq!(refusals.find(Uuid::from_u128(1999)).len(), 1);
        assert_eq!(refusals.find(Uuid::from_u128(0)).len(), 0);
    }

    #[test]
    fn keeps_no_secret_of_the_headers_and_none_it_was_told_of() {
        let (token, cookie) = ("dXNlcjpwYXNzd29yZA==", "abcdef123456");
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, format!("Basic {token}").parse().unwrap());
        headers.insert(header::COOKIE, format!("a=b; session={cookie}").parse().unwrap());
        let path = format!("/a/{token}/b");
        let asked = Asked { method: "GET", host: "h", path: &path, headers: &headers };
        let refused = Refused::new(Surface::Gate, format!("not {token}, nor {cookie}"))
            .with_setting(Some("hunter22 is not it".to_owned()))
            .about("scope", Some("hunter22"))
            .concealing("hunter22");
        let record = Record::new(Uuid::nil(), Timestamp::from_seconds(0), asked, 401, refused);
        for text in record.texts() {
            assert!(!text.contains(token) && !text.contains(cookie) && !text.contains("hunter22"), "{text}");
        }
        assert_eq!((&*record.path, &*record.reason), ("/a/[…]/b", "not […], nor […]"));
        assert_eq!(record.setting.as_deref(), Some("[…] is not it"));
    }

    #[test]
    fn travels_with_an_answer_and_leaves_others_alone() {
        let mut response = Response::new(());
        assert_eq!(Refused::detach(&mut response), None);
        let refused = Refused::new(Surface::Discovery, "x").about("userPool", None::<String>);
        refused.clone().attach(&mut response);
        assert_eq!(Refused::detach(&mut response), Some(refused));
        assert_eq!(Refused::detach(&mut response), None);
    }
}
