//! The token endpoint, the other OAuth endpoints, discovery.

use serde_json::{Value, json};

use crate::stack::{FORM, Machine, Reply, basic, request};
use crate::support::Server;

impl Server {
    async fn ask_for_token(&self, authorization: Option<&str>, form: &str) -> Reply {
        let mut headers = vec![("Content-Type", FORM)];
        headers.extend(authorization.map(|value| ("Authorization", value)));
        self.ask(request("POST", "/oauth2/token?state=query-value", &headers, form)).await
    }
}

#[tokio::test]
async fn every_refusal_of_the_token_endpoint_is_explained() {
    let server = Server::dev();
    let machine = server.machine().await;
    let Machine { pool, client_id, secret, .. } = &machine;
    let client = async |changes: Value| server.client(pool, changes).await;
    let (disabled, disabled_secret) = client(json!({ "AllowedOAuthFlowsUserPoolClient": false })).await;
    let users = json!({ "AllowedOAuthFlows": ["code"], "CallbackURLs": ["https://app.example"], "AllowedOAuthScopes": ["openid"] });
    let (users, users_secret) = client(users).await;
    let (bare, bare_secret) = client(json!({ "AllowedOAuthScopes": ["weather-api/delete"] })).await;
    let resource_server = json!({ "UserPoolId": pool, "Identifier": "weather-api", "Name": "w", "Scopes": [
        { "ScopeName": "get", "ScopeDescription": "get" }, { "ScopeName": "post", "ScopeDescription": "post" },
        { "ScopeName": "put", "ScopeDescription": "put" },
    ] });
    server.cognito("UpdateResourceServer", resource_server).await;
    let grant = "grant_type=client_credentials";
    let own = machine.basic();
    for (authorization, form, code, reason, setting) in [
        (Some(own.clone()), "scope=x", "invalid_request", "grant_type is missing", ""),
        (Some(own.clone()), "grant_type=password", "unsupported_grant_type", "not supported", ""),
        (Some("Basic !".to_owned()), grant, "invalid_client", "does not hold Basic credentials", ""),
        (None, grant, "invalid_request", "client_id is missing", ""),
        (Some(basic("unknown", "x")), grant, "invalid_client", "has no such app client", "no app client has this id"),
        (
            Some(basic(client_id, "wrong")),
            grant,
            "invalid_client",
            "not one of the app client's",
            "has 1 active secrets",
        ),
        (None, &format!("{grant}&client_id={client_id}"), "invalid_client", "presents none", "has 1 active secrets"),
        (
            Some(basic(&disabled, &disabled_secret)),
            grant,
            "invalid_grant",
            "AllowedOAuthFlowsUserPoolClient is false",
            "AllowedOAuthFlowsUserPoolClient of the app client",
        ),
        (
            Some(basic(&users, &users_secret)),
            grant,
            "unauthorized_client",
            "does not contain the flow",
            "lacks client_credentials",
        ),
        (
            Some(own.clone()),
            "grant_type=refresh_token&refresh_token=x",
            "unauthorized_client",
            "does not contain the flow",
            "is [client_credentials]",
        ),
        (
            Some(own.clone()),
            &format!("{grant}&scope=weather-api/put"),
            "invalid_grant",
            "\"weather-api/put\" is not among AllowedOAuthScopes",
            "has [weather-api/get, weather-api/post]",
        ),
        (
            Some(own.clone()),
            &format!("{grant}&scope=other-api/fly"),
            "invalid_scope",
            "\"other-api/fly\" does not exist",
            "no resource server \"other-api\"",
        ),
        (
            Some(basic(&bare, &bare_secret)),
            grant,
            "invalid_scope",
            "none of the client's scopes",
            "defines [weather-api/delete]",
        ),
    ] {
        let reply = server.ask_for_token(authorization.as_deref(), form).await;
        let body: Value = reply.json();
        assert_eq!(body["error"], code, "{form}");
        let found = server.check(&reply, "token endpoint", code, reason, setting).await;
        let asked = json!({ "method": "POST", "host": "127.0.0.1", "path": "/oauth2/token" });
        assert_eq!(found["request"], asked, "{form}");
        assert!(!found.to_string().contains(secret) && !found.to_string().contains("query-value"), "{found}");
    }
    let found =
        server.explain(&server.ask_for_token(Some(&own), &format!("{grant}&scope=weather-api/put")).await).await;
    let about = json!({ "userPool": pool, "appClient": client_id, "grantType": "client_credentials", "scope": "weather-api/put" });
    assert_eq!(found["about"], about);
    assert!(found["at"].as_str().unwrap().ends_with('Z'), "{found}");

    // What has no code, and what never came to the client.
    let wrong_method = server.ask(request("PUT", "/oauth2/token", &[("Content-Type", FORM)], grant)).await;
    assert_eq!(wrong_method.said(), (405, ""));
    server.check(&wrong_method, "token endpoint", "", "must be a POST of application/x-www-form-urlencoded", "").await;
    let large = format!("{grant}&x={}", "x".repeat(64 * 1024));
    let reply = server.ask_for_token(Some(&own), &large).await;
    server.check(&reply, "token endpoint", "invalid_request", "larger than 65536 bytes", "65536 bytes").await;
}

