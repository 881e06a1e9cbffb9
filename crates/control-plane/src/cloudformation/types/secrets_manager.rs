//! AWS Secrets Manager: secrets, generated or given, the functions that rotate them, and their policies.

use async_trait::async_trait;
use claviger_aws_protocol::failure::Failure;
use serde_json::{Map, Value};

use super::failure::HandlerFailure;
use super::handler::{Change, Current, Desired, Handler, Made, Preparation, Work, members};
use super::noun::{Noun, Update, at, changed_tags, tag_list};
use crate::dispatch::Api;
use crate::secrets_manager::rotation::{self, RotateSecretInput};

/// A secret.
pub(super) struct Secret;
/// The function that rotates a secret.
pub(super) struct RotationSchedule;

/// Characters of the longest name.
const NAME_MAX: usize = 255;
/// Properties of a secret that operations take under other names, or not at all.
const BESIDE: [&str; 3] = ["GenerateSecretString", "Tags", "ReplicaRegions"];

/// The value that the template gives or has generated; `None` when it does neither.
async fn value(work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Option<String>, HandlerFailure> {
    let Some(Value::Object(rules)) = desired.get("GenerateSecretString") else {
        return Ok(desired.text("SecretString").map(str::to_owned));
    };
    if desired.get("SecretString").is_some() {
        return Err(HandlerFailure::unsupported("You can't specify both SecretString and GenerateSecretString."));
    }
    let mut rules = rules.clone();
    let (template, key) = (rules.remove("SecretStringTemplate"), rules.remove("GenerateStringKey"));
    let output = work.call(Api::SecretsManager, "GetRandomPassword", rules).await?;
    let password = at(&output, "/RandomPassword").ok_or_else(|| HandlerFailure::silent("GetRandomPassword"))?;
    match (template.as_ref().and_then(Value::as_str), key.as_ref().and_then(Value::as_str)) {
        (None, None) => Ok(Some(password.to_owned())),
        (Some(template), Some(key)) => {
            let Ok(mut members) = serde_json::from_str::<Map<String, Value>>(template) else {
                return Err(HandlerFailure::unsupported("Could not parse SecretStringTemplate JSON"));
            };
            members.insert(key.to_owned(), Value::from(password));
            Ok(Some(Value::Object(members).to_string()))
        }
        _ => Err(HandlerFailure::unsupported("SecretStringTemplate and GenerateStringKey go together")),
    }
}

fn check_replicas(desired: &Desired<'_>) -> Result<(), HandlerFailure> {
    let is_replicated = desired.get("ReplicaRegions").and_then(Value::as_array).is_some_and(|them| !them.is_empty());
    if is_replicated {
        return Err(HandlerFailure::unsupported("#/ReplicaRegions: Claviger keeps no replicas; leave it out"));
    }
    Ok(())
}

#[async_trait]
impl Handler for Secret {
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        check_replicas(desired)?;
        let mut input = desired.without(&BESIDE);
        if desired.text("Name").is_none() {
            let name = work.name(desired, NAME_MAX);
            input.insert("Name".to_owned(), Value::from(name));
        }
        if let Some(value) = value(work, desired).await? {
            input.insert("SecretString".to_owned(), Value::from(value));
        }
        let tags = desired.tags("Tags");
        if !tags.is_empty() {
            input.insert("Tags".to_owned(), tag_list(tags));
        }
        let output = work.call(Api::SecretsManager, "CreateSecret", input).await?;
        let arn = at(&output, "/ARN").ok_or_else(|| HandlerFailure::silent("CreateSecret"))?;
        Ok(Made::id(arn).with("Id", arn))
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        check_replicas(desired)?;
        let mut input = members! {
            "SecretId": current.id.as_str(),
            "Description": desired.text("Description").unwrap_or_default(),
        };
        if let Some(key) = desired.get("KmsKeyId") {
            input.insert("KmsKeyId".to_owned(), key.clone());
        }
        let is_changed = |name: &str| current.get(name) != desired.get(name);
        if ["SecretString", "GenerateSecretString"].into_iter().any(is_changed)
            && let Some(value) = value(work, desired).await?
        {
            input.insert("SecretString".to_owned(), Value::from(value));
        }
        work.call(Api::SecretsManager, "UpdateSecret", input).await?;
        let (gone, tags) = changed_tags(current.get("Tags"), &desired.tags("Tags"));
        let id = current.id.as_str();
        if !gone.is_empty() {
            work.call(Api::SecretsManager, "UntagResource", members! {"SecretId": id, "TagKeys": gone}).await?;
        }
        if !tags.is_empty() {
            let input = members! {"SecretId": id, "Tags": tag_list(tags)};
            work.call(Api::SecretsManager, "TagResource", input).await?;
        }
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        let input = members! {"SecretId": current.id.as_str(), "ForceDeleteWithoutRecovery": true};
        work.remove(Api::SecretsManager, "DeleteSecret", input).await
    }
}

impl RotationSchedule {
    /// Has the function rotate the secret, or only tries it.
    async fn rotate(preparation: &Preparation<'_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        for name in ["HostedRotationLambda", "ExternalSecretRotationRoleArn", "ExternalSecretRotationMetadata"] {
            if desired.get(name).is_some() {
                return Err(HandlerFailure::unsupported(format!(
                    "#/{name}: Claviger does not serve this property; name a function in RotationLambdaARN"
                )));
            }
        }
        let secret_id = desired.text("SecretId").unwrap_or_default().to_owned();
        let rules = desired.get("RotationRules").and_then(Value::as_object).cloned().unwrap_or_default();
        let input = RotateSecretInput {
            secret_id: secret_id.clone(),
            function: desired.text("RotationLambdaARN").map(str::to_owned),
            rotation_rules: rules,
            rotate_immediately: desired.get("RotateImmediatelyOnUpdate").and_then(Value::as_bool),
            ..RotateSecretInput::default()
        };
        let rotated = rotation::rotate(preparation.services, preparation.caller, &input).await;
        rotated.map_err(|error| HandlerFailure::new(Api::SecretsManager, Failure::from(error)))?;
        Ok(Made::id(secret_id.clone()).with("Id", secret_id))
    }
}

#[async_trait]
impl Handler for RotationSchedule {
    async fn prepare(&self, preparation: &mut Preparation<'_>, change: &Change<'_>) -> Result<(), HandlerFailure> {
        if let Change::Create(desired) | Change::Update(_, desired) = change {
            preparation.prepared.made = Some(Self::rotate(preparation, desired).await?);
        }
        Ok(())
    }

    fn is_slow(&self) -> bool {
        true
    }

    async fn create(&self, work: &mut Work<'_, '_>, _: &Desired<'_>) -> Result<Made, HandlerFailure> {
        work.prepared.made()
    }

    async fn update(&self, work: &mut Work<'_, '_>, _: &Current, _: &Desired<'_>) -> Result<Made, HandlerFailure> {
        work.prepared.made()
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        let input = members! {"SecretId": current.id.as_str()};
        work.remove(Api::SecretsManager, "CancelRotateSecret", input).await
    }
}

/// Who may do what with a secret.
pub(super) static RESOURCE_POLICY: Noun = Noun {
    api: Api::SecretsManager,
    create: "PutResourcePolicy",
    update: Update::Whole("PutResourcePolicy"),
    delete: "DeleteResourcePolicy",
    renamed: &[],
    fixed: &[],
    name: None,
    tags: None,
    key: |current| members! {"SecretId": current.value("SecretId")},
    made: |properties, _, _| {
        let id = properties.get("SecretId")?.as_str()?;
        Some(Made::id(id).with("Id", id))
    },
    prepares: false,
};
