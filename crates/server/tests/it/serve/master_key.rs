//! The master key: where it comes from, and how it is changed.

use rustix::process::Signal;

use super::{Home, command_for};

const LISTEN: &str = "listen.data = ['127.0.0.1:0']\nlog = 'info'";

fn key(digit: char) -> String {
    digit.to_string().repeat(64)
}

#[tokio::test]
async fn the_master_key_is_changed_while_the_server_runs() {
    let home = Home::new();
    home.write("master.key", &key('a'), 0o600);
    let mut served = home.serve(LISTEN).await;
    home.write("master.key", &format!("{}\n{}\n", key('b'), key('a')), 0o600);
    served.signal(Signal::HUP);
    served.complaint_with("wrapped by the new master key").await;
    served.notice_with("READY=1").await;
    // Told once more, there is nothing to do; a file that is no key changes nothing.
    home.write("master.key", "nonsense", 0o600);
    served.signal(Signal::HUP);
    served.complaint_with("the master key stays as it was").await;
    served.stop().await;

    home.write("master.key", &key('a'), 0o600);
    let (status, said) = home.refused(LISTEN, &[]).await;
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("the master key does not fit this store"), "{said}");
    home.write("master.key", &key('b'), 0o600);
    home.serve(LISTEN).await.stop().await;
}

#[tokio::test]
async fn the_key_comes_from_a_variable_or_a_command_as_well() {
    let home = Home::new();
    home.write("master.key", &key('c'), 0o600);
    home.serve(LISTEN).await.stop().await;
    let here = home.path("");
    let config = |source: &str| {
        let text = format!("data_dir = '{0}data'\nissuer = 'aws'\n{LISTEN}\n{source}", here.display());
        home.write("other.toml", &text, 0o600);
        home.path("other.toml")
    };
    let said = async |source: &str, value: &str| {
        let mut command = command_for(&config(source));
        let mut child = command.env("KEY", value).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(stderr));
        let first = lines.next_line().await.unwrap().unwrap();
        let _ = child.start_kill();
        child.wait().await.unwrap();
        first
    };
    let check = |line: String, expected: &str| assert!(line.contains(expected), "{line}");
    check(said("master_key.variable = 'KEY'", &key('c')).await, "claviger: serving http://127.0.0.1:");
    check(said("master_key.variable = 'KEY'", &key('d')).await, "the master key does not fit this store");
    check(said("master_key.variable = 'KEY'", "x").await, "the environment variable KEY holds no master key");
    let command = format!("master_key.command = ['cat', '{}']", home.path("master.key").display());
    check(said(&command, "x").await, "claviger: serving http://127.0.0.1:");
    check(
        said("master_key.command = ['false']", "x").await,
        "the command for the master key failed: false: exit status: 1",
    );
    check(said("master_key.command = ['/does/not/exist']", "x").await, "failed: /does/not/exist: No such file");
    home.write("master.key", &key('c'), 0o644);
    let file = format!("master_key.file = '{}'", home.path("master.key").display());
    check(said(&file, "x").await, "master.key can be read by others (mode 644)");
}
