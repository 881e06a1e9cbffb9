//! What `claviger inspect` tells, for people and for programs.

use std::fmt::Write as _;

use claviger_resources::{Timestamp, UserPoolId};
use serde_json::{Map, Value, json};
use time::format_description::FormatItem;
use time::macros::format_description;

use crate::cli::Output;

/// The claims that are times (RFC 7519, section 4.1; OpenID Connect Core 1.0, section 2).
const TIMES: [&str; 4] = ["auth_time", "exp", "iat", "nbf"];
const UTC: &[FormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
/// The last second that has four digits in its year; a later one is shown as it stands.
const YEAR_9999_ENDS: i64 = 253_402_300_799;

/// A token, taken apart and judged.
pub(super) struct Report {
    pub(super) header: Option<Map<String, Value>>,
    pub(super) claims: Option<Map<String, Value>>,
    /// The pool that the issuer names.
    pub(super) pool: Option<UserPoolId>,
    /// When the token expires, in seconds since the epoch, or why it is not valid.
    pub(super) verdict: Result<i64, String>,
    /// The server's time.
    pub(super) now_seconds: i64,
    /// How far the server's clock is ahead of the system's.
    pub(super) moved_seconds: i64,
}

impl Report {
    pub(super) fn to_text(&self, output: Output) -> anyhow::Result<String> {
        match output {
            Output::Json => Ok(serde_json::to_string_pretty(&self.to_json())? + "\n"),
            Output::Text => Ok(self.for_people()),
        }
    }

    fn to_json(&self) -> Value {
        let times: Map<String, Value> =
            self.times().filter_map(|(name, seconds)| Some((name.to_owned(), utc(seconds)?.into()))).collect();
        json!({
            "valid": self.verdict.is_ok(),
            "reason": self.verdict.as_ref().err(),
            "expires_in": self.verdict.as_ref().ok().map(|expires_at| expires_at.saturating_sub(self.now_seconds)),
            "user_pool": self.pool.as_ref().map(UserPoolId::as_str),
            "header": self.header,
            "claims": self.claims,
            "times": times,
        })
    }

    fn for_people(&self) -> String {
        let mut text = String::new();
        for (title, members) in [("Header", &self.header), ("Claims", &self.claims)] {
            let Some(members) = members else { continue };
            let width = members.keys().map(|name| printable(name).chars().count()).max().unwrap_or_default().min(32);
            let _ = writeln!(text, "{title}");
            for (name, value) in members {
                let time = self.time(name, value).map(|time| format!("  {time}")).unwrap_or_default();
                let _ = writeln!(text, "  {:width$}  {}{time}", printable(name), shown(value));
            }
        }
        if self.moved_seconds != 0 {
            let _ = writeln!(text, "The server's clock was moved by {} s.", self.moved_seconds);
        }
        let _ = match &self.verdict {
            Ok(_) => writeln!(text, "Valid{}", self.pool.as_ref().map(signed_by).unwrap_or_default()),
            Err(reason) => writeln!(text, "Not valid: {}", printable(reason)),
        };
        text
    }

    fn times(&self) -> impl Iterator<Item = (&'static str, i64)> {
        TIMES.into_iter().filter_map(|name| Some((name, self.claims.as_ref()?.get(name)?.as_i64()?)))
    }

    /// What a claim that is a time means.
    fn time(&self, name: &str, value: &Value) -> Option<String> {
        let seconds = value.as_i64().filter(|_| TIMES.contains(&name))?;
        let utc = utc(seconds)?;
        Some(if name == "exp" { format!("{utc}, {}", expiry(seconds, self.now_seconds)) } else { utc })
    }
}

fn signed_by(pool: &UserPoolId) -> String {
    format!(": signed by a key of user pool {pool}, and its times are right")
}

/// A time in UTC.
fn utc(seconds: i64) -> Option<String> {
    let plausible = (0..=YEAR_9999_ENDS).contains(&seconds);
    plausible.then(|| Timestamp::from_seconds(seconds).utc().format(UTC).ok())?
}

fn expiry(expires_at: i64, now: i64) -> String {
    let seconds = expires_at.saturating_sub(now);
    if seconds > 0 { format!("expires in {}", span(seconds)) } else { format!("expired {} ago", span(-seconds)) }
}

/// A span in its largest whole unit.
fn span(seconds: i64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => printable(text),
        other => printable(&other.to_string()),
    }
}

/// Text of a stranger, fit for a terminal: what would move the cursor or turn the writing is escaped.
pub(in crate::cli) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            other => shown.extend(other.escape_debug()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(claims: &Value, verdict: Result<i64, String>) -> Report {
        Report {
            header: json!({ "kid": "k=", "alg": "RS256" }).as_object().cloned(),
            claims: claims.as_object().cloned(),
            pool: UserPoolId::parse("us-east-1_N8F22Uslo").ok(),
            verdict,
            now_seconds: 1_654_556_900,
            moved_seconds: 0,
        }
    }

    #[test]
    fn tells_people() {
        let claims = json!({ "sub": "4f2h", "scope": "api/read", "exp": 1_654_557_627, "iat": 1_654_554_027 });
        let valid = "Header
  kid  k=
  alg  RS256
Claims
  sub    4f2h
  scope  api/read
  exp    1654557627  2022-06-06 23:20:27 UTC, expires in 12 min
  iat    1654554027  2022-06-06 22:20:27 UTC
Valid: signed by a key of user pool us-east-1_N8F22Uslo, and its times are right
";
        assert_eq!(report(&claims, Ok(1_654_557_627)).for_people(), valid);
        let hostile =
            json!({ "exp": -1, "\u{1b}[2J": "\u{202e}\n\u{7f}", "nbf": "soon", "iat": i64::MAX, "list": ["a"] });
        let text = report(&hostile, Err("the token has expired".to_owned())).for_people();
        assert!(text.ends_with("  list       [\"a\"]\nNot valid: the token has expired\n"), "{text}");
        assert!(
            !text.contains(['\u{1b}', '\u{202e}', '\u{7f}']) && text.contains(r"\u{1b}[2J  \u{202e}\n\u{7f}"),
            "{text}"
        );
    }

    #[test]
    fn tells_programs() {
        let claims = json!({ "exp": 1_654_557_627 });
        let json = report(&claims, Ok(1_654_557_627)).to_json();
        assert_eq!((&json["valid"], &json["reason"], &json["expires_in"]), (&json!(true), &Value::Null, &json!(727)));
        assert_eq!(json["times"]["exp"], "2022-06-06 23:20:27 UTC");
        let json = report(&Value::Null, Err("why".to_owned())).to_json();
        assert_eq!((&json["valid"], &json["reason"], &json["claims"]), (&json!(false), &json!("why"), &Value::Null));
    }

    #[test]
    fn tells_spans_in_their_largest_unit() {
        let check = |expires_at: i64, expected: &str| assert_eq!(expiry(expires_at, 0), expected);
        check(1, "expires in 1 s");
        check(119, "expires in 119 s");
        check(720, "expires in 12 min");
        check(7200, "expires in 2 h");
        check(172_800, "expires in 2 days");
        check(0, "expired 0 s ago");
        check(-7199, "expired 119 min ago");
        check(i64::MAX, "expires in 106751991167300 days");
        check(-i64::MAX, "expired 106751991167300 days ago");
    }
}
