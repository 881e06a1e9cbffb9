//! Roles: `CreateRole`, `GetRole`, `ListRoles`, `UpdateRole`, `UpdateAssumeRolePolicy`, `DeleteRole`.

use std::collections::{BTreeMap, BTreeSet};

use claviger_resources::role::Role;
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::document::{check, date, encoded, unique_id};
use super::errors::Error;
use super::global;
use super::role_tags::Tag;
use crate::operation::{Access, Context, Operation};

/// Makes a role.
pub struct CreateRole;
/// Shows a role.
pub struct GetRole;
/// Lists roles.
pub struct ListRoles;
/// Changes what a role is for.
pub struct UpdateRole;
/// Changes who may assume a role.
pub struct UpdateAssumeRolePolicy;
/// Deletes a role.
pub struct DeleteRole;

/// Roles that an account may have (IAM User Guide, "IAM and AWS STS quotas").
const ROLES_MAX: u64 = 5000;
/// Roles on a page unless the caller says otherwise (IAM API, `ListRoles`).
const PAGE_MAX: usize = 100;
/// How long sessions may last unless something is said, in seconds (IAM API, `CreateRole`).
const SESSION_SECONDS: u32 = 3600;

/// The members of `CreateRole`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateRoleInput {
    /// Its name.
    pub role_name: String,
    /// What its ARN has before the name.
    pub path: Option<String>,
    /// Who may assume it.
    pub assume_role_policy_document: String,
    /// What it is for.
    pub description: Option<String>,
    /// How long its sessions may last.
    pub max_session_duration: Option<u32>,
    /// The ARN of the policy that bounds it.
    pub permissions_boundary: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// Which role is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleInput {
    pub(super) role_name: String,
}

/// The members of `ListRoles`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRolesInput {
    path_prefix: Option<String>,
    marker: Option<String>,
    max_items: Option<usize>,
}

/// The members of `UpdateRole`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateRoleInput {
    role_name: String,
    description: Option<String>,
    max_session_duration: Option<u32>,
}

/// The members of `UpdateAssumeRolePolicy`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateAssumeRolePolicyInput {
    role_name: String,
    policy_document: String,
}

/// A role as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleOutput {
    role: ShownRole,
}

/// A page of roles.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRolesOutput {
    roles: Vec<ShownRole>,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

/// What `UpdateRole` answers: nothing, in an element of its own.
#[derive(Debug, Serialize)]
pub struct UpdateRoleOutput {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownRole {
    path: String,
    role_name: String,
    role_id: String,
    arn: String,
    create_date: i64,
    assume_role_policy_document: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    max_session_duration: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions_boundary: Option<Boundary>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Boundary {
    permissions_boundary_type: &'static str,
    permissions_boundary_arn: String,
}

impl Operation for CreateRole {
    const NAME: &'static str = "CreateRole";
    const ACCESS: Access = Access::Write;
    type Input = CreateRoleInput;
    type Output = RoleOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let role = create(cx, input).await?;
        Ok(RoleOutput { role: ShownRole::of(&role, true) })
    }
}

impl Operation for GetRole {
    const NAME: &'static str = "GetRole";
    const ACCESS: Access = Access::Read;
    type Input = RoleInput;
    type Output = RoleOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let role = find(cx, &input.role_name).await?;
        Ok(RoleOutput { role: ShownRole::of(&role, true) })
    }
}

impl Operation for ListRoles {
    const NAME: &'static str = "ListRoles";
    const ACCESS: Access = Access::Read;
    type Input = ListRolesInput;
    type Output = ListRolesOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let size = input.max_items.unwrap_or(PAGE_MAX);
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let mut roles: Vec<Role> = Vec::new();
        for role in cx.tx.list_all::<Role>(&global(cx.tenant), "").await? {
            let is_after = input.marker.as_ref().is_none_or(|marker| role.name > *marker);
            if is_after && role.path.starts_with(prefix) && roles.len() <= size {
                roles.push(role.record);
            }
        }
        let is_truncated = roles.len() > size;
        roles.truncate(size);
        let marker = roles.last().filter(|_| is_truncated).map(|last| last.name.clone());
        let roles = roles.iter().map(|role| ShownRole::of(role, false)).collect();
        Ok(ListRolesOutput { roles, is_truncated, marker })
    }
}

