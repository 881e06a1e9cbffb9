//! `TestInvokeMethod`.

use serde_json::{Value, json};

use super::{Api, control, lines, made, mock, tells};
use crate::http_apis::backend::Backend;
use crate::lambda::{Pets, answers, fails, integration, uri};
use crate::support::Server;

const INTERNAL: &str = r#"{"message": "Internal server error"}"#;
/// What every log of a method begins with, by the number of lines.
const BEGINNING: usize = 6;

#[tokio::test]
async fn a_mock_is_tried_before_anything_is_deployed() {
    let server = Server::dev();
    let api = Api::new(&server).await;
    let pet = api.pet().await;
    let shown = "$context.stage $context.path $context.domainName $context.identity.sourceIp \
                 $context.identity.apiKey $stageVariables.color $input.params('id') $input.params('a') \
                 $input.params('X-Tenant') [$!context.deploymentId]";
    api.method(&pet, "POST", &json!({}), &mock(), shown).await;
    let input = json!({
        "pathWithQueryString": "/pets/7?a=1&a=2", "headers": { "X-Tenant": "north" },
        "multiValueHeaders": { "X-List": ["1", "2"] }, "body": "{\"name\": \"Rex\"}",
        "stageVariables": { "color": "blue" },
    });
    let tried = api.try_method(&pet, "POST", &input).await;
    let expected = "test-invoke-stage /pets/7 testPrefix.testDomainName test-invoke-source-ip test-invoke-api-key blue \
                    7 2 north []";
    assert_eq!((&tried["status"], &tried["body"]), (&json!(200), &json!(expected)));
    assert_eq!(tried["headers"], json!({ "Content-Type": "application/json" }));
    assert_eq!(tried["multiValueHeaders"], json!({ "Content-Type": ["application/json"] }));
    assert!(tried["latency"].is_u64(), "{tried}");
    tells(
        &tried,
        &[
            "Starting execution for request: ID",
            "HTTP Method: POST, Resource Path: /pets/7",
            "Method request path: {id=7}",
            "Method request query string: {a=1,2}",
            "Method request headers: {X-List=1,2, X-Tenant=north}",
            "Method request body before transformations: {\"name\": \"Rex\"}",
            &format!("Method response body after transformations: {expected}"),
            "Method response headers: {Content-Type=application/json}",
            "Successfully completed execution",
            "Method completed with status: 200",
        ],
    );
    // What is tried is the method as it is now, and a path that is not given is the resource's own.
    api.method(&pet, "POST", &json!({}), &mock(), "$input.params('id')").await;
    assert_eq!(api.try_method(&pet, "POST", &Value::Null).await["body"], "{id}");
    let other = json!({ "pathWithQueryString": "/other" });
    assert_eq!(api.try_method(&pet, "POST", &other).await["body"], "");
}

#[tokio::test]
async fn nobody_guards_a_method_that_is_tried() {
    let server = Server::dev();
    let machine = server.machine().await;
    let api = Api::new(&server).await;
    let pool = json!({ "name": "pool", "type": "COGNITO_USER_POOLS", "providerARNs": [machine.arn],
        "identitySource": "method.request.header.Authorization" });
    let authorizer = api.authorizer(pool).await;
    let guarded = json!({ "authorizationType": "COGNITO_USER_POOLS", "authorizerId": authorizer,
        "authorizationScopes": ["weather-api/get"], "apiKeyRequired": true });
    api.method(&api.root, "GET", &guarded, &mock(), "open").await;
    let policy = json!({ "Statement": [{ "Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*" }] });
    let patch = json!({ "patchOperations": [{ "op": "replace", "path": "/policy", "value": policy.to_string() }] });
    made(&server, &format!("PATCH /restapis/{}", api.id), patch).await;
    let tried = api.try_method(&api.root, "GET", &json!({})).await;
    assert_eq!((&tried["status"], &tried["body"]), (&json!(200), &json!("open")));
    // Traffic is asked for all of it, then as before, and no address leads to what is tried.
    made(&server, &format!("POST /restapis/{}/deployments", api.id), json!({ "stageName": "live" })).await;
    for (stage, status, kind) in
        [("live", 401, "UnauthorizedException"), ("test-invoke-stage", 403, "ForbiddenException")]
    {
        let reply = control(&server, &format!("GET /_aws/execute-api/{}/{stage}/", api.id), &Value::Null).await;
        let said = (reply.status.as_u16(), reply.header("x-amzn-errortype"));
        assert_eq!(said, (status, Some(kind)), "{stage}");
    }
}

