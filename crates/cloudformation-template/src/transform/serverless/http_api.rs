//! `AWS::Serverless::HttpApi`: an HTTP API with its stage.

use serde_json::{Map, Value, json};

use super::authorizers::Authorizers;
use super::definition::Definition;
use super::events::Route;
use super::{Budget, Writer, members, rest_api};
use crate::TemplateError;

/// Properties that the API takes over as they are.
const OF_API: [&str; 2] = ["DisableExecuteApiEndpoint", "FailOnWarnings"];
/// Properties that the stage takes over, and the names they have there.
const OF_STAGE: [(&str, &str); 4] = [
    ("AccessLogSettings", "AccessLogSettings"),
    ("DefaultRouteSettings", "DefaultRouteSettings"),
    ("RouteSettings", "RouteSettings"),
    ("StageVariables", "StageVariables"),
];
/// Properties that something else is made of.
const MADE: [&str; 9] = [
    "Auth",
    "CorsConfiguration",
    "DefinitionBody",
    "DefinitionUri",
    "Description",
    "Name",
    "PropagateTags",
    "StageName",
    "Tags",
];

impl Writer<'_> {
    pub(super) fn http_api(&mut self, definition: &Definition) -> Result<(), TemplateError> {
        let known: Vec<&str> = OF_API.into_iter().chain(OF_STAGE.map(|(name, _)| name)).chain(MADE).collect();
        definition.check_properties(&known)?;
        let id = &definition.id;
        let given = |name: &str| definition.properties.get(name).cloned();
        let routes = self.routes.shift_remove(id).unwrap_or_default();
        let authorizers = Authorizers::read(definition, true)?;
        let mut tags = definition.map("Tags")?;
        tags.insert("httpapi:createdBy".to_owned(), "SAM".into());
        let mut api = definition.taken(&OF_API);
        match (definition.s3_location("DefinitionUri", ("Bucket", "Key", "Version"))?, given("DefinitionBody")) {
            (Some(_), Some(_)) => {
                return Err(
                    definition.invalid("Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.")
                );
            }
            (Some(location), None) => {
                api.insert("BodyS3Location".to_owned(), location.into());
            }
            (None, body) => {
                let document = document(definition, body, &authorizers, &routes, &tags, &mut self.budget)?;
                api.insert("Body".to_owned(), document);
            }
        }
        self.add(definition, id, "AWS::ApiGatewayV2::Api", api)?;
        let stage_id = match given("StageName") {
            None => format!("{id}ApiGatewayDefaultStage"),
            Some(name) if name == "$default" => format!("{id}ApiGatewayDefaultStage"),
            Some(_) => rest_api::stage_id(definition),
        };
        let mut stage = members(json!({
            "ApiId": { "Ref": id },
            "StageName": given("StageName").unwrap_or_else(|| "$default".into()),
            "AutoDeploy": true,
            "Tags": tags,
        }));
        for (name, on_stage) in OF_STAGE {
            stage.extend(given(name).map(|value| (on_stage.to_owned(), value)));
        }
        self.add(definition, &stage_id, "AWS::ApiGatewayV2::Stage", stage)?;
        self.aliases.insert(format!("{id}.Stage"), stage_id);
        self.authorizer_permissions(definition, &authorizers)
    }
}

fn document(
    definition: &Definition,
    body: Option<Value>,
    authorizers: &Authorizers,
    routes: &[Route],
    tags: &Map<String, Value>,
    budget: &mut Budget,
) -> Result<Value, TemplateError> {
    let is_own = body.is_some();
    let mut document = match body {
        Some(Value::Object(document)) => document,
        Some(_) => return Err(definition.invalid("DefinitionBody must be a dictionary.")),
        None => members(json!({
            "openapi": "3.0.1",
            "info": { "version": "1.0", "title": { "Ref": "AWS::StackName" } },
            "paths": {},
        })),
    };
    for (property, member) in [("Name", "title"), ("Description", "description")] {
        if let (Some(value), Some(Value::Object(info))) =
            (definition.properties.get(property), document.get_mut("info"))
        {
            info.insert(member.to_owned(), value.clone());
        }
    }
    if let (false, Some(Value::Object(paths))) = (is_own, document.get_mut("paths")) {
        for route in routes {
            rest_api::put_operation(paths, route, operation(authorizers, route, budget)?)?;
        }
    }
    let schemes = authorizers.schemes(definition, routes)?;
    if !schemes.is_empty()
        && let Value::Object(components) = document.entry("components").or_insert_with(|| json!({}))
        && let Value::Object(existing) = components.entry("securitySchemes").or_insert_with(|| json!({}))
    {
        existing.extend(schemes);
    }
    if let Some(cors) = definition.properties.get("CorsConfiguration") {
        let cors = match cors {
            Value::Object(settings) => settings
                .iter()
                .map(|(name, value)| {
                    let mut letters = name.chars();
                    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
                    (first.into_iter().chain(letters).collect::<String>(), value.clone())
                })
                .collect::<Map<_, _>>()
                .into(),
            _ => json!({ "allowOrigins": ["*"] }),
        };
        document.insert("x-amazon-apigateway-cors".to_owned(), cors);
    }
    let tags = tags.iter().map(|(name, value)| json!({ "name": name, "x-amazon-apigateway-tag-value": value }));
    document.insert("tags".to_owned(), tags.collect());
    Ok(document.into())
}

fn operation(
    authorizers: &Authorizers,
    route: &Route,
    budget: &mut Budget,
) -> Result<Map<String, Value>, TemplateError> {
    let (security, _) = authorizers.security(route, budget)?;
    let version = route.properties.get("PayloadFormatVersion").cloned().unwrap_or_else(|| "2.0".into());
    let version = version.as_f64().map_or(version, |version| format!("{version:.1}").into());
    let mut integration = members(json!({
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": route.uri,
        "payloadFormatVersion": version,
    }));
    let timeout = route.properties.get("TimeoutInMillis").cloned();
    integration.extend(timeout.map(|timeout| ("timeoutInMillis".to_owned(), timeout)));
    let mut operation = members(json!({ "x-amazon-apigateway-integration": integration, "responses": {} }));
    if route.path == "$default" {
        operation.insert("isDefaultRoute".to_owned(), true.into());
    }
    if !security.is_empty() {
        operation.insert("security".to_owned(), security.into());
    }
    Ok(operation)
}
