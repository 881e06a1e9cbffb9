//! Constraints: whether every value of an input keeps the bounds of its shape, and AWS's message when it does not.

use std::cmp::Ordering;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::shown::{bounded, is_sensitive, shown};
use super::{Kind, Member, Shape};

/// How many violations one answer names: enough to be of use, and a bound on the work a bad input can cause.
pub const VIOLATIONS_MAX: usize = 10;

/// The constraints an input breaks, in the order of the service description; at least one, at most [`VIOLATIONS_MAX`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations(Vec<String>);

impl fmt::Display for Violations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.0.len() == 1 { "error" } else { "errors" };
        write!(formatter, "{} validation {noun} detected: {}", self.0.len(), self.0.join("; "))
    }
}

/// Holds an input to the constraints of its shape. Its types have been checked before (see [`super::check_types`]).
///
/// Paths are lower camel case below `root`, which may be empty: `scopes.1.member.scopeName`.
pub fn check_constraints(shape: &Shape, input: &Value, root: &str) -> Result<(), Violations> {
    let mut check = Check { path: root.to_owned(), violations: Vec::new() };
    check.inside(shape, input);
    if check.violations.is_empty() { Ok(()) } else { Err(Violations(check.violations)) }
}

struct Check {
    path: String,
    violations: Vec<String>,
}

impl Check {
    /// A value at the current path: its own bounds, then what is inside it.
    fn value(&mut self, shape: &Shape, value: &Value) {
        for constraint in broken(shape, value) {
            self.violation(shape, value, &constraint);
        }
        self.inside(shape, value);
    }

    fn inside(&mut self, shape: &Shape, value: &Value) {
        match (&shape.kind, value) {
            (Kind::Structure(members), Value::Object(object)) => {
                for member in *members {
                    self.member(member, object.get(member.key).unwrap_or(&Value::Null));
                }
            }
            (Kind::List(element), Value::Array(elements)) => {
                if is_collection(element) {
                    for (index, value) in elements.iter().enumerate() {
                        self.element(&(index + 1).to_string(), element, value);
                    }
                } else if elements.iter().any(|value| !is_kept(element, value)) {
                    self.violation(shape, value, &format!("Member must satisfy constraint: [{}]", all_of(element)));
                }
            }
            (Kind::Map(key, element), Value::Object(entries)) => {
                if entries.keys().any(|name| !is_kept(key, &Value::from(name.as_str()))) {
                    self.violation(shape, value, &format!("Map keys must satisfy constraint: [{}]", all_of(key)));
                }
                if is_collection(element) {
                    for (name, value) in entries {
                        self.element(name, element, value);
                    }
                } else if entries.values().any(|value| !value.is_null() && !is_kept(element, value)) {
                    self.violation(shape, value, &format!("Map value must satisfy constraint: [{}]", all_of(element)));
                }
            }
            _ => {}
        }
    }

    fn member(&mut self, member: &Member, value: &Value) {
        if value.is_null() && !member.required {
            return;
        }
        let mut characters = member.name.chars();
        let first = characters.next().map(|first| first.to_ascii_lowercase());
        let dot = if self.path.is_empty() { "" } else { "." };
        self.below(format_args!("{dot}{}{}", first.unwrap_or_default(), characters.as_str()), |check| {
            check.value_or_null(member.shape, value);
        });
    }

    fn element(&mut self, name: &str, shape: &Shape, value: &Value) {
        self.below(format_args!(".{name}.member"), |check| check.value_or_null(shape, value));
    }

    fn value_or_null(&mut self, shape: &Shape, value: &Value) {
        if value.is_null() {
            self.violation(shape, value, NOT_NULL);
        } else {
            self.value(shape, value);
        }
    }

    /// Goes one step down the path and back up again; not at all once enough has been found.
    fn below(&mut self, step: fmt::Arguments<'_>, visit: impl FnOnce(&mut Self)) {
        if self.violations.len() < VIOLATIONS_MAX {
            let length = self.path.len();
            self.path.push_str(&step.to_string());
            visit(self);
            self.path.truncate(length);
        }
    }

