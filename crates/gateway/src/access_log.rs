//! Access logs: the format that a stage gives, read once, and the line that each request makes of it (API Gateway, "Set up
//! `CloudWatch` logging for REST APIs" and "Variables for access logging").
//!
//! Variables are replaced and nothing else is understood. Every value is escaped as within a JSON string, so that nothing a
//! client sends ends a line or a string of the format; one that has no value is `-`.

use std::borrow::Cow;
use std::fmt::Write as _;

use http::StatusCode;

use crate::context::Context;
use crate::http_api::Refusal as HttpRefusal;
use crate::refusal::Refusal;

/// Bytes that a format may have (API Gateway, "Amazon API Gateway quotas").
pub const FORMAT_BYTES_MAX: usize = 3 * 1024;
/// Bytes of one value that reach a line.
const VALUE_BYTES_MAX: usize = 4 * 1024;
/// Bytes of a line; what would be beyond them is left out.
const LINE_BYTES_MAX: usize = 64 * 1024;
/// Characters of an API key that a line shows, at its end.
const KEY_CHARACTERS_SHOWN: usize = 6;

/// Why a text is no format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFormat {
    /// It is too long.
    #[error("Access Log format must be at most {FORMAT_BYTES_MAX} bytes long")]
    TooLong,
    /// It has more than one line.
    #[error("Access Log format must be single line, new line character is allowed only at end of the format")]
    Lines,
    /// Its lines could not be told apart.
    #[error("Access Log format must contain $context.requestId or $context.extendedRequestId")]
    NoRequestId,
}

/// A format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable(Variable),
}

/// A variable, by where its value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Variable {
    Status,
    ResponseLength,
    ResponseLatency,
    DataProcessed,
    IntegrationStatus,
    ServiceStatus,
    IntegrationLatency,
    IntegrationError,
    ErrorMessage,
    ErrorMessageString,
    ErrorResponseType,
    ErrorValidation,
    AuthorizerError,
    ApiKey,
    Context(String),
}

/// What is known of a request that has been decided, before its answer has gone out.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What templates know of it, too.
    pub context: Context<'a>,
    /// The status of the answer.
    pub status: u16,
    /// Bytes of the request's body.
    pub request_length: u64,
    /// What the integration did, when it was asked.
    pub integration: Option<Integration>,
    /// Why the request was refused.
    pub failure: Option<Failure<'a>>,
}

/// What an integration did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Integration {
    /// The status that it answered with, or that a function behind it did; none where there was no answer.
    pub status: Option<u16>,
    /// The status that it answered with itself: a service that calls a function has one of its own.
    pub service_status: Option<u16>,
    /// How long it was waited for.
    pub latency_milliseconds: u64,
}

impl Integration {
    /// An integration that answered with this status, if it did. A service that calls a function has a status of its own.
    pub fn of(status: Option<StatusCode>, is_function: bool, latency_milliseconds: u64) -> Self {
        let service_status = status.map(|status| if is_function { 200 } else { status.as_u16() });
        Self { status: status.map(|status| status.as_u16()), service_status, latency_milliseconds }
    }
}

/// Why a request was refused, in the words of `$context.error`.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    /// What the client was told.
    pub message: Option<&'a str>,
    /// The type of the gateway response; HTTP APIs have their own.
    pub response_type: &'a str,
    /// What is wrong with the request, in detail.
    pub validation: Option<&'a str>,
    /// Whether the authorizer failed, and did not decide.
    pub of_authorizer: bool,
    /// Whether the integration failed.
    pub of_integration: bool,
}

/// A line but for what is known only when the answer has gone out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The line so far, and what stands in it at which byte.
    text: String,
    gaps: Vec<(usize, Gap)>,
    request_length: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gap {
    ResponseLength,
    ResponseLatency,
    DataProcessed,
}

