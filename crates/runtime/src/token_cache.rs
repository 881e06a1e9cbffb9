//! The cache of verified tokens: a token that was verified need not be verified again while nothing that decided has changed.
//!
//! A token is found by the digest of its whole text, so that nobody who cannot show it finds it. Only tokens that were
//! verified are kept. Each time one is found, its times are held against the clock, and its key and its pool against the
//! snapshot: with the key retired, or the pool deleted and made again, it is verified anew, and refused. What is demanded
//! of a token (scopes, audience) is none of the cache's business: one entry serves every method.
//!
//! There is no background work. What is not used any more goes when room is needed, and room is bounded in bytes.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use aws_lc_rs::digest::{SHA256, digest};
use claviger_oauth::refusal::Refusal;
use claviger_oauth::verified_token::{VerifiedToken, verify};
use claviger_resources::{ClientId, UserPoolId};
use indexmap::IndexMap;

use crate::metrics::Metrics;
use crate::snapshot::{Generation, Snapshot};

/// Bytes that the cache takes unless it is told otherwise: some ten thousand tokens.
pub const BYTES_DEFAULT: usize = 16 * 1024 * 1024;

/// So many tokens can be put at a time.
const SHARDS: usize = 16;

/// Verified tokens, in bounded memory.
pub struct TokenCache {
    hasher: RandomState,
    /// Empty when nothing is to be kept.
    shards: Box<[RwLock<Shard>]>,
    shard_bytes_max: usize,
    /// How often tokens were forgotten: one that was verified before is not put afterwards.
    epoch: AtomicU64,
    metrics: Arc<Metrics>,
}

