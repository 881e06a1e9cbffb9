//! Domains.

use claviger_control_plane::services::Settings;
use claviger_resources::user_pool_domain::UserPoolDomain;
use claviger_resources::{AccountId, Region};
use claviger_store::TransactionExt;
use serde_json::{Value, json};

use crate::plane::{Plane, with};

const INVALID: &str = "InvalidParameterException";
const CERTIFICATE: &str = "arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-4000-8000-000000000000";

fn prefix(pool: &str, domain: &str) -> Value {
    json!({"UserPoolId": pool, "Domain": domain})
}

fn custom(pool: &str, domain: &str) -> Value {
    json!({"UserPoolId": pool, "Domain": domain, "CustomDomainConfig": {"CertificateArn": CERTIFICATE}})
}

async fn described(plane: &Plane, domain: &str) -> Value {
    plane.ok("DescribeUserPoolDomain", json!({"Domain": domain})).await["DomainDescription"].take()
}

#[tokio::test]
async fn a_pool_has_a_prefix_and_a_custom_domain() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    assert_eq!(plane.ok("CreateUserPoolDomain", prefix(&pool, "weather")).await, json!({"ManagedLoginVersion": 1}));
    let input = with(custom(&pool, "auth.weather.example"), json!({"ManagedLoginVersion": 2}));
    let created = plane.ok("CreateUserPoolDomain", input).await;
    let distribution = created["CloudFrontDomain"].as_str().unwrap();
    assert!(distribution.starts_with('d') && distribution.ends_with(".cloudfront.net"), "{distribution}");
    assert_eq!(created["ManagedLoginVersion"], 2);

    let shown = described(&plane, "weather").await;
    assert_eq!(
        with(shown, json!({"CloudFrontDistribution": "…"})),
        json!({
            "UserPoolId": pool, "AWSAccountId": "000000000000", "Domain": "weather",
            "S3Bucket": "aws-cognito-prod-us-east-1-assets", "CloudFrontDistribution": "…", "Version": "20300101000000",
            "Status": "ACTIVE", "CustomDomainConfig": {}, "ManagedLoginVersion": 1,
        })
    );
    let shown = described(&plane, "auth.weather.example").await;
    assert_eq!(shown["CustomDomainConfig"], json!({"CertificateArn": CERTIFICATE}));
    assert_eq!((&shown["CloudFrontDistribution"], &shown["ManagedLoginVersion"]), (&json!(distribution), &json!(2)));

    let shown = plane.ok("DescribeUserPool", json!({"UserPoolId": pool})).await;
    assert_eq!(shown["UserPool"]["Domain"], "weather");
    assert_eq!(shown["UserPool"]["CustomDomain"], "auth.weather.example");

    let mut tx = plane.stored().await;
    let stored = tx.find::<UserPoolDomain>(&plane.caller.tenant(), &pool, "weather").await.unwrap().unwrap();
    assert_eq!((stored.is_custom(), stored.host().as_str()), (false, "weather.auth.us-east-1.amazoncognito.com"));
}

#[tokio::test]
async fn describing_a_domain_that_does_not_exist_is_answered_with_an_empty_description() {
    let plane = Plane::new();
    assert_eq!(plane.ok("DescribeUserPoolDomain", json!({"Domain": "nobody"})).await, json!({"DomainDescription": {}}));
}

#[tokio::test]
async fn a_domain_is_shown_to_its_own_account_only() {
    let mut plane = Plane::new();
    let pool = plane.pool().await;
    plane.ok("CreateUserPoolDomain", prefix(&pool, "weather")).await;
    plane.ok("CreateUserPoolDomain", custom(&pool, "auth.weather.example")).await;
    plane.caller.account = AccountId::parse("111111111111").unwrap();
    for domain in ["weather", "auth.weather.example"] {
        assert_eq!(described(&plane, domain).await, json!({}));
    }
}

#[tokio::test]
async fn a_taken_domain_is_taken_for_every_account() {
    let mut plane = Plane::new();
    let pool = plane.pool().await;
    plane.ok("CreateUserPoolDomain", prefix(&pool, "weather")).await;
    plane.ok("CreateUserPoolDomain", custom(&pool, "auth.weather.example")).await;
    plane.caller.account = AccountId::parse("111111111111").unwrap();
    let other = plane.pool().await;
    let taken = "Domain already associated with another user pool.";
    plane.refused("CreateUserPoolDomain", prefix(&other, "weather"), INVALID, taken).await;
    plane.refused("CreateUserPoolDomain", custom(&other, "auth.weather.example"), INVALID, taken).await;
    // Prefixes are unique in their region, custom domains everywhere.
    plane.caller.region = Region::parse("eu-west-1").unwrap();
    let abroad = plane.pool().await;
    plane.ok("CreateUserPoolDomain", prefix(&abroad, "weather")).await;
    plane.refused("CreateUserPoolDomain", custom(&abroad, "auth.weather.example"), INVALID, taken).await;
}

