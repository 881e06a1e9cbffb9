//! Execution logs: what becomes of a request, step by step, as API Gateway tells whoever tries a method or an authorizer out
//! (the lines were observed; no page documents them).
//!
//! Credentials are concealed wherever they stand, and each line is bounded; how many lines there are does not depend on the
//! request.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use claviger_resources::{Clock, Monotonic};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::claims::java_date;
use crate::exchange::Exchange;
use crate::lambda::grouped;
use crate::refusal::Refusal;
use crate::rendering::with_capitals;
use crate::response::Reply;

/// Bytes of a line after its time; the rest is cut off (API Gateway, "Set up `CloudWatch` logging for REST APIs").
const LINE_BYTES_MAX: usize = 1_024;
/// Letters that are left of a credential.
const SHOWN_LETTERS: usize = 6;
/// Bytes from which on a credential is looked for everywhere. A shorter one would be found in anything.
const SECRET_BYTES_MIN: usize = 8;
const NANOSECONDS_PER_MILLISECOND: u64 = 1_000_000;

/// The log of one request. What it says may be private, so it cannot be printed.
pub struct ExecutionLog<'a> {
    text: String,
    /// What is concealed wherever it stands.
    secrets: Vec<String>,
    clock: &'a dyn Clock,
    monotonic: &'a dyn Monotonic,
    /// When the endpoint was asked.
    asked: u64,
}

impl<'a> ExecutionLog<'a> {
    /// The log of the request with this id, whose headers hold the credentials to be concealed.
    pub fn new(request_id: &str, headers: &HeaderMap, clock: &'a dyn Clock, monotonic: &'a dyn Monotonic) -> Self {
        let text = format!("Execution log for request {request_id}\n");
        let mut log = Self { text, secrets: Vec::new(), clock, monotonic, asked: 0 };
        for value in headers.iter().filter(|(name, _)| is_credential(name)).map(|(_, value)| value) {
            log.conceal(&String::from_utf8_lossy(value.as_bytes()));
        }
        log
    }

    /// Conceals a credential from now on, with and without the word before it that tells its kind.
    pub fn conceal(&mut self, secret: &str) {
        let bare = secret.split_once(' ').map_or("", |(_, rest)| rest.trim());
        for secret in [secret, bare].into_iter().filter(|secret| secret.len() >= SECRET_BYTES_MIN) {
            let written = serde_json::Value::from(secret).to_string();
            let in_json = written.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default();
            self.secrets.extend([secret.to_owned(), in_json.to_owned()]);
        }
    }

    /// Adds a line.
    pub fn line(&mut self, text: impl Display) {
        let mut line = text.to_string();
        for secret in &self.secrets {
            if line.contains(secret) {
                line = line.replace(secret, &concealed(secret));
            }
        }
        let shown = line.floor_char_boundary(LINE_BYTES_MAX);
        let (shown, rest) = line.split_at(shown);
        let cut = if rest.is_empty() { "" } else { " [TRUNCATED]" };
        let _ = writeln!(self.text, "{} : {shown}{cut}", java_date(self.clock.now()));
    }

    /// Tells the request as the method gets it.
    pub fn method_request(&mut self, exchange: &Exchange<'_>) {
        let (request, context) = (exchange.request, exchange.context);
        self.line(format_args!("Starting execution for request: {}", context.request_id));
        self.line(format_args!("HTTP Method: {}, Resource Path: {}", request.method, request.path));
        let parameters = request.path_parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.line(format_args!("Method request path: {}", map(parameters)));
        let query = grouped(request.query_parameters()).into_iter().map(|(name, values)| (name, values.join(",")));
        self.line(format_args!("Method request query string: {}", map(query)));
        self.line(format_args!("Method request headers: {}", shown(request.headers, None)));
        self.line(format_args!("Method request body before transformations: {}", text_of(request.body)));
    }

    /// Tells the request that goes to the endpoint. `host` is what it is addressed to.
    pub fn endpoint_request(&mut self, uri: &str, host: Option<&str>, headers: &HeaderMap, body: &[u8]) {
        self.line(format_args!("Endpoint request URI: {uri}"));
        self.line(format_args!("Endpoint request headers: {}", shown(headers, host)));
        self.line(format_args!("Endpoint request body after transformations: {}", text_of(body)));
        self.line(format_args!("Sending request to {uri}"));
        self.asked = self.monotonic.nanoseconds();
    }

    /// Tells what the endpoint answered.
    pub fn endpoint_response(&mut self, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
        let latency = self.monotonic.nanoseconds().saturating_sub(self.asked) / NANOSECONDS_PER_MILLISECOND;
        self.line(format_args!("Received response. Status: {}, Integration latency: {latency} ms", status.as_u16()));
        self.line(format_args!("Endpoint response headers: {}", shown(headers, None)));
        self.line(format_args!("Endpoint response body before transformations: {}", text_of(body)));
    }

