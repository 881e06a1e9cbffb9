//! What a resource type demands of its properties: AWS's resource type schemas, and what they make of a template's.
//!
//! A template may write a number or a boolean as text and the reverse (AWS CloudFormation, "Resource attribute
//! reference"); [`Schema::check`] answers the properties in the types that the schema names. Patterns are left to the
//! operations that the properties end in, which hold their input to AWS's shapes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What one resource type demands.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::cloudformation) struct Schema {
    #[serde(flatten)]
    root: Node,
    #[serde(default)]
    definitions: BTreeMap<String, Node>,
    #[serde(default)]
    create_only_properties: Vec<String>,
    #[serde(default)]
    conditional_create_only_properties: Vec<String>,
    #[serde(default)]
    read_only_properties: Vec<String>,
}

/// What is demanded at one place.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Node {
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(rename = "type")]
    kinds: Kinds,
    properties: BTreeMap<String, Node>,
    pattern_properties: BTreeMap<String, Node>,
    additional_properties: Option<Additional>,
    required: Vec<String>,
    items: Option<Box<Node>>,
    #[serde(rename = "enum")]
    values: Vec<Value>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    min_items: Option<usize>,
    max_items: Option<usize>,
    unique_items: bool,
}

/// The JSON types a value may have; none named means any.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "KindNames")]
struct Kinds(Vec<Kind>);

#[derive(Deserialize)]
#[serde(untagged)]
enum KindNames {
    One(Kind),
    Several(Vec<Kind>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    String,
    Number,
    Integer,
    Boolean,
    Object,
    Array,
    Null,
}

/// What stands for members that are not named.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Additional {
    Allowed(bool),
    As(Box<Node>),
}

impl From<KindNames> for Kinds {
    fn from(names: KindNames) -> Self {
        match names {
            KindNames::One(kind) => Self(vec![kind]),
            KindNames::Several(kinds) => Self(kinds),
        }
    }
}

/// How deep properties may nest: deeper than any type's, and no deeper than a check may go.
const DEPTH_MAX: usize = 64;
/// Violations that a message tells.
const VIOLATIONS_MAX: usize = 10;

impl Schema {
    /// The properties in the types that the schema names, or every violation, as CloudFormation words them.
    pub(in crate::cloudformation) fn check(&self, properties: &Value) -> Result<Value, Vec<String>> {
        let mut checked = properties.clone();
        let mut violations = Violations(Vec::new());
        self.walk(&self.root, &mut checked, "#", 0, &mut violations);
        if let Value::Object(members) = properties {
            for path in &self.read_only_properties {
                let name = path.trim_start_matches("/properties/");
                if members.contains_key(name) && !self.is_writable(name) {
                    violations.add("#", format!("extraneous key [{name}] is not permitted"));
                }
            }
        }
        if violations.0.is_empty() { Ok(checked) } else { Err(violations.0) }
    }

    /// Whether a change of this top-level property needs a new resource.
    pub(in crate::cloudformation) fn replaces(&self, property: &str) -> bool {
        names(&self.create_only_properties, property)
    }

    /// Whether it may need one, which depends on the values.
    pub(in crate::cloudformation) fn may_replace(&self, property: &str) -> bool {
        names(&self.conditional_create_only_properties, property)
    }

    /// Some types list what a caller may give among what only the service sets.
    fn is_writable(&self, name: &str) -> bool {
        self.root.required.iter().any(|required| required == name)
    }

    fn node<'a>(&'a self, node: &'a Node) -> &'a Node {
        let mut node = node;
        // A definition may be another's name; a chain longer than this is a circle.
        for _ in 0..DEPTH_MAX {
            let name = node.reference.as_deref().and_then(|path| path.strip_prefix("#/definitions/"));
            match name.and_then(|name| self.definitions.get(name)) {
                Some(definition) => node = definition,
                None => break,
            }
        }
        node
    }

    fn walk(&self, node: &Node, value: &mut Value, path: &str, depth: usize, violations: &mut Violations) {
        let node = self.node(node);
        if depth > DEPTH_MAX {
            return violations.add(path, format!("nests deeper than {DEPTH_MAX}"));
        }
        if !node.kinds.0.is_empty() && !node.kinds.admit(value) {
            let expected = node.kinds.0.first().map_or("", |kind| kind.name());
            return violations.add(path, format!("expected type: {expected}, found: {}", found(value)));
        }
        if !node.values.is_empty() && !node.values.contains(value) {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            violations.add(path, format!("{shown} is not a valid enum value"));
        }
        match value {
            Value::String(text) => node.check_text(text, path, violations),
            Value::Number(number) => node.check_number(number.as_f64().unwrap_or_default(), path, violations),
            Value::Array(elements) => self.check_list(node, elements, path, depth, violations),
            Value::Object(members) => self.check_members(node, members, path, depth, violations),
            Value::Null | Value::Bool(_) => {}
        }
    }

