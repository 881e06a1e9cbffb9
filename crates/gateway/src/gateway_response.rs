//! Gateway responses: the exact bytes of every answer that the gateway gives by itself, with an API's customisations
//! (API Gateway, "Gateway responses in API Gateway").

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use claviger_resources::rest_api::{GatewayResponse, GatewayResponseType};
use http::{HeaderName, HeaderValue, StatusCode};

use crate::exchange::Exchange;
use crate::mapping::{InvalidMapping, Source};
use crate::refusal::Refusal;
use crate::request::media_type;
use crate::response::{JSON, Reply};

/// The gateway responses of one API: for each type its own customisation, else that of `DEFAULT_4XX` or `DEFAULT_5XX`,
/// else none.
#[derive(Clone, Debug, Default)]
pub struct GatewayResponses {
    customised: BTreeMap<GatewayResponseType, Customised>,
}

#[derive(Clone, Debug)]
struct Customised {
    status: Option<StatusCode>,
    headers: Vec<(HeaderName, Source)>,
    /// Content type to body; empty when only status or headers are customised.
    templates: Vec<(Box<str>, Substitution)>,
}

impl GatewayResponses {
    /// Reads the customisations of an API.
    pub fn compile(responses: &[GatewayResponse]) -> Result<Self, InvalidMapping> {
        let mut customised = BTreeMap::new();
        for response in responses {
            customised.insert(response.response_type, Customised::compile(response)?);
        }
        Ok(Self { customised })
    }

    /// The answer that tells the client of a refusal.
    pub fn reply(&self, refusal: &Refusal, exchange: &Exchange<'_>) -> Reply {
        match self.customisation(refusal) {
            None => plain_reply(refusal),
            Some(customised) => customised.reply(refusal, exchange),
        }
    }

    fn customisation(&self, refusal: &Refusal) -> Option<&Customised> {
        let family =
            if refusal.status() >= 500 { GatewayResponseType::Default5xx } else { GatewayResponseType::Default4xx };
        self.customised.get(&refusal.response_type()).or_else(|| self.customised.get(&family))
    }
}

/// The answer that tells the client of a refusal when no API is known that could customise it.
pub fn plain_reply(refusal: &Refusal) -> Reply {
    let mut reply = Reply::new(status(refusal), JSON, default_body(refusal));
    reply.error_type = Some(refusal.error_type());
    reply
}

