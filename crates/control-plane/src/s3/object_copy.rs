//! Copies: `CopyObject`.

use claviger_resources::object::{Blob, Object};
use percent_encoding::percent_decode_str;

use super::conditions::{Conditions, range};
use super::errors::Error;
use super::object::{check_length, description, find, store, told};
use super::output::{Xml, date};
use super::request::{Call, S3Answer};
use super::work::read;

/// `CopyObject`.
pub(super) async fn copy_object(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let bucket = call.found_bucket().await?;
    let source = source(call).await?;
    check_length(source.bytes())?;
    let replaces = |header: &str| call.text(header).is_some_and(|directive| directive == "REPLACE");
    let is_itself = (&source.bucket, &source.key) == (&call.bucket, &call.key);
    let replaces_metadata = replaces("x-amz-metadata-directive");
    if is_itself && !replaces_metadata && call.text("x-amz-server-side-encryption").is_none() {
        return Err(Error::InvalidRequest(
            "This copy request is illegal because it is trying to copy an object to itself without changing the object's \
             metadata, storage class, website redirect location or encryption attributes."
                .to_owned(),
        ));
    }
    let said = description(call, &bucket)?;
    let mut kept = source.description.clone();
    let encryption = said.headers.get("x-amz-server-side-encryption").cloned();
    kept.headers.extend(encryption.map(|value| ("x-amz-server-side-encryption".to_owned(), value)));
    if replaces("x-amz-tagging-directive") {
        kept.tags.clone_from(&said.tags);
    }
    let tags = kept.tags.clone();
    let mut description = if replaces_metadata { said } else { kept };
    description.tags = tags;
    let object = Object {
        bucket: call.bucket.clone(),
        key: call.key.clone(),
        tenant: bucket.tenant,
        blobs: duplicates(call, &source.blobs).await?,
        etag: source.etag,
        last_modified: call.services.clock.now(),
        description,
        checksum: source.checksum,
    };
    store(call.services, call.caller, &object).await?;
    let mut xml = Xml::new("CopyObjectResult");
    xml.element("ETag", &format!("\"{}\"", object.etag));
    xml.element("LastModified", &date(object.last_modified));
    if let Some(checksum) = &object.checksum {
        xml.element(&format!("Checksum{}", checksum.algorithm), &checksum.value);
    }
    Ok(told(call.xml(xml), &object.description))
}

/// The object that a call copies, when its conditions hold.
pub(super) async fn source(call: &Call<'_>) -> Result<Object, Error> {
    let named = call.text("x-amz-copy-source").unwrap_or_default();
    let (path, version) = named.split_once("?versionId=").map_or((named, None), |(path, id)| (path, Some(id)));
    if version.is_some_and(|version| version != "null") {
        return Err(Error::NotImplemented("Copying a version of an object".to_owned()));
    }
    let path = percent_decode_str(path).decode_utf8_lossy();
    let place =
        path.trim_start_matches('/').split_once('/').filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty());
    let (bucket, key) = place.ok_or_else(|| {
        Error::InvalidArgument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey".to_owned())
    })?;
    let place = (bucket.to_owned(), key.to_owned());
    let found = read(call.services, call.caller, &place, |cx, (bucket, key)| Box::pin(find(cx, bucket, key)));
    let object = found.await?;
    let conditions = Conditions {
        matching: call.text("x-amz-copy-source-if-match"),
        matching_none: call.text("x-amz-copy-source-if-none-match"),
        modified_since: call.text("x-amz-copy-source-if-modified-since"),
        unmodified_since: call.text("x-amz-copy-source-if-unmodified-since"),
    };
    match conditions.check(&object.etag, object.last_modified) {
        Err(Error::NotModified) => Err(Error::PreconditionFailed),
        other => other.map(|()| object),
    }
}

/// The range of a source that a part is copied from.
pub(super) fn source_range(call: &Call<'_>, length: u64) -> Result<(u64, u64), Error> {
    let text = call.text("x-amz-copy-source-range");
    let part = range(text, length)?;
    match (text, part) {
        (Some(_), None) => Err(Error::InvalidArgument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based \
             offsets of the first and last bytes to copy"
                .to_owned(),
        )),
        (_, part) => Ok(part.unwrap_or((0, length))),
    }
}

async fn duplicates(call: &Call<'_>, blobs: &[Blob]) -> Result<Vec<Blob>, Error> {
    let mut copies = Vec::with_capacity(blobs.len());
    for blob in blobs {
        match call.services.blobs.duplicate(blob).await {
            Ok(copy) => copies.push(copy),
            Err(error) => {
                call.services.blobs.remove(copies).await;
                return Err(error.into());
            }
        }
    }
    Ok(copies)
}
