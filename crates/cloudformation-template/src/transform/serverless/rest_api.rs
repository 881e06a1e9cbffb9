//! `AWS::Serverless::Api`: a REST API with its deployment and its stage.

use serde_json::{Map, Value, json};

use super::authorizers::Authorizers;
use super::definition::{Definition, tag_list};
use super::events::Route;
use super::{Budget, Writer, alphanumeric, cors, fingerprint, members};
use crate::TemplateError;

/// Properties that the REST API takes over as they are.
const OF_API: [&str; 8] = [
    "ApiKeySourceType",
    "Description",
    "DisableExecuteApiEndpoint",
    "FailOnWarnings",
    "MinimumCompressionSize",
    "Mode",
    "Name",
    "Policy",
];
/// Properties that the stage takes over as they are.
const OF_STAGE: [&str; 8] = [
    "AccessLogSetting",
    "CacheClusterEnabled",
    "CacheClusterSize",
    "CanarySetting",
    "MethodSettings",
    "StageName",
    "TracingEnabled",
    "Variables",
];
/// Properties that something else is made of.
const MADE: [&str; 11] = [
    "AlwaysDeploy",
    "Auth",
    "BinaryMediaTypes",
    "Cors",
    "DefinitionBody",
    "DefinitionUri",
    "EndpointConfiguration",
    "GatewayResponses",
    "Models",
    "OpenApiVersion",
    "Tags",
];

