//! No input, well formed or not, makes an operation answer with a 5xx or panic.

use std::collections::BTreeMap;

use claviger_control_plane::cognito::operations::OPERATIONS;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use super::sign_in;
use super::user_inputs;
use crate::plane::{Plane, machine, with};

const CASES: u32 = 2_000;

/// A plane with one of everything, and an input that each operation answers there.
struct World {
    plane: Plane,
    inputs: BTreeMap<&'static str, Value>,
}

impl World {
    #[expect(clippy::too_many_lines, reason = "one line an operation")]
    async fn new() -> Self {
        let plane = Plane::new();
        let pool = plane.pool_with_scopes().await;
        let client = plane.client(&pool).await;
        let of_client = json!({"UserPoolId": pool, "ClientId": client["ClientId"]});
        let added = plane.ok("AddUserPoolClientSecret", of_client.clone()).await;
        let single = plane.client(&pool).await;
        plane.keys(&pool).await;
        let by_token = json!({
            "ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH"], "AllowedOAuthFlowsUserPoolClient": false,
            "AllowedOAuthFlows": null,
        });
        let by_token = plane.ok("CreateUserPoolClient", with(machine(&pool), by_token)).await;
        let by_token = &by_token["UserPoolClient"];
        let domain = json!({"UserPoolId": pool, "Domain": "weather", "ManagedLoginVersion": 1});
        plane.ok("CreateUserPoolDomain", domain.clone()).await;
        let other = plane.pool().await;
        let of_pool = json!({"UserPoolId": pool});
        let server = json!({"UserPoolId": pool, "Identifier": "weather"});
        let scopes = json!([{"ScopeName": "get", "ScopeDescription": "Read"}]);
        let arn = json!({"ResourceArn": format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}")});
        let settings = json!({
            "Policies": {"PasswordPolicy": {"MinimumLength": 8, "RequireSymbols": true}}, "DeletionProtection": "INACTIVE",
            "LambdaConfig": {"PreSignUp": "arn:aws:lambda:us-east-1:000000000000:function:x"},
            "AutoVerifiedAttributes": ["email"], "UserPoolTags": {"team": "sky"}, "UserPoolTier": "PLUS",
            "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]},
            "AcrConfiguration": {"Level1": {"AcrValue": "one"}}, "IssuerConfiguration": {"Type": "ORIGINAL"},
            "VerificationMessageTemplate": {"EmailMessage": "Code {####}"}, "MfaConfiguration": "OFF",
        });
        let schema = json!([{"Name": "tenant", "AttributeDataType": "String", "StringAttributeConstraints": {"MinLength": "1"}}]);
        let client_settings = json!({
            "AccessTokenValidity": 1, "IdTokenValidity": 1, "RefreshTokenValidity": 30, "AuthSessionValidity": 3,
            "TokenValidityUnits": {"AccessToken": "hours", "RefreshToken": "days"}, "ReadAttributes": ["email"],
            "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"], "CallbackURLs": ["https://a.example"],
            "SupportedIdentityProviders": ["COGNITO"], "AnalyticsConfiguration": {
                "ApplicationId": "0f", "RoleArn": "arn:aws:iam::000000000000:role/x", "ExternalId": "x",
            },
        });
        let machine = with(machine(&pool), client_settings);
        let mut update = with(machine.clone(), json!({"ClientId": single["ClientId"]}));
        update.as_object_mut().unwrap().remove("GenerateSecret");
        let secret = json!({"ClientSecretId": added["ClientSecretDescriptor"]["ClientSecretId"]});
        let custom = json!({
            "UserPoolId": other, "Domain": "auth.weather.example", "CustomDomainConfig": {
                "CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/00000000", "SecurityPolicy": "TLS_V1",
            },
        });
        let attributes = json!({"Category": "UserCreation"});
        let limit = json!({"LimitDefinition": {"LimitClass": "API_CATEGORY", "Attributes": attributes}});
        let style = json!({"UseCognitoProvidedValues": false, "Settings": {"a": [1, {"b": null}]}, "Assets": [
            {"Category": "PAGE_HEADER_LOGO", "ColorMode": "DARK", "Extension": "PNG", "Bytes": "iVBORw0KGgo="},
        ]});
        let branded = plane.ok("CreateManagedLoginBranding", with(of_client.clone(), style.clone())).await;
        let branding = json!({
            "UserPoolId": pool, "ManagedLoginBrandingId": branded["ManagedLoginBranding"]["ManagedLoginBrandingId"],
        });
        let mut inputs = BTreeMap::from([
            ("CreateUserPool", with(settings.clone(), json!({"PoolName": "a", "Schema": schema}))),
            ("DescribeUserPool", of_pool.clone()),
            ("ListUserPools", json!({"MaxResults": 10})),
            ("UpdateUserPool", with(settings, json!({"UserPoolId": pool, "PoolName": "b"}))),
            ("DeleteUserPool", json!({"UserPoolId": other})),
            ("AddCustomAttributes", json!({"UserPoolId": pool, "CustomAttributes": schema})),
            ("GetUserPoolMfaConfig", of_pool.clone()),
            (
                "SetUserPoolMfaConfig",
                with(
                    of_pool.clone(),
                    json!({
                        "MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": true},
                        "EmailMfaConfiguration": {"Message": "Code {####}", "Subject": "Code"},
                        "SmsMfaConfiguration": {"SmsAuthenticationMessage": "Code {####}"},
                        "WebAuthnConfiguration": {"RelyingPartyId": "weather.example", "UserVerification": "preferred"},
                    }),
                ),
            ),
            ("GetSigningCertificate", of_pool.clone()),
            ("GetLogDeliveryConfiguration", of_pool.clone()),
            ("SetLogDeliveryConfiguration", with(of_pool.clone(), json!({"LogConfigurations": []}))),
            ("DescribeRiskConfiguration", of_client.clone()),
            ("ListIdentityProviders", with(of_pool.clone(), json!({"MaxResults": 1}))),
            (
                "CreateManagedLoginBranding",
                with(style.clone(), json!({"UserPoolId": pool, "ClientId": single["ClientId"]})),
            ),
            ("DescribeManagedLoginBranding", branding.clone()),
            ("DescribeManagedLoginBrandingByClient", with(of_client.clone(), json!({"ReturnMergedResources": true}))),
            ("UpdateManagedLoginBranding", with(style, branding.clone())),
            ("DeleteManagedLoginBranding", branding),
            ("CreateResourceServer", with(server.clone(), json!({"Identifier": "new", "Name": "A", "Scopes": scopes}))),
            ("DescribeResourceServer", server.clone()),
            ("ListResourceServers", with(of_pool.clone(), json!({"MaxResults": 1}))),
            ("UpdateResourceServer", with(server.clone(), json!({"Name": "A", "Scopes": scopes}))),
            ("DeleteResourceServer", server),
            ("CreateUserPoolClient", machine),
            ("DescribeUserPoolClient", of_client.clone()),
            ("ListUserPoolClients", with(of_pool, json!({"MaxResults": 1, "ClientType": "REGULAR"}))),
            ("UpdateUserPoolClient", update),
            ("DeleteUserPoolClient", of_client.clone()),
            (
                "AddUserPoolClientSecret",
                json!({"UserPoolId": pool, "ClientId": single["ClientId"], "ClientSecret": "a_secret_of_my_own_making"}),
            ),
            ("ListUserPoolClientSecrets", of_client.clone()),
            ("DeleteUserPoolClientSecret", with(of_client, secret)),
            (
                "GetClientToken",
                json!({
                    "ClientId": by_token["ClientId"], "Secret": by_token["ClientSecret"], "Scopes": ["weather/get"],
                    "ClientMetadata": {"a": "b"},
                }),
            ),
            ("CreateUserPoolDomain", custom),
            ("DescribeUserPoolDomain", json!({"Domain": "weather"})),
            ("UpdateUserPoolDomain", domain.clone()),
            ("DeleteUserPoolDomain", json!({"UserPoolId": pool, "Domain": "weather"})),
            ("TagResource", with(arn.clone(), json!({"Tags": {"a": "b"}}))),
            ("UntagResource", with(arn.clone(), json!({"TagKeys": ["team"]}))),
            ("ListTagsForResource", arn),
            ("GetProvisionedLimit", limit.clone()),
            ("UpdateProvisionedLimit", with(limit, json!({"RequestedLimitValue": 60}))),
        ]);
        user_inputs::add(&plane, &mut inputs).await;
        Self { plane, inputs }
    }

    /// A plane with users, and the inputs of what they do.
    async fn of_users() -> Self {
        let (plane, inputs) = sign_in::inputs::inputs().await;
        Self { plane, inputs }
    }

    /// The one of two worlds in which an operation has an input.
    async fn both() -> [Self; 2] {
        [Self::new().await, Self::of_users().await]
    }
}

