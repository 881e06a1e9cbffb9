//! What an operation is: a type with a name, an input, an output and a function. A service is a table of them.

use std::future::Future;
use std::pin::Pin;

use claviger_aws_protocol::failure::Failure;
use claviger_resources::{AccountId, Random, Region, Tenant, Timestamp};
use claviger_runtime::access_keys::Principal;
use claviger_runtime::temporary_credentials::Lineage;
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

    /// Whether what was written before the refusal is committed all the same: a wrong password must be counted.
    fn keeps_changes(&self) -> bool {
        false
    }

    /// Why, for operators, where AWS's words tell the caller less than that.
    fn reason(&self) -> Option<String> {
        None
    }

    /// The setting or quota that decided, and its value, for operators.
    fn setting(&self) -> Option<String> {
        None
    }
}

/// An operation that is more than one transaction: what is slow or outside (a hook, a signature) stands between its
/// [`Step`]s or behind the last.
pub trait Procedure: 'static {
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
    /// Whether the answer waits until the node serves what was written, as it does for operations.
    const AWAITS_SNAPSHOT: bool = false;

    /// Does the work; each transaction is a [`Step`] given to [`perform`].
    fn run(
        services: &Services,
        caller: &Caller,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

/// The work of one transaction, with what it needs.
pub trait Step: Sync {
    /// Whether it may change anything.
    const ACCESS: Access;
    /// What comes of it.
    type Output: Send;
    /// How it refuses.
    type Error: Refusal;

    /// Does the work, which may be run again when it collides with another's.
    fn run(&self, cx: &mut Context<'_>) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}

/// Who calls, and where.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account the caller acts in.
    pub account: AccountId,
    /// The region the call is for.
    pub region: Region,
    /// Who it is.
    pub principal: Principal,
    /// Whether temporary credentials signed the call.
    pub is_session: bool,
    /// What sessions that the caller makes descend from.
    pub lineage: Lineage,
}

impl Caller {
    /// The root of an account.
    pub fn root(tenant: Tenant) -> Self {
        Self {
            account: tenant.account,
            region: tenant.region,
            principal: Principal::root(tenant.account),
            is_session: false,
            lineage: Lineage::default(),
        }
    }

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
    work: Work,
}

/// How the work of a row is done.
enum Work {
    /// In one transaction, which may be another's.
    Operation(for<'a> fn(&'a Services, &'a Caller, Value) -> Staging<'a>),
    /// In transactions of its own.
    Procedure(for<'a> fn(&'a Services, &'a Caller, Value) -> Execution<'a>),
}

type Execution<'a> = Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send + 'a>>;
type Staging<'a> = Pin<Box<dyn Future<Output = Result<Box<dyn Staged>, Failure>> + Send + 'a>>;
type Run<'a> = Pin<Box<dyn Future<Output = Result<Option<String>, StagedFailure>> + Send + 'a>>;

/// An operation that is prepared and waits for its transaction, or for another's of which it becomes a part.
pub trait Staged: Send + Sync {
    /// Does the work in that transaction, which may be run again; answers the output's JSON, `None` for no content.
    fn run<'a>(&'a self, cx: &'a mut Context<'_>) -> Run<'a>;

    /// How the operation refuses when the store does.
    fn refuse(&self, error: StoreError) -> StagedFailure;
}

/// How an operation refuses that waited for its transaction.
#[derive(Debug)]
pub struct StagedFailure {
    /// In AWS's terms.
    pub failure: Failure,
    /// Whether the transaction only collided with another one and may be run again.
    pub is_contention: bool,
    /// Whether what was written before the refusal is committed all the same.
    pub keeps_changes: bool,
}

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
        work: Work::Operation(|services, caller, input| {
            Box::pin(async move {
                let mut input: O::Input = decode(input)?;
                let prepared = O::prepare(services, caller, &mut input).await;
                prepared.map_err(|error| in_terms_of_aws(error).logged(O::NAME))?;
                Ok(Box::new(StagedOperation::<O>(input)) as Box<dyn Staged>)
            })
        }),
    }
}

impl Row {
    /// Decodes the input, runs the operation in a transaction and commits it.
    pub async fn execute(&self, services: &Services, caller: &Caller, input: Value) -> Result<Answer, Failure> {
        match self.work {
            Work::Operation(stage) => {
                let staged = stage(services, caller, input).await?;
                let outcome = commit(services, &caller.tenant(), self.access, &*staged).await;
                outcome.map_err(|refused| refused.logged(self.name))
            }
            Work::Procedure(run) => run(services, caller, input).await,
        }
    }

    /// Decodes the input and does what comes before the transaction. A procedure is never a part of another's transaction.
    pub async fn stage(&self, services: &Services, caller: &Caller, input: Value) -> Result<Box<dyn Staged>, Failure> {
        match self.work {
            Work::Operation(stage) => stage(services, caller, input).await,
            Work::Procedure(_) => Err(Failure::internal("InternalFailure")),
        }
    }
}

