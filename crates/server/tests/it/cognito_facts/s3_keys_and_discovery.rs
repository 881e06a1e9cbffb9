//! Section 3: key sets, discovery, revocation and userInfo.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::cases;
use super::world::{API_HOST, CERTIFICATE, DOMAIN_HOST, GRANT, World, basic_with};
use crate::stack::{FORM, Reply, basic, request};

cases! { |w|
    s3_1_oauth_on_the_domain => {
        for (path, expected) in [("/oauth2/token", 405), ("/oauth2/userInfo", 400), ("/oauth2/revoke", 405)] {
            assert_eq!(w.get(DOMAIN_HOST, path).await.status, expected, "{path}");
            assert_eq!(w.get(API_HOST, path).await.status, 400, "{path} of the API's host");
        }
    };
    s3_1_key_set_on_the_api => {
        let path = format!("/{}/.well-known/jwks.json", w.machine.pool);
        let at = async |host: &str| w.get(host, &path).await.status.as_u16();
        assert_eq!((at(API_HOST).await, at(DOMAIN_HOST).await), (200, 404));
    };
    s3_1_discovery_on_the_api => {
        let path = format!("/{}/.well-known/openid-configuration", w.machine.pool);
        let at = async |host: &str| w.get(host, &path).await.status.as_u16();
        assert_eq!((at(API_HOST).await, at(DOMAIN_HOST).await), (200, 404));
    };
    s3_1_no_documents_on_the_domain => {
        for path in ["/.well-known/openid-configuration", "/.well-known/jwks.json"] {
            assert_eq!(w.get(DOMAIN_HOST, path).await.status, 404, "{path}");
        }
    };
    s3_1_json_api => {
        assert_eq!(list_pools(&w, API_HOST).await, 200);
        assert_ne!(list_pools(&w, DOMAIN_HOST).await, 200);
    };
    s3_1_unknown_paths_of_the_api => {
        let reply = w.get(API_HOST, "/fly").await;
        let message = "The server did not understand the operation that was requested.";
        assert_eq!(reply.json(), json!({ "code": "BadRequest", "message": message, "type": "client" }));
    };

    s3_2_two_keys => assert_eq!(keys(&w).await.len(), 2);
    s3_2_members => {
        for key in keys(&w).await {
            let names: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(names, ["alg", "e", "kid", "kty", "n", "use"]);
            let fixed = [&key["alg"], &key["e"], &key["kty"], &key["use"]];
            assert_eq!(json!(fixed), json!(["RS256", "AQAB", "RSA", "sig"]));
            assert_eq!(URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap().len(), 256);
            assert_eq!(STANDARD.decode(key["kid"].as_str().unwrap()).unwrap().len(), 32);
        }
    };
    s3_2_headers => {
        let reply = w.get("", &format!("/{}/.well-known/jwks.json", w.machine.pool)).await;
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert!(reply.header("cache-control").unwrap().starts_with("public, max-age="), "{reply:?}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    };
    s3_2_unknown_pool => {
        let reply = w.get("", "/us-east-1_000000000/.well-known/jwks.json").await;
        assert_eq!(reply.said(), (404, r#"{"message":"User pool us-east-1_000000000 does not exist."}"#));
    };

    s3_3_members => {
        let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{}", w.machine.pool);
        let base = format!("https://{DOMAIN_HOST}");
        let expected = json!({
            "authorization_endpoint": format!("{base}/oauth2/authorize"),
            "id_token_signing_alg_values_supported": ["RS256"], "issuer": issuer,
            "jwks_uri": format!("{issuer}/.well-known/jwks.json"), "response_types_supported": ["code", "token"],
            "scopes_supported": ["openid", "email", "phone", "profile"], "subject_types_supported": ["public"],
            "token_endpoint": format!("{base}/oauth2/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "userinfo_endpoint": format!("{base}/oauth2/userInfo"),
        });
        let document = discovery(&w, &w.machine.pool).await;
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&document[name], value, "{name}");
        }
        assert!(document.as_object().unwrap().keys().is_sorted());
    };
    s3_3_newer_members => {
        let document = discovery(&w, &w.machine.pool).await;
        assert_eq!(document["end_session_endpoint"], json!(format!("https://{DOMAIN_HOST}/logout")));
        assert_eq!(document["revocation_endpoint"], json!(format!("https://{DOMAIN_HOST}/oauth2/revoke")));
    };
    s3_3_no_custom_scopes => {
        let scopes = discovery(&w, &w.machine.pool).await["scopes_supported"].take();
        assert_eq!(scopes, json!(["openid", "email", "phone", "profile"]));
    };
    s3_3_custom_domain => {
        let pool = w.pool(json!({})).await;
        for domain in [json!({ "Domain": "both" }), custom("auth.both.example")] {
            let input = super::world::with(json!({ "UserPoolId": pool }), domain);
            w.ok("CreateUserPoolDomain", input).await;
        }
        assert_eq!(discovery(&w, &pool).await["token_endpoint"], "https://auth.both.example/oauth2/token");
    };
    s3_3_updated_issuer => {
        let pool = w.pool(json!({ "IssuerConfiguration": { "Type": "UPDATED" } })).await;
        let issuer = discovery(&w, &pool).await["issuer"].take();
        assert_eq!(issuer, json!(format!("https://issuer-cognito-idp.us-east-1.amazonaws.com/{pool}")));
    };
    s3_3_without_a_domain => {
        let pool = w.pool(json!({})).await;
        let endpoint = discovery(&w, &pool).await["token_endpoint"].take();
        assert_eq!(endpoint, json!(format!("http://{}/oauth2/token", w.server.address)));
    };

    s3_4_success_or_invalid_token => {
        for _ in 0..2 {
            assert_eq!(revoke(&w, &w.machine.basic(), "token=unknown").await.said(), (200, ""));
        }
    };
    s3_4_token_missing => {
        assert_eq!(revoke(&w, &w.machine.basic(), "").await.said(), (400, r#"{"error":"invalid_request"}"#));
    };
    s3_4_not_a_refresh_token => {
        let form = format!("token={}", w.machine.token(&w.server, "").await);
        assert_eq!(revoke(&w, &w.machine.basic(), &form).await.said(), (400, r#"{"error":"unsupported_token_type"}"#));
    };
    s3_4_bad_credentials => {
        for authorization in [basic_with(&w.machine, "wrong"), basic("unknown", "x")] {
            assert_eq!(revoke(&w, &authorization, "token=x").await.said(), (401, r#"{"error":"invalid_client"}"#));
        }
    };
    s3_4_other_methods => {
        for method in ["GET", "PUT", "DELETE"] {
            assert_eq!(w.server.ask(request(method, "/oauth2/revoke", &[], "")).await.status, 405, "{method}");
        }
    };
    s3_4_tokens_of_machines_stay => {
        let api = w.server.storms(&w.machine).await;
        let client = w.client(json!({})).await;
        let token = client.token(&w.server, "").await;
        let call = async || {
            let path = format!("/restapis/{api}/weather/_user_request_/");
            w.server.ask(request("GET", &path, &[("Authorization", &token)], "")).await.status.as_u16()
        };
        let before = call().await;
        w.ok("DeleteUserPoolClient", w.of_pool(json!({ "ClientId": client.client_id }))).await;
        assert_eq!((before, call().await), (200, 200));
        w.refused(&client.basic(), GRANT, "invalid_client").await;
    };

    s3_5_user_info => {
        let bad = "Bad OAuth2 request at UserInfo Endpoint";
        user_info(&w, "", 400, "invalid_request", bad).await;
        let expired = "Access token is expired, disabled, or deleted, or the user has globally signed out.";
        user_info(&w, "Bearer storm", 401, "invalid_token", expired).await;
    };
    s3_5_without_openid => {
        let token = format!("Bearer {}", w.machine.token(&w.server, "").await);
        user_info(&w, &token, 401, "invalid_token", "Access token does not contain openid scope").await;
    };
}

async fn keys(w: &World) -> Vec<Value> {
    let document = w.get("", &format!("/{}/.well-known/jwks.json", w.machine.pool)).await.json();
    document["keys"].as_array().unwrap().clone()
}

async fn discovery(w: &World, pool: &str) -> Value {
    w.get("", &format!("/{pool}/.well-known/openid-configuration")).await.json()
}

fn custom(domain: &str) -> Value {
    json!({ "Domain": domain, "CustomDomainConfig": { "CertificateArn": CERTIFICATE } })
}

async fn list_pools(w: &World, host: &str) -> u16 {
    let headers = [
        ("Host", host),
        ("Content-Type", "application/x-amz-json-1.1"),
        ("X-Amz-Target", "AWSCognitoIdentityProviderService.ListUserPools"),
    ];
    w.post("/", &headers, r#"{"MaxResults":1}"#).await.status.as_u16()
}

async fn revoke(w: &World, authorization: &str, form: &str) -> Reply {
    w.post("/oauth2/revoke", &[("Content-Type", FORM), ("Authorization", authorization)], form).await
}

async fn user_info(w: &World, authorization: &str, status: u16, error: &str, description: &str) {
    let headers = [("Authorization", authorization)];
    let headers = if authorization.is_empty() { &headers[..0] } else { &headers };
    let reply = w.server.ask(request("GET", "/oauth2/userInfo", headers, "")).await;
    let body = json!({ "error": error, "error_description": description });
    assert_eq!((reply.status.as_u16(), reply.json()), (status, body));
    let challenge = format!(r#"error="{error}", error_description="{description}""#);
    assert_eq!(reply.header("www-authenticate"), Some(&*challenge));
}
