//! Each refusal's id, and what it leads to: from the token endpoint, the AWS APIs and the gate, over HTTP and by
//! `claviger explain`.

use claviger_server::listener::Limits;
use serde_json::{Value, json};

use crate::stack::{FORM, Machine, Reply, basic, request, signed};
use crate::support::{Server, claviger, run};

impl Reply {
    /// The id that a client sees.
    fn id(&self) -> &str {
        let names = ["x-amz-cognito-request-id", "x-amzn-requestid", "x-amz-request-id"];
        names.iter().find_map(|name| self.header(name)).unwrap_or_else(|| panic!("no id in {self:?}"))
    }
}

impl Server {
    async fn explain(&self, reply: &Reply) -> Value {
        let explained = self.ask(request("GET", &format!("/_claviger/explain/{}", reply.id()), &[], "")).await;
        assert_eq!(explained.status, 200, "{reply:?}: {explained:?}");
        let document = explained.json();
        let refusals = document["refusals"].as_array().unwrap();
        assert_eq!(refusals.len(), 1, "{document}");
        assert_eq!(refusals[0]["id"], reply.id());
        assert_eq!(refusals[0]["answer"]["status"], reply.status.as_u16());
        refusals[0].clone()
    }

    /// Checks who refused, the code, and that reason and setting hold these texts (an empty setting: there is none).
    async fn check(&self, reply: &Reply, surface: &str, code: &str, reason: &str, setting: &str) -> Value {
        let found = self.explain(reply).await;
        let text = |name: &str| found[name].as_str().unwrap_or_default();
        assert_eq!(text("surface"), surface, "{found}");
        assert_eq!(found["answer"]["code"].as_str().unwrap_or_default(), code, "{found}");
        assert!(text("reason").contains(reason), "{reason:?} in {found}");
        assert_eq!(text("setting").is_empty(), setting.is_empty(), "{found}");
        assert!(text("setting").contains(setting), "{setting:?} in {found}");
        found
    }

    async fn ask_for_token(&self, authorization: Option<&str>, form: &str) -> Reply {
        let mut headers = vec![("Content-Type", FORM)];
        headers.extend(authorization.map(|value| ("Authorization", value)));
        self.ask(request("POST", "/oauth2/token?state=query-value", &headers, form)).await
    }
}

