//! The attributes of a pool's users: AWS's standard ones, and custom ones. `AddCustomAttributes`.
//!
//! A pool keeps only the attributes it adds or changes; a description shows the standard ones beside them.

use claviger_resources::quotas::Quota;
use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::configuration::Configuration;
use super::errors::Error;
use super::operations::Empty;
use super::user_pool;
use crate::operation::{Access, Context, Operation};

/// Adds custom attributes to a pool; attributes are never changed or taken away.
pub struct AddCustomAttributes;

/// The members of `AddCustomAttributes`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddCustomAttributesInput {
    user_pool_id: String,
    custom_attributes: Vec<Attribute>,
}

/// An attribute, as callers give and see it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(clippy::struct_field_names, reason = "AWS's names")]
pub struct Attribute {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) attribute_data_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    developer_only_attribute: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mutable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) required: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) number_attribute_constraints: Option<NumberConstraints>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) string_attribute_constraints: Option<StringConstraints>,
}

/// Bounds of a number, as text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NumberConstraints {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_value: Option<String>,
}

/// Bounds of a text's length, as text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StringConstraints {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min_length: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_length: Option<String>,
}

/// The member under which a pool keeps and shows its attributes.
pub(super) const MEMBER: &str = "SchemaAttributes";

impl Operation for AddCustomAttributes {
    const NAME: &'static str = "AddCustomAttributes";
    const ACCESS: Access = Access::Write;
    type Input = AddCustomAttributesInput;
    type Output = Empty;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Empty, Error> {
        let mut pool = user_pool::find(cx, &input.user_pool_id).await?;
        let customs_max = cx.services.settings.quotas.of(Quota::CustomAttributes);
        add(&mut pool.configuration, &input.custom_attributes, customs_max, Attribute::custom)?;
        pool.modified = cx.now;
        cx.tx.replace(&pool).await?;
        Ok(Empty {})
    }
}

/// Writes a new pool's `Schema` into its configuration: standard attributes changed, custom ones added.
pub(super) fn define(configuration: &mut Configuration, schema: &[Attribute], customs_max: u64) -> Result<(), Error> {
    add(configuration, schema, customs_max, |given| match given.name.as_deref().and_then(standard) {
        Some(standard) => given.over(standard),
        None => given.custom(),
    })
}

/// All attributes of a pool.
pub(super) fn shown(configuration: &Configuration) -> Vec<Attribute> {
    let kept = kept(configuration);
    let (changed, custom): (Vec<Attribute>, Vec<Attribute>) =
        kept.into_iter().partition(|attribute| attribute.name.as_deref().and_then(standard).is_some());
    let standard = STANDARD.iter().map(|(name, ..)| *name).filter_map(|name| {
        changed.iter().find(|attribute| attribute.name.as_deref() == Some(name)).cloned().or_else(|| standard(name))
    });
    standard.chain(custom).collect()
}

/// Whether a pool's users have the attribute.
pub(super) fn has(configuration: &Configuration, name: &str) -> bool {
    standard(name).is_some() || kept(configuration).iter().any(|attribute| attribute.name.as_deref() == Some(name))
}

fn kept(configuration: &Configuration) -> Vec<Attribute> {
    configuration.get(MEMBER).and_then(|kept| serde_json::from_value(kept.clone()).ok()).unwrap_or_default()
}

fn add(
    configuration: &mut Configuration,
    given: &[Attribute],
    customs_max: u64,
    resolve: impl Fn(&Attribute) -> Result<Attribute, Error>,
) -> Result<(), Error> {
    let mut attributes = kept(configuration);
    for given in given {
        let attribute = resolve(given)?;
        if attributes.iter().any(|other| other.name == attribute.name) {
            return Err(Error::AttributeExists(attribute.name.unwrap_or_default()));
        }
        attributes.push(attribute);
    }
    let customs = attributes.iter().filter(|attribute| attribute.name.as_deref().and_then(standard).is_none());
    if customs.count() as u64 > customs_max {
        return Err(Error::TooManyAttributes(customs_max));
    }
    if !attributes.is_empty() {
        let attributes = attributes.iter().filter_map(|attribute| serde_json::to_value(attribute).ok()).collect();
        configuration.insert(MEMBER.to_owned(), Value::Array(attributes));
    }
    Ok(())
}

