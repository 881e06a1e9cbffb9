//! API keys under usage plans: who is served, how much of a quota is used, and counts that outlive the node.

use std::sync::Arc;

use claviger_resources::api_key::{ApiKey, ApiKeyDigest};
use claviger_resources::key_usage::KeyUsage;
use claviger_resources::rate::RateLimit;
use claviger_resources::rest_api::MethodVerb;
use claviger_resources::usage_plan::{ApiStage, Grant, UsagePlan, UsagePlanKey};
use claviger_resources::usage_quota::{QuotaPeriod, UsageQuota};
use claviger_resources::{ApiKeyId, RestApiId, Sealed, StageName, Timestamp, UsagePlanId};
use claviger_runtime::issuers::Issuers;
use claviger_runtime::limits::PlanUsage;
use claviger_runtime::limits::plan_usage::QuotaExceeded;
use claviger_runtime::snapshot::{Builder, CurrentSnapshot};
use claviger_store::{Store, Transaction, TransactionExt};
use claviger_testkit::{FakeClock, memory_store};

use super::{apply, commit, load, tenant};

const DAY: i64 = 86_400;

fn plan_id(id: &str) -> UsagePlanId {
    UsagePlanId::parse(id).unwrap()
}

pub(super) fn key_id(id: &str) -> ApiKeyId {
    ApiKeyId::parse(id).unwrap()
}

pub(super) fn plan(id: &str, stage: &str, quota: impl Into<Option<UsageQuota>>) -> UsagePlan {
    let stage = ApiStage {
        api_id: RestApiId::parse("api").unwrap(),
        stage: StageName::parse(stage).unwrap(),
        throttle: [("/pets/GET".to_owned(), RateLimit { rate: 1.0, burst: 2 })].into(),
    };
    UsagePlan {
        id: plan_id(id),
        tenant: tenant(),
        name: id.to_owned(),
        description: None,
        api_stages: vec![stage],
        throttle: None,
        quota: quota.into(),
        product_code: None,
        tags: None,
    }
}

fn key(id: &str, digest: u8, enabled: bool) -> ApiKey {
    ApiKey {
        id: key_id(id),
        tenant: tenant(),
        number: 1,
        name: None,
        description: None,
        customer_id: None,
        enabled,
        digest: ApiKeyDigest::new([digest; 32]),
        sealed: Sealed::from_bytes(vec![1]),
        stage_keys: Vec::new(),
        tags: None,
        created_date: Timestamp::default(),
        last_updated_date: Timestamp::default(),
    }
}

pub(super) fn place(plan: &str, key: &str) -> UsagePlanKey {
    UsagePlanKey { plan: plan_id(plan), key: key_id(key), tenant: tenant(), number: 1, grant: None }
}

fn quota(limit: u32, period: QuotaPeriod) -> UsageQuota {
    UsageQuota { limit, offset: 0, period }
}

fn counts() -> (PlanUsage, Arc<FakeClock>) {
    let clock = Arc::new(FakeClock::default());
    (PlanUsage::new(Arc::clone(&clock) as _), clock)
}

/// How many requests in a row are let through.
fn let_through(usage: &PlanUsage, plan: &UsagePlan, grant: Option<Grant>) -> u32 {
    (0..100).find(|_| usage.take(plan, &key_id("k1"), grant).is_err()).unwrap_or(100)
}

