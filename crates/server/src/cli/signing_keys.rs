//! `claviger signing-keys`: shows the keys that a user pool signs with, and replaces them.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::Subcommand;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::call::{call, printable};
use super::{Global, Output};

/// Show or replace the keys that a user pool signs its tokens with
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show a pool's keys, and what each of them does
    List(Pool),
    /// Publish a new pair of keys, and let it sign in an hour: verifiers know it by then
    Rotate {
        #[command(flatten)]
        pool: Pool,
        /// Seconds that the keys are published before they sign, at most a week
        #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(..=604_800))]
        publish_for: Option<u32>,
        /// Let the new keys sign at once
        #[arg(long, conflicts_with = "publish_for")]
        now: bool,
    },
    /// Take a key away at once, as when others know it: whatever it has signed is refused from then on
    ///
    /// If it is the one that signs, a new pair takes its place in the same moment.
    Retire {
        #[command(flatten)]
        pool: Pool,
        /// The key's id (`kid`)
        #[arg(value_name = "KEY_ID")]
        key: String,
    },
    /// Choose what keys are made from now on, and how often they are replaced
    Policy {
        #[command(flatten)]
        pool: Pool,
        /// The algorithm of keys that are made from now on; `rotate` makes them
        #[arg(long, value_name = "ALGORITHM", value_parser = ["RS256", "ES256", "EdDSA"])]
        algorithm: Option<String>,
        /// Days after which a pair is replaced; 0 for never
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(..=3_650))]
        rotate_every: Option<u32>,
    },
}

#[derive(Debug, clap::Args)]
struct Pool {
    /// The user pool's id
    #[arg(value_name = "USER_POOL_ID")]
    pool: String,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (operation, input) = arguments.command.call();
    let answer = super::block_on(call(&global.endpoint, operation, &input))?;
    let text = match global.output {
        Output::Json => serde_json::to_string_pretty(&answer)? + "\n",
        Output::Text => to_text(&answer),
    };
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

impl Command {
    /// The operation, and its input, that does what is asked for.
    fn call(&self) -> (&'static str, Value) {
        let (operation, pool, options) = match self {
            Self::List(pool) => ("DescribeSigningKeys", pool, vec![]),
            Self::Rotate { pool, publish_for, now } => {
                let seconds = if *now { Some(0) } else { *publish_for };
                ("RotateSigningKeys", pool, vec![("PublicationSeconds", seconds.map(Value::from))])
            }
            Self::Retire { pool, key } => ("RetireSigningKey", pool, vec![("KeyId", Some(json!(key)))]),
            Self::Policy { pool, algorithm, rotate_every } => {
                let options = vec![
                    ("Algorithm", algorithm.clone().map(Value::from)),
                    ("RotationDays", rotate_every.map(Value::from)),
                ];
                ("UpdateSigningKeyPolicy", pool, options)
            }
        };
        let given = options.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let mut input = Map::from_iter([("UserPoolId".to_owned(), json!(pool.pool))]);
        input.extend(given);
        (operation, input.into())
    }
}

fn to_text(answer: &Map<String, Value>) -> String {
    let text_of = |of: &Map<String, Value>, name: &str| match of.get(name) {
        Some(Value::String(text)) => printable(text),
        Some(Value::Number(number)) if name == "RotationDays" => number.to_string(),
        Some(Value::Number(seconds)) => seconds.as_f64().map(moment).unwrap_or_default(),
        _ => String::new(),
    };
    let mut text = String::new();
    let days = text_of(answer, "RotationDays");
    let every = if days == "0" { "when asked".to_owned() } else { format!("every {days} days") };
    let _ = writeln!(text, "User pool  {}", text_of(answer, "UserPoolId"));
    let _ = writeln!(text, "New keys   {}, {every}", text_of(answer, "Algorithm"));
    let next = text_of(answer, "NextRotation");
    if !next.is_empty() {
        let _ = writeln!(text, "Next       {next}");
    }
    for key in answer.get("Keys").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
        let of = |name| text_of(key, name);
        let (status, token_use) = (of("Status").to_ascii_lowercase(), of("TokenUse").to_ascii_lowercase());
        let _ =
            write!(text, "{}  {token_use:6}  {:5}  {status:9}  from {}", of("KeyId"), of("Algorithm"), of("SignsFrom"));
        let until = of("RetiresAt");
        let _ = if until.is_empty() { writeln!(text) } else { writeln!(text, "  until {until}") };
    }
    text
}

/// A moment in seconds since 1970, for people.
fn moment(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "the fraction is not shown")]
    let whole = seconds as i64;
    let moment = OffsetDateTime::from_unix_timestamp(whole).ok();
    moment.and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_default()
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
    fn each_command_is_one_call() {
        let check = |words: &str, operation: &str, expected: Value| {
            let line = Line::try_parse_from(["signing-keys"].into_iter().chain(words.split(' '))).unwrap();
            assert_eq!(line.arguments.command.call(), (operation, expected), "{words}");
        };
        check("list p_1", "DescribeSigningKeys", json!({"UserPoolId": "p_1"}));
        check("rotate p_1", "RotateSigningKeys", json!({"UserPoolId": "p_1"}));
        check("rotate p_1 --now", "RotateSigningKeys", json!({"UserPoolId": "p_1", "PublicationSeconds": 0}));
        check(
            "rotate p_1 --publish-for 60",
            "RotateSigningKeys",
            json!({"UserPoolId": "p_1", "PublicationSeconds": 60}),
        );
        check("retire p_1 k1", "RetireSigningKey", json!({"UserPoolId": "p_1", "KeyId": "k1"}));
        check(
            "policy p_1 --algorithm ES256 --rotate-every 90",
            "UpdateSigningKeyPolicy",
            json!({"UserPoolId": "p_1", "Algorithm": "ES256", "RotationDays": 90}),
        );
        for words in ["rotate p_1 --now --publish-for 1", "policy p_1 --algorithm HS256", "retire p_1", "list"] {
            assert!(Line::try_parse_from(["signing-keys"].into_iter().chain(words.split(' '))).is_err(), "{words}");
        }
    }

    #[test]
    fn tells_people() {
        let answer = json!({
            "UserPoolId": "p_1", "Algorithm": "ES256", "RotationDays": 90, "NextRotation": 1_900_000_000.0,
            "Keys": [
                {"KeyId": "k1", "TokenUse": "ACCESS", "Algorithm": "RS256", "Status": "SIGNING",
                    "SignsFrom": 1_800_000_000.5, "RetiresAt": 1_800_090_000.0},
                {"KeyId": "k2", "TokenUse": "ACCESS", "Algorithm": "ES256", "Status": "PENDING", "SignsFrom": 1_800_003_600.0},
            ],
        });
        assert_eq!(
            to_text(answer.as_object().unwrap()),
            "User pool  p_1\nNew keys   ES256, every 90 days\nNext       2030-03-17T17:46:40Z\n\
             k1  access  RS256  signing    from 2027-01-15T08:00:00Z  until 2027-01-16T09:00:00Z\n\
             k2  access  ES256  pending    from 2027-01-15T09:00:00Z\n"
        );
    }
}
