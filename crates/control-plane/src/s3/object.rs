//! Objects: `PutObject`, `GetObject`, `HeadObject`, `DeleteObject`, `DeleteObjects`.

use std::collections::BTreeMap;

use bytes::Bytes;
use claviger_aws_protocol::s3::{Algorithm, Document};
use claviger_resources::bucket::Bucket;
use claviger_resources::object::{Blob, Description, Object};
use claviger_store::TransactionExt;

use super::body::{BODY_BYTES_MAX, receive};
use super::bucket;
use super::conditions::{Conditions, names, range};
use super::errors::Error;
use super::output::{Xml, http_date};
use super::request::{Call, S3Answer};
use super::work::{read, write};
use crate::access::demands;
use crate::operation::{Caller, Context};
use crate::services::Services;

/// Headers that are kept of what writes an object, and told by what reads it.
const KEPT_HEADERS: &[&str] = &[
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-bucket-key-enabled",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
];
/// Those of them that are told by what writes it as well.
const ECHOED_HEADERS: &[&str] = &[
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-bucket-key-enabled",
];
/// Parameters with which a reader chooses headers of the answer.
const CHOSEN_HEADERS: &[&str] =
    &["cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"];
/// Bytes of an object's metadata (Amazon S3 User Guide, "Working with object metadata").
const METADATA_BYTES_MAX: usize = 2 * 1024;
/// Objects that one call deletes (Amazon S3 API, `DeleteObjects`).
const DELETED_MAX: usize = 1000;

/// The object of this key.
pub async fn find(cx: &mut Context<'_>, bucket: &str, key: &str) -> Result<Object, Error> {
    let bucket = bucket::find(cx, bucket).await?;
    let found = cx.tx.find::<Object>(&bucket.tenant, &bucket.name, key).await?;
    Ok(found.ok_or(Error::NoSuchKey)?.record)
}

/// Names an object; returns the files of the one that had its key before.
pub async fn keep(cx: &mut Context<'_>, object: &Object) -> Result<Vec<Blob>, Error> {
    let bucket = bucket::find(cx, &object.bucket).await?;
    let object = Object { tenant: bucket.tenant, last_modified: cx.now, ..object.clone() };
    match cx.tx.find::<Object>(&object.tenant, &object.bucket, &object.key).await? {
        None => {
            cx.tx.insert(&object).await?;
            Ok(Vec::new())
        }
        Some(mut found) => {
            let before = std::mem::replace(&mut found.record, object).blobs;
            cx.tx.replace(&found).await?;
            Ok(before)
        }
    }
}

/// Deletes objects; returns their files. Those that are not there are deleted already.
pub async fn delete(cx: &mut Context<'_>, bucket: &str, keys: &[String]) -> Result<Vec<Blob>, Error> {
    let bucket = bucket::find(cx, bucket).await?;
    let mut blobs = Vec::new();
    for key in keys {
        if let Some(found) = cx.tx.find::<Object>(&bucket.tenant, &bucket.name, key).await? {
            cx.tx.delete(&found.record).await?;
            blobs.extend(found.record.blobs);
        }
    }
    Ok(blobs)
}

/// Puts an object, for callers that have it whole.
pub async fn put(
    services: &Services,
    caller: &Caller,
    bucket: &str,
    key: &str,
    content: Bytes,
    content_type: &str,
) -> Result<Object, Error> {
    let etag = super::body::md5_of(&content);
    let mut writer = services.blobs.writer().await?;
    writer.write(content).await?;
    let description = Description {
        headers: BTreeMap::from([("content-type".to_owned(), content_type.to_owned())]),
        ..Description::default()
    };
    let object = Object {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        tenant: caller.tenant(),
        blobs: vec![writer.finish().await?],
        etag,
        last_modified: services.clock.now(),
        description,
        checksum: None,
    };
    store(services, caller, &object).await?;
    Ok(object)
}

/// Names an object whose files are on disk, and removes what is not needed then: those of the object before, or, when that
/// cannot be, its own.
pub(super) async fn store(services: &Services, caller: &Caller, object: &Object) -> Result<(), Error> {
    match write(services, caller, object, |cx, object| Box::pin(keep(cx, object))).await {
        Ok(before) => {
            services.blobs.remove(before).await;
            Ok(())
        }
        Err(error) => {
            services.blobs.remove(object.blobs.clone()).await;
            Err(error)
        }
    }
}

