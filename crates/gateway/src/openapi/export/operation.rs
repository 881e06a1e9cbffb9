//! Operations from methods.

use std::collections::BTreeMap;

use claviger_resources::rest_api::{Method, MethodResponse, MethodVerb, Resource};
use serde_json::{Map, Value, json};

use super::super::document::Dialect;
use super::super::documentation::default_description;
use super::documentation::Entity;
use super::{Exporter, integration};

/// Under which key a path has the operation of a verb.
pub(super) fn key(verb: MethodVerb) -> String {
    match verb {
        MethodVerb::Any => "x-amazon-apigateway-any-method".to_owned(),
        verb => verb.as_str().to_ascii_lowercase(),
    }
}

impl Exporter<'_> {
    pub(super) fn operation(&self, resource: &Resource, method: &Method) -> Value {
        let entity = Entity { path: &resource.path, method: method.http_method.as_str() };
        let mut operation = self.documentation.of_method(entity);
        let mut put = |name: &str, value: Value| {
            let is_empty = value.as_array().is_some_and(Vec::is_empty);
            if !is_empty {
                operation.insert(name.to_owned(), value);
            }
        };
        if let Some(name) = &method.operation_name {
            put("operationId", name.as_str().into());
        }
        let mut parameters = self.parameters(entity, method);
        match self.dialect {
            Dialect::Swagger => {
                put("consumes", json!(media_types([&method.request_models])));
                put("produces", json!(media_types(method.method_responses.values().map(|one| &one.response_models))));
                parameters.extend(self.body_parameter(entity, method));
                put("parameters", parameters.into());
            }
            Dialect::OpenApi => {
                put("parameters", parameters.into());
                if let Some(models) = &method.request_models {
                    let mut body = self.documentation.of_body(entity);
                    body.insert("content".to_owned(), self.content(models));
                    body.insert("required".to_owned(), true.into());
                    put("requestBody", body.into());
                }
            }
        }
        let responses = method.method_responses.iter();
        let responses: Map<String, Value> =
            responses.map(|(status, response)| (status.clone(), self.response(entity, status, response))).collect();
        put("responses", responses.into());
        // Without `security` an operation would have that of the document, of which there is none.
        put("security", self.requirements(method).into());
        let validator = method.request_validator_id.as_ref().and_then(|id| self.validators.get(id.as_str()));
        if let Some(name) = validator.filter(|_| self.extensions.api_gateway) {
            put("x-amazon-apigateway-request-validator", name.as_str().into());
        }
        if let Some(answer) = method.method_integration.as_ref().filter(|_| self.extensions.integrations) {
            put("x-amazon-apigateway-integration", integration::integration(answer, resource));
        }
        if self.extensions.postman {
            put("x-postman-meta", self.postman());
        }
        operation.into()
    }

    /// How Postman signs a request; who imports the document fills in the keys.
    fn postman(&self) -> Value {
        json!({
            "currentHelper": "awsSigV4",
            "helperAttributes": {
                "accessKey": "", "secretKey": "", "region": self.region, "service": "execute-api", "auth": "aws",
                "saveToRequest": true,
            },
        })
    }

    fn parameters(&self, entity: Entity<'_>, method: &Method) -> Vec<Value> {
        let mut parameters = Vec::new();
        for (parameter, required) in method.request_parameters.iter().flatten() {
            let place = parameter.strip_prefix("method.request.").and_then(|rest| rest.split_once('.'));
            let (place, name) = match place {
                Some(("querystring", name)) => ("query", name),
                Some((place @ ("path" | "header"), name)) => (place, name),
                _ => continue,
            };
            let mut written = json!({ "name": name, "in": place });
            let Some(members) = written.as_object_mut() else { continue };
            members.extend(self.documentation.of_parameter(entity, place, name));
            // A variable of a path is always there.
            if *required || place == "path" || self.dialect == Dialect::Swagger {
                members.insert("required".to_owned(), (*required || place == "path").into());
            }
            members.extend(self.text_type());
            parameters.push(written);
        }
        parameters
    }

    /// The type that every parameter and header has: API Gateway knows no other.
    fn text_type(&self) -> Map<String, Value> {
        let (name, value) = match self.dialect {
            Dialect::Swagger => ("type", "string".into()),
            Dialect::OpenApi => ("schema", json!({ "type": "string" })),
        };
        Map::from_iter([(name.to_owned(), value)])
    }

    /// Swagger's parameter for the body, which has one schema for all media types.
    fn body_parameter(&self, entity: Entity<'_>, method: &Method) -> Option<Value> {
        let model = method.request_models.as_ref()?.values().next()?;
        let mut parameter = json!({ "in": "body", "name": model, "required": true });
        let members = parameter.as_object_mut()?;
        members.extend(self.documentation.of_body(entity));
        members.insert("schema".to_owned(), json!({ "$ref": self.reference(model) }));
        Some(parameter)
    }

    fn content(&self, models: &BTreeMap<String, String>) -> Value {
        let media =
            |(kind, model): (&String, &String)| (kind.clone(), json!({ "schema": { "$ref": self.reference(model) } }));
        models.iter().map(media).collect::<Map<_, _>>().into()
    }

    fn response(&self, entity: Entity<'_>, status: &str, response: &MethodResponse) -> Value {
        let mut written = Map::from_iter([("description".to_owned(), Value::from(default_description(status)))]);
        written.extend(self.documentation.of_response(entity, status));
        let headers = response.response_parameters.iter().flat_map(BTreeMap::keys);
        let headers: Map<String, Value> = headers
            .filter_map(|parameter| parameter.strip_prefix("method.response.header."))
            .map(|name| {
                let mut header = self.documentation.of_response_header(entity, status, name);
                header.extend(self.text_type());
                (name.to_owned(), header.into())
            })
            .collect();
        if !headers.is_empty() {
            written.insert("headers".to_owned(), headers.into());
        }
        if let Some(models) = &response.response_models {
            match self.dialect {
                Dialect::OpenApi => {
                    written.insert("content".to_owned(), self.content(models));
                }
                Dialect::Swagger => {
                    let schema = models.values().next().map(|model| json!({ "$ref": self.reference(model) }));
                    written.extend(schema.map(|schema| ("schema".to_owned(), schema)));
                }
            }
        }
        written.into()
    }
}

/// The media types of models, each once.
fn media_types<'a>(models: impl IntoIterator<Item = &'a Option<BTreeMap<String, String>>>) -> Vec<&'a str> {
    let types = models.into_iter().flatten().flat_map(BTreeMap::keys).map(String::as_str);
    let types: std::collections::BTreeSet<_> = types.collect();
    types.into_iter().collect()
}
