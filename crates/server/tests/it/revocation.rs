//! Tokens are refused before their time is over: one, a client's, a pool's; and services ask whether one is good.

use claviger_control_plane::services::Settings as ControlPlaneSettings;
use claviger_server::node::{Options, Place};
use serde_json::{Value, json};

use crate::stack::{FORM, Machine, Reply, STORMS, UNAUTHORIZED, basic, claims, request};
use crate::support::{Server, claviger, run};

struct Scene {
    server: Server,
    machine: Machine,
    api: String,
}

impl Scene {
    async fn new() -> Self {
        Self::on(Server::dev()).await
    }

    async fn on(server: Server) -> Self {
        let machine = server.machine().await;
        let api = server.storms(&machine).await;
        Self { server, machine, api }
    }

    async fn token(&self) -> String {
        self.machine.token(&self.server, "").await
    }

    async fn gate(&self, token: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        let target = format!("/_aws/execute-api/{}/weather", self.api);
        self.server.ask(request("GET", &target, &[("Authorization", &bearer)], "")).await
    }

    async fn is_let_through(&self, token: &str) -> bool {
        let reply = self.gate(token).await;
        assert!([(200, STORMS), (401, UNAUTHORIZED)].contains(&reply.said()), "{reply:?}");
        reply.status == 200
    }

    async fn revoke_tokens(&self, input: Value) -> (u16, Value) {
        let headers = [("X-Amz-Target", "Claviger.RevokeTokens"), ("Content-Type", "application/x-amz-json-1.1")];
        let reply = self.server.ask(request("POST", "/", &headers, &input.to_string())).await;
        (reply.status.as_u16(), reply.json())
    }

    /// Asks one of our own endpoints about a token, as the machine.
    async fn post(&self, path: &str, authorization: &str, token: &str) -> Reply {
        let headers = [("Content-Type", FORM), ("Authorization", authorization)];
        let form = form_urlencoded::Serializer::new(String::new()).append_pair("token", token).finish();
        self.server.ask(request("POST", path, &headers, &form)).await
    }

    async fn introspect(&self, token: &str) -> Value {
        let reply = self.post("/_claviger/introspect", &self.machine.basic(), token).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }
}

