//! Tests of documents that are refused, and of what they are told.

use super::*;

#[test]
fn an_answer_is_transferred_only_in_ways_and_times_that_can_be() {
    let check = |members: Value, expected: &str| {
        let mut integration = json!({ "type": "http_proxy", "httpMethod": "GET", "uri": "https://b.c" });
        integration.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let paths = json!({ "/": { "get": { "x-amazon-apigateway-integration": integration } } });
        let message = import_with(&with_paths(paths, json!({})), &ImportOptions::default()).unwrap_err().to_string();
        assert!(message.ends_with(&format!("resource at path '/': {expected}")), "{members}: {message}");
    };
    check(json!({ "timeoutInMillis": "x" }), "Timeout should be between 50 ms and 29000 ms");
    let streams_for = |milliseconds: u32| json!({ "responseTransferMode": "stream", "timeoutInMillis": milliseconds });
    check(streams_for(900_001), "Timeout should be between 50 ms and 900000 ms");
    check(json!({ "responseTransferMode": "x" }), "Invalid response transfer mode specified: X");
    check(
        json!({ "type": "mock", "responseTransferMode": "STREAM" }),
        "Response transfer mode STREAM is only supported for integrations of type HTTP_PROXY and AWS_PROXY",
    );
}

#[test]
fn all_errors_are_told_at_once_in_the_words_of_api_gateway() {
    let check = |document: &str, expected: &[&str]| {
        let message = import_with(document, &ImportOptions::default()).unwrap_err().to_string();
        assert_eq!(message, format!("Errors found during import:\n\t{}", expected.join("\n\t")));
    };
    let get = |extension: Value| json!({ "get": { "x-amazon-apigateway-integration": extension } });
    check(
        &with_paths(
            json!({
                "/": get(json!({ "type": "http", "uri": "ftp://x" })),
                "/{proxy+}": { "x-amazon-apigateway-any-method": { "x-amazon-apigateway-integration": {
                    "type": "aws", "uri": "arn:aws:apigateway:eu-west-1:sqs:queue" } } },
            }),
            json!({}),
        ),
        &[
            "Unable to put integration on 'GET' for resource at path '/': Invalid HTTP endpoint specified for URI",
            "Unable to put integration on 'ANY' for resource at path '/{proxy+}': AWS ARN for integration must contain path or action",
        ],
    );
    let integration = |extension: Value, reason: &str| {
        check(
            &with_paths(json!({ "/": get(extension) }), json!({})),
            &[&format!("Unable to put integration on 'GET' for resource at path '/': {reason}")],
        );
    };
    let mapping =
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression";
    integration(
        json!({ "type": "lambda" }),
        "Invalid integration type specified: LAMBDA. Must be one of: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]",
    );
    integration(json!({}), "Integration type must be specified");
    integration(json!({ "type": "aws_proxy", "uri": "x" }), "Invalid ARN specified in the request");
    integration(json!({ "type": "mock", "timeoutInMillis": 30000 }), "Timeout should be between 50 ms and 29000 ms");
    integration(json!({ "type": "mock", "passthroughBehavior": "x" }), "Invalid passthrough behavior specified: X");
    integration(
        json!({ "type": "mock", "requestParameters": { "integration.request.header.a": "method.request.header.A" } }),
        &format!("{mapping} parameter specified: method.request.header.A]"),
    );
    integration(
        json!({ "type": "mock", "requestParameters": { "integration.request.header.a": true } }),
        &format!("{mapping} specified: true]"),
    );
    let response = |response: Value, reason: &str| {
        check(
            &with_paths(
                json!({ "/": get(json!({ "type": "mock", "responses": { "default": response } })) }),
                json!({}),
            ),
            &[&format!("Unable to put integration response on 'GET' for resource at path '/': {reason}")],
        );
    };
    response(json!({ "statusCode": "600" }), "Invalid status code specified: '600'");
    response(
        json!({ "statusCode": "200", "responseParameters": { "method.response.header.X": "'y'" } }),
        &format!("{mapping} parameter specified: method.response.header.X]"),
    );
    let path = |paths: Value, path: &str, reason: &str| {
        check(&with_paths(paths, json!({})), &[&format!("Unable to create resource at path '{path}': {reason}")]);
    };
    let rule = "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the \
                beginning and the end.";
    path(json!({ "/a b": {} }), "/a b", rule);
    path(json!({ "/x{a}": {} }), "/x{a}", rule);
    path(json!({ "/{}": {} }), "/{}", rule);
    path(json!({ "/{a+}/b": {} }), "/{a+}/b", "Cannot create a child of a resource with a greedy path variable: {a+}");
    path(
        json!({ "/a/{b}/x": {}, "/a/{c}": {} }),
        "/a/{c}",
        "A sibling ({b}) of this resource already has a variable path part -- only one is allowed",
    );
    check(
        &with_paths(
            json!({ "/": { "get": { "parameters": [{ "name": "a", "in": "query" }, { "name": "a", "in": "header" }] } } }),
            json!({}),
        ),
        &[
            "Unable to put method 'GET' on resource at path '/': Parameter names must be unique across querystring, header and path",
        ],
    );
    let scheme = |extension: Value, reason: &str| {
        let scheme =
            json!({ "type": "apiKey", "name": "A", "in": "header", "x-amazon-apigateway-authorizer": extension });
        check(
            &with_paths(json!({}), json!({ "components": { "securitySchemes": { "S": scheme } } })),
            &[&format!("Unable to create authorizer 'S': {reason}")],
        );
    };
    scheme(json!({ "type": "jwt" }), "jwtConfiguration is required");
    scheme(
        json!({ "type": "cognito_user_pools", "providerARNs": ["CognitoUserPool.Arn"] }),
        "Invalid ARN specified in the request: CognitoUserPool.Arn",
    );
    scheme(json!({ "type": "cognito_user_pools" }), "providerARNs must name at least one user pool");
    scheme(json!({ "type": "token" }), "authorizerUri is required");
    scheme(
        json!({ "type": "token", "authorizerUri": "x", "authorizerResultTtlInSeconds": 3601 }),
        "Authorizer result TTL must be between 0 and 3600 seconds, not 3601",
    );
    check("swagger: '2.0'", &["API title is missing: info.title is required"]);
}

