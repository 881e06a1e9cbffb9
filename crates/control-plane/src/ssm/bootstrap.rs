//! The parameter that tells the AWS CDK that an environment is bootstrapped.
//!
//! It is there for whoever has not put it, so that `cdk deploy` works without `cdk bootstrap`; putting it, as a bootstrap
//! does, replaces it.

use claviger_resources::parameter::{Parameter, ParameterValue, Version};
use claviger_resources::{Tenant, Timestamp};

/// Its name, with the qualifier that the CDK uses unless it is told another.
pub(super) const NAME: &str = "/cdk-bootstrap/hnb659fds/version";
/// The version of the bootstrap template that it stands for.
const VALUE: &str = "33";

/// The parameter, as it is for whoever has not put it.
pub(super) fn parameter(tenant: &Tenant) -> Parameter {
    Parameter {
        name: NAME.to_owned(),
        tenant: tenant.clone(),
        latest: Version {
            number: 1,
            kind: "String".to_owned(),
            value: ParameterValue::Plain(VALUE.to_owned()),
            key_id: None,
            description: None,
            allowed_pattern: None,
            tier: "Standard".to_owned(),
            data_type: "text".to_owned(),
            last_modified: Timestamp::from_seconds(0),
            last_modified_user: format!("arn:aws:iam::{}:root", tenant.account),
        },
        tags: [].into(),
    }
}
