//! A function's code as its record knows it: the digest and size of a zip that stands on disk.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A function's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The digest of the zip.
    pub sha256: CodeSha256,
    /// Bytes of the zip.
    pub bytes: u64,
}

/// The SHA-256 digest of a zip, written as 64 hexadecimal digits: the name of its file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeSha256([u8; 32]);

/// Text that is not the digest of a zip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 lower-case hexadecimal digits")]
pub struct NotASha256;

impl CodeSha256 {
    /// A digest as it was computed.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, NotASha256> {
        if text.len() != 64 {
            return Err(NotASha256);
        }
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(NotASha256),
        };
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            if let [high, low] = pair {
                *byte = value(*high)? << 4 | value(*low)?;
            }
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for CodeSha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CodeSha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeSha256({self})")
    }
}

impl From<CodeSha256> for String {
    fn from(digest: CodeSha256) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for CodeSha256 {
    type Error = NotASha256;

    fn try_from(text: String) -> Result<Self, NotASha256> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_survives_its_text() {
        let digest = CodeSha256::new(std::array::from_fn(|at| u8::try_from(at * 8).unwrap()));
        assert_eq!(CodeSha256::parse(&digest.to_string()), Ok(digest));
        for no_digest in ["", "00", &"0".repeat(63), &"g".repeat(64), &"A".repeat(64), &"\u{e9}".repeat(32)] {
            assert_eq!(CodeSha256::parse(no_digest), Err(NotASha256), "{no_digest:?}");
        }
    }
}