#[tokio::test]
async fn a_client_gives_up_a_token_and_keeps_the_others() {
    let scene = Scene::new().await;
    let (given_up, kept) = (scene.token().await, scene.token().await);
    assert!(scene.is_let_through(&given_up).await, "and is kept as verified");
    let reply = scene.post("/_claviger/revoke", &scene.machine.basic(), &given_up).await;
    assert_eq!(reply.said(), (200, ""));
    assert!(!scene.is_let_through(&given_up).await);
    assert!(scene.is_let_through(&kept).await);
    // Again it is revoked already, and so is what never was a token.
    for token in [given_up.as_str(), "nonsense"] {
        assert_eq!(scene.post("/_claviger/revoke", &scene.machine.basic(), token).await.said(), (200, ""));
    }
    // AWS's own endpoint knows no such thing.
    let reply = scene.post("/oauth2/revoke", &scene.machine.basic(), &kept).await;
    assert_eq!(reply.said(), (400, r#"{"error":"unsupported_token_type"}"#));
}

#[tokio::test]
async fn operators_are_told_why_a_revoked_token_is_refused() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    scene.post("/_claviger/revoke", &scene.machine.basic(), &token).await;
    let refused = scene.gate(&token).await;
    let why = scene.server.explain(&refused).await;
    assert_eq!(why["reason"], "the token was revoked", "{why}");
    assert!(why["setting"].as_str().unwrap().contains("RevokeTokens"), "{why}");
}

#[tokio::test]
async fn nobody_gives_up_what_is_anothers() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let (id, secret) = scene.server.client(&scene.machine.pool, json!({})).await;
    let reply = scene.post("/_claviger/revoke", &basic(&id, &secret), &token).await;
    assert_eq!(reply.said(), (400, r#"{"error":"unauthorized_client"}"#));
    let reply = scene.post("/_claviger/revoke", &basic(&id, "wrong"), &token).await;
    assert_eq!(reply.said(), (401, r#"{"error":"invalid_client"}"#));
    assert!(scene.is_let_through(&token).await);
}

#[tokio::test]
async fn everything_that_was_issued_so_far_to_a_client_or_by_a_pool_is_refused() {
    let scene = Scene::new().await;
    let (id, _) = scene.server.client(&scene.machine.pool, json!({})).await;
    let before = scene.token().await;
    let (status, answer) = scene.revoke_tokens(json!({ "ClientId": id })).await;
    assert_eq!((status, &answer["ClientId"]), (200, &json!(id)), "{answer}");
    assert!(scene.is_let_through(&before).await, "it is another client's");
    for input in [json!({ "ClientId": scene.machine.client_id }), json!({ "UserPoolId": scene.machine.pool })] {
        let before = scene.token().await;
        assert!(scene.is_let_through(&before).await);
        let (status, answer) = scene.revoke_tokens(input).await;
        assert_eq!(status, 200, "{answer}");
        assert!(!scene.is_let_through(&before).await);
        // Tokens tell only the second in which they were issued.
        scene.server.advance(1).await;
        let after = scene.token().await;
        assert!(scene.is_let_through(&after).await);
    }
}

#[tokio::test]
async fn the_tokens_of_a_client_that_is_deleted_go_with_it_where_that_is_wanted() {
    for revoke_on_delete in [true, false] {
        let settings = ControlPlaneSettings { revoke_on_delete, ..ControlPlaneSettings::default() };
        let server = Server::with_node(&Place::Memory, Options { settings, ..Options::default() });
        let scene = Scene::on(server).await;
        let token = scene.token().await;
        assert!(scene.is_let_through(&token).await);
        let key = json!({ "UserPoolId": scene.machine.pool, "ClientId": scene.machine.client_id });
        scene.server.cognito("DeleteUserPoolClient", key).await;
        assert_eq!(scene.is_let_through(&token).await, !revoke_on_delete);
    }
}

#[tokio::test]
async fn a_service_asks_whether_a_token_is_good() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let (said, own) = (scene.introspect(&token).await, claims(&token));
    for name in ["scope", "client_id", "sub", "iss", "exp", "iat", "jti", "token_use"] {
        assert_eq!(said[name], own[name], "{name}");
    }
    assert_eq!((&said["active"], &said["token_type"]), (&json!(true), &json!("Bearer")));
    let inactive = json!({ "active": false });
    let (signed, _) = token.rsplit_once('.').unwrap();
    for other in ["", "nonsense", &format!("{signed}.AAAA")] {
        let reply = scene.post("/_claviger/introspect", &scene.machine.basic(), other).await;
        let expected = if other.is_empty() { 400 } else { 200 };
        assert_eq!(reply.status, expected, "{other}: {reply:?}");
        if expected == 200 {
            assert_eq!(reply.json(), inactive);
        }
    }
    // The tokens of other pools are none of the asker's business.
    let other = scene.server.machine().await;
    assert_eq!(scene.introspect(&other.token(&scene.server, "").await).await, inactive);
    scene.revoke_tokens(json!({ "UserPoolId": scene.machine.pool, "TokenId": own["jti"] })).await;
    assert_eq!(scene.introspect(&token).await, inactive);
    let fresh = scene.token().await;
    scene.server.advance(3_601).await;
    assert_eq!(scene.introspect(&fresh).await, inactive);
}

#[tokio::test]
async fn nobody_is_told_who_does_not_prove_who_asks() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let invalid = (401, r#"{"error":"invalid_client"}"#);
    let wrong = basic(&scene.machine.client_id, "wrong");
    assert_eq!(scene.post("/_claviger/introspect", &wrong, &token).await.said(), invalid);
    assert_eq!(scene.post("/_claviger/introspect", &basic("nobody", "x"), &token).await.said(), invalid);
    let open = json!({ "GenerateSecret": false, "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"],
        "CallbackURLs": ["https://example.com"], "SupportedIdentityProviders": ["COGNITO"] });
    let (id, _) = scene.server.client(&scene.machine.pool, open).await;
    let form = format!("token={token}&client_id={id}");
    let reply = scene.server.ask(request("POST", "/_claviger/introspect", &[("Content-Type", FORM)], &form)).await;
    assert_eq!(reply.said(), invalid);
    let reply = scene.server.ask(request("GET", "/_claviger/introspect", &[], "")).await;
    assert!((400..500).contains(&reply.status.as_u16()), "{reply:?}");
}

#[tokio::test]
async fn nonsense_is_refused() {
    let scene = Scene::new().await;
    let (pool, client) = (&scene.machine.pool, &scene.machine.client_id);
    for (input, expected) in [
        (json!({}), "InvalidParameterException"),
        (json!({"TokenId": "t"}), "InvalidParameterException"),
        (json!({"UserPoolId": pool, "ClientId": client}), "InvalidParameterException"),
        (json!({"ClientId": "nobody"}), "ResourceNotFoundException"),
        (json!({"UserPoolId": "us-east-1_nobody999"}), "ResourceNotFoundException"),
    ] {
        let (status, body) = scene.revoke_tokens(input.clone()).await;
        assert_eq!((status, body["__type"].as_str()), (400, Some(expected)), "{input}: {body}");
    }
}

#[tokio::test]
async fn the_command_line_revokes() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let (status, said, _) = run(claviger(&scene.server).args(["revoke", &token])).await;
    assert_eq!((status, said.starts_with("revoked: the token ")), (Some(0), true), "{said}");
    assert!(!scene.is_let_through(&token).await);
    let (status, said, _) = run(claviger(&scene.server).args(["revoke", "--client", &scene.machine.client_id])).await;
    let expected =
        format!("revoked: all tokens that the app client {} has been issued so far\n", scene.machine.client_id);
    assert_eq!((status, said), (Some(0), expected));
    let (status, ..) = run(claviger(&scene.server).args(["revoke", "--pool", "us-east-1_nobody999"])).await;
    assert_eq!(status, Some(1));
}