    fn violation(&mut self, shape: &Shape, value: &Value, constraint: &str) {
        if self.violations.len() == VIOLATIONS_MAX {
            return;
        }
        let shown = if is_sensitive(shape) {
            String::new()
        } else if value.is_null() {
            "null ".to_owned()
        } else {
            format!("'{}' ", shown(shape, value))
        };
        let path = bounded(&self.path);
        self.violations.push(format!("Value {shown}at '{path}' failed to satisfy constraint: {constraint}"));
    }
}

const NOT_NULL: &str = "Member must not be null";

fn is_kept(shape: &Shape, value: &Value) -> bool {
    !value.is_null() && broken(shape, value).is_empty()
}

/// The constraints that a value, not what is inside it, breaks.
fn broken(shape: &Shape, value: &Value) -> Vec<String> {
    let is = |ordering, bound: Option<i64>| bound.and_then(|bound| compare(shape, value, bound)) == Some(ordering);
    let mut broken = Vec::new();
    if is(Ordering::Greater, shape.max) {
        broken.extend(upper(shape));
    }
    if is(Ordering::Less, shape.min) {
        broken.extend(lower(shape));
    }
    if let Value::String(text) = value {
        if shape.pattern.is_some_and(|pattern| !pattern.matches(text)) {
            broken.extend(pattern(shape));
        }
        if !shape.values.is_empty() && !shape.values.contains(&text.as_str()) {
            broken.extend(values(shape));
        }
    }
    broken
}

/// Every constraint of a shape: what a list or map says of its elements when one of them breaks any.
fn all_of(shape: &Shape) -> String {
    let all: Vec<String> = [upper(shape), lower(shape), pattern(shape), values(shape)].into_iter().flatten().collect();
    if all.is_empty() { NOT_NULL.to_owned() } else { all.join(", ") }
}

fn upper(shape: &Shape) -> Option<String> {
    shape.max.map(|max| format!("Member must have {} less than or equal to {max}", measured(shape)))
}

fn lower(shape: &Shape) -> Option<String> {
    shape.min.map(|min| format!("Member must have {} greater than or equal to {min}", measured(shape)))
}

fn pattern(shape: &Shape) -> Option<String> {
    shape.pattern.map(|pattern| format!("Member must satisfy regular expression pattern: {}", pattern.as_str()))
}

fn values(shape: &Shape) -> Option<String> {
    (!shape.values.is_empty()).then(|| format!("Member must satisfy enum value set: [{}]", shape.values.join(", ")))
}

fn measured(shape: &Shape) -> &'static str {
    if matches!(shape.kind, Kind::Integer | Kind::Long | Kind::Double) { "value" } else { "length" }
}

