//! HTTP APIs over the wire: made call by call, served at once, guarded by tokens of pools and of other issuers.

pub(crate) mod backend;
mod cors;
mod explained;
pub(crate) mod issuer;
mod jwt;
pub(crate) mod lambda;
mod proxying;
mod stages;

use serde_json::{Value, json};

use self::backend::Backend;
use crate::stack::{Reply, request};
use crate::support::Server;

pub(crate) use crate::stack::UNAUTHORIZED;
pub(crate) const FORBIDDEN: &str = r#"{"message":"Forbidden"}"#;
pub(crate) const NOT_FOUND: &str = r#"{"message":"Not Found"}"#;

/// An HTTP API that serves each change at once.
pub(crate) struct HttpApi<'a> {
    pub(crate) server: &'a Server,
    pub(crate) id: String,
}

impl Server {
    /// Calls the control plane of HTTP APIs, which must answer with success; `null` for an empty answer.
    pub(crate) async fn v2(&self, call: &str, input: Value) -> Value {
        let reply = self.try_v2(call, &input).await;
        assert!(reply.status.is_success(), "{call} {input}: {reply:?}");
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    }

    /// The same, whatever it answers.
    pub(crate) async fn try_v2(&self, call: &str, input: &Value) -> Reply {
        let (method, path) = call.split_once(' ').unwrap();
        let body = if input.is_null() { String::new() } else { input.to_string() };
        self.ask(request(method, &format!("/v2{path}"), &[], &body)).await
    }
}

impl<'a> HttpApi<'a> {
    /// An API without routes that is deployed automatically to `$default`.
    pub(crate) async fn new(server: &'a Server) -> Self {
        let made = server.v2("POST /apis", json!({ "name": "storms", "protocolType": "HTTP" })).await;
        let api = Self { server, id: made["apiId"].as_str().unwrap().to_owned() };
        api.make("stages", json!({ "stageName": "$default", "autoDeploy": true })).await;
        api
    }

    /// Adds a part to the API and gives its description.
    pub(crate) async fn make(&self, parts: &str, input: Value) -> Value {
        self.server.v2(&format!("POST /apis/{}/{parts}", self.id), input).await
    }

    /// Adds an `HTTP_PROXY` integration, its settings changed by these; gives the target that routes name.
    pub(crate) async fn proxy(&self, uri: &str, changes: Value) -> String {
        let mut input = json!({
            "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": uri,
            "payloadFormatVersion": "1.0",
        });
        for (name, value) in changes.as_object().unwrap() {
            input[name] = value.clone();
        }
        let made = self.make("integrations", input).await;
        format!("integrations/{}", made["integrationId"].as_str().unwrap())
    }

    /// Adds a route, its settings changed by these.
    pub(crate) async fn route(&self, key: &str, target: &str, changes: Value) -> Value {
        let mut input = json!({ "routeKey": key, "target": target });
        for (name, value) in changes.as_object().unwrap() {
            input[name] = value.clone();
        }
        self.make("routes", input).await
    }

    /// Adds a JWT authorizer for an issuer and an audience; gives what a route says of it.
    pub(crate) async fn jwt(&self, issuer: &str, audience: &str, scopes: &[&str]) -> Value {
        let made = self.authorizer(issuer, audience).await;
        assert_eq!(made.status, 201, "{made:?}");
        let id = &made.json()["authorizerId"];
        json!({ "authorizationType": "JWT", "authorizerId": id, "authorizationScopes": scopes })
    }

    /// What making a JWT authorizer for an issuer and an audience is answered with.
    pub(crate) async fn authorizer(&self, issuer: &str, audience: &str) -> Reply {
        let known = self.server.v2(&format!("GET /apis/{}/authorizers", self.id), Value::Null).await;
        let input = json!({
            "name": format!("jwt {}", known["items"].as_array().map_or(0, Vec::len)), "authorizerType": "JWT",
            "identitySource": ["$request.header.Authorization"],
            "jwtConfiguration": { "issuer": issuer, "audience": [audience] },
        });
        self.server.try_v2(&format!("POST /apis/{}/authorizers", self.id), &input).await
    }

    /// Sends a request to the API by its host.
    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let host = format!("{}.execute-api.us-east-1.amazonaws.com", self.id);
        let headers: Vec<_> = [("Host", &*host)].into_iter().chain(headers.iter().copied()).collect();
        self.server.ask(request(method, path, &headers, body)).await
    }

    /// Sends a request with this token.
    pub(crate) async fn with_token(&self, path: &str, token: &str) -> Reply {
        self.send("GET", path, &[("Authorization", &format!("Bearer {token}"))], "").await
    }
}

/// A server, a backend and an API whose every request goes there.
pub(crate) async fn open(server: &Server) -> (Backend, HttpApi<'_>) {
    let (backend, api) = (Backend::start().await, HttpApi::new(server).await);
    let target = api.proxy(&backend.url, json!({})).await;
    api.route("$default", &target, json!({})).await;
    (backend, api)
}
