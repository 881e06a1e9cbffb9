//! The templates that tools make of real projects: made, changed, broken at every resource in turn, and deleted.

use std::io::{Cursor, Write as _};
use std::path::Path;

use serde_json::{Value, json};
use zip::write::SimpleFileOptions;

use super::{assert_made, call, events, everything_made, ok, status};
use crate::plane::Plane;

/// Where the projects are.
const PROJECTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../compat/tutorials/projects");
/// Where the CDK puts assets.
const BUCKET: &str = "cdk-hnb659fds-assets-000000000000-us-east-1";

/// Stacks in the order in which they are made.
struct Stacks(Vec<(String, Value)>);

impl Stacks {
    /// The templates of a project: file and stack.
    fn read(folder: &str, stacks: &[&str]) -> Self {
        let read = |stack: &&str| {
            let path = Path::new(PROJECTS).join(folder).join(format!("{stack}.template.json"));
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            ((*stack).to_owned(), serde_json::from_str(&text).unwrap())
        };
        Self(stacks.iter().map(read).collect())
    }

    /// Makes a plane, with the code of functions in S3.
    async fn plane(&self) -> Plane {
        let plane = Plane::new();
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("index.js", SimpleFileOptions::default()).unwrap();
        zip.write_all(b"exports.handler = async () => ({});").unwrap();
        let zip = zip.finish().unwrap().into_inner();
        let codes = self
            .0
            .iter()
            .flat_map(|(_, template)| resources(template))
            .filter_map(|(_, resource)| Some(resource["Properties"]["Code"]["S3Key"].as_str()?.to_owned()));
        for key in codes.collect::<Vec<_>>() {
            let (status, ..) = plane.s3(&format!("PUT /{BUCKET}/{key}"), &[], &zip).await;
            assert_eq!(status, 200);
        }
        plane
    }
}

fn resources(template: &Value) -> impl Iterator<Item = (&String, &Value)> {
    template["Resources"].as_object().unwrap().iter()
}

/// Creates or updates a stack; how it ended.
async fn deploy(plane: &Plane, action: &str, stack: &str, template: &Value) -> String {
    let body = template.to_string();
    let mut parameters = vec![("StackName", stack), ("TemplateBody", &*body)];
    parameters.extend([("Capabilities.member.1", "CAPABILITY_NAMED_IAM")]);
    ok(plane, action, &parameters).await;
    loop {
        let status = status(plane, stack).await;
        if !status.ends_with("_IN_PROGRESS") {
            return status;
        }
        tokio::task::yield_now().await;
    }
}

async fn deployed(plane: &Plane, action: &str, stack: &str, template: &Value, expected: &str) {
    let status = deploy(plane, action, stack, template).await;
    if status != expected {
        let failed: Vec<_> = events(plane, stack).await.into_iter().filter(|it| it.1.ends_with("_FAILED")).collect();
        panic!("{stack}: {status} instead of {expected}: {failed:#?}");
    }
}

/// The template with a resource that cannot be made.
fn broken(mut template: Value, logical_id: &str) -> Value {
    template["Resources"][logical_id]["Properties"]["Nonsense"] = json!(true);
    template
}

/// The template with a scope more, another stage, and clients that have to be replaced.
fn changed(mut template: Value) -> Value {
    for resource in template["Resources"].as_object_mut().unwrap().values_mut() {
        let kind = resource["Type"].as_str().unwrap().to_owned();
        let properties = &mut resource["Properties"];
        match kind.as_str() {
            "AWS::Cognito::UserPoolResourceServer" => {
                let scope = json!({"ScopeName": "more", "ScopeDescription": "One more"});
                properties["Scopes"].as_array_mut().unwrap().push(scope);
            }
            "AWS::Cognito::UserPoolClient" => {
                let is_secret = properties["GenerateSecret"] == true;
                properties["GenerateSecret"] = json!(!is_secret);
                // A client without a secret cannot ask for tokens of its own.
                properties["AllowedOAuthFlows"] = json!(["code"]);
                properties["CallbackURLs"] = json!(["https://example.com"]);
            }
            "AWS::ApiGateway::Stage" => properties["StageName"] = json!("renamed"),
            _ => {}
        }
    }
    template
}

/// The template whose resources all go with it.
fn retaining_nothing(mut template: Value) -> Value {
    for resource in template["Resources"].as_object_mut().unwrap().values_mut() {
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            resource.as_object_mut().unwrap().remove(policy);
        }
    }
    template
}

