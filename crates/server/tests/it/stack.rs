//! What the tests need on a server: a pool with a resource server and a machine, and an API that asks for its tokens. All of
//! it is made through the calls that any AWS tool makes.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use crate::support::Server;

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const STORMS: &str = r#"{"storms": ["Dudley", "Eunice", "Franklin"]}"#;
pub(crate) const UNAUTHORIZED: &str = r#"{"message":"Unauthorized"}"#;

/// What a server answered, headers and all.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Status and body, as most tables expect them.
    pub(crate) fn said(&self) -> (u16, &str) {
        (self.status.as_u16(), &self.body)
    }
}

/// A request with these headers and this body.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::from(body.to_owned())).unwrap()
}

/// The value of an `Authorization` header that names an access key, region and service, its signature a wrong one.
pub(crate) fn signed(access_key_id: &str, region: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={access_key_id}/20260101/{region}/{service}/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={}",
        "0".repeat(64)
    )
}

pub(crate) fn basic(client_id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client_id}:{secret}")))
}

/// A token's claims, unverified.
pub(crate) fn claims(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

impl Server {
    /// Sends one request on a connection of its own. Its host is the server's address unless it names another.
    pub(crate) async fn ask(&self, mut request: Request<Full<Bytes>>) -> Reply {
        let stream = self.connect().await;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let host = self.address.to_string().parse().unwrap();
        request.headers_mut().entry(header::HOST).or_insert(host);
        let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// Calls an operation of Cognito.
    pub(crate) async fn cognito(&self, operation: &str, input: Value) -> Value {
        let reply = self.cognito_as(None, operation, &input).await;
        assert_eq!(reply.status, StatusCode::OK, "{operation}: {reply:?}");
        if reply.body.is_empty() { Value::Null } else { reply.json() }
    }

    /// Calls an operation of Cognito with this `Authorization`.
    pub(crate) async fn cognito_as(&self, authorization: Option<&str>, operation: &str, input: &Value) -> Reply {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let mut headers = vec![("X-Amz-Target", &*target), ("Content-Type", "application/x-amz-json-1.1")];
        headers.extend(authorization.map(|value| ("Authorization", value)));
        self.ask(request("POST", "/", &headers, &input.to_string())).await
    }

    /// Makes a pool whose resource server has the scopes get, post and delete, and a machine that may use the first two.
    pub(crate) async fn machine(&self) -> Machine {
        let pool = self.cognito("CreateUserPool", json!({ "PoolName": "weather" })).await;
        let pool = &pool["UserPool"];
        let id = pool["Id"].as_str().unwrap();
        let scopes = ["get", "post", "delete"].map(|name| json!({ "ScopeName": name, "ScopeDescription": name }));
        let server = json!({ "UserPoolId": id, "Identifier": "weather-api", "Name": "Weather", "Scopes": scopes });
        self.cognito("CreateResourceServer", server).await;
        let arn = pool["Arn"].as_str().unwrap().to_owned();
        let (client_id, secret) = self.client(id, json!({})).await;
        Machine { pool: id.to_owned(), arn, client_id, secret }
    }

    /// Makes an app client for machines, its settings changed by these.
    pub(crate) async fn client(&self, pool: &str, changes: Value) -> (String, String) {
        let mut input = json!({
            "UserPoolId": pool, "ClientName": "station", "GenerateSecret": true,
            "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["client_credentials"],
            "AllowedOAuthScopes": ["weather-api/get", "weather-api/post"],
        });
        for (name, value) in changes.as_object().unwrap() {
            input[name] = value.clone();
        }
        let made = self.cognito("CreateUserPoolClient", input).await;
        let text = |name: &str| made["UserPoolClient"][name].as_str().unwrap_or_default().to_owned();
        (text("ClientId"), text("ClientSecret"))
    }

    /// Imports the storms API of `claviger demo`, whose methods ask for the machine's scopes, and serves it as `weather`.
    pub(crate) async fn storms(&self, machine: &Machine) -> String {
        let document = include_str!("../../src/cli/demo/storms.openapi.yaml").replace("USER_POOL_ARN", &machine.arn);
        let imported = self.ask(request("POST", "/restapis?mode=import", &[], &document)).await;
        assert_eq!(imported.status, StatusCode::CREATED, "{imported:?}");
        let api = imported.json()["id"].as_str().unwrap().to_owned();
        let target = format!("/restapis/{api}/deployments");
        let deployed = self.ask(request("POST", &target, &[], r#"{"stageName":"weather"}"#)).await;
        assert_eq!(deployed.status, StatusCode::CREATED, "{deployed:?}");
        api
    }

    /// Moves the server's clock.
    pub(crate) async fn advance(&self, seconds: i64) {
        let body = json!({ "advanceSeconds": seconds }).to_string();
        assert_eq!(self.ask(request("POST", "/_claviger/clock", &[], &body)).await.status, StatusCode::OK);
    }
}

/// A client that gets tokens.
pub(crate) struct Machine {
    pub(crate) pool: String,
    pub(crate) arn: String,
    pub(crate) client_id: String,
    pub(crate) secret: String,
}

impl Machine {
    pub(crate) fn basic(&self) -> String {
        basic(&self.client_id, &self.secret)
    }

    /// Asks for a token with Basic authentication; `parameters` follow the grant type.
    pub(crate) async fn ask(&self, server: &Server, parameters: &str) -> Reply {
        let headers = [("Content-Type", FORM), ("Authorization", &*self.basic())];
        let form = format!("grant_type=client_credentials{parameters}");
        server.ask(request("POST", "/oauth2/token", &headers, &form)).await
    }

    /// A token with these scopes, all there are when empty.
    pub(crate) async fn token(&self, server: &Server, scope: &str) -> String {
        let reply = self.ask(server, &format!("&scope={scope}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
        reply.json()["access_token"].as_str().unwrap().to_owned()
    }
}
