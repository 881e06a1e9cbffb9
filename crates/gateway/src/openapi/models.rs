//! Models from a document's schemas, and the names by which bodies refer to them.

use std::collections::BTreeMap;

use claviger_resources::limits::MODELS_PER_API;
use claviger_resources::random::{LOWER_ALPHANUMERIC, text as random_text};
use claviger_resources::rest_api::Model;
use serde_json::{Map, Value, json};

use super::document::{Dialect, object, text};
use super::draft4;
use super::{Importer, Target};

/// The models of an import by name.
pub(super) struct Models(BTreeMap<String, Model>);

impl Models {
    pub(super) fn into_models(self) -> Vec<Model> {
        self.0.into_values().collect()
    }
}

/// What API Gateway gives every API that is made without a document, and an imported one only when it refers to them.
fn built_in(name: &str) -> Option<Value> {
    let schema = "http://json-schema.org/draft-04/schema#";
    match name {
        "Empty" => Some(json!({ "$schema": schema, "title": "Empty Schema", "type": "object" })),
        "Error" => Some(json!({ "$schema": schema, "title": "Error Schema", "type": "object",
            "properties": { "message": { "type": "string" } } })),
        _ => None,
    }
}

impl Importer<'_> {
    /// The models of the document's named schemas. A name that API Gateway does not allow is passed over.
    pub(super) fn models(&mut self) -> Models {
        let mut models = Models(BTreeMap::new());
        let schemas = self.document.parts("definitions", "schemas");
        // One more than there may be is read, so that it is refused.
        for (name, schema) in schemas.iter().take(MODELS_PER_API + 1) {
            if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                self.add_model(&mut models, name, schema);
            } else {
                self.report
                    .warning(format!("Unable to create model '{name}': Model name must be alphanumeric: {name}"));
            }
        }
        models
    }

    /// The name of the model for a body's schema: the one it refers to, or a new one for a schema written in place.
    pub(super) fn model_of(&mut self, schema: &Value, models: &mut Models) -> Option<String> {
        let schema = schema.as_object().filter(|schema| !schema.is_empty())?;
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = self.model_name(reference).unwrap_or(reference);
            if !models.0.contains_key(name) && !self.keeps_model(name) {
                let Some(schema) = built_in(name) else {
                    self.report.warning(format!("Reference to model '{name}' not found. Ignoring."));
                    return None;
                };
                self.add_model(models, name, &schema);
            }
            return Some(name.to_owned());
        }
        let schema = Value::Object(schema.clone());
        // Named after its content, so that importing the same document again makes no further model.
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, schema.to_string().as_bytes());
        let name = digest.as_ref().iter().take(3).fold("MODEL".to_owned(), |name, byte| name + &format!("{byte:02x}"));
        if !models.0.contains_key(&name) {
            self.add_model(models, &name, &schema);
        }
        Some(name)
    }

    /// Whether the API that is merged into has a model of this name, which stays.
    fn keeps_model(&self, name: &str) -> bool {
        matches!(self.target, Target::Merge(existing) if existing.models.iter().any(|model| model.name == name))
    }

    fn add_model(&mut self, models: &mut Models, name: &str, schema: &Value) {
        let known = self
            .target
            .existing()
            .and_then(|definition| definition.models.iter().find(|known| known.name == name))
            .map(|known| known.id.clone());
        let model = Model {
            id: known.unwrap_or_else(|| random_text(self.random, LOWER_ALPHANUMERIC, 6)),
            rest_api_id: self.target.id().clone(),
            tenant: self.target.tenant().clone(),
            name: name.to_owned(),
            description: text(object(Some(schema)), "description"),
            schema: Some(self.schema_text(schema)),
            content_type: "application/json".to_owned(),
        };
        models.0.insert(name.to_owned(), model);
    }

    fn schema_text(&self, schema: &Value) -> String {
        let schema = self.with_model_urls(schema);
        let schema = if self.document.has_new_schemas { draft4::schema(schema) } else { schema };
        schema.to_string()
    }

    /// The schema with its references to other schemas made references to their models.
    fn with_model_urls(&self, schema: &Value) -> Value {
        match schema {
            Value::Object(members) => {
                let member = |(name, value): (&String, &Value)| {
                    let model =
                        value.as_str().filter(|_| name == "$ref").and_then(|reference| self.model_name(reference));
                    let value = match model {
                        Some(model) => Value::from(format!(
                            "https://apigateway.amazonaws.com/restapis/{}/models/{model}",
                            self.target.id()
                        )),
                        None => self.with_model_urls(value),
                    };
                    (name.clone(), value)
                };
                Value::Object(members.iter().map(member).collect::<Map<_, _>>())
            }
            Value::Array(elements) => elements.iter().map(|element| self.with_model_urls(element)).collect(),
            other => other.clone(),
        }
    }

    fn model_name<'r>(&self, reference: &'r str) -> Option<&'r str> {
        reference.strip_prefix(match self.document.dialect {
            Dialect::Swagger => "#/definitions/",
            Dialect::OpenApi => "#/components/schemas/",
        })
    }
}
