//! The documentation of a document: `x-amazon-apigateway-documentation`, and what OpenAPI's own members say of operations,
//! parameters, bodies and responses.

use std::collections::BTreeMap;

use claviger_resources::Tenant;
use claviger_resources::limits::DOCUMENTATION_PARTS_PER_API;
use claviger_resources::rest_api::{
    DocumentationPartLocation as Location, DocumentationPartType as Type, MethodVerb, RestApiDefinition,
};
use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::document::{Document, object, text};
use super::report::Report;
use super::{ImportError, Importer};

/// A part as a document has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedPart {
    /// What it describes.
    pub location: Location,
    /// What it says.
    pub properties: Map<String, Value>,
}

impl ImportedPart {
    /// What it says, as the text that parts are stored with.
    pub fn properties_text(&self) -> String {
        Value::Object(self.properties.clone()).to_string()
    }

    /// What a stored part says once this one's properties have replaced those of the same name.
    pub fn properties_over(&self, stored: &str) -> String {
        let mut properties: Map<String, Value> = serde_json::from_str(stored).unwrap_or_default();
        properties.extend(self.properties.clone());
        Value::Object(properties).to_string()
    }
}

/// The parts found so far, one for each entity.
#[derive(Debug, Default)]
pub(super) struct Documentation {
    parts: Vec<ImportedPart>,
    places: BTreeMap<(Type, [String; 4]), usize>,
}

impl Documentation {
    /// Adds to what is said of an entity. One more part than an API may have is kept, so that it is refused.
    fn add(&mut self, location: Location, properties: Map<String, Value>) {
        if properties.is_empty() || self.parts.len() > DOCUMENTATION_PARTS_PER_API {
            return;
        }
        let (kind, members) = location.entity();
        let place = *self.places.entry((kind, members.map(str::to_owned))).or_insert(self.parts.len());
        match self.parts.get_mut(place) {
            Some(part) => part.properties.extend(properties),
            None => self.parts.push(ImportedPart { location, properties }),
        }
    }
}

/// Reads the documentation parts that a document lists, and what had to be passed over: `ImportDocumentationParts`.
pub fn import(
    document: &[u8],
    tenant: &Tenant,
    fail_on_warnings: bool,
) -> Result<(Vec<ImportedPart>, Vec<String>), ImportError> {
    let document = Document::parse(document, tenant)?;
    let (mut documentation, mut report) = (Documentation::default(), Report::default());
    listed(&document, &mut documentation, &mut report);
    if fail_on_warnings && !report.warnings.is_empty() {
        return Err(ImportError::Warnings(report.warnings));
    }
    Ok((documentation.parts, report.warnings))
}

/// The parts of `x-amazon-apigateway-documentation`.
fn listed(document: &Document, documentation: &mut Documentation, report: &mut Report) {
    let extension = document.object("x-amazon-apigateway-documentation");
    for part in extension.get("documentationParts").and_then(Value::as_array).into_iter().flatten() {
        match read(part) {
            Ok(part) => documentation.add(part.location, part.properties),
            Err(reason) => report.warning(format!("Unable to create documentation part: {reason}. Ignoring.")),
        }
    }
}

fn read(part: &Value) -> Result<ImportedPart, String> {
    let location = part.get("location").unwrap_or(&Value::Null);
    let location = Location::deserialize(location).map_err(|error| format!("Invalid location: {error}"))?;
    location.check().map_err(|error| error.to_string())?;
    // Documents have an object here, parts that were copied from an answer its text.
    let properties = match part.get("properties") {
        Some(Value::Object(properties)) => Some(properties.clone()),
        Some(Value::String(text)) => serde_json::from_str(text).ok(),
        _ => None,
    };
    let properties = properties.ok_or("Documentation part properties must be a JSON object")?;
    Ok(ImportedPart { location, properties })
}

/// The members of an operation that documentation parts have too.
pub(super) const OF_OPERATIONS: [&str; 5] = ["summary", "description", "tags", "deprecated", "externalDocs"];
/// The members of the document's `info` that documentation parts have too; title, version and description are the API's.
pub(super) const OF_INFO: [&str; 3] = ["termsOfService", "contact", "license"];

