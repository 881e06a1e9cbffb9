//! `TOKEN` and `REQUEST` authorizers.

use serde_json::{Value, json};

use super::{Pets, answers, authorizer, fails, integration, policy, uri};
use crate::claims_hook::Reaction;
use crate::stack::{Reply, UNAUTHORIZED, request};

const DENIED: &str =
    r#"{"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}"#;
const NOT_ALLOWED: &str = r#"{"Message":"User is not authorized to access this resource"}"#;
const NULL: &str = r#"{"message":null}"#;

async fn guarded(kind: &str, changes: &Value) -> Pets {
    Pets::serve(&integration("aws_proxy", &json!({})), Some(&authorizer(kind, changes)), &json!({})).await
}

fn error_type(reply: &Reply) -> &str {
    reply.header("x-amzn-errortype").unwrap_or_default()
}

#[tokio::test]
async fn a_token_authorizer_lets_in_whom_its_policy_allows() {
    let pets = guarded("token", &json!({})).await;
    let mut answer = policy("Allow", "*");
    answer["context"] = json!({ "level": 123, "vip": true, "name": "Ada" });
    pets.gate.reacts(answers(&answer));
    assert_eq!(pets.ask("GET", "/pets/7/", &[("authorization", "Bearer abc")], "").await.status, 200);
    let (backend, gate) = pets.seen();
    let method = format!("arn:aws:execute-api:us-east-1:000000000000:{}/prod/GET/pets/7", pets.api);
    let expected = json!({ "type": "TOKEN", "authorizationToken": "Bearer abc", "methodArn": method });
    assert_eq!(gate[0].to_string(), expected.to_string());
    let told = &backend[0]["requestContext"]["authorizer"];
    let expected =
        json!({ "level": "123", "name": "Ada", "vip": "true", "principalId": "ada", "integrationLatency": 0 });
    assert_eq!(told, &expected);
}

#[tokio::test]
async fn a_request_authorizer_sees_the_request() {
    let sources =
        "method.request.header.X-Tenant,method.request.querystring.who,stageVariables.color,context.httpMethod";
    let pets = guarded("request", &json!({ "identitySource": sources })).await;
    pets.gate.reacts(answers(&policy("Allow", "*")));
    let tenant = [("X-Tenant", "north")];
    assert_eq!(pets.ask("GET", "/pets/7?who=ada", &tenant, "body").await.status, 200);
    let (_, gate) = pets.seen();
    let event = &gate[0];
    assert_eq!(
        (&event["type"], &event["resource"], &event["path"]),
        (&json!("REQUEST"), &json!("/pets/{id}"), &json!("/pets/7"))
    );
    assert_eq!(
        (&event["headers"]["X-Tenant"], &event["queryStringParameters"]),
        (&json!("north"), &json!({ "who": "ada" }))
    );
    assert_eq!(
        (&event["pathParameters"], &event["stageVariables"]),
        (&json!({ "id": "7" }), &json!({ "color": "blue" }))
    );
    assert_eq!((event.get("body"), event["requestContext"].get("authorizer")), (None, None));
    for (path, headers) in [
        ("/pets/7?who=ada", &[][..]),
        ("/pets/7", &tenant),
        ("/pets/7?who=", &tenant),
        ("/pets/7?who=ada", &[("X-Tenant", "")]),
    ] {
        let reply = pets.ask("GET", path, headers, "").await;
        assert_eq!(
            (reply.said(), error_type(&reply)),
            ((401, UNAUTHORIZED), "UnauthorizedException"),
            "{path} {headers:?}"
        );
        pets.server
            .check(
                &reply,
                "gate",
                "UnauthorizedException",
                "the identity source method.request.",
                "identitySource of the authorizer gate (",
            )
            .await;
    }
    assert_eq!(pets.seen(), (vec![], vec![]));
}

