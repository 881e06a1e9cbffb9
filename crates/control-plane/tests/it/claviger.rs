//! Our own service: what app clients have beyond AWS's settings.

use claviger_resources::app_client::AppClient;
use claviger_resources::client_limits::{Period, TokenBudget};
use claviger_resources::rate::RateLimit;
use claviger_store::{Name, Namespace, TransactionExt};
use serde_json::{Value, json};

use crate::plane::{Plane, with};

const DESCRIBE: &str = "Claviger.DescribeAppClientExtras";
const UPDATE: &str = "Claviger.UpdateAppClientExtras";
const INVALID: &str = "InvalidParameterException";
/// Midnight after the clock's time, and the first of its next month.
const TOMORROW: f64 = 1_893_542_400.0;
const NEXT_MONTH: f64 = 1_896_134_400.0;

struct World {
    plane: Plane,
    pool: String,
    id: String,
}

impl World {
    async fn new() -> Self {
        let plane = Plane::new();
        let pool = plane.pool_with_scopes().await;
        let id = plane.client(&pool).await["ClientId"].as_str().unwrap().to_owned();
        Self { plane, pool, id }
    }

    async fn update(&self, changes: Value) -> Value {
        self.plane.call(UPDATE, with(json!({"ClientId": self.id}), changes)).await.1
    }

    async fn describe(&self) -> Value {
        self.plane.call(DESCRIBE, json!({"ClientId": self.id})).await.1
    }

    /// The extras that are shown, without what names the client.
    fn shown(&self, extras: Value) -> Value {
        with(json!({"ClientId": self.id, "UserPoolId": self.pool, "ClientName": "station"}), extras)
    }
}

#[tokio::test]
async fn a_client_has_nothing_beyond_awss_settings_until_it_is_set() {
    let world = World::new().await;
    assert_eq!(world.describe().await, world.shown(json!({})));
    assert_eq!(world.update(json!({})).await, world.shown(json!({})));
}

#[tokio::test]
async fn what_is_given_is_set_and_the_rest_stays() {
    let world = World::new().await;
    let check = async |changes: Value, expected: Value| {
        let answer = world.update(changes.clone()).await;
        assert_eq!(
            (&answer, &world.describe().await),
            (&world.shown(expected.clone()), &world.shown(expected)),
            "{changes}"
        );
    };
    let rate = |rate: f64, burst: u32| json!({"Rate": {"RequestsPerSecond": rate, "Burst": burst}});
    check(json!({"Rate": {"RequestsPerSecond": 5}}), rate(5.0, 5)).await;
    check(json!({"Rate": {"Burst": 20}}), rate(5.0, 20)).await;
    check(json!({"Rate": {"RequestsPerSecond": 0.3}}), rate(0.3, 1)).await;
    check(json!({"Rate": {"RequestsPerSecond": 2.5, "Burst": 7}}), rate(2.5, 7)).await;
    let day = json!({"Budget": {"Tokens": 100, "Period": "DAY", "Used": 0, "ResetsAt": TOMORROW}});
    check(json!({"Budget": {"Tokens": 100, "Period": "DAY"}}), with(rate(2.5, 7), day)).await;
    let month = json!({"Budget": {"Tokens": 9, "Period": "MONTH", "Used": 0, "ResetsAt": NEXT_MONTH}});
    check(json!({"Budget": {"Tokens": 9, "Period": "MONTH"}, "Unset": ["RATE"]}), month).await;
    check(json!({"Unset": ["BUDGET", "RATE"]}), json!({})).await;
}

#[tokio::test]
async fn limits_are_stored_with_the_client_and_outlive_an_update_of_its_settings() {
    let world = World::new().await;
    world.update(json!({"Rate": {"RequestsPerSecond": 5}, "Budget": {"Tokens": 100, "Period": "DAY"}})).await;
    let settings = json!({"UserPoolId": world.pool, "ClientId": world.id, "ClientName": "mast"});
    world.plane.ok("UpdateUserPoolClient", settings).await;
    let mut tx = world.plane.stored().await;
    let stored = tx.find_named::<AppClient>(&Name::new(Namespace::ClientId, &*world.id)).await.unwrap().unwrap();
    drop(tx);
    let limits = stored.limits.unwrap();
    assert_eq!(limits.rate, Some(RateLimit { rate: 5.0, burst: 5 }));
    assert_eq!(limits.budget, Some(TokenBudget { tokens: 100, period: Period::Day }));
    // AWS's own description knows nothing of it.
    let shown = world.plane.ok("DescribeUserPoolClient", json!({"UserPoolId": world.pool, "ClientId": world.id})).await;
    assert!(
        shown["UserPoolClient"].get("limits").is_none() && shown["UserPoolClient"].get("Rate").is_none(),
        "{shown}"
    );
}

