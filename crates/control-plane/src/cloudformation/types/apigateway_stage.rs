//! `AWS::ApiGateway::Stage`, and `AWS::ApiGateway::Deployment`, which can make one.

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::apigateway::arn;
use super::failure::HandlerFailure;
use super::handler::{Current, Desired, Handler, Made, Work, members, tag_map};
use super::noun::{Noun, Update, at, escaped, patches, retag, text};
use crate::dispatch::Api;

/// A stage.
pub(super) struct Stage;

/// A deployment, which may make or move a stage.
pub(super) struct Deployment;

/// Settings that patch operations change: property and path.
const SETTINGS: &[(&str, &str)] = &[
    ("DeploymentId", "/deploymentId"),
    ("Description", "/description"),
    ("TracingEnabled", "/tracingEnabled"),
    ("CacheClusterEnabled", "/cacheClusterEnabled"),
    ("CacheClusterSize", "/cacheClusterSize"),
    ("ClientCertificateId", "/clientCertificateId"),
    ("DocumentationVersion", "/documentationVersion"),
    ("Variables", "/variables"),
];

/// Properties of a stage that only patch operations set.
const PATCHED_ONLY: [&str; 5] = ["MethodSettings", "AccessLogSetting", "ClientCertificateId", "CanarySetting", "Tags"];

#[async_trait]
impl Handler for Stage {
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let mut input = desired.without(&PATCHED_ONLY);
        if let Some(canary) = desired.get("CanarySetting") {
            input.insert("canarySettings".to_owned(), canary.clone());
        }
        let tags = desired.tags("Tags");
        if !tags.is_empty() {
            input.insert("tags".to_owned(), Value::Object(tags));
        }
        let name = desired.text("StageName").unwrap_or("default").to_owned();
        input.insert("StageName".to_owned(), Value::from(name.as_str()));
        work.call(Api::RestApis, "CreateStage", input).await?;
        let api = desired.text("RestApiId").unwrap_or_default();
        let late = patches(&[("ClientCertificateId", "/clientCertificateId")], &Map::new(), desired.properties);
        apply(work, api, &name, late, &Map::new(), desired.properties).await?;
        Ok(Made::id(name))
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        let api = desired.text("RestApiId").unwrap_or_default();
        let mut operations = patches(SETTINGS, &current.properties, desired.properties);
        operations.extend(canary_patches(current.get("CanarySetting"), desired.get("CanarySetting")));
        apply(work, api, &current.id, operations, &current.properties, desired.properties).await?;
        let resource = arn(work.cx.tenant, "restapis", &format!("{api}/stages/{}", current.id));
        retag(work, Api::RestApis, &resource, &tag_map(current.get("Tags")), &desired.tags("Tags")).await?;
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        let input = members! {"restApiId": current.value("RestApiId"), "stageName": current.id.as_str()};
        work.remove(Api::RestApis, "DeleteStage", input).await
    }
}

static DEPLOYMENT: Noun = Noun {
    api: Api::RestApis,
    create: "CreateDeployment",
    update: Update::Never,
    delete: "DeleteDeployment",
    renamed: &[("DeploymentCanarySettings", "canarySettings")],
    fixed: &[],
    name: None,
    tags: None,
    key: |current| members! {"restApiId": current.value("RestApiId"), "deploymentId": current.id.as_str()},
    made: |_, output, _| {
        let id = at(output, "/id")?;
        Some(Made::id(id).with("DeploymentId", id))
    },
    prepares: false,
};

#[async_trait]
impl Handler for Deployment {
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let described = desired.get("StageDescription").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut properties = desired.without(&["StageDescription"]);
        for (from, to) in [("Description", "StageDescription"), ("Variables", "Variables")] {
            if let Some(value) = described.get(from) {
                properties.insert(to.to_owned(), value.clone());
            }
        }
        let made = DEPLOYMENT.create(work, &Desired { properties: &properties, ..*desired }).await?;
        if let Some(stage) = desired.text("StageName").filter(|_| !described.is_empty()) {
            let api = desired.text("RestApiId").unwrap_or_default();
            let settings: Vec<_> = SETTINGS.iter().copied().filter(|(name, _)| *name != "DeploymentId").collect();
            let operations = patches(&settings, &Map::new(), &described);
            let mut settings = described.clone();
            // What a deployment says of all methods is a stage's setting of every method.
            if let Some(all) = settings_of_all_methods(&described) {
                let list = settings.entry("MethodSettings").or_insert_with(|| json!([]));
                if let Some(list) = list.as_array_mut() {
                    list.insert(0, all);
                }
            }
            apply(work, api, stage, operations, &Map::new(), &settings).await?;
        }
        Ok(made)
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        if current.get("Description") != desired.get("Description") {
            let description = desired.text("Description").unwrap_or_default();
            let patch = json!({"op": "replace", "path": "/description", "value": description});
            let mut input = (DEPLOYMENT.key)(current);
            input.insert("patchOperations".to_owned(), Value::Array(vec![patch]));
            work.call(Api::RestApis, "UpdateDeployment", input).await?;
        }
        Ok(Made::unchanged(current))
    }

    /// The stage that a deployment made goes with it, unless it has moved on to another.
    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        if let Some(stage) = current.get("StageName") {
            let key = members! {"restApiId": current.value("RestApiId"), "stageName": stage.clone()};
            match work.call(Api::RestApis, "GetStage", key.clone()).await {
                Ok(output) if at(&output, "/deploymentId") == Some(&current.id) => {
                    work.remove(Api::RestApis, "DeleteStage", key).await?;
                }
                Err(failure) if !failure.is_not_found() => return Err(failure),
                _ => {}
            }
        }
        DEPLOYMENT.delete(work, current).await
    }
}

