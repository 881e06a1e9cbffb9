//! Values that stacks hand to each other.

use serde_json::{Value, json};

use super::{create, events, invalid, ok, output, status, update};
use crate::plane::Plane;

fn exporter(name: &str, pool: &str) -> Value {
    json!({
        "Resources": {"Pool": {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolName": pool}}},
        "Outputs": {"Pool": {"Value": {"Ref": "Pool"}, "Export": {"Name": name}}},
    })
}

fn importer(name: &str) -> Value {
    json!({
        "Resources": {"Server": {
            "Type": "AWS::Cognito::UserPoolResourceServer",
            "Properties": {"UserPoolId": {"Fn::ImportValue": name}, "Identifier": "api", "Name": "api"},
        }},
    })
}

#[tokio::test]
async fn an_export_is_not_taken_from_those_who_import_it() {
    let plane = Plane::new();
    create(&plane, "one", &exporter("pool-id", "first")).await;
    create(&plane, "two", &importer("pool-id")).await;
    assert_eq!(status(&plane, "two").await, "CREATE_COMPLETE", "{:#?}", events(&plane, "two").await);
    let exports = ok(&plane, "ListExports", &[]).await;
    let export = "ListExportsResult/Exports/member";
    assert_eq!(exports.text(&format!("{export}/Name")), "pool-id");
    assert_eq!(exports.text(&format!("{export}/Value")), output(&plane, "one", "Pool").await);
    let imports = ok(&plane, "ListImports", &[("ExportName", "pool-id")]).await;
    assert_eq!(imports.text("ListImportsResult/Imports/member"), "two");

    ok(&plane, "DeleteStack", &[("StackName", "one")]).await;
    assert_eq!(status(&plane, "one").await, "DELETE_FAILED");
    let in_use = "Export pool-id cannot be deleted as it is in use by two";
    assert!(events(&plane, "one").await.contains(&("one".into(), "DELETE_FAILED".into(), in_use.into())));

    ok(&plane, "DeleteStack", &[("StackName", "two")]).await;
    invalid(&plane, "ListImports", &[("ExportName", "pool-id")], "Export 'pool-id' is not imported by any stack.")
        .await;
    ok(&plane, "DeleteStack", &[("StackName", "one")]).await;
    assert!(!ok(&plane, "ListExports", &[]).await.has(export));
}

#[tokio::test]
async fn a_renamed_export_that_is_in_use_takes_its_update_back() {
    let plane = Plane::new();
    create(&plane, "one", &exporter("pool-id", "first")).await;
    create(&plane, "two", &importer("pool-id")).await;
    update(&plane, "one", &exporter("other", "second")).await;
    assert_eq!(status(&plane, "one").await, "UPDATE_ROLLBACK_COMPLETE");
    let told = events(&plane, "one").await;
    let in_use = "Export pool-id cannot be deleted as it is in use by two";
    assert!(told.contains(&("one".into(), "UPDATE_ROLLBACK_IN_PROGRESS".into(), in_use.into())), "{told:#?}");
}

#[tokio::test]
async fn a_name_is_exported_once_and_a_missing_one_fails_the_stack() {
    let plane = Plane::new();
    create(&plane, "one", &exporter("pool-id", "first")).await;
    create(&plane, "two", &exporter("pool-id", "second")).await;
    assert_eq!(status(&plane, "two").await, "ROLLBACK_COMPLETE");
    let reason = "Export with name pool-id is already exported by stack one.Rollback requested by user.";
    assert!(events(&plane, "two").await.contains(&("two".into(), "ROLLBACK_IN_PROGRESS".into(), reason.into())));
    create(&plane, "three", &importer("nothing")).await;
    let told = events(&plane, "three").await;
    assert!(told.contains(&("Server".into(), "CREATE_FAILED".into(), "No export named nothing found.".into())));
}

#[tokio::test]
async fn outputs_are_read_across_stacks_without_coupling_them() {
    let plane = Plane::new();
    create(&plane, "one", &exporter("pool-id", "first")).await;
    let reads = |output: &str| {
        json!({"Resources": {"Server": {
            "Type": "AWS::Cognito::UserPoolResourceServer",
            "Properties": {
                "UserPoolId": {"Fn::GetStackOutput": {
                    "StackName": "one", "Region": {"Ref": "AWS::Region"}, "OutputName": output,
                }},
                "Identifier": "api",
                "Name": "api",
            },
        }}})
    };
    create(&plane, "two", &reads("Pool")).await;
    assert_eq!(status(&plane, "two").await, "CREATE_COMPLETE", "{:#?}", events(&plane, "two").await);
    create(&plane, "three", &reads("Nothing")).await;
    let told = events(&plane, "three").await;
    let reason = "Output Nothing does not exist in stack one";
    assert!(told.contains(&("Server".into(), "CREATE_FAILED".into(), reason.into())), "{told:#?}");
}
