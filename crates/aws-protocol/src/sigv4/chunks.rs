//! Signatures of a body's chunks: each continues the one before it, the first that of the request (Amazon S3 API,
//! "Signature calculations for the authorization header: transferring a payload in multiple chunks", "… including trailing
//! headers").

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{Key, sign};

use super::canonical::{hex, hex_sha256};
use super::error::SignatureError;

/// What the chunks of one body must be signed with.
pub struct ChunkSignatures {
    key: Key,
    /// When and for what the request was signed, as strings to sign have it.
    moment_and_scope: String,
    /// The signature that the next one continues.
    previous: String,
    trailers: bool,
}

impl ChunkSignatures {
    pub(super) fn new(key: Key, signed_at: &str, scope: &str, seed: &str, trailers: bool) -> Self {
        Self { key, moment_and_scope: format!("{signed_at}\n{scope}"), previous: seed.to_owned(), trailers }
    }

    /// Whether headers come behind the body, with a signature of their own.
    pub fn has_trailers(&self) -> bool {
        self.trailers
    }

    /// Proves the signature of the next chunk, whose content has this SHA-256.
    pub fn check_chunk(&mut self, content_sha256: &[u8], signature: &str) -> Result<(), SignatureError> {
        let (nothing, content) = (hex_sha256(b""), hex(content_sha256));
        let text =
            format!("AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{nothing}\n{content}", self.moment_and_scope, self.previous);
        self.check(&text, signature)
    }

    /// Proves the signature of the headers behind the body.
    pub fn check_trailers(&mut self, trailers: &[(String, String)], signature: &str) -> Result<(), SignatureError> {
        let lines: String = trailers.iter().flat_map(|(name, value)| [name, ":", value, "\n"]).collect();
        let hash = hex_sha256(lines.as_bytes());
        let text = format!("AWS4-HMAC-SHA256-TRAILER\n{}\n{}\n{hash}", self.moment_and_scope, self.previous);
        self.check(&text, signature)
    }

    fn check(&mut self, text: &str, signature: &str) -> Result<(), SignatureError> {
        let expected = hex(sign(&self.key, text.as_bytes()).as_ref());
        verify_slices_are_equal(expected.as_bytes(), signature.as_bytes()).map_err(|_| SignatureError::Mismatch)?;
        self.previous = expected;
        Ok(())
    }
}

impl std::fmt::Debug for ChunkSignatures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ChunkSignatures").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};

    use super::super::credential::Credential;
    use super::super::verification::signing_key;
    use super::*;

    /// The example of Amazon's documentation: 66560 letters `a` in chunks of 64 KiB.
    fn example(seed: &str, trailers: bool) -> ChunkSignatures {
        let credential = Credential::parse("AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request").unwrap();
        let key = signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", &credential);
        ChunkSignatures::new(key, "20130524T000000Z", &credential.scope(), seed, trailers)
    }

    fn sha256(length: usize) -> Vec<u8> {
        digest(&SHA256, &vec![b'a'; length]).as_ref().to_vec()
    }

    #[test]
    fn amazons_example_is_verified_and_no_other_order_of_it() {
        let seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
        let chunks = [
            (65536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
            (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
            (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
        ];
        let mut signatures = example(seed, false);
        for (length, signature) in chunks {
            assert_eq!(signatures.check_chunk(&sha256(length), signature), Ok(()), "{length}");
        }
        let [first, second, last] = chunks;
        for (place, wrong) in [(0, second), (1, last), (1, first), (2, second)] {
            let mut signatures = example(seed, false);
            for (length, signature) in &chunks[..place] {
                signatures.check_chunk(&sha256(*length), signature).unwrap();
            }
            let refused = signatures.check_chunk(&sha256(wrong.0), wrong.1);
            assert_eq!(refused, Err(SignatureError::Mismatch), "{wrong:?} at {place}");
        }
    }

    #[test]
    fn amazons_example_with_trailers_is_verified() {
        let mut signatures = example("106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e", true);
        for (length, signature) in [
            (65536, "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"),
            (1024, "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"),
            (0, "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"),
        ] {
            assert_eq!(signatures.check_chunk(&sha256(length), signature), Ok(()), "{length}");
        }
        let trailer = |value: &str| [("x-amz-checksum-crc32c".to_owned(), value.to_owned())];
        let signature = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435";
        assert_eq!(signatures.check_trailers(&trailer("wdBDMA=="), signature), Err(SignatureError::Mismatch));
        assert_eq!(signatures.check_trailers(&trailer("sOO8/Q=="), signature), Ok(()));
    }
}
