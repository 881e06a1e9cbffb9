//! Binary payloads: which are binary, and how they are converted on their way (API Gateway, "Binary media types for REST
//! APIs", content type conversion tables).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use claviger_resources::rest_api::ContentHandling;
use http::HeaderValue;

use crate::refusal::Refusal;
use crate::request::media_type;

/// The media types that an API treats as binary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BinaryMediaTypes(Arc<[Box<str>]>);

impl BinaryMediaTypes {
    /// Takes an API's list.
    pub fn new(types: &[String]) -> Self {
        Self(types.iter().map(|kind| kind.as_str().into()).collect())
    }

    /// Whether a media type is among them; `*/*` names all, `image/*` all images.
    pub fn contains(&self, content_type: &str) -> bool {
        let wanted = media_type(content_type);
        self.0.iter().any(|kind| match kind.strip_suffix("/*") {
            Some("*") => true,
            Some(family) => wanted.split('/').next().is_some_and(|first| first.eq_ignore_ascii_case(family)),
            None => kind.eq_ignore_ascii_case(wanted),
        })
    }

    /// A request's body as its integration gets it.
    pub fn convert_request(
        &self,
        handling: Option<ContentHandling>,
        content_type: &str,
        body: Bytes,
    ) -> Result<Bytes, Refusal> {
        match (handling, self.contains(content_type)) {
            (Some(ContentHandling::ConvertToText), true) => Ok(encode(&body)),
            (Some(ContentHandling::ConvertToBinary), false) => decode(&body),
            (None | Some(ContentHandling::ConvertToText), false)
            | (None | Some(ContentHandling::ConvertToBinary), true) => Ok(body),
        }
    }

    /// A backend's body as the client gets it: without an explicit handling, in the form that the first media type the
    /// client accepts asks for.
    pub fn convert_response(
        &self,
        handling: Option<ContentHandling>,
        content_type: Option<&HeaderValue>,
        accept: Option<&str>,
        body: Bytes,
    ) -> Result<Bytes, Refusal> {
        let is_binary = content_type.and_then(|value| value.to_str().ok()).is_some_and(|kind| self.contains(kind));
        let wants_binary = match handling {
            Some(ContentHandling::ConvertToBinary) => true,
            Some(ContentHandling::ConvertToText) => false,
            None => accept.is_some_and(|accept| self.contains(accept)),
        };
        match (is_binary, wants_binary) {
            (true, false) => Ok(encode(&body)),
            // A list that names everything leaves nothing that is text.
            (false, true) if handling.is_some() || !self.contains("application/json") => decode(&body),
            _ => Ok(body),
        }
    }
}

fn encode(body: &[u8]) -> Bytes {
    Bytes::from(STANDARD.encode(body))
}

/// The bytes that base64 stands for.
pub(crate) fn decode(body: &[u8]) -> Result<Bytes, Refusal> {
    match STANDARD.decode(body.trim_ascii()) {
        Ok(decoded) => Ok(Bytes::from(decoded)),
        Err(_) => Err(Refusal::configuration("Unable to base64 decode the body.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO_BINARY: Option<ContentHandling> = Some(ContentHandling::ConvertToBinary);
    const TO_TEXT: Option<ContentHandling> = Some(ContentHandling::ConvertToText);

    fn types(types: &[&str]) -> BinaryMediaTypes {
        BinaryMediaTypes::new(&types.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn knows_binary_media_types() {
        let check = |list: &[&str], content_type: &str, expected: bool| {
            assert_eq!(types(list).contains(content_type), expected, "{list:?} {content_type}");
        };
        check(&[], "image/png", false);
        check(&["image/png"], "Image/PNG; q=1", true);
        check(&["image/png"], "image/gif", false);
        check(&["image/*"], "image/gif", true);
        check(&["image/*"], "text/html", false);
        check(&["*/*"], "text/html", true);
    }

    #[test]
    fn converts_requests() {
        let check = |list: &[&str], handling: Option<ContentHandling>, body: &str, expected: Option<&str>| {
            let got = types(list).convert_request(handling, "image/png", Bytes::copy_from_slice(body.as_bytes()));
            assert_eq!(got.ok().as_deref(), expected.map(str::as_bytes), "{list:?} {handling:?}");
        };
        let (none, png) = (&[][..], &["image/png"][..]);
        check(none, None, "abc", Some("abc"));
        check(none, TO_TEXT, "abc", Some("abc"));
        check(none, TO_BINARY, "YWJj\n", Some("abc"));
        check(none, TO_BINARY, "%", None);
        check(png, None, "abc", Some("abc"));
        check(png, TO_TEXT, "abc", Some("YWJj"));
        check(png, TO_BINARY, "abc", Some("abc"));
    }

    #[test]
    fn converts_responses() {
        let check =
            |handling: Option<ContentHandling>, content: &str, accept: &str, body: &str, expected: Option<&str>| {
                let content = HeaderValue::from_str(content).unwrap();
                let body = Bytes::copy_from_slice(body.as_bytes());
                let got = types(&["image/png"]).convert_response(handling, Some(&content), Some(accept), body);
                assert_eq!(got.ok().as_deref(), expected.map(str::as_bytes), "{handling:?} {content:?} {accept}");
            };
        let (text, png) = ("text/plain", "image/png");
        check(None, text, text, "YWJj", Some("YWJj"));
        check(TO_BINARY, text, text, "YWJj", Some("abc"));
        check(TO_TEXT, text, text, "YWJj", Some("YWJj"));
        check(None, text, png, "YWJj", Some("abc"));
        check(None, text, png, "%", None);
        check(TO_BINARY, text, png, "YWJj", Some("abc"));
        check(TO_TEXT, text, png, "YWJj", Some("YWJj"));
        check(None, png, text, "abc", Some("YWJj"));
        check(TO_BINARY, png, text, "abc", Some("abc"));
        check(TO_TEXT, png, text, "abc", Some("YWJj"));
        check(None, png, png, "abc", Some("abc"));
        check(TO_BINARY, png, png, "abc", Some("abc"));
        check(TO_TEXT, png, png, "abc", Some("YWJj"));
        let all = types(&["*/*"]).convert_response(None, None, Some("*/*"), Bytes::from_static(b"{}"));
        assert_eq!(all.unwrap(), "{}");
    }
}
