//! `TestInvokeAuthorizer`.

use serde_json::{Value, json};

use super::{Api, control, lines, tells};
use crate::claims_hook::Reaction;
use crate::http_apis::issuer::{Issuer, now};
use crate::lambda::{Node, answers, fails, policy, uri};
use crate::stack::claims;
use crate::support::Server;

const HEADER: &str = "method.request.header.Authorization";
const FUNCTION: &str = "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/\
                        arn:aws:lambda:us-east-1:000000000000:function:gate/invocations";

fn bearing(token: &str) -> Value {
    json!({ "headers": { "Authorization": token } })
}

#[tokio::test]
async fn a_token_authorizer_is_asked_about_a_request_nobody_sent() {
    let node = Node::start().await;
    let api = Api::new(&node.server).await;
    let id = api
        .authorizer(json!({ "name": "gate", "type": "TOKEN", "authorizerUri": uri("gate"),
        "identitySource": HEADER, "identityValidationExpression": "Bearer [a-z.]+" }))
        .await;
    let mut answer = policy("Deny", "*");
    answer["principalId"] = "ada-of-the-north".into();
    answer["context"] = json!({ "level": 3 });
    node.gate.reacts(answers(&answer));
    for asked in 1..=2 {
        let tried = api.try_authorizer(&id, &bearing("Bearer secret.token")).await;
        assert_eq!((&tried["clientStatus"], &tried["principalId"]), (&json!(0), &json!("ada-of-the-north")), "{tried}");
        let said: Value = serde_json::from_str(tried["policy"].as_str().unwrap()).unwrap();
        assert_eq!(said, answer["policyDocument"]);
        assert_eq!(tried["authorization"], json!({ "level": ["3"] }));
        assert_eq!(tried.get("claims"), None);
        tells(
            &tried,
            &[
                &format!("Starting authorizer: {id} for request: ID"),
                "Incoming identity: *************.token",
                &format!("Endpoint request URI: {FUNCTION}"),
                "Endpoint request headers: {X-Amzn-Trace-Id=Root=1-",
                "Endpoint request body after transformations: {\"type\":\"TOKEN\",\"authorizationToken\":\"*************.token\"",
                &format!("Sending request to {FUNCTION}"),
                "Authorizer result body before parsing: {",
                "Using valid authorizer policy for principal: **********-north",
                "Successfully completed authorizer execution",
            ],
        );
        assert!(!tried["log"].as_str().unwrap().contains("secret"), "{tried}");
        let (_, events) = node.seen();
        let method = format!("arn:aws:execute-api:us-east-1:000000000000:{}/ESTestInvoke-stage/GET/", api.id);
        let expected = json!({ "type": "TOKEN", "authorizationToken": "Bearer secret.token", "methodArn": method });
        assert_eq!(events, [expected], "what was answered before is not kept: {asked}");
    }
    for (input, reason) in [
        (json!({}), "the identity source method.request.header.Authorization has no value"),
        (bearing(""), "the identity source method.request.header.Authorization has no value"),
        (bearing("Bearer 123"), "the token does not match identityValidationExpression"),
    ] {
        let tried = api.try_authorizer(&id, &input).await;
        assert_eq!((&tried["clientStatus"], tried.get("policy")), (&json!(401), None), "{tried}");
        let told = lines(&tried);
        assert_eq!(told[1..3], ["Unauthorized request: ID", reason]);
        assert_eq!(told.last().unwrap(), "UnauthorizedException");
    }
    assert_eq!(node.seen().1, Vec::<Value>::new());
}

