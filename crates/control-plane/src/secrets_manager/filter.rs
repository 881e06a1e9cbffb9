//! What lists of secrets are narrowed by (AWS Secrets Manager User Guide, "Find secrets in AWS Secrets Manager").

use claviger_resources::kept_secret::KeptSecret;
use serde::Deserialize;

/// A filter as it comes: a secret passes when one of the values fits.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FilterInput {
    key: FilterKey,
    values: Vec<String>,
}

/// What a filter looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FilterKey {
    Description,
    Name,
    TagKey,
    TagValue,
    PrimaryRegion,
    OwningService,
    All,
}

/// A filter, ready to be held against secrets.
pub(super) struct Filter {
    key: FilterKey,
    /// Each with whether it must not fit.
    values: Vec<(String, bool)>,
}

impl Filter {
    /// Reads a filter.
    pub(super) fn parse(input: &FilterInput) -> Self {
        let value = |value: &String| match value.strip_prefix('!') {
            Some(value) => (value.to_owned(), true),
            None => (value.clone(), false),
        };
        Self { key: input.key, values: input.values.iter().map(value).collect() }
    }

    /// Whether a secret passes.
    pub(super) fn passes(&self, secret: &KeptSecret) -> bool {
        self.values.iter().any(|(value, negated)| self.fits(secret, value) != *negated)
    }

    fn fits(&self, secret: &KeptSecret, value: &str) -> bool {
        let mut tags = secret.tags.iter();
        match self.key {
            FilterKey::Name => secret.name.starts_with(value),
            FilterKey::Description => begins(secret.description.as_deref().unwrap_or_default(), value),
            FilterKey::TagKey => tags.any(|(key, _)| key.starts_with(value)),
            FilterKey::TagValue => tags.any(|(_, of)| of.starts_with(value)),
            // A secret is in its own region only, and no other service's.
            FilterKey::PrimaryRegion | FilterKey::OwningService => false,
            FilterKey::All => {
                let tags = secret.tags.iter().flat_map(|(key, value)| [key, value]);
                let texts: Vec<&String> = tags.chain([&secret.name]).chain(&secret.description).collect();
                words(value).all(|word| texts.iter().any(|text| words(text).any(|of| begins(of, word))))
            }
        }
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn begins(text: &str, value: &str) -> bool {
    text.to_lowercase().starts_with(&value.to_lowercase())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use claviger_resources::{AccountId, Region, Tenant, Timestamp};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_passes_when_one_value_fits() {
        let secret = KeptSecret {
            name: "weather/Storms".to_owned(),
            tenant: Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() },
            suffix: "AbCdEf".to_owned(),
            created: Timestamp::default(),
            last_changed: Timestamp::default(),
            description: Some("Key of the wind".to_owned()),
            kms_key_id: None,
            tags: BTreeMap::from([("Team".to_owned(), "sky".to_owned())]),
            policy: None,
            stages: BTreeMap::new(),
            deletion: None,
            rotation: None,
            last_rotated: None,
        };
        let check = |key: &str, values: &[&str], expected: bool| {
            let input = serde_json::from_value(json!({"Key": key, "Values": values})).unwrap();
            assert_eq!(Filter::parse(&input).passes(&secret), expected, "{key} {values:?}");
        };
        check("name", &["weather/"], true);
        check("name", &["Weather/"], false);
        check("name", &["none", "weather"], true);
        check("name", &["!weather"], false);
        check("name", &["!none"], true);
        check("description", &["key of"], true);
        check("description", &["wind"], false);
        check("tag-key", &["Te"], true);
        check("tag-key", &["te"], false);
        check("tag-value", &["sky"], true);
        check("tag-value", &["Team"], false);
        check("primary-region", &["us-east-1"], false);
        check("owning-service", &["rds"], false);
        check("all", &["storm wind"], true);
        check("all", &["storm rain"], false);
        check("all", &["SKY"], true);
    }
}
