//! restJson: method, path and query name the operation, JSON both ways.
//!
//! A request becomes one JSON object, whose members have these names:
//! - members in the path, the query, a header or the payload: their name in the service description (`restApiId`);
//! - members in the body: their wire name, as the operation's answers have it (`item`, not `items`);
//! - where a body member's wire name is already the name of another member, its name in the service description:
//!   `PutIntegration` has `httpMethod` in the path and, called the same in the body, `integrationHttpMethod`.
//!
//! Blobs are base64 texts in that object, whatever they are on the wire.

mod uri;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, Uri};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::json;
use crate::protocol::Protocol;
use crate::shape::{Binding, Member, Shape};

use uri::{coerced, decoded, fixed_parameters, from_query, labels, query_parameters};

/// One operation of a restJson service.
#[derive(Debug)]
pub struct RestOperation {
    /// Its name.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path with `{label}`s named as the input's members, greedy ones with a `+`, and the query parameters that must
    /// be there, such as `/apikeys?mode=import`.
    pub uri: &'static str,
    /// The status of success.
    pub status: u16,
    /// What it takes.
    pub input: &'static Shape,
    /// The output's member that is the whole body of the answer, for exports.
    pub payload: Option<&'static str>,
    /// The output's members that travel as headers beside a payload: member and header.
    pub payload_headers: &'static [(&'static str, &'static str)],
    /// The output's member that is the status of the answer.
    pub status_member: Option<&'static str>,
}

/// A row of a restJson service's table.
pub const fn operation(
    name: &'static str,
    method: &'static str,
    uri: &'static str,
    status: u16,
    input: &'static Shape,
) -> RestOperation {
    RestOperation { name, method, uri, status, input, payload: None, payload_headers: &[], status_member: None }
}

/// A request that names an operation: what the path says is known, query and body are still to be read.
#[derive(Debug)]
pub struct Route {
    /// The operation.
    pub operation: &'static RestOperation,
    labels: Vec<(&'static str, String)>,
}

/// The operation that method, path and query name. A literal segment beats a label, a fixed query parameter its absence.
pub fn find(table: &'static [RestOperation], method: &Method, uri: &Uri) -> Result<Route, Failure> {
    let candidates = table.iter().filter(|operation| operation.method == method.as_str());
    let matching = candidates.filter_map(|operation| {
        let (template, fixed) = operation.uri.split_once('?').unwrap_or((operation.uri, ""));
        let fixed = fixed_parameters(fixed, uri.query().unwrap_or_default())?;
        Some((operation, labels(template, uri.path())?, fixed))
    });
    let best = matching.min_by_key(|(_, labels, fixed)| (labels.len(), usize::MAX - fixed));
    let Some((operation, labels, _)) = best else {
        let message = format!("No operation of this service has {method} {}.", uri.path());
        return Err(Failure { status: 404, ..Failure::unknown_operation(message) });
    };
    Ok(Route { operation, labels: decoded(labels)? })
}

impl Route {
    /// The operation's input: what path, query, headers and body say, as one JSON object.
    pub fn decode(self, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Value, Failure> {
        let members = self.operation.input.members();
        let has_body = members.iter().any(|member| matches!(member.binding, Binding::Body | Binding::BodyAs(_)));
        let mut body_members = if has_body { json::parse_object(body)? } else { Map::new() };
        let query = query_parameters(uri.query().unwrap_or_default())?;
        let mut input = Map::new();
        for member in members {
            let value = match member.binding {
                Binding::Body => body_members.remove(member.key),
                Binding::BodyAs(wire) => body_members.remove(wire),
                Binding::Label => self.label(member)?,
                Binding::Query(wire) => from_query(member.shape, wire, &query)?,
                Binding::QueryRest => self.rest_of_query(&query),
                Binding::Header(wire) => headers.get(wire).and_then(|value| value.to_str().ok()).map(Value::from),
                Binding::Payload => (!body.is_empty()).then(|| Value::from(STANDARD.encode(body))),
            };
            if let Some(value) = value {
                input.insert(member.key.to_owned(), value);
            }
        }
        Ok(Value::Object(input))
    }

    fn label(&self, member: &Member) -> Result<Option<Value>, Failure> {
        let label = self.labels.iter().find(|(name, _)| *name == member.name);
        label.map(|(_, value)| coerced(member.shape, value)).transpose()
    }

    /// The query parameters that neither the operation's URI nor another member names.
    fn rest_of_query(&self, query: &[(String, String)]) -> Option<Value> {
        let (_, fixed) = self.operation.uri.split_once('?').unwrap_or_default();
        let is_fixed = |name: &str| fixed.split('&').any(|parameter| parameter.split('=').next() == Some(name));
        let is_member = |name: &str| {
            let members = self.operation.input.members();
            members.iter().any(|member| matches!(member.binding, Binding::Query(wire) if wire == name))
        };
        let rest: Map<String, Value> = query
            .iter()
            .filter(|(name, _)| !is_fixed(name) && !is_member(name))
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect();
        (!rest.is_empty()).then_some(Value::Object(rest))
    }
}

impl RestOperation {
    /// The same operation, whose answer is one member of its output, with others as headers.
    #[must_use]
    pub const fn answers_payload(
        mut self,
        member: &'static str,
        headers: &'static [(&'static str, &'static str)],
    ) -> Self {
        self.payload = Some(member);
        self.payload_headers = headers;
        self
    }

