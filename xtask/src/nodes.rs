//! Nodes of `claviger serve` that share a PostgreSQL database, and calls of their control plane.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use anyhow::{Context as _, bail, ensure};
use claviger_aws_protocol::sigv4::{Signer, sign};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::http;
use crate::server::pss_mebibytes;

/// How long a node may take to be ready.
const START_MAX: Duration = Duration::from_mins(1);
/// How long one may take to stop in order.
const STOP_MAX: Duration = Duration::from_mins(1);
const REGION: &str = "us-east-1";

/// A node, running or not; it keeps its address.
pub(crate) struct Node {
    pub(crate) address: SocketAddr,
    folder: PathBuf,
    binary: PathBuf,
    /// The command that starts its program, where another does that.
    pub(crate) wrapper: Vec<String>,
    /// What its process finds in its environment.
    pub(crate) environment: Vec<(String, String)>,
    child: Option<Child>,
}

/// Nodes, and the key that their calls are signed with.
pub(crate) struct Nodes {
    pub(crate) all: Vec<Node>,
    pub(crate) key: Key,
    folder: TempDir,
}

/// An access key.
#[derive(Clone, Default)]
pub(crate) struct Key {
    id: String,
    secret: String,
}

/// What came of a call.
pub(crate) enum Called {
    /// It was done.
    Done(Value),
    /// It was refused in the protocol's own words.
    Refused(u16, String),
    /// There was no answer.
    Broken(anyhow::Error),
}

impl Nodes {
    /// Makes and starts nodes on these stores, one for each, which name one database in different words.
    pub(crate) fn start(binary: &Path, stores: &[String], lines: &str) -> anyhow::Result<Self> {
        let mut nodes = Self::unstarted(binary, stores, lines)?;
        nodes.start_all()?;
        Ok(nodes)
    }

    /// Makes nodes, and starts none.
    pub(crate) fn unstarted(binary: &Path, stores: &[String], lines: &str) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("claviger-nodes-").tempdir()?;
        write_private(&folder.path().join("master.key"), &"01".repeat(32))?;
        let mut all = Vec::new();
        for (number, store) in stores.iter().enumerate() {
            all.push(Node::new(binary, &folder.path().join(number.to_string()), store, lines)?);
        }
        Ok(Self { all, key: Key::default(), folder })
    }

    /// Makes the first key, and starts them all.
    pub(crate) fn start_all(&mut self) -> anyhow::Result<()> {
        self.key = self.all.first().context("no node is asked for")?.first_key()?;
        for node in &mut self.all {
            node.start()?;
        }
        self.all.iter().try_for_each(|node| node.wait_until_ready().map(drop))
    }

    /// Where each listens.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.all.iter().map(|node| node.address).collect()
    }

    /// The file of their master key.
    pub(crate) fn master_key(&self) -> PathBuf {
        self.folder.path().join("master.key")
    }

    /// A node by its place.
    pub(crate) fn node(&mut self, place: usize) -> anyhow::Result<&mut Node> {
        self.all.get_mut(place).context("there is no such node")
    }

    /// What the nodes complained of.
    pub(crate) fn logs(&self) -> String {
        let logs: Vec<String> = self.all.iter().map(Node::log).collect();
        logs.join("\n")
    }
}

impl Node {
    fn new(binary: &Path, folder: &Path, store: &str, lines: &str) -> anyhow::Result<Self> {
        fs::DirBuilder::new().mode(0o700).create(folder)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let keys = folder.with_file_name("master.key");
        let text = format!(
            "data_dir = '{}'\nstore = '{store}'\nissuer = 'aws'\nmaster_key.file = '{}'\nlisten.data = ['{address}']\n{lines}\n",
            folder.join("data").display(),
            keys.display(),
        );
        write_private(&folder.join("claviger.toml"), &text)?;
        let (folder, binary) = (folder.to_owned(), binary.to_owned());
        Ok(Self { address, folder, binary, wrapper: Vec::new(), environment: Vec::new(), child: None })
    }

    fn first_key(&self) -> anyhow::Result<Key> {
        let mut command = Command::new(&self.binary);
        command.args(["--output", "json", "keys", "create", "--role", "admin", "--config"]);
        let made = command.arg(self.folder.join("claviger.toml")).output()?;
        ensure!(made.status.success(), "no key was made: {}", String::from_utf8_lossy(&made.stderr));
        let made: Value = serde_json::from_slice(&made.stdout)?;
        let text =
            |name| Ok::<_, anyhow::Error>(made.pointer(name).and_then(Value::as_str).context("no key")?.to_owned());
        Ok(Key { id: text("/AccessKey/AccessKeyId")?, secret: text("/AccessKey/SecretAccessKey")? })
    }