#[test]
fn refuses_what_is_no_openapi_document() {
    let check = |document: &str| {
        let error = import_with(document, &ImportOptions::default()).unwrap_err();
        assert_eq!(error.to_string(), "Invalid OpenAPI input.", "{document}");
        assert!(std::error::Error::source(&error).is_some_and(|source| !source.to_string().is_empty()));
    };
    check("");
    check("[]");
    check("{");
    check("a: [");
    check("info: {title: t}");
    check("swagger: '1.2'");
    check("openapi: 4.0.0");
    check("{\"openapi\": \"3.0.0\", \"swagger\": \"2.0\"}");
    let id = RestApiId::parse("a").unwrap();
    let target = Target::New { id: &id, tenant: &tenant(), now: Timestamp::default() };
    let import = |bytes: &[u8]| import(bytes, &ImportOptions::default(), target, &mut Counting(1)).unwrap_err();
    assert_eq!(import(&[0xff, 0xfe]).to_string(), "Invalid OpenAPI input.");
    assert_eq!(import(&vec![b' '; 6 * 1024 * 1024 + 1]), ImportError::TooLarge);
    assert_eq!(import("\u{feff}[]".as_bytes()).to_string(), "Invalid OpenAPI input.");
}

#[test]
fn warnings_refuse_a_document_only_when_asked() {
    let document = with_paths(json!({ "/": { "get": { "security": [{ "None": [] }] } } }), json!({}));
    assert_eq!(import_new(&document).warnings, ["Security scheme 'None' not found. Ignoring."]);
    let options = ImportOptions { fail_on_warnings: true, ..ImportOptions::default() };
    assert_eq!(
        import_with(&document, &options).unwrap_err().to_string(),
        "Warnings found during import:\n\tSecurity scheme 'None' not found. Ignoring."
    );
}

#[test]
fn circular_references_end() {
    let document = with_paths(
        json!({ "/": { "$ref": "#/components/x/a" } }),
        json!({ "components": { "x": { "a": { "$ref": "#/components/x/b" }, "b": { "$ref": "#/components/x/a" } } } }),
    );
    assert_eq!(import_new(&document).definition.resources.len(), 1);
}

