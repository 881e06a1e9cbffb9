//! Users whom a template creates.

use serde_json::{Value, json};

use super::{assert_made, create, events, everything_made, ok, output, status};
use crate::plane::Plane;

fn template(by_email: bool) -> Value {
    let mut pool = json!({"Type": "AWS::Cognito::UserPool", "Properties": {}});
    if by_email {
        pool["Properties"]["UsernameAttributes"] = json!(["email"]);
    }
    json!({
        "Resources": {
            "Pool": pool,
            "Ada": {"Type": "AWS::Cognito::UserPoolUser", "Properties": {
                "UserPoolId": {"Ref": "Pool"},
                "Username": "ada@example.com",
                "DesiredDeliveryMediums": ["EMAIL"],
                "UserAttributes": [{"Name": "email", "Value": "ada@example.com"}],
            }},
            "Staff": {"Type": "AWS::Cognito::UserPoolGroup", "Properties": {
                "UserPoolId": {"Ref": "Pool"}, "GroupName": "staff",
            }},
            "AdaInStaff": {"Type": "AWS::Cognito::UserPoolUserToGroupAttachment", "Properties": {
                "UserPoolId": {"Ref": "Pool"}, "GroupName": {"Ref": "Staff"}, "Username": {"Ref": "Ada"},
            }},
        },
        "Outputs": {"Pool": {"Value": {"Ref": "Pool"}}, "Ada": {"Value": {"Ref": "Ada"}}},
    })
}

#[tokio::test]
async fn a_user_is_invited_and_joins_a_group() {
    for by_email in [false, true] {
        let plane = Plane::new();
        let nothing = everything_made(&plane).await;
        create(&plane, "weather", &template(by_email)).await;
        assert_eq!(status(&plane, "weather").await, "CREATE_COMPLETE", "{:#?}", events(&plane, "weather").await);
        let (pool, ada) = (output(&plane, "weather", "Pool").await, output(&plane, "weather", "Ada").await);
        // Where users go by their address, Cognito names them itself.
        assert_eq!(ada == "ada@example.com", !by_email, "{ada}");
        let user = plane.ok("AdminGetUser", json!({"UserPoolId": pool, "Username": ada})).await;
        assert_eq!(user["UserStatus"], "FORCE_CHANGE_PASSWORD");
        let messages = plane.messages(&pool, &ada).await;
        assert_eq!((messages.len(), messages[0].destination.as_str()), (1, "ada@example.com"));
        let groups = plane.ok("AdminListGroupsForUser", json!({"UserPoolId": pool, "Username": ada})).await;
        assert_eq!(groups["Groups"][0]["GroupName"], "staff");
        ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
        assert_made(&plane, &nothing, "deleted").await;
    }
}

#[tokio::test]
async fn a_user_who_is_there_already_fails_the_stack() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    plane.ok("AdminCreateUser", json!({"UserPoolId": pool, "Username": "ada"})).await;
    let template = json!({"Resources": {"Ada": {"Type": "AWS::Cognito::UserPoolUser", "Properties": {
        "UserPoolId": pool, "Username": "ada",
    }}}});
    create(&plane, "weather", &template).await;
    let told = events(&plane, "weather").await;
    let failed = told.iter().find(|(id, status, _)| id == "Ada" && status == "CREATE_FAILED");
    assert_eq!(
        failed.map(|(_, _, reason)| reason.as_str()),
        Some(
            "Resource handler returned message: \"User account already exists (Service: CognitoIdentityProvider, Status \
             Code: 400)\" (HandlerErrorCode: AlreadyExists)"
        )
    );
    // Whoever was there before is still there.
    plane.ok("AdminGetUser", json!({"UserPoolId": pool, "Username": "ada"})).await;
}
