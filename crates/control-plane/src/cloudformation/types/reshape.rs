//! Properties in an operation's own names: CloudFormation writes `RestApiId` where API Gateway's operations take
//! `restApiId`, numbers where they take texts, and documents where they take their JSON.

use claviger_aws_protocol::shape::{Kind, Shape};
use serde_json::{Map, Value};

/// The value as the shape has it, or the path of the first member that the shape does not have.
pub(super) fn reshape(shape: &Shape, value: Value, path: &str) -> Result<Value, String> {
    Ok(match (&shape.kind, value) {
        (Kind::Structure(_), Value::Object(members)) => {
            let mut reshaped = Map::new();
            for (name, value) in members {
                let at = format!("{path}/{name}");
                let member =
                    shape.members().iter().find(|member| is_same(member.key, &name)).ok_or_else(|| at.clone())?;
                reshaped.insert(member.key.to_owned(), reshape(member.shape, value, &at)?);
            }
            Value::Object(reshaped)
        }
        (Kind::Map(_, element), Value::Object(members)) => {
            let reshape = |(name, value): (String, Value)| {
                let at = format!("{path}/{name}");
                Ok::<_, String>((name, reshape(element, value, &at)?))
            };
            Value::Object(members.into_iter().map(reshape).collect::<Result<_, _>>()?)
        }
        (Kind::List(element), Value::Array(values)) => {
            let reshape = |(at, value)| reshape(element, value, &format!("{path}/{at}"));
            Value::Array(values.into_iter().enumerate().map(reshape).collect::<Result<_, _>>()?)
        }
        (Kind::String, value @ (Value::Number(_) | Value::Bool(_) | Value::Object(_) | Value::Array(_))) => {
            Value::String(value.to_string())
        }
        (Kind::Boolean, Value::String(text)) if text == "true" || text == "false" => Value::Bool(text == "true"),
        (Kind::Integer | Kind::Long, Value::String(text)) => {
            text.parse::<i64>().map_or(Value::String(text), Value::from)
        }
        (Kind::Double, Value::String(text)) => text.parse::<f64>().map_or(Value::String(text), Value::from),
        (_, value) => value,
    })
}

/// Whether two names differ at most in the case of their first letter.
fn is_same(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.chars(), other.chars());
    let first = |it: Option<char>| it.map(|character| character.to_ascii_lowercase());
    first(one.next()) == first(other.next()) && one.as_str() == other.as_str()
}

#[cfg(test)]
mod tests {
    use claviger_aws_protocol::shape::{boolean, integer, list, map, optional, string, structure};
    use serde_json::json;

    use super::*;

    static TEXT: Shape = string();
    static NUMBER: Shape = integer();
    static SWITCH: Shape = boolean();
    static TEXTS: Shape = list(&TEXT);
    static TABLE: Shape = map(&TEXT, &TEXT);
    static INNER: Shape = structure(&[optional("types", &TEXTS)]);
    static SHAPE: Shape = structure(&[
        optional("restApiId", &TEXT),
        optional("timeout", &NUMBER),
        optional("enabled", &SWITCH),
        optional("endpointConfiguration", &INNER),
        optional("templates", &TABLE),
        optional("policy", &TEXT),
    ]);

    #[test]
    fn names_and_scalars_become_the_operations_own() {
        let check = |given: Value, expected: Result<Value, &str>| {
            assert_eq!(reshape(&SHAPE, given, "#"), expected.map_err(str::to_owned));
        };
        check(json!({"RestApiId": "a"}), Ok(json!({"restApiId": "a"})));
        check(json!({"restApiId": "a"}), Ok(json!({"restApiId": "a"})));
        check(json!({"RestApiId": 5}), Ok(json!({"restApiId": "5"})));
        check(json!({"Timeout": "5"}), Ok(json!({"timeout": 5})));
        check(json!({"Enabled": "true"}), Ok(json!({"enabled": true})));
        check(
            json!({"EndpointConfiguration": {"Types": ["EDGE"]}}),
            Ok(json!({"endpointConfiguration": {"types": ["EDGE"]}})),
        );
        check(json!({"Templates": {"Kept/As-is": "x"}}), Ok(json!({"templates": {"Kept/As-is": "x"}})));
        check(json!({"Policy": {"Version": "2012-10-17"}}), Ok(json!({"policy": "{\"Version\":\"2012-10-17\"}"})));
        check(json!({"Other": 1}), Err("#/Other"));
        check(json!({"EndpointConfiguration": {"Other": 1}}), Err("#/EndpointConfiguration/Other"));
    }
}
