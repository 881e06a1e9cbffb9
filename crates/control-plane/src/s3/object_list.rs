//! Lists of objects: `ListObjectsV2`, and `ListObjects` before it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use claviger_resources::object::Object;
use claviger_store::TransactionExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::bucket;
use super::errors::Error;
use super::output::{Xml, date, owner};
use super::request::{Call, S3Answer};
use super::work::read;
use crate::operation::Context;

/// Keys on a page (Amazon S3 API, `ListObjectsV2`).
const PAGE_MAX: usize = 1000;
/// What `encoding-type=url` leaves as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/').remove(b'*');

/// Which objects are listed.
#[derive(Debug)]
struct Wanted {
    bucket: String,
    prefix: String,
    delimiter: String,
    after: Option<String>,
    size: usize,
}

/// What a page holds.
#[derive(Default)]
struct Page {
    objects: Vec<Object>,
    /// What keys have in common up to the delimiter.
    prefixes: Vec<String>,
    /// The last key or prefix of a page that is not the last.
    next: Option<String>,
}

/// `ListObjectsV2`.
pub(super) async fn list_objects_v2(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let token = call.parameter("continuation-token");
    let after = match token {
        Some(token) => {
            let decoded = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let message = "The continuation token provided is incorrect";
            Some(decoded.ok_or_else(|| Error::InvalidArgument(message.to_owned()))?)
        }
        None => call.parameter("start-after").map(str::to_owned),
    };
    let page = page(call, after).await?;
    let mut xml = Xml::new("ListBucketResult");
    let shown = head(call, &mut xml);
    xml.element("KeyCount", &(page.objects.len() + page.prefixes.len()).to_string());
    xml.element("IsTruncated", if page.next.is_some() { "true" } else { "false" });
    for (name, value) in [("ContinuationToken", token), ("StartAfter", call.parameter("start-after"))] {
        if let Some(value) = value {
            xml.element(name, &if name == "StartAfter" { shown(value) } else { value.to_owned() });
        }
    }
    if let Some(next) = &page.next {
        xml.element("NextContinuationToken", &URL_SAFE_NO_PAD.encode(next));
    }
    let with_owner = call.parameter("fetch-owner") == Some("true");
    contents(call, &mut xml, &page, with_owner, shown);
    Ok(call.xml(xml))
}

/// `ListObjects`.
pub(super) async fn list_objects(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let after = call.parameter("marker").filter(|marker| !marker.is_empty()).map(str::to_owned);
    let page = page(call, after).await?;
    let mut xml = Xml::new("ListBucketResult");
    let shown = head(call, &mut xml);
    xml.element("Marker", &shown(call.parameter("marker").unwrap_or_default()));
    xml.element("IsTruncated", if page.next.is_some() { "true" } else { "false" });
    let is_delimited = call.parameter("delimiter").is_some_and(|delimiter| !delimiter.is_empty());
    if let Some(next) = page.next.as_ref().filter(|_| is_delimited) {
        xml.element("NextMarker", &shown(next));
    }
    contents(call, &mut xml, &page, true, shown);
    Ok(call.xml(xml))
}

async fn page(call: &Call<'_>, after: Option<String>) -> Result<Page, Error> {
    let size = match call.parameter("max-keys").filter(|text| !text.is_empty()) {
        None => PAGE_MAX,
        Some(text) => {
            let message = "Provided max-keys not an integer or within integer range";
            text.parse::<u32>().map_err(|_| Error::InvalidArgument(message.to_owned()))? as usize
        }
    };
    if call.parameter("encoding-type").is_some_and(|kind| kind != "url") {
        return Err(Error::InvalidArgument("Invalid Encoding Method specified in Request".to_owned()));
    }
    let wanted = Wanted {
        bucket: call.bucket.clone(),
        prefix: call.parameter("prefix").unwrap_or_default().to_owned(),
        delimiter: call.parameter("delimiter").unwrap_or_default().to_owned(),
        after,
        size: size.min(PAGE_MAX),
    };
    read(call.services, call.caller, &wanted, |cx, wanted| Box::pin(list(cx, wanted))).await
}

