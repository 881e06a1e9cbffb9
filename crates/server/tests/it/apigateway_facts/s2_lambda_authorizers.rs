//! Section 2: Lambda authorizers of REST APIs.

use serde_json::{Value, json};

use super::cases;
use super::world::{UNAUTHORIZED, refused};
use crate::claims_hook::Reaction;
use crate::lambda::{Node, Pets, answers, authorizer, fails, integration, policy, uri};
use crate::stack::request;

const DENIED: &str =
    r#"{"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}"#;
const NOT_ALLOWED: &str = r#"{"Message":"User is not authorized to access this resource"}"#;
const NULL: &str = r#"{"message":null}"#;
const UNAUTHORIZED_EXCEPTION: &str = "UnauthorizedException";
const ACCESS_DENIED: &str = "AccessDeniedException";
const CONFIGURATION: &str = "AuthorizerConfigurationException";

impl Node {
    /// Serves an API behind an authorizer of this kind, which lets everybody in unless the case says otherwise.
    async fn guarded(self: &std::sync::Arc<Self>, kind: &str, changes: Value) -> Pets {
        let pets =
            self.serve(&integration("aws_proxy", &json!({})), Some(&authorizer(kind, &changes)), &json!({})).await;
        self.gate.reacts(answers(&policy("Allow", "*")));
        pets
    }

    /// Serves an API that asks its authorizer each time.
    async fn asked_anew(self: &std::sync::Arc<Self>) -> Pets {
        self.guarded("token", json!({ "authorizerResultTtlInSeconds": 0 })).await
    }
}

impl Pets {
    /// How often the authorizer was asked for a request with this token, which it let in.
    async fn asked(&self, token: &str) -> usize {
        assert_eq!(self.pet("7", token).await.status, 200);
        self.seen().1.len()
    }

    /// What a request is told whose authorizer answers this.
    async fn told(&self, reaction: Reaction) -> crate::stack::Reply {
        self.gate.reacts(reaction);
        self.pet("7", "a").await
    }
}

/// An answer that allows everything, with this member.
fn with_member(name: &str, value: Value) -> Reaction {
    let mut answer = policy("Allow", "*");
    answer[name] = value;
    answers(&answer)
}

