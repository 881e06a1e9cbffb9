//! `claviger doctor` looks at what the configuration of a server names.

use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use tokio::process::Command;

use super::Home;
use crate::support::run;

const LINES: &str = "listen.data = ['127.0.0.1:0']
[[tls.certificates]]
certificate = 'HERE/here.pem'
key = 'HERE/here.key'";

impl Home {
    /// Writes a certificate that ends so many days from now.
    fn certificate_ending(&self, days: i64) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["here.example".to_owned()]).unwrap();
        params.not_after = OffsetDateTime::now_utc() + Duration::days(days) + Duration::hours(1);
        self.write("here.key", &key.serialize_pem(), 0o600);
        self.write("here.pem", &params.self_signed(&key).unwrap().pem(), 0o644);
    }

    /// One of our commands by the configuration.
    async fn by_config(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
        command.env_clear().env("PATH", std::env::var("PATH").unwrap()).args(arguments);
        run(command.arg("--config").arg(self.path("claviger.toml"))).await
    }
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_a_warning_and_one_that_has_ended_a_failure() {
    let home = Home::new();
    home.certificate_ending(400);
    drop(home.command(LINES));
    let (status, _, complaints) = home.by_config(&["keys", "create", "--role", "admin"]).await;
    assert_eq!(status, Some(0), "{complaints}");
    for (days, outcome, saying) in
        [(400, "ok", "is good for 400 days"), (20, "warning", "expires in 20 days"), (-1, "failed", "has expired")]
    {
        home.certificate_ending(days);
        let (status, said, complaints) = home.by_config(&["--output", "json", "doctor"]).await;
        assert_eq!((status, &*complaints), (Some(i32::from(outcome == "failed")), ""), "{said}");
        for check in serde_json::from_str::<Vec<Value>>(&said).unwrap() {
            let is_it = check["check"] == "certificate";
            assert_eq!(check["outcome"], if is_it { outcome } else { "ok" }, "{said}");
            assert!(!is_it || check["found"].as_str().unwrap().contains(saying), "{check}");
        }
    }
    // A backup need not wait for a new certificate.
    let file = home.path("backup.tar.gz");
    let (status, _, complaints) = home.by_config(&["backup", file.to_str().unwrap()]).await;
    assert_eq!((status, &*complaints), (Some(0), ""));
}

#[tokio::test]
async fn a_wrong_line_of_the_configuration_is_named() {
    let home = Home::new();
    drop(home.command("listen.data = ['127.0.0.1:0']\nissuers = 'aws'"));
    let (status, said, _) = home.by_config(&["doctor"]).await;
    assert_eq!(status, Some(1));
    assert!(said.starts_with("failed   configuration: ") && said.contains("issuers"), "{said}");
}
