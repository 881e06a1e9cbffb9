//! Importing an HTTP API from an OpenAPI 3 document (API Gateway, "Using OpenAPI definitions for HTTP APIs").
//!
//! The document is read as for REST APIs; what it comes to is another: routes, integrations of their own or shared by
//! reference, authorizers. What an integration or authorizer must be like is not judged here but by who stores it.

use std::collections::{BTreeMap, HashMap};

use claviger_resources::http_api::{
    AuthorizationType, Authorizer, AuthorizerType, Cors, HttpApi, HttpApiDefinition, Integration, IntegrationType,
    JwtConfiguration, Route, RouteKey, TlsConfig,
};
use claviger_resources::limits::HTTP_API_TIMEOUT_MILLISECONDS_MAX;
use claviger_resources::{AuthorizerId, IntegrationId, Random, RouteId};
use serde_json::{Map, Value};

use crate::openapi::document::{Dialect, Document, flag, object, text, text_of, texts};
use crate::openapi::report::Report;
use crate::openapi::settings::{base_path, text_map};
use crate::openapi::{BasePath, ImportError};

/// What a document is imported into.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    /// The API as it is, or a new one without a name.
    pub api: HttpApi,
    /// What belongs to it already, whose ids are kept where they fit.
    pub existing: Option<&'a HttpApiDefinition>,
}

/// How a document is imported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What becomes of the document's base path.
    pub base_path: BasePath,
    /// Whether a warning refuses the document.
    pub fail_on_warnings: bool,
}

/// The place of the route that takes what no other takes.
const DEFAULT_PATH: &str = "/$default";
/// The key of the operation for every verb.
const ANY_METHOD: &str = "x-amazon-apigateway-any-method";
/// The keys of the operations for single verbs.
const VERBS: [&str; 7] = ["delete", "get", "head", "options", "patch", "post", "put"];

/// Imports a document: the API as it becomes, with the warnings in its own record.
pub fn import(
    document: &[u8],
    options: Options,
    target: Target<'_>,
    random: &mut dyn Random,
) -> Result<HttpApiDefinition, ImportError> {
    let document = Document::parse(document, &target.api.tenant)?;
    if document.dialect == Dialect::Swagger {
        return Err(ImportError::InvalidOption("Only OpenAPI 3.0 definitions are supported for HTTP APIs".to_owned()));
    }
    let Target { api, existing } = target;
    let mut importer = Importer {
        document: &document,
        existing,
        api,
        random,
        report: Report::default(),
        integrations: Vec::new(),
        shared: HashMap::new(),
    };
    importer.settings();
    let schemes = importer.schemes();
    let prefix = base_path(&document, options.base_path);
    let routes = importer.routes(&prefix, &schemes);
    let Importer { mut api, report, integrations, .. } = importer;
    document.check_reuse()?;
    if !report.errors.is_empty() {
        return Err(ImportError::Errors { errors: report.errors, warnings: report.warnings });
    }
    if options.fail_on_warnings && !report.warnings.is_empty() {
        return Err(ImportError::Warnings(report.warnings));
    }
    api.warnings = report.warnings;
    let authorizers = schemes.into_values().filter_map(|scheme| match scheme {
        Scheme::Authorizer(authorizer) => Some(*authorizer),
        Scheme::AwsIam | Scheme::Description => None,
    });
    Ok(HttpApiDefinition { api, routes, integrations, authorizers: authorizers.collect() })
}

struct Importer<'a> {
    document: &'a Document,
    existing: Option<&'a HttpApiDefinition>,
    api: HttpApi,
    random: &'a mut dyn Random,
    report: Report,
    integrations: Vec<Integration>,
    /// Integrations that are named by reference.
    shared: HashMap<String, IntegrationId>,
}

/// What a security scheme comes to.
enum Scheme {
    Authorizer(Box<Authorizer>),
    AwsIam,
    /// A scheme that only describes.
    Description,
}

