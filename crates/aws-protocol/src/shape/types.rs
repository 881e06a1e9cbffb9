//! Types: whether every value of an input is of the type its shape names.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};

use super::{Kind, Shape};
use crate::failure::Failure;

/// How a protocol's servers name a value of the wrong type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wording {
    /// `NUMBER_VALUE can not be converted to a String`.
    AwsJson,
    /// `class java.lang.Boolean can not be converted to an String`.
    RestJson,
}

/// Holds every value of an input to its type; the first that differs is a `SerializationException`.
///
/// Unknown members are ignored and `null` is absent everywhere.
pub fn check_types(shape: &Shape, value: &Value, wording: Wording) -> Result<(), Failure> {
    match (&shape.kind, value) {
        (_, Value::Null) | (Kind::Document, _) => Ok(()),
        (Kind::Structure(members), Value::Object(object)) => members
            .iter()
            .filter_map(|member| Some((member, object.get(member.key)?)))
            .try_for_each(|(member, value)| check_types(member.shape, value, wording)),
        (Kind::Map(_, shape), Value::Object(object)) => {
            object.values().try_for_each(|value| check_types(shape, value, wording))
        }
        (Kind::List(shape), Value::Array(elements)) => {
            elements.iter().try_for_each(|value| check_types(shape, value, wording))
        }
        (kind, value) if is_scalar_of(kind, value) => Ok(()),
        (kind, value) => Err(Failure::serialization(&mismatch(kind, value, wording))),
    }
}

fn is_scalar_of(kind: &Kind, value: &Value) -> bool {
    match (kind, value) {
        (Kind::Boolean, Value::Bool(_))
        | (Kind::String | Kind::Timestamp, Value::String(_))
        | (Kind::Double | Kind::Timestamp, Value::Number(_)) => true,
        (Kind::Integer, Value::Number(number)) => number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        (Kind::Long, Value::Number(number)) => number.is_i64(),
        (Kind::Blob, Value::String(text)) => STANDARD.decode(text).is_ok(),
        _ => false,
    }
}

fn mismatch(kind: &Kind, value: &Value, wording: Wording) -> String {
    match (kind, value, wording) {
        (Kind::List(_), Value::Object(_), _) => "Start of structure or map found where not expected.".to_owned(),
        (Kind::Map(..) | Kind::Structure(_), Value::Array(_), _) => "Start of list found where not expected".to_owned(),
        (Kind::List(_), _, Wording::AwsJson) => "Expected list or null".to_owned(),
        (Kind::Map(..) | Kind::Structure(_), _, Wording::AwsJson) => "Expected map or null".to_owned(),
        (Kind::List(_) | Kind::Map(..) | Kind::Structure(_), value, Wording::RestJson) => {
            format!("Unrecognized collection type class {}", java_class(value))
        }
        (_, Value::Object(_), _) => "Start of structure or map found where not expected.".to_owned(),
        (_, Value::Array(_), _) => "Start of list found where not expected".to_owned(),
        (Kind::Blob, Value::String(_), _) => "Invalid base64 in a blob".to_owned(),
        (kind, value, Wording::AwsJson) => {
            let kind = kind.name();
            let article = if kind == "Integer" { "an" } else { "a" };
            format!("{} can not be converted to {article} {kind}", token(value))
        }
        (kind, value, Wording::RestJson) => {
            format!("class {} can not be converted to an {}", java_class(value), kind.name())
        }
    }
}

fn token(value: &Value) -> &'static str {
    match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    }
}

/// The Java class that AWS's JSON reader makes of a value: the smallest of its number types that holds it.
fn java_class(value: &Value) -> &'static str {
    match value {
        Value::Null => "java.lang.Object",
        Value::Bool(_) => "java.lang.Boolean",
        Value::Number(number) => java_number_class(number),
        Value::String(_) => "java.lang.String",
        Value::Array(_) => "java.util.ArrayList",
        Value::Object(_) => "java.util.LinkedHashMap",
    }
}

