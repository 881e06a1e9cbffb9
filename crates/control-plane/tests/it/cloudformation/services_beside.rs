//! Roles, policies and secrets that stand beside pools and APIs.

use serde_json::{Value, json};

use super::{assert_made, events, everything_made, ok, output, status};
use crate::plane::Plane;

async fn deploy(plane: &Plane, action: &str, template: &Value, expected: &str) {
    let body = template.to_string();
    let parameters =
        [("StackName", "weather"), ("TemplateBody", &*body), ("Capabilities.member.1", "CAPABILITY_NAMED_IAM")];
    ok(plane, action, &parameters).await;
    let told = events(plane, "weather").await;
    assert_eq!(status(plane, "weather").await, expected, "{told:#?}");
}

fn document(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
}

fn roles() -> Value {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}},
    ]});
    json!({
        "Resources": {
            "Role": {"Type": "AWS::IAM::Role", "Properties": {
                "RoleName": "storms",
                "AssumeRolePolicyDocument": trust,
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
                "Policies": [{"PolicyName": "read", "PolicyDocument": document("s3:GetObject")}],
                "Tags": [{"Key": "team", "Value": "weather"}],
            }},
            "More": {"Type": "AWS::IAM::Policy", "Properties": {
                "PolicyName": "more", "PolicyDocument": document("s3:ListBucket"), "Roles": [{"Ref": "Role"}],
            }},
            "Shared": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {
                "ManagedPolicyName": "shared", "PolicyDocument": document("logs:*"), "Roles": [{"Ref": "Role"}],
            }},
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": "Role.Arn"}}, "Shared": {"Value": {"Ref": "Shared"}}},
    })
}

async fn iam(plane: &Plane, form: &str) -> String {
    let (status, xml) = plane.query("iam", &format!("Version=2010-05-08&{form}")).await;
    assert_eq!(status, 200, "{form}: {xml}");
    xml
}

#[tokio::test]
async fn roles_and_policies_are_those_of_iam() {
    let plane = Plane::new();
    let nothing = everything_made(&plane).await;
    deploy(&plane, "CreateStack", &roles(), "CREATE_COMPLETE").await;
    assert_eq!(output(&plane, "weather", "Arn").await, "arn:aws:iam::000000000000:role/storms");
    assert_eq!(output(&plane, "weather", "Shared").await, "arn:aws:iam::000000000000:policy/shared");
    let inline = iam(&plane, "Action=ListRolePolicies&RoleName=storms").await;
    assert!(inline.contains("<member>more</member><member>read</member>"), "{inline}");
    let attached = iam(&plane, "Action=ListAttachedRolePolicies&RoleName=storms").await;
    assert!(attached.contains("AWSLambdaBasicExecutionRole") && attached.contains("policy/shared"), "{attached}");
    let before = everything_made(&plane).await;

    let mut changed = roles();
    let role = &mut changed["Resources"]["Role"]["Properties"];
    role["Policies"] = json!([{"PolicyName": "write", "PolicyDocument": document("s3:PutObject")}]);
    role["ManagedPolicyArns"] = json!([]);
    role["Tags"] = json!([{"Key": "team", "Value": "storms"}]);
    changed["Resources"]["More"]["Properties"]["PolicyName"] = json!("other");
    changed["Resources"]["Shared"]["Properties"]["PolicyDocument"] = document("logs:PutLogEvents");
    let mut wrong = changed.clone();
    wrong["Resources"]["Wrong"] = json!({"Type": "AWS::IAM::Policy", "DependsOn": ["More", "Shared"], "Properties": {
        "PolicyName": "wrong", "PolicyDocument": document("s3:*"), "Users": ["ada"],
    }});
    deploy(&plane, "UpdateStack", &wrong, "UPDATE_ROLLBACK_COMPLETE").await;
    let is_policy = |it: &&(String, String)| !it.0.starts_with("managed_policy");
    let (kept, found): (Vec<_>, Vec<_>) =
        (before.iter().filter(is_policy).cloned().collect(), everything_made(&plane).await);
    // A managed policy that changed and changed back is another one of the same name.
    assert_eq!(found.iter().filter(is_policy).cloned().collect::<Vec<_>>(), kept);
    deploy(&plane, "UpdateStack", &changed, "UPDATE_COMPLETE").await;
    let inline = iam(&plane, "Action=ListRolePolicies&RoleName=storms").await;
    assert!(inline.contains("<member>other</member><member>write</member>"), "{inline}");

    ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
    assert_made(&plane, &nothing, "deleted").await;
}

async fn secret(plane: &Plane, id: &str) -> Value {
    let (status, answer) = plane.call("secretsmanager.GetSecretValue", json!({"SecretId": id})).await;
    assert_eq!(status, 200, "{answer}");
    answer["SecretString"].clone()
}

#[tokio::test]
async fn a_clients_secret_lands_in_a_secret_of_the_same_stack() {
    let plane = Plane::new();
    let nothing = everything_made(&plane).await;
    let template = json!({
        "Resources": {
            "Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {}},
            "Client": {"Type": "AWS::Cognito::UserPoolClient", "Properties": {
                "UserPoolId": {"Ref": "Pool"}, "GenerateSecret": true,
            }},
            "Kept": {"Type": "AWS::SecretsManager::Secret", "Properties": {
                "Name": "station",
                "SecretString": {"Fn::Sub": "{\"id\":\"${Client}\",\"secret\":\"${Client.ClientSecret}\"}"},
                "Tags": [{"Key": "team", "Value": "weather"}],
            }},
            "Generated": {"Type": "AWS::SecretsManager::Secret", "Properties": {
                "GenerateSecretString": {
                    "SecretStringTemplate": "{\"user\":\"ada\"}",
                    "GenerateStringKey": "password",
                    "PasswordLength": 20,
                    "ExcludePunctuation": true,
                },
            }},
            "Read": {"Type": "AWS::SSM::Parameter", "DependsOn": "Kept", "Properties": {
                "Type": "String", "Value": "{{resolve:secretsmanager:station:SecretString:id}}",
            }},
        },
        "Outputs": {"Client": {"Value": {"Ref": "Client"}}, "Generated": {"Value": {"Ref": "Generated"}}, "Read": {"Value": {"Ref": "Read"}}},
    });
    deploy(&plane, "CreateStack", &template, "CREATE_COMPLETE").await;
    let kept: Value = serde_json::from_str(secret(&plane, "station").await.as_str().unwrap()).unwrap();
    let client = output(&plane, "weather", "Client").await;
    assert_eq!(kept["id"], client.as_str());
    assert!(kept["secret"].as_str().is_some_and(|secret| secret.len() > 40), "{kept}");
    let generated = output(&plane, "weather", "Generated").await;
    let generated: Value = serde_json::from_str(secret(&plane, &generated).await.as_str().unwrap()).unwrap();
    assert_eq!((&generated["user"], generated["password"].as_str().map(str::len)), (&json!("ada"), Some(20)));
    let read = output(&plane, "weather", "Read").await;
    let (_, read) = plane.call("AmazonSSM.GetParameter", json!({"Name": read})).await;
    assert_eq!(read["Parameter"]["Value"], client.as_str());

    let mut changed = template.clone();
    changed["Resources"]["Kept"]["Properties"]["SecretString"] = json!("{\"id\":\"none\"}");
    changed["Resources"]["Kept"]["Properties"]["Tags"] = json!([]);
    deploy(&plane, "UpdateStack", &changed, "UPDATE_COMPLETE").await;
    assert_eq!(secret(&plane, "station").await, "{\"id\":\"none\"}");
    ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
    assert_made(&plane, &nothing, "deleted").await;
}