/// Settings of all methods that a deployment's stage description has in members of its own.
fn settings_of_all_methods(described: &Map<String, Value>) -> Option<Value> {
    const NAMES: [&str; 8] = [
        "CacheDataEncrypted",
        "CacheTtlInSeconds",
        "CachingEnabled",
        "DataTraceEnabled",
        "LoggingLevel",
        "MetricsEnabled",
        "ThrottlingBurstLimit",
        "ThrottlingRateLimit",
    ];
    let mut all: Map<String, Value> =
        NAMES.iter().filter_map(|name| Some(((*name).to_owned(), described.get(*name)?.clone()))).collect();
    if all.is_empty() {
        return None;
    }
    all.insert("ResourcePath".to_owned(), Value::from("/*"));
    all.insert("HttpMethod".to_owned(), Value::from("*"));
    Some(Value::Object(all))
}

/// Settings of methods: property and the end of the path.
const METHOD_SETTINGS: &[(&str, &str)] = &[
    ("CacheDataEncrypted", "caching/dataEncrypted"),
    ("CacheTtlInSeconds", "caching/ttlInSeconds"),
    ("CachingEnabled", "caching/enabled"),
    ("DataTraceEnabled", "logging/dataTrace"),
    ("LoggingLevel", "logging/loglevel"),
    ("MetricsEnabled", "metrics/enabled"),
    ("ThrottlingBurstLimit", "throttling/burstLimit"),
    ("ThrottlingRateLimit", "throttling/rateLimit"),
];

async fn apply(
    work: &mut Work<'_, '_>,
    api: &str,
    stage: &str,
    mut operations: Vec<Value>,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Result<(), HandlerFailure> {
    operations.extend(method_settings(before.get("MethodSettings"), after.get("MethodSettings")));
    if before.get("AccessLogSetting") != after.get("AccessLogSetting") {
        match after.get("AccessLogSetting") {
            Some(setting) => {
                for (member, path) in [("DestinationArn", "destinationArn"), ("Format", "format")] {
                    if let Some(value) = setting.get(member) {
                        let path = format!("/accessLogSettings/{path}");
                        operations.push(json!({"op": "replace", "path": path, "value": text(value)}));
                    }
                }
            }
            None => operations.push(json!({"op": "remove", "path": "/accessLogSettings"})),
        }
    }
    if operations.is_empty() {
        return Ok(());
    }
    let input = members! {"restApiId": api, "stageName": stage, "patchOperations": operations};
    work.call(Api::RestApis, "UpdateStage", input).await.map(drop)
}

fn method_settings(before: Option<&Value>, after: Option<&Value>) -> Vec<Value> {
    let mut operations = Vec::new();
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let (before, after) = (list(before), list(after));
    for gone in before.iter().filter(|setting| !after.iter().any(|other| place(other) == place(setting))) {
        operations.push(json!({"op": "remove", "path": format!("/{}", place(gone))}));
    }
    for setting in after.iter().filter(|setting| !before.contains(setting)) {
        let place = place(setting);
        for (member, end) in METHOD_SETTINGS {
            if let Some(value) = setting.get(*member) {
                operations.push(json!({"op": "replace", "path": format!("/{place}/{end}"), "value": text(value)}));
            }
        }
    }
    operations
}

/// Which methods a setting is for, as paths of patch operations name them: `~1pets/GET`, `*/*` for all.
fn place(setting: &Value) -> String {
    let path = at(setting, "/ResourcePath").unwrap_or("/*");
    let method = at(setting, "/HttpMethod").unwrap_or("*");
    if matches!(path, "/*" | "*") { format!("*/{method}") } else { format!("{}/{method}", escaped(path)) }
}

fn canary_patches(before: Option<&Value>, after: Option<&Value>) -> Vec<Value> {
    if before == after {
        return Vec::new();
    }
    let Some(after) = after else { return vec![json!({"op": "remove", "path": "/canarySettings"})] };
    let paths = [
        ("PercentTraffic", "/canarySettings/percentTraffic"),
        ("DeploymentId", "/canarySettings/deploymentId"),
        ("UseStageCache", "/canarySettings/useStageCache"),
        ("StageVariableOverrides", "/canarySettings/stageVariableOverrides"),
    ];
    let members = |value: Option<&Value>| value.and_then(Value::as_object).cloned().unwrap_or_default();
    patches(&paths, &members(before), &members(Some(after)))
}
