//! What functions are told of a request, member for member (API Gateway, "Lambda proxy integrations in API Gateway", input
//! format; the order of the members was observed).

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::HOST;
use http::{HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::context::Context;
use crate::exchange::Exchange;
use crate::header_rules::is_dropped;
use crate::rendering::with_capitals;
use crate::request::Request;

/// The event of a proxy integration.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProxyEvent<'a> {
    #[serde(flatten)]
    request: RequestEvent<'a>,
    body: Option<Cow<'a, str>>,
    is_base64_encoded: bool,
}

/// What proxy integrations and `REQUEST` authorizers both are told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestEvent<'a> {
    resource: &'a str,
    path: String,
    http_method: &'a str,
    headers: Value,
    multi_value_headers: Value,
    query_string_parameters: Value,
    multi_value_query_string_parameters: Value,
    path_parameters: Value,
    stage_variables: Value,
    request_context: RequestContext<'a>,
}

/// How a map that has nothing in it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// As `null`, to a proxy integration.
    Null,
    /// As `{}`, to an authorizer.
    Empty,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    resource_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<Value>,
    resource_path: Option<&'a str>,
    http_method: &'a str,
    extended_request_id: &'a str,
    request_time: Option<Cow<'a, str>>,
    path: &'a str,
    account_id: &'a str,
    protocol: &'a str,
    stage: &'a str,
    domain_prefix: Option<Cow<'a, str>>,
    request_time_epoch: i64,
    request_id: &'a str,
    identity: Map<String, Value>,
    domain_name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    deployment_id: &'a str,
    api_id: &'a str,
}

impl<'a> ProxyEvent<'a> {
    /// The event of a request. A body that is binary, or is no text, is encoded.
    pub(super) fn new(exchange: &Exchange<'a>, trace_id: &HeaderValue, is_binary: bool) -> Self {
        let body = exchange.request.body;
        let text = std::str::from_utf8(body).ok().filter(|_| !is_binary);
        let (body, is_base64_encoded) = match text {
            _ if body.is_empty() => (None, false),
            Some(text) => (Some(Cow::Borrowed(text)), false),
            None => (Some(Cow::Owned(STANDARD.encode(body))), true),
        };
        Self { request: RequestEvent::new(exchange, trace_id, Absent::Null), body, is_base64_encoded }
    }
}

impl<'a> RequestEvent<'a> {
    pub(crate) fn new(exchange: &Exchange<'a>, trace_id: &HeaderValue, absent: Absent) -> Self {
        let (request, context) = (exchange.request, exchange.context);
        let headers = with_names(headers(&request, &context, trace_id), &context);
        let query = grouped(request.query_parameters());
        // What stands in the path keeps the encoding it came in, unlike the query (observed).
        let path_parameters = request.path_parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
        let stage_variables =
            exchange.stage_variables.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
        Self {
            resource: context.resource_path.unwrap_or_default(),
            path: event_path(&request, &context),
            http_method: request.method,
            headers: absent.or(last_values(&headers)),
            multi_value_headers: absent.or(all_values(&headers)),
            query_string_parameters: absent.or(last_values(&query)),
            multi_value_query_string_parameters: absent.or(all_values(&query)),
            path_parameters: absent.or(path_parameters.collect()),
            stage_variables: absent.or(stage_variables.collect()),
            request_context: RequestContext::new(&context),
        }
    }
}

impl<'a> RequestContext<'a> {
    fn new(context: &Context<'a>) -> Self {
        Self {
            resource_id: context.resource_id,
            authorizer: context.authorizer_map().map(Value::Object),
            resource_path: context.resource_path,
            http_method: context.method,
            extended_request_id: context.extended_request_id,
            request_time: context.variable("requestTime"),
            path: context.path,
            account_id: context.account.as_str(),
            protocol: context.protocol,
            stage: context.stage,
            domain_prefix: context.variable("domainPrefix"),
            request_time_epoch: context.request_time.milliseconds(),
            request_id: context.request_id,
            identity: identity(context),
            domain_name: context.domain_name,
            deployment_id: context.deployment_id,
            api_id: context.api_id,
        }
    }
}

/// The path without the stage; on a custom domain name the whole of it, the mapping's in front.
fn event_path(request: &Request<'_>, context: &Context<'_>) -> String {
    let path = if context.base_path.is_some() { context.path } else { request.path };
    format!("/{}", path.trim_start_matches('/'))
}

impl Absent {
    pub(crate) fn or(self, map: Map<String, Value>) -> Value {
        if map.is_empty() && self == Self::Null { Value::Null } else { Value::Object(map) }
    }
}

