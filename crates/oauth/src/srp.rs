//! The Secure Remote Password protocol as Cognito's clients speak it: RFC 5054 over its 3072-bit group, with SHA-256, a
//! padding of its own for numbers that are hashed, and the pool's name before the username.

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::hmac::{self, HMAC_SHA256};
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

/// Bytes of a number of the group, and so of a verifier.
pub const NUMBER_BYTES: usize = 384;
/// Bytes of the server's part of a handshake.
pub const SECRET_BYTES: usize = 32;
/// What the key that proves a password is derived for.
const KEY_INFO: &[u8] = b"Caldera Derived Key";
/// Bytes of that key.
const KEY_BYTES: usize = 16;

type Element = FixedMontyForm<{ U3072::LIMBS }>;

/// The public number of a client (`A`), as it is hashed. One that is a multiple of the prime is none: with it, anyone
/// would know the session's key (RFC 5054, section 2.5.4).
#[derive(Clone, PartialEq, Eq)]
pub struct ClientNumber(Vec<u8>);

/// What the server keeps to itself between the two steps of a handshake, and the verifier it is about.
pub struct Handshake<'a> {
    /// The verifier of the user's password.
    pub verifier: &'a [u8],
    /// A random number that is used once (`b`).
    pub secret: &'a [u8; SECRET_BYTES],
}

/// What a client shows to prove that it knows the password.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// The name of the pool, the part of its id behind the underscore.
    pub pool_name: &'a str,
    /// The name that the verifier was made with (`USER_ID_FOR_SRP`).
    pub username: &'a str,
    /// What the server gave to be sent back (`SECRET_BLOCK`).
    pub secret_block: &'a [u8],
    /// The client's time, as it wrote it (see [`is_timestamp`]).
    pub timestamp: &'a str,
    /// HMAC-SHA-256 of all of these under the session's key.
    pub signature: &'a [u8],
}

impl ClientNumber {
    /// Reads the hexadecimal digits that a client sent.
    pub fn parse(digits: &str) -> Option<Self> {
        let digits = digits.trim_start_matches('0');
        if digits.len() > NUMBER_BYTES * 2 {
            return None;
        }
        let even = format!("{}{digits}", if digits.len() % 2 == 1 { "0" } else { "" });
        let pairs = even.as_bytes().chunks(2).map(|pair| {
            std::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()))
        });
        let bytes: Option<Vec<u8>> =
            pairs.map(|pair| pair.and_then(|pair| u8::from_str_radix(pair, 16).ok())).collect();
        let number = Self(padded(&bytes?));
        (number.element().retrieve() != U3072::ZERO).then_some(number)
    }

    /// The number in hexadecimal, as [`Self::parse`] reads it.
    pub fn to_hexadecimal(&self) -> String {
        hexadecimal(&self.0)
    }

    fn element(&self) -> Element {
        element(&self.0)
    }
}

impl Handshake<'_> {
    /// The server's public number (`B = kv + g^b`) in hexadecimal.
    pub fn public(&self) -> String {
        hexadecimal(&self.number())
    }

    /// Whether a client that sent the public number `client` has proved that it knows the password.
    pub fn proves(&self, client: &ClientNumber, proof: &Proof<'_>) -> bool {
        let mut context = hmac::Context::with_key(&self.key(client));
        for part in [proof.pool_name.as_bytes(), proof.username.as_bytes(), proof.secret_block] {
            context.update(part);
        }
        context.update(proof.timestamp.as_bytes());
        aws_lc_rs::constant_time::verify_slices_are_equal(context.sign().as_ref(), proof.signature).is_ok()
    }

    fn number(&self) -> Vec<u8> {
        let multiplier = element(&hash(&[&padded(&bytes_of(&PRIME_NUMBER)), &[2]]));
        let public = multiplier * element(self.verifier) + generator().pow(&U256::from_be_slice(self.secret));
        padded(&bytes_of(&public.retrieve()))
    }

    /// The key both sides come to: `S = (A v^u)^b` with `u = H(A, B)`, through HKDF (RFC 5869) with `u` as its salt.
    fn key(&self, client: &ClientNumber) -> hmac::Key {
        let mixed = hash(&[&client.0, &self.number()]);
        let base = client.element() * element(self.verifier).pow(&U256::from_be_slice(&mixed));
        let shared = base.pow(&U256::from_be_slice(self.secret)).retrieve();
        let shared = Zeroizing::new(padded(&bytes_of(&shared)));
        let extracted = hmac::sign(&hmac::Key::new(HMAC_SHA256, &padded(&mixed)), &shared);
        let expanded = hmac::sign(&hmac::Key::new(HMAC_SHA256, extracted.as_ref()), &[KEY_INFO, &[1]].concat());
        hmac::Key::new(HMAC_SHA256, expanded.as_ref().get(..KEY_BYTES).unwrap_or_default())
    }
}

