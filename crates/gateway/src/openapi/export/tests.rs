//! Tests of exports.

use claviger_resources::rest_api::{DocumentationPart, IntegrationType, MethodVerb};
use claviger_resources::{AccountId, DocumentationPartId, Random, Region, RestApiId, Tenant, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::openapi::{ImportOptions, Imported, Target, import};

struct Counting(u32);

impl Random for Counting {
    fn fill(&mut self, buffer: &mut [u8]) {
        for byte in buffer {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = u8::try_from(self.0 >> 24).unwrap();
        }
    }
}

fn tenant() -> Tenant {
    Tenant { account: AccountId::DEFAULT, region: Region::parse("eu-west-1").unwrap() }
}

fn imported(document: &str, id: &str, seed: u32) -> Imported {
    let id = RestApiId::parse(id).unwrap();
    let target = Target::New { id: &id, tenant: &tenant(), now: Timestamp::from_seconds(1) };
    import(document.as_bytes(), &ImportOptions::default(), target, &mut Counting(seed)).unwrap()
}

/// An API with everything that a document can say of one.
fn everything() -> Value {
    let integration = |kind: &str, uri: &str| json!({ "type": kind, "httpMethod": "POST", "uri": uri });
    let mut aws = integration("aws", "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/f/invocations");
    for (member, value) in [
        ("credentials", json!("arn:aws:iam::000000000000:role/r")),
        ("requestTemplates", json!({ "application/json": "#set($a = 1)\n$a" })),
        ("passthroughBehavior", json!("when_no_templates")),
        ("contentHandling", json!("CONVERT_TO_TEXT")),
        ("timeoutInMillis", json!(5000)),
        ("cacheNamespace", json!("own")),
        ("cacheKeyParameters", json!(["method.request.querystring.q"])),
        (
            "responses",
            json!({
                "default": { "statusCode": "200", "responseParameters": { "method.response.header.X": "'x'" },
                    "responseTemplates": { "application/json": "$input.body" } },
                "4\\d{2}": { "statusCode": "400", "contentHandling": "CONVERT_TO_BINARY" },
            }),
        ),
    ] {
        aws[member] = value;
    }
    let mut http = integration("http_proxy", "https://b.example/{id}");
    http["requestParameters"] = json!({ "integration.request.path.id": "method.request.path.id" });
    http["tlsConfig"] = json!({ "insecureSkipVerification": true });
    http["responseTransferMode"] = json!("STREAM");
    let authorizer = |kind: &str, more: Value| {
        let mut extension = json!({ "type": kind });
        extension.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "type": "apiKey", "name": "X-Auth", "in": "header", "x-amazon-apigateway-authtype": "custom",
            "x-amazon-apigateway-authorizer": extension })
    };
    let function =
        json!({ "authorizerUri": "arn:f", "authorizerResultTtlInSeconds": 60, "identityValidationExpression": "a+" });
    let of_request =
        json!({ "authorizerUri": "arn:f", "identitySource": "method.request.querystring.q, method.request.header.H" });
    json!({
        "openapi": "3.0.1",
        "info": { "title": "Storms \u{e9}", "version": "1.2", "description": "Where \"they\" are",
            "contact": { "name": "Ops" }, "license": { "name": "MIT" } },
        "tags": [{ "name": "storms", "description": "All of them" }],
        "paths": {
            "/": { "get": { "security": [{ "sigv4": [] }] } },
            "/empty/leaf": {},
            "/storms": {
                "parameters": [{ "name": "q", "in": "query", "description": "Which" }],
                "description": "The storms",
                "post": {
                    "operationId": "add", "summary": "Adds", "tags": ["storms"], "deprecated": true,
                    "requestBody": { "description": "A storm", "content": {
                        "application/json": { "schema": { "$ref": "#/components/schemas/Storm" } },
                        "text/json": { "schema": { "$ref": "#/components/schemas/Storms" } } } },
                    "responses": {
                        "200": { "description": "Added", "headers": { "X": { "description": "Where", "schema": { "type": "string" } } },
                            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Empty" } } } },
                        "400": { "description": "400 response" } },
                    "security": [{ "pool": ["storms/add", "storms/all"] }, { "api_key": [] }],
                    "x-amazon-apigateway-request-validator": "all",
                    "x-amazon-apigateway-integration": aws,
                },
                "options": { "security": [{ "token": [] }], "x-amazon-apigateway-request-validator": "body" },
            },
            "/storms/{id}": { "x-amazon-apigateway-any-method": {
                "parameters": [{ "name": "id", "in": "path" }, { "name": "H", "in": "header", "required": true }],
                "security": [{ "request": [] }], "x-amazon-apigateway-integration": http } },
        },
        "components": {
            "schemas": {
                "Storm": { "type": "object", "description": "One", "properties": { "next": { "$ref": "#/components/schemas/Storm" } } },
                "Storms": { "type": "array", "items": { "$ref": "#/components/schemas/Storm" } },
            },
            "securitySchemes": {
                "pool": { "type": "apiKey", "name": "Authorization", "in": "header", "description": "Ours",
                    "x-amazon-apigateway-authtype": "cognito_user_pools",
                    "x-amazon-apigateway-authorizer": { "type": "cognito_user_pools",
                        "providerARNs": ["arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_abc"] } },
                "token": authorizer("token", function),
                "request": authorizer("request", of_request),
                "sigv4": { "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4" },
                "api_key": { "type": "apiKey", "name": "x-api-key", "in": "header" },
            },
        },
        "x-amazon-apigateway-api-key-source": "AUTHORIZER",
        "x-amazon-apigateway-binary-media-types": ["image/png"],
        "x-amazon-apigateway-minimum-compression-size": 10,
        "x-amazon-apigateway-security-policy": "TLS_1_2",
        "x-amazon-apigateway-endpoint-access-mode": "STRICT",
        "x-amazon-apigateway-policy": { "Version": "2012-10-17", "Statement": [] },
        "x-amazon-apigateway-endpoint-configuration": { "types": ["REGIONAL"], "ipAddressType": "dualstack", "disableExecuteApiEndpoint": true },
        "x-amazon-apigateway-request-validators": {
            "all": { "validateRequestBody": true, "validateRequestParameters": true },
            "body": { "validateRequestBody": true, "validateRequestParameters": false } },
        "x-amazon-apigateway-gateway-responses": { "THROTTLED": { "statusCode": "503",
            "responseParameters": { "gatewayresponse.header.X": "'y'" }, "responseTemplates": { "application/json": "{}" } }, "UNAUTHORIZED": {} },
        "x-claviger-role-mapping": { "scopes": { "storms/add": ["writer"] }, "roles": { "writer": ["POST /storms"] } },
    })
}

