//! Quotas that an operator has set.

use claviger_control_plane::services::Settings;
use claviger_resources::quotas::Quotas;
use serde_json::{Value, json};

use crate::plane::{Plane, machine, with};

fn plane(quota: &str) -> Plane {
    let quotas = Quotas::default().with(quota).unwrap();
    Plane::with_settings(Settings { quotas, ..Settings::default() })
}

async fn used_up(plane: &Plane, operation: &str, input: Value, quota: &str) {
    let message = format!("The quota of {quota} is used up.");
    plane.refused(operation, input, "LimitExceededException", &message).await;
}

#[tokio::test]
async fn each_holds_at_the_value_that_was_set() {
    let plane = plane("user-pools-per-region=1");
    plane.pool().await;
    used_up(&plane, "CreateUserPool", json!({"PoolName": "a"}), "1 user pools per region").await;
}

#[tokio::test]
async fn of_what_a_pool_holds() {
    let pool_of = async |quota: &str| {
        let plane = plane(quota);
        let pool = plane.pool_with_scopes().await;
        (plane, pool)
    };
    let (plane, pool) = pool_of("app-clients-per-user-pool=1").await;
    plane.client(&pool).await;
    used_up(&plane, "CreateUserPoolClient", machine(&pool), "1 app clients per user pool").await;

    let (plane, pool) = pool_of("resource-servers-per-user-pool=1").await;
    let second = json!({"UserPoolId": pool, "Identifier": "storms", "Name": "Storms"});
    used_up(&plane, "CreateResourceServer", second, "1 resource servers per user pool").await;

    let (plane, pool) = pool_of("custom-domains-per-region=0").await;
    let domain = json!({
        "UserPoolId": pool, "Domain": "auth.weather.example",
        "CustomDomainConfig": {"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/0"},
    });
    used_up(&plane, "CreateUserPoolDomain", domain, "0 custom domains per region").await;

    let (plane, pool) = pool_of("tags-per-user-pool=1").await;
    let arn = format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}");
    let tags = json!({"ResourceArn": arn, "Tags": {"a": "", "b": ""}});
    let message = "A user pool can have up to 1 tags.";
    plane.refused("TagResource", tags, "InvalidParameterException", message).await;

    let (plane, pool) = pool_of("custom-attributes-per-user-pool=1").await;
    let attribute = |name: &str| json!({"Name": name, "AttributeDataType": "String"});
    let attributes = json!({"UserPoolId": pool, "CustomAttributes": [attribute("a"), attribute("b")]});
    let message = "A user pool can have up to 1 custom attributes.";
    plane.refused("AddCustomAttributes", attributes, "InvalidParameterException", message).await;
}

#[tokio::test]
async fn of_what_a_resource_server_or_an_app_client_lists() {
    let plane_of = |quotas: &[&str]| {
        let quotas = quotas.iter().fold(Quotas::default(), |quotas, quota| quotas.with(quota).unwrap());
        Plane::with_settings(Settings { quotas, ..Settings::default() })
    };
    let plane =
        plane_of(&["scopes-per-app-client=1", "callback-urls-per-app-client=1", "logout-urls-per-app-client=1"]);
    let pool = plane.pool_with_scopes().await;
    let both = json!({"AllowedOAuthScopes": ["weather/get", "weather/post"]});
    used_up(&plane, "CreateUserPoolClient", with(machine(&pool), both), "1 scopes per app client").await;
    let urls = json!(["https://a.example", "https://b.example"]);
    let callbacks = with(machine(&pool), json!({"CallbackURLs": urls}));
    used_up(&plane, "CreateUserPoolClient", callbacks, "1 callback URLs per app client").await;
    let logouts = with(machine(&pool), json!({"LogoutURLs": urls}));
    used_up(&plane, "CreateUserPoolClient", logouts, "1 logout URLs per app client").await;
    let client = plane.client(&pool).await;
    let update = json!({"UserPoolId": pool, "ClientId": client["ClientId"], "LogoutURLs": urls});
    used_up(&plane, "UpdateUserPoolClient", update, "1 logout URLs per app client").await;

    let plane = plane_of(&["scopes-per-resource-server=1", "secrets-per-app-client=1"]);
    let pool = plane.pool().await;
    let scope = |name: &str| json!({"ScopeName": name, "ScopeDescription": name});
    let server = json!({"UserPoolId": pool, "Identifier": "weather", "Name": "Weather", "Scopes": [scope("get")]});
    plane.ok("CreateResourceServer", server.clone()).await;
    let two = with(server, json!({"Scopes": [scope("get"), scope("post")]}));
    used_up(&plane, "UpdateResourceServer", two.clone(), "1 scopes per resource server").await;
    used_up(&plane, "CreateResourceServer", with(two, json!({"Identifier": "b"})), "1 scopes per resource server")
        .await;
    let client = plane.client(&pool).await;
    let of_client = json!({"UserPoolId": pool, "ClientId": client["ClientId"]});
    used_up(&plane, "AddUserPoolClientSecret", of_client, "1 active secrets per user pool client").await;
}

#[tokio::test]
async fn one_that_was_lowered_takes_nothing_away() {
    let plane = plane("scopes-per-app-client=0");
    let pool = plane.pool_with_scopes().await;
    let client = json!({"UserPoolId": pool, "ClientName": "station"});
    let made = plane.ok("CreateUserPoolClient", client).await;
    let key = json!({"UserPoolId": pool, "ClientId": made["UserPoolClient"]["ClientId"]});
    plane.ok("DescribeUserPoolClient", key).await;
}