    /// Tells what the client would get.
    pub fn method_response(&mut self, reply: &Reply) {
        self.line(format_args!("Method response body after transformations: {}", text_of(&reply.body)));
        self.line(format_args!("Method response headers: {}", shown(&reply.headers, None)));
        self.line("Successfully completed execution");
        self.completed(reply.status);
    }

    /// Tells why the client would get a refusal, in the words of API Gateway's log where it has some of its own.
    pub fn refusal(&mut self, refusal: &Refusal, content_type: &str, status: StatusCode) {
        match refusal {
            Refusal::InvalidBody(findings) => self.line(format_args!(
                "Request body does not match model schema for content type {content_type}: {findings}"
            )),
            refusal if refusal.status() < 500 => self.line(refusal.message().unwrap_or_default()),
            refusal => self.failure(refusal),
        }
        self.completed(status);
    }

    /// Tells what failed.
    pub fn failure(&mut self, reason: impl Display) {
        let reason = reason.to_string();
        if reason.starts_with("Execution failed") || reason.starts_with("Lambda execution failed") {
            self.line(reason);
        } else {
            self.line(format_args!("Execution failed due to configuration error: {reason}"));
        }
    }

    fn completed(&mut self, status: StatusCode) {
        self.line(format_args!("Method completed with status: {}", status.as_u16()));
    }

    /// The whole log.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// A credential of which only the last letters are shown.
pub fn concealed(secret: &str) -> String {
    let letters = secret.chars().count();
    let shown = if letters > SHOWN_LETTERS { SHOWN_LETTERS } else { 0 };
    let last = secret.chars().skip(letters - shown);
    "*".repeat(letters - shown) + &last.collect::<String>()
}

/// A header's name as API Gateway writes it over HTTP/1.1 and in what it tells of a method that is tried.
pub fn written_name(name: &HeaderName) -> Cow<'static, str> {
    match name.as_str() {
        "x-amzn-errortype" => Cow::Borrowed("x-amzn-ErrorType"),
        "x-amzn-requestid" => Cow::Borrowed("x-amzn-RequestId"),
        "x-amzn-apigateway-api-id" => Cow::Borrowed("x-amzn-apigateway-api-id"),
        other => match other.strip_prefix("x-amzn-remapped-") {
            Some(rest) => Cow::Owned(format!("x-amzn-Remapped-{}", with_capitals(rest))),
            None => Cow::Owned(with_capitals(other)),
        },
    }
}

/// Whether API Gateway's logs conceal a header's value.
fn is_credential(name: &HeaderName) -> bool {
    *name == AUTHORIZATION || ["x-api-key", "x-amz-security-token"].contains(&name.as_str())
}

fn shown(headers: &HeaderMap, host: Option<&str>) -> String {
    let value = |name: &HeaderName, value: &HeaderValue| {
        let text = String::from_utf8_lossy(value.as_bytes());
        if is_credential(name) { concealed(&text) } else { text.into_owned() }
    };
    let all = headers.keys().map(|name| {
        let values: Vec<String> = headers.get_all(name).iter().map(|one| value(name, one)).collect();
        (written_name(name).into_owned(), values.join(","))
    });
    map(all.chain(host.map(|host| ("Host".to_owned(), host.to_owned()))))
}

