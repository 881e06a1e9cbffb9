//! Secrets of Secrets Manager.

use claviger_store::{Key, Kind};
use serde_json::{Value, json};

use crate::plane::{NOW, Plane, with};

const VERSION: &str = "00000000-0000-4000-8000-000000000001";
const OTHER: &str = "00000000-0000-4000-8000-000000000002";
const MISSING: &str = "Secrets Manager can't find the specified secret.";
const MARKED: &str = "You can't perform this operation on the secret because it was marked for deletion.";

async fn ok(plane: &Plane, operation: &str, input: Value) -> Value {
    let (status, body) = plane.call(&format!("secretsmanager.{operation}"), input.clone()).await;
    assert_eq!(status, 200, "{operation} {input}: {body}");
    body
}

async fn refused(plane: &Plane, operation: &str, input: Value, exception: &str, message: &str) {
    let answer = plane.call(&format!("secretsmanager.{operation}"), input.clone()).await;
    assert_eq!(answer, (400, json!({"__type": exception, "message": message})), "{operation} {input}");
}

fn storms() -> Value {
    json!({"Name": "storms", "SecretString": "thunder", "ClientRequestToken": VERSION})
}

fn id() -> Value {
    json!({"SecretId": "storms"})
}

/// What labels which version has.
async fn stages(plane: &Plane) -> Value {
    ok(plane, "DescribeSecret", id()).await["VersionIdsToStages"].take()
}

#[tokio::test]
async fn a_secret_is_found_by_its_name_its_arn_and_the_arn_without_its_end() {
    let plane = Plane::new();
    let made = ok(&plane, "CreateSecret", with(storms(), json!({"Description": "of wind"}))).await;
    let arn = made["ARN"].as_str().unwrap();
    let (start, end) = arn.split_at(arn.len() - 6);
    assert_eq!(start, "arn:aws:secretsmanager:us-east-1:000000000000:secret:storms-");
    assert!(end.bytes().all(|letter| letter.is_ascii_alphabetic()), "{arn}");
    assert_eq!(made, json!({"ARN": arn, "Name": "storms", "VersionId": VERSION}));
    let expected = json!({
        "ARN": arn, "Name": "storms", "VersionId": VERSION, "SecretString": "thunder", "VersionStages": ["AWSCURRENT"],
        "CreatedDate": NOW,
    });
    for id in ["storms", arn, start.trim_end_matches('-')] {
        assert_eq!(ok(&plane, "GetSecretValue", json!({"SecretId": id})).await, expected, "{id}");
    }
    let known = ok(&plane, "DescribeSecret", id()).await;
    let expected = json!({
        "ARN": arn, "Name": "storms", "Description": "of wind", "LastChangedDate": NOW, "CreatedDate": NOW,
        "VersionIdsToStages": {VERSION: ["AWSCURRENT"]},
    });
    assert_eq!(known, expected);
    for id in [
        "storm",
        "storms-AbCdEf",
        "arn:aws:secretsmanager:us-east-1:111122223333:secret:storms",
        &format!("{start}AbCdEf"),
    ] {
        refused(&plane, "GetSecretValue", json!({"SecretId": id}), "ResourceNotFoundException", MISSING).await;
    }
}

#[tokio::test]
async fn a_call_that_is_sent_again_is_answered_as_the_first_time() {
    let plane = Plane::new();
    let made = ok(&plane, "CreateSecret", storms()).await;
    assert_eq!(ok(&plane, "CreateSecret", storms()).await, made);
    let exists = "The operation failed because the secret storms already exists.";
    for other in [json!({"SecretString": "rain"}), json!({"ClientRequestToken": OTHER})] {
        refused(&plane, "CreateSecret", with(storms(), other), "ResourceExistsException", exists).await;
    }
    let put = json!({"SecretId": "storms", "SecretString": "rain", "ClientRequestToken": OTHER});
    let first = ok(&plane, "PutSecretValue", put.clone()).await;
    assert_eq!(ok(&plane, "PutSecretValue", put.clone()).await, first);
    let arn = made["ARN"].as_str().unwrap();
    let in_use = format!(
        "You can't use ClientRequestToken {OTHER} because that value is already in use for a version of secret {arn}."
    );
    for operation in ["PutSecretValue", "UpdateSecret"] {
        let other = with(put.clone(), json!({"SecretString": "hail"}));
        refused(&plane, operation, other, "ResourceExistsException", &in_use).await;
    }
    assert_eq!(stages(&plane).await, json!({VERSION: ["AWSPREVIOUS"], OTHER: ["AWSCURRENT"]}));
}

