//! Requests and answers byte for byte, one reviewed file per operation in `goldens/cognito`.
//!
//! `UPDATE_GOLDENS=1 cargo test -p claviger-control-plane goldens` writes the files anew; read the difference before it is
//! committed. Ids and secrets stand under the names that the story gives them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use claviger_control_plane::cognito::operations::OPERATIONS;
use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::{golden_users, sign_in};
use crate::plane::{Plane, with};

/// An operation, its input, and what of the answer later steps refer to: a name and where its value is.
pub(super) type Step = (&'static str, Value, &'static [(&'static str, &'static str)]);

/// Every operation, answered at least once and refused at least once.
#[expect(clippy::too_many_lines, reason = "one line a step")]
fn story() -> Vec<Step> {
    let scopes = json!([{"ScopeName": "get", "ScopeDescription": "Read"}]);
    let certificate = "arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-4000-8000-000000000000";
    let pool = || json!({"UserPoolId": "{pool}"});
    let no_pool = || json!({"UserPoolId": "us-east-1_none"});
    let client = || json!({"UserPoolId": "{pool}", "ClientId": "{client}"});
    let no_client = || json!({"UserPoolId": "{pool}", "ClientId": "none"});
    let server = || json!({"UserPoolId": "{pool}", "Identifier": "weather"});
    let branding = || json!({"UserPoolId": "{pool}", "ManagedLoginBrandingId": "{branding}"});
    let no_branding = json!({"ManagedLoginBrandingId": "00000000-0000-4000-8000-000000000000"});
    let asset = json!({"Category": "PAGE_HEADER_LOGO", "ColorMode": "LIGHT", "Extension": "SVG", "Bytes": "PHN2Zy8+"});
    let log = json!({"LogLevel": "ERROR", "EventSource": "userNotification"});
    let tagged = |extra: Value| {
        with(json!({"ResourceArn": "arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}"}), extra)
    };
    let limit = |category: &str| json!({"LimitDefinition": {"LimitClass": "API_CATEGORY", "Attributes": {"Category": category}}});
    let not_a_pool = json!({"ResourceArn": "arn:aws:s3:us-east-1:000000000000:bucket", "Tags": {}, "TagKeys": []});
    let custom = json!({
        "UserPoolId": "{pool}", "Domain": "auth.weather.example", "CustomDomainConfig": {"CertificateArn": certificate},
    });
    vec![
        ("CreateUserPool", json!({"PoolName": "weather"}), &[("pool", "/UserPool/Id")]),
        ("CreateUserPool", json!({"PoolName": "we/ather"}), &[]),
        ("DescribeUserPool", pool(), &[]),
        ("DescribeUserPool", no_pool(), &[]),
        ("ListUserPools", json!({"MaxResults": 1}), &[]),
        ("ListUserPools", json!({"MaxResults": 61}), &[]),
        ("UpdateUserPool", json!({"UserPoolId": "{pool}", "UserPoolTags": {"team": "sky"}}), &[]),
        ("UpdateUserPool", json!({"UserPoolId": "{pool}", "AutoVerifiedAttributes": ["phone_number"]}), &[]),
        ("GetUserPoolMfaConfig", pool(), &[]),
        ("GetUserPoolMfaConfig", no_pool(), &[]),
        ("SetUserPoolMfaConfig", with(pool(), json!({"MfaConfiguration": "OPTIONAL"})), &[]),
        ("SetUserPoolMfaConfig", with(no_pool(), json!({"MfaConfiguration": "ON"})), &[]),
        ("GetSigningCertificate", pool(), &[("certificate", "/Certificate")]),
        ("GetSigningCertificate", no_pool(), &[]),
        ("SetLogDeliveryConfiguration", with(pool(), json!({"LogConfigurations": []})), &[]),
        ("SetLogDeliveryConfiguration", with(pool(), json!({"LogConfigurations": [log]})), &[]),
        ("GetLogDeliveryConfiguration", pool(), &[]),
        ("GetLogDeliveryConfiguration", no_pool(), &[]),
        ("DescribeRiskConfiguration", pool(), &[]),
        ("DescribeRiskConfiguration", no_client(), &[]),
        ("ListIdentityProviders", pool(), &[]),
        ("ListIdentityProviders", no_pool(), &[]),
        (
            "AddCustomAttributes",
            json!({"UserPoolId": "{pool}", "CustomAttributes": [{"Name": "tenant", "AttributeDataType": "String"}]}),
            &[],
        ),
        ("AddCustomAttributes", json!({"UserPoolId": "{pool}", "CustomAttributes": []}), &[]),
        ("TagResource", tagged(json!({"Tags": {"stage": "test"}})), &[]),
        ("TagResource", not_a_pool.clone(), &[]),
        ("ListTagsForResource", tagged(json!({})), &[]),
        ("ListTagsForResource", not_a_pool.clone(), &[]),
        ("UntagResource", tagged(json!({"TagKeys": ["stage"]})), &[]),
        ("UntagResource", not_a_pool, &[]),
        (
            "CreateResourceServer",
            json!({"UserPoolId": "{pool}", "Identifier": "weather", "Name": "Weather", "Scopes": scopes}),
            &[],
        ),
        ("CreateResourceServer", json!({"UserPoolId": "{pool}", "Identifier": "weather", "Name": "Weather"}), &[]),
        ("DescribeResourceServer", server(), &[]),
        ("DescribeResourceServer", json!({"UserPoolId": "{pool}", "Identifier": "none"}), &[]),
        ("ListResourceServers", pool(), &[]),
        ("ListResourceServers", json!({"UserPoolId": "{pool}", "NextToken": "none"}), &[]),
        (
            "UpdateResourceServer",
            json!({"UserPoolId": "{pool}", "Identifier": "weather", "Name": "Sky", "Scopes": scopes}),
            &[],
        ),
        ("UpdateResourceServer", json!({"UserPoolId": "{pool}", "Identifier": "weather"}), &[]),
        (
            "CreateUserPoolClient",
            json!({
                "UserPoolId": "{pool}", "ClientName": "station", "GenerateSecret": true,
                "AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": ["weather/get"],
                "AllowedOAuthFlowsUserPoolClient": true, "AccessTokenValidity": 10,
                "TokenValidityUnits": {"AccessToken": "minutes"},
            }),
            &[("client", "/UserPoolClient/ClientId"), ("secret", "/UserPoolClient/ClientSecret")],
        ),
        (
            "CreateUserPoolClient",
            json!({
                "UserPoolId": "{pool}", "ClientName": "station", "AllowedOAuthFlows": ["client_credentials"],
                "AllowedOAuthScopes": ["weather/get"], "AllowedOAuthFlowsUserPoolClient": true,
            }),
            &[],
        ),
        ("DescribeUserPoolClient", client(), &[]),
        ("DescribeUserPoolClient", no_client(), &[]),
        ("ListUserPoolClients", pool(), &[]),
        ("ListUserPoolClients", no_pool(), &[]),
        ("AddUserPoolClientSecret", client(), &[("second secret", "/ClientSecretDescriptor/ClientSecretValue")]),
        ("AddUserPoolClientSecret", client(), &[]),
        ("ListUserPoolClientSecrets", client(), &[]),
        ("ListUserPoolClientSecrets", no_client(), &[]),
        (
            "DeleteUserPoolClientSecret",
            json!({"UserPoolId": "{pool}", "ClientId": "{client}", "ClientSecretId": "{client}--1893456000251"}),
            &[],
        ),
        (
            "DeleteUserPoolClientSecret",
            json!({"UserPoolId": "{pool}", "ClientId": "{client}", "ClientSecretId": "{client}--1893456000250"}),
            &[],
        ),
        ("GetClientToken", json!({"ClientId": "{client}", "Secret": "{secret}"}), &[]),
        (
            "CreateUserPoolClient",
            json!({
                "UserPoolId": "{pool}", "ClientName": "buoy", "GenerateSecret": true,
                "ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH"], "AllowedOAuthScopes": ["weather/get"],
            }),
            &[("buoy", "/UserPoolClient/ClientId"), ("secret of buoy", "/UserPoolClient/ClientSecret")],
        ),
        (
            "GetClientToken",
            json!({"ClientId": "{buoy}", "Secret": "{secret of buoy}", "Scopes": ["weather/get"]}),
            &[("token", "/ClientAuthenticationResult/AccessToken")],
        ),
        ("GetClientToken", json!({"ClientId": "{buoy}", "Secret": "a_secret_of_nobody_at_all"}), &[]),
        ("UpdateUserPoolClient", json!({"UserPoolId": "{pool}", "ClientId": "{client}", "ClientName": "mast"}), &[]),
        (
            "UpdateUserPoolClient",
            json!({"UserPoolId": "{pool}", "ClientId": "{client}", "AllowedOAuthScopes": ["weather/never"]}),
            &[],
        ),
        ("DescribeManagedLoginBrandingByClient", client(), &[]),
        (
            "CreateManagedLoginBranding",
            with(client(), json!({"Settings": {"a": {"b": [1, null]}}, "Assets": [asset]})),
            &[("branding", "/ManagedLoginBranding/ManagedLoginBrandingId")],
        ),
        ("CreateManagedLoginBranding", with(client(), json!({"UseCognitoProvidedValues": true})), &[]),
        ("DescribeManagedLoginBranding", branding(), &[]),
        ("DescribeManagedLoginBranding", with(branding(), no_branding.clone()), &[]),
        ("DescribeManagedLoginBrandingByClient", client(), &[]),
        ("UpdateManagedLoginBranding", with(branding(), json!({"UseCognitoProvidedValues": true})), &[]),
        ("UpdateManagedLoginBranding", pool(), &[]),
        ("DeleteManagedLoginBranding", branding(), &[]),
        ("DeleteManagedLoginBranding", branding(), &[]),
        ("CreateUserPoolDomain", json!({"UserPoolId": "{pool}", "Domain": "weather"}), &[]),
        ("CreateUserPoolDomain", custom.clone(), &[]),
        ("CreateUserPoolDomain", json!({"UserPoolId": "{pool}", "Domain": "second"}), &[]),
        ("DescribeUserPoolDomain", json!({"Domain": "weather"}), &[]),
        ("DescribeUserPoolDomain", json!({"Domain": "auth.weather.example"}), &[]),
        ("DescribeUserPoolDomain", json!({"Domain": "nobody"}), &[]),
        ("DescribeUserPoolDomain", json!({"Domain": ""}), &[]),
        ("UpdateUserPoolDomain", custom, &[]),
        ("UpdateUserPoolDomain", json!({"UserPoolId": "{pool}", "Domain": "nobody"}), &[]),
        ("DeleteUserPoolDomain", json!({"UserPoolId": "{pool}", "Domain": "weather"}), &[]),
        ("DeleteUserPoolDomain", json!({"UserPoolId": "{pool}", "Domain": "weather"}), &[]),
        ("DeleteUserPool", pool(), &[]),
        ("DeleteUserPoolDomain", json!({"UserPoolId": "{pool}", "Domain": "auth.weather.example"}), &[]),
        ("DeleteUserPoolClient", client(), &[]),
        ("DeleteUserPoolClient", client(), &[]),
        ("DeleteResourceServer", server(), &[]),
        ("DeleteResourceServer", server(), &[]),
        ("DeleteUserPool", pool(), &[]),
        ("GetProvisionedLimit", limit("UserCreation"), &[]),
        ("GetProvisionedLimit", limit("Nothing"), &[]),
        ("UpdateProvisionedLimit", with(limit("UserCreation"), json!({"RequestedLimitValue": 60})), &[]),
        ("UpdateProvisionedLimit", with(limit("ClientAuthentication"), json!({"RequestedLimitValue": 200})), &[]),
    ]
}

