//! Uploads in parts: `CreateMultipartUpload`, `UploadPart`, `CompleteMultipartUpload`, `AbortMultipartUpload`, `ListParts`,
//! `ListMultipartUploads`.
//!
//! An object is made of its parts as they are: their files are not copied when it is complete.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_aws_protocol::s3::{Algorithm, Checksum as Making, Document};
use claviger_resources::object::{Blob, Checksum, Object, Part, Upload};
use claviger_resources::random::{ALPHANUMERIC, text};
use claviger_store::{Record, TransactionExt};

use super::body::{Received, md5_of, receive};
use super::bucket;
use super::errors::Error;
use super::object::{description, keep, told};
use super::output::{Xml, date, owner};
use super::request::{Call, S3Answer};
use super::work::{read, write};
use crate::operation::Context;

/// Parts that an upload may have (Amazon S3 User Guide, "Amazon S3 multipart upload limits").
const PARTS_MAX: u32 = 10_000;
/// Bytes of the smallest part that is not the last (same page).
const PART_BYTES_MIN: u64 = 5 * 1024 * 1024;
/// Parts, and uploads, on a page.
const PAGE_MAX: usize = 1000;

/// An upload with its parts.
struct WithParts {
    upload: Upload,
    parts: Vec<Part>,
}

/// `CreateMultipartUpload`.
pub(super) async fn create_multipart_upload(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let bucket = call.found_bucket().await?;
    let description = description(call, &bucket)?;
    let algorithm = call.text("x-amz-checksum-algorithm").and_then(Algorithm::parse);
    let upload = Upload {
        id: text(&mut *call.services.random(), ALPHANUMERIC, 64),
        bucket: call.bucket.clone(),
        key: call.key.clone(),
        tenant: bucket.tenant,
        initiated: call.services.clock.now(),
        description,
        checksum_algorithm: algorithm.map(|algorithm| algorithm.name().to_owned()),
    };
    write(call.services, call.caller, &upload, |cx, upload| Box::pin(async move { Ok(cx.tx.insert(upload).await?) }))
        .await?;
    let mut xml = Xml::new("InitiateMultipartUploadResult");
    xml.element("Bucket", &call.bucket);
    xml.element("Key", &call.key);
    xml.element("UploadId", &upload.id);
    let answer = told(call.xml(xml), &upload.description);
    Ok(match &upload.checksum_algorithm {
        Some(algorithm) => answer.header("x-amz-checksum-algorithm", algorithm),
        None => answer,
    })
}

/// `UploadPart`.
pub(super) async fn upload_part(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let (upload, number) = part_of(call).await?;
    let received = receive(call).await?;
    let part = keep_part(call, &upload, number, received).await?;
    let mut answer = told(call.empty(200), &upload.description).header("etag", &format!("\"{}\"", part.etag));
    if let Some(checksum) = &part.checksum
        && let Some(algorithm) = Algorithm::parse(&checksum.algorithm)
    {
        answer = answer.header(&algorithm.header(), &checksum.value);
    }
    Ok(answer)
}

/// The upload that a call is about, and the number of its part.
pub(super) async fn part_of(call: &Call<'_>) -> Result<(Upload, u32), Error> {
    let number = call.parameter("partNumber").and_then(|text| text.parse().ok());
    let number = number.filter(|number| (1..=PARTS_MAX).contains(number)).ok_or_else(|| {
        Error::InvalidArgument("Part number must be an integer between 1 and 10000, inclusive".to_owned())
    })?;
    Ok((with_parts(call, false).await?.upload, number))
}

/// Names a part whose file is on disk.
pub(super) async fn keep_part(
    call: &Call<'_>,
    upload: &Upload,
    number: u32,
    received: Received,
) -> Result<Part, Error> {
    let part = Part {
        upload: upload.id.clone(),
        id: Part::id(number),
        tenant: upload.tenant.clone(),
        etag: received.etag(),
        blob: received.blob,
        last_modified: call.services.clock.now(),
        checksum: received.checksum,
    };
    let both = (upload.clone(), part.clone());
    let kept = write(call.services, call.caller, &both, |cx, (upload, part)| Box::pin(put_part(cx, upload, part)));
    match kept.await {
        Ok(before) => {
            call.services.blobs.remove(before.into_iter().collect()).await;
            Ok(part)
        }
        Err(error) => {
            call.services.blobs.remove(vec![part.blob]).await;
            Err(error)
        }
    }
}