impl Attribute {
    /// The standard attribute with what the caller changes of it.
    fn over(&self, standard: Self) -> Result<Self, Error> {
        let name = standard.name.clone().unwrap_or_default();
        let retyped = self.attribute_data_type.is_some() && self.attribute_data_type != standard.attribute_data_type;
        if retyped || self.developer_only_attribute == Some(true) {
            return Err(Error::AttributeStandard(name));
        }
        let given = self.clone();
        Ok(Self {
            mutable: given.mutable.or(standard.mutable),
            required: given.required.or(standard.required),
            number_attribute_constraints: given.number_attribute_constraints.or(standard.number_attribute_constraints),
            string_attribute_constraints: given.string_attribute_constraints.or(standard.string_attribute_constraints),
            ..standard
        })
    }

    /// The custom attribute the caller means, under its full name and with every member AWS shows.
    fn custom(&self) -> Result<Self, Error> {
        let (Some(name), Some(data_type)) = (&self.name, &self.attribute_data_type) else {
            return Err(Error::AttributeIncomplete);
        };
        if self.required == Some(true) {
            return Err(Error::AttributeRequired);
        }
        let developer_only = self.developer_only_attribute.unwrap_or_default();
        let prefix = if developer_only { "dev:custom:" } else { "custom:" };
        let name = name.strip_prefix(prefix).unwrap_or(name);
        let (text, number) = (data_type == "String", data_type == "Number");
        Ok(Self {
            name: Some(format!("{prefix}{name}")),
            attribute_data_type: Some(data_type.clone()),
            developer_only_attribute: Some(developer_only),
            mutable: self.mutable.or(Some(true)),
            required: Some(false),
            number_attribute_constraints: number.then(|| self.number_attribute_constraints.clone().unwrap_or_default()),
            string_attribute_constraints: text.then(|| self.string_attribute_constraints.clone().unwrap_or_default()),
        })
    }
}

/// The standard attributes (Amazon Cognito, "Working with user attributes"): name, type, least and greatest length or value.
const STANDARD: [(&str, &str, Option<&str>, Option<&str>); 20] = [
    ("sub", "String", Some("1"), Some("2048")),
    ("name", "String", Some("0"), Some("2048")),
    ("given_name", "String", Some("0"), Some("2048")),
    ("family_name", "String", Some("0"), Some("2048")),
    ("middle_name", "String", Some("0"), Some("2048")),
    ("nickname", "String", Some("0"), Some("2048")),
    ("preferred_username", "String", Some("0"), Some("2048")),
    ("profile", "String", Some("0"), Some("2048")),
    ("picture", "String", Some("0"), Some("2048")),
    ("website", "String", Some("0"), Some("2048")),
    ("email", "String", Some("0"), Some("2048")),
    ("email_verified", "Boolean", None, None),
    ("gender", "String", Some("0"), Some("2048")),
    ("birthdate", "String", Some("10"), Some("10")),
    ("zoneinfo", "String", Some("0"), Some("2048")),
    ("locale", "String", Some("0"), Some("2048")),
    ("phone_number", "String", Some("0"), Some("2048")),
    ("phone_number_verified", "Boolean", None, None),
    ("address", "String", Some("0"), Some("2048")),
    ("updated_at", "Number", Some("0"), None),
];

fn standard(name: &str) -> Option<Attribute> {
    let (name, data_type, min, max) = STANDARD.into_iter().find(|(standard, ..)| *standard == name)?;
    let (min, max) = (min.map(str::to_owned), max.map(str::to_owned));
    let is_sub = name == "sub";
    let attribute = Attribute {
        name: Some(name.to_owned()),
        attribute_data_type: Some(data_type.to_owned()),
        developer_only_attribute: Some(false),
        mutable: Some(!is_sub),
        required: Some(is_sub),
        ..Attribute::default()
    };
    Some(match data_type {
        "String" => Attribute {
            string_attribute_constraints: Some(StringConstraints { min_length: min, max_length: max }),
            ..attribute
        },
        "Number" => Attribute {
            number_attribute_constraints: Some(NumberConstraints { min_value: min, max_value: max }),
            ..attribute
        },
        _ => attribute,
    })
}
