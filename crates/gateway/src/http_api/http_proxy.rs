//! `HTTP_PROXY` integrations of HTTP APIs: the request to the backend and what becomes of its answer (API Gateway, "Create
//! HTTP proxy integrations for HTTP APIs").

use claviger_resources::http_api::Integration;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};

use super::parameter_mapping::{RequestMapping, ResponseMappings};
use super::refusal::Refusal;
use crate::backend_verification::Verification;
use crate::exchange::Exchange;
use crate::header_rules::{forwarded, returned_unchanged};
use crate::http_integration::endpoint::Endpoint;
use crate::http_integration::{BackendBody, BackendRequest};
use crate::mapping::BackendAnswer;
use crate::response::TRACE_ID;

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Bytes of `Forwarded` that are taken over from the client.
const FORWARDED_BYTES_MAX: usize = 2_048;

/// A compiled `HTTP_PROXY` integration.
#[derive(Clone, Debug)]
pub struct HttpProxy {
    /// The verb towards the backend; `None` for the client's.
    method: Option<http::Method>,
    endpoint: Endpoint,
    request: RequestMapping,
    responses: ResponseMappings,
    timeout_milliseconds: u32,
    verification: Verification,
}

impl HttpProxy {
    /// Compiles an integration; the error says what is wrong with which part.
    pub fn compile(integration: &Integration) -> Result<Self, String> {
        let uri = integration.integration_uri.as_deref().filter(|uri| !uri.is_empty());
        let method = match integration.integration_method.as_deref() {
            None | Some("ANY") => None,
            Some(verb) => Some(verb.parse().map_err(|_| format!("{verb:?} is no HTTP method"))?),
        };
        Ok(Self {
            method,
            endpoint: Endpoint::compile(uri.ok_or("the integration has no URI")?),
            request: RequestMapping::compile(integration.request_parameters.as_ref())
                .map_err(|error| error.to_string())?,
            responses: ResponseMappings::compile(integration.response_parameters.as_ref())
                .map_err(|error| error.to_string())?,
            timeout_milliseconds: integration.timeout_in_millis,
            verification: Verification::of_http_api(integration),
        })
    }

    /// Whether the request's body must be there as a whole before [`HttpProxy::request`].
    pub fn reads_body(&self) -> bool {
        self.request.reads_body()
    }

    /// The request to the backend: the client's, with what mappings change. Behind `$default` the request's own path
    /// follows the address's. `secure` says whether the client came over TLS.
    pub fn request(
        &self,
        exchange: &Exchange<'_>,
        appends_path: bool,
        secure: bool,
        trace_id: HeaderValue,
    ) -> Result<BackendRequest, Refusal> {
        let request = exchange.request;
        let mut headers = forwarded(request.headers);
        let announces_nothing = request.headers.get(CONTENT_LENGTH).is_some_and(|length| *length == "0");
        if announces_nothing && !headers.contains_key(CONTENT_TYPE) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        }
        set_forwarded(&mut headers, exchange, secure);
        self.request.change_headers(&mut headers, exchange);
        headers.insert(TRACE_ID, trace_id);
        let method = match &self.method {
            Some(method) => method.clone(),
            None => request.method.parse().map_err(|_| Refusal::internal("the request's verb is no HTTP method"))?,
        };
        Ok(BackendRequest { method, uri: self.uri(exchange, appends_path)?, headers, body: BackendBody::Client })
    }

    fn uri(&self, exchange: &Exchange<'_>, appends_path: bool) -> Result<Uri, Refusal> {
        let raw = |name: &str| {
            let value = exchange.request.path_parameters.iter().find(|(known, _)| *known == name);
            Ok(value.map(|(_, text)| (*text).to_owned()))
        };
        let base = self.endpoint.uri(exchange, raw, "")?;
        let query = match (base.query().unwrap_or_default(), self.request.query(exchange)) {
            ("", query) => query,
            (own, query) if query.is_empty() => own.to_owned(),
            (own, query) => format!("{own}&{query}"),
        };
        let path = match self.request.path(exchange) {
            Some(path) => path,
            None if appends_path => format!("{}{}", base.path().trim_end_matches('/'), exchange.request.path),
            None => base.path().to_owned(),
        };
        let text = if query.is_empty() { path } else { format!("{path}?{query}") };
        let mut parts = base.into_parts();
        parts.path_and_query = Some(
            PathAndQuery::try_from(text)
                .map_err(|error| Refusal::internal(format!("invalid backend path: {error}")))?,
        );
        Uri::from_parts(parts).map_err(|error| Refusal::internal(format!("invalid backend address: {error}")))
    }

    /// The headers of the backend's answer as the client gets them, before mappings.
    pub fn response_headers(&self, backend: &HeaderMap) -> HeaderMap {
        returned_unchanged(backend)
    }

    /// Whether an answer of this status is mapped, and so must be there as a whole.
    pub fn maps(&self, status: StatusCode) -> bool {
        self.responses.concern(status)
    }

    /// Maps status and headers of an answer.
    pub fn map_response(
        &self,
        status: &mut StatusCode,
        headers: &mut HeaderMap,
        exchange: &Exchange<'_>,
        answer: BackendAnswer<'_>,
    ) {
        self.responses.apply(status, headers, exchange, answer);
    }

    /// How long the backend may take.
    pub fn timeout_milliseconds(&self) -> u32 {
        self.timeout_milliseconds
    }

    /// What the backend's certificate is held to.
    pub fn verification(&self) -> &Verification {
        &self.verification
    }
}