impl Importer<'_> {
    fn settings(&mut self) {
        let document = self.document;
        let info = document.object("info");
        if let Some(title) = text(info, "title").filter(|title| !title.is_empty()) {
            self.api.name = title;
        }
        if self.api.name.is_empty() {
            self.report.error("API title is missing: info.title is required");
        }
        self.api.version = text(info, "version").or(self.api.version.take());
        self.api.description = text(info, "description").or(self.api.description.take());
        self.api.cors_configuration =
            document.member("x-amazon-apigateway-cors").map(|cors| cors_of(object(Some(cors))));
        let endpoint = object(document.member("x-amazon-apigateway-endpoint-configuration"));
        self.api.disable_execute_api_endpoint = flag(endpoint, "disableExecuteApiEndpoint");
        for tag in document.member("tags").and_then(Value::as_array).into_iter().flatten() {
            let tag = object(Some(tag));
            if let Some(name) = text(tag, "name") {
                self.api.tags.insert(name, text(tag, "x-amazon-apigateway-tag-value").unwrap_or_default());
            }
        }
    }

    fn schemes(&mut self) -> BTreeMap<String, Scheme> {
        let document = self.document;
        let mut schemes = BTreeMap::new();
        for (name, scheme) in document.parts("securityDefinitions", "securitySchemes") {
            let scheme = object(document.resolve(scheme));
            let is_signed =
                text(scheme, "x-amazon-apigateway-authtype").is_some_and(|kind| kind.eq_ignore_ascii_case("awsSigv4"));
            let extension = scheme.get("x-amazon-apigateway-authorizer").and_then(Value::as_object);
            let read = match extension {
                _ if is_signed => Ok(Scheme::AwsIam),
                None => Ok(Scheme::Description),
                Some(extension) => self.authorizer(name, extension).map(Box::new).map(Scheme::Authorizer),
            };
            match read {
                Ok(scheme) => drop(schemes.insert(name.clone(), scheme)),
                Err(reason) => self.report.error(format!("Unable to create authorizer '{name}': {reason}")),
            }
        }
        schemes
    }

    fn authorizer(&mut self, name: &str, extension: &Map<String, Value>) -> Result<Authorizer, String> {
        let authorizer_type = match text(extension, "type").unwrap_or_default().to_ascii_lowercase().as_str() {
            "jwt" => AuthorizerType::Jwt,
            "request" => AuthorizerType::Request,
            other => return Err(format!("Invalid authorizer type specified: '{other}'")),
        };
        let sources = match extension.get("identitySource") {
            Some(Value::Array(sources)) => sources.iter().map(text_of).collect(),
            Some(source) => {
                let source = text_of(source);
                let sources = source.split(',').map(str::trim).filter(|source| !source.is_empty());
                sources.map(str::to_owned).collect()
            }
            None => Vec::new(),
        };
        let ttl = text(extension, "authorizerResultTtlInSeconds");
        let ttl =
            ttl.map(|seconds| seconds.parse().map_err(|_| format!("Invalid TTL specified: {seconds}"))).transpose()?;
        let jwt = extension.get("jwtConfiguration").and_then(Value::as_object);
        let known = self.existing.and_then(|existing| existing.authorizers.iter().find(|known| known.name == name));
        Ok(Authorizer {
            authorizer_id: known
                .map_or_else(|| AuthorizerId::generate(self.random), |known| known.authorizer_id.clone()),
            api_id: self.api.api_id.clone(),
            tenant: self.api.tenant.clone(),
            name: name.to_owned(),
            authorizer_type,
            identity_source: sources,
            jwt_configuration: jwt
                .map(|jwt| JwtConfiguration { audience: texts(jwt, "audience"), issuer: text(jwt, "issuer") }),
            authorizer_uri: text(extension, "authorizerUri"),
            authorizer_credentials_arn: text(extension, "authorizerCredentials"),
            authorizer_payload_format_version: text(extension, "authorizerPayloadFormatVersion"),
            authorizer_result_ttl_in_seconds: ttl,
            enable_simple_responses: extension
                .contains_key("enableSimpleResponses")
                .then(|| flag(extension, "enableSimpleResponses")),
            identity_validation_expression: None,
        })
    }

    fn routes(&mut self, prefix: &str, schemes: &BTreeMap<String, Scheme>) -> Vec<Route> {
        let document = self.document;
        let mut routes: BTreeMap<RouteKey, Route> = BTreeMap::new();
        for (path, item) in document.object("paths") {
            for (key, operation) in object(document.resolve(item)) {
                let verb = if key == ANY_METHOD { "ANY".to_owned() } else { key.to_ascii_uppercase() };
                if key == "trace" {
                    self.report.warning(format!("Unable to put method 'TRACE' on path '{path}'. Ignoring."));
                }
                if key != ANY_METHOD && !VERBS.contains(&&**key) {
                    continue;
                }
                let text = if path == DEFAULT_PATH { "$default".to_owned() } else { format!("{verb} {prefix}{path}") };
                let route_key = match RouteKey::parse(&text) {
                    Ok(key) => key,
                    Err(error) => {
                        self.report.error(format!("Unable to create route '{text}': {error}"));
                        continue;
                    }
                };
                let route = self.route(route_key.clone(), object(Some(operation)), schemes);
                routes.insert(route_key, route);
            }
        }
        routes.into_values().collect()
    }

    fn route(
        &mut self,
        route_key: RouteKey,
        operation: &Map<String, Value>,
        schemes: &BTreeMap<String, Scheme>,
    ) -> Route {
        let known =
            self.existing.and_then(|existing| existing.routes.iter().find(|known| known.route_key == route_key));
        let mut route = Route {
            route_id: known.map_or_else(|| RouteId::generate(self.random), |known| known.route_id.clone()),
            api_id: self.api.api_id.clone(),
            tenant: self.api.tenant.clone(),
            route_key,
            target: None,
            authorization_type: AuthorizationType::None,
            authorizer_id: None,
            authorization_scopes: None,
            operation_name: text(operation, "operationId"),
            api_gateway_managed: false,
        };
        if let Some(extension) = operation.get("x-amazon-apigateway-integration") {
            match self.integration(extension) {
                Ok(id) => route.target = Some(format!("integrations/{id}")),
                Err(reason) => {
                    self.report
                        .error(format!("Unable to create integration for route '{}': {reason}", route.route_key));
                }
            }
        }
        self.authorize(&mut route, operation, schemes);
        route
    }

    /// What the operation demands of its caller: its own `security`, else the document's; an empty list opts out of it.
    fn authorize(&mut self, route: &mut Route, operation: &Map<String, Value>, schemes: &BTreeMap<String, Scheme>) {
        let requirements = operation.get("security").or_else(|| self.document.member("security"));
        let requirements = requirements.and_then(Value::as_array);
        let named: Vec<_> = requirements.into_iter().flatten().flat_map(|one| object(Some(one))).collect();
        let [(name, scopes)] = named.as_slice() else {
            if !named.is_empty() {
                self.report.error(format!("Route '{}' has more than one security requirement", route.route_key));
            }
            return;
        };
        match schemes.get(*name) {
            None => self.report.warning(format!("Security scheme '{name}' not found. Ignoring.")),
            Some(Scheme::Description) => {
                self.report.warning(format!("Security scheme '{name}' has no authorizer. Ignoring."));
            }
            Some(Scheme::AwsIam) => route.authorization_type = AuthorizationType::AwsIam,
            Some(Scheme::Authorizer(authorizer)) => {
                route.authorizer_id = Some(authorizer.authorizer_id.clone());
                if authorizer.authorizer_type == AuthorizerType::Request {
                    route.authorization_type = AuthorizationType::Custom;
                    return;
                }
                route.authorization_type = AuthorizationType::Jwt;
                let scopes: Vec<String> = scopes.as_array().into_iter().flatten().map(text_of).collect();
                route.authorization_scopes = Some(scopes).filter(|scopes| !scopes.is_empty());
            }
        }
    }

    /// The integration of an operation; one that is named by reference is made once.
    fn integration(&mut self, extension: &Value) -> Result<IntegrationId, String> {
        let reference = extension.get("$ref").and_then(Value::as_str).map(str::to_owned);
        if let Some(id) = reference.as_ref().and_then(|reference| self.shared.get(reference)) {
            return Ok(id.clone());
        }
        let resolved = self.document.resolve(extension).and_then(Value::as_object);
        let extension = resolved.ok_or("it leads nowhere")?;
        let integration_type = match text(extension, "type").unwrap_or_default().to_ascii_uppercase().as_str() {
            "HTTP_PROXY" => IntegrationType::HttpProxy,
            "AWS_PROXY" => IntegrationType::AwsProxy,
            other => return Err(format!("HTTP APIs do not support the integration type '{other}'")),
        };
        let timeout = text(extension, "timeoutInMillis");
        let timeout = timeout
            .map(|milliseconds| milliseconds.parse().map_err(|_| format!("Invalid timeout specified: {milliseconds}")))
            .transpose()?;
        let parameters = |member: &str| {
            let parameters: BTreeMap<String, String> = text_map(object(extension.get(member)));
            (!parameters.is_empty()).then_some(parameters)
        };
        let responses: BTreeMap<String, BTreeMap<String, String>> = object(extension.get("responseParameters"))
            .iter()
            .map(|(status, mappings)| (status.clone(), text_map(object(Some(mappings)))))
            .collect();
        let id = IntegrationId::generate(self.random);
        self.integrations.push(Integration {
            integration_id: id.clone(),
            api_id: self.api.api_id.clone(),
            tenant: self.api.tenant.clone(),
            integration_type,
            integration_subtype: text(extension, "integrationSubtype"),
            integration_method: text(extension, "httpMethod").map(|verb| verb.to_ascii_uppercase()),
            integration_uri: text(extension, "uri"),
            connection_type: text(extension, "connectionType")
                .map_or_else(|| "INTERNET".to_owned(), |kind| kind.to_ascii_uppercase()),
            connection_id: text(extension, "connectionId"),
            credentials_arn: text(extension, "credentials"),
            description: text(extension, "description"),
            payload_format_version: text(extension, "payloadFormatVersion").unwrap_or_else(|| "1.0".to_owned()),
            request_parameters: parameters("requestParameters"),
            response_parameters: (!responses.is_empty()).then_some(responses),
            timeout_in_millis: timeout.unwrap_or(HTTP_API_TIMEOUT_MILLISECONDS_MAX),
            tls_config: extension
                .get("tlsConfig")
                .and_then(Value::as_object)
                .map(|config| TlsConfig { server_name_to_verify: text(config, "serverNameToVerify") }),
            api_gateway_managed: false,
        });
        if let Some(reference) = reference {
            self.shared.insert(reference, id.clone());
        }
        Ok(id)
    }
}

