//! `claviger app-client`: shows and sets what an app client has beyond AWS's settings.

mod report;

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use self::report::Report;
use super::Global;
use super::call::call;

/// Show or set what an app client has beyond AWS's settings: a request rate, a token budget, claims of its own
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
    /// A claim that each of its tokens carries, its value in JSON, may be repeated: tenant=\'"north"\'
    #[arg(long = "claim", value_name = "NAME=JSON", value_parser = claim)]
    claims: Vec<Claim>,
    /// What to take away, may be repeated: rate, budget, claims, or one claim as claim=NAME
    #[arg(long, value_name = "WHAT", value_parser = extra)]
    unset: Vec<Extra>,
}

/// What can be taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Extra {
    Rate,
    Budget,
    Claims,
    Claim(String),
}

fn extra(text: &str) -> Result<Extra, &'static str> {
    match (text, text.strip_prefix("claim=")) {
        ("rate", _) => Ok(Extra::Rate),
        ("budget", _) => Ok(Extra::Budget),
        ("claims", _) => Ok(Extra::Claims),
        (_, Some(name)) if !name.is_empty() => Ok(Extra::Claim(name.to_owned())),
        _ => Err("expected rate, budget, claims or claim=NAME"),
    }
}

/// A claim as it was given.
#[derive(Clone, Debug, PartialEq)]
struct Claim {
    name: String,
    value: Value,
}

fn claim(text: &str) -> Result<Claim, &'static str> {
    const EXPECTED: &str = "expected a name and a value in JSON, such as level=3 or tenant=\"north\", quotes included";
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or(EXPECTED)?;
    match serde_json::from_str(value) {
        Ok(Value::Null) => Err("a claim cannot be null; --unset claim=NAME takes it away"),
        Ok(value) => Ok(Claim { name: name.to_owned(), value }),
        Err(_) => Err(EXPECTED),
    }
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
        let claims: Map<_, _> = self.claims.iter().map(|claim| (claim.name.clone(), claim.value.clone())).collect();
        put("Claims", (!claims.is_empty()).then(|| claims.into()));
        let whole = [(Extra::Rate, "RATE"), (Extra::Budget, "BUDGET"), (Extra::Claims, "CLAIMS")];
        let whole = whole.iter().filter(|(extra, _)| self.unset.contains(extra));
        let unset: Vec<&str> = whole.map(|(_, name)| *name).collect();
        put("Unset", (!unset.is_empty()).then(|| json!(unset)));
        let single = |extra: &'_ Extra| if let Extra::Claim(name) = extra { Some(name.clone()) } else { None };
        let unset: Vec<String> = self.unset.iter().filter_map(single).collect();
        put("UnsetClaims", (!unset.is_empty()).then(|| json!(unset)));
        let operation = if input.is_empty() { "DescribeAppClientExtras" } else { "UpdateAppClientExtras" };
        input.insert("ClientId".to_owned(), json!(self.client_id));
        (operation, input.into())
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
        let claims = json!({"Claims": {"tenant": "north", "level": 3}, "ClientId": "abc"});
        check(r#"abc --claim tenant="north" --claim level=3"#, update, claims);
        let unset = json!({"Unset": ["CLAIMS"], "UnsetClaims": ["tenant"], "ClientId": "abc"});
        check("abc --unset claim=tenant --unset claims", update, unset);
    }

    #[test]
    fn a_claim_is_a_name_and_json() {
        let check = |text: &str, expected: Option<(&str, Value)>| {
            let given = claim(text).ok().map(|claim| (claim.name, claim.value));
            assert_eq!(given, expected.map(|(name, value)| (name.to_owned(), value)), "{text}");
        };
        check("level=3", Some(("level", json!(3))));
        check(r#"tenant="a=b""#, Some(("tenant", json!("a=b"))));
        check(r#"plan={"level": [1]}"#, Some(("plan", json!({"level": [1]}))));
        check("tenant=north", None);
        check("tenant", None);
        check("=1", None);
        check("tenant=", None);
        check("tenant=null", None);
        assert_eq!(extra("claim=a"), Ok(Extra::Claim("a".to_owned())));
        assert!(extra("claim=").is_err() && extra("client").is_err());
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