/// What both lists say first; returns how keys are shown.
fn head(call: &Call<'_>, xml: &mut Xml) -> fn(&str) -> String {
    let is_encoded = call.parameter("encoding-type").is_some();
    let shown: fn(&str) -> String =
        if is_encoded { |key| utf8_percent_encode(key, KEPT).to_string() } else { str::to_owned };
    xml.element("Name", &call.bucket);
    xml.element("Prefix", &shown(call.parameter("prefix").unwrap_or_default()));
    if let Some(delimiter) = call.parameter("delimiter").filter(|delimiter| !delimiter.is_empty()) {
        xml.element("Delimiter", &shown(delimiter));
    }
    xml.element("MaxKeys", call.parameter("max-keys").filter(|text| !text.is_empty()).unwrap_or("1000"));
    if is_encoded {
        xml.element("EncodingType", "url");
    }
    shown
}

fn contents(call: &Call<'_>, xml: &mut Xml, page: &Page, with_owner: bool, shown: fn(&str) -> String) {
    for object in &page.objects {
        xml.within("Contents", |xml| {
            xml.element("Key", &shown(&object.key));
            xml.element("LastModified", &date(object.last_modified));
            xml.element("ETag", &format!("\"{}\"", object.etag));
            if let Some(checksum) = &object.checksum {
                xml.element("ChecksumAlgorithm", &checksum.algorithm);
            }
            xml.element("Size", &object.bytes().to_string());
            if with_owner {
                xml.within("Owner", |xml| owner(xml, call.caller.account));
            }
            let class = object.description.headers.get("x-amz-storage-class");
            xml.element("StorageClass", class.map_or("STANDARD", String::as_str));
        });
    }
    for prefix in &page.prefixes {
        xml.within("CommonPrefixes", |xml| xml.element("Prefix", &shown(prefix)));
    }
}

async fn list(cx: &mut Context<'_>, wanted: &Wanted) -> Result<Page, Error> {
    let bucket = bucket::find(cx, &wanted.bucket).await?;
    let (tenant, name) = (bucket.tenant, bucket.name);
    let mut page = Page::default();
    if wanted.size == 0 {
        return Ok(page);
    }
    let mut after = wanted.after.clone();
    if after.as_ref().is_none_or(|after| *after < wanted.prefix) {
        after = None;
        // Lists go on behind a key, and the prefix may be one.
        if !wanted.prefix.is_empty() {
            let found = cx.tx.find::<Object>(&tenant, &name, &wanted.prefix).await?;
            if let Some(found) = found {
                page.take(found.record, wanted);
            }
            after = Some(wanted.prefix.clone());
        }
    }
    // A page that ended with a common prefix goes on behind everything that has it.
    let mut passed = wanted.after.as_ref().filter(|after| is_common(after, wanted)).cloned();
    loop {
        let read = cx.tx.list::<Object>(&tenant, &name, after.as_deref(), PAGE_MAX).await?;
        let is_last = read.len() < PAGE_MAX;
        after = read.last().map(|last| last.record.key.clone());
        for object in read {
            let object = object.record;
            if passed.as_ref().is_some_and(|passed| object.key.starts_with(passed)) {
                continue;
            }
            passed = None;
            if !object.key.starts_with(&wanted.prefix) {
                return Ok(page);
            }
            if !page.take(object, wanted) {
                return Ok(page);
            }
        }
        if is_last {
            return Ok(page);
        }
    }
}

/// Whether the last of a page was what keys have in common, rather than a key.
fn is_common(after: &str, wanted: &Wanted) -> bool {
    let rest = after.strip_prefix(&*wanted.prefix);
    !wanted.delimiter.is_empty()
        && rest
            .and_then(|rest| rest.strip_suffix(&*wanted.delimiter))
            .is_some_and(|rest| !rest.contains(&*wanted.delimiter))
}

impl Page {
    /// Takes an object in, or what it has in common with others; tells whether there was place.
    fn take(&mut self, object: Object, wanted: &Wanted) -> bool {
        let rest = object.key.get(wanted.prefix.len()..).unwrap_or_default();
        let end = Some(&wanted.delimiter).filter(|delimiter| !delimiter.is_empty());
        let end = end.and_then(|delimiter| Some(rest.find(&**delimiter)? + delimiter.len()));
        let common = end.and_then(|end| object.key.get(..wanted.prefix.len() + end)).map(str::to_owned);
        if common.is_some() && self.prefixes.last() == common.as_ref() {
            return true;
        }
        if self.objects.len() + self.prefixes.len() == wanted.size {
            let key = self.objects.last().map(|object| object.key.clone());
            self.next = key.into_iter().chain(self.prefixes.last().cloned()).max();
            return false;
        }
        match common {
            Some(common) => self.prefixes.push(common),
            None => self.objects.push(object),
        }
        true
    }
}
