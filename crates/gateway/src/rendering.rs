//! One request's rendering of templates. What the request template does to `$context` reaches the response template, so
//! the two share a scope; it is made when the first template runs that is more than constant text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::exchange::Exchange;
use crate::refusal::Refusal;
use crate::route::decode;
use crate::template::Template;
use crate::vtl;

/// The state that the templates of one exchange share.
pub struct Rendering<'a> {
    exchange: &'a Exchange<'a>,
    scope: Option<vtl::Scope<'a>>,
    limits: vtl::Limits,
}

/// What templates set under `$context.responseOverride`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResponseOverrides {
    /// An integer from 100 to 599; API Gateway ignores other values.
    pub status: Option<StatusCode>,
    /// Headers that win over mapped ones.
    pub headers: Vec<(HeaderName, Vec<HeaderValue>)>,
}

/// What templates set under `$context.requestOverride`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestOverrides {
    /// Headers that win over mapped ones.
    pub headers: Vec<(HeaderName, Vec<HeaderValue>)>,
    /// Query parameters that win over mapped ones, decoded.
    pub query: Vec<(String, String)>,
    /// Path variables that win over mapped ones, decoded.
    pub path: Vec<(String, String)>,
}

impl<'a> Rendering<'a> {
    /// A rendering in which no template has run.
    pub fn new(exchange: &'a Exchange<'a>) -> Self {
        Self { exchange, scope: None, limits: vtl::Limits::default() }
    }

    /// The exchange that is rendered.
    pub fn exchange(&self) -> &'a Exchange<'a> {
        self.exchange
    }

    /// Renders a template of the integration request over the client's body.
    pub fn request(&mut self, template: &Template) -> Result<Bytes, Refusal> {
        self.render(template, self.exchange.request.body).map_err(|error| match error.kind {
            vtl::RenderErrorKind::BodyNotJson { reason } => Refusal::UnparsableBody(reason),
            _ => Refusal::configuration(format!("Unable to transform request: {error}")),
        })
    }

    /// Renders a template of the integration response over the backend's body.
    pub fn response(&mut self, template: &Template, body: &'a [u8]) -> Result<Bytes, Refusal> {
        self.render(template, body)
            .map_err(|error| Refusal::configuration(format!("Unable to transform response: {error}")))
    }

    fn render(&mut self, template: &Template, body: &'a [u8]) -> Result<Bytes, vtl::RenderError> {
        let program = match template {
            Template::Constant(text) => return Ok(text.clone()),
            Template::Program(program) => program,
        };
        let scope = self.scope.get_or_insert_with(|| vtl::Scope::new(self.exchange, body));
        scope.set_body(body);
        program.render(scope, &self.limits).map(Bytes::from)
    }

    /// What the templates that ran set on the request.
    pub fn request_overrides(&mut self) -> Result<RequestOverrides, Refusal> {
        let overrides = self.overrides()?.request;
        let several =
            |(name, values): (String, Vec<String>)| values.into_iter().map(move |value| (name.clone(), value));
        Ok(RequestOverrides {
            headers: headers(overrides.header),
            query: overrides.querystring.into_iter().flat_map(several).collect(),
            path: overrides.path,
        })
    }

    /// What the templates that ran set on the response.
    pub fn response_overrides(&mut self) -> Result<ResponseOverrides, Refusal> {
        let overrides = self.overrides()?.response;
        let status = overrides.status.and_then(|status| StatusCode::from_u16(status).ok());
        Ok(ResponseOverrides { status, headers: headers(overrides.header) })
    }

    fn overrides(&mut self) -> Result<vtl::Overrides, Refusal> {
        let overrides = self.scope.as_mut().map(vtl::Scope::overrides).transpose();
        overrides.map(Option::unwrap_or_default).map_err(|error| Refusal::configuration(error.to_string()))
    }
}

/// Headers by name; names and values that no header may have are left out.
fn headers(named: Vec<(String, Vec<String>)>) -> Vec<(HeaderName, Vec<HeaderValue>)> {
    let header = |(name, values): (String, Vec<String>)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, values.iter().filter_map(|value| HeaderValue::from_str(value).ok()).collect()))
    };
    named.into_iter().filter_map(header).collect()
}

