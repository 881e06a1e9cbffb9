//! The claims hook: a function over HTTP sees the event and changes the token, or fails in one of many ways.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::stack::{Machine, claims, request};
use crate::support::{Server, run};

/// The function that pools with the hook name.
pub(crate) const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:claims";

/// What the function answers: what it makes of the event, or this status, headers and body.
#[derive(Clone)]
pub(crate) enum Reaction {
    Changes(Value),
    Fixed(u16, &'static str, Bytes),
    HangUp,
    Silence,
}

/// Something that stands for a function.
pub(crate) struct Function {
    pub(crate) url: String,
    reaction: Arc<Mutex<Reaction>>,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Function {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/2015-03-31/functions/function/invocations", listener.local_addr().unwrap());
        let (reaction, seen) = (Arc::new(Mutex::new(Reaction::Changes(json!(null)))), Arc::new(Mutex::new(Vec::new())));
        let function = Self { url, reaction: Arc::clone(&reaction), seen: Arc::clone(&seen) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (reaction, seen) = (Arc::clone(&reaction), Arc::clone(&seen));
                let service = service_fn(move |request| {
                    let (reaction, seen) = (reaction.lock().unwrap().clone(), Arc::clone(&seen));
                    answer(request, reaction, seen)
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service),
                );
            }
        });
        function
    }

    pub(crate) fn reacts(&self, reaction: Reaction) {
        *self.reaction.lock().unwrap() = reaction;
    }

    /// The access token's changes that the function asks for from now on.
    pub(crate) fn changes(&self, generation: &Value) {
        self.reacts(Reaction::Changes(json!({ "accessTokenGeneration": generation })));
    }

    pub(crate) fn seen(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

async fn answer(
    request: Request<Incoming>,
    reaction: Reaction,
    seen: Arc<Mutex<Vec<(String, Value)>>>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let head = format!("{} {} {:?}", request.method(), request.uri(), request.headers()["content-type"]);
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut event: Value = serde_json::from_slice(&body).unwrap();
    seen.lock().unwrap().push((head, event.clone()));
    match reaction {
        Reaction::Changes(details) => {
            event["response"]["claimsAndScopeOverrideDetails"] = details;
            Ok(Response::new(Full::from(event.to_string())))
        }
        Reaction::Fixed(status, header, body) => {
            let mut response = Response::builder().status(status);
            if let Some((name, value)) = header.split_once(": ") {
                response = response.header(name, value);
            }
            Ok(response.body(Full::new(body)).unwrap())
        }
        Reaction::HangUp => Err(std::io::Error::other("hung up")),
        Reaction::Silence => std::future::pending().await,
    }
}

/// A server whose function is this one, and a machine of a pool with the hook.
async fn hooked(function: &Function) -> (Server, Machine) {
    let server = Server::dev_with_function(ARN, &function.url);
    let machine = server.machine().await;
    server.hook(&machine, "V3_0").await;
    (server, machine)
}

impl Server {
    /// Has the machine's pool ask the function, with this version of the event.
    pub(crate) async fn hook(&self, machine: &Machine, version: &str) {
        let config = json!({ "PreTokenGenerationConfig": { "LambdaVersion": version, "LambdaArn": ARN } });
        self.cognito("UpdateUserPool", json!({ "UserPoolId": machine.pool, "LambdaConfig": config })).await;
    }
}

#[tokio::test]
async fn sees_the_event_that_aws_sends() {
    let function = Function::start().await;
    let (server, machine) = hooked(&function).await;
    machine.token(&server, "weather-api/get").await;
    let metadata = "&aws_client_metadata=%7B%22tenant%22%3A%22north%20pole%22%7D";
    assert_eq!(machine.ask(&server, metadata).await.status, 200);
    let [(head, first), (_, second)] = &*function.seen() else { panic!("not called twice") };
    assert_eq!(head, "POST /2015-03-31/functions/function/invocations \"application/json\"");
    let expected = |request: Value| {
        json!({
            "version": "3", "triggerSource": "TokenGeneration_ClientCredentials", "region": "us-east-1",
            "userPoolId": machine.pool, "userName": "ClientCredentials",
            "callerContext": { "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": machine.client_id },
            "request": request, "response": { "claimsAndScopeOverrideDetails": null },
        })
    };
    let scopes = ["weather-api/get", "weather-api/post"];
    let request = json!({ "userAttributes": {}, "groupConfiguration": null, "scopes": scopes[..1] });
    assert_eq!(first.to_string(), expected(request).to_string());
    let request = json!({
        "userAttributes": {}, "groupConfiguration": null, "scopes": scopes,
        "clientMetadata": { "tenant": "north pole" },
    });
    assert_eq!(second.to_string(), expected(request).to_string());

    // A request that is refused without it never gets there, nor does what the other versions are not for.
    assert_eq!(machine.ask(&server, "&scope=weather-api/delete").await.status, 400);
    assert_eq!(
        machine.ask(&server, "&aws_client_metadata=%5B%5D").await.said(),
        (400, r#"{"error":"invalid_request"}"#)
    );
    for version in ["V1_0", "V2_0"] {
        server.hook(&machine, version).await;
        machine.token(&server, "").await;
    }
    assert_eq!(function.seen(), []);
}

#[tokio::test]
async fn changes_claims_and_scopes_of_a_token_that_still_verifies() {
    let function = Function::start().await;
    let (server, machine) = hooked(&function).await;
    let api = server.storms(&machine).await;
    let plain = claims(&machine.token(&server, "").await);
    let values = json!({ "tenant": "north", "plan": { "level": 3, "trial": false }, "regions": ["a", 1, null] });
    function.changes(&json!({
        "claimsToAddOrOverride": values, "claimsToSuppress": ["regions"],
        "scopesToAdd": ["weather-api/delete"], "scopesToSuppress": ["weather-api/post"],
    }));
    let changed = claims(&machine.token(&server, "").await);
    assert_eq!(changed["scope"], "weather-api/get weather-api/delete");
    assert_eq!(
        (&changed["tenant"], &changed["plan"], &changed["regions"]),
        (&values["tenant"], &values["plan"], &json!(null))
    );
    let names = |claims: &Value| claims.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&changed), [names(&plain), vec!["tenant".to_owned(), "plan".to_owned()]].concat());

    // What only the issuer says stays, and an audience is the client itself or none.
    let forged =
        json!({ "sub": "x", "exp": 4_102_444_800_i64, "client_id": "x", "scope": "x", "aud": "x", "username": "x" });
    function
        .changes(&json!({ "claimsToAddOrOverride": forged, "claimsToSuppress": ["iss", "jti", "scope", "token_use"] }));
    let stood = claims(&machine.token(&server, "").await);
    assert_eq!(names(&stood), names(&plain));
    for name in ["sub", "client_id", "scope", "iss", "token_use"] {
        assert_eq!(stood[name], plain[name], "{name}");
    }
    function.changes(&json!({ "claimsToAddOrOverride": { "aud": machine.client_id } }));
    assert_eq!(claims(&machine.token(&server, "").await)["aud"], *machine.client_id);

    // The gate takes the token for what it says now.
    function.changes(&json!({ "scopesToSuppress": ["weather-api/get"] }));
    let narrowed = machine.token(&server, "").await;
    let ask = async |token: &str| {
        let target = format!("/_aws/execute-api/{api}/weather");
        server.ask(crate::stack::request("GET", &target, &[("Authorization", token)], "")).await.status.as_u16()
    };
    assert_eq!(ask(&narrowed).await, 401);
    function.changes(&json!({ "claimsToAddOrOverride": { "tenant": "north" } }));
    assert_eq!(ask(&machine.token(&server, "").await).await, 200);
}

