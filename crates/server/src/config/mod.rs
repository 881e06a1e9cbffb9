//! The configuration of `claviger serve`: a file, variables and flags, read into one checked whole.
//!
//! [`settings`] lists what can be set, [`given`] reads what was, and the modules beside check it area by area. What is
//! wrong or unsafe is refused with the line that says it, all of it at once.

mod given;
mod listeners;
mod master_key;
mod problem;
mod roles;
mod settings;
mod store;
mod tls;

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use claviger_data_plane::upstream::UpstreamRules;
use claviger_resources::quotas::Quotas;
use claviger_resources::{AccountId, Clock, Timestamp};
use claviger_runtime::audit;
use claviger_runtime::functions::{Apartness, FunctionUrl, apartness};
use claviger_runtime::issuers::Issuers;
use claviger_runtime::roles::Roles;
use http::Uri;

use self::given::{FILE_BYTES_MAX, Given};
use self::problem::{Located, Origin, Problem};
use crate::clock::MovableClock;
use crate::master_key::MasterKeySource;

pub(crate) use self::given::Flags;
pub(crate) use self::listeners::Address;
pub(crate) use self::problem::ConfigError;
pub(crate) use self::store::StoreAddress;
pub(crate) use self::tls::CertificateFiles;

/// A checked configuration.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the file")]
pub(crate) struct Config {
    pub(crate) data_dir: PathBuf,
    pub(crate) store: StoreAddress,
    pub(crate) master_key: MasterKeySource,
    pub(crate) account: AccountId,
    pub(crate) roles: Roles,
    pub(crate) issuers: Issuers,
    pub(crate) suffixes: Vec<String>,
    pub(crate) addresses: Vec<Address>,
    pub(crate) connections_max: usize,
    pub(crate) certificates: Vec<CertificateFiles>,
    pub(crate) run_functions: bool,
    pub(crate) functions: Vec<FunctionUrl>,
    pub(crate) revoke_on_delete: bool,
    pub(crate) audit: audit::Settings,
    pub(crate) quotas: Quotas,
    pub(crate) aws_request_rates: bool,
    pub(crate) token_cache_bytes: usize,
    pub(crate) upstreams: UpstreamRules,
    /// After how long without its database the node answers traffic no more.
    pub(crate) cut_off: Option<Duration>,
    pub(crate) drain_delay: Duration,
    pub(crate) drain_max: Duration,
    pub(crate) address_file: Option<PathBuf>,
    pub(crate) log: Option<String>,
    pub(crate) log_is_json: bool,
}

/// Bytes of a mebibyte.
const MIB: usize = 1024 * 1024;
/// The most memory for verified tokens, in MiB.
const TOKEN_CACHE_MIB_MAX: u64 = 64 * 1024;
/// The fewest and the most seconds after which a node may hold itself for cut off.
const CUT_OFF_SECONDS_MIN: u64 = 10;
const CUT_OFF_SECONDS_MAX: u64 = 86_400;
/// The most seconds that a stop may be put off, or take.
const DRAIN_SECONDS_MAX: u64 = 3_600;
/// The most days that audit files are kept: ten years.
const AUDIT_DAYS_MAX: u64 = 3_650;
/// The most mebibytes of audit files about requests for tokens: as many as make a pebibyte.
const AUDIT_MIB_MAX: u64 = 1 << 30;
/// The most connections at an address.
const CONNECTIONS_MAX: u64 = 1_000_000;

/// Reads a file, the variables of the process and the flags.
pub(crate) fn read(file: &Path, flags: &Flags) -> Result<Config, ConfigError> {
    let file = Arc::new(file.to_owned());
    let text = file_text(&file).map_err(|problem| ConfigError(vec![problem]))?;
    let variable = |name: &str| std::env::var(name).ok();
    check(&file, &text, variable, flags, Some(MovableClock::default().now()))
}

