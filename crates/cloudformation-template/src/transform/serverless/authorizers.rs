//! `Auth` of APIs: authorizers as an OpenAPI document defines them, and which operation asks for which.

use serde_json::{Map, Value, json};

use super::definition::Definition;
use super::events::Route;
use super::{Budget, Writer, alphanumeric, members};
use crate::TemplateError;

/// The authorizers of an API.
pub(super) struct Authorizers {
    pub(super) is_http: bool,
    pub(super) default: Option<String>,
    named: Map<String, Value>,
    api_key_required: bool,
    invoke_role: Option<Value>,
    iam: bool,
}

/// Members of `Auth` that are known, for REST APIs and for HTTP APIs.
const KNOWN: [&[&str]; 2] = [
    &[
        "AddApiKeyRequiredToCorsPreflight",
        "AddDefaultAuthorizerToCorsPreflight",
        "ApiKeyRequired",
        "Authorizers",
        "DefaultAuthorizer",
        "InvokeRole",
        "ResourcePolicy",
        "UsagePlan",
    ],
    &["Authorizers", "DefaultAuthorizer", "EnableIamAuthorizer"],
];

/// The name by which operations ask for signed requests.
const IAM: &str = "AWS_IAM";

impl Authorizers {
    pub(super) fn read(definition: &Definition, is_http: bool) -> Result<Self, TemplateError> {
        let auth = definition.map("Auth")?;
        let [rest, http] = KNOWN;
        let known = if is_http { http } else { rest };
        if let Some(unknown) = auth.keys().find(|name| !known.contains(&name.as_str())) {
            return Err(definition.invalid(&format!("Invalid key '{unknown}' in 'Auth' property.")));
        }
        let default = auth.get("DefaultAuthorizer").and_then(Value::as_str).map(str::to_owned);
        let named = match auth.get("Authorizers") {
            None => Map::new(),
            Some(Value::Object(named)) => named.clone(),
            Some(_) => return Err(definition.invalid("Authorizers must be a dictionary.")),
        };
        let is_true = |name: &str| auth.get(name).is_some_and(|value| *value == true || *value == "true");
        let authorizers = Self {
            is_http,
            iam: is_true("EnableIamAuthorizer") || (!is_http && default.as_deref() == Some(IAM)),
            api_key_required: is_true("ApiKeyRequired"),
            invoke_role: auth.get("InvokeRole").cloned(),
            named,
            default,
        };
        match &authorizers.default {
            Some(name) if name != IAM && !authorizers.named.contains_key(name) => Err(definition.invalid(&format!(
                "Unable to set DefaultAuthorizer because '{name}' was not defined in 'Authorizers'."
            ))),
            _ => Ok(authorizers),
        }
    }

    /// What an operation asks for, and the credentials to call its function with.
    pub(super) fn security(
        &self,
        route: &Route,
        budget: &mut Budget,
    ) -> Result<(Vec<Value>, Option<Value>), TemplateError> {
        let asked = route.auth.get("Authorizer").and_then(Value::as_str);
        let unable = |reason: &str| {
            super::invalid(
                &route.function,
                route.line,
                &format!(
                    "Unable to set Authorizer on API method [{}] for path [{}] because {reason}",
                    route.method, route.path
                ),
            )
        };
        let mut security = Vec::new();
        let mut credentials = None;
        match asked.or(self.default.as_deref()) {
            None => {}
            Some("NONE") if self.default.is_none() => {
                return Err(unable("'NONE' is only a valid value when a DefaultAuthorizer on the API is specified."));
            }
            Some("NONE") => security.push(json!({ "NONE": [] })),
            Some(IAM) => {
                if self.is_http && !self.iam {
                    return Err(unable("EnableIamAuthorizer is not set on the API."));
                }
                security.push(json!({ IAM: [] }));
                if !self.is_http {
                    credentials = self.caller(route);
                    budget.charge(credentials.as_ref().map_or(0, |role| role.to_string().len()))?;
                }
            }
            Some(name) => {
                let authorizer = self
                    .named
                    .get(name)
                    .ok_or_else(|| unable(&format!("[{name}] wasn't defined in the API's Authorizers.")))?;
                let scopes = route.auth.get("AuthorizationScopes").or_else(|| authorizer.get("AuthorizationScopes"));
                budget.charge(name.len() + scopes.map_or(0, |scopes| scopes.to_string().len()))?;
                security.push(json!({ name: scopes.cloned().unwrap_or_else(|| json!([])) }));
            }
        }
        let key = route.auth.get("ApiKeyRequired").map_or(self.api_key_required, |required| *required == true);
        if key && !self.is_http {
            security.push(json!({ "api_key": [] }));
        }
        Ok((security, credentials))
    }

