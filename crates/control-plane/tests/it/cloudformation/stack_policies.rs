//! Stack policies: what updates may do to which resource.

use serde_json::{Value, json};

use super::{assert_made, call, create, events, everything_made, invalid, ok, status, weather};
use crate::plane::Plane;

fn statement(effect: &str, action: &str, resource: &str) -> Value {
    json!({"Effect": effect, "Action": action, "Principal": "*", "Resource": resource})
}

fn policy(statements: &[Value]) -> String {
    json!({ "Statement": statements }).to_string()
}

/// The template with one thing changed: in place, by another one, by nothing at all, or by a new one.
fn changed(how: &str) -> (Value, &'static str) {
    let mut template = weather();
    let resources = &mut template["Resources"];
    let logical_id = match how {
        "modify" => {
            resources["Server"]["Properties"]["Name"] = json!("Weather");
            "Server"
        }
        "replace" => {
            resources["Client"]["Properties"]["GenerateSecret"] = json!(false);
            resources["Client"]["Properties"]["AllowedOAuthFlows"] = json!(["implicit"]);
            resources["Client"]["Properties"]["CallbackURLs"] = json!(["https://example.com"]);
            "Client"
        }
        "delete" => {
            resources.as_object_mut().unwrap().remove("Stage");
            template["Outputs"].as_object_mut().unwrap().remove("Url");
            "Stage"
        }
        _ => {
            resources["Extra"] = json!({"Type": "AWS::ApiGateway::Model", "Properties": {
                "RestApiId": {"Ref": "Api"}, "Name": "Event", "ContentType": "application/json", "Schema": {"type": "object"},
            }});
            "Extra"
        }
    };
    (template, logical_id)
}

/// Updates a stack that has this policy: why its resource may not be changed, or nothing when it may.
async fn check(statements: &[Value], how: &str, expected: &str) {
    for by_change_set in [false, true] {
        let plane = Plane::new();
        create(&plane, "weather", &weather()).await;
        let before = everything_made(&plane).await;
        let policy = policy(statements);
        ok(&plane, "SetStackPolicy", &[("StackName", "weather"), ("StackPolicyBody", &policy)]).await;
        let (template, logical_id) = changed(how);
        let template = template.to_string();
        let parameters = [("StackName", "weather"), ("TemplateBody", &*template), ("ChangeSetName", "one")];
        if by_change_set {
            ok(&plane, "CreateChangeSet", &parameters).await;
            ok(&plane, "ExecuteChangeSet", &[("StackName", "weather"), ("ChangeSetName", "one")]).await;
        } else {
            ok(&plane, "UpdateStack", &parameters[..2]).await;
        }
        let (ended, told) = (status(&plane, "weather").await, events(&plane, "weather").await);
        if expected.is_empty() {
            assert_eq!(ended, "UPDATE_COMPLETE", "{how} {policy}: {told:#?}");
            continue;
        }
        assert_eq!(ended, "UPDATE_ROLLBACK_COMPLETE", "{how} {policy}: {told:#?}");
        assert!(told.contains(&(logical_id.into(), "UPDATE_FAILED".into(), expected.into())), "{told:#?}");
        let reason = format!("The following resource(s) failed to update: [{logical_id}]. ");
        assert!(told.contains(&("weather".into(), "UPDATE_ROLLBACK_IN_PROGRESS".into(), reason)), "{told:#?}");
        assert_made(&plane, &before, how).await;
    }
}

#[tokio::test]
async fn a_policy_says_what_updates_may_do() {
    let all = statement("Allow", "Update:*", "*");
    let denied = |at, actions: &str, resources: &str| {
        format!(
            "Action denied by stack policy: Statement [#{at}] does not allow [{actions}] for resource [{resources}];"
        )
    };
    let not_allowed = |action: &str, logical_id: &str| {
        format!(
            "Action not allowed by stack policy: No statement allows [{action}] for resource [LogicalResourceId/{logical_id}];"
        )
    };
    for how in ["modify", "replace", "delete", "add"] {
        check(std::slice::from_ref(&all), how, "").await;
    }
    let nothing = statement("Deny", "Update:*", "*");
    check(&[nothing.clone(), all.clone()], "modify", &denied(1, "Update:*", "*")).await;
    check(&[all.clone(), nothing.clone()], "delete", &denied(2, "Update:*", "*")).await;
    check(std::slice::from_ref(&nothing), "add", "").await;
    let in_place = [statement("Allow", "Update:Modify", "*")];
    check(&in_place, "modify", "").await;
    check(&in_place, "replace", &not_allowed("Update:Replace", "Client")).await;
    check(&in_place, "delete", &not_allowed("Update:Delete", "Stage")).await;
    let kept = [all.clone(), statement("Deny", "Update:Replace", "LogicalResourceId/Client")];
    check(&kept, "modify", "").await;
    check(&kept, "replace", &denied(2, "Update:Replace", "LogicalResourceId/Client")).await;
    let mut of_type = nothing;
    of_type["Condition"] = json!({"StringEquals": {"ResourceType": ["AWS::Cognito::UserPoolClient"]}});
    check(&[all.clone(), of_type.clone()], "modify", "").await;
    check(&[all, of_type], "replace", &denied(2, "Update:*", "*")).await;
}

