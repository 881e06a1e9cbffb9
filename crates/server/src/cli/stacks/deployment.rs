//! Bringing a stack to what its template says.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::bail;

use super::super::call::printable;
use super::Place;
use super::api::{Api, Element, Refused, is_missing, parameters};
use super::progress::Progress;
use super::source::Source;
use crate::cli::endpoint::Endpoint;

/// A stack that is to be what a template says.
pub(in crate::cli) struct Deployment<'a> {
    api: Api,
    stack: &'a str,
    source: Source,
    parameters: &'a [(String, String)],
    tags: &'a [(String, String)],
    disable_rollback: bool,
}

/// What came of a deployment.
pub(in crate::cli) struct Outcome {
    /// The stack's ARN.
    pub(in crate::cli) arn: String,
    /// Its status.
    pub(in crate::cli) status: String,
    /// Whether anything was to be done.
    pub(in crate::cli) is_changed: bool,
    /// Its outputs.
    pub(in crate::cli) outputs: Vec<(String, String)>,
}

/// What is agreed to for the template: whoever runs the command has it at hand.
const CAPABILITIES: [&str; 3] = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"];

impl<'a> Deployment<'a> {
    /// Reads the template.
    pub(in crate::cli) fn new(endpoint: &Endpoint, place: &Place, file: &Path, stack: &'a str) -> anyhow::Result<Self> {
        let source = Source::read(file)?;
        Ok(Self { api: place.api(endpoint), stack, source, parameters: &[], tags: &[], disable_rollback: false })
    }

    /// With values for parameters, and tags.
    pub(super) fn with(mut self, parameters: &'a [(String, String)], tags: &'a [(String, String)]) -> Self {
        (self.parameters, self.tags) = (parameters, tags);
        self
    }

    /// Whether what has been made stays when the rest fails.
    pub(super) fn keeping_what_failed(mut self, keep: bool) -> Self {
        self.disable_rollback = keep;
        self
    }

    pub(super) fn api(&self) -> &Api {
        &self.api
    }

    /// Does it, and shows what happens.
    pub(in crate::cli) async fn run(&self) -> anyhow::Result<Outcome> {
        let mut before = self.before().await?;
        if before.as_ref().is_some_and(|it| it.text("StackStatus") == "ROLLBACK_COMPLETE") {
            eprintln!("  the stack was never made; what is left of it is deleted first");
            let mut progress = Progress::begin(&self.api, self.stack).await?;
            let name = parameters([("StackName", self.stack)]);
            progress.follow(self.api.call("DeleteStack", &name)).await.or_else(|error| {
                // A deleted stack has no name.
                if is_missing(&error) { Ok(String::new()) } else { Err(error) }
            })?;
            before = None;
        }
        let action = if before.is_some() { "UpdateStack" } else { "CreateStack" };
        let mut call = self.call(before.as_ref()).await?;
        if self.disable_rollback {
            call.push(("DisableRollback".to_owned(), "true".to_owned()));
        }
        let mut progress = Progress::begin(&self.api, self.stack).await?;
        let status = match progress.follow(self.api.call(action, &call)).await {
            Ok(status) => status,
            Err(error) if is_unchanged(&error) => return self.outcome(false).await,
            Err(error) => return Err(error),
        };
        if matches!(status.as_str(), "CREATE_COMPLETE" | "UPDATE_COMPLETE") {
            return self.outcome(true).await;
        }
        bail!("the stack {} was not deployed: {status}{}", self.stack, self.failures(&progress));
    }

    /// The stack as it is; `None` when there is none.
    pub(super) async fn before(&self) -> anyhow::Result<Option<Element>> {
        let described = self.api.call("DescribeStacks", &parameters([("StackName", self.stack)])).await;
        match described {
            Ok(mut described) => {
                let stack = described.take("Stacks").and_then(|mut stacks| stacks.take("member"));
                // A stack that only ever had change sets is made, not changed.
                Ok(stack.filter(|it| it.text("StackStatus") != "REVIEW_IN_PROGRESS"))
            }
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The parameters of a call that names the template and what goes with it.
    pub(super) async fn call(&self, before: Option<&Element>) -> anyhow::Result<Vec<(String, String)>> {
        let mut call = parameters([("StackName", self.stack)]);
        call.push(self.source.parameter(&self.api).await?);
        let mut list = |name: &str, members: &[&[(&str, &str)]]| {
            for (place, member) in members.iter().enumerate() {
                for (key, value) in *member {
                    let dot = if key.is_empty() { "" } else { "." };
                    call.push((format!("{name}.member.{}{dot}{key}", place + 1), (*value).to_owned()));
                }
            }
        };
        list("Capabilities", &CAPABILITIES.map(|it| [("", it)]).each_ref().map(<[_; 1]>::as_slice));
        let given: Vec<[(&str, &str); 2]> = self
            .parameters
            .iter()
            .map(|(key, value)| [("ParameterKey", key.as_str()), ("ParameterValue", value)])
            .collect();
        // A parameter that had a value keeps it.
        let had: BTreeSet<String> =
            before.iter().flat_map(|it| it.all("Parameters/member")).map(|it| it.text("ParameterKey")).collect();
        let declared = self.source.parameters();
        let is_kept = |name: &&String| had.contains(*name) && !self.parameters.iter().any(|(key, _)| key == *name);
        let kept: Vec<[(&str, &str); 2]> = declared
            .iter()
            .filter(is_kept)
            .map(|name| [("ParameterKey", name.as_str()), ("UsePreviousValue", "true")])
            .collect();
        let all: Vec<&[(&str, &str)]> = given.iter().chain(&kept).map(<[_; 2]>::as_slice).collect();
        list("Parameters", &all);
        let tags: Vec<[(&str, &str); 2]> =
            self.tags.iter().map(|(key, value)| [("Key", key.as_str()), ("Value", value)]).collect();
        list("Tags", &tags.iter().map(<[_; 2]>::as_slice).collect::<Vec<_>>());
        Ok(call)
    }

    async fn outcome(&self, is_changed: bool) -> anyhow::Result<Outcome> {
        let described = self.api.call("DescribeStacks", &parameters([("StackName", self.stack)])).await?;
        let outputs = described.all("Stacks/member/Outputs/member");
        let outputs = outputs.into_iter().map(|it| (it.text("OutputKey"), it.text("OutputValue"))).collect();
        Ok(Outcome {
            arn: described.text("Stacks/member/StackId"),
            status: described.text("Stacks/member/StackStatus"),
            is_changed,
            outputs,
        })
    }

    /// What failed first, and where the template defines it. What failed because of something else is not told.
    fn failures(&self, progress: &Progress<'_>) -> String {
        let failed = progress.events.iter().filter(|it| it.status.ends_with("_FAILED") && it.logical_id != self.stack);
        let told = failed.filter(|it| !it.reason.contains("cancelled"));
        let lines = told.map(|event| {
            let place = self.source.place_of(&event.logical_id);
            printable_lines(&format!(
                "\n  {place}: {} ({})\n    {}",
                event.logical_id, event.resource_type, event.reason
            ))
        });
        lines.collect()
    }
}

fn printable_lines(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Whether a call was refused because there is nothing to change.
fn is_unchanged(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Refused>().is_some_and(|it| it.message == "No updates are to be performed.")
}