    /// Whose credentials call the function of an operation that asks for signed requests.
    fn caller(&self, route: &Route) -> Option<Value> {
        match route.auth.get("InvokeRole").or(self.invoke_role.as_ref()) {
            None => Some("arn:aws:iam::*:user/*".into()),
            Some(role) if *role == "CALLER_CREDENTIALS" => Some("arn:aws:iam::*:user/*".into()),
            Some(role) if *role == "NONE" => None,
            Some(role) => Some(role.clone()),
        }
    }

    /// What operations that name no authorizer ask for.
    pub(super) fn default_security(&self) -> Option<Value> {
        let name = self.default.as_deref()?;
        let scopes = self.named.get(name).and_then(|authorizer| authorizer.get("AuthorizationScopes"));
        Some(json!([{ name: scopes.cloned().unwrap_or_else(|| json!([])) }]))
    }

    /// The security schemes of the document, those that operations ask for included.
    pub(super) fn schemes(
        &self,
        definition: &Definition,
        routes: &[Route],
    ) -> Result<Map<String, Value>, TemplateError> {
        let mut schemes = Map::new();
        for (name, authorizer) in &self.named {
            let Value::Object(authorizer) = authorizer else {
                return Err(definition.invalid(&format!("Authorizer {name} must be a dictionary.")));
            };
            let scheme = if self.is_http { http_scheme(authorizer) } else { rest_scheme(authorizer) };
            schemes.insert(name.clone(), scheme.map_err(|reason| definition.invalid(&format!("{name} {reason}")))?);
        }
        let asks_iam = routes.iter().any(|route| route.auth.get("Authorizer").is_some_and(|name| name == IAM));
        if self.iam || asks_iam {
            schemes.insert(
                IAM.to_owned(),
                json!({
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                }),
            );
        }
        let asks_key = routes.iter().any(|route| route.auth.get("ApiKeyRequired").is_some_and(|asks| *asks == true));
        if self.api_key_required || (asks_key && !self.is_http) {
            schemes.insert("api_key".to_owned(), json!({ "type": "apiKey", "name": "x-api-key", "in": "header" }));
        }
        Ok(schemes)
    }
}

impl Writer<'_> {
    /// Permissions of API Gateway to call the functions that authorize.
    pub(super) fn authorizer_permissions(
        &mut self,
        definition: &Definition,
        authorizers: &Authorizers,
    ) -> Result<(), TemplateError> {
        for (name, authorizer) in &authorizers.named {
            let Some(function) = authorizer.get("FunctionArn") else { continue };
            let says = |member: &str| authorizer.get(member).is_some_and(|value| *value == true);
            let wanted = if authorizers.is_http {
                says("EnableFunctionDefaultPermissions")
            } else {
                !says("DisableFunctionDefaultPermissions")
            };
            if wanted {
                let id = format!("{}{}AuthorizerPermission", definition.id, alphanumeric(name));
                let source = json!({
                    "Fn::Sub": [
                        "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/authorizers/*",
                        { "__ApiId__": { "Ref": definition.id } },
                    ],
                });
                self.add_permission(definition, &id, function, &source)?;
            }
        }
        Ok(())
    }
}

fn function_uri(function: &Value) -> Value {
    json!({
        "Fn::Sub": [
            "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${__FunctionArn__}/invocations",
            { "__FunctionArn__": function },
        ],
    })
}

/// The sources of identity in the words of an API's family; `parts` gives what comes before each kind of name.
fn identity_sources(identity: &Map<String, Value>, parts: [&str; 4]) -> Vec<String> {
    let mut sources = Vec::new();
    for (member, before) in ["Headers", "QueryStrings", "StageVariables", "Context"].into_iter().zip(parts) {
        let names = identity.get(member).and_then(Value::as_array).into_iter().flatten();
        sources.extend(names.filter_map(Value::as_str).map(|name| format!("{before}{name}")));
    }
    sources
}

