//! No input, well formed or not, makes an operation answer with a 5xx or panic.
//!
//! Batches of inputs go to a world each, in which there is one of everything; what they destroy is back in the next. Each
//! input begins as one that its operation would answer and is changed, mostly in one member, before it is sent.

mod change;
mod fitting;
mod tally;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use claviger_aws_protocol::shape::find;
use claviger_control_plane::cognito::operations::OPERATIONS;
use claviger_control_plane::cognito::shapes;
use claviger_testkit::generated::{cases, try_batches};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use self::change::{Change, change};
use self::tally::Tally;
use super::{sign_in, user_inputs};
use crate::plane::{Plane, machine, with};

/// Inputs tried where nobody asks for more.
const CASES: usize = 2_000;
/// Inputs sent to one world, at most.
const BATCH_MAX: usize = 64;

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
}

/// An operation, as its place in the table, and what is done to its input before it is sent.
type Step = (usize, Change);

/// The steps of a batch, shown as what was sent.
#[derive(Clone)]
struct Batch(Vec<Step>);

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let worlds = runtime().block_on(Worlds::new());
        for step in &self.0 {
            let (operation, body) = worlds.request(step);
            writeln!(f, "{operation} {}", String::from_utf8_lossy(&body))?;
        }
        Ok(())
    }
}

/// Every world there is: each operation has its input in one of them.
struct Worlds([World; 2]);

impl Worlds {
    async fn new() -> Self {
        Self([World::new().await, World::of_users().await])
    }

    fn of(&self, operation: &str) -> Option<&World> {
        self.0.iter().find(|world| world.inputs.contains_key(operation))
    }

    /// What a step sends.
    fn request(&self, (operation, change): &Step) -> (&'static str, Vec<u8>) {
        let name = OPERATIONS[*operation].name;
        let input = &self.of(name).unwrap().inputs[name];
        (name, change.apply(input, find(shapes::OPERATIONS, name).unwrap().input))
    }

    /// Sends a step and tells whether it was answered, or what is wrong with the refusal.
    async fn answer(&self, step: &Step) -> Result<bool, String> {
        let (operation, body) = self.request(step);
        let response = self.of(operation).unwrap().plane.send(operation, &body).await;
        match response.status().as_u16() {
            200 => Ok(true),
            400 => Ok(false),
            status => Err(format!("{operation}: {status} {:?}", response.body())),
        }
    }
}

/// A runtime for the worlds of one batch: what runs in their background ends with it.
fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

/// Sends every operation its input unchanged, to as few worlds as will do.
fn answer_all(tally: &mut Tally) {
    let mut waiting: Vec<Step> = (0..OPERATIONS.len()).map(|operation| (operation, Change::Nothing)).collect();
    while !waiting.is_empty() {
        let count = waiting.len();
        runtime().block_on(async {
            let worlds = Worlds::new().await;
            let mut refused = Vec::new();
            for step in waiting.drain(..) {
                let answered = worlds.answer(&step).await.unwrap();
                tally.count(step.0, step.1.kind(), answered);
                if !answered {
                    refused.push(step);
                }
            }
            waiting = refused;
        });
        let names: Vec<_> = waiting.iter().map(|(operation, _)| OPERATIONS[*operation].name).collect();
        assert!(waiting.len() < count, "refused as it is by a fresh world: {}", names.join(", "));
    }
}

#[test]
fn every_operation_has_an_input_that_it_answers() {
    let worlds = runtime().block_on(Worlds::new());
    let missing: Vec<_> = OPERATIONS.iter().map(|row| row.name).filter(|name| worlds.of(name).is_none()).collect();
    assert!(missing.is_empty(), "no input for {}", missing.join(", "));
    answer_all(&mut Tally::new());
}

#[test]
fn no_input_makes_a_server_error_or_a_panic() {
    let (cases, mut tally) = (cases(CASES), Tally::new());
    answer_all(&mut tally);
    let tally = RefCell::new(tally);
    let batches = prop::collection::vec((0..OPERATIONS.len(), change()), 1..=BATCH_MAX).prop_map(Batch);
    try_batches(cases, &batches, |Batch(steps)| {
        runtime().block_on(async {
            let worlds = Worlds::new().await;
            for step in steps {
                let answered = worlds.answer(step).await.map_err(TestCaseError::fail)?;
                tally.borrow_mut().count(step.0, step.1.kind(), answered);
            }
            Ok(steps.len())
        })
    });
    let tally = tally.into_inner();
    println!("{tally}");
    // In few inputs an operation may be met too seldom to be answered more often than in the first worlds.
    tally.assert_telling(if cases < 10_000 { 1 } else { cases / 1_000 });
}
