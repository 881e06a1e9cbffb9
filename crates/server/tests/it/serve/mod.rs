//! `claviger serve`, as whoever operates it meets it.

mod configuration;
mod doctor;
mod keys;
mod master_key;
mod stopping;
mod tls;

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use rcgen::{CertificateParams, KeyPair};
use rustix::process::{Pid, Signal, kill_process};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::{TcpStream, UnixDatagram};
use tokio::process::{Child, ChildStderr, Command};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::{Answer, get, send};

/// A directory with what a server needs: a master key, and a place for its data.
pub(crate) struct Home(TempDir);

/// A running `claviger serve`.
pub(crate) struct Served {
    child: Child,
    complaints: Lines<BufReader<ChildStderr>>,
    /// Where it listens, in the order of the configuration.
    addresses: Vec<SocketAddr>,
    /// What it tells systemd.
    notices: UnixDatagram,
}

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        home.write("master.key", &"01".repeat(32), 0o600);
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        fs::write(self.path(name), text).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Writes a certificate and its key.
    fn certificate(&self, name: &str, host: &str) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap().self_signed(&key).unwrap();
        // The key first: files that are looked at between the two would not fit.
        self.write(&format!("{name}.key"), &key.serialize_pem(), 0o600);
        self.write(&format!("{name}.pem"), &certificate.pem(), 0o644);
        certificate.der().clone()
    }

    /// The command that serves with these lines in its configuration, beside what every one needs.
    fn command(&self, lines: &str) -> Command {
        let here = self.0.path().display().to_string();
        let needed = "data_dir = 'HERE/data'\nissuer = 'aws'\nmaster_key.file = 'HERE/master.key'\n";
        self.write("claviger.toml", &format!("{needed}{lines}\n").replace("HERE", &here), 0o600);
        command_for(&self.path("claviger.toml"))
    }

    /// Starts a server and waits until it serves.
    pub(crate) async fn serve(&self, lines: &str) -> Served {
        let socket = self.path("notify");
        let _ = fs::remove_file(&socket);
        let notices = UnixDatagram::bind(&socket).unwrap();
        let mut command = self.command(lines);
        let mut child = command.env("NOTIFY_SOCKET", &socket).stderr(Stdio::piped()).spawn().unwrap();
        let complaints = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut served = Served { child, complaints, addresses: Vec::new(), notices };
        let line = served.complaint_with("serving").await;
        let addresses = line.split(" at ").nth(1).unwrap().split("; ").next().unwrap();
        served.addresses = addresses.split(", ").map(|address| address.parse().unwrap()).collect();
        served.notice_with("READY=1").await;
        served
    }

    /// Runs a server that is to refuse: its status and what it says.
    async fn refused(&self, lines: &str, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.command(lines).args(arguments).output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

impl Served {
    /// The next line on stderr that holds this.
    async fn complaint_with(&mut self, part: &str) -> String {
        let mut said = String::new();
        while let Some(line) = self.complaints.next_line().await.unwrap() {
            if line.contains(part) {
                return line;
            }
            said.extend([&line, "\n"]);
        }
        panic!("the server ended without saying {part:?}, but:\n{said}");
    }

    /// The next that systemd is told with this in it.
    async fn notice_with(&self, part: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let length = self.notices.recv(&mut buffer).await.unwrap();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if text.contains(part) {
                return text;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap(), signal).unwrap();
    }

    async fn connect(&self, place: usize) -> TcpStream {
        let address = self.addresses[place];
        TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], address.port()))).await.unwrap()
    }

    /// A request in plain HTTP to the address at this place of the configuration.
    async fn ask(&self, place: usize, request: Request<Empty<Bytes>>) -> Answer {
        send(self.connect(place).await, request).await
    }

    async fn get(&self, place: usize, path: &str) -> (u16, String) {
        let answer = self.ask(place, get("127.0.0.1", path)).await;
        (answer.status.as_u16(), answer.body)
    }

    /// A TLS connection that trusts this certificate alone.
    async fn encrypted(&self, trusted: &CertificateDer<'static>, name: &str) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(trusted.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name.to_owned()).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, self.connect(0).await).await
    }

    /// Waits until it has ended.
    async fn ended(&mut self) -> ExitStatus {
        self.child.wait().await.unwrap()
    }

    async fn stop(mut self) {
        self.signal(Signal::TERM);
        assert_eq!(self.ended().await.code(), Some(0));
    }
}

/// The command that serves by this configuration.
fn command_for(file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
    command.env_clear().env("PATH", std::env::var("PATH").unwrap()).args(["serve", "--config"]);
    command.arg(file).kill_on_drop(true);
    command
}

/// The certificate in a PEM text.
fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}
