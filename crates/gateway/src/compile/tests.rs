//! Tests of what compiling decides.

#![expect(clippy::needless_pass_by_value, reason = "literal documents read best where they are used")]

use serde_json::{Value, json};

use claviger_resources::UserPoolId;

use super::*;

const FUNCTION: &str = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations";

fn definition(resources: Value, extra: Value) -> RestApiDefinition {
    let owner = json!({ "restApiId": "a1b2c3d4e5", "tenant": { "account": "000000000000", "region": "us-east-1" } });
    let belonging = |mut value: Value| {
        value.as_object_mut().unwrap().extend(owner.as_object().unwrap().clone());
        value
    };
    let resources: Vec<Value> = resources
        .as_object()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(index, (path, methods))| {
            belonging(json!({ "id": format!("r{index}"), "path": path, "methods": methods }))
        })
        .collect();
    let mut whole = json!({
        "restApi": { "id": "a1b2c3d4e5", "tenant": owner["tenant"], "name": "n", "createdDate": 0,
            "rootResourceId": "root", "endpointConfiguration": { "types": ["EDGE"], "ipAddressType": "ipv4" } },
        "resources": resources,
    });
    for (member, values) in extra.as_object().unwrap() {
        whole[member] = values.as_array().unwrap().iter().cloned().map(belonging).collect();
    }
    serde_json::from_value(whole).unwrap()
}

fn method(verb: &str, extra: Value) -> Value {
    let mut method = json!({ "httpMethod": verb, "methodIntegration": { "type": "MOCK", "cacheNamespace": "x" } });
    method.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    method
}

fn get(extra: Value) -> Value {
    json!({ "/": { "GET": method("GET", extra) } })
}

#[test]
fn finds_the_method_of_a_request() {
    let methods =
        |verbs: &[&str]| -> Value { verbs.iter().map(|verb| ((*verb).to_owned(), method(verb, json!({})))).collect() };
    let api = compile(&definition(
        json!({
            "/": methods(&["GET"]), "/pets": methods(&["GET", "ANY"]), "/pets/{id}": methods(&["GET"]),
            "/empty": {}, "/{proxy+}": methods(&["ANY"]),
        }),
        json!({}),
    ))
    .unwrap();
    let check = |verb: &str, path: &str, expected: Result<&str, NotFound>| {
        let found = api.find(verb, path).map(|found| format!("{} {}", found.method.verb, found.resource.path));
        assert_eq!(found, expected.map(str::to_owned), "{verb} {path}");
    };
    check("GET", "", Ok("GET /"));
    check("GET", "/", Ok("GET /"));
    check("HEAD", "/", Err(NotFound::Method));
    check("POST", "/", Err(NotFound::Method));
    check("GET", "/pets", Ok("GET /pets"));
    check("GET", "/pets/", Ok("GET /pets"));
    check("HEAD", "/pets", Ok("ANY /pets"));
    check("TRACE", "/pets", Err(NotFound::Method));
    check("ANY", "/pets", Err(NotFound::Method));
    check("get", "/pets", Err(NotFound::Method));
    check("GET", "/pets/7", Ok("GET /pets/{id}"));
    check("DELETE", "/pets/7", Err(NotFound::Method));
    check("DELETE", "/empty", Ok("ANY /{proxy+}"));
    check("PATCH", "/other/thing", Ok("ANY /{proxy+}"));
    assert_eq!(api.find("GET", "/pets/7").unwrap().parameters, vec![("id", "7")]);
}