#[tokio::test]
async fn a_request_authorizer_sees_the_request() {
    let node = Node::start().await;
    let api = Api::new(&node.server).await;
    let sources = "method.request.header.X-Tenant, method.request.querystring.who, stageVariables.color, \
                   context.identity.sourceIp";
    let id = api
        .authorizer(json!({ "name": "gate", "type": "REQUEST", "authorizerUri": uri("${stageVariables.gate}"),
        "identitySource": sources }))
        .await;
    node.gate.reacts(answers(&policy("Allow", "*")));
    let input = json!({
        "multiValueHeaders": { "X-Tenant": ["south", "north-of-the-river"] }, "pathWithQueryString": "/pets/7?who=ada",
        "stageVariables": { "color": "blue", "gate": "gate" }, "body": "{}",
        "additionalContext": { "identity.sourceIp": "192.0.2.10" },
    });
    let tried = api.try_authorizer(&id, &input).await;
    assert_eq!((&tried["clientStatus"], &tried["principalId"]), (&json!(0), &json!("ada")), "{tried}");
    assert_eq!(tried.get("authorization"), None);
    let (_, events) = node.seen();
    let [event] = &*events else { panic!("not called once: {events:?}") };
    let method = format!("arn:aws:execute-api:us-east-1:000000000000:{}/ESTestInvoke-stage/GET/pets/7", api.id);
    for (name, expected) in [
        ("type", json!("REQUEST")),
        ("methodArn", json!(method)),
        ("path", json!("/pets/7")),
        ("httpMethod", json!("GET")),
        ("headers", json!({ "X-Tenant": "north-of-the-river" })),
        ("queryStringParameters", json!({ "who": "ada" })),
        ("pathParameters", json!({})),
        ("stageVariables", json!({ "color": "blue", "gate": "gate" })),
    ] {
        assert_eq!(event[name], expected, "{name}");
    }
    let context = &event["requestContext"];
    assert_eq!(
        (&context["stage"], &context["resourceId"], &context["identity"]["sourceIp"]),
        (&json!("test-invoke-stage"), &json!("test-invoke-resource-id"), &json!("192.0.2.10"))
    );
    let identity = "Incoming identity: {method.request.header.X-Tenant=************-river, \
                    method.request.querystring.who=***, stageVariables.color=****, \
                    context.identity.sourceIp=****0.2.10}";
    assert_eq!(lines(&tried)[1], identity);
    let mut missing = input;
    missing["stageVariables"] = json!({ "gate": "gate" });
    let tried = api.try_authorizer(&id, &missing).await;
    assert_eq!(tried["clientStatus"], 401, "{tried}");
    assert_eq!(lines(&tried)[2], "the identity source stageVariables.color has no value");
}

#[tokio::test]
async fn a_function_that_fails_is_told_of() {
    let node = Node::start().await;
    let api = Api::new(&node.server).await;
    let gate = |name: &str, uri: String| json!({ "name": name, "type": "TOKEN", "authorizerUri": uri, "identitySource": HEADER });
    let id = api.authorizer(gate("gate", uri("gate"))).await;
    let (configuration, failure) = ("AuthorizerConfigurationException", "AuthorizerFailureException");
    for (reaction, status, reason, kind) in [
        (fails("Unauthorized"), 401, "Unauthorized request: ID", "UnauthorizedException"),
        (
            fails("boom"),
            500,
            "Execution failed due to configuration error: the authorizer's function failed: boom",
            configuration,
        ),
        (
            answers(&json!({ "principalId": "ada" })),
            500,
            "Execution failed due to configuration error: the authorizer's answer has no policyDocument",
            configuration,
        ),
        (
            answers(&json!([])),
            500,
            "Execution failed due to configuration error: the authorizer's answer is not a JSON object",
            configuration,
        ),
        (Reaction::HangUp, 500, "Execution failed due to configuration error: the function cannot be reached", failure),
    ] {
        node.gate.reacts(reaction);
        let tried = api.try_authorizer(&id, &bearing("token")).await;
        assert_eq!((&tried["clientStatus"], tried.get("principalId")), (&json!(status), None), "{tried}");
        let told = lines(&tried);
        assert!(told.iter().any(|line| line.starts_with(reason)), "{reason}: {told:#?}");
        assert_eq!(told.last().unwrap(), kind);
    }
    let nobody = api.authorizer(gate("nobody", uri("nobody"))).await;
    let tried = api.try_authorizer(&nobody, &bearing("token")).await;
    assert_eq!(tried["clientStatus"], 500);
    let words = "Execution failed due to configuration error: Invalid permissions on Lambda function";
    assert!(lines(&tried).iter().any(|line| line.starts_with(words)), "{tried}");
    let variable = api.authorizer(gate("variable", uri("${stageVariables.gate}"))).await;
    let tried = api.try_authorizer(&variable, &bearing("token")).await;
    assert_eq!(tried["clientStatus"], 500, "{tried}");
}

