//! Section 6.4: app clients.

use serde_json::{Value, json};

use super::cases;
use super::world::{GRANT, World, resource_server, with};

const INVALID: &str = "InvalidParameterException";
const INVALID_FLOW: &str = "InvalidOAuthFlowException";

cases! { |w|
    s6_4_pool_and_name => {
        let message = "Value null at 'clientName' failed to satisfy constraint: Member must not be null";
        w.invalid("CreateUserPoolClient", w.of_pool(json!({})), message).await;
        let client = w.client(json!({})).await;
        w.ok("UpdateUserPoolClient", w.of_pool(json!({ "ClientId": client.client_id }))).await;
    };
    s6_4_generate_secret => {
        let create = async |members: Value| {
            let input = with(w.of_pool(json!({ "ClientName": "a" })), members);
            w.ok("CreateUserPoolClient", input).await["UserPoolClient"].take()
        };
        assert_eq!(create(json!({})).await.get("ClientSecret"), None);
        assert!(create(json!({ "GenerateSecret": true })).await["ClientSecret"].is_string());
    };
    s6_4_client_secret => {
        let own = json!({ "GenerateSecret": null, "ClientSecret": "a_secret_of_my_own_making" });
        let client = w.client(own).await;
        assert_eq!(client.secret, "a_secret_of_my_own_making");
        let both = json!({ "GenerateSecret": true, "ClientSecret": "a_secret_of_my_own_making" });
        w.no_client(both, INVALID, "ClientSecret cannot be given when GenerateSecret is true.").await;
    };
    s6_4_oauth_enabled => {
        let client = w.client(json!({ "AllowedOAuthFlowsUserPoolClient": null })).await;
        assert_eq!(w.described(&client.client_id).await["AllowedOAuthFlowsUserPoolClient"], false);
        w.refused(&client.basic(), GRANT, "invalid_grant").await;
    };
    s6_4_oauth_flows => {
        let flows = json!(["code", "implicit"]);
        let client = w.client(json!({ "AllowedOAuthFlows": flows, "CallbackURLs": ["https://a.example"] })).await;
        assert_eq!(w.described(&client.client_id).await["AllowedOAuthFlows"], flows);
        let four = json!({ "ClientName": "a", "AllowedOAuthFlows": ["code", "code", "code", "code"] });
        let message = "Value '[code, code, code, code]' at 'allowedOAuthFlows' failed to satisfy constraint: \
                       Member must have length less than or equal to 3";
        w.invalid("CreateUserPoolClient", w.of_pool(four), message).await;
    };
    s6_4_oauth_scopes => {
        let scopes: Vec<String> = (0..51).map(|number| number.to_string()).collect();
        let input = w.of_pool(json!({ "ClientName": "a", "AllowedOAuthScopes": scopes }));
        let reply = w.server.cognito_as(None, "CreateUserPoolClient", &input).await;
        assert_eq!(reply.json()["__type"], INVALID, "{reply:?}");
    };
    s6_4_explicit_auth_flows => absent(&w, "ExplicitAuthFlows").await;
    s6_4_client_token_auth => {
        let flows = |flows: Value| json!({ "ExplicitAuthFlows": flows, "GenerateSecret": true });
        let alone = "ALLOW_CLIENT_TOKEN_AUTH cannot be combined with other auth flows.";
        w.no_client(flows(json!(["ALLOW_CLIENT_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"])), INVALID, alone).await;
        let public = with(flows(json!(["ALLOW_CLIENT_TOKEN_AUTH"])), json!({ "GenerateSecret": false }));
        w.no_client(public, INVALID, "ALLOW_CLIENT_TOKEN_AUTH requires a client secret.").await;
        w.client(flows(json!(["ALLOW_CLIENT_TOKEN_AUTH"]))).await;
    };
    s6_4_identity_providers => {
        let client = w.client(json!({ "SupportedIdentityProviders": ["COGNITO"] })).await;
        assert_eq!(w.described(&client.client_id).await["SupportedIdentityProviders"], json!(["COGNITO"]));
    };
    s6_4_auth_session_validity => {
        for (minutes, bound) in [(2, "greater than or equal to 3"), (16, "less than or equal to 15")] {
            let message = format!("Value '{minutes}' at 'authSessionValidity' failed to satisfy constraint: \
                                   Member must have value {bound}");
            let input = w.of_pool(json!({ "ClientName": "a", "AuthSessionValidity": minutes }));
            w.invalid("CreateUserPoolClient", input, &message).await;
        }
        w.client(json!({ "AuthSessionValidity": 15 })).await;
    };
    s6_4_token_revocation => {
        let client = w.client(json!({ "EnableTokenRevocation": false })).await;
        assert_eq!(w.described(&client.client_id).await["EnableTokenRevocation"], false);
    };
    s6_4_user_context_data => {
        let setting = json!({ "EnablePropagateAdditionalUserContextData": true });
        let message = "EnablePropagateAdditionalUserContextData requires a client secret.";
        w.no_client(setting.clone(), INVALID, message).await;
        w.client(setting).await;
    };
    s6_4_user_existence_errors => {
        let client = w.client(json!({ "PreventUserExistenceErrors": "ENABLED" })).await;
        assert_eq!(w.described(&client.client_id).await["PreventUserExistenceErrors"], "ENABLED");
    };
    s6_4_refresh_token_rotation => {
        let rotation = |rotation: Value| w.of_pool(json!({ "ClientName": "a", "RefreshTokenRotation": rotation }));
        let missing = "Value null at 'refreshTokenRotation.feature' failed to satisfy constraint: Member must not be null";
        w.invalid("CreateUserPoolClient", rotation(json!({})), missing).await;
        let late = "Value '61' at 'refreshTokenRotation.retryGracePeriodSeconds' failed to satisfy constraint: \
                    Member must have value less than or equal to 60";
        let input = rotation(json!({ "Feature": "ENABLED", "RetryGracePeriodSeconds": 61 }));
        w.invalid("CreateUserPoolClient", input, late).await;
        w.ok("CreateUserPoolClient", rotation(json!({ "Feature": "ENABLED", "RetryGracePeriodSeconds": 60 }))).await;
    };

    s6_4_error_flows_and_scopes_missing => {
        let message = "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth \
                       flows.";
        w.no_machine(json!({ "AllowedOAuthFlows": null }), INVALID, message).await;
        w.no_machine(json!({ "AllowedOAuthScopes": null }), INVALID, message).await;
    };
    s6_4_error_flows_together => {
        let message = "client_credentials flow can not be selected along with code flow or implicit flow.";
        for other in ["code", "implicit"] {
            let flows = json!(["client_credentials", other]);
            let settings = json!({ "AllowedOAuthFlows": flows, "CallbackURLs": ["https://a.example"] });
            w.no_machine(settings, INVALID_FLOW, message).await;
        }
    };
    s6_4_error_without_secret => {
        let message = "client_credentials flow can not be selected if client does not have a client secret.";
        w.no_machine(json!({ "GenerateSecret": false }), INVALID_FLOW, message).await;
    };
    s6_4_error_scope_of_users => {
        for scope in ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"] {
            let message = format!("{scope} is not supported with client_credentials flow");
            w.no_machine(json!({ "AllowedOAuthScopes": ["weather-api/get", scope] }), INVALID_FLOW, &message).await;
        }
    };
    s6_4_error_undefined_scope => {
        let scopes = json!({ "AllowedOAuthScopes": ["weather-api/put"] });
        w.no_machine(scopes, "ScopeDoesNotExistException", "Invalid scope requested: weather-api/put").await;
    };
    s6_4_error_without_callback => {
        let message = "CallbackUrls can not be empty when code flow or implicit flow is selected";
        for flow in ["code", "implicit"] {
            w.no_machine(json!({ "AllowedOAuthFlows": [flow] }), INVALID, message).await;
        }
    };
    s6_4_error_clear_text_callback => {
        let message = "http://a.example/ cannot use the HTTP protocol.";
        for member in ["CallbackURLs", "LogoutURLs"] {
            w.no_client(json!({ member: ["http://a.example/"] }), INVALID, message).await;
        }
        w.client(json!({ "CallbackURLs": ["http://localhost", "http://127.0.0.1:1/", "http://[::1]/"] })).await;
    };
    s6_4_error_unknown_provider => {
        let message = format!("The provider Sky does not exist for User Pool {}", w.machine.pool);
        w.no_client(json!({ "SupportedIdentityProviders": ["Sky"] }), INVALID, &message).await;
    };
    s6_4_error_validity => {
        w.no_client(json!({ "AccessTokenValidity": 25 }), INVALID, "Invalid range for token validity.").await;
    };
    s6_4_error_legacy_flows => {
        let message = "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.";
        let flows = json!(["ALLOW_USER_SRP_AUTH", "ADMIN_NO_SRP_AUTH"]);
        w.no_client(json!({ "ExplicitAuthFlows": flows }), INVALID, message).await;
    };
    s6_4_error_attributes => {
        let message = "Invalid read attributes specified while creating a client";
        w.no_client(json!({ "ReadAttributes": ["fly"] }), INVALID, message).await;
        let message = "Invalid write attributes specified while creating a client";
        w.no_client(json!({ "WriteAttributes": ["fly"] }), INVALID, message).await;
    };
    s6_4_error_analytics => {
        let message = "Invalid analytics configuration given, either <application arn> or \
                       <application id, role arn, external id> are valid";
        w.no_client(json!({ "AnalyticsConfiguration": { "ApplicationId": "0f" } }), INVALID, message).await;
    };
    s6_4_error_unknown_client => {
        for operation in ["DescribeUserPoolClient", "UpdateUserPoolClient", "DeleteUserPoolClient"] {
            let message = "User pool client unknown does not exist.";
            w.no(operation, w.of_pool(json!({ "ClientId": "unknown" })), "ResourceNotFoundException", message).await;
        }
    };
    s6_4_kept_while_oauth_is_off => {
        let client = w.client(json!({ "AllowedOAuthFlowsUserPoolClient": false })).await;
        let shown = w.described(&client.client_id).await;
        assert_eq!(shown["AllowedOAuthFlows"], json!(["client_credentials"]));
        assert_eq!(shown["AllowedOAuthScopes"], json!(["weather-api/get", "weather-api/post"]));
        w.refused(&client.basic(), GRANT, "invalid_grant").await;
    };

    s6_4_shown_identity_and_dates => {
        let client = plain(&w).await;
        for member in ["UserPoolId", "ClientName", "ClientId"] {
            assert!(client[member].is_string(), "{member}");
        }
        assert!(client["CreationDate"].is_number() && client["LastModifiedDate"].is_number(), "{client}");
    };
    s6_4_shown_client_secret => {
        assert_eq!(plain(&w).await.get("ClientSecret"), None);
        assert_eq!(w.described(&w.machine.client_id).await["ClientSecret"], json!(w.machine.secret));
    };
    s6_4_shown_refresh_token_validity => shown(&w, "RefreshTokenValidity", json!(30)).await;
    s6_4_shown_token_validity_units => shown(&w, "TokenValidityUnits", json!({})).await;
    s6_4_shown_validities => {
        absent(&w, "AccessTokenValidity").await;
        absent(&w, "IdTokenValidity").await;
    };
    s6_4_shown_oauth_enabled => shown(&w, "AllowedOAuthFlowsUserPoolClient", json!(false)).await;
    s6_4_shown_token_revocation => shown(&w, "EnableTokenRevocation", json!(true)).await;
    s6_4_shown_user_context_data => shown(&w, "EnablePropagateAdditionalUserContextData", json!(false)).await;
    s6_4_shown_auth_session_validity => shown(&w, "AuthSessionValidity", json!(3)).await;
    s6_4_shown_only_when_set => {
        for member in [
            "ExplicitAuthFlows", "AllowedOAuthFlows", "AllowedOAuthScopes", "CallbackURLs", "LogoutURLs",
            "PreventUserExistenceErrors",
        ] {
            absent(&w, member).await;
        }
    };
    s6_4_shown_attributes => {
        absent(&w, "ReadAttributes").await;
        absent(&w, "WriteAttributes").await;
    };
    s6_4_shown_client_type => shown(&w, "ClientType", json!("REGULAR")).await;

    s6_4_sets => {
        let given = json!(["weather-api/post", "weather-api/get", "weather-api/post"]);
        let client = w.client(json!({ "AllowedOAuthScopes": given })).await;
        let scopes = w.described(&client.client_id).await["AllowedOAuthScopes"].take();
        assert_eq!(scopes, json!(["weather-api/post", "weather-api/get"]));
    };
    s6_4_update_replaces => {
        let settings = json!({ "AccessTokenValidity": 2, "CallbackURLs": ["https://a.example"] });
        let client = w.client(settings).await;
        let before = w.described(&client.client_id).await;
        w.ok("UpdateUserPoolClient", w.of_pool(json!({ "ClientId": client.client_id }))).await;
        let after = w.described(&client.client_id).await;
        for member in ["AllowedOAuthFlows", "AllowedOAuthScopes", "AccessTokenValidity", "CallbackURLs"] {
            assert_eq!(after.get(member), None, "{member}");
        }
        assert_eq!(after["AllowedOAuthFlowsUserPoolClient"], false);
        for member in ["ClientId", "ClientSecret", "CreationDate", "ClientName"] {
            assert_eq!(before[member], after[member], "{member}");
        }
    };
    s6_4_update_checks_scopes => {
        let pool = w.pool(json!({})).await;
        w.ok("CreateResourceServer", resource_server(&pool, "lost", &["a"])).await;
        let (client, _) = w.server.client(&pool, json!({ "AllowedOAuthScopes": ["lost/a"] })).await;
        w.ok("DeleteResourceServer", json!({ "UserPoolId": pool, "Identifier": "lost" })).await;
        let update = json!({ "UserPoolId": pool, "ClientId": client, "AllowedOAuthScopes": ["lost/a"] });
        w.no("UpdateUserPoolClient", update, "ScopeDoesNotExistException", "Invalid scope requested: lost/a").await;
    };
    s6_4_delete => {
        let client = w.client(json!({})).await;
        let input = w.of_pool(json!({ "ClientId": client.client_id }));
        assert_eq!(w.ok("DeleteUserPoolClient", input.clone()).await, Value::Null);
        let message = format!("User pool client {} does not exist.", client.client_id);
        w.no("DeleteUserPoolClient", input, "ResourceNotFoundException", &message).await;
    };
    s6_4_list => {
        let listed = w.ok("ListUserPoolClients", w.of_pool(json!({ "MaxResults": 60 }))).await;
        for client in listed["UserPoolClients"].as_array().unwrap() {
            let mut names: Vec<_> = client.as_object().unwrap().keys().map(String::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, ["ClientId", "ClientName", "UserPoolId"]);
        }
        let registered = w.ok("ListUserPoolClients", w.of_pool(json!({ "ClientType": "DCR" }))).await;
        assert_eq!(registered["UserPoolClients"], json!([]));
    };
}

/// The description of a client that was created with nothing but a name.
async fn plain(w: &World) -> Value {
    let created =
        w.ok("CreateUserPoolClient", w.of_pool(json!({ "ClientName": "plain" }))).await["UserPoolClient"].take();
    let described = w.described(created["ClientId"].as_str().unwrap()).await;
    assert_eq!(created, described);
    described
}

async fn shown(w: &World, member: &str, expected: Value) {
    assert_eq!(plain(w).await[member], expected, "{member}");
}

async fn absent(w: &World, member: &str) {
    assert_eq!(plain(w).await.get(member), None, "{member}");
}