#[tokio::test]
async fn a_value_is_chosen_by_version_and_by_label() {
    let plane = Plane::new();
    ok(&plane, "CreateSecret", storms()).await;
    // `cmFpbg==` is `rain` in base64.
    let put = json!({
        "SecretId": "storms", "SecretBinary": "cmFpbg==", "ClientRequestToken": OTHER, "VersionStages": ["next"],
    });
    assert_eq!(ok(&plane, "PutSecretValue", put).await["VersionStages"], json!(["next"]));
    let value = |choice: Value| {
        let plane = &plane;
        async move { ok(plane, "GetSecretValue", with(id(), choice)).await }
    };
    assert_eq!(value(json!({})).await["SecretString"], "thunder");
    assert_eq!(value(json!({"VersionId": OTHER})).await["SecretBinary"], "cmFpbg==");
    assert_eq!(value(json!({"VersionStage": "next"})).await["VersionId"], OTHER);
    assert_eq!(value(json!({"VersionStage": "next", "VersionId": OTHER})).await["VersionId"], OTHER);
    let no = "Secrets Manager can't find the specified secret value for";
    let none = "00000000-0000-4000-8000-000000000009";
    for (choice, exception, message) in [
        (json!({"VersionStage": "mine"}), "ResourceNotFoundException", format!("{no} staging label: mine")),
        (json!({"VersionId": none}), "ResourceNotFoundException", format!("{no} VersionId: {none}")),
        (
            json!({"VersionId": OTHER, "VersionStage": "AWSCURRENT"}),
            "InvalidRequestException",
            "You provided a VersionStage that is not associated to the provided VersionId.".to_owned(),
        ),
    ] {
        refused(&plane, "GetSecretValue", with(id(), choice), exception, &message).await;
    }
    ok(&plane, "CreateSecret", json!({"Name": "empty"})).await;
    let message = format!("{no} staging label: AWSCURRENT");
    refused(&plane, "GetSecretValue", json!({"SecretId": "empty"}), "ResourceNotFoundException", &message).await;
}

#[tokio::test]
async fn a_label_moves_when_it_is_said_from_where() {
    let plane = Plane::new();
    ok(&plane, "CreateSecret", storms()).await;
    let put =
        json!({"SecretId": "storms", "SecretString": "rain", "ClientRequestToken": OTHER, "VersionStages": ["next"]});
    ok(&plane, "PutSecretValue", put).await;
    let label = |stage: &str, from: Option<&str>, to: Option<&str>| json!({"SecretId": "storms", "VersionStage": stage, "RemoveFromVersionId": from, "MoveToVersionId": to});
    for (input, message) in [
        (
            label("AWSCURRENT", None, Some(OTHER)),
            format!(
                "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version \
                 {VERSION}, so you must explicitly reference that version in RemoveFromVersionId."
            ),
        ),
        (
            label("AWSCURRENT", Some(VERSION), None),
            "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed."
                .to_owned(),
        ),
        (
            label("next", Some(VERSION), None),
            format!(
                "The parameter RemoveFromVersionId is not valid. Staging label next is not attached to version {VERSION}."
            ),
        ),
        (label("next", None, None), "You must specify MoveToVersionId, RemoveFromVersionId, or both.".to_owned()),
    ] {
        refused(&plane, "UpdateSecretVersionStage", input, "InvalidParameterException", &message).await;
    }
    ok(&plane, "UpdateSecretVersionStage", label("AWSCURRENT", Some(VERSION), Some(OTHER))).await;
    assert_eq!(stages(&plane).await, json!({VERSION: ["AWSPREVIOUS"], OTHER: ["AWSCURRENT", "next"]}));
    ok(&plane, "UpdateSecretVersionStage", label("next", Some(OTHER), None)).await;
    ok(&plane, "UpdateSecretVersionStage", label("AWSCURRENT", Some(OTHER), Some(VERSION))).await;
    assert_eq!(stages(&plane).await, json!({VERSION: ["AWSCURRENT"], OTHER: ["AWSPREVIOUS"]}));
}

#[tokio::test]
async fn a_hundred_versions_without_labels_are_kept() {
    let plane = Plane::new();
    ok(&plane, "CreateSecret", json!({"Name": "storms", "SecretString": "first"})).await;
    for number in 0..104 {
        plane.clock.advance_seconds(1);
        ok(&plane, "PutSecretValue", json!({"SecretId": "storms", "SecretString": number.to_string()})).await;
    }
    let labelled = ok(&plane, "ListSecretVersionIds", id()).await;
    assert_eq!(labelled["Versions"].as_array().unwrap().len(), 2);
    let (mut seen, mut token) = (0, Value::Null);
    loop {
        let input = json!({"SecretId": "storms", "IncludeDeprecated": true, "MaxResults": 60});
        let input = if token.is_null() { input } else { with(input, json!({"NextToken": token})) };
        let mut page = ok(&plane, "ListSecretVersionIds", input).await;
        seen += page["Versions"].as_array().unwrap().len();
        token = page["NextToken"].take();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen, 102);
}

