//! `claviger dev`: the laptop and CI server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use super::Global;
use crate::application::{Application, Settings};
use crate::listener::{Front, Limits, Listener};
use crate::local_ca::LocalAuthority;

/// Run the server for a laptop or CI: one process, any AWS credentials, HTTP and TLS on one port
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
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
}

pub(super) fn run(_global: &Global, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(serve(arguments))?;
    // What has not finished by now was given its time.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

async fn serve(arguments: Arguments) -> anyhow::Result<()> {
    let authority =
        if arguments.ephemeral { LocalAuthority::ephemeral() } else { LocalAuthority::open(&arguments.data_dir) };
    let authority = Arc::new(authority.context("no local certificate authority")?);
    let tls = authority.tls().context("cannot set up TLS")?;
    let suffixes = arguments.suffixes.iter().map(|suffix| suffix.trim_matches('.').to_ascii_lowercase()).collect();
    let application = Application::new(Settings { dev: true, suffixes }, Some(authority));
    let listener =
        Listener::bind(arguments.listen).with_context(|| format!("cannot listen on {}", arguments.listen))?;
    eprintln!("claviger: listening on http://{}", listener.address());
    let front = Front::new(application, Some(tls), Limits::default());
    let stop = stop_signal()?;
    tokio::spawn(listener.serve(front, stop)).await?;
    Ok(())
}

/// Completes when the process is told to stop; a second signal ends it at once.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        next().await;
        eprintln!("claviger: finishing running requests; interrupt again to stop at once");
        tokio::spawn(async move {
            let mut interrupt = interrupt;
            interrupt.recv().await;
            std::process::exit(130);
        });
    })
}