#[tokio::test]
async fn every_refusal_of_the_token_endpoint_is_explained() {
    let server = Server::dev();
    let machine = server.machine().await;
    let Machine { pool, client_id, secret, .. } = &machine;
    let client = async |changes: Value| server.client(pool, changes).await;
    let (disabled, disabled_secret) = client(json!({ "AllowedOAuthFlowsUserPoolClient": false })).await;
    let users = json!({ "AllowedOAuthFlows": ["code"], "CallbackURLs": ["https://app.example"], "AllowedOAuthScopes": ["openid"] });
    let (users, users_secret) = client(users).await;
    let (bare, bare_secret) = client(json!({ "AllowedOAuthScopes": ["weather-api/delete"] })).await;
    let resource_server = json!({ "UserPoolId": pool, "Identifier": "weather-api", "Name": "w", "Scopes": [
        { "ScopeName": "get", "ScopeDescription": "get" }, { "ScopeName": "post", "ScopeDescription": "post" },
        { "ScopeName": "put", "ScopeDescription": "put" },
    ] });
    server.cognito("UpdateResourceServer", resource_server).await;
    let grant = "grant_type=client_credentials";
    let own = machine.basic();
    for (authorization, form, code, reason, setting) in [
        (Some(own.clone()), "scope=x", "invalid_request", "grant_type is missing", ""),
        (Some(own.clone()), "grant_type=password", "unsupported_grant_type", "not supported", ""),
        (Some("Basic !".to_owned()), grant, "invalid_client", "does not hold Basic credentials", ""),
        (None, grant, "invalid_request", "client_id is missing", ""),
        (Some(basic("unknown", "x")), grant, "invalid_client", "has no such app client", "no app client has this id"),
        (
            Some(basic(client_id, "wrong")),
            grant,
            "invalid_client",
            "not one of the app client's",
            "has 1 active secrets",
        ),
        (None, &format!("{grant}&client_id={client_id}"), "invalid_client", "presents none", "has 1 active secrets"),
        (
            Some(basic(&disabled, &disabled_secret)),
            grant,
            "invalid_grant",
            "AllowedOAuthFlowsUserPoolClient is false",
            "AllowedOAuthFlowsUserPoolClient of the app client",
        ),
        (
            Some(basic(&users, &users_secret)),
            grant,
            "unauthorized_client",
            "does not contain the flow",
            "lacks client_credentials",
        ),
        (
            Some(own.clone()),
            "grant_type=refresh_token&refresh_token=x",
            "unauthorized_client",
            "does not contain the flow",
            "is [client_credentials]",
        ),
        (
            Some(own.clone()),
            &format!("{grant}&scope=weather-api/put"),
            "invalid_grant",
            "\"weather-api/put\" is not among AllowedOAuthScopes",
            "has [weather-api/get, weather-api/post]",
        ),
        (
            Some(own.clone()),
            &format!("{grant}&scope=other-api/fly"),
            "invalid_scope",
            "\"other-api/fly\" does not exist",
            "no resource server \"other-api\"",
        ),
        (
            Some(basic(&bare, &bare_secret)),
            grant,
            "invalid_scope",
            "none of the client's scopes",
            "defines [weather-api/delete]",
        ),
    ] {
        let reply = server.ask_for_token(authorization.as_deref(), form).await;
        let body: Value = reply.json();
        assert_eq!(body["error"], code, "{form}");
        let found = server.check(&reply, "token endpoint", code, reason, setting).await;
        let asked = json!({ "method": "POST", "host": "127.0.0.1", "path": "/oauth2/token" });
        assert_eq!(found["request"], asked, "{form}");
        assert!(!found.to_string().contains(secret) && !found.to_string().contains("query-value"), "{found}");
    }
    let found =
        server.explain(&server.ask_for_token(Some(&own), &format!("{grant}&scope=weather-api/put")).await).await;
    let about = json!({ "userPool": pool, "appClient": client_id, "grantType": "client_credentials", "scope": "weather-api/put" });
    assert_eq!(found["about"], about);
    assert!(found["at"].as_str().unwrap().ends_with('Z'), "{found}");

    // What has no code, and what never came to the client.
    let wrong_method = server.ask(request("PUT", "/oauth2/token", &[("Content-Type", FORM)], grant)).await;
    assert_eq!(wrong_method.said(), (405, ""));
    server.check(&wrong_method, "token endpoint", "", "must be a POST of application/x-www-form-urlencoded", "").await;
    let large = format!("{grant}&x={}", "x".repeat(64 * 1024));
    let reply = server.ask_for_token(Some(&own), &large).await;
    server.check(&reply, "token endpoint", "invalid_request", "larger than 65536 bytes", "65536 bytes").await;
}

#[tokio::test]
async fn a_client_at_anothers_domain_is_explained() {
    let server = Server::dev();
    let machine = server.machine().await;
    let other = server.cognito("CreateUserPool", json!({ "PoolName": "other" })).await;
    let other = other["UserPool"]["Id"].as_str().unwrap();
    server.cognito("CreateUserPoolDomain", json!({ "UserPoolId": other, "Domain": "other" })).await;
    let headers = [
        ("Content-Type", FORM),
        ("Authorization", &*machine.basic()),
        ("Host", "other.auth.us-east-1.amazoncognito.com"),
    ];
    let reply = server.ask(request("POST", "/oauth2/token", &headers, "grant_type=client_credentials")).await;
    let setting = format!("belongs to the user pool {}, the host to {other}", machine.pool);
    let found = server.check(&reply, "token endpoint", "invalid_client", "no such app client", &setting).await;
    assert_eq!(found["request"]["host"], "other.auth.us-east-1.amazoncognito.com");
    let headers = [("Host", "nobody.auth.us-east-1.amazoncognito.com")];
    let reply = server.ask(request("POST", "/oauth2/token", &headers, "")).await;
    server
        .check(&reply, "user pool domain", "", "no user pool has this domain", "the domain prefix nobody in us-east-1")
        .await;
}

