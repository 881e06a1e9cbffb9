//! Tests of whole imports.

#![expect(clippy::needless_pass_by_value, reason = "literal documents read best where they are used")]

mod merging;
mod properties;
mod refusals;

use claviger_resources::{AccountId, Region};
use serde_json::{Value, json};

use super::*;
use crate::compile;

struct Counting(u8);

impl Random for Counting {
    fn fill(&mut self, buffer: &mut [u8]) {
        for byte in buffer {
            self.0 = self.0.wrapping_mul(29).wrapping_add(11);
            *byte = self.0;
        }
    }
}

fn tenant() -> Tenant {
    Tenant { account: AccountId::DEFAULT, region: Region::parse("eu-west-1").unwrap() }
}

fn import_with(document: &str, options: &ImportOptions) -> Result<Imported, ImportError> {
    let id = RestApiId::parse("a1b2c3d4e5").unwrap();
    let target = Target::New { id: &id, tenant: &tenant(), now: Timestamp::from_seconds(1) };
    import(document.as_bytes(), options, target, &mut Counting(3))
}

fn import_new(document: &str) -> Imported {
    import_with(document, &ImportOptions::default()).unwrap()
}

/// An OpenAPI 3 document of some paths and more.
fn with_paths(paths: Value, more: Value) -> String {
    let mut document = json!({ "openapi": "3.0.1", "info": { "title": "t", "version": "1" }, "paths": paths });
    document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    document.to_string()
}

fn mock() -> Value {
    json!({ "type": "mock", "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
        "responses": { "default": { "statusCode": 200 } } })
}

/// The API as its stored form, and one operation of it.
fn stored(imported: &Imported) -> Value {
    serde_json::to_value(&imported.definition).unwrap()
}

fn operation(imported: &Imported, path: &str, verb: &str) -> Value {
    let resources = &imported.definition.resources;
    let resource = resources.iter().find(|resource| resource.path == path).unwrap();
    serde_json::to_value(resource).unwrap()["methods"][verb].clone()
}

const GUARDED: &str = r#"
openapi: 3.0.0
info: {title: Weather, version: '1.0', description: Events}
paths:
  /:
    get:
      summary: List
      security:
        - Gate: [weather-api/get]
      responses:
        '200':
          description: Events
          headers:
            Content-Type:
              type: string
          content:
            application/json: {}
      x-amazon-apigateway-integration:
        type: mock
        passthroughBehavior: when_no_match
        requestTemplates:
          application/json: "{\n    \"statusCode\":  200\n}"
        responses:
          default:
            statusCode: 200
            responseParameters:
              method.response.header.Content-Type: "'application/json'"
            responseTemplates:
              application/json: |
                {"events": [
                  {"name": "Storm"}
                ]}
components:
  securitySchemes:
    Gate:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authtype: cognito_user_pools
      x-amazon-apigateway-authorizer:
        type: cognito_user_pools
        providerARNs:
          - arn:aws:cognito-idp:${AWS::Region}:${AWS::AccountId}:userpool/eu-west-1_abc
"#;

