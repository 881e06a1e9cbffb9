//! Shapes: what AWS's service descriptions demand of each operation's input, as static tables, and the check itself.
//!
//! `cargo xtask generate` writes the tables; [`Rules::check`] holds a JSON value to one. Only facts live here (names,
//! types, bounds, patterns, enum values): what they mean is the control plane's business.

mod build;
mod conformance;
mod constraints;
mod pattern;
mod shown;
mod types;

use serde_json::Value;

use crate::failure::Failure;

pub use build::{
    blob, boolean, document, double, integer, list, long, map, one_of, operation, optional, required, string,
    structure, timestamp,
};
pub use conformance::differences;
pub use constraints::{VIOLATIONS_MAX, Violations, check_constraints};
pub use pattern::Pattern;
pub use types::{Wording, check_types};

/// What a value must look like. Built by [`string`], [`list`], [`structure`] and their siblings.
#[derive(Debug)]
pub struct Shape {
    /// The value's type and what it is made of.
    pub kind: Kind,
    /// The least length, size or value.
    pub min: Option<i64>,
    /// The greatest length, size or value.
    pub max: Option<i64>,
    /// The pattern the whole text must match.
    pub pattern: Option<&'static Pattern>,
    /// The texts allowed, when they are a closed set.
    pub values: &'static [&'static str],
    /// Whether messages and logs must not show the value.
    pub sensitive: bool,
}

/// A value's type.
#[derive(Debug)]
pub enum Kind {
    Boolean,
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of 64 bits.
    Long,
    Double,
    /// Seconds since 1970 as a number, or a date and time as text.
    Timestamp,
    /// Bytes, as base64 text.
    Blob,
    String,
    /// Any JSON value.
    Document,
    List(&'static Shape),
    Map(&'static Shape, &'static Shape),
    Structure(&'static [Member]),
}

impl Kind {
    /// The type's name, as messages have it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Boolean => "Boolean",
            Self::Integer => "Integer",
            Self::Long => "Long",
            Self::Double => "Double",
            Self::Timestamp => "Timestamp",
            Self::Blob => "Blob",
            Self::String => "String",
            Self::Document => "Document",
            Self::List(_) => "List",
            Self::Map(..) => "Map",
            Self::Structure(_) => "Structure",
        }
    }
}

/// A member of a structure.
#[derive(Debug)]
pub struct Member {
    /// Its name in the service description: what error paths show.
    pub name: &'static str,
    /// Its name in the JSON object that operations read and write (see [`crate::rest_json`] for when it differs).
    pub key: &'static str,
    /// What its value must look like.
    pub shape: &'static Shape,
    /// Whether an input without it is refused.
    pub required: bool,
    /// Where on the wire it travels.
    pub binding: Binding,
}

