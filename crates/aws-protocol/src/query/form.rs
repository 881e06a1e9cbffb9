//! Forms: what a call says, as one JSON object.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::json::{DEPTH_MAX, VALUES_MAX};
use crate::shape::{Kind, Shape};

/// The parameters of a call, from a body or a query.
#[derive(Debug)]
pub struct Form<'f> {
    parameters: Vec<(Cow<'f, str>, Cow<'f, str>)>,
}

impl<'f> Form<'f> {
    /// Reads `name=value&…`.
    pub fn parse(text: &'f [u8]) -> Result<Self, Failure> {
        let parameters: Vec<_> = form_urlencoded::parse(text).take(VALUES_MAX + 1).collect();
        if parameters.len() > VALUES_MAX {
            return Err(malformed(format!("A call has at most {VALUES_MAX} parameters.")));
        }
        Ok(Self { parameters })
    }

    /// The operation's name.
    pub fn action(&self) -> Option<&str> {
        self.parameter("Action")
    }

    /// The version of the service's description that the caller goes by.
    pub fn version(&self) -> Option<&str> {
        self.parameter("Version")
    }

    /// The operation's input. What its shape does not name is read past.
    pub fn decode(&self, shape: &Shape) -> Result<Value, Failure> {
        let mut root = Node::default();
        let mut nodes = 0_usize;
        for (name, text) in &self.parameters {
            let mut node = &mut root;
            for (depth, part) in name.split('.').enumerate() {
                if depth >= DEPTH_MAX {
                    return Err(malformed(format!("A parameter's name has at most {DEPTH_MAX} parts.")));
                }
                node = node.children.entry(part).or_insert_with(|| {
                    nodes += 1;
                    Node::default()
                });
            }
            if nodes > VALUES_MAX {
                return Err(malformed(format!("A call holds at most {VALUES_MAX} values.")));
            }
            node.text = Some(text);
        }
        value(shape, &root, "")
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(parameter, _)| parameter == name);
        found.map(|(_, text)| &**text).filter(|text| !text.is_empty())
    }
}

/// What stands under one part of a name.
#[derive(Default)]
struct Node<'n> {
    text: Option<&'n str>,
    children: BTreeMap<&'n str, Node<'n>>,
}

fn value(shape: &Shape, node: &Node<'_>, path: &str) -> Result<Value, Failure> {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match &shape.kind {
        Kind::Structure(members) => {
            let present = members.iter().filter_map(|member| Some((member, node.children.get(member.key)?)));
            let read = present
                .map(|(member, node)| Ok((member.key.to_owned(), value(member.shape, node, &below(member.key))?)));
            Ok(Value::Object(read.collect::<Result<_, Failure>>()?))
        }
        // A list without elements is sent as a name without a value: `Tags=`.
        Kind::List(element) => {
            let elements = numbered(node, "member", path)?;
            let read =
                elements.into_iter().map(|(number, node)| value(element, node, &below(&format!("member.{number}"))));
            Ok(Value::Array(read.collect::<Result<_, _>>()?))
        }
        Kind::Map(_, element) => {
            let mut entries = Map::new();
            for (number, entry) in numbered(node, "entry", path)? {
                let path = below(&format!("entry.{number}"));
                let key = entry.children.get("key").and_then(|key| key.text);
                let (Some(key), Some(of)) = (key, entry.children.get("value")) else {
                    return Err(malformed(format!("{path} must have a key and a value")));
                };
                entries.insert(key.to_owned(), value(element, of, &path)?);
            }
            Ok(Value::Object(entries))
        }
        kind => scalar(kind, node.text.unwrap_or_default(), path),
    }
}

/// The children `{name}.1`, `{name}.2` and so on, in the order of their numbers.
fn numbered<'a, 'n>(node: &'a Node<'n>, name: &str, path: &str) -> Result<BTreeMap<u32, &'a Node<'n>>, Failure> {
    let children = node.children.get(name).map(|elements| elements.children.iter()).into_iter().flatten();
    children
        .map(|(number, child)| match number.parse() {
            Ok(parsed) => Ok((parsed, child)),
            Err(_) => Err(malformed(format!("{path}.{name}.{number} has no number"))),
        })
        .collect()
}

fn scalar(kind: &Kind, text: &str, path: &str) -> Result<Value, Failure> {
    let read = match kind {
        Kind::Boolean => match text {
            "true" => Some(Value::from(true)),
            "false" => Some(Value::from(false)),
            _ => None,
        },
        Kind::Integer | Kind::Long => text.parse::<i64>().ok().map(Value::from),
        Kind::Double => text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
        _ => Some(Value::from(text)),
    };
    read.ok_or_else(|| malformed(format!("The value of {path} is no {}", kind.name())))
}

