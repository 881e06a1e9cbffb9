//! Section 6.8: `GetClientToken`.

use serde_json::{Value, json};

use super::cases;
use super::world::{World, with};
use crate::stack::{Machine, Reply, claims, signed};

cases! { |w|
    s6_8_answer => {
        let answer = w.ok("GetClientToken", input(&by_token(&w, json!({})).await)).await;
        let result = &answer["ClientAuthenticationResult"];
        assert_eq!(answer.as_object().unwrap().len(), 1);
        let names: Vec<_> = result.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, ["AccessToken", "ExpiresIn", "TokenType"]);
        assert_eq!(json!([result["ExpiresIn"], result["TokenType"]]), json!([3600, "Bearer"]));
    };
    s6_8_flow => {
        for flows in [json!(null), json!(["ALLOW_USER_SRP_AUTH"])] {
            let client = w.client(json!({ "ExplicitAuthFlows": flows })).await;
            assert_eq!(ask(&w, input(&client)).await.status, 400, "{flows}");
        }
        assert_eq!(ask(&w, input(&by_token(&w, json!({})).await)).await.status, 200);
    };
    s6_8_without_oauth_flow => {
        let without = json!({ "AllowedOAuthFlowsUserPoolClient": false, "AllowedOAuthFlows": [] });
        for settings in [json!({}), without] {
            assert_eq!(scope(&w, &by_token(&w, settings).await, json!({})).await, "weather-api/get weather-api/post");
        }
    };
    s6_8_scopes_omitted => {
        let client = by_token(&w, json!({})).await;
        assert_eq!(scope(&w, &client, json!({})).await, "weather-api/get weather-api/post");
        assert_eq!(scope(&w, &client, json!({ "Scopes": ["weather-api/post"] })).await, "weather-api/post");
    };
    s6_8_wrong_secret => {
        let client = by_token(&w, json!({})).await;
        let wrong = json!({ "ClientId": client.client_id, "Secret": "x".repeat(24) });
        let unknown = json!({ "ClientId": "unknown", "Secret": client.secret });
        for input in [wrong, unknown] {
            w.no("GetClientToken", input, "NotAuthorizedException", "Invalid client or secret").await;
        }
    };
    s6_8_flow_not_enabled => {
        let reply = ask(&w, input(&w.machine)).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["__type"]), (400, &json!("NotAuthorizedException")), "{reply:?}");
    };
    s6_8_errors => {
        let client = by_token(&w, json!({})).await;
        for (changes, exception) in [
            (json!({ "Secret": "short" }), "InvalidParameterException"),
            (json!({ "Secret": null }), "InvalidParameterException"),
            (json!({ "Scopes": ["a b"] }), "InvalidParameterException"),
            (json!({ "Scopes": ["weather-api/delete"] }), "InvalidParameterException"),
            (json!({ "Secret": "x".repeat(64) }), "NotAuthorizedException"),
        ] {
            let reply = ask(&w, with(input(&client), changes.clone())).await;
            assert_eq!((reply.status.as_u16(), &reply.json()["__type"]), (400, &json!(exception)), "{changes}");
        }
    };
    s6_1_unsigned_client_token => {
        let input = input(&by_token(&w, json!({})).await);
        let anybody = signed("222222222222", "eu-west-1", "cognito-idp");
        for authorization in [None, Some(&*anybody)] {
            assert_eq!(w.server.cognito_as(authorization, "GetClientToken", &input).await.status, 200, "{authorization:?}");
        }
    };
    s2_2_client_token => {
        let minutes = json!({ "AccessTokenValidity": 5, "TokenValidityUnits": { "AccessToken": "minutes" } });
        let client = by_token(&w, minutes).await;
        let claims = token(&w, &client, json!({})).await;
        let names: Vec<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = ["sub", "token_use", "scope", "auth_time", "iss", "exp", "iat", "version", "jti", "client_id"];
        assert_eq!(names, expected);
        assert_eq!(json!([claims["token_use"], claims["client_id"]]), json!(["access", client.client_id]));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
    };
}

/// A machine that may use this flow.
async fn by_token(w: &World, settings: Value) -> Machine {
    w.client(with(json!({ "ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH"] }), settings)).await
}

fn input(machine: &Machine) -> Value {
    json!({ "ClientId": machine.client_id, "Secret": machine.secret })
}

async fn ask(w: &World, input: Value) -> Reply {
    w.server.cognito_as(None, "GetClientToken", &input).await
}

/// The claims of the token that a machine is given.
async fn token(w: &World, machine: &Machine, members: Value) -> Value {
    let answer = w.ok("GetClientToken", with(input(machine), members)).await;
    claims(answer["ClientAuthenticationResult"]["AccessToken"].as_str().unwrap())
}

async fn scope(w: &World, machine: &Machine, members: Value) -> Value {
    token(w, machine, members).await["scope"].take()
}
