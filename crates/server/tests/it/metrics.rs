//! What Prometheus is told, and that the dashboard and the alert rules ask for nothing else.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::stack::{Machine, request};
use crate::support::Server;

async fn metrics(server: &Server) -> String {
    let reply = server.ask(request("GET", "/_claviger/metrics", &[], "")).await;
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    reply.body
}

/// The value of a series.
fn value(text: &str, series: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

/// A server that has answered some of everything: its machine, with a wrong secret by now, its API and a token.
async fn busy() -> (Server, Machine, String, String) {
    let server = Server::dev();
    let machine = server.machine().await;
    let api = server.storms(&machine).await;
    let token = machine.token(&server, "").await;
    let bearer = format!("Bearer {token}");
    let target = format!("/_aws/execute-api/{api}/weather");
    for _ in 0..3 {
        assert_eq!(server.ask(request("GET", &target, &[("Authorization", &bearer)], "")).await.status, 200);
    }
    let forged = format!("{bearer}x");
    assert_eq!(server.ask(request("GET", &target, &[("Authorization", &forged)], "")).await.status, 401);
    assert_eq!(server.ask(request("GET", &target, &[], "")).await.status, 401);
    assert_eq!(machine.ask(&server, "&scope=weather-api/delete").await.status, 400);
    let stranger = Machine { secret: "wrong".to_owned(), ..machine };
    assert_eq!(stranger.ask(&server, "").await.status, 400);
    (server, stranger, api, token)
}

#[tokio::test]
async fn what_happens_is_counted() {
    let (server, stranger, api, token) = busy().await;
    let text = metrics(&server).await;
    let check = |series: &str, expected: u64| assert_eq!(value(&text, series), Some(expected), "{series}\n{text}");
    let client = &stranger.client_id;
    check(&format!("claviger_tokens_issued_total{{client_id=\"{client}\"}}"), 1);
    check(&format!("claviger_failed_authentications_total{{client_id=\"{client}\"}}"), 1);
    check("claviger_requests_total{area=\"gate\",status=\"2xx\"}", 3);
    check("claviger_requests_total{area=\"gate\",status=\"4xx\"}", 2);
    check("claviger_requests_total{area=\"oauth\",status=\"4xx\"}", 2);
    check("claviger_request_duration_seconds_count{area=\"gate\"}", 5);
    check("claviger_token_verifications_total{outcome=\"verified\"}", 1);
    check("claviger_token_verifications_total{outcome=\"known\"}", 2);
    check("claviger_refusals_total{surface=\"token endpoint\",code=\"invalid_grant\"}", 1);
    let route = format!("{api}/GET /");
    check(
        &format!("claviger_scope_uses_total{{client_id=\"{client}\",scope=\"weather-api/get\",route=\"{route}\"}}"),
        3,
    );
    check("claviger_state{thing=\"app_clients\"}", 1);
    check("claviger_state{thing=\"cached_tokens\"}", 1);
    assert!(!text.contains(&token) && !text.contains("wrong\""), "{text}");
}

#[tokio::test]
async fn the_dashboard_and_the_alert_rules_ask_for_what_there_is() {
    let (server, ..) = busy().await;
    let text = metrics(&server).await;
    let told: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    let dashboard: Value = serde_json::from_str(include_str!("../../../../packaging/grafana-dashboard.json")).unwrap();
    let expressions =
        dashboard["panels"].as_array().unwrap().iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut expressions: Vec<String> = expressions.map(|target| target["expr"].as_str().unwrap().to_owned()).collect();
    let alerts = include_str!("../../../../packaging/alerts.yaml");
    expressions.extend(alerts.lines().filter(|line| line.contains("claviger_")).map(str::to_owned));
    assert!(expressions.len() > 12);
    let mut asked = BTreeSet::new();
    for expression in &expressions {
        let words = expression.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
        for word in words.filter(|word| word.starts_with("claviger_")) {
            let name = ["_total", "_bucket"].iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word);
            assert!(told.contains(name), "{word} in {expression}; there are {told:?}");
            asked.insert(name.to_owned());
        }
    }
    assert_eq!(asked.len(), told.len(), "everything that is told is shown: {told:?}");
    // The documentation names them all, too.
    let page = include_str!("../../../../docs/metrics.md");
    for name in told {
        assert!(page.contains(&format!("`{name}")), "{name}");
    }
}
