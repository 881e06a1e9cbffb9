//! `AWS::Serverless-2016-10-31`, the transform of AWS SAM: functions, REST APIs and HTTP APIs written shortly become the
//! resources they stand for, under the logical ids that AWS documents ("Generated CloudFormation resources for AWS SAM").
//! What an API consists of is gathered from the events of functions before the API itself is written.

mod authorizers;
mod cors;
mod definition;
mod events;
mod function;
mod globals;
mod http_api;
mod references;
mod rest_api;
mod role;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::TemplateError;
use crate::document::{Members, Node, NodeValue};
use crate::limits::TEMPLATE_BYTES_MAX;
use crate::pseudo::PseudoParameters;

use definition::Definition;
use events::Route;

pub(crate) const SERVERLESS: &str = "AWS::Serverless-2016-10-31";

const FUNCTION: &str = "AWS::Serverless::Function";
const REST_API: &str = "AWS::Serverless::Api";
const HTTP_API: &str = "AWS::Serverless::HttpApi";
const IMPLICIT_REST_API: &str = "ServerlessRestApi";
const IMPLICIT_HTTP_API: &str = "ServerlessHttpApi";

/// The resources that have been written, and what is needed on the way.
struct Writer<'a> {
    pseudo: &'a PseudoParameters,
    resources: Members,
    /// What events add to each API.
    routes: IndexMap<String, Vec<Route>>,
    /// The APIs of the template, with the name of their stage where it is a plain one.
    apis: IndexMap<String, Option<String>>,
    budget: Budget,
    /// What `Resource.Property` stands for, as in `!Ref Api.Stage`.
    aliases: IndexMap<String, String>,
}

/// Bytes that may still be copied: what many resources share must not make few bytes many.
#[derive(Debug)]
struct Budget {
    bytes_left: usize,
}

impl Budget {
    /// Pays for a copy of a value, before it is made.
    fn charge(&mut self, bytes: usize) -> Result<(), TemplateError> {
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or_else(|| {
            TemplateError::new(format!("Template may not exceed {TEMPLATE_BYTES_MAX} bytes in size."))
        })?;
        Ok(())
    }
}

/// An error of a resource, in the words of the transform.
fn invalid(id: &str, line: usize, reason: &str) -> TemplateError {
    TemplateError::at(
        line,
        format!(
            "Transform {SERVERLESS} failed with: Invalid Serverless Application Specification document. Number of errors \
             found: 1. Resource with id [{id}] is invalid. {reason}"
        ),
    )
}

/// Writes the template's serverless resources out.
pub(super) fn apply(mut root: Members, pseudo: &PseudoParameters) -> Result<Members, TemplateError> {
    let globals = globals::read(root.shift_remove("Globals").as_ref())?;
    let Some(NodeValue::Map(resources)) = root.get("Resources").map(|node| &node.value) else { return Ok(root) };
    let mut writer = Writer {
        pseudo,
        resources: Members::new(),
        routes: IndexMap::new(),
        apis: IndexMap::new(),
        budget: Budget { bytes_left: 4 * TEMPLATE_BYTES_MAX },
        aliases: IndexMap::new(),
    };
    let mut definitions = Vec::new();
    for (id, node) in resources {
        match Definition::read(id, node)? {
            Some(mut definition) => {
                writer.budget.charge(globals.bytes(&definition.kind))?;
                definition.properties = globals.under(&definition.kind, definition.properties);
                definitions.push(definition);
            }
            None => {
                writer.resources.insert(id.clone(), node.clone());
            }
        }
    }
    writer.add_implicit_apis(&mut definitions, &globals);
    for definition in &definitions {
        if definition.kind != FUNCTION {
            let stage = match definition.properties.get("StageName") {
                None if definition.kind == HTTP_API => Some("$default".to_owned()),
                stage => stage.and_then(Value::as_str).map(str::to_owned),
            };
            writer.apis.insert(definition.id.clone(), stage);
        }
    }
    for definition in definitions.iter().filter(|definition| definition.kind == FUNCTION) {
        writer.function(definition)?;
    }
    for definition in &definitions {
        match definition.kind.as_str() {
            REST_API => writer.rest_api(definition)?,
            HTTP_API => writer.http_api(definition)?,
            _ => {}
        }
    }
    let (written, aliases) = (writer.resources, writer.aliases);
    if let Some(node) = root.get_mut("Resources") {
        node.value = NodeValue::Map(written);
    }
    for section in ["Resources", "Outputs"] {
        if let Some(node) = root.get_mut(section) {
            references::rewrite(node, &aliases);
        }
    }
    Ok(root)
}

impl Writer<'_> {
    /// Events without an API of their own share one.
    fn add_implicit_apis(&self, definitions: &mut Vec<Definition>, globals: &globals::Globals) {
        for (event, member, id, kind, own) in [
            ("Api", "RestApiId", IMPLICIT_REST_API, REST_API, json!({ "StageName": "Prod" })),
            ("HttpApi", "ApiId", IMPLICIT_HTTP_API, HTTP_API, json!({})),
        ] {
            let needed = definitions.iter().find(|definition| {
                definition.events().any(|(_, kind, properties)| {
                    kind == event
                        && properties.get(member).is_none_or(|api| references::resource(api).as_deref() == Some(id))
                })
            });
            let is_there = self.resources.contains_key(id) || definitions.iter().any(|definition| definition.id == id);
            if let Some(line) = needed.map(|definition| definition.line).filter(|_| !is_there) {
                let own = own.as_object().cloned().unwrap_or_default();
                definitions.push(Definition::new(id, kind, globals.under(kind, own), line));
            }
        }
    }

    /// Adds a resource that a definition stands for; the main one keeps what the definition says of itself.
    fn add(
        &mut self,
        definition: &Definition,
        id: &str,
        kind: &str,
        properties: Map<String, Value>,
    ) -> Result<(), TemplateError> {
        let mut members = Map::new();
        members.insert("Type".to_owned(), kind.into());
        members.insert("Properties".to_owned(), properties.into());
        members.extend(definition.shared.clone());
        if definition.id == id {
            members.extend(definition.own.clone());
        }
        self.insert(definition, id, members.into())
    }

    fn insert(&mut self, definition: &Definition, id: &str, members: Value) -> Result<(), TemplateError> {
        if self.resources.contains_key(id) {
            return Err(invalid(
                &definition.id,
                definition.line,
                &format!("Transforming it gives the resource {id}, which the template has already."),
            ));
        }
        self.resources.insert(id.to_owned(), Node::from_json(members, definition.line));
        Ok(())
    }

    /// A permission of API Gateway to call a function.
    fn add_permission(
        &mut self,
        definition: &Definition,
        id: &str,
        function: &Value,
        source_arn: &Value,
    ) -> Result<(), TemplateError> {
        let properties = json!({
            "Action": "lambda:InvokeFunction",
            "FunctionName": function,
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": source_arn,
        });
        self.add(definition, id, "AWS::Lambda::Permission", members(properties))
    }
}

/// The members of an object.
fn members(value: Value) -> Map<String, Value> {
    if let Value::Object(members) = value { members } else { Map::new() }
}

/// A short fingerprint, which changes when the value does: part of the ids of what must be made anew then.
fn fingerprint(value: &Value) -> String {
    let hash = value
        .to_string()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}").chars().take(10).collect()
}

/// Only the letters and digits: all that a logical id may have.
fn alphanumeric(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect()
}
