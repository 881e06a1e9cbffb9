//! The configuration of a function: `UpdateFunctionConfiguration`.

use claviger_store::TransactionExt;
use serde::Deserialize;

use super::errors::Error;
use super::function::revision_id;
use super::output::FunctionConfiguration;
use super::reference::{Named, check_revision};
use super::settings::Settings;
use crate::operation::{Access, Caller, Context, Operation};
use crate::services::Services;

/// Changes the configuration of a function.
pub struct UpdateFunctionConfiguration;

/// The members of `UpdateFunctionConfiguration`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateFunctionConfigurationInput {
    function_name: String,
    revision_id: Option<String>,
    #[serde(flatten)]
    settings: Settings,
}

impl Operation for UpdateFunctionConfiguration {
    const NAME: &'static str = "UpdateFunctionConfiguration";
    const ACCESS: Access = Access::Write;
    type Input = UpdateFunctionConfigurationInput;
    type Output = FunctionConfiguration;
    type Error = Error;

    async fn prepare(services: &Services, caller: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        let tenant = caller.tenant();
        let named = Named::parse(&tenant, &input.function_name, None, Self::NAME)?.latest_only(&tenant)?;
        input.settings.prepare(services, &named.arn(&tenant))
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let named = Named::parse(cx.tenant, &input.function_name, None, Self::NAME)?.latest_only(cx.tenant)?;
        let mut function = named.find(cx).await?;
        check_revision(input.revision_id.as_deref(), &function.revision_id)?;
        input.settings.apply(cx, &mut function).await?;
        (function.last_modified, function.revision_id) = (cx.now, revision_id(cx));
        cx.tx.replace(&function).await?;
        FunctionConfiguration::of(&function, &cx.services.vault, named.qualifier.as_deref())
    }
}
