//! Sections 3.1 and 3.2: JWT authorizers of HTTP APIs.

use serde_json::{Value, json};

use super::cases;
use super::world::{UNAUTHORIZED, World};
use crate::http_apis::backend::Backend;
use crate::http_apis::issuer::{Issuer, now};
use crate::http_apis::{FORBIDDEN, HttpApi};
use crate::stack::Reply;

/// An API whose `GET /x` asks for tokens of an issuer for `api`, with these scopes.
async fn guarded<'w>(w: &'w World, issuer: &str, audience: &str, scopes: &[&str]) -> HttpApi<'w> {
    let (backend, api) = (Backend::start().await, HttpApi::new(&w.server).await);
    let target = api.proxy(&backend.url, json!({})).await;
    let guard = api.jwt(issuer, audience, scopes).await;
    api.route("GET /x", &target, guard).await;
    api
}

/// An API guarded by an issuer of its own.
async fn foreign<'w>(w: &'w World, scopes: &[&str]) -> (Issuer, HttpApi<'w>) {
    let issuer = Issuer::start().await;
    let api = guarded(w, &issuer.url, "api", scopes).await;
    (issuer, api)
}

async fn status(api: &HttpApi<'_>, issuer: &Issuer, changes: Value) -> u16 {
    api.with_token("/x", &issuer.token(now(), &changes)).await.status.as_u16()
}

