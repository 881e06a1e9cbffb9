//! API keys, throttles and quotas at the gate, over the wire.

use std::sync::Arc;

use claviger_resources::Timestamp;
use claviger_resources::usage_quota::day_text;
use claviger_server::node::{Options, Place};
use claviger_testkit::FakeMonotonic;
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use crate::stack::{Machine, Reply, UNAUTHORIZED, request};
use crate::support::Server;

const FORBIDDEN: &str = r#"{"message":"Forbidden"}"#;
pub(crate) const TOO_MANY: &str = r#"{"message":"Too Many Requests"}"#;
pub(crate) const EXCEEDED: &str = r#"{"message":"Limit Exceeded"}"#;
const VALUE: &str = "a-key-of-the-storm-station";

/// A server whose limits go by a clock of ours, with an API that is served as `live` and `dev`: `/keyed` asks for a key,
/// `/guarded` for a token too, `/open` for neither.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) monotonic: Arc<FakeMonotonic>,
    pub(crate) machine: Machine,
    pub(crate) api: String,
}

impl World {
    pub(crate) async fn start() -> Arc<Self> {
        Arc::new(Self::with(false).await)
    }

    async fn with(request_rates: bool) -> Self {
        Self::at(&Place::Memory, request_rates).await
    }

    async fn at(place: &Place, request_rates: bool) -> Self {
        let monotonic = Arc::new(FakeMonotonic::default());
        let options = Options { request_rates, monotonic: Some(Arc::clone(&monotonic) as _), ..Options::default() };
        let server = Server::with_node(place, options);
        wait_for_noon(&server).await;
        let machine = server.machine().await;
        let mut world = Self { server, monotonic, machine, api: String::new() };
        let template = r#"{"id":"$context.identity.apiKeyId","value":"$context.identity.apiKey"}"#;
        let mock = json!({
            "type": "mock", "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
            "responses": { "default": { "statusCode": "200", "responseTemplates": { "application/json": template } } },
        });
        let operation = |security: Value| json!({ "responses": { "200": { "description": "" } }, "security": security, "x-amazon-apigateway-integration": mock });
        let authorizer = json!({ "type": "cognito_user_pools", "providerARNs": [world.machine.arn] });
        let document = json!({
            "openapi": "3.0.1", "info": { "title": "keys", "version": "1" },
            "paths": {
                "/keyed": { "get": operation(json!([{ "key": [] }])), "put": operation(json!([{ "key": [] }])) },
                "/guarded": { "get": operation(json!([{ "pool": ["weather-api/get"], "key": [] }])) },
                "/open": { "get": operation(json!([])) },
            },
            "components": { "securitySchemes": {
                "key": { "type": "apiKey", "name": "x-api-key", "in": "header" },
                "pool": { "type": "apiKey", "name": "Authorization", "in": "header",
                    "x-amazon-apigateway-authtype": "cognito_user_pools", "x-amazon-apigateway-authorizer": authorizer },
            } },
            "x-amazon-apigateway-gateway-responses": { "THROTTLED": { "responseParameters": {
                "gatewayresponse.header.X-Key": "context.identity.apiKeyId" } } },
        });
        let imported = world.control("POST", "/restapis?mode=import", document).await;
        world.api = imported["id"].as_str().unwrap().to_owned();
        for stage in ["live", "dev"] {
            world.deploy(stage).await;
        }
        world
    }

    /// Serves the API as it is now as a stage.
    pub(crate) async fn deploy(&self, stage: &str) {
        let target = format!("/restapis/{}/deployments", self.api);
        self.control("POST", &target, json!({ "stageName": stage })).await;
    }

    /// Whether the control plane makes something.
    pub(crate) async fn accepts(&self, target: &str, body: Value) -> bool {
        self.server.ask(request("POST", target, &[], &body.to_string())).await.status.is_success()
    }

    pub(crate) async fn control(&self, method: &str, target: &str, body: Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let reply = self.server.ask(request(method, target, &[], &body)).await;
        assert!(reply.status.is_success(), "{method} {target} {body}: {reply:?}");
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    }

    pub(crate) async fn made(&self, target: &str, body: Value) -> String {
        self.control("POST", target, body).await["id"].as_str().unwrap().to_owned()
    }

    /// A plan for the stage `live`, with these limits.
    pub(crate) async fn plan(&self, limits: Value) -> String {
        let mut input = json!({ "name": "plan", "apiStages": [{ "apiId": self.api, "stage": "live" }] });
        input.as_object_mut().unwrap().extend(limits.as_object().unwrap().clone());
        self.made("/usageplans", input).await
    }

