//! `JWT` authorizers of REST APIs: tokens of pools of ours, and of issuers whose keys are fetched.

use serde_json::{Value, json};

use crate::http_apis::issuer::{Issuer, now};
use crate::stack::{Reply, request};
use crate::support::Server;

const UNAUTHORIZED: &str = r#"{"message":"Unauthorized"}"#;
const ACCESS_DENIED: &str = r#"{"Message":"User is not authorized to access this resource"}"#;

async fn control(server: &Server, request_line: &str, body: Value) -> Reply {
    let (method, target) = request_line.split_once(' ').unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.ask(request(method, target, &[("Content-Type", "application/json")], &body)).await
}

async fn made(server: &Server, request_line: &str, body: Value) -> Value {
    let reply = control(server, request_line, body).await;
    assert!(reply.status.is_success(), "{request_line}: {reply:?}");
    if reply.body.is_empty() { Value::Null } else { reply.json() }
}

/// An API whose `GET /` is guarded by an authorizer of these issuers and answers with who calls.
struct Guarded<'s> {
    server: &'s Server,
    id: String,
    authorizer: Value,
}

impl<'s> Guarded<'s> {
    async fn new(server: &'s Server, issuers: Value, algorithms: &[&str], scopes: &[&str]) -> Self {
        let api = made(server, "POST /restapis", json!({ "name": "weather" })).await;
        let id = api["id"].as_str().unwrap().to_owned();
        let authorizer = made(
            server,
            &format!("POST /restapis/{id}/authorizers"),
            json!({ "name": "gate", "type": "JWT", "identitySource": "method.request.header.Authorization",
                "jwtConfiguration": { "issuers": issuers, "defaultAlgorithms": algorithms } }),
        )
        .await;
        let method = format!("/restapis/{id}/resources/{}/methods/GET", api["rootResourceId"].as_str().unwrap());
        let guard =
            json!({ "authorizationType": "JWT", "authorizerId": authorizer["id"], "authorizationScopes": scopes });
        made(server, &format!("PUT {method}"), guard).await;
        let mock = json!({ "type": "MOCK", "requestTemplates": { "application/json": "{\"statusCode\":200}" } });
        made(server, &format!("PUT {method}/integration"), mock).await;
        made(server, &format!("PUT {method}/responses/200"), json!({})).await;
        let answer = json!({ "responseTemplates": { "application/json":
            "$context.authorizer.claims.sub $context.authorizer.claims.exp" } });
        made(server, &format!("PUT {method}/integration/responses/200"), answer).await;
        made(server, &format!("POST /restapis/{id}/deployments"), json!({ "stageName": "live" })).await;
        Self { server, id, authorizer }
    }

    async fn call(&self, token: Option<&str>) -> Reply {
        let headers: Vec<_> = token.map(|token| ("Authorization", token)).into_iter().collect();
        self.server.ask(request("GET", &format!("/_aws/execute-api/{}/live/", self.id), &headers, "")).await
    }

    async fn said(&self, token: &str) -> (u16, String) {
        let reply = self.call(Some(token)).await;
        (reply.status.as_u16(), reply.body)
    }
}

