//! User pools: the realm that owns resource servers, app clients and signing keys.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Tenant, Timestamp, UserPoolId};

/// A user pool, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserPool {
    /// Its id, unique over all accounts and regions.
    pub id: UserPoolId,
    /// The account and region it lives in.
    pub tenant: Tenant,
    /// Its name; names need not be unique.
    pub name: String,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// Whether `DeleteUserPool` is refused.
    #[serde(default)]
    pub deletion_protection: bool,
    /// Which form of issuer its tokens carry.
    #[serde(default)]
    pub issuer: IssuerType,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The configuration blocks that decide nothing for machines, as the caller gave them, under AWS's member names.
    #[serde(default)]
    pub configuration: Map<String, Value>,
}

/// Which form of issuer a pool's tokens carry (`IssuerConfiguration.Type`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum IssuerType {
    /// `https://cognito-idp.{region}.amazonaws.com/{poolId}`.
    #[default]
    Original,
    /// `https://issuer-cognito-idp.{region}.amazonaws.com/{poolId}`.
    Updated,
}

impl UserPool {
    /// The pool's Amazon Resource Name.
    pub fn arn(&self) -> String {
        arn(&self.tenant, &self.id)
    }
}

/// The Amazon Resource Name of the pool `id` of `tenant`.
pub fn arn(tenant: &Tenant, id: &UserPoolId) -> String {
    format!("arn:aws:cognito-idp:{}:{}:userpool/{id}", tenant.region, tenant.account)
}

/// The pool a user pool ARN names, whatever its partition, account and region.
pub fn id_of_arn(arn: &str) -> Option<UserPoolId> {
    let rest = arn.strip_prefix("arn:")?;
    let mut parts = rest.splitn(5, ':');
    let (_partition, service, _region, _account, resource) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    (service == "cognito-idp").then_some(())?;
    UserPoolId::parse(resource.strip_prefix("userpool/")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AccountId, Region};

    #[test]
    fn arns_name_their_pool() {
        let tenant = Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() };
        let id = UserPoolId::parse("us-east-1_abc").unwrap();
        let text = arn(&tenant, &id);
        assert_eq!(text, "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abc");
        assert_eq!(id_of_arn(&text), Some(id.clone()));
        assert_eq!(id_of_arn("arn:aws-cn:cognito-idp:us-east-1:1:userpool/us-east-1_abc"), Some(id));
        for wrong in ["", "arn:aws:lambda:us-east-1:0:userpool/us-east-1_abc", "arn:aws:cognito-idp:us-east-1:0:pool/x"]
        {
            assert_eq!(id_of_arn(wrong), None, "{wrong}");
        }
    }
}