    /// Its configuration file.
    pub(crate) fn configuration(&self) -> PathBuf {
        self.folder.join("claviger.toml")
    }

    /// Starts its process.
    pub(crate) fn start(&mut self) -> anyhow::Result<()> {
        let log = fs::File::options().create(true).append(true).open(self.folder.join("log"))?;
        let mut command = match self.wrapper.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(&self.binary);
                command
            }
            None => Command::new(&self.binary),
        };
        command.args(["serve", "--config"]).arg(self.folder.join("claviger.toml"));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().with_context(|| format!("cannot run {}", self.binary.display()))?;
        self.child = Some(child);
        Ok(())
    }

    /// Waits until it says that it is ready; tells how long that took.
    pub(crate) fn wait_until_ready(&self) -> anyhow::Result<Duration> {
        let started = Instant::now();
        while !self.is_ready() {
            ensure!(started.elapsed() < START_MAX, "a node is not ready:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(started.elapsed())
    }

    /// Whether it says that it is ready.
    pub(crate) fn is_ready(&self) -> bool {
        let request = http::request("GET", "/_claviger/ready", &[], b"");
        TcpStream::connect(self.address).is_ok()
            && http::exchange(self.address, &request).is_ok_and(|answer| answer.status == 200)
    }

    /// Ends it where it stands.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Its process's proportional share of memory.
    pub(crate) fn pss_mebibytes(&self) -> anyhow::Result<f64> {
        pss_mebibytes(self.child.as_ref().context("the node does not run")?.id())
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let status = Command::new("kill").arg(child.id().to_string()).status()?;
        ensure!(status.success(), "cannot ask a node to stop");
        let started = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                ensure!(status.success(), "a node ended with {status}:\n{}", self.log());
                return Ok(());
            }
            if started.elapsed() > STOP_MAX {
                let _ = child.kill();
                bail!("a node did not stop:\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Key {
    /// A signed call of an operation of Cognito.
    pub(crate) fn cognito(&self, address: SocketAddr, operation: &str, input: &Value) -> Called {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
        self.call(address, "cognito-idp", ("POST", "/"), &headers, input.to_string().as_bytes())
    }

    /// A signed call of API Gateway.
    pub(crate) fn rest(&self, address: SocketAddr, method: &str, target: &str, input: &Value) -> Called {
        let headers = [("content-type", "application/json")];
        self.call(address, "apigateway", (method, target), &headers, input.to_string().as_bytes())
    }

    /// A signed call of a service that takes forms.
    pub(crate) fn form(&self, address: SocketAddr, service: &str, form: &str) -> Called {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.call(address, service, ("POST", "/"), &headers, form.as_bytes())
    }

    fn call(
        &self,
        address: SocketAddr,
        service: &str,
        (method, target): (&str, &str),
        headers: &[(&'static str, &str)],
        body: &[u8],
    ) -> Called {
        match self.exchange(address, service, (method, target), headers, body) {
            Err(error) => Called::Broken(error),
            Ok(answer) if (200..300).contains(&answer.status) => {
                Called::Done(serde_json::from_slice(&answer.body).unwrap_or_else(|_| json!(answer.text())))
            }
            Ok(answer) => Called::Refused(answer.status, answer.text()),
        }
    }

    fn exchange(
        &self,
        address: SocketAddr,
        service: &str,
        (method, target): (&str, &str),
        headers: &[(&'static str, &str)],
        body: &[u8],
    ) -> anyhow::Result<http::Answer> {
        let mut signed = HeaderMap::new();
        signed.insert("host", HeaderValue::from_static("localhost"));
        for (name, value) in headers {
            signed.insert(HeaderName::from_static(name), HeaderValue::from_str(value)?);
        }
        let by = Signer {
            access_key_id: &self.id,
            secret_access_key: &self.secret,
            session_token: None,
            region: REGION,
            service,
        };
        #[expect(clippy::disallowed_methods, reason = "signatures tell the time")]
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
        let (verb, uri) = (Method::from_bytes(method.as_bytes())?, target.parse::<Uri>()?);
        sign(&by, &verb, &uri, &mut signed, body, now);
        signed.remove("host");
        let headers: Vec<(&str, &str)> =
            signed.iter().map(|(name, value)| Ok((name.as_str(), value.to_str()?))).collect::<anyhow::Result<_>>()?;
        http::exchange(address, &http::request(method, target, &headers, body))
    }
}

impl Called {
    /// What was answered; anything but that is an error.
    pub(crate) fn done(self) -> anyhow::Result<Value> {
        match self {
            Self::Done(value) => Ok(value),
            Self::Refused(status, text) => bail!("answered {status}: {text}"),
            Self::Broken(error) => Err(error),
        }
    }
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    let mut file = fs::File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(())
}