#[test]
fn refuses_what_cannot_be_deployed() {
    let check = |definition: RestApiDefinition, expected: &str| {
        assert_eq!(compile(&definition).unwrap_err().to_string(), expected);
    };
    check(definition(json!({ "/": {} }), json!({})), "The REST API doesn't contain any methods");
    check(
        definition(json!({ "/": { "GET": { "httpMethod": "GET" } } }), json!({})),
        "No integration defined for method",
    );
    check(
        definition(
            json!({ "/a": { "PUT": method("PUT", json!({ "methodIntegration": { "type": "MOCK", "cacheNamespace": "x",
                "integrationResponses": { "200": { "statusCode": "x" } } } })) } }),
            json!({}),
        ),
        "PUT /a: integration response 200: \"x\" is no status",
    );
    check(
        definition(
            get(json!({})),
            json!({ "gatewayResponses": [{ "responseType": "THROTTLED", "responseParameters": { "x": "y" } }] }),
        ),
        "gateway responses: Invalid mapping expression specified: Validation Result: warnings : [], errors : \
         [Invalid mapping expression specified: x]",
    );
}

fn authorizer(kind: &str, extra: Value) -> Value {
    let mut authorizer = json!({ "id": "auth01", "name": "gate", "type": kind });
    authorizer.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({ "authorizers": [authorizer] })
}

#[test]
fn resolves_user_pools() {
    let arns = json!({ "providerARNs": [
        "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abc",
        "arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_def",
    ], "identitySource": "method.request.header.X-Token" });
    let guarded = get(json!({ "authorizationType": "COGNITO_USER_POOLS", "authorizerId": "auth01",
        "authorizationScopes": ["api/read", "https://a.b/c"] }));
    let api = compile(&definition(guarded, authorizer("COGNITO_USER_POOLS", arns))).unwrap();
    let Authorization::UserPools(pools) = &api.find("GET", "/").unwrap().method.authorization else {
        panic!("not guarded by user pools");
    };
    let names: Vec<_> = pools.authorizer.pools.iter().map(UserPoolId::as_str).collect();
    assert_eq!(names, ["us-east-1_abc", "eu-west-1_def"]);
    assert_eq!(pools.authorizer.header, "x-token");
    assert_eq!(pools.authorizer.result_ttl_seconds, 300);
    assert_eq!(*pools.scopes, ["api/read".into(), "https://a.b/c".into()]);
}

#[test]
fn refuses_authorization_that_cannot_be_resolved() {
    let pool = json!(["arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abc"]);
    let check = |kind: &str, id: Value, authorizers: Value, expected: &str| {
        let resources = get(json!({ "authorizationType": kind, "authorizerId": id }));
        let error = compile(&definition(resources, authorizers)).unwrap_err().to_string();
        assert_eq!(error, format!("GET /: {expected}"));
    };
    let cognito = |extra: Value| authorizer("COGNITO_USER_POOLS", extra);
    check("COGNITO_USER_POOLS", Value::Null, json!({}), "the method names no authorizer");
    check("CUSTOM", json!("other1"), json!({}), "the authorizer other1 does not exist");
    check(
        "CUSTOM",
        json!("auth01"),
        cognito(json!({ "providerARNs": pool })),
        "the authorizer auth01 is of type COGNITO_USER_POOLS",
    );
    check(
        "COGNITO_USER_POOLS",
        json!("auth01"),
        authorizer("REQUEST", json!({ "authorizerUri": FUNCTION })),
        "the authorizer auth01 is not of type COGNITO_USER_POOLS",
    );
    check("COGNITO_USER_POOLS", json!("auth01"), cognito(json!({})), "authorizer gate: it names no user pool");
    check(
        "COGNITO_USER_POOLS",
        json!("auth01"),
        cognito(json!({ "providerARNs": ["CognitoUserPool.Arn"] })),
        "authorizer gate: \"CognitoUserPool.Arn\" is not the ARN of a user pool",
    );
    check(
        "COGNITO_USER_POOLS",
        json!("auth01"),
        cognito(json!({ "providerARNs": pool, "identitySource": "method.request.querystring.t" })),
        "authorizer gate: the identity source \"method.request.querystring.t\" is not a header",
    );
}

#[test]
fn an_unused_authorizer_is_not_looked_at() {
    assert!(compile(&definition(get(json!({})), authorizer("COGNITO_USER_POOLS", json!({})))).is_ok());
}

