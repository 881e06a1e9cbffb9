//! The ids and the date that every answer of the gateway carries.

use std::cell::RefCell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_resources::Timestamp;
use claviger_runtime::ids::random_uuid;
use http::{HeaderMap, HeaderValue};
use time::macros::format_description;
use uuid::Uuid;

/// The ids of one request through the gateway.
pub(crate) struct RequestIds {
    /// `$context.requestId`, a UUID: the client's own when it sent one.
    pub(crate) request: String,
    /// `$context.extendedRequestId`: 16 characters that end in `=`.
    pub(crate) extended: String,
}

impl RequestIds {
    /// Makes the ids; a UUID that the client sent in `x-amzn-RequestId` is kept, as API Gateway does.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let mut bytes = [0_u8; 11];
        // The generator aborts the process rather than fail.
        let _ = aws_lc_rs::rand::fill(&mut bytes);
        let sent = headers.get("x-amzn-requestid").and_then(|id| Uuid::try_parse_ascii(id.as_bytes()).ok());
        Self { request: sent.unwrap_or_else(random_uuid).to_string(), extended: STANDARD.encode(bytes) }
    }
}

/// A version 4 UUID, for answers that carry no other id.
pub(crate) fn uuid() -> String {
    random_uuid().to_string()
}

/// The value of `X-Amzn-Trace-Id`: the root the client sent, else a new one.
pub(crate) fn trace_id(headers: &HeaderMap, now: Timestamp) -> HeaderValue {
    let sent = headers.get("x-amzn-trace-id").and_then(|value| value.to_str().ok());
    let root = sent.and_then(|value| value.split(';').find(|part| part.starts_with("Root=")));
    let text = root.map_or_else(|| new_root(now), str::to_owned);
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The same as a function's answer shows it: with the span of the call, which is never recorded.
pub(crate) fn trace_of_function(trace_id: &HeaderValue) -> HeaderValue {
    let mut bytes = [0_u8; 8];
    // The generator aborts the process rather than fail.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    let root = trace_id.to_str().unwrap_or_default();
    HeaderValue::try_from(format!("{root};Parent={};Sampled=0", hexadecimal(&bytes)))
        .unwrap_or_else(|_| trace_id.clone())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}

fn new_root(now: Timestamp) -> String {
    let mut bytes = [0_u8; 12];
    // The generator aborts the process rather than fail.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    format!("Root=1-{:08x}-{}", now.seconds(), hexadecimal(&bytes))
}

/// The value of `Date` (RFC 9110, section 6.6.1), written anew once a second.
pub(crate) fn date(now: Timestamp) -> HeaderValue {
    thread_local! {
        static LAST: RefCell<(i64, HeaderValue)> = const { RefCell::new((i64::MIN, HeaderValue::from_static(""))) };
    }
    LAST.with_borrow_mut(|(second, value)| {
        if *second != now.seconds() {
            let format = format_description!(
                "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
            );
            let text = now.utc().format(format).unwrap_or_default();
            *value = HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""));
            *second = now.seconds();
        }
        value.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_name_its_request() {
        let mut headers = HeaderMap::new();
        let made = RequestIds::of(&headers);
        assert_eq!((made.request.len(), made.extended.len()), (36, 16));
        assert!(made.extended.ends_with('='));
        headers.insert("x-amzn-requestid", HeaderValue::from_static("60838619-695e-45bc-8d3d-331626f88932"));
        assert_eq!(RequestIds::of(&headers).request, "60838619-695e-45bc-8d3d-331626f88932");
        headers.insert("x-amzn-requestid", HeaderValue::from_static("not a uuid"));
        assert_eq!(RequestIds::of(&headers).request.len(), 36);
    }

    #[test]
    fn dates_are_those_of_http() {
        assert_eq!(date(Timestamp::from_seconds(1_654_550_175)), "Mon, 06 Jun 2022 21:16:15 GMT");
        assert_eq!(date(Timestamp::from_seconds(1_654_550_176)), "Mon, 06 Jun 2022 21:16:16 GMT");
    }
}
