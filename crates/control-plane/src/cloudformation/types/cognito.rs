//! Amazon Cognito: pools, what belongs to them, and their users.

use async_trait::async_trait;
use claviger_resources::Tenant;
use serde_json::{Map, Value, json};

use super::failure::HandlerFailure;
use super::handler::{Current, Desired, Handler, Made, Work, members};
use super::noun::{Noun, Tags, Update, at};
use crate::dispatch::Api;

/// Characters of the longest name of a pool or client.
const NAME_MAX: usize = 128;

pub(super) static USER_POOL_CLIENT: Noun = Noun {
    api: Api::Cognito,
    create: "CreateUserPoolClient",
    update: Update::Whole("UpdateUserPoolClient"),
    delete: "DeleteUserPoolClient",
    renamed: &[],
    fixed: &["GenerateSecret"],
    name: Some(("ClientName", NAME_MAX)),
    tags: None,
    key: |current| members! {"UserPoolId": current.value("UserPoolId"), "ClientId": current.id.as_str()},
    made: |_, output, _| {
        let id = at(output, "/UserPoolClient/ClientId")?;
        let made = Made::id(id).with("ClientId", id).with("Name", at(output, "/UserPoolClient/ClientName")?);
        Some(match at(output, "/UserPoolClient/ClientSecret") {
            Some(secret) => made.with("ClientSecret", secret),
            None => made,
        })
    },
    prepares: false,
};

pub(super) static RESOURCE_SERVER: Noun = Noun {
    api: Api::Cognito,
    create: "CreateResourceServer",
    update: Update::Whole("UpdateResourceServer"),
    delete: "DeleteResourceServer",
    renamed: &[],
    fixed: &[],
    name: None,
    tags: None,
    key: |current| members! {"UserPoolId": current.value("UserPoolId"), "Identifier": current.value("Identifier")},
    made: |_, output, _| Some(Made::id(at(output, "/ResourceServer/Identifier")?)),
    prepares: false,
};

pub(super) static USER_POOL_DOMAIN: Noun = Noun {
    api: Api::Cognito,
    create: "CreateUserPoolDomain",
    update: Update::Whole("UpdateUserPoolDomain"),
    delete: "DeleteUserPoolDomain",
    renamed: &[],
    fixed: &[],
    name: None,
    tags: None,
    key: |current| members! {"UserPoolId": current.value("UserPoolId"), "Domain": current.value("Domain")},
    made: |properties, output, _| {
        let made = Made::id(properties.get("Domain")?.as_str()?);
        Some(match at(output, "/CloudFrontDomain") {
            Some(distribution) => made.with("CloudFrontDistribution", distribution),
            None => made,
        })
    },
    prepares: false,
};

pub(super) static USER_POOL_GROUP: Noun = Noun {
    api: Api::Cognito,
    create: "CreateGroup",
    update: Update::Whole("UpdateGroup"),
    delete: "DeleteGroup",
    renamed: &[],
    fixed: &[],
    name: Some(("GroupName", NAME_MAX)),
    tags: None,
    key: |current| members! {"UserPoolId": current.value("UserPoolId"), "GroupName": current.id.as_str()},
    made: |_, output, _| Some(Made::id(at(output, "/Group/GroupName")?)),
    prepares: false,
};

pub(super) static USER_IN_GROUP: Noun = Noun {
    api: Api::Cognito,
    create: "AdminAddUserToGroup",
    update: Update::Never,
    delete: "AdminRemoveUserFromGroup",
    renamed: &[],
    fixed: &[],
    name: None,
    tags: None,
    key: |current| {
        let named = |name: &str| current.value(name);
        members! {"UserPoolId": named("UserPoolId"), "GroupName": named("GroupName"), "Username": named("Username")}
    },
    made: |properties, _, _| {
        let part = |name: &str| properties.get(name).and_then(Value::as_str);
        Some(Made::id(format!("{}|{}|{}", part("UserPoolId")?, part("GroupName")?, part("Username")?)))
    },
    prepares: false,
};

/// The pool itself: settings that sign-in by several factors has are set by an operation of their own.
pub(super) struct UserPool;

