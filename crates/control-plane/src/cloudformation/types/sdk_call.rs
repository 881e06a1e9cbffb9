//! Custom resources of CDK's `AwsCustomResource`: calls of AWS's SDK, written as JSON. Its function brings no SDK along, so
//! the calls are made here, by the operations that they name.

use regex::Regex;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::failure::HandlerFailure;
use super::handler::{Current, Made, Work};
use crate::dispatch::Api;

/// The calls that make, change and delete a resource; any may be missing.
pub(super) struct SdkCalls {
    create: Option<SdkCall>,
    update: Option<SdkCall>,
    delete: Option<SdkCall>,
}

/// One call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SdkCall {
    service: String,
    action: String,
    #[serde(default)]
    parameters: Map<String, Value>,
    physical_resource_id: Option<PhysicalResourceId>,
    /// Parts of the answer that are kept; all, when there is no such list.
    output_paths: Option<Vec<String>>,
    output_path: Option<String>,
    /// Errors that are none.
    ignore_error_codes_matching: Option<String>,
    region: Option<String>,
    assumed_role_arn: Option<String>,
}

/// Where the physical id comes from.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalResourceId {
    id: Option<String>,
    response_path: Option<String>,
}

/// What stands in parameters for the physical id.
const PHYSICAL_ID: &str = "PHYSICAL:RESOURCEID:";

impl SdkCalls {
    /// The calls that properties describe; `None` when a function is to be asked.
    pub(super) fn of(properties: &Map<String, Value>) -> Option<Self> {
        properties.get("InstallLatestAwsSdk")?;
        let call = |name: &str| -> Option<Option<SdkCall>> {
            match properties.get(name) {
                None => Some(None),
                Some(Value::String(json)) => serde_json::from_str(json).ok(),
                Some(value) => serde_json::from_value(value.clone()).ok(),
            }
        };
        Some(Self { create: call("Create")?, update: call("Update")?, delete: call("Delete")? })
    }

    pub(super) async fn create(&self, work: &mut Work<'_, '_>, logical_id: &str) -> Result<Made, HandlerFailure> {
        let named = [&self.create, &self.update, &self.delete].into_iter().flatten().find_map(SdkCall::id);
        run(self.create.as_ref(), work, named.unwrap_or(logical_id), Map::new()).await
    }

    pub(super) async fn update(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<Made, HandlerFailure> {
        let id = self.update.as_ref().and_then(SdkCall::id).unwrap_or(&current.id);
        run(self.update.as_ref(), work, id, current.attributes.clone()).await
    }

    pub(super) async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        run(self.delete.as_ref(), work, &current.id, Map::new()).await.map(drop)
    }
}

async fn run(
    call: Option<&SdkCall>,
    work: &mut Work<'_, '_>,
    id: &str,
    otherwise: Map<String, Value>,
) -> Result<Made, HandlerFailure> {
    let Some(call) = call else {
        return Ok(Made { id: id.to_owned(), reference: Some(id.to_owned()), attributes: otherwise });
    };
    let attributes = call.run(work, id).await?;
    let path = call.physical_resource_id.as_ref().and_then(|it| it.response_path.as_deref());
    let found = path.and_then(|path| attributes.get(path)).and_then(Value::as_str);
    let id = found.unwrap_or(id).to_owned();
    Ok(Made { reference: Some(id.clone()), id, attributes: call.kept(attributes) })
}

impl SdkCall {
    fn id(&self) -> Option<&str> {
        self.physical_resource_id.as_ref()?.id.as_deref()
    }

    /// Makes the call; answers every leaf of the answer under the path to it.
    async fn run(&self, work: &mut Work<'_, '_>, id: &str) -> Result<Map<String, Value>, HandlerFailure> {
        let (api, operation) = self.operation()?;
        let here = &work.cx.tenant.region;
        if let Some(region) = self.region.as_deref().filter(|region| *region != here.as_str()) {
            return Err(HandlerFailure::unsupported(format!(
                "A call in another region ({region}) than the stack's is not served"
            )));
        }
        if self.assumed_role_arn.is_some() {
            return Err(HandlerFailure::unsupported("A call under an assumed role is not served"));
        }
        let parameters = self.parameters.clone().into_iter().map(|(name, value)| (name, with_id(value, id)));
        match work.call(api, operation, parameters.collect()).await {
            Ok(output) => {
                let mut leaves = Map::new();
                flatten("", output, &mut leaves);
                Ok(leaves)
            }
            Err(failure) if self.ignores(&failure) => Ok(Map::new()),
            Err(failure) => Err(failure),
        }
    }