/// Where on the wire a member travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// In the JSON body, under its wire name.
    Body,
    /// In the JSON body, under another name than its key.
    BodyAs(&'static str),
    /// In the path, as the label of the same name.
    Label,
    /// In the query, under this name.
    Query(&'static str),
    /// In the query: every parameter that no other member names.
    QueryRest,
    /// In this header.
    Header(&'static str),
    /// As the whole body.
    Payload,
}

/// One operation of an awsJson service.
#[derive(Debug)]
pub struct OperationShape {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub input: &'static Shape,
    /// Whether AWS asks for a signature; calls that only a user's own tokens allow are open.
    pub signed: bool,
}

/// The operation of this name in a service's table, which is sorted by name.
pub fn find(operations: &'static [OperationShape], name: &str) -> Option<&'static OperationShape> {
    operations.binary_search_by_key(&name, |operation| operation.name).ok().and_then(|index| operations.get(index))
}

/// How one service words and codes its refusals of an input.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// The exception of a broken constraint: `InvalidParameterException` for Cognito, `ValidationException` for others.
    pub code: &'static str,
    /// How a value of the wrong type is worded.
    pub wording: Wording,
    /// What the paths in messages start with, such as API Gateway's `putIntegrationInput`; empty for Cognito.
    pub root: &'a str,
}

impl Rules<'_> {
    /// Holds an input to its shape: first every type, then every constraint, as AWS's servers do. Returns the input
    /// without the members that AWS reads past: unknown ones, and those that are `null`.
    pub fn check(&self, shape: &Shape, mut input: Value) -> Result<Value, Failure> {
        check_types(shape, &input, self.wording)?;
        check_constraints(shape, &input, self.root)
            .map_err(|violations| Failure::new(self.code, 400, violations.to_string()))?;
        keep_known(shape, &mut input);
        Ok(input)
    }
}

fn keep_known(shape: &Shape, input: &mut Value) {
    match (&shape.kind, input) {
        (Kind::Structure(members), Value::Object(object)) => {
            object.retain(|key, value| match members.iter().find(|member| member.key == key) {
                Some(member) if !value.is_null() => {
                    keep_known(member.shape, value);
                    true
                }
                _ => false,
            });
        }
        (Kind::Map(_, shape), Value::Object(object)) => {
            object.retain(|_, value| !value.is_null());
            for value in object.values_mut() {
                keep_known(shape, value);
            }
        }
        (Kind::List(shape), Value::Array(elements)) => {
            for value in elements {
                keep_known(shape, value);
            }
        }
        _ => {}
    }
}

impl Shape {
    /// The member whose key this is, when the shape is a structure that has one.
    pub fn member(&self, key: &str) -> Option<&'static Member> {
        self.members().iter().find(|member| member.key == key)
    }

    /// The members of a structure; none for every other shape.
    pub fn members(&self) -> &'static [Member] {
        match self.kind {
            Kind::Structure(members) => members,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    static TEXT: Shape = string();
    static TEXTS: Shape = list(&TEXT);
    static INNER: Shape = structure(&[optional("A", &TEXT), optional("B", &TEXTS)]);
    static INNERS: Shape = list(&INNER);
    static TAGS: Shape = map(&TEXT, &TEXT);
    static ANY: Shape = document();
    static INPUT: Shape =
        structure(&[required("List", &INNERS), optional("Tags", &TAGS), optional("Any", &ANY), optional("In", &INNER)]);

    #[test]
    fn unknown_and_null_members_are_absent_and_null_elements_stay() {
        let mut input = json!({
            "List": [{"A": null, "B": ["x", null], "C": 1}, null], "Tags": {"a": null, "b": "c"},
            "Any": {"a": null}, "In": null, "Unknown": {"A": "a"},
        });
        keep_known(&INPUT, &mut input);
        assert_eq!(input, json!({"List": [{"B": ["x", null]}, null], "Tags": {"b": "c"}, "Any": {"a": null}}));
    }

    #[test]
    fn types_are_checked_before_constraints() {
        let rules = Rules { code: "InvalidParameterException", wording: Wording::AwsJson, root: "" };
        let failure = rules.check(&INPUT, json!({"Tags": {"a": 1}})).unwrap_err();
        assert_eq!(failure.code, "SerializationException");
        let failure = rules.check(&INPUT, json!({"Tags": {"a": "b"}})).unwrap_err();
        assert_eq!((&*failure.code, failure.status), ("InvalidParameterException", 400));
        assert_eq!(
            failure.message,
            "1 validation error detected: Value null at 'list' failed to satisfy constraint: Member must not be null"
        );
        assert_eq!(rules.check(&INPUT, json!({"List": [], "Tags": null})), Ok(json!({"List": []})));
    }

    #[test]
    fn operations_are_found_by_name() {
        static TABLE: &[OperationShape] = &[operation("A", &INPUT), operation("B", &INPUT).unsigned()];
        assert_eq!(find(TABLE, "B").map(|found| (found.name, found.signed)), Some(("B", false)));
        assert!(find(TABLE, "C").is_none());
    }

    fn values() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
        ];
        scalar.prop_recursive(4, 24, 4, |inner| {
            let key = prop_oneof![Just("List"), Just("Tags"), Just("Any"), Just("In"), Just("A"), Just("B"), Just("x")];
            let object = proptest::collection::vec((key, inner.clone()), 0..4);
            prop_oneof![
                proptest::collection::vec(inner, 0..4).prop_map(Value::from),
                object.prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_value_panics_the_check(input in values()) {
            let rules = Rules { code: "ValidationException", wording: Wording::RestJson, root: "input" };
            let _ = rules.check(&INPUT, input.clone());
            let _ = check_constraints(&INPUT, &input, "");
            let _ = differences(&INPUT, &input);
        }
    }
}
