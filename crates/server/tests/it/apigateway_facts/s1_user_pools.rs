//! Sections 1.1 to 1.3 and 1.5: the authorizer of user pools.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::cases;
use super::world::{Api, UNAUTHORIZED, World, mock, refused, secured, template_for_json, with};
use crate::stack::{Machine, claims};

const SCOPES: &[&str] = &["weather-api/get", "weather-api/delete"];
const REFUSED: Result<(), (u16, &str, &str)> = Err((401, UNAUTHORIZED, "UnauthorizedException"));
const EXPIRED: &str = r#"{"message":"The incoming token has expired"}"#;

cases! { |w|
    s1_1_type => {
        let (api, _) = open(&w).await;
        assert_eq!(shown(&w, &api).await["type"], "COGNITO_USER_POOLS");
    };
    s1_1_provider_arns => {
        let other = w.server.machine().await;
        let both = json!({ "providerARNs": [w.machine.arn, other.arn] });
        let api = w.serve(&authorized(&w, both, SCOPES)).await;
        api.judges(&w.machine.token(&w.server, "").await, Ok(())).await;
        api.judges(&other.token(&w.server, "").await, Ok(())).await;
    };
    s1_1_identity_source => {
        let document = authorized(&w, json!({ "identitySource": "method.request.header.X-Token" }), SCOPES);
        let api = w.serve(&document).await;
        let token = w.machine.token(&w.server, "").await;
        api.judges(&token, REFUSED).await;
        assert_eq!(api.get("/x", &[("X-Token", &token)]).await.status, 200);
        let derived = w.serve(&authorized(&w, json!({}), SCOPES)).await;
        assert_eq!(shown(&w, &derived).await["identitySource"], "method.request.header.Authorization");
    };
    s1_1_identity_validation_expression => {
        let (access, id) = w.user_tokens("audience").await;
        let any = json!({ "identityValidationExpression": ".*" });
        let api = w.serve(&authorized(&w, any.clone(), SCOPES)).await;
        api.judges(&w.machine.token(&w.server, "").await, REFUSED).await;
        api.judges(&access, REFUSED).await;
        w.serve(&authorized(&w, any, &[])).await.judges(&id, Ok(())).await;
    };
    s1_1_result_ttl => {
        let api = w.serve(&authorized(&w, json!({}), SCOPES)).await;
        assert_eq!(shown(&w, &api).await.get("authorizerResultTtlInSeconds"), None);
        let api = w.serve(&authorized(&w, json!({ "authorizerResultTtlInSeconds": 3600 }), SCOPES)).await;
        assert_eq!(shown(&w, &api).await["authorizerResultTtlInSeconds"], 3600);
        let too_long = authorized(&w, json!({ "authorizerResultTtlInSeconds": 3601 }), SCOPES);
        assert_eq!(w.control("POST", "/restapis?mode=import", &too_long).await.status, 400);
    };
    s1_1_auth_type => {
        let (api, _) = open(&w).await;
        assert_eq!(shown(&w, &api).await["authType"], "cognito_user_pools");
    };
    s1_1_authorization_scopes => {
        for (scopes, expected) in [
            (&["weather-api/get"][..], Ok(())),
            (&["weather-api/delete", "weather-api/post"], Ok(())),
            (&["weather-api/delete"], REFUSED),
            (&["weather-api/ge", "weather-api/get ", "Weather-api/get", "get", "weather-api/"], REFUSED),
        ] {
            let api = w.serve(&authorized(&w, json!({}), scopes)).await;
            api.judges(&w.machine.token(&w.server, "").await, expected).await;
        }
    };
    s1_1_never_past_exp => {
        let api = w.serve(&authorized(&w, json!({ "authorizerResultTtlInSeconds": 3600 }), SCOPES)).await;
        let token = w.machine.token(&w.server, "").await;
        w.server.advance(3_000).await;
        api.judges(&token, Ok(())).await;
        w.server.advance(601).await;
        api.judges(&token, Err((401, EXPIRED, "UnauthorizedException"))).await;
    };

    s1_2_prefix => {
        let (api, token) = open(&w).await;
        api.judges(&token, Ok(())).await;
        api.judges(&format!("Bearer {token}"), Ok(())).await;
    };
    s1_2_prefix_case_and_spaces => {
        let (api, token) = open(&w).await;
        api.judges(&format!("bearer {token}"), Ok(())).await;
        for wrong in
            [format!("Basic {token}"), format!("Bearer  {token}"), format!("Bearer{token}"), format!("a b {token}")]
        {
            api.judges(&wrong, REFUSED).await;
        }
    };
    s1_2_header_name_match => {
        let (api, token) = open(&w).await;
        for name in ["authorization", "AUTHORIZATION", "aUTHORIZATION"] {
            assert_eq!(api.get("/x", &[(name, &token)]).await.status, 200, "{name}");
        }
    };
    s1_2_without_scopes => {
        let (access, id) = w.user_tokens("without-scopes").await;
        let api = w.serve(&authorized(&w, json!({}), &[])).await;
        api.judges(&id, Ok(())).await;
        api.judges(&access, REFUSED).await;
    };
    s1_2_with_scopes => {
        let (access, id) = w.user_tokens("with-scopes").await;
        let api = w.serve(&authorized(&w, json!({}), &["aws.cognito.signin.user.admin"])).await;
        api.judges(&access, Ok(())).await;
        api.judges(&id, REFUSED).await;
    };
    s1_2_client_credentials_token => {
        let token = w.machine.token(&w.server, "").await;
        w.serve(&authorized(&w, json!({}), SCOPES)).await.judges(&token, Ok(())).await;
        w.serve(&authorized(&w, json!({}), &[])).await.judges(&token, REFUSED).await;
    };
    s1_2_client_id => {
        let (api, _) = open(&w).await;
        let (client_id, secret) = w.server.client(&w.machine.pool, json!({})).await;
        let (pool, arn) = (w.machine.pool.clone(), w.machine.arn.clone());
        let another = Machine { pool, arn, client_id, secret };
        api.judges(&another.token(&w.server, "").await, Ok(())).await;
    };
    s1_2_revocation => {
        let (access, id) = w.user_tokens("signed-out").await;
        let api = w.serve(&authorized(&w, json!({}), &[])).await;
        api.judges(&id, Ok(())).await;
        w.server.cognito("GlobalSignOut", json!({ "AccessToken": access })).await;
        api.judges(&id, Ok(())).await;
    };
    s1_2_clock_skew => {
        let (api, token) = open(&w).await;
        w.server.advance(3_590).await;
        api.judges(&token, Ok(())).await;
        w.server.advance(11).await;
        api.judges(&token, Err((401, EXPIRED, "UnauthorizedException"))).await;
    };

    s1_3_every_answer => {
        let (api, _) = open(&w).await;
        let other = w.server.machine().await.token(&w.server, "").await;
        for authorization in ["", "nonsense", &other] {
            let reply = api.with_token(authorization).await;
            assert_eq!(reply.header("content-type"), Some("application/json"), "{reply:?}");
            assert!(reply.header("x-amzn-requestid").unwrap().parse::<uuid::Uuid>().is_ok(), "{reply:?}");
            assert_eq!(reply.header("x-amz-apigw-id").map(str::len), Some(16), "{reply:?}");
            assert_eq!((reply.header("x-amzn-trace-id"), reply.header("www-authenticate")), (None, None), "{reply:?}");
        }
    };
    s1_3_missing => {
        let (api, _) = open(&w).await;
        refused(&api.get("/x", &[]).await, 401, UNAUTHORIZED, "UnauthorizedException");
        api.judges("", REFUSED).await;
        api.judges("Bearer", REFUSED).await;
    };
    s1_3_no_token => {
        let (api, token) = open(&w).await;
        api.judges("nonsense", REFUSED).await;
        api.judges("a.b.c", REFUSED).await;
        let (signed, _) = token.rsplit_once('.').unwrap();
        let other = w.machine.token(&w.server, "weather-api/get").await;
        api.judges(signed, REFUSED).await;
        api.judges(&format!("{signed}.{}", other.rsplit_once('.').unwrap().1), REFUSED).await;
        let payload = signed.split_once('.').unwrap().1;
        let unknown_key = URL_SAFE_NO_PAD.encode(r#"{"kid":"unknown","alg":"RS256"}"#);
        let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
        api.judges(&format!("{unknown_key}.{payload}.{}", token.rsplit_once('.').unwrap().1), REFUSED).await;
        api.judges(&format!("{unsigned}.{payload}."), REFUSED).await;
    };
    s1_3_other_pool => {
        let (api, _) = open(&w).await;
        let other = w.server.machine().await;
        api.judges(&other.token(&w.server, "").await, REFUSED).await;
    };
    s1_3_expired => {
        let (api, token) = open(&w).await;
        w.server.advance(3_601).await;
        api.judges(&token, Err((401, EXPIRED, "UnauthorizedException"))).await;
    };
    s1_3_access_token_without_scopes => {
        let api = w.serve(&authorized(&w, json!({}), &[])).await;
        api.judges(&w.machine.token(&w.server, "").await, REFUSED).await;
    };
    s1_3_id_token_with_scopes => {
        let (_, id) = w.user_tokens("id-with-scopes").await;
        w.serve(&authorized(&w, json!({}), SCOPES)).await.judges(&id, REFUSED).await;
    };
    s1_3_no_matching_scope => {
        let (api, _) = open(&w).await;
        api.judges(&w.machine.token(&w.server, "weather-api/post").await, REFUSED).await;
    };
    s1_3_validation_expression => {
        let (_, id) = w.user_tokens("validation").await;
        let none = json!({ "identityValidationExpression": "none-of-ours" });
        w.serve(&authorized(&w, none, &[])).await.judges(&id, REFUSED).await;
    };
    s1_3_pool_deleted => {
        let gone = w.server.machine().await;
        let api = w.serve(&authorized(&w, json!({ "providerARNs": [gone.arn] }), SCOPES)).await;
        let token = gone.token(&w.server, "").await;
        api.judges(&token, Ok(())).await;
        w.server.cognito("DeleteUserPool", json!({ "UserPoolId": gone.pool })).await;
        api.judges(&token, Err((500, r#"{"message":null}"#, "AuthorizerConfigurationException"))).await;
    };
    s1_3_captures => {
        let (api, _) = open(&w).await;
        let reply = api.get("/x", &[]).await;
        let names: Vec<&str> = reply.headers.keys().map(http::HeaderName::as_str).collect();
        assert_eq!(
            names,
            [
                "date",
                "content-type",
                "content-length",
                "connection",
                "x-amzn-requestid",
                "x-amzn-errortype",
                "x-amz-apigw-id"
            ]
        );
        assert_eq!((reply.header("content-length"), reply.header("connection")), (Some("26"), Some("keep-alive")));
        assert!(reply.header("x-amz-apigw-id").unwrap().ends_with('='), "{reply:?}");
    };

    s1_5_templates => {
        let (_, id) = w.user_tokens("claims").await;
        let template =
            "$context.authorizer.claims.sub|$context.authorizer.claims['cognito:username']|$context.authorizer.claims|";
        let api = w.method(secured(mock(&template_for_json(template)), &[])).await;
        let sub = claims(&id)["sub"].take();
        assert_eq!(api.with_token(&id).await.body, format!("{}|claims||", sub.as_str().unwrap()));
    };
    s1_5_texts => {
        let token = w.machine.token(&w.server, "").await;
        let template = "$context.authorizer.claims.exp|$context.authorizer.claims.iat|\
                        $context.authorizer.claims.auth_time|\
                        $context.authorizer.claims.version|$context.authorizer.claims.exp.length()";
        let reply = w.method(secured(mock(&template_for_json(template)), SCOPES)).await.with_token(&token).await;
        let claims = claims(&token);
        let parts: Vec<&str> = reply.body.split('|').collect();
        for (part, claim) in [(parts[0], "exp"), (parts[1], "iat")] {
            assert_eq!(part, java_date(claims[claim].as_i64().unwrap()), "{claim}");
        }
        assert_eq!(parts[2..], [&*claims["auth_time"].to_string(), "2", "28"]);
    };
    s1_5_lists => {
        let pool = &w.machine.pool;
        let app = w.user("grouped").await;
        let (_, id) = w.sign_in(&app, "grouped").await;
        let api =
            w.method(secured(mock(&template_for_json("$context.authorizer.claims['cognito:groups']")), &[])).await;
        assert_eq!(api.with_token(&id).await.body, "");
        for group in ["wind", "rain"] {
            w.server.cognito("CreateGroup", json!({ "UserPoolId": pool, "GroupName": group })).await;
            let member = json!({ "UserPoolId": pool, "GroupName": group, "Username": "grouped" });
            w.server.cognito("AdminAddUserToGroup", member).await;
        }
        let (_, id) = w.sign_in(&app, "grouped").await;
        let mut groups: Vec<_> = api.with_token(&id).await.body.split(',').map(str::to_owned).collect();
        groups.sort();
        assert_eq!(groups, ["rain", "wind"]);
    };
}

/// An API whose method asks for two scopes, and a token with one of them.
async fn open(w: &World) -> (Api<'_>, String) {
    let api = w.serve(&authorized(w, json!({}), SCOPES)).await;
    let token = w.machine.token(&w.server, "").await;
    (api, token)
}

/// A document with one method for these scopes, whose authorizer is changed by these members.
fn authorized(w: &World, changes: Value, scopes: &[&str]) -> Value {
    let mut document = w.document(json!({ "/x": { "get": secured(mock(&json!({})), scopes) } }));
    let authorizer = &mut document["components"]["securitySchemes"]["pool"]["x-amazon-apigateway-authorizer"];
    *authorizer = with(authorizer.take(), changes);
    document
}

/// The API's authorizer as the control plane shows it.
async fn shown(w: &World, api: &Api<'_>) -> Value {
    w.controls("GET", &api.path("/authorizers"), Value::Null).await["item"][0].take()
}

/// A time as Java prints it.
fn java_date(seconds: i64) -> String {
    let format = time::macros::format_description!(
        "[weekday repr:short] [month repr:short] [day] [hour]:[minute]:[second] UTC [year]"
    );
    time::OffsetDateTime::from_unix_timestamp(seconds).unwrap().format(format).unwrap()
}
