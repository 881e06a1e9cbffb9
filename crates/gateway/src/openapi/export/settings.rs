//! What concerns an API as a whole.

use std::collections::BTreeMap;

use claviger_resources::rest_api::{ApiKeySource, RequestValidator};
use claviger_resources::role_mapping::RoleTable;
use serde_json::{Map, Value, json};

use super::{Exporter, plain};

/// A name for each validator. A document tells validators apart by name, an API by id: where the name is missing or
/// another one's, the id stands for it.
pub(super) fn validator_names(validators: &[RequestValidator]) -> BTreeMap<&str, String> {
    let mut names = BTreeMap::new();
    for validator in validators {
        let name = validator.name.clone().filter(|name| !name.is_empty() && !names.values().any(|other| other == name));
        names.insert(validator.id.as_str(), name.unwrap_or_else(|| validator.id.to_string()));
    }
    names
}

impl Exporter<'_> {
    /// API Gateway's extensions at the top of a document.
    pub(super) fn settings(&self, role_table: Option<&RoleTable>) -> Map<String, Value> {
        let mut settings = Map::new();
        if !self.extensions.api_gateway {
            return settings;
        }
        let api = &self.definition.rest_api;
        let mut put = |name: &str, value: Value| settings.insert(format!("x-amazon-apigateway-{name}"), value);
        if api.api_key_source == ApiKeySource::Authorizer {
            put("api-key-source", "AUTHORIZER".into());
        }
        if !api.binary_media_types.is_empty() {
            put("binary-media-types", json!(api.binary_media_types));
        }
        if let Some(bytes) = api.minimum_compression_size {
            put("minimum-compression-size", bytes.into());
        }
        if let Some(name) = &api.security_policy {
            put("security-policy", name.as_str().into());
        }
        if let Some(mode) = &api.endpoint_access_mode {
            put("endpoint-access-mode", mode.as_str().into());
        }
        if let Some(policy) = &api.policy {
            put("policy", serde_json::from_str(policy).unwrap_or_else(|_| policy.as_str().into()));
        }
        let endpoint = &api.endpoint_configuration;
        let mut configuration = Map::from_iter([
            ("types".to_owned(), json!(endpoint.types)),
            ("ipAddressType".to_owned(), endpoint.ip_address_type.as_str().into()),
        ]);
        if !endpoint.vpc_endpoint_ids.is_empty() {
            configuration.insert("vpcEndpointIds".to_owned(), json!(endpoint.vpc_endpoint_ids));
        }
        if api.disable_execute_api_endpoint {
            configuration.insert("disableExecuteApiEndpoint".to_owned(), true.into());
        }
        put("endpoint-configuration", configuration.into());
        let validators = &self.definition.request_validators;
        if !validators.is_empty() {
            let validator = |validator: &RequestValidator| {
                let name = self.validators.get(validator.id.as_str()).cloned().unwrap_or_default();
                let checks = json!({
                    "validateRequestParameters": validator.validate_request_parameters,
                    "validateRequestBody": validator.validate_request_body,
                });
                (name, checks)
            };
            put("request-validators", validators.iter().map(validator).collect::<Map<_, _>>().into());
        }
        let responses = &self.definition.gateway_responses;
        if !responses.is_empty() {
            let mut named: Vec<_> =
                responses.iter().map(|response| (response.response_type.as_str(), plain(response))).collect();
            named.sort_by_key(|(name, _)| *name);
            let kept = ["statusCode", "responseParameters", "responseTemplates"];
            let response = |(name, response): (&str, Value)| {
                let member = |name: &&str| {
                    let is_empty = |value: &Value| value.as_object().is_some_and(Map::is_empty);
                    Some(((*name).to_owned(), response.get(*name).filter(|value| !is_empty(value))?.clone()))
                };
                (name.to_owned(), Value::Object(kept.iter().filter_map(member).collect()))
            };
            put("gateway-responses", named.into_iter().map(response).collect::<Map<_, _>>().into());
        }
        settings.extend(role_table.map(|table| ("x-claviger-role-mapping".to_owned(), plain(table))));
        settings
    }
}