/// What is done to an input that would be answered.
#[derive(Clone, Debug)]
enum Change {
    Nothing,
    /// The value at one place, counted through all of them, becomes another.
    Replace(prop::sample::Index, Value),
    /// The value at one place goes.
    Remove(prop::sample::Index),
    /// The value at one place is held against every other place of the input.
    Exchange(prop::sample::Index, prop::sample::Index),
    /// Something else entirely.
    Bytes(Vec<u8>),
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z0-9/:._-]{0,40}",
        Just(String::new()),
        Just("\u{0}".to_owned()),
        Just("us-east-1_none".to_owned()),
        Just("ACTIVE".to_owned()),
        Just("weather/get".to_owned()),
        Just("arn:aws:cognito-idp:us-east-1:000000000000:userpool/x".to_owned()),
        Just("x".repeat(100_000)),
        Just("\u{1f980}".repeat(64)),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (0_i64..100).prop_map(Value::from),
        Just(json!(u64::MAX)),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        1 => Just(Change::Nothing),
        8 => (any::<prop::sample::Index>(), value()).prop_map(|(place, value)| Change::Replace(place, value)),
        2 => any::<prop::sample::Index>().prop_map(Change::Remove),
        2 => (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(one, other)| Change::Exchange(one, other)),
        1 => prop::collection::vec(any::<u8>(), 0..64).prop_map(Change::Bytes),
    ]
}

