//! AWS Identity and Access Management: roles and their policies. They decide who may do what only where a service asks.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::failure::HandlerFailure;
use super::handler::{Current, Desired, Handler, Made, Work, members};
use super::noun::{at, changed_tags, tag_list};
use crate::dispatch::Api;

/// A role with its policies.
pub(super) struct Role;
/// A policy that stands in roles.
pub(super) struct InlinePolicy;
/// A policy that is attached to roles.
pub(super) struct ManagedPolicy;

/// Properties of a role that operations of their own set.
const BESIDE_ROLE: [&str; 3] = ["Policies", "ManagedPolicyArns", "Tags"];
/// Characters of the longest name of a role.
const ROLE_NAME_MAX: usize = 64;
/// The same for a policy.
const POLICY_NAME_MAX: usize = 128;

/// Policies by their names, as a role lists them.
fn policies(properties: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let listed = properties.get("Policies").and_then(Value::as_array).into_iter().flatten();
    listed.filter_map(|it| Some((it.get("PolicyName")?.as_str()?, it.get("PolicyDocument")?))).collect()
}

/// The texts that a property lists.
fn texts<'a>(properties: &'a Map<String, Value>, name: &str) -> BTreeSet<&'a str> {
    properties.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

async fn put(work: &mut Work<'_, '_>, role: &str, name: &str, document: &Value) -> Result<(), HandlerFailure> {
    let input = members! {"RoleName": role, "PolicyName": name, "PolicyDocument": document.clone()};
    work.call(Api::Iam, "PutRolePolicy", input).await.map(drop)
}

async fn take(work: &mut Work<'_, '_>, role: &str, name: &str) -> Result<(), HandlerFailure> {
    work.remove(Api::Iam, "DeleteRolePolicy", members! {"RoleName": role, "PolicyName": name}).await
}

async fn attach(work: &mut Work<'_, '_>, role: &str, arn: &str) -> Result<(), HandlerFailure> {
    work.call(Api::Iam, "AttachRolePolicy", members! {"RoleName": role, "PolicyArn": arn}).await.map(drop)
}

async fn detach(work: &mut Work<'_, '_>, role: &str, arn: &str) -> Result<(), HandlerFailure> {
    work.remove(Api::Iam, "DetachRolePolicy", members! {"RoleName": role, "PolicyArn": arn}).await
}

#[async_trait]
impl Handler for Role {
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let mut input = desired.without(&BESIDE_ROLE);
        if desired.text("RoleName").is_none() {
            let name = work.name(desired, ROLE_NAME_MAX);
            input.insert("RoleName".to_owned(), Value::from(name));
        }
        input.insert("Tags".to_owned(), tag_list(desired.tags("Tags")));
        let output = work.call(Api::Iam, "CreateRole", input).await?;
        let silent = || HandlerFailure::silent("CreateRole");
        let name = at(&output, "/Role/RoleName").ok_or_else(silent)?;
        let (arn, id) = (at(&output, "/Role/Arn").ok_or_else(silent)?, at(&output, "/Role/RoleId").ok_or_else(silent)?);
        for (policy, document) in policies(desired.properties) {
            put(work, name, policy, document).await?;
        }
        for policy in texts(desired.properties, "ManagedPolicyArns") {
            attach(work, name, policy).await?;
        }
        Ok(Made::id(name).with("Arn", arn).with("RoleId", id))
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        let name = current.id.as_str();
        if current.get("PermissionsBoundary") != desired.get("PermissionsBoundary") {
            return Err(HandlerFailure::unsupported(
                "#/PermissionsBoundary: Claviger cannot change it; make another role",
            ));
        }
        let document = desired.get("AssumeRolePolicyDocument").cloned().unwrap_or_default();
        let input = members! {"RoleName": name, "PolicyDocument": document};
        work.call(Api::Iam, "UpdateAssumeRolePolicy", input).await?;
        let mut input = Map::new();
        // What the template no longer says returns to its default: no words, and an hour.
        for (property, default) in [("Description", Value::from("")), ("MaxSessionDuration", 3600.into())] {
            if current.get(property) != desired.get(property) {
                input.insert(property.to_owned(), desired.get(property).cloned().unwrap_or(default));
            }
        }
        if !input.is_empty() {
            input.insert("RoleName".to_owned(), Value::from(name));
            work.call(Api::Iam, "UpdateRole", input).await?;
        }
        let (before, after) = (policies(&current.properties), policies(desired.properties));
        for (policy, _) in before.iter().filter(|(policy, _)| !after.iter().any(|(name, _)| name == policy)) {
            take(work, name, policy).await?;
        }
        for (policy, document) in after.iter().filter(|it| !before.contains(it)) {
            put(work, name, policy, document).await?;
        }
        let property = "ManagedPolicyArns";
        let (before, after) = (texts(&current.properties, property), texts(desired.properties, property));
        for policy in before.difference(&after) {
            detach(work, name, policy).await?;
        }
        for policy in after.difference(&before) {
            attach(work, name, policy).await?;
        }
        let (gone, tags) = changed_tags(current.get("Tags"), &desired.tags("Tags"));
        if !gone.is_empty() {
            work.call(Api::Iam, "UntagRole", members! {"RoleName": name, "TagKeys": gone}).await?;
        }
        if !tags.is_empty() {
            work.call(Api::Iam, "TagRole", members! {"RoleName": name, "Tags": tag_list(tags)}).await?;
        }
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        let name = current.id.as_str();
        for (policy, _) in policies(&current.properties) {
            take(work, name, policy).await?;
        }
        for policy in texts(&current.properties, "ManagedPolicyArns") {
            detach(work, name, policy).await?;
        }
        work.remove(Api::Iam, "DeleteRole", members! {"RoleName": name}).await
    }
}

