//! Request validation: the parameters that must be there, and the body by the model of its content type (API Gateway,
//! "Request validation for REST APIs").

use std::collections::BTreeMap;

use claviger_resources::RequestValidatorId;
use claviger_resources::rest_api::{Method, RequestValidator};

use crate::json_schema::{Models, Schema};
use crate::mapping::Place;
use crate::refusal::Refusal;
use crate::request::{Request, media_type};

/// The checks of a request validator on a method.
#[derive(Clone, Debug)]
pub struct Validation {
    /// The validator.
    pub validator: RequestValidatorId,
    /// The parameters that must be there, in the order in which API Gateway lists those that are not.
    required: Box<[(Place, Box<str>)]>,
    /// Content type to model; empty when bodies are not checked.
    bodies: Box<[(Box<str>, Schema)]>,
}

impl Validation {
    /// Compiles the checks; `None` when there is nothing to check.
    pub(crate) fn compile(
        validator: &RequestValidator,
        method: &Method,
        models: &Models<'_>,
    ) -> Result<Option<Self>, String> {
        let no_parameters = BTreeMap::new();
        let parameters = method.request_parameters.as_ref().unwrap_or(&no_parameters);
        let required = parameters.iter().filter(|(_, required)| validator.validate_request_parameters && **required);
        let required: Box<[_]> = required.filter_map(|(name, _)| parameter(name)).collect();
        let named = method.request_models.iter().flatten().filter(|_| validator.validate_request_body);
        let bodies: Box<[_]> = named
            .map(|(content_type, model)| {
                let schema = models.compile(model).map_err(|error| format!("models: {error}"))?;
                Ok((content_type.as_str().into(), schema))
            })
            .collect::<Result<_, String>>()?;
        let checks = !required.is_empty() || !bodies.is_empty();
        Ok(checks.then(|| Self { validator: validator.id.clone(), required, bodies }))
    }

    /// Whether it looks at bodies of some content type.
    pub fn checks_bodies(&self) -> bool {
        !self.bodies.is_empty()
    }

    /// Refuses a request without a parameter it must have; one of blanks alone counts as missing. Names of headers are
    /// compared without regard to case: HTTP/2 has only lower case.
    pub fn check_parameters(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let is_missing = |(place, name): &&(Place, Box<str>)| {
            let value = match place {
                Place::Header => request.header(name),
                Place::QueryString => request.query_parameter(name),
                Place::Path => request.path_parameter(name),
            };
            value.is_none_or(|value| value.trim().is_empty())
        };
        let missing: Vec<String> = self.required.iter().filter(is_missing).map(|(_, name)| name.to_string()).collect();
        if missing.is_empty() { Ok(()) } else { Err(Refusal::MissingParameters(missing)) }
    }

    /// The model for bodies of a content type: its own, else that of `$default`; `None` when any body will do.
    pub fn model(&self, content_type: &str) -> Option<&Schema> {
        let of = |wanted: &str| self.bodies.iter().find(|(known, _)| media_type(known).eq_ignore_ascii_case(wanted));
        of(content_type).or_else(|| of("$default")).map(|(_, schema)| schema)
    }

    /// Refuses a body that does not satisfy the model of its content type.
    pub fn check_body(&self, request: &Request<'_>) -> Result<(), Refusal> {
        let Some(schema) = self.model(request.content_type()) else { return Ok(()) };
        schema.check(request.body).map_err(Refusal::InvalidBody)
    }
}

/// `method.request.{place}.{name}`.
fn parameter(expression: &str) -> Option<(Place, Box<str>)> {
    let (place, name) = expression.strip_prefix("method.request.")?.split_once('.')?;
    let place = match place {
        "header" => Place::Header,
        "querystring" => Place::QueryString,
        "path" => Place::Path,
        _ => return None,
    };
    Some((place, name.into()))
}

#[cfg(test)]
mod tests {
    use claviger_resources::rest_api::Model;
    use claviger_resources::{AccountId, Region, RestApiId, Tenant};
    use http::{HeaderMap, HeaderName};
    use serde_json::{Value, json};

    use super::*;

