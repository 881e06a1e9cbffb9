//! Users' attributes held to the pool's schema, and to what an app client may write and read: rules without I/O.

use std::collections::BTreeMap;
use std::fmt;

use claviger_resources::app_client::AppClient;
use claviger_resources::user_pool::UserPool;
use serde::{Deserialize, Serialize};

use super::configuration::texts;
use super::schema::{self, Attribute};
use super::user_error::UserError;

/// An attribute of a user, as callers give and see it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserAttribute {
    /// The attribute.
    pub name: String,
    /// Its value; empty takes it away.
    #[serde(default)]
    pub value: String,
}

/// Attributes by name.
pub type UserAttributes = BTreeMap<String, String>;

/// What is wrong with some attributes: name and complaint, one a line as AWS writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations(pub(super) Vec<(String, String)>);

/// The attribute that is no attribute: the subject, which nobody gives.
pub const SUB: &str = "sub";
/// The attributes that say whether another one was verified, with that one.
pub const VERIFICATIONS: [(&str, &str); 2] = [("email_verified", "email"), ("phone_number_verified", "phone_number")];

/// The attributes of a list; of two of one name, the last.
pub fn by_name(given: &[UserAttribute]) -> UserAttributes {
    given.iter().map(|attribute| (attribute.name.clone(), attribute.value.clone())).collect()
}

/// Refuses attributes that a new user of the pool cannot have, and their absence where they are required.
pub fn check_new(pool: &UserPool, given: &UserAttributes) -> Result<(), UserError> {
    if given.contains_key(SUB) {
        return Err(immutable(std::iter::once(SUB)));
    }
    let schema = schema::shown(&pool.configuration);
    let mut violations = violations(&schema, given);
    for attribute in schema.iter().filter(|attribute| attribute.required == Some(true)) {
        let name = attribute.name.as_deref().unwrap_or_default();
        if name != SUB && given.get(name).is_none_or(String::is_empty) {
            violations.push((name.to_owned(), "The attribute is required".to_owned()));
        }
    }
    refuse(violations)?;
    check_forms(given)?;
    check_verifications(given, given)
}

/// Refuses changes that a user with these attributes cannot be given; an empty value takes an attribute away.
pub fn check_change(pool: &UserPool, old: &UserAttributes, change: &UserAttributes) -> Result<(), UserError> {
    let schema = schema::shown(&pool.configuration);
    refuse(violations(&schema, change))?;
    let find = |name: &str| schema.iter().find(|attribute| attribute.name.as_deref() == Some(name));
    let is_fixed = |name: &str| find(name).is_some_and(|attribute| attribute.mutable == Some(false));
    let mut fixed = change.keys().map(String::as_str).filter(|name| *name == SUB || is_fixed(name)).peekable();
    if fixed.peek().is_some() {
        return Err(immutable(fixed));
    }
    let required = |name: &str| find(name).is_some_and(|attribute| attribute.required == Some(true));
    if let Some((name, _)) = change.iter().find(|(name, value)| value.is_empty() && required(name)) {
        return Err(UserError::AttributeRequired(name.clone()));
    }
    check_forms(change)?;
    check_verifications(change, &changed(old, change))
}

/// The attributes after a change. A new address is not verified, unless the change says that it is.
pub fn changed(old: &UserAttributes, change: &UserAttributes) -> UserAttributes {
    let mut attributes = old.clone();
    for (verification, address) in VERIFICATIONS {
        if change.get(address).is_some_and(|value| old.get(address) != Some(value)) {
            attributes.insert(verification.to_owned(), "false".to_owned());
        }
    }
    attributes.extend(change.iter().map(|(name, value)| (name.clone(), value.clone())));
    for (verification, address) in VERIFICATIONS {
        if attributes.get(address).is_none_or(String::is_empty) {
            attributes.remove(verification);
        }
    }
    attributes.retain(|_, value| !value.is_empty());
    attributes
}

/// Refuses to write what the app client may not (`WriteAttributes`; without it everything but what only administrators
/// write).
pub fn check_writable(client: &AppClient, given: &UserAttributes) -> Result<(), UserError> {
    let limited = client.configuration.contains_key("WriteAttributes");
    let listed = |name: &str| texts(&client.configuration, "WriteAttributes").any(|writable| writable == name);
    let writable = |name: &str| {
        !VERIFICATIONS.iter().any(|(verification, _)| *verification == name)
            && !name.starts_with("dev:")
            && (!limited || listed(name))
    };
    if given.keys().all(|name| writable(name)) { Ok(()) } else { Err(UserError::AttributeUnauthorized) }
}