#[tokio::test]
async fn every_refusal_of_the_other_oauth_endpoints_is_explained() {
    let server = Server::dev();
    let machine = server.machine().await;
    let token = machine.token(&server, "").await;
    let (own, wrong, bearer) = (machine.basic(), basic(&machine.client_id, "wrong"), format!("Bearer {token}"));
    let with = |authorization: &str| {
        vec![("Content-Type".to_owned(), FORM.to_owned()), ("Authorization".to_owned(), authorization.to_owned())]
    };
    let form = format!("token={token}");
    for (method, target, headers, body, surface, code, reason, setting) in [
        ("GET", "/oauth2/revoke", with(&own), "", "revocation endpoint", "", "must be a POST", ""),
        ("POST", "/oauth2/revoke", with(&own), "", "revocation endpoint", "invalid_request", "token is missing", ""),
        (
            "POST",
            "/oauth2/revoke",
            with(&wrong),
            &form,
            "revocation endpoint",
            "invalid_client",
            "not one of",
            "active secrets",
        ),
        (
            "POST",
            "/oauth2/revoke",
            with(&own),
            &form,
            "revocation endpoint",
            "unsupported_token_type",
            "no refresh token",
            "",
        ),
        ("DELETE", "/oauth2/userInfo", vec![], "", "user info endpoint", "", "a GET or a POST", ""),
        ("GET", "/oauth2/userInfo", vec![], "", "user info endpoint", "invalid_request", "does not hold a bearer", ""),
        (
            "GET",
            "/oauth2/userInfo",
            with(&bearer),
            "",
            "user info endpoint",
            "invalid_token",
            "the scope openid",
            "openid",
        ),
        ("GET", "/oauth2/userInfo", with("Bearer x"), "", "user info endpoint", "invalid_token", "malformed token", ""),
        ("GET", "/login", vec![], "", "user pool domain", "not_served", "InitiateAuth", ""),
        (
            "GET",
            "/us-east-1_unknown99/.well-known/jwks.json",
            vec![],
            "",
            "discovery",
            "",
            "does not exist",
            "no user pool has this id",
        ),
        (
            "GET",
            &format!("/{}/.well-known/x", machine.pool),
            vec![],
            "",
            "discovery",
            "",
            "nothing else",
            "no document is named x",
        ),
    ] {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let reply = server.ask(request(method, target, &headers, body)).await;
        let found = server.check(&reply, surface, code, reason, setting).await;
        assert!(!found.to_string().contains(&token), "{found}");
    }
    server.advance(3601).await;
    let reply = server.ask(request("GET", "/oauth2/userInfo", &[("Authorization", &bearer)], "")).await;
    let found =
        server.check(&reply, "user info endpoint", "invalid_token", "has expired", "the server's time is").await;
    assert_eq!(found["about"]["tokenClient"], *machine.client_id);
}

#[tokio::test]
async fn every_refusal_of_the_gate_is_explained() {
    let server = Server::dev();
    let machine = server.machine().await;
    let api = server.storms(&machine).await;
    let other = server.machine().await;
    let call = async |method: &str, target: &str, token: Option<&str>| {
        let headers: Vec<_> = token.iter().map(|token| ("Authorization", *token)).collect();
        server.ask(request(method, target, &headers, "")).await
    };
    let target = format!("/_aws/execute-api/{api}/weather");
    let (all, post) = (machine.token(&server, "").await, machine.token(&server, "weather-api/post").await);
    let (signed_part, _) = all.rsplit_once('.').unwrap();
    let forged = format!("{signed_part}.{}", post.rsplit_once('.').unwrap().1);
    let foreign = other.token(&server, "").await;
    let unauthorized = "UnauthorizedException";
    let accepts = format!("accepts tokens of the user pools [{}]", machine.pool);
    for (token, reason, setting) in [
        (None, "no token was presented", "identitySource of the authorizer pool ("),
        (Some("nonsense"), "malformed token: it does not have three segments", ""),
        (Some(&*forged), "the token's signature is wrong", "verifies tokens with the keys of the user pools ["),
        (Some(&foreign), "is not an accepted user pool", &accepts),
        (
            Some(&post),
            "carries none of the required scopes, but \"weather-api/post\"",
            "requires one of the scopes [weather-api/get]",
        ),
    ] {
        let reply = call("GET", &target, token).await;
        assert_eq!(reply.status, 401, "{reason}");
        let found = server.check(&reply, "gate", unauthorized, reason, setting).await;
        let about = &found["about"];
        assert_eq!(
            (&about["restApi"], &about["stage"], &about["method"]),
            (&json!(api), &json!("weather"), &json!("GET /"))
        );
        assert!(about["authorizer"].as_str().unwrap().starts_with("pool ("), "{found}");
        assert!(token.is_none_or(|token| !found.to_string().contains(token)), "{found}");
    }
    let found = server.explain(&call("GET", &target, Some(&post)).await).await;
    let about = &found["about"];
    assert_eq!((&about["tokenScope"], &about["tokenUse"]), (&json!("weather-api/post"), &json!("access")));
    assert_eq!(about["tokenClient"], *machine.client_id);
    assert_eq!(about["tokenKeyId"].as_str().unwrap().len(), 44);
    assert!(about["tokenIssuer"].as_str().unwrap().ends_with(&machine.pool));

    let missing = "MissingAuthenticationTokenException";
    for (method, target, code, reason, setting) in [
        ("PUT", target.clone(), missing, "no method of the deployed API", "has / with the methods [GET, POST]"),
        ("GET", format!("{target}/other"), missing, "no method of the deployed API", "has no resource with this path"),
        (
            "GET",
            format!("/_aws/execute-api/{api}/live"),
            "ForbiddenException",
            "no such API or stage",
            "has no stage \"live\", but [weather]",
        ),
        (
            "GET",
            "/restapis/unknown999/live/_user_request_/".to_owned(),
            "ForbiddenException",
            "no such API or stage",
            "no REST API has the id unknown999",
        ),
    ] {
        let reply = call(method, &target, None).await;
        let found = server.check(&reply, "gate", code, reason, setting).await;
        assert_eq!(found["request"]["path"], target);
    }

    server.advance(3601).await;
    let reply = call("GET", &target, Some(&all)).await;
    let found = server.check(&reply, "gate", unauthorized, "the token has expired", "the token expired at ").await;
    assert!(found["setting"].as_str().unwrap().contains("; the server's time is "), "{found}");
}

