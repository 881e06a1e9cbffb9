//! What functions are told of a request to an HTTP API in payload format 2.0 (API Gateway, "Create AWS Lambda proxy
//! integrations for HTTP APIs" and "Control access to HTTP APIs with AWS Lambda authorizers"). What there is nothing to tell of
//! is left out.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::HeaderValue;
use http::header::COOKIE;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::body;
use crate::exchange::Exchange;
use crate::lambda::event::{grouped, headers};

/// The event of an integration.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProxyEvent<'a> {
    version: &'static str,
    route_key: &'a str,
    #[serde(flatten)]
    request: RequestPart<'a>,
    #[serde(flatten)]
    variables: Variables<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'a, str>>,
    is_base64_encoded: bool,
}

/// The event of an authorizer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizerEvent<'a> {
    version: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    route_arn: &'a str,
    identity_source: Option<&'a [String]>,
    route_key: &'a str,
    #[serde(flatten)]
    request: RequestPart<'a>,
    #[serde(flatten)]
    variables: Variables<'a>,
}

/// What both say of the request itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestPart<'a> {
    raw_path: &'a str,
    raw_query_string: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<String>,
    headers: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    query_string_parameters: Map<String, Value>,
    request_context: Map<String, Value>,
}

/// What both say of path and stage.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Variables<'a> {
    #[serde(skip_serializing_if = "Map::is_empty")]
    path_parameters: Map<String, Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    stage_variables: &'a BTreeMap<String, String>,
}

/// The event that tells an integration's function of a request.
pub(super) fn proxy_event(
    exchange: &Exchange<'_>,
    raw_path: &str,
    scopes: &[Box<str>],
    trace_id: &HeaderValue,
) -> Vec<u8> {
    let (body, is_base64_encoded) = body(&exchange.request);
    encode(&ProxyEvent {
        version: "2.0",
        route_key: exchange.context.route_key.unwrap_or_default(),
        request: RequestPart::new(exchange, raw_path, scopes, trace_id),
        variables: Variables::new(exchange),
        body,
        is_base64_encoded,
    })
}

/// The event that asks an authorizer's function about a request.
pub(in crate::http_api) fn authorizer_event(
    exchange: &Exchange<'_>,
    raw_path: &str,
    identity: &[String],
    route_arn: &str,
    trace_id: &HeaderValue,
) -> Vec<u8> {
    encode(&AuthorizerEvent {
        version: "2.0",
        kind: "REQUEST",
        route_arn,
        identity_source: (!identity.is_empty()).then_some(identity),
        route_key: exchange.context.route_key.unwrap_or_default(),
        request: RequestPart::new(exchange, raw_path, &[], trace_id),
        variables: Variables::new(exchange),
    })
}

fn encode(event: &impl Serialize) -> Vec<u8> {
    // Plain data: it cannot fail.
    serde_json::to_vec(event).unwrap_or_default()
}

impl<'a> RequestPart<'a> {
    fn new(exchange: &Exchange<'a>, raw_path: &'a str, scopes: &[Box<str>], trace_id: &'a HeaderValue) -> Self {
        let request = exchange.request;
        let headers = headers(&request, &exchange.context, trace_id).into_iter();
        let length = ("content-length", request.body.len().to_string());
        let cookies = request.headers.get_all(COOKIE).iter();
        let cookies = cookies.flat_map(|line| {
            let line = String::from_utf8_lossy(line.as_bytes());
            line.split(';').map(|cookie| cookie.trim().to_owned()).collect::<Vec<_>>()
        });
        let parameters = grouped(request.query_parameters()).into_iter();
        Self {
            raw_path,
            raw_query_string: request.query.unwrap_or_default(),
            cookies: cookies.filter(|cookie| !cookie.is_empty()).collect(),
            headers: headers
                .filter(|(name, _)| *name != COOKIE.as_str())
                .map(|(name, (_, values))| (name, values.join(",")))
                .chain([length])
                .collect(),
            query_string_parameters: parameters.map(|(name, values)| (name, values.join(",").into())).collect(),
            request_context: request_context(exchange, raw_path, scopes),
        }
    }
}

impl<'a> Variables<'a> {
    fn new(exchange: &Exchange<'a>) -> Self {
        Self { path_parameters: path_parameters(exchange), stage_variables: exchange.stage_variables }
    }
}

/// The variables of the route's path, decoded, which those of REST APIs are not (observed).
pub(super) fn path_parameters(exchange: &Exchange<'_>) -> Map<String, Value> {
    let request = exchange.request;
    let decoded = |(name, _): &(&str, &str)| Some(((*name).to_owned(), request.path_parameter(name)?.into()));
    request.path_parameters.iter().filter_map(decoded).collect()
}

fn request_context(exchange: &Exchange<'_>, path: &str, scopes: &[Box<str>]) -> Map<String, Value> {
    let context = exchange.context;
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    put("accountId", context.account.as_str().into());
    put("apiId", context.api_id.into());
    if let Some(authorizer) = authorizer(exchange, scopes) {
        put("authorizer", authorizer);
    }
    put("domainName", context.domain_name.into());
    put("domainPrefix", context.variable("domainPrefix").into());
    put(
        "http",
        json!({
            "method": context.method,
            "path": path,
            "protocol": context.protocol,
            "sourceIp": context.source_ip.to_string(),
            "userAgent": context.user_agent.unwrap_or_default(),
        }),
    );
    put("requestId", context.request_id.into());
    put("routeKey", context.route_key.into());
    put("stage", context.stage.into());
    put("time", context.variable("requestTime").into());
    put("timeEpoch", context.request_time.milliseconds().into());
    members
}

/// Who calls, by what let them in.
fn authorizer(exchange: &Exchange<'_>, scopes: &[Box<str>]) -> Option<Value> {
    let context = exchange.context;
    if context.claims.is_some() {
        return Some(json!({ "jwt": token(exchange, scopes) }));
    }
    if let Some(authorizer) = context.authorizer {
        let values = Some(&authorizer.values).filter(|values| !values.is_empty());
        return Some(json!({ "lambda": values }));
    }
    let signer = context.signer?;
    Some(json!({ "iam": {
        "accessKey": signer.access_key,
        "accountId": signer.account.as_str(),
        "callerId": signer.id,
        "cognitoIdentity": null,
        "principalOrgId": null,
        "userArn": signer.arn,
        "userId": signer.id,
    } }))
}

/// What is told of a token: its claims, and the route's scopes or `null`.
pub(super) fn token(exchange: &Exchange<'_>, scopes: &[Box<str>]) -> Value {
    let claims = exchange.context.claims.into_iter().flat_map(crate::claims::Claims::texts);
    let claims: Map<String, Value> = claims.map(|(name, value)| (name.to_owned(), value.into())).collect();
    let scopes = Some(scopes).filter(|scopes| !scopes.is_empty());
    json!({ "claims": claims, "scopes": scopes })
}
