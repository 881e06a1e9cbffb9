//! Functions behind methods and authorizers, over HTTP: what they are told, and what becomes of what they say.

mod authorizers;
mod containment;
mod integrations;
mod resource_policies;

use std::ops::Deref;
use std::sync::Arc;

use claviger_runtime::functions::{FunctionUrl, Functions};
use claviger_server::node::{Options, Place};
use claviger_testkit::FakeMonotonic;
use serde_json::{Value, json};

use crate::claims_hook::{Function, Reaction};
use crate::stack::{Machine, Reply, request};
use crate::support::Server;

/// A server, and the functions `backend` and `gate` that it may call.
pub(crate) struct Node {
    pub(crate) server: Server,
    pub(crate) backend: Function,
    pub(crate) gate: Function,
    pub(crate) monotonic: Arc<FakeMonotonic>,
}

/// An API whose one resource, `/pets/{id}`, has `backend` behind it, and `gate` before it where it says so.
pub(crate) struct Pets {
    pub(crate) node: Arc<Node>,
    pub(crate) api: String,
}

impl Deref for Pets {
    type Target = Node;

    fn deref(&self) -> &Node {
        &self.node
    }
}

/// The ARN of a function.
pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:lambda:us-east-1:000000000000:function:{name}")
}

/// The URI under which API Gateway calls a function.
pub(crate) fn uri(name: &str) -> String {
    format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations", arn(name))
}

/// A function that answers this.
pub(crate) fn answers(answer: &Value) -> Reaction {
    Reaction::Fixed(200, "", answer.to_string().into())
}

/// A function that fails with this message.
pub(crate) fn fails(message: &str) -> Reaction {
    let error = json!({ "errorMessage": message, "errorType": "Error", "trace": [] });
    Reaction::Fixed(200, "X-Amz-Function-Error: Unhandled", error.to_string().into())
}

/// An authorizer's answer whose one statement is this.
pub(crate) fn policy(effect: &str, resource: &str) -> Value {
    let statement = json!({ "Effect": effect, "Action": "execute-api:Invoke", "Resource": resource });
    json!({ "principalId": "ada", "policyDocument": { "Version": "2012-10-17", "Statement": [statement] } })
}

/// The `x-amazon-apigateway-integration` of the function `backend`.
pub(crate) fn integration(kind: &str, changes: &Value) -> Value {
    changed(json!({ "type": kind, "httpMethod": "POST", "uri": uri("backend") }), changes)
}

/// The `x-amazon-apigateway-authorizer` of the function `gate`.
pub(crate) fn authorizer(kind: &str, changes: &Value) -> Value {
    changed(json!({ "type": kind, "authorizerUri": uri("gate") }), changes)
}

fn changed(mut value: Value, changes: &Value) -> Value {
    for (name, change) in changes.as_object().unwrap() {
        value[name] = change.clone();
    }
    value
}

impl Node {
    pub(crate) async fn start() -> Arc<Self> {
        let (backend, gate) = (Function::start().await, Function::start().await);
        let url =
            |name: &str, function: &Function| FunctionUrl::parse(&format!("{}={}", arn(name), function.url)).unwrap();
        let monotonic = Arc::new(FakeMonotonic::default());
        let options = Options {
            functions: Functions::new([url("backend", &backend), url("gate", &gate)]),
            monotonic: Some(Arc::clone(&monotonic) as _),
            ..Options::default()
        };
        Arc::new(Self { server: Server::with_node(&Place::Memory, options), backend, gate, monotonic })
    }

    /// Serves an API as `prod` with this integration, behind this authorizer if there is one. Both functions answer `{}`.
    pub(crate) async fn serve(self: &Arc<Self>, integration: &Value, authorizer: Option<&Value>, api: &Value) -> Pets {
        for function in [&self.backend, &self.gate] {
            function.reacts(answers(&json!({})));
        }
        self.seen();
        let document = document(integration, authorizer, api);
        let imported = self.server.ask(request("POST", "/restapis?mode=import", &[], &document.to_string())).await;
        assert_eq!(imported.status, 201, "{imported:?}");
        let pets = Pets { node: Arc::clone(self), api: imported.json()["id"].as_str().unwrap().to_owned() };
        pets.deploy().await;
        pets
    }

