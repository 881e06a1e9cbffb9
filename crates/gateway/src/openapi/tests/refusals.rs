//! Tests of documents that are refused, and of what they are told.

use super::*;

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
    scheme(json!({ "type": "jwt" }), "Invalid authorizer type specified: 'jwt'");
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
