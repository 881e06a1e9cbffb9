//! `POST /oauth2/token`, row by row: methods, content types, client authentication, scopes, errors, headers.

use serde_json::json;

use crate::stack::{FORM, Machine, basic, claims, request};
use crate::support::Server;

const GRANT: &str = "grant_type=client_credentials";

/// What an answer must be: a token, or this status and body.
#[derive(Debug)]
enum Expected {
    Token,
    Refusal(u16, &'static str),
}

use Expected::{Refusal, Token};

const INVALID_REQUEST: Expected = Refusal(400, r#"{"error":"invalid_request"}"#);
const INVALID_CLIENT: Expected = Refusal(400, r#"{"error":"invalid_client"}"#);
const INVALID_GRANT: Expected = Refusal(400, r#"{"error":"invalid_grant"}"#);
const UNAUTHORIZED_CLIENT: Expected = Refusal(400, r#"{"error":"unauthorized_client"}"#);
const UNSUPPORTED: Expected = Refusal(400, r#"{"error":"unsupported_grant_type"}"#);
const NOT_ALLOWED: Expected = Refusal(405, "");

/// The headers that every answer of the endpoint carries, beside its request id.
const HEADERS: [(&str, &str); 9] = [
    ("x-content-type-options", "nosniff"),
    ("x-xss-protection", "1; mode=block"),
    ("cache-control", "no-cache, no-store, max-age=0, must-revalidate"),
    ("pragma", "no-cache"),
    ("expires", "0"),
    ("strict-transport-security", "max-age=31536000 ; includeSubDomains"),
    ("x-frame-options", "DENY"),
    ("access-control-allow-origin", "*"),
    ("server", "Server"),
];

async fn check(server: &Server, method: &str, target: &str, headers: &[(&str, &str)], body: &str, expected: Expected) {
    let reply = server.ask(request(method, target, headers, body)).await;
    let sent = format!("{method} {target} {headers:?} {body}");
    for (name, value) in HEADERS {
        assert_eq!(reply.header(name), Some(value), "{sent}");
    }
    assert!(reply.header("x-amz-cognito-request-id").unwrap().parse::<uuid::Uuid>().is_ok(), "{sent}");
    assert_eq!(reply.header("www-authenticate"), None, "{sent}");
    let has_body = !matches!(expected, Refusal(_, ""));
    assert_eq!(reply.header("content-type"), has_body.then_some("application/json;charset=UTF-8"), "{sent}");
    match expected {
        Refusal(status, body) => assert_eq!(reply.said(), (status, body), "{sent}"),
        Token => {
            assert_eq!(reply.status, 200, "{sent}: {reply:?}");
            let answer = reply.json();
            let names: Vec<&String> = answer.as_object().unwrap().keys().collect();
            assert_eq!(names, ["access_token", "expires_in", "token_type"], "{sent}");
            assert_eq!((&answer["expires_in"], &answer["token_type"]), (&json!(3600), &json!("Bearer")), "{sent}");
        }
    }
}

#[tokio::test]
async fn takes_forms_by_post_and_nothing_else() {
    let server = Server::dev();
    let machine = server.machine().await;
    let basic = machine.basic();
    let as_type = |content_type| [("Content-Type", content_type), ("Authorization", &*basic)];
    let target = "/oauth2/token";
    for method in ["GET", "PUT", "PATCH", "DELETE", "HEAD"] {
        check(&server, method, target, &as_type(FORM), "", NOT_ALLOWED).await;
        check(&server, method, &format!("{target}?{GRANT}"), &as_type(FORM), "", NOT_ALLOWED).await;
    }
    for content_type in [
        "application/x-www-form-urlencoded;charset=UTF-8",
        "application/x-www-form-urlencoded; charset=utf-8",
        "Application/X-WWW-Form-URLEncoded",
    ] {
        check(&server, "POST", target, &as_type(content_type), GRANT, Token).await;
    }
    for content_type in
        ["application/json", "text/plain", "multipart/form-data", "'application/x-www-form-urlencoded'", ""]
    {
        check(&server, "POST", target, &as_type(content_type), GRANT, NOT_ALLOWED).await;
    }
    check(&server, "POST", target, &[("Authorization", &basic)], GRANT, NOT_ALLOWED).await;
    let json = r#"{"grant_type":"client_credentials"}"#;
    check(&server, "POST", target, &as_type(FORM), json, INVALID_REQUEST).await;
    check(&server, "POST", target, &as_type(FORM), "", INVALID_REQUEST).await;

    let preflight = server.ask(request("OPTIONS", target, &[("Origin", "https://app.example")], "")).await;
    assert_eq!(preflight.said(), (200, ""));
    assert_eq!(preflight.header("access-control-allow-methods"), Some("POST, OPTIONS"));
    assert_eq!(preflight.header("access-control-allow-headers"), Some("Authorization, Content-Type"));

    let large = format!("{GRANT}&x={}", "x".repeat(64 * 1024));
    let reply = server.ask(request("POST", target, &as_type(FORM), &large)).await;
    assert_eq!(reply.said(), (413, r#"{"error":"invalid_request"}"#));
}

#[tokio::test]
async fn reads_parameters_wherever_they_stand() {
    let server = Server::dev();
    let machine = server.machine().await;
    let Machine { client_id, secret, .. } = &machine;
    let form = [("Content-Type", FORM)];
    let in_body = format!("client_id={client_id}&client_secret={secret}");
    for (query, body) in [
        ("", format!("{GRANT}&{in_body}")),
        ("?grant_type=client_credentials", in_body.clone()),
        (&format!("?{GRANT}&{in_body}"), String::new()),
        ("", format!("{GRANT}&grant_type=password&{in_body}")),
        ("", format!("{GRANT}&unknown=1&unknown=2&{in_body}")),
        ("", format!("{GRANT}&resource=https%3A%2F%2Fapi.example&{in_body}")),
        ("", format!("{GRANT}&aws_client_metadata=%7B%22a%22%3A%22b%22%7D&{in_body}")),
    ] {
        check(&server, "POST", &format!("/oauth2/token{query}"), &form, &body, Token).await;
    }
    for (grant, expected) in [
        ("", INVALID_REQUEST),
        ("grant_type=", INVALID_REQUEST),
        ("grant_type=password", UNSUPPORTED),
        ("grant_type=CLIENT_CREDENTIALS", UNSUPPORTED),
        // A JSON body is no parameter, whatever its type says.
        ("grant_type", INVALID_REQUEST),
    ] {
        check(&server, "POST", "/oauth2/token", &form, &format!("{grant}&{in_body}"), expected).await;
    }
}

#[tokio::test]
async fn authenticates_clients() {
    let server = Server::dev();
    let machine = server.machine().await;
    let other = server.machine().await;
    let Machine { client_id, secret, .. } = &machine;
    let own = machine.basic();
    let ask = async |authorization: Option<&str>, body: &str, expected: Expected| {
        let mut headers = vec![("Content-Type", FORM)];
        headers.extend(authorization.map(|value| ("Authorization", value)));
        check(&server, "POST", "/oauth2/token", &headers, &format!("{GRANT}&{body}"), expected).await;
    };
    ask(Some(&own), "", Token).await;
    ask(Some(&own.replace("Basic", "basic")), "", Token).await;
    ask(Some(&own), &format!("client_id={client_id}"), Token).await;
    ask(Some(&own), &format!("client_id={client_id}&client_secret={secret}"), Token).await;
    ask(Some(&own), "client_secret=other", Token).await;
    ask(None, &format!("client_id={client_id}&client_secret={secret}"), Token).await;

    ask(None, "", INVALID_REQUEST).await;
    ask(None, &format!("client_secret={secret}"), INVALID_REQUEST).await;
    ask(Some(&own), &format!("client_id={}", other.client_id), INVALID_REQUEST).await;
    ask(None, &format!("client_id={client_id}"), INVALID_CLIENT).await;
    ask(None, &format!("client_id={client_id}&client_secret="), INVALID_CLIENT).await;
    ask(None, &format!("client_id={client_id}&client_secret={secret}x"), INVALID_CLIENT).await;
    ask(None, &format!("client_id={client_id}x&client_secret={secret}"), INVALID_CLIENT).await;
    ask(None, &format!("client_id={client_id}&client_secret={}", other.secret), INVALID_CLIENT).await;
    for header in [
        &*basic(client_id, "wrong"),
        &basic("unknown", secret),
        &basic(client_id, ""),
        &format!("{own}="),
        &own.replacen('=', "", 1).replace("Basic ", "Basic \t!"),
        &format!("Bearer {secret}"),
        "Basic",
        "Basic ",
        "",
    ] {
        ask(Some(header), "", INVALID_CLIENT).await;
    }

    // A second secret authenticates as well as the first, until it is deleted.
    let of_client = json!({ "UserPoolId": machine.pool, "ClientId": client_id });
    let added = server.cognito("AddUserPoolClientSecret", of_client.clone()).await;
    let added = &added["ClientSecretDescriptor"];
    let second = added["ClientSecretValue"].as_str().unwrap();
    ask(Some(&basic(client_id, second)), "", Token).await;
    ask(Some(&own), "", Token).await;
    let mut deletion = of_client;
    deletion["ClientSecretId"] = added["ClientSecretId"].clone();
    server.cognito("DeleteUserPoolClientSecret", deletion).await;
    ask(Some(&basic(client_id, second)), "", INVALID_CLIENT).await;
    ask(Some(&own), "", Token).await;
}

#[tokio::test]
async fn grants_only_scopes_that_are_the_clients() {
    let server = Server::dev();
    let machine = server.machine().await;
    let both = "weather-api/get weather-api/post";
    for (scope, expected) in [
        ("", Ok(both)),
        ("&scope=", Ok(both)),
        ("&scope=+", Ok(both)),
        ("&scope=weather-api/get", Ok("weather-api/get")),
        ("&scope=weather-api%2Fpost", Ok("weather-api/post")),
        // In the order of the client's settings, and each once.
        ("&scope=weather-api/post+weather-api/get", Ok(both)),
        ("&scope=weather-api/get%20%20weather-api/get", Ok("weather-api/get")),
        ("&scope=weather-api/get&scope=weather-api/post", Ok("weather-api/get")),
        ("&scope=weather-api/delete", Err(r#"{"error":"invalid_grant"}"#)),
        ("&scope=weather-api/get+weather-api/delete", Err(r#"{"error":"invalid_grant"}"#)),
        ("&scope=weather-api/put", Err(r#"{"error":"invalid_scope"}"#)),
        ("&scope=storm-api/get", Err(r#"{"error":"invalid_scope"}"#)),
        ("&scope=weather-api", Err(r#"{"error":"invalid_scope"}"#)),
        ("&scope=openid", Err(r#"{"error":"invalid_scope"}"#)),
        ("&scope=aws.cognito.signin.user.admin", Err(r#"{"error":"invalid_scope"}"#)),
        ("&scope=weather-api/g%22t", Err(r#"{"error":"invalid_scope"}"#)),
        ("&scope=weather-api/get%0Aweather-api/post", Err(r#"{"error":"invalid_scope"}"#)),
    ] {
        let reply = machine.ask(&server, scope).await;
        match expected {
            Err(body) => assert_eq!(reply.said(), (400, body), "{scope}"),
            Ok(granted) => {
                assert_eq!(claims(reply.json()["access_token"].as_str().unwrap())["scope"], granted, "{scope}");
            }
        }
    }

    // A scope that its resource server has lost is left out, and comes back with it.
    let with = |names: &[&str]| {
        let scopes: Vec<_> = names.iter().map(|name| json!({ "ScopeName": name, "ScopeDescription": name })).collect();
        json!({ "UserPoolId": machine.pool, "Identifier": "weather-api", "Name": "Weather", "Scopes": scopes })
    };
    server.cognito("UpdateResourceServer", with(&["get"])).await;
    assert_eq!(claims(&machine.token(&server, "").await)["scope"], "weather-api/get");
    assert_eq!(claims(&machine.token(&server, "weather-api/get+weather-api/post").await)["scope"], "weather-api/get");
    server.cognito("UpdateResourceServer", with(&["other"])).await;
    assert_eq!(machine.ask(&server, "").await.said(), (400, r#"{"error":"invalid_scope"}"#));
    server.cognito("UpdateResourceServer", with(&["get", "post"])).await;
    assert_eq!(claims(&machine.token(&server, "").await)["scope"], both);
}

#[tokio::test]
async fn asks_whether_the_client_may_use_the_flow() {
    let server = Server::dev();
    let machine = server.machine().await;
    let code = json!({ "AllowedOAuthFlows": ["code"], "CallbackURLs": ["https://app.example/"],
        "SupportedIdentityProviders": ["COGNITO"] });
    for (changes, expected) in [
        (json!({}), Token),
        (json!({ "AllowedOAuthFlowsUserPoolClient": false }), INVALID_GRANT),
        (code, UNAUTHORIZED_CLIENT),
    ] {
        let (client_id, secret) = server.client(&machine.pool, changes).await;
        let headers = [("Content-Type", FORM), ("Authorization", &*basic(&client_id, &secret))];
        check(&server, "POST", "/oauth2/token", &headers, GRANT, expected).await;
    }
    // A client without a secret cannot have the flow.
    let public = json!({ "GenerateSecret": false, "AllowedOAuthFlows": ["code"],
        "CallbackURLs": ["https://app.example/"], "SupportedIdentityProviders": ["COGNITO"] });
    let (public, _) = server.client(&machine.pool, public).await;
    let body = format!("{GRANT}&client_id={public}");
    check(&server, "POST", "/oauth2/token", &[("Content-Type", FORM)], &body, UNAUTHORIZED_CLIENT).await;
}

#[tokio::test]
async fn tokens_have_cognitos_header_and_claims() {
    let server = Server::dev();
    let machine = server.machine().await;
    let (client_id, secret) = server
        .client(&machine.pool, json!({ "AccessTokenValidity": 5, "TokenValidityUnits": { "AccessToken": "minutes" } }))
        .await;
    let short = Machine { client_id, secret, ..machine };
    let reply = short.ask(&server, "&scope=weather-api/get").await.json();
    assert_eq!(reply["expires_in"], 300);
    let token = reply["access_token"].as_str().unwrap();
    let claims = claims(token);
    let names: Vec<&String> = claims.as_object().unwrap().keys().collect();
    assert_eq!(names, ["sub", "token_use", "scope", "auth_time", "iss", "exp", "iat", "version", "jti", "client_id"]);
    let issued = claims["iat"].as_i64().unwrap();
    assert_eq!((&claims["auth_time"], &claims["exp"]), (&json!(issued), &json!(issued + 300)));
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(short.client_id), &json!(short.client_id)));
    assert_eq!((&claims["token_use"], &claims["version"]), (&json!("access"), &json!(2)));
    assert_eq!(claims["iss"], format!("https://cognito-idp.us-east-1.amazonaws.com/{}", short.pool));
    assert_eq!(claims["jti"].as_str().unwrap().parse::<uuid::Uuid>().unwrap().get_version_num(), 4);
}

#[tokio::test]
async fn a_token_follows_the_control_plane_at_once() {
    let server = Server::dev();
    let machine = server.machine().await;
    // The very next request knows of each change.
    for round in 0..20 {
        let (client_id, secret) = server.client(&machine.pool, json!({})).await;
        let client = Machine { client_id, secret, pool: machine.pool.clone(), arn: machine.arn.clone() };
        assert_eq!(client.ask(&server, "").await.status, 200, "{round}");
        let update = json!({ "UserPoolId": client.pool, "ClientId": client.client_id,
            "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["client_credentials"],
            "AllowedOAuthScopes": ["weather-api/delete"] });
        server.cognito("UpdateUserPoolClient", update).await;
        assert_eq!(claims(&client.token(&server, "").await)["scope"], "weather-api/delete", "{round}");
        server
            .cognito("DeleteUserPoolClient", json!({ "UserPoolId": client.pool, "ClientId": client.client_id }))
            .await;
        assert_eq!(client.ask(&server, "").await.said(), (400, r#"{"error":"invalid_client"}"#), "{round}");
    }
}

#[tokio::test]
async fn a_domain_serves_the_clients_of_its_pool() {
    let server = Server::dev();
    let (machine, other) = (server.machine().await, server.machine().await);
    server.cognito("CreateUserPoolDomain", json!({ "UserPoolId": machine.pool, "Domain": "weather" })).await;
    let ask = async |host: &str, client: &Machine| {
        let headers = [("Host", host), ("Content-Type", FORM), ("Authorization", &*client.basic())];
        server.ask(request("POST", "/oauth2/token", &headers, GRANT)).await
    };
    for host in ["weather.auth.us-east-1.amazoncognito.com", "WEATHER.auth.us-east-1.localhost:4566"] {
        assert_eq!(ask(host, &machine).await.status, 200, "{host}");
        assert_eq!(ask(host, &other).await.said(), (400, r#"{"error":"invalid_client"}"#), "{host}");
    }
    for host in ["storms.auth.us-east-1.amazoncognito.com", "weather.auth.eu-west-1.amazoncognito.com"] {
        assert_eq!(ask(host, &machine).await.status, 404, "{host}");
    }
    server.cognito("DeleteUserPoolDomain", json!({ "UserPoolId": machine.pool, "Domain": "weather" })).await;
    assert_eq!(ask("weather.auth.us-east-1.amazoncognito.com", &machine).await.status, 404);
}
