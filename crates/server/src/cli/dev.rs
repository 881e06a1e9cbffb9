//! `claviger dev`: the laptop and CI server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use claviger_control_plane::services::Settings as ControlPlaneSettings;
use claviger_data_plane::upstream::{SettingError, UpstreamRules};
use claviger_resources::AccountId;
use claviger_resources::quotas::{QuotaError, Quotas};
use claviger_runtime::access_keys::UnknownKeys;
use claviger_runtime::audit;
use claviger_runtime::functions::{Apartness, FunctionUrl, Functions, apartness, guard};
use claviger_runtime::issuers::Issuers;
use claviger_runtime::token_cache::TokenCache;

use super::address::{AddressFile, not_listening, url};
use super::endpoint::Endpoint;
use super::stacks::{self, Connections, Deployment, check_name};
use super::stop::stop_signal;
use super::{Global, WrongUsage};
use crate::application::{Application, Settings};
use crate::failpoint::KillAt;
use crate::listener::{Front, Limits, Listener};
use crate::local_ca::LocalAuthority;
use crate::node::{Node, Options, Place};

/// Run the server for a laptop or CI: one process, any AWS credentials, HTTP and TLS on one port
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// CloudFormation templates to deploy at the start, in this order; a stack has the name of its file
    #[arg(value_name = "TEMPLATE")]
    templates: Vec<PathBuf>,
    /// Address to listen on; port 0 takes a free one
    #[arg(long, env = "CLAVIGER_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:4566")]
    listen: SocketAddr,
    /// Where data is kept
    #[arg(long, env = "CLAVIGER_DATA_DIR", value_name = "DIR", default_value = ".claviger")]
    data_dir: PathBuf,
    /// Keep nothing on disk
    #[arg(long, env = "CLAVIGER_EPHEMERAL")]
    ephemeral: bool,
    /// A further host name suffix to answer to, beside AWS's, localhost and localhost.localstack.cloud
    #[arg(long = "suffix", env = "CLAVIGER_SUFFIX", value_name = "NAME", value_delimiter = ',')]
    suffixes: Vec<String>,
    /// The account of callers whose access key id is not itself an account number
    #[arg(long, env = "CLAVIGER_ACCOUNT", value_name = "ID", default_value = "000000000000", value_parser = account)]
    account: AccountId,
    /// What tokens name as their issuer: `aws` for AWS's own form, `self` for this server, or a URL
    #[arg(long, env = "CLAVIGER_ISSUER", value_name = "ISSUER", default_value = "aws")]
    issuer: String,
    /// A function and the URL that stands for it, whether or not it is stored: the event is posted there as JSON, and the
    /// answer is its result. May be given again; the variable holds any number, separated by commas or line ends
    #[arg(long = "function", env = "CLAVIGER_FUNCTIONS", value_name = "ARN=URL")]
    functions: Vec<String>,
    /// A file that holds the server's URL while it listens, for scripts that let it take a free port
    #[arg(long, env = "CLAVIGER_ADDRESS_FILE", value_name = "PATH")]
    address_file: Option<PathBuf>,
    /// Another value than AWS's for a quota, may be repeated; docs/quotas.md names them all
    #[arg(long = "quota", env = "CLAVIGER_QUOTAS", value_name = "NAME=VALUE", value_delimiter = ',', value_parser = quota)]
    changed_quotas: Vec<String>,
    /// Whose request rates are enforced
    #[arg(long = "quotas", env = "CLAVIGER_QUOTAS_MODE", value_name = "WHOSE", value_enum, default_value = "off")]
    request_rates: RequestRates,
    /// Memory for tokens that the gate has verified, in MiB, so that it need not verify them again; 0 verifies every time
    #[arg(long, env = "CLAVIGER_TOKEN_CACHE_MIB", value_name = "N", default_value = "16",
        value_parser = clap::value_parser!(u16).range(..=4096))]
    token_cache_mib: u16,
    /// A setting for all backends, or with an origin before it for one, as in `https://api.example.com retries=1`; may be
    /// repeated; docs/proxying.md names them all
    #[arg(long = "upstream", env = "CLAVIGER_UPSTREAMS", value_name = "[ORIGIN ]NAME=VALUE", value_delimiter = ',',
        value_parser = upstream)]
    upstreams: Vec<String>,
    /// What the audit log in the data directory records; docs/audit.md tells what a record says
    #[arg(long, env = "CLAVIGER_AUDIT_RECORDS", value_name = "WHAT", value_enum, default_value = "off")]
    audit_records: AuditRecords,
    /// Refuse the tokens of app clients that are deleted; at AWS they live until they expire
    #[arg(long, env = "CLAVIGER_REVOKE_ON_DELETE")]
    revoke_on_delete: bool,
    /// Seconds that requests may still take when the server is told to stop
    #[arg(long, env = "CLAVIGER_DRAIN_SECONDS", value_name = "N", default_value = "10",
        value_parser = clap::value_parser!(u64).range(..=3_600))]
    drain_seconds: u64,
    /// The commit of the store at which the process is killed, for tests of crashes
    #[arg(long, hide = true, env = "CLAVIGER_KILL_AT", value_name = "MOMENT")]
    kill_at: Option<KillAt>,
}

