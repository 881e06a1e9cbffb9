//! What fails leaves what was there.

use serde_json::{Value, json};

use super::{assert_made, create, events, everything_made, ok, output, status, update, weather};
use crate::plane::Plane;

/// The logical ids of a template's resources.
fn names(template: &Value) -> Vec<String> {
    template["Resources"].as_object().unwrap().keys().cloned().collect()
}

/// The template with a resource that cannot be made.
fn broken(mut template: Value, logical_id: &str) -> Value {
    template["Resources"][logical_id]["Properties"]["Nonsense"] = json!(true);
    template
}

#[tokio::test]
async fn a_stack_that_fails_at_any_resource_leaves_nothing() {
    for logical_id in names(&weather()) {
        let plane = Plane::new();
        create(&plane, "weather", &broken(weather(), &logical_id)).await;
        let told = events(&plane, "weather").await;
        assert_eq!(status(&plane, "weather").await, "ROLLBACK_COMPLETE", "{logical_id}: {told:#?}");
        let reason = format!(
            "Properties validation failed for resource {logical_id} with message:\n[#: extraneous key [Nonsense] is not \
             permitted]"
        );
        assert!(told.contains(&(logical_id.clone(), "CREATE_FAILED".into(), reason)), "{told:#?}");
        let reason = format!("The following resource(s) failed to create: [{logical_id}]. Rollback requested by user.");
        assert!(told.contains(&("weather".into(), "ROLLBACK_IN_PROGRESS".into(), reason)), "{told:#?}");
        assert_made(&plane, &[], &logical_id).await;
        ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
        create(&plane, "weather", &weather()).await;
    }
}

/// A template in which nearly everything is changed.
fn changed() -> Value {
    let mut template = weather();
    let resources = &mut template["Resources"];
    resources["Pool"]["Properties"]["DeletionProtection"] = json!("INACTIVE");
    resources["Pool"]["Properties"]["UserPoolTags"] = json!({"team": "weather"});
    resources["Server"]["Properties"]["Name"] = json!("Weather");
    resources["Client"]["Properties"]["GenerateSecret"] = json!(false);
    resources["Client"]["Properties"]["AllowedOAuthFlows"] = json!(["code"]);
    resources["Client"]["Properties"]["CallbackURLs"] = json!(["https://example.com"]);
    resources["Api"]["Properties"]["Description"] = json!("of events");
    resources["Events"]["Properties"]["PathPart"] = json!("storms");
    resources["Authorizer"]["Properties"]["Name"] = json!("other");
    resources["Get"]["Properties"]["Integration"]["IntegrationResponses"] =
        json!([{"StatusCode": "200", "ResponseTemplates": {"application/json": "{}"}}]);
    resources["Deployment"]["Properties"]["Description"] = json!("second");
    resources["Stage"]["Properties"]["StageName"] = json!("live");
    resources["Extra"] = json!({"Type": "AWS::ApiGateway::Model", "Properties": {
        "RestApiId": {"Ref": "Api"}, "Name": "Event", "ContentType": "application/json", "Schema": {"type": "object"},
    }});
    template
}

#[tokio::test]
async fn an_update_that_fails_at_any_resource_leaves_what_was_there() {
    for logical_id in names(&changed()) {
        let plane = Plane::new();
        create(&plane, "weather", &weather()).await;
        let (before, url) = (everything_made(&plane).await, output(&plane, "weather", "Url").await);
        update(&plane, "weather", &broken(changed(), &logical_id)).await;
        let told = events(&plane, "weather").await;
        assert_eq!(status(&plane, "weather").await, "UPDATE_ROLLBACK_COMPLETE", "{logical_id}: {told:#?}");
        assert_made(&plane, &before, &logical_id).await;
        assert_eq!(output(&plane, "weather", "Url").await, url);
        // And it can be updated as if nothing had happened.
        update(&plane, "weather", &changed()).await;
        assert_eq!(status(&plane, "weather").await, "UPDATE_COMPLETE", "{logical_id}");
        ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
        assert_made(&plane, &[], &logical_id).await;
    }
}

#[tokio::test]
async fn the_caller_decides_what_becomes_of_a_stack_that_fails() {
    let check = async |on_failure: &str, expected: &str, is_left: bool| {
        let plane = Plane::new();
        let template = broken(weather(), "Stage").to_string();
        let parameters = [("StackName", "weather"), ("TemplateBody", &template), ("OnFailure", on_failure)];
        let made = ok(&plane, "CreateStack", &parameters).await;
        assert_eq!(status(&plane, &made.text("CreateStackResult/StackId")).await, expected);
        assert_eq!(!everything_made(&plane).await.is_empty(), is_left, "{on_failure}");
        plane
    };
    check("ROLLBACK", "ROLLBACK_COMPLETE", false).await;
    check("DELETE", "DELETE_COMPLETE", false).await;
    let plane = check("DO_NOTHING", "CREATE_FAILED", true).await;
    ok(&plane, "RollbackStack", &[("StackName", "weather")]).await;
    assert_eq!(status(&plane, "weather").await, "ROLLBACK_COMPLETE");
    assert_made(&plane, &[], "deleted").await;
}

#[tokio::test]
async fn an_update_that_stopped_can_be_mended_or_undone() {
    for undoes in [true, false] {
        let plane = Plane::new();
        create(&plane, "weather", &weather()).await;
        let before = everything_made(&plane).await;
        let template = broken(changed(), "Stage").to_string();
        let parameters = [("StackName", "weather"), ("TemplateBody", &*template), ("DisableRollback", "true")];
        ok(&plane, "UpdateStack", &parameters).await;
        assert_eq!(status(&plane, "weather").await, "UPDATE_FAILED");
        if undoes {
            ok(&plane, "RollbackStack", &[("StackName", "weather")]).await;
            assert_eq!(status(&plane, "weather").await, "UPDATE_ROLLBACK_COMPLETE");
            assert_made(&plane, &before, "undone").await;
        } else {
            update(&plane, "weather", &changed()).await;
            assert_eq!(status(&plane, "weather").await, "UPDATE_COMPLETE");
        }
        ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
        assert_made(&plane, &[], "deleted").await;
    }
}