impl Format {
    /// Reads a format.
    pub fn parse(text: &str) -> Result<Self, InvalidFormat> {
        if text.len() > FORMAT_BYTES_MAX {
            return Err(InvalidFormat::TooLong);
        }
        let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        if text.contains(['\n', '\r']) {
            return Err(InvalidFormat::Lines);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, name, after)) = next_variable(rest) {
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Variable(Variable::of(&name)));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        let names_request = |part: &Part| matches!(part, Part::Variable(Variable::Context(name)) if matches!(&**name, "requestId" | "extendedRequestId"));
        if parts.iter().any(names_request) { Ok(Self { parts }) } else { Err(InvalidFormat::NoRequestId) }
    }

    /// The line of a request, as far as it is known.
    pub fn render(&self, facts: &Facts<'_>) -> Unfinished {
        let mut line = Unfinished { text: String::new(), gaps: Vec::new(), request_length: facts.request_length };
        for part in &self.parts {
            let value = match part {
                Part::Text(text) => {
                    line.text.push_str(text);
                    continue;
                }
                Part::Variable(Variable::ResponseLength) => {
                    line.gaps.push((line.text.len(), Gap::ResponseLength));
                    continue;
                }
                Part::Variable(Variable::ResponseLatency) => {
                    line.gaps.push((line.text.len(), Gap::ResponseLatency));
                    continue;
                }
                Part::Variable(Variable::DataProcessed) => {
                    line.gaps.push((line.text.len(), Gap::DataProcessed));
                    continue;
                }
                Part::Variable(variable) => variable.value(facts),
            };
            let is_quoted = *part == Part::Variable(Variable::ErrorMessageString);
            let quote = if is_quoted { "\"" } else { "" };
            line.text.push_str(quote);
            match value.filter(|value| !value.is_empty()) {
                Some(value) if line.text.len() < LINE_BYTES_MAX => push_escaped(&mut line.text, &value),
                Some(_) => {}
                None => line.text.push('-'),
            }
            line.text.push_str(quote);
        }
        line
    }
}

impl Variable {
    fn of(name: &str) -> Self {
        match name {
            "status" => Self::Status,
            "responseLength" => Self::ResponseLength,
            "responseLatency" => Self::ResponseLatency,
            "dataProcessed" => Self::DataProcessed,
            "integration.status" => Self::IntegrationStatus,
            "integrationStatus" | "integration.integrationStatus" => Self::ServiceStatus,
            "integrationLatency" | "integration.latency" => Self::IntegrationLatency,
            "integrationErrorMessage" | "integration.error" => Self::IntegrationError,
            "error.message" => Self::ErrorMessage,
            "error.messageString" => Self::ErrorMessageString,
            "error.responseType" => Self::ErrorResponseType,
            "error.validationErrorString" => Self::ErrorValidation,
            "authorizer.error" => Self::AuthorizerError,
            "identity.apiKey" => Self::ApiKey,
            "authorizer.latency" => Self::Context("authorizer.integrationLatency".to_owned()),
            other => Self::Context(other.to_owned()),
        }
    }

    fn value<'a>(&self, facts: &Facts<'a>) -> Option<Cow<'a, str>> {
        let number = |number: u64| Some(Cow::Owned(number.to_string()));
        let failure = facts.failure.as_ref();
        match self {
            Self::Status => number(facts.status.into()),
            Self::IntegrationStatus => number(facts.integration?.status?.into()),
            Self::ServiceStatus => number(facts.integration?.service_status?.into()),
            Self::IntegrationLatency => number(facts.integration?.latency_milliseconds),
            Self::IntegrationError => failure.filter(|failure| failure.of_integration)?.message.map(Cow::Borrowed),
            Self::ErrorMessage | Self::ErrorMessageString => failure?.message.map(Cow::Borrowed),
            Self::ErrorResponseType => Some(Cow::Borrowed(failure?.response_type)),
            Self::ErrorValidation => failure?.validation.map(Cow::Borrowed),
            Self::AuthorizerError => failure.filter(|failure| failure.of_authorizer)?.message.map(Cow::Borrowed),
            Self::ApiKey => facts.context.api_key.map(|key| Cow::Owned(masked(key))),
            Self::Context(name) => facts.context.variable(name),
            // These are gaps.
            Self::ResponseLength | Self::ResponseLatency | Self::DataProcessed => None,
        }
    }
}

impl<'a> Failure<'a> {
    /// What a refusal of a REST API is; `message` is what it says.
    pub fn of(refusal: &'a Refusal, message: Option<&'a str>) -> Self {
        let response_type = refusal.response_type().as_str();
        Self {
            message,
            response_type,
            validation: refusal.validation_errors(),
            of_authorizer: response_type.starts_with("AUTHORIZER_"),
            of_integration: response_type.starts_with("INTEGRATION_"),
        }
    }
}