    /// What the backend and the authorizer were told since this was asked last.
    pub(crate) fn seen(&self) -> (Vec<Value>, Vec<Value>) {
        let events = |function: &Function| function.seen().into_iter().map(|(_, event)| event).collect();
        (events(&self.backend), events(&self.gate))
    }
}

impl Pets {
    /// Serves an API on a node of its own, as [`Node::serve`] does.
    pub(crate) async fn serve(integration: &Value, authorizer: Option<&Value>, api: &Value) -> Self {
        Node::start().await.serve(integration, authorizer, api).await
    }

    /// Deploys the API as it is now.
    pub(crate) async fn deploy(&self) {
        let target = format!("/restapis/{}/deployments", self.api);
        let body = json!({ "stageName": "prod", "variables": { "color": "blue" } }).to_string();
        let deployed = self.server.ask(request("POST", &target, &[], &body)).await;
        assert_eq!(deployed.status, 201, "{deployed:?}");
    }

    /// Has the API ask for tokens of the machine's pool with the scope `weather-api/get`.
    pub(crate) async fn guard_by_pool(&self, machine: &Machine) {
        let authorizer = json!({
            "name": "pool", "type": "COGNITO_USER_POOLS", "providerARNs": [machine.arn],
            "identitySource": "method.request.header.Authorization",
        });
        let target = format!("/restapis/{}", self.api);
        let made =
            self.server.ask(request("POST", &format!("{target}/authorizers"), &[], &authorizer.to_string())).await;
        let resources = self.server.ask(request("GET", &format!("{target}/resources"), &[], "")).await.json();
        let resource =
            resources["item"].as_array().unwrap().iter().find(|resource| resource["path"] == "/pets/{id}").unwrap();
        let method = format!("{target}/resources/{}/methods/ANY", resource["id"].as_str().unwrap());
        let changes = json!({ "patchOperations": [
            { "op": "replace", "path": "/authorizationType", "value": "COGNITO_USER_POOLS" },
            { "op": "replace", "path": "/authorizerId", "value": made.json()["id"] },
            { "op": "add", "path": "/authorizationScopes", "value": "weather-api/get" },
        ] });
        let reply = self.server.ask(request("PATCH", &method, &[], &changes.to_string())).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        self.deploy().await;
    }

    /// Sends a request to a path of the API.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let host = format!("{}.execute-api.us-east-1.amazonaws.com", self.api);
        let headers: Vec<_> = std::iter::once(("Host", &*host)).chain(headers.iter().copied()).collect();
        self.server.ask(request(method, &format!("/prod{path}"), &headers, body)).await
    }

    /// Asks for a pet with this token.
    pub(crate) async fn pet(&self, id: &str, token: &str) -> Reply {
        self.ask("GET", &format!("/pets/{id}"), &[("Authorization", token)], "").await
    }
}

fn document(integration: &Value, authorizer: Option<&Value>, api: &Value) -> Value {
    let parameters = json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }]);
    let responses: serde_json::Map<_, _> = ["200", "202", "400"]
        .iter()
        .map(|code| ((*code).to_owned(), json!({ "description": "", "content": {} })))
        .collect();
    let mut operation = json!({
        "parameters": parameters, "responses": responses, "x-amazon-apigateway-integration": integration,
    });
    let mut schemes = json!({});
    if let Some(authorizer) = authorizer {
        operation["security"] = json!([{ "gate": [] }]);
        schemes = json!({ "gate": {
            "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "custom",
            "x-amazon-apigateway-authorizer": authorizer,
        } });
    }
    let whole = json!({
        "openapi": "3.0.1", "info": { "title": "pets", "version": "1" },
        "paths": { "/pets/{id}": { "x-amazon-apigateway-any-method": operation } },
        "components": { "securitySchemes": schemes },
    });
    changed(whole, api)
}