/// How the address to listen on is chosen.
const LISTEN: &str = "--listen or CLAVIGER_LISTEN";
/// A mebibyte, in bytes.
const MIB: usize = 1024 * 1024;

/// Whose request rates are enforced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum RequestRates {
    /// Nobody's
    Off,
    /// AWS's: what goes beyond is told to slow down
    Aws,
}

/// What the audit log records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum AuditRecords {
    /// Nothing
    Off,
    /// Calls of the control plane that name an access key
    Calls,
    /// Those, and what anybody may send: requests for tokens, and calls without a signature
    All,
}

impl From<AuditRecords> for audit::Records {
    fn from(records: AuditRecords) -> Self {
        match records {
            AuditRecords::Off => Self::Off,
            AuditRecords::Calls => Self::Calls,
            AuditRecords::All => Self::All,
        }
    }
}

fn quota(text: &str) -> Result<String, QuotaError> {
    // An empty variable, or one that ends with a comma, sets nothing.
    if text.is_empty() { Ok(String::new()) } else { Quotas::default().with(text).map(|_| text.to_owned()) }
}

fn upstream(text: &str) -> Result<String, SettingError> {
    if text.is_empty() { Ok(String::new()) } else { UpstreamRules::parse([text]).map(|_| text.to_owned()) }
}

impl Arguments {
    fn options(&self, url: &str, functions: Functions) -> anyhow::Result<Options> {
        let mut changes = self.changed_quotas.iter().filter(|change| !change.is_empty());
        let quotas = changes.try_fold(Quotas::default(), |quotas, change| quotas.with(change))?;
        let upstreams = self.upstreams.iter().map(String::as_str).filter(|setting| !setting.is_empty());
        Ok(Options {
            upstreams: UpstreamRules::parse(upstreams)?,
            audit: audit::Settings { records: self.audit_records.into(), ..audit::Settings::default() },
            issuers: issuers(&self.issuer, url),
            settings: ControlPlaneSettings {
                quotas,
                revoke_on_delete: self.revoke_on_delete,
                ..ControlPlaneSettings::default()
            },
            functions,
            endpoint: Some(url.to_owned()),
            program: Some(guard::PROGRAM.into()),
            unknown_keys: UnknownKeys::Root(self.account),
            tokens: TokenCache::new(usize::from(self.token_cache_mib) * MIB),
            request_rates: self.request_rates == RequestRates::Aws,
            kill_at: self.kill_at,
            ..Options::default()
        })
    }
}

fn account(text: &str) -> Result<AccountId, String> {
    AccountId::parse(text).map_err(|error| error.to_string())
}

pub(super) fn run(_global: &Global, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let functions = functions(&arguments.functions)?;
    let address_file = arguments.address_file.clone().map(AddressFile::clear).transpose()?;
    let listener = {
        let _context = runtime.enter();
        Listener::bind(arguments.listen).map_err(|error| not_listening(arguments.listen, error, LISTEN))?
    };
    let url = url("http", listener.address());
    let place = if arguments.ephemeral { Place::Memory } else { Place::Directory(arguments.data_dir.clone()) };
    let node = Node::start(&place, arguments.options(&url, functions)?)?;
    if let Some(file) = address_file.as_ref().filter(|_| arguments.templates.is_empty()) {
        file.write(&url)?;
    }
    runtime.block_on(serve(arguments, listener, node, &url, address_file.as_ref()))?;
    // What has not finished by now was given its time.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

fn issuers(text: &str, own_url: &str) -> Issuers {
    match text {
        "aws" => Issuers::Aws,
        "self" => Issuers::Url(own_url.to_owned()),
        url => Issuers::Url(url.to_owned()),
    }
}

fn functions(given: &[String]) -> anyhow::Result<Functions> {
    let lists: Result<Vec<_>, _> = given.iter().map(|text| FunctionUrl::parse_list(text)).collect();
    let lists = lists.map_err(|error| WrongUsage(format!("--function or CLAVIGER_FUNCTIONS: {error}")))?;
    Ok(Functions::new(lists.into_iter().flatten()))
}

/// What to know of the functions on a machine that does not let them be kept apart as they should be.
fn warning(apartness: Apartness) -> Option<&'static str> {
    match apartness {
        Apartness::OwnUsers | Apartness::Sandbox => None,
        Apartness::SandboxWithoutSignals => {
            Some("functions can send signals to this server, because the kernel is older than Linux 6.12")
        }
        Apartness::None => Some(
            "functions can read and end whatever this server can, because its user is not root and the kernel has no \
             Landlock (Linux 6.2): run only functions that you would run yourself",
        ),
    }
}