/// Pairs as Java writes a map.
fn map(pairs: impl Iterator<Item = (String, String)>) -> String {
    let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn text_of(body: &[u8]) -> Cow<'_, str> {
    // A line has no place for more, however much a credential in it would shrink.
    let body = body.get(..LINE_BYTES_MAX * 16).unwrap_or(body);
    String::from_utf8_lossy(body)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use bytes::Bytes;
    use claviger_resources::Timestamp;

    use super::*;
    use crate::exchange::tests::with;
    use crate::response::JSON;

    struct Still(AtomicU64);

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::from_seconds(1_782_996_167)
        }
    }

    impl Monotonic for Still {
        /// Three milliseconds pass between two looks.
        fn nanoseconds(&self) -> u64 {
            self.0.fetch_add(3 * NANOSECONDS_PER_MILLISECOND, Ordering::Relaxed)
        }
    }

    /// The lines without their time.
    fn lines(headers: &HeaderMap, tell: impl FnOnce(&mut ExecutionLog<'_>)) -> Vec<String> {
        let clock = Still(AtomicU64::new(0));
        let mut log = ExecutionLog::new("r1", headers, &clock, &clock);
        tell(&mut log);
        let text = log.into_text();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("Execution log for request r1"));
        lines.map(|line| line.strip_prefix("Thu Jul 02 12:42:47 UTC 2026 : ").unwrap_or(line).to_owned()).collect()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn tells_a_request_from_the_method_to_the_endpoint_and_back() {
        let told = with(&[("x-tenant", "north")], Some("a=1&b=2&a=3"), b"{\"a\":1}", |exchange| {
            lines(exchange.request.headers, |log| {
                log.method_request(exchange);
                let sent = headers(&[("x-amzn-apigateway-api-id", "a1"), ("accept", "application/json")]);
                log.endpoint_request("https://b.example/x", Some("b.example"), &sent, b"out");
                log.endpoint_response(StatusCode::CREATED, &headers(&[("x-b", "2")]), b"in");
                let reply = Reply::new(StatusCode::ACCEPTED, JSON, Bytes::from_static(b"last"));
                log.method_response(&reply);
            })
        });
        let expected = [
            "Starting execution for request: 1be02043-9fd1-43a9-ace6-f4c6e4ec2603",
            "HTTP Method: GET, Resource Path: /user/7",
            "Method request path: {id=7}",
            "Method request query string: {a=1,3, b=2}",
            "Method request headers: {X-Tenant=north}",
            "Method request body before transformations: {\"a\":1}",
            "Endpoint request URI: https://b.example/x",
            "Endpoint request headers: {x-amzn-apigateway-api-id=a1, Accept=application/json, Host=b.example}",
            "Endpoint request body after transformations: out",
            "Sending request to https://b.example/x",
            "Received response. Status: 201, Integration latency: 3 ms",
            "Endpoint response headers: {X-B=2}",
            "Endpoint response body before transformations: in",
            "Method response body after transformations: last",
            "Method response headers: {Content-Type=application/json}",
            "Successfully completed execution",
            "Method completed with status: 202",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn tells_refusals_in_the_words_of_api_gateway() {
        let check = |refusal: Refusal, expected: &str| {
            let status = StatusCode::from_u16(refusal.status()).unwrap();
            let told = lines(&HeaderMap::new(), |log| log.refusal(&refusal, "text/plain", status));
            assert_eq!(told, [expected.to_owned(), format!("Method completed with status: {}", status.as_u16())]);
        };
        let findings = "[object has missing required properties ([\"id\"])]".to_owned();
        check(
            Refusal::InvalidBody(findings.clone()),
            &format!("Request body does not match model schema for content type text/plain: {findings}"),
        );
        check(Refusal::MissingParameters(vec!["a".to_owned()]), "Missing required request parameters: [a]");
        check(Refusal::UnsupportedMediaType, "Unsupported Media Type");
        check(Refusal::configuration("no"), "Execution failed due to configuration error: no");
        check(
            Refusal::FunctionFailed("no pet".to_owned()),
            "Lambda execution failed with status 200 due to customer function error: no pet",
        );
        check(Refusal::Network("gone".to_owned()), {
            "Execution failed due to a network error communicating with endpoint: gone"
        });
        check(
            Refusal::AuthorizerFailure("nobody is there".into()),
            "Execution failed due to configuration error: nobody is there",
        );
    }

    #[test]
    fn credentials_are_concealed_wherever_they_stand() {
        let sent = headers(&[
            ("authorization", "Bearer abc.def\"ghi"),
            ("x-api-key", "0123456789abcdefghij"),
            ("x-amz-security-token", "tokentokentoken"),
            ("cookie", "kept"),
        ]);
        let told = lines(&sent, |log| {
            log.endpoint_request("https://b/?key=0123456789abcdefghij", None, &sent, b"{\"t\":\"abc.def\\\"ghi\"}");
            log.conceal("identity-of-somebody");
            log.line("says identity-of-somebody");
        });
        let all = told.join("\n");
        for secret in ["abc.def", "0123456789", "tokentoken", "identity"] {
            assert!(!all.contains(secret), "{secret}: {all}");
        }
        assert_eq!(told[0], "Endpoint request URI: https://b/?key=**************efghij");
        assert!(told[1].contains("Authorization=************ef\"ghi"), "{all}");
        assert!(told[1].contains("Cookie=kept"), "{all}");
        assert_eq!(told[4], "says **************mebody");
        let check = |secret: &str, expected: &str| assert_eq!(concealed(secret), expected);
        check("", "");
        check("abcdef", "******");
        check("abcdefg", "*bcdefg");
        check("äöüäöüß", "*öüäöüß");
    }

    #[test]
    fn lines_are_cut_off() {
        let long = "ä".repeat(LINE_BYTES_MAX);
        let told = lines(&HeaderMap::new(), |log| log.line(&long));
        assert_eq!(told, [format!("{} [TRUNCATED]", "ä".repeat(LINE_BYTES_MAX / 2))]);
        let told = lines(&HeaderMap::new(), |log| {
            log.endpoint_response(StatusCode::OK, &HeaderMap::new(), &vec![b'x'; 10 * 1024 * 1024]);
        });
        assert!(told.iter().all(|line| line.len() < 2 * LINE_BYTES_MAX));
    }

    #[test]
    fn names_are_written_as_over_http_1() {
        let check = |name: &'static str, expected: &str| {
            assert_eq!(written_name(&HeaderName::from_static(name)), expected);
        };
        check("content-type", "Content-Type");
        check("x-amzn-trace-id", "X-Amzn-Trace-Id");
        check("x-amzn-errortype", "x-amzn-ErrorType");
        check("x-amzn-remapped-content-length", "x-amzn-Remapped-Content-Length");
        check("x-amzn-apigateway-api-id", "x-amzn-apigateway-api-id");
    }
}