impl Writer<'_> {
    pub(super) fn rest_api(&mut self, definition: &Definition) -> Result<(), TemplateError> {
        definition.check_properties(&[&OF_API[..], &OF_STAGE[..], &MADE[..]].concat())?;
        let id = &definition.id;
        let given = |name: &str| definition.properties.get(name).cloned();
        if given("StageName").is_none() {
            return Err(definition.invalid("Missing required property 'StageName'."));
        }
        let routes = self.routes.shift_remove(id).unwrap_or_default();
        let authorizers = Authorizers::read(definition, false)?;
        let mut api = definition.taken(&OF_API);
        let location = definition.s3_location("DefinitionUri", ("Bucket", "Key", "Version"))?;
        let document = match (location, given("DefinitionBody")) {
            (Some(_), Some(_)) => {
                return Err(
                    definition.invalid("Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.")
                );
            }
            (Some(location), None) => {
                if let Some(name) = ["Auth", "Cors"].into_iter().find(|name| given(name).is_some()) {
                    return Err(definition.invalid(&format!(
                        "{name} works only with inline Swagger specified in 'DefinitionBody' property."
                    )));
                }
                let location = Value::Object(location);
                api.insert("BodyS3Location".to_owned(), location.clone());
                location
            }
            (None, body) => {
                let document = document(definition, body, &authorizers, &routes, &mut self.budget)?;
                api.insert("Body".to_owned(), document.clone());
                document
            }
        };
        if let Some(types) = given("BinaryMediaTypes").as_ref().and_then(Value::as_array) {
            let types: Vec<Value> = types
                .iter()
                .map(|one| one.as_str().map_or_else(|| one.clone(), |text| text.replace("~1", "/").into()))
                .collect();
            api.insert("BinaryMediaTypes".to_owned(), types.into());
        }
        if let Some(endpoint) = given("EndpointConfiguration") {
            add_endpoint(&mut api, endpoint);
        }
        self.add(definition, id, "AWS::ApiGateway::RestApi", api)?;
        self.deploy(definition, &document)?;
        self.authorizer_permissions(definition, &authorizers)?;
        self.usage_plan(definition)
    }

    fn deploy(&mut self, definition: &Definition, document: &Value) -> Result<(), TemplateError> {
        let id = &definition.id;
        let hash = fingerprint(document);
        let deployment_id = format!("{id}Deployment{hash}");
        let mut deployment = members(json!({
            "RestApiId": { "Ref": id },
            "Description": format!("RestApi deployment id: {hash}"),
        }));
        // Without a version of OpenAPI, SAM also makes a stage called `Stage`.
        if !definition.properties.contains_key("OpenApiVersion") {
            deployment.insert("StageName".to_owned(), "Stage".into());
        }
        self.add(definition, &deployment_id, "AWS::ApiGateway::Deployment", deployment)?;
        let stage_id = stage_id(definition);
        let mut stage = members(json!({ "RestApiId": { "Ref": id }, "DeploymentId": { "Ref": deployment_id } }));
        stage.extend(definition.taken(&OF_STAGE));
        if definition.properties.contains_key("Tags") {
            stage.insert("Tags".to_owned(), tag_list(&definition.map("Tags")?));
        }
        self.add(definition, &stage_id, "AWS::ApiGateway::Stage", stage)?;
        self.aliases.insert(format!("{id}.Stage"), stage_id);
        self.aliases.insert(format!("{id}.Deployment"), deployment_id);
        Ok(())
    }

    /// `Auth.UsagePlan`: a plan, a key and that the key belongs to the plan.
    fn usage_plan(&mut self, definition: &Definition) -> Result<(), TemplateError> {
        let auth = definition.map("Auth")?;
        let Some(Value::Object(plan)) = auth.get("UsagePlan") else { return Ok(()) };
        match plan.get("CreateUsagePlan").and_then(Value::as_str) {
            Some("NONE") => return Ok(()),
            Some("PER_API") => {}
            _ => {
                return Err(definition
                    .invalid("'CreateUsagePlan' must be one of ['NONE', 'PER_API'] here; 'SHARED' is not supported."));
            }
        }
        let id = &definition.id;
        let stage = json!({ "Ref": stage_id(definition) });
        let (plan_id, key_id) = (format!("{id}UsagePlan"), format!("{id}ApiKey"));
        let mut properties = members(json!({ "ApiStages": [{ "ApiId": { "Ref": id }, "Stage": stage.clone() }] }));
        for (name, value) in plan.iter().filter(|(name, _)| name.as_str() != "CreateUsagePlan") {
            let value = match value {
                Value::Object(tags) if name == "Tags" => tag_list(tags),
                value => value.clone(),
            };
            properties.insert(name.clone(), value);
        }
        self.add(definition, &plan_id, "AWS::ApiGateway::UsagePlan", properties)?;
        let key = json!({ "Enabled": true, "StageKeys": [{ "RestApiId": { "Ref": id }, "StageName": stage }] });
        self.add(definition, &key_id, "AWS::ApiGateway::ApiKey", members(key))?;
        let belongs = json!({
            "KeyId": { "Ref": key_id },
            "KeyType": "API_KEY",
            "UsagePlanId": { "Ref": plan_id },
        });
        let belongs_id = format!("{id}UsagePlanKey");
        self.add(definition, &belongs_id, "AWS::ApiGateway::UsagePlanKey", members(belongs))?;
        for (name, made) in [("UsagePlan", plan_id), ("ApiKey", key_id), ("UsagePlanKey", belongs_id)] {
            self.aliases.insert(format!("{id}.{name}"), made);
        }
        Ok(())
    }
}

/// The stage's id carries its name where that is a plain one.
pub(super) fn stage_id(definition: &Definition) -> String {
    let id = &definition.id;
    match definition.properties.get("StageName").and_then(Value::as_str) {
        Some(name) if !name.is_empty() && alphanumeric(name) == name => format!("{id}{name}Stage"),
        Some(name) => format!("{id}Stage{}", fingerprint(&name.into())),
        None => format!("{id}Stage"),
    }
}

fn add_endpoint(api: &mut Map<String, Value>, endpoint: Value) {
    match endpoint {
        Value::Object(mut settings) if settings.contains_key("Type") => {
            let kind = settings.shift_remove("Type").unwrap_or_default();
            let mut written = members(json!({ "Types": [kind.clone()] }));
            for (from, to) in [("VPCEndpointIds", "VpcEndpointIds"), ("IpAddressType", "IpAddressType")] {
                written.extend(settings.shift_remove(from).map(|value| (to.to_owned(), value)));
            }
            api.insert("EndpointConfiguration".to_owned(), written.into());
            api.insert("Parameters".to_owned(), json!({ "endpointConfigurationTypes": kind }));
        }
        kind => {
            api.insert("EndpointConfiguration".to_owned(), json!({ "Types": [kind.clone()] }));
            api.insert("Parameters".to_owned(), json!({ "endpointConfigurationTypes": kind }));
        }
    }
}

