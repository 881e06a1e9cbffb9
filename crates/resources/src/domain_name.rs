//! Custom domain names: hosts of a user's own under which the APIs of an account answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::random::{LOWER_ALPHANUMERIC, Random, base32_number, text};
use crate::{Tenant, Timestamp};

/// A custom domain name, as it is stored. Both versions of API Gateway's control plane show the same ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DomainName {
    /// The host name in lower case; `*.` in front stands for any one label.
    pub domain_name: String,
    /// The account and region of the APIs that it leads to.
    pub tenant: Tenant,
    /// The first label of the name that a regional domain has beside its own: `d-` and 10 letters and digits.
    pub target: String,
    /// `REGIONAL`, `EDGE`, or both while it moves from one to the other.
    pub endpoint_types: Vec<String>,
    /// `ipv4` or `dualstack`.
    pub ip_address_type: String,
    /// The oldest protocol and the ciphers that AWS would allow.
    pub security_policy: String,
    /// `BASIC` or `STRICT`, where it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_access_mode: Option<String>,
    /// The certificate of its regional endpoint. This server has its own and never looks at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regional_certificate_arn: Option<String>,
    /// What the regional certificate is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regional_certificate_name: Option<String>,
    /// The certificate of its edge endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_arn: Option<String>,
    /// What the edge certificate is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_name: Option<String>,
    /// The certificate that proves whose the name is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership_verification_certificate_arn: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// When it was created, which is when its certificate was uploaded.
    pub created_date: Timestamp,
}

impl DomainName {
    /// A new first label of a regional endpoint.
    pub fn new_target(random: &mut dyn Random) -> String {
        format!("d-{}", text(random, LOWER_ALPHANUMERIC, 10))
    }

    /// Whether it has an endpoint of this type.
    pub fn has_endpoint(&self, kind: &str) -> bool {
        self.endpoint_types.iter().any(|known| known == kind)
    }

    /// The name that the domain's DNS record points to when it is regional.
    pub fn regional_domain_name(&self) -> String {
        format!("{}.execute-api.{}.amazonaws.com", self.target, self.tenant.region)
    }

    /// The name that a distribution would have when it is edge-optimized: the same each time, so that tools that compare see
    /// no change.
    pub fn distribution_domain_name(&self) -> String {
        distribution_domain_name(&self.domain_name)
    }

    /// Its Amazon Resource Name.
    pub fn arn(&self) -> String {
        format!("arn:aws:apigateway:{}::/domainnames/{}", self.tenant.region, self.domain_name)
    }
}

/// The name of AWS's form that a distribution for a host would have.
pub fn distribution_domain_name(host: &str) -> String {
    // FNV-1a, because nothing but evenness is asked of it.
    let hash = host
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("d{}.cloudfront.net", base32_number(&hash.to_be_bytes()))
}
