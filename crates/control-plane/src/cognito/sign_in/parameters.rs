//! `AuthParameters` and `ChallengeResponses`: texts by name, among them passwords.

use std::collections::BTreeMap;

use claviger_resources::Secret;
use serde::{Deserialize, Deserializer};

use super::error::SignInError;

/// Texts by name. Some are secrets, so none is shown.
#[derive(Default)]
pub(super) struct Parameters(BTreeMap<String, Secret<String>>);

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = BTreeMap::<String, String>::deserialize(deserializer)?;
        Ok(Self(given.into_iter().map(|(name, value)| (name, Secret::new(value))).collect()))
    }
}

impl Parameters {
    /// A parameter; an empty one is none.
    pub(super) fn secret(&self, name: &str) -> Option<&Secret<String>> {
        self.0.get(name).filter(|value| !value.expose().is_empty())
    }

    /// A parameter that must be there.
    pub(super) fn required_secret(&self, name: &'static str) -> Result<&Secret<String>, SignInError> {
        self.secret(name).ok_or(SignInError::MissingParameter(name))
    }

    /// The text of a parameter.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.secret(name).map(|value| value.expose().as_str())
    }

    /// The text of a parameter that must be there.
    pub(super) fn required(&self, name: &'static str) -> Result<&str, SignInError> {
        self.text(name).ok_or(SignInError::MissingParameter(name))
    }

    /// The parameters whose names begin so, by the rest of their names.
    pub(super) fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.expose().as_str())))
    }
}