impl Importer<'_> {
    /// All parts, in the order of the document; those it lists have the last word.
    pub(super) fn documentation(&mut self) -> Vec<ImportedPart> {
        let mut of_api = members(self.document.object("info"), &OF_INFO);
        if !of_api.is_empty() {
            of_api = Map::from_iter([("info".to_owned(), Value::Object(of_api))]);
        }
        for member in ["tags", "externalDocs"] {
            of_api.extend(self.document.member(member).map(|value| (member.to_owned(), value.clone())));
        }
        self.documentation.add(Location::of(Type::Api), of_api);
        let mut own = std::mem::take(&mut self.documentation).parts;
        listed(self.document, &mut self.documentation, &mut self.report);
        // An export writes a part's text wherever it is inherited; that makes no parts of its own there.
        for part in &mut own {
            for known in self.documentation.parts.iter().filter(|known| known.location.applies_to(&part.location)) {
                part.properties.retain(|name, value| known.properties.get(name) != Some(value));
            }
        }
        let listed = std::mem::take(&mut self.documentation).parts;
        for part in own.into_iter().chain(listed) {
            self.documentation.add(part.location, part.properties);
        }
        std::mem::take(&mut self.documentation).parts
    }

    pub(super) fn document_authorizer(&mut self, name: &str, scheme: &Map<String, Value>) {
        let location = Location { name: Some(name.to_owned()), ..Location::of(Type::Authorizer) };
        self.documentation.add(location, description(scheme));
    }

    /// What a path says of itself and of the parameters that all its operations have.
    pub(super) fn document_path(&mut self, path: &str, item: &Map<String, Value>) {
        let at = |kind| Location { path: Some(path.to_owned()), ..Location::of(kind) };
        self.documentation.add(at(Type::Resource), members(item, &["summary", "description"]));
        self.document_parameters(item, at);
    }

    /// What an operation says of itself, its parameters and its body.
    pub(super) fn document_operation(&mut self, path: &str, verb: MethodVerb, operation: &Map<String, Value>) {
        let at = |kind| Location {
            path: Some(path.to_owned()),
            method: Some(verb.as_str().to_owned()),
            ..Location::of(kind)
        };
        self.documentation.add(at(Type::Method), members(operation, &OF_OPERATIONS));
        self.document_parameters(operation, at);
        let body = operation.get("requestBody").and_then(|body| self.document.resolve(body));
        self.documentation.add(at(Type::RequestBody), description(object(body)));
    }

    fn document_parameters(&mut self, holder: &Map<String, Value>, at: impl Fn(Type) -> Location) {
        for parameter in holder.get("parameters").and_then(Value::as_array).into_iter().flatten() {
            let parameter = object(self.document.resolve(parameter));
            let kind = match text(parameter, "in").unwrap_or_default().as_str() {
                "path" => Type::PathParameter,
                "header" => Type::RequestHeader,
                "query" => Type::QueryParameter,
                "body" => Type::RequestBody,
                _ => continue,
            };
            let name = text(parameter, "name").filter(|name| kind != Type::RequestBody && !name.is_empty());
            if name.is_some() || kind == Type::RequestBody {
                self.documentation.add(Location { name, ..at(kind) }, description(parameter));
            }
        }
    }

    /// What an operation says of one of its responses and that response's headers.
    pub(super) fn document_response(
        &mut self,
        path: &str,
        verb: MethodVerb,
        status: &str,
        response: &Map<String, Value>,
    ) {
        let at = |kind| Location {
            path: Some(path.to_owned()),
            method: Some(verb.as_str().to_owned()),
            status_code: Some(status.to_owned()),
            ..Location::of(kind)
        };
        // Responses must have a description; exports write this one where there is none.
        if text(response, "description").is_some_and(|text| text != default_description(status)) {
            self.documentation.add(at(Type::Response), description(response));
        }
        for (name, header) in object(response.get("headers")) {
            let header = object(self.document.resolve(header));
            self.documentation
                .add(Location { name: Some(name.clone()), ..at(Type::ResponseHeader) }, description(header));
        }
    }
}

/// What an export says of a response that nobody has described.
pub(super) fn default_description(status: &str) -> String {
    format!("{status} response")
}

fn description(holder: &Map<String, Value>) -> Map<String, Value> {
    members(holder, &["description"])
}

fn members(holder: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    let member = |name: &&str| Some(((*name).to_owned(), holder.get(*name).filter(|value| !is_empty(value))?.clone()));
    names.iter().filter_map(member).collect()
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}

/// Where everything is that an API has and that can be described.
pub fn locations(definition: &RestApiDefinition) -> Vec<Location> {
    let named = |kind, name: &str| Location { name: Some(name.to_owned()), ..Location::of(kind) };
    let mut found = vec![Location::of(Type::Api)];
    found.extend(definition.authorizers.iter().map(|authorizer| named(Type::Authorizer, &authorizer.name)));
    found.extend(definition.models.iter().map(|model| named(Type::Model, &model.name)));
    for resource in &definition.resources {
        let path = Some(resource.path.clone());
        found.push(Location { path: path.clone(), ..Location::of(Type::Resource) });
        for method in resource.methods.values() {
            let at = |kind| Location {
                path: path.clone(),
                method: Some(method.http_method.as_str().to_owned()),
                ..Location::of(kind)
            };
            found.push(at(Type::Method));
            for parameter in method.request_parameters.iter().flat_map(BTreeMap::keys) {
                let Some((place, name)) =
                    parameter.strip_prefix("method.request.").and_then(|rest| rest.split_once('.'))
                else {
                    continue;
                };
                let kind = match place {
                    "path" => Type::PathParameter,
                    "header" => Type::RequestHeader,
                    "querystring" => Type::QueryParameter,
                    _ => continue,
                };
                found.push(Location { name: Some(name.to_owned()), ..at(kind) });
            }
            if method.request_models.is_some() {
                found.push(at(Type::RequestBody));
            }
            for (status, response) in &method.method_responses {
                let at = |kind| Location { status_code: Some(status.clone()), ..at(kind) };
                found.push(at(Type::Response));
                let headers = response.response_parameters.iter().flat_map(BTreeMap::keys);
                let headers = headers.filter_map(|header| header.strip_prefix("method.response.header."));
                found.extend(headers.map(|name| Location { name: Some(name.to_owned()), ..at(Type::ResponseHeader) }));
                if response.response_models.is_some() {
                    found.push(at(Type::ResponseBody));
                }
            }
        }
    }
    found
}