fn challenged(reply: &Reply, description: &str) {
    let expected = format!(r#"Bearer scope="" error="invalid_token" error_description="{description}""#);
    assert_eq!((reply.said(), reply.header("www-authenticate")), ((401, UNAUTHORIZED), Some(&*expected)));
}

impl World {
    fn issuer(&self) -> String {
        format!("https://cognito-idp.us-east-1.amazonaws.com/{}", self.machine.pool)
    }
}

cases! { |w|
    s3_1_identity_source => {
        let (issuer, api) = foreign(&w, &[]).await;
        let token = issuer.token(now(), &json!({}));
        assert_eq!(api.with_token("/x", &token).await.status, 200);
        assert_eq!(api.send("GET", "/x", &[("Authorization", &token)], "").await.status, 200);
    };
    s3_1_keys => {
        let (issuer, api) = foreign(&w, &[]).await;
        assert_eq!(issuer.asked(), 2);
        let token = issuer.token(now(), &json!({}));
        issuer.rotate("other");
        assert_eq!(api.with_token("/x", &token).await.status, 200);
        challenged(
            &api.with_token("/x", &issuer.token(now(), &json!({}))).await,
            "unable to find a signing key that matches the key id of the token",
        );
        challenged(&api.with_token("/x", &issuer.signed_on_a_curve(now())).await, "unable to find a signing key that matches the key id of the token");
    };
    s3_1_issuer => {
        let (issuer, api) = foreign(&w, &[]).await;
        assert_eq!(status(&api, &issuer, json!({})).await, 200);
        assert_eq!(status(&api, &issuer, json!({ "iss": format!("{}/", issuer.url) })).await, 401);
    };
    s3_1_audience => {
        let (issuer, api) = foreign(&w, &[]).await;
        for (changes, expected) in [
            (json!({ "aud": ["other", "api"] }), 200),
            (json!({ "aud": "other" }), 401),
            (json!({ "aud": "other", "client_id": "api" }), 401),
            (json!({ "aud": null, "client_id": "api" }), 200),
            (json!({ "aud": null, "client_id": "other" }), 401),
        ] {
            assert_eq!(status(&api, &issuer, changes.clone()).await, expected, "{changes}");
        }
    };
    s3_1_times => {
        let (issuer, api) = foreign(&w, &[]).await;
        for (changes, expected) in [
            (json!({ "exp": now() - 1 }), 401),
            (json!({ "nbf": now() - 1 }), 200),
            (json!({ "nbf": now() + 100 }), 401),
            (json!({ "iat": now() + 100 }), 401),
            (json!({ "iat": null }), 200),
        ] {
            assert_eq!(status(&api, &issuer, changes.clone()).await, expected, "{changes}");
        }
    };
    s3_1_scopes => {
        let (issuer, api) = foreign(&w, &["read", "write"]).await;
        for (changes, expected) in [
            (json!({ "scope": "other write" }), 200),
            (json!({ "scope": null, "scp": ["read"] }), 200),
            (json!({ "scope": "other" }), 403),
            (json!({ "scope": null }), 403),
        ] {
            assert_eq!(status(&api, &issuer, changes.clone()).await, expected, "{changes}");
        }
    };
    s3_1_kinds_of_token => {
        let (issuer, api) = foreign(&w, &[]).await;
        for kind in ["id", "access"] {
            assert_eq!(status(&api, &issuer, json!({ "token_use": kind, "scope": null })).await, 200, "{kind}");
        }
    };
    s3_1_cognito => {
        let api = guarded(&w, &w.issuer(), &w.machine.client_id, &["weather-api/get"]).await;
        let token = w.machine.token(&w.server, "").await;
        assert_eq!(api.with_token("/x", &token).await.status, 200);
        let other = guarded(&w, &w.issuer(), "other", &[]).await;
        assert_eq!(other.with_token("/x", &token).await.status, 401);
    };
    s3_1_key_cache => {
        let (issuer, api) = foreign(&w, &[]).await;
        for _ in 0..5 {
            assert_eq!(status(&api, &issuer, json!({})).await, 200);
        }
        assert_eq!(issuer.asked(), 2);
        let large = Issuer::start().await;
        large.pads(150_000);
        let reply = api.authorizer(&large.url, "api").await;
        assert_eq!(reply.status, 400, "{reply:?}");
    };
    s3_1_quotas => {
        let api = HttpApi::new(&w.server).await;
        let create = async |name: &str, audiences: usize| {
            let audience: Vec<String> = (0..audiences).map(|number| number.to_string()).collect();
            let input = json!({
                "name": name, "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
                "jwtConfiguration": { "issuer": w.issuer(), "audience": audience },
            });
            w.server.try_v2(&format!("POST /apis/{}/authorizers", api.id), &input).await.status.as_u16()
        };
        assert_eq!(create("many", 51).await, 429);
        for number in 0..10 {
            assert_eq!(create(&number.to_string(), 50).await, 201);
        }
        assert_eq!(create("eleventh", 1).await, 429);
        let scopes: Vec<String> = (0..11).map(|number| number.to_string()).collect();
        let input = json!({ "routeKey": "GET /", "authorizationScopes": scopes });
        assert_eq!(w.server.try_v2(&format!("POST /apis/{}/routes", api.id), &input).await.status, 429);
    };
    s3_2_no_token => {
        let api = guarded(&w, &w.issuer(), "api", &[]).await;
        let reply = api.send("GET", "/x", &[], "").await;
        assert_eq!((reply.said(), reply.header("www-authenticate")), ((401, UNAUTHORIZED), Some("Bearer")));
    };
    s3_2_garbage => {
        let api = guarded(&w, &w.issuer(), "api", &[]).await;
        challenged(&api.with_token("/x", "garbage").await, "token contains an invalid number of segments");
    };
    s3_2_audience => {
        let api = guarded(&w, &w.issuer(), "other", &[]).await;
        let token = w.machine.token(&w.server, "").await;
        challenged(&api.with_token("/x", &token).await, "the token does not have a valid audience");
    };
    s3_2_issuer => {
        let (_, api) = foreign(&w, &[]).await;
        let token = w.machine.token(&w.server, "").await;
        challenged(&api.with_token("/x", &token).await, "issuer does not match");
    };
    s3_2_expired => {
        let (issuer, api) = foreign(&w, &[]).await;
        let token = issuer.token(now(), &json!({ "exp": now() - 1 }));
        challenged(&api.with_token("/x", &token).await, "the token has expired");
    };
    s3_2_keys_out_of_reach => {
        // The authorizer was of a pool of this server, which is gone.
        let machine = w.server.machine().await;
        let issuer = format!("http://127.0.0.1:1/{}", machine.pool);
        let api = guarded(&w, &issuer, &machine.client_id, &[]).await;
        let token = Issuer::start().await.token(now(), &json!({ "iss": issuer }));
        w.server.cognito("DeleteUserPool", json!({ "UserPoolId": machine.pool })).await;
        challenged(&api.with_token("/x", &token).await, "OIDC discovery endpoint communication error");
    };
    s3_2_scope_absent => {
        let (issuer, api) = foreign(&w, &["read", "write"]).await;
        let reply = api.with_token("/x", &issuer.token(now(), &json!({ "scope": "other" }))).await;
        assert_eq!(reply.said(), (403, FORBIDDEN));
        let challenge = reply.header("www-authenticate").unwrap();
        assert!(challenge.starts_with(r#"Bearer scope="read write" error="insufficient_scope" error_description=""#), "{challenge}");
    };
}