/// The parts of an import as a documentation version has them.
fn version_of(imported: &Imported) -> DocumentationVersion {
    let part = |(number, part): (usize, &crate::openapi::documentation::ImportedPart)| DocumentationPart {
        id: DocumentationPartId::parse(&format!("p{number}")).unwrap(),
        rest_api_id: imported.definition.rest_api.id.clone(),
        tenant: tenant(),
        location: part.location.clone(),
        properties: part.properties_text(),
    };
    DocumentationVersion {
        version: "v1".to_owned(),
        rest_api_id: imported.definition.rest_api.id.clone(),
        tenant: tenant(),
        created_date: Timestamp::from_seconds(1),
        description: None,
        parts: imported.documentation.iter().flatten().enumerate().map(part).collect(),
    }
}

fn exported(imported: &Imported, kind: ExportType, extensions: &str) -> Value {
    let documentation = version_of(imported);
    let exported = Exported {
        definition: &imported.definition,
        stage: "dev",
        documentation: Some(&documentation),
        role_table: imported.role_table.as_ref(),
    };
    document(exported, kind, Extensions::parse(extensions).unwrap())
}

/// What two imports of one API have in common: everything but ids, which are replaced by what they name.
fn without_ids(imported: &Imported) -> Value {
    let definition = &imported.definition;
    let mut names: Vec<(String, String)> = vec![(definition.rest_api.id.to_string(), "API".to_owned())];
    let mut name = |id: &str, name: String| names.push((format!("\"{id}\""), format!("\"{name}\"")));
    definition.resources.iter().for_each(|one| name(one.id.as_str(), format!("resource {}", one.path)));
    definition.authorizers.iter().for_each(|one| name(one.id.as_str(), format!("authorizer {}", one.name)));
    definition.models.iter().for_each(|one| name(&one.id, format!("model {}", one.name)));
    definition.request_validators.iter().for_each(|one| {
        name(one.id.as_str(), format!("validator {}", one.name.clone().unwrap_or_default()));
    });
    let mut parts: Vec<String> = imported
        .documentation
        .iter()
        .flatten()
        .map(|part| format!("{} {}", part.location, part.properties_text()))
        .collect();
    parts.sort();
    let mut definition = plain(definition);
    for model in definition["models"].as_array_mut().unwrap() {
        // `$schema` is not exported; a schema's text may be written in more than one way.
        let mut schema: Map<String, Value> = serde_json::from_str(model["schema"].as_str().unwrap()).unwrap();
        schema.shift_remove("$schema");
        model["schema"] = schema.into();
    }
    for (list, name) in [("requestValidators", "name"), ("gatewayResponses", "responseType")] {
        definition[list].as_array_mut().unwrap().sort_by_key(|one| one[name].to_string());
    }
    let text = json!([definition, plain(&imported.role_table), parts]).to_string();
    let text = names.iter().fold(text, |text, (id, name)| text.replace(id, name));
    serde_json::from_str(&text).unwrap()
}