/// The document of the API: its own, or one made of its routes, with what `Auth` and its like add.
fn document(
    definition: &Definition,
    body: Option<Value>,
    authorizers: &Authorizers,
    routes: &[Route],
    budget: &mut Budget,
) -> Result<Value, TemplateError> {
    let version = definition.properties.get("OpenApiVersion").and_then(Value::as_str).unwrap_or("2.0");
    let is_own = body.is_some();
    let mut document = match body {
        Some(Value::Object(document)) => document,
        Some(_) => return Err(definition.invalid("DefinitionBody must be a dictionary.")),
        None if version.starts_with('3') => members(json!({ "openapi": version })),
        None => members(json!({ "swagger": "2.0" })),
    };
    if !is_own {
        document.insert("info".to_owned(), json!({ "version": "1.0", "title": { "Ref": "AWS::StackName" } }));
        document.insert("paths".to_owned(), paths(authorizers, routes, budget)?.into());
    }
    let is_openapi = document.contains_key("openapi");
    if let Some(Value::Object(paths)) = document.get_mut("paths") {
        if is_own && let Some(security) = authorizers.default_security() {
            default_security(paths, &security, budget)?;
        }
        let says = |name: &str| definition.properties.get("Auth").and_then(|auth| auth.get(name));
        let guarded = says("AddDefaultAuthorizerToCorsPreflight").is_none_or(|add| *add != false);
        let security = authorizers.default_security().filter(|_| guarded);
        cors::add(definition, paths, security.as_ref(), budget)?;
    }
    let schemes = authorizers.schemes(definition, routes)?;
    put_parts(&mut document, is_openapi, ("securityDefinitions", "securitySchemes"), schemes);
    put_parts(&mut document, is_openapi, ("definitions", "schemas"), definition.map("Models")?);
    let responses = definition.map("GatewayResponses")?;
    if !responses.is_empty() {
        let responses: Map<String, Value> =
            responses.iter().map(|(kind, response)| (kind.clone(), gateway_response(response))).collect();
        document.insert("x-amazon-apigateway-gateway-responses".to_owned(), responses.into());
    }
    let auth = definition.map("Auth")?;
    if let Some(Value::Object(policy)) = auth.get("ResourcePolicy") {
        let Some(statements) = policy.get("CustomStatements").filter(|_| policy.len() == 1) else {
            return Err(definition.invalid("Only 'CustomStatements' of 'ResourcePolicy' is supported here."));
        };
        let statements = if statements.is_array() { statements.clone() } else { json!([statements]) };
        let policy = json!({ "Version": "2012-10-17", "Statement": statements });
        document.insert("x-amazon-apigateway-policy".to_owned(), policy);
    }
    Ok(document.into())
}

/// Adds named parts to the document, where its version keeps them.
fn put_parts(
    document: &mut Map<String, Value>,
    is_openapi: bool,
    (of_swagger, of_openapi): (&str, &str),
    parts: Map<String, Value>,
) {
    if parts.is_empty() {
        return;
    }
    let holder = if is_openapi {
        document.entry("components").or_insert_with(|| json!({})).as_object_mut()
    } else {
        Some(document)
    };
    let name = if is_openapi { of_openapi } else { of_swagger };
    let Some(holder) = holder else { return };
    if let Value::Object(existing) = holder.entry(name).or_insert_with(|| json!({})) {
        existing.extend(parts);
    }
}