    fn check_list(&self, node: &Node, list: &mut [Value], path: &str, depth: usize, violations: &mut Violations) {
        let length = list.len();
        if let Some(min) = node.min_items.filter(|min| length < *min) {
            violations.add(path, format!("expected minimum item count: {min}, found: {length}"));
        }
        if let Some(max) = node.max_items.filter(|max| length > *max) {
            violations.add(path, format!("expected maximum item count: {max}, found: {length}"));
        }
        if node.unique_items && list.iter().enumerate().any(|(at, one)| list.iter().take(at).any(|other| other == one))
        {
            violations.add(path, "array items are not unique");
        }
        if let Some(items) = &node.items {
            for (at, element) in list.iter_mut().enumerate() {
                self.walk(items, element, &format!("{path}/{at}"), depth + 1, violations);
            }
        }
    }

    fn check_members(
        &self,
        node: &Node,
        members: &mut Map<String, Value>,
        path: &str,
        depth: usize,
        violations: &mut Violations,
    ) {
        for required in node.required.iter().filter(|name| !members.contains_key(*name)) {
            violations.add(path, format!("required key [{required}] not found"));
        }
        let is_free = node.properties.is_empty() && node.pattern_properties.is_empty();
        for (key, value) in members.iter_mut() {
            let at = format!("{path}/{key}");
            if let Some(child) = node.properties.get(key) {
                self.walk(child, value, &at, depth + 1, violations);
            } else if let Some(child) = node.pattern_properties.values().next() {
                self.walk(child, value, &at, depth + 1, violations);
            } else {
                match &node.additional_properties {
                    Some(Additional::As(child)) => self.walk(child, value, &at, depth + 1, violations),
                    Some(Additional::Allowed(false)) if !is_free => {
                        violations.add(path, format!("extraneous key [{key}] is not permitted"));
                    }
                    _ => {}
                }
            }
        }
    }
}

fn names(paths: &[String], property: &str) -> bool {
    paths.iter().any(|path| path.strip_prefix("/properties/").and_then(|rest| rest.split('/').next()) == Some(property))
}

impl Node {
    fn check_text(&self, text: &str, path: &str, violations: &mut Violations) {
        let length = text.chars().count();
        if let Some(min) = self.min_length.filter(|min| length < *min) {
            violations.add(path, format!("expected minLength: {min}, actual: {length}"));
        }
        if let Some(max) = self.max_length.filter(|max| length > *max) {
            violations.add(path, format!("expected maxLength: {max}, actual: {length}"));
        }
    }

    fn check_number(&self, number: f64, path: &str, violations: &mut Violations) {
        if let Some(min) = self.minimum.filter(|min| number < *min) {
            violations.add(path, format!("{number} is not greater or equal to {min}"));
        }
        if let Some(max) = self.maximum.filter(|max| number > *max) {
            violations.add(path, format!("{number} is not less or equal to {max}"));
        }
    }
}

impl Kinds {
    /// Whether the value has one of these types, or can be read as one; then it becomes one.
    fn admit(&self, value: &mut Value) -> bool {
        if self.0.iter().any(|kind| kind.is(value)) {
            return true;
        }
        let read = self.0.iter().find_map(|kind| kind.read(value));
        let admitted = read.is_some();
        if let Some(read) = read {
            *value = read;
        }
        admitted
    }
}

impl Kind {
    fn is(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Number => value.is_number(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Boolean => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::Array => value.is_array(),
            Self::Null => value.is_null(),
        }
    }

    /// A scalar of another type read as this one.
    fn read(self, value: &Value) -> Option<Value> {
        match (self, value) {
            (Self::String, Value::Number(_) | Value::Bool(_)) => Some(Value::String(value.to_string())),
            // Documents such as policies are named as texts or objects; a text that holds one will do.
            (Self::Object, Value::String(text)) => serde_json::from_str::<Value>(text).ok().filter(Value::is_object),
            (Self::Boolean, Value::String(text)) => match text.to_ascii_lowercase().as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => None,
            },
            (Self::Integer, Value::String(text)) => text.trim().parse::<i64>().ok().map(Value::from),
            #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and small")]
            (Self::Integer, Value::Number(number)) => {
                number.as_f64().filter(|it| it.fract() == 0.0 && it.abs() < 9e15).map(|it| Value::from(it as i64))
            }
            (Self::Number, Value::String(text)) => {
                let whole = text.trim().parse::<i64>().ok().map(Value::from);
                whole.or_else(|| text.trim().parse::<f64>().ok().filter(|it| it.is_finite()).map(Value::from))
            }
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Number => "Number",
            Self::Integer => "Integer",
            Self::Boolean => "Boolean",
            Self::Object => "JSONObject",
            Self::Array => "JSONArray",
            Self::Null => "Null",
        }
    }
}

fn found(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(number) if number.is_f64() => "Double",
        Value::Number(_) => "Integer",
        Value::String(_) => "String",
        Value::Array(_) => "JSONArray",
        Value::Object(_) => "JSONObject",
    }
}

struct Violations(Vec<String>);

