//! What several nodes have counted, brought together.

use std::sync::Arc;

use claviger_resources::client_limits::{ClientLimits, Period, TokenBudget};
use claviger_resources::usage_plan::UsagePlan;
use claviger_resources::usage_quota::{QuotaPeriod, UsageQuota};
use claviger_resources::{Clock, Monotonic, Timestamp};
use claviger_runtime::limits::Limits;
use claviger_runtime::snapshot::CurrentSnapshot;
use claviger_store::{Revision, Store, Transaction, TransactionExt};
use claviger_testkit::{FakeClock, FakeMonotonic, memory_store};

use super::plan_usage::{key_id, place, plan, served};
use super::usage::limited;
use super::{client, commit, pool, tenant};

const BUDGET: TokenBudget = TokenBudget { tokens: 10, period: Period::Day };

/// A node, as far as it counts.
struct Node {
    limits: Limits,
    current: Arc<CurrentSnapshot>,
    store: Arc<dyn Store>,
    heard: Revision,
}

impl Node {
    async fn new(store: &Arc<dyn Store>, clock: &Arc<FakeClock>) -> Self {
        let (clock, monotonic): (Arc<dyn Clock>, Arc<dyn Monotonic>) =
            (clock.clone(), Arc::new(FakeMonotonic::default()));
        let current = Box::pin(served(&**store)).await;
        let limits = Limits::new(&current, &clock, &monotonic, false);
        limits.load(&mut *store.read().await.unwrap()).await.unwrap();
        Self { limits, heard: current.load_full().revision(), current, store: Arc::clone(store) }
    }

    /// What a node does every few seconds.
    async fn reconcile(&mut self) {
        self.limits.flush(&*self.store, &self.current).await.unwrap();
        self.heard = self.limits.hear(&*self.store, self.heard).await.unwrap();
    }

    /// How many of these tokens the client gets.
    fn tokens(&self, asked: usize) -> usize {
        let client = limited(Some(ClientLimits { rate: None, budget: Some(BUDGET) }));
        (0..asked).filter(|_| self.limits.usage.take(&client, &tenant()).is_ok()).count()
    }

    fn used(&self) -> u64 {
        self.limits.usage.tokens(&client(&[]).id, BUDGET)
    }

    /// How many of these requests of an API key are let through.
    fn requests(&self, asked: usize) -> usize {
        (0..asked).filter(|_| self.limits.plan_usage.take(&daily(), &key_id("k1"), None).is_ok()).count()
    }
}

fn daily() -> UsagePlan {
    plan("p1", "live", UsageQuota { limit: 10, offset: 0, period: QuotaPeriod::Day })
}

/// Two nodes on a store with an app client, and with an API key in a plan.
async fn two() -> (Node, Node, Arc<FakeClock>) {
    let store: Arc<dyn Store> = memory_store();
    let make = async |tx: &mut dyn Transaction| {
        tx.insert(&pool()).await?;
        tx.insert(&client(&[])).await?;
        tx.insert(&daily()).await?;
        tx.insert(&place("p1", "k1")).await
    };
    commit(&*store, make).await;
    let clock = Arc::new(FakeClock::at(Timestamp::from_seconds(1_893_456_000)));
    (Node::new(&store, &clock).await, Node::new(&store, &clock).await, clock)
}

#[tokio::test]
async fn a_budget_is_one_for_all_nodes() {
    let (mut one, mut two, clock) = Box::pin(two()).await;
    assert_eq!((one.tokens(3), two.tokens(4)), (3, 4));
    one.reconcile().await;
    two.reconcile().await;
    assert_eq!((one.used(), two.used()), (3, 7), "the first has not looked since");
    one.reconcile().await;
    assert_eq!((one.used(), two.used()), (7, 7));
    // What both hand out between two looks may go beyond it.
    assert_eq!((one.tokens(9), two.tokens(9)), (3, 3));
    for node in [&mut one, &mut two] {
        node.reconcile().await;
    }
    one.reconcile().await;
    assert_eq!((one.used(), two.used(), one.tokens(1), two.tokens(1)), (13, 13, 0, 0));
    // A new day begins for one of them first.
    clock.advance_seconds(86_400);
    assert_eq!(one.tokens(2), 2);
    one.reconcile().await;
    two.reconcile().await;
    assert_eq!((one.used(), two.tokens(9)), (2, 9), "it has not begun to count the day");
    two.reconcile().await;
    one.reconcile().await;
    assert_eq!((one.used(), two.used()), (11, 11));
}

#[tokio::test]
async fn what_is_given_back_on_one_node_may_be_had_on_the_other() {
    let (mut one, mut two, _) = Box::pin(two()).await;
    assert_eq!(one.tokens(10), 10);
    one.reconcile().await;
    one.limits.usage.give_back(&limited(Some(ClientLimits { rate: None, budget: Some(BUDGET) })));
    one.reconcile().await;
    two.reconcile().await;
    assert_eq!((one.used(), two.used(), two.tokens(5)), (9, 9, 1));
}

#[tokio::test]
async fn a_quota_is_one_for_all_nodes() {
    let (mut one, mut two, clock) = Box::pin(two()).await;
    assert_eq!((one.requests(2), two.requests(6)), (2, 6));
    one.reconcile().await;
    two.reconcile().await;
    one.reconcile().await;
    let days = one.limits.plan_usage.days(&daily().id, &key_id("k1"));
    assert_eq!(days.values().sum::<u64>(), 8);
    assert_eq!(days, two.limits.plan_usage.days(&daily().id, &key_id("k1")));
    assert_eq!((one.requests(9), two.requests(0)), (2, 0));
    one.limits.plan_usage.give_back(&daily().id, &key_id("k1"));
    one.reconcile().await;
    two.reconcile().await;
    assert_eq!(two.requests(9), 1);
    clock.advance_seconds(86_400);
    assert_eq!((one.requests(9), two.requests(1)), (9, 1));
}

#[tokio::test]
async fn a_node_that_was_away_for_long_reads_all_counts_again() {
    let (mut one, two, _) = Box::pin(two()).await;
    assert_eq!(two.tokens(4), 4);
    two.limits.flush(&*two.store, &two.current).await.unwrap();
    // A revision that the store never had is as one that its feed has forgotten.
    one.heard = Revision(1_000_000);
    one.tokens(1);
    one.heard = one.limits.hear(&*one.store, one.heard).await.unwrap();
    assert_eq!((one.used(), one.heard), (5, Revision(2)));
}
