//! What the settings of an app client may say together.

use serde_json::{Value, json};

use crate::plane::{Plane, machine, with};

const INVALID: &str = "InvalidParameterException";
const FLOW: &str = "InvalidOAuthFlowException";
const SCOPE: &str = "ScopeDoesNotExistException";

#[tokio::test]
async fn oauth_settings_that_contradict_each_other_are_refused() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let refused = |members: Value, exception: &'static str, message: &'static str| {
        plane.refused("CreateUserPoolClient", with(machine(&pool), members), exception, message)
    };
    let required =
        "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.";
    refused(json!({"AllowedOAuthFlows": null}), INVALID, required).await;
    refused(json!({"AllowedOAuthFlows": []}), INVALID, required).await;
    refused(json!({"AllowedOAuthScopes": null}), INVALID, required).await;
    refused(json!({"AllowedOAuthScopes": []}), INVALID, required).await;
    for other in ["code", "implicit"] {
        let together = "client_credentials flow can not be selected along with code flow or implicit flow.";
        refused(json!({"AllowedOAuthFlows": ["client_credentials", other]}), FLOW, together).await;
    }
    let secret = "client_credentials flow can not be selected if client does not have a client secret.";
    refused(json!({"GenerateSecret": false}), FLOW, secret).await;
    refused(json!({"GenerateSecret": null, "AllowedOAuthFlowsUserPoolClient": false}), FLOW, secret).await;
    let openid = "openid is not supported with client_credentials flow";
    refused(json!({"AllowedOAuthScopes": ["weather/get", "openid", "email"]}), FLOW, openid).await;
    let email = "email is not supported with client_credentials flow";
    refused(json!({"AllowedOAuthScopes": ["email"]}), FLOW, email).await;
    let admin = "aws.cognito.signin.user.admin is not supported with client_credentials flow";
    refused(json!({"AllowedOAuthScopes": ["aws.cognito.signin.user.admin"]}), FLOW, admin).await;
    let callback = "CallbackUrls can not be empty when code flow or implicit flow is selected";
    refused(json!({"AllowedOAuthFlows": ["code"]}), INVALID, callback).await;
    refused(json!({"AllowedOAuthFlows": ["implicit"], "CallbackURLs": []}), INVALID, callback).await;
    let http = "http://example.com/back cannot use the HTTP protocol.";
    refused(json!({"CallbackURLs": ["https://a.example", "http://example.com/back"]}), INVALID, http).await;
    refused(json!({"LogoutURLs": ["http://example.com/back"]}), INVALID, http).await;
    let default = "DefaultRedirectURI must be one of CallbackURLs.";
    refused(
        json!({"CallbackURLs": ["https://a.example"], "DefaultRedirectURI": "https://b.example"}),
        INVALID,
        default,
    )
    .await;
    let provider = format!("The provider Google does not exist for User Pool {pool}");
    let input = with(machine(&pool), json!({"SupportedIdentityProviders": ["COGNITO", "Google"]}));
    plane.refused("CreateUserPoolClient", input, INVALID, &provider).await;
}

#[tokio::test]
async fn users_flows_take_users_scopes_and_local_redirects() {
    let plane = Plane::new();
    let pool = plane.pool_with_scopes().await;
    let urls = json!([
        "https://a.example/back",
        "http://localhost:3000/",
        "http://127.0.0.1",
        "http://[::1]:80/",
        "myapp://back"
    ]);
    let members = json!({
        "GenerateSecret": false, "AllowedOAuthFlows": ["code", "implicit"], "CallbackURLs": urls, "LogoutURLs": urls,
        "AllowedOAuthScopes": ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin", "weather/get"],
        "DefaultRedirectURI": "myapp://back", "SupportedIdentityProviders": ["COGNITO"],
    });
    let created = plane.ok("CreateUserPoolClient", with(machine(&pool), members)).await;
    assert_eq!(created["UserPoolClient"]["CallbackURLs"], urls);
    assert_eq!(created["UserPoolClient"]["ClientSecret"], Value::Null);
}

#[tokio::test]
async fn a_scope_must_be_defined_in_the_pool() {
    let plane = Plane::new();
    let (pool, other) = (plane.pool_with_scopes().await, plane.pool().await);
    let slashes = json!({
        "UserPoolId": pool, "Identifier": "https://api.example/v1", "Name": "A",
        "Scopes": [{"ScopeName": "x", "ScopeDescription": "x"}],
    });
    plane.ok("CreateResourceServer", slashes).await;
    let accepted = with(machine(&pool), json!({"AllowedOAuthScopes": ["https://api.example/v1/x", "weather/post"]}));
    plane.ok("CreateUserPoolClient", accepted).await;
    for scope in
        ["weather/never", "never/get", "weather", "weather/", "/get", "weather/get/x", "https://api.example/v1/y"]
    {
        let input = with(machine(&pool), json!({"AllowedOAuthScopes": ["weather/get", scope]}));
        let message = format!("Invalid scope requested: {scope}");
        plane.refused("CreateUserPoolClient", input, SCOPE, &message).await;
    }
    plane.refused("CreateUserPoolClient", machine(&other), SCOPE, "Invalid scope requested: weather/get").await;
}