fn java_number_class(number: &Number) -> &'static str {
    match number.as_i64() {
        Some(number) if i16::try_from(number).is_ok() => "java.lang.Short",
        Some(number) if i32::try_from(number).is_ok() => "java.lang.Integer",
        Some(_) => "java.lang.Long",
        None if number.is_f64() => "java.lang.Double",
        None => "java.math.BigInteger",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{
        blob, boolean, document, double, integer, list, long, map, optional, string, structure, timestamp,
    };
    use super::*;

    static TEXT: Shape = string();
    static NUMBER: Shape = integer();
    static BIG: Shape = long();
    static REAL: Shape = double();
    static FLAG: Shape = boolean();
    static BYTES: Shape = blob();
    static MOMENT: Shape = timestamp();
    static ANY: Shape = document();
    static TEXTS: Shape = list(&TEXT);
    static TAGS: Shape = map(&TEXT, &TEXT);
    static INNER: Shape = structure(&[optional("Text", &TEXT)]);
    static INPUT: Shape = structure(&[
        optional("Text", &TEXT),
        optional("Number", &NUMBER),
        optional("Big", &BIG),
        optional("Real", &REAL),
        optional("Flag", &FLAG),
        optional("Bytes", &BYTES),
        optional("Moment", &MOMENT),
        optional("Any", &ANY),
        optional("Texts", &TEXTS),
        optional("Tags", &TAGS),
        optional("Inner", &INNER),
    ]);

    fn check(value: &Value, expected: Result<(), (&str, &str)>) {
        for (wording, expected) in [
            (Wording::AwsJson, expected.map_err(|(aws_json, _)| aws_json)),
            (Wording::RestJson, expected.map_err(|(_, rest_json)| rest_json)),
        ] {
            let found = check_types(&INPUT, value, wording).map_err(|failure| failure.message);
            assert_eq!(found, expected.map_err(str::to_owned), "{value}");
        }
    }

    #[test]
    fn accepts_values_of_their_type_nulls_and_unknown_members() {
        for value in [
            json!({}),
            json!({"Text": "a", "Number": -1, "Big": 4_294_967_296_i64, "Real": 1, "Flag": true, "Bytes": "aGk="}),
            json!({"Real": 1.5, "Moment": 1_700_000_000.5, "Any": [{"a": 1}], "Texts": ["a", null], "Tags": {"a": "b"}}),
            json!({"Text": null, "Texts": null, "Inner": null, "Moment": "2024-01-01T00:00:00Z"}),
            json!({"Unknown": {"Text": 1}, "Inner": {"Other": 1}}),
        ] {
            check(&value, Ok(()));
        }
    }

    #[test]
    fn words_a_wrong_type_as_each_protocol_does() {
        let list_found = "Start of list found where not expected";
        let map_found = "Start of structure or map found where not expected.";
        for (value, aws_json, rest_json) in [
            (
                json!({"Text": true}),
                "TRUE_VALUE can not be converted to a String",
                "class java.lang.Boolean can not be converted to an String",
            ),
            (
                json!({"Text": 33}),
                "NUMBER_VALUE can not be converted to a String",
                "class java.lang.Short can not be converted to an String",
            ),
            (
                json!({"Text": 70_000}),
                "NUMBER_VALUE can not be converted to a String",
                "class java.lang.Integer can not be converted to an String",
            ),
            (
                json!({"Number": "1"}),
                "STRING_VALUE can not be converted to an Integer",
                "class java.lang.String can not be converted to an Integer",
            ),
            (
                json!({"Number": 2_147_483_648_i64}),
                "NUMBER_VALUE can not be converted to an Integer",
                "class java.lang.Long can not be converted to an Integer",
            ),
            (
                json!({"Number": 1.5}),
                "NUMBER_VALUE can not be converted to an Integer",
                "class java.lang.Double can not be converted to an Integer",
            ),
            (
                json!({"Big": u64::MAX}),
                "NUMBER_VALUE can not be converted to a Long",
                "class java.math.BigInteger can not be converted to an Long",
            ),
            (
                json!({"Flag": "true"}),
                "STRING_VALUE can not be converted to a Boolean",
                "class java.lang.String can not be converted to an Boolean",
            ),
            (json!({"Texts": "a"}), "Expected list or null", "Unrecognized collection type class java.lang.String"),
            (json!({"Tags": false}), "Expected map or null", "Unrecognized collection type class java.lang.Boolean"),
            (json!({"Inner": "a"}), "Expected map or null", "Unrecognized collection type class java.lang.String"),
            (
                json!({"Tags": {"a": 1}}),
                "NUMBER_VALUE can not be converted to a String",
                "class java.lang.Short can not be converted to an String",
            ),
            (json!({"Text": []}), list_found, list_found),
            (json!({"Text": {}}), map_found, map_found),
            (json!({"Tags": []}), list_found, list_found),
            (json!({"Texts": {}}), map_found, map_found),
            (json!({"Texts": [["a"]]}), list_found, list_found),
            (json!({"Bytes": "*"}), "Invalid base64 in a blob", "Invalid base64 in a blob"),
        ] {
            check(&value, Err((aws_json, rest_json)));
        }
    }
}
