//! Section 2: what a token says.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use claviger_resources::UserPoolId;
use serde_json::{Value, json};

use super::cases;
use super::world::{GRANT, World, resource_server};

cases! { |w|
    s2_1_members => {
        let text = header(&w).await;
        assert!(text.starts_with(r#"{"kid":""#) && text.ends_with(r#","alg":"RS256"}"#), "{text}");
        assert_eq!(text.matches(':').count(), 2, "{text}");
    };
    s2_1_kid => {
        let header: Value = serde_json::from_str(&header(&w).await).unwrap();
        let kid = header["kid"].as_str().unwrap();
        assert_eq!((kid.len(), STANDARD.decode(kid).unwrap().len()), (44, 32), "{kid}");
    };
    s2_1_key_of_access_tokens => {
        let keys = w.get("", &format!("/{}/.well-known/jwks.json", w.machine.pool)).await.json();
        let header: Value = serde_json::from_str(&header(&w).await).unwrap();
        let keys = keys["keys"].as_array().unwrap().clone();
        assert_eq!(keys.iter().filter(|key| key["kid"] == header["kid"]).count(), 1);
        assert_ne!(keys[0]["n"], keys[1]["n"]);
    };

    s2_2_order => {
        let claims = w.granted(&w.machine.basic(), GRANT).await;
        let names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = ["sub", "token_use", "scope", "auth_time", "iss", "exp", "iat", "version", "jti", "client_id"];
        assert_eq!(names, expected);
    };
    s2_2_sub => assert_eq!(claim(&w, "sub").await, json!(w.machine.client_id));
    s2_2_token_use => assert_eq!(claim(&w, "token_use").await, "access");
    s2_2_scope => assert_eq!(claim(&w, "scope").await, "weather-api/get weather-api/post");
    s2_2_auth_time => {
        let claims = w.granted(&w.machine.basic(), GRANT).await;
        assert!(claims["auth_time"].is_i64() && claims["auth_time"] == claims["iat"], "{claims}");
    };
    s2_2_iss => {
        let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{}", w.machine.pool);
        assert_eq!(claim(&w, "iss").await, json!(issuer));
    };
    s2_2_exp => {
        let claims = w.granted(&w.machine.basic(), GRANT).await;
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    };
    s2_2_iat => {
        let clock = w.get("", "/_claviger/clock").await.json()["now"].as_i64().unwrap();
        let issued = claim(&w, "iat").await.as_i64().unwrap();
        assert!((clock..clock + 60).contains(&issued), "{issued} at {clock}");
    };
    s2_2_version => assert_eq!(claim(&w, "version").await, 2);
    s2_2_jti => {
        let (one, other) = (claim(&w, "jti").await, claim(&w, "jti").await);
        assert_ne!(one, other);
        assert_eq!(one.as_str().unwrap().parse::<uuid::Uuid>().unwrap().get_version_num(), 4);
    };
    s2_2_client_id => assert_eq!(claim(&w, "client_id").await, json!(w.machine.client_id));
    s2_2_absent => {
        let claims = w.granted(&w.machine.basic(), GRANT).await;
        for name in ["aud", "username", "origin_jti", "event_id", "cognito:groups", "nbf", "device_key"] {
            assert_eq!(claims.get(name), None, "{name}");
        }
    };

    s2_3_original => {
        let pool = w.ok("DescribeUserPool", w.of_pool(json!({}))).await;
        assert_eq!(pool["UserPool"]["IssuerConfiguration"]["Type"], "ORIGINAL");
        assert_eq!(w.get("cognito-idp.us-east-1.amazonaws.com", &key_set(&w.machine.pool)).await.status, 200);
    };
    s2_3_updated => {
        let other = w.server.machine().await;
        let update = json!({ "UserPoolId": other.pool, "IssuerConfiguration": { "Type": "UPDATED" } });
        w.ok("UpdateUserPool", update).await;
        let issuer = format!("https://issuer-cognito-idp.us-east-1.amazonaws.com/{}", other.pool);
        assert_eq!(w.granted(&other.basic(), GRANT).await["iss"], json!(issuer));
        let at = async |host: &str| w.get(host, &key_set(&other.pool)).await.json();
        let updated = at("issuer-cognito-idp.us-east-1.amazonaws.com").await;
        assert_eq!(updated, at("cognito-idp.us-east-1.amazonaws.com").await);
    };
    s2_3_no_trailing_slash => assert!(!claim(&w, "iss").await.as_str().unwrap().ends_with('/'));
    s2_3_pool_ids_that_verifiers_know => {
        let (region, name) = w.machine.pool.split_once('_').unwrap();
        assert!(UserPoolId::parse(&w.machine.pool).is_ok());
        assert_eq!(region, "us-east-1");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name}");
    };

    s2_5_last_slash => {
        let identifier = "https://my-api-server.example/v1";
        w.ok("CreateResourceServer", resource_server(&w.machine.pool, identifier, &["api.readwrite"])).await;
        let scope = format!("{identifier}/api.readwrite");
        let client = w.client(json!({ "AllowedOAuthScopes": [scope] })).await;
        w.scopes(&client, "", Ok(&scope)).await;
        w.scopes(&client, &format!("&scope={scope}"), Ok(&scope)).await;
    };
}

async fn claim(w: &World, name: &str) -> Value {
    w.granted(&w.machine.basic(), GRANT).await[name].take()
}

async fn header(w: &World) -> String {
    let token = w.machine.token(&w.server, "").await;
    String::from_utf8(URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap()
}

fn key_set(pool: &str) -> String {
    format!("/{pool}/.well-known/jwks.json")
}
