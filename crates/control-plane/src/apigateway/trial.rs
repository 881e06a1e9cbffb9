//! Trying out what an API is made of, as it is now and deployed or not: `TestInvokeMethod`, `TestInvokeAuthorizer`.
//!
//! Traffic's own steps do it, which a node lends ([`Trials`]): nothing of it happens within a transaction.

use std::collections::BTreeMap;

use bytes::Bytes;
use claviger_resources::rest_api::{Authorizer, MethodVerb, Resource, RestApi, RestApiDefinition};
use claviger_runtime::trials::{AuthorizerTrial, MethodOutcome, MethodTrial, NotTried, TrialRequest};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::{authorizer, client_certificate, method, resource, rest_api};
use crate::operation::{Access, Caller, Context, Procedure, Step, perform};
use crate::services::Services;

/// Sends a request that nobody sent through a method.
pub struct TestInvokeMethod;
/// Asks an authorizer about a request that nobody sent.
pub struct TestInvokeAuthorizer;

/// The members of `TestInvokeMethod`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestInvokeMethodInput {
    rest_api_id: String,
    resource_id: String,
    http_method: String,
    client_certificate_id: Option<String>,
    #[serde(flatten)]
    request: RequestInput,
}

/// The members of `TestInvokeAuthorizer`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestInvokeAuthorizerInput {
    rest_api_id: String,
    authorizer_id: String,
    #[serde(default)]
    additional_context: BTreeMap<String, String>,
    #[serde(flatten)]
    request: RequestInput,
}

/// The request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestInput {
    path_with_query_string: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    multi_value_headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    body: String,
    #[serde(default)]
    stage_variables: BTreeMap<String, String>,
}

/// What `TestInvokeMethod` answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestInvokeMethodOutput {
    status: u16,
    body: String,
    headers: BTreeMap<String, String>,
    multi_value_headers: BTreeMap<String, Vec<String>>,
    log: String,
    latency: u64,
}

/// What `TestInvokeAuthorizer` answers.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TestInvokeAuthorizerOutput {
    /// The status of a client who would be turned away, else 0.
    client_status: u16,
    log: String,
    latency: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization: Option<BTreeMap<String, Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<BTreeMap<String, String>>,
}

impl Procedure for TestInvokeMethod {
    const NAME: &'static str = "TestInvokeMethod";
    const ACCESS: Access = Access::Write;
    type Input = TestInvokeMethodInput;
    type Output = TestInvokeMethodOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        let found = perform(services, &caller.tenant(), &FindMethod(&input)).await?;
        let FoundMethod { definition, resource, method, verb } = found;
        let request = input.request.read(&resource.path, BTreeMap::new())?;
        let trial = MethodTrial { definition, resource: resource.id, method, verb, request };
        Ok(TestInvokeMethodOutput::new(services.trials.method(trial).await?))
    }
}

impl TestInvokeMethodOutput {
    fn new(outcome: MethodOutcome) -> Self {
        let mut multi_value_headers = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in &outcome.headers {
            multi_value_headers.entry(name.clone()).or_default().push(value.clone());
        }
        Self {
            status: outcome.status.as_u16(),
            // The member is a text, whatever the body is.
            body: String::from_utf8_lossy(&outcome.body).into_owned(),
            headers: outcome.headers.into_iter().collect(),
            multi_value_headers,
            log: outcome.log,
            latency: outcome.latency_milliseconds,
        }
    }
}

/// Finds the method that is meant, with the API as it is now.
struct FindMethod<'a>(&'a TestInvokeMethodInput);

struct FoundMethod {
    definition: RestApiDefinition,
    resource: Resource,
    method: MethodVerb,
    verb: MethodVerb,
}

impl Step for FindMethod<'_> {
    const ACCESS: Access = Access::Read;
    type Output = FoundMethod;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let input = self.0;
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let resource = resource::find(cx, &api, &input.resource_id).await?.record;
        let verb = MethodVerb::parse(&input.http_method).ok_or_else(method::no_such_method)?;
        // As for traffic, `ANY` answers verbs without a method of their own.
        let method = if resource.methods.contains_key(&verb) { verb } else { MethodVerb::Any };
        method::of(&resource, method)?;
        if let Some(id) = input.client_certificate_id.as_deref().filter(|id| !id.is_empty()) {
            client_certificate::find(cx, id).await?;
        }
        Ok(FoundMethod { definition: rest_api::definition(cx, &api).await?, resource, method, verb })
    }
}

impl Procedure for TestInvokeAuthorizer {
    const NAME: &'static str = "TestInvokeAuthorizer";
    const ACCESS: Access = Access::Write;
    type Input = TestInvokeAuthorizerInput;
    type Output = TestInvokeAuthorizerOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, mut input: Self::Input) -> Result<Self::Output, Error> {
        let (api, authorizer) = perform(services, &caller.tenant(), &FindAuthorizer(&input)).await?;
        let context = std::mem::take(&mut input.additional_context);
        let request = input.request.read("/", context)?;
        let outcome = services.trials.authorizer(AuthorizerTrial { api, authorizer, request }).await?;
        let lists = |(name, value): (String, String)| (name, vec![value]);
        let authorization: BTreeMap<_, _> = outcome.context.into_iter().map(lists).collect();
        Ok(TestInvokeAuthorizerOutput {
            client_status: outcome.client_status.map_or(0, |status| status.as_u16()),
            log: outcome.log,
            latency: outcome.latency_milliseconds,
            principal_id: outcome.principal_id,
            policy: outcome.policy,
            authorization: Some(authorization).filter(|lists| !lists.is_empty()),
            claims: outcome.claims,
        })
    }
}