#[test]
fn says_what_a_method_needs_that_is_not_there() {
    let check = |extra: Value, authorizers: Value, expected: &str| {
        let api = compile(&definition(get(extra), authorizers)).unwrap();
        let CompiledIntegration::Unavailable(unavailable) = &api.find("GET", "/").unwrap().method.integration else {
            panic!("it is there");
        };
        let refusal = Refusal::from(unavailable);
        assert_eq!(
            refusal.to_string(),
            format!(
                "Execution failed due to configuration error: the method needs {expected}, which this version does not provide"
            )
        );
        assert_eq!(refusal.status(), 500);
    };
    let integration = |kind: &str| json!({ "methodIntegration": { "type": kind, "cacheNamespace": "x" } });
    check(integration("AWS"), json!({}), "an AWS integration that does not call a Lambda function");
    check(integration("AWS_PROXY"), json!({}), "an AWS_PROXY integration that does not call a Lambda function");
}

#[test]
fn calls_functions_for_integrations_and_authorizers() {
    let custom = |extra: Value| {
        let mut method = extra;
        method["authorizationType"] = json!("CUSTOM");
        method["authorizerId"] = json!("auth01");
        method
    };
    let integration =
        |kind: &str| json!({ "methodIntegration": { "type": kind, "cacheNamespace": "x", "uri": FUNCTION } });
    let compiled = |kind: &str| {
        let authorizers = authorizer("REQUEST", json!({ "authorizerUri": FUNCTION }));
        let api = compile(&definition(get(custom(integration(kind))), authorizers)).unwrap();
        api.find("GET", "/").unwrap().method.clone()
    };
    let proxy = compiled("AWS_PROXY");
    assert!(matches!(proxy.integration, CompiledIntegration::LambdaProxy(_)));
    assert!(matches!(proxy.authorization, Authorization::Lambda(_)));
    assert!(matches!(compiled("AWS").integration, CompiledIntegration::Lambda(_)));
}

#[test]
fn the_arn_of_a_method_is_the_same_however_its_path_is_written() {
    let api = compile(&definition(get(json!({})), json!({}))).unwrap();
    let check = |path: &str, expected: &str| {
        let arn = api.method_arn("prod", "GET", path);
        let (before, after) = arn.split_once("/prod/").unwrap();
        let of_api = format!("arn:aws:execute-api:{}:{}:{}", api.tenant.region, api.tenant.account, api.id);
        assert_eq!((before, after), (of_api.as_str(), expected), "{path}");
    };
    check("/", "GET/");
    check("//", "GET/");
    check("/pets/7", "GET/pets/7");
    check("/pets/7/", "GET/pets/7");
    check("//pets//7", "GET/pets//7");
    check("/%70ets/a%20b", "GET/pets/a b");
    check("/pets/a%2Fb", "GET/pets/a%2Fb");
    check("/pets/%ff", "GET/pets/%ff");
    let resource = api.find("GET", "/").unwrap().resource;
    assert!(api.source_arn("prod", "GET", resource).ends_with("/prod/GET/"));
    let authorizer = claviger_resources::AuthorizerId::parse("auth01").unwrap();
    assert!(api.authorizer_arn(&authorizer).ends_with("/authorizers/auth01"));
}

#[test]
fn a_validator_that_is_gone_checks_nothing() {
    let validators = json!({ "requestValidators": [{ "id": "v1", "validateRequestParameters": true }] });
    let check = |id: &str, expected: Option<&str>| {
        let method = json!({ "requestValidatorId": id, "requestParameters": { "method.request.header.a": true } });
        let api = compile(&definition(get(method), validators.clone())).unwrap();
        let validation = api.find("GET", "/").unwrap().method.validation.as_ref();
        assert_eq!(validation.map(|validation| validation.validator.as_str()), expected);
    };
    check("v1", Some("v1"));
    check("v2", None);
}
