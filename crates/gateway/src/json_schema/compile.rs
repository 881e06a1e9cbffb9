//! Compiling models: from their texts to what checks bodies.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use claviger_resources::RestApiId;
use claviger_resources::limits::MODEL_BYTES_MAX;
use claviger_resources::rest_api::Model;
use serde_json::{Map, Value};

use super::format::Format;
use super::{Dependency, Items, Keyword, Node, NodeId, Schema};
use crate::vtl::java_regex::JavaRegex;

/// Schemas within all the models that one model reaches.
const NODES_MAX: usize = 20_000;

/// The models of an API, by name.
pub struct Models<'a> {
    api: &'a RestApiId,
    texts: HashMap<&'a str, &'a str>,
    /// What was compiled before: many methods have the same models.
    compiled: RefCell<HashMap<String, Schema>>,
}

/// Why a model cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchema {
    /// There is no such model.
    #[error("there is no model {0}")]
    NoModel(String),
    /// A model's text is not a JSON object.
    #[error("the schema of the model {0} is not a JSON object")]
    NotAnObject(String),
    /// A reference is none to a part of the model itself or to another model of the API.
    #[error("the reference {0} is none to a model of the API")]
    ForeignReference(String),
    /// A reference leads nowhere.
    #[error("the reference {0} leads nowhere")]
    Reference(String),
    /// A keyword has a value that it cannot have.
    #[error("{keyword} cannot be {value}")]
    Keyword {
        /// The keyword.
        keyword: String,
        /// Its value.
        value: String,
    },
    /// A pattern cannot be run.
    #[error("the pattern {0:?} cannot be run")]
    Pattern(String),
    /// There is too much of it.
    #[error("the schema is too large")]
    TooLarge,
}

impl<'a> Models<'a> {
    /// The models of an API. A model without a schema accepts everything.
    pub fn new(api: &'a RestApiId, models: &'a [Model]) -> Self {
        let text = |model: &'a Model| model.schema.as_deref().filter(|text| !text.is_empty()).unwrap_or("{}");
        let texts = models.iter().map(|model| (model.name.as_str(), text(model))).collect();
        Self { api, texts, compiled: RefCell::default() }
    }

    /// Compiles a model with all that it refers to.
    pub fn compile(&self, name: &str) -> Result<Schema, InvalidSchema> {
        if let Some(known) = self.compiled.borrow().get(name) {
            return Ok(known.clone());
        }
        let mut compiler = Compiler {
            models: self,
            documents: HashMap::new(),
            known: HashMap::new(),
            nodes: Vec::new(),
            waiting: Vec::new(),
        };
        let root = compiler.at(&Place { model: name.to_owned(), pointer: String::new() })?;
        compiler.finish()?;
        let schema = Schema { model: name.into(), nodes: compiler.nodes.into(), root };
        self.compiled.borrow_mut().insert(name.to_owned(), schema.clone());
        Ok(schema)
    }

    /// The model and the JSON pointer that a reference within a model means.
    fn target<'r>(&self, model: &'r str, reference: &'r str) -> Result<(&'r str, &'r str), InvalidSchema> {
        let (document, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        if document.is_empty() {
            return Ok((model, fragment));
        }
        let rest = document.strip_prefix("https://apigateway.amazonaws.com/restapis/");
        let name = rest.and_then(|rest| rest.strip_prefix(self.api.as_str())?.strip_prefix("/models/"));
        name.map(|name| (name, fragment)).ok_or_else(|| InvalidSchema::ForeignReference(reference.to_owned()))
    }
}

/// Where a schema stands: a model, and the JSON pointer (RFC 6901) within it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    model: String,
    pointer: String,
}

impl Place {
    /// What stands further down.
    fn below(&self, steps: &[&str]) -> Self {
        let mut pointer = self.pointer.clone();
        for step in steps {
            pointer.push('/');
            pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
        }
        Self { model: self.model.clone(), pointer }
    }
}

/// Compiles one schema after the other, never one within another: how deeply they refer to each other costs no stack.
struct Compiler<'m> {
    models: &'m Models<'m>,
    documents: HashMap<String, Arc<Value>>,
    /// What stands where; a schema may refer to one that it is part of.
    known: HashMap<Place, NodeId>,
    nodes: Vec<Node>,
    /// What is known and not compiled yet.
    waiting: Vec<(NodeId, Place)>,
}

