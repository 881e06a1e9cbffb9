//! Refusals of HTTP APIs, and what their ids lead to.

use serde_json::{Value, json};

use super::open;
use crate::stack::{Reply, request};
use crate::support::{Server, claviger, run};

pub(super) async fn explained(server: &Server, reply: &Reply) -> Value {
    let id = reply.header("apigw-requestid").unwrap();
    let answer = server.ask(request("GET", &format!("/_claviger/explain/{id}"), &[], "")).await;
    assert_eq!(answer.status, 200, "{reply:?}");
    let found = answer.json()["refusals"][0].clone();
    assert_eq!((&found["id"], &found["answer"]["status"]), (&json!(id), &json!(reply.status.as_u16())));
    found
}

#[tokio::test]
async fn every_refusal_names_the_setting_that_decided() {
    let server = Server::dev();
    let machine = server.machine().await;
    let (backend, api) = open(&server).await;
    let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{}", machine.pool);
    let guard = api.jwt(&issuer, &machine.client_id, &["weather-api/get"]).await;
    let target = api.proxy(&backend.url, json!({})).await;
    api.route("GET /read", &target, guard).await;
    let down = api.proxy("http://127.0.0.1:1", json!({})).await;
    api.route("GET /down", &down, json!({})).await;
    api.make("routes", json!({ "routeKey": "GET /iam", "target": target, "authorizationType": "AWS_IAM" })).await;
    let post = machine.token(&server, "weather-api/post").await;
    let bare = super::HttpApi::new(&server).await;
    for (reply, reason, setting, error) in [
        (
            api.send("GET", "/read", &[], "").await,
            "no token was presented",
            "is $request.header.authorization",
            Some("missing: token not provided"),
        ),
        (
            api.with_token("/read", "a.b").await,
            "it does not have three segments",
            "",
            Some("invalid_token: token contains an invalid number of segments"),
        ),
        (
            api.with_token("/read", &post).await,
            "carries none of the required scopes, but \"weather-api/post\"",
            "requires one of the scopes [weather-api/get]",
            Some("insufficient_scope: the token does not have any of the required scopes"),
        ),
        (
            api.send("GET", "/iam", &[], "").await,
            "asks for an AWS signature",
            "authorizationType of the route is AWS_IAM",
            None,
        ),
        (api.send("GET", "/down", &[], "").await, "network error", "the route GET /down", None),
        (bare.send("GET", "/x", &[], "").await, "no route of the deployed API", "has no route for GET /x", None),
    ] {
        let found = explained(&server, &reply).await;
        assert_eq!(found["surface"], "gate");
        let text = |name: &str| found[name].as_str().unwrap_or_default();
        assert!(text("reason").contains(reason), "{reason}: {found}");
        assert!(
            text("setting").contains(setting) && text("setting").is_empty() == setting.is_empty(),
            "{setting}: {found}"
        );
        assert_eq!(found["about"]["bearerError"].as_str(), error, "{found}");
        assert!(!found.to_string().contains(&post), "{found}");
    }
    let reply = api.with_token("/read", &post).await;
    let found = explained(&server, &reply).await;
    assert_eq!((&found["about"]["route"], &found["about"]["httpApi"]), (&json!("GET /read"), &json!(api.id)));
    assert_eq!(
        (&found["about"]["stage"], &found["about"]["tokenClient"]),
        (&json!("$default"), &json!(machine.client_id))
    );
    let id = reply.header("apigw-requestid").unwrap();
    let (status, printed, complained) =
        run(claviger(&server).args(["explain", &format!("apigw-requestid: {id}")])).await;
    assert_eq!(status, Some(0), "{complained}");
    assert!(printed.contains("carries none of the required scopes"), "{printed}");
}
