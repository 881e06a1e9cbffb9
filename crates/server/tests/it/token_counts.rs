//! Token counts by day, from the token endpoint to `claviger usage`.

use claviger_server::node::{Options, Place};
use serde_json::{Value, json};

use crate::stack::{Machine, request};
use crate::support::{Server, claviger, run};

impl Server {
    /// What our own service says that was counted.
    async fn counts(&self, input: Value) -> Value {
        let headers = [("X-Amz-Target", "Claviger.ListTokenCounts"), ("Content-Type", "application/x-amz-json-1.1")];
        let reply = self.ask(request("POST", "/", &headers, &input.to_string())).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()["TokenCounts"].take()
    }
}

#[tokio::test]
async fn tokens_are_counted_for_each_client_and_day_and_survive_the_node() {
    let directory = tempfile::tempdir().unwrap();
    let start = || Server::with_node(&Place::Directory(directory.path().to_owned()), Options::default());
    let server = start();
    let machine = server.machine().await;
    for _ in 0..3 {
        machine.token(&server, "").await;
    }
    assert_eq!(machine.ask(&server, "&scope=weather-api/delete").await.status, 400);
    let machine = Machine { secret: "wrong".to_owned(), ..machine };
    assert_eq!(machine.ask(&server, "").await.status, 400);
    // What was counted is stored about once a minute, and by a node that is closed.
    assert_eq!(server.counts(json!({})).await, json!([]));
    server.stop().await;

    let server = start();
    let counts = server.counts(json!({})).await;
    let date = counts[0]["Date"].as_str().unwrap().to_owned();
    let expected = json!([{
        "Date": date, "UserPoolId": machine.pool, "ClientId": machine.client_id, "Issued": 3, "Refused": 2,
    }]);
    assert_eq!(counts, expected);
    for input in [json!({"ClientId": machine.client_id}), json!({"UserPoolId": machine.pool}), json!({"Days": 1})] {
        assert_eq!(server.counts(input.clone()).await, expected, "{input}");
    }
    let (status, out, err) = run(claviger(&server).args(["usage", "--client-id", &machine.client_id])).await;
    assert_eq!(status, Some(0), "{err}");
    let words: Vec<Vec<&str>> = out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[1..], [vec![&*date, &machine.pool, &machine.client_id, "3", "2"], vec!["all", "3", "2"]]);
    let (_, out, _) = run(claviger(&server).args(["usage", "--output", "json", "--days", "400"])).await;
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), json!({ "TokenCounts": expected }));
    let (status, _, err) = run(claviger(&server).args(["usage", "--client-id", "nobody"])).await;
    assert!(status == Some(1) && err.contains("App client nobody does not exist."), "{err}");

    server.advance(2 * 24 * 3_600).await;
    assert_eq!(server.counts(json!({"Days": 2})).await, json!([]));
    assert_eq!(server.counts(json!({"Days": 3})).await, expected);
    let input = json!({ "UserPoolId": machine.pool, "ClientId": machine.client_id });
    server.cognito("DeleteUserPoolClient", input).await;
    assert_eq!(server.counts(json!({})).await, json!([]));
}
