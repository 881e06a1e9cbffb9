//! Section 4: how things are named, and what a domain may be.

use serde_json::{Value, json};

use super::cases;
use super::world::{API_HOST, CERTIFICATE, DOMAIN_HOST, GRANT, World, basic_with, with};
use crate::stack::FORM;

cases! { |w|
    s4_user_pool_id => {
        let name = w.machine.pool.strip_prefix("us-east-1_").unwrap();
        assert_eq!(name.len(), 9);
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name}");
    };
    s4_user_pool_arn => {
        let arn = format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{}", w.machine.pool);
        assert_eq!(w.machine.arn, arn);
    };
    s4_app_client_id => {
        assert_eq!(w.machine.client_id.len(), 26);
        assert!(is_base_32(&w.machine.client_id), "{}", w.machine.client_id);
    };
    s4_generated_secret => {
        assert_eq!(w.machine.secret.len(), 52);
        assert!(is_base_32(&w.machine.secret));
    };
    s4_custom_secret => {
        for (secret, fits) in [("x".repeat(24), true), ("+_aZ09".repeat(10), true), ("x".repeat(64), true),
            ("x".repeat(23), false), ("x".repeat(65), false), ("-".repeat(24), false)]
        {
            let input = w.of_pool(json!({ "ClientName": "own", "ClientSecret": secret }));
            assert_eq!(w.server.cognito_as(None, "CreateUserPoolClient", &input).await.status == 200, fits, "{secret}");
        }
    };
    s4_client_secret_id => {
        let listed = w.ok("ListUserPoolClientSecrets", w.of_client(json!({}))).await;
        let id = listed["ClientSecrets"][0]["ClientSecretId"].as_str().unwrap();
        let epoch = id.strip_prefix(&format!("{}--", w.machine.client_id)).unwrap();
        assert!(epoch.bytes().all(|byte| byte.is_ascii_digit()), "{id}");
    };
    s4_user_sub => {
        let user = w.ok("AdminCreateUser", w.of_pool(json!({ "Username": "wind", "MessageAction": "SUPPRESS" }))).await;
        let attributes = user["User"]["Attributes"].as_array().unwrap();
        let sub = attributes.iter().find(|attribute| attribute["Name"] == "sub").unwrap();
        assert!(sub["Value"].as_str().unwrap().parse::<uuid::Uuid>().is_ok(), "{sub}");
    };
    s4_domain_prefix => {
        for prefix in ["a", "0-9", &"x".repeat(63)] {
            let pool = w.pool(json!({})).await;
            w.ok("CreateUserPoolDomain", json!({ "UserPoolId": pool, "Domain": prefix })).await;
        }
        for prefix in ["-a", "a-", "A", "a_b"] {
            let reply = w.server.cognito_as(None, "CreateUserPoolDomain", &w.of_pool(json!({ "Domain": prefix }))).await;
            assert_eq!(reply.json()["__type"], "InvalidParameterException", "{prefix}");
        }
    };
    s4_domain_version => {
        let version = domain(&w, "weather").await["Version"].take();
        let version = version.as_str().unwrap();
        assert!(version.len() == 14 && version.bytes().all(|byte| byte.is_ascii_digit()), "{version}");
    };
    s4_timestamps => {
        let pool = w.ok("DescribeUserPool", w.of_pool(json!({}))).await;
        let created = &pool["UserPool"]["CreationDate"];
        assert!(created.is_f64() || created.is_i64(), "{created}");
        let thousands = created.as_f64().unwrap() * 1000.0;
        assert!((thousands - thousands.round()).abs() < 0.01, "{created}");
    };
    s4_request_id => {
        let reply = w.server.cognito_as(None, "ListUserPools", &json!({ "MaxResults": 1 })).await;
        assert!(reply.header("x-amzn-requestid").unwrap().parse::<uuid::Uuid>().is_ok());
    };

    s4_1_one_prefix_and_one_custom => {
        let pool = w.pool(json!({})).await;
        let of = |domain: Value| with(json!({ "UserPoolId": pool }), domain);
        w.ok("CreateUserPoolDomain", of(json!({ "Domain": "one-of-each" }))).await;
        w.ok("CreateUserPoolDomain", of(custom("auth.each.example"))).await;
        let described = w.ok("DescribeUserPool", json!({ "UserPoolId": pool })).await["UserPool"].take();
        assert_eq!(json!([described["Domain"], described["CustomDomain"]]), json!(["one-of-each", "auth.each.example"]));
        for second in [json!({ "Domain": "another" }), custom("auth.another.example")] {
            no_domain(&w, of(second), "User pool already has a domain configured.").await;
        }
    };
    s4_1_prefix_url => assert_eq!(token_at(&w, DOMAIN_HOST).await, 200);
    s4_1_unique => {
        let taken = "Domain already associated with another user pool.";
        let stranger = crate::stack::signed("222222222222", "us-east-1", "cognito-idp");
        let pool = w.server.cognito_as(Some(&stranger), "CreateUserPool", &json!({ "PoolName": "theirs" })).await.json();
        let input = json!({ "UserPoolId": pool["UserPool"]["Id"], "Domain": "weather" });
        let reply = w.server.cognito_as(Some(&stranger), "CreateUserPoolDomain", &input).await;
        assert_eq!(reply.json()["message"], taken, "{reply:?}");
    };
    s4_1_reserved_words => {
        for (prefix, word) in [("my-cognito", "cognito"), ("cognitos", "cognito"), ("amazonas", "amazon")] {
            reserved(&w, prefix, word).await;
        }
    };
    s4_1_reserved_word_as_a_part => {
        reserved(&w, "x-aws-y", "aws").await;
        let pool = w.pool(json!({})).await;
        w.ok("CreateUserPoolDomain", json!({ "UserPoolId": pool, "Domain": "x-awsome-y" })).await;
    };
    s4_1_custom_domain_needs => {
        let pool = w.pool(json!({})).await;
        let subdomain = "Custom domain is not a valid subdomain: Was not able to resolve a DNS A record for the parent \
                         domain or domain parent is a top-level domain.";
        no_domain(&w, with(json!({ "UserPoolId": pool }), custom("weather.example")), subdomain).await;
    };
    s4_1_custom_domain_has_dots => {
        let pool = w.pool(json!({})).await;
        w.ok("CreateUserPoolDomain", with(json!({ "UserPoolId": pool }), custom("auth.dots.example"))).await;
        assert_eq!(domain(&w, "auth.dots.example").await["Domain"], "auth.dots.example");
    };
    s4_1_effective_at_once => {
        w.ok("CreateUserPoolDomain", w.of_pool(custom("auth.now.example"))).await;
        assert_eq!(token_at(&w, "auth.now.example").await, 200);
        w.ok("DeleteUserPoolDomain", w.of_pool(json!({ "Domain": "auth.now.example" }))).await;
    };
    s4_1_taken => {
        let pool = w.pool(json!({})).await;
        let taken = "Domain already associated with another user pool.";
        no_domain(&w, json!({ "UserPoolId": pool, "Domain": "weather" }), taken).await;
    };
    s4_1_already_has_one => {
        let message = "User pool already has a domain configured.";
        no_domain(&w, w.of_pool(json!({ "Domain": "second" })), message).await;
    };
    s4_1_reserved_word => reserved(&w, "my-cognito", "cognito").await;
    s4_1_bad_characters => {
        let message = "The domain name contains an invalid character. Domain names can only contain lower-case letters, \
                       numbers, and hyphens.";
        no_domain(&w, w.of_pool(json!({ "Domain": "Weather" })), message).await;
    };
    s4_1_too_long => {
        let long = "x".repeat(64);
        let message = format!("Value '{long}' at 'domain' failed to satisfy constraint: \
                               Member must have length less than or equal to 63");
        w.invalid("CreateUserPoolDomain", w.of_pool(json!({ "Domain": long })), &message).await;
    };
    s4_1_parent_does_not_resolve => {
        let input = w.of_pool(custom("localhost.localstack.cloud"));
        let reply = w.server.cognito_as(None, "CreateUserPoolDomain", &input).await;
        let message = reply.json()["message"].take();
        assert!(message.as_str().unwrap().starts_with("Custom domain is not a valid subdomain"), "{message}");
    };
    s4_1_certificate_of_another_region => {
        let arn = CERTIFICATE.replace("us-east-1", "eu-west-1");
        let input = w.of_pool(json!({ "Domain": "auth.a.example", "CustomDomainConfig": { "CertificateArn": arn } }));
        let reply = w.server.cognito_as(None, "CreateUserPoolDomain", &input).await;
        let message = reply.json()["message"].take();
        assert!(message.as_str().unwrap().starts_with("The specified SSL certificate doesn't exist"), "{message}");
    };
}

fn is_base_32(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'v').contains(&byte))
}

fn custom(domain: &str) -> Value {
    json!({ "Domain": domain, "CustomDomainConfig": { "CertificateArn": CERTIFICATE } })
}

async fn domain(w: &World, domain: &str) -> Value {
    w.ok("DescribeUserPoolDomain", json!({ "Domain": domain })).await["DomainDescription"].take()
}

async fn no_domain(w: &World, input: Value, message: &str) {
    w.no("CreateUserPoolDomain", input, "InvalidParameterException", message).await;
}

async fn reserved(w: &World, prefix: &str, word: &str) {
    let message = format!("Domain cannot contain reserved word: {word}");
    no_domain(w, w.of_pool(json!({ "Domain": prefix })), &message).await;
}

async fn token_at(w: &World, host: &str) -> u16 {
    let basic = basic_with(&w.machine, &w.machine.secret);
    let headers = [("Host", host), ("Content-Type", FORM), ("Authorization", &*basic)];
    assert_ne!(w.post("/oauth2/token", &[("Host", API_HOST), headers[1], headers[2]], GRANT).await.status, 200);
    w.post("/oauth2/token", &headers, GRANT).await.status.as_u16()
}