#[tokio::test]
async fn a_token_that_does_not_look_like_one_never_reaches_the_function() {
    let pets = guarded("token", &json!({ "identityValidationExpression": "Bearer [a-z]+" })).await;
    for (headers, reason) in [
        (&[][..], "the identity source method.request.header.Authorization has no value"),
        (&[("Authorization", "")], "has no value"),
        (&[("Authorization", "Bearer 1")], "does not match identityValidationExpression"),
    ] {
        let reply = pets.ask("GET", "/pets/7", headers, "").await;
        assert_eq!((reply.said(), error_type(&reply)), ((401, UNAUTHORIZED), "UnauthorizedException"), "{headers:?}");
        pets.server.check(&reply, "gate", "UnauthorizedException", reason, "of the authorizer gate (").await;
    }
    assert_eq!(pets.seen(), (vec![], vec![]));
}

#[tokio::test]
async fn every_other_answer_keeps_callers_out() {
    let pets = guarded("token", &json!({ "authorizerResultTtlInSeconds": 0 })).await;
    let (denied, unusable, failed) =
        ("AccessDeniedException", "AuthorizerConfigurationException", "AuthorizerFailureException");
    let with = |name: &str, value: Value| {
        let mut answer = policy("Allow", "*");
        answer[name] = value;
        answers(&answer)
    };
    for (reaction, said, code, reason) in [
        (answers(&policy("Deny", "*")), (403, DENIED), denied, "denies the method explicitly"),
        (answers(&policy("Allow", "*/POST/*")), (403, NOT_ALLOWED), denied, "does not allow the method"),
        (fails("Unauthorized"), (401, UNAUTHORIZED), "UnauthorizedException", "says that the caller is unauthorized"),
        (fails("unauthorized"), (500, NULL), unusable, "the authorizer's function failed: unauthorized"),
        (with("policyDocument", json!({})), (500, NULL), unusable, "the policy document has no Statement"),
        (with("principalId", json!(null)), (500, NULL), unusable, "has no principalId"),
        (with("context", json!({ "a": [] })), (500, NULL), unusable, "context must be an object of texts"),
        (answers(&json!(null)), (500, NULL), unusable, "is not a JSON object"),
        (Reaction::Fixed(503, "", "".into()), (500, NULL), failed, "answered with status 503"),
        (Reaction::HangUp, (500, NULL), failed, "the function cannot be reached"),
    ] {
        pets.gate.reacts(reaction);
        let reply = pets.pet("7", "Bearer secret-token").await;
        assert_eq!((reply.said(), error_type(&reply)), (said, code), "{reason}");
        let found = pets.server.check(&reply, "gate", code, reason, "the authorizer gate (").await;
        assert!(!found.to_string().contains("secret-token"), "{found}");
    }
    assert_eq!(pets.seen().0, Vec::<Value>::new());
}

#[tokio::test]
async fn a_function_that_is_not_there_is_a_wrong_configuration() {
    let pets = guarded("token", &json!({ "authorizerUri": uri("unknown") })).await;
    let reply = pets.pet("7", "token").await;
    let unusable = "AuthorizerConfigurationException";
    assert_eq!((reply.said(), error_type(&reply)), ((500, NULL), unusable));
    pets.server
        .check(&reply, "gate", unusable, "Invalid permissions on Lambda function", "the authorizer gate (")
        .await;
}

#[tokio::test]
async fn an_answer_is_kept_and_its_policy_held_against_each_method() {
    let pets = guarded("token", &json!({})).await;
    pets.gate.reacts(answers(&policy("Allow", "*/GET/pets/7")));
    assert_eq!(pets.pet("7", "a").await.status, 200);
    let reply = pets.pet("8", "a").await;
    assert_eq!(reply.said(), (403, NOT_ALLOWED));
    pets.server
        .check(&reply, "gate", "AccessDeniedException", "does not allow", "answered before, and which is kept")
        .await;
    assert_eq!(pets.pet("7", "a").await.status, 200);
    assert_eq!(pets.seen().1.len(), 1);
    // Another token is another caller.
    assert_eq!(pets.pet("7", "b").await.status, 200);
    assert_eq!(pets.seen().1.len(), 1);
    pets.monotonic.advance_milliseconds(299_999);
    assert_eq!(pets.pet("7", "a").await.status, 200);
    assert_eq!(pets.seen().1.len(), 0);
    pets.monotonic.advance_milliseconds(1);
    assert_eq!(pets.pet("7", "a").await.status, 200);
    assert_eq!(pets.seen().1.len(), 1);
}

