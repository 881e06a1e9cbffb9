//! The demonstration's stack, made through the same calls that any AWS tool makes.

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::cli::endpoint::Endpoint;

/// What was made.
pub(super) struct Stack {
    pub(super) user_pool: String,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) api: String,
}

/// The stage the API is served as.
pub(super) const STAGE: &str = "weather";

/// Makes a pool, a resource server with three scopes, a client that may use two of them, a domain, and an API whose methods
/// demand one scope each.
pub(super) async fn make(endpoint: &Endpoint) -> anyhow::Result<Stack> {
    let pool = cognito(endpoint, "CreateUserPool", json!({ "PoolName": "weather" })).await?;
    let user_pool = text(&pool, "/UserPool/Id")?;
    let scope = |name: &str| json!({ "ScopeName": name, "ScopeDescription": format!("{name} storms") });
    let server = json!({ "UserPoolId": user_pool, "Identifier": "weather-api", "Name": "Weather",
        "Scopes": [scope("get"), scope("post"), scope("delete")] });
    cognito(endpoint, "CreateResourceServer", server).await?;
    let client = json!({ "UserPoolId": user_pool, "ClientName": "station", "GenerateSecret": true,
        "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": ["weather-api/get", "weather-api/post"] });
    let client = cognito(endpoint, "CreateUserPoolClient", client).await?;
    let domain = json!({ "UserPoolId": user_pool, "Domain": "weather-demo" });
    cognito(endpoint, "CreateUserPoolDomain", domain).await?;

    let document = include_str!("storms.openapi.yaml").replace("USER_POOL_ARN", &text(&pool, "/UserPool/Arn")?);
    let import = Request::post("/restapis?mode=import&failonwarnings=true").body(Full::from(document))?;
    let api = text(&answer(endpoint, import).await?, "/id")?;
    let deployment = json!({ "stageName": STAGE }).to_string();
    let deploy = Request::post(format!("/restapis/{api}/deployments"))
        .header("Content-Type", "application/json")
        .body(Full::from(deployment))?;
    answer(endpoint, deploy).await?;
    Ok(Stack {
        user_pool,
        client_id: text(&client, "/UserPoolClient/ClientId")?,
        client_secret: text(&client, "/UserPoolClient/ClientSecret")?,
        api,
    })
}

async fn cognito(endpoint: &Endpoint, operation: &str, input: Value) -> anyhow::Result<Value> {
    let request = Request::post("/")
        .header("X-Amz-Target", format!("AWSCognitoIdentityProviderService.{operation}"))
        .header("Content-Type", "application/x-amz-json-1.1")
        .body(Full::from(input.to_string()))?;
    answer(endpoint, request).await.with_context(|| operation.to_owned())
}

async fn answer(endpoint: &Endpoint, request: Request<Full<Bytes>>) -> anyhow::Result<Value> {
    let response = endpoint.send(request).await?;
    let body = String::from_utf8_lossy(response.body()).into_owned();
    ensure!(response.status().is_success(), "the server answered {}: {body}", response.status());
    if body.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&body)?) }
}

fn text(value: &Value, pointer: &str) -> anyhow::Result<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).with_context(|| format!("no {pointer} in {value}"))
}
