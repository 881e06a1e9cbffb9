//! The role of a function that does not name one.

use serde_json::{Map, Value, json};

use super::definition::{Definition, tag_list};
use super::members;
use crate::TemplateError;

/// AWS's policies that lie beneath `service-role/`.
const SERVICE_ROLES: [&str; 8] = [
    "AWSLambdaBasicExecutionRole",
    "AWSLambdaDynamoDBExecutionRole",
    "AWSLambdaENIManagementAccess",
    "AWSLambdaKinesisExecutionRole",
    "AWSLambdaMSKExecutionRole",
    "AWSLambdaRole",
    "AWSLambdaSQSQueueExecutionRole",
    "AWSLambdaVPCAccessExecutionRole",
];

/// Properties of the role.
pub(super) fn properties(
    definition: &Definition,
    partition: &str,
    tags: &Map<String, Value>,
) -> Result<Map<String, Value>, TemplateError> {
    let managed = |name: &str| {
        let path = if SERVICE_ROLES.contains(&name) { "service-role/" } else { "" };
        Value::from(format!("arn:{partition}:iam::aws:policy/{path}{name}"))
    };
    let given = |name: &str| definition.properties.get(name).cloned();
    let mut arns = vec![managed("AWSLambdaBasicExecutionRole")];
    if given("Tracing").is_some_and(|tracing| tracing == "Active") {
        arns.push(managed("AWSXRayDaemonWriteAccess"));
    }
    if given("VpcConfig").is_some() {
        arns.push(managed("AWSLambdaVPCAccessExecutionRole"));
    }
    let mut documents = Vec::new();
    let policies = match given("Policies") {
        None => Vec::new(),
        Some(Value::Array(policies)) => policies,
        Some(policy) => vec![policy],
    };
    for policy in policies {
        match policy {
            Value::String(name) if name.starts_with("arn:") => arns.push(name.into()),
            Value::String(name) => arns.push(managed(&name)),
            Value::Object(members) if members.contains_key("Statement") => {
                documents.push(Value::Object(members));
            }
            Value::Object(members)
                if members.len() == 1 && members.keys().all(|name| name == "Ref" || name.starts_with("Fn::")) =>
            {
                arns.push(Value::Object(members));
            }
            Value::Object(members) if members.len() == 1 => {
                for (name, parameters) in members {
                    let statement = template(&name, &parameters, partition).ok_or_else(|| {
                        definition.invalid(&format!("Policy template {name} does not exist or is not supported here."))
                    })?;
                    documents.push(json!({ "Version": "2012-10-17", "Statement": [statement] }));
                }
            }
            _ => {
                return Err(
                    definition.invalid("Policies must be the names of policies, policy documents or policy templates.")
                );
            }
        }
    }
    let id = &definition.id;
    let documents: Vec<Value> = documents
        .into_iter()
        .enumerate()
        .map(|(at, document)| json!({ "PolicyName": format!("{id}RolePolicy{at}"), "PolicyDocument": document }))
        .collect();
    let mut role = members(json!({
        "AssumeRolePolicyDocument": given("AssumeRolePolicyDocument").unwrap_or_else(|| json!({
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": ["sts:AssumeRole"],
                    "Effect": "Allow",
                    "Principal": { "Service": ["lambda.amazonaws.com"] },
                },
            ],
        })),
        "ManagedPolicyArns": arns,
        "Tags": tag_list(tags),
    }));
    if !documents.is_empty() {
        role.insert("Policies".to_owned(), documents.into());
    }
    role.extend(given("PermissionsBoundary").map(|boundary| ("PermissionsBoundary".to_owned(), boundary)));
    role.extend(given("RolePath").map(|path| ("Path".to_owned(), path)));
    Ok(role)
}

/// The statement of a policy template: of those whose services are at hand.
fn template(name: &str, parameters: &Value, partition: &str) -> Option<Value> {
    let allow = |actions: &[&str], parameter: &str, arn: &str| {
        let value = parameters.get(parameter)?;
        let arn = format!("arn:{partition}:{arn}");
        Some(json!({
            "Effect": "Allow",
            "Action": actions,
            "Resource": { "Fn::Sub": [arn, { "name": value }] },
        }))
    };
    match name {
        "LambdaInvokePolicy" => allow(
            &["lambda:InvokeFunction"],
            "FunctionName",
            "lambda:${AWS::Region}:${AWS::AccountId}:function:${name}*",
        ),
        "SSMParameterReadPolicy" => allow(
            &["ssm:GetParameters", "ssm:GetParameter", "ssm:GetParametersByPath"],
            "ParameterName",
            "ssm:${AWS::Region}:${AWS::AccountId}:parameter/${name}",
        ),
        "AWSSecretsManagerGetSecretValuePolicy" => Some(json!({
            "Effect": "Allow",
            "Action": ["secretsmanager:GetSecretValue"],
            "Resource": parameters.get("SecretArn")?,
        })),
        "S3ReadPolicy" => {
            allow(&["s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"], "BucketName", "s3:::${name}*")
        }
        "SQSSendMessagePolicy" => {
            allow(&["sqs:SendMessage*"], "QueueName", "sqs:${AWS::Region}:${AWS::AccountId}:${name}")
        }
        "SNSPublishMessagePolicy" => {
            allow(&["sns:Publish"], "TopicName", "sns:${AWS::Region}:${AWS::AccountId}:${name}")
        }
        _ => None,
    }
}
