//! `claviger app-client`: shows and sets what an app client has beyond AWS's settings.

mod report;

use std::process::ExitCode;

use anyhow::{Context, bail};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Full;
use serde_json::{Map, Value, json};

use self::report::Report;
use super::endpoint::Endpoint;
use super::{Global, WrongUsage};

/// Show or set what an app client has beyond AWS's settings: a request rate, a token budget
///
/// What is set is changed, and the rest stays as it is; without an option, everything is shown. A client that asks for
/// more is answered with status 429 and told in Retry-After when to come back.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The app client's id
    #[arg(value_name = "CLIENT_ID")]
    client_id: String,
    /// Tokens a second it may ask for in the long run, such as 5 or 0.2
    #[arg(long, value_name = "N")]
    rate: Option<f64>,
    /// Tokens it may ask for at once; by default what a second allows
    #[arg(long, value_name = "N")]
    burst: Option<u32>,
    /// Tokens it may have in a day or a month (UTC): 1000/day, 20000/month
    #[arg(long, value_name = "N/PERIOD", value_parser = budget)]
    budget: Option<Budget>,
    /// What to take away, may be repeated
    #[arg(long, value_name = "WHAT", value_enum)]
    unset: Vec<Extra>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Extra {
    Rate,
    Budget,
}

/// A token budget as it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Budget {
    tokens: u64,
    period: &'static str,
}

fn budget(text: &str) -> Result<Budget, &'static str> {
    const EXPECTED: &str = "expected a number of tokens and a period, such as 1000/day or 20000/month";
    let (tokens, period) = text.split_once('/').ok_or(EXPECTED)?;
    let period = match period {
        "day" => "DAY",
        "month" => "MONTH",
        _ => return Err(EXPECTED),
    };
    Ok(Budget { tokens: tokens.parse().map_err(|_| EXPECTED)?, period })
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (operation, input) = arguments.call();
    let answer = super::block_on(call(&global.endpoint, operation, &input))?;
    super::print(&Report(answer).to_text(global.output)?)?;
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    /// The operation, and its input, that does what is asked for.
    fn call(&self) -> (&'static str, Value) {
        let mut input = Map::new();
        let mut put = |name: &str, value: Option<Value>| input.extend(value.map(|value| (name.to_owned(), value)));
        let mut rate = Map::new();
        rate.extend(self.rate.map(|rate| ("RequestsPerSecond".to_owned(), json!(rate))));
        rate.extend(self.burst.map(|burst| ("Burst".to_owned(), json!(burst))));
        put("Rate", (!rate.is_empty()).then(|| rate.into()));
        put("Budget", self.budget.map(|Budget { tokens, period }| json!({ "Tokens": tokens, "Period": period })));
        let mut unset: Vec<&str> = self.unset.iter().map(|extra| extra.name()).collect();
        unset.dedup();
        put("Unset", (!unset.is_empty()).then(|| json!(unset)));
        let operation = if input.is_empty() { "DescribeAppClientExtras" } else { "UpdateAppClientExtras" };
        input.insert("ClientId".to_owned(), json!(self.client_id));
        (operation, input.into())
    }
}

impl Extra {
    fn name(self) -> &'static str {
        match self {
            Self::Rate => "RATE",
            Self::Budget => "BUDGET",
        }
    }
}

async fn call(endpoint: &Endpoint, operation: &str, input: &Value) -> anyhow::Result<Map<String, Value>> {
    let request = Request::post("/")
        .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
        .header("x-amz-target", format!("Claviger.{operation}"))
        .body(Full::<Bytes>::from(input.to_string()))?;
    let answer = endpoint.send(request).await?;
    let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    match (answer.status(), body) {
        (StatusCode::OK, Value::Object(answer)) => Ok(answer),
        (status, body) => {
            let said = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
            let message = said("message").with_context(|| format!("{} answered {status}", endpoint.url()))?;
            match said("__type").as_deref() {
                Some("InvalidParameterException") => Err(WrongUsage(message).into()),
                _ => bail!(message),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn an_option_changes_what_it_names() {
        let check = |line: &str, operation: &str, expected: Value| {
            let line = Line::try_parse_from(std::iter::once("app-client").chain(line.split(' '))).unwrap();
            assert_eq!(line.arguments.call(), (operation, expected), "{line:?}");
        };
        let (describe, update) = ("DescribeAppClientExtras", "UpdateAppClientExtras");
        check("abc", describe, json!({"ClientId": "abc"}));
        let rate = json!({"Rate": {"RequestsPerSecond": 0.5, "Burst": 3}, "ClientId": "abc"});
        check("abc --rate 0.5 --burst 3", update, rate);
        check("abc --burst 3", update, json!({"Rate": {"Burst": 3}, "ClientId": "abc"}));
        let day = json!({"Budget": {"Tokens": 1000, "Period": "DAY"}, "ClientId": "abc"});
        check("--budget 1000/day abc", update, day);
        let unset = json!({"Unset": ["RATE", "BUDGET"], "ClientId": "abc"});
        check("abc --unset rate --unset budget", update, unset);
        check("abc --unset rate --unset rate", update, json!({"Unset": ["RATE"], "ClientId": "abc"}));
    }

    #[test]
    fn a_budget_is_a_number_and_a_period() {
        let check = |text: &str, expected: Option<(u64, &str)>| {
            assert_eq!(budget(text).ok().map(|budget| (budget.tokens, budget.period)), expected, "{text}");
        };
        check("1000/day", Some((1000, "DAY")));
        check("0/month", Some((0, "MONTH")));
        check("1000", None);
        check("1000/", None);
        check("1000/year", None);
        check("/day", None);
        check("-1/day", None);
        check("1.5/day", None);
    }
}
