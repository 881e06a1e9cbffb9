//! Tags of roles: `TagRole`, `UntagRole`, `ListRoleTags`.

use std::collections::BTreeMap;

use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::role::{RoleInput, find};
use crate::operation::{Access, Context, Operation};

/// Adds tags.
pub struct TagRole;
/// Removes tags.
pub struct UntagRole;
/// Shows tags.
pub struct ListRoleTags;

/// Tags that a role may have (IAM User Guide, "Tags for IAM resources").
const TAGS_MAX: usize = 50;

/// A tag.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// The members of `TagRole`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagRoleInput {
    role_name: String,
    tags: Vec<Tag>,
}

/// The members of `UntagRole`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagRoleInput {
    role_name: String,
    tag_keys: Vec<String>,
}

/// Tags as callers see them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRoleTagsOutput {
    tags: Vec<Tag>,
    is_truncated: bool,
}

impl Operation for TagRole {
    const NAME: &'static str = "TagRole";
    const ACCESS: Access = Access::Write;
    type Input = TagRoleInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let mut role = find(cx, &input.role_name).await?;
        role.tags.extend(input.tags.iter().cloned().map(Tag::into_pair));
        if role.tags.len() > TAGS_MAX {
            let message = format!("Cannot exceed quota for TagsPerRole: {TAGS_MAX}");
            return Err(Error::LimitExceeded(message));
        }
        Ok(cx.tx.replace(&role).await?)
    }
}

impl Operation for UntagRole {
    const NAME: &'static str = "UntagRole";
    const ACCESS: Access = Access::Write;
    type Input = UntagRoleInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let mut role = find(cx, &input.role_name).await?;
        role.tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(cx.tx.replace(&role).await?)
    }
}

impl Operation for ListRoleTags {
    const NAME: &'static str = "ListRoleTags";
    const ACCESS: Access = Access::Read;
    type Input = RoleInput;
    type Output = ListRoleTagsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let role = find(cx, &input.role_name).await?;
        Ok(ListRoleTagsOutput { tags: Tag::all(&role.tags), is_truncated: false })
    }
}

impl Tag {
    /// Its key and its value.
    pub(super) fn into_pair(self) -> (String, String) {
        (self.key, self.value)
    }

    /// Tags as callers see them.
    pub(super) fn all(tags: &BTreeMap<String, String>) -> Vec<Self> {
        tags.iter().map(|(key, value)| Self { key: key.clone(), value: value.clone() }).collect()
    }
}