impl Compiler<'_> {
    /// Compiles all that is waiting, and what that leads to.
    fn finish(&mut self) -> Result<(), InvalidSchema> {
        while let Some((id, place)) = self.waiting.pop() {
            let document = self.document(&place.model)?;
            let schema = document.pointer(&place.pointer).and_then(Value::as_object).ok_or_else(|| lost(&place))?;
            let node = self.node(&place, schema)?;
            if let Some(reserved) = self.nodes.get_mut(id) {
                *reserved = node;
            }
        }
        Ok(())
    }

    /// The schema at a place.
    fn at(&mut self, place: &Place) -> Result<NodeId, InvalidSchema> {
        if let Some(known) = self.known.get(place) {
            return Ok(*known);
        }
        let document = self.document(&place.model)?;
        let schema = document.pointer(&place.pointer).ok_or_else(|| lost(place))?;
        let schema = schema.as_object().ok_or_else(|| wrong("a schema", schema))?;
        let id = if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            self.follow(&place.model, reference)?
        } else {
            self.reserve(place)?
        };
        self.known.insert(place.clone(), id);
        Ok(id)
    }

    /// A node for what is still to be compiled.
    fn reserve(&mut self, place: &Place) -> Result<NodeId, InvalidSchema> {
        if self.nodes.len() == NODES_MAX {
            return Err(InvalidSchema::TooLarge);
        }
        let id = self.nodes.len();
        self.nodes.push(Node::default());
        self.waiting.push((id, place.clone()));
        Ok(id)
    }

    /// The schema that a reference leads to, through other references.
    fn follow(&mut self, model: &str, reference: &str) -> Result<NodeId, InvalidSchema> {
        const REFERENCES_MAX: usize = 100;
        let lost = || InvalidSchema::Reference(reference.to_owned());
        let (mut model, mut reference) = (model.to_owned(), reference.to_owned());
        for _ in 0..REFERENCES_MAX {
            let (next, pointer) = self.models.target(&model, &reference)?;
            let (next, pointer) = (next.to_owned(), pointer.to_owned());
            if !self.models.texts.contains_key(next.as_str()) {
                return Err(lost());
            }
            let document = self.document(&next)?;
            let schema = document.pointer(&pointer).and_then(Value::as_object).ok_or_else(lost)?;
            match schema.get("$ref").and_then(Value::as_str) {
                None => return self.at(&Place { model: next, pointer }),
                Some(further) => (model, reference) = (next, further.to_owned()),
            }
        }
        // References that only lead to each other.
        Err(lost())
    }

    fn document(&mut self, model: &str) -> Result<Arc<Value>, InvalidSchema> {
        if let Some(known) = self.documents.get(model) {
            return Ok(Arc::clone(known));
        }
        let text = self.models.texts.get(model).ok_or_else(|| InvalidSchema::NoModel(model.to_owned()))?;
        if text.len() > MODEL_BYTES_MAX {
            return Err(InvalidSchema::TooLarge);
        }
        let value: Value = serde_json::from_str(text)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| InvalidSchema::NotAnObject(model.to_owned()))?;
        let value = Arc::new(value);
        self.documents.insert(model.to_owned(), Arc::clone(&value));
        Ok(value)
    }

    /// The schemas of a list.
    fn list(&mut self, place: &Place, keyword: &str, schemas: &Value) -> Result<Vec<NodeId>, InvalidSchema> {
        let schemas = schemas.as_array().ok_or_else(|| wrong(keyword, schemas))?;
        (0..schemas.len()).map(|index| self.at(&place.below(&[keyword, &index.to_string()]))).collect()
    }

    /// The schemas of a list that must not be empty.
    fn parts(&mut self, place: &Place, keyword: &str, schemas: &Value) -> Result<Vec<NodeId>, InvalidSchema> {
        let parts = self.list(place, keyword, schemas)?;
        if parts.is_empty() { Err(wrong(keyword, schemas)) } else { Ok(parts) }
    }

    fn node(&mut self, place: &Place, schema: &Map<String, Value>) -> Result<Node, InvalidSchema> {
        let mut node = Node::default();
        let mut keywords: Vec<(&String, &Value)> = schema.iter().collect();
        keywords.sort_unstable_by_key(|(name, _)| *name);
        for (name, value) in keywords {
            match name.as_str() {
                "additionalItems" | "items" | "additionalProperties" | "properties" | "patternProperties" => {
                    self.inside(place, &mut node, name, value, schema)?;
                }
                "allOf" => node.keywords.push(Keyword::AllOf(self.parts(place, name, value)?)),
                "anyOf" => node.keywords.push(Keyword::AnyOf(self.parts(place, name, value)?)),
                "oneOf" => node.keywords.push(Keyword::OneOf(self.parts(place, name, value)?)),
                "not" => node.keywords.push(Keyword::Not(self.at(&place.below(&[name]))?)),
                "dependencies" => node.keywords.push(self.dependencies(place, name, value)?),
                _ => node.keywords.extend(simple(name, value, schema)?),
            }
        }
        Ok(node)
    }

    /// The schemas of what is inside a value.
    fn inside(
        &mut self,
        place: &Place,
        node: &mut Node,
        name: &str,
        value: &Value,
        schema: &Map<String, Value>,
    ) -> Result<(), InvalidSchema> {
        match (name, value) {
            ("additionalItems", Value::Bool(false)) => {
                if let Some(Value::Array(items)) = schema.get("items") {
                    node.keywords.push(Keyword::AdditionalItems(items.len()));
                }
            }
            ("items", Value::Array(_)) => {
                let items = self.list(place, name, value)?;
                let rest = schema.get("additionalItems").filter(|rest| rest.is_object());
                let rest = rest.map(|_| self.at(&place.below(&["additionalItems"]))).transpose()?;
                node.items = Items::Each(items, rest);
            }
            ("items", _) => node.items = Items::All(self.at(&place.below(&[name]))?),
            ("additionalProperties", Value::Bool(false)) => node.keywords.push(Keyword::AdditionalProperties),
            ("additionalItems" | "additionalProperties", Value::Bool(true)) | ("additionalItems", _) => {}
            ("additionalProperties", _) => node.additional_properties = Some(self.at(&place.below(&[name]))?),
            (_, properties) => {
                for property in properties.as_object().ok_or_else(|| wrong(name, properties))?.keys() {
                    let schema = self.at(&place.below(&[name, property]))?;
                    if name == "properties" {
                        node.properties.insert(property.as_str().into(), schema);
                    } else {
                        node.pattern_properties.push((pattern(property)?, schema));
                    }
                }
            }
        }
        Ok(())
    }

    fn dependencies(&mut self, place: &Place, name: &str, value: &Value) -> Result<Keyword, InvalidSchema> {
        let members = value.as_object().ok_or_else(|| wrong(name, value))?;
        let mut dependencies = BTreeMap::new();
        for (property, needed) in members {
            let dependency = match needed {
                Value::Array(_) => Dependency::Properties(names(name, needed)?),
                _ => Dependency::Schema(self.at(&place.below(&[name, property]))?),
            };
            dependencies.insert(property.as_str().into(), dependency);
        }
        Ok(Keyword::Dependencies(dependencies))
    }
}

