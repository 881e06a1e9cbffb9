//! `aws-chunked`: a body in chunks of its own, inside those of HTTP, perhaps with headers behind it (Amazon S3 API,
//! "Signature calculations for the authorization header: transferring a payload in multiple chunks").

use bytes::{Buf, Bytes, BytesMut};

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
}

/// Takes a body out of its chunks.
#[derive(Debug, Default)]
pub struct Chunks {
    /// What came of a line that has not ended.
    line: BytesMut,
    state: State,
    trailers: Vec<(String, String)>,
}

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

impl Chunks {
    /// Takes what came; returns what of it is the body.
    pub fn push(&mut self, mut bytes: Bytes) -> Result<Vec<Bytes>, ChunkError> {
        let mut body = Vec::new();
        while !bytes.is_empty() {
            match self.state {
                State::Data(left) => {
                    let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    body.push(bytes.split_to(here));
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
    pub fn finish(self) -> Result<Vec<(String, String)>, ChunkError> {
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
                let size = line.split(';').next().unwrap_or_default();
                let is_size = !size.is_empty() && size.bytes().all(|digit| digit.is_ascii_hexdigit());
                let size = u64::from_str_radix(size, 16).ok().filter(|_| is_size).ok_or(ChunkError::Malformed)?;
                if size == 0 { State::Trailers } else { State::Data(size) }
            }
            State::End if line.is_empty() => State::Size,
            State::Trailers if line.is_empty() => State::Done,
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
