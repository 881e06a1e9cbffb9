//! `claviger deploy`: makes or changes a stack.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::{Deployment, Outcome, Place};
use crate::cli::call::printable;
use crate::cli::{Global, Output, WrongUsage, block_on, print};

/// Make a stack what a template says, with AWS's own rules; needs no AWS tool
///
/// What has been done is shown as it happens. When something fails, everything is undone, and the resource, the reason and
/// its line in the template are told.
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
    /// A tag of the stack and its resources, may be repeated
    #[arg(long = "tag", value_name = "KEY=VALUE", value_parser = pair)]
    tags: Vec<(String, String)>,
    /// Keep what has been made when something fails, to look at it
    #[arg(long)]
    disable_rollback: bool,
    #[command(flatten)]
    place: Place,
}

/// A name and a value with a `=` between.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    if key.is_empty() { Err("expected KEY=VALUE".to_owned()) } else { Ok((key.to_owned(), value.to_owned())) }
}

pub(in crate::cli) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    check_name(&arguments.stack)?;
    let deployment = Deployment::new(&global.endpoint, &arguments.place, &arguments.file, &arguments.stack)?
        .with(&arguments.parameters, &arguments.tags)
        .keeping_what_failed(arguments.disable_rollback);
    let outcome = block_on(deployment.run())?;
    if !outcome.is_changed {
        eprintln!("  nothing to change");
    }
    print(&to_text(&arguments.stack, &outcome, global.output)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Refuses what cannot be a stack's name before anything is asked of a server.
pub(in crate::cli) fn check_name(name: &str) -> Result<(), WrongUsage> {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic());
    if begins && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '-') {
        return Ok(());
    }
    Err(WrongUsage(format!("`{name}` cannot be a stack's name: letters, digits and hyphens, a letter first")))
}

fn to_text(stack: &str, outcome: &Outcome, output: Output) -> anyhow::Result<String> {
    let Outcome { arn, status, is_changed, outputs } = outcome;
    if output == Output::Json {
        let outputs: Map<String, Value> = outputs.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        let told = json!({"stack": stack, "stackId": arn, "status": status, "changed": is_changed, "outputs": outputs});
        return Ok(serde_json::to_string_pretty(&told)? + "\n");
    }
    let width = outputs.iter().map(|(key, _)| key.len()).max().unwrap_or_default().max("Stack".len());
    let first = [("Stack".to_owned(), format!("{stack} ({status})"))];
    let lines = first.iter().chain(outputs);
    let lines: Vec<String> =
        lines.map(|(key, value)| format!("{:width$}  {}\n", printable(key), printable(value))).collect();
    Ok(lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_stand_in_columns_or_as_json() {
        let outcome = Outcome {
            arn: "arn:aws:cloudformation:us-east-1:000000000000:stack/weather/1".to_owned(),
            status: "CREATE_COMPLETE".to_owned(),
            is_changed: true,
            outputs: vec![("ClientId".to_owned(), "abc".to_owned())],
        };
        let text = to_text("weather", &outcome, Output::Text).unwrap();
        assert_eq!(text, "Stack     weather (CREATE_COMPLETE)\nClientId  abc\n");
        let told: Value = serde_json::from_str(&to_text("weather", &outcome, Output::Json).unwrap()).unwrap();
        assert_eq!(told["outputs"], json!({"ClientId": "abc"}));
    }

    #[test]
    fn what_cannot_be_a_stack_is_refused_at_once() {
        assert!(check_name("weather-2").is_ok());
        for name in ["", "2weather", "we ather", "-w"] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert_eq!(pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(pair("a").is_err() && pair("=b").is_err());
    }
}
