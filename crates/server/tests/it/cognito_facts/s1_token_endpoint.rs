//! Section 1: what `POST /oauth2/token` answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use super::cases;
use super::world::{DOMAIN_HOST, GRANT, World, basic_with, in_body, resource_server, with};
use crate::stack::{FORM, basic, request};

const TARGET: &str = "/oauth2/token";

cases! { |w|
    s1_host => {
        let headers = [("Host", DOMAIN_HOST), ("Content-Type", FORM), ("Authorization", &*w.machine.basic())];
        assert_eq!(w.post(TARGET, &headers, GRANT).await.status, 200);
        let nobody = [("Host", "nobody.auth.us-east-1.amazoncognito.com"), headers[1], headers[2]];
        assert_eq!(w.post(TARGET, &nobody, GRANT).await.status, 404);
    };

    s1_1_method => assert_eq!(over_tls(&w).await, 200);
    s1_1_content_type => content_type(&w, FORM, GRANT, 200).await;
    s1_1_content_type_with_charset => {
        content_type(&w, "application/x-www-form-urlencoded;charset=UTF-8", GRANT, 200).await;
    };
    s1_1_content_type_malformed => {
        for value in [&*format!("'{FORM}'"), &format!("\"{FORM}\""), "application/json"] {
            content_type(&w, value, GRANT, 405).await;
        }
    };
    s1_1_json_body => w.refused(&w.machine.basic(), r#"{"grant_type":"client_credentials"}"#, "invalid_request").await;
    s1_1_query_parameters => {
        let reply = w.post(&format!("{TARGET}?{GRANT}"), &[("Content-Type", FORM)], &in_body(&w.machine)).await;
        assert_eq!(reply.status, 200);
    };
    s1_1_other_methods => {
        for method in ["GET", "PUT", "DELETE", "PATCH"] {
            let reply = w.server.ask(request(method, TARGET, &[("Content-Type", FORM)], "")).await;
            assert_eq!(reply.said(), (405, ""), "{method}");
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{method}");
        }
    };
    s1_1_preflight => {
        let reply = w.server.ask(request("OPTIONS", TARGET, &[("Origin", "https://a.example")], "")).await;
        assert_eq!(reply.status, 200);
        assert!(reply.header("access-control-allow-methods").unwrap().contains("POST"));
        assert_eq!(reply.header("access-control-allow-headers"), Some("Authorization, Content-Type"));
    };
    s1_1_repeated_parameter => {
        w.scopes(&w.machine, "&scope=weather-api/get&scope=weather-api/post", Ok("weather-api/get")).await;
    };
    s1_1_unknown_parameters => w.scopes(&w.machine, "&fly=1&scope=weather-api/get", Ok("weather-api/get")).await;
    s1_1_grant_type => {
        w.refused(&w.machine.basic(), "", "invalid_request").await;
        w.granted(&w.machine.basic(), GRANT).await;
    };
    s1_1_client_id => {
        w.granted("", &format!("{GRANT}&{}", in_body(&w.machine))).await;
        w.granted(&w.machine.basic(), &format!("{GRANT}&client_id={}", w.machine.client_id)).await;
    };
    s1_1_client_secret => drop(w.granted("", &format!("{GRANT}&{}", in_body(&w.machine))).await);
    s1_1_scope => {
        for scope in ["weather-api/get%20weather-api/post", "weather-api%2Fget+weather-api%2Fpost"] {
            w.scopes(&w.machine, &format!("&scope={scope}"), Ok("weather-api/get weather-api/post")).await;
        }
    };
    s1_1_aws_client_metadata => {
        let form = "&aws_client_metadata=%7B%22a%22%3A%22b%22%7D&scope=weather-api/get";
        w.scopes(&w.machine, form, Ok("weather-api/get")).await;
    };
    s1_1_resource => {
        let form = format!("{GRANT}&resource=https%3A%2F%2Fapi.example");
        assert_eq!(w.granted(&w.machine.basic(), &form).await.get("aud"), None);
    };
    s1_1_parameters_of_other_grants => {
        let others = "&redirect_uri=https%3A%2F%2Fa.example&code=1&code_verifier=2&refresh_token=3";
        w.scopes(&w.machine, others, Ok("weather-api/get weather-api/post")).await;
    };

    s1_2_methods => {
        let document = w.get("", &format!("/{}/.well-known/openid-configuration", w.machine.pool)).await.json();
        let methods = json!(["client_secret_basic", "client_secret_post"]);
        assert_eq!(document["token_endpoint_auth_methods_supported"], methods);
    };
    s1_2_basic => drop(w.granted(&w.machine.basic(), GRANT).await);
    s1_2_body => drop(w.granted("", &format!("{GRANT}&{}", in_body(&w.machine))).await);
    s1_2_basic_and_equal_client_id => {
        w.granted(&w.machine.basic(), &format!("{GRANT}&client_id={}", w.machine.client_id)).await;
    };
    s1_2_basic_and_equal_credentials => {
        w.granted(&w.machine.basic(), &format!("{GRANT}&{}", in_body(&w.machine))).await;
    };
    s1_2_basic_and_body_disagree => {
        w.refused(&w.machine.basic(), &format!("{GRANT}&client_id=another"), "invalid_request").await;
        w.granted(&w.machine.basic(), &format!("{GRANT}&client_secret=another")).await;
    };
    s1_2_unknown_client => w.refused(&basic("0000000000000000000000000v", "x"), GRANT, "invalid_client").await;
    s1_2_wrong_secret => w.refused(&basic_with(&w.machine, "wrong"), GRANT, "invalid_client").await;
    s1_2_secret_not_presented => {
        w.refused("", &format!("{GRANT}&client_id={}", w.machine.client_id), "invalid_client").await;
    };
    s1_2_base64_with_stray_bytes => {
        for spoilt in [w.machine.basic() + "%0A", w.machine.basic().replacen("Basic ", "Basic \u{20}!", 1)] {
            w.refused(&spoilt, GRANT, "invalid_client").await;
        }
    };
    s1_2_not_basic => {
        for authorization in ["Bearer x", "Basic", "Digest username=x"] {
            w.refused(authorization, GRANT, "invalid_client").await;
        }
    };
    s1_2_no_client_id => w.refused("", GRANT, "invalid_request").await;
    s1_2_public_client => {
        let public = w.client(json!({
            "GenerateSecret": false, "AllowedOAuthFlowsUserPoolClient": false, "AllowedOAuthFlows": null,
            "AllowedOAuthScopes": null,
        })).await;
        let form = format!("{GRANT}&client_id={}", public.client_id);
        let reply = w.token("", &form).await;
        assert!(["invalid_scope", "invalid_grant"].contains(&reply.json()["error"].as_str().unwrap()), "{reply:?}");
    };
    s1_2_client_of_another_pool => {
        let stranger = w.server.machine().await;
        let headers = [("Host", DOMAIN_HOST), ("Content-Type", FORM), ("Authorization", &*stranger.basic())];
        assert_eq!(w.post(TARGET, &headers, GRANT).await.said(), (400, r#"{"error":"invalid_client"}"#));
    };
    s1_2_two_secrets => {
        let client = w.client(json!({})).await;
        let second = second_secret(&w, &client.client_id).await;
        let names = |reply: Value| reply.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let first = w.token(&client.basic(), GRANT).await;
        let second = w.token(&basic_with(&client, &second), GRANT).await;
        assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
        assert_eq!(names(first.json()), names(second.json()));
    };
    s1_2_secret_just_added => {
        let client = w.client(json!({})).await;
        let second = second_secret(&w, &client.client_id).await;
        w.granted(&basic_with(&client, &second), GRANT).await;
    };
    s1_2_status_of_invalid_client => {
        let reply = w.token(&basic_with(&w.machine, "wrong"), GRANT).await;
        assert_eq!((reply.status.as_u16(), reply.header("www-authenticate")), (400, None));
        let headers = [("Content-Type", FORM), ("Authorization", &*basic_with(&w.machine, "wrong"))];
        assert_eq!(w.post("/oauth2/revoke", &headers, "token=x").await.said(), (401, r#"{"error":"invalid_client"}"#));
    };
    s1_2_encoding_of_custom_secrets => {
        let own = json!({ "GenerateSecret": null, "ClientSecret": "plus+and_underscore_in_it" });
        let client = w.client(own).await;
        w.granted(&client.basic(), GRANT).await;
        let as_form = |secret: &str| format!("{GRANT}&client_id={}&client_secret={secret}", client.client_id);
        w.granted("", &as_form("plus%2Band_underscore_in_it")).await;
        w.refused("", &as_form("plus+and_underscore_in_it"), "invalid_client").await;
        w.refused(&basic_with(&client, "plus%2Band_underscore_in_it"), GRANT, "invalid_client").await;
    };

    s1_3_omitted => w.scopes(&w.machine, "", Ok("weather-api/get weather-api/post")).await;
    s1_3_empty => w.scopes(&w.machine, "&scope=", Ok("weather-api/get weather-api/post")).await;
    s1_3_allowed => w.scopes(&w.machine, "&scope=weather-api/post", Ok("weather-api/post")).await;
    s1_3_twice => w.scopes(&w.machine, "&scope=weather-api/post+weather-api/post", Ok("weather-api/post")).await;
    s1_3_not_allowed => w.scopes(&w.machine, "&scope=weather-api/delete", Err("invalid_grant")).await;
    s1_3_mixed => w.scopes(&w.machine, "&scope=weather-api/get+weather-api/delete", Err("invalid_grant")).await;
    s1_3_inactive => {
        let server = |scopes: &[&str]| resource_server(&w.machine.pool, "losing", scopes);
        w.ok("CreateResourceServer", server(&["get", "post"])).await;
        let client = w.client(json!({ "AllowedOAuthScopes": ["losing/get", "losing/post"] })).await;
        w.ok("UpdateResourceServer", server(&["get"])).await;
        w.scopes(&client, "", Ok("losing/get")).await;
        w.scopes(&client, "&scope=losing/get+losing/post", Ok("losing/get")).await;
        w.ok("UpdateResourceServer", server(&["get", "post"])).await;
        w.scopes(&client, "", Ok("losing/get losing/post")).await;
    };
    s1_3_nothing_left => {
        w.ok("CreateResourceServer", resource_server(&w.machine.pool, "lost", &["get"])).await;
        let client = w.client(json!({ "AllowedOAuthScopes": ["lost/get"] })).await;
        w.ok("DeleteResourceServer", w.of_pool(json!({ "Identifier": "lost" }))).await;
        w.scopes(&client, "", Err("invalid_scope")).await;
        w.scopes(&client, "&scope=lost/get", Err("invalid_scope")).await;
    };
    s1_3_unknown => {
        w.scopes(&w.machine, "&scope=weather-api/put", Err("invalid_scope")).await;
        w.scopes(&w.machine, "&scope=storm-api/get", Err("invalid_scope")).await;
    };
    s1_3_scopes_of_users => {
        for scope in ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"] {
            w.scopes(&w.machine, &format!("&scope={scope}"), Err("invalid_scope")).await;
        }
    };
    s1_3_malformed => w.scopes(&w.machine, "&scope=weather-api/g%22t", Err("invalid_scope")).await;
    s1_3_order => {
        let both = "weather-api/get weather-api/post";
        w.scopes(&w.machine, "&scope=weather-api/post++weather-api/get", Ok(both)).await;
    };

    s1_4_body => {
        let reply = w.token("", GRANT).await;
        assert_eq!(reply.said(), (400, r#"{"error":"invalid_request"}"#));
        assert_eq!(reply.header("content-type"), Some("application/json;charset=UTF-8"));
    };
    s1_4_invalid_request => {
        w.refused(&w.machine.basic(), "scope=weather-api/get", "invalid_request").await;
        w.refused(&w.machine.basic(), "grant_type=refresh_token", "invalid_request").await;
    };
    s1_4_invalid_client => w.refused(&basic_with(&w.machine, "wrong"), GRANT, "invalid_client").await;
    s1_4_invalid_grant_of_unknown_codes_and_tokens => {
        let code = "grant_type=authorization_code&code=unknown&redirect_uri=https%3A%2F%2Fa.example";
        let client = w.client(code_flow()).await;
        for form in [code, "grant_type=refresh_token&refresh_token=unknown"] {
            w.refused(&client.basic(), form, "invalid_grant").await;
        }
    };
    s1_4_invalid_grant_of_scopes => w.scopes(&w.machine, "&scope=weather-api/delete", Err("invalid_grant")).await;
    s1_4_invalid_grant_without_oauth => {
        let client = w.client(json!({ "AllowedOAuthFlowsUserPoolClient": false })).await;
        w.refused(&client.basic(), GRANT, "invalid_grant").await;
    };
    s1_4_unauthorized_client => {
        let client = w.client(code_flow()).await;
        w.refused(&client.basic(), GRANT, "unauthorized_client").await;
    };
    s1_4_unsupported_grant_type => {
        for grant in ["password", "CLIENT_CREDENTIALS", "implicit"] {
            w.refused(&w.machine.basic(), &format!("grant_type={grant}"), "unsupported_grant_type").await;
        }
    };
    s1_4_invalid_scope => w.scopes(&w.machine, "&scope=storm-api/get", Err("invalid_scope")).await;
    s1_4_405 => content_type(&w, "text/plain", GRANT, 405).await;
    s1_4_order_of_evaluation => {
        // Each form has the faults of all that follow.
        let wrong = basic_with(&w.machine, "wrong");
        content_type(&w, "text/plain", "grant_type=password", 405).await;
        w.refused(&wrong, "scope=unknown/scope", "invalid_request").await;
        w.refused(&wrong, "grant_type=password&scope=unknown/scope", "unsupported_grant_type").await;
        w.refused(&wrong, &format!("{GRANT}&scope=unknown/scope"), "invalid_client").await;
        let off = w.client(with(code_flow(), json!({ "AllowedOAuthFlowsUserPoolClient": false }))).await;
        w.refused(&off.basic(), &format!("{GRANT}&scope=unknown/scope"), "invalid_grant").await;
        let other_flow = w.client(code_flow()).await;
        w.refused(&other_flow.basic(), &format!("{GRANT}&scope=unknown/scope"), "unauthorized_client").await;
        w.scopes(&w.machine, "&scope=unknown/scope", Err("invalid_scope")).await;
    };

    s1_5_body => {
        let body = w.token(&w.machine.basic(), GRANT).await.body;
        let rest = body.strip_prefix(r#"{"access_token":"eyJ"#).unwrap();
        assert!(rest.ends_with(r#"","expires_in":3600,"token_type":"Bearer"}"#), "{body}");
    };
    s1_5_absent_members => {
        let answer = w.token(&w.machine.basic(), GRANT).await.json();
        for member in ["refresh_token", "id_token", "scope"] {
            assert_eq!(answer.get(member), None, "{member}");
        }
    };
    s1_5_token_type_and_expires_in => {
        let units = json!({ "AccessTokenValidity": 10, "TokenValidityUnits": { "AccessToken": "minutes" } });
        let answer = w.token(&w.client(units).await.basic(), GRANT).await.json();
        assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(600)));
    };
    s1_5_headers => {
        let reply = w.token(&w.machine.basic(), GRANT).await;
        for (name, value) in [
            ("content-type", "application/json;charset=UTF-8"), ("x-content-type-options", "nosniff"),
            ("x-xss-protection", "1; mode=block"), ("pragma", "no-cache"), ("expires", "0"), ("server", "Server"),
            ("cache-control", "no-cache, no-store, max-age=0, must-revalidate"), ("x-frame-options", "DENY"),
            ("strict-transport-security", "max-age=31536000 ; includeSubDomains"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{name}");
        }
        assert!(reply.header("x-amz-cognito-request-id").unwrap().parse::<uuid::Uuid>().is_ok());
    };
    s1_5_allowed_origin => {
        for reply in [w.token(&w.machine.basic(), GRANT).await, w.token("", GRANT).await] {
            assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        }
    };

    s1_6_units => {
        lifetime(&w, json!({ "AccessTokenValidity": 2 }), 7200).await;
        for (number, unit, seconds) in [(5, "minutes", 300), (600, "seconds", 600), (1, "days", 86_400)] {
            lifetime(&w, access_validity(number, unit), seconds).await;
        }
    };
    s1_6_range_of_access_and_id => {
        for (kind, value, unit) in [
            ("Access", 4, "minutes"), ("Access", 25, "hours"), ("Access", 2, "days"), ("Id", 299, "seconds"),
            ("Id", 25, "hours"),
        ] {
            let unit = json!({ format!("{kind}Token"): unit });
            invalid_validity(&w, json!({ format!("{kind}TokenValidity"): value, "TokenValidityUnits": unit })).await;
        }
        lifetime(&w, access_validity(300, "seconds"), 300).await;
    };
    s1_6_range_of_refresh => {
        let minutes = |minutes| {
            json!({ "RefreshTokenValidity": minutes, "TokenValidityUnits": { "RefreshToken": "minutes" } })
        };
        invalid_validity(&w, minutes(59)).await;
        invalid_validity(&w, json!({ "RefreshTokenValidity": 3651 })).await;
        w.client(minutes(60)).await;
        w.client(json!({ "RefreshTokenValidity": 3650 })).await;
    };
    s1_6_default => lifetime(&w, json!({}), 3600).await;
    s1_6_refresh_of_zero => {
        let client = w.client(json!({ "RefreshTokenValidity": 0 })).await;
        assert_eq!(w.described(&client.client_id).await["RefreshTokenValidity"], 30);
    };
    s1_6_outside_the_range => invalid_validity(&w, json!({ "AccessTokenValidity": 25 })).await;
    s1_6_unit_without_value => {
        invalid_validity(&w, json!({ "TokenValidityUnits": { "AccessToken": "minutes" } })).await;
    };
    s1_6_change => {
        let client = w.client(json!({ "AccessTokenValidity": 1 })).await;
        let before = w.granted(&client.basic(), GRANT).await;
        let update = json!({
            "ClientId": client.client_id, "AccessTokenValidity": 2, "AllowedOAuthFlowsUserPoolClient": true,
            "AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": ["weather-api/get"],
        });
        w.ok("UpdateUserPoolClient", w.of_pool(update)).await;
        let after = w.granted(&client.basic(), GRANT).await;
        let seconds = |claims: &Value| claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert_eq!((seconds(&before), seconds(&after)), (3600, 7200));
    };

    s1_7_resource => {
        for resource in ["https%3A%2F%2Fapi.example", "no+url", ""] {
            let claims = w.granted(&w.machine.basic(), &format!("{GRANT}&resource={resource}")).await;
            assert_eq!(claims.get("aud"), None, "{resource}");
        }
    };

    s1_8_tier => {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:hook";
        let hook = json!({ "LambdaVersion": "V3_0", "LambdaArn": arn });
        let lambda = json!({ "PreTokenGenerationConfig": hook });
        let lite = json!({ "PoolName": "lite", "UserPoolTier": "LITE", "LambdaConfig": lambda });
        let reply = w.server.cognito_as(None, "CreateUserPool", &lite).await;
        assert_eq!(reply.json()["__type"], "FeatureUnavailableInTierException", "{reply:?}");
    };
}

async fn content_type(w: &World, value: &str, form: &str, expected: u16) {
    let reply = w.post(TARGET, &[("Content-Type", value), ("Authorization", &w.machine.basic())], form).await;
    assert_eq!(reply.status, expected, "{value}");
    assert_eq!(reply.body.is_empty(), expected == 405, "{value}: {reply:?}");
}

async fn lifetime(w: &World, settings: Value, seconds: i64) {
    let client = w.client(settings.clone()).await;
    let answer = w.token(&client.basic(), GRANT).await.json();
    assert_eq!(answer["expires_in"], seconds, "{settings}");
}

fn access_validity(number: u32, unit: &str) -> Value {
    json!({ "AccessTokenValidity": number, "TokenValidityUnits": { "AccessToken": unit } })
}

async fn invalid_validity(w: &World, settings: Value) {
    w.no_client(settings, "InvalidParameterException", "Invalid range for token validity.").await;
}

fn code_flow() -> Value {
    json!({ "AllowedOAuthFlows": ["code"], "CallbackURLs": ["https://a.example/"] })
}

async fn second_secret(w: &World, client: &str) -> String {
    let added = w.ok("AddUserPoolClientSecret", w.of_pool(json!({ "ClientId": client }))).await;
    added["ClientSecretDescriptor"]["ClientSecretValue"].as_str().unwrap().to_owned()
}

/// The status of a token request over https, under the domain's own name.
async fn over_tls(w: &World) -> u16 {
    let stream = w.server.encrypt(w.server.connect().await, DOMAIN_HOST, &["http/1.1"]).await;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let credentials = STANDARD.encode(format!("{}:{}", w.machine.client_id, w.machine.secret));
    let headers = [("Host", DOMAIN_HOST), ("Content-Type", FORM), ("Authorization", &*format!("Basic {credentials}"))];
    let asked: http::Request<Full<Bytes>> = request("POST", TARGET, &headers, GRANT);
    sender.send_request(asked).await.unwrap().status().as_u16()
}
