//! Section 1.8: the hook before tokens of machines, and what it may change.

use bytes::Bytes;
use serde_json::{Value, json};

use super::cases;
use super::world::{GRANT, World};
use crate::claims_hook::{ARN, Reaction};
use crate::stack::claims;

cases! { |w|
    s1_8_trigger_source => {
        assert_eq!(event(&w, "").await["triggerSource"], "TokenGeneration_ClientCredentials");
        for version in ["V1_0", "V2_0"] {
            w.server.hook(&w.machine, version).await;
            w.granted(&w.machine.basic(), GRANT).await;
            assert_eq!(w.function.seen(), [], "{version}");
        }
    };
    s1_8_version => assert_eq!(event(&w, "").await["version"], "3");
    s1_8_user_name => assert_eq!(event(&w, "").await["userName"], "ClientCredentials");
    s1_8_caller_context => {
        let expected = json!({ "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": w.machine.client_id });
        assert_eq!(event(&w, "").await["callerContext"], expected);
    };
    s1_8_request => {
        let form = "&scope=weather-api/get&aws_client_metadata=%7B%22tenant%22%3A%22north%22%7D";
        let expected = json!({
            "userAttributes": {}, "groupConfiguration": null, "scopes": ["weather-api/get"],
            "clientMetadata": { "tenant": "north" },
        });
        assert_eq!(event(&w, form).await["request"], expected);
    };
    s1_8_response => {
        assert_eq!(event(&w, "").await["response"], json!({ "claimsAndScopeOverrideDetails": null }));
    };
    s1_8_output => {
        let claims = changed(&w, json!({
            "claimsToAddOrOverride": { "tenant": "north", "plan": { "level": 3 } }, "claimsToSuppress": ["plan"],
            "scopesToAdd": ["weather-api/delete"], "scopesToSuppress": ["weather-api/get"],
        })).await;
        let shown = json!([claims["tenant"], claims.get("plan"), claims["scope"]]);
        assert_eq!(shown, json!(["north", null, "weather-api/post weather-api/delete"]));
    };
    s1_8_claims_that_stay => {
        let protected = [
            "sub", "iss", "exp", "iat", "auth_time", "token_use", "client_id", "jti", "origin_jti", "event_id",
            "device_key", "version", "username", "nbf", "nonce", "azp", "acr", "amr", "at_hash", "identities",
            "cognito:username", "cognito:anything",
        ];
        let add: Value = protected.iter().map(|name| ((*name).to_owned(), json!("forged"))).collect();
        let claims = changed(&w, json!({ "claimsToAddOrOverride": add, "claimsToSuppress": ["sub", "iss", "exp"] })).await;
        for name in protected {
            assert_ne!(claims[name], "forged", "{name}");
        }
        assert_eq!(claims["sub"], json!(w.machine.client_id));
    };
    s1_8_aud => {
        let aud = async |aud: &str| {
            changed(&w, json!({ "claimsToAddOrOverride": { "aud": aud } })).await.get("aud").cloned()
        };
        assert_eq!(aud("https://api.example").await, None);
        assert_eq!(aud(&w.machine.client_id).await, Some(json!(w.machine.client_id)));
    };
    s1_8_limit => limit(&w).await;
    s1_8_client_token => {
        hooked(&w).await;
        let client = w.client(json!({ "ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH"] })).await;
        w.function.changes(&json!({ "claimsToAddOrOverride": { "tenant": "north" } }));
        let input = json!({
            "ClientId": client.client_id, "Secret": client.secret, "ClientMetadata": { "tenant": "north" },
        });
        let answer = w.ok("GetClientToken", input).await["ClientAuthenticationResult"]["AccessToken"].take();
        assert_eq!(claims(answer.as_str().unwrap())["tenant"], "north");
        let (_, event) = w.function.seen().pop().unwrap();
        assert_eq!(event["triggerSource"], "TokenGeneration_ClientCredentials");
        assert_eq!(event["request"]["clientMetadata"], json!({ "tenant": "north" }));
    };
    s1_8_failure => {
        hooked(&w).await;
        let error = Bytes::from_static(br#"{"errorMessage":"no such tenant"}"#);
        w.function.reacts(Reaction::Fixed(200, "X-Amz-Function-Error: Unhandled", error));
        let reply = w.token(&w.machine.basic(), GRANT).await;
        let description = "PreTokenGeneration failed with error no such tenant.";
        let expected = json!({ "error": "invalid_request", "error_description": description });
        assert_eq!((reply.status.as_u16(), reply.json()), (400, expected));
    };
    s5_2_claim_changes => limit(&w).await;
}

/// Has the world's pool ask the function, which changes nothing yet.
async fn hooked(w: &World) {
    w.server.hook(&w.machine, "V3_0").await;
    w.function.reacts(Reaction::Changes(Value::Null));
    w.function.seen();
    let pool = w.ok("DescribeUserPool", w.of_pool(json!({}))).await;
    assert_eq!(pool["UserPool"]["LambdaConfig"]["PreTokenGenerationConfig"]["LambdaArn"], ARN);
}

/// The event of a token request.
async fn event(w: &World, form: &str) -> Value {
    hooked(w).await;
    w.granted(&w.machine.basic(), &format!("{GRANT}{form}")).await;
    let mut seen = w.function.seen();
    assert_eq!(seen.len(), 1, "the function is asked once");
    seen.pop().unwrap().1
}

/// The claims of a token when the function asks for these changes.
async fn changed(w: &World, generation: Value) -> Value {
    hooked(w).await;
    w.function.changes(&generation);
    w.granted(&w.machine.basic(), GRANT).await
}

/// 5,000 claims and scopes in all, and not one more.
async fn limit(w: &World) {
    hooked(w).await;
    let ask = async |count: usize| {
        let names: Vec<String> = (0..count).map(|number| number.to_string()).collect();
        w.function.changes(&json!({ "claimsToSuppress": names }));
        w.token(&w.machine.basic(), GRANT).await
    };
    // What the token has already counts too, where the limit is read strictly; here the changes do.
    assert_eq!(ask(5_000).await.status, 200);
    assert_eq!(ask(5_001).await.json()["error"], "invalid_request");
}
