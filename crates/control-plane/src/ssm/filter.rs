//! Filters of lists.

use claviger_resources::parameter::Parameter;
use serde::Deserialize;

use super::errors::Error;

/// What `DescribeParameters` may be filtered by.
pub(super) const DESCRIBED_BY: &str = "Path, Name, Type, KeyId, Tier, DataType, tag:*";
/// What `GetParametersByPath` may be filtered by.
pub(super) const PATHS_BY: &str = "Type, KeyId";

/// A filter as calls write it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FilterInput {
    key: String,
    option: Option<String>,
    #[serde(default)]
    values: Vec<String>,
}

/// A filter as calls wrote it once.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OlderFilterInput {
    key: String,
    values: Vec<String>,
}

/// What a parameter must be.
#[derive(Debug)]
pub(super) struct Filter {
    key: Key,
    how: How,
    values: Vec<String>,
}

#[derive(Debug)]
enum Key {
    Name,
    Kind,
    Encryption,
    Tier,
    DataType,
    Tag(String),
}

#[derive(Clone, Copy, Debug)]
enum How {
    Equals,
    BeginsWith,
    Contains,
    /// Below one of the paths, whatever the depth.
    Recursive,
    /// Right below one of the paths.
    OneLevel,
}

impl Filter {
    /// Parameters below a path that ends with a slash.
    pub(super) fn below(path: &str, recursive: bool) -> Self {
        let how = if recursive { How::Recursive } else { How::OneLevel };
        Self { key: Key::Name, how, values: vec![path.to_owned()] }
    }

    /// Reads a filter of which these keys are allowed.
    pub(super) fn parse(input: &FilterInput, valid: &'static str) -> Result<Self, Error> {
        let option = input.option.as_deref().unwrap_or(if input.key == "Path" { "OneLevel" } else { "Equals" });
        let refused = || Error::FilterKey { key: input.key.clone(), valid };
        let is_allowed = valid.split(", ").any(|name| match name {
            "tag:*" => input.key.starts_with("tag:"),
            name => name == input.key,
        });
        if !is_allowed {
            return Err(refused());
        }
        let key = match &*input.key {
            "Name" | "Path" => Key::Name,
            "Type" => Key::Kind,
            "KeyId" => Key::Encryption,
            "Tier" => Key::Tier,
            "DataType" => Key::DataType,
            tag => Key::Tag(tag.strip_prefix("tag:").ok_or_else(refused)?.to_owned()),
        };
        let how = match (option, &*input.key) {
            ("Recursive", "Path") => How::Recursive,
            ("OneLevel", "Path") => How::OneLevel,
            ("Contains", "Name") => How::Contains,
            (_, "Path") => return Err(Error::FilterOption(option.to_owned())),
            ("Equals", _) => How::Equals,
            ("BeginsWith", _) => How::BeginsWith,
            _ => return Err(Error::FilterOption(option.to_owned())),
        };
        let mut values = input.values.clone();
        if input.key == "Path" {
            values.iter_mut().filter(|path| !path.ends_with('/')).for_each(|path| path.push('/'));
        }
        Ok(Self { key, how, values })
    }

    /// Reads a filter of the older kind; its keys the shape has checked.
    pub(super) fn parse_older(input: &OlderFilterInput) -> Result<Self, Error> {
        let option = Some(if input.key == "Name" { "BeginsWith" } else { "Equals" }.to_owned());
        Self::parse(&FilterInput { key: input.key.clone(), option, values: input.values.clone() }, DESCRIBED_BY)
    }

    /// Whether a parameter is what the filter wants.
    pub(super) fn passes(&self, parameter: &Parameter) -> bool {
        let latest = &parameter.latest;
        let found = match &self.key {
            Key::Name => Some(&parameter.name),
            Key::Kind => Some(&latest.kind),
            Key::Encryption => latest.key_id.as_ref(),
            Key::Tier => Some(&latest.tier),
            Key::DataType => Some(&latest.data_type),
            Key::Tag(tag) => parameter.tags.get(tag),
        };
        let Some(found) = found else { return false };
        // A tag alone asks for its presence.
        self.values.is_empty() || self.values.iter().any(|value| self.how.holds(found, value))
    }
}

impl How {
    fn holds(self, found: &str, value: &str) -> bool {
        match self {
            Self::Equals => found == value,
            Self::BeginsWith | Self::Recursive => found.starts_with(value),
            Self::Contains => found.contains(value),
            Self::OneLevel => found.strip_prefix(value).is_some_and(|rest| !rest.contains('/')),
        }
    }
}