#[tokio::test]
async fn fails_a_request_when_it_fails_and_says_how() {
    let function = Function::start().await;
    let (server, machine) = hooked(&function).await;
    let by_token = json!({ "ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH"] });
    let (client_id, secret) = server.client(&machine.pool, by_token).await;
    let call = json!({ "ClientId": client_id, "Secret": secret });
    let large = Bytes::from(vec![b' '; 6 * 1024 * 1024 + 1]);
    let many: Vec<String> = (0..5_001).map(|number| number.to_string()).collect();
    let many = json!({ "claimsToSuppress": many });
    let long = json!({ "claimsToAddOrOverride": { "a": "x".repeat(64 * 1024) } });
    let fixed =
        |status, header, body: &'static str| Reaction::Fixed(status, header, Bytes::from_static(body.as_bytes()));
    let generation = |generation: &Value| Reaction::Changes(json!({ "accessTokenGeneration": generation }));
    let error = "X-Amz-Function-Error: Unhandled";
    let failed =
        |message: &str| ("UserLambdaValidationException", format!("PreTokenGeneration failed with error {message}."));
    let not_called = |message: &str| {
        let message = format!("PreTokenGeneration invocation failed due to error: {message}.");
        ("UnexpectedLambdaException", message)
    };
    let unusable = |reason: &str| ("InvalidLambdaResponseException", format!("Unrecognizable lambda output: {reason}"));
    for (reaction, (exception, description)) in [
        (fixed(200, error, r#"{"errorMessage":"no such tenant","errorType":"Error"}"#), failed("no such tenant")),
        (fixed(200, "", r#"{"errorMessage":"no such tenant","errorType":"Error"}"#), failed("no such tenant")),
        (fixed(200, "", r#"{"errorType":"Runtime.ExitError"}"#), failed("Runtime.ExitError")),
        (fixed(200, error, "null"), failed("Unhandled")),
        (fixed(500, error, r#"{"errorMessage":"down"}"#), failed("down")),
        (fixed(502, "", "bad gateway"), not_called("the function's URL answered with status 502")),
        (fixed(302, "Location: /", ""), not_called("the function's URL answered with status 302")),
        (Reaction::Fixed(200, "", large), not_called("the function's result is larger than 6291456 bytes")),
        (Reaction::HangUp, not_called("the function cannot be reached")),
        (fixed(200, "", ""), unusable("the answer is not JSON")),
        (fixed(200, "", "<html>"), unusable("the answer is not JSON")),
        (fixed(200, "", "{}"), unusable("the answer is not the event handed back: its version must be \"3\"")),
        (fixed(200, "", r#"{"version":"3"}"#), unusable("response must be an object")),
        (
            generation(&json!({ "scopesToAdd": "weather-api/delete" })),
            unusable(
                "response.claimsAndScopeOverrideDetails.accessTokenGeneration.scopesToAdd must be a list of strings",
            ),
        ),
        (generation(&many), unusable("the answer makes more than 5000 changes")),
        (generation(&long), unusable("the claims are larger than 65536 bytes")),
    ] {
        function.reacts(reaction);
        let reply = machine.ask(&server, "").await;
        let expected = json!({ "error": "invalid_request", "error_description": description });
        assert_eq!((reply.status.as_u16(), reply.json()), (400, expected));
        let reply = server.cognito_as(None, "GetClientToken", &call).await;
        // Callers compare this one text of AWS's, so it comes without the reason.
        let message = if exception.starts_with("Invalid") { "Unrecognizable lambda output" } else { &description };
        assert_eq!((reply.status.as_u16(), reply.json()), (400, json!({ "__type": exception, "message": message })));
        // What may have arrived is not sent again.
        assert_eq!(function.seen().len(), 2, "{description}");
    }
    function.changes(&json!({ "claimsToAddOrOverride": { "tenant": "north" } }));
    let token = server.cognito("GetClientToken", call).await;
    let token = token["ClientAuthenticationResult"]["AccessToken"].as_str().unwrap();
    assert_eq!(claims(token)["tenant"], "north");
}

#[tokio::test]
async fn a_setting_that_names_no_function_stops_the_start() {
    for (setting, expected) in [
        ("claims=http://127.0.0.1:9000", "expected ARN=URL"),
        ("arn:aws:lambda:us-east-1:000000000000:function:claims=127.0.0.1:9000", "must be http:// or https://"),
    ] {
        let dev = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
            command.env_clear().args(["dev", "--ephemeral", "--listen", "127.0.0.1:0"]);
            command
        };
        for command in [dev().args(["--function", setting]), dev().env("CLAVIGER_FUNCTIONS", setting)] {
            let (status, _, stderr) = run(command).await;
            assert_eq!(status, Some(2), "{stderr}");
            assert!(stderr.contains(expected) && stderr.contains("CLAVIGER_FUNCTIONS"), "{stderr}");
        }
    }
}

#[tokio::test]
async fn that_nothing_answers_for_fails_the_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let server = Server::dev_with_function(ARN, &url);
    let machine = server.machine().await;
    server.hook(&machine, "V3_0").await;
    let refused = async |description: &str| {
        let reply = machine.ask(&server, "").await;
        let expected = json!({ "error": "invalid_request", "error_description": description });
        assert_eq!((reply.status.as_u16(), reply.json()), (400, expected));
    };
    refused("PreTokenGeneration invocation failed due to error: the function cannot be reached.").await;
    let other = format!("{ARN}-too");
    let config = json!({ "PreTokenGenerationConfig": { "LambdaVersion": "V3_0", "LambdaArn": other } });
    server.cognito("UpdateUserPool", json!({ "UserPoolId": machine.pool, "LambdaConfig": config })).await;
    refused(&format!(
        "PreTokenGeneration invocation failed due to error: there is no function {other}; create it, or say where it is with \
         --function ARN=URL or CLAVIGER_FUNCTIONS."
    ))
    .await;
}

#[tokio::test]
async fn changes_both_tokens_of_a_user_who_signs_in_and_of_one_who_goes_on() {
    let function = Function::start().await;
    let (server, machine) = hooked(&function).await;
    server.hook(&machine, "V2_0").await;
    let of_pool = |mut input: Value| {
        input["UserPoolId"] = json!(machine.pool);
        input
    };
    let email = json!([{ "Name": "email", "Value": "ada@weather.example" }]);
    let user = json!({ "Username": "ada", "UserAttributes": email, "MessageAction": "SUPPRESS" });
    server.cognito("AdminCreateUser", of_pool(user)).await;
    let password = json!({ "Username": "ada", "Password": "Thunder-storm-1", "Permanent": true });
    server.cognito("AdminSetUserPassword", of_pool(password)).await;
    let flows = json!(["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]);
    let app = json!({ "ClientName": "app", "ExplicitAuthFlows": flows });
    let app = server.cognito("CreateUserPoolClient", of_pool(app)).await["UserPoolClient"]["ClientId"].clone();
    let sign_in = async |flow: &str, parameters: Value| {
        let input = json!({ "ClientId": app, "AuthFlow": flow, "AuthParameters": parameters });
        server.cognito("InitiateAuth", input).await["AuthenticationResult"].take()
    };
    function.reacts(Reaction::Changes(json!({
        "idTokenGeneration": { "claimsToAddOrOverride": { "station": "north" }, "claimsToSuppress": ["email"] },
        "accessTokenGeneration": { "claimsToAddOrOverride": { "sub": "eve" }, "scopesToAdd": ["openid"] },
    })));
    let first = sign_in("USER_PASSWORD_AUTH", json!({ "USERNAME": "ada", "PASSWORD": "Thunder-storm-1" })).await;
    let again = sign_in("REFRESH_TOKEN_AUTH", json!({ "REFRESH_TOKEN": first["RefreshToken"] })).await;
    let [(_, began), (_, went_on)] = &*function.seen() else { panic!("not called twice") };
    assert_eq!(began["triggerSource"], "TokenGeneration_Authentication");
    assert_eq!(went_on["triggerSource"], "TokenGeneration_RefreshTokens");
    for (event, tokens) in [(began, &first), (went_on, &again)] {
        assert_eq!((&event["version"], &event["userName"]), (&json!("2"), &json!("ada")));
        let attributes = &event["request"]["userAttributes"];
        assert_eq!(
            (&attributes["email"], &attributes["cognito:user_status"]),
            (&json!("ada@weather.example"), &json!("CONFIRMED"))
        );
        let read = |name: &str| claims(tokens[name].as_str().unwrap());
        let (access, id) = (read("AccessToken"), read("IdToken"));
        assert_eq!((&id["station"], id.get("email")), (&json!("north"), None));
        assert_eq!(access["sub"], attributes["sub"]);
        assert_eq!(access["scope"], "aws.cognito.signin.user.admin openid");
    }
    // With `openid`, the token opens userInfo.
    let bearer = format!("Bearer {}", again["AccessToken"].as_str().unwrap());
    let reply = server.ask(request("GET", "/oauth2/userInfo", &[("Authorization", &bearer)], "")).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["email"]), (200, &json!("ada@weather.example")));
    // A function that fails keeps users out, too.
    function.reacts(Reaction::Fixed(200, "X-Amz-Function-Error: Unhandled", r#"{"errorMessage":"no"}"#.into()));
    let input = json!({
        "ClientId": app, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": { "REFRESH_TOKEN": first["RefreshToken"] },
    });
    let refused = server.cognito_as(None, "InitiateAuth", &input).await.json();
    let expected = json!({
        "__type": "UserLambdaValidationException", "message": "PreTokenGeneration failed with error no.",
    });
    assert_eq!(refused, expected);
}