/// Whether an attribute of a user is verified.
pub fn is_verified(attributes: &UserAttributes, address: &str) -> bool {
    let verification = VERIFICATIONS.iter().find(|(_, verified)| *verified == address);
    verification.and_then(|(name, _)| attributes.get(*name)).is_some_and(|value| value == "true")
}

/// Whether a text is of the form of an email address.
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let labels = || domain.split('.');
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|character| character.is_alphanumeric() || character == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (1..=128).contains(&local.len())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && local.chars().all(|character| !character.is_whitespace() && !character.is_control() && character != '@')
        && labels().count() >= 2
        && labels().all(label)
}

/// Whether a text is a phone number: `+` and at most 15 digits (ITU-T E.164).
pub fn is_phone_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

fn immutable<'a>(names: impl Iterator<Item = &'a str>) -> UserError {
    let complaint = |name| (format!("user.{name}"), "Attribute cannot be updated.".to_owned());
    UserError::AttributeImmutable(Violations(names.map(complaint).collect()))
}

fn refuse(violations: Vec<(String, String)>) -> Result<(), UserError> {
    if violations.is_empty() { Ok(()) } else { Err(UserError::Schema(Violations(violations))) }
}

/// What the schema has against some values; those that take an attribute away are not looked at.
fn violations(schema: &[Attribute], given: &UserAttributes) -> Vec<(String, String)> {
    let complaint =
        |name: &str, value: &str| match schema.iter().find(|attribute| attribute.name.as_deref() == Some(name)) {
            None => Some("Attribute does not exist in the schema.".to_owned()),
            Some(_) if value.is_empty() => None,
            Some(attribute) => complaint(attribute, value),
        };
    given.iter().filter_map(|(name, value)| Some((name.clone(), complaint(name, value)?))).collect()
}

/// What an attribute's constraints have against a value.
fn complaint(attribute: &Attribute, value: &str) -> Option<String> {
    match attribute.attribute_data_type.as_deref() {
        Some("Number") => number_complaint(attribute, value),
        Some("Boolean") => {
            (!matches!(value, "true" | "false")).then(|| "Boolean values must be either true or false".to_owned())
        }
        Some("DateTime") => {
            (!starts_with_date(value)).then(|| "DateTime values must be in the ISO 8601 form".to_owned())
        }
        _ if attribute.name.as_deref() == Some("birthdate") => (value.len() != 10 || !starts_with_date(value))
            .then(|| "Birthdate must be a date of the form YYYY-MM-DD".to_owned()),
        _ => length_complaint(attribute, value),
    }
}

fn number_complaint(attribute: &Attribute, value: &str) -> Option<String> {
    let Ok(number) = value.parse::<i64>() else { return Some("Number values must be whole numbers".to_owned()) };
    let bounds = attribute.number_attribute_constraints.as_ref();
    let bound = |text: Option<&String>| text.and_then(|text| text.parse::<i64>().ok());
    let (least, most) = (
        bound(bounds.and_then(|bounds| bounds.min_value.as_ref())),
        bound(bounds.and_then(|bounds| bounds.max_value.as_ref())),
    );
    match (least, most) {
        (Some(least), _) if number < least => Some(format!("Number must be no smaller than {least}")),
        (_, Some(most)) if number > most => Some(format!("Number must be no larger than {most}")),
        _ => None,
    }
}

fn length_complaint(attribute: &Attribute, value: &str) -> Option<String> {
    let bounds = attribute.string_attribute_constraints.as_ref();
    let bound = |text: Option<&String>| text.and_then(|text| text.parse::<usize>().ok());
    let (least, most) = (
        bound(bounds.and_then(|bounds| bounds.min_length.as_ref())),
        bound(bounds.and_then(|bounds| bounds.max_length.as_ref())),
    );
    let length = value.chars().count();
    match (least, most) {
        (Some(least), _) if length < least => Some(format!("String must be no shorter than {least} characters")),
        (_, Some(most)) if length > most => Some(format!("String must be no longer than {most} characters")),
        _ => None,
    }
}

