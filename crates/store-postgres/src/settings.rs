//! What `store = "postgres://…"` says: the servers, who we are to them, and how long anything may take.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use claviger_resources::Secret;
use percent_encoding::percent_decode_str;

use crate::passwords;

/// A PostgreSQL database, and how it is used.
#[derive(Clone)]
pub struct Settings {
    /// The servers, in the order in which they are tried. The one that lets us write is used.
    pub(crate) hosts: Vec<Host>,
    pub(crate) user: String,
    pub(crate) database: String,
    pub(crate) application_name: String,
    /// Command-line options for the session, as libpq has them.
    pub(crate) options: String,
    pub(crate) security: Security,
    /// The schema that holds our tables.
    pub schema: String,
    /// Transactions at a time that read.
    pub readers_max: usize,
    /// Transactions at a time that write.
    pub writers_max: usize,
    /// How long a server may take to let us in.
    pub connect_timeout: Duration,
    /// How long a transaction waits for a connection when all are taken.
    pub wait_timeout: Duration,
    /// How long a statement may take.
    pub statement_timeout: Duration,
    /// How long a statement waits for another transaction.
    pub lock_timeout: Duration,
    /// How long a transaction may do nothing before the server ends it.
    pub idle_timeout: Duration,
}

/// A server.
#[derive(Clone)]
pub(crate) struct Host {
    /// Its name or address, or the directory of its socket.
    pub(crate) name: String,
    pub(crate) port: u16,
    pub(crate) password: Option<Secret<String>>,
}

impl Host {
    /// Whether it is reached through a socket of this machine, to which there is no TLS.
    pub(crate) fn is_socket(&self) -> bool {
        self.name.starts_with('/')
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.contains(':') {
            write!(f, "[{}]:{}", self.name, self.port)
        } else {
            write!(f, "{}:{}", self.name, self.port)
        }
    }
}

/// How the way to the server is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Security {
    /// Not at all.
    Plain,
    /// TLS.
    Tls {
        /// Whether the certificate must be for the host that is called, not only from the right authority.
        verifies_name: bool,
        /// The authorities; `None` for the system's.
        roots: Option<PathBuf>,
        /// Our own certificate and its key.
        certificate: Option<(PathBuf, PathBuf)>,
    },
}

/// Why a URL cannot be used. It quotes no value, because a value may be a password in the wrong place.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It is no URL of a PostgreSQL database.
    #[error("expected postgres://user:password@host:5432/database")]
    Form,
    /// It says everything but this.
    #[error("the URL of the database names no {0}")]
    Missing(&'static str),
    /// It has a parameter that means nothing here.
    #[error("the URL of the database has the parameter `{0}`, which means nothing here")]
    UnknownParameter(String),
    /// A parameter has a value that it cannot have.
    #[error("the parameter `{name}` of the database's URL must be {expected}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// The connection could silently be to anyone.
    #[error(
        "`sslmode={0}` does not find out who answers; use `verify-full` (with `sslrootcert` for an authority of your own), \
         `verify-ca`, or `disable` where the network is all yours"
    )]
    Unverified(&'static str),
    /// The file of passwords cannot be used.
    #[error("cannot read passwords from {}: {reason}", file.display())]
    Passwords {
        /// The file.
        file: PathBuf,
        /// Why not.
        reason: String,
    },
}

impl Settings {
    /// Understands a URL as libpq does, with `PGPASSWORD` and `PGPASSFILE` from the environment.
    pub fn parse(url: &str) -> Result<Self, SettingsError> {
        Self::parse_with(url, |name| std::env::var(name).ok())
    }

    fn parse_with(url: &str, environment: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let rest = ["postgres://", "postgresql://"].iter().find_map(|scheme| url.strip_prefix(scheme));
        let rest = rest.ok_or(SettingsError::Form)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        // A password with a question mark in it would end up here, and be named as a parameter.
        if query.contains('@') {
            return Err(SettingsError::Form);
        }
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = login.split_once(':').map_or((login, None), |(user, word)| (user, Some(word)));
        let mut said = Said {
            hosts: parse_hosts(hosts)?,
            user: decode(user)?,
            password: password.map(decode).transpose()?.map(Secret::new),
            database: decode(database)?,
            ..Said::default()
        };
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').ok_or(SettingsError::Form)?;
            said.take(&decode(name)?, decode(value)?)?;
        }
        said.settings(environment)
    }
}