#[tokio::test]
async fn a_method_without_scopes_explains_that_it_wants_an_id_token() {
    let server = Server::dev();
    let machine = server.machine().await;
    let (mock, scheme) = (mock_integration(), scheme(&machine));
    let api = server
        .import(
            &json!({ "/": { "get": { "security": [{ "pool": [] }], "x-amazon-apigateway-integration": mock } } }),
            &scheme,
        )
        .await;
    let token = machine.token(&server, "").await;
    let target = format!("/_aws/execute-api/{api}/live/");
    let reply = server.ask(request("GET", &target, &[("Authorization", &token)], "")).await;
    let reason = "an id token is required here: the method declares no scopes";
    let found =
        server.check(&reply, "gate", "UnauthorizedException", reason, "the scopes [] (authorizationScopes)").await;
    assert_eq!(found["about"]["tokenUse"], "access");
}

#[tokio::test]
async fn what_an_integration_cannot_do_is_explained() {
    let server = Server::dev();
    let machine = server.machine().await;
    let integration = |value: Value| json!({ "x-amazon-apigateway-integration": value });
    let template = |text: &str, passthrough: &str| {
        let responses = json!({ "default": { "statusCode": "200" } });
        integration(
            json!({ "type": "mock", "requestTemplates": { "application/json": text }, "passthroughBehavior": passthrough, "responses": responses }),
        )
    };
    let keyed = json!({ "security": [{ "key": [] }], "x-amazon-apigateway-integration": mock_integration() });
    let paths = json!({
        "/down": { "get": integration(json!({ "type": "http_proxy", "httpMethod": "GET", "uri": "http://127.0.0.1:1/" })) },
        "/lambda": { "get": integration(json!({ "type": "aws_proxy", "httpMethod": "POST",
            "uri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations" })) },
        "/json": { "post": template("{\"statusCode\": $input.json('$.status')}", "when_no_match") },
        "/media": { "post": template("{\"statusCode\": 200}", "never") },
        "/key": { "get": keyed },
    });
    let mut schemes = scheme(&machine);
    schemes["key"] = json!({ "type": "apiKey", "name": "x-api-key", "in": "header" });
    let api = server.import(&paths, &schemes).await;
    let server_error = "InternalServerErrorException";
    for (method, path, content_type, body, status, code, reason, setting) in [
        ("GET", "/down", "text/plain", "", 504, server_error, "network error", "GET /down, which is HTTP_PROXY"),
        ("GET", "/lambda", "text/plain", "", 500, server_error, "AWS_PROXY integration", "of another type"),
        (
            "POST",
            "/json",
            "application/json",
            "hunter2hunter2",
            400,
            "BadRequestException",
            "not JSON",
            "requestTemplates",
        ),
        ("POST", "/media", "text/plain", "x", 415, "BadRequestException", "no mapping template", "passthroughBehavior"),
        ("GET", "/key", "text/plain", "", 500, server_error, "requires an API key", "GET /key"),
    ] {
        let target = format!("/_aws/execute-api/{api}/live{path}");
        let reply = server.ask(request(method, &target, &[("Content-Type", content_type)], body)).await;
        assert_eq!(reply.status, status, "{path}: {reply:?}");
        let found = server.check(&reply, "gate", code, reason, setting).await;
        assert_eq!(found["about"]["method"], format!("{method} {path}"));
        assert!(!found.to_string().contains("hunter2"), "{found}");
    }
}