impl vtl::Call for Exchange<'_> {
    fn path_parameters(&self) -> vtl::Pairs<'_> {
        let parameters = self.request.path_parameters.iter();
        parameters.map(|(name, value)| (Cow::Borrowed(*name), decode(value))).collect()
    }

    fn query_parameters(&self) -> vtl::Pairs<'_> {
        self.request.query_parameters().collect()
    }

    fn headers(&self) -> vtl::Pairs<'_> {
        let names_have_capitals = self.context.protocol.starts_with("HTTP/1");
        let written = |(name, value): (&'_ HeaderName, Cow<'_, str>)| {
            let name = if names_have_capitals { with_capitals(name.as_str()) } else { name.as_str().to_owned() };
            (Cow::Owned(name), Cow::Owned(value.into_owned()))
        };
        self.request.visible_headers().map(written).collect()
    }

    fn context(&self) -> serde_json::Map<String, serde_json::Value> {
        self.context.to_map()
    }

    fn stage_variables(&self) -> Option<&BTreeMap<String, String>> {
        Some(self.stage_variables)
    }
}

/// A header's name as clients write it over HTTP/1.1. How this client wrote it is not known: names are read without
/// regard to case.
pub(crate) fn with_capitals(name: &str) -> String {
    let mut start = true;
    let capital = |character: char| {
        let written = if start { character.to_ascii_uppercase() } else { character };
        start = character == '-';
        written
    };
    name.chars().map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::tests::with;

    fn template(text: &str) -> Template {
        Template::compile(text).unwrap()
    }

    #[test]
    fn templates_see_the_exchange() {
        let check = |text: &str, expected: &str| {
            with(&[("accept-language", "en"), ("connection", "close")], Some("q=1&q=2"), br#"{"a":[1]}"#, |exchange| {
                let rendered = Rendering::new(exchange).request(&template(text)).unwrap();
                assert_eq!(rendered, expected, "{text}");
            });
        };
        check("constant", "constant");
        check("$input.json('$.a')", "[1]");
        check("$input.params('id') $input.params('q') $input.params('accept-language')", "7 2 en");
        check("#foreach($name in $input.params().header.keySet())$name#end", "Accept-Language");
        check("$context.stage $context.identity.sourceIp $stageVariables.color", "prod 192.0.2.10 blue");
    }

    #[test]
    fn what_a_request_template_sets_reaches_the_response_template() {
        with(&[], None, b"{}", |exchange| {
            let mut rendering = Rendering::new(exchange);
            let request = template(
                "#set($context.requestOverride.header.X-A = \"1\")#set($context.requestOverride.path.id = \"a/b\")\
                 #set($context.requestOverride.querystring.q = [\"1\", \"2\"])#set($context.responseOverride.status = 201)\
                 #set($context.responseOverride.note = \"kept\")",
            );
            assert_eq!(rendering.request(&request).unwrap(), "");
            let overrides = rendering.request_overrides().unwrap();
            assert_eq!(overrides.headers, [(HeaderName::from_static("x-a"), vec![HeaderValue::from_static("1")])]);
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            assert_eq!(overrides.query, [pair("q", "1"), pair("q", "2")]);
            assert_eq!(overrides.path, [pair("id", "a/b")]);
            let response = template(
                "$context.responseOverride.note $input.body#set($context.responseOverride.header.X-B = \"2\")",
            );
            assert_eq!(rendering.response(&response, b"body").unwrap(), "kept body");
            let overrides = rendering.response_overrides().unwrap();
            assert_eq!(overrides.status, Some(StatusCode::CREATED));
            assert_eq!(overrides.headers, [(HeaderName::from_static("x-b"), vec![HeaderValue::from_static("2")])]);
        });
    }

    #[test]
    fn nothing_is_overridden_where_no_template_ran() {
        with(&[], None, b"", |exchange| {
            let mut rendering = Rendering::new(exchange);
            assert_eq!(rendering.request_overrides(), Ok(RequestOverrides::default()));
            assert_eq!(rendering.response_overrides(), Ok(ResponseOverrides::default()));
        });
    }

    #[test]
    fn failures_are_the_client_s_or_the_api_s() {
        let refusal = |side: &str, text: &str| {
            with(&[], None, b"<p>", |exchange| {
                let mut rendering = Rendering::new(exchange);
                let template = template(text);
                let outcome = if side == "request" {
                    rendering.request(&template)
                } else {
                    rendering.response(&template, b"<p>")
                };
                outcome.unwrap_err()
            })
        };
        assert_eq!(refusal("request", "$input.json('$.a')").status(), 400);
        assert_eq!(refusal("response", "$input.json('$.a')").status(), 500);
        assert_eq!(refusal("request", "$input.path('$[')").status(), 400);
    }
}
