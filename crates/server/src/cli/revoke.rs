//! `claviger revoke`: refuses tokens before their time is over.

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_oauth::issuer;
use serde_json::{Map, Value, json};

use super::call::{call, printable};
use super::{Global, Output, WrongUsage};

/// Refuse tokens before they expire: one, or all that were issued so far to an app client or by a user pool
///
/// The gate refuses them as soon as each node has heard of it. Whoever else verifies tokens has to ask
/// /_claviger/introspect to know.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Arguments {
    /// The token, or - to read it from stdin
    #[arg(value_name = "TOKEN")]
    token: Option<String>,
    /// The app client whose tokens are refused
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
    /// The user pool whose tokens are refused
    #[arg(long, value_name = "USER_POOL_ID")]
    pool: Option<String>,
}

/// Bytes of the longest token that is read from stdin.
const TOKEN_BYTES_MAX: u64 = 64 * 1024;

pub(super) fn run(global: &Global, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let input = arguments.input()?;
    let answer = super::block_on(call(&global.endpoint, "RevokeTokens", &input))?;
    let text = match global.output {
        Output::Json => serde_json::to_string_pretty(&answer)? + "\n",
        Output::Text => to_text(&answer),
    };
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn input(self) -> anyhow::Result<Value> {
        Ok(match self {
            Self { client: Some(client), .. } => json!({ "ClientId": client }),
            Self { pool: Some(pool), .. } => json!({ "UserPoolId": pool }),
            Self { token, .. } => {
                let token = token.unwrap_or_default();
                let token = if token == "-" { from_stdin()? } else { token };
                of_token(token.trim()).ok_or_else(|| {
                    WrongUsage("this is no access or ID token of a user pool: it names no issuer and no id".to_owned())
                })?
            }
        })
    }
}

fn from_stdin() -> anyhow::Result<String> {
    let mut token = String::new();
    std::io::stdin().take(TOKEN_BYTES_MAX).read_to_string(&mut token).context("cannot read the token")?;
    Ok(token)
}

/// What a token says of itself that it is revoked by: its pool and its id.
fn of_token(token: &str) -> Option<Value> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Map<String, Value> = serde_json::from_slice(&payload).ok()?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let pool = issuer::pool(text("iss")?)?;
    Some(json!({ "UserPoolId": pool.as_str(), "TokenId": text("jti")? }))
}

fn to_text(answer: &Map<String, Value>) -> String {
    let of = |name: &str| answer.get(name).and_then(Value::as_str).map(printable);
    match (of("ClientId"), of("TokenId"), of("UserPoolId")) {
        (Some(client), ..) => format!("revoked: all tokens that the app client {client} has been issued so far\n"),
        (None, Some(token), _) => format!("revoked: the token {token}\n"),
        (None, None, pool) => {
            format!("revoked: all tokens that the user pool {} has issued so far\n", pool.unwrap_or_default())
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

    fn input(words: &[&str]) -> anyhow::Result<Value> {
        Line::try_parse_from([&["revoke"], words].concat())?.arguments.input()
    }

    #[test]
    fn says_what_is_to_be_revoked() {
        assert_eq!(input(&["--client", "c1"]).unwrap(), json!({"ClientId": "c1"}));
        assert_eq!(input(&["--pool", "us-east-1_a"]).unwrap(), json!({"UserPoolId": "us-east-1_a"}));
        let claims = json!({"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_a", "jti": "t1"});
        let token = format!("e30.{}.", URL_SAFE_NO_PAD.encode(claims.to_string()));
        assert_eq!(input(&[&token]).unwrap(), json!({"UserPoolId": "us-east-1_a", "TokenId": "t1"}));
    }

    #[test]
    fn refuses_what_says_nothing() {
        for words in [&[][..], &["nonsense"], &["--client", "c1", "--pool", "p1"], &["--client", "c1", "token"]] {
            assert!(input(words).is_err(), "{words:?}");
        }
    }
}
