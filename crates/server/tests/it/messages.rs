//! `/_claviger/messages` and `claviger messages`: the codes that users of a laptop's server would wait for in vain.

use claviger_server::listener::Limits;
use serde_json::{Value, json};

use crate::stack::request;
use crate::support::{Server, claviger, run};

/// A pool whose user `ada` has signed up, and the code that was sent to it.
async fn signed_up(server: &Server) -> (String, String, String) {
    let pool = json!({"PoolName": "people", "AutoVerifiedAttributes": ["email"]});
    let pool = server.cognito("CreateUserPool", pool).await["UserPool"]["Id"].as_str().unwrap().to_owned();
    let client = json!({"UserPoolId": pool, "ClientName": "browser"});
    let client = server.cognito("CreateUserPoolClient", client).await["UserPoolClient"]["ClientId"].clone();
    let email = json!([{"Name": "email", "Value": "ada@example.com"}]);
    let input = json!({"ClientId": client, "Username": "ada", "Password": "Pass-w0rd", "UserAttributes": email});
    server.cognito("SignUp", input).await;
    let target = format!("/_claviger/messages?userPoolId={pool}&username=ada");
    let answer = server.ask(request("GET", &target, &[], "")).await.json();
    assert_eq!(answer["messages"].as_array().unwrap().len(), 1);
    let code = answer["messages"][0]["code"].as_str().unwrap().to_owned();
    (pool, client.as_str().unwrap().to_owned(), code)
}

#[tokio::test]
async fn a_user_confirms_with_the_code_that_an_operator_reads() {
    let server = Server::dev();
    let (pool, client, code) = signed_up(&server).await;
    let input = json!({"ClientId": client, "Username": "ada", "ConfirmationCode": code});
    server.cognito("ConfirmSignUp", input).await;
    let user = server.cognito("AdminGetUser", json!({"UserPoolId": pool, "Username": "ada"})).await;
    assert_eq!(user["UserStatus"], "CONFIRMED");
}

#[tokio::test]
async fn messages_are_told_to_whoever_names_their_pool() {
    let server = Server::dev();
    let (pool, _, code) = signed_up(&server).await;
    let ask = async |query: &str| {
        let reply = server.ask(request("GET", &format!("/_claviger/messages{query}"), &[], "")).await;
        (reply.status.as_u16(), reply.json())
    };
    let (status, all) = ask(&format!("?userPoolId={pool}")).await;
    assert_eq!((status, &all["messages"][0]["code"]), (200, &json!(code)));
    let message = |text: &str| json!({ "message": text });
    let expected = "expected ?userPoolId=ID or ?userPoolId=ID&username=NAME";
    for (query, status, body) in [
        ("", 400, message(expected)),
        ("?username=ada", 400, message(expected)),
        ("?userPoolId=us-east-1_none", 404, message("User pool us-east-1_none does not exist.")),
        (&*format!("?userPoolId={pool}&username=eve"), 404, message("User does not exist.")),
    ] {
        assert_eq!(ask(query).await, (status, body), "{query}");
    }
    let post = server.ask(request("POST", "/_claviger/messages", &[], "")).await;
    assert_eq!(post.said(), (405, r#"{"message":"use GET"}"#));
}

#[tokio::test]
async fn neither_web_pages_of_others_nor_production_tell_them() {
    let server = Server::dev();
    let (pool, ..) = signed_up(&server).await;
    let target = format!("/_claviger/messages?userPoolId={pool}");
    for headers in [[("Origin", "https://evil.example")], [("Host", "evil.example")]] {
        let reply = server.ask(request("GET", &target, &headers, "")).await;
        assert_eq!(reply.status, 403, "{headers:?}");
    }
    let production = Server::start(false, Limits::default());
    // Elsewhere they are for operators, who sign.
    let unsigned = production.ask(request("GET", &target, &[], "")).await;
    assert_eq!(
        (unsigned.status.as_u16(), &unsigned.json()["__type"]),
        (400, &"MissingAuthenticationTokenException".into())
    );
}

#[tokio::test]
async fn a_command_shows_them() {
    let server = Server::dev();
    let (pool, _, code) = signed_up(&server).await;
    let messages = |arguments: &[&str]| {
        let mut command = claviger(&server);
        command.args(["messages", "--user-pool-id", &pool]).args(arguments);
        command
    };
    let (status, text, stderr) = run(&mut messages(&[])).await;
    assert_eq!((status, &*stderr), (Some(0), ""));
    assert!(text.contains("SignUp  EMAIL to ada@example.com for ada\nSubject: Your verification code\n"), "{text}");
    assert!(text.ends_with(&format!("Your confirmation code is {code}.\n")), "{text}");
    let (_, json, _) = run(&mut messages(&["--username", "ada", "--output", "json"])).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["messages"][0]["code"], json!(code));
    let (status, stdout, stderr) = run(&mut messages(&["--username", "eve"])).await;
    assert_eq!((status, &*stdout), (Some(1), ""));
    assert!(stderr.ends_with("answered 404 Not Found: User does not exist.\n"), "{stderr}");
}