#[test]
fn what_is_exported_imports_to_an_equal_api() {
    let first = imported(&everything().to_string(), "a1b2c3d4e5", 1);
    assert_eq!(first.warnings, Vec::<String>::new());
    for kind in [ExportType::Oas30, ExportType::Swagger] {
        let document = exported(&first, kind, "apigateway");
        assert_eq!(exported(&first, kind, "apigateway").to_string(), document.to_string());
        for text in [document.to_string(), to_yaml(&document)] {
            let second = imported(&text, "z9y8x7w6v5", 2);
            assert_eq!(second.warnings, Vec::<String>::new(), "{text}");
            let (mut before, mut after) = (without_ids(&first), without_ids(&second));
            if kind == ExportType::Swagger {
                // Swagger has one schema for the body, whatever its media type.
                let models = "/0/resources/3/methods/POST/requestModels";
                assert_eq!(before.pointer(models).unwrap()["text/json"], "Storms");
                *before.pointer_mut(models).unwrap() = Value::Null;
                *after.pointer_mut(models).unwrap() = Value::Null;
            }
            for (after, before) in after.as_array().unwrap().iter().zip(before.as_array().unwrap()) {
                assert_eq!(after, before, "{kind:?}");
            }
        }
    }
}

#[test]
fn a_document_looks_as_api_gateways_own() {
    let api = imported(&everything().to_string(), "a1b2c3d4e5", 1);
    let document = exported(&api, ExportType::Oas30, "");
    let check = |document: &Value, pointer: &str, expected: Value| {
        assert_eq!(document.pointer(pointer).unwrap_or(&Value::Null), &expected, "{pointer} of {document}");
    };
    check(&document, "/openapi", "3.0.1".into());
    check(&document, "/info/version", "1.2".into());
    check(&document, "/info/contact/name", "Ops".into());
    check(
        &document,
        "/servers",
        json!([{ "url": "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/{basePath}",
            "variables": { "basePath": { "default": "/dev" } } }]),
    );
    check(&document, "/paths/~1empty", Value::Null);
    check(&document, "/paths/~1empty~1leaf", json!({}));
    let add = "/paths/~1storms/post";
    check(&document, &format!("{add}/operationId"), "add".into());
    check(&document, &format!("{add}/summary"), "Adds".into());
    check(
        &document,
        &format!("{add}/parameters"),
        json!([{ "name": "q", "in": "query", "description": "Which", "schema": { "type": "string" } }]),
    );
    check(&document, &format!("{add}/responses/200/description"), "Added".into());
    check(&document, &format!("{add}/responses/400/description"), "400 response".into());
    check(&document, &format!("{add}/security"), json!([{ "pool": ["storms/add", "storms/all"] }, { "api_key": [] }]));
    check(&document, "/components/schemas/Storm/properties/next", json!({ "$ref": "#/components/schemas/Storm" }));
    check(&document, "/components/schemas/Empty", json!({ "title": "Empty Schema", "type": "object" }));
    check(
        &document,
        "/components/securitySchemes/sigv4",
        json!({ "type": "apiKey", "name": "Authorization", "in": "header" }),
    );
    check(&document, "/components/securitySchemes/request/name", "Unused".into());
    let extensions = document.to_string().replace("x-amazon-apigateway-any-method", "");
    assert!(!extensions.contains("x-amazon-"), "{document}");

    let swagger = exported(&api, ExportType::Swagger, "integrations,postman");
    check(&swagger, "/swagger", "2.0".into());
    check(&swagger, "/host", "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com".into());
    check(&swagger, "/basePath", "/dev".into());
    check(&swagger, "/schemes", json!(["https"]));
    check(&swagger, &format!("{add}/consumes"), json!(["application/json", "text/json"]));
    check(&swagger, &format!("{add}/produces"), json!(["application/json"]));
    check(
        &swagger,
        &format!("{add}/parameters/1"),
        json!({ "in": "body", "name": "Storm", "required": true, "description": "A storm", "schema": { "$ref": "#/definitions/Storm" } }),
    );
    check(&swagger, &format!("{add}/responses/200/schema"), json!({ "$ref": "#/definitions/Empty" }));
    check(
        &swagger,
        &format!("{add}/responses/200/headers"),
        json!({ "X": { "description": "Where", "type": "string" } }),
    );
    check(&swagger, &format!("{add}/x-amazon-apigateway-integration/type"), "aws".into());
    check(&swagger, &format!("{add}/x-amazon-apigateway-integration/passthroughBehavior"), "when_no_templates".into());
    check(&swagger, &format!("{add}/x-amazon-apigateway-request-validator"), Value::Null);
    check(&swagger, &format!("{add}/x-postman-meta/currentHelper"), "awsSigV4".into());
    check(&swagger, "/securityDefinitions/token/x-amazon-apigateway-authorizer", Value::Null);
    check(&swagger, "/x-amazon-apigateway-documentation", Value::Null);
    let any = "/paths/~1storms~1{id}/x-amazon-apigateway-any-method/x-amazon-apigateway-integration";
    check(&swagger, &format!("{any}/type"), "http_proxy".into());
    check(&swagger, &format!("{any}/connectionType"), Value::Null);

    let authorizers = exported(&api, ExportType::Oas30, "authorizers,documentation");
    let token = "/components/securitySchemes/token";
    check(&authorizers, &format!("{token}/x-amazon-apigateway-authtype"), "custom".into());
    check(
        &authorizers,
        &format!("{token}/x-amazon-apigateway-authorizer"),
        json!({ "type": "token", "authorizerUri": "arn:f", "identityValidationExpression": "a+", "authorizerResultTtlInSeconds": 60 }),
    );
    check(&authorizers, "/x-amazon-apigateway-documentation/version", "v1".into());
    check(&authorizers, &format!("{add}/x-amazon-apigateway-integration"), Value::Null);
    check(&authorizers, "/x-amazon-apigateway-policy", Value::Null);
}