#[test]
fn imports_a_guarded_mock() {
    let options = ImportOptions { endpoint_type: Some("REGIONAL".to_owned()), ..ImportOptions::default() };
    let imported = import_with(GUARDED, &options).unwrap();
    assert_eq!(imported.warnings, Vec::<String>::new());
    let api = &imported.definition.rest_api;
    assert_eq!(
        (api.name.as_str(), api.version.as_deref(), api.description.as_deref()),
        ("Weather", Some("1.0"), Some("Events"))
    );
    assert_eq!((api.endpoint_configuration.types.as_slice(), &api.tags), (["REGIONAL".to_owned()].as_slice(), &None));
    let [authorizer] = imported.definition.authorizers.as_slice() else { panic!("one authorizer") };
    assert_eq!(
        serde_json::to_value(authorizer).unwrap(),
        json!({ "id": authorizer.id, "restApiId": "a1b2c3d4e5", "tenant": { "account": "000000000000", "region": "eu-west-1" },
            "name": "Gate", "type": "COGNITO_USER_POOLS", "authType": "cognito_user_pools",
            "providerARNs": ["arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_abc"],
            "identitySource": "method.request.header.Authorization" })
    );
    let [root] = imported.definition.resources.as_slice() else { panic!("only the root") };
    assert_eq!((&root.id, root.parent_id.as_ref(), root.path.as_str()), (&api.root_resource_id, None, "/"));
    assert_eq!(
        operation(&imported, "/", "GET"),
        json!({ "httpMethod": "GET", "authorizationType": "COGNITO_USER_POOLS", "authorizerId": authorizer.id,
            "authorizationScopes": ["weather-api/get"], "apiKeyRequired": false,
            "methodResponses": { "200": { "statusCode": "200",
                "responseParameters": { "method.response.header.Content-Type": false } } },
            "methodIntegration": { "type": "MOCK",
                "requestTemplates": { "application/json": "{\n    \"statusCode\":  200\n}" },
                "passthroughBehavior": "WHEN_NO_MATCH", "timeoutInMillis": 29000, "cacheNamespace": root.id,
                "cacheKeyParameters": [],
                "integrationResponses": { "200": { "statusCode": "200",
                    "responseParameters": { "method.response.header.Content-Type": "'application/json'" },
                    "responseTemplates": { "application/json": "{\"events\": [\n  {\"name\": \"Storm\"}\n]}\n" } } } } })
    );
    let compiled = compile(&imported.definition).unwrap();
    assert!(compiled.find("GET", "").is_ok());
}

#[test]
fn json_and_yaml_and_swagger_come_to_the_same() {
    let swagger = json!({ "swagger": "2.0", "info": { "title": "t", "version": 1 }, "consumes": ["text/json"],
        "definitions": { "Pet": { "type": "object" } },
        "parameters": { "Trace": { "name": "X-Trace", "in": "header" } },
        "responses": { "Fine": { "description": "", "schema": { "$ref": "#/definitions/Pet" }, "headers": { "X-A": {} } } },
        "paths": { "/pets/{id}": {
            "parameters": [{ "name": "id", "in": "path", "required": true, "type": "string" }, { "$ref": "#/parameters/Trace" }],
            "put": { "operationId": "PutPet",
                "parameters": [{ "name": "dry", "in": "query", "required": true },
                    { "name": "pet", "in": "body", "schema": { "$ref": "#/definitions/Pet" } }],
                "responses": { "200": { "$ref": "#/responses/Fine" } }, "x-amazon-apigateway-integration": mock() } } } });
    let openapi = json!({ "openapi": "3.1.0", "info": { "title": "t", "version": 1 },
        "components": {
            "schemas": { "Pet": { "type": "object" } },
            "parameters": { "Trace": { "name": "X-Trace", "in": "header" } },
            "requestBodies": { "Pet": { "content": { "text/json": { "schema": { "$ref": "#/components/schemas/Pet" } } } } },
            "responses": { "Fine": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Pet" } } },
                "headers": { "X-A": { "schema": { "type": "string" } } } } } },
        "paths": { "/pets/{id}/": {
            "parameters": [{ "name": "id", "in": "path" }, { "$ref": "#/components/parameters/Trace" }],
            "put": { "operationId": "PutPet", "parameters": [{ "name": "dry", "in": "query", "required": true }],
                "requestBody": { "$ref": "#/components/requestBodies/Pet" },
                "responses": { "200": { "$ref": "#/components/responses/Fine" } },
                "x-amazon-apigateway-integration": mock() } } } });
    let first = import_new(&swagger.to_string());
    assert_eq!(first, import_new(&openapi.to_string()));
    assert_eq!(first, import_new(&format!("# YAML, then\n{swagger}")));
    let method = operation(&first, "/pets/{id}", "PUT");
    assert_eq!(method["operationName"], "PutPet");
    assert_eq!(
        method["requestParameters"],
        json!({ "method.request.header.X-Trace": false, "method.request.path.id": true, "method.request.querystring.dry": true })
    );
    assert_eq!(method["requestModels"], json!({ "text/json": "Pet" }));
    assert_eq!(
        method["methodResponses"]["200"],
        json!({ "statusCode": "200", "responseParameters": { "method.response.header.X-A": false },
            "responseModels": { "application/json": "Pet" } })
    );
    let paths: Vec<_> = first.definition.resources.iter().map(|resource| resource.path.as_str()).collect();
    assert_eq!(paths, ["/", "/pets", "/pets/{id}"]);
    let parents: Vec<_> = first.definition.resources.iter().map(|resource| resource.parent_id.is_some()).collect();
    assert_eq!(parents, [false, true, true]);
    assert_eq!(first.definition.rest_api.version.as_deref(), Some("1"));
}