/// Users and groups are not served, so nothing can be done for them.
fn check_roles_only(desired: &Desired<'_>) -> Result<(), HandlerFailure> {
    let named = |name: &&&str| !texts(desired.properties, name).is_empty();
    match ["Users", "Groups"].iter().find(named) {
        Some(name) => Err(HandlerFailure::unsupported(format!("#/{name}: Claviger serves roles only; leave it out"))),
        None => Ok(()),
    }
}

#[async_trait]
impl Handler for InlinePolicy {
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        check_roles_only(desired)?;
        let (name, document) = named(desired.properties);
        for role in texts(desired.properties, "Roles") {
            put(work, role, name, &document).await?;
        }
        let id = work.name(desired, POLICY_NAME_MAX);
        Ok(Made::id(id.clone()).with("Id", id))
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        check_roles_only(desired)?;
        let ((before, _), (name, document)) = (named(&current.properties), named(desired.properties));
        let roles = texts(desired.properties, "Roles");
        for role in texts(&current.properties, "Roles").iter().filter(|role| before != name || !roles.contains(*role)) {
            take(work, role, before).await?;
        }
        for role in roles {
            put(work, role, name, &document).await?;
        }
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        let (name, _) = named(&current.properties);
        for role in texts(&current.properties, "Roles") {
            take(work, role, name).await?;
        }
        Ok(())
    }
}

/// A policy's name and document.
fn named(properties: &Map<String, Value>) -> (&str, Value) {
    let name = properties.get("PolicyName").and_then(Value::as_str).unwrap_or_default();
    (name, properties.get("PolicyDocument").cloned().unwrap_or_default())
}

impl ManagedPolicy {
    async fn make(work: &mut Work<'_, '_>, desired: &Desired<'_>, name: String) -> Result<Made, HandlerFailure> {
        let mut input = desired.without(&["ManagedPolicyName", "Roles", "Users", "Groups"]);
        input.insert("PolicyName".to_owned(), Value::from(name));
        let output = work.call(Api::Iam, "CreatePolicy", input).await?;
        let silent = || HandlerFailure::silent("CreatePolicy");
        let arn = at(&output, "/Policy/Arn").ok_or_else(silent)?;
        let id = at(&output, "/Policy/PolicyId").ok_or_else(silent)?;
        for role in texts(desired.properties, "Roles") {
            attach(work, role, arn).await?;
        }
        Ok(Made::id(arn).with("PolicyArn", arn).with("PolicyId", id))
    }
}

#[async_trait]
impl Handler for ManagedPolicy {
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        check_roles_only(desired)?;
        let name = desired.text("ManagedPolicyName").map(str::to_owned);
        let name = name.unwrap_or_else(|| work.name(desired, POLICY_NAME_MAX));
        Self::make(work, desired, name).await
    }

    /// Policies have one version here, so one that changes is made anew under its name.
    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        check_roles_only(desired)?;
        let name = current.id.rsplit('/').next().unwrap_or_default().to_owned();
        self.delete(work, current).await?;
        Self::make(work, desired, name).await
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        for role in texts(&current.properties, "Roles") {
            detach(work, role, &current.id).await?;
        }
        work.remove(Api::Iam, "DeletePolicy", members! {"PolicyArn": current.id.as_str()}).await
    }
}
