//! Patch operations: how API Gateway's `Update…` operations say what to change.
//!
//! Values are always strings and paths are JSON pointers (RFC 6901), whose `~1` stands for a slash and `~0` for a tilde.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::errors::Error;

/// One patch operation.
#[derive(Clone, Debug, Deserialize)]
pub struct PatchOperation {
    /// `add`, `remove`, `replace`, `copy`, `move` or `test`.
    pub op: String,
    /// What to change.
    pub path: String,
    /// To what.
    #[serde(default)]
    pub value: Option<String>,
    /// From where, when it is copied or moved.
    #[serde(default)]
    pub from: Option<String>,
}

/// A patch operation with its path taken apart.
#[derive(Clone, Copy, Debug)]
pub struct Patch<'a> {
    /// The operation.
    pub operation: &'a PatchOperation,
    /// The path's segments, unescaped.
    pub segments: &'a [String],
}

impl PatchOperation {
    /// The path's segments, unescaped.
    fn segments(&self) -> Result<Vec<String>, Error> {
        let path = self.path.strip_prefix('/').ok_or_else(|| self.invalid_path())?;
        Ok(path.split('/').map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect())
    }

    /// The refusal of a path nobody knows.
    pub fn invalid_path(&self) -> Error {
        Error::bad(format!("Invalid patch path {}", self.path))
    }
}

/// Calls `apply` with each operation in turn.
pub fn apply_all(
    operations: &[PatchOperation],
    mut apply: impl FnMut(Patch<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    for operation in operations {
        apply(Patch { operation, segments: &operation.segments()? })?;
    }
    Ok(())
}

impl<'a> Patch<'a> {
    /// The path's segments as texts to match on.
    pub fn path(&self) -> Vec<&'a str> {
        self.segments.iter().map(String::as_str).collect()
    }

    /// The operation's name.
    pub fn op(&self) -> &'a str {
        &self.operation.op
    }

    /// The refusal of a path nobody knows.
    pub fn invalid_path(&self) -> Error {
        self.operation.invalid_path()
    }

    /// The refusal of a path that this noun does not let be replaced.
    pub fn invalid_replace(&self, allowed: &[&str]) -> Error {
        Error::bad(format!(
            "Invalid patch path  '{}' specified for op '{}'. Must be one of: [{}]",
            self.operation.path,
            self.operation.op,
            allowed.join(", ")
        ))
    }

    /// The value, for operations that must have one.
    pub fn value(&self) -> Result<&'a str, Error> {
        self.operation
            .value
            .as_deref()
            .ok_or_else(|| Error::bad(format!("A value is required for patch path {}", self.operation.path)))
    }

    /// From where, for operations that must say it.
    pub fn from(&self) -> Result<&'a str, Error> {
        let missing = || Error::bad(format!("A from path is required for patch path {}", self.operation.path));
        self.operation.from.as_deref().ok_or_else(missing)
    }

    /// Only `replace` is allowed.
    pub fn only_replace(&self) -> Result<(), Error> {
        if self.op() == "replace" {
            Ok(())
        } else {
            Err(Error::bad("Invalid patch operation specified. Must be one of: [replace]"))
        }
    }

    /// The new content of an optional text: replaced, or removed with `remove`.
    pub fn text(&self) -> Result<Option<String>, Error> {
        match self.op() {
            "add" | "replace" => self.value().map(|value| Some(value.to_owned())),
            "remove" => Ok(None),
            _ => Err(self.unsupported_op()),
        }
    }

    /// The value as a boolean; anything but `true` is false, as AWS has it.
    pub fn boolean(&self) -> Result<bool, Error> {
        self.only_replace_or_add()?;
        Ok(self.value()?.eq_ignore_ascii_case("true"))
    }

    /// The value as a number.
    pub fn number<N: std::str::FromStr>(&self) -> Result<N, Error> {
        self.only_replace_or_add()?;
        let value = self.value()?;
        value
            .parse()
            .map_err(|_| Error::bad(format!("Invalid value {value} specified for patch path {}", self.operation.path)))
    }

    /// The value as a number that JSON can write.
    pub fn finite(&self) -> Result<f64, Error> {
        let number: f64 = self.number()?;
        let value = self.value()?;
        let invalid = || Error::bad(format!("Invalid value {value} specified for patch path {}", self.operation.path));
        number.is_finite().then_some(number).ok_or_else(invalid)
    }

    /// Adds to, or takes from, a list whose element is the value or, without one, the path's last segment.
    pub fn list(&self, list: &mut Vec<String>, element: Option<&str>) -> Result<(), Error> {
        let element = match element {
            Some(element) => element,
            None => self.value()?,
        };
        match self.op() {
            "add" => {
                if !list.iter().any(|existing| existing == element) {
                    list.push(element.to_owned());
                }
            }
            "remove" => list.retain(|existing| existing != element),
            "replace" => *list = element.split(',').map(|part| part.trim().to_owned()).collect(),
            _ => return Err(self.unsupported_op()),
        }
        Ok(())
    }

    /// Sets or removes one entry of a map.
    pub fn entry<V>(
        &self,
        map: &mut Option<BTreeMap<String, V>>,
        key: &str,
        parse: impl FnOnce(&str) -> Result<V, Error>,
    ) -> Result<(), Error> {
        match self.op() {
            "add" | "replace" => {
                map.get_or_insert_with(BTreeMap::new)
                    .insert(key.to_owned(), parse(self.operation.value.as_deref().unwrap_or_default())?);
            }
            "remove" => {
                let removed = map.as_mut().and_then(|map| map.remove(key));
                if removed.is_none() {
                    return Err(Error::NotFound("Invalid parameter name specified".to_owned()));
                }
            }
            _ => return Err(self.unsupported_op()),
        }
        Ok(())
    }

    /// The refusal of an operation this path does not take.
    pub fn unsupported_op(&self) -> Error {
        Error::bad(format!(
            "Invalid patch path  '{}' specified for op '{}'. Please choose supported operations",
            self.operation.path,
            self.op()
        ))
    }

    fn only_replace_or_add(&self) -> Result<(), Error> {
        if matches!(self.op(), "replace" | "add") { Ok(()) } else { Err(self.unsupported_op()) }
    }
}