#[test]
fn reads_integrations_in_any_case() {
    let check = |extension: Value, expected: Value| {
        let mut parameters = json!([{ "name": "id", "in": "path" }]);
        parameters.as_array_mut().unwrap().push(json!({ "name": "X", "in": "header" }));
        let paths = json!({ "/a/{id}": { "x-amazon-apigateway-any-method": {
            "parameters": parameters, "x-amazon-apigateway-integration": extension } } });
        let imported = import_new(&with_paths(paths, json!({})));
        let method = operation(&imported, "/a/{id}", "ANY");
        let got = method["methodIntegration"].as_object().unwrap();
        for (member, value) in expected.as_object().unwrap() {
            assert_eq!(got.get(member).unwrap_or(&Value::Null), value, "{member}");
        }
    };
    check(
        json!({ "type": "http_proxy", "uri": "https://b/{id}", "httpMethod": "any", "payloadFormatVersion": "1.0",
            "requestParameters": { "integration.request.path.id": "method.request.path.id" }, "timeoutInMillis": 50 }),
        json!({ "type": "HTTP_PROXY", "uri": "https://b/{id}", "httpMethod": "ANY", "connectionType": "INTERNET",
            "timeoutInMillis": 50, "requestParameters": { "integration.request.path.id": "method.request.path.id" } }),
    );
    check(
        json!({ "type": "Mock", "httpMethod": "POST", "passthroughBehavior": "never" }),
        json!({ "type": "MOCK", "httpMethod": null, "connectionType": null, "passthroughBehavior": "NEVER", "timeoutInMillis": 29000 }),
    );
    check(
        json!({ "type": "aws_proxy", "httpMethod": "POST", "credentials": "arn:aws:iam::0:role/x", "contentHandling": "convert_to_text",
            "uri": "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/f/invocations" }),
        json!({ "type": "AWS_PROXY", "httpMethod": "POST", "connectionType": null, "contentHandling": "CONVERT_TO_TEXT",
            "credentials": "arn:aws:iam::0:role/x" }),
    );
    check(
        json!({ "type": "HTTP", "uri": "${stageVariables.url}", "responses": {
            "4\\d{2}": { "statusCode": "400" }, "default": { "statusCode": 200, "responseTemplates": { "application/json": null } } } }),
        json!({ "type": "HTTP", "integrationResponses": {
            "200": { "statusCode": "200" }, "400": { "statusCode": "400", "selectionPattern": "4\\d{2}" } } }),
    );
}

#[test]
fn requirements_become_authorization() {
    let authorizer = |kind: &str| {
        json!({ "type": "apiKey", "name": "X-Auth", "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": { "type": kind, "authorizerUri": "arn:f", "authorizerResultTtlInSeconds": 60,
            "identitySource": if kind == "request" { Value::from("method.request.querystring.q") } else { Value::Null } } })
    };
    let schemes = json!({ "components": { "securitySchemes": {
        "Token": authorizer("token"), "Request": authorizer("request"),
        "Key": { "type": "apiKey", "name": "x-api-key", "in": "header" },
        "Iam": { "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4" },
        "OAuth": { "type": "oauth2", "flows": {} },
    } }, "security": [{ "Iam": [] }] });
    let check = |security: Value, kind: &str, key: bool, authorized: bool| {
        let mut operation_ = json!({ "x-amazon-apigateway-integration": mock() });
        if !security.is_null() {
            operation_["security"] = security.clone();
        }
        let imported = import_new(&with_paths(json!({ "/": { "options": operation_ } }), schemes.clone()));
        let method = operation(&imported, "/", "OPTIONS");
        assert_eq!(method["authorizationType"], kind, "{security}");
        assert_eq!(method["apiKeyRequired"], key, "{security}");
        assert_eq!(method["authorizerId"].is_string(), authorized, "{security}");
        assert_eq!(method["authorizationScopes"], Value::Null, "{security}");
    };
    check(Value::Null, "AWS_IAM", false, false);
    check(json!([]), "NONE", false, false);
    check(json!([{ "Token": [] }]), "CUSTOM", false, true);
    check(json!([{ "Request": [], "Key": [] }]), "CUSTOM", true, true);
    check(json!([{ "Key": [] }, { "Token": [] }]), "CUSTOM", true, true);
    check(json!([{ "OAuth": ["a"] }]), "NONE", false, false);
    check(json!([{ "Iam": [] }]), "AWS_IAM", false, false);
    let imported = import_new(&with_paths(json!({}), schemes));
    let sources: Vec<_> = imported.definition.authorizers.iter().map(|one| one.identity_source.as_deref()).collect();
    assert_eq!(sources, [Some("method.request.querystring.q"), Some("method.request.header.X-Auth")]);
}

