//! Sections 6.1, 6.2 and 6.10: how the JSON API is spoken, what it says of inputs that do not fit, and its pages.

use serde_json::{Value, json};

use super::cases;
use super::world::{World, resource_server, with};
use crate::stack::{Reply, request, signed};

const TYPE: &str = "application/x-amz-json-1.1";

cases! { |w|
    s6_1_request => assert_eq!(call(&w, "ListUserPools", r#"{"MaxResults":1}"#).await.status, 200);
    s6_1_signing => {
        let signature = signed("AKIAIOSFODNN7EXAMPLE", "us-east-1", "cognito-idp");
        let reply = w.server.cognito_as(Some(&signature), "ListUserPools", &json!({ "MaxResults": 1 })).await;
        assert_eq!(reply.status, 200);
    };
    s6_1_success => {
        let client = w.client(json!({})).await;
        let input = w.of_pool(json!({ "ClientId": client.client_id })).to_string();
        assert_eq!(call(&w, "DeleteUserPoolClient", &input).await.said(), (200, ""));
        let input = json!({ "ResourceArn": w.machine.arn, "Tags": {} }).to_string();
        assert_eq!(call(&w, "TagResource", &input).await.said(), (200, "{}"));
    };
    s6_1_content_type => {
        for input in [r#"{"MaxResults":1}"#, "{}"] {
            assert_eq!(call(&w, "ListUserPools", input).await.header("content-type"), Some(TYPE));
        }
    };
    s6_1_error => {
        let reply = call(&w, "DescribeUserPool", r#"{"UserPoolId":"us-east-1_000000000"}"#).await;
        let message = "User pool us-east-1_000000000 does not exist.";
        assert_eq!(reply.json(), json!({ "__type": "ResourceNotFoundException", "message": message }));
        assert_eq!(reply.header("x-amzn-errortype"), Some("ResourceNotFoundException"));
        assert_eq!(reply.header("x-amzn-errormessage"), Some(message));
        assert!(reply.header("x-amzn-requestid").unwrap().parse::<uuid::Uuid>().is_ok());
    };
    s6_1_status_codes => {
        let gone = json!({ "UserPoolId": "us-east-1_000000000" });
        for operation in ["DescribeUserPool", "DeleteUserPool", "ListResourceServers", "ListUserPoolClients"] {
            assert_eq!(call(&w, operation, &gone.to_string()).await.status, 400, "{operation}");
        }
    };
    s6_1_unknown_target => {
        for operation in ["Fly", "CreateIdentityProvider", "CreateUserImportJob"] {
            let reply = call(&w, operation, "{}").await;
            assert_eq!((reply.status.as_u16(), &reply.json()["__type"]), (400, &json!("UnknownOperationException")));
        }
    };
    s6_1_broken_json => {
        for body in ["{", "[]", "\"x\""] {
            let reply = call(&w, "ListUserPools", body).await;
            assert_eq!((reply.status.as_u16(), &reply.json()["__type"]), (400, &json!("SerializationException")), "{body}");
        }
    };
    s6_1_unknown_members => assert_eq!(call(&w, "ListUserPools", r#"{"MaxResults":1,"Fly":true}"#).await.status, 200);
    s6_1_null_members => {
        assert_eq!(call(&w, "ListUserPools", r#"{"MaxResults":1,"NextToken":null}"#).await.status, 200);
        assert_eq!(call(&w, "ListUserPools", r#"{"MaxResults":null}"#).await.status, 400);
    };
    s6_1_cross_origin => {
        for body in [r#"{"MaxResults":1}"#, "{}"] {
            let reply = call(&w, "ListUserPools", body).await;
            assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{body}");
            let exposed = reply.header("access-control-expose-headers").unwrap();
            assert!(exposed.contains("x-amzn-ErrorType") && exposed.contains("x-amzn-ErrorMessage"), "{exposed}");
        }
    };
    s6_1_unsigned_operations => {
        for operation in UNSIGNED {
            assert_ne!(as_page(&w, operation).await, 403, "{operation}");
        }
        for operation in ["ListUserPools", "AdminInitiateAuth", "CreateUserPoolClient"] {
            assert_eq!(as_page(&w, operation).await, 403, "{operation}");
        }
    };

    s6_2_pattern => {
        let message = "Value 'bad id' at 'userPoolId' failed to satisfy constraint: \
                       Member must satisfy regular expression pattern: [\\w-]+_[0-9a-zA-Z]+";
        w.invalid("DescribeUserPool", json!({ "UserPoolId": "bad id" }), message).await;
    };
    s6_2_too_long => {
        let name = "x".repeat(129);
        let message = format!("Value '{name}' at 'poolName' failed to satisfy constraint: \
                               Member must have length less than or equal to 128");
        w.invalid("CreateUserPool", json!({ "PoolName": name }), &message).await;
    };
    s6_2_too_short => {
        let message = "Value '' at 'scopes.1.member.scopeDescription' failed to satisfy constraint: \
                       Member must have length greater than or equal to 1";
        let scopes = json!([{ "ScopeName": "a", "ScopeDescription": "" }]);
        let input = w.of_pool(json!({ "Identifier": "short", "Name": "A", "Scopes": scopes }));
        w.invalid("CreateResourceServer", input, message).await;
    };
    s6_2_numbers => {
        for (number, bound) in [(61, "less than or equal to 60"), (0, "greater than or equal to 1")] {
            let message = format!("Value '{number}' at 'maxResults' failed to satisfy constraint: \
                                   Member must have value {bound}");
            w.invalid("ListUserPools", json!({ "MaxResults": number }), &message).await;
        }
    };
    s6_2_missing => {
        let message = "Value null at 'userPoolId' failed to satisfy constraint: Member must not be null";
        w.invalid("DescribeUserPool", json!({}), message).await;
    };
    s6_2_enum => {
        let message = "Value 'x' at 'deletionProtection' failed to satisfy constraint: \
                       Member must satisfy enum value set: [ACTIVE, INACTIVE]";
        w.invalid("CreateUserPool", json!({ "PoolName": "a", "DeletionProtection": "x" }), message).await;
    };
    s6_2_enum_in_a_list => {
        let message = "Value '[x]' at 'allowedOAuthFlows' failed to satisfy constraint: \
                       Member must satisfy constraint: [Member must satisfy enum value set: \
                       [code, implicit, client_credentials]]";
        let input = w.of_pool(json!({ "ClientName": "a", "AllowedOAuthFlows": ["x"] }));
        w.invalid("CreateUserPoolClient", input, message).await;
    };
    s6_2_path => {
        let message = "Value 'a/b' at 'scopes.2.member.scopeName' failed to satisfy constraint: \
                       Member must satisfy regular expression pattern: [\\x21\\x23-\\x2E\\x30-\\x5B\\x5D-\\x7E]+";
        w.invalid("CreateResourceServer", resource_server(&w.machine.pool, "path", &["a", "a/b"]), message).await;
    };
    s6_2_several => {
        let message = "2 validation errors detected: Value null at 'poolName' failed to satisfy constraint: \
                       Member must not be null; Value 'x' at 'deletionProtection' failed to satisfy constraint: \
                       Member must satisfy enum value set: [ACTIVE, INACTIVE]";
        let reply = w.server.cognito_as(None, "CreateUserPool", &json!({ "DeletionProtection": "x" })).await;
        assert_eq!(reply.json()["message"], message);
    };
    s6_2_sensitive => {
        let message = "Value at 'clientId' failed to satisfy constraint: \
                       Member must satisfy regular expression pattern: [\\w+]+";
        w.invalid("DescribeUserPoolClient", w.of_pool(json!({ "ClientId": "a b" })), message).await;
    };
    s6_2_client_token_auth => {
        let flows = json!({ "ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH"] });
        let client = w.client(flows.clone()).await;
        assert_eq!(w.described(&client.client_id).await["ExplicitAuthFlows"], flows["ExplicitAuthFlows"]);
    };

    s6_10_tokens => {
        let pool = w.pool(json!({})).await;
        for number in 0..3 {
            w.ok("CreateResourceServer", resource_server(&pool, &format!("server-{number}"), &["a"])).await;
        }
        let list = async |members: Value| {
            w.ok("ListResourceServers", with(json!({ "UserPoolId": pool, "MaxResults": 2 }), members)).await
        };
        let first = list(json!({})).await;
        let token = first["NextToken"].as_str().unwrap();
        assert!(!token.is_empty() && !token.contains(char::is_whitespace), "{token}");
        let second = list(json!({ "NextToken": token })).await;
        assert_eq!(second["ResourceServers"].as_array().unwrap().len(), 1);
        assert_eq!(second.get("NextToken"), None);
    };
    s6_10_tokens_of_other_lists => {
        w.pool(json!({})).await;
        let token = w.ok("ListUserPools", json!({ "MaxResults": 1 })).await["NextToken"].take();
        for (operation, input) in [
            ("ListUserPoolClients", w.of_pool(json!({ "NextToken": token }))),
            ("ListUserPools", json!({ "MaxResults": 1, "NextToken": "unknown" })),
        ] {
            w.no(operation, input, "InvalidParameterException", "Invalid pagination token").await;
        }
    };
    s6_10_bounds => {
        for (operation, most) in [("ListUserPools", 60), ("ListUserPoolClients", 60), ("ListResourceServers", 50)] {
            w.ok(operation, w.of_pool(json!({ "MaxResults": most }))).await;
            let message = format!("Value '{}' at 'maxResults' failed to satisfy constraint: \
                                   Member must have value less than or equal to {most}", most + 1);
            w.invalid(operation, w.of_pool(json!({ "MaxResults": most + 1 })), &message).await;
        }
    };
}

/// What a page of anybody's may call, because it needs no signature.
const UNSIGNED: [&str; 19] = [
    "InitiateAuth",
    "RespondToAuthChallenge",
    "SignUp",
    "ConfirmSignUp",
    "ResendConfirmationCode",
    "ForgotPassword",
    "ConfirmForgotPassword",
    "ChangePassword",
    "GetUser",
    "UpdateUserAttributes",
    "DeleteUser",
    "DeleteUserAttributes",
    "VerifyUserAttribute",
    "GetUserAttributeVerificationCode",
    "GlobalSignOut",
    "RevokeToken",
    "GetTokensFromRefreshToken",
    "AssociateSoftwareToken",
    "VerifySoftwareToken",
];

/// The status of an operation that a page of another origin calls.
async fn as_page(w: &World, operation: &str) -> u16 {
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    let headers = [
        ("X-Amz-Target", &*target),
        ("Content-Type", TYPE),
        ("Origin", "https://app.example"),
        ("Sec-Fetch-Site", "cross-site"),
    ];
    w.server.ask(request("POST", "/", &headers, "{}")).await.status.as_u16()
}

/// A call with this body, byte for byte.
async fn call(w: &World, operation: &str, body: &str) -> Reply {
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    w.server.ask(request("POST", "/", &[("X-Amz-Target", &target), ("Content-Type", TYPE)], body)).await
}
