//! The resource types that a template may have: each is a row that names what it demands and what it can do.
//!
//! A type calls the operations that a caller would, so that a template is held to what the API holds its callers to. What a
//! property may be comes from AWS's own schemas, which `cargo xtask generate` writes into `schemas/`.

mod apigateway;
mod apigateway_account;
mod apigateway_method;
mod apigateway_rest_api;
mod apigateway_stage;
mod apigatewayv2;
mod cognito;
mod cognito_user;
mod custom;
mod failure;
mod handler;
mod iam;
mod inline_code;
mod kept;
mod lambda;
mod lambda_layer;
mod lambda_version;
mod logs;
mod nested_stack;
mod noun;
mod provider;
mod reshape;
mod s3;
mod schema;
mod sdk_call;
mod secrets_manager;
mod ssm;
mod wait_condition;

use std::sync::OnceLock;

pub(super) use self::failure::HandlerFailure;
pub(super) use self::handler::{Change, Current, Desired, Handler, Made, Preparation, Prepared, Subject, Work};
pub(super) use self::schema::Schema;

/// A resource type.
pub(super) struct ResourceType {
    /// Its name, such as `AWS::Cognito::UserPool`.
    pub(super) name: &'static str,
    /// What it can do.
    pub(super) handler: &'static dyn Handler,
    schema: &'static str,
    parsed: OnceLock<Option<Schema>>,
}

impl ResourceType {
    /// What it demands of its properties. Every schema can be read: a test reads them all.
    pub(super) fn schema(&self) -> Option<&Schema> {
        self.parsed.get_or_init(|| serde_json::from_str(self.schema).ok()).as_ref()
    }
}

/// The type of this name.
pub(super) fn find(name: &str) -> Option<&'static ResourceType> {
    if is_custom(name) {
        return Some(&CUSTOM);
    }
    TYPES.iter().find(|it| it.name == name)
}

/// Characters that may follow `Custom::` (AWS CloudFormation, `AWS::CloudFormation::CustomResource`).
const CUSTOM_NAME_MAX: usize = 60;

fn is_custom(name: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '-');
    name == CUSTOM.name
        || name
            .strip_prefix("Custom::")
            .is_some_and(|it| (1..=CUSTOM_NAME_MAX).contains(&it.len()) && it.chars().all(is_allowed))
}

/// What a function of the user's stands behind, whatever the template calls it. Its properties are the function's matter.
static CUSTOM: ResourceType = ResourceType {
    name: "AWS::CloudFormation::CustomResource",
    handler: &custom::CustomResource,
    schema: "{}",
    parsed: OnceLock::new(),
};

macro_rules! types {
    ($($name:literal, $schema:literal => $handler:expr;)*) => {
        static TYPES: [ResourceType; [$($name),*].len()] = [$(ResourceType {
            name: $name,
            handler: &$handler,
            schema: include_str!(concat!("schemas/", $schema, ".json")),
            parsed: OnceLock::new(),
        }),*];
    };
}