#[test]
fn reads_the_settings_of_an_api() {
    let imported = import_new(&with_paths(
        json!({ "/": { "get": { "x-amazon-apigateway-request-validator": "params" }, "put": {} } }),
        json!({
            "x-amazon-apigateway-api-key-source": "authorizer",
            "x-amazon-apigateway-binary-media-types": ["image/png", "*/*"],
            "x-amazon-apigateway-minimum-compression-size": 0,
            "x-amazon-apigateway-security-policy": "SecurityPolicy_TLS13_1_3_2025_09",
            "x-amazon-apigateway-endpoint-access-mode": "BASIC",
            "x-amazon-apigateway-policy": { "Version": "2012-10-17" },
            "x-amazon-apigateway-endpoint-configuration": { "types": ["PRIVATE"], "vpcEndpointIds": ["vpce-1"], "disableExecuteApiEndpoint": true },
            "x-amazon-apigateway-request-validators": {
                "all": { "validateRequestBody": true, "validateRequestParameters": true },
                "params": { "validateRequestParameters": "true" } },
            "x-amazon-apigateway-request-validator": "all",
            "x-amazon-apigateway-gateway-responses": { "DEFAULT_4XX": { "statusCode": 404,
                "responseParameters": { "gatewayresponse.header.X": "'y'" }, "responseTemplates": { "application/json": "{}" } } },
            "x-amazon-apigateway-importexport-version": "1.0", "tags": [], "unknown": 1,
        }),
    ));
    assert_eq!(imported.warnings, Vec::<String>::new());
    let stored = stored(&imported);
    let check = |pointer: &str, expected: Value| assert_eq!(stored.pointer(pointer), Some(&expected), "{pointer}");
    check("/restApi/apiKeySource", "AUTHORIZER".into());
    check("/restApi/binaryMediaTypes", json!(["image/png", "*/*"]));
    check("/restApi/minimumCompressionSize", 0.into());
    check("/restApi/securityPolicy", "SecurityPolicy_TLS13_1_3_2025_09".into());
    check("/restApi/endpointAccessMode", "BASIC".into());
    check("/restApi/policy", "{\"Version\":\"2012-10-17\"}".into());
    check(
        "/restApi/endpointConfiguration",
        json!({ "types": ["PRIVATE"], "ipAddressType": "dualstack", "vpcEndpointIds": ["vpce-1"] }),
    );
    check("/restApi/disableExecuteApiEndpoint", true.into());
    check("/requestValidators/0/name", "all".into());
    check("/requestValidators/1/validateRequestBody", false.into());
    check("/requestValidators/1/validateRequestParameters", true.into());
    let validator = |verb: &str| operation(&imported, "/", verb)["requestValidatorId"].clone();
    assert_eq!(validator("GET"), stored["requestValidators"][1]["id"]);
    assert_eq!(validator("PUT"), stored["requestValidators"][0]["id"]);
    check("/gatewayResponses/0/responseType", "DEFAULT_4XX".into());
    check("/gatewayResponses/0/statusCode", "404".into());
}

