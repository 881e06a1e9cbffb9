//! `claviger destroy`: deletes a stack with everything it made.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;

use super::Place;
use super::api::{is_missing, parameters};
use super::deploy::check_name;
use super::progress::Progress;
use crate::cli::{Global, Output, block_on, print};

/// Delete a stack with everything it made, but for what its template retains
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The stack's name
    #[arg(value_name = "NAME")]
    stack: String,
    #[command(flatten)]
    place: Place,
}

pub(in crate::cli) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { stack, place } = arguments;
    check_name(stack)?;
    let api = place.api(&global.endpoint);
    let status = block_on(async {
        let described = api.call("DescribeStacks", &parameters([("StackName", stack)])).await;
        let arn = match described {
            Ok(described) => described.text("Stacks/member/StackId"),
            Err(error) if is_missing(&error) => bail!("there is no stack {stack} at {}", global.endpoint.url()),
            Err(error) => return Err(error),
        };
        let mut progress = Progress::begin(&api, &arn).await?;
        let status = progress.follow(api.call("DeleteStack", &parameters([("StackName", &arn)]))).await?;
        if status != "DELETE_COMPLETE" {
            let failed = progress.events.iter().filter(|it| it.status == "DELETE_FAILED");
            let reasons: Vec<String> = failed.map(|it| format!("\n  {}: {}", it.logical_id, it.reason)).collect();
            bail!("the stack {stack} was not deleted: {status}{}", reasons.concat());
        }
        Ok(status)
    })?;
    print(&match global.output {
        Output::Json => serde_json::to_string_pretty(&json!({"stack": stack, "status": status}))? + "\n",
        Output::Text => format!("Stack  {stack} ({status})\n"),
    })?;
    Ok(ExitCode::SUCCESS)
}
