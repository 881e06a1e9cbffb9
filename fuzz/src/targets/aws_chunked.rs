//! Bodies in chunks, with trailers: whole and in pieces they say the same.

use bytes::Bytes;
use claviger_aws_protocol::s3::{ChunkError, Chunks};

/// What a body in chunks holds, and its trailers.
type Said = Result<(Vec<u8>, Vec<(String, String)>), ChunkError>;

/// How long the pieces are, and a body.
pub(super) fn run(data: &[u8]) {
    let Some((first, body)) = data.split_first() else { return };
    let said = read(body, body.len().max(1));
    assert_eq!(said, read(body, usize::from(*first).max(1)), "how a body comes in pieces changes nothing");
    if let Ok((content, _)) = said {
        assert!(content.len() < body.len(), "a body is shorter than what it comes in");
    }
}

fn read(body: &[u8], piece_bytes: usize) -> Said {
    let (mut chunks, mut content) = (Chunks::default(), Vec::new());
    for piece in body.chunks(piece_bytes) {
        content.extend(chunks.push(Bytes::copy_from_slice(piece))?.concat());
    }
    Ok((content, chunks.finish()?))
}
