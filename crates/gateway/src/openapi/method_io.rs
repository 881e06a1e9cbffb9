//! What operations take and give: parameters, bodies and responses.

use std::collections::{BTreeMap, BTreeSet};

use claviger_resources::rest_api::{Method, MethodResponse};
use serde_json::{Map, Value};

use super::Importer;
use super::document::{Dialect, flag, object, text, texts};
use super::models::Models;
use super::operation::Place;

impl Importer<'_> {
    /// Sets the parameters and models of a method's request.
    pub(super) fn request(
        &mut self,
        place: &Place<'_>,
        method: &mut Method,
        operation: &Map<String, Value>,
        item: &Map<String, Value>,
        models: &mut Models,
    ) {
        let (mut declared, mut bodies) = (BTreeMap::new(), BTreeMap::new());
        // The operation's own parameters come later and so replace the path's.
        let lists = [item.get("parameters"), operation.get("parameters")];
        for parameter in lists.into_iter().flatten().filter_map(Value::as_array).flatten() {
            let parameter = object(self.document.resolve(parameter));
            let (name, required) = (text(parameter, "name").unwrap_or_default(), flag(parameter, "required"));
            let mut declare = |location: &str, required: bool| {
                declared.insert(format!("method.request.{location}.{name}"), required);
            };
            match text(parameter, "in").unwrap_or_default().as_str() {
                "path" => declare("path", true),
                "header" => declare("header", required),
                "query" => declare("querystring", required),
                "body" => {
                    if let Some(model) = parameter.get("schema").and_then(|schema| self.model_of(schema, models)) {
                        let types = self.media_types(operation, "consumes");
                        bodies.extend(types.into_iter().map(|kind| (kind, model.clone())));
                    }
                }
                _ => {}
            }
        }
        let body = operation.get("requestBody").and_then(|body| self.document.resolve(body));
        bodies.extend(self.content_models(object(body), models));
        let mut names = BTreeSet::new();
        let name = |key: &String| key.splitn(4, '.').nth(3).map(str::to_owned);
        if !declared.keys().filter_map(name).all(|name| names.insert(name)) {
            self.report.error(format!(
                "Unable to put method '{}' on resource at path '{}': Parameter names must be unique across querystring, \
                 header and path",
                place.verb, place.path
            ));
        }
        method.request_parameters = (!declared.is_empty()).then_some(declared);
        method.request_models = (!bodies.is_empty()).then_some(bodies);
    }

    /// Sets a method's responses, one for each status the operation names.
    pub(super) fn responses(
        &mut self,
        place: &Place<'_>,
        method: &mut Method,
        operation: &Map<String, Value>,
        models: &mut Models,
    ) {
        for (status, response) in object(operation.get("responses")) {
            if status == "default" || status.starts_with("x-") {
                continue;
            }
            if !is_status(status) {
                self.report.warning(format!(
                    "Unable to put method response '{status}' for method '{}' on resource at path '{}'. Ignoring.",
                    place.verb, place.path
                ));
                continue;
            }
            let response = object(self.document.resolve(response));
            self.document_response(place.path, place.verb, status, response);
            let headers = object(response.get("headers")).keys();
            let parameters: BTreeMap<_, _> =
                headers.map(|name| (format!("method.response.header.{name}"), false)).collect();
            let mut bodies = self.content_models(response, models);
            if let Some(model) = response.get("schema").and_then(|schema| self.model_of(schema, models)) {
                let types = self.media_types(operation, "produces");
                bodies.extend(types.into_iter().map(|kind| (kind, model.clone())));
            }
            method.method_responses.insert(
                status.clone(),
                MethodResponse {
                    status_code: status.clone(),
                    response_parameters: (!parameters.is_empty()).then_some(parameters),
                    response_models: (!bodies.is_empty()).then_some(bodies),
                },
            );
        }
    }

    /// The models of OpenAPI 3's `content`, by media type.
    fn content_models(&mut self, holder: &Map<String, Value>, models: &mut Models) -> BTreeMap<String, String> {
        let content = object(holder.get("content"));
        let model =
            |(kind, media): (&String, &Value)| Some((kind.clone(), self.model_of(media.get("schema")?, models)?));
        content.iter().filter_map(model).collect()
    }

    /// The media types of Swagger's `consumes` or `produces`: the operation's, else the document's, else JSON.
    fn media_types(&self, operation: &Map<String, Value>, member: &str) -> Vec<String> {
        let of_document = || match self.document.dialect {
            Dialect::Swagger => self
                .document
                .member(member)
                .filter(|types| self.document.reuse(types))?
                .as_array()
                .map(|types| types.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()),
            Dialect::OpenApi => None,
        };
        let types = texts(operation, member).or_else(of_document).unwrap_or_default();
        if types.is_empty() { vec!["application/json".to_owned()] } else { types }
    }
}

/// Whether a text is a status as API Gateway takes it: `[1-5]\d\d`.
pub(super) fn is_status(text: &str) -> bool {
    matches!(text.as_bytes(), [b'1'..=b'5', b'0'..=b'9', b'0'..=b'9'])
}
