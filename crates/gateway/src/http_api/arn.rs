//! The ARNs of an HTTP API's routes and authorizers.

use claviger_resources::AuthorizerId;

use super::{CompiledHttpApi, CompiledRoute};
use crate::arn;

impl CompiledHttpApi {
    /// The ARN of a route with the path that was asked for, which is what an authorizer's policy is held against.
    pub fn route_arn(&self, stage: &str, verb: &str, path: &str) -> String {
        arn::of_call(self.arn(), stage, verb, path)
    }

    /// The ARN that a function's permission for a route is held against: the path is the route's own, and `$default` stands
    /// alone (API Gateway, "Create AWS Lambda proxy integrations for HTTP APIs", permission to invoke).
    pub fn source_arn(&self, stage: &str, verb: &str, route: &CompiledRoute) -> String {
        match &route.path {
            Some(path) => format!("{}/{stage}/{verb}{path}", self.arn()),
            None => format!("{}/{stage}/$default", self.arn()),
        }
    }

    /// The ARN that a function's permission for an authorizer is held against.
    pub fn authorizer_arn(&self, authorizer: &AuthorizerId) -> String {
        arn::of_authorizer(self.arn(), authorizer)
    }

    fn arn(&self) -> String {
        arn::of_api(&self.tenant, &self.id)
    }
}
