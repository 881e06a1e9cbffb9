//! Systems Manager: parameters, and what decrypts them.

use super::{ANYTHING, Asked, Demand};

pub(super) fn demands(asked: Asked<'_>) -> Vec<Demand> {
    let of_resource = asked.text("ResourceId").into_iter();
    let names = ["Name", "Names", "Path"].into_iter().flat_map(|member| asked.texts(member)).chain(of_resource);
    let mut demands: Vec<Demand> = names.map(|name| asked.demand("ssm", parameter_arn(asked, name))).collect();
    if demands.is_empty() {
        demands.push(asked.demand("ssm", ANYTHING));
    }
    if asked.is_true("WithDecryption") {
        demands.push(Demand::own("kms:Decrypt", asked.arn("kms", "alias/aws/ssm")));
    }
    demands
}

/// The ARN of a parameter, whatever it is named by: its version or label is none of its name.
fn parameter_arn(asked: Asked<'_>, name: &str) -> String {
    let of_tenant = asked.arn("ssm", "parameter");
    let path = name.strip_prefix(&*of_tenant).unwrap_or(name);
    let path = if path.starts_with("arn:") { path } else { path.split(':').next().unwrap_or_default() };
    format!("{of_tenant}/{}", path.trim_start_matches('/'))
}
