//! IAM's roles and managed policies.

use claviger_resources::Region;

use crate::plane::Plane;

/// What stands between the tags of each element of this name.
fn texts<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap()).collect()
}

async fn ok(plane: &Plane, form: &str) -> String {
    let (status, xml) = plane.query("iam", &format!("Version=2010-05-08&Action={form}")).await;
    assert_eq!(status, 200, "{form}: {xml}");
    xml
}

async fn refused(plane: &Plane, form: &str, status: u16, code: &str, message: &str) {
    let (found, xml) = plane.query("iam", &format!("Version=2010-05-08&Action={form}")).await;
    assert_eq!((found, texts(&xml, "Code"), texts(&xml, "Message")), (status, vec![code], vec![message]), "{form}");
}

const CREATE: &str = "CreateRole&RoleName=storms&Path=%2Fweather%2F&AssumeRolePolicyDocument=%7B%22a%22%3A1%7D&Description=x\
                      &Tags.member.1.Key=team&Tags.member.1.Value=sky";
const ARN: &str = "arn:aws:iam::000000000000:role/weather/storms";

#[tokio::test]
async fn a_role_is_made_shown_changed_and_deleted() {
    let mut plane = Plane::new();
    let created = ok(&plane, CREATE).await;
    assert_eq!((texts(&created, "Arn"), texts(&created, "CreateDate")), (vec![ARN], vec!["2030-01-01T00:00:00Z"]));
    let id = texts(&created, "RoleId")[0];
    assert!(id.len() == 21 && id.starts_with("AROA"), "{id}");
    assert_eq!(texts(&created, "AssumeRolePolicyDocument"), ["%7B%22a%22%3A1%7D"]);
    refused(&plane, CREATE, 409, "EntityAlreadyExists", "Role with name storms already exists.").await;
    ok(&plane, "UpdateRole&RoleName=storms&MaxSessionDuration=7200").await;
    ok(&plane, "UpdateAssumeRolePolicy&RoleName=storms&PolicyDocument=%7B%7D").await;
    // Roles are in no region.
    plane.caller.region = Region::parse("eu-west-1").unwrap();
    let shown = ok(&plane, "GetRole&RoleName=storms").await;
    assert_eq!((texts(&shown, "MaxSessionDuration"), texts(&shown, "Description")), (vec!["7200"], vec!["x"]));
    assert_eq!((texts(&shown, "AssumeRolePolicyDocument"), texts(&shown, "Key")), (vec!["%7B%7D"], vec!["team"]));
    assert_eq!(texts(&ok(&plane, "ListRoles&PathPrefix=%2Fweather").await, "RoleName"), ["storms"]);
    assert_eq!(texts(&ok(&plane, "ListRoles&PathPrefix=%2Fother").await, "RoleName"), [""; 0]);
    let message = "This policy contains invalid Json";
    refused(&plane, "UpdateAssumeRolePolicy&RoleName=storms&PolicyDocument=x", 400, "MalformedPolicyDocument", message)
        .await;
    ok(&plane, "DeleteRole&RoleName=storms").await;
    let message = "The role with name storms cannot be found.";
    for operation in
        ["GetRole", "DeleteRole", "UpdateRole", "ListRolePolicies", "ListAttachedRolePolicies", "ListRoleTags"]
    {
        refused(&plane, &format!("{operation}&RoleName=storms"), 404, "NoSuchEntity", message).await;
    }
}

#[tokio::test]
async fn roles_are_listed_page_by_page() {
    let plane = Plane::new();
    for name in ["a", "b", "c"] {
        ok(&plane, &format!("CreateRole&RoleName={name}&AssumeRolePolicyDocument=%7B%7D")).await;
    }
    let page = ok(&plane, "ListRoles&MaxItems=2").await;
    assert_eq!((texts(&page, "RoleName"), texts(&page, "Marker")), (vec!["a", "b"], vec!["b"]));
    let page = ok(&plane, "ListRoles&MaxItems=2&Marker=b").await;
    assert_eq!((texts(&page, "RoleName"), texts(&page, "IsTruncated")), (vec!["c"], vec!["false"]));
}

