//! Secrets of Secrets Manager.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Sealed, Tenant, Timestamp};

/// A secret: what is true of all its versions.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptSecret {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub tenant: Tenant,
    /// The random letters that end its ARN.
    pub suffix: String,
    /// When it was made.
    pub created: Timestamp,
    /// When anything of it was changed.
    pub last_changed: Timestamp,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// The key that is named for it; it is sealed by the vault whatever its name.
    #[serde(default)]
    pub kms_key_id: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Its resource policy, as it came.
    #[serde(default)]
    pub policy: Option<String>,
    /// Which version has each staging label.
    #[serde(default)]
    pub stages: BTreeMap<String, String>,
    /// When it is gone for good, where its deletion is scheduled.
    #[serde(default)]
    pub deletion: Option<Timestamp>,
    /// How it is rotated.
    #[serde(default)]
    pub rotation: Option<Rotation>,
    /// When a rotation was last finished.
    #[serde(default)]
    pub last_rotated: Option<Timestamp>,
}

/// How a secret is rotated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rotation {
    /// The ARN of the function that does it.
    pub function: String,
    /// When, as it came.
    #[serde(default)]
    pub rules: Map<String, Value>,
    /// Whether it is switched on.
    pub enabled: bool,
}

/// A version of a secret.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretVersion {
    /// The secret's name.
    pub secret: String,
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub tenant: Tenant,
    /// When it was made.
    pub created: Timestamp,
    /// Its value; one that is being rotated in has none at first.
    #[serde(default)]
    pub value: Option<SecretValue>,
}

/// A value as it is kept.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SecretValue {
    /// A text.
    Text(Sealed),
    /// Bytes.
    Binary(Sealed),
}

/// The label of the version that is in use.
pub const CURRENT: &str = "AWSCURRENT";
/// The label of the version that was in use before.
pub const PREVIOUS: &str = "AWSPREVIOUS";
/// The label of the version that is being rotated in.
pub const PENDING: &str = "AWSPENDING";

impl KeptSecret {
    /// What the value of a version is sealed for.
    pub fn place_of(&self, version: &str) -> String {
        format!("{} {version}", self.arn())
    }

    /// Its Amazon Resource Name.
    pub fn arn(&self) -> String {
        let Tenant { account, region } = &self.tenant;
        format!("arn:aws:secretsmanager:{region}:{account}:secret:{}-{}", self.name, self.suffix)
    }

    /// The labels of a version, in their order.
    pub fn stages_of(&self, version: &str) -> Vec<String> {
        self.stages.iter().filter(|(_, of)| *of == version).map(|(stage, _)| stage.clone()).collect()
    }

    /// Gives a label to a version, which loses it elsewhere. The version that was in use is then the previous one.
    pub fn label(&mut self, stage: &str, version: &str) {
        let before = self.stages.insert(stage.to_owned(), version.to_owned());
        if let (CURRENT, Some(before)) = (stage, before)
            && before != version
        {
            self.stages.insert(PREVIOUS.to_owned(), before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, Region};

    #[test]
    fn the_version_that_was_in_use_is_the_previous_one() {
        let mut secret = KeptSecret {
            name: "a".to_owned(),
            tenant: Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() },
            suffix: "AbCdEf".to_owned(),
            created: Timestamp::default(),
            last_changed: Timestamp::default(),
            description: None,
            kms_key_id: None,
            tags: BTreeMap::new(),
            policy: None,
            stages: BTreeMap::new(),
            deletion: None,
            rotation: None,
            last_rotated: None,
        };
        for (stage, version, expected) in [
            (CURRENT, "1", "AWSCURRENT=1"),
            (CURRENT, "1", "AWSCURRENT=1"),
            (PENDING, "2", "AWSCURRENT=1 AWSPENDING=2"),
            (CURRENT, "2", "AWSCURRENT=2 AWSPENDING=2 AWSPREVIOUS=1"),
            ("mine", "1", "AWSCURRENT=2 AWSPENDING=2 AWSPREVIOUS=1 mine=1"),
            (CURRENT, "1", "AWSCURRENT=1 AWSPENDING=2 AWSPREVIOUS=2 mine=1"),
        ] {
            secret.label(stage, version);
            let stages: Vec<_> = secret.stages.iter().map(|(stage, version)| format!("{stage}={version}")).collect();
            assert_eq!(stages.join(" "), expected);
        }
        assert_eq!(secret.stages_of("1"), [CURRENT, "mine"]);
        assert_eq!(secret.arn(), "arn:aws:secretsmanager:us-east-1:000000000000:secret:a-AbCdEf");
    }
}
