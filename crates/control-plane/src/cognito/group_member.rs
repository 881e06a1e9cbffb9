//! Who is in which group: `AdminAddUserToGroup`, `AdminRemoveUserFromGroup`, `AdminListGroupsForUser`, `ListUsersInGroup`.
//!
//! A place in a group is kept twice: with the user, whose tokens name its groups, and with the group, which lists its users.
//! Deleting a group does not touch its users, so a user's note of a group counts only while the group has the same
//! generation.

use claviger_resources::group::{Group, GroupMember};
use claviger_resources::quotas::Quota;
use claviger_resources::user::{Membership, User};
use claviger_resources::user_pool::UserPool;
use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::group::{self, GroupDescription, GroupsOutput};
use super::pagination::PageRequest;
use super::quota;
use super::user::{self, UserDescription};
use crate::operation::{Access, Context, Operation};

/// Puts a user into a group.
pub struct AdminAddUserToGroup;
/// Takes a user out of a group.
pub struct AdminRemoveUserFromGroup;
/// Lists the groups of a user.
pub struct AdminListGroupsForUser;
/// Lists the users of a group.
pub struct ListUsersInGroup;

/// The members of operations on one place in a group.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct MembershipKey {
    user_pool_id: String,
    username: String,
    group_name: String,
}

/// The members of `AdminListGroupsForUser`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdminListGroupsForUserInput {
    username: String,
    user_pool_id: String,
    limit: Option<u32>,
    next_token: Option<String>,
}

/// The members of `ListUsersInGroup`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUsersInGroupInput {
    user_pool_id: String,
    group_name: String,
    limit: Option<u32>,
    next_token: Option<String>,
}

/// What `ListUsersInGroup` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListUsersInGroupOutput {
    users: Vec<UserDescription>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for AdminAddUserToGroup {
    const NAME: &'static str = "AdminAddUserToGroup";
    const ACCESS: Access = Access::Write;
    type Input = MembershipKey;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let (pool, group) = group::in_pool(cx, &input.user_pool_id, &input.group_name).await?;
        let mut user = user::find(cx, &pool, &input.username).await?;
        let memberships: Vec<Membership> = of_user(cx, &pool, &user).await?.iter().map(membership).collect();
        if memberships.contains(&membership(&group)) {
            return Ok(());
        }
        quota::check_room(cx, Quota::GroupsOfUser, memberships.len() as u64)?;
        user.groups = memberships;
        user.groups.push(membership(&group));
        cx.tx.replace(&user).await?;
        cx.tx.insert(&member(&group, &user)).await?;
        Ok(())
    }
}

impl Operation for AdminRemoveUserFromGroup {
    const NAME: &'static str = "AdminRemoveUserFromGroup";
    const ACCESS: Access = Access::Write;
    type Input = MembershipKey;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let (pool, group) = group::in_pool(cx, &input.user_pool_id, &input.group_name).await?;
        let mut user = user::find(cx, &pool, &input.username).await?;
        let place = membership(&group);
        if user.groups.contains(&place) {
            user.groups.retain(|other| *other != place);
            cx.tx.replace(&user).await?;
            cx.tx.delete(&member(&group, &user)).await?;
        }
        Ok(())
    }
}

impl Operation for AdminListGroupsForUser {
    const NAME: &'static str = "AdminListGroupsForUser";
    const ACCESS: Access = Access::Read;
    type Input = AdminListGroupsForUserInput;
    type Output = GroupsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (pool, user) = user::in_pool(cx, &input.user_pool_id, &input.username).await?;
        let list = format!("{}/{}", pool.id, user.sub);
        let page = PageRequest {
            operation: Self::NAME,
            pool: &list,
            max_results: input.limit.filter(|limit| *limit > 0),
            max_results_max: group::PAGE_MAX,
            next_token: input.next_token.as_deref(),
        };
        let after = page.after()?;
        let mut groups = of_user(cx, &pool, &user).await?;
        groups.sort_by(|one, other| one.name.cmp(&other.name));
        groups.retain(|group| after.as_ref().is_none_or(|after| group.name > *after));
        let more = groups.len() > page.size();
        groups.truncate(page.size());
        let next_token = groups.last().filter(|_| more).map(|last| page.token(&last.name));
        Ok(GroupsOutput { groups: groups.iter().map(GroupDescription::new).collect(), next_token })
    }
}

impl Operation for ListUsersInGroup {
    const NAME: &'static str = "ListUsersInGroup";
    const ACCESS: Access = Access::Read;
    type Input = ListUsersInGroupInput;
    type Output = ListUsersInGroupOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (pool, group) = group::in_pool(cx, &input.user_pool_id, &input.group_name).await?;
        let members = group.members();
        let page = PageRequest {
            operation: Self::NAME,
            pool: &members,
            max_results: input.limit.filter(|limit| *limit > 0),
            max_results_max: group::PAGE_MAX,
            next_token: input.next_token.as_deref(),
        };
        let (members, next_token) = page.read::<GroupMember>(cx).await?;
        let mut users = Vec::with_capacity(members.len());
        for member in members {
            let user = cx.tx.find::<User>(&pool.tenant, pool.id.as_str(), &member.user).await?;
            users.extend(user.map(|user| UserDescription::new(&user)));
        }
        Ok(ListUsersInGroupOutput { users, next_token })
    }
}

/// The groups a user is in, as they are now.
pub async fn of_user(cx: &mut Context<'_>, pool: &UserPool, user: &User) -> Result<Vec<Group>, Error> {
    let mut groups = Vec::with_capacity(user.groups.len());
    for place in &user.groups {
        let group = group::find(cx, pool, &place.group).await?;
        groups.extend(group.map(|group| group.record).filter(|group| group.generation == place.generation));
    }
    Ok(groups)
}

fn membership(group: &Group) -> Membership {
    Membership { group: group.name.clone(), generation: group.generation.clone() }
}

fn member(group: &Group, user: &User) -> GroupMember {
    GroupMember { tenant: group.tenant.clone(), group: group.members(), user: user.key.clone() }
}
