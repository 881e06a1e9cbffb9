//! Functions behind URLs: the operator says where one is.
//!
//! The contract is that of AWS's own emulator of the Lambda runtime: the event is posted as JSON, the answer's body is the
//! function's result.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use claviger_resources::limits::FUNCTION_RESULT_BYTES_MAX;
use http::{HeaderValue, Method, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use tokio::sync::Semaphore;

use super::{Failure, FunctionError};
use crate::outbound::{Outbound, OutboundError};

/// Calls that are under way at a time; more wait for their turn, within their time.
const CALLS_MAX: usize = 100;
/// Attempts at a call that has not reached its function.
const ATTEMPTS_MAX: u32 = 3;
/// The pause before the second attempt; it doubles.
const RETRY_PAUSE: Duration = Duration::from_millis(50);
/// The header by which AWS tells that a result is an error.
const FUNCTION_ERROR: &str = "x-amz-function-error";

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

/// The functions that the operator has given URLs.
pub(super) struct FunctionUrls {
    urls: BTreeMap<String, Uri>,
    client: Outbound<Full<Bytes>>,
    places: Semaphore,
}

impl FunctionUrls {
    /// Of two URLs for one ARN the later counts.
    pub(super) fn new(urls: impl IntoIterator<Item = FunctionUrl>) -> Self {
        let urls = urls.into_iter().map(|function| (function.arn, function.url)).collect();
        Self { urls, client: Outbound::default(), places: Semaphore::new(CALLS_MAX) }
    }

    /// The URL that stands for a function.
    pub(super) fn url(&self, arn: &str) -> Option<&Uri> {
        self.urls.get(arn)
    }

    /// Calls what is behind a URL, at most for `duration_max`.
    pub(super) async fn call(&self, url: &Uri, event: Bytes, duration_max: Duration) -> Result<Bytes, FunctionError> {
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
    if head.headers.contains_key(FUNCTION_ERROR) {
        return Err(FunctionError::Failed(Failure::of(body)));
    }
    if !head.status.is_success() {
        return Err(FunctionError::Status(head.status.as_u16()));
    }
    match Failure::told(&body) {
        Some(failure) => Err(FunctionError::Failed(failure)),
        None => Ok(body),
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
}
