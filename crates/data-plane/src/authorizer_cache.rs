//! What Lambda authorizers answered, for as long as they may be believed (API Gateway, "Use API Gateway Lambda authorizers":
//! what is kept is the policy, which is held against each method anew).
//!
//! Callers are known by a digest of what identifies them, so that no token is kept. Many at a time who are not known yet
//! cause one call, and share what comes of it; only an answer that can be used is kept.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use claviger_gateway::context::Authorizer;
use claviger_gateway::lambda_authorizer::Answer;
use claviger_gateway::refusal::Refusal;
use claviger_resources::Monotonic;
use tokio::sync::OnceCell;

/// How much memory the answers may take, in bytes.
const BYTES_MAX: usize = 32 * 1024 * 1024;
/// So many threads can look at a time.
const SHARDS: usize = 16;
/// What an answer takes beside what it says, in bytes.
const OVERHEAD_BYTES: usize = 512;

/// Answers by who was asked about whom.
pub(crate) struct AuthorizerCache {
    monotonic: Arc<dyn Monotonic>,
    shards: [Mutex<Shard>; SHARDS],
    calls: Mutex<HashMap<Key, Weak<Call>>>,
}

/// Who was asked about whom, as a digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key([u8; 32]);

/// An answer, and how long it took to get; no time at all when it was at hand.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) answer: Arc<Answer>,
    pub(crate) latency: Option<Duration>,
}

impl Told {
    /// What is told of the caller.
    pub(crate) fn authorizer(&self) -> Authorizer {
        Authorizer {
            principal_id: self.answer.principal_id.clone(),
            values: self.answer.context.clone(),
            latency_milliseconds: u64::try_from(self.latency.unwrap_or_default().as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// A call that some wait for.
type Call = OnceCell<Result<Told, Refusal>>;

#[derive(Default)]
struct Shard {
    answers: HashMap<Key, Kept>,
    /// Keys in the order in which their answers came, each with its answer's number.
    order: VecDeque<(Key, u64)>,
    last: u64,
    bytes: usize,
}

struct Kept {
    answer: Arc<Answer>,
    until_nanoseconds: u64,
    number: u64,
}

impl Key {
    /// The key of some texts in their order.
    pub(crate) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut context = Context::new(&SHA256);
        for text in texts {
            // With its length before it, no text can be taken for two.
            context.update(&(text.len() as u64).to_be_bytes());
            context.update(text.as_bytes());
        }
        let mut key = [0; 32];
        for (to, from) in key.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        Self(key)
    }
}

impl AuthorizerCache {
    pub(crate) fn new(monotonic: Arc<dyn Monotonic>) -> Self {
        Self { monotonic, shards: std::array::from_fn(|_| Mutex::default()), calls: Mutex::default() }
    }

    /// The answer that is kept, else what `ask` gives, which is then kept for so many seconds.
    pub(crate) async fn answer<F>(&self, key: Key, ttl_seconds: u32, ask: impl FnOnce() -> F) -> Result<Told, Refusal>
    where
        F: Future<Output = Result<Answer, Refusal>>,
    {
        if let Some(answer) = self.kept(&key) {
            return Ok(Told { answer, latency: None });
        }
        let waiting = self.join(key);
        let work = || async {
            // Whoever was quicker may have been answered since.
            if let Some(answer) = self.kept(&key) {
                return Ok(Told { answer, latency: None });
            }
            let told = self.timed(ask()).await?;
            self.keep(key, &told.answer, ttl_seconds);
            Ok(told)
        };
        waiting.call.get_or_init(work).await.clone()
    }

    /// What `ask` gives, kept by nobody.
    pub(crate) async fn timed(&self, ask: impl Future<Output = Result<Answer, Refusal>>) -> Result<Told, Refusal> {
        let began = self.monotonic.nanoseconds();
        let answer = Arc::new(ask.await?);
        let latency = Duration::from_nanos(self.monotonic.nanoseconds().saturating_sub(began));
        Ok(Told { answer, latency: Some(latency) })
    }

    fn kept(&self, key: &Key) -> Option<Arc<Answer>> {
        let shard = self.shard(key);
        let kept = shard.answers.get(key)?;
        (self.monotonic.nanoseconds() < kept.until_nanoseconds).then(|| Arc::clone(&kept.answer))
    }

    fn keep(&self, key: Key, answer: &Arc<Answer>, ttl_seconds: u32) {
        let now = self.monotonic.nanoseconds();
        let until_nanoseconds = now.saturating_add(u64::from(ttl_seconds).saturating_mul(1_000_000_000));
        self.shard(&key).insert(key, Arc::clone(answer), until_nanoseconds, now);
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        let Key([first, ..]) = key;
        let [any, ..] = &self.shards;
        lock(self.shards.get(usize::from(*first) % SHARDS).unwrap_or(any))
    }

    /// The call about this caller that is under way, or a new one.
    fn join(&self, key: Key) -> Waiting<'_> {
        let mut calls = lock(&self.calls);
        let call = calls.get(&key).and_then(Weak::upgrade).unwrap_or_default();
        calls.insert(key, Arc::downgrade(&call));
        Waiting { cache: self, key, call }
    }
}

/// One that waits for a call. The last one to leave takes it out.
struct Waiting<'a> {
    cache: &'a AuthorizerCache,
    key: Key,
    call: Arc<Call>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut calls = lock(&self.cache.calls);
        if Arc::strong_count(&self.call) == 1 {
            calls.remove(&self.key);
        }
    }
}