fn identity(authorizer: &Map<String, Value>) -> Map<String, Value> {
    authorizer.get("Identity").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// What an authorizer that calls a function has in every family.
fn function_authorizer(authorizer: &Map<String, Value>, function: &Value, kind: &str) -> Map<String, Value> {
    let mut extension = members(json!({ "type": kind, "authorizerUri": function_uri(function) }));
    let ttl = identity(authorizer).get("ReauthorizeEvery").cloned();
    extension.extend(ttl.map(|seconds| ("authorizerResultTtlInSeconds".to_owned(), seconds)));
    let role = authorizer.get("FunctionInvokeRole").filter(|role| **role != "NONE").cloned();
    extension.extend(role.map(|role| ("authorizerCredentials".to_owned(), role)));
    extension
}

fn rest_scheme(authorizer: &Map<String, Value>) -> Result<Value, String> {
    let identity = identity(authorizer);
    let header = identity.get("Header").cloned().unwrap_or_else(|| "Authorization".into());
    let expression = identity.get("ValidationExpression").cloned();
    let with_expression = |extension: &mut Map<String, Value>| {
        extension.extend(expression.map(|expression| ("identityValidationExpression".to_owned(), expression)));
    };
    if let Some(pools) = authorizer.get("UserPoolArn") {
        let pools = if pools.is_array() { pools.clone() } else { json!([pools]) };
        let mut extension = members(json!({ "type": "cognito_user_pools", "providerARNs": pools }));
        with_expression(&mut extension);
        return Ok(json!({
            "type": "apiKey",
            "name": header,
            "in": "header",
            "x-amazon-apigateway-authtype": "cognito_user_pools",
            "x-amazon-apigateway-authorizer": extension,
        }));
    }
    let function = authorizer.get("FunctionArn").ok_or("Authorizer must have one of UserPoolArn and FunctionArn.")?;
    let is_request = authorizer.get("FunctionPayloadType").is_some_and(|kind| *kind == "REQUEST");
    let mut extension = function_authorizer(authorizer, function, if is_request { "request" } else { "token" });
    let name = if is_request {
        let parts = ["method.request.header.", "method.request.querystring.", "stageVariables.", "context."];
        let sources = identity_sources(&identity, parts);
        let is_cached = identity.get("ReauthorizeEvery").is_none_or(|seconds| *seconds != 0);
        if sources.is_empty() && is_cached {
            return Err("Authorizer must specify Identity with at least one of Headers, QueryStrings, \
                        StageVariables, or Context."
                .to_owned());
        }
        if !sources.is_empty() {
            extension.insert("identitySource".to_owned(), sources.join(", ").into());
        }
        "Unused".into()
    } else {
        with_expression(&mut extension);
        header
    };
    Ok(json!({
        "type": "apiKey",
        "name": name,
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": extension,
    }))
}

fn http_scheme(authorizer: &Map<String, Value>) -> Result<Value, String> {
    if let Some(function) = authorizer.get("FunctionArn") {
        let version = authorizer
            .get("AuthorizerPayloadFormatVersion")
            .ok_or("Lambda Authorizer must define 'AuthorizerPayloadFormatVersion'.")?;
        let mut extension = function_authorizer(authorizer, function, "request");
        let version = version.as_f64().map_or_else(|| version.clone(), |version| format!("{version:.1}").into());
        extension.insert("authorizerPayloadFormatVersion".to_owned(), version);
        let simple = authorizer.get("EnableSimpleResponses").cloned();
        extension.extend(simple.map(|simple| ("enableSimpleResponses".to_owned(), simple)));
        let parts = ["$request.header.", "$request.querystring.", "$stageVariables.", "$context."];
        let sources = identity_sources(&identity(authorizer), parts);
        if !sources.is_empty() {
            extension.insert("identitySource".to_owned(), sources.into());
        }
        return Ok(json!({
            "type": "apiKey",
            "name": "Unused",
            "in": "header",
            "x-amazon-apigateway-authorizer": extension,
        }));
    }
    let configuration = authorizer
        .get("JwtConfiguration")
        .and_then(Value::as_object)
        .ok_or("Authorizer must define 'JwtConfiguration'.")?;
    let configuration: Map<String, Value> =
        configuration.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
    let source = authorizer.get("IdentitySource").cloned().unwrap_or_else(|| "$request.header.Authorization".into());
    let mut scheme = members(json!({
        "type": "oauth2",
        "x-amazon-apigateway-authorizer": {
            "type": "jwt",
            "identitySource": source,
            "jwtConfiguration": configuration,
        },
    }));
    if let Some(url) = authorizer.get("OpenIdConnectUrl") {
        scheme.insert("type".to_owned(), "openIdConnect".into());
        scheme.insert("openIdConnectUrl".to_owned(), url.clone());
    }
    Ok(scheme.into())
}