/// What the headers of a request say of the object that it writes.
pub(super) fn description(call: &Call<'_>, bucket: &Bucket) -> Result<Description, Error> {
    let mut headers = BTreeMap::new();
    for name in KEPT_HEADERS {
        if let Some(value) = call.text(name) {
            headers.insert((*name).to_owned(), value.to_owned());
        }
    }
    if let Some(encoding) = headers.remove("content-encoding") {
        // That the body came in chunks is over once it is out of them.
        let rest: Vec<&str> = encoding.split(',').map(str::trim).filter(|name| *name != "aws-chunked").collect();
        if !rest.is_empty() {
            headers.insert("content-encoding".to_owned(), rest.join(","));
        }
    }
    headers.entry("content-type".to_owned()).or_insert_with(|| "binary/octet-stream".to_owned());
    let uses_kms = || bucket.settings.get("encryption").is_some_and(|text| text.contains(">aws:kms<"));
    headers
        .entry("x-amz-server-side-encryption".to_owned())
        .or_insert_with(|| if uses_kms() { "aws:kms" } else { "AES256" }.to_owned());
    let mut metadata = BTreeMap::new();
    for (name, value) in &call.headers {
        if let Some(name) = name.as_str().strip_prefix("x-amz-meta-") {
            metadata.insert(name.to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned());
        }
    }
    let bytes: usize = metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > METADATA_BYTES_MAX {
        return Err(Error::InvalidRequest("Your metadata headers exceed the maximum allowed metadata size".to_owned()));
    }
    let tags = call.text("x-amz-tagging").map(super::object_tags::of_query).transpose()?.unwrap_or_default();
    Ok(Description { headers, metadata, tags })
}

/// The same answer with the headers that writers are told of what they wrote.
pub(super) fn told(answer: S3Answer, description: &Description) -> S3Answer {
    let echoed = ECHOED_HEADERS.iter().filter_map(|name| Some((*name, description.headers.get(*name)?)));
    echoed.fold(answer, |answer, (name, value)| answer.header(name, value))
}

/// `PutObject`.
pub(super) async fn put_object(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let bucket = call.found_bucket().await?;
    let description = description(call, &bucket)?;
    let conditions = (call.text("if-none-match").map(str::to_owned), call.text("if-match").map(str::to_owned));
    let received = receive(call).await?;
    let object = Object {
        bucket: call.bucket.clone(),
        key: call.key.clone(),
        tenant: bucket.tenant,
        etag: received.etag(),
        blobs: vec![received.blob],
        last_modified: call.services.clock.now(),
        description,
        checksum: received.checksum,
    };
    if let Err(error) = check_before(call, &conditions).await {
        call.services.blobs.remove(object.blobs).await;
        return Err(error);
    }
    store(call.services, call.caller, &object).await?;
    let mut answer = told(call.empty(200), &object.description).header("etag", &format!("\"{}\"", object.etag));
    if let Some(checksum) = &object.checksum
        && let Some(algorithm) = Algorithm::parse(&checksum.algorithm)
    {
        answer = answer.header(&algorithm.header(), &checksum.value).header("x-amz-checksum-type", "FULL_OBJECT");
    }
    Ok(answer)
}

/// Whether an object may be written over what is there.
async fn check_before(call: &Call<'_>, conditions: &(Option<String>, Option<String>)) -> Result<(), Error> {
    if conditions.0.is_none() && conditions.1.is_none() {
        return Ok(());
    }
    let place = (call.bucket.clone(), call.key.clone());
    let found = read(call.services, call.caller, &place, |cx, (bucket, key)| Box::pin(find(cx, bucket, key))).await;
    let etag = match found {
        Ok(object) => Some(object.etag),
        Err(Error::NoSuchKey) => None,
        Err(error) => return Err(error),
    };
    match (conditions, etag) {
        ((Some(tags), _), Some(etag)) if names(tags, &etag) => Err(Error::PreconditionFailed),
        ((_, Some(tags)), Some(etag)) if !names(tags, &etag) => Err(Error::PreconditionFailed),
        ((_, Some(_)), None) => Err(Error::NoSuchKey),
        _ => Ok(()),
    }
}

/// `GetObject`.
pub(super) async fn get_object(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    shown(call, true).await
}

/// `HeadObject`.
pub(super) async fn head_object(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    shown(call, false).await
}

