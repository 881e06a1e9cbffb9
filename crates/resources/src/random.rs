//! Where chance comes from: a source of random bytes handed to whatever needs one.

/// A source of random bytes: the operating system's in production, a seeded one in tests.
pub trait Random: Send {
    /// Fills `buffer` with random bytes.
    fn fill(&mut self, buffer: &mut [u8]);
}

/// Digits and lower-case letters, the alphabet of API Gateway's ids.
pub const LOWER_ALPHANUMERIC: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// Digits and letters of both cases, the alphabet of user pool ids and of generated API keys.
pub const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Random text of `length` characters of `alphabet` (at most 256 of them), each as likely as any other.
pub fn text(random: &mut dyn Random, alphabet: &[u8], length: usize) -> String {
    // Bytes at or above the largest multiple of the alphabet's size would favour its first characters.
    let fair = 256 - 256 % alphabet.len().max(1);
    let mut out = String::with_capacity(length);
    let mut pool = [0_u8; 64];
    while out.len() < length {
        random.fill(&mut pool);
        for &byte in pool.iter().filter(|&&byte| usize::from(byte) < fair) {
            if out.len() == length {
                break;
            }
            if let Some(&character) = alphabet.get(usize::from(byte) % alphabet.len()) {
                out.push(char::from(character));
            }
        }
    }
    out
}

/// A version 4 UUID (RFC 9562, section 5.4).
pub fn uuid(random: &mut dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// The number's digits in base 32 (`0-9a-v`), leading zeros dropped as Cognito does for client ids and secrets.
pub fn base32_number(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let mut digits = Vec::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for &byte in bytes.iter().rev() {
        buffer |= u32::from(byte) << bits;
        bits += 8;
        while bits >= 5 {
            digits.push(buffer & 31);
            buffer >>= 5;
            bits -= 5;
        }
    }
    if bits > 0 {
        digits.push(buffer & 31);
    }
    while digits.len() > 1 && digits.last() == Some(&0) {
        digits.pop();
    }
    digits.iter().rev().filter_map(|&digit| DIGITS.get(digit as usize)).map(|&digit| char::from(digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers_in_base_32() {
        let check = |bytes: &[u8], expected: &str| assert_eq!(base32_number(bytes), expected);
        check(&[0], "0");
        check(&[31], "v");
        check(&[32], "10");
        check(&[1, 0], "80");
        check(&[0, 0, 1], "1");
        check(&[0xff; 16], "7vvvvvvvvvvvvvvvvvvvvvvvvv");
        check(&[0xff; 32], &format!("1{}", "v".repeat(51)));
    }
}