fn paths(
    authorizers: &Authorizers,
    routes: &[Route],
    budget: &mut Budget,
) -> Result<Map<String, Value>, TemplateError> {
    let mut paths = Map::new();
    for route in routes {
        let (security, credentials) = authorizers.security(route, budget)?;
        let mut integration = members(json!({ "type": "aws_proxy", "httpMethod": "POST", "uri": route.uri }));
        integration.extend(credentials.map(|credentials| ("credentials".to_owned(), credentials)));
        let mut operation = members(json!({ "x-amazon-apigateway-integration": integration, "responses": {} }));
        if !security.is_empty() {
            operation.insert("security".to_owned(), security.into());
        }
        let parameters = parameters(route)?;
        if !parameters.is_empty() {
            operation.insert("parameters".to_owned(), parameters.into());
        }
        put_operation(&mut paths, route, operation)?;
    }
    Ok(paths)
}

/// Puts an operation where its path and method are; under the condition of its function.
pub(super) fn put_operation(
    paths: &mut Map<String, Value>,
    route: &Route,
    operation: Map<String, Value>,
) -> Result<(), TemplateError> {
    let method = if route.method == "any" { "x-amazon-apigateway-any-method" } else { &route.method };
    let operation = match &route.condition {
        Some(condition) => json!({ "Fn::If": [condition, operation, { "Ref": "AWS::NoValue" }] }),
        None => operation.into(),
    };
    let path = paths.entry(route.path.clone()).or_insert_with(|| json!({}));
    let operations = path.as_object_mut();
    if let Some(operations) = operations
        && operations.insert(method.to_owned(), operation).is_some()
    {
        return Err(super::invalid(
            &route.function,
            route.line,
            &format!("API method \"{}\" defined multiple times for path \"{}\".", route.method, route.path),
        ));
    }
    Ok(())
}

/// `RequestParameters` of an event.
fn parameters(route: &Route) -> Result<Vec<Value>, TemplateError> {
    let given = route.properties.get("RequestParameters").and_then(Value::as_array).into_iter().flatten();
    let mut parameters = Vec::new();
    for parameter in given {
        let (name, settings) = match parameter {
            Value::String(name) => (name.as_str(), None),
            Value::Object(members) => {
                members.iter().next().map_or(("", None), |(name, settings)| (name.as_str(), Some(settings)))
            }
            _ => ("", None),
        };
        let places = [("header.", "header"), ("querystring.", "query"), ("path.", "path")];
        let found = name
            .strip_prefix("method.request.")
            .and_then(|rest| places.into_iter().find_map(|(before, place)| Some((rest.strip_prefix(before)?, place))));
        let Some((name, place)) = found else {
            return Err(super::invalid(
                &route.function,
                route.line,
                "Invalid value for 'RequestParameters' property. Keys must be in the format 'method.request.[querystring|path|header].{value}'.",
            ));
        };
        let required = settings.and_then(|settings| settings.get("Required")).is_some_and(|value| *value == true);
        parameters.push(json!({
            "in": place,
            "name": name,
            "required": required || place == "path",
            "type": "string",
        }));
    }
    Ok(parameters)
}

/// Guards the operations that do not say what they ask for.
fn default_security(
    paths: &mut Map<String, Value>,
    security: &Value,
    budget: &mut Budget,
) -> Result<(), TemplateError> {
    let bytes = security.to_string().len();
    for path in paths.values_mut() {
        for (method, operation) in path.as_object_mut().into_iter().flatten() {
            if let Value::Object(operation) = operation
                && method != "options"
                && method != "parameters"
            {
                budget.charge(bytes)?;
                operation.entry("security").or_insert_with(|| security.clone());
            }
        }
    }
    Ok(())
}

fn gateway_response(response: &Value) -> Value {
    let mut written = Map::new();
    for (from, to) in [("StatusCode", "statusCode"), ("ResponseTemplates", "responseTemplates")] {
        written.extend(response.get(from).map(|value| (to.to_owned(), value.clone())));
    }
    let mut parameters = Map::new();
    for (from, to) in [("Headers", "header"), ("Paths", "path"), ("QueryStrings", "querystring")] {
        let given = response.get("ResponseParameters").and_then(|given| given.get(from)).and_then(Value::as_object);
        for (name, value) in given.into_iter().flatten() {
            parameters.insert(format!("gatewayresponse.{to}.{name}"), value.clone());
        }
    }
    if !parameters.is_empty() {
        written.insert("responseParameters".to_owned(), parameters.into());
    }
    written.into()
}
