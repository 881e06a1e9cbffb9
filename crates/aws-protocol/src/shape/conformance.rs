//! Conformance: whether an answer of ours is one AWS could have given. Tests ask it of every operation's output.

use serde_json::Value;

use super::{Kind, Shape, Wording, check_types};

/// What in an answer departs from the shape of AWS's output: unknown members, missing ones, values of another type.
pub fn differences(shape: &Shape, answer: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(shape, answer, "answer", &mut found);
    found
}

fn compare(shape: &Shape, value: &Value, path: &str, found: &mut Vec<String>) {
    match (&shape.kind, value) {
        (Kind::Structure(members), Value::Object(object)) => {
            for key in object.keys().filter(|key| shape.member(key).is_none()) {
                found.push(format!("{path}.{key} is unknown to AWS"));
            }
            for member in *members {
                let path = format!("{path}.{}", member.key);
                match object.get(member.key) {
                    Some(value) => compare(member.shape, value, &path, found),
                    None if member.required => found.push(format!("{path} is missing")),
                    None => {}
                }
            }
        }
        (Kind::Map(_, element), Value::Object(entries)) => {
            for (key, value) in entries {
                compare(element, value, &format!("{path}.{key}"), found);
            }
        }
        (Kind::List(element), Value::Array(elements)) => {
            for (index, value) in elements.iter().enumerate() {
                compare(element, value, &format!("{path}[{index}]"), found);
            }
        }
        (_, Value::Null) => found.push(format!("{path} is null, which AWS leaves out")),
        (_, Value::String(text)) if !shape.values.is_empty() && !shape.values.contains(&text.as_str()) => {
            found.push(format!("{path} is {text:?}, not one of {}", shape.values.join(", ")));
        }
        _ => {
            if let Err(failure) = check_types(shape, value, Wording::AwsJson) {
                found.push(format!("{path}: {}", failure.message));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{integer, list, map, one_of, optional, required, string, structure};
    use super::*;

    #[test]
    fn names_every_departure_from_the_shape() {
        static TEXT: Shape = string();
        static NUMBER: Shape = integer();
        static KIND: Shape = one_of(&["A", "B"]);
        static TAGS: Shape = map(&TEXT, &TEXT);
        static ITEM: Shape = structure(&[required("Id", &TEXT), optional("Kind", &KIND), optional("Size", &NUMBER)]);
        static ITEMS: Shape = list(&ITEM);
        static OUTPUT: Shape = structure(&[optional("items", &ITEMS).key("item"), optional("Tags", &TAGS)]);
        let good = json!({"item": [{"Id": "a", "Kind": "A", "Size": 1}], "Tags": {"a": "b"}});
        assert_eq!(differences(&OUTPUT, &good), Vec::<String>::new());
        let bad = json!({"items": [], "item": [{"Kind": "C", "Size": "1", "X": 1}], "Tags": {"a": 1, "b": null}});
        assert_eq!(
            differences(&OUTPUT, &bad),
            [
                "answer.items is unknown to AWS",
                "answer.item[0].X is unknown to AWS",
                "answer.item[0].Id is missing",
                "answer.item[0].Kind is \"C\", not one of A, B",
                "answer.item[0].Size: STRING_VALUE can not be converted to an Integer",
                "answer.Tags.a: NUMBER_VALUE can not be converted to a String",
                "answer.Tags.b is null, which AWS leaves out",
            ]
        );
    }
}
