//! Configuration blocks: settings kept as the caller gave them, under AWS's names, and shown with AWS's defaults.
//!
//! Their types were checked against AWS's shapes on the way in, so a member of another type is the same as none.

use serde_json::{Map, Value};

/// The settings of a pool or an app client that have no field of their own.
pub type Configuration = Map<String, Value>;

/// The text at a path of members.
pub(super) fn text<'a>(configuration: &'a Configuration, path: &[&str]) -> Option<&'a str> {
    at(configuration, path)?.as_str()
}

/// The whole number at a path of members.
pub(super) fn number(configuration: &Configuration, path: &[&str]) -> Option<i64> {
    at(configuration, path)?.as_i64()
}

/// The boolean at a path of members; `false` when there is none.
pub(super) fn is_true(configuration: &Configuration, path: &[&str]) -> bool {
    at(configuration, path).and_then(Value::as_bool).unwrap_or_default()
}

/// The texts of a list.
pub(super) fn texts<'a>(configuration: &'a Configuration, member: &str) -> impl Iterator<Item = &'a str> {
    configuration.get(member).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// What is at a path of members.
pub(super) fn at<'a>(configuration: &'a Configuration, path: &[&str]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(configuration.get(*first)?, |value, member| value.get(member))
}

/// Adds to an object, at every depth, the members of `defaults` that it lacks.
pub(super) fn fill(configuration: &mut Configuration, defaults: Value) {
    let Value::Object(defaults) = defaults else { return };
    for (member, default) in defaults {
        match configuration.get_mut(&member) {
            None => drop(configuration.insert(member, default)),
            Some(Value::Object(inner)) => fill(inner, default),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> Configuration {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn defaults_fill_gaps_at_every_depth_and_replace_nothing() {
        let mut given = object(&json!({"A": {"B": 1}, "L": [1], "X": {}}));
        fill(&mut given, json!({"A": {"B": 2, "C": 3}, "L": [2, 3], "X": {"Y": 1}, "N": "n"}));
        assert_eq!(Value::Object(given), json!({"A": {"B": 1, "C": 3}, "L": [1], "X": {"Y": 1}, "N": "n"}));
    }

    #[test]
    fn a_member_of_another_type_is_none() {
        let given = object(&json!({"A": {"B": "b", "N": 1, "T": true}, "L": ["x", 1, "y"]}));
        assert_eq!((text(&given, &["A", "B"]), text(&given, &["A", "N"]), text(&given, &[])), (Some("b"), None, None));
        assert_eq!((number(&given, &["A", "N"]), number(&given, &["A", "B"])), (Some(1), None));
        assert!(is_true(&given, &["A", "T"]) && !is_true(&given, &["A", "B"]) && !is_true(&given, &["A", "B", "C"]));
        assert_eq!(texts(&given, "L").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(texts(&given, "A").count(), 0);
    }
}
