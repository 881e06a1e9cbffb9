//! One node with a pool and a machine, and the short ways in which cases ask it.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use crate::claims_hook::{ARN, Function};
pub(super) use crate::facts::with;
use crate::stack::{FORM, Machine, Reply, basic, claims, request};
use crate::support::Server;

/// The grant of machines, as every form has it.
pub(super) const GRANT: &str = "grant_type=client_credentials";
/// The host of Cognito's API.
pub(super) const API_HOST: &str = "cognito-idp.us-east-1.amazonaws.com";
/// The host of the prefix domain that the world's pool has.
pub(super) const DOMAIN_HOST: &str = "weather.auth.us-east-1.amazoncognito.com";
/// A certificate for custom domains.
pub(super) const CERTIFICATE: &str =
    "arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-4000-8000-000000000000";

/// A node; its pool has the scopes get, post and delete of `weather-api` and the domain `weather`, and its machine the
/// first two scopes. The function is asked once a pool has the hook.
pub(super) struct World {
    pub(super) function: Function,
    pub(super) server: Server,
    pub(super) machine: Machine,
}

impl World {
    pub(super) async fn start() -> Arc<Self> {
        let function = Function::start().await;
        let server = Server::dev_with_function(ARN, &function.url);
        let machine = server.machine().await;
        server.cognito("CreateUserPoolDomain", json!({ "UserPoolId": machine.pool, "Domain": "weather" })).await;
        Arc::new(Self { function, server, machine })
    }

    /// What an operation answers.
    pub(super) async fn ok(&self, operation: &str, input: Value) -> Value {
        self.server.cognito(operation, input).await
    }

    /// Asserts how an operation refuses: exception and message.
    pub(super) async fn no(&self, operation: &str, input: Value, exception: &str, message: &str) {
        let reply = self.server.cognito_as(None, operation, &input).await;
        let expected = json!({ "__type": exception, "message": message });
        assert_eq!((reply.status.as_u16(), reply.json()), (400, expected), "{operation} {input}");
    }

    /// Asserts that an operation refuses an input with AWS's text about constraints.
    pub(super) async fn invalid(&self, operation: &str, input: Value, message: &str) {
        let message = format!("1 validation error detected: {message}");
        self.no(operation, input, "InvalidParameterException", &message).await;
    }

    /// A form sent to the token endpoint, with this `Authorization` unless it is empty.
    pub(super) async fn token(&self, authorization: &str, form: &str) -> Reply {
        let mut headers = vec![("Content-Type", FORM)];
        headers.extend(Some(("Authorization", authorization)).filter(|_| !authorization.is_empty()));
        self.server.ask(request("POST", "/oauth2/token", &headers, form)).await
    }

    /// The claims of the token that a form is granted.
    pub(super) async fn granted(&self, authorization: &str, form: &str) -> Value {
        let reply = self.token(authorization, form).await;
        assert_eq!(reply.status, StatusCode::OK, "{form}: {reply:?}");
        claims(reply.json()["access_token"].as_str().unwrap())
    }

    /// Asserts that the token endpoint refuses a form with this code.
    pub(super) async fn refused(&self, authorization: &str, form: &str, code: &str) {
        let reply = self.token(authorization, form).await;
        assert_eq!(reply.said(), (400, &*format!(r#"{{"error":"{code}"}}"#)), "{authorization} {form}");
    }

    /// Asserts what the world's machine is granted when it asks for scopes: `Err` holds the code of a refusal.
    pub(super) async fn scopes(&self, machine: &Machine, asked: &str, expected: Result<&str, &str>) {
        let form = format!("{GRANT}{asked}");
        match expected {
            Ok(scope) => assert_eq!(self.granted(&machine.basic(), &form).await["scope"], scope, "{asked}"),
            Err(code) => self.refused(&machine.basic(), &form, code).await,
        }
    }

    /// What the token endpoint says to a request of another form.
    pub(super) async fn post(&self, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.server.ask(request("POST", target, headers, body)).await
    }

    /// A `GET` of a path, on a host unless it is empty.
    pub(super) async fn get(&self, host: &str, path: &str) -> Reply {
        let headers = [("Host", host)];
        let headers = if host.is_empty() { &headers[..0] } else { &headers };
        self.server.ask(request("GET", path, headers, "")).await
    }

    /// Another machine of the world's pool, its settings changed by these.
    pub(super) async fn client(&self, changes: Value) -> Machine {
        let (client_id, secret) = self.server.client(&self.machine.pool, changes).await;
        Machine { pool: self.machine.pool.clone(), arn: self.machine.arn.clone(), client_id, secret }
    }

    /// A new pool's id.
    pub(super) async fn pool(&self, settings: Value) -> String {
        let input = with(json!({ "PoolName": "another" }), settings);
        self.ok("CreateUserPool", input).await["UserPool"]["Id"].as_str().unwrap().to_owned()
    }

    /// The input of an operation on the world's pool.
    pub(super) fn of_pool(&self, members: Value) -> Value {
        with(json!({ "UserPoolId": self.machine.pool }), members)
    }

    /// The input of an operation on the world's machine.
    pub(super) fn of_client(&self, members: Value) -> Value {
        with(self.of_pool(json!({ "ClientId": self.machine.client_id })), members)
    }

    /// The description of a client of the world's pool.
    pub(super) async fn described(&self, client: &str) -> Value {
        self.ok("DescribeUserPoolClient", self.of_pool(json!({ "ClientId": client }))).await["UserPoolClient"].take()
    }

    /// Asserts that creating an app client with these settings is refused.
    pub(super) async fn no_client(&self, settings: Value, exception: &str, message: &str) {
        let input = with(self.of_pool(json!({ "ClientName": "station" })), settings);
        self.no("CreateUserPoolClient", input, exception, message).await;
    }

    /// Asserts that creating a machine with these settings in place of its own is refused.
    pub(super) async fn no_machine(&self, settings: Value, exception: &str, message: &str) {
        let machine = json!({
            "GenerateSecret": true, "AllowedOAuthFlowsUserPoolClient": true,
            "AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": ["weather-api/get"],
        });
        self.no_client(with(machine, settings), exception, message).await;
    }
}

/// The credentials of a machine as members of a form.
pub(super) fn in_body(machine: &Machine) -> String {
    format!("client_id={}&client_secret={}", machine.client_id, machine.secret)
}

/// The `Authorization` of a machine with another secret.
pub(super) fn basic_with(machine: &Machine, secret: &str) -> String {
    basic(&machine.client_id, secret)
}

/// A resource server's input with scopes of these names.
pub(super) fn resource_server(pool: &str, identifier: &str, scopes: &[&str]) -> Value {
    let scopes: Vec<_> = scopes.iter().map(|name| json!({ "ScopeName": name, "ScopeDescription": name })).collect();
    json!({ "UserPoolId": pool, "Identifier": identifier, "Name": "Weather", "Scopes": scopes })
}
