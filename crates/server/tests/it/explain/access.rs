//! Who may ask, for what, and how.

use claviger_server::listener::Limits;
use serde_json::{Value, json};

use crate::stack::request;
use crate::support::{Server, claviger, run};

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
    // Outside `dev` an operator is who signs as one.
    let target = format!("/_claviger/explain/{}", unsigned.id());
    let asked = server.ask(request("GET", &target, &[], "")).await;
    assert_eq!((asked.status.as_u16(), &asked.json()["__type"]), (400, &"MissingAuthenticationTokenException".into()));
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
    assert!(status == Some(1) && stderr.contains("Missing Authentication Token"), "{stderr}");
}
