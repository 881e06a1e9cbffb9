//! Ids that name one request or one token.

use uuid::Uuid;

/// A version 4 UUID (RFC 9562, section 5.4).
pub fn random_uuid() -> Uuid {
    let mut bytes = [0_u8; 16];
    // The generator aborts the process rather than fail.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}
