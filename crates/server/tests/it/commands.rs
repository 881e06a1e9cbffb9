//! `claviger token`, `inspect`, `dev` and `demo`, as a shell sees them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use crate::stack::claims;
use crate::support::{Server, claviger, run};

/// Runs a command with `input` on its stdin.
async fn run_with_input(command: &mut Command, input: &str) -> (Option<i32>, String, String) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that does not read its input is judged by what it says.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = child.wait_with_output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn token_is_printed_bare_and_kept_while_it_lives() {
    let server = Server::dev();
    let machine = server.machine().await;
    let home = tempfile::tempdir().unwrap();
    let token = |arguments: &[&str]| {
        let mut command = claviger(&server);
        command.env("HOME", home.path()).env("CLAVIGER_CLIENT_ID", &machine.client_id);
        command.env("CLAVIGER_CLIENT_SECRET", &machine.secret).arg("token").args(arguments);
        command
    };
    let (status, first, stderr) = run(&mut token(&[])).await;
    assert_eq!((status, &*stderr), (Some(0), ""));
    assert_eq!(claims(first.trim_end())["scope"], "weather-api/get weather-api/post");
    assert_eq!(run(&mut token(&[])).await.1, first);
    assert_ne!(run(&mut token(&["--no-cache"])).await.1, first);

    // Other scopes are another token, in whatever order they are named.
    let (_, narrow, _) = run(&mut token(&["--scope", "weather-api/get"])).await;
    assert_eq!(claims(narrow.trim_end())["scope"], "weather-api/get");
    let (_, both, _) = run(&mut token(&["--scope", "weather-api/post", "--scope", "weather-api/get"])).await;
    assert_ne!(both, first);
    let mut from_environment = token(&[]);
    from_environment.env("CLAVIGER_SCOPE", "weather-api/get weather-api/post");
    assert_eq!(run(&mut from_environment).await.1, both);

    let directory = home.path().join(".cache").join("claviger").join("tokens");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let files: Vec<_> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 3);
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");

    let (_, json, _) = run(&mut token(&["--output", "json"])).await;
    let answer: Value = serde_json::from_str(&json).unwrap();
    let names: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(names, ["access_token", "expires_in", "token_type", "expires_at"]);
    assert_eq!(answer["access_token"], first.trim_end());
    assert_eq!(answer["expires_at"], claims(first.trim_end())["exp"]);
    assert!((3500..=3600).contains(&answer["expires_in"].as_i64().unwrap()), "{answer}");
}

