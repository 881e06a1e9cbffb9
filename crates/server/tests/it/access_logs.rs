//! Access logs over the wire: the lines that requests to both kinds of APIs leave in files of the data directory.

use std::path::Path;

use claviger_server::node::{Options, Place};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http_apis;
use crate::stack::{UNAUTHORIZED, request};
use crate::support::Server;

const GROUP: &str = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/apigateway/storms";

fn start() -> (TempDir, Server) {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with_node(&Place::Directory(directory.path().to_owned()), Options::default());
    (directory, server)
}

/// The lines of the one file of the access logs, each of which is JSON.
fn lines(directory: &Path) -> Vec<Value> {
    let files: Vec<_> = std::fs::read_dir(directory.join("access-logs")).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let file = files[0].as_ref().unwrap();
    assert!(file.file_name().to_str().unwrap().starts_with("aws_apigateway_storms-"), "{file:?}");
    let text = std::fs::read_to_string(file.path()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"))).collect()
}

/// A format that writes these variables as strings, and the id.
fn format(names: &[&str]) -> String {
    let members = names.iter().map(|name| format!(r#""{name}":"$context.{name}""#));
    format!(r#"{{"requestId":"$context.requestId",{}}}"#, members.collect::<Vec<_>>().join(","))
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_to_a_rest_stage_leave_lines() {
    let (directory, server) = start();
    let machine = server.machine().await;
    let api = server.storms(&machine).await;
    let names = [
        "status",
        "httpMethod",
        "resourcePath",
        "path",
        "protocol",
        "responseLength",
        "integrationLatency",
        "authorizer.claims.client_id",
        "error.message",
        "error.responseType",
        "identity.userAgent",
        "identity.sourceIp",
    ];
    let patches = json!({ "patchOperations": [
        { "op": "replace", "path": "/accessLogSettings/destinationArn", "value": GROUP },
        { "op": "replace", "path": "/accessLogSettings/format", "value": format(&names) },
    ] });
    let target = format!("/restapis/{api}/stages/weather");
    let storms = format!("/_aws/execute-api/{api}/weather");
    let before = server.ask(request("GET", &storms, &[], "")).await;
    assert_eq!(before.said(), (401, UNAUTHORIZED));
    assert_eq!(server.ask(request("PATCH", &target, &[], &patches.to_string())).await.status, 200);

    let token = machine.token(&server, "weather-api/get").await;
    let hostile = "\"},{\"status\":\"200\\";
    let headers = [("Authorization", token.as_str()), ("User-Agent", hostile)];
    let reply = server.ask(request("GET", &storms, &headers, "")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(server.ask(request("GET", &storms, &[], "")).await.said(), (401, UNAUTHORIZED));
    assert_eq!(server.ask(request("GET", &format!("{storms}/none"), &[], "")).await.status, 403);
    let id = reply.header("x-amzn-requestid").unwrap().to_owned();
    server.stop().await;

    let lines = lines(directory.path());
    let length = reply.body.len().to_string();
    let all = |name: &str| lines.iter().map(|line| line[name].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(lines[0]["requestId"], id);
    assert_eq!(all("status"), ["200", "401", "403"]);
    assert_eq!(all("httpMethod"), ["GET", "GET", "GET"]);
    assert_eq!(all("resourcePath"), ["/", "/", "-"]);
    assert_eq!(all("protocol"), ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1"]);
    assert_eq!(all("responseLength"), [&*length, "26", "42"]);
    assert_eq!(all("authorizer.claims.client_id"), [&*machine.client_id, "-", "-"]);
    assert_eq!(all("error.message"), ["-", "Unauthorized", "Missing Authentication Token"]);
    assert_eq!(all("error.responseType"), ["-", "UNAUTHORIZED", "MISSING_AUTHENTICATION_TOKEN"]);
    assert_eq!(all("identity.userAgent"), [hostile, "-", "-"]);
    assert_eq!(all("identity.sourceIp"), ["127.0.0.1", "127.0.0.1", "127.0.0.1"]);
    assert!(all("integrationLatency")[0].parse::<u64>().is_ok());
    assert_eq!(all("integrationLatency")[1..], ["-", "-"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_to_a_stage_of_an_http_api_leave_lines() {
    let (directory, server) = start();
    let (_backend, api) = http_apis::open(&server).await;
    let machine = server.machine().await;
    let target = api.proxy("http://127.0.0.1:1/", json!({})).await;
    api.route("GET /gone", &target, json!({})).await;
    let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{}", machine.pool);
    let guard = api.jwt(&issuer, &machine.client_id, &[]).await;
    api.route("GET /guarded", &target, guard).await;
    let names = [
        "status",
        "routeKey",
        "path",
        "responseLength",
        "integration.status",
        "integrationErrorMessage",
        "error.message",
        "dataProcessed",
        "authorizer.claims.client_id",
    ];
    let settings = json!({ "accessLogSettings": { "destinationArn": GROUP, "format": format(&names) } });
    server.v2(&format!("PATCH /apis/{}/stages/$default", api.id), settings).await;
    let storms = api.send("POST", "/storms/201", &[], "hello").await;
    assert_eq!(storms.status, 201, "{storms:?}");
    assert_eq!(api.send("GET", "/gone", &[], "").await.status, 503);
    assert_eq!(api.send("GET", "/guarded", &[], "").await.status, 401);
    let token = machine.token(&server, "weather-api/get").await;
    assert_eq!(api.with_token("/guarded", &token).await.status, 503);
    server.stop().await;

    let lines = lines(directory.path());
    let length = storms.body.len();
    let all = |name: &str| lines.iter().map(|line| line[name].as_str().unwrap()).collect::<Vec<_>>();
    assert_eq!(all("status"), ["201", "503", "401", "503"]);
    assert_eq!(all("routeKey"), ["$default", "GET /gone", "GET /guarded", "GET /guarded"]);
    assert_eq!(all("path"), ["/storms/201", "/gone", "/guarded", "/guarded"]);
    assert_eq!(all("responseLength")[0], length.to_string());
    assert_eq!(all("dataProcessed")[0], (length + 5).to_string());
    assert_eq!(all("integration.status"), ["201", "-", "-", "-"]);
    assert_eq!(all("integrationErrorMessage"), ["-", "Service Unavailable", "-", "Service Unavailable"]);
    assert_eq!(all("error.message"), ["-", "Service Unavailable", "Unauthorized", "Service Unavailable"]);
    assert_eq!(all("authorizer.claims.client_id"), ["-", "-", "-", &*machine.client_id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_for_stages_without_a_log() {
    let (directory, server) = start();
    let (_backend, api) = http_apis::open(&server).await;
    let settings = json!({ "accessLogSettings": { "format": "$context.requestId" } });
    server.v2(&format!("PATCH /apis/{}/stages/$default", api.id), settings).await;
    assert_eq!(api.send("GET", "/storms", &[], "").await.status, 200);
    server.stop().await;
    assert!(!directory.path().join("access-logs").exists());
}
