//! `claviger inspect`: decodes a token, and verifies it with the keys of the pool it names.

mod report;

use std::io::Read;
use std::process::ExitCode;

use anyhow::{Context, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_oauth::authorize::strip_bearer;
use claviger_oauth::issuer;
use claviger_oauth::jose::{KeySet, VerifyingKey};
use claviger_oauth::refusal::Refusal;
use claviger_oauth::verified_token::verify;
use claviger_resources::{Clock, UserPoolId};
use http::StatusCode;
use serde_json::{Map, Value};

use self::report::Report;
pub(super) use self::report::printable;
use super::Global;
use super::endpoint::Endpoint;
use crate::clock::MovableClock;

/// Bytes of the largest input that is read; the largest token that can be valid is a quarter of it.
const INPUT_BYTES_MAX: u64 = 64 * 1024;

/// Decode a token, and verify its signature and times with the keys that the server publishes for its user pool
///
/// The exit status is 0 only for a valid token. Any form of issuer that names a pool of the server is accepted.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The token, with or without "Bearer" before it; - for stdin
    #[arg(value_name = "TOKEN")]
    token: String,
}

pub(super) fn run(global: &Global, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let text = if arguments.token == "-" { read_input()? } else { arguments.token };
    let text = strip_bearer(text.trim()).trim();
    let report = super::block_on(inspect(&global.endpoint, text))?;
    super::print(&report.to_text(global.output)?)?;
    Ok(if report.verdict.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read_input() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(INPUT_BYTES_MAX + 1).read_to_end(&mut bytes).context("cannot read stdin")?;
    ensure!(bytes.len() as u64 <= INPUT_BYTES_MAX, "the input is larger than 64 KiB: that is no token");
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

async fn inspect(endpoint: &Endpoint, text: &str) -> anyhow::Result<Report> {
    let mut segments = text.split('.');
    let header = segments.next().and_then(decode);
    let claims = segments.next().and_then(decode);
    let named = claims.as_ref().and_then(|claims| claims.get("iss")?.as_str());
    let pool = named.and_then(issuer::pool);
    let keys = match &pool {
        Some(pool) => keys(endpoint, pool).await,
        // Without a pool there is nothing to ask for; what is wrong with the token is then told without keys.
        None => Ok(KeySet::default()),
    };
    let (now_seconds, moved_seconds) = time(endpoint).await.unwrap_or_else(|| (own_time(), 0));
    let verdict = judge(text, keys, now_seconds);
    Ok(Report { header, claims, pool, verdict, now_seconds, moved_seconds })
}

/// A segment's JSON object as it stands, believed or not.
fn decode(segment: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(segment).ok()?).ok()
}

/// When the token expires, or why it is not valid. What is wrong with its form goes before what is wrong with the server.
fn judge(text: &str, keys: anyhow::Result<KeySet>, now_seconds: i64) -> Result<i64, String> {
    if text.is_empty() {
        return Err(Refusal::Missing.to_string());
    }
    let (keys, failure) = match keys {
        Ok(keys) => (keys, None),
        Err(failure) => (KeySet::default(), Some(failure)),
    };
    let verified = verify(text, |_| true, |_| Ok(keys), now_seconds);
    verified.map(|token| token.expires_at()).map_err(|refusal| match (refusal, failure) {
        (Refusal::UnknownKey(_), Some(failure)) => format!("it could not be verified: {failure:#}"),
        (Refusal::UnknownKey(kid), None) => format!("the user pool has no key {kid:?}"),
        (Refusal::WrongIssuer(issuer), _) => format!("its issuer {issuer:?} names no user pool"),
        (refusal, _) => refusal.to_string(),
    })
}

/// The keys that the server publishes for a pool.
async fn keys(endpoint: &Endpoint, pool: &UserPoolId) -> anyhow::Result<KeySet> {
    let answer = endpoint.get(&format!("/{pool}/.well-known/jwks.json")).await?;
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => bail!("there is no user pool {pool} on {}", endpoint.url()),
        status => bail!("{} answered {status} when asked for the keys of {pool}", endpoint.url()),
    }
    let document: Value = serde_json::from_slice(answer.body()).context("the key set is not JSON")?;
    let keys = document.get("keys").and_then(Value::as_array).context("the key set has no keys")?;
    // A key of a kind that is unknown here is no reason to do without the others.
    Ok(KeySet::new(keys.iter().filter_map(|key| VerifyingKey::from_jwk(&key.to_string()).ok()).collect()))
}

/// The time on the server's clock, which `claviger dev` lets callers move, and by how much it was moved.
async fn time(endpoint: &Endpoint) -> Option<(i64, i64)> {
    let answer = endpoint.get("/_claviger/clock").await.ok()?;
    let clock: Value = serde_json::from_slice(answer.body()).ok()?;
    Some((clock.get("now")?.as_i64()?, clock.get("offsetSeconds")?.as_i64()?))
}

fn own_time() -> i64 {
    MovableClock::default().now().seconds()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, claims: &str) -> String {
        [header, claims, "signature"].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
    }

    #[test]
    fn says_what_is_wrong_with_a_token() {
        let check = |text: &str, expected: &str| {
            let verdict = judge(text, Ok(KeySet::default()), 0);
            assert_eq!(verdict, Err(expected.to_owned()), "{text}");
        };
        let header = r#"{"kid":"k","alg":"RS256"}"#;
        check("", "no token was presented");
        check("a", "malformed token: it does not have three segments");
        check("a.b.c.d", "malformed token: it does not have three segments");
        check("\u{0}\u{1f600}.\u{202e}.", "malformed token: its header is not base64url");
        check(&format!("{}.!.AA", URL_SAFE_NO_PAD.encode(header)), "malformed token: its payload is not base64url");
        check(&token("[]", "{}"), "malformed token: its header is not a JSON object");
        check(&token("{}", "{}"), "malformed token: its header names no algorithm");
        check(&token(r#"{"alg":"RS256"}"#, "{}"), "malformed token: its header names no key");
        check(&token(header, "[]"), "malformed token: its payload is not a JSON object");
        check(&token(header, "{}"), "the claim iss is missing or of the wrong type");
        check(
            &token(header, r#"{"iss":"https://id.example/"}"#),
            "its issuer \"https://id.example/\" names no user pool",
        );
        let ours = r#"{"iss":"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_a"}"#;
        check(&token(header, ours), "the user pool has no key \"k\"");
        check(&"x".repeat(100_000), "malformed token: it is larger than 16 KiB");
        let unreachable = judge(&token(header, ours), Err(anyhow::anyhow!("no server")), 0);
        assert_eq!(unreachable, Err("it could not be verified: no server".to_owned()));
    }
}