types! {
    "AWS::ApiGateway::Account", "AWS-ApiGateway-Account" => apigateway_account::Account;
    "AWS::ApiGateway::ApiKey", "AWS-ApiGateway-ApiKey" => apigateway::API_KEY;
    "AWS::ApiGateway::Authorizer", "AWS-ApiGateway-Authorizer" => apigateway::AUTHORIZER;
    "AWS::ApiGateway::BasePathMapping", "AWS-ApiGateway-BasePathMapping" => apigateway::BASE_PATH_MAPPING;
    "AWS::ApiGateway::ClientCertificate", "AWS-ApiGateway-ClientCertificate" => apigateway::CLIENT_CERTIFICATE;
    "AWS::ApiGateway::Deployment", "AWS-ApiGateway-Deployment" => apigateway_stage::Deployment;
    "AWS::ApiGateway::DocumentationPart", "AWS-ApiGateway-DocumentationPart" => apigateway::DOCUMENTATION_PART;
    "AWS::ApiGateway::DocumentationVersion", "AWS-ApiGateway-DocumentationVersion" => apigateway::DOCUMENTATION_VERSION;
    "AWS::ApiGateway::DomainName", "AWS-ApiGateway-DomainName" => apigateway::DOMAIN_NAME;
    "AWS::ApiGateway::GatewayResponse", "AWS-ApiGateway-GatewayResponse" => apigateway::GATEWAY_RESPONSE;
    "AWS::ApiGateway::Method", "AWS-ApiGateway-Method" => apigateway_method::Method;
    "AWS::ApiGateway::Model", "AWS-ApiGateway-Model" => apigateway::MODEL;
    "AWS::ApiGateway::RequestValidator", "AWS-ApiGateway-RequestValidator" => apigateway::REQUEST_VALIDATOR;
    "AWS::ApiGateway::Resource", "AWS-ApiGateway-Resource" => apigateway::RESOURCE;
    "AWS::ApiGateway::RestApi", "AWS-ApiGateway-RestApi" => apigateway_rest_api::RestApi;
    "AWS::ApiGateway::Stage", "AWS-ApiGateway-Stage" => apigateway_stage::Stage;
    "AWS::ApiGateway::UsagePlan", "AWS-ApiGateway-UsagePlan" => apigateway_account::UsagePlan;
    "AWS::ApiGateway::UsagePlanKey", "AWS-ApiGateway-UsagePlanKey" => apigateway::USAGE_PLAN_KEY;
    "AWS::ApiGatewayV2::Api", "AWS-ApiGatewayV2-Api" => apigatewayv2::Api;
    "AWS::ApiGatewayV2::ApiMapping", "AWS-ApiGatewayV2-ApiMapping" => apigatewayv2::API_MAPPING;
    "AWS::ApiGatewayV2::Authorizer", "AWS-ApiGatewayV2-Authorizer" => apigatewayv2::AUTHORIZER;
    "AWS::ApiGatewayV2::Deployment", "AWS-ApiGatewayV2-Deployment" => apigatewayv2::DEPLOYMENT;
    "AWS::ApiGatewayV2::DomainName", "AWS-ApiGatewayV2-DomainName" => apigatewayv2::DOMAIN_NAME;
    "AWS::ApiGatewayV2::Integration", "AWS-ApiGatewayV2-Integration" => apigatewayv2::INTEGRATION;
    "AWS::ApiGatewayV2::Route", "AWS-ApiGatewayV2-Route" => apigatewayv2::ROUTE;
    "AWS::ApiGatewayV2::Stage", "AWS-ApiGatewayV2-Stage" => apigatewayv2::STAGE;
    "AWS::CDK::Metadata", "AWS-CDK-Metadata" => kept::OPAQUE;
    "AWS::CloudFormation::Stack", "AWS-CloudFormation-Stack" => nested_stack::NestedStack;
    "AWS::CloudFormation::WaitCondition", "AWS-CloudFormation-WaitCondition" => wait_condition::WaitCondition;
    "AWS::CloudFormation::WaitConditionHandle", "AWS-CloudFormation-WaitConditionHandle" => wait_condition::WaitConditionHandle;
    "AWS::Cognito::UserPool", "AWS-Cognito-UserPool" => cognito::UserPool;
    "AWS::Cognito::UserPoolClient", "AWS-Cognito-UserPoolClient" => cognito::USER_POOL_CLIENT;
    "AWS::Cognito::UserPoolDomain", "AWS-Cognito-UserPoolDomain" => cognito::USER_POOL_DOMAIN;
    "AWS::Cognito::UserPoolGroup", "AWS-Cognito-UserPoolGroup" => cognito::USER_POOL_GROUP;
    "AWS::Cognito::UserPoolResourceServer", "AWS-Cognito-UserPoolResourceServer" => cognito::RESOURCE_SERVER;
    "AWS::Cognito::UserPoolUser", "AWS-Cognito-UserPoolUser" => cognito_user::User;
    "AWS::Cognito::UserPoolUserToGroupAttachment", "AWS-Cognito-UserPoolUserToGroupAttachment" => cognito::USER_IN_GROUP;
    "AWS::ECR::Repository", "AWS-ECR-Repository" => kept::REPOSITORY;
    "AWS::IAM::ManagedPolicy", "AWS-IAM-ManagedPolicy" => iam::ManagedPolicy;
    "AWS::IAM::Policy", "AWS-IAM-Policy" => iam::InlinePolicy;
    "AWS::IAM::Role", "AWS-IAM-Role" => iam::Role;
    "AWS::KMS::Alias", "AWS-KMS-Alias" => kept::KMS_ALIAS;
    "AWS::KMS::Key", "AWS-KMS-Key" => kept::KMS_KEY;
    "AWS::Lambda::Alias", "AWS-Lambda-Alias" => lambda_version::Alias;
    "AWS::Lambda::EventInvokeConfig", "AWS-Lambda-EventInvokeConfig" => lambda::EVENT_INVOKE_CONFIG;
    "AWS::Lambda::Function", "AWS-Lambda-Function" => lambda::Function;
    "AWS::Lambda::LayerVersion", "AWS-Lambda-LayerVersion" => lambda_layer::LayerVersion;
    "AWS::Lambda::LayerVersionPermission", "AWS-Lambda-LayerVersionPermission" => kept::OPAQUE;
    "AWS::Lambda::Permission", "AWS-Lambda-Permission" => lambda::PERMISSION;
    "AWS::Lambda::Version", "AWS-Lambda-Version" => lambda_version::Version;
    "AWS::Logs::LogGroup", "AWS-Logs-LogGroup" => logs::LogGroup;
    "AWS::S3::Bucket", "AWS-S3-Bucket" => s3::Bucket;
    "AWS::S3::BucketPolicy", "AWS-S3-BucketPolicy" => kept::BUCKET_POLICY;
    "AWS::SNS::Topic", "AWS-SNS-Topic" => kept::TOPIC;
    "AWS::SNS::TopicPolicy", "AWS-SNS-TopicPolicy" => kept::OPAQUE;
    "AWS::SQS::Queue", "AWS-SQS-Queue" => kept::QUEUE;
    "AWS::SQS::QueuePolicy", "AWS-SQS-QueuePolicy" => kept::OPAQUE;
    "AWS::SSM::Parameter", "AWS-SSM-Parameter" => ssm::Parameter;
    "AWS::SecretsManager::ResourcePolicy", "AWS-SecretsManager-ResourcePolicy" => secrets_manager::RESOURCE_POLICY;
    "AWS::SecretsManager::RotationSchedule", "AWS-SecretsManager-RotationSchedule" => secrets_manager::RotationSchedule;
    "AWS::SecretsManager::Secret", "AWS-SecretsManager-Secret" => secrets_manager::Secret;
    "AWS::StepFunctions::StateMachine", "AWS-StepFunctions-StateMachine" => kept::STATE_MACHINE;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_can_be_read() {
        for it in &TYPES {
            serde_json::from_str::<Schema>(it.schema).unwrap_or_else(|error| panic!("{}: {error}", it.name));
        }
        assert!(TYPES.is_sorted_by_key(|it| it.name), "types are listed by name");
    }
}
