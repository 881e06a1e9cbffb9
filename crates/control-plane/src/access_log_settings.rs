//! Access log settings of stages, which both versions of API Gateway's control plane take.

use claviger_gateway::access_log::Format;

/// Why a member of the settings is refused, in API Gateway's words.
pub(crate) fn check(member: &str, value: &str) -> Result<(), String> {
    match member {
        "format" => Format::parse(value).map(|_| ()).map_err(|error| error.to_string()),
        _ if is_destination(value) => Ok(()),
        _ => Err("Invalid ARN specified in the request".to_owned()),
    }
}

/// A log group or a delivery stream: `arn:aws:logs:…:log-group:NAME`, `arn:aws:firehose:…:deliverystream/NAME`.
fn is_destination(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, service, _, _, resource] = parts.as_slice() else { return false };
    let prefix = match *service {
        "logs" => "log-group:",
        "firehose" => "deliverystream/",
        _ => return false,
    };
    resource.strip_prefix(prefix).is_some_and(|name| !name.is_empty())
}