fn cors_of(extension: &Map<String, Value>) -> Cors {
    // One text stands for a list of one.
    let list = |member: &str| match extension.get(member) {
        Some(Value::String(text)) => Some(vec![text.clone()]),
        _ => texts(extension, member),
    };
    Cors {
        allow_credentials: extension.contains_key("allowCredentials").then(|| flag(extension, "allowCredentials")),
        allow_headers: list("allowHeaders"),
        allow_methods: list("allowMethods"),
        allow_origins: list("allowOrigins"),
        expose_headers: list("exposeHeaders"),
        max_age: text(extension, "maxAge").and_then(|seconds| seconds.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use claviger_resources::{AccountId, HttpApiId, Region, Tenant, Timestamp};
    use serde_json::json;

    use super::*;

    struct Counting(u8);
    impl Random for Counting {
        fn fill(&mut self, buffer: &mut [u8]) {
            for byte in buffer {
                self.0 = self.0.wrapping_mul(31).wrapping_add(7);
                *byte = self.0;
            }
        }
    }

    fn api() -> HttpApi {
        HttpApi {
            api_id: HttpApiId::parse("a1b2c3d4e5").unwrap(),
            tenant: Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() },
            name: String::new(),
            description: None,
            version: None,
            created_date: Timestamp::default(),
            cors_configuration: None,
            disable_execute_api_endpoint: false,
            ip_address_type: "ipv4".to_owned(),
            import_info: Vec::new(),
            warnings: Vec::new(),
            tags: BTreeMap::new(),
        }
    }

    fn imported(document: &Value, options: Options) -> Result<HttpApiDefinition, String> {
        let target = Target { api: api(), existing: None };
        import(document.to_string().as_bytes(), options, target, &mut Counting(1)).map_err(|error| error.to_string())
    }

    fn document(changes: &Value) -> Value {
        let proxy =
            json!({ "type": "http_proxy", "httpMethod": "any", "uri": "https://b.c", "payloadFormatVersion": 1.0 });
        let mut document = json!({
            "openapi": "3.0.1",
            "info": { "title": "storms", "version": "2" },
            "servers": [{ "url": "https://x/{basePath}", "variables": { "basePath": { "default": "v1/api" } } }],
            "paths": {
                "/storms": {
                    "get": { "operationId": "list", "security": [{ "jwt": ["read"] }],
                        "x-amazon-apigateway-integration": { "$ref": "#/components/x-amazon-apigateway-integrations/shared" } },
                    "post": { "x-amazon-apigateway-integration": { "$ref": "#/components/x-amazon-apigateway-integrations/shared" } },
                },
                "/$default": { "x-amazon-apigateway-any-method": { "x-amazon-apigateway-integration": proxy } },
                "/{proxy+}": { "x-amazon-apigateway-any-method": { "security": [{ "iam": [] }] } },
            },
            "components": {
                "securitySchemes": {
                    "jwt": { "type": "oauth2", "x-amazon-apigateway-authorizer": {
                        "type": "jwt", "identitySource": "$request.header.Authorization",
                        "jwtConfiguration": { "issuer": "https://issuer", "audience": ["api"] } } },
                    "iam": { "type": "apiKey", "x-amazon-apigateway-authtype": "awsSigv4" },
                },
                "x-amazon-apigateway-integrations": { "shared": proxy },
            },
            "x-amazon-apigateway-cors": { "allowOrigins": ["*"], "maxAge": 60 },
            "tags": [{ "name": "team", "x-amazon-apigateway-tag-value": "weather" }, { "name": "prod" }],
        });
        for (pointer, value) in changes.as_object().unwrap() {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            let name = name.replace("~1", "/");
            document.pointer_mut(parent).unwrap().as_object_mut().unwrap().insert(name, value.clone());
        }
        document
    }

    #[test]
    fn a_document_becomes_routes_integrations_and_authorizers() {
        let made = imported(&document(&json!({})), Options::default()).unwrap();
        assert_eq!((&*made.api.name, made.api.version.as_deref()), ("storms", Some("2")));
        assert_eq!(made.api.cors_configuration.as_ref().unwrap().max_age, Some(60));
        let tags = [("team", "weather"), ("prod", "")];
        assert_eq!(made.api.tags, tags.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let route = |key: &str| made.routes.iter().find(|route| route.route_key.to_string() == key).unwrap();
        let keys: Vec<_> = made.routes.iter().map(|route| route.route_key.to_string()).collect();
        assert_eq!(keys, ["$default", "ANY /{proxy+}", "GET /storms", "POST /storms"]);
        assert_eq!(route("GET /storms").target, route("POST /storms").target);
        assert_eq!((made.integrations.len(), made.authorizers.len()), (2, 1));
        let list = route("GET /storms");
        assert_eq!((list.authorization_type, list.operation_name.as_deref()), (AuthorizationType::Jwt, Some("list")));
        assert_eq!(list.authorizer_id.as_ref(), Some(&made.authorizers[0].authorizer_id));
        assert_eq!(list.authorization_scopes.as_deref(), Some(&["read".to_owned()][..]));
        assert_eq!(route("ANY /{proxy+}").authorization_type, AuthorizationType::AwsIam);
        assert_eq!(
            (route("ANY /{proxy+}").target.as_deref(), route("POST /storms").authorization_type),
            (None, AuthorizationType::None)
        );
        let integration = &made.integrations[0];
        assert_eq!(
            (&*integration.payload_format_version, integration.integration_method.as_deref()),
            ("1.0", Some("ANY"))
        );
        assert_eq!(made.authorizers[0].identity_source, ["$request.header.Authorization"]);
    }

    #[test]
    fn the_base_path_is_left_put_before_or_split() {
        let check = |base_path: BasePath, expected: &str| {
            let made = imported(&document(&json!({})), Options { base_path, fail_on_warnings: false }).unwrap();
            assert!(made.routes.iter().any(|route| route.route_key.to_string() == expected), "{expected}");
            assert!(made.routes.iter().any(|route| route.route_key == RouteKey::Default));
        };
        check(BasePath::Ignore, "GET /storms");
        check(BasePath::Prepend, "GET /v1/api/storms");
        check(BasePath::Split, "GET /api/storms");
    }

    #[test]
    fn ids_stay_when_a_document_comes_again() {
        let before = imported(&document(&json!({})), Options::default()).unwrap();
        let target = Target { api: before.api.clone(), existing: Some(&before) };
        let text = document(&json!({})).to_string();
        let after = import(text.as_bytes(), Options::default(), target, &mut Counting(99)).unwrap();
        assert_eq!(after.authorizers, before.authorizers);
        let ids = |definition: &HttpApiDefinition| {
            definition.routes.iter().map(|route| route.route_id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&after), ids(&before));
    }

    #[test]
    fn what_cannot_be_is_refused_and_what_can_be_left_out_is_told() {
        let check = |changes: Value, expected: &str| {
            let error = imported(&document(&changes), Options::default()).unwrap_err();
            assert!(error.contains(expected), "{changes}: {error}");
        };
        check(json!({ "/info/title": "" }), "API title is missing");
        check(
            json!({ "/paths/~1storms/get": { "security": [{ "jwt": [] }, { "iam": [] }] } }),
            "more than one security requirement",
        );
        check(
            json!({ "/paths/~1storms/get": { "security": [{ "jwt": [], "iam": [] }] } }),
            "more than one security requirement",
        );
        check(
            json!({ "/paths/~1storms/get": { "x-amazon-apigateway-integration": { "type": "mock" } } }),
            "do not support the integration type 'MOCK'",
        );
        check(
            json!({ "/paths/~1storms/get": { "x-amazon-apigateway-integration": { "$ref": "#/none" } } }),
            "leads nowhere",
        );
        check(json!({ "/paths/~1a~1{x+}~1b": { "get": {} } }), "Unable to create route 'GET /a/{x+}/b'");
        check(
            json!({ "/components/securitySchemes/jwt": { "x-amazon-apigateway-authorizer": { "type": "token" } } }),
            "Invalid authorizer type specified: 'token'",
        );
        let unknown = document(&json!({ "/paths/~1storms/get": { "security": [{ "none": [] }] } }));
        let made = imported(&unknown, Options::default()).unwrap();
        assert_eq!(made.api.warnings, ["Security scheme 'none' not found. Ignoring."]);
        let strict = Options { fail_on_warnings: true, ..Options::default() };
        assert!(imported(&unknown, strict).unwrap_err().contains("Security scheme 'none' not found"));
        let swagger = json!({ "swagger": "2.0", "info": { "title": "x" }, "paths": {} });
        assert!(imported(&swagger, Options::default()).unwrap_err().contains("OpenAPI 3.0"));
    }
}
