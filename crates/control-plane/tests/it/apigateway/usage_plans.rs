//! Usage plans, their keys and stages, and what they say was used.

use claviger_resources::ApiKeyId;
use claviger_resources::usage_plan::UsagePlan;
use claviger_store::{Kind, TransactionExt};
use serde_json::{Value, json};

use super::{answered, api, refused};
use crate::plane::Plane;

const BAD: &str = "BadRequestException";
const CONFLICT: &str = "ConflictException";
const NOT_FOUND: &str = "NotFoundException";

async fn made(plane: &Plane, request: &str, input: Value) -> String {
    answered(plane, 201, request, input).await["id"].as_str().unwrap().to_owned()
}

async fn plan(plane: &Plane, input: Value) -> String {
    let mut whole = json!({"name": "plan"});
    whole.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
    made(plane, "POST /usageplans", whole).await
}

async fn key(plane: &Plane) -> String {
    made(plane, "POST /apikeys", json!({"name": "key", "enabled": true})).await
}

async fn attach(plane: &Plane, plan: &str, key: &str) -> Value {
    answered(plane, 201, &format!("POST /usageplans/{plan}/keys"), place(key)).await
}

fn place(key: &str) -> Value {
    json!({"keyId": key, "keyType": "API_KEY"})
}

fn patch(op: &str, path: &str, value: &str) -> Value {
    json!({"patchOperations": [{"op": op, "path": path, "value": value}]})
}

