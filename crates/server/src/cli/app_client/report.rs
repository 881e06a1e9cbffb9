//! What `claviger app-client` tells, for people and for programs.

use std::fmt::Write as _;

use claviger_resources::Timestamp;
use serde_json::{Map, Value};
use time::format_description::FormatItem;
use time::macros::format_description;

use crate::cli::Output;
use crate::cli::call::printable;

const UTC: &[FormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");

/// The server's answer.
pub(super) struct Report(pub(super) Map<String, Value>);

impl Report {
    pub(super) fn to_text(&self, output: Output) -> anyhow::Result<String> {
        match output {
            Output::Json => Ok(serde_json::to_string_pretty(&self.0)? + "\n"),
            Output::Text => Ok(self.for_people()),
        }
    }

    fn for_people(&self) -> String {
        let mut text = String::new();
        let name = self.text("ClientName");
        let _ = writeln!(text, "App client  {} ({name})", self.text("ClientId"));
        let _ = writeln!(text, "User pool   {}", self.text("UserPoolId"));
        let _ = writeln!(text, "Rate        {}", self.rate().unwrap_or_else(|| "no limit".to_owned()));
        let _ = writeln!(text, "Budget      {}", self.budget().unwrap_or_else(|| "no limit".to_owned()));
        for (index, (name, value)) in self.0.get("Claims").and_then(Value::as_object).into_iter().flatten().enumerate()
        {
            let title = if index == 0 { "Claims" } else { "" };
            let _ = writeln!(text, "{title:10}  {} = {}", printable(name), printable(&value.to_string()));
        }
        text
    }

    fn rate(&self) -> Option<String> {
        let rate = self.0.get("Rate")?;
        let (per_second, burst) = (rate.get("RequestsPerSecond")?.as_f64()?, rate.get("Burst")?.as_u64()?);
        Some(format!("{per_second} tokens a second, {burst} at once"))
    }

    fn budget(&self) -> Option<String> {
        let budget = self.0.get("Budget")?;
        let (tokens, used) = (budget.get("Tokens")?.as_u64()?, budget.get("Used")?.as_u64()?);
        let period = budget.get("Period")?.as_str()?.to_ascii_lowercase();
        let resets = utc(budget.get("ResetsAt")?.as_f64()?)?;
        Some(format!("{tokens} tokens a {period}, {used} used; begins anew at {resets}"))
    }

    fn text(&self, member: &str) -> String {
        printable(self.0.get(member).and_then(Value::as_str).unwrap_or_default())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "seconds since 1970 fit, and others are shown as what they become")]
fn utc(seconds: f64) -> Option<String> {
    Timestamp::from_seconds(seconds as i64).utc().format(UTC).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(extras: &Value) -> Report {
        let mut answer = json!({"ClientId": "abc", "UserPoolId": "us-east-1_a", "ClientName": "sta\u{1b}tion"});
        answer.as_object_mut().unwrap().extend(extras.as_object().unwrap().clone());
        Report(answer.as_object().unwrap().clone())
    }

    #[test]
    fn tells_people() {
        let check = |extras: &Value, rate: &str, budget: &str| {
            let head = "App client  abc (sta\u{fffd}tion)\nUser pool   us-east-1_a\n";
            let expected = format!("{head}Rate        {rate}\nBudget      {budget}\n");
            assert_eq!(report(extras).for_people(), expected);
        };
        check(&json!({}), "no limit", "no limit");
        check(
            &json!({
                "Rate": {"RequestsPerSecond": 0.5, "Burst": 3},
                "Budget": {"Tokens": 100, "Period": "MONTH", "Used": 7, "ResetsAt": 1_896_134_400.0},
            }),
            "0.5 tokens a second, 3 at once",
            "100 tokens a month, 7 used; begins anew at 2030-02-01 00:00 UTC",
        );
    }

    #[test]
    fn tells_claims_one_a_line() {
        let text = report(&json!({"Claims": {"plan": {"level": 3}, "tenant": "north"}})).for_people();
        let expected = "Budget      no limit\nClaims      plan = {\"level\":3}\n            tenant = \"north\"\n";
        assert!(text.ends_with(expected), "{text}");
    }

    #[test]
    fn tells_programs_what_the_server_said() {
        let report = report(&json!({"Rate": {"RequestsPerSecond": 5.0, "Burst": 5}}));
        let read: Value = serde_json::from_str(&report.to_text(Output::Json).unwrap()).unwrap();
        assert_eq!(read["Rate"], json!({"RequestsPerSecond": 5.0, "Burst": 5}));
    }
}
