//! Payload compression of REST APIs (API Gateway, "Payload compression for REST APIs in API Gateway"): which coding a request
//! came in, which one a client may be answered in, and the codings themselves.
//!
//! What is unpacked is bounded: a body that grows beyond the largest one is refused before it is all there.

use std::io::{Read, Write as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use http::{HeaderMap, HeaderValue, header};

use crate::refusal::Refusal;

/// A coding of bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `gzip`
    Gzip,
    /// `deflate`: zlib's format (RFC 9110, section 8.4.1.2).
    Deflate,
}

impl Coding {
    /// The value of `Content-Encoding` that names it.
    pub fn name(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        })
    }
}

/// The coding of a request's body, `None` where there is none.
pub fn of_request(headers: &HeaderMap) -> Result<Option<Coding>, Refusal> {
    let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let name = value.to_str().unwrap_or_default().trim().to_ascii_lowercase();
    match (&*name, values.next()) {
        ("gzip" | "x-gzip", None) => Ok(Some(Coding::Gzip)),
        ("deflate", None) => Ok(Some(Coding::Deflate)),
        ("identity" | "", None) => Ok(None),
        _ => Err(Refusal::UnsupportedMediaType),
    }
}

/// The coding that a client would rather be answered in than in none: that with the highest weight, when it is one of these.
/// A client that does not say so by name is answered as it is.
pub fn of_response(headers: &HeaderMap) -> Option<Coding> {
    let mut best: (f32, Option<Coding>) = (0.0, None);
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for one in values.flat_map(|value| value.split(',')) {
        let mut parts = one.split(';');
        let name = parts.next().unwrap_or_default().trim();
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(Some(1.0), |text| text.parse().ok());
        let coding = match () {
            () if name.eq_ignore_ascii_case("gzip") => Some(Coding::Gzip),
            () if name.eq_ignore_ascii_case("deflate") => Some(Coding::Deflate),
            () => None,
        };
        // Of equals, the first is meant.
        if let Some(weight) = weight.filter(|weight| *weight > best.0) {
            best = (weight, coding);
        }
    }
    best.1
}

/// A body as it was before it was coded, when it has no more than so many bytes.
pub fn unpack(coding: Coding, body: &[u8], bytes_max: usize) -> Result<Bytes, Refusal> {
    let unpacked = match coding {
        Coding::Gzip => read(MultiGzDecoder::new(body), bytes_max),
        // Some clients leave zlib's frame away.
        Coding::Deflate => match read(ZlibDecoder::new(body), bytes_max) {
            Err(Refusal::UnsupportedMediaType) => read(DeflateDecoder::new(body), bytes_max),
            other => other,
        },
    };
    unpacked.map(Bytes::from)
}

fn read(reader: impl Read, bytes_max: usize) -> Result<Vec<u8>, Refusal> {
    let mut unpacked = Vec::new();
    let bound = u64::try_from(bytes_max).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(bound).read_to_end(&mut unpacked).map_err(|_| Refusal::UnsupportedMediaType)?;
    if unpacked.len() > bytes_max { Err(Refusal::RequestTooLarge) } else { Ok(unpacked) }
}

/// Codes a body, piece by piece.
pub struct Encoder(Kind);

enum Kind {
    Gzip(GzEncoder<Vec<u8>>),
    Deflate(ZlibEncoder<Vec<u8>>),
}

impl Encoder {
    /// An encoder of a new body; it rather is fast than thorough.
    pub fn new(coding: Coding) -> Self {
        let level = Compression::fast();
        Self(match coding {
            Coding::Gzip => Kind::Gzip(GzEncoder::new(Vec::new(), level)),
            Coding::Deflate => Kind::Deflate(ZlibEncoder::new(Vec::new(), level)),
        })
    }

    /// Takes in a piece; gives what a reader needs to have all of it.
    pub fn push(&mut self, piece: &[u8]) -> Bytes {
        // Writing to memory does not fail.
        let _ = match &mut self.0 {
            Kind::Gzip(encoder) => encoder.write_all(piece).and_then(|()| encoder.flush()),
            Kind::Deflate(encoder) => encoder.write_all(piece).and_then(|()| encoder.flush()),
        };
        let written = match &mut self.0 {
            Kind::Gzip(encoder) => encoder.get_mut(),
            Kind::Deflate(encoder) => encoder.get_mut(),
        };
        std::mem::take(written).into()
    }

