//! API Gateway, whose actions are the verbs of HTTP on paths (API Gateway, "Actions, resources and condition keys for Amazon
//! API Gateway Management").

use claviger_resources::Tenant;
use http::{Method, Uri};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{Demand, READ_API_KEY_VALUE};

/// What a call of either version needs. Its name is an action, too, for whoever wants to be precise.
pub(crate) fn of_api_gateway(
    method: &Method,
    uri: &Uri,
    operation: &str,
    input: &Value,
    tenant: &Tenant,
) -> Vec<Demand> {
    // A path is one path, however it is encoded; those of HTTP APIs have no version in their ARNs.
    let path = percent_decode_str(uri.path()).decode_utf8_lossy();
    let path = path.strip_prefix("/v2").unwrap_or(&path);
    let resource = format!("arn:aws:apigateway:{}::{path}", tenant.region);
    let verb = Demand::new("apigateway", method.as_str(), resource.clone()).or(format!("apigateway:{operation}"));
    let shows_values =
        ["includeValue", "includeValues"].iter().any(|member| input.get(*member) == Some(&Value::Bool(true)));
    let value = shows_values.then(|| Demand::own(READ_API_KEY_VALUE, resource));
    std::iter::once(verb).chain(value).collect()
}
