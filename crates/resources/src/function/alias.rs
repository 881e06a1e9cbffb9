//! Aliases of a function: names for its versions, which callers use as qualifiers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A name for a version of a function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alias {
    /// The version's number, or `$LATEST`.
    pub version: String,
    /// What it is for.
    #[serde(default)]
    pub description: String,
    /// Which share of the calls goes to other versions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, f64>,
    /// Names this state of the alias.
    pub revision_id: String,
}

impl Alias {
    /// The version that a call goes to; `chance` is at least 0 and less than 1.
    pub fn version_for(&self, mut chance: f64) -> &str {
        for (version, weight) in &self.weights {
            if chance < *weight {
                return version;
            }
            chance -= weight;
        }
        &self.version
    }

    /// Whether some calls go to this version.
    pub fn names(&self, version: &str) -> bool {
        self.version == version || self.weights.contains_key(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_shared_by_weight() {
        let check = |weights: &[(&str, f64)], chance: f64, expected: &str| {
            let weights = weights.iter().map(|(version, weight)| ((*version).to_owned(), *weight)).collect();
            let alias =
                Alias { version: "1".to_owned(), description: String::new(), weights, revision_id: String::new() };
            assert_eq!(alias.version_for(chance), expected, "{alias:?} {chance}");
        };
        check(&[], 0.0, "1");
        check(&[("2", 0.25)], 0.0, "2");
        check(&[("2", 0.25)], 0.24, "2");
        check(&[("2", 0.25)], 0.25, "1");
        check(&[("2", 0.0)], 0.0, "1");
        check(&[("2", 1.0)], 0.999, "2");
    }
}