async fn put_part(cx: &mut Context<'_>, upload: &Upload, part: &Part) -> Result<Option<Blob>, Error> {
    // It may have been completed while the part came.
    if cx.tx.find::<Upload>(&upload.tenant, &upload.bucket, &upload.id).await?.is_none() {
        return Err(Error::NoSuchUpload);
    }
    match cx.tx.find::<Part>(&part.tenant, &part.upload, &part.id).await? {
        None => {
            cx.tx.insert(part).await?;
            Ok(None)
        }
        Some(mut found) => {
            let before = std::mem::replace(&mut found.record, part.clone()).blob;
            cx.tx.replace(&found).await?;
            Ok(Some(before))
        }
    }
}

/// `CompleteMultipartUpload`.
pub(super) async fn complete_multipart_upload(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let body = call.small_body().await?;
    let wanted: Vec<(u32, String)> = Document::read(&body, "CompleteMultipartUpload", |document| {
        let parts = document.all("Part");
        parts.map(|part| Some((part.text_of("PartNumber")?.parse().ok()?, part.text_of("ETag")?.to_owned()))).collect()
    })?;
    let found = with_parts(call, true).await?;
    let (parts, unneeded) = chosen(found.parts, &wanted)?;
    let md5s: Vec<u8> = parts.iter().flat_map(|part| bytes_of(&part.etag)).collect();
    let object = Object {
        bucket: call.bucket.clone(),
        key: call.key.clone(),
        tenant: found.upload.tenant.clone(),
        blobs: parts.iter().map(|part| part.blob.clone()).collect(),
        etag: format!("{}-{}", md5_of(&md5s), parts.len()),
        last_modified: call.services.clock.now(),
        description: found.upload.description.clone(),
        checksum: composite(&parts),
    };
    let both = (found.upload, object.clone());
    let before = write(call.services, call.caller, &both, |cx, (upload, object)| {
        Box::pin(async move {
            forget(cx, upload).await?;
            keep(cx, object).await
        })
    });
    call.services.blobs.remove(before.await?.into_iter().chain(unneeded).collect()).await;
    let mut xml = Xml::new("CompleteMultipartUploadResult");
    xml.element("Location", &format!("/{}/{}", call.bucket, call.key));
    xml.element("Bucket", &call.bucket);
    xml.element("Key", &call.key);
    xml.element("ETag", &format!("\"{}\"", object.etag));
    if let Some(checksum) = &object.checksum {
        xml.element(&format!("Checksum{}", checksum.algorithm), &checksum.value);
        xml.element("ChecksumType", "COMPOSITE");
    }
    Ok(told(call.xml(xml), &object.description))
}

/// The parts that the object is made of, and the files of the others.
fn chosen(parts: Vec<Part>, wanted: &[(u32, String)]) -> Result<(Vec<Part>, Vec<Blob>), Error> {
    if wanted.is_empty() {
        return Err(Error::MalformedXml(claviger_aws_protocol::s3::DocumentError));
    }
    if wanted.windows(2).any(|pair| matches!(pair, [(one, _), (next, _)] if one >= next)) {
        return Err(Error::InvalidPartOrder);
    }
    let (mut chosen, mut unneeded) = (Vec::new(), Vec::new());
    for part in parts {
        match wanted.iter().find(|(number, _)| *number == part.number()) {
            Some((_, etag)) if etag.trim_matches('"') == part.etag => chosen.push(part),
            Some(_) => return Err(Error::InvalidPart),
            None => unneeded.push(part.blob),
        }
    }
    if chosen.len() != wanted.len() {
        return Err(Error::InvalidPart);
    }
    let all_but_last = chosen.split_last().map(|(_, rest)| rest).unwrap_or_default();
    if all_but_last.iter().any(|part| part.blob.bytes < PART_BYTES_MIN) {
        return Err(Error::EntityTooSmall);
    }
    Ok((chosen, unneeded))
}

/// The checksum of the checksums of parts, when all have one of the same kind.
fn composite(parts: &[Part]) -> Option<Checksum> {
    let algorithm = Algorithm::parse(&parts.first()?.checksum.as_ref()?.algorithm).filter(|it| it.is_composite())?;
    let mut making = Making::new(algorithm);
    for part in parts {
        let checksum = part.checksum.as_ref().filter(|checksum| checksum.algorithm == algorithm.name())?;
        making.update(&STANDARD.decode(&checksum.value).ok()?);
    }
    Some(Checksum { algorithm: algorithm.name().to_owned(), value: format!("{}-{}", making.text(), parts.len()) })
}

/// `AbortMultipartUpload`.
pub(super) async fn abort_multipart_upload(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let found = with_parts(call, true).await?;
    write(call.services, call.caller, &found.upload, |cx, upload| Box::pin(forget(cx, upload))).await?;
    call.services.blobs.remove(found.parts.into_iter().map(|part| part.blob).collect()).await;
    Ok(call.empty(204))
}

