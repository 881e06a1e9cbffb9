//! Parts that are copied from objects: `UploadPartCopy`.

use super::body::receive_pieces;
use super::errors::Error;
use super::multipart::{keep_part, part_of};
use super::object_copy::{source, source_range};
use super::output::{Xml, date};
use super::request::{Call, S3Answer};

/// `UploadPartCopy`.
pub(super) async fn upload_part_copy(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let (upload, number) = part_of(call).await?;
    let source = source(call).await?;
    let (offset, length) = source_range(call, source.bytes())?;
    let pieces = call.services.blobs.read(&source.blobs, offset, length).await?;
    let received = receive_pieces(call.services, pieces, upload.checksum_algorithm.as_deref()).await?;
    let part = keep_part(call, &upload, number, received).await?;
    let mut xml = Xml::new("CopyPartResult");
    xml.element("ETag", &format!("\"{}\"", part.etag));
    xml.element("LastModified", &date(part.last_modified));
    Ok(call.xml(xml))
}