struct StagedOperation<O: Operation>(O::Input);

impl<O: Operation> Staged for StagedOperation<O> {
    fn run<'a>(&'a self, cx: &'a mut Context<'_>) -> Run<'a> {
        Box::pin(async move {
            let output = O::run(cx, &self.0).await;
            output.map(|output| encode(&output)).map_err(in_terms_of_aws)
        })
    }

    fn refuse(&self, error: StoreError) -> StagedFailure {
        in_terms_of_aws(O::Error::from(error))
    }
}

/// The row of a procedure.
pub const fn procedure<P: Procedure>() -> Row {
    Row {
        name: P::NAME,
        access: P::ACCESS,
        work: Work::Procedure(|services, caller, input| {
            Box::pin(async move {
                let input = decode(input)?;
                let output = P::run(services, caller, input).await;
                let output = output.map_err(|error| in_terms_of_aws(error).logged(P::NAME))?;
                let revision = P::AWAITS_SNAPSHOT.then(|| *services.store.revisions().borrow());
                Ok(Answer { json: encode(&output), revision })
            })
        }),
    }
}

/// How often a step is tried when its transaction collides with others.
const ATTEMPTS_MAX: u32 = 8;

/// Runs an operation in a transaction of its own and commits it.
async fn commit(
    services: &Services,
    tenant: &Tenant,
    access: Access,
    staged: &dyn Staged,
) -> Result<Answer, StagedFailure> {
    let mut attempt = 1;
    loop {
        match commit_once(services, tenant, access, staged).await {
            Err(refused) if refused.is_contention && attempt < ATTEMPTS_MAX => attempt += 1,
            outcome => return outcome,
        }
    }
}

async fn commit_once(
    services: &Services,
    tenant: &Tenant,
    access: Access,
    staged: &dyn Staged,
) -> Result<Answer, StagedFailure> {
    let refuse = |error| staged.refuse(error);
    let mut tx = begin(services, access).await.map_err(refuse)?;
    let mut random = services.random();
    let mut cx = Context { tx: &mut *tx, tenant, now: services.clock.now(), random: &mut *random, services };
    let outcome = staged.run(&mut cx).await;
    let kept = outcome.as_ref().err().is_none_or(|refused| refused.keeps_changes);
    let revision = match access {
        Access::Write if kept => Some(tx.commit().await.map_err(refuse)?),
        Access::Read | Access::Write => None,
    };
    outcome.map(|json| Answer { json, revision })
}

async fn begin(services: &Services, access: Access) -> Result<Box<dyn Transaction>, StoreError> {
    match access {
        Access::Read => services.store.read().await,
        Access::Write => services.store.write().await,
    }
}

fn decode<T: DeserializeOwned>(input: Value) -> Result<T, Failure> {
    serde_json::from_value(input).map_err(|error| Failure::serialization(&error.to_string()))
}

/// Runs a step in a transaction of this tenant's and commits it.
pub async fn perform<S: Step>(services: &Services, tenant: &Tenant, step: &S) -> Result<S::Output, S::Error> {
    let mut attempt = 1;
    loop {
        match perform_once(services, tenant, step).await {
            Err(error) if error.is_contention() && attempt < ATTEMPTS_MAX => attempt += 1,
            outcome => return outcome,
        }
    }
}

async fn perform_once<S: Step>(services: &Services, tenant: &Tenant, step: &S) -> Result<S::Output, S::Error> {
    let mut tx = begin(services, S::ACCESS).await?;
    let mut random = services.random();
    let mut cx = Context { tx: &mut *tx, tenant, now: services.clock.now(), random: &mut *random, services };
    let outcome = step.run(&mut cx).await;
    let kept = outcome.as_ref().err().is_none_or(Refusal::keeps_changes);
    if S::ACCESS == Access::Write && kept {
        tx.commit().await?;
    }
    outcome
}

/// The error in AWS's terms, with what operators may know.
fn in_terms_of_aws<E: Refusal>(error: E) -> StagedFailure {
    let reason = error.reason().unwrap_or_else(|| with_sources(&error));
    let (setting, is_contention, keeps_changes) = (error.setting(), error.is_contention(), error.keeps_changes());
    let failure: Failure = error.into();
    StagedFailure { failure: failure.for_operators(Some(reason), setting), is_contention, keeps_changes }
}

impl StagedFailure {
    /// The failure. What is ours to mend is logged here, once, under the request id of the surrounding span.
    fn logged(self, operation: &'static str) -> Failure {
        let Self { failure, .. } = self;
        if failure.status >= 500 {
            let reason = failure.known.as_ref().and_then(|known| known.reason.as_deref());
            tracing::error!(operation, reason, "an operation failed");
        }
        failure
    }
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

/// The output's JSON; an output of `()` has no content. Outputs are plain data, so encoding them cannot fail.
fn encode<T: Serialize>(output: &T) -> Option<String> {
    serde_json::to_string(output).ok().filter(|json| json != "null")
}
