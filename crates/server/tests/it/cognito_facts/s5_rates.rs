//! Sections 5.3 and 5.4: how fast everything may be asked, and what is answered beyond; and quotas that are too large to
//! reach, lowered.

use std::sync::Arc;

use claviger_control_plane::services::Settings;
use claviger_resources::quotas::Quotas;
use claviger_server::node::{Options, Place};
use claviger_testkit::FakeMonotonic;
use http::StatusCode;
use serde_json::{Value, json};

use super::cases;
use crate::stack::{Machine, Reply, request};
use crate::support::Server;

/// A node that enforces AWS's request rates by a clock that stands still, with a machine, and with two quotas of 3.
struct Enforcing {
    server: Server,
    monotonic: Arc<FakeMonotonic>,
    machine: Machine,
}

cases! { Enforcing, |w|
    s5_2_user_pools => {
        for name in ["second", "third"] {
            w.ok("CreateUserPool", json!({ "PoolName": name })).await;
        }
        used_up(&w, "CreateUserPool", json!({ "PoolName": "fourth" }), "user pools per region").await;
    };
    s5_2_groups => {
        let group = |name: &str| json!({ "UserPoolId": w.machine.pool, "GroupName": name });
        for name in ["one", "two", "three"] {
            w.ok("CreateGroup", group(name)).await;
        }
        used_up(&w, "CreateGroup", group("four"), "groups per user pool").await;
    };

    s5_3_client_authentication => {
        w.refill();
        assert_eq!(tokens(&w, 200).await, 150);
    };
    s5_3_user_authentication => {
        let sign_in = |_| json!({ "ClientId": "unknown", "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {} });
        rate(&w, "InitiateAuth", sign_in, 120).await;
    };
    s5_3_user_creation => {
        let sign_up = |_| json!({ "ClientId": "unknown", "Username": "wind", "Password": "Thunder-storm-1" });
        rate(&w, "SignUp", sign_up, 50).await;
    };
    s5_3_user_account_recovery => {
        rate(&w, "ForgotPassword", |_| json!({ "ClientId": "unknown", "Username": "wind" }), 30).await;
    };
    s5_3_user_read => rate(&w, "AdminGetUser", user, 120).await;
    s5_3_user_update => rate(&w, "AdminEnableUser", user, 25).await;
    s5_3_user_token => rate(&w, "RevokeToken", |_| json!({ "ClientId": "unknown", "Token": "x" }), 120).await;
    // None of the operations of UserResourceUpdate is served.
    s5_3_user_resource => rate(&w, "AdminListGroupsForUser", user, 50).await;
    s5_3_user_list => rate(&w, "ListUsers", pool, 30).await;
    s5_3_user_pool => {
        rate(&w, "DescribeUserPool", pool, 15).await;
        rate(&w, "UpdateUserPool", pool, 15).await;
    };
    s5_3_user_pool_resource => {
        rate(&w, "DescribeResourceServer", resource_server, 20).await;
        rate(&w, "DeleteResourceServer", resource_server, 15).await;
    };
    s5_3_user_pool_client => {
        rate(&w, "DescribeUserPoolClient", client, 15).await;
        rate(&w, "DeleteUserPoolClient", client, 15).await;
    };
    s5_3_limit_management => rate(&w, "GetProvisionedLimit", |_| limit("UserRead"), 1).await;
    s5_3_per_pool => {
        for (operation, input) in [
            ("DescribeResourceServer", resource_server(0)), ("DeleteResourceServer", resource_server(0)),
            ("DescribeUserPoolClient", client(0)), ("DeleteUserPoolClient", client(0)),
        ] {
            rate(&w, operation, |_| input.clone(), 5).await;
        }
    };
    s5_3_tag_resource => {
        rate(&w, "TagResource", |_| json!({ "ResourceArn": w.machine.arn, "Tags": {} }), 5).await;
    };
    s5_3_per_domain => {
        w.refill();
        let ask = async || w.server.ask(request("GET", "/oauth2/token", &[], "")).await;
        for _ in 0..300 {
            assert_eq!(ask().await.status, 405);
        }
        assert_eq!(ask().await.status, 429);
    };

    s5_4_json_api => {
        w.refill();
        for _ in 0..15 {
            w.call("ListUserPools", json!({ "MaxResults": 1 })).await;
        }
        let reply = w.call("ListUserPools", json!({ "MaxResults": 1 })).await;
        let expected = json!({ "__type": "TooManyRequestsException", "message": "Rate exceeded" });
        assert_eq!((reply.status.as_u16(), reply.json()), (400, expected));
    };
    s5_4_token_endpoint => assert_eq!(throttled(&w).await.status, 429);
    s1_4_429 => {
        let reply = throttled(&w).await;
        assert_eq!(reply.said(), (429, r#"{"error":"too_many_requests"}"#));
        assert_eq!(reply.header("retry-after"), Some("1"));
    };
    s6_8_rate => {
        let throttled = throttled(&w).await;
        assert_eq!(throttled.status, 429);
        let by_token = json!({ "ClientId": w.machine.client_id, "Secret": w.machine.secret });
        let reply = w.call("GetClientToken", by_token).await;
        assert_eq!(reply.json()["__type"], "TooManyRequestsException", "{reply:?}");
    };
    s6_9_provisioned_limits => {
        let shown = w.ok("GetProvisionedLimit", limit("UserRead")).await["Limit"].take();
        assert_eq!(json!([shown["ProvisionedLimitValue"], shown["FreeLimitValue"]]), json!([120, 120]));
        let mut raised = limit("UserRead");
        raised["RequestedLimitValue"] = json!(130);
        let shown = w.ok("UpdateProvisionedLimit", raised).await["Limit"].take();
        assert_eq!(json!([shown["ProvisionedLimitValue"], shown["FreeLimitValue"]]), json!([130, 120]));
        rate(&w, "AdminGetUser", user, 130).await;
        let mut fixed = limit("ClientAuthentication");
        fixed["RequestedLimitValue"] = json!(200);
        w.refill();
        assert_eq!(w.call("UpdateProvisionedLimit", fixed).await.json()["__type"], "InvalidParameterException");
    };
}

impl Enforcing {
    async fn start() -> Arc<Self> {
        let monotonic = Arc::new(FakeMonotonic::default());
        let quotas = ["user-pools-per-region=3", "groups-per-user-pool=3"];
        let quotas = quotas.into_iter().fold(Quotas::default(), |quotas, change| quotas.with(change).unwrap());
        let options = Options {
            settings: Settings { quotas, ..Settings::default() },
            request_rates: true,
            monotonic: Some(Arc::clone(&monotonic) as _),
            ..Options::default()
        };
        let server = Server::with_node(&Place::Memory, options);
        let machine = server.machine().await;
        Arc::new(Self { server, monotonic, machine })
    }

    /// A second passes, and with it whatever was asked.
    fn refill(&self) {
        self.monotonic.advance_milliseconds(1_000);
    }

    async fn call(&self, operation: &str, input: Value) -> Reply {
        self.server.cognito_as(None, operation, &input).await
    }

    async fn ok(&self, operation: &str, input: Value) -> Value {
        self.refill();
        self.server.cognito(operation, input).await
    }
}

/// Asserts that an operation is answered, whatever the answer, so often within a second and not once more.
async fn rate(w: &Enforcing, operation: &str, input: impl Fn(usize) -> Value, expected: usize) {
    w.refill();
    for number in 0..expected {
        let reply = w.call(operation, input(number)).await;
        assert_ne!(error(&reply), "TooManyRequestsException", "{operation} {number}");
    }
    let reply = w.call(operation, input(expected)).await;
    assert_eq!(error(&reply), "TooManyRequestsException", "{operation}: {reply:?}");
}

fn error(reply: &Reply) -> &str {
    reply.header("x-amzn-errortype").unwrap_or_default()
}

async fn used_up(w: &Enforcing, operation: &str, input: Value, quota: &str) {
    w.refill();
    let expected = json!({
        "__type": "LimitExceededException", "message": format!("The quota of 3 {quota} is used up."),
    });
    assert_eq!(w.call(operation, input).await.json(), expected);
}

/// How many tokens in a row the machine gets, at most so many.
async fn tokens(w: &Enforcing, most: usize) -> usize {
    for granted in 0..most {
        if w.machine.ask(&w.server, "").await.status != StatusCode::OK {
            return granted;
        }
    }
    most
}

/// The answer to one token request too many.
async fn throttled(w: &Enforcing) -> Reply {
    w.refill();
    tokens(w, 200).await;
    w.machine.ask(&w.server, "").await
}

/// A pool of its own for each call, so that no pool is asked too often.
fn pool(number: usize) -> Value {
    json!({ "UserPoolId": format!("us-east-1_unknown{number}") })
}

fn user(number: usize) -> Value {
    json!({ "UserPoolId": format!("us-east-1_unknown{number}"), "Username": "wind" })
}

fn resource_server(number: usize) -> Value {
    json!({ "UserPoolId": format!("us-east-1_unknown{number}"), "Identifier": "weather-api" })
}

fn client(number: usize) -> Value {
    json!({ "UserPoolId": format!("us-east-1_unknown{number}"), "ClientId": "unknown" })
}

fn limit(category: &str) -> Value {
    json!({ "LimitDefinition": { "LimitClass": "API_CATEGORY", "Attributes": { "Category": category } } })
}