#[tokio::test]
async fn claims_are_set_and_taken_away_one_by_one_or_all_at_once() {
    let world = World::new().await;
    let check = async |changes: Value, expected: Value| {
        let answer = world.update(changes.clone()).await;
        let expected = world.shown(expected);
        assert_eq!((&answer, &world.describe().await), (&expected, &expected), "{changes}");
    };
    check(
        json!({"Claims": {"tenant": "north", "plan": {"level": 3}}}),
        json!({"Claims": {"plan": {"level": 3}, "tenant": "north"}}),
    )
    .await;
    check(json!({"Claims": {"tenant": "south"}, "UnsetClaims": ["plan"]}), json!({"Claims": {"tenant": "south"}}))
        .await;
    check(json!({"UnsetClaims": ["unknown"]}), json!({"Claims": {"tenant": "south"}})).await;
    check(json!({"Unset": ["CLAIMS"], "Claims": {"plan": 1}}), json!({"Claims": {"plan": 1}})).await;
    check(json!({"Unset": ["CLAIMS"]}), json!({})).await;

    let refused = "Claims cannot be set: the claim \"sub\" is set by the issuer and cannot be given.";
    let (status, body) = world.plane.call(UPDATE, json!({"ClientId": world.id, "Claims": {"sub": "me"}})).await;
    assert_eq!((status, body), (400, json!({"__type": INVALID, "message": refused})));
    let many: serde_json::Map<String, Value> = (0..51).map(|number| (format!("c{number}"), json!(1))).collect();
    let (status, body) = world.plane.call(UPDATE, json!({"ClientId": world.id, "Claims": many})).await;
    let refused = "Claims cannot be set: a client can have up to 50 claims of its own.";
    assert_eq!((status, body), (400, json!({"__type": INVALID, "message": refused})));
    assert_eq!(world.describe().await, world.shown(json!({})));
}

#[tokio::test]
async fn a_client_is_found_in_whatever_account_and_region() {
    let mut world = World::new().await;
    world.plane.caller.region = claviger_resources::Region::parse("eu-west-1").unwrap();
    world.plane.caller.account = claviger_resources::AccountId::parse("111122223333").unwrap();
    assert_eq!(world.describe().await, world.shown(json!({})));
}

#[tokio::test]
async fn refuses_what_makes_no_limit() {
    let world = World::new().await;
    let check = async |changes: Value, exception: &str, message: &str| {
        let (status, body) = world.plane.call(UPDATE, with(json!({"ClientId": world.id}), changes)).await;
        assert_eq!((status, body), (400, json!({"__type": exception, "message": message})));
    };
    check(json!({"ClientId": "none"}), "ResourceNotFoundException", "App client none does not exist.").await;
    let burst = "Burst needs RequestsPerSecond: the app client has no rate yet.";
    check(json!({"Rate": {"Burst": 5}}), INVALID, burst).await;
    check(json!({"Rate": {}}), INVALID, burst).await;
    let range = "RequestsPerSecond must be greater than 0 and at most 1000000.";
    for rate in [0.0, -0.0, -1.0, 1_000_000.5, 1e300] {
        check(json!({"Rate": {"RequestsPerSecond": rate}}), INVALID, range).await;
    }
    let both = json!({"Rate": {"RequestsPerSecond": 1}, "Unset": ["RATE"]});
    check(both, INVALID, "Rate cannot be both set and unset.").await;
    let both = json!({"Budget": {"Tokens": 1, "Period": "DAY"}, "Unset": ["BUDGET"]});
    check(both, INVALID, "Budget cannot be both set and unset.").await;
    for broken in [
        json!({"Rate": {"RequestsPerSecond": 1, "Burst": 0}}),
        json!({"Budget": {"Tokens": -1, "Period": "DAY"}}),
        json!({"Budget": {"Tokens": 1, "Period": "WEEK"}}),
        json!({"Budget": {"Tokens": 1}}),
        json!({"Unset": ["CLIENT"]}),
        json!({"ClientId": "no client"}),
    ] {
        let (status, body) = world.plane.call(UPDATE, with(json!({"ClientId": world.id}), broken.clone())).await;
        assert_eq!((status, &body["__type"]), (400, &json!(INVALID)), "{broken}: {body}");
    }
    assert_eq!(world.describe().await, world.shown(json!({})));
}

#[tokio::test]
async fn has_no_other_operation() {
    let plane = Plane::new();
    let (status, body) = plane.call("Claviger.Fly", json!({})).await;
    let message = "Claviger has no operation Fly.";
    assert_eq!((status, body), (400, json!({"__type": "UnknownOperationException", "message": message})));
}
