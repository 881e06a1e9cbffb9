//! `claviger usage`: how many tokens app clients were issued and refused, day by day.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::call::{call, printable};
use super::{Global, Output};

/// Show how many tokens app clients were issued and refused on each day in UTC
///
/// The counts of the last minute may be missing: nodes add up what they counted about once a minute. Counts are kept for
/// 400 days, and go with their app client.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The user pool whose app clients are shown; all, when nothing is said
    #[arg(long, value_name = "ID")]
    user_pool_id: Option<String>,
    /// The app client that is shown
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// How many days back, today among them
    #[arg(long, value_name = "N", default_value = "30", value_parser = clap::value_parser!(u16).range(1..=400))]
    days: u16,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let counts = super::block_on(async {
        let mut counts: Vec<Value> = Vec::new();
        let mut input = arguments.input();
        loop {
            let mut answer = call(&global.endpoint, "ListTokenCounts", &Value::Object(input.clone())).await?;
            if let Some(Value::Array(page)) = answer.remove("TokenCounts") {
                counts.extend(page);
            }
            let Some(next) = answer.remove("NextToken") else { return Ok(counts) };
            input.insert("NextToken".to_owned(), next);
        }
    })?;
    let text = match global.output {
        Output::Json => serde_json::to_string_pretty(&json!({ "TokenCounts": counts }))? + "\n",
        Output::Text => to_text(&counts),
    };
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn input(&self) -> Map<String, Value> {
        let mut input = Map::from_iter([("Days".to_owned(), self.days.into())]);
        for (name, value) in [("UserPoolId", &self.user_pool_id), ("ClientId", &self.client_id)] {
            input.extend(value.as_ref().map(|value| (name.to_owned(), value.as_str().into())));
        }
        input
    }
}

/// A line for each count, and one for all of them.
fn to_text(counts: &[Value]) -> String {
    let text = |count: &Value, name: &str| count.get(name).and_then(Value::as_str).map(printable).unwrap_or_default();
    let number = |count: &Value, name: &str| count.get(name).and_then(Value::as_u64).unwrap_or_default();
    let line = |date: &str, pool: &str, client: &str, issued: &str, refused: &str| {
        format!("{date:<10}  {pool:<27}  {client:<26}  {issued:>12}  {refused:>12}\n")
    };
    let mut lines = line("date", "user pool", "app client", "issued", "refused");
    for count in counts {
        let [date, pool, client] = ["Date", "UserPoolId", "ClientId"].map(|name| text(count, name));
        let [issued, refused] = ["Issued", "Refused"].map(|name| number(count, name).to_string());
        lines += &line(&date, &pool, &client, &issued, &refused);
    }
    let [issued, refused] =
        ["Issued", "Refused"].map(|name| counts.iter().map(|count| number(count, name)).sum::<u64>().to_string());
    lines + &line("all", "", "", &issued, &refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_lines_and_added_up() {
        let counts = [
            json!({ "Date": "2026-01-31", "UserPoolId": "us-east-1_a", "ClientId": "c1", "Issued": 12, "Refused": 1 }),
            json!({ "Date": "2026-02-01", "UserPoolId": "us-east-1_a", "ClientId": "c1", "Issued": 30, "Refused": 0 }),
        ];
        let text = to_text(&counts);
        let words: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(
            words[1..],
            [
                vec!["2026-01-31", "us-east-1_a", "c1", "12", "1"],
                vec!["2026-02-01", "us-east-1_a", "c1", "30", "0"],
                vec!["all", "42", "1"],
            ]
        );
        let input = |user_pool_id: Option<&str>, client_id: Option<&str>| {
            let (user_pool_id, client_id) = (user_pool_id.map(str::to_owned), client_id.map(str::to_owned));
            Value::Object(Arguments { user_pool_id, client_id, days: 7 }.input())
        };
        assert_eq!(input(None, None), json!({ "Days": 7 }));
        assert_eq!(input(Some("p"), Some("c")), json!({ "Days": 7, "UserPoolId": "p", "ClientId": "c" }));
    }
}
