//! The limits of single app clients: rates, budgets, and counts that outlive the node.

use std::sync::Arc;

use claviger_oauth::client::Client;
use claviger_oauth::token_error::{Limit, TokenError};
use claviger_resources::Timestamp;
use claviger_resources::client_limits::{ClientLimits, Period, TokenBudget};
use claviger_resources::rate::RateLimit;
use claviger_resources::token_usage::TokenUsage;
use claviger_runtime::issuers::Issuers;
use claviger_runtime::limits::Usage;
use claviger_runtime::snapshot::{Builder, CurrentSnapshot};
use claviger_store::{Store, Transaction, TransactionExt};
use claviger_testkit::{FakeClock, FakeMonotonic, memory_store};

use super::{client, commit, pool, tenant};

/// The hour before a month ends.
const NOW: Timestamp = Timestamp::from_seconds(1_896_130_800);
const HOUR: u64 = 3_600;

struct World {
    usage: Usage,
    clock: Arc<FakeClock>,
    monotonic: Arc<FakeMonotonic>,
}

impl World {
    fn new() -> Self {
        let (clock, monotonic) = (Arc::new(FakeClock::at(NOW)), Arc::new(FakeMonotonic::default()));
        let usage = Usage::new(Arc::clone(&clock) as _, Arc::clone(&monotonic) as _, Arc::default());
        Self { usage, clock, monotonic }
    }

    /// How many tokens in a row the client gets, and why it gets no more.
    fn take_all(&self, limits: ClientLimits) -> (u32, Limit, u64) {
        let client = limited(Some(limits));
        for taken in 0..1_000 {
            match self.usage.take(&client, &tenant()) {
                Ok(()) => {}
                Err(TokenError::OverLimit { limit, retry_after_seconds }) => {
                    return (taken, limit, retry_after_seconds);
                }
                Err(other) => panic!("{other}"),
            }
        }
        panic!("nothing stops the client")
    }

    fn used(&self, budget: TokenBudget) -> u64 {
        self.usage.tokens(&client(&[]).id, budget)
    }
}

pub(super) fn limited(limits: Option<ClientLimits>) -> Client {
    Client {
        id: client(&[]).id,
        pool: pool().id,
        secrets: Box::default(),
        oauth_enabled: true,
        client_credentials: true,
        scopes: Box::default(),
        access_token_seconds: 3600,
        limits: limits.map(Box::new),
        client_token_auth: false,
        extra_claims: None,
    }
}

fn rate(rate: f64, burst: u32) -> ClientLimits {
    ClientLimits { rate: Some(RateLimit { rate, burst }), budget: None }
}

fn budget(tokens: u64, period: Period) -> TokenBudget {
    TokenBudget { tokens, period }
}

fn only(budget: TokenBudget) -> ClientLimits {
    ClientLimits { rate: None, budget: Some(budget) }
}

/// What a node serves when the store holds what it holds.
async fn served(store: &dyn Store) -> Arc<CurrentSnapshot> {
    CurrentSnapshot::load(store, &mut Builder::new(Issuers::Aws)).await.unwrap()
}

async fn stored(store: &dyn Store) -> Option<TokenUsage> {
    let mut tx = store.read().await.unwrap();
    let stored = tx.find::<TokenUsage>(&tenant(), pool().id.as_str(), client(&[]).id.as_str()).await.unwrap();
    stored.map(|stored| stored.record)
}

/// A store that holds a pool and its client.
pub(super) async fn store_with_client() -> Arc<dyn Store> {
    let store = memory_store();
    let both = async |tx: &mut dyn Transaction| {
        tx.insert(&pool()).await?;
        tx.insert(&client(&[])).await
    };
    commit(&*store, both).await;
    store
}

#[test]
fn a_client_without_limits_is_not_counted() {
    let world = World::new();
    for _ in 0..10 {
        assert_eq!(world.usage.take(&limited(None), &tenant()), Ok(()));
    }
    assert_eq!(world.used(budget(1, Period::Day)), 0);
}

#[test]
fn a_rate_goes_by_the_monotonic_clock_alone() {
    let world = World::new();
    assert_eq!(world.take_all(rate(0.5, 3)), (3, Limit::ClientRate, 2));
    world.clock.advance_seconds(100_000);
    assert_eq!(world.take_all(rate(0.5, 3)), (0, Limit::ClientRate, 2));
    world.monotonic.advance_milliseconds(4_000);
    assert_eq!(world.take_all(rate(0.5, 3)), (2, Limit::ClientRate, 2));
    // A new rate holds at once.
    world.monotonic.advance_milliseconds(1_000);
    assert_eq!(world.take_all(rate(10.0, 3)), (3, Limit::ClientRate, 1));
}

