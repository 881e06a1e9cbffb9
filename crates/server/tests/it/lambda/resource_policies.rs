//! An API's own resource policy, alone and beside its authorizers.

use serde_json::{Value, json};

use super::{Pets, answers, authorizer, integration, policy};
use crate::stack::UNAUTHORIZED;

/// A resource policy that says this of everybody's GETs.
fn says(effect: &str, condition: &Value) -> Value {
    json!({ "x-amazon-apigateway-policy": { "Version": "2012-10-17", "Statement": [{
        "Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/prod/GET/*",
        "Condition": condition,
    }] } })
}

async fn open(policy: &Value) -> Pets {
    Pets::serve(&integration("aws_proxy", &json!({})), None, policy).await
}

#[tokio::test]
async fn a_resource_policy_must_allow_what_anybody_may_call() {
    let home = json!({ "IpAddress": { "aws:SourceIp": "127.0.0.0/8" } });
    let away = json!({ "IpAddress": { "aws:SourceIp": "192.0.2.0/24" } });
    for (effect, condition, method, expected) in [
        ("Allow", &home, "GET", None),
        ("Allow", &home, "POST", Some(("", "does not allow the method"))),
        ("Allow", &away, "GET", Some(("", "does not allow the method"))),
        ("Deny", &home, "GET", Some((" with an explicit deny", "denies the method explicitly"))),
        ("Deny", &away, "GET", Some(("", "does not allow the method"))),
    ] {
        let pets = open(&says(effect, condition)).await;
        let reply = pets.ask(method, "/pets/7", &[], "").await;
        let Some((how, reason)) = expected else {
            assert_eq!(reply.status, 200);
            continue;
        };
        let message = format!(
            "User: anonymous is not authorized to perform: execute-api:Invoke on resource: \
             arn:aws:execute-api:us-east-1:********0000:{}/prod/{method}/pets/7{how}",
            pets.api
        );
        assert_eq!((reply.status.as_u16(), reply.json()), (403, json!({ "Message": message })));
        pets.server.check(&reply, "gate", "AccessDeniedException", reason, "the policy of the REST API").await;
        assert_eq!(pets.seen(), (vec![], vec![]));
    }
}

#[tokio::test]
async fn a_resource_policy_denies_before_a_lambda_authorizer_is_asked_and_may_allow_beside_it() {
    let everywhere = json!({});
    for (resource, gate, expected, asked) in [
        ("Deny", policy("Allow", "*"), 403, 0),
        ("Allow", policy("Allow", "*"), 200, 1),
        ("Allow", policy("Allow", "*/POST/*"), 200, 1),
        ("Allow", policy("Deny", "*"), 403, 1),
    ] {
        let guarded = authorizer("token", &json!({}));
        let pets =
            Pets::serve(&integration("aws_proxy", &json!({})), Some(&guarded), &says(resource, &everywhere)).await;
        pets.gate.reacts(answers(&gate));
        assert_eq!(pets.pet("7", "a").await.status, expected, "{resource} {gate}");
        assert_eq!(pets.seen().1.len(), asked, "{resource} {gate}");
        // An encoded letter is no way round it.
        assert_eq!(pets.ask("GET", "/%70ets/7", &[("Authorization", "a")], "").await.status, expected);
    }
}

#[tokio::test]
async fn a_resource_policy_is_held_against_bearers_of_tokens_only_once_they_are_known() {
    let away = json!({ "IpAddress": { "aws:SourceIp": "192.0.2.0/24" } });
    let pets = open(&says("Allow", &away)).await;
    let machine = pets.server.machine().await;
    pets.guard_by_pool(&machine).await;
    let token = machine.token(&pets.server, "").await;
    assert_eq!(pets.pet("7", &token).await.status, 403);
    assert_eq!(pets.pet("7", "none").await.said(), (401, UNAUTHORIZED));
}