#[test]
fn an_api_without_a_version_is_called_after_the_time_it_was_made() {
    let mut api = imported(r#"{"swagger":"2.0","info":{"title":"t"},"paths":{}}"#, "a1b2c3d4e5", 1).definition;
    api.rest_api.created_date = Timestamp::from_milliseconds(1_893_456_000_250);
    assert_eq!(version(&api), "2030-01-01T00:00:00Z");
}

#[test]
fn names_that_are_missing_or_taken_are_replaced_by_ids() {
    let document = json!({ "swagger": "2.0", "info": { "title": "t" }, "paths": {},
        "x-amazon-apigateway-request-validators": { "a": {}, "b": {} } });
    let mut api = imported(&document.to_string(), "a1b2c3d4e5", 1).definition;
    let ids: Vec<String> = api.request_validators.iter().map(|one| one.id.to_string()).collect();
    let names = |api: &RestApiDefinition| {
        let names = settings::validator_names(&api.request_validators);
        ids.iter().map(|id| names[id.as_str()].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&api), ["a", "b"]);
    api.request_validators[1].name = Some("a".to_owned());
    assert_eq!(names(&api), ["a", ids[1].as_str()]);
    api.request_validators[0].name = None;
    assert_eq!(names(&api), [ids[0].as_str(), "a"]);
}

#[test]
fn the_more_special_documentation_has_the_last_word() {
    let part = |location: Value, text: &str| json!({ "location": location, "properties": { "description": text } });
    let document = json!({ "openapi": "3.0.1", "info": { "title": "t" },
        "paths": {
            "/a/b": { "get": { "responses": { "200": {}, "400": {}, "404": {} } }, "put": { "responses": { "200": {} } } },
            "/ab": { "get": { "responses": { "200": {} } } } },
        "x-amazon-apigateway-documentation": { "documentationParts": [
            part(json!({ "type": "RESPONSE", "path": "/a", "method": "GET", "statusCode": "400" }), "special"),
            part(json!({ "type": "RESPONSE", "path": "/a", "method": "GET" }), "of GET"),
            part(json!({ "type": "RESPONSE", "path": "/a" }), "of /a"),
            part(json!({ "type": "RESPONSE" }), "of all"),
            part(json!({ "type": "METHOD", "path": "/a" }), "not inherited"),
            part(json!({ "type": "METHOD", "path": "/a/b", "method": "PUT" }), "of PUT"),
        ] } });
    let api = imported(&document.to_string(), "a1b2c3d4e5", 1);
    let document = exported(&api, ExportType::Oas30, "");
    let check = |pointer: &str, expected: Value| {
        assert_eq!(document.pointer(pointer).unwrap_or(&Value::Null), &expected, "{pointer}");
    };
    check("/paths/~1a~1b/get/responses/400/description", "special".into());
    check("/paths/~1a~1b/get/responses/404/description", "of GET".into());
    check("/paths/~1a~1b/put/responses/200/description", "of /a".into());
    check("/paths/~1ab/get/responses/200/description", "of all".into());
    check("/paths/~1a~1b/get/description", Value::Null);
    check("/paths/~1a~1b/put/description", "of PUT".into());
}

#[test]
fn words_of_the_extensions_parameter_are_known_or_refused() {
    let check =
        |text: &str, expected: Result<Extensions, &str>| assert_eq!(Extensions::parse(text), expected, "{text}");
    check("", Ok(Extensions::default()));
    check(
        "integrations, authorizers",
        Ok(Extensions { integrations: true, authorizers: true, ..Extensions::default() }),
    );
    check("postman", Ok(Extensions { postman: true, ..Extensions::default() }));
    check(
        "apigateway",
        Ok(Extensions {
            integrations: true,
            authorizers: true,
            documentation: true,
            api_gateway: true,
            postman: false,
        }),
    );
    check("integrations,all", Err("all"));
}

fn text() -> impl Strategy<Value = String> {
    "[a-z0-9'\"\\\\ :#{}\\n\u{e9}-]{1,12}"
}

fn words() -> impl Strategy<Value = BTreeMap<String, String>> {
    proptest::collection::btree_map("[a-z]{1,6}/[a-z]{1,6}", text(), 0..3)
}

proptest! {
    #[test]
    fn any_api_comes_back_as_it_was(
        names in proptest::collection::btree_set("[a-z]{1,4}(/[a-z]{1,3}){0,2}", 0..5),
        title in text(),
        templates in words(),
        kind in 0_usize..4,
        verbs in proptest::collection::btree_set(0_usize..MethodVerb::ALL.len(), 0..3),
        (key, scoped, timeout, pattern) in (any::<bool>(), any::<bool>(), 50_u32..29_000, "[a-z.*]{0,4}"),
    ) {
        let authorizer = json!({ "openapi": "3.0.1", "info": { "title": "t" }, "paths": {},
            "components": everything()["components"].clone() });
        let mut first = imported(&authorizer.to_string(), "a1b2c3d4e5", 1);
        first.definition.rest_api.name.clone_from(&title);
        let pool = first.definition.authorizers.iter().find(|one| one.name == "pool").unwrap().id.clone();
        let paths: Map<String, Value> = names.iter().map(|name| (format!("/{name}"), json!({}))).collect();
        let id = RestApiId::parse("a1b2c3d4e5").unwrap();
        let more = json!({ "openapi": "3.0.1", "info": { "title": title }, "paths": paths }).to_string();
        prop_assert_eq!(&id, &first.definition.rest_api.id);
        first.definition = import(more.as_bytes(), &ImportOptions::default(), Target::Merge(&first.definition), &mut Counting(7))
            .unwrap()
            .definition;
        let kinds = [IntegrationType::Mock, IntegrationType::Http, IntegrationType::AwsProxy, IntegrationType::HttpProxy];
        for resource in &mut first.definition.resources {
            for verb in &verbs {
                let verb = MethodVerb::ALL[*verb];
                let uri = match kinds[kind] {
                    IntegrationType::Mock => Value::Null,
                    IntegrationType::AwsProxy => "arn:aws:apigateway:eu-west-1:lambda:path/f".into(),
                    _ => "https://b.example/".into(),
                };
                let is_http = matches!(kinds[kind], IntegrationType::Http | IntegrationType::HttpProxy);
                let mut method = json!({ "httpMethod": verb.as_str(), "apiKeyRequired": key,
                    "methodResponses": { "200": { "statusCode": "200" } },
                    "methodIntegration": { "type": plain(&kinds[kind]), "uri": uri, "timeoutInMillis": timeout,
                        "connectionType": if is_http { "INTERNET".into() } else { Value::Null },
                        "cacheNamespace": resource.id,
                        "integrationResponses": { "200": { "statusCode": "200",
                            "selectionPattern": if pattern.is_empty() { Value::Null } else { pattern.as_str().into() } } } } });
                if !templates.is_empty() {
                    method["methodIntegration"]["requestTemplates"] = json!(templates);
                }
                if scoped {
                    method["authorizationType"] = "COGNITO_USER_POOLS".into();
                    method["authorizerId"] = pool.as_str().into();
                    method["authorizationScopes"] = json!([title]);
                }
                resource.methods.insert(verb, serde_json::from_value(method).unwrap());
            }
        }
        for kind in [ExportType::Oas30, ExportType::Swagger] {
            let document = exported(&first, kind, "apigateway");
            let second = imported(&to_yaml(&document), "z9y8x7w6v5", 2);
            let mut before = without_ids(&first);
            // What a document is called is its version, which an API may lack.
            before[0]["restApi"]["version"] = version(&first.definition).into();
            prop_assert_eq!(without_ids(&second), before, "{}", document);
        }
    }
}
