//! `claviger keys`: makes, lists, rotates and revokes the access keys that calls of a locked server are signed with.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use claviger_control_plane::claviger::access_key::{NewAccessKeyOutput, Wanted};
use claviger_resources::{AccountId, Clock, RoleName, Timestamp};
use claviger_runtime::roles::Roles;
use serde_json::{Map, Value, json};
use time::format_description::FormatItem;
use time::macros::format_description;

use super::call::{call, printable};
use super::{Global, Output, WrongUsage};
use crate::clock::MovableClock;
use crate::config::{self, Flags};
use crate::node::{Place, first_key};

/// Make, list, rotate and revoke the access keys with which calls of `claviger serve` are signed
///
/// A key calls in a role: admin may everything, deployer what deploy tools need, auditor may look at everything but secrets,
/// secret-reader may read secrets; others are in the server's configuration. Keys are made by the running server, and so with
/// a key; the first one of a store with --config or --data-dir, while no server runs on it.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Make a key, and show its secret, this once, as lines to paste
    Create(Create),
    /// List the keys, those that were revoked among them
    List(List),
    /// Make a key that takes another's place
    Rotate(Rotate),
    /// End a key, and every session that was made with it
    Revoke(Revoke),
}

#[derive(Debug, clap::Args)]
struct Create {
    /// The role in which the key calls
    #[arg(long, value_name = "ROLE")]
    role: String,
    /// Whose it is, as audit logs and policies name it; by default the role's name
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The account in which it calls
    #[arg(long, value_name = "ID", value_parser = account)]
    account: Option<AccountId>,
    /// When it ends by itself: 90d, 12h, 30m
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    expires: Option<i64>,
    /// Make it on the store in this directory, without a server: the first key of a store
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The same on the store that this configuration of `claviger serve` names
    #[arg(long, value_name = "PATH", conflicts_with = "data_dir")]
    config: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct List {
    /// The account whose keys they are
    #[arg(long, value_name = "ID", value_parser = account)]
    account: Option<AccountId>,
}

#[derive(Debug, clap::Args)]
struct Rotate {
    /// The key whose place is taken
    #[arg(value_name = "ACCESS_KEY_ID")]
    id: String,
    /// How long the old key still works: 1h, 30m, 0s; without it, until it is revoked
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    grace: Option<i64>,
}

#[derive(Debug, clap::Args)]
struct Revoke {
    /// The key
    #[arg(value_name = "ACCESS_KEY_ID")]
    id: String,
}

const UTC: &[FormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");

fn account(text: &str) -> Result<AccountId, String> {
    AccountId::parse(text).map_err(|error| error.to_string())
}

/// A length of time, in seconds.
fn seconds(text: &str) -> Result<i64, &'static str> {
    const EXPECTED: &str = "expected a number and a unit: 90d, 12h, 30m or 45s";
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let (number, unit): (i64, &str) =
        (digits.parse().map_err(|_| EXPECTED)?, text.get(digits.len()..).ok_or(EXPECTED)?);
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(EXPECTED),
    };
    number.checked_mul(factor).filter(|seconds| *seconds >= 0).ok_or(EXPECTED)
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let text = super::block_on(async {
        match &arguments.command {
            Command::Create(create) => made(&create.run(global).await?, global.output),
            Command::Rotate(rotate) => {
                let mut input = json!({ "AccessKeyId": rotate.id });
                put(&mut input, "GraceSeconds", rotate.grace);
                made(&Value::Object(call(&global.endpoint, "RotateAccessKey", &input).await?), global.output)
            }
            Command::List(list) => list.run(global).await,
            Command::Revoke(Revoke { id }) => {
                let answer = call(&global.endpoint, "RevokeAccessKey", &json!({ "AccessKeyId": id })).await?;
                match global.output {
                    Output::Json => in_json(&Value::Object(answer)),
                    Output::Text => Ok(String::new()),
                }
            }
        }
    })?;
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

impl Create {
    async fn run(&self, global: &Global) -> anyhow::Result<Value> {
        if let Some(directory) = &self.data_dir {
            return self.on_store(&Place::Directory(directory.clone()), AccountId::DEFAULT, &Roles::default()).await;
        }
        if let Some(file) = &self.config {
            let config = config::read(file, &Flags::default()).map_err(|error| WrongUsage(error.to_string()))?;
            return self.on_store(&Place::served(&config), config.account, &config.roles).await;
        }
        let mut input = json!({ "RoleName": self.role });
        put(&mut input, "UserName", self.user.clone());
        put(&mut input, "Description", self.description.clone());
        put(&mut input, "AccountId", self.account.map(|account| account.to_string()));
        put(&mut input, "ExpiresInSeconds", self.expires);
        Ok(Value::Object(call(&global.endpoint, "CreateAccessKey", &input).await?))
    }