fn malformed(message: String) -> Failure {
    Failure::new("MalformedInput", 400, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::shape::{boolean, double, integer, list, map, optional, string, structure, timestamp};

    static TEXT: Shape = string();
    static NUMBER: Shape = integer();
    static REAL: Shape = double();
    static FLAG: Shape = boolean();
    static MOMENT: Shape = timestamp();
    static TEXTS: Shape = list(&TEXT);
    static ENTRIES: Shape = map(&TEXT, &TEXT);
    static TAG: Shape = structure(&[optional("Key", &TEXT), optional("Values", &TEXTS)]);
    static TAGS: Shape = list(&TAG);
    static INPUT: Shape = structure(&[
        optional("Name", &TEXT),
        optional("Count", &NUMBER),
        optional("Rate", &REAL),
        optional("Flag", &FLAG),
        optional("Since", &MOMENT),
        optional("Names", &TEXTS),
        optional("Tags", &TAGS),
        optional("Tag", &TAG),
        optional("Map", &ENTRIES),
    ]);

    fn check(form: &str, expected: Result<Value, &str>) {
        let found = Form::parse(form.as_bytes()).unwrap().decode(&INPUT).map_err(|failure| {
            assert_eq!((&*failure.code, failure.status), ("MalformedInput", 400));
            failure.message
        });
        assert_eq!(found, expected.map_err(str::to_owned), "{form}");
    }

    #[test]
    fn a_form_is_read_by_the_shape_of_the_input() {
        check("", Ok(json!({})));
        check("Action=Fly&Version=1&Unknown=x&Unknown.member.1=y", Ok(json!({})));
        check("Name=a+b%26c%C3%A9", Ok(json!({"Name": "a b&cé"})));
        check("Name=", Ok(json!({"Name": ""})));
        check("Count=-3&Rate=1.5&Flag=true", Ok(json!({"Count": -3, "Rate": 1.5, "Flag": true})));
        check("Since=2030-01-01T00%3A00%3A00Z", Ok(json!({"Since": "2030-01-01T00:00:00Z"})));
        check("Names.member.1=a&Names.member.2=b", Ok(json!({"Names": ["a", "b"]})));
        check("Names.member.10=c&Names.member.9=b&Names.member.1=a", Ok(json!({"Names": ["a", "b", "c"]})));
        check("Names=&Tags=&Tag=&Map=", Ok(json!({"Names": [], "Tags": [], "Tag": {}, "Map": {}})));
        check(
            "Tags.member.1.Key=k&Tags.member.1.Values.member.1=v&Tags.member.2.Key=l",
            Ok(json!({"Tags": [{"Key": "k", "Values": ["v"]}, {"Key": "l"}]})),
        );
        check("Tag.Key=k&Tag.Other=x", Ok(json!({"Tag": {"Key": "k"}})));
        check("Map.entry.1.key=a&Map.entry.1.value=b", Ok(json!({"Map": {"a": "b"}})));
    }

    #[test]
    fn what_is_not_of_its_type_is_refused() {
        check("Count=three", Err("The value of Count is no Integer"));
        check("Flag=yes", Err("The value of Flag is no Boolean"));
        check("Rate=NaN", Err("The value of Rate is no Double"));
        check("Names.member.x=a", Err("Names.member.x has no number"));
        check("Map.entry.1.key=a", Err("Map.entry.1 must have a key and a value"));
        check(&"a.".repeat(100), Err("A parameter's name has at most 64 parts."));
        check(&"&a=".repeat(VALUES_MAX / 2 + 1), Ok(json!({})));
    }

    #[test]
    fn a_form_names_its_operation() {
        let form = Form::parse(b"Version=2011-06-15&Action=GetCallerIdentity&Action=Other").unwrap();
        assert_eq!((form.action(), form.version()), (Some("GetCallerIdentity"), Some("2011-06-15")));
        assert_eq!(Form::parse(b"Action=").unwrap().action(), None);
        assert!(Form::parse("a&".repeat(VALUES_MAX + 1).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn no_form_panics(form in "((Names|Tags|Map|Tag|Count|x)[.a-z0-9=&%]{0,12}){0,8}") {
            if let Ok(form) = Form::parse(form.as_bytes()) {
                let _ = form.decode(&INPUT);
            }
        }
    }
}
