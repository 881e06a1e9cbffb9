//! Signing keys are looked after in the background, by every node.

use std::sync::Arc;

use claviger_resources::signing_key::{KeyPolicy, KeyPurpose, PUBLICATION_SECONDS, SigningAlgorithm, SigningKeys};
use claviger_resources::{Clock, Random, Secret, Timestamp};
use claviger_runtime::issuers::Issuers;
use claviger_runtime::key_keeper::KeyKeeper;
use claviger_runtime::signing_keys::PrivateKeys;
use claviger_runtime::snapshot::{Builder, Snapshot};
use claviger_runtime::vault::{KEY_BYTES, MasterKey, Vault};
use claviger_store::{Store, TransactionExt};
use claviger_testkit::{FakeClock, SeededRandom, memory_store};

use crate::{commit, pool, tenant};

const DAY: i64 = 24 * 3_600;

struct World {
    store: Arc<dyn Store>,
    clock: Arc<FakeClock>,
    keeper: KeyKeeper,
}

impl World {
    /// A pool whose keys are replaced every ten days.
    async fn new() -> Self {
        let store = memory_store();
        let clock = Arc::new(FakeClock::at(Timestamp::from_seconds(1_800_000_000)));
        let master = MasterKey::new(&Secret::new(vec![1; KEY_BYTES])).unwrap();
        let vault = Arc::new(Vault::create(&master, &mut SeededRandom::new(1)).unwrap().0);
        let made = PrivateKeys::make(SigningAlgorithm::Es256).await.unwrap();
        let keys = made.records(&pool().id, &vault, &mut SeededRandom::new(2), clock.now()).unwrap();
        let policy = KeyPolicy { algorithm: SigningAlgorithm::Es256, rotation_days: Some(10) };
        let record = SigningKeys { pool: pool().id, tenant: tenant(), policy, keys };
        commit(&*store, async |tx| {
            tx.insert(&pool()).await?;
            tx.insert(&record).await
        })
        .await;
        let keeper = KeyKeeper { store: store.clone(), vault, clock: clock.clone(), random };
        Self { store, clock, keeper }
    }

    async fn snapshot(&self) -> Snapshot {
        Builder::new(Issuers::Aws).load(&mut *self.store.read().await.unwrap()).await.unwrap()
    }

    /// Looks, so many days later, and tells how many keys there are then.
    async fn look_after(&self, days: i64) -> usize {
        self.clock.advance_seconds(days * DAY);
        self.keeper.look(&self.snapshot().await).await;
        self.keys().await.keys.len()
    }

    async fn keys(&self) -> SigningKeys {
        let mut tx = self.store.read().await.unwrap();
        tx.find::<SigningKeys>(&tenant(), "", pool().id.as_str()).await.unwrap().unwrap().record
    }
}

fn random() -> Box<dyn Random> {
    Box::new(SeededRandom::new(3))
}

#[tokio::test]
async fn a_pair_is_replaced_when_it_is_due_and_goes_when_its_last_token_is_dead() {
    let world = World::new().await;
    assert_eq!(world.look_after(9).await, 2);
    assert_eq!(world.look_after(1).await, 4);
    let now = world.clock.now();
    let keys = world.keys().await;
    let newest = keys.keys.last().unwrap();
    assert_eq!(newest.signs_from.seconds() - now.seconds(), PUBLICATION_SECONDS);
    assert_ne!(keys.signer(KeyPurpose::Access, now).unwrap().kid, newest.kid);
    assert_eq!(world.look_after(1).await, 4, "tokens of the first pair may still be alive");
    assert_eq!(world.look_after(1).await, 2);
    let keys = world.keys().await;
    assert_eq!(keys.signer(KeyPurpose::Id, world.clock.now()).unwrap().kid, keys.keys[1].kid);
}

#[tokio::test]
async fn two_nodes_that_see_the_same_replace_a_pair_once() {
    let world = World::new().await;
    world.clock.advance_seconds(10 * DAY);
    let snapshot = world.snapshot().await;
    tokio::join!(world.keeper.look(&snapshot), world.keeper.look(&snapshot));
    assert_eq!(world.keys().await.keys.len(), 4);
    world.keeper.look(&snapshot).await;
    assert_eq!(world.keys().await.keys.len(), 4);
}
