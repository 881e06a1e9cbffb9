//! Bodies on their way to disk: out of their chunks, counted, and held to what the request says of them.

use std::io;

use aws_lc_rs::digest::{Context as Sha256, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use claviger_aws_protocol::s3::{Algorithm, Checksum as Making, Chunks};
use claviger_resources::object::{Blob, Checksum};
use md5::{Digest as _, Md5};
use tokio::sync::mpsc;

use super::errors::Error;
use super::request::Call;
use crate::access::BodyProof;
use crate::services::Services;

/// Bytes of the largest body (Amazon S3 User Guide, "Uploading objects").
pub(super) const BODY_BYTES_MAX: u64 = 5 * 1024 * 1024 * 1024;

/// A body that is on disk.
pub(super) struct Received {
    pub(super) blob: Blob,
    /// Its MD5.
    pub(super) md5: [u8; 16],
    /// The checksum that the request asked for or brought.
    pub(super) checksum: Option<Checksum>,
}

impl Received {
    /// The entity tag of an object that is this.
    pub(super) fn etag(&self) -> String {
        hex(&self.md5)
    }
}

/// Takes the body of a call to disk.
pub(super) async fn receive(call: &mut Call<'_>) -> Result<Received, Error> {
    let said = Said::of(call)?;
    let mut chunks = match std::mem::take(&mut call.proof) {
        BodyProof::Chunks(signatures) => Some(Chunks::signed(*signatures)),
        // The hash that was signed is the one that is said.
        BodyProof::Sha256(_) | BodyProof::Nothing => said.is_chunked.then(Chunks::default),
    };
    let mut making = Measures::of(&said);
    let mut writer = call.services.blobs.writer().await?;
    let mut length = 0_u64;
    while let Some(piece) = call.body.recv().await {
        let piece = piece.map_err(|()| Error::RequestTimeout)?;
        let pieces = match &mut chunks {
            Some(chunks) => chunks.push(piece)?,
            None => vec![piece],
        };
        for piece in pieces {
            length += piece.len() as u64;
            if length > BODY_BYTES_MAX || said.length.is_some_and(|said| length > said) {
                return Err(Error::EntityTooLarge);
            }
            making.update(&piece);
            writer.write(piece).await?;
        }
    }
    let trailers = chunks.map(Chunks::finish).transpose()?.unwrap_or_default();
    if said.trailer.is_some_and(|trailer| !trailers.iter().any(|(name, _)| *name == trailer.header())) {
        return Err(Error::MalformedTrailer);
    }
    if said.length.is_some_and(|said| length != said) {
        return Err(Error::IncompleteBody);
    }
    let (md5, checksum) = making.finish(&said, &trailers)?;
    Ok(Received { blob: writer.finish().await?, md5, checksum })
}

/// Takes a part of an object to disk once more.
pub(super) async fn receive_pieces(
    services: &Services,
    mut pieces: mpsc::Receiver<io::Result<Bytes>>,
    algorithm: Option<&str>,
) -> Result<Received, Error> {
    let said = Said { algorithm: algorithm.and_then(Algorithm::parse), ..Said::default() };
    let mut making = Measures::of(&said);
    let mut writer = services.blobs.writer().await?;
    while let Some(piece) = pieces.recv().await {
        let piece = piece?;
        making.update(&piece);
        writer.write(piece).await?;
    }
    let (md5, checksum) = making.finish(&said, &[])?;
    Ok(Received { blob: writer.finish().await?, md5, checksum })
}

/// What a request says of its body.
#[derive(Default)]
struct Said {
    is_chunked: bool,
    length: Option<u64>,
    md5: Option<Vec<u8>>,
    /// The SHA-256 that was signed.
    sha256: Option<String>,
    algorithm: Option<Algorithm>,
    checksum: Option<String>,
    /// The checksum that is to come behind the body.
    trailer: Option<Algorithm>,
}

impl Said {
    fn of(call: &Call<'_>) -> Result<Self, Error> {
        let signed = call.text("x-amz-content-sha256").unwrap_or_default();
        let is_chunked = signed.starts_with("STREAMING-");
        let is_hash = signed.len() == 64 && signed.bytes().all(|digit| digit.is_ascii_hexdigit());
        let length = call.text(if is_chunked { "x-amz-decoded-content-length" } else { "content-length" });
        let length = length.map(str::parse).transpose();
        let length = length.map_err(|_| Error::InvalidArgument("A length is no number.".to_owned()))?;
        let md5 = match call.text("content-md5") {
            None => None,
            Some(text) => {
                let digest = STANDARD.decode(text).ok().filter(|digest| digest.len() == 16);
                Some(digest.ok_or(Error::InvalidDigest)?)
            }
        };
        let brought: Vec<Algorithm> =
            Algorithm::ALL.into_iter().filter(|algorithm| call.headers.contains_key(algorithm.header())).collect();
        if brought.len() > 1 {
            let message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.";
            return Err(Error::InvalidRequest(message.to_owned()));
        }
        let trailer = call.text("x-amz-trailer").and_then(|names| {
            Algorithm::ALL.into_iter().find(|algorithm| names.eq_ignore_ascii_case(&algorithm.header()))
        });
        let named = call.text("x-amz-sdk-checksum-algorithm").and_then(Algorithm::parse);
        let algorithm = brought.first().copied().or(trailer).or(named);
        let checksum = brought.first().and_then(|algorithm| call.text(&algorithm.header())).map(str::to_owned);
        let sha256 = is_hash.then(|| signed.to_ascii_lowercase());
        Ok(Self { is_chunked, length, md5, sha256, algorithm, checksum, trailer })
    }
}

/// What is made of a body while it comes.
struct Measures {
    md5: Md5,
    sha256: Option<Sha256>,
    checksum: Option<(Algorithm, Making)>,
}

impl Measures {
    fn of(said: &Said) -> Self {
        Self {
            md5: Md5::new(),
            sha256: said.sha256.as_ref().map(|_| Sha256::new(&SHA256)),
            checksum: said.algorithm.map(|algorithm| (algorithm, Making::new(algorithm))),
        }
    }

    fn update(&mut self, piece: &Bytes) {
        self.md5.update(piece);
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(piece);
        }
        if let Some((_, checksum)) = &mut self.checksum {
            checksum.update(piece);
        }
    }

    /// What came of it, when it is what the request says, before its body or behind it.
    fn finish(self, said: &Said, trailers: &[(String, String)]) -> Result<([u8; 16], Option<Checksum>), Error> {
        let md5: [u8; 16] = self.md5.finalize().into();
        if said.md5.as_ref().is_some_and(|said| *said != md5) {
            return Err(Error::BadDigest("Content-MD5".to_owned()));
        }
        if let (Some(sha256), Some(said)) = (self.sha256, &said.sha256)
            && hex(sha256.finish().as_ref()) != *said
        {
            return Err(Error::ContentSha256Mismatch);
        }
        let checksum = self.checksum.map(|(algorithm, made)| {
            let value = made.text();
            let header = algorithm.header();
            let trailer = trailers.iter().find(|(name, _)| *name == header).map(|(_, value)| value);
            let said = said.checksum.as_ref().or(trailer);
            if said.is_some_and(|said| *said != value) {
                return Err(Error::BadDigest(algorithm.name().to_owned()));
            }
            Ok(Checksum { algorithm: algorithm.name().to_owned(), value })
        });
        Ok((md5, checksum.transpose()?))
    }
}

/// The digits of bytes.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(nibble.into(), 16))
        .collect()
}

/// The MD5 of a content, in hexadecimal.
pub(super) fn md5_of(content: &[u8]) -> String {
    let digest: [u8; 16] = Md5::digest(content).into();
    hex(&digest)
}
