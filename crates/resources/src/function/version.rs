//! Versions of a function: what its code and configuration were when it was published.

use serde::{Deserialize, Serialize};

use super::{Function, LATEST, Qualified};

/// A published version of a function.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct FunctionVersion {
    /// Its number, written so that texts are in the order of numbers.
    pub id: String,
    /// What it is.
    pub function: Function,
}

impl FunctionVersion {
    /// The id of the version with this number; `None` for what is no number of a version.
    pub fn id_of(version: &str) -> Option<String> {
        let number: u64 = version.parse().ok()?;
        (number > 0 && number.to_string() == version).then(|| format!("{number:020}"))
    }

    /// The number in an id.
    pub fn version_of(id: &str) -> &str {
        id.trim_start_matches('0')
    }
}

impl Function {
    /// The function as its next version, without what only the function has.
    pub fn publish(&mut self, description: Option<String>, revision_id: String) -> FunctionVersion {
        self.qualified.versions_made += 1;
        let number = self.qualified.versions_made;
        let mut function = self.bare();
        function.version = number.to_string();
        function.revision_id = revision_id;
        function.last_modified = self.last_modified;
        function.description = description.unwrap_or_else(|| self.description.clone());
        FunctionVersion { id: format!("{number:020}"), function }
    }

    /// Whether a version would be no other than this one.
    pub fn is_as_published(&self, version: &Self) -> bool {
        let comparable = |function: &Self| Self { description: String::new(), ..function.bare() };
        comparable(self) == comparable(version)
    }

    /// Code and configuration alone.
    fn bare(&self) -> Self {
        Self {
            version: LATEST.to_owned(),
            revision_id: String::new(),
            last_modified: crate::Timestamp::default(),
            tags: std::collections::BTreeMap::new(),
            permissions: Vec::new(),
            policy_revision_id: String::new(),
            qualified: Qualified::default(),
            reserved_concurrency: None,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_in_order() {
        let check = |version: &str, expected: Option<&str>| {
            assert_eq!(FunctionVersion::id_of(version).as_deref(), expected, "{version}");
        };
        check("1", Some("00000000000000000001"));
        check("10", Some("00000000000000000010"));
        assert_eq!(FunctionVersion::version_of("00000000000000000010"), "10");
        for none in ["", "0", "01", "-1", "+1", "$LATEST", "live", "1.0", "99999999999999999999999"] {
            check(none, None);
        }
    }
}