cases! { Node, |w|
    s2_1_token_event => {
        let pets = w.guarded("token", json!({})).await;
        pets.pet("7", "Bearer abc").await;
        let arn = format!("arn:aws:execute-api:us-east-1:000000000000:{}/prod/GET/pets/7", pets.api);
        let expected = json!({ "type": "TOKEN", "authorizationToken": "Bearer abc", "methodArn": arn });
        assert_eq!(w.seen().1, [expected]);
    };
    s2_1_request_event => {
        let pets = w.guarded("request", json!({ "identitySource": "method.request.header.X-Tenant" })).await;
        pets.ask("POST", "/pets/7?a=1&a=2", &[("X-Tenant", "north")], "body").await;
        let (backend, gate) = w.seen();
        let mut proxy = backend[0].clone();
        let context = proxy["requestContext"].as_object_mut().unwrap();
        context.shift_remove("authorizer").unwrap();
        for (name, value) in gate[0].as_object().unwrap() {
            match name.as_str() {
                "type" => assert_eq!(value, "REQUEST"),
                "methodArn" => assert!(value.as_str().unwrap().ends_with("/prod/POST/pets/7"), "{value}"),
                "headers" | "multiValueHeaders" => {
                    // Each call of a function has a trace of its own.
                    let without_trace = |headers: &Value| {
                        let mut headers = headers.clone();
                        headers.as_object_mut().unwrap().shift_remove("X-Amzn-Trace-Id");
                        headers
                    };
                    assert_eq!(without_trace(value), without_trace(&proxy[name]));
                }
                other => assert_eq!(value, &proxy[other], "{other}"),
            }
        }
        assert_eq!((gate[0].get("body"), gate[0].as_object().unwrap().len()), (None, 12));
        pets.ask("GET", "/pets/7", &[("X-Tenant", "south")], "").await;
        assert_eq!(w.seen().1[0]["queryStringParameters"], json!({}));
    };
    s2_1_method_arn => {
        let pets = w.asked_anew().await;
        for (path, expected) in [("/pets/7", "pets/7"), ("/pets/7/", "pets/7"), ("//pets/7", "pets/7"), ("/pets/a%20b?x=1", "pets/a b")] {
            pets.ask("GET", path, &[("Authorization", "a")], "").await;
            let arn = w.seen().1[0]["methodArn"].as_str().unwrap().to_owned();
            assert_eq!(arn, format!("arn:aws:execute-api:us-east-1:000000000000:{}/prod/GET/{expected}", pets.api));
        }
    };
    s2_1_lengths => {
        let pets = w.asked_anew().await;
        assert_eq!(pets.pet(&"x".repeat(1_600), "a").await.status, 414);
        assert_eq!(w.seen().1.len(), 0);
        let resource = |length: usize| answers(&policy("Allow", &format!("*{}", "*".repeat(length - 1))));
        assert_eq!(pets.told(resource(512)).await.status, 200);
        refused(&pets.told(resource(513)).await, 500, NULL, CONFIGURATION);
    };
    s2_2_token => {
        let pets = w.guarded("token", json!({ "identityValidationExpression": "Bearer [a-z]+" })).await;
        for headers in [&[][..], &[("Authorization", "")], &[("Authorization", "Bearer 1")], &[("Authorization", "xBearer a")]] {
            refused(&pets.ask("GET", "/pets/7", headers, "").await, 401, UNAUTHORIZED, UNAUTHORIZED_EXCEPTION);
        }
        assert_eq!(w.seen(), (vec![], vec![]));
        assert_eq!(pets.asked("Bearer a").await, 1);
    };
    s2_2_request => {
        let sources = "method.request.header.A,method.request.querystring.b,stageVariables.color,context.identity.sourceIp";
        let pets = w.guarded("request", json!({ "identitySource": sources })).await;
        for (path, headers) in [("/pets/7?b=1", &[][..]), ("/pets/7?b=1", &[("A", "")]), ("/pets/7", &[("A", "1")]), ("/pets/7?b=", &[("A", "1")])] {
            refused(&pets.ask("GET", path, headers, "").await, 401, UNAUTHORIZED, UNAUTHORIZED_EXCEPTION);
        }
        assert_eq!(w.seen().1.len(), 0);
        assert_eq!(pets.ask("GET", "/pets/7?b=1", &[("A", "1")], "").await.status, 200);
        let pets = w.guarded("request", json!({ "identitySource": "stageVariables.none" })).await;
        refused(&pets.pet("7", "a").await, 401, UNAUTHORIZED, UNAUTHORIZED_EXCEPTION);
    };
    s2_2_without_caching => {
        let pets = w.guarded("request", json!({ "authorizerResultTtlInSeconds": 0 })).await;
        assert_eq!((pets.asked("a").await, pets.asked("a").await), (1, 1));
        assert_eq!(pets.ask("GET", "/pets/7", &[], "").await.status, 200);
    };
    s2_2_path_parameters => {
        let pets = w.guarded("request", json!({ "authorizerResultTtlInSeconds": 0 })).await;
        pets.pet("7", "a").await;
        assert_eq!(w.seen().1[0]["pathParameters"], json!({ "id": "7" }));
        let source = json!({
            "name": "path", "type": "REQUEST", "authorizerUri": uri("gate"), "identitySource": "method.request.path.id",
        });
        let target = format!("/restapis/{}/authorizers", pets.api);
        let reply = w.server.ask(request("POST", &target, &[], &source.to_string())).await;
        assert_eq!(reply.status, 400, "{reply:?}");
    };
    s2_3_members => {
        let pets = w.asked_anew().await;
        for (name, value) in [("principalId", json!(null)), ("principalId", json!(7)), ("policyDocument", json!(null)), ("usageIdentifierKey", json!(7))] {
            refused(&pets.told(with_member(name, value)).await, 500, NULL, CONFIGURATION);
        }
        for (name, value) in [("context", json!(null)), ("context", json!({})), ("usageIdentifierKey", json!("key")), ("other", json!([]))] {
            assert_eq!(pets.told(with_member(name, value)).await.status, 200, "{name}");
        }
    };
    s2_3_policy => {
        let pets = w.asked_anew().await;
        let statement = |effect: &str, action: Value, resource: Value| json!({ "Effect": effect, "Action": action, "Resource": resource });
        let everything = || statement("Allow", json!("*"), json!("*"));
        let mut home = everything();
        home["Condition"] = json!({ "IpAddress": { "aws:SourceIp": "127.0.0.1/32" } });
        let mut away = everything();
        away["Condition"] = json!({ "IpAddress": { "aws:SourceIp": ["192.0.2.0/24"] } });
        for (statements, expected) in [
            (json!([everything()]), 200),
            (json!([]), 403),
            (json!([everything(), statement("Deny", json!("*"), json!("*/pets/?"))]), 403),
            (json!([everything(), statement("Deny", json!("*"), json!("*/DELETE/*"))]), 200),
            (json!([statement("Allow", json!("execute-api:*"), json!(["arn:aws:execute-api:*:*:*/prod/GET/*", "x"]))]), 200),
            (json!([statement("Allow", json!(["execute-api:Invoke"]), json!("*/GET/p*s/7"))]), 200),
            (json!([statement("Allow", json!("execute-api:ManageConnections"), json!("*"))]), 403),
            (json!([statement("Allow", json!("*"), json!("*/GET/pets"))]), 403),
            (json!([home]), 200),
            (json!([away]), 403),
        ] {
            let reply = pets.told(with_member("policyDocument", json!({ "Statement": statements }))).await;
            assert_eq!(reply.status, expected, "{statements}");
        }
    };
    s2_3_statement => {
        let pets = w.asked_anew().await;
        let statement = json!({ "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*" });
        for statements in [statement.clone(), json!([statement])] {
            let reply = pets.told(with_member("policyDocument", json!({ "Statement": statements }))).await;
            assert_eq!(reply.status, 200, "{statements}");
        }
    };
    s2_3_context_in_templates => {
        let template = "$context.authorizer.principalId,$context.authorizer.number,$context.authorizer.truth";
        let mock = json!({
            "type": "mock", "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
            "responses": { "default": { "statusCode": "200", "responseTemplates": { "application/json": template } } },
        });
        let pets = w.serve(&mock, Some(&authorizer("token", &json!({}))), &json!({})).await;
        let reply = pets.told(with_member("context", json!({ "number": 1.5, "truth": true }))).await;
        assert_eq!(reply.said(), (200, "ada,1.5,true"));
    };
    s2_3_context_in_event => {
        let pets = w.asked_anew().await;
        pets.told(with_member("context", json!({ "number": 123, "text": "a", "truth": true }))).await;
        let told = w.seen().0[0]["requestContext"]["authorizer"].take();
        let expected =
            json!({ "number": "123", "text": "a", "truth": "true", "principalId": "ada", "integrationLatency": 0 });
        assert_eq!(told, expected);
    };
    s2_3_nested_context => {
        let pets = w.asked_anew().await;
        for nested in [json!({}), json!([]), json!([1])] {
            let reply = pets.told(with_member("context", json!({ "a": nested }))).await;
            refused(&reply, 500, NULL, CONFIGURATION);
        }
    };
    s2_3_claims => {
        let pets = w.asked_anew().await;
        pets.told(with_member("context", json!({ "claims": "mine", "a": "b" }))).await;
        let told = w.seen().0[0]["requestContext"]["authorizer"].take();
        assert_eq!((told.get("claims"), &told["a"]), (None, &json!("b")));
    };
    s2_4_allow => {
        let pets = w.guarded("token", json!({})).await;
        assert_eq!(pets.pet("7", "a").await.said(), (200, ""));
        assert_eq!(w.seen().0.len(), 1);
    };
    s2_4_unauthorized => {
        let pets = w.asked_anew().await;
        refused(&pets.told(fails("Unauthorized")).await, 401, UNAUTHORIZED, UNAUTHORIZED_EXCEPTION);
        for other in ["unauthorized", "Unauthorized.", "Unauthorized "] {
            refused(&pets.told(fails(other)).await, 500, NULL, CONFIGURATION);
        }
    };
    s2_4_identity_source_missing => {
        let pets = w.guarded("token", json!({})).await;
        let reply = pets.ask("GET", "/pets/7", &[], "").await;
        refused(&reply, 401, UNAUTHORIZED, UNAUTHORIZED_EXCEPTION);
        assert_eq!(reply.header("content-length"), Some("26"));
    };
    s2_4_explicit_deny => {
        let pets = w.asked_anew().await;
        refused(&pets.told(answers(&policy("Deny", "*"))).await, 403, DENIED, ACCESS_DENIED);
    };
    s2_4_implicit_deny => {
        let pets = w.asked_anew().await;
        refused(&pets.told(answers(&policy("Allow", "*/POST/*"))).await, 403, NOT_ALLOWED, ACCESS_DENIED);
    };
    s2_4_other_failures => {
        let pets = w.asked_anew().await;
        for reaction in [
            fails("broken"),
            answers(&json!(null)),
            answers(&json!({})),
            answers(&json!("Allow")),
            with_member("policyDocument", json!({ "Statement": [{ "Effect": "Perhaps" }] })),
            with_member("context", json!("text")),
            Reaction::Fixed(200, "", "<html>".into()),
        ] {
            refused(&pets.told(reaction).await, 500, NULL, CONFIGURATION);
        }
        assert_eq!(w.seen().0, [0; 0]);
    };
    s2_4_not_permitted => {
        let pets = w.guarded("token", json!({ "authorizerUri": uri("unknown") })).await;
        refused(&pets.pet("7", "a").await, 500, NULL, CONFIGURATION);
    };
    s2_4_service_failure => {
        let pets = w.asked_anew().await;
        for reaction in [Reaction::HangUp, Reaction::Fixed(503, "", "".into())] {
            refused(&pets.told(reaction).await, 500, NULL, "AuthorizerFailureException");
        }
    };
    s2_4_capital_letter => {
        let pets = w.asked_anew().await;
        let denied = pets.told(answers(&policy("Deny", "*"))).await.json();
        let unauthorized = pets.told(fails("Unauthorized")).await.json();
        assert!(denied.get("Message").is_some() && denied.get("message").is_none(), "{denied}");
        assert!(unauthorized.get("message").is_some() && unauthorized.get("Message").is_none(), "{unauthorized}");
        let shown = w.server.ask(request("GET", &format!("/restapis/{}/gatewayresponses/ACCESS_DENIED", pets.api), &[], "")).await;
        let template = shown.json()["responseTemplates"]["application/json"].take();
        assert_eq!(template, r#"{"message":$context.error.messageString}"#);
    };
    s2_5_key => {
        let pets = w.guarded("token", json!({})).await;
        let counts = [pets.asked("a").await, pets.asked("a").await, pets.asked("b").await, pets.asked("a").await];
        assert_eq!(counts, [1, 0, 1, 0]);
        let sources = "method.request.header.A,method.request.header.B";
        let pets = w.guarded("request", json!({ "identitySource": sources })).await;
        for (a, b, expected) in [("1", "2", 1), ("2", "1", 1), ("12", "x", 1), ("1", "2x", 1), ("1", "2", 0)] {
            assert_eq!(pets.ask("GET", "/pets/7", &[("A", a), ("B", b)], "").await.status, 200);
            assert_eq!(w.seen().1.len(), expected, "{a} {b}");
        }
        // Another stage of the same deployment asks for itself.
        let deployments = w.server.ask(request("GET", &format!("/restapis/{}/deployments", pets.api), &[], "")).await.json();
        let stage = json!({ "stageName": "test", "deploymentId": deployments["item"][0]["id"] }).to_string();
        let made = w.server.ask(request("POST", &format!("/restapis/{}/stages", pets.api), &[], &stage)).await;
        assert_eq!(made.status, 201, "{made:?}");
        let target = format!("/_aws/execute-api/{}/test/pets/7", pets.api);
        w.server.ask(request("GET", &target, &[("A", "1"), ("B", "2")], "")).await;
        assert_eq!(w.seen().1.len(), 1);
    };
    s2_5_policy => {
        let pets = w.guarded("token", json!({})).await;
        w.gate.reacts(answers(&policy("Allow", "*/GET/pets/7")));
        assert_eq!(pets.asked("a").await, 1);
        refused(&pets.pet("8", "a").await, 403, NOT_ALLOWED, ACCESS_DENIED);
        assert_eq!(pets.asked("a").await, 0);
    };
    s2_5_ttl => {
        for (ttl, seconds) in [(json!(null), 300), (json!(60), 60), (json!(3_600), 3_600)] {
            let pets = w.guarded("token", json!({ "authorizerResultTtlInSeconds": ttl })).await;
            assert_eq!(pets.asked("a").await, 1);
            w.monotonic.advance_milliseconds(seconds * 1_000 - 1);
            assert_eq!(pets.asked("a").await, 0, "{ttl}");
            w.monotonic.advance_milliseconds(1);
            assert_eq!(pets.asked("a").await, 1, "{ttl}");
        }
        let pets = w.asked_anew().await;
        assert_eq!((pets.asked("a").await, pets.asked("a").await), (1, 1));
        let longer = json!({
            "name": "longer", "type": "TOKEN", "authorizerUri": uri("gate"), "authorizerResultTtlInSeconds": 3_601,
            "identitySource": "method.request.header.Authorization",
        });
        let target = format!("/restapis/{}/authorizers", pets.api);
        assert_eq!(w.server.ask(request("POST", &target, &[], &longer.to_string())).await.status, 400);
    };
    s2_5_flush => {
        let pets = w.guarded("token", json!({})).await;
        assert_eq!((pets.asked("a").await, pets.asked("a").await), (1, 0));
        let target = format!("/restapis/{}/stages/prod/cache/authorizers", pets.api);
        assert_eq!(w.server.ask(request("DELETE", &target, &[], "")).await.said(), (202, ""));
        assert_eq!((pets.asked("a").await, pets.asked("a").await), (1, 0));
    };
    s2_5_deployment => {
        let pets = w.guarded("token", json!({})).await;
        let target = format!("/restapis/{}/authorizers", pets.api);
        let id = w.server.ask(request("GET", &target, &[], "")).await.json()["item"][0]["id"].take();
        let patch = json!({ "patchOperations": [{ "op": "replace", "path": "/authorizerUri", "value": uri("unknown") }] });
        let target = format!("{target}/{}", id.as_str().unwrap());
        assert_eq!(w.server.ask(request("PATCH", &target, &[], &patch.to_string())).await.status, 200);
        assert_eq!(pets.asked("a").await, 1);
        pets.deploy().await;
        refused(&pets.pet("7", "a").await, 500, NULL, CONFIGURATION);
    };
    s2_5_failures => {
        let pets = w.guarded("token", json!({})).await;
        for reaction in [fails("Unauthorized"), fails("broken"), answers(&json!({}))] {
            assert!(pets.told(reaction).await.status.as_u16() >= 400);
            assert_eq!(w.seen().1.len(), 1);
        }
        w.gate.reacts(answers(&policy("Allow", "*")));
        assert_eq!((pets.asked("a").await, pets.asked("a").await), (1, 0));
    };
    s6_access_denied => {
        let pets = w.asked_anew().await;
        refused(&pets.told(answers(&policy("Deny", "*"))).await, 403, DENIED, ACCESS_DENIED);
        let response = json!({ "statusCode": "404", "responseTemplates": { "application/json": "{\"why\":$context.error.messageString}" } });
        let target = format!("/restapis/{}/gatewayresponses/ACCESS_DENIED", pets.api);
        assert_eq!(w.server.ask(request("PUT", &target, &[], &response.to_string())).await.status, 201);
        pets.deploy().await;
        let why = r#"{"why":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}"#;
        refused(&pets.pet("7", "a").await, 404, why, ACCESS_DENIED);
    };
    s6_authorizer_failure => {
        let pets = w.asked_anew().await;
        refused(&pets.told(Reaction::HangUp).await, 500, NULL, "AuthorizerFailureException");
    };
}