/// Finds the authorizer that is meant.
struct FindAuthorizer<'a>(&'a TestInvokeAuthorizerInput);

impl Step for FindAuthorizer<'_> {
    const ACCESS: Access = Access::Read;
    type Output = (RestApi, Authorizer);
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &self.0.rest_api_id).await?;
        let authorizer = authorizer::find(cx, &self.0.rest_api_id, &self.0.authorizer_id).await?;
        Ok((api.record, authorizer.record))
    }
}

impl RequestInput {
    /// The request, whose path is this one when it names none.
    fn read(self, default_path: &str, context: BTreeMap<String, String>) -> Result<TrialRequest, Error> {
        let path = self.path_with_query_string.as_deref().filter(|path| !path.is_empty()).unwrap_or(default_path);
        Ok(TrialRequest {
            target: target(path)?,
            headers: headers(&self.headers, &self.multi_value_headers)?,
            body: Bytes::from(self.body),
            stage_variables: self.stage_variables,
            context,
        })
    }
}

/// A path with its query; a slash before it may be left out.
fn target(text: &str) -> Result<Uri, Error> {
    let path = format!("/{}", text.strip_prefix('/').unwrap_or(text));
    let parsed: Option<Uri> = path.parse().ok();
    // Two slashes would begin a host's name.
    let parsed = parsed.filter(|uri| uri.authority().is_none() && path.starts_with(uri.path()));
    parsed.ok_or_else(|| Error::bad(format!("Invalid path with query string specified: {text}")))
}

/// The headers of both maps. One that both have has the values of the map for several.
fn headers(single: &BTreeMap<String, String>, several: &BTreeMap<String, Vec<String>>) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    let mut add = |name: &str, values: &mut dyn Iterator<Item = &String>| {
        let invalid = || Error::bad(format!("Invalid header specified: {name}"));
        let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
        if headers.contains_key(&parsed) {
            return Ok(());
        }
        for value in values {
            headers.append(parsed.clone(), HeaderValue::from_str(value).map_err(|_| invalid())?);
        }
        Ok::<_, Error>(())
    };
    for (name, values) in several {
        add(name, &mut values.iter())?;
    }
    for (name, value) in single {
        add(name, &mut std::iter::once(value))?;
    }
    Ok(headers)
}

impl From<NotTried> for Error {
    fn from(not_tried: NotTried) -> Self {
        match not_tried {
            NotTried::Method(_) | NotTried::Authorizer(_) => Self::BadRequest(not_tried.to_string()),
            NotTried::Busy => Self::Busy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apigateway::output_shapes::OUTPUTS;

    #[test]
    fn outputs_have_the_members_of_aws() {
        let method = TestInvokeMethodOutput::new(MethodOutcome {
            status: http::StatusCode::OK,
            headers: [("A", "1"), ("B", "2"), ("A", "3")].map(|(name, value)| (name.into(), value.into())).into(),
            body: Bytes::from_static(b"\xff"),
            log: String::new(),
            latency_milliseconds: 7,
        });
        let method = serde_json::to_value(method).unwrap();
        assert_eq!(method["headers"], serde_json::json!({ "A": "3", "B": "2" }));
        assert_eq!(method["multiValueHeaders"], serde_json::json!({ "A": ["1", "3"], "B": ["2"] }));
        assert_eq!(method["body"], "\u{fffd}");
        let authorizer = serde_json::to_value(TestInvokeAuthorizerOutput {
            client_status: 0,
            log: String::new(),
            latency: 7,
            principal_id: Some(String::new()),
            policy: Some(String::new()),
            authorization: Some(BTreeMap::new()),
            claims: Some(BTreeMap::new()),
        });
        for (operation, output) in [("TestInvokeMethod", method), ("TestInvokeAuthorizer", authorizer.unwrap())] {
            let (_, shape) = OUTPUTS.iter().find(|(name, _)| *name == operation).unwrap();
            let claviger_aws_protocol::shape::Kind::Structure(members) = shape.unwrap().kind else {
                panic!("{operation}")
            };
            let known: std::collections::BTreeSet<_> = members.iter().map(|member| member.name).collect();
            let told: std::collections::BTreeSet<_> = output.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(told, known, "{operation}");
        }
    }

    #[test]
    fn a_target_is_a_path_with_its_query() {
        let check = |text: &str, expected: Option<(&str, Option<&str>)>| {
            let read = target(text).ok();
            assert_eq!(read.as_ref().map(|uri| (uri.path(), uri.query())), expected, "{text}");
        };
        check("/", Some(("/", None)));
        check("/pets/7?a=1&b=", Some(("/pets/7", Some("a=1&b="))));
        check("pets", Some(("/pets", None)));
        check("?a=1", Some(("/", Some("a=1"))));
        check("/pets/{id}", Some(("/pets/{id}", None)));
        check("/a//b", Some(("/a//b", None)));
        check("//host/b", Some(("//host/b", None)));
        check("http://host/b", Some(("/http://host/b", None)));
        check("/a b", None);
        check("/a\r\nb", None);
    }

    #[test]
    fn headers_come_from_both_maps() {
        let one =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let several = BTreeMap::from([("X-A".to_owned(), vec!["1".to_owned(), "2".to_owned()])]);
        let read = headers(&one(&[("x-a", "3"), ("X-B", "4")]), &several).unwrap();
        let all: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(all, [("x-a", "1"), ("x-a", "2"), ("x-b", "4")]);
        for (name, value) in [("", "x"), ("a b", "x"), ("a", "x\r\ny")] {
            let refused = headers(&one(&[(name, value)]), &BTreeMap::new()).unwrap_err();
            assert_eq!(refused.to_string(), format!("Invalid header specified: {name}"));
        }
    }
}