/// How what `min` and `max` bound compares with such a bound; `None` when a value has nothing to bound.
fn compare(shape: &Shape, value: &Value, bound: i64) -> Option<Ordering> {
    match value {
        Value::Number(number) if !number.is_i64() => number.as_f64()?.partial_cmp(&real(bound)),
        _ => Some(measure(shape, value)?.cmp(&bound)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "bounds of services are far below 2^53")]
fn real(bound: i64) -> f64 {
    bound as f64
}

/// The number that `min` and `max` bound: a whole value, a count of characters, bytes or elements.
fn measure(shape: &Shape, value: &Value) -> Option<i64> {
    let count = match (&shape.kind, value) {
        (Kind::Blob, Value::String(text)) => STANDARD.decode(text).ok()?.len(),
        (_, Value::String(text)) => text.chars().count(),
        (_, Value::Array(elements)) => elements.len(),
        (_, Value::Object(entries)) => entries.len(),
        (_, Value::Number(number)) => return number.as_i64(),
        _ => return None,
    };
    i64::try_from(count).ok()
}

fn is_collection(shape: &Shape) -> bool {
    matches!(shape.kind, Kind::Structure(_) | Kind::List(_) | Kind::Map(..))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Pattern, blob, double, integer, list, map, one_of, optional, required, string, structure};
    use super::*;

    static WORD: Pattern = Pattern::new(r"[\w\s+=,.@-]+");
    static NAME: Shape = string().min(1).max(8).pattern(&WORD);
    static SECRET: Shape = string().min(6).sensitive();
    static SECRETS: Shape = list(&SECRET);
    static COUNT: Shape = integer().min(1).max(60);
    static RATE: Shape = double().min(0).max(2);
    static FLOW: Shape = one_of(&["code", "implicit"]);
    static FLOWS: Shape = list(&FLOW).max(2);
    static NAMES: Shape = list(&NAME);
    static IMAGE: Shape = blob().max(2);
    static SCOPE: Shape = structure(&[required("ScopeName", &NAME), optional("Key", &SECRET)]);
    static SCOPES: Shape = list(&SCOPE).max(3);
    static TAGS: Shape = map(&NAME, &NAME);
    static NAMED: Shape = map(&NAME, &SCOPE);
    static INPUT: Shape = structure(&[
        required("PoolName", &NAME),
        optional("Password", &SECRET),
        optional("Passwords", &SECRETS),
        optional("MaxResults", &COUNT),
        optional("Rate", &RATE),
        optional("Flow", &FLOW),
        optional("AllowedOAuthFlows", &FLOWS),
        optional("Names", &NAMES),
        optional("Image", &IMAGE),
        optional("Scopes", &SCOPES),
        optional("Tags", &TAGS),
        optional("Named", &NAMED),
        optional("httpMethod", &FLOW).key("renamed"),
    ]);

    /// The violations of `members`, each checked without the words they all share.
    fn check(members: &Value, expected: &[(&str, &str)]) {
        let mut input = json!({"PoolName": "pool"});
        for (name, value) in members.as_object().unwrap() {
            input[name] = value.clone();
        }
        let expected: Vec<_> = expected
            .iter()
            .map(|(subject, constraint)| format!("Value {subject} failed to satisfy constraint: {constraint}"))
            .collect();
        let found = check_constraints(&INPUT, &input, "").err().map(|violations| violations.0);
        assert_eq!(found.unwrap_or_default(), expected, "{members}");
    }

    #[test]
    fn keeps_quiet_about_inputs_that_keep_every_bound() {
        check(&json!({}), &[]);
        check(&json!({"Password": "secret", "MaxResults": 60, "Flow": "code", "Names": [], "Image": "aGk="}), &[]);
        check(&json!({"Scopes": [{"ScopeName": "a"}], "Tags": {"a": "b"}, "Unknown": 1, "Flow": null}), &[]);
    }

    #[test]
    fn bounds_hold_for_fractions_too() {
        let (high, low) =
            ("Member must have value less than or equal to 2", "Member must have value greater than or equal to 0");
        for rate in [0.0, 0.3, 1.5, 2.0] {
            check(&json!({ "Rate": rate }), &[]);
        }
        check(&json!({"Rate": 2.5}), &[("'2.5' at 'rate'", high)]);
        check(&json!({"Rate": -0.3}), &[("'-0.3' at 'rate'", low)]);
        check(&json!({"Rate": u64::MAX}), &[("'18446744073709551615' at 'rate'", high)]);
        check(&json!({"Rate": -1}), &[("'-1' at 'rate'", low)]);
    }

    #[test]
    fn words_each_constraint_as_aws_does() {
        let pattern = r"Member must satisfy regular expression pattern: [\w\s+=,.@-]+";
        let flows = "Member must satisfy enum value set: [code, implicit]";
        let (long, short) =
            ("Member must have length less than or equal to 8", "Member must have length greater than or equal to 1");
        let element = format!("Member must satisfy constraint: [{long}, {short}, {pattern}]");
        let element_flow = format!("Member must satisfy constraint: [{flows}]");
        let keys = format!("Map keys must satisfy constraint: [{long}, {short}, {pattern}]");
        let map_value = format!("Map value must satisfy constraint: [{long}, {short}, {pattern}]");
        check(&json!({"PoolName": null}), &[("null at 'poolName'", "Member must not be null")]);
        check(&json!({"PoolName": "a/b"}), &[("'a/b' at 'poolName'", pattern)]);
        check(&json!({"PoolName": "123456789"}), &[("'123456789' at 'poolName'", long)]);
        check(&json!({"PoolName": ""}), &[("'' at 'poolName'", short), ("'' at 'poolName'", pattern)]);
        check(
            &json!({"Password": "short"}),
            &[("at 'password'", "Member must have length greater than or equal to 6")],
        );
        check(
            &json!({"Passwords": ["short"]}),
            &[(
                "at 'passwords'",
                "Member must satisfy constraint: [Member must have length greater than or equal to 6]",
            )],
        );
        check(
            &json!({"MaxResults": 61}),
            &[("'61' at 'maxResults'", "Member must have value less than or equal to 60")],
        );
        check(
            &json!({"MaxResults": 0}),
            &[("'0' at 'maxResults'", "Member must have value greater than or equal to 1")],
        );
        check(&json!({"Flow": "x"}), &[("'x' at 'flow'", flows)]);
        check(&json!({"AllowedOAuthFlows": ["code", "x"]}), &[("'[code, x]' at 'allowedOAuthFlows'", &element_flow)]);
        check(
            &json!({"AllowedOAuthFlows": ["code", "code", "code"]}),
            &[("'[code, code, code]' at 'allowedOAuthFlows'", "Member must have length less than or equal to 2")],
        );
        check(&json!({"Names": ["a", ""]}), &[("'[a, ]' at 'names'", &element)]);
        check(&json!({"Names": [null]}), &[("'[null]' at 'names'", &element)]);
        check(&json!({"Image": "aGlo"}), &[("'aGlo' at 'image'", "Member must have length less than or equal to 2")]);
        check(&json!({"Scopes": [{}]}), &[("null at 'scopes.1.member.scopeName'", "Member must not be null")]);
        check(
            &json!({"Scopes": [{"ScopeName": "a"}, {"ScopeName": "a/b"}]}),
            &[("'a/b' at 'scopes.2.member.scopeName'", pattern)],
        );
        check(&json!({"Scopes": [null]}), &[("null at 'scopes.1.member'", "Member must not be null")]);
        check(
            &json!({"Scopes": [{"ScopeName": "a", "Key": "secret"}, {"ScopeName": "b"}, {"ScopeName": "c"}, {"ScopeName": "d"}]}),
            &[(
                "'[{ScopeName=a}, {ScopeName=b}, {ScopeName=c}, {ScopeName=d}]' at 'scopes'",
                "Member must have length less than or equal to 3",
            )],
        );
        check(&json!({"Tags": {"a": "b", "": "c"}}), &[("'{a=b, =c}' at 'tags'", &keys)]);
        check(&json!({"Tags": {"a": "é"}}), &[("'{a=é}' at 'tags'", &map_value)]);
        check(&json!({"Named": {"k": {}}}), &[("null at 'named.k.member.scopeName'", "Member must not be null")]);
        check(&json!({"renamed": "x"}), &[("'x' at 'httpMethod'", flows)]);
    }

    #[test]
    fn counts_the_violations_and_names_them_in_model_order_below_the_root() {
        let found = check_constraints(&INPUT, &json!({"Flow": "x"}), "createInput").unwrap_err().to_string();
        assert_eq!(
            found,
            "2 validation errors detected: Value null at 'createInput.poolName' failed to satisfy constraint: \
             Member must not be null; Value 'x' at 'createInput.flow' failed to satisfy constraint: \
             Member must satisfy enum value set: [code, implicit]"
        );
    }

    #[test]
    fn messages_stay_short_whatever_the_input() {
        let long = "é".repeat(500_000);
        let scopes: Vec<_> = (0..10_000).map(|_| json!({"ScopeName": &long[..20_000]})).collect();
        let input = json!({"PoolName": long, "Scopes": scopes, "Named": {long: {}}});
        let violations = check_constraints(&INPUT, &input, "").unwrap_err();
        assert_eq!(violations.0.len(), VIOLATIONS_MAX);
        assert!(violations.to_string().len() < 30_000);
    }
}