#[tokio::test]
async fn machines_of_a_pool_and_of_another_issuer_pass_the_same_authorizer() {
    let server = Server::dev();
    let (machine, issuer) = (server.machine().await, Issuer::start().await);
    let pool = format!("https://cognito-idp.us-east-1.amazonaws.com/{}", machine.pool);
    let issuers = json!([
        { "issuer": pool, "audiences": [machine.client_id] },
        { "issuer": issuer.url, "audiences": ["api"],
            "additionalClaims": [{ "claimName": "tier", "format": "SINGLE_STRING", "expectedValues": ["gold"] }] },
    ]);
    let api = Guarded::new(&server, issuers, &["RS256"], &["weather-api/get", "read"]).await;
    let shown = &api.authorizer["jwtConfiguration"]["issuers"];
    assert_eq!(shown[0]["jwksUri"], format!("{pool}/.well-known/jwks.json"));
    assert_eq!(shown[1]["jwksUri"], format!("{}/keys", issuer.url));

    let ours = machine.token(&server, "").await;
    let exp = "Thu Jul 02 11:42:47 UTC 2026".len();
    for token in [ours.clone(), format!("Bearer {ours}")] {
        let (status, body) = api.said(&token).await;
        assert_eq!((status, body.len()), (200, machine.client_id.len() + 1 + exp), "{body}");
        assert!(body.starts_with(&machine.client_id), "{body}");
    }
    assert_eq!(api.said(&issuer.token(now(), &json!({}))).await.0, 200);
    let narrow = machine.token(&server, "weather-api/post").await;
    let (signed, _) = ours.rsplit_once('.').unwrap();
    let forged = format!("{signed}.{}", narrow.rsplit_once('.').unwrap().1);
    let stranger = server.machine().await.token(&server, "").await;
    let unauthorized = [
        forged,
        stranger,
        "nonsense".to_owned(),
        String::new(),
        issuer.token(now(), &json!({ "aud": "other" })),
        issuer.token(now(), &json!({ "aud": machine.client_id })),
        issuer.token(now(), &json!({ "exp": now() })),
        issuer.token(now(), &json!({ "nbf": now() + 60 })),
        issuer.token(now(), &json!({ "tier": "silver" })),
        issuer.token(now(), &json!({ "tier": ["gold"] })),
        issuer.token(now(), &json!({ "iss": pool })),
    ];
    for token in unauthorized {
        assert_eq!(api.said(&token).await, (401, UNAUTHORIZED.to_owned()), "{token}");
    }
    let missing = api.call(None).await;
    assert_eq!(
        (missing.said(), missing.header("x-amzn-errortype")),
        ((401, UNAUTHORIZED), Some("UnauthorizedException"))
    );
    let setting = format!(
        "identitySource of the authorizer gate ({}) is method.request.header.authorization",
        api.authorizer["id"].as_str().unwrap()
    );
    server.check(&missing, "gate", "UnauthorizedException", "no token was presented", &setting).await;
    for token in [narrow, issuer.token(now(), &json!({ "scope": "write" }))] {
        assert_eq!(api.said(&token).await, (403, ACCESS_DENIED.to_owned()), "{token}");
    }
    assert_eq!(api.said(&issuer.token(now(), &json!({ "tier": "gold", "scope": null, "scp": ["read"] }))).await.0, 200);
}

#[tokio::test]
async fn only_the_algorithms_that_are_named_sign() {
    let server = Server::dev();
    let issuer = Issuer::start().await;
    let issuers = json!([{ "issuer": issuer.url, "audiences": ["api"] }]);
    let rsa = issuer.token(now(), &json!({}));
    let curve = issuer.signed_on_a_curve(now());
    // The keys that are published now are asked for when the authorizers are made.
    let on_curves = Guarded::new(&server, issuers.clone(), &["ES256"], &[]).await;
    let with_rsa = Guarded::new(&server, issuers, &["RS256", "RS512"], &[]).await;
    assert_eq!(on_curves.said(&curve).await.0, 200);
    assert_eq!(with_rsa.said(&curve).await, (401, UNAUTHORIZED.to_owned()));
    assert_eq!(on_curves.said(&rsa).await, (401, UNAUTHORIZED.to_owned()));
}