/// The same for a command that shows nobody a certificate, and need not mind when one of them ends.
pub(crate) fn read_undated(file: &Path) -> Result<Config, ConfigError> {
    let file = Arc::new(file.to_owned());
    let text = file_text(&file).map_err(|problem| ConfigError(vec![problem]))?;
    check(&file, &text, |name: &str| std::env::var(name).ok(), &Flags::default(), None)
}

/// Checks the text of a file, by itself.
pub(crate) fn check_text(text: &str) -> Result<Config, ConfigError> {
    let file = Arc::new(PathBuf::from("claviger.toml"));
    check(&file, text, |_| None, &Flags::default(), Some(Timestamp::default()))
}

fn file_text(file: &Arc<PathBuf>) -> Result<String, Problem> {
    let mut text = String::new();
    let read = File::open(&**file).and_then(|opened| opened.take(FILE_BYTES_MAX + 1).read_to_string(&mut text));
    let failed = match read {
        Err(error) => format!("cannot be read: {error}"),
        Ok(_) if text.len() as u64 > FILE_BYTES_MAX => format!("is larger than {FILE_BYTES_MAX} bytes"),
        Ok(_) => return Ok(text),
    };
    Err(Problem { origin: Origin::Missing(Arc::clone(file)), text: failed })
}

/// Checks what a file, variables and flags say.
fn check(
    file: &Arc<PathBuf>,
    text: &str,
    variable: impl Fn(&str) -> Option<String>,
    flags: &Flags,
    now: Option<Timestamp>,
) -> Result<Config, ConfigError> {
    let mut problems = Vec::new();
    let Some(given) = Given::read(file, text, &variable, flags, &mut problems) else {
        return Err(ConfigError(problems));
    };
    let mut checks = Checks { given: &given, file, problems: &mut problems, now };
    let data_dir = checks.data_dir();
    let store = checks.store(data_dir.as_deref());
    let certificates = checks.certificates();
    let addresses = checks.addresses(!certificates.is_empty());
    let config = Config {
        master_key: checks.master_key(data_dir.as_deref(), &variable),
        account: checks.account(),
        roles: checks.roles(),
        issuers: checks.issuers(),
        suffixes: checks.suffixes(),
        connections_max: usize::try_from(checks.number("listen.connections_max", 16_384, 1, CONNECTIONS_MAX))
            .unwrap_or(usize::MAX),
        run_functions: checks.run_functions(),
        functions: checks.functions(),
        revoke_on_delete: given.value("revoke_on_delete").is_none() || given.is_on("revoke_on_delete"),
        audit: checks.audit(),
        quotas: checks.quotas(),
        aws_request_rates: checks.choice("request_rates", &["off", "aws"]) == "aws",
        token_cache_bytes: usize::try_from(checks.number("token_cache_mib", 16, 0, TOKEN_CACHE_MIB_MAX))
            .unwrap_or_default()
            * MIB,
        upstreams: checks.upstreams(),
        cut_off: checks.cut_off(store.as_ref()),
        drain_delay: Duration::from_secs(checks.number("drain_delay_seconds", 0, 0, DRAIN_SECONDS_MAX)),
        drain_max: Duration::from_secs(checks.number("drain_seconds", 30, 0, DRAIN_SECONDS_MAX)),
        address_file: given.text("address_file").map(|path| path.value.into()),
        log: checks.log(),
        log_is_json: checks.choice("log_format", &["text", "json"]) == "json",
        data_dir: data_dir.unwrap_or_default(),
        store: store.unwrap_or_default(),
        addresses,
        certificates,
    };
    if problems.is_empty() { Ok(config) } else { Err(ConfigError(problems)) }
}

/// What is being checked, and what was found wrong so far.
struct Checks<'c> {
    given: &'c Given,
    file: &'c Arc<PathBuf>,
    problems: &'c mut Vec<Problem>,
    /// The time by which certificates are judged; `None` when their dates do not matter.
    now: Option<Timestamp>,
}