#[tokio::test]
async fn token_takes_its_secret_from_a_file_or_stdin() {
    let server = Server::dev();
    let machine = server.machine().await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret");
    fs::write(&file, format!("{}\n", machine.secret)).unwrap();
    let token = |arguments: &[&str]| {
        let mut command = claviger(&server);
        command.args(["token", "--no-cache", "--client-id", &machine.client_id]).args(arguments);
        command
    };
    let (status, ..) = run(&mut token(&["--client-secret-file", file.to_str().unwrap()])).await;
    assert_eq!(status, Some(0));
    let (status, ..) = run_with_input(&mut token(&["--client-secret-file", "-"]), &machine.secret).await;
    assert_eq!(status, Some(0));
    assert_eq!(run(&mut token(&["--client-secret", &machine.secret])).await.0, Some(0));

    // The flag goes before the environment.
    let mut command = token(&["--client-secret-file", file.to_str().unwrap()]);
    assert_eq!(run(command.env("CLAVIGER_CLIENT_SECRET", "wrong")).await.0, Some(0));
    for (arguments, expected) in [
        (&[][..], "CLAVIGER_CLIENT_SECRET"),
        (&["--client-secret", ""], "the client secret is empty"),
        (&["--client-secret", "a", "--client-secret-file", "b"], "cannot be used with"),
        (&["--client-secret", "a", "--token-url", "nowhere"], "expected a URL"),
    ] {
        let (status, _, stderr) = run(&mut token(arguments)).await;
        assert_eq!(status, Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
    }
    let (status, _, stderr) = run(&mut token(&["--client-secret-file", "/does/not/exist"])).await;
    assert_eq!(status, Some(1));
    assert!(stderr.contains("/does/not/exist"), "{stderr}");
}

#[tokio::test]
async fn token_says_what_to_do_about_a_refusal() {
    let server = Server::dev();
    let machine = server.machine().await;
    let url = format!("http://{}", server.address);
    for (secret, arguments, expected) in [
        ("wrong", &[][..], "invalid_client: the client id is unknown"),
        (&machine.secret, &["--scope", "weather-api/delete"], "invalid_grant: a scope asked for is not in"),
        (&machine.secret, &["--scope", "storms/get"], "invalid_scope: a scope asked for is not defined"),
        (&machine.secret, &["--token-url", &format!("{url}/oauth2/tokens")], "404"),
        (&machine.secret, &["--token-url", &url], "404"),
    ] {
        let mut command = claviger(&server);
        command.args(["token", "--no-cache", "--client-id", &machine.client_id]).args(arguments);
        let (status, stdout, stderr) = run(command.env("CLAVIGER_CLIENT_SECRET", secret)).await;
        assert_eq!((status, &*stdout), (Some(1), ""), "{arguments:?}");
        assert!(stderr.contains(expected) && !stderr.contains(secret), "{arguments:?}: {stderr}");
    }
}

#[tokio::test]
async fn token_reaches_the_domain_of_a_pool_under_exec() {
    let server = Server::dev();
    let machine = server.machine().await;
    server.cognito("CreateUserPoolDomain", json!({ "UserPoolId": machine.pool, "Domain": "weather" })).await;
    let url = "https://weather.auth.us-east-1.amazoncognito.com/oauth2/token";
    let mut command = claviger(&server);
    command.args(["exec", "--", env!("CARGO_BIN_EXE_claviger"), "token", "--no-cache", "--token-url", url]);
    command.env("CLAVIGER_CLIENT_ID", &machine.client_id).env("CLAVIGER_CLIENT_SECRET", &machine.secret);
    let (status, token, stderr) = run(&mut command).await;
    assert_eq!((status, &*stderr), (Some(0), ""));
    assert_eq!(claims(token.trim_end())["client_id"], machine.client_id);
}

#[tokio::test]
async fn inspect_tells_valid_tokens_from_others() {
    let server = Server::dev();
    let machine = server.machine().await;
    let token = machine.token(&server, "weather-api/get").await;
    let inspect = |text: &str| {
        let mut command = claviger(&server);
        command.args(["inspect", text]);
        command
    };
    let (status, stdout, _) = run(&mut inspect(&token)).await;
    assert_eq!(status, Some(0), "{stdout}");
    for expected in ["weather-api/get", " min", &format!("Valid: signed by a key of user pool {}", machine.pool)] {
        assert!(stdout.contains(expected), "{expected} in {stdout}");
    }
    assert_eq!(run_with_input(&mut inspect("-"), &format!("  bearer {token}\n")).await.0, Some(0));
    assert_eq!(run(&mut inspect(&format!("Bearer {token}"))).await.0, Some(0));

    let (header, rest) = token.split_once('.').unwrap();
    let signature = rest.split_once('.').unwrap().1;
    for (text, reason) in [
        (String::new(), "no token was presented"),
        ("storm".to_owned(), "it does not have three segments"),
        (format!("{header}.e30.{signature}"), "the claim iss is missing"),
        (format!("{token}!"), "its signature is not base64url"),
        (format!("{token}AAAA"), "the token's signature is wrong"),
    ] {
        let (status, stdout, _) = run_with_input(&mut inspect("-"), &text).await;
        assert_eq!(status, Some(1), "{text}: {stdout}");
        assert!(stdout.contains("Not valid: ") && stdout.contains(reason), "{text}: {stdout}");
    }

    server.advance(3601).await;
    let (status, stdout, _) = run(inspect(&token).args(["--output", "json"])).await;
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (status, &report["reason"], &report["valid"]),
        (Some(1), &json!("the token has expired"), &json!(false))
    );
    assert_eq!(report["claims"]["client_id"], machine.client_id);

    server.cognito("DeleteUserPool", json!({ "UserPoolId": machine.pool })).await;
    let (_, stdout, _) = run(&mut inspect(&token)).await;
    assert!(stdout.contains(&format!("there is no user pool {}", machine.pool)), "{stdout}");
    let mut inspect = inspect(&token);
    server.stop().await;
    let (status, stdout, _) = run(&mut inspect).await;
    assert_eq!(status, Some(1));
    assert!(stdout.contains("it could not be verified: no server answers"), "{stdout}");
}

#[tokio::test]
async fn dev_says_where_it_is_and_what_takes_its_port() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("address");
    fs::write(&file, "http://left-behind").unwrap();
    let dev = |listen: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
        command.env_clear().current_dir(directory.path()).args(["dev", "--listen", listen]);
        command.stderr(Stdio::piped()).kill_on_drop(true);
        command
    };
    let mut first = dev("127.0.0.1:0").arg("--address-file").arg(&file).spawn().unwrap();
    let mut lines = BufReader::new(first.stderr.take().unwrap()).lines();
    let mut greeting = Vec::new();
    for _ in 0..4 {
        greeting.push(lines.next_line().await.unwrap().unwrap());
    }
    let url = greeting[0].strip_prefix("claviger: listening on ").unwrap().to_owned();
    assert_eq!(fs::read_to_string(&file).unwrap(), url);
    assert!(greeting[1].contains(directory.path().join(".claviger").to_str().unwrap()), "{greeting:?}");
    assert!(greeting[2].contains(&format!("AWS_ENDPOINT_URL={url}")), "{greeting:?}");
    assert!(greeting[3].contains(&format!("claviger --endpoint {url} exec -- COMMAND")), "{greeting:?}");

    let address = url.strip_prefix("http://").unwrap();
    let (status, _, stderr) = run(dev(address).arg("--ephemeral")).await;
    assert_eq!(status, Some(1));
    assert!(stderr.contains(&format!("cannot listen on {address}: ")) && stderr.contains("--listen"), "{stderr}");

    let pid = rustix::process::Pid::from_raw(i32::try_from(first.id().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(first.wait().await.unwrap().code(), Some(0));
    assert!(!file.exists());
}

#[tokio::test]
async fn demo_ends_well() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
    let (status, stdout, stderr) = run(command.env_clear().args(["demo", "--exit"])).await;
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    assert_eq!((stdout.matches("as expected").count(), stdout.contains("NOT THE EXPECTED")), (9, false), "{stdout}");
}
