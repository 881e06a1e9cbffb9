//! Reserved concurrency: `PutFunctionConcurrency`, `GetFunctionConcurrency`, `DeleteFunctionConcurrency`.

use claviger_resources::function::Function;
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::reference::Named;
use crate::operation::{Access, Context, Operation};

/// Reserves events at a time for a function, which then has no more.
pub struct PutFunctionConcurrency;
/// Shows what is reserved for a function.
pub struct GetFunctionConcurrency;
/// Reserves nothing for a function any more.
pub struct DeleteFunctionConcurrency;

/// What an account may reserve, and what must stay for functions for which nothing is reserved (AWS Lambda, "Lambda
/// quotas"). How many events this server works on at a time is another matter.
const ACCOUNT_MAX: u32 = 1_000;
const UNRESERVED_MIN: u32 = 100;
/// Functions read at a time.
const PAGE: usize = 1_000;

/// The members of `PutFunctionConcurrency`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutFunctionConcurrencyInput {
    function_name: String,
    reserved_concurrent_executions: u32,
}

/// Which function is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ConcurrencyInput {
    function_name: String,
}

/// What is reserved.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Concurrency {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reserved_concurrent_executions: Option<u32>,
}

impl Operation for PutFunctionConcurrency {
    const NAME: &'static str = "PutFunctionConcurrency";
    const ACCESS: Access = Access::Write;
    type Input = PutFunctionConcurrencyInput;
    type Output = Concurrency;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut function = find(cx, &input.function_name, Self::NAME).await?;
        let most = input.reserved_concurrent_executions;
        let others = reserved_by_others(cx, &function).await?;
        if most.saturating_add(others) > ACCOUNT_MAX - UNRESERVED_MIN {
            return Err(Error::invalid(format!(
                "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below \
                 its minimum value of [{UNRESERVED_MIN}]."
            )));
        }
        function.reserved_concurrency = Some(most);
        cx.tx.replace(&function).await?;
        Ok(Concurrency { reserved_concurrent_executions: Some(most) })
    }
}

impl Operation for GetFunctionConcurrency {
    const NAME: &'static str = "GetFunctionConcurrency";
    const ACCESS: Access = Access::Read;
    type Input = ConcurrencyInput;
    type Output = Concurrency;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let function = find(cx, &input.function_name, Self::NAME).await?;
        Ok(Concurrency { reserved_concurrent_executions: function.reserved_concurrency })
    }
}

impl Operation for DeleteFunctionConcurrency {
    const NAME: &'static str = "DeleteFunctionConcurrency";
    const ACCESS: Access = Access::Write;
    type Input = ConcurrencyInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let mut function = find(cx, &input.function_name, Self::NAME).await?;
        if function.reserved_concurrency.take().is_some() {
            cx.tx.replace(&function).await?;
        }
        Ok(())
    }
}

async fn find(cx: &mut Context<'_>, name: &str, operation: &'static str) -> Result<Stored<Function>, Error> {
    Named::parse(cx.tenant, name, None, operation)?.latest_only(cx.tenant)?.find(cx).await
}

/// What is reserved for other functions of the account in this region.
async fn reserved_by_others(cx: &mut Context<'_>, function: &Function) -> Result<u32, Error> {
    let (mut reserved, mut after) = (0_u32, None::<String>);
    loop {
        let page: Vec<Stored<Function>> = cx.tx.list(cx.tenant, "", after.as_deref(), PAGE).await?;
        let others = page.iter().filter(|other| other.name != function.name);
        reserved = others.filter_map(|other| other.reserved_concurrency).fold(reserved, u32::saturating_add);
        if page.len() < PAGE {
            return Ok(reserved);
        }
        after = page.last().map(|last| last.name.to_string());
    }
}
