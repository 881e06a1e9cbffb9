//! Amazon S3: buckets. Their settings are kept with the stack, and decide nothing here.

use async_trait::async_trait;
use claviger_resources::Tenant;
use serde_json::Value;

use super::failure::HandlerFailure;
use super::handler::{Current, Desired, Handler, Made, Work};
use crate::s3::bucket;

/// A bucket.
pub(super) struct Bucket;

/// Characters of the longest name of a bucket.
const NAME_MAX: usize = 63;

#[async_trait]
impl Handler for Bucket {
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let name = match desired.text("BucketName") {
            Some(name) => name.to_owned(),
            None => work.name(desired, NAME_MAX).to_lowercase(),
        };
        bucket::create(work.cx, &name).await.map_err(refused)?;
        Ok(made(&name, work.cx.tenant))
    }

    async fn update(&self, _: &mut Work<'_, '_>, current: &Current, _: &Desired<'_>) -> Result<Made, HandlerFailure> {
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        match bucket::delete(work.cx, &current.id).await.map_err(refused) {
            Err(failure) if !failure.is_not_found() => Err(failure),
            // Files of uploads that were never completed are taken away when the server next looks for such.
            _ => Ok(()),
        }
    }
}

fn refused(error: crate::s3::Error) -> HandlerFailure {
    HandlerFailure::of("S3", error.into())
}

fn made(name: &str, tenant: &Tenant) -> Made {
    let region = &tenant.region;
    let attributes: [(&str, Value); 5] = [
        ("Arn", format!("arn:aws:s3:::{name}").into()),
        ("DomainName", format!("{name}.s3.amazonaws.com").into()),
        ("RegionalDomainName", format!("{name}.s3.{region}.amazonaws.com").into()),
        ("DualStackDomainName", format!("{name}.s3.dualstack.{region}.amazonaws.com").into()),
        ("WebsiteURL", format!("http://{name}.s3-website-{region}.amazonaws.com").into()),
    ];
    attributes.into_iter().fold(Made::id(name), |made, (attribute, value)| made.with(attribute, value))
}
