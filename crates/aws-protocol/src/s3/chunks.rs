//! `aws-chunked`: a body in chunks of its own, inside those of HTTP, perhaps with headers behind it (Amazon S3 API,
//! "Signature calculations for the authorization header: transferring a payload in multiple chunks").

use aws_lc_rs::digest::{Context, SHA256};
use bytes::{Buf, Bytes, BytesMut};

use crate::sigv4::ChunkSignatures;

/// Bytes of the longest line: a chunk's size with its signature, or a trailer.
const LINE_BYTES_MAX: usize = 4 * 1024;
/// Trailers that a body may have.
const TRAILERS_MAX: usize = 16;

/// Why a body is not what it says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// A line is longer than any that makes sense, or there are too many.
    #[error("a line of a body in chunks is too long, or there are too many trailers")]
    TooLong,
    /// It is not framed as it should be.
    #[error("a body in chunks is not framed as one")]
    Malformed,
    /// A chunk, or what comes behind them, is not the one that was signed.
    #[error("a chunk of the body, or a trailer, does not match its signature")]
    Signature,
}

/// Takes a body out of its chunks.
#[derive(Debug, Default)]
pub struct Chunks {
    /// What came of a line that has not ended.
    line: BytesMut,
    state: State,
    trailers: Vec<(String, String)>,
    signed: Option<Signed>,
}

/// What is proven of a body's chunks while they come.
#[derive(Debug)]
struct Signed {
    signatures: ChunkSignatures,
    /// The signature of the chunk that is coming.
    claimed: String,
    content: Content,
}

/// The content of a chunk, as far as it has come.
struct Content(Context);

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// The size of a chunk comes next.
    #[default]
    Size,
    /// So many bytes of a chunk are still to come.
    Data(u64),
    /// The end of its line, behind a chunk.
    End,
    /// Trailers, up to an empty line.
    Trailers,
    /// Nothing but what ends the body.
    Done,
}

/// The trailer that proves the others.
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

impl Chunks {
    /// Takes a body out of chunks that are signed.
    pub fn signed(signatures: ChunkSignatures) -> Self {
        let signed = Signed { signatures, claimed: String::new(), content: Content::default() };
        Self { signed: Some(signed), ..Self::default() }
    }

    /// Takes what came; returns what of it is the body.
    pub fn push(&mut self, mut bytes: Bytes) -> Result<Vec<Bytes>, ChunkError> {
        let mut body = Vec::new();
        while !bytes.is_empty() {
            match self.state {
                State::Data(left) => {
                    let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    let piece = bytes.split_to(here);
                    if let Some(signed) = &mut self.signed {
                        signed.content.0.update(&piece);
                    }
                    body.push(piece);
                    let left = left - here as u64;
                    self.state = if left == 0 { State::End } else { State::Data(left) };
                }
                State::Done if bytes.iter().all(|byte| b"\r\n".contains(byte)) => break,
                State::Done => return Err(ChunkError::Malformed),
                _ => {
                    if let Some(line) = self.line(&mut bytes)? {
                        self.take_line(&line)?;
                    }
                }
            }
        }
        Ok(body)
    }

    /// The trailers, names in lower case, of a body that ended as it should.
    pub fn finish(mut self) -> Result<Vec<(String, String)>, ChunkError> {
        if matches!(self.state, State::Trailers) {
            self.check_trailers()?;
        }
        match self.state {
            State::Done => Ok(self.trailers),
            // Some clients leave out the empty line at the end.
            State::Trailers if self.line.is_empty() => Ok(self.trailers),
            _ => Err(ChunkError::Malformed),
        }
    }

    /// The next line without its end, when all of it is there.
    fn line(&mut self, bytes: &mut Bytes) -> Result<Option<String>, ChunkError> {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let here = end.map_or(bytes.len(), |end| end + 1);
        if self.line.len() + here > LINE_BYTES_MAX {
            return Err(ChunkError::TooLong);
        }
        self.line.extend_from_slice(&bytes.split_to(here));
        if end.is_none() {
            return Ok(None);
        }
        let mut line = std::mem::take(&mut self.line);
        line.truncate(line.len() - 1);
        if line.last() == Some(&b'\r') {
            line.truncate(line.len() - 1);
        }
        let text = std::str::from_utf8(line.chunk()).map_err(|_| ChunkError::Malformed)?;
        Ok(Some(text.to_owned()))
    }