fn status(refusal: &Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// The default template is the same for all types, and yet the bytes differ: what arises during the integration has a
/// space after the colon, and a policy's denial a capital letter (observed; no page documents it).
fn default_body(refusal: &Refusal) -> Bytes {
    match refusal {
        Refusal::Unauthorized(_) => return Bytes::from_static(br#"{"message":"Unauthorized"}"#),
        Refusal::MissingAuthenticationToken => {
            return Bytes::from_static(br#"{"message":"Missing Authentication Token"}"#);
        }
        Refusal::Throttled(_) => return Bytes::from_static(br#"{"message":"Too Many Requests"}"#),
        _ => {}
    }
    let denied = matches!(refusal, Refusal::AccessDenied { .. } | Refusal::PolicyDenied(_) | Refusal::NotAllowed(_));
    let name = if denied { "Message" } else { "message" };
    let space = if refusal.during_integration() { " " } else { "" };
    Bytes::from(format!("{{\"{name}\":{space}{}}}", message_string(refusal)))
}

/// `$context.error.messageString`: the message as a JSON string, or `null`.
fn message_string(refusal: &Refusal) -> String {
    refusal.message().map_or_else(|| "null".to_owned(), |message| serde_json::Value::from(message).to_string())
}

impl Customised {
    fn compile(response: &GatewayResponse) -> Result<Self, InvalidMapping> {
        let mut headers = Vec::new();
        for (destination, source) in &response.response_parameters {
            let name = destination
                .strip_prefix("gatewayresponse.header.")
                .and_then(|name| HeaderName::from_bytes(name.as_bytes()).ok())
                .ok_or_else(|| InvalidMapping::Expression(destination.clone()))?;
            headers.push((name, Source::parse_request(source)?));
        }
        let templates = response
            .response_templates
            .iter()
            .map(|(content_type, text)| (content_type.as_str().into(), Substitution::parse(text)))
            .collect();
        let status = response.status_code.as_deref().and_then(|code| code.parse().ok());
        Ok(Self { status, headers, templates })
    }

    fn reply(&self, refusal: &Refusal, exchange: &Exchange<'_>) -> Reply {
        let status = self.status.unwrap_or_else(|| status(refusal));
        let mut reply = match self.template(exchange.request.accept()) {
            None => Reply::new(status, JSON, default_body(refusal)),
            Some((content_type, template)) => {
                let content_type = HeaderValue::from_str(content_type).unwrap_or(JSON);
                Reply::new(status, content_type, Bytes::from(template.render(refusal, exchange)))
            }
        };
        for (name, source) in &self.headers {
            let values = values(source, refusal, exchange);
            let values = values.iter().filter_map(|value| HeaderValue::from_str(value).ok());
            for (index, value) in values.enumerate() {
                if index == 0 {
                    reply.headers.insert(name.clone(), value);
                } else {
                    reply.headers.append(name.clone(), value);
                }
            }
        }
        reply.error_type = Some(refusal.error_type());
        reply
    }

    /// The template for what the client accepts, else the one for JSON, else the first.
    fn template(&self, accept: Option<&str>) -> Option<(&str, &Substitution)> {
        let of = |wanted: &str| {
            self.templates.iter().find(|(content_type, _)| media_type(content_type).eq_ignore_ascii_case(wanted))
        };
        let chosen = accept.and_then(of).or_else(|| of("application/json")).or_else(|| self.templates.first());
        chosen.map(|(content_type, template)| (content_type.as_ref(), template))
    }
}

/// The values of a source, which may be a variable of the refusal. What cannot be read has none: a refusal must not fail.
fn values<'a>(source: &'a Source, refusal: &'a Refusal, exchange: &Exchange<'a>) -> Vec<Cow<'a, str>> {
    match source {
        Source::Context(name) if name.starts_with("error.") => error_variable(name, refusal).into_iter().collect(),
        _ => source.values(exchange, None).unwrap_or_default(),
    }
}

/// `$context.error.{name}`, written as after `$context.`.
fn error_variable<'a>(name: &str, refusal: &'a Refusal) -> Option<Cow<'a, str>> {
    match name.strip_prefix("error.")? {
        "message" => Some(refusal.message().unwrap_or_default()),
        "messageString" => Some(Cow::Owned(message_string(refusal))),
        "responseType" => Some(Cow::Borrowed(refusal.response_type().as_str())),
        "validationErrorString" => Some(Cow::Borrowed(refusal.validation_errors().unwrap_or_default())),
        _ => None,
    }
}

/// A body in which variables are replaced and nothing else is understood: gateway responses know no VTL.
#[derive(Clone, Debug, PartialEq)]
struct Substitution(Vec<Part>);

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Variable(Source),
}

