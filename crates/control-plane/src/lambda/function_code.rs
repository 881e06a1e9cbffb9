//! The code of a function: `UpdateFunctionCode`.

use claviger_resources::function::Code;
use claviger_store::TransactionExt;
use serde::Deserialize;

use super::code::{self, FunctionCode};
use super::errors::Error;
use super::function::revision_id;
use super::output::FunctionConfiguration;
use super::reference::{Named, check_revision};
use super::version::publish;
use crate::operation::{Access, Caller, Context, Operation};
use crate::services::Services;

/// Replaces the code of a function.
pub struct UpdateFunctionCode;

/// The members of `UpdateFunctionCode`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateFunctionCodeInput {
    function_name: String,
    #[serde(default)]
    publish: bool,
    #[serde(default)]
    dry_run: bool,
    revision_id: Option<String>,
    architectures: Option<serde_json::Value>,
    #[serde(flatten)]
    code: FunctionCode,
    /// The code, once it is on disk.
    #[serde(skip)]
    kept: Option<Code>,
}

impl Operation for UpdateFunctionCode {
    const NAME: &'static str = "UpdateFunctionCode";
    const ACCESS: Access = Access::Write;
    type Input = UpdateFunctionCodeInput;
    type Output = FunctionConfiguration;
    type Error = Error;

    async fn prepare(services: &Services, caller: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        let tenant = caller.tenant();
        let named = Named::parse(&tenant, &input.function_name, None, Self::NAME)?.latest_only(&tenant)?;
        // A zip for a function that does not exist is not worth keeping.
        if !services.functions.has(&named.arn(&tenant)) {
            return Err(Error::FunctionNotFound(named.arn(&tenant)));
        }
        input.kept = Some(code::keep(services, caller, &mut input.code).await?);
        Ok(())
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let named = Named::parse(cx.tenant, &input.function_name, None, Self::NAME)?.latest_only(cx.tenant)?;
        let mut function = named.find(cx).await?;
        check_revision(input.revision_id.as_deref(), &function.revision_id)?;
        function.code = input.kept.ok_or(Error::NotRun)?;
        if let Some(architectures) = &input.architectures {
            function.configuration.insert("Architectures".to_owned(), architectures.clone());
        }
        if !input.dry_run {
            (function.last_modified, function.revision_id) = (cx.now, revision_id(cx));
            let version = if input.publish { Some(publish(cx, &mut function, None).await?) } else { None };
            cx.tx.replace(&function).await?;
            if let Some(version) = version {
                return FunctionConfiguration::of(&version, &cx.services.vault, None);
            }
        }
        FunctionConfiguration::of(&function, &cx.services.vault, named.qualifier.as_deref())
    }
}
