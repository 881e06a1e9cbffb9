//! An OpenAPI document as it was read: which version it is, and where each version keeps what the import looks for.

use std::cell::Cell;

use claviger_resources::{Tenant, limits};
use serde_json::{Map, Value};

use super::ImportError;
use super::yaml;

/// A parsed document.
#[derive(Debug)]
pub(crate) struct Document {
    root: Map<String, Value>,
    pub(crate) dialect: Dialect,
    /// Whether its schemas are those of JSON Schema's 2020 draft, as from OpenAPI 3.1 on.
    pub(crate) has_new_schemas: bool,
    /// Bytes of what has been used again: by reference, or because it holds for many operations.
    reused_bytes: Cell<usize>,
}

/// The two families of versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Swagger 2.0.
    Swagger,
    /// OpenAPI 3.
    OpenApi,
}

/// References followed in a row before they count as circular.
const REFERENCES_MAX: usize = 20;
/// Bytes of a document's parts that are used again, each time counted: a few bytes that refer to many must not fill the
/// memory.
pub(super) const REUSED_BYTES_MAX: usize = 4 * limits::IMPORT_BYTES_MAX;

impl Document {
    /// Reads a document in JSON or YAML, with `${AWS::Region}` and its like replaced by what the tenant is.
    pub(crate) fn parse(bytes: &[u8], tenant: &Tenant) -> Result<Self, ImportError> {
        if bytes.len() > limits::IMPORT_BYTES_MAX {
            return Err(ImportError::TooLarge);
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| ImportError::unreadable(format!("the document is not UTF-8: {error}")))?;
        let text = text.trim_start_matches('\u{feff}');
        let text = if text.contains("${AWS::") { substitute(text, tenant) } else { text.to_owned() };
        let Value::Object(root) = read(&text)? else {
            return Err(ImportError::unreadable("the document is not an object"));
        };
        let version = |member: &str| root.get(member).map(text_of);
        let has_new_schemas = version("openapi").is_some_and(|version| !version.starts_with("3.0"));
        let dialect = match (version("swagger").as_deref(), version("openapi").as_deref()) {
            (Some("2" | "2.0"), None) => Dialect::Swagger,
            (None, Some(version)) if version.starts_with("3.") => Dialect::OpenApi,
            (None, None) => return Err(ImportError::unreadable("it has neither `swagger` nor `openapi`")),
            _ => return Err(ImportError::unreadable("only Swagger 2.0 and OpenAPI 3 are imported")),
        };
        Ok(Self { root, dialect, has_new_schemas, reused_bytes: Cell::new(0) })
    }

    /// A member of the document.
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.root.get(name)
    }

    /// A member of the document that is an object; empty when it is not there.
    pub(crate) fn object(&self, name: &str) -> &Map<String, Value> {
        object(self.member(name))
    }

    /// The named parts of a kind, which the two families keep in different places.
    pub(crate) fn parts(&self, swagger: &str, components: &str) -> &Map<String, Value> {
        match self.dialect {
            Dialect::Swagger => self.object(swagger),
            Dialect::OpenApi => object(self.object("components").get(components)),
        }
    }

    /// The value itself, or what its `$ref` within the document leads to. Nothing once the document is used up.
    pub(crate) fn resolve<'a>(&'a self, value: &'a Value) -> Option<&'a Value> {
        let mut value = value;
        for step in 0..REFERENCES_MAX {
            let Some(reference) = value.get("$ref").and_then(Value::as_str) else {
                return (step == 0 || self.reuse(value)).then_some(value);
            };
            let mut steps = reference.strip_prefix("#/")?.split('/');
            let unescape = |step: &str| step.replace("~1", "/").replace("~0", "~");
            let first = self.root.get(&unescape(steps.next()?))?;
            value = steps.try_fold(first, |value, step| value.get(unescape(step)))?;
        }
        None
    }

    /// Counts a value that is used once more; `false` once that is more than is read.
    pub(crate) fn reuse(&self, value: &Value) -> bool {
        let mut left = REUSED_BYTES_MAX.saturating_sub(self.reused_bytes.get());
        weigh(value, &mut left);
        self.reused_bytes.set(REUSED_BYTES_MAX - left);
        left > 0
    }

    /// Fails when something has been left out because too much was used again.
    pub(crate) fn check_reuse(&self) -> Result<(), ImportError> {
        if self.reused_bytes.get() < REUSED_BYTES_MAX { Ok(()) } else { Err(ImportError::TooMuchReused) }
    }
}

/// Takes what a value weighs, roughly as JSON, from what is left.
fn weigh(value: &Value, left: &mut usize) {
    let own = match value {
        Value::String(text) => text.len(),
        Value::Object(members) => members.keys().map(String::len).sum(),
        _ => 0,
    };
    *left = left.saturating_sub(own + 4);
    if *left == 0 {
        return;
    }
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| weigh(element, left)),
        Value::Object(members) => members.values().for_each(|member| weigh(member, left)),
        _ => {}
    }
}

fn read(text: &str) -> Result<Value, ImportError> {
    let looks_like_json = text.trim_start().starts_with('{');
    let json = if looks_like_json {
        serde_json::from_str(text).map_err(|error| error.to_string())
    } else {
        Err(String::new())
    };
    // JSON with a comment or a trailing comma is YAML still.
    json.or_else(|in_json| {
        yaml::read(text).map_err(|error| {
            ImportError::unreadable(if looks_like_json { format!("JSON: {in_json}") } else { format!("YAML: {error}") })
        })
    })
}

/// Replaces the variables that API Gateway knows in an imported document ("AWS variables for OpenAPI import").
fn substitute(text: &str, tenant: &Tenant) -> String {
    text.replace("${AWS::Region}", tenant.region.as_str())
        .replace("${AWS::AccountId}", tenant.account.as_str())
        .replace("${AWS::Partition}", "aws")
}

/// The value as an object; empty when it is none.
pub(crate) fn object(value: Option<&Value>) -> &Map<String, Value> {
    static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.and_then(Value::as_object).unwrap_or(&EMPTY)
}

/// The value as the text that AWS makes of it where it expects text: `200` and `"200"` are the same to it.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A member as text; `None` when it is missing or null.
pub(crate) fn text(object: &Map<String, Value>, member: &str) -> Option<String> {
    object.get(member).filter(|value| !value.is_null()).map(text_of)
}

/// A member as a boolean, which a template may have made a string.
pub(crate) fn flag(object: &Map<String, Value>, member: &str) -> bool {
    match object.get(member) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// A member that is a list of texts.
pub(crate) fn texts(object: &Map<String, Value>, member: &str) -> Option<Vec<String>> {
    Some(object.get(member)?.as_array()?.iter().map(text_of).collect())
}
