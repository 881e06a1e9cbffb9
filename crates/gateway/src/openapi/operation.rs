//! Operations: the methods of a document's paths.

use std::collections::BTreeMap;

use claviger_resources::rest_api::{AuthorizationType, Method, MethodVerb, RequestValidator};
use claviger_resources::{RequestValidatorId, ResourceId};
use serde_json::{Map, Value};

use super::Importer;
use super::document::{object, text};
use super::models::Models;
use super::resources::Resources;
use super::security::Security;

/// What the operations of a document refer to.
pub(super) struct Surroundings<'a> {
    pub(super) security: &'a Security,
    pub(super) models: &'a mut Models,
    pub(super) validators: &'a [RequestValidator],
    pub(super) default_validator: Option<&'a RequestValidatorId>,
}

/// Where an operation stands, for what is reported of it.
pub(super) struct Place<'a> {
    pub(super) verb: MethodVerb,
    pub(super) path: &'a str,
    pub(super) resource_id: &'a ResourceId,
}

impl Importer<'_> {
    /// Adds the methods of a path.
    pub(super) fn path_item(
        &mut self,
        path: &str,
        item: &Value,
        resources: &mut Resources,
        surroundings: &mut Surroundings<'_>,
    ) {
        let Some(path) = self.resources_of(path, resources) else { return };
        let item = object(self.document.resolve(item));
        self.document_path(&path, item);
        for (key, operation) in item {
            let Some(verb) = verb(key) else {
                if key == "trace" {
                    self.report
                        .warning(format!("Unable to put method 'TRACE' on resource at path '{path}'. Ignoring."));
                }
                continue;
            };
            let Some(resource_id) = resources.get_mut(&path).map(|resource| resource.id.clone()) else { continue };
            let place = Place { verb, path: &path, resource_id: &resource_id };
            let method = self.method(&place, object(Some(operation)), item, surroundings);
            if let Some(resource) = resources.get_mut(&path) {
                resource.methods.insert(verb, method);
            }
        }
    }

    fn method(
        &mut self,
        place: &Place<'_>,
        operation: &Map<String, Value>,
        item: &Map<String, Value>,
        surroundings: &mut Surroundings<'_>,
    ) -> Method {
        let mut method = Method {
            http_method: place.verb,
            authorization_type: AuthorizationType::None,
            authorizer_id: None,
            authorization_scopes: None,
            api_key_required: false,
            request_validator_id: surroundings.default_validator.cloned(),
            operation_name: text(operation, "operationId"),
            request_parameters: None,
            request_models: None,
            method_responses: BTreeMap::new(),
            method_integration: None,
        };
        self.document_operation(place.path, place.verb, operation);
        self.authorize(&mut method, operation, surroundings.security);
        if let Some(name) = text(operation, "x-amazon-apigateway-request-validator") {
            method.request_validator_id = self.validator(&name, surroundings.validators);
        }
        self.request(place, &mut method, operation, item, surroundings.models);
        self.responses(place, &mut method, operation, surroundings.models);
        let integration =
            operation.get("x-amazon-apigateway-integration").and_then(|value| self.document.resolve(value));
        if let Some(integration) = integration.and_then(Value::as_object) {
            method.method_integration = self.integration(place, &method, integration);
        }
        method
    }
}

fn verb(key: &str) -> Option<MethodVerb> {
    if key == "x-amazon-apigateway-any-method" {
        return Some(MethodVerb::Any);
    }
    MethodVerb::parse(&key.to_ascii_uppercase()).filter(|verb| *verb != MethodVerb::Any)
}