/// The values that steps have kept, by name.
#[derive(Default)]
struct Kept(Vec<(&'static str, String)>);

impl Kept {
    fn filled(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    /// The request with the code that it names.
    async fn with_code(&self, plane: &Plane, request: &str) -> String {
        let Some((before, rest)) = request.split_once("{code of ") else { return request.to_owned() };
        let (username, after) = rest.split_once('}').unwrap();
        format!("{before}{}{after}", plane.code(&self.filled("{users}"), username).await)
    }

    fn redacted(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(value.as_str(), &format!("{{{name}}}")))
    }
}

fn line((name, value): (&HeaderName, &HeaderValue)) -> String {
    format!("{name}: {}\n", value.to_str().unwrap())
}

async fn play() -> BTreeMap<&'static str, Vec<String>> {
    let mut exchanges =
        play_on(&Plane::new(), Kept::default(), story().into_iter().chain(golden_users::story()).collect()).await;
    let (scene, kept) = sign_in::goldens::scene().await;
    exchanges.extend(play_on(&scene.plane, Kept(kept), sign_in::goldens::story()).await);
    exchanges
}

async fn play_on(plane: &Plane, mut kept: Kept, story: Vec<Step>) -> BTreeMap<&'static str, Vec<String>> {
    let mut exchanges = BTreeMap::<_, Vec<String>>::new();
    for (operation, input, keep) in story {
        let request = kept.filled(&input.to_string());
        let response = plane.send(operation, kept.with_code(plane, &request).await.as_bytes()).await;
        let body: Option<Value> = serde_json::from_slice(response.body()).ok();
        for (name, place) in keep {
            let value = body.as_ref().unwrap().pointer(place).unwrap().as_str().unwrap();
            if *name == "pool" {
                plane.keys(value).await;
            }
            kept.0.push((name, value.to_owned()));
        }
        let headers: String = response.headers().iter().map(line).collect();
        let shown = body.map(|body| format!("\n{body:#}\n")).unwrap_or_default();
        let text = format!(
            "POST /\nx-amz-target: AWSCognitoIdentityProviderService.{operation}\n\n{request}\n\n{}\n{headers}{shown}",
            response.status()
        );
        exchanges.entry(operation).or_default().push(kept.redacted(&text));
    }
    exchanges
}

#[tokio::test]
async fn goldens_of_every_operation_are_as_reviewed() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/goldens/cognito");
    let update = std::env::var_os("UPDATE_GOLDENS").is_some();
    for (operation, exchanges) in play().await {
        let file = folder.join(format!("{operation}.txt"));
        let text = exchanges.join("\n----\n\n");
        if update {
            std::fs::write(&file, text).unwrap();
        } else {
            let reviewed = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(text, reviewed, "{operation} answers otherwise than {}", file.display());
        }
    }
}

#[tokio::test]
async fn goldens_show_every_operation_answering_and_refusing() {
    let exchanges = play().await;
    for row in OPERATIONS {
        let of_operation = exchanges.get(row.name).unwrap_or_else(|| panic!("{} has no golden", row.name));
        for status in ["\n\n200 OK\n", "\n\n400 Bad Request\n"] {
            assert!(of_operation.iter().any(|text| text.contains(status)), "{} never answers {status}", row.name);
        }
    }
}