/// The members of `identity`; those of an API key are there only with one.
pub(crate) fn identity(context: &Context<'_>) -> Map<String, Value> {
    const ALWAYS: [&str; 12] = [
        "cognitoIdentityPoolId",
        "accountId",
        "cognitoIdentityId",
        "caller",
        "sourceIp",
        "principalOrgId",
        "accessKey",
        "cognitoAuthenticationType",
        "cognitoAuthenticationProvider",
        "userArn",
        "userAgent",
        "user",
    ];
    let variable =
        |name: &str| context.variable(&format!("identity.{name}")).map(|value| Value::from(value.into_owned()));
    let always = ALWAYS.into_iter().map(|name| (name.to_owned(), variable(name).unwrap_or_default()));
    let of_key = ["apiKey", "apiKeyId"].into_iter().filter_map(|name| Some((name.to_owned(), variable(name)?)));
    always.chain(of_key).collect()
}

/// The headers of a request and what the gateway knows of the connection, by name in lower case: whether the gateway set it,
/// and all values.
pub(crate) type Headers<'a> = BTreeMap<&'a str, (bool, Vec<Cow<'a, str>>)>;

pub(crate) fn headers<'a>(request: &Request<'a>, context: &Context<'a>, trace_id: &'a HeaderValue) -> Headers<'a> {
    let text = |value: &'a HeaderValue| String::from_utf8_lossy(value.as_bytes());
    let mut headers = Headers::new();
    for name in request.headers.keys().filter(|name| !is_dropped(name)) {
        headers.insert(name.as_str(), (false, request.headers.get_all(name).iter().map(text).collect()));
    }
    // A request that nobody sent came over no connection (observed).
    if context.stand_ins.is_some() {
        return headers;
    }
    headers.entry(HOST_NAME).or_insert_with(|| (true, vec![context.domain_name.into()]));
    headers.insert(TRACE_ID_NAME, (true, vec![text(trace_id)]));
    let client = context.source_ip.to_string();
    let forwarded_for =
        match request.headers.get_all(FORWARDED_FOR).iter().map(text).reduce(|all, one| all + ", " + one) {
            Some(before) => format!("{before}, {client}"),
            None => client,
        };
    headers.insert("x-forwarded-for", (true, vec![forwarded_for.into()]));
    headers.insert("x-forwarded-port", (true, vec![port(request, context)]));
    headers.insert("x-forwarded-proto", (true, vec![if context.secure { "https" } else { "http" }.into()]));
    headers
}

/// Names as REST APIs write them: as [`with_capitals`] says, over HTTP/2 those alone that the gateway sets.
fn with_names<'a>(headers: Headers<'a>, context: &Context<'_>) -> Vec<(String, Vec<Cow<'a, str>>)> {
    let has_capitals = context.protocol.starts_with("HTTP/1");
    let named = |(name, (is_own, values)): (&str, (bool, Vec<_>))| {
        let capitals = has_capitals || is_own || ["authorization", "user-agent", HOST_NAME].contains(&name);
        (if capitals { with_capitals(name) } else { name.to_owned() }, values)
    };
    headers.into_iter().map(named).collect()
}

const HOST_NAME: &str = "host";
const TRACE_ID_NAME: &str = "x-amzn-trace-id";
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The port that the client believes to talk to.
fn port<'a>(request: &Request<'a>, context: &Context<'a>) -> Cow<'a, str> {
    let authority = request.headers.get(HOST).and_then(|host| host.to_str().ok()?.parse().ok());
    let named = authority.and_then(|authority: http::uri::Authority| authority.port_u16());
    match named {
        Some(port) => Cow::Owned(port.to_string()),
        None => Cow::Borrowed(if context.secure { "443" } else { "80" }),
    }
}

/// Pairs by name, names in the order in which they first came.
pub(crate) fn grouped<'a>(
    pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
) -> Vec<(String, Vec<Cow<'a, str>>)> {
    let mut groups = indexmap::IndexMap::<String, Vec<Cow<'a, str>>>::new();
    for (name, value) in pairs {
        groups.entry(name.into_owned()).or_default().push(value);
    }
    groups.into_iter().collect()
}

pub(crate) fn last_values(groups: &[(String, Vec<Cow<'_, str>>)]) -> Map<String, Value> {
    let last = |(name, values): &(String, Vec<Cow<'_, str>>)| Some((name.clone(), values.last()?.as_ref().into()));
    groups.iter().filter_map(last).collect()
}

pub(crate) fn all_values(groups: &[(String, Vec<Cow<'_, str>>)]) -> Map<String, Value> {
    groups.iter().map(|(name, values)| (name.clone(), values.iter().map(AsRef::as_ref).collect())).collect()
}
