//! Makes signing keys in the background: an RSA key takes a fifth of a second, and no request should pay for that.
//!
//! A pool is created without keys. The node that sees such a pool in its snapshot gives it a pair from a small stock, made
//! on threads of their own, and stores them; the next snapshot then has them. Nothing is made before the first pool needs
//! it, so a node that starts on an existing store makes nothing. Two nodes may both make keys for one pool: the store
//! takes the first pair and refuses the second.

use std::sync::Arc;
use std::time::Duration;

use claviger_oauth::jose::generate;
use claviger_resources::signing_key::{KeyPolicy, SigningAlgorithm, SigningKeys};
use claviger_resources::user_pool::UserPool;
use claviger_resources::{Clock, Random, Tenant, UserPoolId};
use claviger_store::{Store, StoreError, TransactionExt};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::signing_keys::{MakeKeysError, PrivateKeys};
use crate::vault::Vault;

/// Private keys kept ready: two pools' worth.
const STOCK: usize = 4;
/// What keys are made for.
const ALGORITHM: SigningAlgorithm = SigningAlgorithm::Rs256;
/// How long to wait before storing keys again in a database that did not answer.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// A pool that waits for its keys.
#[derive(Clone, Debug)]
pub struct Keyless {
    /// The pool.
    pub pool: UserPoolId,
    /// Whose it is.
    pub tenant: Tenant,
}

/// Makes keys for pools that have none.
pub struct KeyMaker {
    store: Arc<dyn Store>,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    random: fn() -> Box<dyn Random>,
}

impl KeyMaker {
    /// A maker that stores keys in `store`, sealed by `vault`.
    pub fn new(
        store: Arc<dyn Store>,
        vault: Arc<Vault>,
        clock: Arc<dyn Clock>,
        random: fn() -> Box<dyn Random>,
    ) -> Self {
        Self { store, vault, clock, random }
    }

    /// Serves pools until nobody names one any more.
    pub async fn run(self, mut keyless: mpsc::UnboundedReceiver<Keyless>) {
        let (stock, mut made) = mpsc::channel::<Zeroizing<Vec<u8>>>(STOCK);
        let mut stock = Some(stock);
        while let Some(pool) = keyless.recv().await {
            // The first pool starts the making; from then on the channel is kept full.
            if let Some(stock) = stock.take() {
                start_making(&stock);
            }
            let (Some(access), Some(id)) = (made.recv().await, made.recv().await) else { return };
            let record = match self.record(&pool, &PrivateKeys { algorithm: ALGORITHM, access, id }) {
                Ok(record) => record,
                Err(error) => {
                    tracing::error!(pool = %pool.pool, error = &error as &dyn std::error::Error, "no keys for a pool");
                    continue;
                }
            };
            while let Err(error) = self.save(&record).await {
                let reason = error.to_string();
                tracing::warn!(pool = %pool.pool, reason, "cannot store keys yet");
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        }
    }

    fn record(&self, pool: &Keyless, keys: &PrivateKeys) -> Result<SigningKeys, MakeKeysError> {
        let keys = keys.records(&pool.pool, &self.vault, &mut *(self.random)(), self.clock.now())?;
        Ok(SigningKeys { pool: pool.pool.clone(), tenant: pool.tenant.clone(), policy: KeyPolicy::default(), keys })
    }

    /// Stores the keys, unless the pool is gone or someone was quicker.
    async fn save(&self, record: &SigningKeys) -> Result<(), StoreError> {
        let mut tx = self.store.write().await?;
        if tx.find::<UserPool>(&record.tenant, "", record.pool.as_str()).await?.is_none() {
            return Ok(());
        }
        match tx.insert(record).await {
            Err(StoreError::AlreadyExists) => Ok(()),
            Err(error) => Err(error),
            Ok(()) => tx.commit().await.map(drop),
        }
    }
}

/// Keeps the stock full from two threads, so that a pool's pair is made side by side; they end with the maker.
fn start_making(stock: &mpsc::Sender<Zeroizing<Vec<u8>>>) {
    for number in 0..2 {
        let stock = stock.clone();
        let work = move || {
            while let Ok(key) = generate(ALGORITHM) {
                if stock.blocking_send(key).is_err() {
                    return;
                }
            }
        };
        if let Err(error) = std::thread::Builder::new().name(format!("key-maker-{number}")).spawn(work) {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot start a thread to make keys");
        }
    }
}
