//! What signed-in users do with their own accounts: `GetUser`, `UpdateUserAttributes`, `DeleteUserAttributes`,
//! `GetUserAttributeVerificationCode`, `VerifyUserAttribute`, `DeleteUser`.

use claviger_resources::Secret;
use claviger_resources::correspondence::{CodePurpose, MessageTrigger};
use claviger_store::TransactionExt;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::super::confirmation_code::{self, Asker};
use super::super::delivery::{CodeDeliveryDetails, Delivery};
use super::super::errors::Error;
use super::super::operations::Empty;
use super::super::sign_in_name::{self, Conflict};
use super::super::user_attributes::{self, UserAttribute, UserAttributes};
use super::super::{user, user_password, user_update};
use super::access_token::{self, SignedIn};
use super::error::SignInError;
use super::sign_out::OwnAccount;
use crate::operation::{Access, Context, Operation};

/// Shows the caller.
pub struct GetUser;
/// Changes attributes of the caller.
pub struct UpdateUserAttributes;
/// Takes attributes of the caller away.
pub struct DeleteUserAttributes;
/// Deletes the caller.
pub struct DeleteUser;
/// Sends the caller a code to verify an address with.
pub struct GetUserAttributeVerificationCode;
/// Verifies an address of the caller's with that code.
pub struct VerifyUserAttribute;

/// The members of `UpdateUserAttributes`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateUserAttributesInput {
    user_attributes: Vec<UserAttribute>,
    access_token: String,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
}

/// The members of `DeleteUserAttributes`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteUserAttributesInput {
    user_attribute_names: Vec<String>,
    access_token: String,
}

/// The members of `GetUserAttributeVerificationCode`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetUserAttributeVerificationCodeInput {
    access_token: String,
    attribute_name: String,
    #[serde(default, rename = "ClientMetadata")]
    _client_metadata: IgnoredAny,
}

/// The members of `VerifyUserAttribute`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VerifyUserAttributeInput {
    access_token: String,
    attribute_name: String,
    #[serde(deserialize_with = "user_password::required")]
    code: Secret<String>,
}

/// What `UpdateUserAttributes` answers: where codes were sent.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateUserAttributesOutput {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code_delivery_details_list: Vec<CodeDeliveryDetails>,
}

/// What `GetUserAttributeVerificationCode` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetUserAttributeVerificationCodeOutput {
    code_delivery_details: CodeDeliveryDetails,
}

/// What `GetUser` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetUserOutput {
    username: String,
    user_attributes: Vec<UserAttribute>,
}

impl Operation for GetUser {
    const NAME: &'static str = "GetUser";
    const ACCESS: Access = Access::Read;
    type Input = OwnAccount;
    type Output = GetUserOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<GetUserOutput, Error> {
        let token = access_token::read(cx.services, &input.access_token)?;
        let SignedIn { client, user, .. } = SignedIn::find(cx, &token).await?;
        let mut user_attributes = user::shown_attributes(&user);
        user_attributes.retain(|attribute| client.reads(&attribute.name));
        Ok(GetUserOutput { username: user.username.clone(), user_attributes })
    }
}

impl Operation for UpdateUserAttributes {
    const NAME: &'static str = "UpdateUserAttributes";
    const ACCESS: Access = Access::Write;
    type Input = UpdateUserAttributesInput;
    type Output = UpdateUserAttributesOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let change = user_attributes::by_name(&input.user_attributes);
        let code_delivery_details_list = change_own(cx, &input.access_token, &change).await?;
        Ok(UpdateUserAttributesOutput { code_delivery_details_list })
    }
}

impl Operation for DeleteUserAttributes {
    const NAME: &'static str = "DeleteUserAttributes";
    const ACCESS: Access = Access::Write;
    type Input = DeleteUserAttributesInput;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let change = input.user_attribute_names.iter().map(|name| (name.clone(), String::new())).collect();
        change_own(cx, &input.access_token, &change).await?;
        Ok(Empty {})
    }
}

impl Operation for DeleteUser {
    const NAME: &'static str = "DeleteUser";
    const ACCESS: Access = Access::Write;
    type Input = OwnAccount;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let token = access_token::read(cx.services, &input.access_token)?;
        let SignedIn { user, .. } = SignedIn::find(cx, &token).await?;
        user::delete(cx, &user).await
    }
}

impl Operation for GetUserAttributeVerificationCode {
    const NAME: &'static str = "GetUserAttributeVerificationCode";
    const ACCESS: Access = Access::Write;
    type Input = GetUserAttributeVerificationCodeInput;
    type Output = GetUserAttributeVerificationCodeOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let token = access_token::read(cx.services, &input.access_token)?;
        let SignedIn { pool, user, .. } = SignedIn::find(cx, &token).await?;
        let (purpose, delivery) = match &*input.attribute_name {
            "email" => (CodePurpose::Email, Delivery::by_email(&user.attributes)),
            "phone_number" => (CodePurpose::PhoneNumber, Delivery::by_text_message(&user.attributes)),
            _ => return Err(SignInError::AttributeNotVerifiable.into()),
        };
        let delivery = delivery.ok_or(SignInError::AttributeNotVerifiable)?;
        let trigger = MessageTrigger::VerifyUserAttribute;
        let sent = confirmation_code::send(cx, &pool, &user, purpose, trigger, &delivery, Asker::Anyone).await?;
        Ok(GetUserAttributeVerificationCodeOutput { code_delivery_details: sent })
    }
}

impl Operation for VerifyUserAttribute {
    const NAME: &'static str = "VerifyUserAttribute";
    const ACCESS: Access = Access::Write;
    type Input = VerifyUserAttributeInput;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let token = access_token::read(cx.services, &input.access_token)?;
        let SignedIn { pool, mut user, .. } = SignedIn::find(cx, &token).await?;
        let purpose = match &*input.attribute_name {
            "email" => CodePurpose::Email,
            "phone_number" => CodePurpose::PhoneNumber,
            _ => return Err(SignInError::AttributeNotVerifiable.into()),
        };
        let attribute = confirmation_code::spend(cx, &user, purpose, &input.code).await?;
        user.attributes.insert(format!("{attribute}_verified"), "true".to_owned());
        user.modified = cx.now;
        sign_in_name::claim(cx, &pool, &mut user, Conflict::RefuseChange).await?;
        cx.tx.replace(&user).await?;
        Ok(Empty {})
    }
}

async fn change_own(
    cx: &mut Context<'_>,
    access_token: &str,
    change: &UserAttributes,
) -> Result<Vec<CodeDeliveryDetails>, Error> {
    let token = access_token::read(cx.services, access_token)?;
    let SignedIn { pool, client, user } = SignedIn::find(cx, &token).await?;
    user_attributes::check_writable(&client, change)?;
    user_update::update(cx, &pool, user, change, Conflict::RefuseChange).await
}
