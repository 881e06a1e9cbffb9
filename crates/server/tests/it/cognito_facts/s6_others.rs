//! Sections 6.5 to 6.7 and 6.9: resource servers, domains, secrets, and settings beside them.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::cases;
use super::world::{CERTIFICATE, GRANT, World, basic_with, resource_server, with};
use crate::stack::Machine;

const NOT_FOUND: &str = "ResourceNotFoundException";
const INVALID: &str = "InvalidParameterException";

cases! { |w|
    s6_5_create => {
        for member in ["identifier", "name"] {
            let mut input = w.of_pool(json!({ "Identifier": "a", "Name": "A" }));
            let key = if member == "name" { "Name" } else { "Identifier" };
            input.as_object_mut().unwrap().remove(key);
            let message = format!("Value null at '{member}' failed to satisfy constraint: Member must not be null");
            w.invalid("CreateResourceServer", input, &message).await;
        }
        let made = w.ok("CreateResourceServer", resource_server(&w.machine.pool, "made", &["a"])).await;
        assert_eq!(made["ResourceServer"]["Identifier"], "made");
    };
    s6_5_duplicate => {
        let message = format!("{} already has a resource server with identifier weather-api", w.machine.pool);
        w.no("CreateResourceServer", resource_server(&w.machine.pool, "weather-api", &[]), INVALID, &message).await;
    };
    s6_5_describe => {
        let shown = w.ok("DescribeResourceServer", w.of_pool(json!({ "Identifier": "weather-api" }))).await;
        assert_eq!(shown["ResourceServer"]["Name"], "Weather");
    };
    s6_5_unknown => {
        for operation in ["DescribeResourceServer", "DeleteResourceServer"] {
            let message = "Resource server unknown does not exist.";
            w.no(operation, w.of_pool(json!({ "Identifier": "unknown" })), NOT_FOUND, message).await;
        }
    };
    s6_5_update => {
        w.ok("CreateResourceServer", resource_server(&w.machine.pool, "emptied", &["a", "b"])).await;
        let update = w.of_pool(json!({ "Identifier": "emptied", "Name": "Sky" }));
        let updated = w.ok("UpdateResourceServer", update).await["ResourceServer"].take();
        assert_eq!(updated["Name"], "Sky");
        assert!(updated.get("Scopes").is_none_or(|scopes| *scopes == json!([])), "{updated}");
        let message = "Value null at 'name' failed to satisfy constraint: Member must not be null";
        w.invalid("UpdateResourceServer", w.of_pool(json!({ "Identifier": "emptied" })), message).await;
    };
    s6_5_delete => {
        let (client, server) = with_own_server(&w, "deleted").await;
        w.ok("DeleteResourceServer", w.of_pool(json!({ "Identifier": server }))).await;
        assert_eq!(w.described(&client.client_id).await["AllowedOAuthScopes"], json!(["deleted/a", "weather-api/get"]));
    };
    s6_5_dangling_scopes => {
        let (client, server) = with_own_server(&w, "dangling").await;
        w.scopes(&client, "", Ok("dangling/a weather-api/get")).await;
        w.ok("DeleteResourceServer", w.of_pool(json!({ "Identifier": server }))).await;
        w.scopes(&client, "", Ok("weather-api/get")).await;
        w.ok("CreateResourceServer", resource_server(&w.machine.pool, &server, &["a"])).await;
        w.scopes(&client, "", Ok("dangling/a weather-api/get")).await;
        w.ok("UpdateResourceServer", resource_server(&w.machine.pool, &server, &["b"])).await;
        w.scopes(&client, "", Ok("weather-api/get")).await;
    };
    s6_5_list => {
        let listed = w.ok("ListResourceServers", w.of_pool(json!({ "MaxResults": 50 }))).await;
        let servers = listed["ResourceServers"].as_array().unwrap();
        let weather = servers.iter().find(|server| server["Identifier"] == "weather-api").unwrap();
        assert_eq!(weather["Scopes"].as_array().unwrap().len(), 3);
        assert_eq!(weather["UserPoolId"], json!(w.machine.pool));
    };
    s6_5_scopes => {
        let scopes = json!([{ "ScopeName": "a", "ScopeDescription": "b" }]);
        let input = w.of_pool(json!({ "Identifier": "shown", "Name": "A", "Scopes": scopes }));
        assert_eq!(w.ok("CreateResourceServer", input).await["ResourceServer"]["Scopes"], scopes);
    };
    s6_5_managed_by => {
        let shown = w.ok("DescribeResourceServer", w.of_pool(json!({ "Identifier": "weather-api" }))).await;
        assert_eq!(shown["ResourceServer"].get("ManagedBy"), None);
    };
    s6_5_scopes_have_the_identifier => w.scopes(&w.machine, "&scope=Weather/get", Err("invalid_scope")).await;

    s6_6_create => {
        let pool = w.pool(json!({})).await;
        let made = w.ok("CreateUserPoolDomain", json!({ "UserPoolId": pool, "Domain": "made" })).await;
        assert_eq!(made.get("CloudFrontDomain"), None);
        let made = w.ok("CreateUserPoolDomain", with(json!({ "UserPoolId": pool }), custom("auth.made.example"))).await;
        assert!(made["CloudFrontDomain"].as_str().unwrap().ends_with(".cloudfront.net"), "{made}");
    };
    s6_6_managed_login_version => {
        let pool = w.pool(json!({ "UserPoolTier": "LITE" })).await;
        let input = json!({ "UserPoolId": pool, "Domain": "lite", "ManagedLoginVersion": 2 });
        let reply = w.server.cognito_as(None, "CreateUserPoolDomain", &input).await;
        assert_eq!(reply.json()["__type"], "FeatureUnavailableInTierException");
        let three = w.of_pool(json!({ "Domain": "weather", "ManagedLoginVersion": 3 }));
        w.no("UpdateUserPoolDomain", three, INVALID, "ManagedLoginVersion must be 1 or 2.").await;
    };
    s6_6_describe => {
        let shown = domain(&w, "weather").await;
        assert_eq!(json!([shown["UserPoolId"], shown["AWSAccountId"], shown["Domain"], shown["CustomDomainConfig"]]),
            json!([w.machine.pool, "000000000000", "weather", {}]));
        for member in ["S3Bucket", "CloudFrontDistribution", "Version"] {
            assert!(shown[member].is_string(), "{member}");
        }
    };
    s6_6_describe_missing => {
        let shown = w.ok("DescribeUserPoolDomain", json!({ "Domain": "nobody" })).await;
        assert_eq!(shown, json!({ "DomainDescription": {} }));
    };
    s6_6_update => {
        let update = w.of_pool(json!({ "Domain": "weather", "ManagedLoginVersion": 2 }));
        w.ok("UpdateUserPoolDomain", update).await;
        assert_eq!(domain(&w, "weather").await["ManagedLoginVersion"], 2);
    };
    s6_6_delete => {
        let pool = w.pool(json!({})).await;
        let input = json!({ "UserPoolId": pool, "Domain": "deleted" });
        w.ok("CreateUserPoolDomain", input.clone()).await;
        let reply = w.server.cognito_as(None, "DeleteUserPoolDomain", &w.of_pool(json!({ "Domain": "deleted" }))).await;
        assert_eq!(reply.json()["__type"], INVALID, "{reply:?}");
        assert!([Value::Null, json!({})].contains(&w.ok("DeleteUserPoolDomain", input).await));
        assert_eq!(domain(&w, "deleted").await, json!({}));
    };
    s6_6_active_at_once => assert_eq!(domain(&w, "weather").await["Status"], "ACTIVE");

    s6_7_add => {
        let client = w.client(json!({})).await;
        let added = add(&w, &client, json!({})).await;
        let mut names: Vec<_> = added.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["ClientSecretCreateDate", "ClientSecretId", "ClientSecretValue"]);
    };
    s6_7_list => {
        let listed = w.ok("ListUserPoolClientSecrets", w.of_client(json!({}))).await;
        assert_eq!((listed["ClientSecrets"].as_array().unwrap().len(), listed.get("NextToken")), (1, None));
    };
    s6_7_delete => {
        let client = w.client(json!({})).await;
        let added = add(&w, &client, json!({})).await;
        let key = w.of_pool(json!({ "ClientId": client.client_id, "ClientSecretId": added["ClientSecretId"] }));
        assert!([Value::Null, json!({})].contains(&w.ok("DeleteUserPoolClientSecret", key.clone()).await));
        let reply = w.server.cognito_as(None, "DeleteUserPoolClientSecret", &key).await;
        assert_eq!(reply.json()["__type"], NOT_FOUND);
    };
    s6_7_value => {
        let client = w.client(json!({})).await;
        let own = add(&w, &client, json!({ "ClientSecret": "a_secret_of_my_own_making" })).await;
        assert_eq!(own.get("ClientSecretValue"), None);
        w.granted(&basic_with(&client, "a_secret_of_my_own_making"), GRANT).await;
        let listed = w.ok("ListUserPoolClientSecrets", w.of_pool(json!({ "ClientId": client.client_id }))).await;
        assert!(!listed.to_string().contains("ClientSecretValue"), "{listed}");
    };
    s6_7_first_secret_is_listed => {
        let client = w.client(json!({})).await;
        let count = async || {
            let listed = w.ok("ListUserPoolClientSecrets", w.of_pool(json!({ "ClientId": client.client_id }))).await;
            listed["ClientSecrets"].as_array().unwrap().len()
        };
        let before = count().await;
        add(&w, &client, json!({})).await;
        assert_eq!((before, count().await), (1, 2));
    };
    s6_7_two_at_most_and_one_at_least => {
        let client = w.client(json!({})).await;
        add(&w, &client, json!({})).await;
        let input = w.of_pool(json!({ "ClientId": client.client_id }));
        let reply = w.server.cognito_as(None, "AddUserPoolClientSecret", &input).await;
        assert_eq!(reply.json()["__type"], "LimitExceededException");
        let ids = w.ok("ListUserPoolClientSecrets", input.clone()).await["ClientSecrets"].take();
        let key = |place: usize| with(input.clone(), json!({ "ClientSecretId": ids[place]["ClientSecretId"] }));
        w.ok("DeleteUserPoolClientSecret", key(0)).await;
        let message = "The only secret of a user pool client cannot be deleted.";
        w.no("DeleteUserPoolClientSecret", key(1), INVALID, message).await;
    };
    s6_7_confidential_clients_only => {
        let public = w.client(json!({
            "GenerateSecret": false, "AllowedOAuthFlowsUserPoolClient": false, "AllowedOAuthFlows": [],
        })).await;
        let message = "The user pool client has no secret; secrets can be added only to a client that was created with one.";
        w.no("AddUserPoolClientSecret", w.of_pool(json!({ "ClientId": public.client_id })), INVALID, message).await;
    };
    s6_7_no_expiry => {
        let client = w.client(json!({})).await;
        let added = add(&w, &client, json!({})).await;
        w.server.advance(86_400 * 400).await;
        w.granted(&client.basic(), GRANT).await;
        w.granted(&basic_with(&client, added["ClientSecretValue"].as_str().unwrap()), GRANT).await;
    };
    s6_7_id => {
        let client = w.client(json!({})).await;
        let id = add(&w, &client, json!({})).await["ClientSecretId"].take();
        assert!(id.as_str().unwrap().starts_with(&format!("{}--", client.client_id)), "{id}");
    };
    s6_7_secret_hash => {
        let client = w.client(json!({})).await;
        let added = add(&w, &client, json!({})).await;
        let second = added["ClientSecretValue"].as_str().unwrap();
        for (username, secret, status) in [("first", &*client.secret, 200), ("second", second, 200), ("third", "x", 400)] {
            let input = json!({
                "ClientId": client.client_id, "Username": username, "Password": "Thunder-storm-1",
                "SecretHash": secret_hash(username, &client.client_id, secret),
            });
            let reply = w.server.cognito_as(None, "SignUp", &input).await;
            assert_eq!(reply.status, status, "{username}: {reply:?}");
        }
    };
    s6_7_description_after_rotation => {
        let client = w.client(json!({})).await;
        let added = add(&w, &client, json!({})).await;
        let secret = async || w.described(&client.client_id).await.get("ClientSecret").cloned();
        assert_eq!(secret().await, Some(json!(client.secret)));
        let listed = w.ok("ListUserPoolClientSecrets", w.of_pool(json!({ "ClientId": client.client_id }))).await;
        let secrets = listed["ClientSecrets"].as_array().unwrap();
        let first = secrets.iter().find(|secret| secret["ClientSecretId"] != added["ClientSecretId"]).unwrap();
        let key = json!({ "ClientId": client.client_id, "ClientSecretId": first["ClientSecretId"] });
        w.ok("DeleteUserPoolClientSecret", w.of_pool(key)).await;
        assert_eq!(secret().await, None);
        w.refused(&client.basic(), GRANT, "invalid_client").await;
    };

    s6_9_tags => {
        let arn = w.ok("CreateUserPool", json!({ "PoolName": "tagged" })).await["UserPool"]["Arn"].take();
        let tagged = |members: Value| with(json!({ "ResourceArn": arn }), members);
        assert_eq!(w.ok("ListTagsForResource", tagged(json!({}))).await, json!({ "Tags": {} }));
        w.ok("TagResource", tagged(json!({ "Tags": { "team": "sky", "empty": "" } }))).await;
        w.ok("UntagResource", tagged(json!({ "TagKeys": ["team"] }))).await;
        assert_eq!(w.ok("ListTagsForResource", tagged(json!({}))).await, json!({ "Tags": { "empty": "" } }));
        for tags in [json!({ "": "a" }), json!({ "x".repeat(129): "a" }), json!({ "a": "x".repeat(257) })] {
            let reply = w.server.cognito_as(None, "TagResource", &tagged(json!({ "Tags": tags }))).await;
            assert_eq!(reply.json()["__type"], INVALID, "{tags}");
        }
    };
    s6_9_signing_certificate => {
        let certificate = async || w.ok("GetSigningCertificate", w.of_pool(json!({}))).await["Certificate"].take();
        let first = certificate().await;
        // A SEQUENCE with a length of two bytes, as every certificate of this size begins.
        assert_eq!(STANDARD.decode(first.as_str().unwrap()).unwrap()[..2], [0x30, 0x82]);
        assert_eq!(certificate().await, first);
    };
    s6_9_managed_login_branding => {
        let client = w.of_pool(json!({ "ClientId": w.client(json!({})).await.client_id }));
        let reply = w.server.cognito_as(None, "DescribeManagedLoginBrandingByClient", &client).await;
        assert_eq!(reply.json()["__type"], NOT_FOUND);
        let style = with(client.clone(), json!({ "Settings": { "a": [1, 2.5, null] } }));
        let made = w.ok("CreateManagedLoginBranding", style.clone()).await["ManagedLoginBranding"].take();
        let reply = w.server.cognito_as(None, "CreateManagedLoginBranding", &style).await;
        assert_eq!(reply.json()["__type"], "ManagedLoginBrandingExistsException");
        let key = w.of_pool(json!({ "ManagedLoginBrandingId": made["ManagedLoginBrandingId"] }));
        assert_eq!(w.ok("DescribeManagedLoginBranding", key.clone()).await["ManagedLoginBranding"], made);
        assert_eq!(made["Settings"], json!({ "a": [1, 2.5, null] }));
        w.ok("UpdateManagedLoginBranding", with(key.clone(), json!({ "UseCognitoProvidedValues": true }))).await;
        w.ok("DeleteManagedLoginBranding", key).await;
    };
    s6_9_mfa_config => {
        let pool = w.pool(json!({})).await;
        let shown = w.ok("GetUserPoolMfaConfig", json!({ "UserPoolId": pool })).await;
        assert_eq!(shown, json!({ "MfaConfiguration": "OFF" }));
    };
    s6_9_reads_of_terraform => {
        w.ok("DescribeUserPool", w.of_pool(json!({}))).await;
        w.ok("GetUserPoolMfaConfig", w.of_pool(json!({}))).await;
        w.ok("ListTagsForResource", json!({ "ResourceArn": w.machine.arn })).await;
    };
}

/// What a user's call proves the client's secret with.
fn secret_hash(username: &str, client_id: &str, secret: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    STANDARD.encode(hmac::sign(&key, format!("{username}{client_id}").as_bytes()))
}

fn custom(domain: &str) -> Value {
    json!({ "Domain": domain, "CustomDomainConfig": { "CertificateArn": CERTIFICATE } })
}

async fn domain(w: &World, domain: &str) -> Value {
    w.ok("DescribeUserPoolDomain", json!({ "Domain": domain })).await["DomainDescription"].take()
}

async fn add(w: &World, client: &Machine, members: Value) -> Value {
    let input = with(w.of_pool(json!({ "ClientId": client.client_id })), members);
    w.ok("AddUserPoolClientSecret", input).await["ClientSecretDescriptor"].take()
}

/// A machine with the scope `a` of a resource server of its own, and `weather-api/get`.
async fn with_own_server(w: &World, identifier: &str) -> (Machine, String) {
    w.ok("CreateResourceServer", resource_server(&w.machine.pool, identifier, &["a"])).await;
    let scopes = json!({ "AllowedOAuthScopes": [format!("{identifier}/a"), "weather-api/get"] });
    (w.client(scopes).await, identifier.to_owned())
}