async fn shown(call: &Call<'_>, with_content: bool) -> Result<S3Answer, Error> {
    let place = (call.bucket.clone(), call.key.clone());
    let found = read(call.services, call.caller, &place, |cx, (bucket, key)| Box::pin(find(cx, bucket, key)));
    let object = found.await?;
    let conditions = Conditions {
        matching: call.text("if-match"),
        matching_none: call.text("if-none-match"),
        modified_since: call.text("if-modified-since"),
        unmodified_since: call.text("if-unmodified-since"),
    };
    conditions.check(&object.etag, object.last_modified)?;
    let whole = object.bytes();
    let part = range(call.text("range"), whole)?;
    let (offset, length) = part.unwrap_or((0, whole));
    let pieces = if with_content { Some(call.services.blobs.read(&object.blobs, offset, length).await?) } else { None };
    let mut answer = call.stream(if part.is_some() { 206 } else { 200 }, length, pieces);
    if part.is_some() {
        answer = answer.header("content-range", &format!("bytes {offset}-{}/{whole}", offset + length - 1));
    }
    Ok(with_headers(call, answer, &object, part.is_none()))
}

/// The same answer with what is known of an object.
fn with_headers(call: &Call<'_>, mut answer: S3Answer, object: &Object, is_whole: bool) -> S3Answer {
    answer = answer
        .header("accept-ranges", "bytes")
        .header("etag", &format!("\"{}\"", object.etag))
        .header("last-modified", &http_date(object.last_modified));
    for (name, value) in &object.description.headers {
        answer = answer.header(name, value);
    }
    for (name, value) in &object.description.metadata {
        answer = answer.header(&format!("x-amz-meta-{name}"), value);
    }
    if !object.description.tags.is_empty() {
        answer = answer.header("x-amz-tagging-count", &object.description.tags.len().to_string());
    }
    let wants_checksum = call.text("x-amz-checksum-mode").is_some_and(|mode| mode.eq_ignore_ascii_case("enabled"));
    if let Some(checksum) = object.checksum.as_ref().filter(|_| wants_checksum && is_whole)
        && let Some(algorithm) = Algorithm::parse(&checksum.algorithm)
    {
        let kind = if checksum.value.contains('-') { "COMPOSITE" } else { "FULL_OBJECT" };
        answer = answer.header(&algorithm.header(), &checksum.value).header("x-amz-checksum-type", kind);
    }
    for name in CHOSEN_HEADERS {
        if let Some(value) = call.parameter(&format!("response-{name}")) {
            answer = answer.header(name, value);
        }
    }
    answer
}

/// `DeleteObject`.
pub(super) async fn delete_object(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    remove(call, vec![call.key.clone()]).await?;
    Ok(call.empty(204))
}

/// `DeleteObjects`.
pub(super) async fn delete_objects(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let body = call.small_body().await?;
    let (keys, is_quiet) = Document::read(&body, "Delete", |delete| {
        let keys: Option<Vec<String>> =
            delete.all("Object").map(|object| object.text_of("Key").map(str::to_owned)).collect();
        Some((keys?, delete.text_of("Quiet") == Some("true")))
    })?;
    if keys.is_empty() || keys.len() > DELETED_MAX {
        return Err(Error::MalformedXml(claviger_aws_protocol::s3::DocumentError));
    }
    let may = |key: &String| call.verified.may(&demands::s3_object("DeleteObjects", &call.bucket, key));
    let (keys, kept): (Vec<String>, Vec<String>) = keys.into_iter().partition(may);
    remove(call, keys.clone()).await?;
    let mut xml = Xml::new("DeleteResult");
    for key in keys.iter().filter(|_| !is_quiet) {
        xml.within("Deleted", |xml| xml.element("Key", key));
    }
    for key in &kept {
        xml.within("Error", |xml| {
            xml.element("Key", key);
            xml.element("Code", "AccessDenied");
            xml.element("Message", "Access Denied");
        });
    }
    Ok(call.xml(xml))
}

async fn remove(call: &Call<'_>, keys: Vec<String>) -> Result<(), Error> {
    let which = (call.bucket.clone(), keys);
    let blobs =
        write(call.services, call.caller, &which, |cx, (bucket, keys)| Box::pin(delete(cx, bucket, keys))).await?;
    call.services.blobs.remove(blobs).await;
    Ok(())
}

/// Whether so much can be one object.
pub(super) fn check_length(length: u64) -> Result<(), Error> {
    if length > BODY_BYTES_MAX { Err(Error::EntityTooLarge) } else { Ok(()) }
}
