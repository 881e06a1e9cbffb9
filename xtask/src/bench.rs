//! `cargo xtask bench`: what the machine at hand can do, as ratios to ceilings measured in the same run.
//!
//! Absolute figures say as much about the machine as about the program; a ratio to what the same processors reach with
//! nothing but the signature, or nothing but the verification, travels. Every scenario is run several rounds, the ceiling
//! beside it in each round, and the medians are printed with their spread.

mod ceiling;
mod report;

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;

use self::report::Report;
use crate::http;
use crate::load::{self, Requests, median};
use crate::server::{self, Server, binary};

/// How much to measure.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Rounds of each scenario.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds of load per round.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Keep-alive connections.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Fail when a floor is not reached.
    #[arg(long)]
    check: bool,
}

/// What the scenarios run against.
struct Fixture {
    client_id: String,
    client_secret: String,
    api_id: String,
}

const STAGE: &str = "bench";
const SCOPE: &str = "bench/read";

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    ensure!(arguments.rounds > 0 && arguments.connections > 0, "--rounds and --connections must be at least 1");
    let binary = binary()?;
    let directory = tempfile::tempdir().context("no place for a data directory")?;
    let mut report = Report::new();

    let fixture = {
        let server = Server::start(&binary, directory.path())?;
        let fixture = make_fixture(&server)?;
        check_answers(&server, &fixture)?;
        fixture
    };
    measure_start(&binary, directory.path(), &fixture, arguments, &mut report)?;

    let server = Server::start(&binary, directory.path())?;
    std::thread::sleep(Duration::from_millis(500));
    report.figure("idle memory (PSS)", server.pss_mebibytes()?, "MiB", 20.0);
    measure_load(&server, &fixture, arguments, &mut report)?;
    report.figure("memory after load (PSS)", server.pss_mebibytes()?, "MiB", 60.0);

    report.print(arguments.rounds, arguments.seconds, arguments.connections);
    ensure!(!arguments.check || report.all_floors_met(), "a floor is not met");
    Ok(())
}

fn make_fixture(server: &Server) -> anyhow::Result<Fixture> {
    let cognito = |operation: &str, input: Value| server.cognito(operation, &input);
    let pool = cognito("CreateUserPool", serde_json::json!({ "PoolName": "bench" }))?;
    let pool = text(&pool, "/UserPool/Id")?;
    cognito(
        "CreateResourceServer",
        serde_json::json!({ "UserPoolId": pool, "Identifier": "bench", "Name": "bench",
            "Scopes": [{ "ScopeName": "read", "ScopeDescription": "read" }] }),
    )?;
    let client = cognito(
        "CreateUserPoolClient",
        serde_json::json!({ "UserPoolId": pool, "ClientName": "bench", "GenerateSecret": true,
            "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["client_credentials"],
            "AllowedOAuthScopes": [SCOPE] }),
    )?;
    let arn = format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}");
    let api = server.rest("POST", "/restapis?mode=import", &document(&arn))?;
    let api_id = text(&api, "/id")?;
    server.rest("POST", &format!("/restapis/{api_id}/deployments"), &serde_json::json!({ "stageName": STAGE }))?;
    Ok(Fixture {
        client_id: text(&client, "/UserPoolClient/ClientId")?,
        client_secret: text(&client, "/UserPoolClient/ClientSecret")?,
        api_id,
    })
}

/// An API with one guarded `MOCK` method.
fn document(user_pool_arn: &str) -> Value {
    serde_json::json!({
        "openapi": "3.0.0",
        "info": { "title": "bench", "version": "1" },
        "paths": { "/": { "get": {
            "security": [{ "pool": [SCOPE] }],
            "responses": { "200": { "description": "ok" } },
            "x-amazon-apigateway-integration": {
                "type": "mock",
                "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
                "responses": { "default": { "statusCode": "200",
                    "responseTemplates": { "application/json": "{\"ok\": true}" } } },
            },
        } } },
        "components": { "securitySchemes": { "pool": {
            "type": "apiKey", "name": "Authorization", "in": "header",
            "x-amazon-apigateway-authtype": "cognito_user_pools",
            "x-amazon-apigateway-authorizer": { "type": "cognito_user_pools", "providerARNs": [user_pool_arn] },
        } } },
    })
}

