//! The golden exchanges of signing in.

use claviger_resources::user::UserStatus;
use serde_json::{Value, json};

use super::scene::{PASSWORD, Scene};
use crate::cognito::goldens::Step;

/// A pool with the users `ada`, who has a password, and `grace`, who was invited; and the names of its ids.
pub(crate) async fn scene() -> (Scene, Vec<(&'static str, String)>) {
    let scene = Scene::new().await;
    let client = scene.client(json!({})).await;
    let ada = scene
        .user("ada", |user| {
            user.attributes.insert("email".to_owned(), "ada@example.com".to_owned());
        })
        .await;
    scene.user("grace", |user| user.status = UserStatus::ForceChangePassword).await;
    let kept = vec![("users", scene.pool.to_string()), ("client", client.id), ("sub", ada.sub)];
    (scene, kept)
}

fn initiate(flow: &str, parameters: &Value) -> Value {
    json!({"AuthFlow": flow, "ClientId": "{client}", "AuthParameters": parameters})
}

fn respond(responses: &Value) -> Value {
    json!({
        "ClientId": "{client}", "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "{session}",
        "ChallengeResponses": responses,
    })
}

fn administered(mut input: Value) -> Value {
    input["UserPoolId"] = json!("{users}");
    input
}

/// Every operation, answered at least once and refused at least once.
pub(crate) fn story() -> Vec<Step> {
    let tokens: &[_] = &[
        ("access token", "/AuthenticationResult/AccessToken"),
        ("id token", "/AuthenticationResult/IdToken"),
        ("refresh token", "/AuthenticationResult/RefreshToken"),
    ];
    let renewed: &[_] = &[
        ("renewed access token", "/AuthenticationResult/AccessToken"),
        ("renewed id token", "/AuthenticationResult/IdToken"),
    ];
    let handshake: &[_] = &[
        ("salt", "/ChallengeParameters/SALT"),
        ("secret block", "/ChallengeParameters/SECRET_BLOCK"),
        ("public number", "/ChallengeParameters/SRP_B"),
    ];
    let password = |name: &str, password: &str| json!({"USERNAME": name, "PASSWORD": password});
    let own = |members: Value| {
        let mut input = json!({"AccessToken": "{access token}"});
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        input
    };
    let stranger = || json!({"AccessToken": "nonsense"});
    let refresh = |token: &str| json!({"ClientId": "{client}", "RefreshToken": token});
    let chosen = json!({"USERNAME": "grace", "NEW_PASSWORD": "Chosen-Horse-9"});
    let change = |old: &str| json!({"PreviousPassword": old, "ProposedPassword": "Chosen-Horse-9"});
    let name = json!({"UserAttributes": [{"Name": "name", "Value": "Ada"}]});
    let custom = json!({"UserAttributes": [{"Name": "custom:none", "Value": "x"}]});
    vec![
        ("InitiateAuth", initiate("USER_PASSWORD_AUTH", &password("ada", PASSWORD)), tokens),
        ("InitiateAuth", initiate("USER_PASSWORD_AUTH", &password("ada", "wrong")), &[]),
        ("InitiateAuth", initiate("USER_SRP_AUTH", &json!({"USERNAME": "ada", "SRP_A": "2"})), handshake),
        ("InitiateAuth", initiate("REFRESH_TOKEN_AUTH", &json!({"REFRESH_TOKEN": "{refresh token}"})), renewed),
        (
            "AdminInitiateAuth",
            administered(initiate("ADMIN_USER_PASSWORD_AUTH", &password("grace", PASSWORD))),
            &[("session", "/Session")],
        ),
        ("AdminInitiateAuth", administered(initiate("ADMIN_USER_PASSWORD_AUTH", &password("grace", "wrong"))), &[]),
        ("RespondToAuthChallenge", respond(&json!({"USERNAME": "grace", "NEW_PASSWORD": "weak"})), &[]),
        (
            "RespondToAuthChallenge",
            respond(&chosen),
            &[
                ("access token of grace", "/AuthenticationResult/AccessToken"),
                ("id token of grace", "/AuthenticationResult/IdToken"),
                ("refresh token of grace", "/AuthenticationResult/RefreshToken"),
            ],
        ),
        ("AdminRespondToAuthChallenge", administered(respond(&chosen)), &[]),
        ("InitiateAuth", initiate("USER_AUTH", &json!({"USERNAME": "ada"})), &[("choice", "/Session")]),
        (
            "AdminRespondToAuthChallenge",
            json!({
                "UserPoolId": "{users}", "ClientId": "{client}", "ChallengeName": "SELECT_CHALLENGE", "Session": "{choice}",
                "ChallengeResponses": {"USERNAME": "ada", "ANSWER": "PASSWORD", "PASSWORD": PASSWORD},
            }),
            &[
                ("second access token", "/AuthenticationResult/AccessToken"),
                ("second id token", "/AuthenticationResult/IdToken"),
                ("second refresh token", "/AuthenticationResult/RefreshToken"),
            ],
        ),
        (
            "GetTokensFromRefreshToken",
            refresh("{refresh token}"),
            &[
                ("third access token", "/AuthenticationResult/AccessToken"),
                ("third id token", "/AuthenticationResult/IdToken"),
            ],
        ),
        ("GetTokensFromRefreshToken", refresh("nonsense"), &[]),
        ("GetUser", own(json!({})), &[]),
        ("GetUser", stranger(), &[]),
        ("UpdateUserAttributes", own(name), &[]),
        ("UpdateUserAttributes", own(custom), &[]),
        ("DeleteUserAttributes", own(json!({"UserAttributeNames": ["name"]})), &[]),
        ("DeleteUserAttributes", own(json!({"UserAttributeNames": ["sub"]})), &[]),
        ("GetUserAttributeVerificationCode", own(json!({"AttributeName": "email"})), &[]),
        ("GetUserAttributeVerificationCode", own(json!({"AttributeName": "phone_number"})), &[]),
        ("VerifyUserAttribute", own(json!({"AttributeName": "email", "Code": "000000"})), &[]),
        ("VerifyUserAttribute", own(json!({"AttributeName": "email", "Code": "{code of ada}"})), &[]),
        ("ChangePassword", own(change("wrong")), &[]),
        ("ChangePassword", own(change(PASSWORD)), &[]),
        ("RevokeToken", json!({"ClientId": "{client}", "Token": "{second refresh token}"}), &[]),
        ("RevokeToken", json!({"ClientId": "{client}", "Token": "{access token}"}), &[]),
        ("GlobalSignOut", json!({"AccessToken": "{access token of grace}"}), &[]),
        ("GlobalSignOut", json!({"AccessToken": "{access token of grace}"}), &[]),
        ("DeleteUser", own(json!({})), &[]),
        ("DeleteUser", own(json!({})), &[]),
        ("AdminUserGlobalSignOut", json!({"UserPoolId": "{users}", "Username": "grace"}), &[]),
        ("AdminUserGlobalSignOut", json!({"UserPoolId": "{users}", "Username": "ada"}), &[]),
    ]
}
