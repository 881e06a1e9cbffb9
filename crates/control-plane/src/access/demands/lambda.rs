//! Lambda, whose callers name functions in many ways.

use std::borrow::Cow;

use claviger_resources::function::{self, FunctionReference};

use super::{ANYTHING, Asked, Demand};

pub(super) fn demands(asked: Asked<'_>) -> Vec<Demand> {
    let action = match asked.operation {
        "Invoke" => "InvokeFunction",
        "GetLayerVersionByArn" => "GetLayerVersion",
        operation => operation,
    };
    let function = asked.text("FunctionName").map(|name| function_arn(asked, name));
    let layer = || asked.text("LayerName").map(|name| layer_arn(asked, name));
    let arn = || asked.text("Arn").or(asked.text("Resource")).map(str::to_owned);
    let resource = function.or_else(layer).or_else(arn).map_or(Cow::Borrowed(ANYTHING), Cow::Owned);
    let pass = asked.text("Role").map(|arn| Demand::new("iam", "PassRole", arn.to_owned()));
    std::iter::once(Demand::new("lambda", action, resource)).chain(pass).collect()
}

/// The ARN of a function in the caller's account and region, whatever it is named by: nothing of another can be reached.
fn function_arn(asked: Asked<'_>, name: &str) -> String {
    let Some(reference) = FunctionReference::parse(name) else {
        return asked.arn("lambda", &format!("function:{name}"));
    };
    let arn = function::arn(asked.tenant, reference.name);
    match reference.qualifier.or(asked.text("Qualifier")) {
        Some(qualifier) => format!("{arn}:{qualifier}"),
        None => arn,
    }
}

fn layer_arn(asked: Asked<'_>, name: &str) -> String {
    let arn = if name.starts_with("arn:") { name.to_owned() } else { asked.arn("lambda", &format!("layer:{name}")) };
    match asked.input.get("VersionNumber") {
        Some(version) => format!("{arn}:{}", version.to_string().trim_matches('"')),
        None => arn,
    }
}
