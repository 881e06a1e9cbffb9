//! What an operation is: a type with a name, an input, an output and a function. A service is a table of them.

use std::future::Future;
use std::pin::Pin;

use claviger_aws_protocol::failure::Failure;
use claviger_resources::{AccountId, Random, Region, Tenant, Timestamp};
use claviger_store::{Revision, StoreError, Transaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::services::Services;

/// Whether an operation may change anything: what roles allow, and which kind of transaction it runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It only looks.
    Read,
    /// It changes the store.
    Write,
}

/// One operation of an AWS service.
pub trait Operation: 'static {
    /// Its name, as AWS has it.
    const NAME: &'static str;
    /// Whether it may change anything.
    const ACCESS: Access;
    /// What it takes: members named as on the wire, already checked against the service's shapes.
    type Input: DeserializeOwned + Send + Sync;
    /// What it answers; `()` for nothing.
    type Output: Serialize + Send;
    /// How it refuses.
    type Error: Refusal;

    /// Does what is slow or outside (key making, password hashing, hooks), before any transaction is open.
    fn prepare(
        _services: &Services,
        _caller: &Caller,
        _input: &mut Self::Input,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        async { Ok(()) }
    }

    /// Does the work in one transaction, which may be run again when it collides with another.
    fn run(cx: &mut Context<'_>, input: &Self::Input)
    -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

/// A service's own errors: domain words inside, one mapping to AWS's codes at the edge. Those that map to a status of 500
/// or more are logged with their sources; the failure itself says only that something broke.
pub trait Refusal: std::error::Error + Into<Failure> + From<StoreError> + Send {
    /// Whether the transaction only collided with another one and may be run again.
    fn is_contention(&self) -> bool;
}

/// Who calls, and where.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account the caller acts in.
    pub account: AccountId,
    /// The region the call is for.
    pub region: Region,
}

impl Caller {
    /// The owner of what the caller makes and sees.
    pub fn tenant(&self) -> Tenant {
        Tenant { account: self.account, region: self.region.clone() }
    }
}

/// What an operation works with: one transaction, one moment, one caller.
pub struct Context<'a> {
    /// The open transaction; the dispatcher commits it.
    pub tx: &'a mut dyn Transaction,
    /// The owner of what the caller makes and sees.
    pub tenant: &'a Tenant,
    /// The time of the call.
    pub now: Timestamp,
    /// Where ids and secrets come from.
    pub random: &'a mut dyn Random,
    /// What outlives a call: the vault, the settings.
    pub services: &'a Services,
}

/// An operation as a row of its service's table.
pub struct Row {
    /// Its name, as AWS has it.
    pub name: &'static str,
    /// Whether it may change anything.
    pub access: Access,
    execute: for<'a> fn(&'a Services, &'a Caller, Value) -> Execution<'a>,
}

type Execution<'a> = Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send + 'a>>;

/// What an operation that succeeded says. It may hold a secret, so it cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The output as JSON; `None` for an answer without content.
    pub json: Option<String>,
    /// The revision the node must have applied before the caller hears of it; `None` when nothing changed.
    pub revision: Option<Revision>,
}

/// The row of an operation.
pub const fn row<O: Operation>() -> Row {
    Row {
        name: O::NAME,
        access: O::ACCESS,
        execute: |services, caller, input| Box::pin(execute::<O>(services, caller, input)),
    }
}

impl Row {
    /// Decodes the input, runs the operation in a transaction and commits it.
    pub async fn execute(&self, services: &Services, caller: &Caller, input: Value) -> Result<Answer, Failure> {
        (self.execute)(services, caller, input).await
    }
}

/// How often an operation is tried when its transaction collides with others.
const ATTEMPTS_MAX: u32 = 8;

async fn execute<O: Operation>(services: &Services, caller: &Caller, input: Value) -> Result<Answer, Failure> {
    let mut input: O::Input =
        serde_json::from_value(input).map_err(|error| Failure::serialization(&error.to_string()))?;
    O::prepare(services, caller, &mut input).await.map_err(refuse::<O>)?;
    let mut attempt = 1;
    loop {
        match run_once::<O>(services, caller, &input).await {
            Ok(answer) => return Ok(answer),
            Err(error) if error.is_contention() && attempt < ATTEMPTS_MAX => attempt += 1,
            Err(error) => return Err(refuse::<O>(error)),
        }
    }
}

/// The error in AWS's terms. What is ours to mend is logged here, once, under the request id of the surrounding span.
fn refuse<O: Operation>(error: O::Error) -> Failure {
    let reason = with_sources(&error);
    let failure: Failure = error.into();
    if failure.status >= 500 {
        tracing::error!(operation = O::NAME, reason, "an operation failed");
    }
    failure
}

fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

async fn run_once<O: Operation>(services: &Services, caller: &Caller, input: &O::Input) -> Result<Answer, O::Error> {
    let mut tx = match O::ACCESS {
        Access::Read => services.store.read().await?,
        Access::Write => services.store.write().await?,
    };
    let mut random = services.random();
    let mut cx =
        Context { tx: &mut *tx, tenant: &caller.tenant(), now: services.clock.now(), random: &mut *random, services };
    let output = O::run(&mut cx, input).await?;
    let revision = match O::ACCESS {
        Access::Read => None,
        Access::Write => Some(tx.commit().await?),
    };
    Ok(Answer { json: encode(&output), revision })
}

/// The output's JSON; an output of `()` has no content. Outputs are plain data, so encoding them cannot fail.
fn encode<T: Serialize>(output: &T) -> Option<String> {
    serde_json::to_string(output).ok().filter(|json| json != "null")
}
