//! `claviger doctor`: what is wrong with a server's configuration, its machine or its store, and what to do about it.
//!
//! It only reads, and may do so beside a running server. `machine` looks at files, certificates and the disk, `records` at
//! everything that is stored, `secrets` knows what in which record is sealed. Each check is judged by itself: one that fails
//! does not keep the others from being made, unless they need what it has not found.

mod machine;
mod records;
mod secrets;

use std::path::PathBuf;

use claviger_resources::Timestamp;
use claviger_resources::keyring::Keyring;
use claviger_runtime::vault::Vault;
use claviger_store::{Backend, KEYRING_ID, TransactionExt as _, keyring_tenant};
use serde::Serialize;

use crate::backup::is_known;
use crate::config::Config;
use crate::node::Place;
use crate::random::SystemRandom;

/// How far the clocks of a node and its database may be apart.
const CLOCKS_APART_MAX_SECONDS: i64 = 5;
/// How many of the things that are wrong are named.
const NAMED_MAX: usize = 5;

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// Nothing is wrong.
    Ok,
    /// Something may become wrong.
    Warning,
    /// Something is wrong.
    Failed,
}

/// A check with what it found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    #[serde(rename = "check")]
    pub(crate) name: &'static str,
    pub(crate) outcome: Outcome,
    /// What was found.
    pub(crate) found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<&'static str>,
}

impl Check {
    pub(crate) fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, outcome: Outcome::Ok, found: found.into(), next: None }
    }

    fn warning(name: &'static str, found: impl Into<String>, next: &'static str) -> Self {
        Self { name, outcome: Outcome::Warning, found: found.into(), next: Some(next) }
    }

    pub(crate) fn failed(name: &'static str, found: impl Into<String>, next: &'static str) -> Self {
        Self { name, outcome: Outcome::Failed, found: found.into(), next: Some(next) }
    }
}

/// Things that are wrong in the same way: all are counted, some named.
#[derive(Debug, Default)]
struct Wrongs {
    count: u64,
    named: Vec<String>,
}

impl Wrongs {
    fn add(&mut self, name: impl FnOnce() -> String) {
        self.count += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push(name());
        }
    }

    /// The check that looked for them.
    fn check(self, check: &'static str, fine: String, next: &'static str) -> Check {
        if self.count == 0 {
            return Check::ok(check, fine);
        }
        let more = self.count - self.named.len() as u64;
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        Check::failed(check, self.named.join("; ") + &more, next)
    }
}

/// Makes all checks of a store and, for a server that is configured, of what it is given.
pub(crate) async fn examine(
    place: &Place,
    config: Option<&Config>,
    now: Timestamp,
    progress: impl Fn(u64),
) -> Vec<Check> {
    let mut checks = machine::checks(place, config, now);
    match place.open_for_reading().await {
        Ok(store) => of_store(&*store, place, now, progress, &mut checks).await,
        Err(error) => {
            let next = "see that the store is where the configuration says, and that this user may read and write it";
            checks.push(Check::failed("store", with_sources(&error), next));
        }
    }
    checks
}

async fn of_store(store: &dyn Backend, place: &Place, now: Timestamp, progress: impl Fn(u64), checks: &mut Vec<Check>) {
    const DAMAGED: &str = "stop the server, keep a copy of the database, and restore the last good backup";
    let revision = store.revisions().borrow().0;
    match store.examine().await {
        Ok(examined) => {
            checks.push(Check::ok("store", format!("{}, revision {revision}", examined.engine)));
            let damage = Wrongs { count: examined.damage.len() as u64, named: examined.damage };
            checks.push(damage.check("integrity", "the database finds nothing wrong with itself".to_owned(), DAMAGED));
            if !examined.risks.is_empty() {
                let next = "turn it on in the server's configuration";
                checks.push(Check::warning("durability", examined.risks.join("; "), next));
            }
            checks.extend(examined.time.map(|theirs| of_clocks(theirs, now)));
        }
        Err(error) => checks.push(Check::failed("integrity", with_sources(&error), DAMAGED)),
    }
    let newer: Vec<_> = store.kinds().await.unwrap_or_default().into_iter().filter(|kind| !is_known(kind)).collect();
    if !newer.is_empty() {
        let next = "use the commands of that release: this one's backup would leave something out";
        checks.push(Check::warning("release", format!("a newer Claviger keeps records of {}", newer.join(", ")), next));
    }
    let (vault, check) = vault(store, place).await;
    checks.push(check);
    let look = records::Look { store, vault: vault.as_ref(), contents: place.contents() };
    checks.extend(look.at_everything(progress).await);
}

fn of_clocks(theirs: Timestamp, ours: Timestamp) -> Check {
    let apart = theirs.seconds() - ours.seconds();
    if apart.abs() <= CLOCKS_APART_MAX_SECONDS {
        return Check::ok("clock", "this machine and the database agree on the time");
    }
    let found = format!("the database's clock is {apart} s from this machine's");
    Check::warning("clock", found, "let both follow the same time servers: tokens are judged by this machine's clock")
}

/// The opened keys of the store.
async fn vault(store: &dyn Backend, place: &Place) -> (Option<Vault>, Check) {
    const NAME: &str = "master key";
    const NEXT: &str = "give the master key that the store was made with; without it its secrets are lost";
    let keyring = async { store.read().await?.find::<Keyring>(&keyring_tenant(), "", KEYRING_ID).await };
    let keyring = match keyring.await {
        Ok(Some(keyring)) => keyring,
        Ok(None) => return (None, Check::ok(NAME, "the store has no keys yet; the first start makes them")),
        Err(error) => return (None, Check::failed(NAME, with_sources(&error), "restore the last good backup")),
    };
    let opened = place.master_keys().map_err(|error| with_sources(&error)).and_then(|master| {
        let opened = master.open(&keyring, &mut SystemRandom);
        opened.map(|(vault, renewed)| (vault, renewed.is_some())).map_err(|error| error.to_string())
    });
    match opened {
        Ok((vault, false)) => (Some(vault), Check::ok(NAME, "it opens the store's keys")),
        Ok((vault, true)) => {
            let next = "tell the server to reload (SIGHUP), or start it; then the older key can go";
            (Some(vault), Check::warning(NAME, "an older master key opens the store's keys, the newest does not", next))
        }
        Err(error) => (None, Check::failed(NAME, error, NEXT)),
    }
}

/// An error with all that caused it.
fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        // Some only pass on what caused them.
        if !text.ends_with(&error.to_string()) {
            text = format!("{text}: {error}");
        }
        source = error.source();
    }
    text
}

/// Where files are that nobody else should read.
fn private_files(place: &Place, config: Option<&Config>) -> Vec<PathBuf> {
    let database = match (config.map(|config| &config.store), place.directory()) {
        (Some(crate::config::StoreAddress::Sqlite(file)), _) => Some(file.clone()),
        (Some(crate::config::StoreAddress::Postgres(_)), _) | (None, None) => None,
        (None, Some(directory)) => Some(directory.join("claviger.db")),
    };
    let beside = |file: &PathBuf| {
        ["", "-wal", "-shm"].map(|end| {
            let mut name = file.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        })
    };
    let master = match config.map(|config| &config.master_key) {
        Some(crate::master_key::MasterKeySource::File(file)) => Some(file.clone()),
        Some(_) => None,
        None => place.directory().map(|directory| directory.join("master.key")),
    };
    database.iter().flat_map(beside).chain(master).collect()
}
