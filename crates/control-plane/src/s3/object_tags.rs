//! Tags of objects: `GetObjectTagging`, `PutObjectTagging`, `DeleteObjectTagging`.

use std::collections::BTreeMap;

use claviger_aws_protocol::s3::Document;
use claviger_resources::object::Object;
use claviger_store::TransactionExt;
use percent_encoding::percent_decode_str;

use super::bucket;
use super::errors::Error;
use super::object::find;
use super::output::Xml;
use super::request::{Call, S3Answer};
use super::work::{read, write};
use crate::operation::Context;

/// Tags that an object may have (Amazon S3 User Guide, "Categorizing your objects using tags").
const TAGS_MAX: usize = 10;

/// `GetObjectTagging`.
pub(super) async fn get_object_tagging(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let place = (call.bucket.clone(), call.key.clone());
    let found = read(call.services, call.caller, &place, |cx, (bucket, key)| Box::pin(find(cx, bucket, key)));
    let object = found.await?;
    let mut xml = Xml::new("Tagging");
    xml.within("TagSet", |xml| {
        for (key, value) in &object.description.tags {
            xml.within("Tag", |xml| {
                xml.element("Key", key);
                xml.element("Value", value);
            });
        }
    });
    Ok(call.xml(xml))
}

/// `PutObjectTagging`.
pub(super) async fn put_object_tagging(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let body = call.small_body().await?;
    let tags = Document::read(&body, "Tagging", |tagging| {
        let tags = tagging.all("TagSet").flat_map(|set| set.all("Tag"));
        tags.map(|tag| Some((tag.text_of("Key")?.to_owned(), tag.text_of("Value")?.to_owned()))).collect()
    })?;
    set(call, check(tags)?).await?;
    Ok(call.empty(200))
}

/// `DeleteObjectTagging`.
pub(super) async fn delete_object_tagging(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    set(call, BTreeMap::new()).await?;
    Ok(call.empty(204))
}

/// The tags of `x-amz-tagging`: `a=b&c=d`.
pub(super) fn of_query(text: &str) -> Result<BTreeMap<String, String>, Error> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    check(
        pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(key, value)| (decode(key), decode(value)))
            .collect(),
    )
}

fn check(tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Error> {
    if tags.len() > TAGS_MAX {
        return Err(Error::InvalidRequest("Object tags cannot be greater than 10".to_owned()));
    }
    Ok(tags)
}

async fn set(call: &Call<'_>, tags: BTreeMap<String, String>) -> Result<(), Error> {
    let change = (call.bucket.clone(), call.key.clone(), tags);
    write(call.services, call.caller, &change, |cx, (bucket, key, tags)| Box::pin(replace(cx, bucket, key, tags))).await
}

async fn replace(cx: &mut Context<'_>, bucket: &str, key: &str, tags: &BTreeMap<String, String>) -> Result<(), Error> {
    let bucket = bucket::find(cx, bucket).await?;
    let found = cx.tx.find::<Object>(&bucket.tenant, &bucket.name, key).await?;
    let mut object = found.ok_or(Error::NoSuchKey)?;
    object.description.tags.clone_from(tags);
    Ok(cx.tx.replace(&object).await?)
}