impl Violations {
    fn add(&mut self, path: &str, what: impl std::fmt::Display) {
        if self.0.len() < VIOLATIONS_MAX {
            self.0.push(format!("{path}: {what}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema() -> Schema {
        serde_json::from_value(json!({
            "additionalProperties": false,
            "createOnlyProperties": ["/properties/Pool"],
            "readOnlyProperties": ["/properties/Arn"],
            "definitions": {"Scope": {
                "type": "object", "additionalProperties": false, "required": ["Name"],
                "properties": {"Name": {"type": "string", "minLength": 1, "maxLength": 4}},
            }},
            "properties": {
                "Arn": {"type": "string"},
                "Pool": {"type": "string"},
                "Timeout": {"type": "integer", "minimum": 1, "maximum": 900},
                "On": {"type": "boolean"},
                "Kind": {"type": "string", "enum": ["A", "B"]},
                "Scopes": {"type": "array", "maxItems": 2, "uniqueItems": true, "items": {"$ref": "#/definitions/Scope"}},
                "Policy": {"type": ["object", "string"]},
                "Body": {"type": ["object", "string"]},
                "Document": {"type": "object"},
                "Variables": {"type": "object", "additionalProperties": false, "patternProperties": {".*": {"type": "string"}}},
            },
            "required": ["Pool"],
        }))
        .unwrap()
    }

    #[test]
    fn scalars_become_what_the_schema_names() {
        let check = |given: Value, expected: Value| assert_eq!(schema().check(&given), Ok(expected), "{given}");
        check(json!({"Pool": "p"}), json!({"Pool": "p"}));
        check(json!({"Pool": 5}), json!({"Pool": "5"}));
        check(json!({"Pool": true}), json!({"Pool": "true"}));
        check(json!({"Pool": "p", "Timeout": "30"}), json!({"Pool": "p", "Timeout": 30}));
        check(json!({"Pool": "p", "Timeout": 30.0}), json!({"Pool": "p", "Timeout": 30}));
        check(json!({"Pool": "p", "On": "true"}), json!({"Pool": "p", "On": true}));
        check(json!({"Pool": "p", "On": "FALSE"}), json!({"Pool": "p", "On": false}));
        check(json!({"Pool": "p", "Variables": {"a": 1}}), json!({"Pool": "p", "Variables": {"a": "1"}}));
        check(json!({"Pool": "p", "Document": "{\"a\": 1}"}), json!({"Pool": "p", "Document": {"a": 1}}));
        check(json!({"Pool": "p", "Body": "openapi"}), json!({"Pool": "p", "Body": "openapi"}));
        check(
            json!({"Pool": "p", "Document": {"any": {"thing": []}}}),
            json!({"Pool": "p", "Document": {"any": {"thing": []}}}),
        );
    }

    #[test]
    fn what_does_not_fit_is_told_where() {
        let check = |given: Value, expected: &[&str]| {
            let expected = expected.iter().map(|text| (*text).to_owned()).collect();
            assert_eq!(schema().check(&given), Err(expected), "{given}");
        };
        check(json!({}), &["#: required key [Pool] not found"]);
        check(json!({"Pool": "p", "Foo": 1}), &["#: extraneous key [Foo] is not permitted"]);
        check(json!({"Pool": "p", "Arn": "x"}), &["#: extraneous key [Arn] is not permitted"]);
        check(json!({"Pool": []}), &["#/Pool: expected type: String, found: JSONArray"]);
        check(json!({"Pool": "p", "Timeout": "soon"}), &["#/Timeout: expected type: Integer, found: String"]);
        check(json!({"Pool": "p", "Timeout": 0}), &["#/Timeout: 0 is not greater or equal to 1"]);
        check(json!({"Pool": "p", "Timeout": 901}), &["#/Timeout: 901 is not less or equal to 900"]);
        check(json!({"Pool": "p", "Timeout": 1.5}), &["#/Timeout: expected type: Integer, found: Double"]);
        check(json!({"Pool": "p", "Kind": "C"}), &["#/Kind: C is not a valid enum value"]);
        check(json!({"Pool": "p", "Scopes": [{}]}), &["#/Scopes/0: required key [Name] not found"]);
        check(json!({"Pool": "p", "Scopes": [{"Name": ""}]}), &["#/Scopes/0/Name: expected minLength: 1, actual: 0"]);
        check(
            json!({"Pool": "p", "Scopes": [{"Name": "long!"}]}),
            &["#/Scopes/0/Name: expected maxLength: 4, actual: 5"],
        );
        check(
            json!({"Pool": "p", "Scopes": [{"Name": "a"}, {"Name": "a"}]}),
            &["#/Scopes: array items are not unique"],
        );
        check(
            json!({"Pool": "p", "Scopes": [{"Name": "a"}, {"Name": "b"}, {"Name": "c"}]}),
            &["#/Scopes: expected maximum item count: 2, found: 3"],
        );
        check(json!({"Foo": 1}), &["#: required key [Pool] not found", "#: extraneous key [Foo] is not permitted"]);
    }

    #[test]
    fn knows_what_a_change_replaces() {
        assert!(schema().replaces("Pool"));
        assert!(!schema().replaces("Timeout"));
    }
}