    /// A key of this value in a plan.
    pub(crate) async fn key(&self, plan: &str, value: &str) -> String {
        let key = self.made("/apikeys", json!({ "name": "station", "enabled": true, "value": value })).await;
        self.control("POST", &format!("/usageplans/{plan}/keys"), json!({ "keyId": key, "keyType": "API_KEY" })).await;
        key
    }

    /// Changes the settings of a stage or a plan.
    pub(crate) async fn patch(&self, target: &str, op: &str, path: &str, value: &str) {
        let operation = json!({ "op": op, "path": path, "value": value });
        self.control("PATCH", target, json!({ "patchOperations": [operation] })).await;
    }

    pub(crate) async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.server.ask(request(method, &format!("/_aws/execute-api/{}/{path}", self.api), headers, "")).await
    }

    pub(crate) async fn keyed(&self, value: &str) -> Reply {
        self.call("GET", "live/keyed", &[("X-API-Key", value)]).await
    }

    /// How many requests in a row are let through, and the answer to the first that is not.
    pub(crate) async fn let_through(&self, method: &str, path: &str, value: &str) -> (u32, Reply) {
        for count in 0..50 {
            let reply = self.call(method, path, &[("x-api-key", value)]).await;
            if reply.status != 200 {
                return (count, reply);
            }
        }
        panic!("nothing holds the requests back")
    }

    async fn explained(&self, reply: &Reply) -> Value {
        let target = format!("/_claviger/explain/{}", reply.header("x-amzn-requestid").unwrap());
        self.server.ask(request("GET", &target, &[], "")).await.json()["refusals"][0].take()
    }
}

async fn now(server: &Server) -> i64 {
    server.ask(request("GET", "/_claviger/clock", &[], "")).await.json()["now"].as_i64().unwrap()
}

/// Moves the clock to the next day's noon, so that no test meets the end of a day.
async fn wait_for_noon(server: &Server) {
    const DAY: i64 = 86_400;
    server.advance(DAY + DAY / 2 - now(server).await % DAY).await;
}

fn refused(reply: &Reply, status: u16, body: &str, error_type: &str) {
    assert_eq!((reply.said(), reply.header("x-amzn-errortype")), ((status, body), Some(error_type)), "{reply:?}");
}

#[tokio::test]
async fn a_method_that_asks_for_a_key_takes_one_of_a_plan_for_its_stage() {
    let world = World::start().await;
    let plan = world.plan(json!({})).await;
    let key = world.key(&plan, VALUE).await;
    assert_eq!(world.keyed(VALUE).await.said(), (200, &*json!({ "id": key, "value": VALUE }).to_string()));
    let disabled = world.made("/apikeys", json!({ "value": "a-key-that-is-disabled" })).await;
    world.made("/apikeys", json!({ "enabled": true, "value": "a-key-that-is-in-no-plan" })).await;
    let headers = |value: &'static str| vec![("x-api-key", value)];
    for (path, headers, reason, setting) in [
        ("live/keyed", vec![], "none was shown", "apiKeySource of the REST API".to_owned()),
        ("live/keyed", headers(""), "none was shown", "apiKeySource".to_owned()),
        ("live/keyed", headers("unknown-unknown-unknown"), "no key has the value", "is HEADER".to_owned()),
        ("live/keyed", headers("a-key-that-is-disabled"), "is disabled", format!("the API key {disabled} is disabled")),
        (
            "live/keyed",
            headers("a-key-that-is-in-no-plan"),
            "in no usage plan of the stage",
            "usage plans []".to_owned(),
        ),
        ("dev/keyed", headers(VALUE), "in no usage plan of the stage", format!("usage plans [{plan}]")),
    ] {
        let reply = world.call("GET", path, &headers).await;
        refused(&reply, 403, FORBIDDEN, "ForbiddenException");
        let found = world.explained(&reply).await;
        let text = |member: &str| found[member].as_str().unwrap().to_owned();
        assert!(text("reason").contains(reason) && text("setting").contains(&setting), "{found}");
        assert!(headers.iter().all(|(_, value)| value.is_empty() || !found.to_string().contains(value)), "{found}");
    }
    // What is changed holds at once.
    world.patch(&format!("/apikeys/{key}"), "replace", "/enabled", "false").await;
    assert_eq!(world.keyed(VALUE).await.said(), (403, FORBIDDEN));
    world.patch(&format!("/apikeys/{key}"), "replace", "/enabled", "true").await;
    assert_eq!(world.keyed(VALUE).await.status, 200);
    world.control("DELETE", &format!("/usageplans/{plan}/keys/{key}"), Value::Null).await;
    assert_eq!(world.keyed(VALUE).await.said(), (403, FORBIDDEN));
}