impl Failure<'static> {
    /// What a refusal of an HTTP API is.
    pub fn of_http_api(refusal: &HttpRefusal) -> Self {
        let response_type = refusal.response_type();
        Self {
            message: Some(refusal.message()),
            response_type,
            validation: None,
            of_authorizer: false,
            of_integration: response_type.starts_with("INTEGRATION_"),
        }
    }
}

impl Unfinished {
    /// The whole line, for an answer with a body of so many bytes that took so long.
    pub fn finish(self, response_length: u64, latency_milliseconds: u64) -> String {
        let mut line = String::with_capacity(self.text.len() + self.gaps.len() * 8);
        let mut written = 0;
        for (at, gap) in self.gaps {
            line.push_str(self.text.get(written..at).unwrap_or_default());
            written = at;
            let value = match gap {
                Gap::ResponseLength => response_length,
                Gap::ResponseLatency => latency_milliseconds,
                Gap::DataProcessed => response_length.saturating_add(self.request_length),
            };
            // Writing to a string does not fail.
            let _ = write!(line, "{value}");
        }
        line.push_str(self.text.get(written..).unwrap_or_default());
        line
    }
}

/// What stands before the next `$context.` variable, its name, and what follows.
fn next_variable(text: &str) -> Option<(&str, String, &str)> {
    const BEGIN: &str = "$context.";
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find(BEGIN)?;
        let after = text.get(at + BEGIN.len()..)?;
        let (name, rest) = split_name(after);
        if !name.is_empty() {
            return Some((text.get(..at)?, name, rest));
        }
        from = at + BEGIN.len();
    }
}

/// Reads a name: words joined by dots, with `['…']` for a word that has other characters; the names of claims may have colons
/// as they stand. A dot at the end is the format's own.
fn split_name(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let colons = name.starts_with("authorizer.");
        let is_part =
            |character: char| character.is_ascii_alphanumeric() || character == '_' || (colons && character == ':');
        let end = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        name.push_str(word);
        let bracketed = after.strip_prefix("['").and_then(|after| after.split_once("']"));
        if let Some((word, after)) = bracketed.filter(|_| !name.is_empty()) {
            name.push('.');
            name.push_str(word);
            rest = after;
            continue;
        }
        match after.strip_prefix('.') {
            Some(more)
                if !name.is_empty() && more.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_') =>
            {
                name.push('.');
                rest = more;
            }
            _ => return (name, after),
        }
    }
}

/// Adds a value as it stands within a JSON string.
fn push_escaped(line: &mut String, value: &str) {
    for character in truncated(value).chars() {
        match character {
            '"' => line.push_str("\\\""),
            '\\' => line.push_str("\\\\"),
            // The last two end a line for some readers.
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string does not fail.
                let _ = write!(line, "\\u{:04x}", u32::from(character));
            }
            _ => line.push(character),
        }
    }
}

fn truncated(value: &str) -> &str {
    let mut end = value.len().min(VALUE_BYTES_MAX);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    value.get(..end).unwrap_or_default()
}

