//! `MOCK` integrations: the gateway answers by itself, from its templates (API Gateway, "Set up mock integrations").
//!
//! The request template says which status the imagined backend answered; that status selects the integration response.
//! Where the request template is constant, all of that is decided when the API is compiled.

use claviger_resources::rest_api::{Integration, Method, PassthroughBehavior};
use http::HeaderMap;

use crate::content_handling::BinaryMediaTypes;
use crate::exchange::Exchange;
use crate::integration_response::IntegrationResponses;
use crate::mapping::BackendAnswer;
use crate::refusal::Refusal;
use crate::rendering::Rendering;
use crate::response::Reply;
use crate::template::{Template, Templates};

/// A compiled `MOCK` integration.
#[derive(Clone, Debug)]
pub struct Mock {
    /// The request templates, with what the constant ones select.
    requests: Templates<Request>,
    passthrough: PassthroughBehavior,
    responses: IntegrationResponses,
}

#[derive(Clone, Debug)]
enum Request {
    /// Decided when the API was compiled: the place of the response, or why there is none.
    Decided(Result<usize, Refusal>),
    /// Decided for each request.
    Rendered(Template),
}

impl Mock {
    /// Compiles the integration of a method; the error says what is wrong with which part.
    pub fn compile(
        method: &Method,
        integration: &Integration,
        binary_media_types: &BinaryMediaTypes,
    ) -> Result<Self, String> {
        let responses = IntegrationResponses::compile(method, binary_media_types)?;
        let templates =
            Templates::compile(integration.request_templates.as_ref()).map_err(|error| format!("request {error}"))?;
        let requests = templates.map(|template| match template.constant() {
            Some(text) => Request::Decided(select(&responses, text)),
            None => Request::Rendered(template),
        });
        Ok(Self { requests, passthrough: integration.passthrough_behavior, responses })
    }

    /// The answer to a request.
    pub fn reply(&self, exchange: &Exchange<'_>) -> Result<Reply, Refusal> {
        let no_headers = HeaderMap::new();
        let mut rendering = Rendering::new(exchange);
        let place = match self.requests.for_request(exchange.request.content_type()) {
            Some(Request::Decided(decided)) => decided.clone()?,
            Some(Request::Rendered(template)) => {
                let rendered = rendering.request(template)?;
                select(&self.responses, &rendered)?
            }
            None => {
                self.requests.pass_through(self.passthrough)?;
                select(&self.responses, exchange.request.body)?
            }
        };
        let Some(response) = self.responses.response(place) else {
            return Err(Refusal::configuration("the selected integration response does not exist"));
        };
        response.reply(&mut rendering, BackendAnswer { headers: &no_headers, body: b"" })
    }
}

fn select(responses: &IntegrationResponses, request: &[u8]) -> Result<usize, Refusal> {
    let status = std::str::from_utf8(request).ok().and_then(status_code).ok_or_else(|| {
        Refusal::configuration(
            "Unable to parse statusCode. It should be an integer that is defined in the request template.",
        )
    })?;
    responses.select(&status.to_string())
}

/// The `statusCode` member of what a request template rendered. API Gateway does not insist on JSON here: keys may stand
/// in single quotes or in none, and what follows the member is not looked at as long as the braces enclose it; but the
/// value must be an integer, not a string (observed; no page documents it).
fn status_code(text: &str) -> Option<i64> {
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n', ',']);
        let (key, after) = key(rest)?;
        let value = after.trim_start().strip_prefix(':')?.trim_start();
        if key == "statusCode" {
            return integer(value);
        }
        rest = after_value(value)?;
    }
}

/// A key with its quotes taken off, and what follows it.
fn key(text: &str) -> Option<(&str, &str)> {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote);
        }
    }
    let end = text.find(|character: char| character == ':' || character.is_whitespace())?;
    let (key, after) = text.split_at(end);
    (!key.is_empty() && !key.contains(['"', '\''])).then_some((key, after))
}

