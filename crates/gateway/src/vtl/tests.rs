//! Tables of templates and what they render.

mod corpus;
mod expressions;
mod generated;
mod host;
mod limits;
mod methods;
mod observed;
mod overrides;
mod text;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::json;

use super::*;

/// The call over which tables render.
const BODY: &str = r#"{
    "name": "Ada", "age": 36, "score": 1.5, "admin": true, "banned": false, "nothing": null, "empty": "",
    "tags": ["x", "y"], "address": {"city": "London", "lines": [{"no": 1}, {"no": 2}]}, "quote": "it's \"so\"",
    "list": [3, 1, 2], "nested": [[1, 2], [3]]
}"#;

/// The call itself.
struct ExampleCall {
    stage_variables: BTreeMap<String, String>,
}

impl ExampleCall {
    fn new() -> Self {
        Self { stage_variables: BTreeMap::from([("colour".to_owned(), "blue".to_owned())]) }
    }
}

impl Call for ExampleCall {
    fn path_parameters(&self) -> Pairs<'_> {
        pairs(&[("id", "42"), ("both", "path")])
    }

    fn query_parameters(&self) -> Pairs<'_> {
        pairs(&[("page", "1"), ("page", "2"), ("both", "query"), ("q", "a b")])
    }

    fn headers(&self) -> Pairs<'_> {
        pairs(&[("X-Thing", "h"), ("both", "header"), ("Accept", "text/html")])
    }

    fn context(&self) -> serde_json::Map<String, serde_json::Value> {
        let context = json!({
            "requestId": "r-1",
            "stage": "prod",
            "identity": {"sourceIp": "10.0.0.1", "userAgent": null},
            "authorizer": {"claims": {"scope": "a/b c/d", "client_id": "c1"}, "principalId": "p"},
        });
        context.as_object().cloned().unwrap_or_default()
    }

    fn stage_variables(&self) -> Option<&BTreeMap<String, String>> {
        Some(&self.stage_variables)
    }
}

fn pairs(pairs: &[(&'static str, &'static str)]) -> Pairs<'static> {
    pairs.iter().map(|(name, value)| (Cow::from(*name), Cow::from(*value))).collect()
}

fn render_with(template: &str, body: &str, limits: &Limits) -> Result<String, RenderError> {
    let call = ExampleCall::new();
    let mut scope = Scope::new(&call, body.as_bytes());
    Template::parse(template).unwrap_or_else(|error| panic!("{template}: {error}")).render(&mut scope, limits)
}

#[track_caller]
fn check(template: &str, expected: &str) {
    match render_with(template, BODY, &Limits::default()) {
        Ok(rendered) => assert_eq!(rendered, expected, "{template}"),
        Err(error) => panic!("{template}: {error}"),
    }
}

#[track_caller]
fn check_parse_error(template: &str, line: u32, column: u32, expected: &str) {
    let error = Template::parse(template).expect_err(template);
    assert_eq!((error.line, error.column), (line, column), "{template}: {error}");
    assert!(error.expected.contains(expected), "{template}: {error}");
}

#[track_caller]
fn check_render_error(template: &str, line: u32, column: u32, contains: &str) {
    let error = render_with(template, BODY, &Limits::default()).expect_err(template);
    assert_eq!((error.line, error.column), (line, column), "{template}: {error}");
    assert!(error.to_string().contains(contains), "{template}: {error}");
}