fn masked(key: &str) -> String {
    let shown = key.len().saturating_sub(KEY_CHARACTERS_SHOWN);
    format!("**********{}", key.get(shown..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::claims::Claims;
    use crate::context::tests::example;

    fn facts<'a>(context: &Context<'a>) -> Facts<'a> {
        let integration = Some(Integration { status: Some(201), service_status: Some(200), latency_milliseconds: 7 });
        Facts { context: *context, status: 200, request_length: 5, integration, failure: None }
    }

    fn line(format: &str, facts: &Facts<'_>) -> String {
        let format = Format::parse(&format!("$context.requestId {format}")).unwrap();
        let line = format.render(facts).finish(12, 34);
        line.strip_prefix("1be02043-9fd1-43a9-ace6-f4c6e4ec2603 ").unwrap().to_owned()
    }

    #[test]
    fn variables_have_the_values_of_the_request() {
        let claims = Claims::from_payload(br#"{"sub":"4f2h","custom:role":"x"}"#);
        let api_key = Some("0123456789abcdefghij");
        let context = Context { claims: Some(&claims), api_key, base_path: Some("v1"), ..example() };
        let check = |format: &str, expected: &str| assert_eq!(line(format, &facts(&context)), expected, "{format}");
        check("$context.status", "200");
        check("$context.responseLength/$context.responseLatency/$context.dataProcessed", "12/34/17");
        check("$context.integrationLatency $context.integration.latency", "7 7");
        check("$context.integrationStatus $context.integration.status", "200 201");
        check("$context.httpMethod $context.resourcePath $context.protocol", "GET /user/{id} HTTP/1.1");
        check("[$context.requestTime] $context.identity.sourceIp", "[02/Jul/2026:11:43:52 +0000] 192.0.2.10");
        check("$context.identity.apiKey", "**********efghij");
        check("$context.authorizer.claims.sub", "4f2h");
        check("$context.authorizer.claims.custom:role", "x");
        check("$context.authorizer.claims['custom:role']!", "x!");
        check("$context.customDomain.basePathMatched", "v1");
        check("$context.stage-$context.stage.", "prod-prod.");
        check("$context.identity.sourceIp:$context.stage", "192.0.2.10:prod");
        check("$context.unknown $context.error.message $context.authorizer.claims", "- - -");
        check(
            "$context. $contextual $$context.stage $stageVariables.x ${context.stage}",
            "$context. $contextual $prod $stageVariables.x ${context.stage}",
        );
        check(r#""$context.error.messageString""#, r#"""-"""#);
        check("plain", "plain");
    }

    #[test]
    fn a_refusal_is_told() {
        let failure = Failure {
            message: Some("say \"no\""),
            response_type: "INTEGRATION_FAILURE",
            validation: None,
            of_authorizer: false,
            of_integration: true,
        };
        let facts = Facts { failure: Some(failure), integration: None, status: 504, ..facts(&example()) };
        let check = |format: &str, expected: &str| assert_eq!(line(format, &facts), expected, "{format}");
        check("$context.status $context.error.responseType", "504 INTEGRATION_FAILURE");
        check("$context.error.message", r#"say \"no\""#);
        check("$context.error.messageString", r#""say \"no\"""#);
        check("$context.integrationErrorMessage $context.authorizer.error", r#"say \"no\" -"#);
        check("$context.error.validationErrorString $context.integrationStatus", "- -");
    }

    #[test]
    fn no_value_ends_a_line_or_a_string() {
        let hostile = "a\r\n{\"status\":\"200\"}\\\u{0}\u{7}\u{2028}\u{85}é";
        let context = Context { user_agent: Some(hostile), path: hostile, ..example() };
        let json = r#"{"agent":"$context.identity.userAgent","path":"$context.path"}"#;
        let line = line(json, &facts(&context));
        assert_eq!(line.lines().count(), 1, "{line}");
        let parsed: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((parsed["agent"].as_str(), parsed["path"].as_str()), (Some(hostile), Some(hostile)));
        assert!(!line.chars().any(char::is_control), "{line}");
    }

    #[test]
    fn lines_are_bounded() {
        let long = "é".repeat(10_000);
        let context = Context { user_agent: Some(&long), ..example() };
        let format = "$context.identity.userAgent".repeat(100);
        let line = line(&format, &facts(&context));
        assert!(line.len() <= LINE_BYTES_MAX + VALUE_BYTES_MAX, "{}", line.len());
        assert!(line.len() > LINE_BYTES_MAX / 2);
    }

    #[test]
    fn refuses_what_is_no_format() {
        let check = |format: &str, expected: Result<(), InvalidFormat>| {
            assert_eq!(Format::parse(format).map(|_| ()), expected, "{format}");
        };
        check("$context.requestId", Ok(()));
        check("$context.extendedRequestId\n", Ok(()));
        check("$context.requestId\r\n", Ok(()));
        check("", Err(InvalidFormat::NoRequestId));
        check("$context.status", Err(InvalidFormat::NoRequestId));
        check("$context.requestIds", Err(InvalidFormat::NoRequestId));
        check("$context.requestId.x", Err(InvalidFormat::NoRequestId));
        check("$context.requestId\n$context.status", Err(InvalidFormat::Lines));
        check("$context.requestId\n\n", Err(InvalidFormat::Lines));
        check(&format!("$context.requestId{}", " ".repeat(FORMAT_BYTES_MAX)), Err(InvalidFormat::TooLong));
    }
}