impl Operation for UpdateRole {
    const NAME: &'static str = "UpdateRole";
    const ACCESS: Access = Access::Write;
    type Input = UpdateRoleInput;
    type Output = UpdateRoleOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut role = find(cx, &input.role_name).await?;
        role.description = input.description.clone().or(role.record.description.take());
        role.session_seconds_max = input.max_session_duration.unwrap_or(role.session_seconds_max);
        cx.tx.replace(&role).await?;
        Ok(UpdateRoleOutput {})
    }
}

impl Operation for UpdateAssumeRolePolicy {
    const NAME: &'static str = "UpdateAssumeRolePolicy";
    const ACCESS: Access = Access::Write;
    type Input = UpdateAssumeRolePolicyInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        check(&input.policy_document)?;
        let mut role = find(cx, &input.role_name).await?;
        role.trust_policy.clone_from(&input.policy_document);
        Ok(cx.tx.replace(&role).await?)
    }
}

impl Operation for DeleteRole {
    const NAME: &'static str = "DeleteRole";
    const ACCESS: Access = Access::Write;
    type Input = RoleInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        delete(cx, &input.role_name).await
    }
}

/// Makes a role.
pub async fn create(cx: &mut Context<'_>, input: &CreateRoleInput) -> Result<Role, Error> {
    check(&input.assume_role_policy_document)?;
    let tenant = global(cx.tenant);
    if cx.tx.find::<Role>(&tenant, "", &input.role_name).await?.is_some() {
        return Err(Error::AlreadyExists { what: "Role", name: input.role_name.clone() });
    }
    if cx.tx.count_of::<Role>(&tenant, "").await? >= ROLES_MAX {
        let message = format!("Cannot exceed quota for RolesPerAccount: {ROLES_MAX}");
        return Err(Error::LimitExceeded(message));
    }
    let role = Role {
        name: input.role_name.clone(),
        tenant,
        path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
        id: unique_id("AROA", cx.random),
        created: cx.now,
        trust_policy: input.assume_role_policy_document.clone(),
        description: input.description.clone(),
        session_seconds_max: input.max_session_duration.unwrap_or(SESSION_SECONDS),
        permissions_boundary: input.permissions_boundary.clone(),
        tags: input.tags.iter().cloned().map(Tag::into_pair).collect(),
        policies: BTreeMap::new(),
        attached: BTreeSet::new(),
    };
    cx.tx.insert(&role).await?;
    Ok(role)
}

/// Deletes a role that has no policies.
pub async fn delete(cx: &mut Context<'_>, name: &str) -> Result<(), Error> {
    let role = find(cx, name).await?;
    if !role.attached.is_empty() {
        return Err(Error::DeleteConflict("Cannot delete entity, must detach all policies first."));
    }
    if !role.policies.is_empty() {
        return Err(Error::DeleteConflict("Cannot delete entity, must delete policies first."));
    }
    cx.tx.delete(&role.record).await?;
    Ok(())
}

/// The role of this name.
pub async fn find(cx: &mut Context<'_>, name: &str) -> Result<Stored<Role>, Error> {
    let found = cx.tx.find::<Role>(&global(cx.tenant), "", name).await?;
    found.ok_or_else(|| Error::no_role(name))
}

impl ShownRole {
    fn of(role: &Role, with_tags: bool) -> Self {
        let boundary = role.permissions_boundary.clone();
        Self {
            path: role.path.clone(),
            role_name: role.name.clone(),
            role_id: role.id.clone(),
            arn: role.arn(),
            create_date: date(role.created),
            assume_role_policy_document: encoded(&role.trust_policy),
            description: role.description.clone(),
            max_session_duration: role.session_seconds_max,
            permissions_boundary: boundary
                .map(|arn| Boundary { permissions_boundary_type: "Policy", permissions_boundary_arn: arn }),
            tags: if with_tags { Tag::all(&role.tags) } else { Vec::new() },
        }
    }
}