#[tokio::test]
async fn issuers_are_asked_when_a_document_is_imported() {
    let server = Server::dev();
    let issuer = Issuer::start().await;
    let document = |issuer: &str, audiences: &[&str]| {
        let gate = json!({ "type": "jwt", "jwtConfiguration": {
            "issuers": [{ "issuer": issuer, "audiences": audiences }], "defaultAlgorithms": ["RS256"] } });
        let scheme = json!({ "type": "apiKey", "in": "header", "name": "Authorization",
            "x-amazon-apigateway-authtype": "jwt", "x-amazon-apigateway-authorizer": gate });
        json!({ "openapi": "3.0.1", "info": { "title": "weather", "version": "1" }, "paths": {},
            "components": { "securitySchemes": { "gate": scheme } } })
    };
    let api = made(&server, "POST /restapis?mode=import", document(&issuer.url, &["api"])).await;
    let id = api["id"].as_str().unwrap();
    let located = async || {
        let all = made(&server, &format!("GET /restapis/{id}/authorizers"), Value::Null).await;
        all["item"][0]["jwtConfiguration"]["issuers"][0]["jwksUri"].clone()
    };
    assert_eq!(located().await, format!("{}/keys", issuer.url));
    let nobody = "http://127.0.0.1:1";
    for line in ["POST /restapis?mode=import".to_owned(), format!("PUT /restapis/{id}?mode=merge")] {
        for (document, expected) in [
            (document(nobody, &["api"]), format!("Invalid issuer specified: {nobody}. Its OIDC discovery document")),
            (document(&issuer.url, &[]), format!("The issuer {} must have between 1 and 50 audiences", issuer.url)),
        ] {
            let reply = control(&server, &line, document).await;
            assert_eq!(reply.status, 400, "{reply:?}");
            let message = reply.json()["message"].as_str().unwrap().to_owned();
            let expected = format!("Errors found during import:\n\tUnable to create authorizer 'gate': {expected}");
            assert!(message.starts_with(&expected), "{message}");
        }
    }
    let mut other = document(&issuer.url, &["other"]);
    other["components"]["securitySchemes"]["gate"]["x-amazon-apigateway-authorizer"]["jwtConfiguration"]["issuers"]
        [0]["jwksUri"] = json!("http://elsewhere.example/");
    made(&server, &format!("PUT /restapis/{id}?mode=overwrite"), other).await;
    assert_eq!(located().await, format!("{}/keys", issuer.url));
}

#[tokio::test]
async fn what_could_never_accept_a_token_is_refused() {
    let server = Server::dev();
    let issuer = Issuer::start().await;
    let api = made(&server, "POST /restapis", json!({ "name": "weather" })).await;
    let authorizers = format!("POST /restapis/{}/authorizers", api["id"].as_str().unwrap());
    let check = async |changes: Value, expected: &str| {
        let mut input = json!({ "name": "gate", "type": "JWT", "identitySource": "method.request.header.Authorization",
            "jwtConfiguration": { "issuers": [{ "issuer": issuer.url, "audiences": ["api"] }],
                "defaultAlgorithms": ["RS256"] } });
        for (pointer, value) in changes.as_object().unwrap() {
            match input.pointer_mut(pointer) {
                Some(place) => *place = value.clone(),
                None => input[&pointer[1..]] = value.clone(),
            }
        }
        let reply = control(&server, &authorizers, input).await;
        assert_eq!(reply.status, 400, "{reply:?}");
        let message = reply.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(expected), "{message}");
    };
    let issuers = "/jwtConfiguration/issuers";
    let one = |issuer: &Value| json!({ issuers: [issuer] });
    check(json!({ issuers: [] }), "between 1 and 10 issuers").await;
    check(json!({ "/jwtConfiguration/defaultAlgorithms": [] }), "at least one algorithm").await;
    check(json!({ "/jwtConfiguration/defaultAlgorithms": ["HS256"] }), "HS256").await;
    check(one(&json!({ "issuer": "ftp://a.example", "audiences": ["api"] })), "must be an absolute https URL").await;
    check(one(&json!({ "issuer": "https://a.example?b", "audiences": ["api"] })), "must be an absolute https URL")
        .await;
    check(one(&json!({ "issuer": "https://u@a.example", "audiences": ["api"] })), "must be an absolute https URL")
        .await;
    check(one(&json!({ "issuer": issuer.url, "audiences": [] })), "between 1 and 50 audiences").await;
    let twice = json!({ "issuer": issuer.url, "audiences": ["api"] });
    check(json!({ issuers: [twice, twice] }), "Issuers must be unique").await;
    let claim = |claim: Value| one(&json!({ "issuer": issuer.url, "audiences": ["api"], "additionalClaims": [claim] }));
    check(claim(json!({ "claimName": "scope", "format": "SINGLE_STRING" })), "Invalid claim name").await;
    let two = json!({ "claimName": "tier", "format": "SINGLE_STRING", "expectedValues": ["a", "b"] });
    check(claim(two), "can have one expected value").await;
    check(json!({ "/authorizerResultTtlInSeconds": 300 }), "not supported for JWT authorizers").await;
    check(json!({ "/type": "TOKEN", "/authorizerUri": "x" }), "Invalid Authorizer URI").await;
    // It calls itself something else.
    let liar = Issuer::start().await;
    liar.names("http://127.0.0.1:1/other");
    check(one(&json!({ "issuer": liar.url, "audiences": ["api"] })), "Invalid issuer specified").await;
}
