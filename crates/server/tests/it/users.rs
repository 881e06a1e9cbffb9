//! Users of a pool at the OAuth endpoints: renewal, revocation, userInfo.

use serde_json::{Value, json};

use crate::stack::{FORM, Reply, claims, request};
use crate::support::Server;

const PASSWORD: &str = "Correct-Horse-7";

/// A pool's client for users, and a user.
struct Home {
    server: Server,
    client: String,
}

impl Home {
    async fn new(settings: Value) -> Self {
        let server = Server::dev();
        let pool = server.cognito("CreateUserPool", json!({"PoolName": "people"})).await["UserPool"]["Id"].take();
        let mut input = json!({
            "UserPoolId": pool, "ClientName": "web", "CallbackURLs": ["https://app.example"],
            "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"],
            "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        });
        for (name, value) in settings.as_object().unwrap() {
            input[name] = value.clone();
        }
        let client = server.cognito("CreateUserPoolClient", input).await["UserPoolClient"]["ClientId"].take();
        let user = json!({"UserPoolId": pool, "Username": "ada", "MessageAction": "SUPPRESS"});
        server.cognito("AdminCreateUser", user).await;
        let password = json!({"UserPoolId": pool, "Username": "ada", "Password": PASSWORD, "Permanent": true});
        server.cognito("AdminSetUserPassword", password).await;
        Self { server, client: client.as_str().unwrap().to_owned() }
    }

    async fn sign_in(&self) -> Value {
        let parameters = json!({"USERNAME": "ada", "PASSWORD": PASSWORD});
        let input = json!({"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": self.client, "AuthParameters": parameters});
        self.server.cognito("InitiateAuth", input).await["AuthenticationResult"].take()
    }

    async fn post(&self, path: &str, form: &str) -> Reply {
        let form = format!("client_id={}&{form}", self.client);
        self.server.ask(request("POST", path, &[("Content-Type", FORM)], &form)).await
    }

    async fn renew(&self, token: &Value) -> Reply {
        self.post("/oauth2/token", &format!("grant_type=refresh_token&refresh_token={}", token.as_str().unwrap())).await
    }

    async fn revoke(&self, token: &Value) -> Reply {
        self.post("/oauth2/revoke", &format!("token={}", token.as_str().unwrap())).await
    }
}

const INVALID_GRANT: (u16, &str) = (400, r#"{"error":"invalid_grant"}"#);

#[tokio::test]
async fn a_users_tokens_are_renewed() {
    let home = Home::new(json!({})).await;
    let tokens = home.sign_in().await;
    home.server.advance(60).await;
    let renewed = home.renew(&tokens["RefreshToken"]).await;
    assert_eq!(renewed.status, 200, "{renewed:?}");
    let renewed = renewed.json();
    let names: Vec<&String> = renewed.as_object().unwrap().keys().collect();
    assert_eq!(names, ["id_token", "access_token", "expires_in", "token_type"]);
    assert_eq!((&renewed["expires_in"], &renewed["token_type"]), (&json!(3600), &json!("Bearer")));
    let (old, new) =
        (claims(tokens["AccessToken"].as_str().unwrap()), claims(renewed["access_token"].as_str().unwrap()));
    for claim in ["sub", "origin_jti", "auth_time", "scope"] {
        assert_eq!(new[claim], old[claim], "{claim}");
    }
    assert!(new["iat"].as_i64().unwrap() >= old["iat"].as_i64().unwrap() + 60);
    assert_eq!(claims(renewed["id_token"].as_str().unwrap())["aud"], json!(home.client));
    assert_eq!(home.renew(&json!("nonsense")).await.said(), INVALID_GRANT);
    assert_eq!(home.renew(&tokens["AccessToken"]).await.said(), INVALID_GRANT);
    home.server.advance(30 * 86_400).await;
    assert_eq!(home.renew(&tokens["RefreshToken"]).await.said(), INVALID_GRANT);
}

#[tokio::test]
async fn where_refresh_tokens_are_exchanged_each_is_good_once() {
    let home = Home::new(json!({
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"], "RefreshTokenRotation": {"Feature": "ENABLED"},
    }))
    .await;
    let first = home.sign_in().await["RefreshToken"].take();
    let renewed = home.renew(&first).await.json();
    let names: Vec<&String> = renewed.as_object().unwrap().keys().collect();
    assert_eq!(names, ["id_token", "access_token", "refresh_token", "expires_in", "token_type"]);
    assert_eq!(home.renew(&first).await.said(), INVALID_GRANT);
    assert_eq!(home.renew(&renewed["refresh_token"]).await.status, 200);
}

#[tokio::test]
async fn a_revoked_refresh_token_takes_its_session_along() {
    let home = Home::new(json!({})).await;
    let (tokens, other) = (home.sign_in().await, home.sign_in().await);
    let unsupported = (400, r#"{"error":"unsupported_token_type"}"#);
    assert_eq!(home.revoke(&tokens["AccessToken"]).await.said(), unsupported);
    for _ in 0..2 {
        assert_eq!(home.revoke(&tokens["RefreshToken"]).await.said(), (200, ""));
    }
    assert_eq!(home.renew(&tokens["RefreshToken"]).await.said(), INVALID_GRANT);
    let input = json!({"AccessToken": tokens["AccessToken"]});
    let refused = home.server.cognito_as(None, "GetUser", &input).await.json();
    assert_eq!(refused["message"], "Access Token has been revoked");
    assert_eq!(home.renew(&other["RefreshToken"]).await.status, 200);
}

#[tokio::test]
async fn a_client_may_have_refresh_tokens_that_cannot_be_revoked() {
    let home = Home::new(json!({"EnableTokenRevocation": false})).await;
    let tokens = home.sign_in().await;
    let invalid_request = (400, r#"{"error":"invalid_request"}"#);
    assert_eq!(home.revoke(&tokens["RefreshToken"]).await.said(), invalid_request);
    assert_eq!(home.renew(&tokens["RefreshToken"]).await.status, 200);
}

#[tokio::test]
async fn user_info_needs_the_scope_openid() {
    let home = Home::new(json!({})).await;
    let tokens = home.sign_in().await;
    let no_openid = r#"{"error":"invalid_token","error_description":"Access token does not contain openid scope"}"#;
    for token in ["AccessToken", "IdToken"] {
        let bearer = format!("Bearer {}", tokens[token].as_str().unwrap());
        let reply = home.server.ask(request("GET", "/oauth2/userInfo", &[("Authorization", &bearer)], "")).await;
        assert_eq!(reply.said(), (401, no_openid), "{token}");
    }
}
