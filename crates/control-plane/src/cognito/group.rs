//! Groups of users: `CreateGroup`, `GetGroup`, `ListGroups`, `UpdateGroup`, `DeleteGroup`.

use claviger_resources::group::{Group, GroupMember};
use claviger_resources::quotas::Quota;
use claviger_resources::random;
use claviger_resources::user_pool::UserPool;
use claviger_store::{StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::pagination::PageRequest;
use super::user_error::UserError;
use super::{quota, user_pool};
use crate::operation::{Access, Context, Operation};

/// Adds a group to a pool.
pub struct CreateGroup;
/// Shows a group.
pub struct GetGroup;
/// Lists a pool's groups.
pub struct ListGroups;
/// Changes a group: what is left out stays.
pub struct UpdateGroup;
/// Deletes a group; its members stay users.
pub struct DeleteGroup;

/// The members of `CreateGroup` and `UpdateGroup`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupInput {
    group_name: String,
    user_pool_id: String,
    description: Option<String>,
    role_arn: Option<String>,
    precedence: Option<i64>,
}

/// The members of operations on one group.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupKey {
    group_name: String,
    user_pool_id: String,
}

/// The members of `ListGroups`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListGroupsInput {
    user_pool_id: String,
    limit: Option<u32>,
    next_token: Option<String>,
}

/// A group as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GroupDescription {
    group_name: String,
    user_pool_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    precedence: Option<i64>,
    last_modified_date: f64,
    creation_date: f64,
}

/// What operations on one group answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupOutput {
    group: GroupDescription,
}

/// What operations that list groups answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GroupsOutput {
    pub(super) groups: Vec<GroupDescription>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_token: Option<String>,
}

/// The most groups on a page.
pub(super) const PAGE_MAX: u32 = 60;
/// Letters and digits of a generation.
const GENERATION_LENGTH: usize = 16;

impl Operation for CreateGroup {
    const NAME: &'static str = "CreateGroup";
    const ACCESS: Access = Access::Write;
    type Input = GroupInput;
    type Output = GroupOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(GroupOutput::new(&create(cx, input).await?))
    }
}

impl Operation for GetGroup {
    const NAME: &'static str = "GetGroup";
    const ACCESS: Access = Access::Read;
    type Input = GroupKey;
    type Output = GroupOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (_, group) = in_pool(cx, &input.user_pool_id, &input.group_name).await?;
        Ok(GroupOutput::new(&group))
    }
}

impl Operation for ListGroups {
    const NAME: &'static str = "ListGroups";
    const ACCESS: Access = Access::Read;
    type Input = ListGroupsInput;
    type Output = GroupsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let pool = user_pool::find(cx, &input.user_pool_id).await?;
        let page = PageRequest {
            operation: Self::NAME,
            pool: pool.id.as_str(),
            max_results: input.limit.filter(|limit| *limit > 0),
            max_results_max: PAGE_MAX,
            next_token: input.next_token.as_deref(),
        };
        let (groups, next_token) = page.read::<Group>(cx).await?;
        Ok(GroupsOutput { groups: groups.iter().map(GroupDescription::new).collect(), next_token })
    }
}

impl Operation for UpdateGroup {
    const NAME: &'static str = "UpdateGroup";
    const ACCESS: Access = Access::Write;
    type Input = GroupInput;
    type Output = GroupOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(GroupOutput::new(&update(cx, input).await?))
    }
}

impl Operation for DeleteGroup {
    const NAME: &'static str = "DeleteGroup";
    const ACCESS: Access = Access::Write;
    type Input = GroupKey;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let (_, group) = in_pool(cx, &input.user_pool_id, &input.group_name).await?;
        delete(cx, &group).await
    }
}

/// Adds a group.
pub async fn create(cx: &mut Context<'_>, input: &GroupInput) -> Result<Group, Error> {
    let pool = user_pool::find(cx, &input.user_pool_id).await?;
    let groups = cx.tx.count_of::<Group>(cx.tenant, pool.id.as_str()).await?;
    quota::check_room(cx, Quota::Groups, groups)?;
    let group = Group {
        pool: pool.id.clone(),
        tenant: cx.tenant.clone(),
        name: input.group_name.clone(),
        generation: random::text(cx.random, random::LOWER_ALPHANUMERIC, GENERATION_LENGTH),
        description: input.description.clone(),
        role_arn: input.role_arn.clone(),
        precedence: input.precedence,
        created: cx.now,
        modified: cx.now,
    };
    match cx.tx.insert(&group).await {
        Ok(()) => Ok(group),
        Err(StoreError::AlreadyExists) => Err(UserError::GroupExists.into()),
        Err(error) => Err(error.into()),
    }
}

/// Changes what is given of a group.
pub async fn update(cx: &mut Context<'_>, input: &GroupInput) -> Result<Group, Error> {
    let (_, mut group) = in_pool(cx, &input.user_pool_id, &input.group_name).await?;
    let given = |new: &Option<String>, old: &mut Option<String>| {
        if new.is_some() {
            old.clone_from(new);
        }
    };
    given(&input.description, &mut group.description);
    given(&input.role_arn, &mut group.role_arn);
    group.precedence = input.precedence.or(group.precedence);
    group.modified = cx.now;
    cx.tx.replace(&group).await?;
    Ok(group.record)
}

/// Deletes a group with its members' places. The users' own notes of it mean nothing without its generation.
pub async fn delete(cx: &mut Context<'_>, group: &Group) -> Result<(), Error> {
    cx.tx.delete_all::<GroupMember>(&group.tenant, &group.members()).await?;
    cx.tx.delete(group).await?;
    Ok(())
}

/// The pool of this id and its group of this name.
pub(super) async fn in_pool(cx: &mut Context<'_>, pool: &str, name: &str) -> Result<(UserPool, Stored<Group>), Error> {
    let pool = user_pool::find(cx, pool).await?.record;
    let group = find(cx, &pool, name).await?.ok_or(UserError::GroupNotFound)?;
    Ok((pool, group))
}

/// A pool's group of this name.
pub(super) async fn find(cx: &mut Context<'_>, pool: &UserPool, name: &str) -> Result<Option<Stored<Group>>, Error> {
    Ok(cx.tx.find(&pool.tenant, pool.id.as_str(), name).await?)
}

impl GroupOutput {
    fn new(group: &Group) -> Self {
        Self { group: GroupDescription::new(group) }
    }
}

impl GroupDescription {
    pub(super) fn new(group: &Group) -> Self {
        Self {
            group_name: group.name.clone(),
            user_pool_id: group.pool.to_string(),
            description: group.description.clone(),
            role_arn: group.role_arn.clone(),
            precedence: group.precedence,
            last_modified_date: group.modified.fractional_seconds(),
            creation_date: group.created.fractional_seconds(),
        }
    }
}