/// What a URL says, before it is known to be complete.
#[derive(Default)]
struct Said {
    hosts: Vec<(String, Option<u16>)>,
    port: Option<u16>,
    user: String,
    password: Option<Secret<String>>,
    passfile: Option<PathBuf>,
    database: String,
    application_name: Option<String>,
    options: String,
    mode: Option<Mode>,
    roots: Option<String>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    schema: Option<String>,
    readers: Option<usize>,
    writers: Option<usize>,
    connect_timeout: Option<Duration>,
    wait_timeout: Option<Duration>,
    statement_timeout: Option<Duration>,
    lock_timeout: Option<Duration>,
    idle_timeout: Option<Duration>,
}

/// The values of `sslmode` that find out who answers, and the one that says it need not be found out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Disable,
    VerifyAuthority,
    VerifyFull,
}

impl Said {
    fn take(&mut self, name: &str, value: String) -> Result<(), SettingsError> {
        match name {
            "host" => self.hosts = value.split(',').map(|host| (host.to_owned(), None)).collect(),
            "port" => self.port = Some(number("port", "a port", &value)?),
            "user" => self.user = value,
            "password" => self.password = Some(Secret::new(value)),
            "passfile" => self.passfile = Some(value.into()),
            "dbname" => self.database = value,
            "application_name" => self.application_name = Some(value),
            "options" => self.options = value,
            "sslmode" => self.mode = Some(parse_mode(&value)?),
            "sslrootcert" => self.roots = Some(value),
            "sslcert" => self.certificate = Some(value.into()),
            "sslkey" => self.key = Some(value.into()),
            // All of these are what a store needs anyway: a server that takes writes.
            "target_session_attrs" if ["any", "read-write", "primary"].contains(&&*value) => {}
            "target_session_attrs" => {
                return Err(SettingsError::Value { name: "target_session_attrs", expected: "`read-write`" });
            }
            "schema" if is_plain_name(&value) => self.schema = Some(value),
            "schema" => {
                let expected = "at most 63 lower-case letters, digits and underscores, and begin with a letter";
                return Err(SettingsError::Value { name: "schema", expected });
            }
            "readers" => self.readers = Some(count("readers", &value)?),
            "writers" => self.writers = Some(count("writers", &value)?),
            "connect_timeout" => self.connect_timeout = Some(seconds("connect_timeout", &value)?),
            "wait_timeout" => self.wait_timeout = Some(seconds("wait_timeout", &value)?),
            "statement_timeout" => self.statement_timeout = Some(seconds("statement_timeout", &value)?),
            "lock_timeout" => self.lock_timeout = Some(seconds("lock_timeout", &value)?),
            "idle_timeout" => self.idle_timeout = Some(seconds("idle_timeout", &value)?),
            unknown => return Err(SettingsError::UnknownParameter(unknown.to_owned())),
        }
        Ok(())
    }

