//! Types that only accompany the others: they are kept and described, have the names and attributes that other resources
//! refer to, and decide nothing here.

use async_trait::async_trait;
use claviger_resources::{Tenant, random};

use super::failure::HandlerFailure;
use super::handler::{Current, Desired, Handler, Made, Work};

/// A type that is kept.
pub(super) struct Kept {
    /// How its resources are named.
    pub(super) name: Naming,
    /// What has been made, by its name.
    pub(super) made: fn(&str, &Tenant) -> Made,
}

/// How a kept resource is named.
pub(super) enum Naming {
    /// By this property; a name of at most so many characters is made up when the template gives none.
    Property(&'static str, usize),
    /// Like a UUID.
    Uuid,
}

#[async_trait]
impl Handler for Kept {
    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let name = match self.name {
            Naming::Property(property, max) => match desired.text(property) {
                Some(name) => name.to_owned(),
                None => work.name(desired, max),
            },
            Naming::Uuid => random::uuid(work.cx.random),
        };
        Ok((self.made)(&name, work.cx.tenant))
    }

    async fn update(&self, _: &mut Work<'_, '_>, current: &Current, _: &Desired<'_>) -> Result<Made, HandlerFailure> {
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, _: &mut Work<'_, '_>, _: &Current) -> Result<(), HandlerFailure> {
        Ok(())
    }
}

/// Something that answers to its name alone.
const fn named(property: &'static str) -> Kept {
    Kept { name: Naming::Property(property, 64), made: |name, _| Made::id(name) }
}

/// Something that answers to an id that means nothing.
pub(super) static OPAQUE: Kept =
    Kept { name: Naming::Property("", 64), made: |name, _| Made::id(name).with("Id", name) };

pub(super) static BUCKET_POLICY: Kept = named("Bucket");
pub(super) static KMS_ALIAS: Kept = named("AliasName");

pub(super) static QUEUE: Kept = Kept {
    name: Naming::Property("QueueName", 80),
    made: |name, tenant| {
        let Tenant { account, region } = tenant;
        let url = format!("https://sqs.{region}.amazonaws.com/{account}/{name}");
        Made::id(url.clone())
            .with("QueueUrl", url)
            .with("QueueName", name)
            .with("Arn", format!("arn:aws:sqs:{region}:{account}:{name}"))
    },
};

pub(super) static STATE_MACHINE: Kept = Kept {
    name: Naming::Property("StateMachineName", 80),
    made: |name, tenant| {
        let arn = format!("arn:aws:states:{}:{}:stateMachine:{name}", tenant.region, tenant.account);
        Made::id(arn.clone()).with("Arn", arn).with("Name", name)
    },
};

pub(super) static TOPIC: Kept = Kept {
    name: Naming::Property("TopicName", 256),
    made: |name, tenant| {
        let arn = format!("arn:aws:sns:{}:{}:{name}", tenant.region, tenant.account);
        Made::id(arn.clone()).with("TopicArn", arn).with("TopicName", name)
    },
};

pub(super) static REPOSITORY: Kept = Kept {
    name: Naming::Property("RepositoryName", 256),
    made: |name, tenant| {
        let Tenant { account, region } = tenant;
        Made::id(name)
            .with("Arn", format!("arn:aws:ecr:{region}:{account}:repository/{name}"))
            .with("RepositoryUri", format!("{account}.dkr.ecr.{region}.amazonaws.com/{name}"))
    },
};

pub(super) static KMS_KEY: Kept = Kept {
    name: Naming::Uuid,
    made: |id, tenant| {
        let arn = format!("arn:aws:kms:{}:{}:key/{id}", tenant.region, tenant.account);
        Made::id(id).with("Arn", arn).with("KeyId", id)
    },
};