    /// The same operation, whose output says the status of its answer.
    #[must_use]
    pub const fn answers_status(mut self, member: &'static str) -> Self {
        self.status_member = Some(member);
        self
    }

    /// What the paths in messages about this operation's input start with: `putIntegrationInput`.
    pub fn message_root(&self) -> String {
        let mut characters = self.name.chars();
        let first = characters.next().unwrap_or_default().to_ascii_lowercase();
        format!("{first}{}Input", characters.as_str())
    }

    /// The answer of the operation: its output as JSON with wire names, nothing for an operation without output.
    pub fn encode(&self, output: Option<String>, request_id: &str) -> Response<Bytes> {
        if self.payload.is_none() && self.status_member.is_none() {
            return Protocol::RestJson.response(self.status, output.unwrap_or_default(), request_id);
        }
        let mut output: Value = output.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default();
        let status = self.status_member.and_then(|member| output.as_object_mut()?.remove(member)?.as_u64());
        let status = status.and_then(|status| u16::try_from(status).ok()).unwrap_or(self.status);
        let text = |member: &str| output.get(member).and_then(Value::as_str);
        let body = match self.payload {
            Some(payload) => text(payload).and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default(),
            None if output.as_object().is_none_or(Map::is_empty) => Vec::new(),
            None => output.to_string().into_bytes(),
        };
        let mut response = Protocol::RestJson.response(status, body, request_id);
        for (member, header) in self.payload_headers {
            let value = text(member).and_then(|value| HeaderValue::from_str(value).ok());
            if let (Ok(name), Some(value)) = (HeaderName::try_from(*header), value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::shape::{blob, boolean, integer, list, map, optional, required, string, structure};

    static TEXT: Shape = string();
    static TEXTS: Shape = list(&TEXT);
    static TAGS: Shape = map(&TEXT, &TEXT);
    static COUNT: Shape = integer();
    static FLAG: Shape = boolean();
    static BYTES: Shape = blob();
    static ONE: Shape = structure(&[required("restApiId", &TEXT).label()]);
    static LIST: Shape = structure(&[
        optional("position", &TEXT).query("position"),
        optional("limit", &COUNT).query("limit"),
        optional("embed", &TEXTS).query("embed"),
        optional("includeValues", &FLAG).query("includeValues"),
    ]);
    static CREATE: Shape = structure(&[required("name", &TEXT), optional("tags", &TAGS)]);
    static IMPORT: Shape = structure(&[
        optional("failOnWarnings", &FLAG).query("failonwarnings"),
        optional("parameters", &TAGS).query_rest(),
        required("body", &BYTES).payload(),
    ]);
    static PUT: Shape = structure(&[
        required("restApiId", &TEXT).label(),
        required("httpMethod", &TEXT).label(),
        required("type", &TEXT),
        optional("integrationHttpMethod", &TEXT).body_as("httpMethod"),
    ]);
    static EXPORT: Shape =
        structure(&[required("exportType", &TEXT).label(), optional("accepts", &TEXT).header("Accept")]);
    static TABLE: &[RestOperation] = &[
        operation("CreateRestApi", "POST", "/restapis", 201, &CREATE),
        operation("GetExport", "GET", "/exports/{exportType}", 200, &EXPORT)
            .answers_payload("body", &[("contentType", "Content-Type"), ("contentDisposition", "Content-Disposition")]),
        operation("GetFixed", "GET", "/restapis/fixed", 200, &LIST),
        operation("GetRestApi", "GET", "/restapis/{restApiId}", 200, &ONE),
        operation("GetRestApis", "GET", "/restapis", 200, &LIST),
        operation("GetStatus", "GET", "/status", 200, &LIST).answers_status("Status"),
        operation("GetTail", "GET", "/tails/{restApiId+}/end", 200, &ONE),
        operation("GetTree", "GET", "/trees/{restApiId+}", 200, &ONE),
        operation("ImportRestApi", "POST", "/restapis?mode=import", 201, &IMPORT),
        operation("PutIntegration", "PUT", "/restapis/{restApiId}/methods/{httpMethod}/integration", 201, &PUT),
    ];

    fn route(method: &str, uri: &str) -> Result<Route, Failure> {
        find(TABLE, &method.parse().unwrap(), &uri.parse().unwrap())
    }

    fn decode(method: &str, uri: &str, headers: &HeaderMap, body: &[u8]) -> Result<(&'static str, Value), Failure> {
        let route = route(method, uri)?;
        let name = route.operation.name;
        Ok((name, route.decode(&uri.parse().unwrap(), headers, body)?))
    }

    #[test]
    fn method_path_and_query_name_the_operation_and_its_labels() {
        fn check(request: &str, name: &str, labels: &[(&'static str, &str)]) {
            let (method, uri) = request.split_once(' ').unwrap();
            let found = route(method, uri).unwrap();
            let expected: Vec<_> = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            assert_eq!((found.operation.name, found.labels), (name, expected), "{request}");
        }
        check("GET /restapis", "GetRestApis", &[]);
        check("GET /restapis?limit=1", "GetRestApis", &[]);
        check("GET /restapis/abc", "GetRestApi", &[("restApiId", "abc")]);
        check("GET /restapis/fixed", "GetFixed", &[]);
        check("GET /restapis/a%2Fb%20%C3%A9", "GetRestApi", &[("restApiId", "a/b é")]);
        check("GET /restapis/(none)", "GetRestApi", &[("restApiId", "(none)")]);
        check("POST /restapis", "CreateRestApi", &[]);
        check("POST /restapis?mode=import", "ImportRestApi", &[]);
        check("POST /restapis?failonwarnings=true&mode=import", "ImportRestApi", &[]);
        check("POST /restapis?mode=other", "CreateRestApi", &[]);
        check("GET /trees/a", "GetTree", &[("restApiId", "a")]);
        check("GET /trees/a/b%2F/c", "GetTree", &[("restApiId", "a/b//c")]);
        check("GET /tails/a/b/end", "GetTail", &[("restApiId", "a/b")]);
        check(
            "PUT /restapis/a/methods/ANY/integration",
            "PutIntegration",
            &[("restApiId", "a"), ("httpMethod", "ANY")],
        );
    }

    #[test]
    fn refuses_requests_that_name_no_operation() {
        for request in [
            "DELETE /restapis",
            "GET /",
            "GET /restapis/",
            "GET /restapis/a/",
            "GET /restapis//x",
            "GET /Restapis",
            "GET /trees/",
            "GET /trees",
            "GET /tails/end",
            "GET /tails//end",
            "PUT /restapis/a/methods//integration",
        ] {
            let (method, uri) = request.split_once(' ').unwrap();
            let failure = route(method, uri).unwrap_err();
            assert_eq!((&*failure.code, failure.status), ("UnknownOperationException", 404), "{request}");
        }
        assert_eq!(route("GET", "/restapis/%ff").unwrap_err().code, "SerializationException");
    }

    #[test]
    fn the_parts_of_a_request_become_one_object() {
        fn check(request: &str, body: &str, expected: &Value) {
            let (method, uri) = request.split_once(' ').unwrap();
            let mut headers = HeaderMap::new();
            headers.insert("accept", HeaderValue::from_static("application/yaml"));
            assert_eq!(decode(method, uri, &headers, body.as_bytes()).unwrap().1, *expected, "{request}");
        }
        check("GET /restapis", "", &json!({}));
        check(
            "GET /restapis?limit=5&position=a%20b+c&embed=x&embed=y&includeValues=TRUE&other=1",
            "",
            &json!({"position": "a b c", "limit": 5, "embed": ["x", "y"], "includeValues": true}),
        );
        check("GET /restapis?limit=&position=&limit=7&limit=8", "not read", &json!({"position": "", "limit": 7}));
        check("GET /restapis/a%3Ab", "", &json!({"restApiId": "a:b"}));
        check(
            "POST /restapis",
            r#"{"tags":{"a":"b"},"name":"x","unknown":1,"limit":2}"#,
            &json!({"name": "x", "tags": {"a": "b"}}),
        );
        check("POST /restapis", "", &json!({}));
        check(
            "PUT /restapis/a/methods/GET/integration",
            r#"{"type":"HTTP","httpMethod":"POST","restApiId":"other"}"#,
            &json!({"restApiId": "a", "httpMethod": "GET", "type": "HTTP", "integrationHttpMethod": "POST"}),
        );
        check(
            "POST /restapis?mode=import&failonwarnings=false&basepath=split&endpointConfigurationTypes=EDGE",
            "swagger: x",
            &json!({
                "failOnWarnings": false,
                "parameters": {"basepath": "split", "endpointConfigurationTypes": "EDGE"},
                "body": "c3dhZ2dlcjogeA==",
            }),
        );
        check("POST /restapis?mode=import", "", &json!({}));
        check("GET /exports/oas30", "", &json!({"exportType": "oas30", "accepts": "application/yaml"}));
    }

    #[test]
    fn refuses_what_cannot_be_read_as_its_type() {
        fn check(request: &str, body: &str, message: &str) {
            let (method, uri) = request.split_once(' ').unwrap();
            let failure = decode(method, uri, &HeaderMap::new(), body.as_bytes()).unwrap_err();
            assert_eq!((&*failure.code, failure.status, &*failure.message), ("SerializationException", 400, message));
        }
        check("GET /restapis?limit=x", "", "class java.lang.String can not be converted to an Integer");
        check("GET /restapis?includeValues=1", "", "class java.lang.String can not be converted to an Boolean");
        check("GET /restapis?position=%ff", "", "The request's URI holds percent-encoded bytes that are not UTF-8.");
        check("POST /restapis", "[]", "Start of list found where not expected");
    }

    #[test]
    fn answers_are_bodies_or_payloads_with_headers() {
        fn named(name: &str) -> &'static RestOperation {
            TABLE.iter().find(|operation| operation.name == name).unwrap()
        }
        let response = named("CreateRestApi").encode(Some(r#"{"id":"a"}"#.to_owned()), "id-1");
        assert_eq!((response.status().as_u16(), &response.body()[..]), (201, &br#"{"id":"a"}"#[..]));
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["x-amzn-requestid"], "id-1");
        assert!(named("GetRestApi").encode(None, "id-1").body().is_empty());
        let export = json!({
            "contentType": "application/yaml", "contentDisposition": "attachment; filename=\"a.json\"", "body": "aGk=",
        });
        let response = named("GetExport").encode(Some(export.to_string()), "id-1");
        assert_eq!(response.body(), "hi");
        assert_eq!(response.headers()["content-type"], "application/yaml");
        assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"a.json\"");
        assert_eq!(named("PutIntegration").message_root(), "putIntegrationInput");
        let response = named("GetStatus").encode(Some(r#"{"Status":204}"#.to_owned()), "id-1");
        assert_eq!((response.status().as_u16(), &response.body()[..]), (204, &b""[..]));
        let response = named("GetStatus").encode(Some(r#"{"Status":202,"a":1}"#.to_owned()), "id-1");
        assert_eq!((response.status().as_u16(), &response.body()[..]), (202, &br#"{"a":1}"#[..]));
    }

    proptest! {
        #[test]
        fn no_request_panics(
            path in "/[a-z0-9%/?&=+{}.~-]{0,60}",
            prefix in prop_oneof![Just(""), Just("/restapis"), Just("/trees"), Just("/tails/a"), Just("/restapis?mode=import&")],
            body in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let Ok(uri) = format!("{prefix}{path}").parse::<Uri>() else { return Ok(()) };
            for method in [Method::GET, Method::POST, Method::PUT] {
                if let Ok(route) = find(TABLE, &method, &uri) {
                    let _ = route.decode(&uri, &HeaderMap::new(), &body);
                }
            }
        }
    }
}