#[test]
fn the_base_path_stands_where_it_is_wanted() {
    let check = |document: &str, base_path: BasePath, expected: &str| {
        let options = ImportOptions { base_path, ..ImportOptions::default() };
        let imported = import_with(document, &options).unwrap();
        assert_eq!(imported.definition.resources.last().unwrap().path, expected, "{document} {base_path:?}");
    };
    let swagger = r#"{"swagger":"2.0","info":{"title":"t"},"basePath":"/v1/shop/","paths":{"/pets":{"get":{}}}}"#;
    check(swagger, BasePath::Ignore, "/pets");
    check(swagger, BasePath::Prepend, "/v1/shop/pets");
    check(swagger, BasePath::Split, "/shop/pets");
    let servers = |server: Value| with_paths(json!({ "/pets": { "get": {} } }), json!({ "servers": [server] }));
    check(&servers(json!({ "url": "https://a.b/v1/shop" })), BasePath::Prepend, "/v1/shop/pets");
    check(
        &servers(json!({ "url": "https://a.b/{basePath}", "variables": { "basePath": { "default": "/prod" } } })),
        BasePath::Prepend,
        "/prod/pets",
    );
    check(&servers(json!({ "url": "https://a.b" })), BasePath::Prepend, "/pets");
    check(&with_paths(json!({ "/pets": {} }), json!({})), BasePath::Split, "/pets");
}

#[test]
fn models_refer_to_each_other_by_url() {
    let body = |schema: Value| json!({ "post": { "requestBody": { "content": { "application/json": { "schema": schema } } } } });
    let imported = import_new(&with_paths(
        json!({
            "/named": body(json!({ "$ref": "#/components/schemas/Pet" })),
            "/inline": body(json!({ "type": "array", "items": { "$ref": "#/components/schemas/Pet" } })),
            "/empty": body(json!({ "$ref": "#/components/schemas/Empty" })),
            "/none": body(json!({})),
            "/gone": body(json!({ "$ref": "#/components/schemas/Gone" })),
        }),
        json!({ "components": { "schemas": {
            "Pet": { "type": "object", "description": "A pet", "properties": { "mother": { "$ref": "#/components/schemas/Pet" } } },
            "not_allowed": {} } } }),
    ));
    assert_eq!(
        imported.warnings,
        [
            "Unable to create model 'not_allowed': Model name must be alphanumeric: not_allowed",
            "Reference to model '#/components/schemas/Gone' not found. Ignoring."
                .replace("#/components/schemas/", "")
                .as_str(),
        ]
    );
    let url = "https://apigateway.amazonaws.com/restapis/a1b2c3d4e5/models/Pet";
    let models: Vec<_> = imported
        .definition
        .models
        .iter()
        .map(|model| (model.name.as_str(), model.schema.as_deref().unwrap()))
        .collect();
    let [(empty, _), (inline, items), (pet, mother)] = models.as_slice() else { panic!("{models:?}") };
    assert_eq!((*empty, *pet), ("Empty", "Pet"));
    assert!(inline.starts_with("MODEL") && inline.len() == 11, "{inline}");
    assert!(items.contains(url) && mother.contains(url), "{items} {mother}");
    let model = |path: &str| operation(&imported, path, "POST")["requestModels"]["application/json"].clone();
    assert_eq!((model("/named"), model("/inline"), model("/empty")), ("Pet".into(), (*inline).into(), "Empty".into()));
    assert_eq!((model("/none"), model("/gone")), (Value::Null, Value::Null));
}

#[test]
fn reads_the_options_of_a_request() {
    let check = |parameters: &[(&str, &str)], expected: Option<ImportOptions>| {
        assert_eq!(ImportOptions::from_query(parameters.iter().copied()).ok(), expected);
    };
    check(&[("mode", "import")], Some(ImportOptions::default()));
    check(
        &[("ignore", "documentation")],
        Some(ImportOptions { ignores_documentation: true, ..ImportOptions::default() }),
    );
    check(
        &[("failonwarnings", "true"), ("basepath", "split"), ("endpointConfigurationTypes", "REGIONAL")],
        Some(ImportOptions {
            fail_on_warnings: true,
            base_path: BasePath::Split,
            endpoint_type: Some("REGIONAL".to_owned()),
            ..ImportOptions::default()
        }),
    );
    check(&[("basepath", "x")], None);
    check(&[("endpointConfigurationTypes", "x")], None);
}