async fn shown(plane: &Plane) -> String {
    ok(plane, "GetStackPolicy", &[("StackName", "weather")]).await.text("GetStackPolicyResult/StackPolicyBody")
}

#[tokio::test]
async fn an_update_may_bring_a_policy_for_itself_and_one_for_later() {
    let (open, closed) =
        (policy(&[statement("Allow", "Update:*", "*")]), policy(&[statement("Deny", "Update:*", "*")]));
    let plane = Plane::new();
    let template = weather().to_string();
    let parameters = [("StackName", "weather"), ("TemplateBody", &template), ("StackPolicyBody", &closed)];
    ok(&plane, "CreateStack", &parameters).await;
    assert_eq!(shown(&plane).await, closed);
    let update = async |how: &str, more: &[(&str, &str)], expected: &str| {
        let template = changed(how).0.to_string();
        let parameters = [("StackName", "weather"), ("TemplateBody", &*template)];
        ok(&plane, "UpdateStack", &[&parameters, more].concat()).await;
        assert_eq!(status(&plane, "weather").await, expected, "{how} {more:?}");
        shown(&plane).await
    };
    // What does not succeed does not change the policy either.
    assert_eq!(update("modify", &[("StackPolicyBody", &open)], "UPDATE_ROLLBACK_COMPLETE").await, closed);
    assert_eq!(update("modify", &[("StackPolicyDuringUpdateBody", &open)], "UPDATE_COMPLETE").await, closed);
    let both = [("StackPolicyDuringUpdateBody", &*open), ("StackPolicyBody", &*open)];
    assert_eq!(update("replace", &both, "UPDATE_COMPLETE").await, open);
    assert_eq!(update("modify", &[("StackPolicyDuringUpdateBody", &closed)], "UPDATE_ROLLBACK_COMPLETE").await, open);
    assert_eq!(update("add", &[], "UPDATE_COMPLETE").await, open);
}

#[tokio::test]
async fn a_policy_may_be_an_object_of_s3() {
    let plane = Plane::new();
    create(&plane, "weather", &weather()).await;
    assert_eq!(shown(&plane).await, "");
    let open = policy(&[statement("Allow", "Update:*", "*")]);
    assert_eq!(plane.s3("PUT /policies", &[], b"").await.0, 200);
    assert_eq!(plane.s3("PUT /policies/open.json", &[], open.as_bytes()).await.0, 200);
    let url = "https://s3.amazonaws.com/policies/open.json";
    ok(&plane, "SetStackPolicy", &[("StackName", "weather"), ("StackPolicyURL", url)]).await;
    assert_eq!(shown(&plane).await, open);
    let nowhere = [("StackName", "weather"), ("StackPolicyURL", "https://s3.amazonaws.com/policies/none.json")];
    let (code, message) = call(&plane, "SetStackPolicy", &nowhere).await.err().unwrap();
    assert!(code == "ValidationError" && message.starts_with("S3 error: "), "{code} {message}");
}

#[tokio::test]
async fn what_is_no_policy_is_refused() {
    let plane = Plane::new();
    create(&plane, "weather", &weather()).await;
    let refused = async |body: &str, message: &str| {
        for (action, member) in [
            ("SetStackPolicy", "StackPolicyBody"),
            ("UpdateStack", "StackPolicyBody"),
            ("UpdateStack", "StackPolicyDuringUpdateBody"),
        ] {
            let template = changed("modify").0.to_string();
            let template = (action == "UpdateStack").then_some(("TemplateBody", &*template));
            let parameters: Vec<_> = [("StackName", "weather"), (member, body)].into_iter().chain(template).collect();
            invalid(&plane, action, &parameters, message).await;
        }
    };
    refused("weather", "Error validating stack policy: Invalid stack policy").await;
    let other = policy(&[statement("Deny", "Delete:*", "*")]);
    refused(&other, "Error validating stack policy: Invalid stack policy").await;
    let unknown = policy(&[statement("Deny", "Update:*", "LogicalResourceId/Table")]);
    let message = "Error validating stack policy: Unknown logical id 'LogicalResourceId/Table' in statement {} - stack \
                   policies can only be applied to logical ids referenced in the template";
    refused(&unknown, message).await;
    let template = weather().to_string();
    let parameters = [("StackName", "other"), ("TemplateBody", &*template), ("StackPolicyBody", &unknown)];
    invalid(&plane, "CreateStack", &parameters, message).await;
    let both =
        [("StackName", "weather"), ("StackPolicyBody", "{}"), ("StackPolicyURL", "https://s3.amazonaws.com/a/b")];
    invalid(&plane, "SetStackPolicy", &both, "You cannot specify both StackPolicyURL and StackPolicyBody").await;
    let neither = [("StackName", "weather")];
    invalid(&plane, "SetStackPolicy", &neither, "You must specify either StackPolicyURL or StackPolicyBody").await;
    let none = [("StackName", "none"), ("StackPolicyBody", "{}")];
    invalid(&plane, "SetStackPolicy", &none, "Stack with id none does not exist").await;
    invalid(&plane, "GetStackPolicy", &none[..1], "Stack with id none does not exist").await;
}