fn text(value: &Value, pointer: &str) -> anyhow::Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).with_context(|| format!("no {pointer} in {value}"))
}

fn gate_request(fixture: &Fixture, authorization: Option<&str>) -> Vec<u8> {
    let path = format!("/_aws/execute-api/{}/{STAGE}/", fixture.api_id);
    let headers: Vec<(&str, &str)> = authorization.map(|token| ("Authorization", token)).into_iter().collect();
    http::request("GET", &path, &headers, b"")
}

fn token(server: &Server, fixture: &Fixture) -> anyhow::Result<String> {
    let answer = http::exchange(server.address, &server::token(&fixture.client_id, &fixture.client_secret))?;
    ensure!(answer.status == 200, "the token endpoint answered {}: {}", answer.status, answer.text());
    text(&serde_json::from_slice(&answer.body)?, "/access_token")
}

/// Nothing is timed that does not answer rightly: 401 without a token, 401 with a forged one, 200 with a right one.
fn check_answers(server: &Server, fixture: &Fixture) -> anyhow::Result<()> {
    let token = token(server, fixture)?;
    let mut forged = token.clone();
    let last = forged.pop().context("an empty token")?;
    forged.push(if last == 'A' { 'B' } else { 'A' });
    // The last character may hold padding bits only, so an earlier one is changed too.
    let middle = forged.len() - 40;
    let other = if forged.as_bytes().get(middle) == Some(&b'A') { "B" } else { "A" };
    forged.replace_range(middle..=middle, other);
    for (authorization, expected) in [(None, 401), (Some(forged.as_str()), 401), (Some(token.as_str()), 200)] {
        let answer = http::exchange(server.address, &gate_request(fixture, authorization))?;
        ensure!(
            answer.status == expected,
            "the gate answered {} instead of {expected}: {}",
            answer.status,
            answer.text()
        );
    }
    Ok(())
}

fn measure_start(
    binary: &std::path::Path,
    data: &std::path::Path,
    fixture: &Fixture,
    arguments: &Arguments,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut listening, mut first_token) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds.max(5) {
        let (server, started, listening_after) = Server::start_timed(binary, data)?;
        token(&server, fixture)?;
        first_token.push(started.elapsed().as_secs_f64() * 1e3);
        listening.push(listening_after.as_secs_f64() * 1e3);
    }
    report.figure("start to listening", median(&listening), "ms", 30.0);
    report.figure("start to first token, existing store", median(&first_token), "ms", 80.0);
    Ok(())
}

fn measure_load(server: &Server, fixture: &Fixture, arguments: &Arguments, report: &mut Report) -> anyhow::Result<()> {
    let duration = Duration::from_secs_f64(arguments.seconds);
    let token_request = Requests::from_iter([server::token(&fixture.client_id, &fixture.client_secret)]);
    let token = token(server, fixture)?;
    let gate_request = Requests::from_iter([gate_request(fixture, Some(&token))]);
    let (mut signing, mut verifying, mut tokens, mut gate) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 1..=arguments.rounds {
        eprintln!("round {round} of {}", arguments.rounds);
        signing.push(ceiling::signatures_per_second(duration)?);
        tokens.push(load::run(server.address, &token_request, arguments.connections, duration)?);
        verifying.push(ceiling::verifications_per_second(duration)?);
        gate.push(load::run(server.address, &gate_request, arguments.connections, duration)?);
    }
    report.load("RS256 tokens", "raw RSA-2048 signatures, all cores", &tokens, &signing, Some(0.7));
    report.load("gate requests, MOCK, one token", "raw RSA-2048 verifications, all cores", &gate, &verifying, None);
    Ok(())
}
