//! The Secure Remote Password protocol as Cognito's clients speak it: RFC 5054 over its 3072-bit group, with SHA-256, a
//! padding of its own for numbers that are hashed, and the pool's name before the username.

use aws_lc_rs::digest::{Context, SHA256};
use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U256, U3072};
use zeroize::Zeroizing;

/// The prime of the 3072-bit group (RFC 5054, appendix A).
const PRIME: &str = concat!(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74",
    "020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437",
    "4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED",
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05",
    "98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB",
    "9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B",
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718",
    "3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33",
    "A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7",
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864",
    "D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2",
    "08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
);

/// Bytes of a salt; its first bit is set, so that no client drops a leading zero that another keeps.
pub const SALT_BYTES: usize = 16;

fn group() -> FixedMontyParams<{ U3072::LIMBS }> {
    const { FixedMontyParams::new_vartime(Odd::<U3072>::from_be_hex(PRIME)) }
}

fn generator() -> FixedMontyForm<{ U3072::LIMBS }> {
    FixedMontyForm::new(&U3072::from_u8(2), &group())
}

/// What the server keeps of a password: `v = g^x` with `x = H(salt, H(pool name, username, ":", password))`.
pub fn verifier(pool_name: &str, username: &str, password: &str, salt: &[u8; SALT_BYTES]) -> Zeroizing<Vec<u8>> {
    let identity = hash(&[pool_name.as_bytes(), username.as_bytes(), b":", password.as_bytes()]);
    let exponent = U256::from_be_slice(&hash(&[&padded(salt), &identity]));
    Zeroizing::new(generator().pow(&exponent).retrieve().to_be_bytes().as_ref().to_vec())
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

/// A number's bytes as they are hashed: without leading zeros, but for one before a first bit that is set.
fn padded(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = number.get(zeros..).unwrap_or_default();
    let sign = digits.first().is_none_or(|first| first & 0x80 != 0);
    [if sign { &[0_u8][..] } else { &[] }, digits].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_hashed_with_a_zero_before_a_set_first_bit() {
        let check = |number: &[u8], expected: &[u8]| assert_eq!(padded(number), expected);
        check(&[0x7f], &[0x7f]);
        check(&[0x80], &[0, 0x80]);
        check(&[0, 0, 0x12, 0x34], &[0x12, 0x34]);
        check(&[0], &[0]);
    }

    #[test]
    fn a_verifier_is_that_of_its_pool_user_password_and_salt() {
        let salt = [0x81; SALT_BYTES];
        let one = verifier("pool", "ada", "secret", &salt);
        assert_eq!(one.len(), 384);
        assert_eq!(*one, *verifier("pool", "ada", "secret", &salt));
        for other in [
            verifier("loop", "ada", "secret", &salt),
            verifier("pool", "eve", "secret", &salt),
            verifier("pool", "ada", "Secret", &salt),
            verifier("pool", "ada", "secret", &[0x82; SALT_BYTES]),
        ] {
            assert_ne!(*one, *other);
        }
    }
}