fn lost(place: &Place) -> InvalidSchema {
    InvalidSchema::Reference(format!("{}#{}", place.model, place.pointer))
}

/// A keyword that holds no schema; `None` for those that decide nothing: those API Gateway passes over (`exclusiveMinimum`,
/// `minItems`, `maxItems`, `readOnly`, `discriminator`, `default`, `example`; "Known issues"), and those nobody knows.
fn simple(name: &str, value: &Value, schema: &Map<String, Value>) -> Result<Option<Keyword>, InvalidSchema> {
    let wrong = || wrong(name, value);
    let number = || value.as_number().cloned().ok_or_else(wrong);
    let count = || value.as_u64().ok_or_else(wrong);
    let flag = |value: Option<&Value>| value == Some(&Value::Bool(true));
    Ok(Some(match name {
        "enum" => Keyword::Enum(value.as_array().filter(|values| !values.is_empty()).ok_or_else(wrong)?.clone()),
        "format" => return Ok(value.as_str().and_then(Format::parse).map(Keyword::Format)),
        "maxLength" => Keyword::MaxLength(count()?),
        "maxProperties" => Keyword::MaxProperties(count()?),
        "maximum" => Keyword::Maximum { bound: number()?, exclusive: flag(schema.get("exclusiveMaximum")) },
        "minLength" => Keyword::MinLength(count()?),
        "minProperties" => Keyword::MinProperties(count()?),
        "minimum" => Keyword::Minimum(number()?),
        "multipleOf" => Keyword::MultipleOf(number()?),
        "pattern" => {
            let written = value.as_str().ok_or_else(wrong)?;
            Keyword::Pattern(pattern(written)?, written.into())
        }
        "required" => Keyword::Required(names(name, value)?),
        "type" => Keyword::Type(types(value)?),
        "uniqueItems" if flag(Some(value)) => Keyword::UniqueItems,
        _ => return Ok(None),
    }))
}

/// The types that a value may be of, by name; whoever takes numbers takes integers too.
fn types(value: &Value) -> Result<Vec<&'static str>, InvalidSchema> {
    const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];
    let named: Vec<&Value> = match value {
        Value::Array(types) => types.iter().collect(),
        one => vec![one],
    };
    let mut types = Vec::new();
    for name in named {
        let known = TYPES.into_iter().find(|known| name.as_str() == Some(known)).ok_or_else(|| wrong("type", value))?;
        types.push(known);
        if known == "number" {
            types.push("integer");
        }
    }
    types.sort_unstable();
    types.dedup();
    Ok(types)
}

/// Names of properties, ordered as findings list them.
fn names(keyword: &str, value: &Value) -> Result<Vec<Box<str>>, InvalidSchema> {
    let wrong = || wrong(keyword, value);
    let names = value.as_array().filter(|names| !names.is_empty()).ok_or_else(wrong)?;
    let names = names.iter().map(|name| name.as_str().map(Box::from));
    let mut names: Vec<Box<str>> = names.collect::<Option<_>>().ok_or_else(wrong)?;
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

/// A pattern, which may match anywhere in a text.
fn pattern(written: &str) -> Result<JavaRegex, InvalidSchema> {
    JavaRegex::new(written).map_err(|_| InvalidSchema::Pattern(written.to_owned()))
}

fn wrong(keyword: &str, value: &Value) -> InvalidSchema {
    let mut value = value.to_string();
    value.truncate(value.floor_char_boundary(200));
    InvalidSchema::Keyword { keyword: keyword.to_owned(), value }
}
