//! `claviger explain`: says why a request was refused.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use http::StatusCode;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::inspect::printable;
use super::{Global, Output, WrongUsage};

/// Say why a request was refused, and which setting decided
///
/// Every refusal carries an id in its answer: x-amz-cognito-request-id from the token endpoint, x-amzn-RequestId from AWS's APIs
/// and the gate, apigw-requestid from HTTP APIs, x-amz-request-id from S3. The server keeps the latest refusals; the exit status is 1 when it has none with
/// this id.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The id, with or without the header's name before it
    #[arg(value_name = "ID", required = true)]
    id: Vec<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let id = parse(&arguments.id.join(" "))?;
    let answer = super::block_on(global.endpoint.get_as_operator(&format!("/_claviger/explain/{id}")))?;
    let document: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let message = document.get("message").and_then(Value::as_str);
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => match document.get("kept").and_then(Value::as_u64) {
            Some(kept) => bail!(
                "{} knows no refusal {id}: it was another server's, it was no refusal, or it is forgotten (it keeps the \
                 latest, {kept} now)",
                global.endpoint.url()
            ),
            None => bail!("{} does not explain refusals; is it a `claviger dev`?", global.endpoint.url()),
        },
        status => bail!("{} answered {status}: {}", global.endpoint.url(), message.unwrap_or("nothing more")),
    }
    let text = match global.output {
        Output::Json => serde_json::to_string_pretty(&document)? + "\n",
        Output::Text => {
            let refusals = document.get("refusals").and_then(Value::as_array).context("the answer holds no refusal")?;
            refusals.iter().map(for_people).collect::<Vec<_>>().join("\n")
        }
    };
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Reads an id as it is copied from an answer: `60838619-…`, `x-amzn-RequestId: 60838619-…`, `apigw-requestid:
/// RL2XYiwjPHcEMEQ=`, with quotes or without.
fn parse(text: &str) -> anyhow::Result<String> {
    let id = text.rsplit([':', ' ', '/']).next().unwrap_or_default().trim_matches(['"', '\'', ',']);
    let is_of_http_api = |id: &str| URL_SAFE.decode(id).is_ok_and(|bytes| bytes.len() == 11);
    if is_of_http_api(id) {
        return Ok(id.to_owned());
    }
    let id = id.rsplit('=').next().unwrap_or_default().trim_matches(['"', '\'']);
    Uuid::try_parse(id).map(|id| id.to_string()).map_err(|_| {
        WrongUsage("expected the id of a request, as 60838619-695e-45bc-8d3d-331626f88932".to_owned()).into()
    })
}

fn for_people(refusal: &Value) -> String {
    let mut text = String::new();
    let at = |path: &str| refusal.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "{name:<16}{}", printable(value));
        }
    };
    line("refused", &format!("{} by the {}", at("/at"), at("/surface")));
    line("asked", &format!("{} {} on {}", at("/request/method"), at("/request/path"), at("/request/host")));
    let status = refusal.pointer("/answer/status").map(ToString::to_string).unwrap_or_default();
    line("answered", format!("{status} {}", at("/answer/code")).trim_end());
    line("because", at("/reason"));
    line("decided by", at("/setting"));
    for (name, value) in refusal.get("about").and_then(Value::as_object).unwrap_or(&Map::new()) {
        line(&words(name), value.as_str().unwrap_or_default());
    }
    text
}

/// `userPool` as people write it.
fn words(name: &str) -> String {
    name.chars().fold(String::new(), |mut words, character| {
        if character.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(character.to_ascii_lowercase());
        words
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn takes_ids_as_they_are_copied() {
        let id = "60838619-695e-45bc-8d3d-331626f88932";
        for text in [
            id.to_owned(),
            id.to_uppercase(),
            format!("x-amzn-RequestId: {id}"),
            format!("x-amz-cognito-request-id:{id}"),
            format!("'x-amz-request-id': '{id}',"),
            format!("/_claviger/explain/{id}"),
        ] {
            assert_eq!(parse(&text).unwrap(), id, "{text}");
        }
        let id = "Yu2LHGUKoAMEbAw=";
        for text in [id.to_owned(), format!("apigw-requestid: {id}"), format!("\"{id}\",")] {
            assert_eq!(parse(&text).unwrap(), id, "{text}");
        }
        for wrong in ["", "x-amzn-RequestId:", "60838619", "Yu2LHGUKoAMEbA=="] {
            assert!(parse(wrong).unwrap_err().is::<WrongUsage>(), "{wrong}");
        }
    }

    #[test]
    fn writes_for_people_what_there_is() {
        let refusal = json!({
            "at": "2026-01-02T03:04:05Z", "surface": "token endpoint",
            "request": { "method": "POST", "host": "localhost", "path": "/oauth2/token" },
            "about": { "userPool": "us-east-1_abc", "scope": "\u{1b}[31m" },
            "answer": { "status": 400, "code": "invalid_grant" }, "reason": "why", "setting": null,
        });
        assert_eq!(
            for_people(&refusal),
            "refused         2026-01-02T03:04:05Z by the token endpoint\n\
             asked           POST /oauth2/token on localhost\n\
             answered        400 invalid_grant\n\
             because         why\n\
             user pool       us-east-1_abc\n\
             scope           \\u{1b}[31m\n"
        );
        assert!(for_people(&json!({})).starts_with("refused"));
    }
}