    /// What is left to be read at the end.
    pub fn finish(self) -> Bytes {
        let rest = match self.0 {
            Kind::Gzip(encoder) => encoder.finish(),
            Kind::Deflate(encoder) => encoder.finish(),
        };
        rest.unwrap_or_default().into()
    }
}

/// A whole body, coded.
pub fn pack(coding: Coding, body: &[u8]) -> Bytes {
    let mut encoder = Encoder::new(coding);
    // Writing to memory does not fail.
    let _ = match &mut encoder.0 {
        Kind::Gzip(encoder) => encoder.write_all(body),
        Kind::Deflate(encoder) => encoder.write_all(body),
    };
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &header::HeaderName, values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn requests_come_in_codings_that_are_known() {
        let check = |values: &[&str], expected: Option<Option<Coding>>| {
            assert_eq!(of_request(&headers(&header::CONTENT_ENCODING, values)).ok(), expected, "{values:?}");
        };
        check(&[], Some(None));
        check(&["identity"], Some(None));
        check(&["gzip"], Some(Some(Coding::Gzip)));
        check(&["GZip"], Some(Some(Coding::Gzip)));
        check(&["deflate"], Some(Some(Coding::Deflate)));
        check(&["br"], None);
        check(&["gzip, gzip"], None);
        check(&["gzip", "gzip"], None);
    }

    #[test]
    fn answers_go_out_in_the_coding_a_client_likes_best() {
        let check = |values: &[&str], expected: Option<Coding>| {
            assert_eq!(of_response(&headers(&header::ACCEPT_ENCODING, values)), expected, "{values:?}");
        };
        check(&[], None);
        check(&["gzip"], Some(Coding::Gzip));
        check(&["gzip, deflate, br"], Some(Coding::Gzip));
        check(&["deflate, gzip"], Some(Coding::Deflate));
        check(&["deflate;q=0.5, GZIP;q=0.9"], Some(Coding::Gzip));
        check(&["deflate", "gzip;q=0.9"], Some(Coding::Deflate));
        check(&["*"], None);
        check(&["identity"], None);
        check(&["br, gzip;q=0.9"], None);
        check(&["br;q=0.8, gzip;q=0.9"], Some(Coding::Gzip));
        check(&["gzip;q=0"], None);
        check(&["gzip;q=x"], None);
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let body = "storms ".repeat(10_000);
        for coding in [Coding::Gzip, Coding::Deflate] {
            let packed = pack(coding, body.as_bytes());
            assert!(packed.len() < body.len() / 10, "{coding:?} {}", packed.len());
            assert_eq!(unpack(coding, &packed, body.len()), Ok(Bytes::from(body.clone())));
            assert_eq!(unpack(coding, &packed, body.len() - 1), Err(Refusal::RequestTooLarge));
            let mut encoder = Encoder::new(coding);
            let mut pieces = Vec::new();
            for piece in body.as_bytes().chunks(999) {
                let written = encoder.push(piece);
                assert!(!written.is_empty());
                pieces.extend_from_slice(&written);
            }
            pieces.extend_from_slice(&encoder.finish());
            assert_eq!(unpack(coding, &pieces, body.len()), Ok(Bytes::from(body.clone())));
        }
    }

    #[test]
    fn what_is_not_packed_is_refused() {
        let packed = pack(Coding::Gzip, b"storms");
        let check = |coding: Coding, body: &[u8]| {
            assert_eq!(unpack(coding, body, 100), Err(Refusal::UnsupportedMediaType), "{coding:?} {body:?}");
        };
        check(Coding::Gzip, b"");
        check(Coding::Gzip, b"storms");
        check(Coding::Gzip, &packed[..packed.len() - 1]);
        check(Coding::Deflate, b"storms");
        check(Coding::Deflate, &packed);
    }

    #[test]
    fn zlibs_frame_may_be_missing() {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"storms").unwrap();
        assert_eq!(unpack(Coding::Deflate, &encoder.finish().unwrap(), 100), Ok(Bytes::from_static(b"storms")));
    }

    #[test]
    fn a_bomb_is_bounded() {
        let packed = pack(Coding::Gzip, &vec![0; 50_000_000]);
        assert!(packed.len() < 1_000_000);
        assert_eq!(unpack(Coding::Gzip, &packed, 10_000), Err(Refusal::RequestTooLarge));
    }
}