#[tokio::test]
async fn a_backend_is_asked_as_it_is_for_traffic() {
    let server = Server::dev();
    let backend = Backend::start().await;
    let api = Api::new(&server).await;
    let pet = api.pet().await;
    let declared = json!({ "requestParameters": { "method.request.path.id": true } });
    let mapped = |kind: &str| {
        json!({ "type": kind, "httpMethod": "POST", "uri": format!("{}/x/{{id}}", backend.url),
            "requestParameters": { "integration.request.path.id": "method.request.path.id" } })
    };
    api.method(&pet, "PUT", &declared, &mapped("HTTP_PROXY"), "unused").await;
    api.method(&pet, "POST", &declared, &mapped("HTTP"), "$input.json('$.uri') $input.json('$.body')").await;
    let input = json!({ "pathWithQueryString": "/pets/207?a=1", "body": "out",
        "headers": { "Authorization": "Bearer secret-token-of-ada", "Content-Type": "text/plain" } });

    let tried = api.try_method(&pet, "PUT", &input).await;
    assert_eq!(tried["status"], 207, "{tried}");
    let said: Value = serde_json::from_str(tried["body"].as_str().unwrap()).unwrap();
    assert_eq!((&said["method"], &said["uri"], &said["body"]), (&json!("POST"), &json!("/x/207?a=1"), &json!("out")));
    assert_eq!(said["headers"]["authorization"], "Bearer secret-token-of-ada");
    let address = format!("{}/x/207?a=1", backend.url);
    let told = &lines(&tried)[BEGINNING..];
    for (line, expected) in told.iter().zip([
        &*format!("Endpoint request URI: {address}"),
        "Endpoint request headers: {",
        "Endpoint request body after transformations: out",
        &format!("Sending request to {address}"),
        "Received response. Status: 207, Integration latency: ",
        "Endpoint response headers: {",
        "Endpoint response body before transformations: {",
        "Method response body after transformations: {",
        "Method response headers: {",
        "Successfully completed execution",
        "Method completed with status: 207",
    ]) {
        assert!(line.starts_with(expected), "{line}: {told:#?}");
    }
    let whole = tried["log"].as_str().unwrap();
    assert!(!whole.contains("secret-token"), "{whole}");
    assert!(told[1].contains("Authorization=********************of-ada"), "{}", told[1]);
    assert!(told[1].contains(&format!("Host={}", backend.url.trim_start_matches("http://"))), "{}", told[1]);

    let input = json!({ "pathWithQueryString": "/pets/200", "body": "out" });
    let tried = api.try_method(&pet, "POST", &input).await;
    assert_eq!((&tried["status"], &tried["body"]), (&json!(200), &json!("\"/x/200\" \"out\"")));
    assert!(tried["headers"]["X-Amzn-Trace-Id"].as_str().unwrap().starts_with("Root=1-"), "{tried}");
    assert_eq!(backend.asked(), 2);
}

