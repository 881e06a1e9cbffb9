//! `claviger dev`: the laptop and CI server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use claviger_resources::AccountId;
use claviger_runtime::issuers::Issuers;

use super::Global;
use super::stop::stop_signal;
use crate::application::{Application, Settings};
use crate::listener::{Front, Limits, Listener};
use crate::local_ca::LocalAuthority;
use crate::node::{Node, Place};

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
    /// The account of callers whose access key id is not itself an account number
    #[arg(long, env = "CLAVIGER_ACCOUNT", value_name = "ID", default_value = "000000000000", value_parser = account)]
    account: AccountId,
    /// What tokens name as their issuer: `aws` for AWS's own form, `self` for this server, or a URL
    #[arg(long, env = "CLAVIGER_ISSUER", value_name = "ISSUER", default_value = "aws")]
    issuer: String,
}

fn account(text: &str) -> Result<AccountId, String> {
    AccountId::parse(text).map_err(|error| error.to_string())
}

pub(super) fn run(_global: &Global, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let listener = {
        let _context = runtime.enter();
        Listener::bind(arguments.listen).with_context(|| format!("cannot listen on {}", arguments.listen))?
    };
    let place = if arguments.ephemeral { Place::Memory } else { Place::Directory(arguments.data_dir.clone()) };
    let node = Node::start(&place, issuers(&arguments.issuer, &listener))?;
    runtime.block_on(serve(arguments, listener, node))?;
    // What has not finished by now was given its time.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

fn issuers(text: &str, listener: &Listener) -> Issuers {
    match text {
        "aws" => Issuers::Aws,
        "self" => Issuers::Url(format!("http://{}", listener.address())),
        url => Issuers::Url(url.to_owned()),
    }
}

async fn serve(arguments: Arguments, listener: Listener, node: Node) -> anyhow::Result<()> {
    let authority =
        if arguments.ephemeral { LocalAuthority::ephemeral() } else { LocalAuthority::open(&arguments.data_dir) };
    let authority = Arc::new(authority.context("no local certificate authority")?);
    let tls = authority.tls().context("cannot set up TLS")?;
    let suffixes = arguments.suffixes.iter().map(|suffix| suffix.trim_matches('.').to_ascii_lowercase()).collect();
    let settings = Settings { dev: true, account: arguments.account, suffixes };
    let application = Application::new(settings, Some(authority), node);
    let front = Front::new(application, Some(tls), Limits::default());
    let stop = stop_signal()?;
    eprintln!("claviger: listening on http://{}", listener.address());
    tokio::spawn(listener.serve(front, stop)).await?;
    Ok(())
}
