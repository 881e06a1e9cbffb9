//! Whether an API of 10,000 routes is served as fast as one of 10.
//!
//! One server has a small and a large REST API, and a small and a large HTTP API. Their routes are a third each without a
//! variable, with one and with a greedy one, and requests go to all of them in turn. REST methods answer by themselves, with
//! the path of their resource; routes of HTTP APIs refuse for want of a token, which comes right after routing.

use anyhow::{Context as _, ensure};
use serde_json::{Map, Value, json};

use super::comparison::Comparison;
use crate::http;
use crate::load::{Requests, machine};
use crate::server::{Server, binary};

/// The most that the large API may be slower.
const RATIO_MAX: f64 = 1.5;
/// Routes of the small and the large API.
const ROUTES: [usize; 2] = [10, 10_000];
/// A stage's name.
const STAGE: &str = "live";

#[expect(clippy::print_stdout, reason = "the figures are the command's result")]
pub(super) fn run(rounds: usize) -> anyhow::Result<()> {
    ensure!(rounds > 0, "--rounds must be at least 1");
    let directory = tempfile::tempdir().context("no place for a data directory")?;
    // A resource for each segment of a path, and the root.
    let quotas = [("resources-per-rest-api", 4 * 10_000 + 1), ("routes-per-http-api", 10_000)];
    let server = Server::start_with(&binary()?, directory.path(), &quotas)?;
    println!("{}", machine());
    let mut comparison = Comparison::new(ROUTES, rounds);
    let [few, many] = [rest_api(&server, ROUTES[0])?, rest_api(&server, ROUTES[1])?];
    comparison.measure("REST API, MOCK", [(server.address, &few), (server.address, &many)])?;
    let pool = server.cognito("CreateUserPool", &json!({ "PoolName": "routes" }))?;
    let pool = pool.pointer("/UserPool/Id").and_then(Value::as_str).context("a pool without an id")?;
    let [few, many] = [http_api(&server, ROUTES[0], pool)?, http_api(&server, ROUTES[1], pool)?];
    comparison.measure("HTTP API, JWT authorizer, no token", [(server.address, &few), (server.address, &many)])?;
    println!();
    comparison.check(RATIO_MAX)
}

/// The pattern of a route, and a path that it is for.
fn route(number: usize) -> (String, String) {
    match number % 3 {
        0 => (format!("/v1/things/thing{number}"), format!("/v1/things/thing{number}")),
        1 => (format!("/v1/things/thing{number}/{{id}}"), format!("/v1/things/thing{number}/4711")),
        _ => (format!("/v1/files/file{number}/{{path+}}"), format!("/v1/files/file{number}/a/b/c")),
    }
}

/// A request for each route, in an order in which no two neighbours are near each other.
fn requests(api: &str, routes: usize) -> Requests {
    /// A prime larger than the number of routes, so that every one has its turn.
    const STRIDE: usize = 10_007;
    let paths = (0..routes).map(|number| route(number * STRIDE % routes).1);
    paths.map(|path| http::request("GET", &format!("/_aws/execute-api/{api}/{STAGE}{path}"), &[], b"")).collect()
}

fn document(routes: usize, operation: &Value, components: &Value) -> Value {
    let paths: Map<String, Value> = (0..routes).map(|number| (route(number).0, json!({ "get": operation }))).collect();
    json!({ "openapi": "3.0.1", "info": { "title": "routes", "version": "1" }, "paths": paths, "components": components })
}

fn rest_api(server: &Server, routes: usize) -> anyhow::Result<Requests> {
    let operation = json!({ "responses": { "200": { "description": "ok" } }, "x-amazon-apigateway-integration": {
        "type": "mock", "requestTemplates": { "application/json": "{\"statusCode\":200}" },
        "responses": { "default": { "statusCode": 200,
            "responseTemplates": { "application/json": "$context.resourcePath" } } },
    } });
    let api =
        server.rest("POST", "/restapis?mode=import&ignore=documentation", &document(routes, &operation, &json!({})))?;
    let api = api.get("id").and_then(Value::as_str).context("an API without an id")?;
    server.rest("POST", &format!("/restapis/{api}/deployments"), &json!({ "stageName": STAGE }))?;
    for number in [0, 1, 2, routes / 2, routes - 1] {
        let (pattern, path) = route(number);
        let request = http::request("GET", &format!("/_aws/execute-api/{api}/{STAGE}{path}"), &[], b"");
        let answer = http::exchange(server.address, &request)?;
        ensure!(answer.status == 200 && answer.text() == pattern, "{path} came to {} {}", answer.status, answer.text());
    }
    Ok(requests(api, routes))
}

fn http_api(server: &Server, routes: usize, pool: &str) -> anyhow::Result<Requests> {
    let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{pool}");
    let operation = json!({ "responses": {}, "security": [{ "gate": [] }],
        "x-amazon-apigateway-integration": { "$ref": "#/components/x-amazon-apigateway-integrations/upstream" } });
    let components = json!({
        "securitySchemes": { "gate": { "type": "oauth2", "x-amazon-apigateway-authorizer": {
            "type": "jwt", "identitySource": "$request.header.Authorization",
            "jwtConfiguration": { "issuer": issuer, "audience": ["machine"] } } } },
        "x-amazon-apigateway-integrations": { "upstream": { "type": "http_proxy", "httpMethod": "GET",
            "uri": "http://127.0.0.1:9", "payloadFormatVersion": "1.0" } },
    });
    let api =
        server.rest("PUT", "/v2/apis", &json!({ "body": document(routes, &operation, &components).to_string() }))?;
    let api = api.get("apiId").and_then(Value::as_str).context("an API without an id")?;
    server.rest("POST", &format!("/v2/apis/{api}/stages"), &json!({ "stageName": STAGE, "autoDeploy": true }))?;
    let unknown = http::request("GET", &format!("/_aws/execute-api/{api}/{STAGE}/v1/nothing"), &[], b"");
    let answer = http::exchange(server.address, &unknown)?;
    ensure!(answer.status == 404, "an unknown path came to {} {}", answer.status, answer.text());
    Ok(requests(api, routes).answered_with(401))
}
