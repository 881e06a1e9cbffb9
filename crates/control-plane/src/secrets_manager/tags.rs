//! Tags of secrets: `TagResource`, `UntagResource`.

use std::collections::BTreeMap;

use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::secret::find_live;
use crate::operation::{Access, Context, Operation};

/// Adds tags.
pub struct TagResource;
/// Removes tags.
pub struct UntagResource;

/// Tags that a secret may have (AWS Secrets Manager API, `TagResource`).
const TAGS_MAX: usize = 50;

/// A tag.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    #[serde(default)]
    pub value: String,
}

/// The members of `TagResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagResourceInput {
    secret_id: String,
    tags: Vec<Tag>,
}

/// The members of `UntagResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagResourceInput {
    secret_id: String,
    tag_keys: Vec<String>,
}

impl Operation for TagResource {
    const NAME: &'static str = "TagResource";
    const ACCESS: Access = Access::Write;
    type Input = TagResourceInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let mut secret = find_live(cx, &input.secret_id).await?;
        secret.tags.extend(input.tags.iter().cloned().map(Tag::into_pair));
        check(&secret.tags)?;
        Ok(cx.tx.replace(&secret).await?)
    }
}

impl Operation for UntagResource {
    const NAME: &'static str = "UntagResource";
    const ACCESS: Access = Access::Write;
    type Input = UntagResourceInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let mut secret = find_live(cx, &input.secret_id).await?;
        secret.tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(cx.tx.replace(&secret).await?)
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

/// Whether a secret may have these tags.
pub(super) fn check(tags: &BTreeMap<String, String>) -> Result<(), Error> {
    let refuse = |message: String| Err(Error::InvalidParameter(message));
    if tags.len() > TAGS_MAX {
        return refuse(format!("A secret can have at most {TAGS_MAX} tags."));
    }
    if tags.keys().any(|key| key.starts_with("aws:")) {
        return refuse("Tag keys that begin with aws: are kept for AWS.".to_owned());
    }
    Ok(())
}