    fn take_line(&mut self, line: &str) -> Result<(), ChunkError> {
        self.state = match self.state {
            State::Size => {
                let (size, extensions) = line.split_once(';').unwrap_or((line, ""));
                let is_size = !size.is_empty() && size.bytes().all(|digit| digit.is_ascii_hexdigit());
                let size = u64::from_str_radix(size, 16).ok().filter(|_| is_size).ok_or(ChunkError::Malformed)?;
                self.claim_chunk(extensions)?;
                if size == 0 {
                    self.check_chunk()?;
                    State::Trailers
                } else {
                    State::Data(size)
                }
            }
            State::End if line.is_empty() => {
                self.check_chunk()?;
                State::Size
            }
            State::Trailers if line.is_empty() => {
                self.check_trailers()?;
                State::Done
            }
            State::Trailers => {
                let (name, value) = line.split_once(':').ok_or(ChunkError::Malformed)?;
                if self.trailers.len() == TRAILERS_MAX {
                    return Err(ChunkError::TooLong);
                }
                self.trailers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
                State::Trailers
            }
            _ => return Err(ChunkError::Malformed),
        };
        Ok(())
    }

    /// Takes the signature of the chunk that begins.
    fn claim_chunk(&mut self, extensions: &str) -> Result<(), ChunkError> {
        let Some(signed) = &mut self.signed else { return Ok(()) };
        let claimed = extensions.split(';').find_map(|extension| extension.trim().strip_prefix("chunk-signature="));
        claimed.ok_or(ChunkError::Signature)?.clone_into(&mut signed.claimed);
        Ok(())
    }

    /// Proves the chunk that has come.
    fn check_chunk(&mut self) -> Result<(), ChunkError> {
        let Some(signed) = &mut self.signed else { return Ok(()) };
        let content = std::mem::take(&mut signed.content).0.finish();
        signed.signatures.check_chunk(content.as_ref(), &signed.claimed).map_err(|_| ChunkError::Signature)
    }

    /// Proves the trailers; where none are signed, there may be none.
    fn check_trailers(&mut self) -> Result<(), ChunkError> {
        let Some(signed) = &mut self.signed else { return Ok(()) };
        let signature = self.trailers.pop_if(|(name, _)| name == TRAILER_SIGNATURE);
        match signature {
            Some((_, signature)) if signed.signatures.has_trailers() => {
                signed.signatures.check_trailers(&self.trailers, &signature).map_err(|_| ChunkError::Signature)
            }
            None if !signed.signatures.has_trailers() && self.trailers.is_empty() => Ok(()),
            _ => Err(ChunkError::Signature),
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Self(Context::new(&SHA256))
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A body, and its trailers.
    type Expected<'e> = (&'e str, &'e [(&'e str, &'e str)]);

    fn read(text: &str, piece: usize) -> Result<(String, Vec<(String, String)>), ChunkError> {
        let (mut chunks, mut body) = (Chunks::default(), Vec::new());
        for bytes in text.as_bytes().chunks(piece) {
            for part in chunks.push(Bytes::copy_from_slice(bytes))? {
                body.extend_from_slice(&part);
            }
        }
        Ok((String::from_utf8_lossy(&body).into_owned(), chunks.finish()?))
    }

    #[test]
    fn a_body_is_taken_out_of_its_chunks_however_it_comes() {
        let check = |text: &str, expected: Result<Expected<'_>, ChunkError>| {
            for piece in [1, 2, 3, 7, 1000] {
                let expected = expected.map(|(body, trailers)| {
                    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
                    (body.to_owned(), trailers.iter().map(own).collect())
                });
                assert_eq!(read(text, piece), expected, "{text:?} {piece}");
            }
        };
        check("5\r\nhello\r\n0\r\n\r\n", Ok(("hello", &[])));
        check("0\r\n\r\n", Ok(("", &[])));
        check(
            "5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:abc=\r\n\r\n",
            Ok(("hello world", &[("x-amz-checksum-crc32", "abc=")])),
        );
        check(
            "5;chunk-signature=ab\r\nhello\r\n0;chunk-signature=cd\r\nX-A: b\r\nx-amz-trailer-signature:e\r\n\r\n",
            Ok(("hello", &[("x-a", "b"), ("x-amz-trailer-signature", "e")])),
        );
        check("5\r\nhello\r\n0\r\n", Ok(("hello", &[])));
        check("5\r\nhell", Err(ChunkError::Malformed));
        check("5\r\nhelloX\r\n0\r\n\r\n", Err(ChunkError::Malformed));
        check("x\r\n", Err(ChunkError::Malformed));
        check("+5\r\nhello\r\n0\r\n\r\n", Err(ChunkError::Malformed));
        check("0\r\n\r\nmore", Err(ChunkError::Malformed));
        check("", Err(ChunkError::Malformed));
        check(&"5".repeat(5000), Err(ChunkError::TooLong));
        check(&format!("0\r\n{}\r\n", "a:b\r\n".repeat(17)), Err(ChunkError::TooLong));
    }

    proptest! {
        #[test]
        fn no_body_panics(text in "[0-9a-f;:\r\nx]{0,60}", piece in 1_usize..9) {
            let _ = read(&text, piece);
        }
    }
}
