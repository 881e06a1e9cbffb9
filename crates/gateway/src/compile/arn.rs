//! The ARNs under which policies and permissions speak of methods and authorizers (API Gateway, "ARN syntax").

use std::fmt::Write as _;

use claviger_resources::AuthorizerId;
use percent_encoding::percent_decode_str;

use super::{CompiledApi, CompiledResource};

impl CompiledApi {
    /// The ARN of a method with the path that was asked for, which is what an authorizer's policy is held against. An encoded
    /// character stands decoded in it, and slashes at either end do not: the route is the same without, and whoever denies
    /// `GET/admin` means `GET/%61dmin/` too. An encoded slash stays encoded, because it separates nothing.
    pub fn method_arn(&self, stage: &str, verb: &str, path: &str) -> String {
        let mut arn = self.arn();
        let _ = write!(arn, "/{stage}/{verb}/");
        for (place, segment) in path.trim_matches('/').split('/').enumerate() {
            if place > 0 {
                arn.push('/');
            }
            match percent_decode_str(segment).decode_utf8() {
                Ok(decoded) => arn.push_str(&decoded.replace('/', "%2F")),
                Err(_) => arn.push_str(segment),
            }
        }
        arn
    }

    /// The ARN that a function's permission for a method is held against: the path is the resource's own.
    pub fn source_arn(&self, stage: &str, verb: &str, resource: &CompiledResource) -> String {
        format!("{}/{stage}/{verb}{}", self.arn(), resource.path)
    }

    /// The ARN that a function's permission for an authorizer is held against.
    pub fn authorizer_arn(&self, authorizer: &AuthorizerId) -> String {
        format!("{}/authorizers/{authorizer}", self.arn())
    }

    fn arn(&self) -> String {
        format!("arn:aws:execute-api:{}:{}:{}", self.tenant.region, self.tenant.account, self.id)
    }
}
