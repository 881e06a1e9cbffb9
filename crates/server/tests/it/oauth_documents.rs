//! Key sets, discovery, revocation and userInfo: which host serves what, and what machines read there.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use claviger_runtime::issuers::Issuers;
use serde_json::json;

use crate::stack::{FORM, Machine, basic, claims, request};
use crate::support::Server;

#[tokio::test]
async fn publishes_two_keys_of_which_one_signs() {
    let server = Server::dev();
    let machine = server.machine().await;
    let reply = server.ask(request("GET", &format!("/{}/.well-known/jwks.json", machine.pool), &[], "")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert!(reply.header("cache-control").unwrap().starts_with("public, max-age="), "{reply:?}");
    assert!(reply.header("x-amzn-requestid").unwrap().parse::<uuid::Uuid>().is_ok(), "{reply:?}");
    let document = reply.json();
    let keys = document["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        let names: Vec<&String> = key.as_object().unwrap().keys().collect();
        assert_eq!(names, ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!(
            (&key["alg"], &key["e"], &key["kty"], &key["use"]),
            (&json!("RS256"), &json!("AQAB"), &json!("RSA"), &json!("sig"))
        );
        assert_eq!(STANDARD.decode(key["kid"].as_str().unwrap()).unwrap().len(), 32);
        assert_eq!(URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap().len(), 256);
    }
    let token = machine.token(&server, "").await;
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    let names: Vec<&String> = header.as_object().unwrap().keys().collect();
    assert_eq!(names, ["kid", "alg"]);
    assert_eq!(header["alg"], "RS256");
    assert_eq!(keys.iter().filter(|key| key["kid"] == header["kid"]).count(), 1);
}

#[tokio::test]
async fn serves_documents_on_the_hosts_that_cognito_has_them_on() {
    let server = Server::dev();
    let Machine { pool, .. } = server.machine().await;
    server.cognito("CreateUserPoolDomain", json!({ "UserPoolId": pool, "Domain": "weather" })).await;
    let domain = "weather.auth.us-east-1.amazoncognito.com";
    let jwks = format!("/{pool}/.well-known/jwks.json");
    let discovery = format!("/{pool}/.well-known/openid-configuration");
    for (method, host, target, expected) in [
        ("GET", "localhost", &*jwks, 200),
        ("HEAD", "localhost", &jwks, 200),
        ("POST", "localhost", &jwks, 400),
        ("GET", "cognito-idp.us-east-1.amazonaws.com", &jwks, 200),
        ("GET", "issuer-cognito-idp.us-east-1.amazonaws.com", &jwks, 200),
        // A pool is known in its own region, under both of the issuer's names; elsewhere nobody has heard of it.
        ("GET", "cognito-idp.us-east-1.localhost", &jwks, 200),
        ("HEAD", "issuer-cognito-idp.us-east-1.localhost.localstack.cloud", &jwks, 200),
        ("GET", "cognito-idp.eu-west-1.amazonaws.com", &jwks, 404),
        ("HEAD", "cognito-idp.eu-west-1.amazonaws.com", &jwks, 404),
        ("GET", "issuer-cognito-idp.eu-west-1.amazonaws.com", &jwks, 404),
        ("GET", "issuer-cognito-idp.eu-west-1.amazonaws.com", &discovery, 404),
        ("HEAD", "cognito-idp.us-east-1.amazonaws.com", &discovery, 200),
        ("POST", "cognito-idp.us-east-1.amazonaws.com", &jwks, 400),
        ("PUT", "issuer-cognito-idp.us-east-1.amazonaws.com", &discovery, 400),
        ("GET", "cognito-idp.us-east-1.amazonaws.com", "/.well-known/jwks.json", 400),
        ("GET", "cognito-idp.us-east-1.amazonaws.com", &format!("/{pool}/.well-known/other"), 404),
        ("GET", domain, &jwks, 404),
        ("GET", domain, "/.well-known/jwks.json", 404),
        ("GET", domain, "/.well-known/openid-configuration", 404),
        ("GET", "localhost", "/us-east-1_unknown99/.well-known/jwks.json", 404),
        ("GET", "localhost", &format!("/{pool}/.well-known/other"), 404),
    ] {
        let reply = server.ask(request(method, target, &[("Host", host)], "")).await;
        assert_eq!(reply.status, expected, "{method} {host} {target}: {reply:?}");
        assert_eq!(reply.body.is_empty(), method == "HEAD", "{method} {host} {target}: {reply:?}");
    }
    let unknown = server.ask(request("GET", "/us-east-1_unknown99/.well-known/jwks.json", &[], "")).await;
    assert_eq!(unknown.body, r#"{"message":"User pool us-east-1_unknown99 does not exist."}"#);
    assert_eq!(unknown.header("cache-control"), None, "what may exist a moment later is not to be remembered");
    let elsewhere = server.ask(request("GET", &jwks, &[("Host", "cognito-idp.eu-west-1.amazonaws.com")], "")).await;
    assert_eq!(elsewhere.body, format!(r#"{{"message":"User pool {pool} does not exist."}}"#));
    let wrong_method = server.ask(request("POST", &jwks, &[], "")).await;
    assert_eq!(wrong_method.json()["code"], "BadRequest");
}

#[tokio::test]
async fn discovery_names_the_domain_or_the_server_itself() {
    let server = Server::dev();
    let Machine { pool, .. } = server.machine().await;
    let target = format!("/{pool}/.well-known/openid-configuration");
    let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{pool}");
    let document = |base: &str| {
        json!({
            "authorization_endpoint": format!("{base}/oauth2/authorize"),
            "end_session_endpoint": format!("{base}/logout"),
            "id_token_signing_alg_values_supported": ["RS256"],
            "issuer": issuer,
            "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
            "response_types_supported": ["code", "token"],
            "revocation_endpoint": format!("{base}/oauth2/revoke"),
            "scopes_supported": ["openid", "email", "phone", "profile"],
            "subject_types_supported": ["public"],
            "token_endpoint": format!("{base}/oauth2/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "userinfo_endpoint": format!("{base}/oauth2/userInfo"),
        })
    };
    let before = server.ask(request("GET", &target, &[], "")).await;
    assert_eq!(before.header("content-type"), Some("application/json"));
    assert_eq!(before.json(), document(&format!("http://{}", server.address)));
    server.cognito("CreateUserPoolDomain", json!({ "UserPoolId": pool, "Domain": "weather" })).await;
    let after = server.ask(request("GET", &target, &[], "")).await;
    assert_eq!(after.json(), document("https://weather.auth.us-east-1.amazoncognito.com"));
    let json = after.json();
    let names: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert!(names.is_sorted(), "{names:?}");
}

#[tokio::test]
async fn discovery_names_the_custom_domain_before_the_prefix() {
    let server = Server::dev();
    let Machine { pool, .. } = server.machine().await;
    let endpoint = async || {
        let target = format!("/{pool}/.well-known/openid-configuration");
        server.ask(request("GET", &target, &[], "")).await.json()["token_endpoint"].as_str().unwrap().to_owned()
    };
    let certificate = "arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000";
    let custom = json!({ "UserPoolId": pool, "Domain": "auth.example.com", "CustomDomainConfig": { "CertificateArn": certificate } });
    server.cognito("CreateUserPoolDomain", json!({ "UserPoolId": pool, "Domain": "weather" })).await;
    let prefix = "https://weather.auth.us-east-1.amazoncognito.com/oauth2/token";
    assert_eq!(endpoint().await, prefix);
    server.cognito("CreateUserPoolDomain", custom).await;
    assert_eq!(endpoint().await, "https://auth.example.com/oauth2/token");
    server.cognito("DeleteUserPoolDomain", json!({ "UserPoolId": pool, "Domain": "auth.example.com" })).await;
    assert_eq!(endpoint().await, prefix);
    server.cognito("DeleteUserPoolDomain", json!({ "UserPoolId": pool, "Domain": "weather" })).await;
    assert_eq!(endpoint().await, format!("http://{}/oauth2/token", server.address));
}

#[tokio::test]
async fn tokens_and_discovery_carry_the_issuer_that_the_pool_chose() {
    let server = Server::dev();
    let machine = server.machine().await;
    let pool = &machine.pool;
    let api = server.storms(&machine).await;
    for (kind, name) in [("ORIGINAL", "cognito-idp"), ("UPDATED", "issuer-cognito-idp"), ("ORIGINAL", "cognito-idp")] {
        let configuration = json!({ "UserPoolId": pool, "IssuerConfiguration": { "Type": kind } });
        server.cognito("UpdateUserPool", configuration).await;
        let issuer = format!("https://{name}.us-east-1.amazonaws.com/{pool}");
        let token = machine.token(&server, "").await;
        assert_eq!(claims(&token)["iss"], *issuer, "{kind}");
        for host in ["cognito-idp.us-east-1.amazonaws.com", "issuer-cognito-idp.us-east-1.amazonaws.com", "localhost"] {
            let document = |target: &str| {
                server.ask(request("GET", &format!("/{pool}/.well-known/{target}"), &[("Host", host)], ""))
            };
            let discovery = document("openid-configuration").await.json();
            assert_eq!(discovery["issuer"], *issuer, "{kind} {host}");
            assert_eq!(discovery["jwks_uri"], format!("{issuer}/.well-known/jwks.json"), "{kind} {host}");
            let keys = document("jwks.json").await.json();
            let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
            let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
            let keys = keys["keys"].as_array().unwrap();
            assert!(keys.iter().any(|key| key["kid"] == header["kid"]), "{kind} {host}");
        }
        // The gate knows the pool under both names.
        let target = format!("/_aws/execute-api/{api}/weather");
        let reply = server.ask(request("GET", &target, &[("Authorization", &token)], "")).await;
        assert_eq!(reply.status, 200, "{kind}");
    }
}

#[tokio::test]
async fn a_server_of_its_own_issuer_names_itself() {
    let server = Server::issuing(Issuers::Url("http://claviger.test:4566".to_owned()));
    let machine = server.machine().await;
    let issuer = format!("http://claviger.test:4566/{}", machine.pool);
    assert_eq!(claims(&machine.token(&server, "").await)["iss"], *issuer);
    // The form that the pool chose is AWS's; the operator's choice goes before it.
    let updated = json!({ "UserPoolId": machine.pool, "IssuerConfiguration": { "Type": "UPDATED" } });
    server.cognito("UpdateUserPool", updated).await;
    assert_eq!(claims(&machine.token(&server, "").await)["iss"], *issuer);
    let target = format!("/{}/.well-known/openid-configuration", machine.pool);
    let discovery = server.ask(request("GET", &target, &[("Host", "claviger.test:4566")], "")).await.json();
    assert_eq!(
        (&discovery["issuer"], &discovery["jwks_uri"]),
        (&json!(issuer), &json!(format!("{issuer}/.well-known/jwks.json")))
    );
    assert_eq!(discovery["token_endpoint"], "http://claviger.test:4566/oauth2/token");
}

#[tokio::test]
async fn domains_serve_what_machines_need_and_say_what_to_use_for_the_rest() {
    let server = Server::dev();
    let Machine { pool, .. } = server.machine().await;
    let certificate = "arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000";
    let custom = json!({ "UserPoolId": pool, "Domain": "auth.example.com", "CustomDomainConfig": { "CertificateArn": certificate } });
    server.cognito("CreateUserPoolDomain", json!({ "UserPoolId": pool, "Domain": "weather" })).await;
    server.cognito("CreateUserPoolDomain", custom).await;
    for host in ["weather.auth.us-east-1.amazoncognito.com", "auth.example.com"] {
        for (method, target, named) in [
            ("GET", "/oauth2/authorize?response_type=code", "InitiateAuth"),
            ("GET", "/login?client_id=x", "InitiateAuth"),
            ("POST", "/login", "InitiateAuth"),
            ("GET", "/logout", "GlobalSignOut"),
            ("GET", "/signup", "SignUp"),
            ("GET", "/forgotPassword", "AdminSetUserPassword"),
            ("POST", "/oauth2/register", "CreateUserPoolClient"),
            ("POST", "/saml2/idpresponse", "Identity providers"),
            ("GET", "/oauth2/unknown", "/oauth2/token"),
        ] {
            let reply = server.ask(request(method, target, &[("Host", host)], "")).await;
            assert_eq!((reply.status.as_u16(), &reply.json()["error"]), (404, &json!("not_served")), "{host} {target}");
            assert!(reply.json()["error_description"].as_str().unwrap().contains(named), "{host} {target}: {reply:?}");
            assert!(reply.header("x-amz-cognito-request-id").is_some(), "{host} {target}");
            assert_eq!(reply.header("x-frame-options"), Some("DENY"), "{host} {target}");
        }
        for target in
            ["/.well-known/jwks.json", "/.well-known/openid-configuration", &format!("/{pool}/.well-known/jwks.json")]
        {
            assert_eq!(server.ask(request("GET", target, &[("Host", host)], "")).await.status, 404, "{host} {target}");
        }
        for method in ["GET", "PUT", "DELETE", "HEAD"] {
            let reply = server.ask(request(method, "/oauth2/token", &[("Host", host)], "")).await;
            assert_eq!(reply.said(), (405, ""), "{host} {method}");
            let names = ["x-amz-cognito-request-id", "x-content-type-options", "strict-transport-security", "pragma"];
            for name in names {
                assert!(reply.header(name).is_some(), "{host} {method} {name}");
            }
            assert_eq!(reply.header("set-cookie"), None);
        }
    }
}

#[tokio::test]
async fn revokes_nothing_that_machines_have() {
    let server = Server::dev();
    let machine = server.machine().await;
    let token = machine.token(&server, "").await;
    let Machine { client_id, secret, .. } = &machine;
    let own = machine.basic();
    let wrong = basic(client_id, "wrong");
    let unsupported = (400, r#"{"error":"unsupported_token_type"}"#);
    let invalid_request = (400, r#"{"error":"invalid_request"}"#);
    let invalid_client = (401, r#"{"error":"invalid_client"}"#);
    for (method, authorization, body, expected) in [
        ("POST", Some(&own), format!("token={token}"), unsupported),
        ("POST", None, format!("token={token}&client_id={client_id}&client_secret={secret}"), unsupported),
        ("POST", Some(&own), "token=refresh".to_owned(), (200, "")),
        ("POST", Some(&own), String::new(), invalid_request),
        ("POST", Some(&own), "token=".to_owned(), invalid_request),
        ("POST", Some(&wrong), format!("token={token}"), invalid_client),
        ("POST", None, format!("token={token}&client_id={client_id}"), invalid_client),
        ("POST", None, format!("token={token}&client_id=unknown&client_secret=x"), invalid_client),
        ("GET", Some(&own), String::new(), (405, "")),
        ("PUT", Some(&own), format!("token={token}"), (405, "")),
    ] {
        let mut headers = vec![("Content-Type", FORM)];
        headers.extend(authorization.map(|value| ("Authorization", value.as_str())));
        let reply = server.ask(request(method, "/oauth2/revoke", &headers, &body)).await;
        assert_eq!(reply.said(), expected, "{method} {body}");
    }
}

#[tokio::test]
async fn user_info_turns_machines_away() {
    let server = Server::dev();
    let machine = server.machine().await;
    let token = machine.token(&server, "").await;
    let no_openid = r#"{"error":"invalid_token","error_description":"Access token does not contain openid scope"}"#;
    let invalid = "Access token is expired, disabled, or deleted, or the user has globally signed out.";
    let invalid = format!(r#"{{"error":"invalid_token","error_description":"{invalid}"}}"#);
    let bad = r#"{"error":"invalid_request","error_description":"Bad OAuth2 request at UserInfo Endpoint"}"#;
    for (method, authorization, status, body) in [
        ("GET", Some(format!("Bearer {token}")), 401, no_openid),
        ("POST", Some(format!("bearer {token}")), 401, no_openid),
        ("GET", Some(format!("Bearer {token}x")), 401, &invalid),
        ("GET", Some("Bearer storm".to_owned()), 401, &invalid),
        ("GET", Some(machine.basic()), 400, bad),
        ("GET", Some(token.clone()), 400, bad),
        ("GET", None, 400, bad),
    ] {
        let headers: Vec<(&str, &str)> = authorization.iter().map(|value| ("Authorization", value.as_str())).collect();
        let reply = server.ask(request(method, "/oauth2/userInfo", &headers, "")).await;
        assert_eq!(reply.said(), (status, body), "{method} {authorization:?}");
        let error = reply.json();
        let challenge = format!("error={}, error_description={}", error["error"], error["error_description"]);
        assert_eq!(reply.header("www-authenticate"), Some(&*challenge));
    }
    assert_eq!(server.ask(request("DELETE", "/oauth2/userInfo", &[], "")).await.said(), (405, ""));
    server.advance(3601).await;
    let bearer = format!("Bearer {token}");
    let reply = server.ask(request("GET", "/oauth2/userInfo", &[("Authorization", &bearer)], "")).await;
    assert_eq!(reply.said(), (401, &*invalid));
}