/// Whether a text starts with a date of the calendar, as `YYYY-MM-DD`.
fn starts_with_date(text: &str) -> bool {
    let parts =
        |from: usize, to: usize| text.get(from..to).filter(|part| part.bytes().all(|digit| digit.is_ascii_digit()));
    let (Some(year), Some(month), Some(day)) = (parts(0, 4), parts(5, 7), parts(8, 10)) else { return false };
    if text.get(4..5) != Some("-") || text.get(7..8) != Some("-") {
        return false;
    }
    let whole = |part: &str| part.parse::<u32>().unwrap_or_default();
    let (year, month, day) = (whole(year), whole(month), whole(day));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

fn check_forms(given: &UserAttributes) -> Result<(), UserError> {
    let wrong = |name: &str, is_right: fn(&str) -> bool| {
        given.get(name).is_some_and(|value| !value.is_empty() && !is_right(value))
    };
    if wrong("email", is_email) {
        Err(UserError::EmailFormat)
    } else if wrong("phone_number", is_phone_number) {
        Err(UserError::PhoneNumberFormat)
    } else {
        Ok(())
    }
}

/// What is called verified must be there.
fn check_verifications(given: &UserAttributes, all: &UserAttributes) -> Result<(), UserError> {
    for (verification, address) in VERIFICATIONS {
        let there = all.get(address).is_some_and(|value| !value.is_empty());
        if given.contains_key(verification) && !there {
            let is_email = address == "email";
            return Err(if is_email { UserError::EmailMissing } else { UserError::PhoneNumberMissing });
        }
    }
    Ok(())
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, complaint)| writeln!(f, "{name}: {complaint}"))
    }
}