#[tokio::test]
async fn only_id_tokens_of_a_pool_can_be_tried() {
    let server = Server::dev();
    let machine = server.machine().await;
    let input =
        json!({ "UserPoolId": machine.pool, "ClientName": "web", "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"] });
    let client = server.cognito("CreateUserPoolClient", input).await["UserPoolClient"]["ClientId"].take();
    let user = json!({ "UserPoolId": machine.pool, "Username": "ada", "MessageAction": "SUPPRESS" });
    server.cognito("AdminCreateUser", user).await;
    let password =
        json!({ "UserPoolId": machine.pool, "Username": "ada", "Password": "Correct-Horse-7", "Permanent": true });
    server.cognito("AdminSetUserPassword", password).await;
    let input = json!({ "AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client,
        "AuthParameters": { "USERNAME": "ada", "PASSWORD": "Correct-Horse-7" } });
    let tokens = server.cognito("InitiateAuth", input).await["AuthenticationResult"].take();
    let id_token = tokens["IdToken"].as_str().unwrap();

    let api = Api::new(&server).await;
    let pool = |name: &str, expression: Value| {
        json!({ "name": name, "type": "COGNITO_USER_POOLS", "providerARNs": [machine.arn], "identitySource": HEADER,
            "identityValidationExpression": expression })
    };
    let id = api.authorizer(pool("pool", Value::Null)).await;
    for token in [id_token.to_owned(), format!("Bearer {id_token}")] {
        let tried = api.try_authorizer(&id, &bearing(&token)).await;
        assert_eq!(tried["clientStatus"], 0, "{tried}");
        let said = claims(id_token);
        for claim in ["sub", "aud", "token_use", "cognito:username"] {
            assert_eq!(tried["claims"][claim], said[claim], "{claim}");
        }
        assert_eq!(tried["claims"]["auth_time"], said["auth_time"].to_string());
        assert!(tried["claims"]["exp"].as_str().unwrap().contains(" UTC "), "{tried}");
        assert_eq!((tried.get("policy"), tried.get("principalId")), (None, None));
        tells(
            &tried,
            &[
                &format!("Starting authorizer: {id} for request: ID"),
                "Incoming identity: ****",
                "Successfully completed authorizer execution",
            ],
        );
        assert!(!tried["log"].as_str().unwrap().contains(&id_token[..40]), "{tried}");
    }
    let turned_away = async |id: &str, input: Value, reason: &str| {
        let tried = api.try_authorizer(id, &input).await;
        assert_eq!((&tried["clientStatus"], tried.get("claims")), (&json!(401), None), "{tried}");
        let told = lines(&tried);
        assert!(told.contains(&"Unauthorized request: ID".to_owned()), "{told:?}");
        assert!(told.iter().any(|line| line.contains(reason)), "{reason}: {told:?}");
        assert_eq!(told.last().unwrap(), "UnauthorizedException");
    };
    turned_away(&id, json!({}), "no token was presented").await;
    turned_away(&id, bearing("nonsense"), "malformed token").await;
    turned_away(&id, bearing(tokens["AccessToken"].as_str().unwrap()), "takes no access token").await;
    turned_away(&id, bearing(&machine.token(&server, "weather-api/get").await), "takes no access token").await;
    let other = api.authorizer(pool("other", json!("another-client"))).await;
    turned_away(&other, bearing(id_token), "identityValidationExpression of the authorizer other").await;
    server.advance(3_601).await;
    turned_away(&id, bearing(id_token), "the token has expired").await;
}

#[tokio::test]
async fn a_jwt_authorizer_judges_tokens_of_its_issuers() {
    let server = Server::dev();
    let issuer = Issuer::start().await;
    let api = Api::new(&server).await;
    let id = api
        .authorizer(json!({ "name": "gate", "type": "JWT", "identitySource": HEADER, "jwtConfiguration": {
        "issuers": [{ "issuer": issuer.url, "audiences": ["api"] }], "defaultAlgorithms": ["RS256"] } }))
        .await;
    let tried = api.try_authorizer(&id, &bearing(&issuer.token(now(), &json!({ "aud": "api" })))).await;
    assert_eq!((&tried["clientStatus"], &tried["claims"]["iss"]), (&json!(0), &json!(issuer.url)), "{tried}");
    let tried = api.try_authorizer(&id, &bearing(&issuer.token(now(), &json!({ "aud": "other" })))).await;
    assert_eq!(tried["clientStatus"], 401, "{tried}");
    assert!(lines(&tried).iter().any(|line| line.contains("accepts the audiences [api]")), "{tried}");
}

#[tokio::test]
async fn what_does_not_exist_cannot_be_tried() {
    let server = Server::dev();
    let api = Api::new(&server).await;
    let check = async |path: String, message: &str| {
        let reply = control(&server, &format!("POST {path}"), &json!({})).await;
        let said = (reply.status.as_u16(), reply.header("x-amzn-errortype"), reply.json());
        assert_eq!(said, (404, Some("NotFoundException"), json!({ "message": message })), "{path}");
    };
    check("/restapis/none/authorizers/x".to_owned(), "Invalid API identifier specified 000000000000:none").await;
    check(format!("/restapis/{}/authorizers/none", api.id), "Invalid Authorizer identifier specified").await;
}