#[tokio::test]
async fn a_function_is_asked_for_the_stage_of_trials() {
    let pets = Pets::serve(&integration("aws_proxy", &json!({})), None, &json!({})).await;
    let api = Api { server: &pets.server, id: pets.api.clone(), root: String::new() };
    let pet = pet_of(&api).await;
    pets.backend.reacts(answers(&json!({ "statusCode": 201, "headers": { "X-Own": "1" },
        "multiValueHeaders": { "Set-Cookie": ["a=1", "b=2"] }, "body": "made" })));
    let input = json!({ "pathWithQueryString": "/pets/7?a=1", "stageVariables": { "color": "red" } });
    let tried = api.try_method(&pet, "GET", &input).await;
    assert_eq!((&tried["status"], &tried["body"]), (&json!(201), &json!("made")), "{tried}");
    assert_eq!((&tried["headers"]["X-Own"], &tried["headers"]["Set-Cookie"]), (&json!("1"), &json!("b=2")));
    assert_eq!(tried["multiValueHeaders"]["Set-Cookie"], json!(["a=1", "b=2"]));

    let (events, _) = pets.seen();
    let [event] = &*events else { panic!("not called once: {events:?}") };
    let context = &event["requestContext"];
    assert_eq!((&event["path"], &event["resource"]), (&json!("/pets/7"), &json!("/pets/{id}")));
    assert_eq!((&event["headers"], &event["multiValueHeaders"]), (&Value::Null, &Value::Null));
    assert_eq!((&event["stageVariables"], &event["body"]), (&json!({ "color": "red" }), &Value::Null));
    for (name, expected) in [
        ("stage", "test-invoke-stage"),
        ("path", "/pets/7"),
        ("domainPrefix", "testPrefix"),
        ("domainName", "testPrefix.testDomainName"),
    ] {
        assert_eq!(context[name], expected, "{name}");
    }
    assert_eq!(context.get("deploymentId"), None);
    for (name, expected) in [
        ("apiKey", "test-invoke-api-key"),
        ("apiKeyId", "test-invoke-api-key-id"),
        ("sourceIp", "test-invoke-source-ip"),
        ("userArn", "arn:aws:iam::000000000000:root"),
        ("caller", "000000000000"),
    ] {
        assert_eq!(context["identity"][name], expected, "{name}");
    }
    let id = context["requestId"].as_str().unwrap();
    assert!(tried["log"].as_str().unwrap().starts_with(&format!("Execution log for request {id}\n")), "{tried}");
    let told = &lines(&tried)[BEGINNING..];
    let function = "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/\
                    arn:aws:lambda:us-east-1:000000000000:function:backend/invocations";
    assert_eq!(told[0], format!("Endpoint request URI: {function}"));
    let source_arn =
        format!("arn:aws:execute-api:us-east-1:000000000000:{}/test-invoke-stage/GET/pets/{{id}}", pets.api);
    assert!(told[1].contains(&format!("X-Amz-Source-Arn={source_arn}")), "{}", told[1]);
    assert!(told[2].starts_with("Endpoint request body after transformations: {\"resource\":\"/pets/{id}\""));
    assert_eq!(told[3], format!("Sending request to {function}"));
    assert!(told[4].starts_with("Received response. Status: 200, Integration latency: "), "{}", told[4]);
    assert!(told[6].starts_with("Endpoint response body before transformations: {"), "{}", told[6]);

    for (reaction, status, reason) in [
        (fails("no pet"), 502, "Lambda execution failed with status 200 due to customer function error: no pet"),
        (answers(&json!(7)), 502, "Execution failed due to configuration error: Malformed Lambda proxy response"),
    ] {
        pets.backend.reacts(reaction);
        let tried = api.try_method(&pet, "GET", &input).await;
        assert_eq!((&tried["status"], &tried["body"]), (&json!(status), &json!(INTERNAL)), "{tried}");
        assert_eq!(tried["headers"], json!({ "x-amzn-ErrorType": "InternalServerErrorException" }));
        let told = lines(&tried);
        let [.., told_reason, last] = &*told else { panic!("{told:?}") };
        assert!(told_reason.starts_with(reason), "{told_reason}");
        assert_eq!(*last, format!("Method completed with status: {status}"));
    }
}

