//! CloudWatch Logs: groups, and streams in them.

use super::{Asked, Demand};

pub(super) fn demands(asked: Asked<'_>) -> Vec<Demand> {
    let arn = asked.text("logGroupIdentifier").or(asked.text("resourceArn")).filter(|text| text.starts_with("arn:"));
    let group = if let Some(arn) = arn {
        arn.trim_end_matches(":*").to_owned()
    } else {
        let name = asked.text("logGroupName").or(asked.text("logGroupIdentifier"));
        asked.arn("logs", &format!("log-group{}", name.map(|name| format!(":{name}")).unwrap_or_default()))
    };
    let resource = match asked.text("logStreamName") {
        Some(stream) => format!("{group}:log-stream:{stream}"),
        None => format!("{group}:*"),
    };
    vec![asked.demand("logs", resource)]
}
