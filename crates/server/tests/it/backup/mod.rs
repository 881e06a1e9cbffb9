//! Backups of servers that run, and what is restored from them.

mod damaged;
mod files;
mod running;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use claviger_server::node::{Options, Place};
use flate2::read::GzDecoder;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::stack::{Reply, request};
use crate::support::{Server, run};

/// A data directory, and a place for backups of it.
pub(crate) struct Data(TempDir);

impl Data {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A directory in which there is but the master key of another.
    pub(crate) fn with_key_of(other: &Self) -> Self {
        let data = Self::new();
        fs::create_dir(data.path()).unwrap();
        fs::copy(other.path().join("master.key"), data.path().join("master.key")).unwrap();
        data
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("backup.tar.gz")
    }

    /// A server on it.
    pub(crate) fn serve(&self) -> Server {
        Server::with_node(&Place::Directory(self.path()), Options::default())
    }

    /// Stops a server, and waits until it has let go of its store.
    pub(crate) async fn stop(&self, server: Server) {
        server.stop().await;
        let lock = fs::File::open(self.path().join("claviger.db.lock")).unwrap();
        while lock.try_lock().is_err() {
            tokio::task::yield_now().await;
        }
        lock.unlock().unwrap();
    }

    /// One of our commands on it, by itself.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
        command.env_clear().env("PATH", std::env::var("PATH").unwrap()).args(arguments);
        command.arg("--data-dir").arg(self.path()).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Makes a backup and answers what it says of itself.
    async fn save(&self) -> Value {
        let file = self.file();
        let _ = fs::remove_file(&file);
        let mut command = self.command(&["--output", "json", "backup", file.to_str().unwrap()]);
        let (status, said, complaints) = run(&mut command).await;
        assert_eq!((status, &*complaints), (Some(0), ""));
        serde_json::from_str(&said).unwrap()
    }

    /// Restores a backup.
    async fn restore(&self, file: &Path) -> (Option<i32>, String, String) {
        run(&mut self.command(&["restore", file.to_str().unwrap()])).await
    }

    /// Restores what comes on stdin.
    async fn restore_from(&self, backup: &[u8]) -> (Option<i32>, String) {
        let mut command = self.command(&["restore", "-"]);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that refuses does not read to the end.
        let _ = stdin.write_all(backup).await;
        drop(stdin);
        let output = child.wait_with_output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

impl Server {
    /// Puts, gets or deletes an object.
    pub(crate) async fn object(&self, method: &str, target: &str, content: &str) -> Reply {
        let reply = self.ask(request(method, target, &[("Host", "s3.localhost")], content)).await;
        assert!(reply.status.is_success(), "{method} {target}: {reply:?}");
        reply
    }
}

/// A backup as it is before it is compressed.
fn unpacked(file: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(fs::File::open(file).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A text of this length that does not compress well, another for each number.
fn noise(number: u64, length: usize) -> String {
    use claviger_resources::Random as _;
    let mut bytes = vec![0; length];
    claviger_testkit::SeededRandom::new(number).fill(&mut bytes);
    bytes.into_iter().map(|byte| char::from(b'!' + byte % 90)).collect()
}