/// `Forwarded` (RFC 7239) in place of the `X-Forwarded-…` that came: what the client says of itself first, then what is
/// known of it.
fn set_forwarded(headers: &mut HeaderMap, exchange: &Exchange<'_>, secure: bool) {
    let said = |name: &HeaderName| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.collect::<Vec<_>>().join(", ")
    };
    let mut elements: Vec<String> = said(&FORWARDED).split(',').map(|element| element.trim().to_owned()).collect();
    elements.extend(
        said(&X_FORWARDED_FOR)
            .split(',')
            .map(str::trim)
            .filter(|node| is_node(node))
            .map(|node| format!("for={}", node_text(node))),
    );
    elements.retain(|element| !element.is_empty());
    while elements.iter().map(String::len).sum::<usize>() > FORWARDED_BYTES_MAX {
        elements.remove(0);
    }
    let context = exchange.context;
    let scheme = if secure { "https" } else { "http" };
    elements.push(format!(
        "for={};host={};proto={scheme}",
        node_text(&context.source_ip.to_string()),
        context.domain_name
    ));
    let of_proxies: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with("x-forwarded-")).cloned().collect();
    for name in of_proxies {
        headers.remove(name);
    }
    if let Ok(value) = HeaderValue::try_from(elements.join(", ")) {
        headers.insert(FORWARDED, value);
    }
}

fn is_node(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:_-[]".contains(&byte))
}

