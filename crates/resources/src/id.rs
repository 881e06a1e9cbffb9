//! Ids: text whose form is checked once, where it enters, and never again.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::random::{ALPHANUMERIC, LOWER_ALPHANUMERIC, Random, base32_number, text};
use crate::tenant::Region;

/// Text that is not a well-formed id of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {what}: expected {rule}")]
pub struct InvalidId {
    /// The kind of id that was expected.
    pub what: &'static str,
    /// What such an id looks like.
    pub rule: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $rule:literal, $accepts:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            #[doc = concat!("Parses ", $rule, ".")]
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let accepts: fn(&str) -> bool = $accepts;
                if accepts(text) { Ok(Self(text.into())) } else { Err(InvalidId { what: $what, rule: $rule }) }
            }

            /// The id's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The id's text, shared.
            pub fn shared(&self) -> Arc<str> {
                Arc::clone(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(&text)
            }
        }
    };
}

id!(
    /// A user pool's id, `{region}_{9 letters and digits}`; the model allows `[\w-]+_[0-9a-zA-Z]+`, at most 55.
    UserPoolId, "user pool id", "a region, an underscore, then letters and digits", |text| {
        text.len() <= 55 && text.rsplit_once('_').is_some_and(|(region, suffix)| {
            !suffix.is_empty() && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric())
                && Region::parse(region).is_ok()
        })
    }
);
id!(
    /// An app client's id: 26 characters of `[0-9a-v]` when made here; the model allows `[\w+]+`, at most 128.
    ClientId, "app client id", "1 to 128 letters, digits, underscores or plus signs", |text| {
        (1..=128).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'+')
    }
);
id!(
    /// A REST API's id: 10 lower-case letters and digits; an id pinned by a tag may have up to 64, with hyphens.
    RestApiId, "REST API id", "1 to 64 lower-case letters, digits or hyphens", is_api_id
);
id!(
    /// The id of a resource of a REST API: 10 characters for the root, 6 for the others.
    ResourceId, "resource id", "1 to 32 lower-case letters and digits", is_lower_alphanumeric
);
id!(
    /// The id of a deployment: 6 characters.
    DeploymentId, "deployment id", "1 to 32 lower-case letters and digits", is_lower_alphanumeric
);
id!(
    /// The id of an authorizer: 6 characters.
    AuthorizerId, "authorizer id", "1 to 32 lower-case letters and digits", is_lower_alphanumeric
);
id!(
    /// The id of a request validator: 6 characters.
    RequestValidatorId, "request validator id", "1 to 32 lower-case letters and digits", is_lower_alphanumeric
);
id!(
    /// The id of a documentation part: 6 characters.
    DocumentationPartId, "documentation part id", "1 to 32 lower-case letters and digits", is_lower_alphanumeric
);
id!(
    /// The id of a client certificate: 6 characters.
    ClientCertificateId, "client certificate id", "1 to 32 lower-case letters and digits", is_lower_alphanumeric
);
id!(
    /// An HTTP API's id: 10 lower-case letters and digits; an id pinned by a tag may have up to 64, with hyphens.
    HttpApiId, "HTTP API id", "1 to 64 lower-case letters, digits or hyphens", is_api_id
);
id!(
    /// The id of a route of an HTTP API: 7 characters.
    RouteId, "route id", "1 to 32 lower-case letters and digits", is_lower_alphanumeric
);
id!(
    /// The id of an integration of an HTTP API: 7 characters.
    IntegrationId, "integration id", "1 to 32 lower-case letters and digits", is_lower_alphanumeric
);
id!(
    /// The name of a stage of an HTTP API: `$default`, or as that of a REST API's.
    HttpStageName, "stage name", "$default, or 1 to 128 letters, digits, hyphens or underscores", |text| {
        text == "$default" || StageName::parse(text).is_ok()
    }
);
id!(
    /// The id of an API key: 10 characters.
    ApiKeyId, "API key id", "1 to 32 lower-case letters and digits", is_lower_alphanumeric
);
id!(
    /// The id of an API mapping: 6 characters.
    ApiMappingId, "API mapping id", "1 to 32 lower-case letters and digits", is_lower_alphanumeric
);
id!(
    /// The id of a usage plan: 6 characters.
    UsagePlanId, "usage plan id", "1 to 32 lower-case letters and digits", is_lower_alphanumeric
);
id!(
    /// The name of a stage: letters, digits, hyphens and underscores, at most 128 (API Gateway quotas page).
    StageName, "stage name", "1 to 128 letters, digits, hyphens or underscores", |text| {
        (1..=128).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    }
);
id!(
    /// The name of a Lambda function: letters, digits, hyphens and underscores, at most 64.
    FunctionName, "function name", "1 to 64 letters, digits, hyphens or underscores", |text| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    }
);
id!(
    /// The id of an access key: its account is written into it.
    AccessKeyId, "access key id", "AKIA and 16 letters or digits from 2 to 7", |text| {
        text.strip_prefix("AKIA").is_some_and(|rest| {
            rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte))
        })
    }
);
id!(
    /// The name of a role in which access keys call the control plane.
    RoleName, "role name", "1 to 64 letters, digits, hyphens or underscores", |text| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    }
);
id!(
    /// The name of an authorization policy: it is a segment of a path as it stands.
    PolicyName, "authorization policy name", "1 to 64 letters, digits, hyphens or underscores", |text| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    }
);