#[tokio::test]
async fn a_key_is_no_authentication_and_not_looked_at_where_none_is_asked_for() {
    let world = World::start().await;
    let plan = world.plan(json!({ "quota": { "limit": 1, "period": "DAY" } })).await;
    let key = world.key(&plan, VALUE).await;
    let token = world.machine.token(&world.server, "weather-api/get").await;
    let call = async |token: Option<&str>, key: Option<&str>| {
        let token = token.map(|token| ("Authorization", token));
        let headers: Vec<_> = token.into_iter().chain(key.map(|key| ("x-api-key", key))).collect();
        world.call("GET", "live/guarded", &headers).await
    };
    refused(&call(None, None).await, 401, UNAUTHORIZED, "UnauthorizedException");
    refused(&call(None, Some(VALUE)).await, 401, UNAUTHORIZED, "UnauthorizedException");
    refused(&call(Some(&token), None).await, 403, FORBIDDEN, "ForbiddenException");
    assert_eq!(call(Some(&token), Some(VALUE)).await.status, 200);
    for _ in 0..3 {
        let reply = world.call("GET", "live/open", &[("x-api-key", VALUE)]).await;
        assert_eq!(reply.said(), (200, r#"{"id":"","value":""}"#));
    }
    let today = world.usage(&plan).await;
    assert_eq!(today[&key], json!([[1, 0]]));
}

impl World {
    /// What a plan says its keys used today.
    pub(crate) async fn usage(&self, plan: &str) -> Value {
        let day = day_text(Timestamp::from_seconds(now(&self.server).await));
        let target = format!("/usageplans/{plan}/usage?startDate={day}&endDate={day}");
        self.control("GET", &target, Value::Null).await["values"].take()
    }
}

#[tokio::test]
async fn a_plan_throttles_each_of_its_keys_by_the_monotonic_clock() {
    let world = World::start().await;
    let plan = world.plan(json!({ "throttle": { "rateLimit": 0.5, "burstLimit": 3 } })).await;
    let key = world.key(&plan, VALUE).await;
    world.key(&plan, "another-key-of-the-same-plan").await;
    let (count, reply) = world.let_through("GET", "live/keyed", VALUE).await;
    assert_eq!(count, 3);
    refused(&reply, 429, TOO_MANY, "TooManyRequestsException");
    assert_eq!((reply.header("retry-after"), reply.header("x-key")), (None, Some(&*key)));
    let found = world.explained(&reply).await;
    let setting = format!("the usage plan plan ({plan}) lets a key call 0.5 times a second, 3 at once");
    assert_eq!(
        (&found["setting"], &found["about"]["apiKey"], &found["about"]["usagePlan"]),
        (&json!(setting), &json!(key), &json!(plan))
    );
    world.server.advance(3_600).await;
    assert_eq!(world.keyed(VALUE).await.said(), (429, TOO_MANY));
    world.monotonic.advance_milliseconds(4_000);
    assert_eq!(world.let_through("GET", "live/keyed", VALUE).await.0, 2);
    assert_eq!(world.let_through("GET", "live/keyed", "another-key-of-the-same-plan").await.0, 3);
    world.patch(&format!("/usageplans/{plan}"), "replace", "/throttle/rateLimit", "2").await;
    world.monotonic.advance_milliseconds(1_000);
    assert_eq!(world.let_through("GET", "live/keyed", VALUE).await.0, 2);
}

#[tokio::test]
async fn the_lowest_throttle_wins() {
    let world = World::start().await;
    let stage = format!("/restapis/{}/stages/live", world.api);
    let throttle = |burst: u32| json!({ "rateLimit": 1.0, "burstLimit": burst });
    let plan = world
        .plan(json!({ "throttle": throttle(5), "apiStages": [
            { "apiId": world.api, "stage": "live", "throttle": { "/keyed/GET": throttle(2) } }] }))
        .await;
    world.key(&plan, VALUE).await;
    let setting = async |reply: &Reply| world.explained(reply).await["setting"].as_str().unwrap().to_owned();
    let (count, reply) = world.let_through("GET", "live/keyed", VALUE).await;
    assert_eq!((count, reply.said()), (2, (429, TOO_MANY)));
    assert!(setting(&reply).await.ends_with("lets a key call GET /keyed 1 times a second, 2 at once"));
    // The method's three refusals took nothing from the plan's own bucket, which has three left.
    let (count, reply) = world.let_through("PUT", "live/keyed", VALUE).await;
    assert_eq!(count, 3);
    assert!(setting(&reply).await.ends_with("lets a key call 1 times a second, 5 at once"));
    world.monotonic.advance_milliseconds(10_000);
    world.patch(&stage, "replace", "/~1keyed/GET/throttling/burstLimit", "1").await;
    let (count, reply) = world.let_through("GET", "live/keyed", VALUE).await;
    assert_eq!(count, 1);
    assert!(setting(&reply).await.starts_with("methodSettings of the stage live let GET /keyed be called 10000 times"));
}

#[tokio::test]
async fn a_stage_throttles_each_of_its_methods_whoever_calls() {
    let world = World::start().await;
    let stage = format!("/restapis/{}/stages/live", world.api);
    let count = async |path: &str| world.let_through("GET", path, "").await.0;
    world.patch(&stage, "replace", "/*/*/throttling/burstLimit", "4").await;
    world.patch(&stage, "replace", "/*/*/throttling/rateLimit", "1").await;
    assert_eq!(count("live/open").await, 4);
    assert_eq!(world.call("GET", "dev/open", &[]).await.status, 200, "another stage sets nothing");
    world.monotonic.advance_milliseconds(2_000);
    assert_eq!(count("live/open").await, 2);
    world.patch(&stage, "replace", "/~1open/GET/throttling/burstLimit", "1").await;
    world.patch(&stage, "replace", "/~1open/GET/throttling/rateLimit", "1").await;
    world.monotonic.advance_milliseconds(9_000);
    assert_eq!(count("live/open").await, 1);
    let reply = world.call("GET", "live/open", &[]).await;
    refused(&reply, 429, TOO_MANY, "TooManyRequestsException");
}

#[tokio::test]
async fn the_limit_of_an_account_is_for_all_its_apis_and_holds_only_with_awss_quotas() {
    const BURST: usize = 5_000;
    for (enforced, expected) in [(false, BURST + 10), (true, BURST)] {
        let world = World::with(enforced).await;
        let stream = world.server.connect().await;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut let_through = 0;
        for count in 0..BURST + 10 {
            let stage = if count % 2 == 0 { "live" } else { "dev" };
            let target = format!("/_aws/execute-api/{}/{stage}/open", world.api);
            let host = world.server.address.to_string();
            let mut reply = sender.send_request(request("GET", &target, &[("Host", &host)], "")).await.unwrap();
            while reply.body_mut().frame().await.is_some() {}
            let_through += usize::from(reply.status() == 200);
        }
        assert_eq!(let_through, expected, "{enforced}");
    }
}

#[tokio::test]
async fn a_quota_is_used_up_by_what_is_let_through_and_begins_anew() {
    let world = World::start().await;
    let throttle = json!({ "rateLimit": 1.0, "burstLimit": 2 });
    let plan = world.plan(json!({ "quota": { "limit": 3, "period": "DAY" }, "throttle": throttle })).await;
    let key = world.key(&plan, VALUE).await;
    let (count, reply) = world.let_through("GET", "live/keyed", VALUE).await;
    assert_eq!((count, reply.said()), (2, (429, TOO_MANY)));
    assert_eq!(world.usage(&plan).await[&key], json!([[2, 1]]), "what is throttled is not counted");
    world.monotonic.advance_milliseconds(60_000);
    let (count, reply) = world.let_through("GET", "live/keyed", VALUE).await;
    assert_eq!(count, 1);
    refused(&reply, 429, EXCEEDED, "LimitExceededException");
    assert_eq!(reply.header("retry-after"), None);
    let found = world.explained(&reply).await;
    assert_eq!(found["setting"], format!("the quota of the usage plan plan ({plan}) is 3 requests a DAY"));
    assert_eq!(world.usage(&plan).await[&key], json!([[3, 0]]));
    let target = format!("/usageplans/{plan}/keys/{key}/usage");
    world.patch(&target, "replace", "/remaining", "1").await;
    world.monotonic.advance_milliseconds(60_000);
    assert_eq!(world.let_through("GET", "live/keyed", VALUE).await.0, 1);
    world.server.advance(86_400).await;
    world.monotonic.advance_milliseconds(60_000);
    assert_eq!(world.keyed(VALUE).await.status, 200);
    assert_eq!(world.usage(&plan).await[&key], json!([[1, 2]]));
}

#[tokio::test]
async fn counts_outlive_the_server() {
    let directory = tempfile::tempdir().unwrap();
    let place = Place::Directory(directory.path().to_owned());
    let world = World::at(&place, false).await;
    let plan = world.plan(json!({ "quota": { "limit": 3, "period": "MONTH" } })).await;
    world.key(&plan, VALUE).await;
    assert_eq!((world.keyed(VALUE).await.status, world.keyed(VALUE).await.status).0, 200);
    let World { server, api, monotonic, machine } = world;
    server.stop().await;
    let server = Server::with_node(&place, Options::default());
    wait_for_noon(&server).await;
    let world = World { server, monotonic, machine, api };
    let (count, reply) = world.let_through("GET", "live/keyed", VALUE).await;
    assert_eq!((count, reply.said()), (1, (429, EXCEEDED)));
}
