//! Section 5: what scopes may be called, and how many there may be of everything.

use serde_json::{Value, json};

use super::cases;
use super::world::{World, resource_server, with};

const IDENTIFIER: &str = r"[\x21\x23-\x5B\x5D-\x7E]+";
const SCOPE: &str = r"[\x21\x23-\x2E\x30-\x5B\x5D-\x7E]+";

cases! { |w|
    s5_1_identifier => {
        for identifier in ["has space", "has\"quote", "has\\backslash"] {
            let message = format!("Value '{identifier}' at 'identifier' {}", unlike(IDENTIFIER));
            w.invalid("CreateResourceServer", server(&w, json!({ "Identifier": identifier })), &message).await;
        }
        let long = "x".repeat(257);
        let message = format!("Value '{long}' at 'identifier' {}", longer_than(256));
        w.invalid("CreateResourceServer", server(&w, json!({ "Identifier": long })), &message).await;
        fits(&w, "CreateResourceServer", server(&w, json!({ "Identifier": format!("/{}~!", "x".repeat(253)) }))).await;
    };
    s5_1_name => {
        let message = format!("Value 'a/b' at 'name' {}", unlike(r"[\w\s+=,.@-]+"));
        w.invalid("CreateResourceServer", server(&w, json!({ "Name": "a/b" })), &message).await;
        fits(&w, "CreateResourceServer", server(&w, json!({ "Identifier": "named", "Name": "a b+=,.@-_" }))).await;
    };
    s5_1_scope_name => {
        let message = format!("Value 'a/b' at 'scopes.1.member.scopeName' {}", unlike(SCOPE));
        w.invalid("CreateResourceServer", resource_server(&w.machine.pool, "slash", &["a/b"]), &message).await;
        fits(&w, "CreateResourceServer", resource_server(&w.machine.pool, "scope-name", &["a.b:c#d"])).await;
    };
    s5_1_scope_description => {
        let scope = |text: &str| {
            json!({ "Identifier": "described", "Scopes": [{ "ScopeName": "a", "ScopeDescription": text }] })
        };
        let long = "x".repeat(257);
        let message = format!("Value '{long}' at 'scopes.1.member.scopeDescription' {}", longer_than(256));
        w.invalid("CreateResourceServer", server(&w, scope(&long)), &message).await;
        fits(&w, "CreateResourceServer", server(&w, scope("Ünïcode / \"any\" \\"))).await;
    };
    s5_1_scopes => {
        let names: Vec<String> = (0..101).map(|number| format!("scope-{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        fits(&w, "CreateResourceServer", resource_server(&w.machine.pool, "many", &names[1..])).await;
        let more = resource_server(&w.machine.pool, "more", &names);
        let reply = w.server.cognito_as(None, "CreateResourceServer", &more).await;
        let message = reply.json()["message"].take();
        let message = message.as_str().unwrap();
        assert!(message.contains("at 'scopes'") && message.ends_with("length less than or equal to 100"), "{message}");
    };
    s5_1_allowed_scope => {
        let message = format!("Value '[a b]' at 'allowedOAuthScopes' failed to satisfy constraint: \
            Member must satisfy constraint: [Member must have length less than or equal to 256, \
            Member must have length greater than or equal to 1, \
            Member must satisfy regular expression pattern: {IDENTIFIER}]");
        let input = w.of_pool(json!({ "ClientName": "a", "AllowedOAuthScopes": ["a b"] }));
        w.invalid("CreateUserPoolClient", input, &message).await;
    };
    s5_1_allowed_scopes => {
        let scopes: Vec<String> = (0..51).map(|number| format!("scope/{number}")).collect();
        let shown = scopes.join(", ");
        let message = format!("Value '[{shown}]' at 'allowedOAuthScopes' {}", longer_than(50));
        let input = w.of_pool(json!({ "ClientName": "a", "AllowedOAuthScopes": scopes }));
        w.invalid("CreateUserPoolClient", input, &message).await;
    };
    s5_1_whole_scope => {
        let identifier = "x".repeat(254);
        let scope = |name: &str| json!({ "AllowedOAuthScopes": [format!("{identifier}/{name}")] });
        w.ok("CreateResourceServer", resource_server(&w.machine.pool, &identifier, &["a", "ab"])).await;
        w.client(scope("a")).await;
        let input = with(w.of_pool(json!({ "ClientName": "a" })), scope("ab"));
        let reply = w.server.cognito_as(None, "CreateUserPoolClient", &input).await;
        assert_eq!(reply.json()["__type"], "InvalidParameterException", "{reply:?}");
    };
    s5_1_reserved_scopes => {
        for scope in ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"] {
            let code = json!({ "AllowedOAuthFlows": ["code"], "CallbackURLs": ["https://a.example"],
                "AllowedOAuthScopes": [scope] });
            w.client(code).await;
        }
    };

    s5_2_resource_servers => {
        let pool = w.pool(json!({})).await;
        for number in 0..25 {
            w.ok("CreateResourceServer", resource_server(&pool, &format!("server-{number}"), &["a"])).await;
        }
        let one_more = resource_server(&pool, "one-more", &["a"]);
        used_up(&w, "CreateResourceServer", one_more, "25 resource servers per user pool").await;
    };
    s5_2_app_clients => {
        let pool = w.pool(json!({})).await;
        let client = json!({ "UserPoolId": pool, "ClientName": "a" });
        for _ in 0..1000 {
            w.ok("CreateUserPoolClient", client.clone()).await;
        }
        used_up(&w, "CreateUserPoolClient", client, "1000 app clients per user pool").await;
    };
    s5_2_scopes_per_resource_server => {
        let scope = |number: usize| json!({ "ScopeName": number.to_string(), "ScopeDescription": "a" });
        let scopes: Vec<_> = (0..101).map(scope).collect();
        let reply = w.server.cognito_as(None, "CreateResourceServer", &server(&w, json!({ "Scopes": scopes }))).await;
        assert_eq!(reply.json()["__type"], "InvalidParameterException");
    };
    s5_2_scopes_per_app_client => {
        let scopes: Vec<String> = (0..50).map(|number| number.to_string()).collect();
        let names: Vec<&str> = scopes.iter().map(String::as_str).collect();
        w.ok("CreateResourceServer", resource_server(&w.machine.pool, "fifty", &names)).await;
        let scopes: Vec<String> = scopes.iter().map(|name| format!("fifty/{name}")).collect();
        let client = w.client(json!({ "AllowedOAuthScopes": scopes })).await;
        w.scopes(&client, "", Ok(&scopes.join(" "))).await;
    };
    s5_2_secrets_per_app_client => {
        let client = w.client(json!({})).await;
        let input = w.of_pool(json!({ "ClientId": client.client_id }));
        w.ok("AddUserPoolClientSecret", input.clone()).await;
        used_up(&w, "AddUserPoolClientSecret", input, "2 active secrets per user pool client").await;
    };
    s5_2_urls_per_app_client => {
        for member in ["CallbackURLs", "LogoutURLs"] {
            let urls = |count: usize| {
                let urls: Vec<String> = (0..count).map(|number| format!("https://a.example/{number}")).collect();
                json!({ "ClientName": "a", member: urls })
            };
            fits(&w, "CreateUserPoolClient", w.of_pool(urls(100))).await;
            let reply = w.server.cognito_as(None, "CreateUserPoolClient", &w.of_pool(urls(101))).await;
            assert_eq!(reply.json()["__type"], "InvalidParameterException", "{member}");
        }
    };
    s5_2_custom_domains => {
        let custom = |pool: &str, number: usize| json!({
            "UserPoolId": pool, "Domain": format!("auth{number}.quota.example"),
            "CustomDomainConfig": { "CertificateArn": super::world::CERTIFICATE },
        });
        for number in 0..4 {
            w.ok("CreateUserPoolDomain", custom(&w.pool(json!({})).await, number)).await;
        }
        used_up(&w, "CreateUserPoolDomain", custom(&w.pool(json!({})).await, 4), "4 custom domains per region").await;
    };
    s5_2_groups_per_user => {
        w.ok("AdminCreateUser", w.of_pool(json!({ "Username": "wind", "MessageAction": "SUPPRESS" }))).await;
        let mut last = Value::Null;
        for number in 0..101 {
            let group = format!("group-{number}");
            w.ok("CreateGroup", w.of_pool(json!({ "GroupName": group }))).await;
            last = w.of_pool(json!({ "GroupName": group, "Username": "wind" }));
            if number < 100 {
                w.ok("AdminAddUserToGroup", last.clone()).await;
            }
        }
        let reply = w.server.cognito_as(None, "AdminAddUserToGroup", &last).await;
        assert_eq!(reply.json()["__type"], "LimitExceededException", "{reply:?}");
    };
    s5_2_custom_attributes => {
        let attributes = |from: usize, to: usize| {
            let one = |number| json!({ "Name": format!("a{number}"), "AttributeDataType": "String" });
            w.of_pool(json!({ "CustomAttributes": (from..to).map(one).collect::<Vec<_>>() }))
        };
        w.ok("AddCustomAttributes", attributes(0, 25)).await;
        w.ok("AddCustomAttributes", attributes(25, 50)).await;
        let reply = w.server.cognito_as(None, "AddCustomAttributes", &attributes(50, 51)).await;
        assert_eq!(reply.status, 400, "{reply:?}");
    };
    s5_2_branding_styles => {
        let client = async || w.of_pool(json!({ "ClientId": w.client(json!({})).await.client_id }));
        for _ in 0..20 {
            w.ok("CreateManagedLoginBranding", client().await).await;
        }
        let quota = "20 managed login branding styles per user pool";
        used_up(&w, "CreateManagedLoginBranding", client().await, quota).await;
    };
    s5_2_tags => {
        let tags = |from: usize, to: usize| {
            let tags: serde_json::Map<_, _> = (from..to).map(|number| (format!("tag-{number}"), json!("a"))).collect();
            json!({ "ResourceArn": w.machine.arn, "Tags": tags })
        };
        w.ok("TagResource", tags(0, 50)).await;
        let reply = w.server.cognito_as(None, "TagResource", &tags(50, 51)).await;
        assert_eq!(reply.json()["__type"], "InvalidParameterException", "{reply:?}");
    };
    s5_2_used_up => {
        let client = w.client(json!({})).await;
        let input = w.of_pool(json!({ "ClientId": client.client_id }));
        w.ok("AddUserPoolClientSecret", input.clone()).await;
        let reply = w.server.cognito_as(None, "AddUserPoolClientSecret", &input).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["__type"]), (400, &json!("LimitExceededException")));
    };
}

fn server(w: &World, changes: Value) -> Value {
    with(w.of_pool(json!({ "Identifier": "a", "Name": "Weather" })), changes)
}

fn unlike(pattern: &str) -> String {
    format!("failed to satisfy constraint: Member must satisfy regular expression pattern: {pattern}")
}

fn longer_than(length: usize) -> String {
    format!("failed to satisfy constraint: Member must have length less than or equal to {length}")
}

async fn fits(w: &World, operation: &str, input: Value) {
    w.ok(operation, input).await;
}

async fn used_up(w: &World, operation: &str, input: Value, quota: &str) {
    w.no(operation, input, "LimitExceededException", &format!("The quota of {quota} is used up.")).await;
}
