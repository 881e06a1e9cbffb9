//! Web pages: what browsers ask before a page calls, and what a page of another origin may and may not call.

use serde_json::{Value, json};

use crate::stack::{FORM, Machine, Reply, basic, request};
use crate::support::Server;

const EXPOSED: &str = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date";
/// What a browser adds for a page of another origin.
const PAGE: [(&str, &str); 2] = [("Origin", "https://app.example"), ("Sec-Fetch-Site", "cross-site")];
/// What it asks before a page's SDK calls Cognito.
const ASKS: [(&str, &str); 2] = [
    ("Access-Control-Request-Method", "POST"),
    ("Access-Control-Request-Headers", "cache-control,content-type,x-amz-target,x-amz-user-agent"),
];

impl Server {
    async fn call_as_page(&self, host: &str, operation: &str, input: &Value) -> Reply {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let own = [("Host", host), ("X-Amz-Target", &*target), ("Content-Type", "application/x-amz-json-1.1")];
        let headers: Vec<_> = PAGE.into_iter().chain(own).collect();
        self.ask(request("POST", "/", &headers, &input.to_string())).await
    }
}

#[tokio::test]
async fn browsers_may_ask_before_a_page_calls_cognito() {
    let server = Server::dev();
    for host in
        ["localhost", "127.0.0.1:4566", "cognito-idp.us-east-1.amazonaws.com", "cognito-idp.us-east-1.localhost"]
    {
        let headers: Vec<_> = PAGE.into_iter().chain(ASKS).chain([("Host", host)]).collect();
        let reply = server.ask(request("OPTIONS", "/", &headers, "")).await;
        assert_eq!(reply.said(), (200, ""), "{host}: {reply:?}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("access-control-allow-methods"), Some("POST, OPTIONS"));
        assert_eq!(reply.header("access-control-expose-headers"), Some(EXPOSED));
        assert_eq!(reply.header("access-control-max-age"), Some("172800"));
        let allowed = reply.header("access-control-allow-headers").unwrap().to_ascii_lowercase();
        let allowed: Vec<&str> = allowed.split(", ").collect();
        for asked in ASKS[1].1.split(',').chain(["amz-sdk-request", "amz-sdk-invocation-id"]) {
            assert!(allowed.contains(&asked), "{asked} in {allowed:?}");
        }
    }
}

#[tokio::test]
async fn pages_call_what_aws_leaves_unsigned_and_read_the_answer() {
    let server = Server::dev();
    let Machine { client_id, .. } = server.machine().await;
    for host in ["localhost", "cognito-idp.us-east-1.amazonaws.com"] {
        for (operation, input) in [
            ("InitiateAuth", json!({ "ClientId": client_id, "AuthFlow": "USER_PASSWORD_AUTH" })),
            ("SignUp", json!({})),
            ("GetUser", json!({ "AccessToken": "x" })),
        ] {
            let reply = server.call_as_page(host, operation, &input).await;
            // Whatever Cognito's answer is, it is Cognito's, and the page can read it.
            assert!(reply.json()["__type"].is_string(), "{host} {operation}: {reply:?}");
            assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{host} {operation}");
            assert_eq!(reply.header("access-control-expose-headers"), Some(EXPOSED), "{host} {operation}");
            assert!(reply.header("x-amzn-errortype").is_some(), "{host} {operation}");
        }
    }
}

#[tokio::test]
async fn pages_of_other_origins_cannot_call_what_is_for_operators() {
    let server = Server::dev();
    let Machine { pool, client_id, secret, .. } = server.machine().await;
    let described = json!({ "UserPoolId": pool, "ClientId": client_id });
    for host in ["localhost", "cognito-idp.us-east-1.amazonaws.com"] {
        for (operation, input) in [
            ("DescribeUserPoolClient", &described),
            ("DeleteUserPoolClient", &described),
            ("ListUserPools", &json!({ "MaxResults": 1 })),
            ("AdminInitiateAuth", &described),
            ("GetClientToken", &described),
            ("Fly", &json!({})),
        ] {
            let reply = server.call_as_page(host, operation, input).await;
            assert_eq!(reply.status, 403, "{host} {operation}: {reply:?}");
            assert_eq!(reply.header("access-control-allow-origin"), None, "{host} {operation}");
            assert!(!reply.body.contains(&secret), "{host} {operation}");
        }
    }
    // The client is still there, for callers that are no pages; they see the same headers as on AWS.
    let reply = server.cognito_as(None, "DescribeUserPoolClient", &described).await;
    assert!(reply.status == 200 && reply.body.contains(&secret), "{reply:?}");
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert_eq!(reply.header("access-control-expose-headers"), Some(EXPOSED));
}

#[tokio::test]
async fn pages_use_the_oauth_endpoints_and_documents() {
    let server = Server::dev();
    let machine = server.machine().await;
    server.cognito("CreateUserPoolDomain", json!({ "UserPoolId": machine.pool, "Domain": "weather" })).await;
    let (ours, domain, idp) =
        ("localhost", "weather.auth.us-east-1.amazoncognito.com", "cognito-idp.us-east-1.amazonaws.com");
    let (jwks, discovery) = (
        format!("/{}/.well-known/jwks.json", machine.pool),
        format!("/{}/.well-known/openid-configuration", machine.pool),
    );
    for (host, target, methods) in [
        (ours, "/oauth2/token", "POST, OPTIONS"),
        (domain, "/oauth2/token", "POST, OPTIONS"),
        (ours, "/oauth2/revoke", "POST, OPTIONS"),
        (domain, "/oauth2/revoke", "POST, OPTIONS"),
        (ours, "/oauth2/userInfo", "GET, POST, OPTIONS"),
        (domain, "/oauth2/userInfo", "GET, POST, OPTIONS"),
        (ours, &*jwks, "GET, HEAD, OPTIONS"),
        (idp, &jwks, "GET, HEAD, OPTIONS"),
        (ours, &discovery, "GET, HEAD, OPTIONS"),
        (idp, &discovery, "GET, HEAD, OPTIONS"),
    ] {
        let headers: Vec<_> = PAGE.into_iter().chain([("Host", host)]).collect();
        let reply = server.ask(request("OPTIONS", target, &headers, "")).await;
        assert_eq!(reply.said(), (200, ""), "{host} {target}: {reply:?}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{host} {target}");
        assert_eq!(reply.header("access-control-allow-methods"), Some(methods), "{host} {target}");
        assert_eq!(
            reply.header("access-control-allow-headers"),
            Some("Authorization, Content-Type"),
            "{host} {target}"
        );
        assert_eq!(reply.header("access-control-max-age"), Some("7200"), "{host} {target}");
    }
    let wrong = basic(&machine.client_id, "wrong");
    let own = machine.basic();
    for (method, target, authorization, body, status) in [
        ("POST", "/oauth2/token", &own, "grant_type=client_credentials", 200),
        ("POST", "/oauth2/token", &wrong, "grant_type=client_credentials", 400),
        ("GET", "/oauth2/token", &own, "", 405),
        ("POST", "/oauth2/revoke", &wrong, "token=x", 401),
        ("POST", "/oauth2/revoke", &own, "token=x", 200),
        ("GET", "/oauth2/userInfo", &own, "", 400),
        ("GET", &jwks, &own, "", 200),
        ("GET", &discovery, &own, "", 200),
        ("GET", "/us-east-1_unknown99/.well-known/jwks.json", &own, "", 404),
    ] {
        let own = [("Content-Type", FORM), ("Authorization", authorization.as_str())];
        let headers: Vec<_> = PAGE.into_iter().chain(own).collect();
        let reply = server.ask(request(method, target, &headers, body)).await;
        assert_eq!(reply.status, status, "{method} {target}: {reply:?}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{method} {target}");
    }
}