impl Shard {
    fn insert(&mut self, key: Key, answer: Arc<Answer>, until_nanoseconds: u64, now: u64) {
        self.last += 1;
        self.bytes += weight(&answer);
        let kept = Kept { answer, until_nanoseconds, number: self.last };
        self.order.push_back((key, self.last));
        if let Some(before) = self.answers.insert(key, kept) {
            self.bytes -= weight(&before.answer);
        }
        while let Some((key, number)) = self.order.front().copied() {
            let current = self.answers.get(&key).filter(|kept| kept.number == number);
            let stays = current.is_some_and(|kept| kept.until_nanoseconds > now) && self.bytes <= BYTES_MAX / SHARDS;
            if stays {
                break;
            }
            self.order.pop_front();
            if current.is_some()
                && let Some(gone) = self.answers.remove(&key)
            {
                self.bytes -= weight(&gone.answer);
            }
        }
        // One that is answered anew leaves its old place behind.
        if self.order.len() > 2 * self.answers.len() + SHARDS {
            let answers = &self.answers;
            self.order.retain(|(key, number)| answers.get(key).is_some_and(|kept| kept.number == *number));
        }
    }
}

fn weight(answer: &Answer) -> usize {
    answer.weight() + OVERHEAD_BYTES
}

/// What is kept is never left half changed, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use claviger_gateway::lambda_authorizer::AnswerForm;
    use claviger_testkit::FakeMonotonic;
    use tokio::sync::Notify;

    use super::*;

    fn answer(principal: &str) -> Answer {
        let policy = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
        let text = format!(r#"{{"principalId":"{principal}","policyDocument":{policy}}}"#);
        Answer::read(text.as_bytes(), AnswerForm::Policy).ok().unwrap()
    }

    fn cache() -> (AuthorizerCache, Arc<FakeMonotonic>) {
        let monotonic = Arc::new(FakeMonotonic::default());
        (AuthorizerCache::new(Arc::clone(&monotonic) as _), monotonic)
    }

    async fn principal(cache: &AuthorizerCache, key: Key, fresh: &str) -> String {
        let told = cache.answer(key, 10, || async { Ok(answer(fresh)) }).await;
        told.ok().unwrap().answer.principal_id.clone().unwrap()
    }

    #[test]
    fn keys_are_of_all_texts_in_their_order() {
        let same = |one: &[&str], other: &[&str]| Key::of(one.iter().copied()) == Key::of(other.iter().copied());
        assert!(same(&["a", "b"], &["a", "b"]));
        assert!(!same(&["a", "b"], &["b", "a"]));
        assert!(!same(&["ab"], &["a", "b"]));
        assert!(!same(&["a", ""], &["a"]));
    }

    #[tokio::test]
    async fn an_answer_is_kept_for_its_time() {
        let (cache, monotonic) = cache();
        let (one, other) = (Key::of(["one"]), Key::of(["other"]));
        assert_eq!(principal(&cache, one, "first").await, "first");
        assert_eq!(principal(&cache, one, "second").await, "first");
        assert_eq!(principal(&cache, other, "third").await, "third");
        monotonic.advance_milliseconds(9_999);
        assert_eq!(principal(&cache, one, "second").await, "first");
        monotonic.advance_milliseconds(1);
        assert_eq!(principal(&cache, one, "second").await, "second");
    }

    #[tokio::test]
    async fn a_failure_is_not_kept() {
        let (cache, _) = cache();
        let key = Key::of(["one"]);
        let refusal = Refusal::AuthorizerFailure("x".into());
        let told = cache.answer(key, 10, || async { Err(refusal.clone()) }).await;
        assert_eq!(told.err(), Some(refusal));
        assert_eq!(principal(&cache, key, "first").await, "first");
        assert!(lock(&cache.calls).is_empty());
    }

    #[tokio::test]
    async fn many_at_a_time_cause_one_call_and_share_what_comes_of_it() {
        for fails in [false, true] {
            let (cache, _) = cache();
            let (cache, asked, go) = (Arc::new(cache), Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
            let wait = |number: usize| {
                let (cache, asked, go) = (Arc::clone(&cache), Arc::clone(&asked), Arc::clone(&go));
                tokio::spawn(async move {
                    let ask = || async {
                        asked.fetch_add(1, Ordering::SeqCst);
                        go.notified().await;
                        if fails {
                            Err(Refusal::AuthorizerFailure("x".into()))
                        } else {
                            Ok(answer(&number.to_string()))
                        }
                    };
                    let told = cache.answer(Key::of(["one"]), 10, ask).await;
                    told.ok().and_then(|told| told.answer.principal_id.clone())
                })
            };
            let all: Vec<_> = (0..20).map(wait).collect();
            while asked.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
            go.notify_one();
            for one in all {
                assert_eq!(one.await.unwrap(), (!fails).then(|| "0".to_owned()));
            }
            assert_eq!(asked.load(Ordering::SeqCst), 1);
            assert!(lock(&cache.calls).is_empty());
        }
    }

    #[tokio::test]
    async fn when_the_one_who_asks_leaves_another_asks() {
        let (cache, _) = cache();
        let cache = Arc::new(cache);
        let asked = Arc::new(Notify::new());
        let (of_task, signal) = (Arc::clone(&cache), Arc::clone(&asked));
        let leaves = tokio::spawn(async move {
            let ask = || async {
                signal.notify_one();
                std::future::pending().await
            };
            of_task.answer(Key::of(["one"]), 10, ask).await.is_ok()
        });
        asked.notified().await;
        let of_task = Arc::clone(&cache);
        let stays = tokio::spawn(async move { principal(&of_task, Key::of(["one"]), "second").await });
        while lock(&cache.calls).get(&Key::of(["one"])).map_or(0, Weak::strong_count) < 2 {
            tokio::task::yield_now().await;
        }
        leaves.abort();
        assert_eq!(stays.await.unwrap(), "second");
    }

    #[test]
    fn the_oldest_answers_make_room_and_spent_ones_leave() {
        let mut shard = Shard::default();
        let key = |number: u64| Key::of([number.to_string().as_str()]);
        let large = Arc::new(answer(&"x".repeat(10_000)));
        let fit = (BYTES_MAX / SHARDS / weight(&large)) as u64;
        for number in 0..fit + 10 {
            shard.insert(key(number), Arc::clone(&large), 100, 0);
        }
        assert!(shard.bytes <= BYTES_MAX / SHARDS);
        assert_eq!(shard.answers.len() as u64, fit);
        assert!(!shard.answers.contains_key(&key(9)) && shard.answers.contains_key(&key(10)));
        shard.insert(key(0), Arc::clone(&large), 300, 200);
        assert_eq!((shard.answers.len(), shard.order.len(), shard.bytes), (1, 1, weight(&large)));
        for _ in 0..1_000 {
            shard.insert(key(0), Arc::clone(&large), 300, 200);
        }
        assert_eq!((shard.answers.len(), shard.bytes), (1, weight(&large)));
        assert!(shard.order.len() < 100);
    }
}