#[test]
fn a_budget_is_for_one_day_or_month_of_the_wall_clock() {
    let check = |period: Period, left: u64, advance: i64, expected: u32| {
        let world = World::new();
        let budget = budget(5, period);
        assert_eq!(world.take_all(only(budget)), (5, Limit::ClientBudget(budget), left), "{period}");
        assert_eq!(world.used(budget), 5);
        world.monotonic.advance_milliseconds(100_000_000);
        world.clock.advance_seconds(advance);
        assert_eq!(world.take_all(only(budget)).0, expected, "{period} {advance}");
    };
    check(Period::Day, HOUR, 3_599, 0);
    check(Period::Day, HOUR, 3_600, 5);
    check(Period::Month, HOUR, 3_599, 0);
    check(Period::Month, HOUR, 3_600, 5);
}

#[test]
fn what_is_refused_or_not_made_is_not_counted_against_the_budget() {
    let world = World::new();
    let budget = budget(5, Period::Day);
    let limits = ClientLimits { budget: Some(budget), ..rate(1.0, 2) };
    assert_eq!(world.take_all(limits), (2, Limit::ClientRate, 1));
    assert_eq!(world.take_all(limits), (0, Limit::ClientRate, 1));
    assert_eq!(world.used(budget), 2);
    world.usage.give_back(&limited(Some(limits)));
    assert_eq!(world.used(budget), 1);
    world.monotonic.advance_milliseconds(2_000);
    assert_eq!(world.take_all(limits), (2, Limit::ClientRate, 1));
    world.monotonic.advance_milliseconds(2_000);
    assert_eq!(world.take_all(limits), (2, Limit::ClientBudget(budget), HOUR));
    // A token that is refused for the budget takes nothing from the rate.
    world.monotonic.advance_milliseconds(2_000);
    assert_eq!(world.take_all(limits), (0, Limit::ClientBudget(budget), HOUR));
    assert_eq!(world.take_all(rate(1.0, 2)), (2, Limit::ClientRate, 1));
}

#[tokio::test]
async fn counts_outlive_the_node() {
    let store = store_with_client().await;
    let current = served(&*store).await;
    let (budget, world) = (budget(5, Period::Month), World::new());
    let client = limited(Some(only(budget)));
    world.usage.take(&client, &tenant()).unwrap();
    world.usage.take(&client, &tenant()).unwrap();
    assert_eq!(stored(&*store).await, None, "a token writes nothing");
    world.usage.flush(&*store, &current).await.unwrap();
    assert_eq!(stored(&*store).await.map(|usage| usage.tokens), Some(2));
    world.usage.take(&client, &tenant()).unwrap();
    world.usage.flush(&*store, &current).await.unwrap();
    assert_eq!(stored(&*store).await.map(|usage| usage.tokens), Some(3));

    let next = World::new();
    next.usage.load(&mut *store.read().await.unwrap()).await.unwrap();
    assert_eq!(next.used(budget), 3);
    assert_eq!(next.take_all(only(budget)), (2, Limit::ClientBudget(budget), HOUR));
    let revision = store.read().await.unwrap().revision().await.unwrap();
    world.usage.flush(&*store, &current).await.unwrap();
    assert_eq!(store.read().await.unwrap().revision().await.unwrap(), revision, "nothing changed, nothing is written");
}

#[tokio::test]
async fn counts_of_a_deleted_client_are_let_go() {
    let store = store_with_client().await;
    let before = served(&*store).await;
    let (budget, world) = (budget(5, Period::Day), World::new());
    world.usage.take(&limited(Some(only(budget))), &tenant()).unwrap();
    commit(&*store, async |tx: &mut dyn Transaction| tx.delete(&client(&[])).await.map(drop)).await;
    // The snapshot may be behind the store.
    world.usage.flush(&*store, &before).await.unwrap();
    assert_eq!((stored(&*store).await, world.used(budget)), (None, 1));
    world.usage.flush(&*store, &*served(&*store).await).await.unwrap();
    assert_eq!((stored(&*store).await, world.used(budget)), (None, 0));
}
