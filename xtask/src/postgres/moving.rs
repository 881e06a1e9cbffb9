//! Whether a store moves from SQLite to PostgreSQL and back with the program's own commands, while servers run on both.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http;
use crate::project::root;
use crate::server::{Server, cognito, token};

/// Longer than a piece in which the store keeps contents.
const LARGE: usize = 1_300_000;

/// The calls that dev servers take need no right signature, but say which service they are for.
const S3: (&str, &str) = (
    "Authorization",
    "AWS4-HMAC-SHA256 Credential=any/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
);

/// A client that must get tokens wherever the store goes.
struct Client {
    id: String,
    secret: String,
}

/// A production server, ended when dropped.
struct Serving {
    address: SocketAddr,
    child: Child,
}

pub(super) fn run(store: &str) -> anyhow::Result<()> {
    let place = tempfile::tempdir()?;
    let (first, second) = (place.path().join("first"), place.path().join("second"));
    let server = Server::start(&binary(), &first)?;
    let client = fill(&server)?;
    let config = configure(&place, &first, store)?;
    let by_config = ["--config", path(&config)?];
    let saved = claviger(&["backup", path(&place.path().join("one.tar.gz"))?, "--data-dir", path(&first)?])?;
    drop(server);
    let one = path(&place.path().join("one.tar.gz"))?.to_owned();
    claviger(&[&["restore", &one][..], &by_config].concat())?;
    let again = claviger(&[&["restore", &one][..], &by_config].concat());
    let again = again.err().context("a store was filled that was not empty")?.to_string();
    ensure!(again.contains("the store is not empty"), "{again}");

    let serving = Serving::start(&config)?;
    client.gets_a_token(serving.address)?;
    let checks = claviger(&[&["doctor"][..], &by_config].concat())?;
    let checks = checks.as_array().context("no checks")?;
    let wrong: Vec<_> = checks.iter().filter(|check| check["outcome"] == "failed").collect();
    ensure!(wrong.is_empty() && checks.iter().any(|check| check["check"] == "clock"), "{checks:?}");
    let two = place.path().join("two.tar.gz");
    let moved = claviger(&[&["backup", path(&two)?][..], &by_config].concat())?;
    for what in ["/holds/objects", "/holds/functions", "/holds/records/app_client", "/holds/records/object"] {
        ensure!(saved.pointer(what) == moved.pointer(what), "{what}: {saved} and then {moved}");
    }
    drop(serving);

    fs::create_dir(&second)?;
    fs::copy(first.join("master.key"), second.join("master.key"))?;
    claviger(&["restore", path(&two)?, "--data-dir", path(&second)?])?;
    claviger(&["doctor", "--data-dir", path(&second)?])?;
    let server = Server::start(&binary(), &second)?;
    client.gets_a_token(server.address)?;
    for (key, content) in objects() {
        let answer = http::exchange(server.address, &http::request("GET", &format!("/reports/{key}"), &[S3], b""))?;
        ensure!(answer.status == 200 && answer.body == content, "{key} is not what it was");
    }
    Ok(())
}

/// Objects of every size that is kept in another way.
fn objects() -> [(&'static str, Vec<u8>); 3] {
    let large = (0..LARGE).map(|place| u8::try_from(place * place % 251).unwrap_or_default()).collect();
    [("empty", Vec::new()), ("small", b"Eunice".to_vec()), ("large", large)]
}

/// Makes a pool with a client, and objects.
fn fill(server: &Server) -> anyhow::Result<Client> {
    let pool = server.cognito("CreateUserPool", &json!({ "PoolName": "weather" }))?;
    let pool = pool.pointer("/UserPool/Id").and_then(Value::as_str).context("no pool")?;
    let scopes = json!([{ "ScopeName": "get", "ScopeDescription": "get" }]);
    let api = json!({ "UserPoolId": pool, "Identifier": "api", "Name": "api", "Scopes": scopes });
    server.cognito("CreateResourceServer", &api)?;
    let input = json!({ "UserPoolId": pool, "ClientName": "station", "GenerateSecret": true,
        "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": ["api/get"] });
    let created = http::exchange(server.address, &cognito("CreateUserPoolClient", &input))?;
    let created: Value = serde_json::from_slice(&created.body)?;
    let text = |name: &str| created.pointer(name).and_then(Value::as_str).map(str::to_owned).context("no client");
    let client = Client { id: text("/UserPoolClient/ClientId")?, secret: text("/UserPoolClient/ClientSecret")? };
    client.gets_a_token(server.address)?;
    let put = |target: &str, content: &[u8]| -> anyhow::Result<()> {
        let answer = http::exchange(server.address, &http::request("PUT", target, &[S3], content))?;
        ensure!(answer.status == 200, "PUT {target}: {} {}", answer.status, answer.text());
        Ok(())
    };
    put("/reports", b"")?;
    for (key, content) in objects() {
        put(&format!("/reports/{key}"), &content)?;
    }
    Ok(client)
}

impl Client {
    fn gets_a_token(&self, address: SocketAddr) -> anyhow::Result<()> {
        let answer = http::exchange(address, &token(&self.id, &self.secret))?;
        ensure!(answer.status == 200, "the token endpoint answered {}: {}", answer.status, answer.text());
        Ok(())
    }
}

/// The configuration of a server on this database.
fn configure(place: &TempDir, data: &Path, store: &str) -> anyhow::Result<PathBuf> {
    let file = place.path().join("claviger.toml");
    let (here, key) = (place.path().join("served"), data.join("master.key"));
    let text = format!(
        "data_dir = '{}'\nissuer = 'aws'\nmaster_key.file = '{}'\nlisten.data = ['127.0.0.1:0']\nstore = '{store}&schema=moved'\n",
        here.display(),
        key.display()
    );
    fs::write(&file, text)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
    Ok(file)
}

impl Serving {
    fn start(config: &Path) -> anyhow::Result<Self> {
        let mut child = Command::new(binary())
            .args(["serve", "--config"])
            .arg(config)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot run the server")?;
        let said = child.stderr.take().context("no stderr")?;
        let mut complaints = String::new();
        for line in BufReader::new(said).lines() {
            let line = line?;
            if let Some((_, rest)) = line.split_once(" at ")
                && line.contains("serving")
            {
                let address = rest.split(';').next().unwrap_or_default().parse()?;
                return Ok(Self { address, child });
            }
            complaints = format!("{complaints}{line}\n");
        }
        bail!("the server ended: {complaints}");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs one of our commands; what it answers.
fn claviger(arguments: &[&str]) -> anyhow::Result<Value> {
    let mut command = Command::new(binary());
    let output = command.args(["--output", "json"]).args(arguments).stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_str(&said)?)
}

fn binary() -> PathBuf {
    root().join("target/debug/claviger")
}

fn path(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("a path that is no text")
}
