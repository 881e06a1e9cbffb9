//! Models as schemas.

use claviger_resources::rest_api::Model;
use serde_json::{Map, Value};

use super::super::document::Dialect;
use super::Exporter;

impl Exporter<'_> {
    /// The schemas of the API's models. The two that every API is made with are written only where something refers to
    /// them.
    pub(super) fn schemas(&self) -> Map<String, Value> {
        let mut models: Vec<&Model> = self.definition.models.iter().collect();
        models.sort_by(|one, other| one.name.cmp(&other.name));
        let is_written = |model: &&Model| !["Empty", "Error"].contains(&&*model.name) || self.is_used(&model.name);
        models.into_iter().filter(is_written).map(|model| (model.name.clone(), self.schema(model))).collect()
    }

    fn is_used(&self, name: &str) -> bool {
        let url = self.model_url(name);
        let methods = self.definition.resources.iter().flat_map(|resource| resource.methods.values());
        let mut models = methods.flat_map(|method| {
            let responses = method.method_responses.values().map(|response| &response.response_models);
            responses.chain([&method.request_models]).flatten().flat_map(|models| models.values())
        });
        models.any(|used| used == name)
            || self.definition.models.iter().any(|model| model.schema.as_ref().is_some_and(|text| text.contains(&url)))
    }

    fn schema(&self, model: &Model) -> Value {
        let schema = model.schema.as_deref().unwrap_or("{}");
        let mut schema = self.with_references(serde_json::from_str(schema).unwrap_or_default());
        if let Some(members) = schema.as_object_mut() {
            members.shift_remove("$schema");
            let documented = self.documentation.of_model(&model.name);
            let is_own = !["Empty", "Error"].contains(&&*model.name);
            if let Some(description) = model.description.as_deref().filter(|_| is_own) {
                members.entry("description").or_insert_with(|| description.into());
            }
            members.extend(documented);
        }
        schema
    }

    /// The schema with its references to other models made references to their schemas.
    fn with_references(&self, schema: Value) -> Value {
        match schema {
            Value::Object(members) => {
                let member = |(name, value): (String, Value)| {
                    let model = value.as_str().filter(|_| name == "$ref").and_then(|url| {
                        let name = url.strip_prefix(&*self.model_url(""))?;
                        Some(self.reference(name))
                    });
                    let value = model.map_or_else(|| self.with_references(value), Value::from);
                    (name, value)
                };
                Value::Object(members.into_iter().map(member).collect())
            }
            Value::Array(elements) => elements.into_iter().map(|element| self.with_references(element)).collect(),
            other => other,
        }
    }

    fn model_url(&self, name: &str) -> String {
        format!("https://apigateway.amazonaws.com/restapis/{}/models/{name}", self.definition.rest_api.id)
    }

    /// How the document refers to a model.
    pub(super) fn reference(&self, name: &str) -> String {
        let place = match self.dialect {
            Dialect::OpenApi => "#/components/schemas/",
            Dialect::Swagger => "#/definitions/",
        };
        format!("{place}{name}")
    }
}
