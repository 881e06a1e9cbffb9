//! Checksums of bodies (Amazon S3 User Guide, "Checking object integrity").

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How a checksum is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Crc32,
    Crc32C,
    Crc64Nvme,
    Sha1,
    Sha256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Crc32, Self::Crc32C, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// Its name, as `x-amz-sdk-checksum-algorithm` has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32C => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    /// The algorithm of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// The header that carries it.
    pub fn header(self) -> String {
        format!("x-amz-checksum-{}", self.name().to_ascii_lowercase())
    }

    /// Whether those of parts are made into one of the whole by checksumming them, rather than into that of its bytes.
    pub const fn is_composite(self) -> bool {
        !matches!(self, Self::Crc64Nvme)
    }
}

/// A checksum that is being made.
#[derive(Clone)]
pub struct Checksum(State);

#[derive(Clone)]
enum State {
    Narrow(&'static [u32; 256], u32),
    Wide(u64),
    Digest(digest::Context),
}

impl Checksum {
    /// The checksum of nothing.
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Crc32 => State::Narrow(&CRC32, u32::MAX),
            Algorithm::Crc32C => State::Narrow(&CRC32C, u32::MAX),
            Algorithm::Crc64Nvme => State::Wide(u64::MAX),
            Algorithm::Sha1 => State::Digest(digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY)),
            Algorithm::Sha256 => State::Digest(digest::Context::new(&digest::SHA256)),
        })
    }

    /// Takes bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Narrow(table, state) => {
                for byte in bytes {
                    let index = usize::from(state.to_le_bytes()[0] ^ byte);
                    *state = *state >> 8 ^ table.get(index).copied().unwrap_or_default();
                }
            }
            State::Wide(state) => {
                for byte in bytes {
                    let index = usize::from(state.to_le_bytes()[0] ^ byte);
                    *state = *state >> 8 ^ CRC64NVME.get(index).copied().unwrap_or_default();
                }
            }
            State::Digest(context) => context.update(bytes),
        }
    }

    /// Its bytes.
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Narrow(_, state) => (!state).to_be_bytes().to_vec(),
            State::Wide(state) => (!state).to_be_bytes().to_vec(),
            State::Digest(context) => context.finish().as_ref().to_vec(),
        }
    }

    /// As headers have it.
    pub fn text(self) -> String {
        STANDARD.encode(self.finish())
    }
}

static CRC32: [u32; 256] = narrow(0xedb8_8320);
static CRC32C: [u32; 256] = narrow(0x82f6_3b78);
static CRC64NVME: [u64; 256] = wide(0x9a6c_9329_ac4b_c9b5);

/// What each byte does to a checksum by this polynomial, its bits in reverse.
#[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "a byte is less than 256")]
const fn narrow(polynomial: u32) -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0_usize;
    while byte < 256 {
        let (mut value, mut bit) = (byte as u32, 0);
        while bit < 8 {
            value = if value & 1 == 1 { value >> 1 ^ polynomial } else { value >> 1 };
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
}

/// The same for 64 bits.
#[expect(clippy::indexing_slicing, reason = "a byte is less than 256")]
const fn wide(polynomial: u64) -> [u64; 256] {
    let mut table = [0; 256];
    let mut byte = 0_usize;
    while byte < 256 {
        let (mut value, mut bit) = (byte as u64, 0);
        while bit < 8 {
            value = if value & 1 == 1 { value >> 1 ^ polynomial } else { value >> 1 };
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_world() {
        // The check values of the catalogue of parametrised CRC algorithms, and of FIPS 180-4.
        for (algorithm, expected) in [
            (Algorithm::Crc32, "cbf43926"),
            (Algorithm::Crc32C, "e3069283"),
            (Algorithm::Crc64Nvme, "ae8b14860a799888"),
            (Algorithm::Sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
            (Algorithm::Sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
        ] {
            let mut checksum = Checksum::new(algorithm);
            checksum.update(b"1234");
            checksum.update(b"56789");
            let expected: Vec<u8> = (0..expected.len() / 2)
                .map(|at| u8::from_str_radix(&expected[at * 2..at * 2 + 2], 16).unwrap())
                .collect();
            assert_eq!(checksum.finish(), expected, "{algorithm:?}");
            assert_eq!(Algorithm::parse(&algorithm.name().to_lowercase()), Some(algorithm));
        }
        assert_eq!(Algorithm::Crc64Nvme.header(), "x-amz-checksum-crc64nvme");
    }
}