#[tokio::test]
async fn a_deleted_secret_can_be_restored_until_its_window_is_over() {
    let plane = Plane::new();
    ok(&plane, "CreateSecret", storms()).await;
    for days in [6, 31] {
        let message = "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).";
        let input = with(id(), json!({"RecoveryWindowInDays": days}));
        refused(&plane, "DeleteSecret", input, "InvalidParameterException", message).await;
    }
    let both = with(id(), json!({"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": true}));
    let message = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.";
    refused(&plane, "DeleteSecret", both, "InvalidParameterException", message).await;
    let week = with(id(), json!({"RecoveryWindowInDays": 7}));
    let end = NOW + 7.0 * 86_400.0;
    assert_eq!(ok(&plane, "DeleteSecret", week.clone()).await["DeletionDate"], end);
    assert_eq!(ok(&plane, "DescribeSecret", id()).await["DeletedDate"], end);
    for (operation, input) in [
        ("GetSecretValue", id()),
        ("PutSecretValue", with(id(), json!({"SecretString": "rain"}))),
        ("UpdateSecret", with(id(), json!({"Description": "of rain"}))),
        ("TagResource", with(id(), json!({"Tags": []}))),
        ("RotateSecret", id()),
        ("GetResourcePolicy", id()),
    ] {
        refused(&plane, operation, input, "InvalidRequestException", MARKED).await;
    }
    let again = "You can't perform this operation on the secret because it was already scheduled for deletion.";
    refused(&plane, "DeleteSecret", week.clone(), "InvalidRequestException", again).await;
    let name = "You can't create this secret because a secret with this name is already scheduled for deletion.";
    refused(&plane, "CreateSecret", storms(), "InvalidRequestException", name).await;
    assert_eq!(ok(&plane, "ListSecrets", json!({})).await, json!({"SecretList": []}));
    let all = ok(&plane, "ListSecrets", json!({"IncludePlannedDeletion": true})).await;
    assert_eq!(all["SecretList"][0]["DeletedDate"], end);
    ok(&plane, "RestoreSecret", id()).await;
    assert_eq!(ok(&plane, "GetSecretValue", id()).await["SecretString"], "thunder");
    ok(&plane, "DeleteSecret", week).await;
    plane.clock.advance_seconds(7 * 24 * 3600);
    for operation in ["GetSecretValue", "RestoreSecret", "DescribeSecret"] {
        refused(&plane, operation, id(), "ResourceNotFoundException", MISSING).await;
    }
    ok(&plane, "CreateSecret", json!({"Name": "storms", "SecretString": "rain", "ClientRequestToken": OTHER})).await;
    assert_eq!(stages(&plane).await, json!({OTHER: ["AWSCURRENT"]}), "nothing of the old one is left");
    let force = with(id(), json!({"ForceDeleteWithoutRecovery": true}));
    ok(&plane, "DeleteSecret", force.clone()).await;
    assert_eq!(ok(&plane, "DeleteSecret", force).await["Name"], "storms", "one that is gone is gone");
}

#[tokio::test]
async fn values_are_sealed() {
    let plane = Plane::new();
    ok(&plane, "CreateSecret", storms()).await;
    let key = Key {
        kind: Kind::SecretVersion,
        tenant: plane.caller.tenant(),
        parent: "storms".to_owned(),
        id: VERSION.to_owned(),
    };
    let row = plane.stored().await.row(&key).await.unwrap().unwrap();
    assert!(!row.body.contains("thunder") && row.body.contains("\"text\""), "{}", row.body);
}

#[tokio::test]
async fn several_values_are_shown_at_once() {
    let plane = Plane::new();
    ok(&plane, "CreateSecret", storms()).await;
    ok(
        &plane,
        "CreateSecret",
        json!({"Name": "rain", "SecretString": "drizzle", "Tags": [{"Key": "wet", "Value": "yes"}]}),
    )
    .await;
    let shown = ok(&plane, "BatchGetSecretValue", json!({"SecretIdList": ["rain", "none"]})).await;
    assert_eq!(shown["SecretValues"][0]["SecretString"], "drizzle");
    let error = json!([{"SecretId": "none", "ErrorCode": "ResourceNotFoundException", "Message": MISSING}]);
    assert_eq!(shown["Errors"], error);
    let filters = json!([{"Key": "tag-key", "Values": ["!wet"]}]);
    let shown = ok(&plane, "BatchGetSecretValue", json!({"Filters": filters})).await;
    assert_eq!((&shown["SecretValues"][0]["Name"], &shown["SecretValues"][1]), (&json!("storms"), &Value::Null));
    let neither = "Either 'SecretIdList' or 'Filters' must be provided, but not both.";
    refused(&plane, "BatchGetSecretValue", json!({}), "InvalidParameterException", neither).await;
    let input = json!({"SecretIdList": ["rain"], "MaxResults": 2});
    let message = "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.";
    refused(&plane, "BatchGetSecretValue", input, "InvalidParameterException", message).await;
}

