//! `claviger messages`: shows what AWS would mail or text to a pool's users.

use std::process::ExitCode;

use anyhow::{Context, bail};
use claviger_resources::Timestamp;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use time::format_description::FormatItem;
use time::macros::format_description;

use super::inspect::printable;
use super::{Global, Output};

/// Show the messages that AWS would send to users: confirmation codes, invitations with temporary passwords
///
/// A server of `claviger dev` sends nothing; it keeps the newest messages to each user. They are shown oldest first.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The user pool
    #[arg(long, env = "CLAVIGER_USER_POOL_ID", value_name = "ID")]
    user_pool_id: String,
    /// One user, by whatever name it signs in with; without it, all users of the pool
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
}

/// A message as the server tells it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    username: String,
    trigger: String,
    medium: String,
    destination: String,
    sent: f64,
    subject: Option<String>,
    text: String,
}

const UTC: &[FormatItem<'_>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");

pub(super) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("userPoolId", &arguments.user_pool_id);
    if let Some(username) = &arguments.username {
        query.append_pair("username", username);
    }
    let path = format!("/_claviger/messages?{}", query.finish());
    let answer = super::block_on(global.endpoint.get_as_operator(&path))?;
    let document: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    if answer.status() != StatusCode::OK {
        let url = global.endpoint.url();
        match document.get("message").and_then(Value::as_str) {
            Some(message) => bail!("{url} answered {}: {}", answer.status(), printable(message)),
            None => bail!("{url} answered {}; is it a server of `claviger dev`?", answer.status()),
        }
    }
    super::print(&to_text(&document, global.output)?)?;
    Ok(ExitCode::SUCCESS)
}

fn to_text(document: &Value, output: Output) -> anyhow::Result<String> {
    if output == Output::Json {
        return Ok(serde_json::to_string_pretty(document)? + "\n");
    }
    let messages = document.get("messages").cloned().unwrap_or_default();
    let messages: Vec<Message> = serde_json::from_value(messages).context("the answer holds no messages")?;
    Ok(messages.iter().rev().map(Message::to_text).collect::<Vec<_>>().join("\n"))
}

impl Message {
    /// Like a letter: what it is, a subject, a text; whoever wrote the template cannot move the cursor.
    fn to_text(&self) -> String {
        let [username, trigger, medium, destination] =
            [&self.username, &self.trigger, &self.medium, &self.destination].map(|text| printable(text));
        #[expect(clippy::cast_possible_truncation, reason = "a time that is none is shown as one")]
        let sent = Timestamp::from_milliseconds((self.sent * 1000.0) as i64).utc().format(&UTC).unwrap_or_default();
        let subject = self.subject.iter().map(|subject| format!("Subject: {}\n", printable(subject)));
        let lines = self.text.lines().map(|line| printable(line) + "\n");
        let body: String = subject.chain(lines).collect();
        format!("{sent}  {trigger}  {medium} to {destination} for {username}\n{body}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn shows_messages_oldest_first_and_fit_for_a_terminal() {
        let message = |sent: f64, text: &str| {
            json!({
                "username": "ada", "sub": "s", "trigger": "SignUp", "medium": "EMAIL", "destination": "ada@example.com",
                "sent": sent, "subject": "Your verification code", "text": text, "code": "123456",
            })
        };
        let document = json!({"messages": [message(60.0, "two\nlines"), message(0.25, "\u{1b}[31mred")]});
        let head = |time: &str| format!("1970-01-01 {time} UTC  SignUp  EMAIL to ada@example.com for ada\n");
        let expected = format!(
            "{}Subject: Your verification code\n\\u{{1b}}[31mred\n\n{}Subject: Your verification code\ntwo\nlines\n",
            head("00:00:00"),
            head("00:01:00")
        );
        assert_eq!(to_text(&document, Output::Text).unwrap(), expected);
        assert_eq!(to_text(&json!({"messages": []}), Output::Text).unwrap(), "");
        assert!(to_text(&json!({}), Output::Text).is_err());
        let json: Value = serde_json::from_str(&to_text(&document, Output::Json).unwrap()).unwrap();
        assert_eq!(json, document);
    }
}
