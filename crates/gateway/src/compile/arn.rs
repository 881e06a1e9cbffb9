//! The ARNs of a REST API's methods and authorizers.

use claviger_resources::AuthorizerId;

use super::{CompiledApi, CompiledResource};
use crate::arn;

impl CompiledApi {
    /// The ARN of a method with the path that was asked for, which is what an authorizer's policy is held against.
    pub fn method_arn(&self, stage: &str, verb: &str, path: &str) -> String {
        arn::of_call(self.arn(), stage, verb, path)
    }

    /// The ARN that a function's permission for a method is held against: the path is the resource's own.
    pub fn source_arn(&self, stage: &str, verb: &str, resource: &CompiledResource) -> String {
        format!("{}/{stage}/{verb}{}", self.arn(), resource.path)
    }

    /// The ARN that a function's permission for an authorizer is held against.
    pub fn authorizer_arn(&self, authorizer: &AuthorizerId) -> String {
        arn::of_authorizer(self.arn(), authorizer)
    }

    fn arn(&self) -> String {
        arn::of_api(&self.tenant, &self.id)
    }
}