#[tokio::test]
async fn a_new_deployment_and_a_flush_forget_what_was_answered() {
    let pets = guarded("token", &json!({})).await;
    pets.gate.reacts(answers(&policy("Allow", "*")));
    let asked = async || {
        assert_eq!(pets.pet("7", "a").await.status, 200);
        pets.seen().1.len()
    };
    assert_eq!((asked().await, asked().await), (1, 0));
    pets.deploy().await;
    assert_eq!((asked().await, asked().await), (1, 0));
    let flush = |stage: &str| format!("/restapis/{}/stages/{stage}/cache/authorizers", pets.api);
    assert_eq!(pets.server.ask(request("DELETE", &flush("prod"), &[], "")).await.said(), (202, ""));
    assert_eq!((asked().await, asked().await), (1, 0));
    let refused = pets.server.ask(request("DELETE", &flush("other"), &[], "")).await;
    assert_eq!(refused.said(), (404, r#"{"message":"Invalid stage identifier specified"}"#));
}

#[tokio::test]
async fn what_cannot_be_kept_is_asked_anew() {
    for (kind, changes) in [("token", json!({ "authorizerResultTtlInSeconds": 0 })), ("request", json!({}))] {
        let pets = guarded(kind, &changes).await;
        pets.gate.reacts(answers(&policy("Allow", "*")));
        for _ in 0..2 {
            assert_eq!(pets.pet("7", "a").await.status, 200);
        }
        assert_eq!(pets.seen().1.len(), 2, "{kind}");
    }
    // A refusal by the function is no answer that could be kept.
    let pets = guarded("token", &json!({})).await;
    for reaction in [fails("Unauthorized"), fails("other"), answers(&json!({}))] {
        pets.gate.reacts(reaction);
        assert_ne!(pets.pet("7", "a").await.status, 200);
        assert_eq!(pets.seen().1.len(), 1);
    }
    pets.gate.reacts(answers(&policy("Allow", "*")));
    assert_eq!(pets.pet("7", "a").await.status, 200);
}

#[tokio::test]
async fn conditions_of_a_policy_see_the_caller() {
    let pets = guarded("token", &json!({ "authorizerResultTtlInSeconds": 0 })).await;
    for (network, expected) in [("127.0.0.0/8", 200), ("192.0.2.0/24", 403)] {
        let mut answer = policy("Allow", "*");
        answer["policyDocument"]["Statement"][0]["Condition"] = json!({ "IpAddress": { "aws:SourceIp": network } });
        pets.gate.reacts(answers(&answer));
        assert_eq!(pets.pet("7", "a").await.status, expected, "{network}");
    }
}

#[tokio::test]
async fn a_method_whose_arn_is_too_long_is_not_asked_about() {
    let pets = guarded("token", &json!({})).await;
    let reply = pets.pet(&"x".repeat(1_600), "a").await;
    assert_eq!((reply.status.as_u16(), pets.seen().1.len()), (414, 0));
    pets.server.check(&reply, "gate", "RequestTooLargeException", "longer than 1600 bytes", "").await;
}

#[tokio::test]
async fn what_the_authorizer_says_reaches_templates_and_refusals() {
    let integration = json!({
        "type": "mock", "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
        "responses": { "default": { "statusCode": "200", "responseTemplates": {
            "application/json": "$context.authorizer.principalId $context.authorizer.level $!context.authorizer.none." } } },
    });
    let api = json!({ "x-amazon-apigateway-gateway-responses": { "ACCESS_DENIED": {
        "responseTemplates": { "application/json": "{\"because\":\"$context.authorizer.why\"}" } } } });
    let pets =
        Pets::serve(&integration, Some(&authorizer("token", &json!({ "authorizerResultTtlInSeconds": 0 }))), &api)
            .await;
    let mut answer = policy("Allow", "*");
    answer["context"] = json!({ "level": 3, "why": "too young" });
    pets.gate.reacts(answers(&answer));
    assert_eq!(pets.pet("7", "a").await.said(), (200, "ada 3 ."));
    answer["policyDocument"]["Statement"][0]["Effect"] = json!("Deny");
    pets.gate.reacts(answers(&answer));
    assert_eq!(pets.pet("7", "a").await.said(), (403, r#"{"because":"too young"}"#));
}
