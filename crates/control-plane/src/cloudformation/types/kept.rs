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
            Naming::Uuid => uuid(work),
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

fn uuid(work: &mut Work<'_, '_>) -> String {
    let mut bytes = [0; 16];
    work.cx.random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
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

pub(super) static ROLE: Kept = Kept {
    name: Naming::Property("RoleName", 64),
    made: |name, tenant| {
        Made::id(name).with("Arn", iam(tenant, "role", name)).with("RoleId", format!("AROA{}", opaque(name)))
    },
};

pub(super) static MANAGED_POLICY: Kept = Kept {
    name: Naming::Property("ManagedPolicyName", 128),
    made: |name, tenant| {
        let arn = iam(tenant, "policy", name);
        Made::id(arn.clone()).with("PolicyArn", arn).with("PolicyId", format!("ANPA{}", opaque(name)))
    },
};

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

fn iam(tenant: &Tenant, kind: &str, name: &str) -> String {
    format!("arn:aws:iam::{}:{kind}/{name}", tenant.account)
}

/// Seventeen letters and digits that stand for a name, as IAM's ids have them.
fn opaque(name: &str) -> String {
    let mut source = Spread(
        name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)),
    );
    random::text(&mut source, random::LOWER_ALPHANUMERIC, 17).to_ascii_uppercase()
}

/// Bytes that follow from a number.
struct Spread(u64);

impl claviger_resources::Random for Spread {
    fn fill(&mut self, buffer: &mut [u8]) {
        for byte in buffer {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (self.0 >> 33).to_le_bytes()[0];
        }
    }
}