/// Makes, changes, breaks and deletes; nothing is left that should not be.
async fn check(folder: &str, stacks: &[&str]) {
    let Stacks(stacks) = Stacks::read(folder, stacks);
    let stacks = Stacks(stacks.into_iter().map(|(name, template)| (name, retaining_nothing(template))).collect());
    let plane = stacks.plane().await;
    let nothing = everything_made(&plane).await;
    let mut before = nothing.clone();
    for (name, template) in &stacks.0 {
        for (logical_id, _) in resources(template) {
            deployed(&plane, "CreateStack", name, &broken(template.clone(), logical_id), "ROLLBACK_COMPLETE").await;
            assert_made(&plane, &before, &format!("{name} broken at {logical_id}")).await;
            ok(&plane, "DeleteStack", &[("StackName", name)]).await;
        }
        deployed(&plane, "CreateStack", name, template, "CREATE_COMPLETE").await;
        before = everything_made(&plane).await;
    }
    for (name, template) in &stacks.0 {
        let wanted = changed(template.clone());
        for (logical_id, _) in resources(template) {
            deployed(&plane, "UpdateStack", name, &broken(wanted.clone(), logical_id), "UPDATE_ROLLBACK_COMPLETE")
                .await;
            assert_made(&plane, &before, &format!("the update of {name} broken at {logical_id}")).await;
        }
        if wanted == *template {
            let body = template.to_string();
            let refused = call(
                &plane,
                "UpdateStack",
                &[("StackName", name), ("TemplateBody", &*body), ("Capabilities.member.1", "CAPABILITY_NAMED_IAM")],
            )
            .await
            .err();
            let expected = ("ValidationError".to_owned(), "No updates are to be performed.".to_owned());
            assert_eq!(refused, Some(expected), "{name}");
        } else {
            deployed(&plane, "UpdateStack", name, &wanted, "UPDATE_COMPLETE").await;
            before = everything_made(&plane).await;
        }
    }
    for (name, _) in stacks.0.iter().rev() {
        ok(&plane, "DeleteStack", &[("StackName", name)]).await;
        assert!(call(&plane, "DescribeStacks", &[("StackName", name)]).await.is_err(), "{name} is still there");
    }
    assert_made(&plane, &nothing, "deleted").await;
}

#[tokio::test]
async fn three_stacks_that_hand_values_on() {
    let stacks = [
        "ClientCredentialsFlowStackCognitoStack3E9D8C8A",
        "ClientCredentialsFlowStack",
        "ClientCredentialsFlowStackApiGatewayStack62021759",
    ];
    check("cdk-mock-awesomeapi/synth/no-flags", &stacks).await;
    check("cdk-mock-awesomeapi/synth/init-flags", &stacks).await;
}

#[tokio::test]
async fn a_function_behind_an_api() {
    check("cdk-lambda-user-api/synth/no-flags", &["SampleOauthStack"]).await;
    check("cdk-lambda-user-api/synth/init-flags", &["SampleOauthStack"]).await;
}

#[tokio::test]
async fn an_authorizer_for_machines_and_users() {
    check("cdk-dual-auth/synth/no-flags", &["CompleteM2MOAuth", "M2MAuth", "DualAuthAPI"]).await;
    check("cdk-dual-auth/synth/init-flags", &["CompleteM2MOAuth", "M2MAuth", "DualAuthAPI"]).await;
}

#[tokio::test]
async fn a_service_of_the_serverless_framework() {
    let folder = Path::new(PROJECTS).join("serverless-weather-events/synth");
    let read =
        |name: &str| -> Value { serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap() };
    let plane = Plane::new();
    let nothing = everything_made(&plane).await;
    let first = read("cloudformation-template-create-stack.json");
    deployed(&plane, "CreateStack", "weather", &first, "CREATE_COMPLETE").await;
    let before = everything_made(&plane).await;
    let second = read("cloudformation-template-update-stack.json");
    for (logical_id, _) in resources(&second) {
        deployed(&plane, "UpdateStack", "weather", &broken(second.clone(), logical_id), "UPDATE_ROLLBACK_COMPLETE")
            .await;
        assert_made(&plane, &before, &format!("broken at {logical_id}")).await;
    }
    deployed(&plane, "UpdateStack", "weather", &second, "UPDATE_COMPLETE").await;
    let before = everything_made(&plane).await;
    for (logical_id, _) in resources(&second) {
        let wrong = broken(changed(second.clone()), logical_id);
        deployed(&plane, "UpdateStack", "weather", &wrong, "UPDATE_ROLLBACK_COMPLETE").await;
        assert_made(&plane, &before, &format!("the change broken at {logical_id}")).await;
    }
    deployed(&plane, "UpdateStack", "weather", &changed(second), "UPDATE_COMPLETE").await;
    ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
    assert_made(&plane, &nothing, "deleted").await;
}
