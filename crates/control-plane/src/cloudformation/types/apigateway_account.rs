//! `AWS::ApiGateway::Account` and `AWS::ApiGateway::UsagePlan`: nouns whose changes are unlike any other's.

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::apigateway::arn;
use super::failure::HandlerFailure;
use super::handler::{Current, Desired, Handler, Made, Work, members, tag_map};
use super::noun::{at, patches, retag, text};
use crate::dispatch::Api;

/// What an account has set for API Gateway: there is one, so it is neither made nor deleted.
pub(super) struct Account;

#[async_trait]
impl Handler for Account {
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        set_role(work, desired).await?;
        let id = format!("{}-account", desired.stack_name);
        Ok(Made::id(id.clone()).with("Id", id))
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        set_role(work, desired).await?;
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, _: &mut Work<'_, '_>, _: &Current) -> Result<(), HandlerFailure> {
        Ok(())
    }
}

async fn set_role(work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<(), HandlerFailure> {
    let role = json!({"op": "replace", "path": "/cloudwatchRoleArn", "value": desired.text("CloudWatchRoleArn").unwrap_or_default()});
    work.call(Api::RestApis, "UpdateAccount", members! {"patchOperations": vec![role]}).await.map(drop)
}

/// A usage plan.
pub(super) struct UsagePlan;

#[async_trait]
impl Handler for UsagePlan {
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let mut input = desired.without(&["UsagePlanName", "Tags"]);
        let name = match desired.text("UsagePlanName") {
            Some(name) => name.to_owned(),
            None => work.name(desired, 255),
        };
        input.insert("name".to_owned(), Value::from(name));
        let tags = desired.tags("Tags");
        if !tags.is_empty() {
            input.insert("tags".to_owned(), Value::Object(tags));
        }
        let output = work.call(Api::RestApis, "CreateUsagePlan", input).await?;
        let id = at(&output, "/id").ok_or_else(|| HandlerFailure::silent("CreateUsagePlan"))?;
        Ok(Made::id(id).with("Id", id))
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        let simple = [("Description", "/description")];
        let mut operations = patches(&simple, &current.properties, desired.properties);
        if let Some(name) = desired.get("UsagePlanName").filter(|name| current.get("UsagePlanName") != Some(name)) {
            operations.push(json!({"op": "replace", "path": "/name", "value": name}));
        }
        let throttle = [("RateLimit", "rateLimit"), ("BurstLimit", "burstLimit")];
        let quota = [("Limit", "limit"), ("Offset", "offset"), ("Period", "period")];
        operations.extend(group("Throttle", "/throttle", &throttle, current, desired));
        operations.extend(group("Quota", "/quota", &quota, current, desired));
        operations.extend(stages(current.get("ApiStages"), desired.get("ApiStages")));
        if !operations.is_empty() {
            let input = members! {"usagePlanId": current.id.as_str(), "patchOperations": operations};
            work.call(Api::RestApis, "UpdateUsagePlan", input).await?;
        }
        let resource = arn(work.cx.tenant, "usageplans", &current.id);
        retag(work, Api::RestApis, &resource, &tag_map(current.get("Tags")), &desired.tags("Tags")).await?;
        Ok(Made::unchanged(current))
    }

    /// The stages leave first: a plan that has some cannot be deleted.
    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        let operations = stages(current.get("ApiStages"), None);
        if !operations.is_empty() {
            let input = members! {"usagePlanId": current.id.as_str(), "patchOperations": operations};
            match work.call(Api::RestApis, "UpdateUsagePlan", input).await {
                Err(failure) if !failure.is_not_found() => return Err(failure),
                _ => {}
            }
        }
        work.remove(Api::RestApis, "DeleteUsagePlan", members! {"usagePlanId": current.id.as_str()}).await
    }
}

fn group(property: &str, path: &str, fields: &[(&str, &str)], current: &Current, desired: &Desired<'_>) -> Vec<Value> {
    let (before, after) = (current.get(property), desired.get(property));
    match after {
        _ if before == after => Vec::new(),
        None => vec![json!({"op": "remove", "path": path})],
        Some(after) => fields
            .iter()
            .filter_map(|(member, end)| Some((end, after.get(*member)?)))
            .map(|(end, value)| json!({"op": "replace", "path": format!("{path}/{end}"), "value": text(value)}))
            .collect(),
    }
}

fn stages(before: Option<&Value>, after: Option<&Value>) -> Vec<Value> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let named = |stage: &Value| {
        format!("{}:{}", at(stage, "/ApiId").unwrap_or_default(), at(stage, "/Stage").unwrap_or_default())
    };
    let (before, after) = (list(before), list(after));
    let mut operations = Vec::new();
    for gone in before.iter().filter(|stage| !after.contains(stage)) {
        operations.push(json!({"op": "remove", "path": "/apiStages", "value": named(gone)}));
    }
    for come in after.iter().filter(|stage| !before.contains(stage)) {
        let name = named(come);
        operations.push(json!({"op": "add", "path": "/apiStages", "value": name}));
        let throttles: Map<String, Value> =
            come.get("Throttle").and_then(Value::as_object).cloned().unwrap_or_default();
        for (method, throttle) in throttles {
            for (member, end) in [("RateLimit", "rateLimit"), ("BurstLimit", "burstLimit")] {
                if let Some(value) = throttle.get(member) {
                    let method = super::noun::escaped(method.rsplit_once('/').map_or("", |(path, _)| path))
                        + "/"
                        + method.rsplit_once('/').map_or(method.as_str(), |(_, verb)| verb);
                    let path = format!("/apiStages/{name}/throttle/{method}/{end}");
                    operations.push(json!({"op": "replace", "path": path, "value": text(value)}));
                }
            }
        }
    }
    operations
}