#[tokio::test]
async fn every_refusal_of_the_control_plane_is_explained() {
    let server = Server::dev();
    let machine = server.machine().await;
    let cognito = async |operation: &str, input: Value| server.cognito_as(None, operation, &input).await;
    let unknown = json!({ "UserPoolId": "us-east-1_unknown99", "ClientId": "x" });
    let describe = "DescribeUserPoolClient";
    for (operation, input, code, reason, setting) in [
        (
            describe,
            json!({}),
            "InvalidParameterException",
            "2 validation errors",
            "demands of the input of DescribeUserPoolClient",
        ),
        (
            describe,
            json!({ "UserPoolId": 1 }),
            "SerializationException",
            "can not be converted",
            "demands of the input of",
        ),
        (describe, unknown, "ResourceNotFoundException", "User pool us-east-1_unknown99 does not exist.", ""),
        ("Fly", json!({}), "UnknownOperationException", "has no operation Fly", ""),
        ("CreateUserImportJob", json!({}), "UnknownOperationException", "not served here", ""),
        (
            "CreateUserPoolClient",
            json!({ "UserPoolId": machine.pool, "ClientName": "c", "AllowedOAuthFlowsUserPoolClient": true,
                "AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": ["weather-api/fly"], "GenerateSecret": true }),
            "ScopeDoesNotExistException",
            "weather-api/fly",
            "no resource server of the user pool defines weather-api/fly",
        ),
    ] {
        let reply = cognito(operation, input.clone()).await;
        assert_eq!(reply.json()["__type"], code, "{reply:?}");
        let found = server.check(&reply, "control plane", code, reason, setting).await;
        assert_eq!(found["about"]["operation"], operation);
        let pool = input["UserPoolId"].as_str();
        assert_eq!(found["about"]["userPool"].as_str(), pool, "{found}");
    }

    // Quotas: the second secret is the last.
    let add = json!({ "UserPoolId": machine.pool, "ClientId": machine.client_id });
    assert_eq!(cognito("AddUserPoolClientSecret", add.clone()).await.status, 200);
    let reply = cognito("AddUserPoolClientSecret", add).await;
    let quota = "the quota of active secrets per user pool client is 2";
    let found = server.check(&reply, "control plane", "LimitExceededException", "is used up", quota).await;
    assert_eq!(found["about"]["appClient"], *machine.client_id);

    // The other protocols, and what is no call of an operation.
    let sts = signed("test", "us-east-1", "sts");
    let s3 = signed("test", "us-east-1", "s3");
    let large = "x".repeat(64);
    let form = [("Content-Type", FORM)];
    for (method, target, headers, body, status, code, reason, setting) in [
        ("GET", "/restapis/unknown999", &[][..], "", 404, "NotFoundException", "Invalid API identifier", ""),
        ("POST", "/restapis", &[], "[]", 400, "SerializationException", "Start of list", ""),
        (
            "POST",
            "/restapis",
            &[],
            "{}",
            400,
            "ValidationException",
            "createRestApiInput.name",
            "input of CreateRestApi",
        ),
        ("GET", "/vpclinks", &[], "", 400, "UnknownOperationException", "does not serve", ""),
        ("GET", "/v2/apis", &[], "", 400, "UnknownOperationException", "does not serve", ""),
        ("POST", "/", &[("Authorization", &*sts)], "", 400, "UnknownOperationException", "does not serve sts", ""),
        (
            "GET",
            "/bucket/key",
            &[("Authorization", &*s3)],
            "",
            400,
            "UnknownOperationException",
            "does not serve s3",
            "",
        ),
        (
            "POST",
            "/",
            &form,
            "Action=GetRole&Version=2010-05-08",
            400,
            "UnknownOperationException",
            "does not serve iam",
            "",
        ),
        (
            "POST",
            "/",
            &[("X-Amz-Target", "AmazonSSM.GetParameter")],
            "{}",
            400,
            "UnknownOperationException",
            "does not serve ssm",
            "",
        ),
        (
            "PUT",
            "/other",
            &[("Host", "cognito-idp.us-east-1.amazonaws.com")],
            &large,
            400,
            "BadRequest",
            "calls of cognito-idp are POST / with X-Amz-Target",
            "",
        ),
        (
            "POST",
            "/",
            &[("X-Amz-Target", "AWSCognitoIdentityProviderService.ListUserPools")],
            "{",
            400,
            "SerializationException",
            "is not JSON",
            "",
        ),
    ] {
        let reply = server.ask(request(method, target, headers, body)).await;
        assert_eq!(reply.status, status, "{method} {target}: {reply:?}");
        server.check(&reply, "control plane", code, reason, setting).await;
    }
    let reply = server.ask(request("GET", "/bucket/key", &[("Authorization", &s3)], "")).await;
    assert!(reply.header("x-amz-request-id").is_some() && reply.header("x-amzn-requestid").is_none(), "{reply:?}");

    let large = "x".repeat(7 * 1024 * 1024);
    let reply = server.ask(request("POST", "/restapis", &[], &large)).await;
    let (reason, setting) = ("the body is larger than", "the largest body of a call is");
    server.check(&reply, "control plane", "RequestEntityTooLargeException", reason, setting).await;
}