impl Substitution {
    fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            let after = from.get(1..).unwrap_or_default();
            let length = after
                .find(|character: char| !character.is_ascii_alphanumeric() && !"._-:".contains(character))
                .unwrap_or(after.len());
            let (name, tail) = after.split_at(length);
            // A full stop that ends a sentence is not part of the name.
            let name = name.trim_end_matches(['.', ':', '-']);
            if let Ok(source) = Source::parse_request(name) {
                parts.extend([Part::Text(std::mem::take(&mut plain)), Part::Variable(source)]);
                rest = after.get(name.len()..).unwrap_or_default();
            } else {
                plain.push('$');
                plain.push_str(after.split_at(length).0);
                rest = tail;
            }
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        parts.retain(|part| *part != Part::Text(String::new()));
        Self(parts)
    }

    fn render(&self, refusal: &Refusal, exchange: &Exchange<'_>) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Variable(source) => {
                    if let Some(value) = values(source, refusal, exchange).first() {
                        out.push_str(value);
                    }
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use claviger_resources::{AccountId, Region, RestApiId, Tenant};

    use super::*;
    use crate::exchange::tests::with;
    use crate::refusal::PolicyDenial;

    fn customised(
        kind: &str,
        status: Option<&str>,
        headers: &[(&str, &str)],
        templates: &[(&str, &str)],
    ) -> GatewayResponse {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        GatewayResponse {
            rest_api_id: RestApiId::parse("a1b2c3d4e5").unwrap(),
            tenant: Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() },
            response_type: GatewayResponseType::parse(kind).unwrap(),
            status_code: status.map(str::to_owned),
            response_parameters: map(headers),
            response_templates: map(templates),
        }
    }

    #[test]
    fn default_bodies_match_byte_for_byte() {
        let check = |refusal: Refusal, expected: &str| assert_eq!(plain_reply(&refusal).body, expected, "{refusal}");
        check(Refusal::MissingAuthenticationToken, r#"{"message":"Missing Authentication Token"}"#);
        check(Refusal::Unauthorized("x".into()), r#"{"message":"Unauthorized"}"#);
        check(Refusal::TokenExpired, r#"{"message":"The incoming token has expired"}"#);
        check(Refusal::Forbidden, r#"{"message":"Forbidden"}"#);
        check(Refusal::InvalidApiKey("x"), r#"{"message":"Forbidden"}"#);
        check(
            Refusal::AccessDenied { explicit: false },
            r#"{"Message":"User is not authorized to access this resource"}"#,
        );
        check(
            Refusal::AccessDenied { explicit: true },
            r#"{"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}"#,
        );
        check(Refusal::NotAllowed("x".to_owned()), r#"{"Message":"User is not authorized to access this resource"}"#);
        check(Refusal::AuthorizerConfiguration("x".into()), r#"{"message":null}"#);
        check(Refusal::AuthorizerFailure("x".into()), r#"{"message":null}"#);
        check(Refusal::Throttled("stage"), r#"{"message":"Too Many Requests"}"#);
        check(Refusal::QuotaExceeded, r#"{"message":"Limit Exceeded"}"#);
        check(
            Refusal::MissingParameters(vec!["a".to_owned(), "b".to_owned()]),
            r#"{"message": "Missing required request parameters: [a, b]"}"#,
        );
        check(Refusal::InvalidBody("x".to_owned()), r#"{"message": "Invalid request body"}"#);
        check(Refusal::InvalidJsonBody, r#"{"message": "Invalid JSON in request body"}"#);
        check(Refusal::UnsupportedMediaType, r#"{"message": "Unsupported Media Type"}"#);
        check(Refusal::RequestTooLarge, r#"{"message":"Request Too Long"}"#);
        check(Refusal::configuration("x"), r#"{"message": "Internal server error"}"#);
        check(Refusal::InvalidEndpoint("x".to_owned()), r#"{"message": "Internal server error"}"#);
        let by_policy = |explicit: bool| {
            let arn = "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/prod/GET/a:b".to_owned();
            Refusal::PolicyDenied(PolicyDenial { explicit, by_role: false, user: "anonymous".to_owned(), arn }.into())
        };
        let message = "User: anonymous is not authorized to perform: execute-api:Invoke on resource: \
                       arn:aws:execute-api:us-east-1:********9012:a1b2c3d4e5/prod/GET/a:b";
        check(by_policy(false), &format!(r#"{{"Message":"{message}"}}"#));
        check(by_policy(true), &format!(r#"{{"Message":"{message} with an explicit deny"}}"#));
        check(Refusal::FunctionFailed("x".to_owned()), r#"{"message": "Internal server error"}"#);
        check(Refusal::MalformedAnswer("x".to_owned()), r#"{"message": "Internal server error"}"#);
        check(Refusal::FunctionUnavailable("x".to_owned()), r#"{"message": "Internal server error"}"#);
        check(Refusal::UriTooLong, r#"{"message":"Request-URI Too Long"}"#);
        check(Refusal::Network("x".to_owned()), r#"{"message": "Network error communicating with endpoint"}"#);
        check(Refusal::IntegrationTimeout { milliseconds: 1 }, r#"{"message": "Endpoint request timed out"}"#);
        let reply = plain_reply(&Refusal::Unauthorized("x".into()));
        assert_eq!((reply.body.len(), reply.error_type), (26, Some("UnauthorizedException")));
        assert_eq!(plain_reply(&Refusal::configuration("x")).body.len(), 36);
        assert_eq!(plain_reply(&Refusal::Network(String::new())).body.len(), 56);
    }

    #[test]
    fn customisations_are_substituted_not_rendered() {
        let template = "#set($x = 1){\"m\": $context.error.messageString, \"raw\": \"$context.error.message\", \
                        \"type\": \"$context.error.responseType\", \"stage\": \"$context.stage.\", \
                        \"color\": \"$stageVariables.color\", \"q\": \"$method.request.querystring.q\", \
                        \"none\": \"$context.nothing\", \"price\": \"$5 $\"}";
        let headers = [
            ("gatewayresponse.header.Access-Control-Allow-Origin", "'*'"),
            ("gatewayresponse.header.x-path", "method.request.path.id"),
            ("gatewayresponse.header.x-why", "context.error.responseType"),
            ("gatewayresponse.header.x-none", "method.request.header.none"),
        ];
        let one = customised("UNAUTHORIZED", Some("418"), &headers, &[("application/json", template)]);
        let responses = GatewayResponses::compile(&[one]).unwrap();
        with(&[("accept", "text/html")], Some("q=1"), b"", |exchange| {
            let reply = responses.reply(&Refusal::TokenExpired, exchange);
            assert_eq!(reply.status, 418);
            assert_eq!(
                reply.body,
                "#set($x = 1){\"m\": \"The incoming token has expired\", \"raw\": \"The incoming token has expired\", \
                 \"type\": \"UNAUTHORIZED\", \"stage\": \"prod.\", \"color\": \"blue\", \"q\": \"1\", \"none\": \"\", \
                 \"price\": \"$5 $\"}"
            );
            let headers: Vec<_> = reply.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
            assert_eq!(
                headers,
                [
                    "content-type: \"application/json\"",
                    "access-control-allow-origin: \"*\"",
                    "x-path: \"7\"",
                    "x-why: \"UNAUTHORIZED\"",
                ]
            );
            assert_eq!(reply.error_type, Some("UnauthorizedException"));
        });
    }

    #[test]
    fn types_without_a_customisation_of_their_own_inherit_their_family_s() {
        let responses = GatewayResponses::compile(&[
            customised("DEFAULT_4XX", Some("404"), &[("gatewayresponse.header.x", "'4'")], &[]),
            customised("DEFAULT_5XX", None, &[("gatewayresponse.header.x", "'5'")], &[("text/plain", "oh")]),
            customised("THROTTLED", None, &[], &[]),
        ])
        .unwrap();
        let check = |refusal: Refusal, status: u16, x: Option<&str>, body: &str, content_type: &str| {
            with(&[], None, b"", |exchange| {
                let reply = responses.reply(&refusal, exchange);
                assert_eq!(reply.status, status, "{refusal}");
                assert_eq!(reply.headers.get("x").map(|value| value.to_str().unwrap()), x, "{refusal}");
                assert_eq!(reply.body, body, "{refusal}");
                assert_eq!(reply.headers["content-type"], content_type);
            });
        };
        let json = "application/json";
        check(Refusal::Unauthorized("x".into()), 404, Some("4"), r#"{"message":"Unauthorized"}"#, json);
        check(Refusal::IncompleteSignature("y".into()), 404, Some("4"), r#"{"message":"y"}"#, json);
        check(Refusal::Throttled("stage"), 429, None, r#"{"message":"Too Many Requests"}"#, json);
        check(Refusal::configuration("x"), 500, Some("5"), "oh", "text/plain");
    }

    #[test]
    fn the_template_follows_what_the_client_accepts() {
        let templates = [("application/xml", "<m/>"), ("application/json", "{}"), ("text/html; charset=utf-8", "<p>")];
        let responses = GatewayResponses::compile(&[customised("UNAUTHORIZED", None, &[], &templates)]).unwrap();
        let check = |accept: &str, expected: &str| {
            with(&[("accept", accept)], None, b"", |exchange| {
                assert_eq!(responses.reply(&Refusal::TokenExpired, exchange).body, expected, "{accept}");
            });
        };
        check("application/xml", "<m/>");
        check("text/html, application/xml", "<p>");
        check("image/png", "{}");
        check("*/*", "{}");
    }

    #[test]
    fn mappings_that_cannot_be_read_are_refused() {
        let check = |destination: &str, source: &str| {
            let response = customised("UNAUTHORIZED", None, &[(destination, source)], &[]);
            assert!(GatewayResponses::compile(&[response]).is_err(), "{destination} {source}");
        };
        check("header.x", "'a'");
        check("gatewayresponse.header.a b", "'a'");
        check("gatewayresponse.header.x", "a");
    }
}