#[tokio::test]
async fn a_role_has_policies_of_its_own_and_managed_ones() {
    let plane = Plane::new();
    ok(&plane, CREATE).await;
    ok(&plane, "PutRolePolicy&RoleName=storms&PolicyName=read&PolicyDocument=%7B%22b%22%3A2%7D").await;
    let shown = ok(&plane, "GetRolePolicy&RoleName=storms&PolicyName=read").await;
    assert_eq!(texts(&shown, "PolicyDocument"), ["%7B%22b%22%3A2%7D"]);
    assert_eq!(texts(&ok(&plane, "ListRolePolicies&RoleName=storms").await, "member"), ["read"]);
    let message = "Cannot delete entity, must delete policies first.";
    refused(&plane, "DeleteRole&RoleName=storms", 409, "DeleteConflict", message).await;
    ok(&plane, "DeleteRolePolicy&RoleName=storms&PolicyName=read").await;
    let message = "The role policy with name read cannot be found.";
    for operation in ["GetRolePolicy", "DeleteRolePolicy"] {
        refused(&plane, &format!("{operation}&RoleName=storms&PolicyName=read"), 404, "NoSuchEntity", message).await;
    }
    let created = ok(&plane, "CreatePolicy&PolicyName=write&PolicyDocument=%7B%22c%22%3A3%7D").await;
    let arn = "arn:aws:iam::000000000000:policy/write";
    assert_eq!(texts(&created, "Arn"), [arn]);
    let role = |operation: &str, arn: &str| format!("{operation}&RoleName=storms&PolicyArn={arn}");
    ok(&plane, &role("AttachRolePolicy", arn)).await;
    let managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    ok(&plane, &role("AttachRolePolicy", managed)).await;
    let attached = ok(&plane, "ListAttachedRolePolicies&RoleName=storms").await;
    assert_eq!(texts(&attached, "PolicyName"), ["write", "AWSLambdaBasicExecutionRole"]);
    let shown = ok(&plane, &format!("GetPolicy&PolicyArn={arn}")).await;
    assert_eq!((texts(&shown, "AttachmentCount"), texts(&shown, "DefaultVersionId")), (vec!["1"], vec!["v1"]));
    let version = ok(&plane, &format!("GetPolicyVersion&PolicyArn={arn}&VersionId=v1")).await;
    assert_eq!(texts(&version, "Document"), ["%7B%22c%22%3A3%7D"]);
    assert_eq!(texts(&ok(&plane, "ListPolicies&Scope=Local&OnlyAttached=true").await, "PolicyName"), ["write"]);
    assert_eq!(texts(&ok(&plane, "ListPolicies&Scope=AWS").await, "PolicyName"), [""; 0]);
    let message = "Cannot delete a policy attached to entities.";
    refused(&plane, &format!("DeletePolicy&PolicyArn={arn}"), 409, "DeleteConflict", message).await;
    let message = "Cannot delete entity, must detach all policies first.";
    refused(&plane, "DeleteRole&RoleName=storms", 409, "DeleteConflict", message).await;
    ok(&plane, &role("DetachRolePolicy", arn)).await;
    let message = format!("Policy {arn} was not found.");
    refused(&plane, &role("DetachRolePolicy", arn), 404, "NoSuchEntity", &message).await;
    ok(&plane, &format!("DeletePolicy&PolicyArn={arn}")).await;
    refused(&plane, &format!("GetPolicy&PolicyArn={arn}"), 404, "NoSuchEntity", &message).await;
    let message = format!("Policy {arn} does not exist or is not attachable.");
    refused(&plane, &role("AttachRolePolicy", arn), 404, "NoSuchEntity", &message).await;
}

#[tokio::test]
async fn a_role_s_tags_are_added_shown_and_removed() {
    let plane = Plane::new();
    ok(&plane, CREATE).await;
    ok(&plane, "TagRole&RoleName=storms&Tags.member.1.Key=cost&Tags.member.1.Value=0").await;
    assert_eq!(texts(&ok(&plane, "ListRoleTags&RoleName=storms").await, "Key"), ["cost", "team"]);
    ok(&plane, "UntagRole&RoleName=storms&TagKeys.member.1=team").await;
    assert_eq!(texts(&ok(&plane, "ListRoleTags&RoleName=storms").await, "Key"), ["cost"]);
}

#[tokio::test]
async fn the_root_is_the_one_user() {
    let plane = Plane::new();
    assert_eq!(texts(&ok(&plane, "GetUser").await, "Arn"), ["arn:aws:iam::000000000000:root"]);
    refused(&plane, "GetUser&UserName=ada", 404, "NoSuchEntity", "The user with name ada cannot be found.").await;
    let message =
        "CreateInstanceProfile is an operation of AWS Identity and Access Management that is not served here.";
    refused(&plane, "CreateInstanceProfile&InstanceProfileName=a", 400, "InvalidAction", message).await;
}
