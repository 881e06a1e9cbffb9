//! Buckets: `CreateBucket`, `DeleteBucket`, `HeadBucket`, `ListBuckets`, `GetBucketLocation`.

use std::collections::BTreeMap;

use claviger_aws_protocol::s3::Document;
use claviger_resources::bucket::Bucket;
use claviger_resources::object::{Blob, Object, Part, Upload};
use claviger_resources::{AccountId, Region, Tenant, Timestamp};
use claviger_store::{Key, Kind, Name, Namespace, StoreError, Stored, TransactionExt};

use super::errors::Error;
use super::output::{Xml, date, owner};
use super::request::{Call, S3Answer};
use super::work::{read, write};
use crate::operation::Context;

/// What the name of the bucket of a bootstrap starts with, with the qualifier that the AWS CDK uses unless it is told another.
const BOOTSTRAP_PREFIX: &str = "cdk-hnb659fds-assets-";
/// Buckets that an account may have (Amazon S3 User Guide, "General purpose bucket quotas").
const BUCKETS_MAX: u64 = 10_000;

/// Buckets read at a time.
const READ_PAGE: usize = 1000;

/// The bucket of this name, when it is the caller's. That of the CDK's bootstrap is there before anyone makes it, so that
/// `cdk deploy` works without `cdk bootstrap`.
pub async fn find(cx: &mut Context<'_>, name: &str) -> Result<Bucket, Error> {
    let found = stored(cx, name).await?.map(|found| found.record);
    let bucket = found.or_else(|| bootstrap(cx.tenant.account, name)).ok_or(Error::NoSuchBucket)?;
    if bucket.tenant.account == cx.tenant.account { Ok(bucket) } else { Err(Error::AccessDenied) }
}

/// The bucket of this name as a record, whoever's it is.
pub(super) async fn stored(cx: &mut Context<'_>, name: &str) -> Result<Option<Stored<Bucket>>, Error> {
    Ok(cx.tx.find_named(&Name::new(Namespace::BucketName, name)).await?)
}

/// Makes a bucket in the caller's region. One that the caller has already is there still, with what is in it.
pub async fn create(cx: &mut Context<'_>, name: &str) -> Result<Bucket, Error> {
    if !is_bucket_name(name) {
        return Err(Error::InvalidBucketName);
    }
    if let Some(found) = stored(cx, name).await? {
        let is_own = found.tenant.account == cx.tenant.account;
        return Err(if is_own { Error::BucketAlreadyOwnedByYou } else { Error::BucketAlreadyExists });
    }
    if bootstrap_of(name).is_some_and(|(account, _)| account != cx.tenant.account) {
        return Err(Error::BucketAlreadyExists);
    }
    if cx.tx.count_of::<Bucket>(cx.tenant, "").await? >= BUCKETS_MAX {
        return Err(Error::InvalidRequest("You have attempted to create more buckets than allowed".to_owned()));
    }
    // Objects that were put into the bootstrap's bucket before it was made are in its region.
    let tenant = bootstrap(cx.tenant.account, name).map_or_else(|| cx.tenant.clone(), |bucket| bucket.tenant);
    let bucket = Bucket { name: name.to_owned(), tenant, created: cx.now, settings: BTreeMap::new() };
    match cx.tx.insert(&bucket).await {
        Err(StoreError::NameTaken { .. }) => Err(Error::BucketAlreadyExists),
        other => Ok(other.map(|()| bucket)?),
    }
}

/// Deletes a bucket that holds no objects, with uploads that were not completed; returns the files that held their parts.
pub async fn delete(cx: &mut Context<'_>, name: &str) -> Result<Vec<Blob>, Error> {
    let bucket = find(cx, name).await?;
    if !cx.tx.list::<Object>(&bucket.tenant, name, None, 1).await?.is_empty() {
        return Err(Error::BucketNotEmpty);
    }
    let mut blobs = Vec::new();
    for upload in cx.tx.list_all::<Upload>(&bucket.tenant, name).await? {
        for part in cx.tx.list_all::<Part>(&bucket.tenant, &upload.id).await? {
            blobs.push(part.record.blob);
        }
        cx.tx.delete_all::<Part>(&bucket.tenant, &upload.id).await?;
        cx.tx.delete(&upload.record).await?;
    }
    cx.tx.delete(&bucket).await?;
    Ok(blobs)
}

/// The buckets of the caller's account in all regions, by name.
async fn list(cx: &mut Context<'_>) -> Result<Vec<Bucket>, Error> {
    let mut buckets: Vec<Bucket> = Vec::new();
    let mut after: Option<Key> = None;
    loop {
        let rows = cx.tx.rows_of_kind(Kind::Bucket, after.as_ref(), READ_PAGE).await?;
        for row in rows.iter().filter(|row| row.key.tenant.account == cx.tenant.account) {
            buckets.push(Stored::<Bucket>::from_row(row)?.record);
        }
        if rows.len() < READ_PAGE {
            break;
        }
        after = rows.into_iter().next_back().map(|row| row.key);
    }
    let name = format!("{BOOTSTRAP_PREFIX}{}-{}", cx.tenant.account, cx.tenant.region);
    if !buckets.iter().any(|bucket| bucket.name == name) {
        buckets.extend(bootstrap(cx.tenant.account, &name));
    }
    buckets.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(buckets)
}