#[tokio::test]
async fn the_snapshot_follows_keys_plans_and_who_is_in_which() {
    let store = memory_store();
    let mut builder = Builder::new(Issuers::Aws);
    let mut snapshot = load(&*store).await;
    let (api, live, dev) =
        (RestApiId::parse("api").unwrap(), StageName::parse("live").unwrap(), StageName::parse("dev").unwrap());
    let make = async |tx: &mut dyn Transaction| {
        tx.insert(&key("k1", 1, true)).await?;
        tx.insert(&plan("p1", "live", None)).await?;
        tx.insert(&plan("p2", "dev", None)).await?;
        tx.insert(&place("p1", "k1")).await?;
        tx.insert(&place("p2", "k1")).await
    };
    commit(&*store, make).await;
    snapshot = apply(&*store, &mut builder, &snapshot).await;
    for snapshot in [&snapshot, &load(&*store).await] {
        let plans = snapshot.usage_plans();
        let served = plans.key(&ApiKeyDigest::new([1; 32])).unwrap();
        assert_eq!((served.id.as_str(), served.enabled), ("k1", true));
        assert!(plans.key(&ApiKeyDigest::new([2; 32])).is_none());
        let of = |stage: &StageName| plans.plan_for(&served.id, &api, stage).map(|(plan, _)| plan.plan.id.to_string());
        assert_eq!((of(&live), of(&dev)), (Some("p1".to_owned()), Some("p2".to_owned())));
        let (one, _) = plans.plan_for(&served.id, &api, &live).unwrap();
        let limit = |path: &str, verb| one.method_limit(&api, &live, path, verb).map(|limit| limit.burst);
        assert_eq!(limit("/pets", MethodVerb::Get), Some(2));
        assert_eq!((limit("/pets", MethodVerb::Put), limit("/", MethodVerb::Get)), (None, None));
    }
    let change = async |tx: &mut dyn Transaction| {
        let mut stored = tx.find::<ApiKey>(&tenant(), "", "k1").await?.unwrap();
        stored.enabled = false;
        tx.replace(&stored).await?;
        let mut stored = tx.find::<UsagePlanKey>(&tenant(), "p1", "k1").await?.unwrap();
        stored.grant = Some(Grant { start: Timestamp::default(), requests: 5 });
        tx.replace(&stored).await?;
        tx.delete(&place("p2", "k1")).await.map(drop)
    };
    commit(&*store, change).await;
    snapshot = apply(&*store, &mut builder, &snapshot).await;
    let plans = snapshot.usage_plans();
    assert!(!plans.key(&ApiKeyDigest::new([1; 32])).unwrap().enabled);
    let grant = plans.plan_for(&key_id("k1"), &api, &live).unwrap().1;
    assert_eq!(grant.map(|grant| grant.requests), Some(5));
    assert!(plans.plan_for(&key_id("k1"), &api, &dev).is_none());
    let delete = async |tx: &mut dyn Transaction| {
        tx.delete(&place("p1", "k1")).await?;
        tx.delete(&plan("p1", "live", None)).await?;
        tx.delete(&key("k1", 1, true)).await.map(drop)
    };
    commit(&*store, delete).await;
    snapshot = apply(&*store, &mut builder, &snapshot).await;
    let plans = snapshot.usage_plans();
    assert!(plans.key(&ApiKeyDigest::new([1; 32])).is_none() && plans.plans_of(&key_id("k1")).next().is_none());
}

#[test]
fn a_quota_is_for_one_day_week_or_month_of_the_wall_clock() {
    // The clock stands at the start of Tuesday, the first of January 2030.
    let check = |period: QuotaPeriod, days: i64| {
        let (usage, clock) = counts();
        let plan = plan("p1", "live", quota(5, period));
        assert_eq!(let_through(&usage, &plan, None), 5, "{period:?}");
        clock.advance_seconds(days * DAY - 1);
        assert_eq!(let_through(&usage, &plan, None), 0, "{period:?}");
        clock.advance_seconds(1);
        assert_eq!(let_through(&usage, &plan, None), 5, "{period:?}");
    };
    check(QuotaPeriod::Day, 1);
    check(QuotaPeriod::Week, 5);
    check(QuotaPeriod::Month, 31);
}

#[test]
fn what_is_given_back_may_be_used_and_a_changed_quota_holds_at_once() {
    let (usage, clock) = counts();
    let daily = plan("p1", "live", quota(3, QuotaPeriod::Day));
    assert_eq!(let_through(&usage, &daily, None), 3);
    assert_eq!(usage.take(&daily, &key_id("k1"), None), Err(QuotaExceeded(daily.quota.unwrap())));
    usage.give_back(&daily.id, &key_id("k1"));
    assert_eq!(let_through(&usage, &daily, None), 1);
    assert_eq!(usage.take(&daily, &key_id("k2"), None), Ok(()), "another key has a quota of its own");
    clock.advance_seconds(DAY);
    // What was used yesterday counts for the week.
    assert_eq!(let_through(&usage, &plan("p1", "live", quota(5, QuotaPeriod::Week)), None), 2);
    let grant = |requests: i64| Some(Grant { start: clock_start(), requests });
    assert_eq!(let_through(&usage, &daily, grant(100)), 1, "a grant of another day is none");
    assert_eq!(let_through(&usage, &plan("p1", "live", None), None), 100, "no quota, no bound");
}