fn is_api_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_lower_alphanumeric(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

impl UserPoolId {
    /// Makes a new id in `region`.
    pub fn generate(region: &Region, random: &mut dyn Random) -> Self {
        Self(format!("{region}_{}", text(random, ALPHANUMERIC, 9)).into())
    }

    /// The region the id names.
    pub fn region(&self) -> Region {
        let region = self.0.rsplit_once('_').map_or("", |(region, _)| region);
        Region::parse(region).unwrap_or_else(|_| Region::us_east_1())
    }
}

impl ClientId {
    /// Makes a new id: 128 random bits in base 32, 26 characters as AWS's have.
    pub fn generate(random: &mut dyn Random) -> Self {
        let mut bytes = [0_u8; 16];
        random.fill(&mut bytes);
        // The top three bits decide the 26th digit; a zero there would be dropped and make the id shorter.
        if let Some(first) = bytes.first_mut() {
            *first |= 0x20;
        }
        Self(base32_number(&bytes).into())
    }
}

macro_rules! short_id {
    ($($name:ident: $length:literal),*) => { $(
        impl $name {
            /// Makes a new id of the length AWS uses.
            pub fn generate(random: &mut dyn Random) -> Self {
                Self(text(random, LOWER_ALPHANUMERIC, $length).into())
            }
        }
    )* };
}
short_id!(HttpApiId: 10, RouteId: 7, IntegrationId: 7, DocumentationPartId: 6, ApiMappingId: 6, ClientCertificateId: 6);
short_id!(
    RestApiId: 10, ResourceId: 6, DeploymentId: 6, AuthorizerId: 6, RequestValidatorId: 6, ApiKeyId: 10, UsagePlanId: 6
);

impl ResourceId {
    /// Makes the id of an API's root resource, longer than the others' as on AWS.
    pub fn generate_root(random: &mut dyn Random) -> Self {
        Self(text(random, LOWER_ALPHANUMERIC, 10).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u8);
    impl Random for Counting {
        fn fill(&mut self, buffer: &mut [u8]) {
            for byte in buffer {
                self.0 = self.0.wrapping_mul(31).wrapping_add(7);
                *byte = self.0;
            }
        }
    }

    #[test]
    fn accepts_and_refuses_user_pool_ids() {
        let check = |text: &str, expected: bool| assert_eq!(UserPoolId::parse(text).is_ok(), expected, "{text:?}");
        check("us-east-1_N8F22Uslo", true);
        check("eu-west-1_a", true);
        check("us-east-1N8F22Uslo", false);
        check("us-east-1_", false);
        check("_abc", false);
        check("us-east-1_abc-d", false);
        check("us-east-1_ab\u{e9}", false);
        check(&format!("us-east-1_{}", "a".repeat(46)), false);
    }

    #[test]
    fn generated_ids_parse_and_have_the_lengths_of_aws() {
        let mut random = Counting(1);
        let pool = UserPoolId::generate(&Region::us_east_1(), &mut random);
        assert_eq!(UserPoolId::parse(pool.as_str()), Ok(pool.clone()));
        assert_eq!((pool.as_str().len(), pool.region().as_str()), (19, "us-east-1"));
        for _ in 0..100 {
            let client = ClientId::generate(&mut random);
            assert_eq!(client.as_str().len(), 26, "{client}");
            assert!(ClientId::parse(client.as_str()).is_ok());
        }
        assert_eq!(RestApiId::generate(&mut random).as_str().len(), 10);
        assert_eq!(ResourceId::generate(&mut random).as_str().len(), 6);
        assert_eq!(ResourceId::generate_root(&mut random).as_str().len(), 10);
    }
}
