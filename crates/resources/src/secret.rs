//! Values that must not be seen: a secret in clear while it is handled, and the sealed form in which it is kept.

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// A value in clear that must never reach a log, an error or a stored row: it has no `Debug`, `Display` or `Serialize`,
/// and its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes a value in.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Shows the value to the one place that must see it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A secret under authenticated encryption (nonce, ciphertext, tag), as it stands in the store. Only the vault opens it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sealed(Box<[u8]>);

impl Sealed {
    /// Wraps bytes that the vault has sealed.
    pub fn from_bytes(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The sealed bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<Sealed> for String {
    fn from(sealed: Sealed) -> Self {
        sealed.0.iter().fold(Self::with_capacity(sealed.0.len() * 2), |mut text, byte| {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
            text
        })
    }
}

impl TryFrom<String> for Sealed {
    type Error = NotHexadecimal;

    fn try_from(text: String) -> Result<Self, NotHexadecimal> {
        decode_hexadecimal(&text).map(|bytes| Self(bytes.into())).ok_or(NotHexadecimal)
    }
}

/// A stored value that should be hexadecimal text is not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an even number of hexadecimal digits")]
pub struct NotHexadecimal;

fn decode_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => Some(value(*high)? << 4 | value(*low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_bytes_survive_their_stored_form() {
        let sealed = Sealed::from_bytes(vec![0, 1, 0xab, 0xff]);
        let text = String::from(sealed.clone());
        assert_eq!(text, "0001abff");
        assert!(Sealed::try_from(text) == Ok(sealed));
        assert!(Sealed::try_from("abc".to_owned()) == Err(NotHexadecimal));
        assert!(Sealed::try_from("zz".to_owned()) == Err(NotHexadecimal));
    }
}