/// Whether a text is a time in the one form that clients write: `Thu Jan 1 08:05:00 UTC 2026`. Clocks of clients are often
/// wrong, so when it is says nothing.
pub fn is_timestamp(text: &str) -> bool {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>, maximum: u16| {
        digits.contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse::<u16>().is_ok_and(|number| number <= maximum)
    };
    let mut words = text.split(' ');
    let (Some(day), Some(month), Some(date), Some(time), Some("UTC"), Some(year), None) =
        (words.next(), words.next(), words.next(), words.next(), words.next(), words.next(), words.next())
    else {
        return false;
    };
    let clock: Vec<&str> = time.split(':').collect();
    DAYS.contains(&day)
        && MONTHS.contains(&month)
        && number(date, 1..=2, 31)
        && matches!(&*clock, [hours, minutes, seconds]
            if number(hours, 2..=2, 23) && number(minutes, 2..=2, 59) && number(seconds, 2..=2, 60))
        && number(year, 4..=4, 9999)
}

const PRIME_NUMBER: U3072 = U3072::from_be_hex(PRIME);

fn group() -> FixedMontyParams<{ U3072::LIMBS }> {
    const { FixedMontyParams::new_vartime(Odd::<U3072>::from_be_hex(PRIME)) }
}

fn generator() -> Element {
    Element::new(&U3072::from_u8(2), &group())
}

/// The element of the group that these bytes are the number of; at most [`NUMBER_BYTES`] of them count.
fn element(number: &[u8]) -> Element {
    let mut whole = Zeroizing::new([0_u8; NUMBER_BYTES]);
    for (place, byte) in whole.iter_mut().rev().zip(number.iter().rev()) {
        *place = *byte;
    }
    Element::new(&U3072::from_be_slice(&*whole), &group())
}

fn bytes_of(number: &U3072) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(number.to_be_bytes().as_ref().to_vec())
}

fn hexadecimal(number: &[u8]) -> String {
    let digits = number.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits: String = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect();
    digits.trim_start_matches('0').to_owned()
}