/// What tokens were issued to, or which token.
#[derive(Clone, Copy, Debug)]
pub enum Issued<'a> {
    /// Every token of a pool.
    Pool(&'a UserPoolId),
    /// Every token of an app client.
    Client(&'a ClientId),
    /// Every token of a user's session (`origin_jti`).
    Session(&'a str),
    /// The token with this id (`jti`).
    Token(&'a str),
}

type Digest = [u8; 32];

#[derive(Default)]
struct Shard {
    entries: IndexMap<Digest, Entry>,
    bytes: usize,
    /// The entry that is looked at next when room is needed.
    hand: usize,
}

struct Entry {
    token: Arc<VerifiedToken>,
    generation: Generation,
    /// Whether it was found since the hand last passed it.
    used: AtomicBool,
}

impl TokenCache {
    /// A cache that takes so many bytes; with 0, nothing is kept and every token is verified each time.
    pub fn new(bytes_max: usize) -> Self {
        let count = if bytes_max == 0 { 0 } else { SHARDS };
        let shards = (0..count).map(|_| RwLock::default()).collect();
        Self {
            hasher: RandomState::new(),
            shards,
            shard_bytes_max: bytes_max / SHARDS,
            epoch: AtomicU64::new(0),
            metrics: Arc::default(),
        }
    }

    /// Verifies a token of a pool that is accepted, or finds that it was verified and that this still holds; and that it
    /// was not revoked.
    pub fn verify(
        &self,
        snapshot: &Snapshot,
        text: &str,
        accepts: impl Fn(&UserPoolId) -> bool,
        now_seconds: i64,
    ) -> Result<Arc<VerifiedToken>, Refusal> {
        let outcome = self.verified(snapshot, text, accepts, now_seconds).and_then(|(token, is_known)| {
            let pool = snapshot.pool(token.pool().as_str());
            match pool.and_then(|pool| pool.revoked.reason(&token)) {
                Some(reason) => Err(Refusal::Revoked(reason)),
                None => Ok((token, is_known)),
            }
        });
        self.metrics.verified(outcome.as_ref().map(|(_, is_known)| *is_known));
        outcome.map(|(token, _)| token)
    }

    /// The same cache, whose verifications are counted there.
    #[must_use]
    pub fn counting(self, metrics: Arc<Metrics>) -> Self {
        Self { metrics, ..self }
    }

    /// The token, and whether it was verified before.
    fn verified(
        &self,
        snapshot: &Snapshot,
        text: &str,
        accepts: impl Fn(&UserPoolId) -> bool,
        now_seconds: i64,
    ) -> Result<(Arc<VerifiedToken>, bool), Refusal> {
        let verify = || verify(text, &accepts, |pool| snapshot.keys(pool), now_seconds).map(Arc::new);
        if self.shards.is_empty() {
            return Ok((verify()?, false));
        }
        let digest = digest_of(text);
        let Some(shard) = self.shard(&digest) else { return Ok((verify()?, false)) };
        if let Some(token) = read(shard).find(&digest, snapshot)
            && accepts(token.pool())
            && token.is_valid_at(now_seconds)
        {
            return Ok((token, true));
        }
        let epoch = self.epoch.load(Ordering::SeqCst);
        let token = verify()?;
        if let Some(pool) = snapshot.pool(token.pool().as_str()) {
            let entry = Entry { token: Arc::clone(&token), generation: pool.generation, used: AtomicBool::new(false) };
            let mut shard = write(shard);
            // Asked with the shard locked: whoever forgets counts first and looks through the shards then.
            if self.epoch.load(Ordering::SeqCst) == epoch {
                shard.put(digest, entry, self.shard_bytes_max);
            }
        }
        Ok((token, false))
    }

    /// Forgets tokens at once, those that are being verified right now among them. They are verified anew when they are shown
    /// again: whoever revokes a token also has to see that it is refused then.
    pub fn forget(&self, issued: Issued<'_>) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
        for shard in &self.shards {
            write(shard).retain(|token| !issued.covers(token));
        }
    }

    /// How many tokens are kept, and how many bytes they take.
    pub fn size(&self) -> (usize, usize) {
        self.shards
            .iter()
            .map(read)
            .fold((0, 0), |(count, bytes), shard| (count + shard.entries.len(), bytes + shard.bytes))
    }

    fn shard(&self, digest: &Digest) -> Option<&RwLock<Shard>> {
        let place = self.hasher.hash_one(digest) % SHARDS as u64;
        self.shards.get(usize::try_from(place).unwrap_or_default())
    }
}

impl Default for TokenCache {
    fn default() -> Self {
        Self::new(BYTES_DEFAULT)
    }
}

impl Issued<'_> {
    fn covers(&self, token: &VerifiedToken) -> bool {
        match self {
            Self::Pool(pool) => token.pool() == *pool,
            Self::Client(client) => token.client() == Some(client.as_str()),
            Self::Session(session) => token.session() == Some(session),
            Self::Token(id) => token.id() == Some(id),
        }
    }
}

impl Shard {
    /// The token of this digest, while its pool is the one that it was verified for and has its key.
    fn find(&self, digest: &Digest, snapshot: &Snapshot) -> Option<Arc<VerifiedToken>> {
        let entry = self.entries.get(digest)?;
        let pool = snapshot.pool(entry.token.pool().as_str())?;
        let holds = pool.generation == entry.generation && entry.token.is_signed_by(pool.keys.as_deref()?.as_ref());
        if !holds {
            return None;
        }
        // Written only when it changes: many threads find the same token at once.
        if !entry.used.load(Ordering::Relaxed) {
            entry.used.store(true, Ordering::Relaxed);
        }
        Some(Arc::clone(&entry.token))
    }

    fn put(&mut self, digest: Digest, entry: Entry, bytes_max: usize) {
        self.remove(|entries| entries.swap_remove(&digest));
        let bytes = entry.bytes();
        if bytes > bytes_max {
            return;
        }
        while self.bytes + bytes > bytes_max && !self.entries.is_empty() {
            self.make_room();
        }
        self.bytes += bytes;
        self.entries.insert(digest, entry);
    }

    /// Removes the entry at the hand, or, when it was used since it was last looked at, passes it by.
    fn make_room(&mut self) {
        let Some((_, entry)) = self.entries.get_index(self.hand) else {
            self.hand = 0;
            return;
        };
        if entry.used.swap(false, Ordering::Relaxed) {
            self.hand += 1;
        } else {
            let hand = self.hand;
            self.remove(|entries| entries.swap_remove_index(hand).map(|(_, entry)| entry));
        }
    }

    fn remove(&mut self, take: impl FnOnce(&mut IndexMap<Digest, Entry>) -> Option<Entry>) {
        if let Some(entry) = take(&mut self.entries) {
            self.bytes = self.bytes.saturating_sub(entry.bytes());
        }
    }

    fn retain(&mut self, keeps: impl Fn(&VerifiedToken) -> bool) {
        self.entries.retain(|_, entry| keeps(&entry.token));
        self.bytes = self.entries.values().map(Entry::bytes).sum();
    }
}

impl Entry {
    /// What it takes, its places in the map included: the digest, its hash, and the index that the hash leads to.
    fn bytes(&self) -> usize {
        const PLACES: usize = 32;
        size_of::<Self>() + size_of::<Digest>() + PLACES + self.token.bytes()
    }
}

fn digest_of(text: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    bytes
}

/// An entry is put whole or not at all, so a thread that died with the lock left nothing half done.
fn read(shard: &RwLock<Shard>) -> RwLockReadGuard<'_, Shard> {
    shard.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(shard: &RwLock<Shard>) -> RwLockWriteGuard<'_, Shard> {
    shard.write().unwrap_or_else(PoisonError::into_inner)
}
