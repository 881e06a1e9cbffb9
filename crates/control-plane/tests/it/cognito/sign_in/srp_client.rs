//! The client's side of SRP, written from the protocol's description and not from the server's code.

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U256, U3072};
use serde_json::{Value, json};

/// The prime of RFC 3526, section 4.
const PRIME: &str = concat!(
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b",
    "302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe6",
    "49286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d",
    "670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718",
    "3995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7d",
    "b3970f85a6e1e4c7abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200c",
    "bbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff",
);

/// When the client signs.
pub(crate) const TIMESTAMP: &str = "Tue Jan 1 00:00:00 UTC 2030";

type Number = FixedMontyForm<{ U3072::LIMBS }>;

/// A client with its secret number.
pub(crate) struct SrpClient {
    secret: U256,
}

fn group() -> FixedMontyParams<{ U3072::LIMBS }> {
    FixedMontyParams::new_vartime(Odd::<U3072>::from_be_hex(PRIME))
}

fn number(hexadecimal: &str) -> Number {
    Number::new(&U3072::from_be_hex(&format!("{hexadecimal:0>768}")), &group())
}

fn text(number: &Number) -> String {
    hexadecimal(number.retrieve().to_be_bytes().as_ref()).trim_start_matches('0').to_owned()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
        .collect()
}

/// The bytes of a number as they are hashed.
fn bytes(hexadecimal: &str) -> Vec<u8> {
    let mut digits = hexadecimal.to_owned();
    if digits.len() % 2 == 1 {
        digits.insert(0, '0');
    } else if !digits.starts_with(|digit: char| digit.is_ascii_digit() && digit < '8') {
        digits.insert_str(0, "00");
    }
    raw(&digits)
}

fn sha256(message: &[u8]) -> String {
    hexadecimal(digest::digest(&digest::SHA256, message).as_ref())
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

fn raw(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|place| u8::from_str_radix(&digits[place..place + 2], 16).unwrap()).collect()
}

impl SrpClient {
    pub(crate) fn new(secret: u8) -> Self {
        Self { secret: U256::from_be_slice(&[secret; 32]) }
    }

    /// `SRP_A`.
    pub(crate) fn public(&self) -> String {
        text(&number("2").pow(&self.secret))
    }

    /// The answers to a challenge that is about this pool and password.
    pub(crate) fn answers(&self, pool_name: &str, password: &str, parameters: &Value) -> Value {
        let get = |name: &str| parameters[name].as_str().unwrap();
        let (salt, server, username) = (get("SALT"), get("SRP_B"), get("USER_ID_FOR_SRP"));
        let u = sha256(&[bytes(&self.public()), bytes(server)].concat());
        let identity = sha256(format!("{pool_name}{username}:{password}").as_bytes());
        let x = U256::from_be_hex(&sha256(&[bytes(salt), raw(&identity)].concat()));
        let k = number(&sha256(&[bytes(PRIME), vec![2]].concat()));
        let base = number(server) - k * number("2").pow(&x);
        let shared = base.pow(&self.secret) * base.pow(&x).pow(&U256::from_be_hex(&u));
        let extracted = hmac_sha256(&bytes(u.trim_start_matches('0')), &bytes(&text(&shared)));
        let key = &hmac_sha256(&extracted, b"Caldera Derived Key\x01")[..16];
        let block = STANDARD.decode(get("SECRET_BLOCK")).unwrap();
        let message = [pool_name.as_bytes(), username.as_bytes(), &block, TIMESTAMP.as_bytes()].concat();
        json!({
            "TIMESTAMP": TIMESTAMP,
            "PASSWORD_CLAIM_SECRET_BLOCK": get("SECRET_BLOCK"),
            "PASSWORD_CLAIM_SIGNATURE": STANDARD.encode(hmac_sha256(key, &message)),
        })
    }
}
