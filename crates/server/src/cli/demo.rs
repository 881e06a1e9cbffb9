//! `claviger demo`: a machine gets a token, and the gate lets it in or turns it away, shown request by request.

mod stack;
mod story;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use claviger_resources::AccountId;

use super::Global;
use super::endpoint::Endpoint;
use super::stop::stop_signal;
use crate::application::{Application, Settings};
use crate::listener::{Front, Limits, Listener};
use crate::local_ca::LocalAuthority;
use crate::node::{Node, Options, Place};

/// Start a server on a free port, make a small stack on it, and show tokens being granted, used and refused
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// End after the last answer, with status 0 when every answer was the expected one
    #[arg(long)]
    exit: bool,
}

pub(super) fn run(_global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    let listener = {
        let _context = runtime.enter();
        Listener::bind(([127, 0, 0, 1], 0).into()).context("cannot listen on a free port")?
    };
    let node = Node::start(&Place::Memory, Options::default())?;
    let as_expected = runtime.block_on(show(listener, node, arguments.exit))?;
    runtime.shutdown_background();
    Ok(if as_expected { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Plays the story against a server of its own; tells whether every answer was the expected one.
async fn show(listener: Listener, node: Node, exit: bool) -> anyhow::Result<bool> {
    let authority = Arc::new(LocalAuthority::ephemeral().context("no local certificate authority")?);
    let tls = authority.tls().context("cannot set up TLS")?;
    let settings = Settings { dev: true, account: AccountId::DEFAULT, suffixes: Vec::new() };
    let front = Front::new(Application::new(settings, Some(authority), node), Some(tls), Limits::default());
    let endpoint = Endpoint::parse(&format!("http://{}", listener.address()))?;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(listener.serve(front, async {
        // A sender that is gone says stop as well.
        let _ = stopped.await;
    }));
    let stack = stack::make(&endpoint).await.context("cannot make the demonstration's stack")?;
    let as_expected = story::play(&endpoint, &stack).await?;
    story::say_how_to_go_on(&endpoint, &stack)?;
    if !exit {
        eprintln!("The server goes on; interrupt to stop it.");
        stop_signal()?.await;
    }
    let _ = stop.send(());
    server.await?;
    Ok(as_expected)
}
