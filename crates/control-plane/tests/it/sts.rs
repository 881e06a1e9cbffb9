//! STS over forms and XML.

use claviger_resources::AccountId;
use claviger_runtime::temporary_credentials;

use crate::plane::Plane;

const METADATA: &str =
    "<ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata>";

async fn call(plane: &Plane, form: &str) -> (u16, String) {
    plane.query("sts", &format!("Version=2011-06-15&Action={form}")).await
}

/// What stands between the tags of an element.
fn text<'a>(xml: &'a str, name: &str) -> &'a str {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    xml.split_once(&open).and_then(|(_, rest)| rest.split_once(&close)).map_or("", |(text, _)| text)
}

async fn refused(plane: &Plane, form: &str, status: u16, code: &str, message: &str) {
    let (found, xml) = call(plane, form).await;
    assert_eq!((found, text(&xml, "Code"), text(&xml, "Message")), (status, code, message), "{form}");
    assert!(xml.starts_with("<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender"));
}

#[tokio::test]
async fn a_caller_without_a_session_is_the_root_of_its_account() {
    let plane = Plane::new();
    let (status, xml) = call(&plane, "GetCallerIdentity").await;
    let expected = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <UserId>000000000000</UserId><Account>000000000000</Account><Arn>arn:aws:iam::000000000000:root</Arn>\
         </GetCallerIdentityResult>{METADATA}</GetCallerIdentityResponse>"
    );
    assert_eq!((status, xml), (200, expected));
}

#[tokio::test]
async fn any_role_can_be_assumed_and_its_credentials_tell_who_bears_them() {
    let mut plane = Plane::new();
    let form = "AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fdeploy&RoleSessionName=ada&Tags=\
                &DurationSeconds=900&SourceIdentity=ada";
    let (status, xml) = call(&plane, form).await;
    assert_eq!(status, 200, "{xml}");
    let arn = "arn:aws:sts::111122223333:assumed-role/deploy/ada";
    assert_eq!(text(&xml, "Arn"), arn);
    assert_eq!(text(&xml, "Expiration"), "2030-01-01T00:15:00Z");
    assert_eq!(text(&xml, "SourceIdentity"), "ada");
    let session = temporary_credentials::read(&plane.vault, text(&xml, "SessionToken")).unwrap();
    let id = session.access_key_id;
    assert_eq!((&*id, &**session.secret.expose()), (text(&xml, "AccessKeyId"), text(&xml, "SecretAccessKey")));
    assert_eq!(session.principal.id, text(&xml, "AssumedRoleId"));
    assert_eq!(text(&call(&plane, &format!("GetAccessKeyInfo&AccessKeyId={id}")).await.1, "Account"), "111122223333");

    plane.caller.account = AccountId::parse("111122223333").unwrap();
    (plane.caller.principal, plane.caller.is_session) = (session.principal, true);
    let (_, xml) = call(&plane, "GetCallerIdentity").await;
    assert_eq!((text(&xml, "Arn"), text(&xml, "Account")), (arn, "111122223333"));
    refused(&plane, "GetSessionToken", 403, "AccessDenied", "Cannot call GetSessionToken with session credentials")
        .await;
}

#[tokio::test]
async fn a_session_of_its_own_makes_a_caller_nobody_else() {
    let plane = Plane::new();
    let (status, xml) = call(&plane, "GetSessionToken").await;
    assert_eq!((status, text(&xml, "Expiration")), (200, "2030-01-01T12:00:00Z"));
    let session = temporary_credentials::read(&plane.vault, text(&xml, "SessionToken")).unwrap();
    assert_eq!(session.principal.arn, "arn:aws:iam::000000000000:root");
}

#[tokio::test]
async fn sts_refuses_in_its_own_words() {
    let plane = Plane::new();
    let role = "AssumeRole&RoleSessionName=ada&RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3A";
    refused(&plane, &format!("{role}user%2Fdeploy"), 400, "ValidationError", "Request ARN is invalid").await;
    let message = "The policy is not in the valid JSON format.";
    refused(&plane, &format!("{role}role%2Fa&Policy=%7B"), 400, "MalformedPolicyDocument", message).await;
    let message = "MultiFactorAuthentication failed with invalid MFA one time pass code.";
    refused(&plane, &format!("{role}role%2Fa&TokenCode=123456"), 403, "AccessDenied", message).await;
    let message = "1 validation error detected: Value '60' at 'durationSeconds' failed to satisfy constraint: Member must \
                   have value greater than or equal to 900";
    refused(&plane, &format!("{role}role%2Fa&DurationSeconds=60"), 400, "ValidationError", message).await;
    let message = "The value of DurationSeconds is no Integer";
    refused(&plane, &format!("{role}role%2Fa&DurationSeconds=x"), 400, "MalformedInput", message).await;
    let message = "The access key ID AKIAIOSFODNN7EXAMPL0 tells no account.";
    refused(&plane, "GetAccessKeyInfo&AccessKeyId=AKIAIOSFODNN7EXAMPL0", 400, "ValidationError", message).await;
    refused(&plane, "Fly", 400, "InvalidAction", "Could not find operation Fly for version 2011-06-15").await;
}