fn clock_start() -> Timestamp {
    Timestamp::from_seconds(1_893_456_000)
}

#[test]
fn a_grant_adds_to_the_quota_or_takes_from_it() {
    for (requests, expected) in [(2, 5), (-2, 1), (-9, 0)] {
        let (usage, _) = counts();
        let daily = plan("p1", "live", quota(3, QuotaPeriod::Day));
        let grant = Some(Grant { start: clock_start(), requests });
        assert_eq!(let_through(&usage, &daily, grant), expected, "{requests}");
    }
}

/// A store that holds a plan and its key.
async fn store_with_key() -> Arc<dyn Store> {
    let store = memory_store();
    let make = async |tx: &mut dyn Transaction| {
        tx.insert(&plan("p1", "live", None)).await?;
        tx.insert(&place("p1", "k1")).await
    };
    commit(&*store, make).await;
    store
}

pub(super) async fn served(store: &dyn Store) -> Arc<CurrentSnapshot> {
    CurrentSnapshot::load(store, &mut Builder::new(Issuers::Aws)).await.unwrap()
}

async fn stored(store: &dyn Store) -> Vec<u64> {
    let mut tx = store.read().await.unwrap();
    let stored = tx.find::<KeyUsage>(&tenant(), "p1", "k1").await.unwrap();
    stored.map(|stored| stored.record.days.into_values().collect()).unwrap_or_default()
}

#[tokio::test]
async fn counts_outlive_the_node_and_are_kept_for_ninety_days() {
    let store = store_with_key().await;
    let current = served(&*store).await;
    let (usage, clock) = counts();
    let monthly = plan("p1", "live", quota(5, QuotaPeriod::Month));
    usage.take(&monthly, &key_id("k1"), None).unwrap();
    clock.advance_seconds(DAY);
    usage.take(&monthly, &key_id("k1"), None).unwrap();
    assert_eq!(stored(&*store).await, [0; 0], "a request writes nothing");
    usage.flush(&*store, &current).await.unwrap();
    assert_eq!(stored(&*store).await, [1, 1]);
    let (next, _) = counts();
    next.load(&mut *store.read().await.unwrap()).await.unwrap();
    assert_eq!(let_through(&next, &monthly, None), 3);
    next.flush(&*store, &current).await.unwrap();
    assert_eq!(stored(&*store).await, [4, 1]);
    let revision = async || store.read().await.unwrap().revision().await.unwrap();
    let before = revision().await;
    next.flush(&*store, &current).await.unwrap();
    assert_eq!(revision().await, before, "nothing changed, nothing is written");
    for _ in 0..100 {
        clock.advance_seconds(DAY);
        usage.take(&plan("p1", "live", None), &key_id("k1"), None).unwrap();
    }
    assert_eq!(usage.days(&plan_id("p1"), &key_id("k1")).len(), 90);
}

#[tokio::test]
async fn counts_of_a_key_that_left_its_plan_are_let_go() {
    let store = store_with_key().await;
    let before = served(&*store).await;
    let (usage, _) = counts();
    usage.take(&plan("p1", "live", None), &key_id("k1"), None).unwrap();
    commit(&*store, async |tx: &mut dyn Transaction| tx.delete(&place("p1", "k1")).await.map(drop)).await;
    // The snapshot may be behind the store.
    usage.flush(&*store, &before).await.unwrap();
    assert_eq!((stored(&*store).await.len(), usage.days(&plan_id("p1"), &key_id("k1")).len()), (0, 1));
    usage.flush(&*store, &*served(&*store).await).await.unwrap();
    assert_eq!(usage.days(&plan_id("p1"), &key_id("k1")).len(), 0);
}
