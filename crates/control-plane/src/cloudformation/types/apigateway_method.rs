//! `AWS::ApiGateway::Method`: a method with its integration and all of their responses, made anew at every change.

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::failure::HandlerFailure;
use super::handler::{Current, Desired, Handler, Made, Work, members};
use crate::dispatch::Api;

/// A method with its integration.
pub(super) struct Method;

/// What else a method has, made by operations of its own.
const BESIDE: [&str; 2] = ["Integration", "MethodResponses"];

#[async_trait]
impl Handler for Method {
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let key = key(desired.properties);
        work.call(Api::RestApis, "PutMethod", desired.without(&BESIDE)).await?;
        for response in list(desired.get("MethodResponses")) {
            work.call(Api::RestApis, "PutMethodResponse", joined(&key, response)).await?;
        }
        if let Some(Value::Object(integration)) = desired.get("Integration") {
            let mut input = integration.clone();
            let responses = input.remove("IntegrationResponses");
            work.call(Api::RestApis, "PutIntegration", joined(&key, input)).await?;
            for response in list(responses.as_ref()) {
                work.call(Api::RestApis, "PutIntegrationResponse", joined(&key, response)).await?;
            }
        }
        let part = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default();
        Ok(Made::id(format!("{}|{}|{}", part("restApiId"), part("resourceId"), part("httpMethod"))))
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        self.delete(work, current).await?;
        self.create(work, desired).await
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        work.remove(Api::RestApis, "DeleteMethod", key(&current.properties)).await
    }
}

fn key(properties: &Map<String, Value>) -> Map<String, Value> {
    let part = |name: &str| properties.get(name).cloned().unwrap_or_default();
    members! {"restApiId": part("RestApiId"), "resourceId": part("ResourceId"), "httpMethod": part("HttpMethod")}
}

fn list(value: Option<&Value>) -> Vec<Map<String, Value>> {
    let elements = value.and_then(Value::as_array).into_iter().flatten();
    elements.filter_map(|element| element.as_object().cloned()).collect()
}

/// A response or an integration as its operation takes it: its own HTTP method is the backend's there.
fn joined(key: &Map<String, Value>, mut members: Map<String, Value>) -> Map<String, Value> {
    members.extend(key.clone());
    members
}
