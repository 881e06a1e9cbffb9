//! Limits over HTTP: AWS's request rates, and what is set for single app clients.

use std::sync::Arc;

use claviger_server::node::{Options, Place};
use claviger_testkit::FakeMonotonic;
use http::StatusCode;
use serde_json::{Value, json};

use crate::stack::{FORM, Machine, basic, request};
use crate::support::{Server, claviger, run};

/// A server that enforces AWS's request rates by a clock of ours.
fn enforcing() -> (Server, Arc<FakeMonotonic>) {
    let monotonic = Arc::new(FakeMonotonic::default());
    let options = Options { request_rates: true, monotonic: Some(Arc::clone(&monotonic) as _), ..Options::default() };
    (Server::with_node(&Place::Memory, options), monotonic)
}

/// How many tokens in a row a machine gets before it is told to slow down, at most so many.
async fn tokens(server: &Server, machine: &Machine, most: u32) -> u32 {
    for granted in 0..most {
        let reply = machine.ask(server, "").await;
        if reply.status != StatusCode::OK {
            assert_eq!(reply.said(), (429, r#"{"error":"too_many_requests"}"#));
            assert_eq!(reply.header("retry-after"), Some("1"));
            assert_eq!(reply.header("content-type"), Some("application/json;charset=UTF-8"));
            assert!(reply.header("x-amz-cognito-request-id").is_some());
            return granted;
        }
    }
    most
}

#[tokio::test]
async fn token_requests_are_not_limited_unless_asked_for() {
    let server = Server::dev();
    let machine = server.machine().await;
    assert_eq!(tokens(&server, &machine, 200).await, 200);
}

#[tokio::test]
async fn awss_rate_of_token_requests_is_150_a_second() {
    let (server, monotonic) = enforcing();
    let machine = server.machine().await;
    assert_eq!(tokens(&server, &machine, 200).await, 150);
    monotonic.advance_milliseconds(100);
    assert_eq!(tokens(&server, &machine, 200).await, 15);
    // What is refused for its secret counts all the same.
    monotonic.advance_milliseconds(20);
    let headers = [("Content-Type", FORM), ("Authorization", &*basic(&machine.client_id, "wrong"))];
    let wrong = request("POST", "/oauth2/token", &headers, "grant_type=client_credentials");
    assert_eq!(server.ask(wrong).await.said(), (400, r#"{"error":"invalid_client"}"#));
    assert_eq!(tokens(&server, &machine, 200).await, 2);
}

#[tokio::test]
async fn awss_rates_hold_at_the_json_api() {
    let (server, monotonic) = enforcing();
    let list = json!({ "MaxResults": 1 });
    for _ in 0..15 {
        server.cognito("ListUserPools", list.clone()).await;
    }
    let reply = server.cognito_as(None, "ListUserPools", &list).await;
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json(), json!({ "__type": "TooManyRequestsException", "message": "Rate exceeded" }));
    assert_eq!(reply.header("x-amzn-errortype"), Some("TooManyRequestsException"));
    monotonic.advance_milliseconds(1_000);
    server.cognito("ListUserPools", list).await;
}

#[tokio::test]
async fn one_address_is_limited_at_the_domains_of_all_pools() {
    let (server, _) = enforcing();
    let ask = async || server.ask(request("GET", "/oauth2/token", &[], "")).await;
    for _ in 0..300 {
        assert_eq!(ask().await.status, 405);
    }
    assert_eq!(ask().await.said(), (429, r#"{"error":"too_many_requests"}"#));
}

/// Sets what a machine may have, through our own service.
async fn set(server: &Server, machine: &Machine, mut changes: Value) -> Value {
    changes["ClientId"] = json!(machine.client_id);
    let headers = [("X-Amz-Target", "Claviger.UpdateAppClientExtras")];
    let reply = server.ask(request("POST", "/", &headers, &changes.to_string())).await;
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    reply.json()
}

#[tokio::test]
async fn a_client_that_asks_too_fast_is_told_when_to_come_back() {
    let monotonic = Arc::new(FakeMonotonic::default());
    let options = Options { monotonic: Some(Arc::clone(&monotonic) as _), ..Options::default() };
    let server = Server::with_node(&Place::Memory, options);
    let machine = server.machine().await;
    let other = server.machine().await;
    set(&server, &machine, json!({ "Rate": { "RequestsPerSecond": 0.25, "Burst": 2 } })).await;
    machine.token(&server, "").await;
    machine.token(&server, "").await;
    let reply = machine.ask(&server, "").await;
    let said =
        r#"{"error":"too_many_requests","error_description":"the request rate set for the app client is exceeded"}"#;
    assert_eq!((reply.said(), reply.header("retry-after")), ((429, said), Some("4")));
    // Whoever does not know the secret takes nothing from the client.
    let headers = [("Content-Type", FORM), ("Authorization", &*basic(&machine.client_id, "wrong"))];
    monotonic.advance_milliseconds(4_000);
    for _ in 0..3 {
        let wrong = request("POST", "/oauth2/token", &headers, "grant_type=client_credentials");
        assert_eq!(server.ask(wrong).await.said(), (400, r#"{"error":"invalid_client"}"#));
    }
    machine.token(&server, "").await;
    for _ in 0..5 {
        other.token(&server, "").await;
    }
}

#[tokio::test]
async fn a_budget_outlives_the_server() {
    let directory = tempfile::tempdir().unwrap();
    let place = Place::Directory(directory.path().to_owned());
    let start = || Server::with_node(&place, Options::default());
    let server = start();
    let machine = server.machine().await;
    set(&server, &machine, json!({ "Budget": { "Tokens": 3, "Period": "MONTH" } })).await;
    machine.token(&server, "").await;
    machine.token(&server, "").await;
    server.stop().await;

    let server = start();
    machine.token(&server, "").await;
    let reply = machine.ask(&server, "").await;
    let said = r#"{"error":"too_many_requests","error_description":"the budget set for the app client, 3 tokens a month, is used up"}"#;
    assert_eq!(reply.said(), (429, said));
    let wait: i64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=31 * 86_400).contains(&wait), "{wait}");
    // What is refused is not counted: a larger budget has one token left.
    let shown = set(&server, &machine, json!({ "Budget": { "Tokens": 4, "Period": "MONTH" } })).await;
    assert_eq!(shown["Budget"]["Used"], 3);
    machine.token(&server, "").await;
    assert_eq!(machine.ask(&server, "").await.status, 429);
    // The next month begins with nothing used.
    server.advance(wait).await;
    machine.token(&server, "").await;
}

#[tokio::test]
async fn limits_are_shown_and_set_from_the_command_line() {
    let server = Server::dev();
    let machine = server.machine().await;
    let app_client = async |arguments: &[&str]| {
        run(claviger(&server).args(["app-client", &machine.client_id]).args(arguments)).await
    };
    let head = format!("App client  {} (station)\nUser pool   {}\n", machine.client_id, machine.pool);
    let (status, text, _) = app_client(&[]).await;
    assert_eq!((status, text), (Some(0), format!("{head}Rate        no limit\nBudget      no limit\n")));
    let (status, text, _) = app_client(&["--rate", "2", "--burst", "10", "--budget", "1000/month"]).await;
    let limits = "Rate        2 tokens a second, 10 at once\nBudget      1000 tokens a month, 0 used; begins anew at ";
    assert_eq!(status, Some(0));
    assert!(text.starts_with(&format!("{head}{limits}")), "{text}");
    machine.token(&server, "").await;
    let (status, json, _) = app_client(&["--unset", "rate", "--output", "json"]).await;
    let shown: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((status, &shown["Budget"]["Used"], shown.get("Rate")), (Some(0), &json!(1), None));

    let (status, text, _) = app_client(&["--claim", "level=3", "--claim", "tenant=\"north\""]).await;
    assert!(status == Some(0) && text.contains("level = 3\n"), "{text}");
    let token = crate::stack::claims(&machine.token(&server, "").await);
    assert_eq!((&token["level"], &token["tenant"]), (&json!(3), &json!("north")));
    let (_, text, _) = app_client(&["--unset", "claim=level"]).await;
    assert!(text.ends_with("Claims      tenant = \"north\"\n"), "{text}");

    let (status, text, stderr) = app_client(&["--burst", "3"]).await;
    let expected = "claviger: Burst needs RequestsPerSecond: the app client has no rate yet.\n";
    assert_eq!((status, &*text, &*stderr), (Some(2), "", expected));
    let unknown = run(claviger(&server).args(["app-client", "nobody"])).await;
    assert_eq!(unknown, (Some(1), String::new(), "claviger: App client nobody does not exist.\n".to_owned()));
}

#[tokio::test]
async fn quotas_are_set_by_flag_or_environment_and_unknown_ones_are_refused() {
    let server = Server::dev();
    let dev = async |variable: &str, arguments: &[&str]| {
        let mut command = claviger(&server);
        command.args(["dev", "--ephemeral", "--listen", "127.0.0.1:0"]).args(arguments);
        run(command.env("CLAVIGER_QUOTAS", variable)).await
    };
    let (status, _, stderr) = dev("", &["--quota", "user-pools=1"]).await;
    assert_eq!(status, Some(2));
    assert!(
        stderr.contains("there is no quota \"user-pools\"") && stderr.contains("app-clients-per-user-pool"),
        "{stderr}"
    );
    let (status, _, stderr) = dev("user-pools-per-region=2,secrets-per-app-client=3", &[]).await;
    assert_eq!(status, Some(2));
    assert!(stderr.contains("secrets-per-app-client must be a whole number from 0 to 2"), "{stderr}");
    let (status, _, stderr) = dev("user-pools-per-region=1", &["--quotas", "some"]).await;
    assert_eq!(status, Some(2));
    assert!(stderr.contains("off, aws"), "{stderr}");
}

#[tokio::test]
async fn limits_hold_for_every_way_to_a_token_and_are_explained() {
    let server = Server::dev();
    let machine = server.machine().await;
    let (client_id, secret) = server
        .client(
            &machine.pool,
            json!({
                "AllowedOAuthFlowsUserPoolClient": false, "AllowedOAuthFlows": null,
                "ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH"],
            }),
        )
        .await;
    let caller = Machine { client_id, secret, pool: machine.pool.clone(), arn: machine.arn.clone() };
    set(&server, &caller, json!({ "Budget": { "Tokens": 1, "Period": "MONTH" } })).await;
    let ask = json!({ "ClientId": caller.client_id, "Secret": caller.secret });
    server.cognito("GetClientToken", ask.clone()).await;
    let reply = server.cognito_as(None, "GetClientToken", &ask).await;
    let message = "No token can be issued: the budget set for the app client, 1 tokens a month, is used up.";
    assert_eq!(reply.json(), json!({ "__type": "TooManyRequestsException", "message": message }));

    set(&server, &machine, json!({ "Budget": { "Tokens": 0, "Period": "MONTH" } })).await;
    let refused = machine.ask(&server, "").await;
    let id = refused.header("x-amz-cognito-request-id").unwrap();
    let (status, text, _) = run(claviger(&server).args(["explain", id])).await;
    let setting = format!("the app client {} may have 0 tokens a month", machine.client_id);
    assert!(status == Some(0) && text.contains(&setting), "{text}");
}

#[tokio::test]
async fn both_ways_to_a_machines_token_share_awss_rate() {
    let (server, monotonic) = enforcing();
    let machine = server.machine().await;
    monotonic.advance_milliseconds(1_000);
    let (client_id, secret) = server
        .client(
            &machine.pool,
            json!({
                "AllowedOAuthFlowsUserPoolClient": false, "AllowedOAuthFlows": null,
                "ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH"],
            }),
        )
        .await;
    let ask = json!({ "ClientId": client_id, "Secret": secret });
    for _ in 0..100 {
        server.cognito("GetClientToken", ask.clone()).await;
    }
    assert_eq!(tokens(&server, &machine, 200).await, 50);
    let reply = server.cognito_as(None, "GetClientToken", &ask).await;
    assert_eq!(reply.json(), json!({ "__type": "TooManyRequestsException", "message": "Rate exceeded" }));
}