impl Checks<'_> {
    /// Adds what is wrong with something that was given.
    fn refuse<T>(&mut self, said: &Located<T>, text: impl Into<String>) {
        self.problems.push(said.problem(text));
    }

    /// Adds that something was not given.
    fn missing(&mut self, text: impl Into<String>) {
        self.problems.push(Problem { origin: Origin::Missing(Arc::clone(self.file)), text: text.into() });
    }

    fn data_dir(&mut self) -> Option<PathBuf> {
        let Some(given) = self.given.text("data_dir") else {
            self.missing(
                "data_dir is missing: name the directory for what the server keeps, as in \
                data_dir = \"/var/lib/claviger\"",
            );
            return None;
        };
        let path = PathBuf::from(&given.value);
        if path.as_os_str().is_empty() {
            self.refuse(&given, "data_dir is empty: name a directory");
            return None;
        }
        if let Ok(found) = std::fs::metadata(&path) {
            let mode = found.permissions().mode() & 0o777;
            if !found.is_dir() {
                self.refuse(&given, format!("{} is no directory", path.display()));
            } else if mode & 0o022 != 0 {
                self.refuse(
                    &given,
                    format!("others may write in {0} (mode {mode:o}); run: chmod 700 {0}", path.display()),
                );
            }
        }
        Some(path)
    }

    fn account(&mut self) -> AccountId {
        let Some(given) = self.given.text("account") else { return AccountId::DEFAULT };
        AccountId::parse(&given.value).unwrap_or_else(|error| {
            self.refuse(&given, format!("account: {error}"));
            AccountId::DEFAULT
        })
    }

    fn issuers(&mut self) -> Issuers {
        let Some(given) = self.given.text("issuer") else {
            self.missing(
                "issuer is missing: say \"aws\" when whoever verifies tokens takes AWS's form from the pool's id, or the \
                 https URL that they know this server by",
            );
            return Issuers::Aws;
        };
        if given.value == "aws" {
            return Issuers::Aws;
        }
        match issuer_problem(&given.value) {
            None => Issuers::Url(given.value),
            Some(text) => {
                self.refuse(&given, text);
                Issuers::Aws
            }
        }
    }

    fn suffixes(&mut self) -> Vec<String> {
        let mut suffixes = Vec::new();
        for given in self.given.list("suffixes") {
            let suffix = given.value.trim_matches('.').to_ascii_lowercase();
            let labels = suffix.split('.');
            let is_name = suffix.len() <= 253
                && labels.clone().all(|label| {
                    (1..=63).contains(&label.len())
                        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                        && !label.starts_with('-')
                        && !label.ends_with('-')
                });
            if !is_name {
                self.refuse(given, format!("{:?} is no host name", given.value));
            } else if labels.count() < 2 {
                self.refuse(given, format!("{suffix} is a whole top-level domain; name one of your own below it"));
            } else {
                suffixes.push(suffix);
            }
        }
        suffixes
    }

    fn run_functions(&mut self) -> bool {
        let is_on = self.given.is_on("run_functions");
        if is_on
            && apartness() == Apartness::None
            && let Some(given) = self.given.value("run_functions").cloned()
        {
            self.refuse(
                &given,
                "functions could read and end whatever this server can, because its user is not root and the kernel has no \
                 Landlock (Linux 6.2): leave run_functions off, or run the server where they can be kept apart",
            );
        }
        is_on
    }

    fn functions(&mut self) -> Vec<FunctionUrl> {
        let mut functions = Vec::new();
        for given in self.given.list("functions") {
            match FunctionUrl::parse(&given.value) {
                Ok(function) => functions.push(function),
                Err(error) => self.refuse(given, format!("functions: {error}")),
            }
        }
        functions
    }

    fn audit(&mut self) -> audit::Settings {
        let records = match self.choice("audit.records", &["all", "calls", "off"]) {
            "off" => audit::Records::Off,
            "calls" => audit::Records::Calls,
            _ => audit::Records::All,
        };
        let days = self.number("audit.retention_days", 90, 1, AUDIT_DAYS_MAX);
        let mib = self.number("audit.tokens_mib_max", 10_240, 64, AUDIT_MIB_MAX);
        let retention_days = u16::try_from(days).unwrap_or(u16::MAX);
        audit::Settings { records, retention_days, token_bytes_max: mib * MIB as u64 }
    }

    fn quotas(&mut self) -> Quotas {
        let mut quotas = Quotas::default();
        for given in self.given.list("quotas") {
            match quotas.clone().with(&given.value) {
                Ok(changed) => quotas = changed,
                Err(error) => {
                    // The whole list would stand after it.
                    let text = error.to_string();
                    let first = text.lines().next().unwrap_or_default().trim_end_matches("; there are:");
                    self.refuse(given, format!("quotas: {first}; docs/quotas.md lists them all"));
                }
            }
        }
        quotas
    }

    fn upstreams(&mut self) -> UpstreamRules {
        for given in self.given.list("upstreams") {
            if let Err(error) = UpstreamRules::parse([given.value.as_str()]) {
                self.refuse(given, format!("upstreams: {error}"));
            }
        }
        let texts = self.given.list("upstreams").iter().map(|given| given.value.as_str());
        // What is wrong with one of them was said.
        UpstreamRules::parse(texts).unwrap_or_default()
    }

    fn log(&mut self) -> Option<String> {
        let given = self.given.text("log")?;
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&given.value) {
            self.refuse(&given, format!("log: {error}"));
        }
        Some(given.value)
    }

    /// After how long without its database a node answers traffic no more.
    fn cut_off(&mut self, store: Option<&StoreAddress>) -> Option<Duration> {
        let seconds = self.number("cut_off_seconds", 0, 0, CUT_OFF_SECONDS_MAX);
        let given = self.given.number("cut_off_seconds").filter(|_| seconds > 0)?;
        if matches!(store, Some(StoreAddress::Sqlite(_))) {
            self.refuse(
                &given,
                "cut_off_seconds is for nodes that share a database: nothing cuts one off from its own file".to_owned(),
            );
        } else if seconds < CUT_OFF_SECONDS_MIN {
            let text = format!(
                "cut_off_seconds is 0 or at least {CUT_OFF_SECONDS_MIN}: a node that is well may not hear of its database for as long"
            );
            self.refuse(&given, text);
        }
        Some(Duration::from_secs(seconds))
    }

    /// A number within its bounds.
    fn number(&mut self, key: &'static str, default: u64, min: u64, max: u64) -> u64 {
        let Some(given) = self.given.number(key) else { return default };
        if (min..=max).contains(&given.value) {
            return given.value;
        }
        self.refuse(&given, format!("{key} goes from {min} to {max}"));
        default
    }

    /// One of a few words, the first when nothing was given.
    fn choice<'w>(&mut self, key: &'static str, words: &[&'w str]) -> &'w str {
        let default = words.first().copied().unwrap_or_default();
        let Some(given) = self.given.text(key) else { return default };
        let found = words.iter().find(|word| **word == given.value);
        found.copied().unwrap_or_else(|| {
            self.refuse(&given, format!("{key} is one of {}", words.join(", ")));
            default
        })
    }
}

/// Why a text is no issuer (OpenID Connect Discovery 1.0, section 3; RFC 8414, section 2).
fn issuer_problem(text: &str) -> Option<String> {
    let example = "as in https://auth.example.com";
    let Ok(uri) = text.parse::<Uri>() else { return Some(format!("issuer is neither aws nor a URL, {example}")) };
    let problem = match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) if uri.query().is_some() || text.contains('#') => "an issuer has no query",
        (Some("https"), Some(_)) if text.ends_with('/') => {
            "an issuer ends without a slash: pool ids are appended to it"
        }
        (Some("https"), Some(_)) if uri.authority().is_some_and(|it| it.as_str().contains('@')) => {
            "an issuer names no user"
        }
        (Some("https"), Some(_)) => return None,
        (Some("http"), _) => "an issuer is an https URL: keys fetched without TLS could be anyone's",
        _ => return Some(format!("issuer is neither aws nor an https URL, {example}")),
    };
    Some(problem.to_owned())
}

#[cfg(test)]
mod tests;