/// What to know of a server that has just started.
fn greeting(bound: SocketAddr, url: &str, data_dir: Option<&Path>) -> String {
    let data = match data_dir {
        Some(path) => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string(),
        None => "in memory, gone with the server".to_owned(),
    };
    let exec = match url {
        "http://127.0.0.1:4566" => "claviger exec".to_owned(),
        url => format!("claviger --endpoint {url} exec"),
    };
    format!(
        "claviger: listening on http://{bound}\n  data       {data}\n  AWS tools  \
         AWS_ENDPOINT_URL={url} and any credentials\n  any tool   {exec} -- COMMAND"
    )
}

async fn serve(
    arguments: Arguments,
    listener: Listener,
    node: Node,
    url: &str,
    address_file: Option<&AddressFile>,
) -> anyhow::Result<()> {
    let authority =
        if arguments.ephemeral { LocalAuthority::ephemeral() } else { LocalAuthority::open(&arguments.data_dir) };
    let authority = Arc::new(authority.context("no local certificate authority")?);
    let tls = authority.tls().context("cannot set up TLS")?;
    let suffixes = arguments.suffixes.iter().map(|suffix| suffix.trim_matches('.').to_ascii_lowercase()).collect();
    let settings = Settings { dev: true, account: arguments.account, suffixes };
    let limits = Limits { drain_max: Duration::from_secs(arguments.drain_seconds), ..Limits::default() };
    let application = Application::new(settings, Some(authority), node);
    let front = Front::new(application, Some(tls), limits);
    let stop = stop_signal()?;
    let data_dir = (!arguments.ephemeral).then_some(&*arguments.data_dir);
    eprintln!("{}", greeting(listener.address(), url, data_dir));
    if let Some(warning) = warning(apartness()) {
        eprintln!("claviger: {warning}; see docs/functions.md");
    }
    let stacks = stacks(&arguments.templates)?;
    let (broken_off, is_broken_off) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(listener.serve(front, async {
        tokio::select! {
            () = stop => {}
            // A sender that is dropped has nothing more to say.
            Ok(()) = is_broken_off => {}
        }
    }));
    let deployed = deploy(url, &stacks).await;
    match (&deployed, address_file) {
        (Err(_), _) => drop(broken_off.send(())),
        // Whoever waits for the file finds everything there.
        (Ok(()), Some(file)) if !stacks.is_empty() => file.write(url)?,
        (Ok(()), _) => {}
    }
    server.await?;
    deployed
}

/// The stacks that templates are deployed as: file and name.
fn stacks(templates: &[PathBuf]) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut stacks: Vec<(PathBuf, String)> = Vec::new();
    for path in templates {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        // `weather.template.json` is the stack `weather`.
        let name = file.split('.').next().unwrap_or_default();
        let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        check_name(&name)?;
        if stacks.iter().any(|(_, taken)| *taken == name) {
            return Err(WrongUsage(format!("two templates would both be the stack {name}; rename one")).into());
        }
        stacks.push((path.clone(), name));
    }
    Ok(stacks)
}

/// Deploys what was given on the command line, and says how to go on.
async fn deploy(url: &str, stacks: &[(PathBuf, String)]) -> anyhow::Result<()> {
    if stacks.is_empty() {
        return Ok(());
    }
    let (endpoint, place) = (Endpoint::parse(url)?, stacks::Place::default_region());
    for (file, name) in stacks {
        eprintln!("claviger: deploying {} as {name}", file.display());
        Deployment::new(&endpoint, &place, file, name)?.run().await?;
    }
    let names: Vec<String> = stacks.iter().map(|(_, name)| name.clone()).collect();
    super::print(&Connections::of(&endpoint, &place, &names).await?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_how_to_reach_it() {
        let text = greeting("127.0.0.1:4566".parse().unwrap(), "http://127.0.0.1:4566", Some(Path::new("/data")));
        assert!(text.contains("  data       /data\n") && text.ends_with("  claviger exec -- COMMAND"), "{text}");
        let text = greeting("[::]:1".parse().unwrap(), "http://[::1]:1", None);
        assert!(text.contains("AWS_ENDPOINT_URL=http://[::1]:1 "), "{text}");
        assert!(text.ends_with("claviger --endpoint http://[::1]:1 exec -- COMMAND"), "{text}");
    }
}