#[tokio::test]
async fn a_client_at_anothers_domain_is_explained() {
    let server = Server::dev();
    let machine = server.machine().await;
    let other = server.cognito("CreateUserPool", json!({ "PoolName": "other" })).await;
    let other = other["UserPool"]["Id"].as_str().unwrap();
    server.cognito("CreateUserPoolDomain", json!({ "UserPoolId": other, "Domain": "other" })).await;
    let headers = [
        ("Content-Type", FORM),
        ("Authorization", &*machine.basic()),
        ("Host", "other.auth.us-east-1.amazoncognito.com"),
    ];
    let reply = server.ask(request("POST", "/oauth2/token", &headers, "grant_type=client_credentials")).await;
    let setting = format!("belongs to the user pool {}, the host to {other}", machine.pool);
    let found = server.check(&reply, "token endpoint", "invalid_client", "no such app client", &setting).await;
    assert_eq!(found["request"]["host"], "other.auth.us-east-1.amazoncognito.com");
    let headers = [("Host", "nobody.auth.us-east-1.amazoncognito.com")];
    let reply = server.ask(request("POST", "/oauth2/token", &headers, "")).await;
    server
        .check(&reply, "user pool domain", "", "no user pool has this domain", "the domain prefix nobody in us-east-1")
        .await;
}

#[tokio::test]
async fn every_refusal_of_the_other_oauth_endpoints_is_explained() {
    let server = Server::dev();
    let machine = server.machine().await;
    let token = machine.token(&server, "").await;
    let (own, wrong, bearer) = (machine.basic(), basic(&machine.client_id, "wrong"), format!("Bearer {token}"));
    let with = |authorization: &str| {
        vec![("Content-Type".to_owned(), FORM.to_owned()), ("Authorization".to_owned(), authorization.to_owned())]
    };
    let form = format!("token={token}");
    for (method, target, headers, body, surface, code, reason, setting) in [
        ("GET", "/oauth2/revoke", with(&own), "", "revocation endpoint", "", "must be a POST", ""),
        ("POST", "/oauth2/revoke", with(&own), "", "revocation endpoint", "invalid_request", "token is missing", ""),
        (
            "POST",
            "/oauth2/revoke",
            with(&wrong),
            &form,
            "revocation endpoint",
            "invalid_client",
            "not one of",
            "active secrets",
        ),
        (
            "POST",
            "/oauth2/revoke",
            with(&own),
            &form,
            "revocation endpoint",
            "unsupported_token_type",
            "no refresh token",
            "",
        ),
        ("DELETE", "/oauth2/userInfo", vec![], "", "user info endpoint", "", "a GET or a POST", ""),
        ("GET", "/oauth2/userInfo", vec![], "", "user info endpoint", "invalid_request", "does not hold a bearer", ""),
        (
            "GET",
            "/oauth2/userInfo",
            with(&bearer),
            "",
            "user info endpoint",
            "invalid_token",
            "the scope openid",
            "openid",
        ),
        ("GET", "/oauth2/userInfo", with("Bearer x"), "", "user info endpoint", "invalid_token", "malformed token", ""),
        ("GET", "/login", vec![], "", "user pool domain", "not_served", "InitiateAuth", ""),
        (
            "GET",
            "/us-east-1_unknown99/.well-known/jwks.json",
            vec![],
            "",
            "discovery",
            "",
            "does not exist",
            "no user pool has this id",
        ),
        (
            "GET",
            &format!("/{}/.well-known/x", machine.pool),
            vec![],
            "",
            "discovery",
            "",
            "nothing else",
            "no document is named x",
        ),
    ] {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let reply = server.ask(request(method, target, &headers, body)).await;
        let found = server.check(&reply, surface, code, reason, setting).await;
        assert!(!found.to_string().contains(&token), "{found}");
    }
    server.advance(3601).await;
    let reply = server.ask(request("GET", "/oauth2/userInfo", &[("Authorization", &bearer)], "")).await;
    let found =
        server.check(&reply, "user info endpoint", "invalid_token", "has expired", "the server's time is").await;
    assert_eq!(found["about"]["tokenClient"], *machine.client_id);
}
