//! The server under test: built for release, started on a store of its own.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::http;

/// How long a server may take to listen.
const START_MAX: Duration = Duration::from_secs(20);

/// A running server, ended when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    child: Child,
}

/// Builds the release binary and tells where it is; `CLAVIGER_BINARY` names another.
pub(crate) fn binary() -> anyhow::Result<PathBuf> {
    if let Some(binary) = std::env::var_os("CLAVIGER_BINARY") {
        return Ok(binary.into());
    }
    eprintln!("building for release");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--release", "--bin", "claviger", "--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(built.status.success(), "the release build failed");
    let artifacts = String::from_utf8_lossy(&built.stdout);
    let executable =
        artifacts.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()).find_map(|message| {
            (message.pointer("/target/name")? == "claviger").then_some(())?;
            message.get("executable")?.as_str().map(PathBuf::from)
        });
    executable.context("cargo named no executable")
}

/// A call of an operation of Cognito.
pub(crate) fn cognito(operation: &str, input: &Value) -> Vec<u8> {
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    let headers = [("X-Amz-Target", target.as_str()), ("Content-Type", "application/x-amz-json-1.1")];
    http::request("POST", "/", &headers, input.to_string().as_bytes())
}

/// A request for a token.
pub(crate) fn token(client_id: &str, client_secret: &str) -> Vec<u8> {
    let body = format!("grant_type=client_credentials&client_id={client_id}&client_secret={client_secret}");
    http::request("POST", "/oauth2/token", &[("Content-Type", "application/x-www-form-urlencoded")], body.as_bytes())
}

impl Server {
    pub(crate) fn start(binary: &Path, data: &Path) -> anyhow::Result<Self> {
        Ok(Self::start_timed(binary, data)?.0)
    }

    /// Starts the server; tells when that began and how long it was until it listened.
    pub(crate) fn start_timed(binary: &Path, data: &Path) -> anyhow::Result<(Self, Instant, Duration)> {
        Self::start_timed_with(binary, data, &[])
    }

    /// Starts one with quotas of its own.
    pub(crate) fn start_with(binary: &Path, data: &Path, quotas: &[(&str, usize)]) -> anyhow::Result<Self> {
        Ok(Self::start_timed_with(binary, data, quotas)?.0)
    }

    fn start_timed_with(
        binary: &Path,
        data: &Path,
        quotas: &[(&str, usize)],
    ) -> anyhow::Result<(Self, Instant, Duration)> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let started = Instant::now();
        let child = Command::new(binary)
            .args(["dev", "--listen", &address.to_string(), "--data-dir"])
            .arg(data)
            .args(quotas.iter().map(|(name, value)| format!("--quota={name}={value}")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot run {}", binary.display()))?;
        let mut server = Self { address, child };
        loop {
            if TcpStream::connect(address).is_ok() {
                let listening = started.elapsed();
                return Ok((server, started, listening));
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended with {status}");
            }
            ensure!(started.elapsed() < START_MAX, "the server does not listen on {address}");
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// Calls an operation of Cognito.
    pub(crate) fn cognito(&self, operation: &str, input: &Value) -> anyhow::Result<Value> {
        self.json(&cognito(operation, input)).with_context(|| operation.to_owned())
    }

    /// Calls an operation of API Gateway.
    pub(crate) fn rest(&self, method: &str, target: &str, input: &Value) -> anyhow::Result<Value> {
        let headers = [("Content-Type", "application/json")];
        self.json(&http::request(method, target, &headers, input.to_string().as_bytes()))
            .with_context(|| format!("{method} {target}"))
    }

    fn json(&self, request: &[u8]) -> anyhow::Result<Value> {
        let answer = http::exchange(self.address, request)?;
        ensure!((200..300).contains(&answer.status), "answered {}: {}", answer.status, answer.text());
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// Ends the server where it stands.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// The process's proportional share of memory.
    pub(crate) fn pss_mebibytes(&self) -> anyhow::Result<f64> {
        pss_mebibytes(self.child.id())
    }
}

/// A process's proportional share of memory.
pub(crate) fn pss_mebibytes(process: u32) -> anyhow::Result<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss line")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kibibytes / 1024.0)
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
