//! What proxies ask: who is let through, with which identity, and that nothing but the policy is ever asked.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::stack::{Machine, Reply, request};
use crate::support::{Server, claviger, run};

const UNAUTHORIZED: &str = r#"{"message":"Unauthorized"}"#;
const FORBIDDEN: &str = r#"{"message":"Forbidden"}"#;

/// The headers that tell whom a token is about.
const IDENTITY: [&str; 8] = [
    "x-claviger-subject",
    "x-claviger-client-id",
    "x-claviger-username",
    "x-claviger-scope",
    "x-claviger-roles",
    "x-claviger-token-use",
    "x-claviger-issuer",
    "x-claviger-user-pool",
];

impl Server {
    /// Puts the policy `weather`, for this machine's pool and its scope `get`, changed by `changes`.
    async fn policy(&self, machine: &Machine, changes: Value) {
        let mut input = json!({
            "PolicyName": "weather", "UserPoolIds": [machine.pool], "Scopes": ["weather-api/get"],
        });
        input.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let headers = [("X-Amz-Target", "Claviger.PutAuthorizationPolicy")];
        let reply = self.ask(request("POST", "/", &headers, &input.to_string())).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    /// Checks what operators are told of a refusal: the code where one is given, and texts that reason and setting hold.
    async fn told(&self, reply: &Reply, code: &str, reason: &str, setting: &str) -> Value {
        let found = self.explain(reply).await;
        let text = |name: &str| found[name].as_str().unwrap_or_default();
        assert_eq!(text("surface"), "authorization policy", "{found}");
        assert!(code.is_empty() || found["answer"]["code"] == code, "{found}");
        assert!(text("reason").contains(reason) && text("setting").contains(setting), "{reason} {setting} in {found}");
        found
    }

    /// Asks about a request as a proxy does.
    async fn asked(&self, call: &str, token: Option<&str>, headers: &[(&str, &str)]) -> Reply {
        let (method, target) = call.split_once(' ').unwrap();
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = headers.to_vec();
        headers.extend(bearer.as_deref().map(|value| ("Authorization", value)));
        self.ask(request(method, target, &headers, "")).await
    }
}

#[tokio::test]
async fn a_token_that_the_policy_asks_for_is_let_through_with_its_identity() {
    let server = Server::dev();
    let machine = server.machine().await;
    server.policy(&machine, json!({})).await;
    let token = machine.token(&server, "").await;
    let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{}", machine.pool);
    for call in ["GET", "POST", "HEAD", "OPTIONS", "PROPFIND"] {
        for path in ["", "/", "/storms?scope=none", "/a/../b//c%00"] {
            let call = format!("{call} /_claviger/authorize/weather{path}");
            let reply = server.asked(&call, Some(&token), &[]).await;
            assert_eq!(reply.said(), (200, ""), "{call}");
            let told = IDENTITY.map(|name| reply.header(name).unwrap_or_else(|| panic!("{name} {call}")));
            let scope = "weather-api/get weather-api/post";
            let expected = [&machine.client_id, &machine.client_id, "", scope, "", "access", &issuer, &machine.pool];
            assert_eq!(told, expected, "{call}");
            assert_eq!(reply.header("cache-control"), Some("no-store"));
        }
    }
}

#[tokio::test]
async fn everyone_else_is_refused_in_the_words_of_rfc_6750() {
    let server = Server::dev();
    let machine = server.machine().await;
    server.policy(&machine, json!({})).await;
    let other = server.machine().await;
    let (token, foreign) = (machine.token(&server, "").await, other.token(&server, "").await);
    let post = machine.token(&server, "weather-api/post").await;
    let forged = format!("{}.{}", token.rsplit_once('.').unwrap().0, post.rsplit_once('.').unwrap().1);
    let basic = machine.basic();
    let bare = [("Authorization", &*token)];
    let twice = format!("Bearer {token}");
    let twice = [("Authorization", &*twice), ("Authorization", &*twice)];
    let invalid = r#"Bearer realm="weather", error="invalid_token", error_description="The token is not accepted""#;
    let missing = r#"Bearer realm="weather""#;
    let none: &[(&str, &str)] = &[];
    for (token, headers, challenge, reason) in [
        (None, none, missing, "no token was presented"),
        (None, &[("Authorization", &*basic)], missing, "no token was presented"),
        (None, &bare, missing, "no token was presented"),
        (None, &[("Authorization", "Bearer ")], missing, "no token was presented"),
        (None, &twice, invalid, "more than one Authorization header"),
        (Some("nonsense"), none, invalid, "malformed token"),
        (Some(&*forged), none, invalid, "signature is wrong"),
        (Some(&foreign), none, invalid, "is not an accepted user pool"),
    ] {
        let reply = server.asked("GET /_claviger/authorize/weather/storms", token, headers).await;
        assert_eq!(
            (reply.said(), reply.header("www-authenticate")),
            ((401, UNAUTHORIZED), Some(challenge)),
            "{reason}"
        );
        let code = if challenge == invalid { "invalid_token" } else { "" };
        let found = server.told(&reply, code, reason, "").await;
        assert_eq!(found["about"]["policy"], "weather");
        assert!(IDENTITY.iter().all(|name| reply.header(name).is_none()), "{reply:?}");
    }
    let reply = server.asked("GET /_claviger/authorize/weather", Some(&post), &[]).await;
    let challenge = r#"Bearer realm="weather", error="insufficient_scope", error_description="The token has none of the scopes", scope="weather-api/get""#;
    assert_eq!((reply.said(), reply.header("www-authenticate")), ((403, FORBIDDEN), Some(challenge)));
    let setting = "the policy weather requires one of the scopes [weather-api/get]";
    server.told(&reply, "insufficient_scope", "but \"weather-api/post\"", setting).await;

    // What was let through is refused as soon as it is over, and what asks for ID tokens takes no others.
    let ask = async || server.asked("GET /_claviger/authorize/weather", Some(&token), &[]).await;
    assert_eq!(ask().await.status, 200);
    server.policy(&machine, json!({"TokenUse": "ID", "Scopes": []})).await;
    let setting = "TokenUse of the policy weather";
    server.told(&ask().await, "invalid_token", "an id token is required here", setting).await;
    server.policy(&machine, json!({})).await;
    server.advance(3601).await;
    let reply = ask().await;
    let challenge = r#"Bearer realm="weather", error="invalid_token", error_description="The token has expired""#;
    assert_eq!((reply.status.as_u16(), reply.header("www-authenticate")), (401, Some(challenge)));
    server.told(&reply, "invalid_token", "the token has expired", "the server's time is").await;
}

#[tokio::test]
async fn roles_judge_the_request_that_the_policy_says_and_no_other() {
    let server = Server::dev();
    let machine = server.machine().await;
    let roles = json!({
        "Scopes": {"weather-api/get": ["reader"], "weather-api/post": ["writer"]},
        "Roles": {"reader": ["GET /storms", "GET /storms/{id}"], "writer": ["POST /storms"]},
    });
    let token = machine.token(&server, "").await;
    let get = machine.token(&server, "weather-api/get").await;
    let check = async |source: &str, call: &str, headers: &[(&str, &str)], expected: Result<&str, &str>| {
        server.policy(&machine, json!({"RequestSource": source, "RoleMapping": roles.clone()})).await;
        let reply = server.asked(call, Some(&get), headers).await;
        match expected {
            Ok(roles) => {
                let told = (reply.status.as_u16(), reply.header("x-claviger-roles"));
                assert_eq!(told, (200, Some(roles)), "{source} {call} {headers:?}");
            }
            Err(reason) => {
                assert_eq!(reply.said(), (403, FORBIDDEN), "{source} {call} {headers:?}");
                server.told(&reply, "", reason, "").await;
            }
        }
    };
    let at = |path: &str| format!("/_claviger/authorize/weather{path}");
    let forwarded = [("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", "/storms?x=1")];
    let original = [("X-Original-Method", "GET"), ("X-Original-URI", "/storms/7")];
    check("PATH", &format!("GET {}", at("/storms")), &[], Ok("reader")).await;
    check("PATH", &format!("GET {}", at("/storms/7?x=/admin")), &[], Ok("reader")).await;
    check("FORWARDED", &format!("GET {}", at("")), &forwarded, Ok("reader")).await;
    check("ORIGINAL", &format!("GET {}", at("")), &original, Ok("reader")).await;
    let denied = "no role of the token allows";
    check("PATH", &format!("POST {}", at("/storms")), &[], Err(denied)).await;
    check("PATH", &format!("GET {}", at("")), &[], Err(denied)).await;
    check("PATH", &format!("GET {}", at("/admin")), &[forwarded, original].concat(), Err(denied)).await;
    let not_told = "the proxy must send x-forwarded-uri exactly once";
    check("FORWARDED", &format!("GET {}", at("/storms")), &original, Err(not_told)).await;
    let repeated = [forwarded[0], forwarded[1], ("X-Forwarded-Uri", "/admin")];
    check("FORWARDED", &format!("GET {}", at("/storms")), &repeated, Err(not_told)).await;
    let not_told = "the proxy must send x-original-uri exactly once";
    check("ORIGINAL", &format!("GET {}", at("/storms")), &forwarded, Err(not_told)).await;
    for path in
        ["/storms/../storms", "/storms/%2e%2e", "//storms", "/storms%2f7", "/storms/7;x", "/storms/%00", "/storms/%zz"]
    {
        check("PATH", &format!("GET {}", at(path)), &[], Err("the path is ambiguous")).await;
        let uri = [("X-Original-Method", "GET"), ("X-Original-URI", path)];
        check("ORIGINAL", &format!("GET {}", at("")), &uri, Err("the path is ambiguous")).await;
    }

    let refused = server.asked(&format!("POST {}", at("/storms")), Some(&get), &[]).await;
    server.policy(&machine, json!({"RoleMapping": roles.clone()})).await;
    let refused_now = server.asked(&format!("POST {}", at("/storms")), Some(&get), &[]).await;
    assert_eq!(refused.status, refused_now.status);
    let setting =
        "the scopes [weather-api/get] give the roles [reader]; it needs one of the roles [writer (weather-api/post)]";
    server.told(&refused_now, "insufficient_scope", denied, setting).await;
    let both = server.asked(&format!("POST {}", at("/storms")), Some(&token), &[]).await;
    assert_eq!((both.status.as_u16(), both.header("x-claviger-roles")), (200, Some("reader,writer")));
}

#[tokio::test]
async fn nothing_but_a_policy_is_reached_through_the_address() {
    let server = Server::dev();
    let machine = server.machine().await;
    server.policy(&machine, json!({})).await;
    let api = server.storms(&machine).await;
    let token = machine.token(&server, "").await;
    let long = "x".repeat(9000);
    // Whatever follows the policy's name is a client's, and leads nowhere.
    for path in [
        "/../../reset",
        "/../health",
        "/%2e%2e/%2e%2e/_claviger/health",
        "//127.0.0.1/_claviger/health",
        "/..%2f..%2fclock",
        "/%00",
        "/_aws/execute-api/a/b",
        "/oauth2/token",
        "/restapis",
        "/?Action=GetCallerIdentity&Version=2011-06-15",
        "/?X-Amz-Credential=test%2F20260101%2Fus-east-1%2Fsts%2Faws4_request",
        "/;/health",
        "/\\..\\health",
        &format!("/{long}"),
    ] {
        let path = path.replace('\\', "%5c");
        for (token, status) in [(Some(&*token), 200), (None, 401)] {
            let reply = server.asked(&format!("POST /_claviger/authorize/weather{path}"), token, &[]).await;
            assert_eq!(reply.status, status, "{path}");
        }
    }
    // The name is taken as it stands.
    for name in
        ["", "other", "Weather", "weather%2f", "%77eather", "weather%00", "..", ".", "%2e%2e", "weather;x", &long]
    {
        let reply = server.asked(&format!("GET /_claviger/authorize/{name}"), Some(&token), &[]).await;
        assert_eq!((reply.said(), reply.header("www-authenticate")), ((403, FORBIDDEN), None), "{name}");
        server.told(&reply, "", "no authorization policy has the name", "").await;
    }
    // Other writings of the address are not it.
    for target in [
        "/_claviger/authorize",
        "/_claviger//authorize/weather",
        "//_claviger/authorize/weather",
        "/_CLAVIGER/authorize/weather",
    ] {
        let reply = server.asked(&format!("GET {target}"), Some(&token), &[]).await;
        assert_eq!(reply.status, 404, "{target}");
    }
    // Nor do headers lead elsewhere, the client's own host above all: Envoy and Caddy pass it on.
    let by_name = format!("{api}.execute-api.us-east-1.amazonaws.com");
    for headers in [
        ("Host", &*by_name),
        ("Host", "cognito-idp.us-east-1.amazonaws.com"),
        ("Host", "bucket.s3.amazonaws.com"),
        ("Host", "evil.example"),
        ("X-Amz-Target", "AWSCognitoIdentityProviderService.ListUserPools"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("Origin", "https://evil.example"),
        ("Sec-Fetch-Site", "cross-site"),
        ("X-Forwarded-Uri", "/_claviger/health"),
        ("X-Original-URI", "/_claviger/health"),
    ] {
        for (token, status) in [(Some(&*token), 200), (None, 401)] {
            let reply = server.asked("GET /_claviger/authorize/weather/weather", token, &[headers]).await;
            assert_eq!(reply.status, status, "{headers:?}");
            assert_eq!(reply.header("x-claviger-subject").is_some(), token.is_some(), "{headers:?}");
        }
    }
}

#[tokio::test]
async fn a_body_is_never_waited_for() {
    let server = Server::dev();
    let machine = server.machine().await;
    server.policy(&machine, json!({})).await;
    let token = machine.token(&server, "").await;
    for framing in
        ["Content-Length: 1000000", "Transfer-Encoding: chunked", "Content-Length: 5\r\nExpect: 100-continue"]
    {
        let mut stream = server.connect().await;
        let head = format!(
            "POST /_claviger/authorize/weather HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{framing}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 200", "{framing}");
    }
}

#[tokio::test]
async fn the_command_puts_shows_lists_and_deletes_policies() {
    let server = Server::dev();
    let machine = server.machine().await;
    let policy = async |arguments: &[&str]| run(claviger(&server).arg("policy").args(arguments)).await;
    let put = ["weather", "--pool", &machine.pool, "--scope", "weather-api/get"];
    let roles = ["--grant", "weather-api/get=reader", "--allow", "reader=GET /storms"];
    let (status, shown, stderr) = policy(&[&put[..], &roles].concat()).await;
    let expected = format!(
        "Policy      weather\nUser pools  {}\nTokens      access\nAny of      weather-api/get\nRequest     path\n\
         Scopes      weather-api/get = reader\nRoles       reader = GET /storms\n",
        machine.pool
    );
    assert_eq!((status, &*shown, &*stderr), (Some(0), &*expected, ""));
    assert_eq!(policy(&["weather"]).await.1, expected);
    let token = machine.token(&server, "").await;
    let status = async |path: &str| {
        server.asked(&format!("GET /_claviger/authorize/weather{path}"), Some(&token), &[]).await.status.as_u16()
    };
    assert_eq!((status("/storms").await, status("/other").await), (200, 403));
    assert_eq!(policy(&["zephyr", "--pool", &machine.pool]).await.0, Some(0));
    assert_eq!(policy(&[]).await.1, "weather\nzephyr\n");
    let (_, json, _) = policy(&["--output", "json"]).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["Policies"].as_array().map(Vec::len), Some(2));
    assert_eq!(policy(&["weather", "--delete"]).await, (Some(0), String::new(), String::new()));
    assert_eq!(status("/storms").await, 403);
    let (code, _, stderr) = policy(&["weather"]).await;
    assert_eq!((code, &*stderr), (Some(1), "claviger: Authorization policy weather does not exist.\n"));
    let (code, _, stderr) = policy(&["weather", "--scope", "a/b"]).await;
    assert!(code == Some(2) && stderr.contains("--pool"), "{stderr}");
    let (code, _, stderr) = policy(&["a b", "--pool", &machine.pool]).await;
    assert_eq!(code, Some(2), "{stderr}");
}
