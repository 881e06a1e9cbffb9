//! `claviger serve`: the production server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use claviger_control_plane::services::Settings as ControlPlaneSettings;
use claviger_resources::{Clock, Timestamp};
use claviger_runtime::access_keys::UnknownKeys;
use claviger_runtime::functions::{Functions, guard};
use claviger_runtime::token_cache::TokenCache;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::address::{AddressFile, not_listening, url};
use super::stop::stop_signal;
use super::{Global, WrongUsage, start_logging};
use crate::application::{Application, Settings};
use crate::certificates::Certificates;
use crate::clock::MovableClock;
use crate::config::{self, Config, Flags};
use crate::listener::{self, Front, Limits, Listener};
use crate::master_key::MasterKeySource;
use crate::node::{Node, Options, Place};
use crate::planes::Planes;

/// Run the production server: signatures verified, TLS, and nothing that the configuration does not allow
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration file; docs/configuration.md lists what may stand in it
    #[arg(long, env = "CLAVIGER_CONFIG", value_name = "PATH", default_value = "claviger.toml")]
    config: PathBuf,
    /// Check the configuration, start nothing
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    flags: Flags,
}

/// How often files of certificates are looked at.
const LOOK_PAUSE: Duration = Duration::from_secs(10);

pub(super) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let config = config::read(&arguments.config, &arguments.flags);
    let config = config.map_err(|error| WrongUsage(error.to_string()))?;
    if arguments.check {
        super::print(&format!("{} can be used\n", arguments.config.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    start_logging(global.verbose, config.log.as_deref(), config.log_is_json);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let address_file = config.address_file.clone().map(AddressFile::clear).transpose()?;
    let certificates = match &*config.certificates {
        [] => None,
        files => Some(Certificates::read(files.to_vec(), now())?),
    };
    let listeners = {
        let _context = runtime.enter();
        listeners(&config)?
    };
    let scheme = if certificates.is_some() { "https" } else { "http" };
    let first = listeners.first().context("there is no address to listen on")?;
    let url = url(scheme, first.address());
    let node = Node::start(&Place::served(&config), options(&config, &url))?;
    if let Some(file) = &address_file {
        file.write(&url)?;
    }
    runtime.block_on(serve(&config, listeners, node, certificates, &url))?;
    // What has not finished by now was given its time.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

fn options(config: &Config, url: &str) -> Options {
    Options {
        upstreams: config.upstreams.clone(),
        issuers: config.issuers.clone(),
        settings: ControlPlaneSettings {
            quotas: config.quotas.clone(),
            revoke_on_delete: config.revoke_on_delete,
            host_suffixes: config.suffixes.clone(),
            ..ControlPlaneSettings::default()
        },
        functions: Functions::new(config.functions.iter().cloned()),
        functions_off: !config.run_functions,
        endpoint: Some(url.to_owned()),
        program: Some(guard::PROGRAM.into()),
        unknown_keys: UnknownKeys::Refused,
        roles: config.roles.clone(),
        tokens: TokenCache::new(config.token_cache_bytes),
        audit: config.audit,
        request_rates: config.aws_request_rates,
        cut_off: config.cut_off,
        ..Options::default()
    }
}

/// The ports, bound. Beyond this machine there is TLS only, unless a proxy in front ends it.
fn listeners(config: &Config) -> anyhow::Result<Vec<Listener>> {
    let bind = |address: &config::Address| {
        let setting = match address.planes {
            planes if planes.contains(Planes::DATA) => "listen.data",
            planes if planes.contains(Planes::CONTROL) => "listen.control",
            _ => "listen.operations",
        };
        let bound = Listener::bind(address.socket).map_err(|error| not_listening(address.socket, error, setting))?;
        let listener = bound.answering(address.planes);
        Ok(if address.takes_plain { listener } else { listener.encrypted() })
    };
    config.addresses.iter().map(bind).collect()
}

async fn serve(
    config: &Config,
    listeners: Vec<Listener>,
    node: Node,
    certificates: Option<Arc<Certificates>>,
    url: &str,
) -> anyhow::Result<()> {
    let settings = Settings { dev: false, account: config.account, suffixes: config.suffixes.clone() };
    let limits = Limits { drain_max: config.drain_max, connections_max: config.connections_max, ..Limits::default() };
    let tls = certificates.as_ref().map(Certificates::tls).transpose().context("cannot set up TLS")?;
    let front = Front::new(Application::new(settings, None, node), tls, limits);
    let addresses: Vec<String> = listeners.iter().map(|listener| listener.address().to_string()).collect();
    let (stopping, told) = watch::channel(false);
    let stop = {
        let (signal, front, delay) = (stop_signal()?, Arc::clone(&front), config.drain_delay);
        async move {
            signal.await;
            tell_systemd(&[NotifyState::Stopping]);
            stopping.send_replace(true);
            front.application().say_not_ready();
            tokio::time::sleep(delay).await;
        }
    };
    let overload = Arc::clone(front.application().overload());
    tokio::spawn(async move { overload.watch().await });
    let renewing = tokio::spawn(renew(Arc::clone(&front), certificates, config.master_key.clone(), told));
    eprintln!("claviger: serving {url} at {}; data in {}", addresses.join(", "), shown(&config.data_dir));
    tell_systemd(&[NotifyState::Ready, NotifyState::Status(&format!("serving at {}", addresses.join(", ")))]);
    listener::serve(listeners, front, stop).await;
    renewing.await?;
    Ok(())
}

/// Reads certificates again when their files change, and all that can be read again when the process is told to reload.
async fn renew(
    front: Arc<Front>,
    certificates: Option<Arc<Certificates>>,
    master_key: MasterKeySource,
    mut stopping: watch::Receiver<bool>,
) {
    let mut reload = match signal(SignalKind::hangup()) {
        Ok(reload) => reload,
        Err(error) => return tracing::error!(%error, "cannot be told to reload"),
    };
    loop {
        let is_told = tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(LOOK_PAUSE) => false,
            _ = reload.recv() => true,
        };
        if is_told {
            sd_notify_reloading();
        }
        if let Some(certificates) = &certificates {
            renew_certificates(certificates).await;
        }
        if is_told {
            renew_master_key(&front, master_key.clone()).await;
            tell_systemd(&[NotifyState::Ready]);
        }
    }
}

async fn renew_certificates(certificates: &Arc<Certificates>) {
    let certificates = Arc::clone(certificates);
    match tokio::task::spawn_blocking(move || certificates.renew(now())).await {
        Ok(Ok(true)) => tracing::info!("the certificates were read again"),
        Ok(Err(error)) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the certificates stay as they were");
        }
        Ok(Ok(false)) | Err(_) => {}
    }
}

async fn renew_master_key(front: &Front, source: MasterKeySource) {
    // A command may take its time, and reading a file may wait.
    let Ok(read) = tokio::task::spawn_blocking(move || source.read()).await else { return };
    let renewed = match read {
        Ok(keys) => front.application().node().renew_master_key(keys).await.unwrap_or(Ok(())),
        Err(error) => Err(error.into()),
    };
    if let Err(error) = renewed {
        tracing::error!(error = &error as &dyn std::error::Error, "the master key stays as it was");
    }
}

/// Tells systemd that a reload has begun (`sd_notify(3)`: it wants to know when).
fn sd_notify_reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell_systemd(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!(%error, "no time for systemd"),
    }
}

/// Tells systemd something, where it started us.
fn tell_systemd(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd cannot be told how the server is");
    }
}

/// The system's time.
fn now() -> Timestamp {
    MovableClock::default().now()
}

fn shown(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}
