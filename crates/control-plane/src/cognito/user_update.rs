//! Changes of users' attributes by administrators: `AdminUpdateUserAttributes`, `AdminDeleteUserAttributes`.

use claviger_resources::correspondence::{CodePurpose, MessageTrigger};
use claviger_resources::user::User;
use claviger_resources::user_pool::UserPool;
use claviger_store::{Stored, TransactionExt};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::configuration::texts;
use super::confirmation_code::{self, Asker};
use super::delivery::{CodeDeliveryDetails, Delivery};
use super::errors::Error;
use super::operations::Empty;
use super::sign_in_name::{self, Conflict};
use super::user;
use super::user_attributes::{UserAttribute, UserAttributes, VERIFICATIONS, by_name, changed, check_change};
use crate::operation::{Access, Context, Operation};

/// Changes attributes of a user.
pub struct AdminUpdateUserAttributes;
/// Takes attributes from a user.
pub struct AdminDeleteUserAttributes;

/// The members of `AdminUpdateUserAttributes`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdminUpdateUserAttributesInput {
    user_pool_id: String,
    username: String,
    user_attributes: Vec<UserAttribute>,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
}

/// The members of `AdminDeleteUserAttributes`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AdminDeleteUserAttributesInput {
    user_pool_id: String,
    username: String,
    user_attribute_names: Vec<String>,
}

impl Operation for AdminUpdateUserAttributes {
    const NAME: &'static str = "AdminUpdateUserAttributes";
    const ACCESS: Access = Access::Write;
    type Input = AdminUpdateUserAttributesInput;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let (pool, user) = user::in_pool(cx, &input.user_pool_id, &input.username).await?;
        // What an administrator calls verified becomes this user's name, and another's no longer.
        update(cx, &pool, user, &by_name(&input.user_attributes), Conflict::TakeOver).await?;
        Ok(Empty {})
    }
}

impl Operation for AdminDeleteUserAttributes {
    const NAME: &'static str = "AdminDeleteUserAttributes";
    const ACCESS: Access = Access::Write;
    type Input = AdminDeleteUserAttributesInput;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let (pool, user) = user::in_pool(cx, &input.user_pool_id, &input.username).await?;
        let change = input.user_attribute_names.iter().map(|name| (name.clone(), String::new())).collect();
        update(cx, &pool, user, &change, Conflict::RefuseChange).await?;
        Ok(Empty {})
    }
}

/// Changes a user's attributes; empty values take them away. A new address that the pool verifies is sent a code.
pub(super) async fn update(
    cx: &mut Context<'_>,
    pool: &UserPool,
    mut user: Stored<User>,
    change: &UserAttributes,
    conflict: Conflict,
) -> Result<Vec<CodeDeliveryDetails>, Error> {
    check_change(pool, &user.attributes, change)?;
    let new = changed(&user.attributes, change);
    let old = std::mem::replace(&mut user.attributes, new);
    user.modified = cx.now;
    sign_in_name::claim(cx, pool, &mut user, conflict).await?;
    cx.tx.replace(&user).await?;
    let mut sent = Vec::new();
    for (verification, address) in VERIFICATIONS {
        if user.attributes.get(address) == old.get(address) {
            continue;
        }
        confirmation_code::void(cx, &user, |code| code.attribute == address).await?;
        let verifies = texts(&pool.configuration, "AutoVerifiedAttributes").any(|verified| verified == address);
        if !verifies || change.contains_key(verification) {
            continue;
        }
        let (delivery, purpose) = match address {
            "email" => (Delivery::by_email(&user.attributes), CodePurpose::Email),
            _ => (Delivery::by_text_message(&user.attributes), CodePurpose::PhoneNumber),
        };
        if let Some(delivery) = delivery {
            let trigger = MessageTrigger::UpdateUserAttribute;
            sent.push(confirmation_code::send(cx, pool, &user, purpose, trigger, &delivery, Asker::Pool).await?);
        }
    }
    Ok(sent)
}