    fn operation(&self) -> Result<(Api, &'static str), HandlerFailure> {
        let service = self.service.strip_prefix("@aws-sdk/client-").unwrap_or(&self.service);
        let service: String = service.chars().filter(char::is_ascii_alphanumeric).collect();
        let api = match service.to_ascii_lowercase().as_str() {
            "cognitoidentityserviceprovider" | "cognitoidentityprovider" => Some(Api::Cognito),
            "apigateway" => Some(Api::RestApis),
            "apigatewayv2" => Some(Api::HttpApis),
            "lambda" => Some(Api::Lambda),
            "ssm" => Some(Api::Ssm),
            _ => None,
        };
        let action = self.action.strip_suffix("Command").unwrap_or(&self.action);
        let mut letters = action.chars();
        let action: String = letters.next().iter().map(char::to_ascii_uppercase).chain(letters).collect();
        api.and_then(|api| Some((api, api.operation(&action)?))).ok_or_else(|| {
            HandlerFailure::unsupported(format!("{}.{} is not served in custom resources", self.service, self.action))
        })
    }

    fn ignores(&self, failure: &HandlerFailure) -> bool {
        // The template's author wrote the pattern; one that cannot be read matches nothing.
        let pattern = self.ignore_error_codes_matching.as_deref().and_then(|pattern| Regex::new(pattern).ok());
        pattern.is_some_and(|pattern| pattern.is_match(failure.code()))
    }

    fn kept(&self, leaves: Map<String, Value>) -> Map<String, Value> {
        let paths: Vec<&str> =
            self.output_paths.iter().flatten().chain(&self.output_path).map(String::as_str).collect();
        let is_kept = |name: &str| paths.is_empty() || paths.iter().any(|path| name.starts_with(path));
        leaves.into_iter().filter(|(name, _)| is_kept(name)).collect()
    }
}

fn with_id(value: Value, id: &str) -> Value {
    match value {
        Value::String(text) if text == PHYSICAL_ID => Value::from(id),
        Value::Array(values) => values.into_iter().map(|value| with_id(value, id)).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, with_id(value, id))).collect(),
        other => other,
    }
}

/// Puts every leaf under the path to it, names and places separated by dots.
fn flatten(path: &str, value: Value, leaves: &mut Map<String, Value>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                flatten(&below(&name), value, leaves);
            }
        }
        Value::Array(values) => {
            for (place, value) in values.into_iter().enumerate() {
                flatten(&below(&place.to_string()), value, leaves);
            }
        }
        leaf => drop(leaves.insert(path.to_owned(), leaf)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn calls(properties: &Value) -> Option<SdkCalls> {
        SdkCalls::of(properties.as_object().unwrap())
    }

    #[test]
    fn only_what_the_construct_writes_is_taken_for_calls() {
        let call = json!({"service": "SSM", "action": "getParameter", "parameters": {"Name": "a"}}).to_string();
        assert!(calls(&json!({"InstallLatestAwsSdk": true, "Create": call})).is_some());
        assert!(calls(&json!({"InstallLatestAwsSdk": true})).is_some());
        assert!(calls(&json!({"Create": call})).is_none());
        assert!(calls(&json!({"InstallLatestAwsSdk": true, "Create": "once"})).is_none());
    }

    #[test]
    fn a_call_names_an_operation_in_any_generation_of_the_sdk() {
        let check = |service: &str, action: &str, expected: Option<(Api, &str)>| {
            let call: SdkCall = serde_json::from_value(json!({"service": service, "action": action})).unwrap();
            assert_eq!(call.operation().ok(), expected, "{service} {action}");
        };
        let describe = Some((Api::Cognito, "DescribeUserPoolClient"));
        check("CognitoIdentityServiceProvider", "describeUserPoolClient", describe);
        check("@aws-sdk/client-cognito-identity-provider", "DescribeUserPoolClientCommand", describe);
        check("cognito-identity-provider", "DescribeUserPoolClient", describe);
        check("APIGateway", "getRestApi", Some((Api::RestApis, "GetRestApi")));
        check("SSM", "getParameter", Some((Api::Ssm, "GetParameter")));
        check("SSM", "getNothing", None);
        check("Route53", "listHostedZones", None);
    }

    #[test]
    fn leaves_stand_under_the_path_to_them() {
        let mut leaves = Map::new();
        flatten("", json!({"UserPoolClient": {"ClientSecret": "s", "Flows": ["a", {"b": 1}]}}), &mut leaves);
        let expected =
            json!({"UserPoolClient.ClientSecret": "s", "UserPoolClient.Flows.0": "a", "UserPoolClient.Flows.1.b": 1});
        assert_eq!(Value::Object(leaves), expected);
    }
}