fn integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let end = digits.find(|character: char| !character.is_ascii_digit()).unwrap_or(digits.len());
    let (_, after) = digits.split_at(end);
    let (number, _) = text.split_at(text.len() - after.len());
    let ends = after.chars().next().is_none_or(|next| next == ',' || next == '}' || next.is_whitespace());
    if ends { number.parse().ok() } else { None }
}

/// What follows the comma that ends a value, whatever the value is made of.
fn after_value(text: &str) -> Option<&str> {
    let (mut depth, mut quote, mut escaped) = (0_u32, None, false);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => depth = depth.checked_sub(1)?,
            (None, ',') if depth == 0 => return text.get(at + 1..),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::exchange::tests::with;

    fn mock(integration: Value, responses: &[&str]) -> Result<Mock, String> {
        let mut integration = integration;
        integration["type"] = "MOCK".into();
        integration["cacheNamespace"] = "x".into();
        let responses: serde_json::Map<_, _> =
            responses.iter().map(|code| ((*code).to_owned(), json!({ "statusCode": code }))).collect();
        let method = json!({ "httpMethod": "GET", "methodIntegration": integration, "methodResponses": responses });
        let method: Method = serde_json::from_value(method).unwrap();
        Mock::compile(&method, method.method_integration.as_ref().unwrap(), &BinaryMediaTypes::default())
    }

    fn answer(mock: &Mock, headers: &[(&'static str, &str)], body: &str) -> String {
        with(headers, None, body.as_bytes(), |exchange| match mock.reply(exchange) {
            Err(refusal) => format!("{} {refusal}", refusal.status()),
            Ok(reply) => {
                let headers: Vec<_> =
                    reply.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
                format!("{} [{}] {}", reply.status.as_u16(), headers.join(", "), String::from_utf8_lossy(&reply.body))
            }
        })
    }

    #[test]
    fn reads_status_codes_leniently() {
        let check = |text: &str, expected: Option<i64>| assert_eq!(status_code(text), expected, "{text}");
        check(r#"{"statusCode": 200}"#, Some(200));
        check("{\n    \"statusCode\":  200\n}", Some(200));
        check("{ 'statusCode': 200 }", Some(200));
        check("{statusCode: 200}", Some(200));
        check("{ statusCode : 200 }", Some(200));
        check(r#"{"statusCode":200,}"#, Some(200));
        check(r#"{"statusCode":200, "a": {"b": [1, 2}"#, Some(200));
        check(r#"{"statusCode":200 , junk }}"#, Some(200));
        check(r#"{"a": {"statusCode": 1, "b": "},{"}, "c": [1, {}], 'd': "\"", statusCode: 404}"#, Some(404));
        check(r#"{"statusCode": 0}"#, Some(0));
        check(r#"{"statusCode": -1}"#, Some(-1));
        check(r#"{"statusCode": 200}}"#, Some(200));
        check(r#"{"statusCode": "200"}"#, None);
        check(r#"{"statusCode": 200.5}"#, None);
        check(r#"{"statusCode": 200x}"#, None);
        check(r#"{"statusCode": }"#, None);
        check(r#"{"statusCode': 200}"#, None);
        check(r#"{statusCode": 200}"#, None);
        check(r#""statusCode": 200"#, None);
        check(r#"{"statusCode": 200"#, None);
        check(r#""statusCode": 200}"#, None);
        check(r#"{"status": 200}"#, None);
        check(r#"{"statusCode": 99999999999999999999}"#, None);
        check("{}", None);
        check("", None);
        check("null", None);
    }

    #[test]
    fn answers_the_cors_preflight_that_deploy_tools_generate() {
        let integration = json!({
            "requestTemplates": { "application/json": "{ statusCode: 200 }" },
            "integrationResponses": { "204": { "statusCode": "204", "responseParameters": {
                "method.response.header.Access-Control-Allow-Headers": "'Content-Type,Authorization'",
                "method.response.header.Access-Control-Allow-Origin": "'*'" } } },
        });
        let mock = mock(integration, &["204"]).unwrap();
        assert_eq!(
            answer(&mock, &[("origin", "https://a")], ""),
            "204 [content-type: application/json, access-control-allow-headers: Content-Type,Authorization, \
             access-control-allow-origin: *] "
        );
    }

    #[test]
    fn the_status_selects_the_response_by_whole_match() {
        let integration = |status: &str| {
            json!({
                "requestTemplates": { "application/json": format!("{{\"statusCode\": {status}}}") },
                "integrationResponses": {
                    "200": { "statusCode": "200", "responseTemplates": { "application/json": "fine" } },
                    "400": { "statusCode": "400", "selectionPattern": "4\\d{2}", "responseTemplates": { "text/html": "bad" } },
                    "404": { "statusCode": "404", "selectionPattern": "404" },
                    "500": { "statusCode": "500", "selectionPattern": "5" },
                },
            })
        };
        let check = |status: &str, expected: &str| {
            let mock = mock(integration(status), &["200", "400", "404", "500"]).unwrap();
            assert_eq!(answer(&mock, &[], "ignored"), expected, "{status}");
        };
        check("200", "200 [content-type: application/json] fine");
        check("404", "400 [content-type: application/json] bad");
        check("500", "200 [content-type: application/json] fine");
        check("5", "500 [content-type: application/json] ");
        check("-7", "200 [content-type: application/json] fine");
    }

    #[test]
    fn refuses_when_nothing_matches_or_the_method_declares_no_such_response() {
        let check = |integration: Value, expected: &str| {
            let mock = mock(integration, &["200"]).unwrap();
            assert_eq!(answer(&mock, &[], ""), expected);
        };
        let reason = "500 Execution failed due to configuration error: ";
        let template = json!({ "application/json": "{\"statusCode\": 200}" });
        check(
            json!({ "requestTemplates": template, "integrationResponses": {} }),
            &format!(
                "{reason}No match for output mapping and no default output mapping configured. \
                 Endpoint Response Status Code: 200"
            ),
        );
        check(
            json!({ "requestTemplates": template, "integrationResponses": { "201": { "statusCode": "201" } } }),
            &format!("{reason}Output mapping refers to an invalid method response: 201"),
        );
        check(
            json!({ "requestTemplates": { "application/json": "hello" }, "integrationResponses": { "200": { "statusCode": "200" } } }),
            &format!(
                "{reason}Unable to parse statusCode. It should be an integer that is defined in the request template."
            ),
        );
    }

    #[test]
    fn requests_without_a_template_pass_or_get_415() {
        let integration = |behavior: &str, templates: &[&str]| {
            let templates: serde_json::Map<_, _> =
                templates.iter().map(|kind| ((*kind).to_owned(), r#"{"statusCode": 200}"#.into())).collect();
            json!({ "passthroughBehavior": behavior, "requestTemplates": templates,
                "integrationResponses": { "200": { "statusCode": "200" } } })
        };
        let ok = "200 [content-type: application/json] ";
        let unsupported = format!("415 {}", Refusal::UnsupportedMediaType);
        let unparsable = "500 Execution failed due to configuration error: Unable to parse statusCode. \
                          It should be an integer that is defined in the request template.";
        let check = |behavior: &str, templates: &[&str], content_type: &str, body: &str, expected: &str| {
            let mock = mock(integration(behavior, templates), &["200"]).unwrap();
            let headers: &[_] = if content_type.is_empty() { &[] } else { &[("content-type", content_type)] };
            assert_eq!(answer(&mock, headers, body), expected, "{behavior} {templates:?} {content_type} {body}");
        };
        let json = &["application/json"][..];
        check("WHEN_NO_MATCH", json, "", "", ok);
        check("WHEN_NO_MATCH", json, "application/json; charset=utf-8", "", ok);
        check("WHEN_NO_MATCH", json, "text/plain", "", unparsable);
        check("WHEN_NO_MATCH", json, "text/plain", "{statusCode: 500}", ok);
        check("WHEN_NO_MATCH", &[], "", "", unparsable);
        check("WHEN_NO_TEMPLATES", json, "text/plain", "{statusCode: 200}", &unsupported);
        check("WHEN_NO_TEMPLATES", &[], "text/plain", "{statusCode: 200}", ok);
        check("NEVER", json, "text/plain", "{statusCode: 200}", &unsupported);
        check("NEVER", &[], "text/plain", "{statusCode: 200}", &unsupported);
        check("NEVER", json, "application/json", "", ok);
        check("NEVER", &["$default"], "text/plain", "", ok);
    }

    #[test]
    fn mapped_headers_replace_the_content_type() {
        let integration = json!({
            "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
            "integrationResponses": { "200": { "statusCode": "200",
                "responseParameters": { "method.response.header.Content-Type": "'text/html'",
                    "method.response.header.x-stage": "context.stage", "method.response.header.x-none": "context.none",
                    "method.response.header.x-color": "stageVariables.color" },
                "responseTemplates": { "text/html": " \n<p>\n ", "application/json": "{}" } } },
        });
        let mock = mock(integration, &["200"]).unwrap();
        let headers = "[content-type: text/html, x-color: blue, x-stage: prod]";
        assert_eq!(answer(&mock, &[("accept", "text/html")], ""), format!("200 {headers} <p>"));
        assert_eq!(answer(&mock, &[("accept", "image/*, text/html")], ""), format!("200 {headers} {{}}"));
    }

    #[test]
    fn templates_choose_render_and_override() {
        let integration = json!({
            "requestTemplates": { "application/json": "#set($code = $input.path('$.code'))\n{\"statusCode\": $code}\
                #if($code == 202)#set($context.requestOverride.header.note = \"from the request\")\
                #set($context.responseOverride.status = 299)#end" },
            "integrationResponses": {
                "200": { "statusCode": "200", "responseTemplates": { "application/json":
                    "{\"id\": \"$input.params('id')\", \"body\": $input.body, \"stage\": \"$context.stage\"}" } },
                "202": { "statusCode": "202", "selectionPattern": "202",
                    "responseParameters": { "method.response.header.x-a": "'mapped'" },
                    "responseTemplates": { "application/json": "$context.requestOverride.header.note\
                        #set($context.responseOverride.header.x-a = \"overridden\")\
                        #set($context.responseOverride.header.content-type = \"text/plain\")" } },
            },
        });
        let mock = mock(integration, &["200", "202"]).unwrap();
        let check = |body: &str, expected: &str| assert_eq!(answer(&mock, &[], body), expected);
        check(r#"{"code": 200}"#, r#"200 [content-type: application/json] {"id": "7", "body": {}, "stage": "prod"}"#);
        check(r#"{"code": 202}"#, "299 [content-type: text/plain, x-a: overridden] from the request");
        check(
            r#"{"code": "x"}"#,
            "500 Execution failed due to configuration error: Unable to parse statusCode. \
             It should be an integer that is defined in the request template.",
        );
        assert!(answer(&mock, &[], "{").starts_with("400 "));
    }

    #[test]
    fn says_which_part_does_not_compile() {
        let check = |integration: Value, expected: &str| {
            let error = mock(integration, &[]).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        };
        let response = |response: Value| json!({ "integrationResponses": { "200": response } });
        check(response(json!({ "statusCode": "2x" })), "integration response 200: \"2x\" is no status");
        check(
            response(json!({ "statusCode": "200", "selectionPattern": "(" })),
            "integration response 200: \"(\": the regular expression is not supported: ",
        );
        check(
            json!({ "requestTemplates": { "text/plain": "#if(" } }),
            "request template for text/plain: line 1, column 5: expected",
        );
        check(
            response(json!({ "statusCode": "200", "responseParameters": { "method.response.header.x": "y" } })),
            "integration response 200: Invalid mapping expression specified",
        );
    }

    proptest! {
        #[test]
        fn status_codes_never_panic(text in "\\{?[\"'{}\\[\\]a-c:, \\\\statusCode0-9é-]{0,60}\\}?") {
            let _ = status_code(&text);
        }
    }
}
