//! One node with a pool, a machine and a backend, and the short ways in which cases make APIs and ask them.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::backend::{Backend, Seen};
pub(super) use crate::facts::with;
use crate::stack::{Machine, Reply, request};
use crate::support::Server;

/// The body of every refusal of the authorizer.
pub(super) use crate::stack::UNAUTHORIZED;
const PASSWORD: &str = "Thunder-storm-1";
pub(super) const FORBIDDEN: &str = r#"{"message":"Forbidden"}"#;
pub(super) const MISSING: &str = r#"{"message":"Missing Authentication Token"}"#;
pub(super) const INTERNAL: &str = r#"{"message": "Internal server error"}"#;

/// A node; its pool has the scopes get, post and delete of `weather-api`, and its machine the first two.
pub(super) struct World {
    pub(super) server: Server,
    pub(super) machine: Machine,
    pub(super) backend: Backend,
}

/// An API, served as the stage `prod` with the stage variables `colour` (`blue`) and `backend` (the backend's address).
pub(super) struct Api<'w> {
    world: &'w World,
    pub(super) id: String,
}

impl World {
    pub(super) async fn start() -> Arc<Self> {
        let server = Server::dev();
        let machine = server.machine().await;
        Arc::new(Self { server, machine, backend: Backend::start().await })
    }

    /// An OpenAPI document with these paths, whose scheme `pool` asks for tokens of the machine's pool.
    pub(super) fn document(&self, paths: Value) -> Value {
        let authorizer = json!({ "type": "cognito_user_pools", "providerARNs": [self.machine.arn] });
        let pool = json!({
            "type": "apiKey", "name": "Authorization", "in": "header",
            "x-amazon-apigateway-authtype": "cognito_user_pools", "x-amazon-apigateway-authorizer": authorizer,
        });
        json!({
            "openapi": "3.0.1", "info": { "title": "facts", "version": "1" }, "paths": paths,
            "components": { "securitySchemes": { "pool": pool } },
        })
    }

    /// A call of the control plane.
    pub(super) async fn control(&self, method: &str, target: &str, body: &Value) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.server.ask(request(method, target, &[], &body)).await
    }

    /// What the control plane answers to a call that succeeds.
    pub(super) async fn controls(&self, method: &str, target: &str, body: Value) -> Value {
        let reply = self.control(method, target, &body).await;
        assert!(reply.status.is_success(), "{method} {target} {body}: {reply:?}");
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    }

    /// Asserts how the control plane refuses a call.
    pub(super) async fn refuses(&self, method: &str, target: &str, body: Value, exception: &str, message: &str) {
        let reply = self.control(method, target, &body).await;
        let said = (reply.header("x-amzn-errortype"), reply.json()["message"].take());
        assert_eq!(said, (Some(exception), json!(message)), "{method} {target} {body}: {reply:?}");
    }

    /// The API that an import of a document makes, as the control plane shows it.
    pub(super) async fn import(&self, document: &Value) -> Value {
        self.controls("POST", "/restapis?mode=import", document.clone()).await
    }

    /// Asserts what an import of a document is refused with.
    pub(super) async fn refuses_import(&self, query: &str, document: &Value, message: &str) {
        let target = format!("/restapis?mode=import{query}");
        self.refuses("POST", &target, document.clone(), "BadRequestException", message).await;
    }

    /// Serves the API of a document.
    pub(super) async fn serve(&self, document: &Value) -> Api<'_> {
        let imported = self.import(document).await;
        let api = Api { world: self, id: imported["id"].as_str().unwrap().to_owned() };
        api.deploy().await;
        api
    }

    /// Serves an API with these paths.
    pub(super) async fn api(&self, paths: Value) -> Api<'_> {
        self.serve(&self.document(paths)).await
    }

    /// Serves an API with this operation at `/x`, whatever the verb.
    pub(super) async fn method(&self, operation: Value) -> Api<'_> {
        self.api(json!({ "/x": { "x-amazon-apigateway-any-method": operation } })).await
    }

    /// Serves an API at whose `/x` the gateway answers by itself with 200 and this template.
    pub(super) async fn template(&self, template: &str) -> Api<'_> {
        self.method(mock(&template_for_json(template))).await
    }

    /// The request that reaches the backend when a client posts [`EXAMPLE`] to an `HTTP` integration with these
    /// members.
    pub(super) async fn sent(&self, integration: Value) -> Seen {
        let target = "/x/a%20b?page=1&page=2&q=c%20d";
        let headers = [("Content-Type", "application/json"), ("X-Thing", "one"), ("X-Thing", "two")];
        let api = self.api(json!({ "/x/{id}": { "post": operation(self.http(integration)) } })).await;
        let reply = api.ask("POST", target, &headers, EXAMPLE).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        self.backend.seen()
    }

    /// Asserts what a request template renders for the request of [`Self::sent`].
    pub(super) async fn renders(&self, template: &str, expected: &str) {
        let seen = self.sent(json!({ "requestTemplates": { "application/json": template } })).await;
        assert_eq!(seen.body, expected, "{template}");
    }

    /// An `HTTP` integration that posts to the backend's `/b` and answers 200, its members changed by these.
    pub(super) fn http(&self, members: Value) -> Value {
        let integration = json!({
            "type": "http", "httpMethod": "POST", "uri": self.backend.url("/b"),
            "responses": { "default": { "statusCode": "200" } },
        });
        with(integration, members)
    }

    /// An `HTTP_PROXY` integration with the backend's `/b`, its members changed by these.
    pub(super) fn http_proxy(&self, members: Value) -> Value {
        let integration = json!({ "type": "http_proxy", "httpMethod": "ANY", "uri": self.backend.url("/b") });
        with(integration, members)
    }

    /// A user of the machine's pool, and the app client by which it signs in.
    pub(super) async fn user(&self, username: &str) -> String {
        let pool = &self.machine.pool;
        let app = json!({
            "UserPoolId": pool, "ClientName": username, "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
        });
        let app = self.server.cognito("CreateUserPoolClient", app).await["UserPoolClient"]["ClientId"].take();
        let user = json!({ "UserPoolId": pool, "Username": username, "MessageAction": "SUPPRESS" });
        self.server.cognito("AdminCreateUser", user).await;
        let set = json!({ "UserPoolId": pool, "Username": username, "Password": PASSWORD, "Permanent": true });
        self.server.cognito("AdminSetUserPassword", set).await;
        app.as_str().unwrap().to_owned()
    }

    /// Access and ID token of a user.
    pub(super) async fn sign_in(&self, app: &str, username: &str) -> (String, String) {
        let sign_in = json!({
            "ClientId": app, "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": { "USERNAME": username, "PASSWORD": PASSWORD },
        });
        let tokens = self.server.cognito("InitiateAuth", sign_in).await["AuthenticationResult"].take();
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        (text("AccessToken"), text("IdToken"))
    }

    /// Access and ID token of a new user.
    pub(super) async fn user_tokens(&self, username: &str) -> (String, String) {
        let app = self.user(username).await;
        self.sign_in(&app, username).await
    }
}

