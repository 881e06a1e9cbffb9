//! Operations called from within: a stack's resource is made by the very operation that a caller would name, its input
//! held to the same shapes.

use claviger_aws_protocol::failure::Failure;
use claviger_aws_protocol::shape::{Rules, Shape};
use serde_json::Value;

use crate::operation::{Caller, Row, Staged};
use crate::services::Services;

/// An operation of a service, as callers from within find it.
#[derive(Clone, Copy)]
pub(crate) struct Callable {
    pub(super) row: &'static Row,
    pub(super) input: &'static Shape,
    pub(super) rules: Rules<'static>,
}

/// The services whose operations are called from within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    /// Amazon Cognito user pools.
    Cognito,
    /// Amazon API Gateway, REST APIs.
    RestApis,
    /// Amazon API Gateway, HTTP APIs.
    HttpApis,
    /// AWS Lambda.
    Lambda,
    /// AWS Systems Manager.
    Ssm,
}

impl Api {
    /// What CloudFormation calls the service in its messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cognito => "CognitoIdentityProvider",
            Self::RestApis => "ApiGateway",
            Self::HttpApis => "ApiGatewayV2",
            Self::Lambda => "Lambda",
            Self::Ssm => "Ssm",
        }
    }

    fn find(self, operation: &str) -> Option<Callable> {
        match self {
            Self::Cognito => super::aws_json::callable("AWSCognitoIdentityProviderService", operation),
            Self::RestApis => super::rest_json::callable(&super::rest_json::API_GATEWAY, operation),
            Self::HttpApis => super::rest_json::callable(&super::rest_json::API_GATEWAY_V2, operation),
            Self::Lambda => super::rest_json::callable(&super::rest_json::LAMBDA, operation),
            Self::Ssm => super::aws_json::callable("AmazonSSM", operation),
        }
    }

    /// What an operation takes.
    pub(crate) fn input(self, operation: &str) -> Option<&'static Shape> {
        self.find(operation).map(|callable| callable.input)
    }

    /// Holds an input to the operation's shape and does what comes before its transaction.
    pub(crate) async fn stage(
        self,
        operation: &'static str,
        input: Value,
        services: &Services,
        caller: &Caller,
    ) -> Result<Box<dyn Staged>, Failure> {
        let callable = self
            .find(operation)
            .ok_or_else(|| Failure::unknown_operation(format!("{operation} is not an operation of {}", self.name())))?;
        let input = callable.rules.check(callable.input, input)?;
        callable.row.stage(services, caller, input).await
    }
}
