//! Functions: calling the one behind an ARN, whoever needs its answer.
//!
//! How a function is run is a closed set; being called over HTTP is the only way yet. The contract is that of AWS's own
//! emulator of the Lambda runtime: the event is posted as JSON, the answer's body is the function's result.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use claviger_resources::limits::FUNCTION_RESULT_BYTES_MAX;
use http::{HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::outbound::{Outbound, OutboundError};

/// Calls that are under way at a time; more wait for their turn, within their time.
const CALLS_MAX: usize = 100;
/// Attempts at a call that has not reached its function.
const ATTEMPTS_MAX: u32 = 3;
/// The pause before the second attempt; it doubles.
const RETRY_PAUSE: Duration = Duration::from_millis(50);
/// Bytes of a function's own error message that are told.
const MESSAGE_BYTES_MAX: usize = 1024;
/// The header by which AWS tells that a result is an error.
const FUNCTION_ERROR: &str = "x-amz-function-error";

/// The functions of a node.
pub struct Functions {
    runners: BTreeMap<String, Runner>,
    client: Outbound<Full<Bytes>>,
    places: Semaphore,
}

impl Default for Functions {
    /// No functions.
    fn default() -> Self {
        Self::new([])
    }
}

/// How a function is run.
#[derive(Clone, Debug)]
enum Runner {
    /// Something that speaks HTTP stands for it at this address.
    Http(Uri),
}

/// An ARN and the address that stands for it, as the operator sets it: `ARN=URL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionUrl {
    arn: String,
    url: Uri,
}

/// Why a text is no [`FunctionUrl`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FunctionUrlError {
    /// There is no ARN before an equals sign.
    #[error("expected ARN=URL, as in arn:aws:lambda:us-east-1:000000000000:function:claims=http://127.0.0.1:9000/")]
    Form,
    /// The URL cannot be called.
    #[error("the function's URL must be http:// or https:// and a host")]
    Url,
}

/// Why a function has no result. What it says is for those who call the function, so it names no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// Nothing is known to run it.
    #[error("the function {0} has no URL; set one with --function ARN=URL or CLAVIGER_FUNCTIONS")]
    NoUrl(String),
    /// It took too long.
    #[error("the function did not answer within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// It cannot be reached, or does not speak HTTP.
    #[error("the function cannot be reached")]
    Unreachable {
        /// Why not, for operators.
        reason: String,
    },
    /// What stands for it answered with another status than success.
    #[error("the function's URL answered with status {0}")]
    Status(u16),
    /// Its result is too large.
    #[error("the function's result is larger than {FUNCTION_RESULT_BYTES_MAX} bytes")]
    TooLarge,
    /// It failed by its own account, which this is.
    #[error("{0}")]
    Failed(String),
}

impl Functions {
    /// Functions behind these addresses; of two for one ARN the later counts.
    pub fn new(urls: impl IntoIterator<Item = FunctionUrl>) -> Self {
        let runners = urls.into_iter().map(|function| (function.arn, Runner::Http(function.url))).collect();
        Self { runners, client: Outbound::default(), places: Semaphore::new(CALLS_MAX) }
    }

    /// Calls a function with this event and waits for its result, at most for `duration_max`.
    pub async fn call(&self, arn: &str, event: Bytes, duration_max: Duration) -> Result<Bytes, FunctionError> {
        let Runner::Http(url) = self.runners.get(arn).ok_or_else(|| FunctionError::NoUrl(arn.to_owned()))?;
        let work = async {
            // The semaphore is never closed.
            let _place = self.places.acquire().await;
            result(self.post(url, event).await?).await
        };
        tokio::time::timeout(duration_max, work).await.unwrap_or(Err(FunctionError::TimedOut(duration_max)))
    }

    /// Posts the event. It is sent again only while it cannot have arrived: a function may do more than answer.
    async fn post(&self, url: &Uri, event: Bytes) -> Result<Response<Incoming>, FunctionError> {
        let mut pause = RETRY_PAUSE;
        for _ in 1..ATTEMPTS_MAX {
            match self.client.send(request(url, event.clone())).await {
                Err(error) if !error.may_have_arrived() => {}
                outcome => return outcome.map_err(FunctionError::from),
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Ok(self.client.send(request(url, event)).await?)
    }
}

fn request(url: &Uri, event: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(event));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = url.clone();
    request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request
}

/// The result in an answer. A function that failed says so in a header, or, behind the emulator, only in the body.
async fn result(answer: Response<Incoming>) -> Result<Bytes, FunctionError> {
    let (head, body) = answer.into_parts();
    if body.size_hint().lower() > FUNCTION_RESULT_BYTES_MAX as u64 {
        return Err(FunctionError::TooLarge);
    }
    let body = Limited::new(body, FUNCTION_RESULT_BYTES_MAX).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            FunctionError::TooLarge
        } else {
            FunctionError::Unreachable { reason: error.to_string() }
        }
    })?;
    let body = body.to_bytes();
    let failure = serde_json::from_slice::<Failure>(&body).ok().and_then(Failure::message);
    if head.headers.contains_key(FUNCTION_ERROR) {
        return Err(FunctionError::Failed(failure.unwrap_or_else(|| "Unhandled".to_owned())));
    }
    if !head.status.is_success() {
        return Err(FunctionError::Status(head.status.as_u16()));
    }
    match failure {
        Some(message) => Err(FunctionError::Failed(message)),
        None => Ok(body),
    }
}

