//! A production server takes the calls of its own keys alone.

use serde_json::Value;
use tokio::process::Command;

use super::Home;
use crate::support::run;

const LISTEN: &str = "listen.data = ['127.0.0.1:0']";

/// Runs one of our own commands; `key` signs its calls.
async fn command(arguments: &[&str], key: Option<&Value>) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
    command.env_clear().env("PATH", std::env::var("PATH").unwrap()).args(arguments);
    if let Some(key) = key {
        command.env("AWS_ACCESS_KEY_ID", key["AccessKeyId"].as_str().unwrap());
        command.env("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"].as_str().unwrap());
    }
    run(&mut command).await
}

fn key(said: &str) -> Value {
    let answer: Value = serde_json::from_str(said).unwrap();
    answer["AccessKey"].clone()
}

#[tokio::test]
async fn the_first_key_is_made_on_the_store_and_makes_the_others() {
    let home = Home::new();
    drop(home.command(LISTEN));
    let config = home.path("claviger.toml");
    let create = ["keys", "create", "--config", config.to_str().unwrap(), "--output", "json", "--role"];
    let (status, _, said) = command(&[&create[..], &["nobody"]].concat(), None).await;
    assert_eq!((status, said.contains("there is no role nobody")), (Some(2), true), "{said}");
    let (status, said, complaints) = command(&[&create[..], &["admin"]].concat(), None).await;
    assert_eq!(status, Some(0), "{complaints}");
    let admin = key(&said);

    let served = home.serve(LISTEN).await;
    let url = format!("http://{}", served.addresses[0]);
    let list = ["--endpoint", &url, "keys", "list"];
    let (status, said, complaints) = command(&list, Some(&admin)).await;
    assert_eq!((status, said.contains("admin")), (Some(0), true), "{said}{complaints}");
    let (status, said, _) = command(&list, None).await;
    assert_eq!((status, &*said), (Some(1), ""));
    let create = ["--endpoint", &url, "--output", "json", "keys", "create", "--role", "auditor"];
    let (status, said, complaints) = command(&create, Some(&admin)).await;
    assert_eq!(status, Some(0), "{complaints}");
    let auditor = key(&said);
    let (status, _, complaints) = command(&create, Some(&auditor)).await;
    assert_eq!(status, Some(1));
    assert!(complaints.contains("is not authorized to perform: claviger:CreateAccessKey"), "{complaints}");
    served.stop().await;
}
