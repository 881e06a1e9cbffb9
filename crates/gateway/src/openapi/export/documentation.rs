//! Documentation written where OpenAPI has a place for it, and `x-amazon-apigateway-documentation` with all of it.

use claviger_resources::rest_api::{
    DocumentationPart, DocumentationPartLocation as Location, DocumentationPartType as Type, DocumentationVersion,
};
use serde_json::{Map, Value, json};

use super::super::documentation::{OF_INFO, OF_OPERATIONS};
use super::plain;

/// The parts of a version, read.
pub(super) struct Documentation<'a> {
    version: Option<&'a str>,
    parts: Vec<(&'a Location, Map<String, Value>)>,
}

/// The method that something belongs to.
#[derive(Clone, Copy)]
pub(super) struct Entity<'a> {
    pub(super) path: &'a str,
    pub(super) method: &'a str,
}

impl<'a> Documentation<'a> {
    pub(super) fn new(version: Option<&'a DocumentationVersion>) -> Self {
        let read =
            |part: &'a DocumentationPart| (&part.location, serde_json::from_str(&part.properties).unwrap_or_default());
        let mut parts: Vec<_> = version.iter().flat_map(|version| &version.parts).map(read).collect();
        // From the general to the special, so that the special has the last word; the rest for the sake of order.
        parts.sort_by_cached_key(|(location, _)| {
            let (kind, members) = location.entity();
            let is_special = (location.path().len(), location.method() != "*", location.status_code() != "*");
            (kind, is_special, members.map(str::to_owned))
        });
        Self { version: version.map(|version| version.version.as_str()), parts }
    }

    pub(super) fn of_info(&self) -> Map<String, Value> {
        let api = self.find(&Location::of(Type::Api), &["info"]);
        members(api.get("info").and_then(Value::as_object), &[OF_INFO.as_slice(), &["description"]].concat())
    }

    pub(super) fn of_document(&self) -> Map<String, Value> {
        self.find(&Location::of(Type::Api), &["tags", "externalDocs"])
    }

    pub(super) fn of_authorizer(&self, name: &str) -> Map<String, Value> {
        self.find(&Location { name: Some(name.to_owned()), ..Location::of(Type::Authorizer) }, &["description"])
    }

    pub(super) fn of_model(&self, name: &str) -> Map<String, Value> {
        let location = Location { name: Some(name.to_owned()), ..Location::of(Type::Model) };
        self.find(&location, &["title", "description"])
    }

    pub(super) fn of_path(&self, path: &str) -> Map<String, Value> {
        let location = Location { path: Some(path.to_owned()), ..Location::of(Type::Resource) };
        self.find(&location, &["summary", "description"])
    }

    pub(super) fn of_method(&self, entity: Entity<'_>) -> Map<String, Value> {
        self.find(&entity.location(Type::Method), &OF_OPERATIONS)
    }

    pub(super) fn of_body(&self, entity: Entity<'_>) -> Map<String, Value> {
        self.find(&entity.location(Type::RequestBody), &["description"])
    }

    /// What is said of a parameter in a `place` as OpenAPI calls it.
    pub(super) fn of_parameter(&self, entity: Entity<'_>, place: &str, name: &str) -> Map<String, Value> {
        let kind = match place {
            "path" => Type::PathParameter,
            "header" => Type::RequestHeader,
            _ => Type::QueryParameter,
        };
        self.find(&Location { name: Some(name.to_owned()), ..entity.location(kind) }, &["description"])
    }

    pub(super) fn of_response(&self, entity: Entity<'_>, status: &str) -> Map<String, Value> {
        let location = Location { status_code: Some(status.to_owned()), ..entity.location(Type::Response) };
        self.find(&location, &["description"])
    }

    pub(super) fn of_response_header(&self, entity: Entity<'_>, status: &str, name: &str) -> Map<String, Value> {
        let location = Location {
            status_code: Some(status.to_owned()),
            name: Some(name.to_owned()),
            ..entity.location(Type::ResponseHeader)
        };
        self.find(&location, &["description"])
    }

    /// All parts, as an import reads them; nothing where there is no version.
    pub(super) fn extension(&self) -> Option<(String, Value)> {
        let part = |(location, properties): &(&Location, Map<String, Value>)| json!({ "location": plain(location), "properties": properties });
        let parts: Vec<Value> = self.parts.iter().map(part).collect();
        let extension = json!({ "version": self.version?, "documentationParts": parts });
        Some(("x-amazon-apigateway-documentation".to_owned(), extension))
    }

    fn find(&self, entity: &Location, names: &[&str]) -> Map<String, Value> {
        let mut found = Map::new();
        for (location, properties) in &self.parts {
            if location.applies_to(entity) {
                found.extend(members(Some(properties), names));
            }
        }
        found
    }
}

impl Entity<'_> {
    fn location(self, kind: Type) -> Location {
        Location { path: Some(self.path.to_owned()), method: Some(self.method.to_owned()), ..Location::of(kind) }
    }
}

fn members(properties: Option<&Map<String, Value>>, names: &[&str]) -> Map<String, Value> {
    let member = |name: &&str| Some(((*name).to_owned(), properties?.get(*name)?.clone()));
    names.iter().filter_map(member).collect()
}
