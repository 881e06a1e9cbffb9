//! JSON bodies, read within bounds.

use serde_json::{Map, Value};

use crate::failure::Failure;

/// How deep arrays and objects may nest. The deepest input of the services served here needs 7.
pub const DEPTH_MAX: usize = 64;

/// How many values a body may hold: what bounds the memory of the parsed form, since `[0,0,…` costs two bytes a value on
/// the wire and over thirty in memory.
pub const VALUES_MAX: usize = 200_000;

/// Reads a request's body as one JSON object; an empty body is an empty object.
pub fn parse_object(body: &[u8]) -> Result<Map<String, Value>, Failure> {
    if body.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    within_bounds(body)?;
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(Value::Array(_)) => Err(Failure::serialization("Start of list found where not expected")),
        Ok(_) => Err(Failure::serialization("The request's body must be a JSON object.")),
        Err(error) => Err(Failure::serialization(&format!("The request's body is not JSON: {error}."))),
    }
}

/// Counts brackets and separators outside strings, before any memory is taken.
fn within_bounds(body: &[u8]) -> Result<(), Failure> {
    let (mut depth, mut values, mut in_string, mut escaped) = (0_usize, 1_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                depth += 1;
                values += 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err(Failure::serialization(&format!("The request's body nests deeper than {DEPTH_MAX} levels.")));
        }
        if values > VALUES_MAX {
            return Err(Failure::serialization(&format!("The request's body holds more than {VALUES_MAX} values.")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn check(body: &str, expected: Result<Value, &str>) {
        let found = parse_object(body.as_bytes()).map(Value::Object).map_err(|failure| {
            assert_eq!((&*failure.code, failure.status), ("SerializationException", 400));
            failure.message
        });
        assert_eq!(found, expected.map_err(str::to_owned), "{}", &body[..body.len().min(80)]);
    }

    #[test]
    fn a_body_is_one_object_within_bounds() {
        check("", Ok(json!({})));
        check(" \r\n", Ok(json!({})));
        check(r#"{"a":{"b":[1,"],{\"",null]}}"#, Ok(json!({"a": {"b": [1, "],{\"", null]}})));
        check("[]", Err("Start of list found where not expected"));
        check("1", Err("The request's body must be a JSON object."));
        check("{", Err("The request's body is not JSON: EOF while parsing an object at line 1 column 1."));
        check(r#"{"a":1} x"#, Err("The request's body is not JSON: trailing characters at line 1 column 9."));
        check(&format!("{{\"a\":{}", "[".repeat(DEPTH_MAX)), Err("The request's body nests deeper than 64 levels."));
        check(
            &format!("{{\"a\":[{}0]}}", "0,".repeat(VALUES_MAX)),
            Err("The request's body holds more than 200000 values."),
        );
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = parse_object(&body);
        }

        #[test]
        fn no_text_of_json_marks_panics(body in r#"[\[\]{}",:\\0-9eE.+\-tfn ]{0,200}"#) {
            let _ = parse_object(body.as_bytes());
        }
    }
}
