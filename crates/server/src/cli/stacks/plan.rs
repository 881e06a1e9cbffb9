//! `claviger plan`: what deploying a template would change.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::api::{Element, parameters};
use super::deploy::{check_name, pair};
use super::{Deployment, Place};
use crate::cli::call::printable;
use crate::cli::{Global, Output, block_on, print};

/// Show what deploying a template would change, and change nothing
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// A CloudFormation template, JSON or YAML
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The stack's name
    #[arg(long, value_name = "NAME")]
    stack: String,
    /// A value for a parameter, may be repeated; others keep the value they had
    #[arg(long = "parameter", value_name = "KEY=VALUE", value_parser = pair)]
    parameters: Vec<(String, String)>,
    #[command(flatten)]
    place: Place,
}

/// The change set that is made to look at, and deleted again.
const CHANGE_SET: &str = "claviger-plan";

/// A change of one resource.
struct Change {
    action: String,
    replacement: String,
    resource_type: String,
    logical_id: String,
    /// The properties that change.
    properties: Vec<String>,
}

pub(in crate::cli) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    check_name(&arguments.stack)?;
    let deployment = Deployment::new(&global.endpoint, &arguments.place, &arguments.file, &arguments.stack)?
        .with(&arguments.parameters, &[]);
    let changes = block_on(changes(&deployment, &arguments.stack))?;
    print(&to_text(&changes, global.output)?)?;
    Ok(ExitCode::SUCCESS)
}

async fn changes(deployment: &Deployment<'_>, stack: &str) -> anyhow::Result<Vec<Change>> {
    let before = deployment.before().await?;
    let api = deployment.api();
    let mut call = deployment.call(before.as_ref()).await?;
    let kind = if before.is_some() { "UPDATE" } else { "CREATE" };
    call.extend(parameters([("ChangeSetName", CHANGE_SET), ("ChangeSetType", kind)]));
    let set = parameters([("StackName", stack), ("ChangeSetName", CHANGE_SET)]);
    // One that an interrupted command left behind.
    if before.is_some() {
        api.call("DeleteChangeSet", &set).await?;
    }
    api.call("CreateChangeSet", &call).await?;
    let shown = api.call("DescribeChangeSet", &set).await;
    api.call("DeleteChangeSet", &set).await?;
    if before.is_none() {
        // Only the change set made it.
        api.call("DeleteStack", &parameters([("StackName", stack)])).await?;
    }
    let shown = shown?;
    if shown.text("Status") == "FAILED" {
        let reason = shown.text("StatusReason");
        anyhow::ensure!(reason.contains("didn't contain changes"), "{reason}");
    }
    Ok(shown.all("Changes/member/ResourceChange").into_iter().map(Change::of).collect())
}

impl Change {
    fn of(change: &Element) -> Self {
        let mut properties: Vec<String> =
            change.all("Details/member/Target").into_iter().map(|it| it.text("Name")).collect();
        properties.retain(|name| !name.is_empty());
        properties.sort();
        properties.dedup();
        Self {
            action: change.text("Action"),
            replacement: change.text("Replacement"),
            resource_type: change.text("ResourceType"),
            logical_id: change.text("LogicalResourceId"),
            properties,
        }
    }

    /// What happens to it, in a word.
    fn verb(&self) -> &str {
        match (self.action.as_str(), self.replacement.as_str()) {
            ("Modify", "True") => "replace",
            ("Modify", "Conditional") => "change or replace",
            ("Modify", _) => "change",
            ("Add", _) => "add",
            ("Remove", _) => "delete",
            (other, _) => other,
        }
    }
}

fn to_text(changes: &[Change], output: Output) -> anyhow::Result<String> {
    if output == Output::Json {
        let told: Vec<_> = changes
            .iter()
            .map(|it| {
                json!({"action": it.verb(), "logicalId": it.logical_id, "type": it.resource_type, "properties": it.properties})
            })
            .collect();
        return Ok(serde_json::to_string_pretty(&json!({ "changes": told }))? + "\n");
    }
    if changes.is_empty() {
        return Ok("nothing to change\n".to_owned());
    }
    let lines: Vec<String> = changes
        .iter()
        .map(|it| {
            let line = format!("{:<18}{:<38}{}", it.verb(), it.resource_type, it.logical_id);
            let properties =
                if it.properties.is_empty() { String::new() } else { format!("  ({})", it.properties.join(", ")) };
            printable(&format!("{line}{properties}")) + "\n"
        })
        .collect();
    Ok(lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_in_words() {
        let check = |action: &str, replacement: &str, expected: &str| {
            let change = Change {
                action: action.to_owned(),
                replacement: replacement.to_owned(),
                resource_type: "AWS::Cognito::UserPool".to_owned(),
                logical_id: "Pool".to_owned(),
                properties: vec!["Schema".to_owned()],
            };
            assert_eq!(to_text(&[change], Output::Text).unwrap(), expected);
        };
        check("Add", "", "add               AWS::Cognito::UserPool                Pool  (Schema)\n");
        check("Modify", "True", "replace           AWS::Cognito::UserPool                Pool  (Schema)\n");
        check("Modify", "False", "change            AWS::Cognito::UserPool                Pool  (Schema)\n");
        check("Remove", "", "delete            AWS::Cognito::UserPool                Pool  (Schema)\n");
        assert_eq!(to_text(&[], Output::Text).unwrap(), "nothing to change\n");
    }
}
