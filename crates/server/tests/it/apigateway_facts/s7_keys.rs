//! Section 7: API keys, throttles and quotas of usage plans.

use serde_json::{Value, json};

use super::cases;
use super::world::{FORBIDDEN, UNAUTHORIZED, refused};
use crate::usage_plans::{EXCEEDED, TOO_MANY, World};

cases! { World, |w|
    s7_key_source => {
        let plan = w.plan(json!({})).await;
        w.key(&plan, "key-source-key-source").await;
        for header in ["x-api-key", "X-API-Key", "X-Api-KEY"] {
            assert_eq!(w.call("GET", "live/keyed", &[(header, "key-source-key-source")]).await.status, 200, "{header}");
        }
        let other = World::start().await;
        let plan = other.plan(json!({})).await;
        other.key(&plan, "key-source-key-source").await;
        other.patch(&format!("/restapis/{}", other.api), "replace", "/apiKeySource", "AUTHORIZER").await;
        assert_eq!(other.keyed("key-source-key-source").await.status, 200, "it needs a deployment");
        other.deploy("live").await;
        refused(&other.keyed("key-source-key-source").await, 403, FORBIDDEN, "ForbiddenException");
    };
    s7_refused => {
        let plan = w.plan(json!({})).await;
        let key = w.key(&plan, "refused-refused-refused").await;
        w.made("/apikeys", json!({ "enabled": true, "value": "in-no-plan-in-no-plan" })).await;
        assert_eq!(w.keyed("refused-refused-refused").await.status, 200);
        for (stage, headers) in [
            ("live", vec![]),
            ("live", vec![("x-api-key", "unknown-unknown-unknown")]),
            ("live", vec![("x-api-key", "in-no-plan-in-no-plan")]),
            ("dev", vec![("x-api-key", "refused-refused-refused")]),
        ] {
            let reply = w.call("GET", &format!("{stage}/keyed"), &headers).await;
            refused(&reply, 403, FORBIDDEN, "ForbiddenException");
        }
        w.patch(&format!("/apikeys/{key}"), "replace", "/enabled", "false").await;
        refused(&w.keyed("refused-refused-refused").await, 403, FORBIDDEN, "ForbiddenException");
    };
    s6_invalid_api_key => {
        let reply = w.call("GET", "live/keyed", &[]).await;
        refused(&reply, 403, FORBIDDEN, "ForbiddenException");
        assert_eq!(reply.header("content-type"), Some("application/json"));
    };
    s7_no_authentication => {
        let plan = w.plan(json!({})).await;
        w.key(&plan, "authentication-authentication").await;
        let key = ("x-api-key", "authentication-authentication");
        refused(&w.call("GET", "live/guarded", &[key]).await, 401, UNAUTHORIZED, "UnauthorizedException");
        let token = w.machine.token(&w.server, "weather-api/get").await;
        assert_eq!(w.call("GET", "live/guarded", &[key, ("Authorization", &token)]).await.status, 200);
    };
    s1_8_token_before_key => {
        let wrong_key = ("x-api-key", "wrong-wrong-wrong-wrong");
        let token = w.machine.token(&w.server, "weather-api/get").await;
        let both = [wrong_key, ("Authorization", token.as_str())];
        refused(&w.call("GET", "live/guarded", &both).await, 403, FORBIDDEN, "ForbiddenException");
        for headers in [vec![("Authorization", "Bearer wrong")], vec![]] {
            refused(&w.call("GET", "live/guarded", &headers).await, 401, UNAUTHORIZED, "UnauthorizedException");
        }
    };
    s7_not_required => {
        let plan = w.plan(json!({ "quota": { "limit": 1, "period": "DAY" } })).await;
        let key = w.key(&plan, "not-required-not-required").await;
        for value in ["not-required-not-required", "wrong"] {
            assert_eq!(w.call("GET", "live/open", &[("x-api-key", value)]).await.status, 200);
        }
        assert_eq!(w.usage(&plan).await[&key], json!([[0, 1]]));
    };
    s7_throttle => {
        let throttle = json!({ "rateLimit": 0.5, "burstLimit": 3 });
        let limits = json!({ "throttle": throttle, "apiStages": [
            { "apiId": w.api, "stage": "live", "throttle": { "/keyed/PUT": { "rateLimit": 0.5, "burstLimit": 1 } } }] });
        let plan = w.plan(limits).await;
        w.key(&plan, "throttle-throttle-throttle").await;
        w.key(&plan, "throttle-of-another-key").await;
        for value in ["throttle-throttle-throttle", "throttle-of-another-key"] {
            assert_eq!(w.let_through("GET", "live/keyed", value).await.0, 3, "each key has a bucket of its own");
        }
        w.monotonic.advance_milliseconds(4_000);
        assert_eq!(w.let_through("PUT", "live/keyed", "throttle-of-another-key").await.0, 1);
        assert_eq!(w.let_through("GET", "live/keyed", "throttle-of-another-key").await.0, 1);
    };
    s7_order => {
        let throttle = |burst: u32| json!({ "rateLimit": 1.0, "burstLimit": burst });
        let stages = json!([{ "apiId": w.api, "stage": "dev", "throttle": { "/keyed/GET": throttle(3) } }]);
        let plan = w.plan(json!({ "throttle": throttle(5), "apiStages": stages })).await;
        w.key(&plan, "order-order-order-order").await;
        assert_eq!(w.let_through("GET", "dev/keyed", "order-order-order-order").await.0, 3);
        w.monotonic.advance_milliseconds(60_000);
        let stage = format!("/restapis/{}/stages/dev", w.api);
        w.patch(&stage, "replace", "/*/*/throttling/burstLimit", "2").await;
        w.patch(&stage, "replace", "/*/*/throttling/rateLimit", "1").await;
        assert_eq!(w.let_through("GET", "dev/keyed", "order-order-order-order").await.0, 2);
    };
    s7_throttled => {
        let plan = w.plan(json!({ "throttle": { "rateLimit": 1.0, "burstLimit": 0 } })).await;
        w.key(&plan, "throttled-throttled-throttled").await;
        let reply = w.keyed("throttled-throttled-throttled").await;
        refused(&reply, 429, TOO_MANY, "TooManyRequestsException");
        assert!(reply.header("retry-after").is_none());
        assert!(reply.headers.keys().all(|name| !name.as_str().contains("ratelimit")), "{reply:?}");
    };
    s6_throttled => {
        let plan = w.plan(json!({ "throttle": { "rateLimit": 1.0, "burstLimit": 0 } })).await;
        let key = w.key(&plan, "customised-throttle-customised").await;
        let reply = w.keyed("customised-throttle-customised").await;
        refused(&reply, 429, TOO_MANY, "TooManyRequestsException");
        assert_eq!(reply.header("x-key"), Some(&*key), "the API's own response sees the key");
    };
    s7_quota => {
        let plan = w.plan(json!({ "quota": { "limit": 1, "period": "MONTH" } })).await;
        w.key(&plan, "quota-quota-quota-quota").await;
        let (count, reply) = w.let_through("GET", "live/keyed", "quota-quota-quota-quota").await;
        assert_eq!(count, 1);
        refused(&reply, 429, EXCEEDED, "LimitExceededException");
        assert!(reply.header("retry-after").is_none());
    };
    s6_quota_exceeded => {
        let plan = w.plan(json!({ "quota": { "limit": 0, "period": "WEEK" } })).await;
        w.key(&plan, "no-quota-no-quota-no-quota").await;
        refused(&w.keyed("no-quota-no-quota-no-quota").await, 429, EXCEEDED, "LimitExceededException");
    };
    s7_period => {
        let plan = w.plan(json!({ "quota": { "limit": 1, "period": "DAY" } })).await;
        w.key(&plan, "period-period-period-period").await;
        for _ in 0..2 {
            assert_eq!(w.let_through("GET", "live/keyed", "period-period-period-period").await.0, 1);
            w.server.advance(86_400).await;
        }
    };
    s7_refused_requests => {
        let throttle = json!({ "rateLimit": 1.0, "burstLimit": 1 });
        let plan = w.plan(json!({ "quota": { "limit": 5, "period": "DAY" }, "throttle": throttle })).await;
        let key = w.key(&plan, "refused-requests-refused").await;
        assert_eq!(w.let_through("GET", "live/keyed", "refused-requests-refused").await.0, 1);
        assert_eq!(w.keyed("refused-requests-refused").await.status, 429);
        assert_eq!(w.usage(&plan).await[&key], json!([[1, 4]]));
    };
    s7_created_disabled => {
        assert_eq!(w.control("POST", "/apikeys", json!({})).await["enabled"], false);
    };
    s7_value => {
        let made = w.control("POST", "/apikeys", json!({ "name": "n".repeat(1024) })).await;
        let value = made["value"].as_str().unwrap();
        assert!(value.len() == 40 && value.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{value}");
        for (length, accepted) in [(19, false), (20, true), (128, true), (129, false)] {
            assert_eq!(w.accepts("/apikeys", json!({ "value": "v".repeat(length) })).await, accepted, "{length}");
        }
        assert!(!w.accepts("/apikeys", json!({ "name": "n".repeat(1025) })).await);
    };
    s7_plans => {
        let (one, two) = (w.plan(json!({})).await, w.plan(json!({})).await);
        let key = w.key(&one, "plans-plans-plans-plans").await;
        let place = json!({ "keyId": key, "keyType": "API_KEY" });
        assert!(!w.accepts(&format!("/usageplans/{two}/keys"), place.clone()).await, "one plan for each stage");
        for count in 1..=10 {
            let plan = w.plan(json!({ "apiStages": [] })).await;
            assert_eq!(w.accepts(&format!("/usageplans/{plan}/keys"), place.clone()).await, count < 10, "{count}");
        }
        let of_key = w.control("GET", &format!("/usageplans?keyId={key}"), Value::Null).await;
        assert_eq!(of_key["item"].as_array().unwrap().len(), 10);
    };
}