    /// Makes the key on the store itself.
    async fn on_store(&self, place: &Place, account: AccountId, roles: &Roles) -> anyhow::Result<Value> {
        let role = RoleName::parse(&self.role).ok().filter(|role| roles.policy(role.as_str()).is_some());
        let known = || roles.names().map(RoleName::as_str).collect::<Vec<_>>().join(", ");
        let role = role.ok_or_else(|| WrongUsage(format!("there is no role {}; there are: {}", self.role, known())))?;
        let now = MovableClock::default().now();
        let wanted = Wanted {
            account: self.account.unwrap_or(account),
            role,
            user_name: self.user.clone(),
            description: self.description.clone(),
            expires: self.expires.map(|seconds| Timestamp::from_seconds(now.seconds().saturating_add(seconds))),
            rotated_from: None,
        };
        let (key, secret) = first_key::make(place, wanted).await.context("no key was made")?;
        Ok(serde_json::to_value(NewAccessKeyOutput::new(key, &secret))?)
    }
}

impl List {
    /// All keys, page after page.
    async fn run(&self, global: &Global) -> anyhow::Result<String> {
        let mut keys: Vec<Value> = Vec::new();
        let mut input = json!({});
        put(&mut input, "AccountId", self.account.map(|account| account.to_string()));
        loop {
            let mut answer = call(&global.endpoint, "ListAccessKeys", &input).await?;
            if let Some(Value::Array(page)) = answer.remove("AccessKeys") {
                keys.extend(page);
            }
            match answer.remove("NextToken") {
                Some(next) => put(&mut input, "NextToken", Some(next)),
                None => break,
            }
        }
        match global.output {
            Output::Json => in_json(&json!({ "AccessKeys": keys })),
            Output::Text => Ok(keys.iter().map(listed).collect()),
        }
    }
}

fn put(input: &mut Value, name: &str, value: Option<impl Into<Value>>) {
    if let (Value::Object(members), Some(value)) = (input, value) {
        members.insert(name.to_owned(), value.into());
    }
}

fn in_json(value: &Value) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

/// A key that was made: lines to paste on stdout, and what to know of it on stderr.
fn made(answer: &Value, output: Output) -> anyhow::Result<String> {
    if output == Output::Json {
        return in_json(answer);
    }
    let key = answer.get("AccessKey").and_then(Value::as_object).context("the answer holds no access key")?;
    let [id, secret, user, role, account] =
        ["AccessKeyId", "SecretAccessKey", "UserName", "RoleName", "AccountId"].map(|name| text(key, name));
    eprintln!(
        "{user} calls with this key in the role {role}, in the account {account}. The secret is shown this once."
    );
    Ok(format!("export AWS_ACCESS_KEY_ID={id}\nexport AWS_SECRET_ACCESS_KEY={secret}\n"))
}

/// A key as a line of the list.
fn listed(key: &Value) -> String {
    let Value::Object(key) = key else { return String::new() };
    let [id, status, role, user] = ["AccessKeyId", "Status", "RoleName", "UserName"].map(|name| text(key, name));
    let mut line = format!("{id}  {status:<8}  {role:<13}  {user}");
    for (name, word) in [("CreationDate", "made"), ("ExpirationDate", "ends")] {
        if let Some(seconds) = key.get(name).and_then(Value::as_f64) {
            let _ = write!(line, "  {word} {}", utc(seconds));
        }
    }
    for (name, word) in [("RotatedFrom", "replaces "), ("Description", "")] {
        if key.contains_key(name) {
            let _ = write!(line, "  {word}{}", text(key, name));
        }
    }
    line + "\n"
}

fn text(key: &Map<String, Value>, name: &str) -> String {
    key.get(name).and_then(Value::as_str).map(printable).unwrap_or_default()
}

#[expect(clippy::cast_possible_truncation, reason = "a time that is none is shown as one")]
fn utc(seconds: f64) -> String {
    Timestamp::from_milliseconds((seconds * 1000.0) as i64).utc().format(UTC).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_have_a_unit() {
        let check = |text: &str, expected: Option<i64>| assert_eq!(seconds(text).ok(), expected, "{text}");
        check("45s", Some(45));
        check("30m", Some(1_800));
        check("12h", Some(43_200));
        check("90d", Some(7_776_000));
        check("0s", Some(0));
        for wrong in ["", "5", "d", "-1d", "1w", "1.5h", "99999999999999999d"] {
            check(wrong, None);
        }
    }

    #[test]
    fn a_key_is_written_as_lines_to_paste_and_a_list_as_a_line_for_each() {
        let key = json!({
            "AccessKeyId": "AKIAQAAAAAAAAAAAAAAA", "SecretAccessKey": "secret/+", "UserName": "ci\u{1b}", "RoleName": "deployer",
            "AccountId": "000000000000", "Status": "Active", "CreationDate": 0.5, "ExpirationDate": 60.0,
            "RotatedFrom": "AKIAQBBBBBBBBBBBBBBB", "Description": "nightly",
        });
        let text = made(&json!({ "AccessKey": key }), Output::Text).unwrap();
        assert_eq!(text, "export AWS_ACCESS_KEY_ID=AKIAQAAAAAAAAAAAAAAA\nexport AWS_SECRET_ACCESS_KEY=secret/+\n");
        assert_eq!(
            listed(&key),
            "AKIAQAAAAAAAAAAAAAAA  Active    deployer       ci\u{fffd}  made 1970-01-01 00:00:00 UTC  ends 1970-01-01 00:01:00 \
             UTC  replaces AKIAQBBBBBBBBBBBBBBB  nightly\n"
        );
        assert!(made(&json!({}), Output::Text).is_err());
    }
}
