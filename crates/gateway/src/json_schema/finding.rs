//! What a check finds, in the words of API Gateway's validator. Texts of a body stay short, however long they are.

use serde_json::{Number, Value};

use super::format::Format;

/// Findings that are told of one body.
const FINDINGS_MAX: usize = 50;
/// Bytes of a value in a finding.
const VALUE_BYTES_MAX: usize = 1024;

/// What a check has found.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<String>);

impl Findings {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, finding: String) {
        if self.0.len() < FINDINGS_MAX {
            self.0.push(finding);
        }
    }

    /// All of them, as API Gateway lists them.
    pub(super) fn into_text(self) -> String {
        format!("[{}]", self.0.join(", "))
    }
}

pub(super) fn additional_items(allowed: usize, found: usize) -> String {
    format!("schema only allows {allowed} elements in array but instance has {found} elements")
}

pub(super) fn additional_properties(names: &[&str]) -> String {
    format!("object instance has properties which are not allowed by the schema: {}", list(names))
}

pub(super) fn all_of(matched: usize, schemas: usize) -> String {
    format!("instance failed to match all required schemas (matched only {matched} out of {schemas})")
}

pub(super) fn any_of(schemas: usize) -> String {
    format!("instance failed to match at least one required schema among {schemas}")
}

pub(super) fn one_of(matched: usize, schemas: usize) -> String {
    format!("instance failed to match exactly one schema (matched {matched} out of {schemas})")
}

pub(super) fn not() -> String {
    "instance matched a schema which it should not have".to_owned()
}

pub(super) fn dependency(property: &str, needed: &[Box<str>], missing: &[&str]) -> String {
    let needed: Vec<&str> = needed.iter().map(AsRef::as_ref).collect();
    format!(
        "property \"{}\" of object has missing property dependencies (schema requires {}; missing: {})",
        short(property),
        list(&needed),
        list(missing)
    )
}

pub(super) fn not_in_enum(value: &Value, values: &[Value]) -> String {
    format!(
        "instance value ({}) not found in enum (possible values: {})",
        json(value),
        json(&Value::from(values.to_vec()))
    )
}

pub(super) fn format(format: Format, text: &str) -> String {
    let text = short(text);
    match format {
        Format::DateTime => format!(
            "string \"{text}\" is invalid against requested date format(s) [yyyy-MM-dd'T'HH:mm:ssZ, \
             yyyy-MM-dd'T'HH:mm:ss.[0-9]{{1,12}}Z]"
        ),
        Format::Email => format!("string \"{text}\" is not a valid email address"),
        Format::Ipv4 => format!("string \"{text}\" is not a valid IPv4 address"),
        Format::Ipv6 => format!("string \"{text}\" is not a valid IPv6 address"),
    }
}

pub(super) fn too_long(text: &str, length: u64, allowed: u64) -> String {
    format!("string \"{}\" is too long (length: {length}, maximum allowed: {allowed})", short(text))
}

pub(super) fn too_short(text: &str, length: u64, required: u64) -> String {
    format!("string \"{}\" is too short (length: {length}, required minimum: {required})", short(text))
}

pub(super) fn too_many_properties(found: usize, allowed: u64) -> String {
    format!("object has too many properties (found {found} but schema requires at most {allowed})")
}

pub(super) fn too_few_properties(found: usize, required: u64) -> String {
    format!("object has too few properties (found {found} but schema requires at least {required})")
}

pub(super) fn too_large(number: &Number, maximum: &Number) -> String {
    format!("numeric instance is greater than the required maximum (maximum: {maximum}, found: {number})")
}

pub(super) fn not_lower(maximum: &Number) -> String {
    format!("numeric instance is not strictly lower than the required maximum {maximum}")
}

pub(super) fn too_small(number: &Number, minimum: &Number) -> String {
    format!("numeric instance is lower than the required minimum (minimum: {minimum}, found: {number})")
}

pub(super) fn not_multiple(number: &Number, of: &Number) -> String {
    format!("remainder of division is not zero ({number} / {of})")
}

pub(super) fn no_match(pattern: &str, text: &str) -> String {
    format!("ECMA 262 regex \"{pattern}\" does not match input string \"{}\"", short(text))
}

pub(super) fn missing(names: &[&str]) -> String {
    format!("object has missing required properties ({})", list(names))
}

pub(super) fn wrong_type(found: &str, allowed: &[&str]) -> String {
    format!("instance type ({found}) does not match any allowed primitive type (allowed: {})", list(allowed))
}

pub(super) fn duplicates() -> String {
    "array must not contain duplicate elements".to_owned()
}

fn list(names: &[&str]) -> String {
    let names: Vec<Value> = names.iter().map(|name| Value::from(*name)).collect();
    json(&Value::Array(names))
}

fn json(value: &Value) -> String {
    let text = value.to_string();
    short(&text).into_owned()
}

fn short(text: &str) -> std::borrow::Cow<'_, str> {
    if text.len() <= VALUE_BYTES_MAX {
        return text.into();
    }
    let end = text.floor_char_boundary(VALUE_BYTES_MAX);
    format!("{}…", text.get(..end).unwrap_or_default()).into()
}
