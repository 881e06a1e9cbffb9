//! `x-amazon-apigateway-integration`.

use claviger_resources::limits::INTEGRATION_TIMEOUT_MILLISECONDS_MAX;
use claviger_resources::rest_api::{Integration, IntegrationResponse, Resource};
use serde_json::{Map, Value};

use super::plain;

/// The integration of a method of this resource, with lower case where AWS writes it so.
pub(super) fn integration(integration: &Integration, resource: &Resource) -> Value {
    let mut members = members(
        &plain(integration),
        &[
            "type",
            "connectionId",
            "httpMethod",
            "uri",
            "credentials",
            "requestParameters",
            "requestTemplates",
            "passthroughBehavior",
            "connectionType",
            "contentHandling",
            "timeoutInMillis",
            "cacheNamespace",
            "cacheKeyParameters",
            "tlsConfig",
            "responseTransferMode",
        ],
    );
    for name in ["type", "passthroughBehavior"] {
        if let Some(Value::String(text)) = members.get_mut(name) {
            text.make_ascii_lowercase();
        }
    }
    // What would be so without saying it is not said.
    let mut drop_default = |name: &str, is_default: bool| {
        if is_default {
            members.shift_remove(name);
        }
    };
    drop_default("timeoutInMillis", integration.timeout_in_millis == INTEGRATION_TIMEOUT_MILLISECONDS_MAX);
    drop_default("cacheNamespace", integration.cache_namespace == resource.id.as_str());
    drop_default("cacheKeyParameters", integration.cache_key_parameters.is_empty());
    drop_default("connectionType", integration.connection_type.as_deref() == Some("INTERNET"));
    let mut responses = Map::new();
    for response in integration.integration_responses.values() {
        // Of two with the same pattern only one can be written; the lower status, as when requests are answered.
        let pattern = response.selection_pattern.as_deref().filter(|pattern| !pattern.is_empty());
        responses.entry(pattern.unwrap_or("default")).or_insert_with(|| self::response(response));
    }
    if !responses.is_empty() {
        members.insert("responses".to_owned(), responses.into());
    }
    members.into()
}

fn response(response: &IntegrationResponse) -> Value {
    members(&plain(response), &["statusCode", "responseParameters", "responseTemplates", "contentHandling"]).into()
}

fn members(record: &Value, names: &[&str]) -> Map<String, Value> {
    names.iter().filter_map(|name| Some(((*name).to_owned(), record.get(name)?.clone()))).collect()
}