static USER_POOL: Noun = Noun {
    api: Api::Cognito,
    create: "CreateUserPool",
    update: Update::Whole("UpdateUserPool"),
    delete: "DeleteUserPool",
    renamed: &[("UserPoolName", "PoolName")],
    fixed: &["Schema", "AliasAttributes", "UsernameAttributes", "UsernameConfiguration"],
    name: Some(("UserPoolName", NAME_MAX)),
    tags: Some(Tags { property: "UserPoolTags", member: "UserPoolTags", arn: None }),
    key: |current| members! {"UserPoolId": current.id.as_str()},
    made: |_, output, tenant| {
        let id = at(output, "/UserPool/Id")?;
        Some(made_pool(id, at(output, "/UserPool/Arn")?, tenant))
    },
    prepares: false,
};

fn made_pool(id: &str, arn: &str, tenant: &Tenant) -> Made {
    let provider = format!("cognito-idp.{}.amazonaws.com/{id}", tenant.region);
    Made::id(id)
        .with("Arn", arn)
        .with("ProviderURL", format!("https://{provider}"))
        .with("ProviderName", provider)
        .with("UserPoolId", id)
}

/// Properties that `SetUserPoolMfaConfig` takes, and not the operation that makes a pool.
const OF_SECOND_FACTORS: [&str; 2] = ["EnabledMfas", "MfaConfiguration"];

impl UserPool {
    /// What the operations that make and change a pool take; text templates of AWS's console may carry empty objects.
    fn plain(desired: &Desired<'_>) -> Map<String, Value> {
        desired.without(&OF_SECOND_FACTORS)
    }

    async fn second_factors(work: &mut Work<'_, '_>, id: &str, desired: &Desired<'_>) -> Result<(), HandlerFailure> {
        let mode = desired.text("MfaConfiguration").unwrap_or("OFF");
        let enabled = desired.get("EnabledMfas").and_then(Value::as_array).cloned().unwrap_or_default();
        if mode == "OFF" && enabled.is_empty() {
            return Ok(());
        }
        let mut input = members! {"UserPoolId": id, "MfaConfiguration": mode};
        if enabled.iter().any(|factor| factor == "SOFTWARE_TOKEN_MFA") {
            input.insert("SoftwareTokenMfaConfiguration".to_owned(), json!({"Enabled": true}));
        }
        if let Some(sms) = desired.get("SmsConfiguration").filter(|_| enabled.iter().any(|factor| factor == "SMS_MFA"))
        {
            input.insert("SmsMfaConfiguration".to_owned(), json!({"SmsConfiguration": sms}));
        }
        work.call(Api::Cognito, "SetUserPoolMfaConfig", input).await.map(drop)
    }
}

#[async_trait]
impl Handler for UserPool {
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let properties = Self::plain(desired);
        let made = USER_POOL.create(work, &Desired { properties: &properties, ..*desired }).await?;
        Self::second_factors(work, &made.id, desired).await?;
        Ok(made)
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        Self::widen_schema(work, current, desired).await?;
        let properties = Self::plain(desired);
        let made = USER_POOL.update(work, current, &Desired { properties: &properties, ..*desired }).await?;
        Self::second_factors(work, &current.id, desired).await?;
        Ok(made)
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        USER_POOL.delete(work, current).await
    }
}

impl UserPool {
    /// Attributes may be added, and nothing else of a schema may change.
    async fn widen_schema(
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<(), HandlerFailure> {
        let list = |schema: Option<&Value>| schema.and_then(Value::as_array).cloned().unwrap_or_default();
        let (before, after) = (list(current.get("Schema")), list(desired.get("Schema")));
        let fixed = ["AliasAttributes", "UsernameAttributes", "UsernameConfiguration"];
        if let Some(name) = fixed.into_iter().find(|name| current.get(name) != desired.get(name)) {
            return Err(HandlerFailure::unsupported(format!("Updates are not allowed for property - {name}.")));
        }
        if before.iter().any(|attribute| !after.contains(attribute)) {
            return Err(HandlerFailure::unsupported(
                "Invalid AttributeDataType input, consider using the provided AttributeDataType enum: existing schema \
                 attributes cannot be modified or deleted.",
            ));
        }
        let added: Vec<Value> = after.into_iter().filter(|attribute| !before.contains(attribute)).collect();
        if added.is_empty() {
            return Ok(());
        }
        let input = members! {"UserPoolId": current.id.as_str(), "CustomAttributes": added};
        work.call(Api::Cognito, "AddCustomAttributes", input).await.map(drop)
    }
}