/// `ListParts`.
pub(super) async fn list_parts(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let found = with_parts(call, true).await?;
    let marker: u32 = call.parameter("part-number-marker").and_then(|text| text.parse().ok()).unwrap_or_default();
    let size = call.parameter("max-parts").and_then(|text| text.parse().ok()).unwrap_or(PAGE_MAX).min(PAGE_MAX);
    let mut parts: Vec<&Part> = found.parts.iter().filter(|part| part.number() > marker).collect();
    let is_truncated = parts.len() > size;
    parts.truncate(size);
    let mut xml = Xml::new("ListPartsResult");
    xml.element("Bucket", &call.bucket);
    xml.element("Key", &call.key);
    xml.element("UploadId", &found.upload.id);
    xml.within("Initiator", |xml| owner(xml, call.caller.account));
    xml.within("Owner", |xml| owner(xml, call.caller.account));
    xml.element("StorageClass", "STANDARD");
    xml.element("PartNumberMarker", &marker.to_string());
    if let Some(last) = parts.last().filter(|_| is_truncated) {
        xml.element("NextPartNumberMarker", &last.number().to_string());
    }
    xml.element("MaxParts", &size.to_string());
    xml.element("IsTruncated", if is_truncated { "true" } else { "false" });
    for part in parts {
        xml.within("Part", |xml| {
            xml.element("PartNumber", &part.number().to_string());
            xml.element("LastModified", &date(part.last_modified));
            xml.element("ETag", &format!("\"{}\"", part.etag));
            xml.element("Size", &part.blob.bytes.to_string());
            if let Some(checksum) = &part.checksum {
                xml.element(&format!("Checksum{}", checksum.algorithm), &checksum.value);
            }
        });
    }
    Ok(call.xml(xml))
}

/// `ListMultipartUploads`.
pub(super) async fn list_multipart_uploads(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let uploads = read(call.services, call.caller, &call.bucket, |cx, bucket| {
        Box::pin(async move {
            let bucket = bucket::find(cx, bucket).await?;
            Ok(cx.tx.list_all::<Upload>(&bucket.tenant, &bucket.name).await?)
        })
    });
    let mut uploads = uploads.await?;
    uploads.sort_by(|one, other| (&one.key, one.initiated).cmp(&(&other.key, other.initiated)));
    let prefix = call.parameter("prefix").unwrap_or_default();
    uploads.retain(|upload| upload.key.starts_with(prefix));
    // A page holds a thousand; nobody here has more at a time, and the first of them are the oldest of their keys.
    uploads.truncate(PAGE_MAX);
    let mut xml = Xml::new("ListMultipartUploadsResult");
    xml.element("Bucket", &call.bucket);
    xml.element("Prefix", prefix);
    xml.element("MaxUploads", &PAGE_MAX.to_string());
    xml.element("IsTruncated", "false");
    for upload in &uploads {
        xml.within("Upload", |xml| {
            xml.element("Key", &upload.key);
            xml.element("UploadId", upload.id());
            xml.element("StorageClass", "STANDARD");
            xml.element("Initiated", &date(upload.initiated));
        });
    }
    Ok(call.xml(xml))
}

/// The upload that a call names, with its parts where they are needed.
async fn with_parts(call: &Call<'_>, needed: bool) -> Result<WithParts, Error> {
    let id = call.parameter("uploadId").unwrap_or_default().to_owned();
    let which = (call.bucket.clone(), call.key.clone(), id, needed);
    read(call.services, call.caller, &which, |cx, (bucket, key, id, needed)| {
        Box::pin(async move {
            let bucket = bucket::find(cx, bucket).await?;
            let found = cx.tx.find::<Upload>(&bucket.tenant, &bucket.name, id).await?;
            let upload = found.filter(|upload| upload.key == *key).ok_or(Error::NoSuchUpload)?.record;
            let mut parts = Vec::new();
            if *needed {
                let listed = cx.tx.list_all::<Part>(&upload.tenant, &upload.id).await?;
                parts.extend(listed.into_iter().map(|part| part.record));
            }
            Ok(WithParts { upload, parts })
        })
    })
    .await
}

async fn forget(cx: &mut Context<'_>, upload: &Upload) -> Result<(), Error> {
    cx.tx.delete_all::<Part>(&upload.tenant, &upload.id).await?;
    if cx.tx.delete(upload).await? { Ok(()) } else { Err(Error::NoSuchUpload) }
}

/// The bytes that hexadecimal digits stand for.
fn bytes_of(digits: &str) -> Vec<u8> {
    let pairs = (0..digits.len() / 2).filter_map(|at| digits.get(at * 2..at * 2 + 2));
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}
