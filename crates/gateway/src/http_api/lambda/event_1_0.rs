//! What functions are told of a request to an HTTP API in payload format 1.0 (same pages): what REST APIs tell them, with
//! another `requestContext`. Names of headers and the order of the members were observed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::HeaderValue;
use serde::Serialize;
use serde_json::Value;

use super::body;
use super::event::{path_parameters, token};
use crate::exchange::Exchange;
use crate::lambda::Absent;
use crate::lambda::event::{all_values, grouped, headers, identity, last_values};
use crate::rendering::with_capitals;

/// The event of an integration.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProxyEvent<'a> {
    version: &'static str,
    #[serde(flatten)]
    request: RequestPart<'a>,
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
    method_arn: &'a str,
    identity_source: Option<&'a str>,
    authorization_token: Option<&'a str>,
    #[serde(flatten)]
    request: RequestPart<'a>,
}

/// What both say of the request itself.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestPart<'a> {
    resource: &'a str,
    path: &'a str,
    http_method: &'a str,
    headers: Value,
    multi_value_headers: Value,
    query_string_parameters: Value,
    multi_value_query_string_parameters: Value,
    request_context: RequestContext<'a>,
    path_parameters: Value,
    stage_variables: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    account_id: &'a str,
    api_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<Value>,
    domain_name: &'a str,
    domain_prefix: Option<Cow<'a, str>>,
    extended_request_id: &'a str,
    http_method: &'a str,
    identity: BTreeMap<String, Value>,
    path: &'a str,
    protocol: &'a str,
    request_id: &'a str,
    request_time: Option<Cow<'a, str>>,
    request_time_epoch: i64,
    resource_id: Option<&'a str>,
    resource_path: &'a str,
    stage: &'a str,
}

/// The event that tells an integration's function of a request.
pub(super) fn proxy_event(exchange: &Exchange<'_>, path: &str, scopes: &[Box<str>], trace_id: &HeaderValue) -> Vec<u8> {
    let (body, is_base64_encoded) = body(&exchange.request);
    let request = RequestPart::new(exchange, path, scopes, trace_id, Absent::Null);
    encode(&ProxyEvent { version: "1.0", request, body, is_base64_encoded })
}

/// The event that asks an authorizer's function about a request.
pub(in crate::http_api) fn authorizer_event(
    exchange: &Exchange<'_>,
    path: &str,
    identity: &[String],
    method_arn: &str,
    trace_id: &HeaderValue,
) -> Vec<u8> {
    let identity = identity.join(",");
    let identity = Some(&*identity).filter(|identity| !identity.is_empty());
    encode(&AuthorizerEvent {
        version: "1.0",
        kind: "REQUEST",
        method_arn,
        identity_source: identity,
        authorization_token: identity,
        request: RequestPart::new(exchange, path, &[], trace_id, Absent::Empty),
    })
}

fn encode(event: &impl Serialize) -> Vec<u8> {
    // Plain data: it cannot fail.
    serde_json::to_vec(event).unwrap_or_default()
}

impl<'a> RequestPart<'a> {
    fn new(
        exchange: &Exchange<'a>,
        path: &'a str,
        scopes: &[Box<str>],
        trace_id: &'a HeaderValue,
        absent: Absent,
    ) -> Self {
        let (request, context) = (exchange.request, exchange.context);
        // Those that the gateway knows itself are written with capitals and come first, being ordered by what is written.
        let named = |(name, (is_own, values)): (&str, (bool, Vec<Cow<'a, str>>))| {
            let capitals = is_own || ["content-type", "host", "user-agent"].contains(&name);
            (if capitals { with_capitals(name) } else { name.to_owned() }, values)
        };
        let length = ("Content-Length".to_owned(), vec![request.body.len().to_string().into()]);
        let headers: BTreeMap<_, _> =
            headers(&request, &context, trace_id).into_iter().map(named).chain([length]).collect();
        let headers: Vec<_> = headers.into_iter().collect();
        let query = grouped(request.query_parameters());
        let stage_variables =
            exchange.stage_variables.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
        Self {
            resource: resource(exchange),
            path,
            http_method: request.method,
            headers: absent.or(last_values(&headers)),
            multi_value_headers: absent.or(all_values(&headers)),
            query_string_parameters: absent.or(last_values(&query)),
            multi_value_query_string_parameters: absent.or(all_values(&query)),
            request_context: RequestContext::new(exchange, path, scopes),
            path_parameters: absent.or(path_parameters(exchange)),
            stage_variables: absent.or(stage_variables.collect()),
        }
    }
}

impl<'a> RequestContext<'a> {
    fn new(exchange: &Exchange<'a>, path: &'a str, scopes: &[Box<str>]) -> Self {
        let context = exchange.context;
        let authorizer = match context.claims {
            Some(_) => Some(token(exchange, scopes)),
            None => context.authorizer_map().map(Value::Object),
        };
        let mut identity: BTreeMap<_, _> = identity(&context).into_iter().collect();
        identity.insert("cognitoAmr".to_owned(), Value::Null);
        Self {
            account_id: context.account.as_str(),
            api_id: context.api_id,
            authorizer,
            domain_name: context.domain_name,
            domain_prefix: context.variable("domainPrefix"),
            extended_request_id: context.extended_request_id,
            http_method: context.method,
            identity,
            path,
            protocol: context.protocol,
            request_id: context.request_id,
            request_time: context.variable("requestTime"),
            request_time_epoch: context.request_time.milliseconds(),
            resource_id: Some(resource(exchange)).filter(|resource| *resource == "$default"),
            resource_path: resource(exchange),
            stage: context.stage,
        }
    }
}

/// The path of the route, or `$default`.
fn resource<'a>(exchange: &Exchange<'a>) -> &'a str {
    let key = exchange.context.route_key.unwrap_or_default();
    key.split_once(' ').map_or(key, |(_, path)| path)
}