#[tokio::test]
async fn a_pool_has_one_domain_of_each_kind() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    plane.ok("CreateUserPoolDomain", prefix(&pool, "weather")).await;
    plane.ok("CreateUserPoolDomain", custom(&pool, "auth.weather.example")).await;
    let message = "User pool already has a domain configured.";
    plane.refused("CreateUserPoolDomain", prefix(&pool, "second"), INVALID, message).await;
    plane.refused("CreateUserPoolDomain", custom(&pool, "auth.second.example"), INVALID, message).await;
}

#[tokio::test]
async fn reserved_words_are_refused_as_parts_or_anywhere() {
    let settings = Settings { reserved_domain_words: vec!["internal".to_owned()], ..Settings::default() };
    let plane = Plane::with_settings(settings);
    let check = |domain: &'static str, word: Option<&'static str>| {
        let plane = &plane;
        async move {
            let pool = plane.pool().await;
            match word {
                None => drop(plane.ok("CreateUserPoolDomain", prefix(&pool, domain)).await),
                Some(word) => {
                    let message = format!("Domain cannot contain reserved word: {word}");
                    plane.refused("CreateUserPoolDomain", prefix(&pool, domain), INVALID, &message).await;
                }
            }
        }
    };
    check("x-aws-y", Some("aws")).await;
    check("aws", Some("aws")).await;
    check("x-awsome-y", None).await;
    check("laws", None).await;
    check("my-cognito", Some("cognito")).await;
    check("mycognitologin", Some("cognito")).await;
    check("amazonas", Some("amazon")).await;
    check("internals", Some("internal")).await;
}

#[tokio::test]
async fn a_prefix_is_made_of_lower_case_letters_digits_and_hyphens() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let message = "The domain name contains an invalid character. Domain names can only contain lower-case letters, \
                   numbers, and hyphens.";
    for domain in
        ["Weather", "we ather", "we_ather", "wéather", "weather.example", "-weather", "weather-", "we\u{0}ather"]
    {
        plane.refused("CreateUserPoolDomain", prefix(&pool, domain), INVALID, message).await;
    }
    let long = "w".repeat(64);
    let message = format!(
        "1 validation error detected: Value '{long}' at 'domain' failed to satisfy constraint: Member must have length \
         less than or equal to 63"
    );
    plane.refused("CreateUserPoolDomain", prefix(&pool, &long), INVALID, &message).await;
    plane.ok("CreateUserPoolDomain", prefix(&pool, &"w".repeat(63))).await;
}

#[tokio::test]
async fn a_custom_domain_is_a_name_below_a_domain_of_the_callers_own() {
    let settings = Settings { host_suffixes: vec!["claviger.example".to_owned()], ..Settings::default() };
    let plane = Plane::with_settings(settings);
    let pool = plane.pool().await;
    let message = "Custom domain is not a valid subdomain: Was not able to resolve a DNS A record for the parent domain or \
                   domain parent is a top-level domain.";
    for domain in [
        "weather",
        "weather.example",
        "auth..example",
        ".auth.weather.example",
        "auth.weather.example.",
        "Auth.weather.example",
        "-auth.weather.example",
        "auth.we_ather.example",
        "10.0.0.1",
        "my.weather.localhost",
        "x.auth.us-east-1.amazoncognito.com",
        "auth.claviger.example",
        "a.b.localhost.localstack.cloud",
    ] {
        plane.refused("CreateUserPoolDomain", custom(&pool, domain), INVALID, message).await;
    }
    plane.ok("CreateUserPoolDomain", custom(&pool, "auth.notclaviger.example")).await;
}