#[tokio::test]
async fn lists_come_in_pages_in_the_order_that_is_asked_for() {
    let plane = Plane::new();
    for name in ["b", "c", "a"] {
        plane.clock.advance_seconds(1);
        ok(&plane, "CreateSecret", json!({"Name": name})).await;
    }
    let list = |input: Value| {
        let plane = &plane;
        async move {
            let page = ok(plane, "ListSecrets", input).await;
            let names: Vec<_> =
                page["SecretList"].as_array().unwrap().iter().map(|one| one["Name"].as_str().unwrap()).collect();
            (names.join(" "), page["NextToken"].clone())
        }
    };
    for (input, expected) in [
        (json!({}), "b c a"),
        (json!({"SortOrder": "desc"}), "a c b"),
        (json!({"SortBy": "name"}), "a b c"),
        (json!({"SortBy": "last-changed-date", "SortOrder": "desc"}), "a c b"),
        (json!({"Filters": [{"Key": "name", "Values": ["b", "c"]}]}), "b c"),
    ] {
        assert_eq!(list(input.clone()).await, (expected.to_owned(), Value::Null), "{input}");
    }
    let (first, token) = list(json!({"MaxResults": 2})).await;
    assert_eq!((&*first, &token), ("b c", &json!("c")));
    assert_eq!(list(json!({"MaxResults": 2, "NextToken": token})).await.0, "a");
    let message = "The NextToken value is invalid.";
    refused(&plane, "ListSecrets", json!({"NextToken": "none"}), "InvalidNextTokenException", message).await;
}

#[tokio::test]
async fn a_secret_refuses_what_it_cannot_be() {
    let plane = Plane::new();
    let both = "You can't specify both a binary secret value and a string secret value in the same secret.";
    let name =
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
    let replicas = "Replicas of secrets are not served here; leave AddReplicaRegions and CrossAccountPrimaryARN out.";
    for (members, exception, message) in [
        (json!({"Name": "a b"}), "ValidationException", name),
        (json!({"SecretBinary": "cmFpbg=="}), "InvalidParameterException", both),
        (json!({"AddReplicaRegions": [{"Region": "eu-west-1"}]}), "InvalidParameterException", replicas),
        (
            json!({"Tags": [{"Key": "aws:a", "Value": ""}]}),
            "InvalidParameterException",
            "Tag keys that begin with aws: are kept for AWS.",
        ),
        (
            json!({"Type": "SalesforceClientSecret"}),
            "InvalidParameterException",
            "Secrets of partners are not served here; leave Type out.",
        ),
        (
            json!({"ClientRequestToken": "short"}),
            "ValidationException",
            "1 validation error detected: Value 'short' at 'clientRequestToken' failed to satisfy constraint: Member must \
             have length greater than or equal to 32",
        ),
    ] {
        refused(&plane, "CreateSecret", with(storms(), members), exception, message).await;
    }
    ok(&plane, "CreateSecret", storms()).await;
    let none = "You must provide either SecretString or SecretBinary.";
    refused(&plane, "PutSecretValue", id(), "InvalidRequestException", none).await;
    let labels: Vec<_> = (0..20).map(|number| number.to_string()).collect();
    let message = "A secret can have at most 20 staging labels.";
    let input = with(id(), json!({"SecretString": "a", "VersionStages": labels}));
    refused(&plane, "PutSecretValue", input, "LimitExceededException", message).await;
    let rotate = "No Lambda rotation function ARN is associated with this secret.";
    for operation in ["RotateSecret", "CancelRotateSecret"] {
        refused(&plane, operation, id(), "InvalidRequestException", rotate).await;
    }
    let denied = "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants \
                  access to the principal secretsmanager.amazonaws.com.";
    let input = with(id(), json!({"RotationLambdaARN": "arn:aws:lambda:us-east-1:000000000000:function:none"}));
    refused(&plane, "RotateSecret", input, "AccessDeniedException", denied).await;
    assert_eq!(stages(&plane).await, json!({VERSION: ["AWSCURRENT"]}), "what is refused leaves nothing");
}