    fn tenant() -> Tenant {
        Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() }
    }

    fn model(name: &str, schema: &Value) -> Model {
        serde_json::from_value(json!({
            "id": name, "restApiId": "a1b2c3d4e5", "tenant": tenant(), "name": name, "schema": schema.to_string(),
            "contentType": "application/json",
        }))
        .unwrap()
    }

    fn compiled(parameters: bool, body: bool, method: &Value) -> Result<Option<Validation>, String> {
        let validator: RequestValidator = serde_json::from_value(json!({
            "id": "v1", "restApiId": "a1b2c3d4e5", "tenant": tenant(), "validateRequestBody": body,
            "validateRequestParameters": parameters,
        }))
        .unwrap();
        let mut whole = json!({ "httpMethod": "POST", "authorizationType": "NONE", "apiKeyRequired": false });
        whole.as_object_mut().unwrap().extend(method.as_object().unwrap().clone());
        let models = [model("Named", &json!({ "required": ["name"] })), model("Empty", &json!({ "type": "object" }))];
        let api = RestApiId::parse("a1b2c3d4e5").unwrap();
        Validation::compile(&validator, &serde_json::from_value(whole).unwrap(), &Models::new(&api, &models))
    }

    fn request<R>(query: &str, headers: &[(&str, &str)], body: &str, look: impl FnOnce(&Request<'_>) -> R) -> R {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        look(&Request {
            method: "POST",
            path: "/pets/7",
            query: Some(query),
            headers: &map,
            path_parameters: &[("id", "7")],
            body: body.as_bytes(),
        })
    }

    #[test]
    fn required_parameters_must_be_there_and_not_blank() {
        let method = json!({ "requestParameters": {
            "method.request.header.x-header-param": true,
            "method.request.header.x-other": false,
            "method.request.path.id": true,
            "method.request.path.issuer": true,
            "method.request.querystring.qs1": true,
        } });
        let validation = compiled(true, true, &method).unwrap().unwrap();
        let check = |query: &str, headers: &[(&str, &str)], expected: Option<&str>| {
            let refusal = request(query, headers, "", |request| validation.check_parameters(request)).err();
            let message = refusal.map(|refusal| refusal.message().unwrap().into_owned());
            let expected = expected.map(|names| format!("Missing required request parameters: [{names}]"));
            assert_eq!(message, expected, "{query} {headers:?}");
        };
        check("", &[], Some("x-header-param, issuer, qs1"));
        check("qs1=%20", &[("X-Header-Param", "  ")], Some("x-header-param, issuer, qs1"));
        check("qs1=1", &[("X-Header-Param", "1")], Some("issuer"));
        check("qs1", &[("x-header-param", "1")], Some("issuer, qs1"));
    }

    #[test]
    fn the_content_type_chooses_the_model() {
        let models = json!({ "requestModels": { "application/json": "Named", "$default": "Empty" } });
        let validation = compiled(true, true, &models).unwrap().unwrap();
        let check = |content_type: &str, body: &str, expected: bool| {
            let checked =
                request("", &[("content-type", content_type)], body, |request| validation.check_body(request));
            assert_eq!(checked.is_ok(), expected, "{content_type} {body}");
        };
        check("application/json", r#"{"name":1}"#, true);
        check("Application/JSON; charset=utf-8", "{}", false);
        check("application/json", "", false);
        check("text/plain", "{}", true);
        check("text/plain", "hello", false);
        let only_json = compiled(true, true, &json!({ "requestModels": { "application/json": "Named" } }));
        let only_json = only_json.unwrap().unwrap();
        request("", &[("content-type", "text/plain")], "hello", |request| {
            assert_eq!(only_json.check_body(request), Ok(()));
        });
        let refusal = request("", &[], "{}", |request| only_json.check_body(request)).unwrap_err();
        assert_eq!(refusal, Refusal::InvalidBody(r#"[object has missing required properties (["name"])]"#.to_owned()));
    }

    #[test]
    fn a_validator_checks_what_it_is_told_to() {
        let method = json!({ "requestParameters": { "method.request.header.a": true }, "requestModels": { "$default": "Named" } });
        for (parameters, body) in [(true, true), (true, false), (false, true), (false, false)] {
            let validation = compiled(parameters, body, &method).unwrap();
            let checks = validation.as_ref().map(|validation| {
                let parameters = request("", &[], "", |request| validation.check_parameters(request)).is_err();
                (parameters, validation.checks_bodies())
            });
            assert_eq!(checks, (parameters || body).then_some((parameters, body)));
        }
        assert!(compiled(true, true, &json!({})).unwrap().is_none(), "nothing is declared");
        let gone = compiled(true, true, &json!({ "requestModels": { "$default": "Gone" } })).unwrap_err();
        assert_eq!(gone, "models: there is no model Gone");
    }
}