#[tokio::test]
async fn a_certificate_is_in_us_east_1() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let message = "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include \
                   a valid certificate chain.";
    let input =
        |arn: &str| with(custom(&pool, "auth.weather.example"), json!({"CustomDomainConfig": {"CertificateArn": arn}}));
    for arn in [&CERTIFICATE.replace("us-east-1", "eu-west-1"), "arn:aws:lambda:us-east-1:000000000000:function:x"] {
        plane.refused("CreateUserPoolDomain", input(arn), INVALID, message).await;
    }
    plane.ok("CreateUserPoolDomain", input(CERTIFICATE)).await;
    let update = input(&CERTIFICATE.replace("us-east-1", "eu-west-1"));
    plane.refused("UpdateUserPoolDomain", update, INVALID, message).await;
}

#[tokio::test]
async fn an_account_has_up_to_four_custom_domains_in_a_region() {
    let plane = Plane::new();
    for index in 0..4 {
        let pool = plane.pool().await;
        plane.ok("CreateUserPoolDomain", prefix(&pool, &format!("weather{index}"))).await;
        plane.ok("CreateUserPoolDomain", custom(&pool, &format!("auth{index}.weather.example"))).await;
    }
    let pool = plane.pool().await;
    let message = "The quota of 4 custom domains per region is used up.";
    let input = custom(&pool, "auth4.weather.example");
    plane.refused("CreateUserPoolDomain", input, "LimitExceededException", message).await;
}

#[tokio::test]
async fn an_update_changes_what_it_names() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    plane.ok("CreateUserPoolDomain", prefix(&pool, "weather")).await;
    plane.ok("CreateUserPoolDomain", custom(&pool, "auth.weather.example")).await;
    let branded = with(prefix(&pool, "weather"), json!({"ManagedLoginVersion": 2}));
    assert_eq!(plane.ok("UpdateUserPoolDomain", branded).await, json!({"ManagedLoginVersion": 2}));
    assert_eq!(plane.ok("UpdateUserPoolDomain", prefix(&pool, "weather")).await, json!({"ManagedLoginVersion": 2}));
    let config = json!({"CertificateArn": CERTIFICATE, "SecurityPolicy": "TLS_V1_3_2025"});
    let update = with(custom(&pool, "auth.weather.example"), json!({"CustomDomainConfig": config}));
    assert_eq!(plane.ok("UpdateUserPoolDomain", update).await["ManagedLoginVersion"], 1);
    assert_eq!(described(&plane, "auth.weather.example").await["CustomDomainConfig"], config);
    let message = "CustomDomainConfig cannot be given for a prefix domain.";
    plane.refused("UpdateUserPoolDomain", custom(&pool, "weather"), INVALID, message).await;
}

#[tokio::test]
async fn versions_and_routing_must_be_possible() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let refused = |members: Value, exception: &'static str, message: &'static str| {
        plane.refused("CreateUserPoolDomain", with(prefix(&pool, "weather"), members), exception, message)
    };
    for version in [0, 3, -1, i32::MAX] {
        refused(json!({"ManagedLoginVersion": version}), INVALID, "ManagedLoginVersion must be 1 or 2.").await;
    }
    let routing = json!({"Failover": {"SecondaryRegion": "eu-west-1", "PrimaryRoute53HealthCheckId": "x"}});
    let message = "Routing is not available: user pools have no replicas in other regions.";
    refused(json!({"Routing": routing}), INVALID, message).await;
    plane.ok("UpdateUserPool", json!({"UserPoolId": pool, "UserPoolTier": "LITE"})).await;
    let message = "ManagedLoginVersion 2 requires the user pool to be in the ESSENTIALS tier or higher.";
    refused(json!({"ManagedLoginVersion": 2}), "FeatureUnavailableInTierException", message).await;
}

#[tokio::test]
async fn pool_and_domain_must_belong_together() {
    let plane = Plane::new();
    let (pool, other) = (plane.pool().await, plane.pool().await);
    plane.ok("CreateUserPoolDomain", prefix(&pool, "weather")).await;
    for operation in ["UpdateUserPoolDomain", "DeleteUserPoolDomain"] {
        let message = "No such domain or user pool exists.";
        plane.refused(operation, prefix(&other, "weather"), INVALID, message).await;
        plane.refused(operation, prefix(&pool, "nobody"), INVALID, message).await;
        let gone = "User pool us-east-1_none does not exist.";
        plane.refused(operation, prefix("us-east-1_none", "weather"), "ResourceNotFoundException", gone).await;
    }
    assert_eq!(plane.ok("DeleteUserPoolDomain", prefix(&pool, "weather")).await, json!({}));
    assert_eq!(described(&plane, "weather").await, json!({}));
    plane.ok("CreateUserPoolDomain", prefix(&other, "weather")).await;
}
