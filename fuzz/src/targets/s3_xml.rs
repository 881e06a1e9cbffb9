//! The documents in XML that calls of S3 carry.

use claviger_aws_protocol::s3::Document;

/// A document.
pub(super) fn run(data: &[u8]) {
    for root in ["Delete", "CompleteMultipartUpload", "Tagging", "CreateBucketConfiguration"] {
        let texts = Document::read(data, root, |document| {
            let parts = document.all("Object").chain(document.all("Part")).chain(document.all("TagSet"));
            let texts = parts.flat_map(|part| ["Key", "ETag", "PartNumber"].map(|name| part.text_of(name)));
            Some(texts.flatten().map(str::len).sum::<usize>())
        });
        if let Ok(bytes) = texts {
            assert!(bytes <= data.len(), "no document says more than it holds");
        }
    }
}