    fn settings(self, environment: impl Fn(&str) -> Option<String>) -> Result<Settings, SettingsError> {
        if self.user.is_empty() {
            return Err(SettingsError::Missing("user"));
        }
        let database = if self.database.is_empty() { self.user.clone() } else { self.database };
        let security = match (self.mode.unwrap_or(Mode::VerifyFull), self.certificate, self.key) {
            (Mode::Disable, ..) => Security::Plain,
            (_, Some(_), None) => return Err(SettingsError::Missing("sslkey, which sslcert needs")),
            (_, None, Some(_)) => return Err(SettingsError::Missing("sslcert, which sslkey needs")),
            (mode, certificate, key) => {
                let roots = self.roots.filter(|roots| roots != "system").map(PathBuf::from);
                if mode == Mode::VerifyAuthority && roots.is_none() {
                    // Anyone can have a certificate from one of the system's authorities.
                    return Err(SettingsError::Missing("sslrootcert, which sslmode=verify-ca needs"));
                }
                let verifies_name = mode == Mode::VerifyFull;
                Security::Tls { verifies_name, roots, certificate: certificate.zip(key) }
            }
        };
        let mut hosts: Vec<_> = self
            .hosts
            .into_iter()
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, port)| Host {
                name,
                port: port.or(self.port).unwrap_or(5432),
                password: self.password.clone(),
            })
            .collect();
        if hosts.is_empty() {
            return Err(SettingsError::Missing("host"));
        }
        if self.password.is_none() {
            let word = environment("PGPASSWORD").map(Secret::new);
            let file = self.passfile.or_else(|| environment("PGPASSFILE").map(PathBuf::from));
            match (word, file) {
                (Some(word), _) => hosts.iter_mut().for_each(|host| host.password = Some(word.clone())),
                (None, Some(file)) => passwords::look_up(&file, &mut hosts, &database, &self.user)?,
                (None, None) => {}
            }
        }
        let default = Duration::from_secs;
        Ok(Settings {
            hosts,
            user: self.user,
            database,
            application_name: self.application_name.unwrap_or_else(|| "claviger".to_owned()),
            options: self.options,
            security,
            schema: self.schema.unwrap_or_else(|| "claviger".to_owned()),
            readers_max: self.readers.unwrap_or(4),
            writers_max: self.writers.unwrap_or(4),
            connect_timeout: self.connect_timeout.unwrap_or(default(5)),
            wait_timeout: self.wait_timeout.unwrap_or(default(5)),
            statement_timeout: self.statement_timeout.unwrap_or(default(30)),
            lock_timeout: self.lock_timeout.unwrap_or(default(5)),
            idle_timeout: self.idle_timeout.unwrap_or(default(10)),
        })
    }
}

/// `name:port`, `[address]:port` or an encoded directory, several of them with commas between.
fn parse_hosts(text: &str) -> Result<Vec<(String, Option<u16>)>, SettingsError> {
    let parse_host = |text: &str| {
        let (name, port) = match text.strip_prefix('[').and_then(|text| text.split_once(']')) {
            Some((name, "")) => (name, None),
            Some((name, rest)) => (name, Some(rest.strip_prefix(':').ok_or(SettingsError::Form)?)),
            None => text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port))),
        };
        Ok((decode(name)?, port.map(|port| number("port", "a port", port)).transpose()?))
    };
    text.split(',').map(parse_host).collect()
}

fn parse_mode(value: &str) -> Result<Mode, SettingsError> {
    match value {
        "disable" => Ok(Mode::Disable),
        "verify-ca" => Ok(Mode::VerifyAuthority),
        "verify-full" => Ok(Mode::VerifyFull),
        "allow" => Err(SettingsError::Unverified("allow")),
        "prefer" => Err(SettingsError::Unverified("prefer")),
        "require" => Err(SettingsError::Unverified("require")),
        _ => Err(SettingsError::Value { name: "sslmode", expected: "`verify-full`, `verify-ca` or `disable`" }),
    }
}

fn decode(text: &str) -> Result<String, SettingsError> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| SettingsError::Form)?;
    if decoded.contains('\0') { Err(SettingsError::Form) } else { Ok(decoded.into_owned()) }
}

fn number<T: std::str::FromStr>(name: &'static str, expected: &'static str, value: &str) -> Result<T, SettingsError> {
    value.parse().map_err(|_| SettingsError::Value { name, expected })
}

fn count(name: &'static str, value: &str) -> Result<usize, SettingsError> {
    let expected = "a number from 1 to 1000";
    let count = number(name, expected, value)?;
    if (1..=1000).contains(&count) { Ok(count) } else { Err(SettingsError::Value { name, expected }) }
}

fn seconds(name: &'static str, value: &str) -> Result<Duration, SettingsError> {
    let expected = "a number of seconds from 1 to 3600";
    let seconds = number(name, expected, value)?;
    if (1..=3600).contains(&seconds) {
        Ok(Duration::from_secs(seconds))
    } else {
        Err(SettingsError::Value { name, expected })
    }
}

/// Whether a name can stand in SQL and in a session's options as it is.
fn is_plain_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() <= 63 && name.bytes().all(is_plain) && name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.hosts.iter().map(Host::to_string).collect();
        f.debug_struct("Settings")
            .field("hosts", &hosts)
            .field("user", &self.user)
            .field("database", &self.database)
            .field("schema", &self.schema)
            .field("security", &self.security)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