/// The body that [`World::sent`] posts.
pub(super) const EXAMPLE: &str =
    r#"{"name":"Ada","age":36,"tags":["x","y"],"address":{"city":"London"},"quote":"it's","none":null}"#;

impl Api<'_> {
    /// Deploys the API as it is now.
    pub(super) async fn deploy(&self) {
        let variables = json!({ "colour": "blue", "backend": self.world.backend.address.to_string() });
        let deployment = json!({ "stageName": "prod", "variables": variables });
        self.world.controls("POST", &self.path("/deployments"), deployment).await;
    }

    /// A path of the control plane below the API's.
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/restapis/{}{rest}", self.id)
    }

    pub(super) fn host(&self) -> String {
        format!("{}.execute-api.us-east-1.amazonaws.com", self.id)
    }

    /// A request to the stage; the path is what follows its name.
    pub(super) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let host = self.host();
        let headers: Vec<_> = [("Host", host.as_str())].into_iter().chain(headers.iter().copied()).collect();
        self.world.server.ask(request(method, &format!("/prod{path}"), &headers, body)).await
    }

    pub(super) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.ask("GET", path, headers, "").await
    }

    /// A `GET /x` with this `Authorization`.
    pub(super) async fn with_token(&self, authorization: &str) -> Reply {
        self.get("/x", &[("Authorization", authorization)]).await
    }

    /// Asserts the answer to a `GET /x` with this `Authorization`: 200, or this refusal.
    pub(super) async fn judges(&self, authorization: &str, expected: Result<(), (u16, &str, &str)>) {
        let reply = self.with_token(authorization).await;
        match expected {
            Ok(()) => assert_eq!(reply.status, 200, "{authorization}: {reply:?}"),
            Err((status, body, error_type)) => refused(&reply, status, body, error_type),
        }
    }
}

/// Asserts how the gateway refused: status, body, `x-amzn-ErrorType`.
pub(super) fn refused(reply: &Reply, status: u16, body: &str, error_type: &str) {
    assert_eq!((reply.said(), reply.header("x-amzn-errortype")), ((status, body), Some(error_type)), "{reply:?}");
}

/// An operation with this integration, which declares whatever the integration's mappings and responses need.
pub(super) fn operation(integration: Value) -> Value {
    let mut responses = Map::new();
    for response in integration["responses"].as_object().into_iter().flat_map(Map::values) {
        let headers = response["responseParameters"].as_object().into_iter().flat_map(Map::keys);
        let headers = headers.filter_map(|name| name.strip_prefix("method.response.header."));
        let headers: Map<_, _> = headers.map(|name| (name.to_owned(), json!({ "type": "string" }))).collect();
        let status = response["statusCode"].as_str().unwrap().to_owned();
        responses.insert(status, json!({ "description": "", "headers": headers }));
    }
    let mut parameters: Vec<Value> = Vec::new();
    for source in integration["requestParameters"].as_object().into_iter().flat_map(Map::values) {
        let place = source.as_str().unwrap().strip_prefix("method.request.").and_then(|rest| rest.split_once('.'));
        let Some((place, name)) = place else { continue };
        let place = match place.trim_start_matches("multivalue") {
            "querystring" => "query",
            "body" => continue,
            place => place,
        };
        let parameter = json!({ "name": name, "in": place, "required": place == "path" });
        if !parameters.contains(&parameter) {
            parameters.push(parameter);
        }
    }
    json!({ "parameters": parameters, "responses": responses, "x-amazon-apigateway-integration": integration })
}

/// An operation that the gateway answers by itself: 200, unless these members of its integration say otherwise.
pub(super) fn mock(members: &Value) -> Value {
    let integration = json!({
        "type": "mock", "requestTemplates": { "application/json": r#"{"statusCode": 200}"# },
        "responses": { "default": { "statusCode": "200" } },
    });
    operation(with(integration, members.clone()))
}

/// The members of an integration that answers 200 with this template.
pub(super) fn template_for_json(template: &str) -> Value {
    let response = json!({ "statusCode": "200", "responseTemplates": { "application/json": template } });
    json!({ "responses": { "default": response } })
}

/// The operation with the machine's pool as its authorizer, for these scopes.
pub(super) fn secured(mut operation: Value, scopes: &[&str]) -> Value {
    operation["security"] = json!([{ "pool": scopes }]);
    operation
}