#[tokio::test]
async fn tokens_live_five_minutes_to_a_day_and_refresh_tokens_an_hour_to_ten_years() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let base = json!({"UserPoolId": pool, "ClientName": "station"});
    let check = |members: Value, accepted: bool| {
        let (plane, input) = (&plane, with(base.clone(), members));
        async move {
            if accepted {
                plane.ok("CreateUserPoolClient", input).await;
            } else {
                plane.refused("CreateUserPoolClient", input, INVALID, "Invalid range for token validity.").await;
            }
        }
    };
    for token in ["Access", "Id"] {
        let validity = |validity: Value, unit: Value| json!({format!("{token}TokenValidity"): validity, "TokenValidityUnits": {format!("{token}Token"): unit}});
        check(validity(json!(300), json!("seconds")), true).await;
        check(validity(json!(299), json!("seconds")), false).await;
        check(validity(json!(86_400), json!("seconds")), true).await;
        check(validity(json!(5), json!("minutes")), true).await;
        check(validity(json!(4), json!("minutes")), false).await;
        check(validity(json!(1_440), json!("minutes")), true).await;
        check(validity(json!(1_441), json!("minutes")), false).await;
        check(validity(json!(24), Value::Null), true).await;
        check(validity(json!(25), Value::Null), false).await;
        check(validity(json!(1), json!("days")), true).await;
        check(validity(json!(2), json!("days")), false).await;
        check(validity(json!(86_400), json!("days")), false).await;
        check(validity(Value::Null, json!("minutes")), false).await;
        check(validity(Value::Null, json!("hours")), true).await;
    }
    let refresh = |validity: Value, unit: Value| json!({"RefreshTokenValidity": validity, "TokenValidityUnits": {"RefreshToken": unit}});
    check(refresh(json!(60), json!("minutes")), true).await;
    check(refresh(json!(59), json!("minutes")), false).await;
    check(refresh(json!(3_650), Value::Null), true).await;
    check(refresh(json!(3_651), Value::Null), false).await;
    check(refresh(json!(315_360_000), json!("seconds")), true).await;
    check(refresh(json!(315_360_000), json!("days")), false).await;
    check(refresh(Value::Null, json!("minutes")), false).await;
}

#[tokio::test]
async fn auth_flows_are_of_one_generation() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let base = json!({"UserPoolId": pool, "ClientName": "station", "GenerateSecret": true});
    let input = |flows: Value| with(base.clone(), json!({"ExplicitAuthFlows": flows}));
    plane.ok("CreateUserPoolClient", input(json!(["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]))).await;
    plane.ok("CreateUserPoolClient", input(json!(["USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"]))).await;
    plane.ok("CreateUserPoolClient", input(json!(["ALLOW_CLIENT_TOKEN_AUTH"]))).await;
    let legacy = "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.";
    let mixed = input(json!(["USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"]));
    plane.refused("CreateUserPoolClient", mixed, INVALID, legacy).await;
    let alone = "ALLOW_CLIENT_TOKEN_AUTH cannot be combined with other auth flows.";
    let combined = input(json!(["ALLOW_CLIENT_TOKEN_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]));
    plane.refused("CreateUserPoolClient", combined, INVALID, alone).await;
    let public = with(input(json!(["ALLOW_CLIENT_TOKEN_AUTH"])), json!({"GenerateSecret": false}));
    plane.refused("CreateUserPoolClient", public, INVALID, "ALLOW_CLIENT_TOKEN_AUTH requires a client secret.").await;
    let context = with(base, json!({"GenerateSecret": false, "EnablePropagateAdditionalUserContextData": true}));
    let message = "EnablePropagateAdditionalUserContextData requires a client secret.";
    plane.refused("CreateUserPoolClient", context, INVALID, message).await;
}

#[tokio::test]
async fn attributes_and_analytics_must_be_whole() {
    let plane = Plane::new();
    let created = plane
        .ok(
            "CreateUserPool",
            json!({
                "PoolName": "a", "Schema": [{"Name": "tenant", "AttributeDataType": "String"}],
            }),
        )
        .await;
    let pool = created["UserPool"]["Id"].as_str().unwrap();
    let base = json!({"UserPoolId": pool, "ClientName": "station"});
    let attributes = json!({"ReadAttributes": ["email", "custom:tenant"], "WriteAttributes": ["custom:tenant"]});
    plane.ok("CreateUserPoolClient", with(base.clone(), attributes)).await;
    for (member, message) in [
        ("ReadAttributes", "Invalid read attributes specified while creating a client"),
        ("WriteAttributes", "Invalid write attributes specified while creating a client"),
    ] {
        let input = with(base.clone(), json!({member: ["email", "custom:other"]}));
        plane.refused("CreateUserPoolClient", input, INVALID, message).await;
    }
    let role = "arn:aws:iam::000000000000:role/analytics";
    let application = "arn:aws:mobiletargeting:us-east-1:000000000000:apps/0f";
    let message = "Invalid analytics configuration given, either <application arn> or \
                   <application id, role arn, external id> are valid";
    for (analytics, accepted) in [
        (json!({"ApplicationArn": application}), true),
        (json!({"ApplicationId": "0f", "RoleArn": role, "ExternalId": "x"}), true),
        (json!({"ApplicationId": "0f"}), false),
        (json!({"ApplicationId": "0f", "RoleArn": role}), false),
        (json!({"ApplicationArn": application, "ApplicationId": "0f"}), false),
        (json!({}), false),
    ] {
        let input = with(base.clone(), json!({"AnalyticsConfiguration": analytics}));
        if accepted {
            plane.ok("CreateUserPoolClient", input).await;
        } else {
            plane.refused("CreateUserPoolClient", input, INVALID, message).await;
        }
    }
}
