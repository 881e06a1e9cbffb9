//! JWT authorizers: tokens of pools of ours, and of an issuer that is fetched.

use std::sync::Arc;

use claviger_server::node::{Options, Place};
use claviger_testkit::FakeMonotonic;
use serde_json::{Value, json};

use super::issuer::{Issuer, now};
use super::{FORBIDDEN, HttpApi, UNAUTHORIZED, open};
use crate::stack::request;
use crate::support::Server;

async fn guarded(api: &HttpApi<'_>, key: &str, guard: Value) {
    let routes = api.server.v2(&format!("GET /apis/{}/integrations", api.id), Value::Null).await;
    let target = format!("integrations/{}", routes["items"][0]["integrationId"].as_str().unwrap());
    api.route(key, &target, guard).await;
}

#[tokio::test]
async fn a_machine_of_a_pool_gets_in_with_its_client_id_as_audience() {
    let server = Server::dev();
    let machine = server.machine().await;
    let (backend, api) = open(&server).await;
    let aws = format!("https://cognito-idp.us-east-1.amazonaws.com/{}", machine.pool);
    let ours = format!("http://{}/{}", server.address, machine.pool);
    guarded(&api, "GET /open", api.jwt(&aws, &machine.client_id, &[]).await).await;
    guarded(&api, "GET /read", api.jwt(&ours, &machine.client_id, &["weather-api/get"]).await).await;
    let (all, post) = (machine.token(&server, "").await, machine.token(&server, "weather-api/post").await);
    for (path, token, expected) in
        [("/open", &all, 200), ("/open", &post, 200), ("/read", &all, 200), ("/read", &post, 403)]
    {
        assert_eq!(api.with_token(path, token).await.status, expected, "{path}");
    }
    assert_eq!(api.send("GET", "/open", &[("Authorization", &all)], "").await.status, 200, "without Bearer");
    let asked = backend.asked();
    let missing = api.send("GET", "/open", &[], "").await;
    assert_eq!((missing.said(), missing.header("www-authenticate")), ((401, UNAUTHORIZED), Some("Bearer")));
    assert!(missing.header("content-type").is_none());
    let scope = api.with_token("/read", &post).await;
    assert_eq!(scope.said(), (403, FORBIDDEN));
    assert_eq!(
        scope.header("www-authenticate"),
        Some(
            r#"Bearer scope="weather-api/get" error="insufficient_scope" error_description="the token does not have any of the required scopes""#
        )
    );
    let other = server.machine().await;
    let (signed, _) = all.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", post.rsplit_once('.').unwrap().1);
    for (token, description) in [
        ("nonsense", "token contains an invalid number of segments"),
        (&*forged, "signature is invalid"),
        (&*other.token(&server, "").await, "issuer does not match"),
    ] {
        let reply = api.with_token("/open", token).await;
        let expected = format!(r#"Bearer scope="" error="invalid_token" error_description="{description}""#);
        assert_eq!((reply.said(), reply.header("www-authenticate")), ((401, UNAUTHORIZED), Some(&*expected)));
    }
    let (client, secret) = server.client(&machine.pool, json!({})).await;
    let stranger =
        crate::stack::Machine { client_id: client, secret, pool: machine.pool.clone(), arn: machine.arn.clone() };
    let reply = api.with_token("/open", &stranger.token(&server, "").await).await;
    assert!(
        reply.header("www-authenticate").unwrap().contains("the token does not have a valid audience"),
        "{reply:?}"
    );
    server.advance(3601).await;
    let reply = api.with_token("/open", &all).await;
    assert!(reply.header("www-authenticate").unwrap().contains("the token has expired"), "{reply:?}");
    assert_eq!(backend.asked(), asked, "nobody who is refused reaches the backend");
}

#[tokio::test]
async fn keys_of_another_issuer_are_fetched_once_and_again_when_it_signs_with_a_new_one() {
    let monotonic = Arc::new(FakeMonotonic::default());
    let options = Options { monotonic: Some(Arc::clone(&monotonic) as _), ..Options::default() };
    let server = Server::with_node(&Place::Memory, options);
    let issuer = Issuer::start().await;
    let (_backend, api) = open(&server).await;
    guarded(&api, "GET /read", api.jwt(&issuer.url, "api", &["read"]).await).await;
    assert_eq!(issuer.asked(), 2, "making the authorizer asks for both documents");
    let said = async |token: &str| api.with_token("/read", token).await.status.as_u16();
    let first = issuer.token(now(), &json!({}));
    assert_eq!((said(&first).await, issuer.asked()), (200, 2));
    for (changes, expected) in [
        (json!({ "aud": "other" }), 401),
        (json!({ "aud": ["other", "api"] }), 200),
        (json!({ "scope": "write" }), 403),
        (json!({ "scope": null, "scp": ["read"] }), 200),
        (json!({ "exp": now() - 1 }), 401),
        (json!({ "nbf": now() + 60 }), 401),
        (json!({ "iat": now() + 60 }), 401),
        (json!({ "iss": format!("{}/", issuer.url) }), 401),
    ] {
        assert_eq!(said(&issuer.token(now(), &changes)).await, expected, "{changes}");
    }
    assert_eq!(issuer.asked(), 2);

    // A new key: not looked for at once after the last question, but as soon as some time has passed.
    issuer.rotate("second");
    let second = issuer.token(now(), &json!({}));
    assert_eq!((said(&second).await, issuer.asked()), (401, 2));
    assert_eq!(said(&first).await, 200, "what is known is believed meanwhile");
    monotonic.advance_milliseconds(10_000);
    assert_eq!((said(&second).await, issuer.asked()), (200, 4));
    assert_eq!((said(&first).await, issuer.asked()), (401, 4), "its key is published no more");
    for _ in 0..5 {
        assert_eq!(said(&first).await, 401);
    }
    assert_eq!(issuer.asked(), 4, "an unknown key is no reason to ask again and again");
}

#[tokio::test]
async fn old_keys_are_used_while_their_issuer_is_down_but_not_for_ever() {
    let monotonic = Arc::new(FakeMonotonic::default());
    let options = Options { monotonic: Some(Arc::clone(&monotonic) as _), ..Options::default() };
    let server = Server::with_node(&Place::Memory, options);
    let issuer = Issuer::start().await;
    let (_backend, api) = open(&server).await;
    guarded(&api, "GET /read", api.jwt(&issuer.url, "api", &[]).await).await;
    let token = issuer.token(now(), &json!({}));
    assert_eq!(api.with_token("/read", &token).await.status, 200);
    issuer.fails(Some(500));
    let asked = issuer.asked();
    monotonic.advance_milliseconds(3 * 60 * 60 * 1000);
    assert_eq!(api.with_token("/read", &token).await.status, 200);
    // The question was asked beside the request.
    while issuer.asked() == asked {
        tokio::task::yield_now().await;
    }
    monotonic.advance_milliseconds(22 * 60 * 60 * 1000);
    let reply = api.with_token("/read", &token).await;
    assert_eq!(reply.said(), (401, UNAUTHORIZED));
    assert!(
        reply.header("www-authenticate").unwrap().contains("OIDC discovery endpoint communication error"),
        "{reply:?}"
    );
    issuer.fails(None);
    assert_eq!(api.with_token("/read", &token).await.status, 401, "not asked again at once");
    monotonic.advance_milliseconds(10_000);
    assert_eq!(api.with_token("/read", &token).await.status, 200);
}

#[tokio::test]
async fn an_authorizer_needs_an_issuer_that_answers_and_calls_itself_by_that_name() {
    let server = Server::dev();
    let issuer = Issuer::start().await;
    let api = HttpApi::new(&server).await;
    let create = async |issuer: &str| {
        let input = json!({
            "name": "jwt", "authorizerType": "JWT", "identitySource": ["$request.header.Authorization"],
            "jwtConfiguration": { "issuer": issuer, "audience": ["api"] },
        });
        server.try_v2(&format!("POST /apis/{}/authorizers", api.id), &input).await
    };
    for wrong in [
        format!("{}/", issuer.url),
        format!("{}/other", issuer.url),
        "http://127.0.0.1:1/realm".to_owned(),
        "http://issuer.example/realm".to_owned(),
        "nonsense".to_owned(),
    ] {
        let reply = create(&wrong).await;
        assert_eq!(reply.header("x-amzn-errortype"), Some("BadRequestException"), "{wrong}: {reply:?}");
        let message = format!("Invalid issuer: {wrong}. Issuer must have a valid discovery endpoint");
        assert!(reply.json()["message"].as_str().unwrap().starts_with(&message), "{reply:?}");
    }
    issuer.names("https://somebody.else");
    assert_eq!(create(&issuer.url).await.status, 400);
}

#[tokio::test]
async fn a_token_may_be_in_the_query() {
    let server = Server::dev();
    let machine = server.machine().await;
    let (_backend, api) = open(&server).await;
    let made = api
        .make(
            "authorizers",
            json!({
                "name": "query", "authorizerType": "JWT", "identitySource": ["$request.querystring.token"],
                "jwtConfiguration": {
                    "issuer": format!("https://cognito-idp.us-east-1.amazonaws.com/{}", machine.pool),
                    "audience": [machine.client_id],
                },
            }),
        )
        .await;
    guarded(&api, "GET /q", json!({ "authorizationType": "JWT", "authorizerId": made["authorizerId"] })).await;
    let token = machine.token(&server, "").await;
    assert_eq!(api.send("GET", &format!("/q?token={token}"), &[], "").await.status, 200);
    assert_eq!(api.with_token("/q", &token).await.status, 401);
}

#[tokio::test]
async fn a_role_mapping_holds_here_too() {
    let server = Server::dev();
    let machine = server.machine().await;
    let (_backend, api) = open(&server).await;
    let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{}", machine.pool);
    let guard = api.jwt(&issuer, &machine.client_id, &[]).await;
    guarded(&api, "ANY /storms/{id}", guard).await;
    let table = json!({
        "ApiId": api.id,
        "Scopes": { "weather-api/get": ["reader"] },
        "Roles": { "reader": ["GET /storms/{id}"] },
    });
    let headers = [("X-Amz-Target", "Claviger.PutRoleMapping"), ("Content-Type", "application/x-amz-json-1.1")];
    let put = server.ask(request("POST", "/", &headers, &table.to_string())).await;
    assert_eq!(put.status, 200, "{put:?}");
    let (get, post) =
        (machine.token(&server, "weather-api/get").await, machine.token(&server, "weather-api/post").await);
    assert_eq!(api.with_token("/storms/7", &get).await.status, 200);
    assert_eq!(api.with_token("/storms/7", &post).await.said(), (403, FORBIDDEN));
    let bearer = format!("Bearer {get}");
    assert_eq!(api.send("PUT", "/storms/7", &[("Authorization", &bearer)], "").await.said(), (403, FORBIDDEN));
}
