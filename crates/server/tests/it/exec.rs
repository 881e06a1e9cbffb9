//! `claviger exec` and `claviger env`, as a shell sees them.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Command;

use crate::support::{Server, claviger, run};

#[tokio::test]
async fn runs_a_command_with_the_environment_and_removes_its_files() {
    let server = Server::dev();
    let script = r#"echo "$AWS_ENDPOINT_URL"; echo "$HTTPS_PROXY"; cat "$NODE_EXTRA_CA_CERTS"; echo "$SSL_CERT_FILE""#;
    let (status, stdout, stderr) = run(claviger(&server).args(["exec", "--", "sh", "-c", script])).await;
    assert_eq!(status, Some(0), "{stderr}");
    let lines: Vec<&str> = stdout.lines().collect();
    let url = format!("http://{}", server.address);
    assert_eq!(lines[..2], [&*url, &*url]);
    assert!(stdout.contains("-----BEGIN CERTIFICATE-----"));
    let bundle = Path::new(lines[lines.len() - 1]);
    assert!(bundle.is_absolute() && !bundle.exists(), "{}", bundle.display());
}

#[tokio::test]
async fn adds_to_the_bundle_that_a_variable_named_before() {
    let server = Server::dev();
    let directory = tempfile::tempdir().unwrap();
    let corporate = directory.path().join("corporate.pem");
    std::fs::write(&corporate, "corporate root\n").unwrap();
    let mut command = claviger(&server);
    command.env("REQUESTS_CA_BUNDLE", &corporate).args(["exec", "--", "sh", "-c", r#"cat "$REQUESTS_CA_BUNDLE""#]);
    let (_, stdout, _) = run(&mut command).await;
    assert!(stdout.starts_with("corporate root\n"), "{stdout}");
    assert_eq!(stdout.matches("-----BEGIN CERTIFICATE-----").count(), 1);
}

#[tokio::test]
async fn returns_the_status_of_the_command() {
    let server = Server::dev();
    for (command, expected) in [
        (&["sh", "-c", "exit 7"][..], 7),
        (&["sh", "-c", "kill -TERM $$"], 128 + 15),
        (&["no-such-command"], 127),
        (&["/"], 126),
    ] {
        let (status, _, stderr) = run(claviger(&server).args(["exec", "--"]).args(command)).await;
        assert_eq!(status, Some(expected), "{command:?}: {stderr}");
    }
}

#[tokio::test]
async fn passes_signals_on_to_the_command() {
    let server = Server::dev();
    // `read` waits without a child process of its own, so that the shell sees the signal at once.
    let script = "trap 'echo told; exit 5' TERM; echo ready; while :; do read line || :; done";
    let mut command = claviger(&server);
    command.args(["exec", "--", "sh", "-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).await.unwrap();
    assert_eq!(line, "ready\n");
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).await.unwrap();
    assert_eq!((rest.as_str(), child.wait().await.unwrap().code()), ("told\n", Some(5)));
}

#[tokio::test]
async fn says_how_to_start_a_server_when_none_answers() {
    let server = Server::dev();
    let mut command = claviger(&server);
    server.stop().await;
    let (status, stdout, stderr) = run(command.args(["exec", "--", "true"])).await;
    assert_eq!((status, &*stdout), (Some(1), ""));
    assert!(stderr.contains("start one with `claviger dev`"), "{stderr}");
}

#[tokio::test]
async fn tells_wrong_usage_from_failure() {
    let server = Server::dev();
    for arguments in
        [&["exec"][..], &["unknown"], &["exec", "--endpoint", "nowhere", "true"], &["env", "--output", "xml"]]
    {
        assert_eq!(run(claviger(&server).args(arguments)).await.0, Some(2), "{arguments:?}");
    }
}

#[tokio::test]
async fn prints_what_a_shell_can_evaluate_again_and_again() {
    let server = Server::dev();
    let directory = tempfile::tempdir().unwrap();
    // The second `env` runs in the environment that the first has made.
    let script = r#"eval "$("$0" env)" && eval "$("$0" env)" && echo "$NODE_OPTIONS" && cat "$NODE_EXTRA_CA_CERTS""#;
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_claviger")]).env_clear();
    command.env("PATH", std::env::var("PATH").unwrap());
    command.env("CLAVIGER_ENDPOINT", format!("http://{}", server.address)).env("XDG_STATE_HOME", directory.path());
    let (status, stdout, stderr) = run(&mut command).await;
    assert_eq!(status, Some(0), "{stderr}");
    assert_eq!(stdout.matches("--require").count(), 1, "{stdout}");
    assert_eq!(stdout.matches("-----BEGIN CERTIFICATE-----").count(), 1, "{stdout}");
    assert!(stdout.contains(directory.path().to_str().unwrap()), "{stdout}");
}

#[tokio::test]
async fn prints_json_when_asked() {
    let server = Server::dev();
    let directory = tempfile::tempdir().unwrap();
    let mut command = claviger(&server);
    command.args(["env", "--output", "json", "--state-dir"]).arg(directory.path());
    let (_, stdout, stderr) = run(&mut command).await;
    let printed: serde_json::Value = serde_json::from_str(&stdout).expect(&stderr);
    assert_eq!(printed["AWS_ENDPOINT_URL"], format!("http://{}", server.address));
}