/// How the Lambda runtimes tell an error.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    error_message: Option<Value>,
    error_type: Option<Value>,
}

impl Failure {
    fn message(self) -> Option<String> {
        let texts = [self.error_message, self.error_type].into_iter().flatten();
        let text = texts.filter_map(|value| value.as_str().map(str::to_owned)).find(|text| !text.is_empty())?;
        Some(text.get(..text.floor_char_boundary(MESSAGE_BYTES_MAX)).unwrap_or_default().to_owned())
    }
}

impl From<OutboundError> for FunctionError {
    fn from(error: OutboundError) -> Self {
        Self::Unreachable { reason: error.reason() }
    }
}

impl FunctionUrl {
    /// Reads `ARN=URL`.
    pub fn parse(text: &str) -> Result<Self, FunctionUrlError> {
        let (arn, url) = text.split_once('=').ok_or(FunctionUrlError::Form)?;
        let (arn, url) = (arn.trim(), url.trim());
        if !arn.starts_with("arn:") {
            return Err(FunctionUrlError::Form);
        }
        let url: Uri = url.parse().map_err(|_| FunctionUrlError::Url)?;
        let callable =
            matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some_and(|host| !host.is_empty());
        if callable { Ok(Self { arn: arn.to_owned(), url }) } else { Err(FunctionUrlError::Url) }
    }

    /// Reads any number of them, separated by commas or line ends. A comma inside a URL separates nothing: an ARN must
    /// follow.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, FunctionUrlError> {
        let mut functions = Vec::new();
        for line in text.lines() {
            let mut rest = line.trim();
            while !rest.is_empty() {
                let next = rest.match_indices(',').map(|(place, _)| rest.split_at(place));
                let mut next = next.filter(|(_, after)| after.trim_start_matches([',', ' ']).starts_with("arn:"));
                let (entry, after) = next.next().unwrap_or((rest.trim_end_matches(','), ""));
                functions.push(Self::parse(entry)?);
                rest = after.trim_start_matches([',', ' ']);
            }
        }
        Ok(functions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_stand_behind_arns() {
        let check = |text: &str, expected: Result<&[(&str, &str)], FunctionUrlError>| {
            let read = FunctionUrl::parse_list(text);
            let read = read.map(|list| list.into_iter().map(|one| (one.arn, one.url.to_string())).collect::<Vec<_>>());
            let owned = |(arn, url): &(&str, &str)| ((*arn).to_owned(), (*url).to_owned());
            assert_eq!(read, expected.map(|list| list.iter().map(owned).collect()), "{text:?}");
        };
        let (one, two) = (("arn:aws:lambda:a", "http://h:1/x?a=b,c"), ("arn:aws:lambda:b", "https://h/"));
        check("", Ok(&[]));
        check("\n \n", Ok(&[]));
        check("arn:aws:lambda:a=http://h:1/x?a=b,c", Ok(&[one]));
        check("arn:aws:lambda:a=http://h:1/x?a=b,c,arn:aws:lambda:b=https://h", Ok(&[one, two]));
        check(" arn:aws:lambda:a = http://h:1/x?a=b,c , arn:aws:lambda:b=https://h,\n", Ok(&[one, two]));
        check("arn:aws:lambda:b=https://h\narn:aws:lambda:a=http://h:1/x?a=b,c\n", Ok(&[two, one]));
        for no_pair in
            ["x", "http://h", "claims=http://h", "=http://h", "arn:aws:lambda:a", "arn:aws:lambda:a=http://h\nx"]
        {
            check(no_pair, Err(FunctionUrlError::Form));
        }
        for no_url in ["", "h:1", "/x", "ftp://h", "http://", "http://h h"] {
            check(&format!("arn:aws:lambda:a={no_url}"), Err(FunctionUrlError::Url));
        }
    }

    #[test]
    fn a_failure_is_told_by_its_message_else_its_type() {
        let check = |body: &str, expected: Option<&str>| {
            let failure = serde_json::from_str::<Failure>(body).ok().and_then(Failure::message);
            assert_eq!(failure.as_deref(), expected, "{body}");
        };
        check(r#"{"errorMessage":"no tenant","errorType":"Error","trace":[]}"#, Some("no tenant"));
        check(r#"{"errorType":"Runtime.ExitError"}"#, Some("Runtime.ExitError"));
        check(r#"{"errorType":null,"errorMessage":"timed out"}"#, Some("timed out"));
        check(r#"{"errorMessage":"","errorType":"Error"}"#, Some("Error"));
        check(r#"{"version":"3","response":{}}"#, None);
        check(r#"{"errorMessage":{}}"#, None);
        check("[]", None);
        let long = format!(r#"{{"errorMessage":"{}"}}"#, "\u{e9}".repeat(1_000));
        check(&long, Some(&"\u{e9}".repeat(512)));
    }
}