// What a user is called and where it lives is nobody's business who reads a log.
impl fmt::Debug for UserAttribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserAttribute").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use claviger_resources::{AccountId, Region, Tenant, Timestamp, UserPoolId};
    use serde_json::{Value, json};

    use super::*;

    fn pool(schema: &Value) -> UserPool {
        let mut pool = UserPool {
            id: UserPoolId::parse("us-east-1_abc").unwrap(),
            tenant: Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() },
            name: "weather".to_owned(),
            created: Timestamp::default(),
            modified: Timestamp::default(),
            deletion_protection: false,
            issuer: claviger_resources::user_pool::IssuerType::Original,
            tags: BTreeMap::new(),
            configuration: serde_json::Map::new(),
        };
        let schema: Vec<Attribute> = serde_json::from_value(schema.clone()).unwrap();
        schema::define(&mut pool.configuration, &schema, 50).unwrap();
        pool
    }

    fn attributes(given: &Value) -> UserAttributes {
        serde_json::from_value(given.clone()).unwrap()
    }

    fn said(result: Result<(), UserError>) -> String {
        result.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn new_users_attributes_keep_to_the_schema() {
        let pool = pool(&json!([
            {"Name": "name", "Required": true},
            {"Name": "code", "AttributeDataType": "String", "StringAttributeConstraints": {"MinLength": "2", "MaxLength": "4"}},
            {"Name": "age", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MinValue": "18", "MaxValue": "99"}},
            {"Name": "happy", "AttributeDataType": "Boolean"},
            {"Name": "since", "AttributeDataType": "DateTime"},
        ]));
        let check = |members: Value, expected: &str| {
            let mut given = json!({"name": "Ada"});
            given.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            assert_eq!(said(check_new(&pool, &attributes(&given))), expected, "{given}");
        };
        let schema = |text: &str| format!("Attributes did not conform to the schema: {text}\n");
        check(json!({}), "");
        check(json!({"name": ""}), &schema("name: The attribute is required"));
        check(json!({"colour": "red"}), &schema("colour: Attribute does not exist in the schema."));
        let both = "colour: Attribute does not exist in the schema.\nname: The attribute is required";
        check(json!({"colour": "red", "name": ""}), &schema(both));
        check(json!({"sub": "me"}), "user.sub: Attribute cannot be updated.\n");
        check(json!({"custom:code": "ab"}), "");
        check(json!({"custom:code": "a"}), &schema("custom:code: String must be no shorter than 2 characters"));
        check(json!({"custom:code": "abcde"}), &schema("custom:code: String must be no longer than 4 characters"));
        check(json!({"custom:code": "\u{e9}\u{e9}\u{e9}\u{e9}"}), "");
        check(json!({"custom:age": "18"}), "");
        check(json!({"custom:age": "17"}), &schema("custom:age: Number must be no smaller than 18"));
        check(json!({"custom:age": "100"}), &schema("custom:age: Number must be no larger than 99"));
        check(json!({"custom:age": "old"}), &schema("custom:age: Number values must be whole numbers"));
        check(json!({"custom:happy": "yes"}), &schema("custom:happy: Boolean values must be either true or false"));
        check(json!({"custom:since": "2030-01-01T00:00:00Z"}), "");
        check(json!({"custom:since": "today"}), &schema("custom:since: DateTime values must be in the ISO 8601 form"));
        check(json!({"birthdate": "2004-02-29"}), "");
        for wrong in ["2005-02-29", "29.02.2004", "2004-13-01", "2004-1-010", "2004-02-290"] {
            check(json!({"birthdate": wrong}), &schema("birthdate: Birthdate must be a date of the form YYYY-MM-DD"));
        }
        check(json!({"updated_at": "-1"}), &schema("updated_at: Number must be no smaller than 0"));
        check(json!({"email": "ada@example.com", "email_verified": "true"}), "");
        check(json!({"email": "ada"}), "Invalid email address format.");
        check(json!({"email_verified": "true"}), "Email is required to verify/un-verify an email");
        check(json!({"phone_number": "+12065550100"}), "");
        check(json!({"phone_number": "2065550100"}), "Invalid phone number format.");
        check(json!({"phone_number_verified": "false"}), "Phone Number is required to verify/un-verify a phone number");
    }

    #[test]
    fn changes_keep_to_the_schema() {
        let pool = pool(&json!([
            {"Name": "name", "Required": true},
            {"Name": "code", "AttributeDataType": "String", "Mutable": false},
        ]));
        let check = |change: Value, expected: &str| {
            let old = attributes(&json!({"name": "Ada", "custom:code": "x"}));
            assert_eq!(said(check_change(&pool, &old, &attributes(&change))), expected, "{change}");
        };
        check(json!({"name": "Ada L."}), "");
        check(json!({"name": ""}), "user.name: Required attribute cannot be deleted.\n");
        check(json!({"nickname": ""}), "");
        check(json!({"custom:code": "y"}), "user.custom:code: Attribute cannot be updated.\n");
        let both = "user.custom:code: Attribute cannot be updated.\nuser.sub: Attribute cannot be updated.\n";
        check(json!({"custom:code": "y", "sub": "z"}), both);
        check(json!({"email_verified": "true"}), "Email is required to verify/un-verify an email");
        check(json!({"email": "a@example.com", "email_verified": "true"}), "");
        check(
            json!({"x": "y"}),
            "Attributes did not conform to the schema: x: Attribute does not exist in the schema.\n",
        );
    }

    #[test]
    fn a_new_address_is_not_verified_unless_the_change_says_so() {
        let check = |change: Value, expected: Value| {
            let old = attributes(&json!({"email": "a@example.com", "email_verified": "true", "name": "Ada"}));
            assert_eq!(changed(&old, &attributes(&change)), attributes(&expected), "{change}");
        };
        let new = |verified: &str| json!({"email": "b@example.com", "email_verified": verified, "name": "Ada"});
        check(json!({"email": "b@example.com"}), new("false"));
        check(json!({"email": "b@example.com", "email_verified": "true"}), new("true"));
        check(
            json!({"email": "a@example.com", "name": ""}),
            json!({"email": "a@example.com", "email_verified": "true"}),
        );
        check(json!({"email": ""}), json!({"name": "Ada"}));
    }

    #[test]
    fn tells_addresses_from_other_texts() {
        for email in ["a@b.example", "ada.lovelace+x@mail.example.com", "\u{e4}@example.com"] {
            assert!(is_email(email), "{email}");
        }
        for other in [
            "",
            "ada",
            "@b.example",
            "a@b",
            "a@.example",
            "a@b..example",
            "a b@c.example",
            "a@b_c.example",
            "a@b@c.example",
        ] {
            assert!(!is_email(other), "{other}");
        }
        for (number, expected) in [
            ("+12065550100", true),
            ("+1", false),
            ("12065550100", false),
            ("+1206555010012345", false),
            ("+1206-5550", false),
            ("+0123456", false),
        ] {
            assert_eq!(is_phone_number(number), expected, "{number}");
        }
    }
}
