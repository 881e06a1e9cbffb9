//! Reading a compact token: three base64url segments, a header and a payload that are JSON objects, nothing else.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::refusal::Refusal;

/// Bytes of the largest token that is read.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// A token whose form has been checked; nothing of it has been believed.
#[derive(Debug)]
pub struct Token<'a> {
    signing_input: &'a [u8],
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// The members of a token's header that are looked at. Keys and addresses of keys in it (`jwk`, `jku`, `x5c`) are not.
#[derive(Debug)]
pub struct Header {
    /// The algorithm.
    pub alg: String,
    /// The key's id.
    pub kid: String,
}

impl<'a> Token<'a> {
    /// Takes a compact token apart.
    pub fn parse(text: &'a str) -> Result<Self, Refusal> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(Refusal::Malformed("it is larger than 16 KiB"));
        }
        let mut segments = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (segments.next(), segments.next(), segments.next(), segments.next())
        else {
            return Err(Refusal::Malformed("it does not have three segments"));
        };
        let signing_input = text.as_bytes().get(..header.len() + 1 + payload.len()).unwrap_or_default();
        Ok(Self {
            signing_input,
            header: Header::parse(&decode(header, "its header is not base64url")?)?,
            payload: decode(payload, "its payload is not base64url")?,
            signature: decode(signature, "its signature is not base64url")?,
        })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The bytes that were signed.
    pub fn signing_input(&self) -> &[u8] {
        self.signing_input
    }

    /// The signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The payload's JSON text.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload's JSON text, on its own.
    pub fn into_payload(self) -> Vec<u8> {
        self.payload
    }
}

fn decode(segment: &str, refusal: &'static str) -> Result<Vec<u8>, Refusal> {
    // The engine refuses padding, other alphabets and bits that encode nothing.
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| Refusal::Malformed(refusal))
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        let members: UniqueMembers<'_> =
            serde_json::from_slice(bytes).map_err(|_| Refusal::Malformed("its header is not a JSON object"))?;
        let text = |name: &'static str, refusal| match members.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            _ => Err(Refusal::Malformed(refusal)),
        };
        if members.get("crit").is_some() || members.get("b64").is_some() {
            return Err(Refusal::Malformed("its header demands an extension"));
        }
        Ok(Self { alg: text("alg", "its header names no algorithm")?, kid: text("kid", "its header names no key")? })
    }
}

/// The members of a JSON object in which no name stands twice.
pub(crate) struct UniqueMembers<'a>(Vec<(Cow<'a, str>, Value)>);

impl UniqueMembers<'_> {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

impl<'de> Deserialize<'de> for UniqueMembers<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = UniqueMembers<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object whose members have different names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(Cow<'de, str>, Value)> = Vec::with_capacity(12);
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    if members.iter().any(|(known, _)| *known == name) {
                        return Err(serde::de::Error::custom("a member stands twice"));
                    }
                    // A token of 16 KiB could otherwise make this loop quadratic in thousands of members.
                    if members.len() == 256 {
                        return Err(serde::de::Error::custom("too many members"));
                    }
                    members.push((Cow::Owned(name), value));
                }
                Ok(UniqueMembers(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}
