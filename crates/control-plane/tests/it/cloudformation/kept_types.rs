//! Types that are kept and decide nothing have the names and attributes that other resources refer to.

use serde_json::{Value, json};

use super::{create, invalid, output, status};
use crate::plane::Plane;

/// Makes one resource of a type; holds what `Ref` and each attribute give.
async fn check(resource_type: &str, properties: Value, reference: &str, attributes: &[(&str, &str)]) {
    let plane = Plane::new();
    let mut outputs = json!({"Ref": {"Value": {"Ref": "It"}}});
    for (name, _) in attributes {
        outputs[name] = json!({"Value": {"Fn::GetAtt": ["It", name]}});
    }
    let template = json!({
        "Resources": {"It": {"Type": resource_type, "Properties": properties}},
        "Outputs": outputs,
    });
    create(&plane, "weather", &template).await;
    assert_eq!(status(&plane, "weather").await, "CREATE_COMPLETE", "{resource_type}");
    assert_eq!(output(&plane, "weather", "Ref").await, reference, "{resource_type}");
    for (name, expected) in attributes {
        assert_eq!(output(&plane, "weather", name).await, *expected, "{resource_type}.{name}");
    }
}

#[tokio::test]
async fn kept_types_have_their_names_and_attributes() {
    let machine = "arn:aws:states:us-east-1:000000000000:stateMachine:storms";
    check(
        "AWS::StepFunctions::StateMachine",
        json!({
            "StateMachineName": "storms", "DefinitionString": "{}",
            "RoleArn": "arn:aws:iam::000000000000:role/storms",
        }),
        machine,
        &[("Arn", machine), ("Name", "storms")],
    )
    .await;
    let topic = "arn:aws:sns:us-east-1:000000000000:storms";
    check("AWS::SNS::Topic", json!({"TopicName": "storms"}), topic, &[("TopicArn", topic), ("TopicName", "storms")])
        .await;
    let queue = "https://sqs.us-east-1.amazonaws.com/000000000000/storms";
    let arn = "arn:aws:sqs:us-east-1:000000000000:storms";
    check(
        "AWS::SQS::Queue",
        json!({"QueueName": "storms"}),
        queue,
        &[("QueueUrl", queue), ("QueueName", "storms"), ("Arn", arn)],
    )
    .await;
    check(
        "AWS::ECR::Repository",
        json!({"RepositoryName": "storms"}),
        "storms",
        &[
            ("Arn", "arn:aws:ecr:us-east-1:000000000000:repository/storms"),
            ("RepositoryUri", "000000000000.dkr.ecr.us-east-1.amazonaws.com/storms"),
        ],
    )
    .await;
    check("AWS::KMS::Alias", json!({"AliasName": "alias/a", "TargetKeyId": "k"}), "alias/a", &[]).await;
    check("AWS::S3::BucketPolicy", json!({"Bucket": "storms", "PolicyDocument": {}}), "storms", &[]).await;
}

#[tokio::test]
async fn types_that_would_have_to_do_something_are_refused_before_anything_is_made() {
    let plane = Plane::new();
    for unknown in [
        "AWS::DynamoDB::Table",
        "AWS::Events::Rule",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Url",
        "AWS::SNS::Subscription",
    ] {
        let template = json!({"Resources": {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "It": {"Type": unknown},
        }});
        let message = format!(
            "Template format error: Unrecognized resource types: [{unknown}] (docs/cloudformation.md lists what Claviger \
             serves)"
        );
        let body = template.to_string();
        let parameters = [("StackName", "weather"), ("TemplateBody", &*body)];
        invalid(&plane, "CreateStack", &parameters, &message).await;
    }
}
