//! `Cors` of REST APIs: an `OPTIONS` method for each path, which answers by itself.

use serde_json::{Map, Value, json};

use super::Budget;
use super::definition::Definition;
use crate::TemplateError;

/// Adds the methods to the paths that have none.
pub(super) fn add(
    definition: &Definition,
    paths: &mut Map<String, Value>,
    security: Option<&Value>,
    budget: &mut Budget,
) -> Result<(), TemplateError> {
    let Some(cors) = definition.properties.get("Cors") else { return Ok(()) };
    let settings = match cors {
        Value::String(origin) => super::members(json!({ "AllowOrigin": origin })),
        Value::Object(members)
            if members.len() == 1 && members.keys().all(|name| name.starts_with("Fn::") || name == "Ref") =>
        {
            super::members(json!({ "AllowOrigin": cors }))
        }
        Value::Object(settings) => settings.clone(),
        _ => return Err(definition.invalid("Invalid value for 'Cors' property.")),
    };
    let known = ["AllowCredentials", "AllowHeaders", "AllowMethods", "AllowOrigin", "MaxAge"];
    if let Some(unknown) = settings.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(definition.invalid(&format!("Invalid value for 'Cors' property: {unknown}.")));
    }
    let bytes = cors.to_string().len() + security.map_or(0, |security| security.to_string().len());
    for path in paths.values_mut() {
        budget.charge(bytes)?;
        let Value::Object(operations) = path else { continue };
        if !operations.contains_key("options") {
            let methods = allowed_methods(operations);
            operations.insert("options".to_owned(), preflight(&settings, &methods, security));
        }
    }
    Ok(())
}

/// The methods of a path, as a header lists them.
fn allowed_methods(operations: &Map<String, Value>) -> String {
    let mut methods: Vec<String> = if operations.contains_key("x-amazon-apigateway-any-method") {
        ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"].map(str::to_owned).to_vec()
    } else {
        operations.keys().map(|method| method.to_ascii_uppercase()).chain(["OPTIONS".to_owned()]).collect()
    };
    methods.sort();
    format!("'{}'", methods.join(","))
}

fn preflight(settings: &Map<String, Value>, methods: &str, security: Option<&Value>) -> Value {
    let credentials = settings.get("AllowCredentials").filter(|allow| **allow == true).map(|_| Value::from("'true'"));
    let origin = settings.get("AllowOrigin").cloned().unwrap_or_else(|| "'*'".into());
    let methods = settings.get("AllowMethods").cloned().unwrap_or_else(|| methods.into());
    let given = [
        ("Access-Control-Allow-Credentials", credentials),
        ("Access-Control-Allow-Headers", settings.get("AllowHeaders").cloned()),
        ("Access-Control-Allow-Methods", Some(methods)),
        ("Access-Control-Allow-Origin", Some(origin)),
        ("Access-Control-Max-Age", settings.get("MaxAge").cloned()),
    ];
    let (mut parameters, mut headers) = (Map::new(), Map::new());
    for (header, value) in given.into_iter().filter_map(|(header, value)| Some((header, value?))) {
        parameters.insert(format!("method.response.header.{header}"), value);
        headers.insert(header.to_owned(), json!({ "type": "string" }));
    }
    let mut operation = super::members(json!({
        "summary": "CORS support",
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "requestTemplates": { "application/json": "{\n  \"statusCode\" : 200\n}\n" },
            "responses": {
                "default": {
                    "statusCode": "200",
                    "responseParameters": parameters,
                    "responseTemplates": { "application/json": "{}\n" },
                },
            },
        },
        "responses": { "200": { "description": "Default response for CORS method", "headers": headers } },
    }));
    operation.extend(security.map(|security| ("security".to_owned(), security.clone())));
    operation.into()
}
