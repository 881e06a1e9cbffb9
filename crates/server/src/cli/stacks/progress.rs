//! What happens to a stack, on the terminal: a line for everything that is done, and below them what is being done.

use std::collections::BTreeSet;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::super::call::printable;
use super::api::{Api, Element, parameters};

/// How often the server is asked what has happened.
const PAUSE: Duration = Duration::from_millis(100);
/// How often the line below moves.
const TICK: Duration = Duration::from_millis(120);

/// An event of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) logical_id: String,
    pub(super) resource_type: String,
    pub(super) status: String,
    pub(super) reason: String,
}

/// Follows what happens to one stack.
pub(super) struct Progress<'a> {
    api: &'a Api,
    stack: String,
    /// The newest event that has been seen.
    seen: Option<String>,
    /// Those since this began, oldest first.
    pub(super) events: Vec<Event>,
    under_way: BTreeSet<String>,
    bar: ProgressBar,
}

impl<'a> Progress<'a> {
    /// Follows a stack from now on. On a terminal, what is under way stands below.
    pub(super) async fn begin(api: &'a Api, stack: &str) -> anyhow::Result<Self> {
        // Off a terminal nothing is drawn.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(
            ProgressStyle::with_template("{spinner} {elapsed} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        let mut progress =
            Self { api, stack: stack.to_owned(), seen: None, events: Vec::new(), under_way: BTreeSet::new(), bar };
        // What has happened before is not shown; of a stack that is not there yet, nothing has.
        let _ = progress.fetch().await;
        progress.events.clear();
        progress.under_way.clear();
        progress.bar.enable_steady_tick(TICK);
        Ok(progress)
    }

    /// Follows the stack while a call begins something, and then until nothing is being done any more; its last status.
    pub(super) async fn follow(
        &mut self,
        call: impl Future<Output = anyhow::Result<Element>>,
    ) -> anyhow::Result<String> {
        tokio::pin!(call);
        loop {
            tokio::select! {
                biased;
                answer = &mut call => {
                    // From here on it is asked for by its ARN: a deleted stack has no name.
                    let arn = answer?.text("StackId");
                    if !arn.is_empty() {
                        self.stack = arn;
                    }
                    break;
                }
                () = tokio::time::sleep(PAUSE) => self.show().await,
            }
        }
        loop {
            self.show().await;
            let described = self.api.call("DescribeStacks", &parameters([("StackName", &self.stack)])).await?;
            let status = described.text("Stacks/member/StackStatus");
            if !status.ends_with("_IN_PROGRESS") {
                self.show().await;
                self.bar.finish_and_clear();
                return Ok(status);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn show(&mut self) {
        let before = self.events.len();
        // A poll that fails is made up for by the next.
        let _ = self.fetch().await;
        for event in self.events.iter().skip(before).filter(|it| !it.status.ends_with("_IN_PROGRESS")) {
            self.bar.suspend(|| eprintln!("{}", line(event)));
        }
        let under_way: Vec<&str> = self.under_way.iter().map(String::as_str).collect();
        self.bar.set_message(under_way.join(", "));
    }

    /// Asks for what has happened since, newest first, page by page.
    async fn fetch(&mut self) -> anyhow::Result<()> {
        let (mut new, mut token) = (Vec::new(), String::new());
        'pages: loop {
            let mut named = parameters([("StackName", &self.stack)]);
            if !token.is_empty() {
                named.push(("NextToken".to_owned(), token));
            }
            let page = self.api.call("DescribeStackEvents", &named).await?;
            for member in page.all("StackEvents/member") {
                let id = member.text("EventId");
                if self.seen.as_ref() == Some(&id) {
                    break 'pages;
                }
                new.push((id, Event::of(member)));
            }
            token = page.text("NextToken");
            if token.is_empty() {
                break;
            }
        }
        if let Some((newest, _)) = new.first() {
            self.seen = Some(newest.clone());
        }
        for (_, event) in new.into_iter().rev() {
            if event.status.ends_with("_IN_PROGRESS") {
                self.under_way.insert(event.logical_id.clone());
            } else {
                self.under_way.remove(&event.logical_id);
            }
            self.events.push(event);
        }
        Ok(())
    }
}

impl Event {
    fn of(member: &Element) -> Self {
        Self {
            logical_id: member.text("LogicalResourceId"),
            resource_type: member.text("ResourceType"),
            status: member.text("ResourceStatus"),
            reason: member.text("ResourceStatusReason"),
        }
    }
}

/// An event as a line.
fn line(event: &Event) -> String {
    let Event { logical_id, resource_type, status, reason } = event;
    let line = format!("  {status:<34}{resource_type:<38}{logical_id}");
    let reason = if status.ends_with("_FAILED") { reason.as_str() } else { "" };
    // Reasons may have several lines.
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = if reason.is_empty() { line } else { format!("{line}  {reason}") };
    printable(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_why_only_when_something_failed() {
        let check = |status: &str, expected: &str| {
            let event = Event {
                logical_id: "Pool".to_owned(),
                resource_type: "AWS::Cognito::UserPool".to_owned(),
                status: status.to_owned(),
                reason: "a reason".to_owned(),
            };
            assert_eq!(line(&event), expected);
        };
        check("CREATE_COMPLETE", "  CREATE_COMPLETE                   AWS::Cognito::UserPool                Pool");
        check(
            "CREATE_FAILED",
            "  CREATE_FAILED                     AWS::Cognito::UserPool                Pool  a reason",
        );
    }
}