/// The resource `/pets/{id}` of an API that was imported.
async fn pet_of(api: &Api<'_>) -> String {
    let line = format!("GET /restapis/{}/resources", api.id);
    let resources = made(api.server, &line, Value::Null).await;
    let mut items = resources["item"].as_array().unwrap().iter();
    let pet = items.find(|resource| resource["path"] == "/pets/{id}").unwrap();
    pet["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_function_between_templates_is_tried_too() {
    let changes = json!({ "requestTemplates": { "application/json": "{\"id\": \"$input.params('id')\"}" },
        "responses": { "default": { "statusCode": "200", "responseTemplates": {
            "application/json": "got $input.json('$.said')" } } } });
    let pets = Pets::serve(&integration("aws", &changes), None, &json!({})).await;
    let api = Api { server: &pets.server, id: pets.api.clone(), root: String::new() };
    pets.backend.reacts(answers(&json!({ "said": 7 })));
    let tried = api.try_method(&pet_of(&api).await, "GET", &json!({ "pathWithQueryString": "/pets/7" })).await;
    assert_eq!((&tried["status"], &tried["body"]), (&json!(200), &json!("got 7")), "{tried}");
    assert_eq!(pets.seen().0, [json!({ "id": "7" })]);
    assert!(lines(&tried).contains(&"Endpoint request body after transformations: {\"id\": \"7\"}".to_owned()));
}

#[tokio::test]
async fn a_function_must_let_itself_be_called_from_the_stage_of_trials() {
    let server = Server::dev();
    let code = "def handler(event, context):\n    return {\"body\": event[\"requestContext\"][\"stage\"]}\n";
    server.function("pets", code).await;
    let api = Api::new(&server).await;
    let lambda = json!({ "type": "AWS_PROXY", "httpMethod": "POST", "uri": uri("pets") });
    api.method(&api.root, "GET", &json!({}), &lambda, "").await;
    let tried = api.try_method(&api.root, "GET", &json!({})).await;
    assert_eq!((&tried["status"], &tried["body"]), (&json!(500), &json!(INTERNAL)), "{tried}");
    let told = lines(&tried);
    assert!(told.iter().any(|line| line.starts_with("Sending request to https://lambda.us-east-1.")), "{told:?}");
    let [.., reason, last] = &*told else { panic!("{told:?}") };
    let words = "Execution failed due to configuration error: Invalid permissions on Lambda function";
    assert!(reason.starts_with(words), "{reason}");
    assert_eq!(last, "Method completed with status: 500");

    let permission = |id: &str, stage: &str| {
        json!({ "StatementId": id, "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com",
            "SourceArn": format!("arn:aws:execute-api:us-east-1:000000000000:{}/{stage}/GET/", api.id) })
    };
    let line = "POST /2015-03-31/functions/pets/policy";
    made(&server, line, permission("traffic", "live")).await;
    assert_eq!(api.try_method(&api.root, "GET", &json!({})).await["status"], 500);
    made(&server, line, permission("trials", "test-invoke-stage")).await;
    let tried = api.try_method(&api.root, "GET", &json!({})).await;
    assert_eq!((&tried["status"], &tried["body"]), (&json!(200), &json!("test-invoke-stage")), "{tried}");
}

#[tokio::test]
async fn a_request_is_validated_and_refused_in_the_api_s_own_words() {
    let server = Server::dev();
    let api = Api::new(&server).await;
    let line = |rest: &str| format!("POST /restapis/{}/{rest}", api.id);
    let validator = json!({ "name": "all", "validateRequestBody": true, "validateRequestParameters": true });
    let validator = made(&server, &line("requestvalidators"), validator).await;
    let schema = json!({ "type": "object", "required": ["name"] }).to_string();
    let model = json!({ "name": "Pet", "contentType": "application/json", "schema": schema });
    made(&server, &line("models"), model).await;
    let method = json!({ "requestValidatorId": validator["id"], "requestModels": { "application/json": "Pet" },
        "requestParameters": { "method.request.querystring.q": true } });
    api.method(&api.root, "POST", &method, &mock(), "fine").await;
    let tried = api.try_method(&api.root, "POST", &json!({ "body": "{}" })).await;
    assert_eq!(tried["status"], 400);
    assert_eq!(tried["body"], r#"{"message": "Missing required request parameters: [q]"}"#);
    assert_eq!(tried["headers"], json!({ "x-amzn-ErrorType": "BadRequestException" }));
    let query = json!({ "pathWithQueryString": "/?q=1", "body": "{}" });
    let tried = api.try_method(&api.root, "POST", &query).await;
    assert_eq!((&tried["status"], &tried["body"]), (&json!(400), &json!(r#"{"message": "Invalid request body"}"#)));
    let findings = "Request body does not match model schema for content type application/json: \
                    [object has missing required properties ([\"name\"])]";
    let told = lines(&tried);
    assert_eq!(told[BEGINNING..], [findings, "Method completed with status: 400"]);
    let response = json!({ "statusCode": "422", "responseParameters": { "gatewayresponse.header.x-own": "'1'" },
        "responseTemplates": { "text/plain": "no: $context.error.message in $context.stage" } });
    made(&server, &format!("PUT /restapis/{}/gatewayresponses/BAD_REQUEST_BODY", api.id), response).await;
    let tried = api.try_method(&api.root, "POST", &query).await;
    let said = (&tried["status"], &tried["body"]);
    assert_eq!(said, (&json!(422), &json!("no: Invalid request body in test-invoke-stage")));
    let headers = json!({ "Content-Type": "text/plain", "X-Own": "1", "x-amzn-ErrorType": "BadRequestException" });
    assert_eq!(tried["headers"], headers);
    let query = json!({ "pathWithQueryString": "/?q=1", "body": "{\"name\":1}" });
    assert_eq!(api.try_method(&api.root, "POST", &query).await["body"], "fine");
}

#[tokio::test]
async fn what_could_lead_astray_is_refused_as_at_the_gate() {
    let server = Server::dev();
    let api = Api::new(&server).await;
    api.method(&api.root, "GET", &json!({}), &mock(), "fine").await;
    let long = "x".repeat(10_241);
    for (input, status) in [
        (json!({ "pathWithQueryString": "/a/%2e%2e/b" }), 400),
        (json!({ "pathWithQueryString": format!("/?{long}") }), 414),
        (json!({ "headers": { "X-Long": long } }), 431),
        (json!({ "headers": { "Content-Type": "application/xml" }, "body": "<p/>" }), 500),
    ] {
        let tried = api.try_method(&api.root, "GET", &input).await;
        assert_eq!(tried["status"], status, "{tried}");
        assert!(lines(&tried).iter().all(|line| line.len() < 1_100), "{tried}");
    }
}

#[tokio::test]
async fn what_cannot_be_tried_is_refused() {
    let server = Server::dev();
    let api = Api::new(&server).await;
    let methods = format!("resources/{}/methods", api.root);
    api.method(&api.root, "GET", &json!({}), &mock(), "fine").await;
    made(&server, &format!("PUT /restapis/{}/{methods}/PUT", api.id), json!({ "authorizationType": "NONE" })).await;
    let check = async |path: String, input: Value, status: u16, kind: &str, message: &str| {
        let reply = control(&server, &format!("POST {path}"), &input).await;
        let said = (reply.status.as_u16(), reply.header("x-amzn-errortype"), reply.json());
        assert_eq!(said, (status, Some(kind), json!({ "message": message })), "{path} {input}");
    };
    let (missing, bad) = ("NotFoundException", "BadRequestException");
    let own = |rest: &str| format!("/restapis/{}/{rest}", api.id);
    let none = json!({});
    let unknown = "Invalid API identifier specified 000000000000:none";
    check(format!("/restapis/none/{methods}/GET"), none.clone(), 404, missing, unknown).await;
    let unknown = "Invalid Resource identifier specified";
    check(own("resources/none/methods/GET"), none.clone(), 404, missing, unknown).await;
    let unknown = "Invalid Method identifier specified";
    check(own(&format!("{methods}/POST")), none.clone(), 404, missing, unknown).await;
    check(own(&format!("{methods}/FLY")), none.clone(), 404, missing, unknown).await;
    check(own(&format!("{methods}/PUT")), none, 400, bad, "No integration defined for method").await;
    let get = own(&format!("{methods}/GET"));
    let certificate = json!({ "clientCertificateId": "none00" });
    let unknown = "Invalid Client Certificate identifier specified";
    check(get.clone(), certificate, 404, missing, unknown).await;
    let header = json!({ "headers": { "a b": "x" } });
    check(get.clone(), header, 400, bad, "Invalid header specified: a b").await;
    let path = json!({ "pathWithQueryString": "/a b" });
    check(get, path, 400, bad, "Invalid path with query string specified: /a b").await;
}