/// The id of an API with the stage `live`.
async fn served(plane: &Plane) -> String {
    let (path, root) = api(plane).await;
    answered(plane, 201, &format!("PUT {root}/methods/GET"), json!({"authorizationType": "NONE"})).await;
    answered(plane, 201, &format!("PUT {root}/methods/GET/integration"), json!({"type": "MOCK"})).await;
    answered(plane, 201, &format!("POST {path}/deployments"), json!({"stageName": "live"})).await;
    path.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_plan_shows_what_it_was_made_with() {
    let plane = Plane::new();
    let api = served(&plane).await;
    let input = json!({
        "name": "gold", "description": "d", "tags": {"team": "weather"},
        "apiStages": [{"apiId": api, "stage": "live", "throttle": {"/pets/GET": {"burstLimit": 1, "rateLimit": 0.5}}}],
        "throttle": {"burstLimit": 10, "rateLimit": 0.3}, "quota": {"limit": 500, "offset": 1, "period": "WEEK"},
    });
    let created = answered(&plane, 201, "POST /usageplans", input.clone()).await;
    let id = created["id"].as_str().unwrap();
    assert_eq!(id.len(), 6);
    let mut expected = input;
    expected["id"] = json!(id);
    assert_eq!(created, expected);
    assert_eq!(answered(&plane, 200, &format!("GET /usageplans/{id}"), Value::Null).await, expected);
    let least =
        answered(&plane, 201, "POST /usageplans", json!({"name": "least", "quota": {"limit": 1, "period": "DAY"}}))
            .await;
    let quota = json!({"limit": 1, "offset": 0, "period": "DAY"});
    assert_eq!((&least["quota"], &least["apiStages"], &least["tags"]), (&quota, &json!([]), &json!({})));
    assert!(least.get("throttle").is_none());
    let list = answered(&plane, 200, "GET /usageplans", Value::Null).await;
    assert_eq!(list["item"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_no_plan_can_be_is_refused() {
    let plane = Plane::new();
    let api = served(&plane).await;
    for (members, status, exception, message) in [
        (json!({"name": ""}), 400, BAD, "Usage Plan name must not be empty"),
        (json!({"apiStages": [{"apiId": "none", "stage": "live"}]}), 404, NOT_FOUND, "API Stage not found: none:live"),
        (
            json!({"apiStages": [{"apiId": api, "stage": "dev"}]}),
            404,
            NOT_FOUND,
            &*format!("API Stage not found: {api}:dev"),
        ),
        (
            json!({"apiStages": [{"apiId": api, "stage": "live"}, {"apiId": api, "stage": "live"}]}),
            400,
            BAD,
            "Invalid API Stage specified",
        ),
        (json!({"throttle": {"rateLimit": -0.5}}), 400, BAD, "Invalid rate limit specified"),
        (json!({"throttle": {"burstLimit": -1}}), 400, BAD, "Invalid burst limit specified"),
        (json!({"quota": {"limit": -1, "period": "DAY"}}), 400, BAD, "Invalid quota limit specified"),
        (
            json!({"quota": {"limit": 1}}),
            400,
            BAD,
            "Invalid quota period specified. Valid options are DAY, WEEK, MONTH",
        ),
        (
            json!({"quota": {"limit": 1, "offset": 7, "period": "WEEK"}}),
            400,
            BAD,
            "Invalid quota offset specified: it must be between 0 and 6 for the period WEEK",
        ),
    ] {
        let mut input = json!({"name": "plan"});
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        refused(&plane, "POST /usageplans", input, status, exception, message).await;
    }
    let unknown = "Invalid Usage Plan ID specified";
    for request in
        ["GET /usageplans/none", "PATCH /usageplans/none", "DELETE /usageplans/none", "GET /usageplans/none/keys"]
    {
        refused(&plane, request, Value::Null, 404, NOT_FOUND, unknown).await;
    }
}

#[tokio::test]
async fn stages_are_added_and_removed_by_patches() {
    let plane = Plane::new();
    let api = served(&plane).await;
    let plan = plan(&plane, json!({})).await;
    let request = format!("PATCH /usageplans/{plan}");
    let message = format!("Invalid API Stage {{api: {api}, stage: dev}} specified for usageplan {plan}");
    refused(&plane, &request, patch("add", "/apiStages", &format!("{api}:dev")), 404, NOT_FOUND, &message).await;
    let stage = format!("{api}:live");
    let shown = answered(&plane, 200, &request, patch("add", "/apiStages", &stage)).await;
    assert_eq!(shown["apiStages"], json!([{"apiId": api, "stage": "live"}]));
    let limit = patch("replace", &format!("/apiStages/{stage}/throttle/~1pets/GET/rateLimit"), "0.5");
    let shown = answered(&plane, 200, &request, limit).await;
    let throttle = json!({"/pets/GET": {"burstLimit": 0, "rateLimit": 0.5}});
    assert_eq!(shown["apiStages"], json!([{"apiId": api, "stage": "live", "throttle": throttle}]));
    let message = format!(
        "Cannot delete Usage Plan {plan} because there are API Stages associated with it, including {api}:live"
    );
    refused(&plane, &format!("DELETE /usageplans/{plan}"), Value::Null, 400, BAD, &message).await;
    let shown = answered(&plane, 200, &request, patch("remove", "/apiStages", &stage)).await;
    assert_eq!(shown["apiStages"], json!([]));
    answered(&plane, 202, &format!("DELETE /usageplans/{plan}"), Value::Null).await;
}

#[tokio::test]
async fn a_stage_that_is_deleted_leaves_its_plans() {
    let plane = Plane::new();
    let (one, other) = (served(&plane).await, served(&plane).await);
    let stages = json!({"apiStages": [{"apiId": one, "stage": "live"}, {"apiId": other, "stage": "live"}]});
    let plan = plan(&plane, stages).await;
    let stored = async || {
        let found = plane.stored().await.find::<UsagePlan>(&plane.caller.tenant(), "", &plan).await.unwrap().unwrap();
        found.record.api_stages.iter().map(|stage| stage.api_id.to_string()).collect::<Vec<_>>()
    };
    answered(&plane, 202, &format!("DELETE /restapis/{one}/stages/live"), Value::Null).await;
    assert_eq!(stored().await, [other.as_str()]);
    answered(&plane, 202, &format!("DELETE /restapis/{other}"), Value::Null).await;
    assert_eq!(stored().await, [""; 0]);
}

#[tokio::test]
async fn keys_come_into_plans_and_leave_them() {
    let plane = Plane::new();
    let plan = plan(&plane, json!({})).await;
    let (one, two) = (key(&plane).await, key(&plane).await);
    let put = attach(&plane, &plan, &one).await;
    assert_eq!((&put["id"], &put["type"], &put["name"]), (&json!(one), &json!("API_KEY"), &json!("key")));
    attach(&plane, &plan, &two).await;
    let keys = format!("/usageplans/{plan}/keys");
    let list = answered(&plane, 200, &format!("GET {keys}"), Value::Null).await;
    let ids: Vec<_> = list["item"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [two.as_str(), one.as_str()], "the newest first");
    let list = answered(&plane, 200, &format!("GET {keys}?name=Key"), Value::Null).await;
    assert_eq!(list["item"], json!([]));
    assert_eq!(answered(&plane, 200, &format!("GET {keys}/{one}"), Value::Null).await, put);
    let of_key = answered(&plane, 200, &format!("GET /usageplans?keyId={one}"), Value::Null).await;
    assert_eq!(of_key["item"][0]["id"], json!(plan));
    let none = answered(&plane, 200, "GET /usageplans?keyId=none", Value::Null).await;
    assert_eq!(none["item"], json!([]));
    let message = format!("{one} is already subscribed to Usage Plan {plan}");
    refused(&plane, &format!("POST {keys}"), place(&one), 409, CONFLICT, &message).await;
    let message = "Invalid API Key identifier specified";
    refused(&plane, &format!("POST {keys}"), place("none"), 404, NOT_FOUND, message).await;
    let message = "Invalid Key Type specified. Valid options are API_KEY";
    let other = json!({"keyId": one, "keyType": "OTHER"});
    refused(&plane, &format!("POST {keys}"), other, 400, BAD, message).await;
    answered(&plane, 202, &format!("DELETE {keys}/{one}"), Value::Null).await;
    let message = "Invalid API Key identifier specified";
    for method in ["GET", "DELETE"] {
        refused(&plane, &format!("{method} {keys}/{one}"), Value::Null, 404, NOT_FOUND, message).await;
    }
    // A plan takes its keys' places along.
    answered(&plane, 202, &format!("DELETE /usageplans/{plan}"), Value::Null).await;
    assert_eq!(plane.stored().await.rows_of_kind(Kind::UsagePlanKey, None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_key_is_in_one_plan_for_each_stage_and_in_ten_at_most() {
    let plane = Plane::new();
    let api = served(&plane).await;
    let stages = json!({"apiStages": [{"apiId": api, "stage": "live"}]});
    let (one, two) = (plan(&plane, stages.clone()).await, plan(&plane, stages).await);
    let key = key(&plane).await;
    attach(&plane, &one, &key).await;
    let message = format!(
        "Usage Plan {two} cannot be added because API Key {key} cannot reference multiple Usage Plans with the same API \
         stage: {api}:live"
    );
    refused(&plane, &format!("POST /usageplans/{two}/keys"), place(&key), 409, CONFLICT, &message).await;
    let stage = format!("{api}:live");
    answered(&plane, 200, &format!("PATCH /usageplans/{two}"), patch("remove", "/apiStages", &stage)).await;
    attach(&plane, &two, &key).await;
    let message = format!(
        "Usage Plan {two} cannot be updated because API Key {key} cannot reference multiple Usage Plans with the same API \
         stage: {api}:live"
    );
    let add = patch("add", "/apiStages", &stage);
    refused(&plane, &format!("PATCH /usageplans/{two}"), add, 409, CONFLICT, &message).await;
    for _ in 0..8 {
        attach(&plane, &plan(&plane, json!({})).await, &key).await;
    }
    let eleventh = plan(&plane, json!({})).await;
    let (status, exception, _) = plane.rest(&format!("POST /usageplans/{eleventh}/keys"), place(&key)).await;
    assert_eq!((status, exception.as_str()), (429, "LimitExceededException"));
}

#[tokio::test]
async fn usage_is_shown_by_day_and_changed_until_the_quota_begins_anew() {
    let plane = Plane::new();
    let id = plan(&plane, json!({"quota": {"limit": 10, "period": "MONTH"}})).await;
    let key = key(&plane).await;
    attach(&plane, &id, &key).await;
    let tenant = plane.caller.tenant();
    let record = plane.stored().await.find::<UsagePlan>(&tenant, "", &id).await.unwrap().unwrap().record;
    let key_id = ApiKeyId::parse(&key).unwrap();
    let usage = &plane.limits().plan_usage;
    for _ in 0..3 {
        usage.take(&record, &key_id, None).unwrap();
    }
    plane.clock.advance_seconds(2 * 86_400);
    usage.take(&record, &key_id, None).unwrap();
    let get = |query: &str| format!("GET /usageplans/{id}/usage?startDate=2029-12-31&endDate=2030-01-03{query}");
    let shown = answered(&plane, 200, &get(""), Value::Null).await;
    let days = json!([[0, 10], [3, 7], [0, 7], [1, 6]]);
    let expected = json!({
        "usagePlanId": id, "startDate": "2029-12-31", "endDate": "2030-01-03", "values": {&key: days},
    });
    assert_eq!(shown, expected);
    assert_eq!(answered(&plane, 200, &get(&format!("&keyId={key}")), Value::Null).await, expected);
    let message = "Invalid API Key identifier specified";
    refused(&plane, &get("&keyId=none"), Value::Null, 404, NOT_FOUND, message).await;
    let wrong = format!("GET /usageplans/{id}/usage?startDate=yesterday&endDate=2030-01-03");
    refused(&plane, &wrong, Value::Null, 400, BAD, "Invalid date specified: yesterday").await;

    let update = format!("PATCH /usageplans/{id}/keys/{key}/usage");
    let granted = answered(&plane, 200, &update, patch("replace", "/remaining", "2")).await;
    let expected = json!({
        "usagePlanId": id, "startDate": "2030-01-03", "endDate": "2030-01-03", "values": {&key: [[1, 2]]},
    });
    assert_eq!(granted, expected);
    let stored = plane.stored().await.find::<claviger_resources::usage_plan::UsagePlanKey>(&tenant, &id, &key).await;
    let grant = stored.unwrap().unwrap().record.grant;
    assert!(usage.take(&record, &key_id, grant).is_ok() && usage.take(&record, &key_id, grant).is_ok());
    assert!(usage.take(&record, &key_id, grant).is_err());
    plane.clock.advance_seconds(31 * 86_400);
    assert!(usage.take(&record, &key_id, grant).is_ok(), "a grant ends with its month");
    let message = "Invalid patch path  '/extension' specified for op 'add'. Must be one of: []";
    refused(&plane, &update, patch("add", "/extension", "1"), 400, BAD, message).await;
    let without = plan(&plane, json!({})).await;
    attach(&plane, &without, &key).await;
    let update = format!("PATCH /usageplans/{without}/keys/{key}/usage");
    refused(&plane, &update, patch("replace", "/remaining", "1"), 400, BAD, "Usage Plan has no quota").await;
}

#[tokio::test]
async fn keys_and_plans_have_tags() {
    let plane = Plane::new();
    let (plan, key) = (plan(&plane, json!({})).await, key(&plane).await);
    for noun in [format!("usageplans/{plan}"), format!("apikeys/{key}")] {
        let tags = format!("/tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2F{}", noun.replace('/', "%2F"));
        answered(&plane, 204, &format!("PUT {tags}"), json!({"tags": {"a": "b", "c": "d"}})).await;
        answered(&plane, 204, &format!("DELETE {tags}?tagKeys=a"), Value::Null).await;
        let shown = answered(&plane, 200, &format!("GET {tags}"), Value::Null).await;
        assert_eq!(shown, json!({"tags": {"c": "d"}}), "{noun}");
        assert_eq!(answered(&plane, 200, &format!("GET /{noun}"), Value::Null).await["tags"], json!({"c": "d"}));
    }
}

#[tokio::test]
async fn the_account_keeps_its_role_and_aws_its_limits() {
    let plane = Plane::new();
    let mut expected = json!({
        "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0}, "features": ["UsagePlans"], "apiKeyVersion": "4",
    });
    assert_eq!(answered(&plane, 200, "GET /account", Value::Null).await, expected);
    let role = "arn:aws:iam::000000000000:role/logs";
    expected["cloudwatchRoleArn"] = json!(role);
    let update = answered(&plane, 200, "PATCH /account", patch("replace", "/cloudwatchRoleArn", role)).await;
    assert_eq!(update, expected);
    assert_eq!(answered(&plane, 200, "GET /account", Value::Null).await, expected);
    let wrong = patch("replace", "/cloudwatchRoleArn", "logs");
    refused(&plane, "PATCH /account", wrong, 400, BAD, "Invalid ARN specified in the request").await;
    let limit = patch("replace", "/throttleSettings/rateLimit", "1");
    let message = "Invalid patch path  '/throttleSettings/rateLimit' specified for op 'replace'. Must be one of: [/cloudwatchRoleArn]";
    refused(&plane, "PATCH /account", limit, 400, BAD, message).await;
    let cleared = answered(&plane, 200, "PATCH /account", patch("replace", "/cloudwatchRoleArn", "")).await;
    assert!(cleared.get("cloudwatchRoleArn").is_none());
}