/// `CreateBucket`.
pub(super) async fn create_bucket(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let body = call.small_body().await?;
    if !body.is_empty() {
        let location = Document::read(&body, "CreateBucketConfiguration", |configuration| {
            Some(configuration.text_of("LocationConstraint").unwrap_or_default().to_owned())
        })?;
        let location = if location == "EU" { "eu-west-1".to_owned() } else { location };
        if !location.is_empty() && location != call.caller.region.as_str() {
            return Err(Error::IllegalLocation(location));
        }
    }
    let name = call.bucket.clone();
    let made = write(call.services, call.caller, &name, |cx, name| {
        Box::pin(async move {
            match create(cx, name).await {
                // In its first region, S3 still lets its owner make a bucket again.
                Err(Error::BucketAlreadyOwnedByYou) if cx.tenant.region == Region::us_east_1() => Ok(()),
                other => other.map(|_| ()),
            }
        })
    });
    made.await?;
    Ok(call.empty(200).header("location", &format!("/{name}")))
}

/// `DeleteBucket`.
pub(super) async fn delete_bucket(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let blobs = write(call.services, call.caller, &call.bucket, |cx, name| Box::pin(delete(cx, name))).await?;
    call.services.blobs.remove(blobs).await;
    Ok(call.empty(204))
}

/// `HeadBucket`.
pub(super) async fn head_bucket(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let bucket = call.found_bucket().await?;
    Ok(call.empty(200).header("x-amz-bucket-region", bucket.tenant.region.as_str()))
}

/// `GetBucketLocation`.
pub(super) async fn get_bucket_location(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let bucket = call.found_bucket().await?;
    let region = Some(bucket.tenant.region).filter(|region| *region != Region::us_east_1());
    let mut xml = Xml::new("LocationConstraint");
    xml.text(region.as_ref().map_or("", Region::as_str));
    Ok(call.xml(xml))
}

/// `ListBuckets`.
pub(super) async fn list_buckets(call: &mut Call<'_>) -> Result<S3Answer, Error> {
    let buckets = read(call.services, call.caller, &(), |cx, ()| Box::pin(list(cx))).await?;
    let mut xml = Xml::new("ListAllMyBucketsResult");
    xml.within("Owner", |xml| owner(xml, call.caller.account));
    xml.within("Buckets", |xml| {
        for bucket in &buckets {
            xml.within("Bucket", |xml| {
                xml.element("Name", &bucket.name);
                xml.element("CreationDate", &date(bucket.created));
                xml.element("BucketRegion", bucket.tenant.region.as_str());
            });
        }
    });
    Ok(call.xml(xml))
}

/// The bucket of the CDK's bootstrap in an account, when this is its name.
fn bootstrap(account: AccountId, name: &str) -> Option<Bucket> {
    let (of, region) = bootstrap_of(name).filter(|(of, _)| *of == account)?;
    Some(Bucket {
        name: name.to_owned(),
        tenant: Tenant { account: of, region },
        created: Timestamp::from_seconds(0),
        settings: BTreeMap::new(),
    })
}

/// The account and the region of the bucket of a bootstrap, when this is the name of one.
fn bootstrap_of(name: &str) -> Option<(AccountId, Region)> {
    let (account, region) = name.strip_prefix(BOOTSTRAP_PREFIX)?.split_at_checked(12)?;
    Some((AccountId::parse(account).ok()?, Region::parse(region.strip_prefix('-')?).ok()?))
}

/// Whether a bucket may have this name (Amazon S3 User Guide, "General purpose bucket naming rules").
fn is_bucket_name(name: &str) -> bool {
    let is_edge = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(byte))
        && is_edge(bytes.first())
        && is_edge(bytes.last())
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err()
        && !name.starts_with("xn--")
        && !name.ends_with("-s3alias")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_buckets_are_those_of_hosts() {
        let check = |name: &str, expected: bool| assert_eq!(is_bucket_name(name), expected, "{name}");
        check("weather", true);
        check("my.bucket-1", true);
        check("ab", false);
        check("Weather", false);
        check("-weather", false);
        check("weather.", false);
        check("a..b", false);
        check("127.0.0.1", false);
        check("a_b", false);
        check("xn--weather", false);
        check(&"a".repeat(63), true);
        check(&"a".repeat(64), false);
    }

    #[test]
    fn the_bootstrap_s_bucket_is_its_account_s() {
        let account = AccountId::parse("111122223333").unwrap();
        let bucket = bootstrap(account, "cdk-hnb659fds-assets-111122223333-eu-west-1").unwrap();
        assert_eq!(bucket.tenant.region.as_str(), "eu-west-1");
        assert!(bootstrap(AccountId::DEFAULT, "cdk-hnb659fds-assets-111122223333-eu-west-1").is_none());
        assert!(bootstrap(account, "cdk-hnb659fds-assets-111122223333").is_none());
        assert!(bootstrap(account, "cdk-other-assets-111122223333-eu-west-1").is_none());
    }
}
