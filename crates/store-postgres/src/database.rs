//! How connections are made: to the first server that lets us in and takes writes, with a session set up as we need it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};

use crate::connection::Connection;
use crate::error::{Failure, OpenError};
use crate::settings::{Host, Security, Settings};
use crate::tls::Tls;

/// How much longer than the server we wait: it should be the one to end a statement, and say so.
const MARGIN: Duration = Duration::from_secs(2);

/// The oldest server that will do, as it numbers its versions.
const SERVER_VERSION_MIN: u32 = 150_000;

/// What must be true of a session. An answer that the server gives before the disk has it is none.
const SESSION: &str = "SELECT current_setting('server_version_num'), current_setting('server_encoding'),
        current_setting('transaction_read_only'),
        CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END";

/// A database, as something to connect to.
pub(crate) struct Database {
    settings: Settings,
    tls: Option<Tls>,
    options: String,
    /// The host that was right last.
    last: AtomicUsize,
}

impl Database {
    /// The database that the settings name; nothing is connected yet.
    pub(crate) fn new(settings: Settings) -> Result<Self, OpenError> {
        let tls = match &settings.security {
            Security::Plain => None,
            Security::Tls { verifies_name, roots, certificate } => {
                let tls = Tls::read(*verifies_name, roots.as_deref(), certificate.as_ref());
                Some(tls.map_err(|error| OpenError::Unreachable { reasons: vec![with_sources(&error)] })?)
            }
        };
        let options = session_options(&settings);
        Ok(Self { settings, tls, options, last: AtomicUsize::new(0) })
    }

    /// The settings.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Connects to the host that was right last, or else to the next that is. Each host has its own time.
    pub(crate) async fn connect(&self) -> Result<Connection, OpenError> {
        let hosts = self.settings.hosts.iter().enumerate();
        let mut reasons = Vec::new();
        let last = self.last.load(Ordering::Relaxed);
        for (number, host) in hosts.clone().skip(last).chain(hosts.take(last)) {
            let limit = self.settings.connect_timeout;
            match timeout(limit, self.connect_to(host)).await {
                Ok(Ok(connection)) => {
                    self.last.store(number, Ordering::Relaxed);
                    return Ok(connection);
                }
                Ok(Err(reason)) => reasons.push(format!("{host}: {reason}")),
                Err(_) => reasons.push(format!("{host}: no answer within {} ms", limit.as_millis())),
            }
        }
        Err(OpenError::Unreachable { reasons })
    }

    async fn connect_to(&self, host: &Host) -> Result<Connection, String> {
        let Settings { user, database, application_name, connect_timeout, statement_timeout, .. } = &self.settings;
        let mut config = Config::new();
        config.host(&host.name).port(host.port).user(user).dbname(database).application_name(application_name);
        config.options(&self.options).connect_timeout(*connect_timeout);
        // A network that swallows everything is found out within these, whoever waits for whom.
        config
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(3))
            .keepalives_retries(3);
        config.tcp_user_timeout(Duration::from_secs(15));
        if let Some(password) = &host.password {
            config.password(password.expose());
        }
        let patience = *statement_timeout + MARGIN;
        let connection = if let Some(tls) = self.tls.clone().filter(|_| !host.is_socket()) {
            let (client, connection) = config.ssl_mode(SslMode::Require).connect(tls).await.map_err(not_let_in)?;
            Connection::new(client, connection, patience)
        } else {
            let (client, connection) = config.ssl_mode(SslMode::Disable).connect(NoTls).await.map_err(not_let_in)?;
            Connection::new(client, connection, patience)
        };
        let session = connection.ask(SESSION).await.map_err(|failure| with_sources(&failure))?;
        refuse_unfit(&session.unwrap_or_default())?;
        Ok(connection)
    }
}

/// What the server is told at the beginning of a session.
///
/// Planning is kept to the indexes: a statement that looks through a whole table collides with everyone who writes to it,
/// and in a small table the planner thinks that cheapest.
fn session_options(settings: &Settings) -> String {
    let Settings { options, schema, statement_timeout, lock_timeout, idle_timeout, .. } = settings;
    let (statement, lock, idle) = (statement_timeout.as_millis(), lock_timeout.as_millis(), idle_timeout.as_millis());
    format!(
        "{options} -c search_path={schema},pg_temp -c statement_timeout={statement} -c lock_timeout={lock} \
         -c idle_in_transaction_session_timeout={idle} -c client_connection_check_interval=1000 \
         -c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off \
         -c plan_cache_mode=force_generic_plan -c client_min_messages=warning"
    )
}

fn refuse_unfit(session: &[Option<String>]) -> Result<(), String> {
    let column = |number: usize| session.get(number).and_then(Option::as_deref).unwrap_or_default();
    let (version, encoding, read_only) = (column(0), column(1), column(2));
    if let Ok(version) = version.parse::<u32>()
        && version < SERVER_VERSION_MIN
    {
        return Err(format!("its version is {}, and 15 is the oldest that will do", version / 10_000));
    }
    if encoding != "UTF8" {
        return Err(format!("the encoding of the database is {encoding}, and must be UTF8"));
    }
    if read_only != "off" {
        return Err("it takes no writes (a standby?)".to_owned());
    }
    Ok(())
}

fn not_let_in(error: tokio_postgres::Error) -> String {
    match Failure::from(error) {
        // What went wrong with the network or with TLS is the source's to tell.
        Failure::Lost(source) => with_sources(&*source),
        refused => refused.to_string(),
    }
}

/// An error with all that caused it.
pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