/// An address as `Forwarded` writes it: what has colons is quoted, and IPv6 in brackets (RFC 7239, section 6).
fn node_text(node: &str) -> String {
    match node.matches(':').count() {
        0 => node.to_owned(),
        1 => format!("\"{node}\""),
        _ if node.starts_with('[') => format!("\"{node}\""),
        _ => format!("\"[{node}]\""),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use claviger_resources::http_api::IntegrationType;
    use claviger_resources::{AccountId, HttpApiId, IntegrationId, Region, Tenant};

    use super::*;
    use crate::exchange::tests::with;

    fn integration(uri: &str, method: &str, mappings: &[(&str, &str)]) -> Integration {
        let mappings: BTreeMap<_, _> =
            mappings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Integration {
            integration_id: IntegrationId::parse("abc1234").unwrap(),
            api_id: HttpApiId::parse("a1b2c3d4e5").unwrap(),
            tenant: Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() },
            integration_type: IntegrationType::HttpProxy,
            integration_subtype: None,
            integration_method: Some(method.to_owned()),
            integration_uri: Some(uri.to_owned()),
            connection_type: "INTERNET".to_owned(),
            connection_id: None,
            credentials_arn: None,
            description: None,
            payload_format_version: "1.0".to_owned(),
            request_parameters: Some(mappings),
            response_parameters: None,
            timeout_in_millis: 30_000,
            tls_config: None,
            api_gateway_managed: false,
        }
    }

    fn request(integration: &Integration, appends_path: bool, exchange: &Exchange<'_>) -> BackendRequest {
        let proxy = HttpProxy::compile(integration).unwrap();
        proxy.request(exchange, appends_path, true, HeaderValue::from_static("Root=1")).unwrap()
    }

    #[test]
    fn the_address_is_made_of_the_integration_s_and_the_request_s() {
        with(&[], Some("q=1"), b"", |exchange| {
            let check = |uri: &str, appends_path: bool, mappings: &[(&str, &str)], expected: &str| {
                let request = request(&integration(uri, "ANY", mappings), appends_path, exchange);
                assert_eq!((request.method.as_str(), &*request.uri.to_string()), ("GET", expected), "{uri}");
            };
            check("https://b.c", false, &[], "https://b.c/?q=1");
            check("https://b.c/x", false, &[], "https://b.c/x?q=1");
            check("https://b.c/x?y=2", false, &[], "https://b.c/x?y=2&q=1");
            check("https://b.c/x/{id}", false, &[], "https://b.c/x/7?q=1");
            check("https://b.c/x/", true, &[], "https://b.c/x/user/7?q=1");
            check("https://b.c", true, &[], "https://b.c/user/7?q=1");
            check("https://${stageVariables.color}.c/x", false, &[], "https://blue.c/x?q=1");
            check("https://b.c/x", true, &[("overwrite:path", "$request.path")], "https://b.c/user/7?q=1");
            check("https://b.c/x", false, &[("remove:querystring.q", "''")], "https://b.c/x");
        });
    }

    #[test]
    fn an_address_that_is_none_is_the_configuration_s_fault() {
        with(&[], None, b"", |exchange| {
            for uri in ["https://b.c/{none}", "ftp://b.c", "https://${stageVariables.none}/"] {
                let proxy = HttpProxy::compile(&integration(uri, "GET", &[])).unwrap();
                let refusal = proxy.request(exchange, false, true, HeaderValue::from_static("")).unwrap_err();
                assert_eq!(refusal.status().as_u16(), 500, "{uri}");
            }
        });
        assert!(HttpProxy::compile(&integration("", "GET", &[])).is_err());
        assert!(HttpProxy::compile(&integration("https://b", "G E T", &[])).is_err());
        assert!(HttpProxy::compile(&integration("https://b", "GET", &[("append:header.host", "x")])).is_err());
    }

    #[test]
    fn what_proxies_say_becomes_one_header() {
        let check = |headers: &[(&'static str, &str)], expected: &str| {
            with(headers, None, b"", |exchange| {
                let request = request(&integration("https://b.c", "POST", &[]), false, exchange);
                assert_eq!(request.headers.get(FORWARDED).unwrap(), expected, "{headers:?}");
                assert!(request.headers.keys().all(|name| !name.as_str().starts_with("x-forwarded")));
                assert_eq!(request.headers.get(TRACE_ID).unwrap(), "Root=1");
            });
        };
        let known = "for=192.0.2.10;host=a1b2c3d4e5.execute-api.eu-west-2.amazonaws.com;proto=https";
        check(&[], known);
        check(&[("x-forwarded-proto", "http"), ("x-forwarded-host", "evil")], known);
        check(
            &[("x-forwarded-for", "10.0.0.1, 2001:db8::1"), ("x-forwarded-for", "\"bad\"")],
            &format!("for=10.0.0.1, for=\"[2001:db8::1]\", {known}"),
        );
        check(&[("forwarded", "for=10.0.0.9;proto=http")], &format!("for=10.0.0.9;proto=http, {known}"));
    }

    #[test]
    fn a_body_that_is_announced_empty_gets_a_type() {
        with(&[("content-length", "0")], None, b"", |exchange| {
            let request = request(&integration("https://b.c", "POST", &[]), false, exchange);
            assert_eq!(request.body, BackendBody::Client);
            assert!(request.headers.contains_key(CONTENT_TYPE));
        });
        with(&[("content-type", "text/plain")], None, b"x", |exchange| {
            let request = request(&integration("https://b.c", "POST", &[]), false, exchange);
            assert_eq!((request.method, request.body), (http::Method::POST, BackendBody::Client));
            assert_eq!(request.headers.get(CONTENT_TYPE).unwrap(), "text/plain");
        });
    }
}