#[tokio::test]
async fn what_never_reaches_a_service_is_explained() {
    let server = Server::dev();
    for (method, target, headers, reason, setting) in [
        (
            "GET",
            "/restapis",
            &[("Origin", "https://evil.example")],
            "a web page of another origin",
            "Origin and Sec-Fetch-Site",
        ),
        ("GET", "/restapis", &[("Host", "evil.example")], "does not answer under this host name", "--suffix"),
        ("GET", "/nothing", &[("Accept", "*/*")], "match no form of address", ""),
        ("GET", "http://localhost/", &[("Host", "other.example")], "two hosts that differ", ""),
    ] {
        let reply = server.ask(request(method, target, headers, "")).await;
        server.check(&reply, "routing", "", reason, setting).await;
    }
    let server = Server::start(false, Limits::default());
    let unsigned = server.ask(request("GET", "/restapis", &[], "")).await;
    assert_eq!(unsigned.said(), (403, r#"{"message":"Missing Authentication Token"}"#));
    // Outside `dev` nobody is known to be an operator yet.
    let target = format!("/_claviger/explain/{}", unsigned.id());
    assert_eq!(server.ask(request("GET", &target, &[], "")).await.status, 404);
}

#[tokio::test]
async fn nothing_is_kept_of_what_was_granted_and_only_operators_may_ask() {
    let server = Server::dev();
    let machine = server.machine().await;
    let granted = machine.ask(&server, "").await;
    let unknown = server.ask(request("GET", &format!("/_claviger/explain/{}", granted.id()), &[], "")).await;
    assert_eq!((unknown.status.as_u16(), &unknown.json()["kept"]), (404, &json!(0)));
    let refused = machine.ask(&server, "&scope=none").await;
    let target = format!("/_claviger/explain/{}", refused.id());
    for headers in [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site"), ("Host", "evil.example")] {
        let reply = server.ask(request("GET", &target, &[headers], "")).await;
        assert_eq!(reply.status, 403, "{headers:?}");
        assert!(!reply.body.contains("scope"), "{reply:?}");
    }
    assert_eq!(server.ask(request("GET", &target, &[], "")).await.status, 200);
    assert_eq!(server.ask(request("POST", &target, &[], "")).await.status, 404);
    for wrong in ["/_claviger/explain/", "/_claviger/explain/1", "/_claviger/explain/%00"] {
        assert_eq!(server.ask(request("GET", wrong, &[], "")).await.status, 404, "{wrong}");
    }
    server.ask(request("POST", "/_claviger/reset", &[], "")).await;
    assert_eq!(server.ask(request("GET", &target, &[], "")).await.status, 404);
}

#[tokio::test]
async fn an_id_that_a_client_uses_twice_leads_to_both_refusals() {
    let server = Server::dev();
    let id = "60838619-695e-45bc-8d3d-331626f88932";
    for api in ["first9999", "second999"] {
        let target = format!("/_aws/execute-api/{api}/live");
        let reply = server.ask(request("GET", &target, &[("x-amzn-RequestId", id)], "")).await;
        assert_eq!((reply.status.as_u16(), reply.id()), (403, id));
    }
    let both = server.ask(request("GET", &format!("/_claviger/explain/{id}"), &[], "")).await.json();
    let apis: Vec<_> =
        both["refusals"].as_array().unwrap().iter().map(|refusal| &refusal["about"]["restApi"]).collect();
    assert_eq!(apis, ["second999", "first9999"]);
}

#[tokio::test]
async fn no_secret_is_kept_wherever_a_client_puts_it() {
    let server = Server::dev();
    let machine = server.machine().await;
    let api = server.storms(&machine).await;
    let token = machine.token(&server, "weather-api/post").await;
    let Machine { pool, client_id, secret, .. } = &machine;
    let password = "Sup3r-secret/pass:word";
    let encoded: String = form_urlencoded::byte_serialize(password.as_bytes()).collect();
    let (own, bearer) = (machine.basic(), format!("Bearer {token}"));
    let bad_basic = basic(client_id, password);
    let gate = format!("/_aws/execute-api/{api}/weather");
    let target = |operation: &str| format!("AWSCognitoIdentityProviderService.{operation}");
    let (initiate, create, sign_up) = (target("InitiateAuth"), target("CreateUserPoolClient"), target("SignUp"));
    let json_form = [("Content-Type", FORM)];
    let grant = "grant_type=client_credentials";
    let sent = [
        // The wrong field, the wrong place, the wrong endpoint.
        request("POST", "/oauth2/token", &json_form, &format!("{grant}&client_id={secret}&client_secret={client_id}")),
        request(
            "POST",
            "/oauth2/token",
            &json_form,
            &format!("{grant}&client_id={client_id}&client_secret={encoded}&scope={encoded}"),
        ),
        request("POST", "/oauth2/token", &[json_form[0], ("Authorization", &*own)], &format!("{grant}&scope={secret}")),
        request("POST", "/oauth2/token", &[json_form[0], ("Authorization", &*own)], &format!("{grant}&scope={token}")),
        request(
            "POST",
            "/oauth2/token",
            &[json_form[0], ("Authorization", &*bad_basic)],
            &format!("{grant}&scope={encoded}"),
        ),
        request(
            "POST",
            "/oauth2/token",
            &json_form,
            &format!("grant_type=password&username=u&password={encoded}&client_id={client_id}"),
        ),
        request("POST", &format!("/oauth2/token?client_secret={secret}&password={encoded}"), &json_form, "client_id=x"),
        request("POST", "/oauth2/revoke", &[json_form[0], ("Authorization", &*own)], &format!("token={token}")),
        request(
            "POST",
            "/oauth2/revoke",
            &json_form,
            &format!("token={token}&client_id={client_id}&client_secret={encoded}"),
        ),
        request("GET", &format!("/oauth2/userInfo?access_token={token}"), &[("Authorization", &*bearer)], ""),
        request("GET", "/oauth2/userInfo", &[("Authorization", &*own)], ""),
        request("GET", &format!("/login?password={encoded}"), &[("Cookie", &*format!("session={secret}"))], ""),
        request("GET", &gate, &[("Authorization", &*bearer), ("Cookie", &*format!("a={secret}; b={token}"))], ""),
        request("GET", &gate, &[("Authorization", &*format!("{bearer}x"))], ""),
        request("GET", &format!("{gate}/{secret}/{token}?token={token}"), &[("x-api-key", &**secret)], ""),
        request(
            "POST",
            &gate,
            &[("Authorization", &*own), ("Content-Type", "application/json")],
            &format!("\"{token}\""),
        ),
        request("GET", &format!("/{secret}/{token}"), &[("Authorization", &*bearer)], ""),
        request("GET", &format!("/{token}/.well-known/jwks.json"), &[], ""),
        request("GET", &format!("/{pool}/.well-known/{token}"), &[], ""),
        request("GET", &format!("/restapis/{secret}?position={token}"), &[("X-Amz-Security-Token", &*token)], ""),
        request("POST", "/restapis", &[], &json!({ "name": { "a": secret }, "description": token }).to_string()),
        request(
            "POST",
            "/",
            &[("X-Amz-Target", &*initiate)],
            &json!({ "ClientId": client_id, "AuthFlow": "USER_PASSWORD_AUTH",
            "AuthParameters": { "USERNAME": "u", "PASSWORD": password, "SECRET_HASH": secret } })
            .to_string(),
        ),
        request(
            "POST",
            "/",
            &[("X-Amz-Target", &*sign_up)],
            &json!({ "ClientId": client_id, "Username": "u", "Password": password, "SecretHash": secret }).to_string(),
        ),
        request(
            "POST",
            "/",
            &[("X-Amz-Target", &*create)],
            &json!({ "UserPoolId": pool, "ClientName": "c", "ClientSecret": format!("{secret}!") }).to_string(),
        ),
        request(
            "POST",
            "/",
            &[("X-Amz-Target", &*create)],
            &json!({ "UserPoolId": pool, "ClientName": format!("{secret}/{token}") }).to_string(),
        ),
        request("POST", "/", &[("X-Amz-Target", &*format!("AWSCognitoIdentityProviderService.{token}"))], "{}"),
        request("POST", "/", &json_form, &format!("Action=X&Version=2010-05-08&Password={encoded}")),
        request("GET", "/restapis", &[("Origin", &*format!("https://{secret}.example")), ("Cookie", &*token)], ""),
    ];
    let signature = token.rsplit_once('.').unwrap().1;
    let basic_value = own.split_once(' ').unwrap().1;
    let count = sent.len();
    for (number, sent) in sent.into_iter().enumerate() {
        let reply = server.ask(sent).await;
        assert!(reply.status.is_client_error(), "{number} of {count}: {reply:?}");
        let found = server.explain(&reply).await.to_string();
        for secret in [secret.as_str(), &token, signature, password, &encoded, basic_value, &secret[..26]] {
            assert!(!found.contains(secret), "{number}: {secret} in {found}");
        }
    }
}

#[tokio::test]
async fn a_flood_of_refusals_takes_bounded_memory() {
    let server = Server::dev();
    let path = format!("/{}", "x y".replace(' ', "%20").repeat(1500));
    let ask = async || server.ask(request("GET", &path, &[], "")).await;
    let first = ask().await;
    for _ in 0..50 {
        ask().await;
    }
    let found = server.explain(&first).await;
    assert!(found["request"]["path"].as_str().unwrap().len() <= 520, "{found}");
}

#[tokio::test]
async fn the_command_explains_for_people_and_programs() {
    let server = Server::dev();
    let machine = server.machine().await;
    let refused = machine.ask(&server, "&scope=weather-api/delete").await;
    let explain = |arguments: &[&str]| {
        let mut command = claviger(&server);
        command.arg("explain").args(arguments);
        command
    };
    let header = format!("x-amz-cognito-request-id: {}", refused.id());
    for arguments in [&[refused.id()][..], &[&header], &["x-amz-cognito-request-id:", refused.id()]] {
        let (status, stdout, stderr) = run(&mut explain(arguments)).await;
        assert_eq!((status, &*stderr), (Some(0), ""), "{arguments:?}");
        for line in [
            "by the token endpoint\n",
            "asked           POST /oauth2/token on 127.0.0.1\n",
            "answered        400 invalid_grant\n",
            "because         the scope \"weather-api/delete\" is not among AllowedOAuthScopes of the client\n",
            &format!(
                "decided by      AllowedOAuthScopes of the app client {} has [weather-api/get, weather-api/post]\n",
                machine.client_id
            ),
            &format!("user pool       {}\n", machine.pool),
        ] {
            assert!(stdout.contains(line), "{line} in {stdout}");
        }
    }
    let (status, stdout, _) = run(&mut explain(&["--output", "json", refused.id()])).await;
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((status, &document["refusals"][0]["answer"]["code"]), (Some(0), &json!("invalid_grant")));
    let (status, stdout, stderr) = run(&mut explain(&["60838619-695e-45bc-8d3d-331626f88932"])).await;
    assert_eq!((status, &*stdout), (Some(1), ""));
    assert!(stderr.contains("knows no refusal") && stderr.contains("1 now"), "{stderr}");
    let (status, _, stderr) = run(&mut explain(&["yesterday"])).await;
    assert_eq!(status, Some(2), "{stderr}");
    let production = Server::start(false, Limits::default());
    let mut elsewhere = explain(&[refused.id()]);
    elsewhere.env("CLAVIGER_ENDPOINT", format!("http://{}", production.address));
    let (status, _, stderr) = run(&mut elsewhere).await;
    assert!(status == Some(1) && stderr.contains("does not explain refusals"), "{stderr}");
}

fn mock_integration() -> Value {
    json!({ "type": "mock", "requestTemplates": { "application/json": "{\"statusCode\": 200}" },
        "responses": { "default": { "statusCode": "200" } } })
}

/// The security scheme of an authorizer for the machine's pool.
fn scheme(machine: &Machine) -> Value {
    let authorizer = json!({ "type": "cognito_user_pools", "providerARNs": [machine.arn] });
    json!({ "pool": { "type": "apiKey", "name": "Authorization", "in": "header",
        "x-amazon-apigateway-authtype": "cognito_user_pools", "x-amazon-apigateway-authorizer": authorizer } })
}

impl Server {
    /// Imports an API with these paths and security schemes and serves it as `live`.
    async fn import(&self, paths: &Value, schemes: &Value) -> String {
        let document = json!({ "openapi": "3.0.0", "info": { "title": "t", "version": "1" }, "paths": paths,
            "components": { "securitySchemes": schemes } });
        let imported = self.ask(request("POST", "/restapis?mode=import", &[], &document.to_string())).await;
        assert_eq!(imported.status, 201, "{imported:?}");
        let api = imported.json()["id"].as_str().unwrap().to_owned();
        let target = format!("/restapis/{api}/deployments");
        let deployed = self.ask(request("POST", &target, &[], r#"{"stageName":"live"}"#)).await;
        assert_eq!(deployed.status, 201, "{deployed:?}");
        api
    }
}
