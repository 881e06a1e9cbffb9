//! Where a code or an invitation goes: which attribute of a user, by which medium, and how much of it callers are shown.

use claviger_resources::app_client::AppClient;
use claviger_resources::correspondence::Medium;
use claviger_resources::user_pool::UserPool;
use serde::Serialize;
use serde_json::Value;

use super::configuration::{at, texts};
use super::user_attributes::{UserAttributes, is_email, is_verified};
use super::user_error::UserError;
use super::user_pool_settings;
use crate::operation::Context;

/// Where a message goes.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    /// How.
    pub(super) medium: Medium,
    /// The attribute with the address.
    pub(super) attribute: &'static str,
    /// The address.
    pub(super) destination: String,
}

/// Where a code was sent, as callers see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CodeDeliveryDetails {
    destination: String,
    delivery_medium: Medium,
    attribute_name: &'static str,
}

impl Delivery {
    /// To a user's email address.
    pub(super) fn by_email(attributes: &UserAttributes) -> Option<Self> {
        Self::to(Medium::Email, "email", attributes)
    }

    /// To a user's phone.
    pub(super) fn by_text_message(attributes: &UserAttributes) -> Option<Self> {
        Self::to(Medium::Sms, "phone_number", attributes)
    }

    /// To the attribute that the pool verifies by itself; of two of them, to the phone.
    pub(super) fn to_verify(pool: &UserPool, attributes: &UserAttributes) -> Option<Self> {
        let verifies = |name| texts(&pool.configuration, "AutoVerifiedAttributes").any(|verified| verified == name);
        let by_text_message = Self::by_text_message(attributes).filter(|_| verifies("phone_number"));
        by_text_message.or_else(|| Self::by_email(attributes).filter(|_| verifies("email")))
    }

    /// To the verified address that the pool prefers for those who forgot their password.
    pub(super) fn to_recover(pool: &UserPool, attributes: &UserAttributes) -> Result<Self, UserError> {
        let mechanisms = recovery_mechanisms(pool);
        if mechanisms.iter().any(|name| name == "admin_only") {
            return Err(UserError::AdministratorsReset);
        }
        let delivery = |mechanism: &String| match mechanism.as_str() {
            "verified_email" => Self::by_email(attributes).filter(|_| is_verified(attributes, "email")),
            _ => Self::by_text_message(attributes).filter(|_| is_verified(attributes, "phone_number")),
        };
        mechanisms.iter().find_map(delivery).ok_or(UserError::NoRecoveryAddress)
    }

    /// What callers see of it.
    pub(super) fn details(&self) -> CodeDeliveryDetails {
        CodeDeliveryDetails {
            destination: masked(self.medium, &self.destination),
            delivery_medium: self.medium,
            attribute_name: self.attribute,
        }
    }
}

impl Delivery {
    fn to(medium: Medium, attribute: &'static str, attributes: &UserAttributes) -> Option<Self> {
        let destination = attributes.get(attribute).filter(|address| !address.is_empty())?.clone();
        Some(Self { medium, attribute, destination })
    }
}

/// What is answered about a user who is not there, where callers are not to learn that: the same every time.
pub(super) fn pretended(cx: &Context<'_>, pool: &UserPool, client: &AppClient, username: &str) -> CodeDeliveryDetails {
    let digest = cx.services.vault.digest(&client.id, username.to_lowercase().as_bytes()).0;
    let letter = |index: usize| char::from(b'a' + digest.get(index).map_or(0, |byte| byte % 26));
    let verified: Vec<&str> = texts(&pool.configuration, "AutoVerifiedAttributes").collect();
    let delivery = if verified == ["phone_number"] {
        let digits: String = digest.iter().take(4).map(|byte| char::from(b'0' + byte % 10)).collect();
        Delivery { medium: Medium::Sms, attribute: "phone_number", destination: format!("+1000000{digits}") }
    } else {
        let invented = || format!("{}@{}", letter(0), letter(1));
        let destination = Some(username.to_owned()).filter(|name| is_email(name)).unwrap_or_else(invented);
        Delivery { medium: Medium::Email, attribute: "email", destination }
    };
    delivery.details()
}

/// The names of the pool's recovery mechanisms, first choice first.
fn recovery_mechanisms(pool: &UserPool) -> Vec<String> {
    let shown = user_pool_settings::shown(pool);
    let listed = at(&shown, &["AccountRecoverySetting", "RecoveryMechanisms"]).and_then(Value::as_array);
    let mut mechanisms: Vec<(i64, String)> = listed
        .into_iter()
        .flatten()
        .filter_map(|one| Some((one.get("Priority")?.as_i64()?, one.get("Name")?.as_str()?.to_owned())))
        .collect();
    mechanisms.sort();
    mechanisms.into_iter().map(|(_, name)| name).collect()
}

/// An address as AWS shows it: the first letters of an email address and its domain, the last four digits of a number.
fn masked(medium: Medium, address: &str) -> String {
    match medium {
        Medium::Email => {
            let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
            let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
            format!("{}***@{}***", first(local), first(domain))
        }
        Medium::Sms => {
            let length = address.chars().count();
            let shown = |(index, character)| if index == 0 || index + 4 >= length { character } else { '*' };
            address.chars().enumerate().map(shown).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_so_much_of_an_address_that_its_owner_knows_it() {
        let check = |medium, address: &str, expected: &str| assert_eq!(masked(medium, address), expected);
        check(Medium::Email, "ada@example.com", "a***@e***");
        check(Medium::Email, "", "***@***");
        check(Medium::Sms, "+12065550100", "+*******0100");
        check(Medium::Sms, "+123", "+123");
    }
}
