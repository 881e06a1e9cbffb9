//! Request rates that an account sets for itself.

use serde_json::{Value, json};

use crate::plane::{Plane, with};

const INVALID: &str = "InvalidParameterException";

fn limit(attributes: Value) -> Value {
    json!({"LimitDefinition": {"LimitClass": "API_CATEGORY", "Attributes": attributes}})
}

fn requested(category: &str, value: i64) -> Value {
    with(limit(json!({"Category": category})), json!({"RequestedLimitValue": value}))
}

fn shown(category: &str, provisioned: u32, free: u32) -> Value {
    let limit = limit(json!({"Category": category}));
    json!({"Limit": with(limit, json!({"ProvisionedLimitValue": provisioned, "FreeLimitValue": free}))})
}

#[tokio::test]
async fn a_rate_is_awss_default_until_it_is_set() {
    let plane = Plane::new();
    let ask = async |category: &str| plane.ok("GetProvisionedLimit", limit(json!({"Category": category}))).await;
    assert_eq!(ask("UserCreation").await, shown("UserCreation", 50, 50));
    assert_eq!(ask("ClientAuthentication").await, shown("ClientAuthentication", 150, 150));
    for rate in [51, 200, 50] {
        let set = plane.ok("UpdateProvisionedLimit", requested("UserCreation", rate)).await;
        let expected = shown("UserCreation", u32::try_from(rate).unwrap(), 50);
        assert_eq!((&set, &ask("UserCreation").await), (&expected, &expected));
    }
    assert_eq!(ask("UserRead").await, shown("UserRead", 120, 120));
}

#[tokio::test]
async fn an_account_and_region_sets_its_own() {
    let mut plane = Plane::new();
    plane.ok("UpdateProvisionedLimit", requested("UserCreation", 60)).await;
    plane.caller.region = claviger_resources::Region::parse("eu-west-1").unwrap();
    let elsewhere = plane.ok("GetProvisionedLimit", limit(json!({"Category": "UserCreation"}))).await;
    assert_eq!(elsewhere, shown("UserCreation", 50, 50));
}

#[tokio::test]
async fn refuses_what_aws_does_not_adjust() {
    let plane = Plane::new();
    let check = async |input: Value, exception: &str, message: &str| {
        plane.refused("UpdateProvisionedLimit", input, exception, message).await;
    };
    let fixed = "The request rate of ClientAuthentication is not adjustable.";
    check(requested("ClientAuthentication", 200), INVALID, fixed).await;
    let below = "The request rate of UserCreation must be at least its default, 50.";
    check(requested("UserCreation", 49), INVALID, below).await;
    check(requested("UserCreation", -1), INVALID, below).await;
    let above = "The request rate of UserCreation must be at most 1000000.";
    check(requested("UserCreation", 1_000_001), "ServiceQuotaExceededException", above).await;
    let unknown = "There is no API category Nothing.";
    check(requested("Nothing", 200), "ResourceNotFoundException", unknown).await;
    check(requested("", 200), "ResourceNotFoundException", "There is no API category .").await;
}

#[tokio::test]
async fn a_limit_is_named_by_its_category_alone() {
    let plane = Plane::new();
    let message = "Attributes must name the Category of the limit, and nothing else.";
    for attributes in [json!({}), json!({"category": "UserRead"}), json!({"Category": "UserRead", "Pool": "x"})] {
        plane.refused("GetProvisionedLimit", limit(attributes), INVALID, message).await;
    }
}