/// What the server keeps of a password: `v = g^x` with `x = H(salt, H(pool name, username, ":", password))`.
pub fn verifier(pool_name: &str, username: &str, password: &str, salt: &[u8; SALT_BYTES]) -> Zeroizing<Vec<u8>> {
    let identity = hash(&[pool_name.as_bytes(), username.as_bytes(), b":", password.as_bytes()]);
    let exponent = U256::from_be_slice(&hash(&[&padded(salt), &identity]));
    bytes_of(&generator().pow(&exponent).retrieve())
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

    /// What a client does, with its secret number `a`: the signature it sends.
    fn sign(password: &str, salt: [u8; SALT_BYTES], a: u64, public: &str, block: &[u8], timestamp: &str) -> Vec<u8> {
        let a = U256::from_u64(a);
        let big_a = padded(&bytes_of(&generator().pow(&a).retrieve()));
        let big_b = ClientNumber::parse(public).unwrap();
        let u = hash(&[&big_a, &big_b.0]);
        let identity = hash(&[b"pool", b"ada", b":", password.as_bytes()]);
        let x = U256::from_be_slice(&hash(&[&padded(&salt), &identity]));
        let k = element(&hash(&[&padded(&bytes_of(&PRIME_NUMBER)), &[2]]));
        let base = big_b.element() - k * generator().pow(&x);
        let shared = base.pow(&a) * base.pow(&x).pow(&U256::from_be_slice(&u));
        let extracted = hmac::sign(&hmac::Key::new(HMAC_SHA256, &padded(&u)), &padded(&bytes_of(&shared.retrieve())));
        let key = hmac::sign(&hmac::Key::new(HMAC_SHA256, extracted.as_ref()), b"Caldera Derived Key\x01");
        let key = hmac::Key::new(HMAC_SHA256, &key.as_ref()[..16]);
        hmac::sign(&key, &[&b"poolada"[..], block, timestamp.as_bytes()].concat()).as_ref().to_vec()
    }

    #[test]
    fn only_who_knows_the_password_proves_it() {
        let (salt, secret) = ([0x81; SALT_BYTES], [7; SECRET_BYTES]);
        let verifier = verifier("pool", "ada", "secret", &salt);
        let handshake = Handshake { verifier: &verifier, secret: &secret };
        let client = ClientNumber::parse(&hexadecimal(&bytes_of(&generator().pow(&U256::from_u64(99)).retrieve())));
        let client = client.unwrap();
        let timestamp = "Thu Jan 1 08:05:00 UTC 2026";
        let right = sign("secret", salt, 99, &handshake.public(), b"block", timestamp);
        let proof =
            |signature| Proof { pool_name: "pool", username: "ada", secret_block: b"block", timestamp, signature };
        assert!(handshake.proves(&client, &proof(&right)));
        assert!(!handshake.proves(&client, &proof(&right[1..])));
        assert!(!handshake.proves(&client, &Proof { username: "eve", ..proof(&right) }));
        assert!(!handshake.proves(&client, &Proof { secret_block: b"other", ..proof(&right) }));
        assert!(!handshake.proves(&client, &Proof { timestamp: "Thu Jan 1 08:05:01 UTC 2026", ..proof(&right) }));
        let wrong = sign("Secret", salt, 99, &handshake.public(), b"block", timestamp);
        assert!(!handshake.proves(&client, &proof(&wrong)));
        let other = Handshake { verifier: &verifier, secret: &[8; SECRET_BYTES] };
        assert!(!other.proves(&client, &proof(&right)));
    }

    #[test]
    fn a_client_number_is_hexadecimal_of_the_groups_size_and_no_multiple_of_the_prime() {
        let check = |digits: &str, expected: Option<&str>| {
            let read = ClientNumber::parse(digits).map(|number| number.to_hexadecimal());
            assert_eq!(read.as_deref(), expected, "{digits}");
        };
        check("1", Some("1"));
        check("00ABCdef", Some("abcdef"));
        check(PRIME, None);
        check(&format!("000{}", PRIME.to_lowercase()), None);
        check(&"f".repeat(768), Some(&"f".repeat(768)));
        for wrong in ["", "0", "g", "-1", "+1", "1 ", "é", &"1".repeat(769)] {
            check(wrong, None);
        }
    }

    #[test]
    fn clients_write_their_time_in_one_form() {
        let check = |text: &str, expected: bool| assert_eq!(is_timestamp(text), expected, "{text}");
        check("Thu Jan 1 08:05:00 UTC 2026", true);
        check("Sat Feb 28 23:59:60 UTC 2026", true);
        check("Thu Jan 01 08:05:00 UTC 2026", true);
        for wrong in [
            "",
            "Thu Jan 1 8:05:00 UTC 2026",
            "Thu Jan 1 08:05:00 GMT 2026",
            "Thu Jan 32 08:05:00 UTC 2026",
            "Thu Jan 1 24:05:00 UTC 2026",
            "Thu Jan 1 08:05 UTC 2026",
            "Do Jan 1 08:05:00 UTC 2026",
            "Thu Jan 1 08:05:00 UTC 2026 ",
            "Thu Jan  1 08:05:00 UTC 2026",
            "2026-01-01T08:05:00Z",
        ] {
            check(wrong, false);
        }
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