/// Where the values inside a value are.
fn places(value: &Value, place: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (format!("{place}/{name}"), value)).collect(),
        Value::Array(elements) => {
            elements.iter().enumerate().map(|(index, value)| (format!("{place}/{index}"), value)).collect()
        }
        _ => Vec::new(),
    };
    for (place, value) in inner {
        places(value, &place, found);
        found.push(place);
    }
}

fn changed(input: &Value, change: &Change) -> Vec<u8> {
    let (mut input, mut found) = (input.clone(), Vec::new());
    places(&input, "", &mut found);
    match change {
        Change::Nothing => {}
        Change::Replace(place, value) => *input.pointer_mut(place.get::<String>(&found)).unwrap() = value.clone(),
        Change::Exchange(one, other) => {
            let value = input.pointer(one.get::<String>(&found)).unwrap().clone();
            *input.pointer_mut(other.get::<String>(&found)).unwrap() = value;
        }
        Change::Remove(place) => {
            let (parent, last) = place.get::<String>(&found).rsplit_once('/').unwrap();
            match input.pointer_mut(parent).unwrap() {
                Value::Object(members) => drop(members.remove(last)),
                Value::Array(elements) => drop(elements.remove(last.parse().unwrap())),
                _ => {}
            }
        }
        Change::Bytes(bytes) => return bytes.clone(),
    }
    input.to_string().into_bytes()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

#[test]
fn every_operation_answers_the_input_that_is_changed() {
    let runtime = runtime();
    for row in OPERATIONS {
        runtime.block_on(async {
            let worlds = World::both().await;
            let world = worlds.iter().find(|world| world.inputs.contains_key(row.name)).unwrap();
            world.plane.ok(row.name, world.inputs[row.name].clone()).await;
        });
    }
}

/// Whether an operation takes nothing away that other inputs need.
fn leaves_the_world(operation: &str) -> bool {
    ["Describe", "List", "Get", "InitiateAuth", "AdminInitiateAuth"].iter().any(|prefix| operation.starts_with(prefix))
}

#[test]
fn no_input_makes_a_server_error_or_a_panic() {
    let runtime = runtime();
    let worlds = std::cell::RefCell::new(runtime.block_on(World::both()));
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&(0..OPERATIONS.len(), change()), |(row, change)| {
        let [machines, users] = &mut *worlds.borrow_mut();
        let operation = OPERATIONS[row].name;
        let is_of_users = users.inputs.contains_key(operation);
        let world = if is_of_users { users } else { machines };
        let body = changed(&world.inputs[operation], &change);
        let response = runtime.block_on(world.plane.send(operation, &body));
        let status = response.status().as_u16();
        prop_assert!(status == 200 || status == 400, "{operation}: {response:?}");
        // What is gone would make the cases that follow all alike.
        if status == 200 && !leaves_the_world(operation) {
            *world = runtime.block_on(async { if is_of_users { World::of_users().await } else { World::new().await } });
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}