#[test]
fn an_api_gets_no_more_by_import_than_call_by_call() {
    let no_more = |what: &str| {
        format!(
            "Maximum number of {what} for this API has been reached. Please contact AWS if you need additional {what}."
        )
    };
    let check = |document: &str, expected: &str| {
        let message = import_with(document, &ImportOptions::default()).unwrap_err().to_string();
        assert_eq!(message, format!("Errors found during import:\n\t{expected}"));
    };
    let paths = |count: usize| (0..count).map(|n| (format!("/p{n:03}"), json!({}))).collect::<serde_json::Map<_, _>>();
    assert_eq!(import_new(&with_paths(paths(299).into(), json!({}))).definition.resources.len(), 300);
    let refused = format!("Unable to create resource at path '/p299': {}", no_more("resources"));
    check(&with_paths(paths(300).into(), json!({})), &refused);
    // A path is made segment by segment: one of a million must not be.
    let deep = "/a".repeat(1_000_000);
    let message = import_with(&with_paths(json!({ deep: {} }), json!({})), &ImportOptions::default()).unwrap_err();
    assert!(message.to_string().ends_with(&no_more("resources")), "{}", message.to_string().len());

    let scheme = json!({ "type": "apiKey", "name": "A", "in": "header",
        "x-amazon-apigateway-authorizer": { "type": "token", "authorizerUri": "x" } });
    let schemes =
        |count: usize| (0..count).map(|n| (format!("s{n:02}"), scheme.clone())).collect::<serde_json::Map<_, _>>();
    let with_schemes = |count| with_paths(json!({}), json!({ "components": { "securitySchemes": schemes(count) } }));
    let full = import_new(&with_schemes(10)).definition;
    check(&with_schemes(11), &format!("Unable to create authorizer 's10': {}", no_more("Authorizers")));
    let one = with_paths(json!({}), json!({ "components": { "securitySchemes": { "other": scheme } } }));
    let import = |target| import(one.as_bytes(), &ImportOptions::default(), target, &mut Counting(1));
    assert!(import(Target::Merge(&full)).unwrap_err().to_string().ends_with(&no_more("Authorizers")));
    assert_eq!(import(Target::Overwrite(&full)).unwrap().definition.authorizers.len(), 1);

    let policy = with_paths(json!({}), json!({ "x-amazon-apigateway-policy": { "Version": "x".repeat(8_192) } }));
    check(&policy, "The policy must be at most 8192 characters");
}

#[test]
fn a_few_bytes_cannot_stand_for_many() {
    let large = "x".repeat(1024 * 1024);
    let integration = json!({ "type": "mock", "requestTemplates": { "application/json": large } });
    let reference = json!({ "$ref": "#/components/x/item" });
    let paths =
        |count: usize| (0..count).map(|n| (format!("/p{n:03}"), reference.clone())).collect::<serde_json::Map<_, _>>();
    let item = json!({ "get": { "x-amazon-apigateway-integration": integration } });
    let check = |document: &str, expected: Option<ImportError>| {
        assert_eq!(import_with(document, &ImportOptions::default()).err(), expected);
    };
    let components = json!({ "components": { "x": { "item": item } } });
    check(&with_paths(paths(20).into(), components.clone()), None);
    check(&with_paths(paths(200).into(), components), Some(ImportError::TooMuchReused));
    // What holds for all operations is used again by each of them.
    let operation = json!({ "get": { "responses": { "200": { "schema": { "type": "object" } } } } });
    let paths = (0..200).map(|n| (format!("/p{n:03}"), operation.clone())).collect::<serde_json::Map<_, _>>();
    let types: Vec<String> = (0..20_000).map(|n| format!("application/x-{n}")).collect();
    let document = json!({ "swagger": "2.0", "info": { "title": "t" }, "produces": types, "paths": paths });
    check(&document.to_string(), Some(ImportError::TooMuchReused));
    let message = ImportError::TooMuchReused.to_string();
    assert_eq!(message, "The API definition must be at most 25165824 bytes once its references are replaced");
}

#[test]
fn schemas_of_openapi_3_1_become_draft_4() {
    let schema = |version: &str| {
        let document = json!({ "openapi": version, "info": { "title": "t" }, "webhooks": {}, "paths": {},
            "components": { "schemas": { "A": { "const": 1, "examples": [1], "$id": "x" } } } });
        import_new(&document.to_string()).definition.models[0].schema.clone().unwrap()
    };
    assert_eq!(schema("3.1.0"), r#"{"enum":[1]}"#);
    assert_eq!(schema("3.0.3"), r#"{"const":1,"examples":[1],"$id":"x"}"#);
}
