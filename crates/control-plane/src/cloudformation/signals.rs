//! What is told to wait conditions: each handle is a URL, and what is put there is kept with the handle until a wait
//! condition has enough of it.

use std::collections::BTreeMap;
use std::time::Duration;

use claviger_resources::stack::StackResource;
use claviger_resources::{AccountId, Region, Tenant};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::engine::State;
use super::errors::Error;
use crate::operation::{Access, Context, Step, perform};
use crate::services::Services;

/// Where signals are put, before what tells one handle from another.
pub const PATH: &str = "/_claviger/wait-condition/";
/// Bytes of the largest signal.
pub const SIGNAL_BYTES_MAX: usize = 8_192;
/// Bytes of all the signals at one handle.
const KEPT_BYTES_MAX: usize = 128 * 1024;
/// The attribute of a handle that its signals are kept in.
const SIGNALS: &str = "Signals";

/// What somebody tells (AWS CloudFormation, "Wait condition signal JSON format").
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Signal {
    status: Status,
    unique_id: String,
    #[serde(default)]
    data: String,
    #[serde(default)]
    reason: String,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Success,
    Failure,
}

/// The signals at a handle, by their ids.
type Signals = BTreeMap<String, Signal>;

/// Why a signal is not taken.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// No such handle.
    #[error("nobody waits for this signal: there is no such handle")]
    NoHandle,
    /// The handle has as many as it can keep.
    #[error("the handle keeps no more than {KEPT_BYTES_MAX} bytes of signals")]
    TooMany,
    /// It says something else than signals do.
    #[error("Invalid signal: {0}")]
    Invalid(#[from] serde_json::Error),
    /// It could not be kept.
    #[error("the signal could not be kept")]
    Failed(#[source] Error),
}

/// A handle, as its URL names it.
struct Handle<'a> {
    tenant: Tenant,
    stack: &'a str,
    logical_id: &'a str,
    url: &'a str,
}

impl<'a> Handle<'a> {
    /// Reads a URL, or the path in it.
    fn parse(url: &'a str) -> Option<Self> {
        let (_, place) = url.split_once(PATH)?;
        let mut parts = place.split('/');
        let (account, region) = (parts.next()?, parts.next()?);
        let (stack, logical_id, _word) = (parts.next()?, parts.next()?, parts.next()?);
        let tenant = Tenant { account: AccountId::parse(account).ok()?, region: Region::parse(region).ok()? };
        parts.next().is_none().then_some(Self { tenant, stack, logical_id, url })
    }

    /// The handle's record and what is known of it, when the whole of the URL is its own.
    async fn find(&self, cx: &mut Context<'_>) -> Result<Option<(Stored<StackResource>, State)>, Error> {
        let resource: Option<Stored<StackResource>> = cx.tx.find(cx.tenant, self.stack, self.logical_id).await?;
        let Some(resource) = resource else { return Ok(None) };
        let Some(physical) = &resource.current else { return Ok(None) };
        let state = State::open(cx.services, self.stack, physical)?;
        Ok((state.reference.ends_with(self.url) && !self.url.is_empty()).then_some((resource, state)))
    }
}

fn signals(state: &State) -> Signals {
    let kept = state.attributes.get(SIGNALS).cloned();
    kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default()
}

/// Keeps what is put at a handle's path. Who signals twice under one id is counted once.
pub async fn take(services: &Services, path: &str, document: &[u8]) -> Result<(), SignalError> {
    let signal: Signal = serde_json::from_slice(document)?;
    let handle = Handle::parse(path).ok_or(SignalError::NoHandle)?;
    let kept = perform(services, &handle.tenant, &Keep { handle: &handle, signal: &signal }).await;
    match kept.map_err(SignalError::Failed)? {
        Kept::Done => Ok(()),
        Kept::NoHandle => Err(SignalError::NoHandle),
        Kept::Full => Err(SignalError::TooMany),
    }
}

struct Keep<'a> {
    handle: &'a Handle<'a>,
    signal: &'a Signal,
}

enum Kept {
    Done,
    NoHandle,
    Full,
}

impl Step for Keep<'_> {
    const ACCESS: Access = Access::Write;
    type Output = Kept;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Kept, Error> {
        let Some((mut resource, mut state)) = self.handle.find(cx).await? else { return Ok(Kept::NoHandle) };
        let mut signals = signals(&state);
        signals.entry(self.signal.unique_id.clone()).or_insert_with(|| self.signal.clone());
        let signals = serde_json::to_value(signals).unwrap_or_default();
        if signals.to_string().len() > KEPT_BYTES_MAX {
            return Ok(Kept::Full);
        }
        state.attributes.insert(SIGNALS.to_owned(), signals);
        let sealed = state.seal(cx, self.handle.stack)?;
        if let Some(physical) = &mut resource.record.current {
            physical.state = sealed;
        }
        cx.tx.replace(&resource).await?;
        Ok(Kept::Done)
    }
}

/// Looks at the signals of a handle; none when there is no such handle.
struct Look<'a>(&'a Handle<'a>);

impl Step for Look<'_> {
    const ACCESS: Access = Access::Read;
    type Output = Option<Signals>;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Self::Output, Error> {
        Ok(self.0.find(cx).await?.map(|(_, state)| signals(&state)))
    }
}

/// Waits until so many have said that they are done; what they said, as JSON, or why the wait failed.
pub(super) async fn wait(services: &Services, url: &str, count: usize, timeout: Duration) -> Result<String, String> {
    let handle = Handle::parse(url).ok_or_else(|| format!("{url} is not the Ref of a WaitConditionHandle"))?;
    let mut revisions = services.store.revisions();
    let mut received = 0;
    let arrived = async {
        loop {
            revisions.mark_unchanged();
            let found = perform(services, &handle.tenant, &Look(&handle)).await.map_err(super::engine::reason_of)?;
            let found = found.ok_or_else(|| format!("{url} is not the Ref of a WaitConditionHandle"))?;
            if let Some(failed) = found.values().find(|signal| signal.status == Status::Failure) {
                return Err(format!(
                    "WaitCondition received failed message: '{}' for uniqueId: {}",
                    failed.reason, failed.unique_id
                ));
            }
            received = found.len();
            if received >= count {
                let said = found.into_iter().map(|(id, signal)| (id, Value::from(signal.data)));
                return Ok(Value::Object(said.collect()).to_string());
            }
            if revisions.changed().await.is_err() {
                // The store is closing, and whoever starts next waits again.
                std::future::pending::<()>().await;
            }
        }
    };
    match tokio::time::timeout(timeout, arrived).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("WaitCondition timed out. Received {received} conditions when expecting {count}")),
    }
}
