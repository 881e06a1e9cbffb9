//! Users whom administrators create, change and delete.

use claviger_resources::correspondence::{Correspondence, Message};
use claviger_resources::group::GroupMember;
use claviger_resources::session::Session;
use claviger_resources::user::User;
use claviger_resources::{ClientId, Timestamp, UserPoolId};
use claviger_store::{Kind, TransactionExt};
use serde_json::{Value, json};

use crate::plane::{NOW, Plane, with};

const INVALID: &str = "InvalidParameterException";
const NOT_FOUND: &str = "UserNotFoundException";
const EXISTS: &str = "UsernameExistsException";

fn attributes(given: &[(&str, &str)]) -> Value {
    given.iter().map(|(name, value)| json!({"Name": name, "Value": value})).collect()
}

/// The value of an attribute of a user as callers see it.
fn value<'a>(user: &'a Value, name: &str) -> Option<&'a str> {
    let list = user.get("UserAttributes").or_else(|| user.get("Attributes"))?.as_array()?;
    list.iter().find(|attribute| attribute["Name"] == name)?["Value"].as_str()
}

async fn created(plane: &Plane, pool: &str, username: &str, given: &[(&str, &str)]) -> Value {
    let input = json!({"UserPoolId": pool, "Username": username, "UserAttributes": attributes(given)});
    plane.ok("AdminCreateUser", input).await["User"].take()
}

async fn shown(plane: &Plane, pool: &str, username: &str) -> Value {
    plane.ok("AdminGetUser", json!({"UserPoolId": pool, "Username": username})).await
}

async fn pool_with(plane: &Plane, members: Value) -> String {
    let created = plane.ok("CreateUserPool", with(json!({"PoolName": "people"}), members)).await;
    created["UserPool"]["Id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_user_is_created_with_a_temporary_password_shown_and_stored() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let user = created(&plane, &pool, "Ada", &[("name", "Ada")]).await;
    let sub = value(&user, "sub").unwrap();
    let described = json!({
        "Username": "Ada", "UserAttributes": attributes(&[("sub", sub), ("name", "Ada")]), "UserCreateDate": NOW,
        "UserLastModifiedDate": NOW, "Enabled": true, "UserStatus": "FORCE_CHANGE_PASSWORD",
    });
    for name in ["Ada", sub] {
        assert_eq!(shown(&plane, &pool, name).await, described);
    }
    let mut tx = plane.stored().await;
    let stored = tx.find::<User>(&plane.caller.tenant(), &pool, "Ada").await.unwrap().unwrap();
    assert!(stored.password.as_ref().unwrap().hash.starts_with("$argon2id$"));
    drop(tx);
    plane
        .refused("AdminGetUser", json!({"UserPoolId": pool, "Username": "ada"}), NOT_FOUND, "User does not exist.")
        .await;
}

#[tokio::test]
async fn a_username_is_taken_once() {
    let plane = Plane::new();
    let (strict, lax) =
        (plane.pool().await, pool_with(&plane, json!({"UsernameConfiguration": {"CaseSensitive": false}})).await);
    let sub = value(&created(&plane, &strict, "ada", &[]).await, "sub").unwrap().to_owned();
    created(&plane, &strict, "ADA", &[]).await;
    created(&plane, &lax, "Ada", &[]).await;
    for (pool, username) in [(&strict, "ada"), (&strict, &*sub), (&lax, "ADA")] {
        let input = json!({"UserPoolId": pool, "Username": username});
        plane.refused("AdminCreateUser", input, EXISTS, "User account already exists").await;
    }
}

#[tokio::test]
async fn the_invitation_holds_the_temporary_password_and_follows_the_template() {
    let plane = Plane::new();
    let template = json!({"EmailMessage": "{username}! {####}", "EmailSubject": "Welcome {username}", "SMSMessage": "{username} {####}"});
    let pool = pool_with(&plane, json!({"AdminCreateUserConfig": {"InviteMessageTemplate": template}})).await;
    let both = attributes(&[("email", "ada@example.com"), ("phone_number", "+12065550100")]);
    let input = json!({
        "UserPoolId": pool, "Username": "ada", "UserAttributes": both, "TemporaryPassword": "Pass-w0rd",
        "DesiredDeliveryMediums": ["EMAIL", "SMS"],
    });
    plane.ok("AdminCreateUser", input).await;
    let messages = plane.messages(&pool, "ada").await;
    let said: Vec<_> =
        messages.iter().map(|one| (one.destination.as_str(), one.subject.as_deref(), one.text.as_str())).collect();
    let expected =
        [("ada@example.com", Some("Welcome ada"), "ada! Pass-w0rd"), ("+12065550100", None, "ada Pass-w0rd")];
    assert_eq!(said, expected);
    let bodies = plane.stored().await.rows_of_kind(Kind::Message, None, 10).await.unwrap();
    assert!(bodies.len() == 2 && bodies.iter().all(|row| !row.body.contains("Pass-w0rd")));
}

#[tokio::test]
async fn an_invitation_is_suppressed_or_sent_again_with_another_password() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let ada = json!({"UserPoolId": pool, "Username": "ada", "DesiredDeliveryMediums": ["EMAIL"]});
    let email = json!({"UserAttributes": attributes(&[("email", "ada@example.com")])});
    let again = with(ada.clone(), json!({"MessageAction": "RESEND"}));
    plane.refused("AdminCreateUser", again.clone(), NOT_FOUND, "User does not exist.").await;
    plane.ok("AdminCreateUser", with(with(ada, email), json!({"MessageAction": "SUPPRESS"}))).await;
    assert!(plane.messages(&pool, "ada").await.is_empty());
    plane.ok("AdminCreateUser", again.clone()).await;
    let first = plane.code(&pool, "ada").await;
    plane.ok("AdminCreateUser", again.clone()).await;
    assert_ne!(plane.code(&pool, "ada").await, first);
    let set = json!({"UserPoolId": pool, "Username": "ada", "Password": "Pass-w0rd", "Permanent": true});
    plane.ok("AdminSetUserPassword", set).await;
    let message = "Resend not possible. ada status is not FORCE_CHANGE_PASSWORD";
    plane.refused("AdminCreateUser", again, "UnsupportedUserStateException", message).await;
}

#[tokio::test]
async fn only_the_newest_messages_are_kept() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let ada = json!({"UserPoolId": pool, "Username": "ada", "DesiredDeliveryMediums": ["EMAIL"]});
    let email = json!({"UserAttributes": attributes(&[("email", "ada@example.com")])});
    plane.ok("AdminCreateUser", with(ada.clone(), email)).await;
    let first = plane.code(&pool, "ada").await;
    for _ in 0..5 {
        plane.ok("AdminCreateUser", with(ada.clone(), json!({"MessageAction": "RESEND"}))).await;
    }
    let codes: Vec<String> = plane.messages(&pool, "ada").await.into_iter().map(|message| message.code).collect();
    assert!(codes.len() == 5 && !codes.contains(&first), "{codes:?}");
    assert_eq!(plane.stored().await.rows_of_kind(Kind::Message, None, 10).await.unwrap().len(), 5);
}

#[tokio::test]
async fn who_signs_in_without_a_password_is_given_none() {
    let plane = Plane::new();
    let factors = json!({"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}});
    let pool = pool_with(&plane, json!({"Policies": factors})).await;
    let user = created(&plane, &pool, "ada", &[]).await;
    assert_eq!(user["UserStatus"], "CONFIRMED");
    let stored = plane.stored().await.find::<User>(&plane.caller.tenant(), &pool, "ada").await.unwrap().unwrap();
    assert!(stored.password.is_none());
}

#[tokio::test]
async fn where_an_attribute_is_the_username_it_finds_one_user() {
    let plane = Plane::new();
    let pool = pool_with(&plane, json!({"UsernameAttributes": ["email", "phone_number"]})).await;
    let user = created(&plane, &pool, "ada@example.com", &[]).await;
    assert_eq!(user["Username"].as_str(), value(&user, "sub"));
    assert_eq!(value(&user, "email"), Some("ada@example.com"));
    assert_eq!(shown(&plane, &pool, "ada@example.com").await["Username"], user["Username"]);
    let by_phone = created(&plane, &pool, "+12065550100", &[]).await;
    let refused = async |username: &str, members: Value, exception: &str, message: &str| {
        let input = with(json!({"UserPoolId": pool, "Username": username}), members);
        plane.refused("AdminCreateUser", input, exception, message).await;
    };
    refused("ada", json!({}), INVALID, "Username should be either an email or a phone number.").await;
    refused("ada@example.com", json!({}), EXISTS, "An account with the given email already exists.").await;
    let other = json!({"UserAttributes": attributes(&[("email", "eve@example.com")])});
    refused("ada@example.org", other, INVALID, "The email attribute must be the username.").await;
    let change = json!({
        "UserPoolId": pool, "Username": by_phone["Username"], "UserAttributes": attributes(&[("email", "ada@example.com")]),
    });
    let message = "An account with the given email already exists.";
    plane.refused("AdminUpdateUserAttributes", change.clone(), "AliasExistsException", message).await;
    plane
        .ok(
            "AdminUpdateUserAttributes",
            with(change, json!({"UserAttributes": attributes(&[("email", "new@example.com")])})),
        )
        .await;
    assert_eq!(shown(&plane, &pool, "new@example.com").await["Username"], by_phone["Username"]);
}

#[tokio::test]
async fn a_verified_address_is_an_alias_of_one_user_at_a_time() {
    let plane = Plane::new();
    let pool = pool_with(&plane, json!({"AliasAttributes": ["email", "preferred_username"]})).await;
    let verified = [("email", "a@example.com"), ("email_verified", "true")];
    created(&plane, &pool, "ada", &verified).await;
    created(&plane, &pool, "eve", &[("email", "a@example.com"), ("preferred_username", "e")]).await;
    assert_eq!(shown(&plane, &pool, "a@example.com").await["Username"], "ada");
    assert_eq!(shown(&plane, &pool, "e").await["Username"], "eve");
    let bob = json!({"UserPoolId": pool, "Username": "bob", "UserAttributes": attributes(&verified)});
    let message = "An account with the email already exists.";
    plane.refused("AdminCreateUser", bob.clone(), "AliasExistsException", message).await;
    plane.ok("AdminCreateUser", with(bob, json!({"ForceAliasCreation": true}))).await;
    assert_eq!(shown(&plane, &pool, "a@example.com").await["Username"], "bob");
    assert_eq!(value(&shown(&plane, &pool, "ada").await, "email_verified"), Some("false"));
    let message = "Username cannot be of email format, since user pool is configured for email alias";
    let named = json!({"UserPoolId": pool, "Username": "x@example.com"});
    plane.refused("AdminCreateUser", named, INVALID, message).await;
}

#[tokio::test]
async fn attributes_are_changed_and_taken_away() {
    let plane = Plane::new();
    let schema =
        json!([{"Name": "name", "Required": true}, {"Name": "badge", "AttributeDataType": "String", "Mutable": false}]);
    let pool = pool_with(&plane, json!({"Schema": schema, "AutoVerifiedAttributes": ["email"]})).await;
    let given = [("name", "Ada"), ("custom:badge", "1"), ("email", "a@example.com"), ("email_verified", "true")];
    created(&plane, &pool, "ada", &given).await;
    let ada = json!({"UserPoolId": pool, "Username": "ada"});
    let change = |given: &[(&str, &str)]| with(ada.clone(), json!({"UserAttributes": attributes(given)}));
    plane.ok("AdminUpdateUserAttributes", change(&[("nickname", "A"), ("email", "b@example.com")])).await;
    let user = shown(&plane, &pool, "ada").await;
    assert_eq!((value(&user, "nickname"), value(&user, "email_verified")), (Some("A"), Some("false")));
    let sent = plane.messages(&pool, "ada").await.swap_remove(0);
    assert_eq!((sent.destination.as_str(), sent.text.contains(&sent.code)), ("b@example.com", true));
    let names = |names: &[&str]| with(ada.clone(), json!({"UserAttributeNames": names}));
    plane.ok("AdminDeleteUserAttributes", names(&["nickname", "email"])).await;
    let user = shown(&plane, &pool, "ada").await;
    assert_eq!((value(&user, "nickname"), value(&user, "email"), value(&user, "email_verified")), (None, None, None));
    let check =
        async |operation: &str, input: Value, message: &str| plane.refused(operation, input, INVALID, message).await;
    check(
        "AdminUpdateUserAttributes",
        change(&[("custom:badge", "2")]),
        "user.custom:badge: Attribute cannot be updated.\n",
    )
    .await;
    check("AdminUpdateUserAttributes", change(&[("sub", "x")]), "user.sub: Attribute cannot be updated.\n").await;
    check("AdminUpdateUserAttributes", change(&[("name", "")]), "user.name: Required attribute cannot be deleted.\n")
        .await;
    check("AdminDeleteUserAttributes", names(&["name"]), "user.name: Required attribute cannot be deleted.\n").await;
    check("AdminDeleteUserAttributes", names(&["custom:badge"]), "user.custom:badge: Attribute cannot be updated.\n")
        .await;
    let unknown = "Attributes did not conform to the schema: x: Attribute does not exist in the schema.\n";
    check("AdminUpdateUserAttributes", change(&[("x", "y")]), unknown).await;
}

#[tokio::test]
async fn a_password_is_temporary_unless_it_is_permanent() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    created(&plane, &pool, "ada", &[]).await;
    let set = |password: &str, permanent| json!({"UserPoolId": pool, "Username": "ada", "Password": password, "Permanent": permanent});
    for (permanent, status) in [(true, "CONFIRMED"), (false, "FORCE_CHANGE_PASSWORD")] {
        assert_eq!(plane.ok("AdminSetUserPassword", set("Pass-w0rd", permanent)).await, json!({}));
        assert_eq!(shown(&plane, &pool, "ada").await["UserStatus"], status);
    }
    let message = "Password did not conform with policy: Password must have numeric characters";
    plane.refused("AdminSetUserPassword", set("Pass-word", true), "InvalidPasswordException", message).await;
}

/// A session of a user's, as a sign-in would leave it.
async fn signed_in(plane: &Plane, pool: &str, user: &Value) {
    let (pool, sub) = (UserPoolId::parse(pool).unwrap(), value(user, "sub").unwrap());
    let session = Session {
        tenant: plane.caller.tenant(),
        owner: Session::owner(&pool, sub),
        sub: sub.to_owned(),
        user: user["Username"].as_str().unwrap().to_owned(),
        id: "session".to_owned(),
        event: "event".to_owned(),
        client: ClientId::parse("client").unwrap(),
        began: Timestamp::default(),
        expires: Timestamp::default(),
        rotation: 0,
        rotated: None,
        pool,
    };
    let mut tx = plane.store.write().await.unwrap();
    tx.insert(&session).await.unwrap();
    tx.commit().await.unwrap();
}

/// How many records of users are left, of all kinds.
async fn left(plane: &Plane) -> usize {
    let mut tx = plane.stored().await;
    let mut rows = 0;
    for kind in [Kind::User, Kind::Group, Kind::GroupMember, Kind::Session, Kind::Correspondence, Kind::Message] {
        rows += tx.rows_of_kind(kind, None, 100).await.unwrap().len();
    }
    rows
}

#[tokio::test]
async fn disabling_a_user_ends_its_sessions() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let user = created(&plane, &pool, "ada", &[]).await;
    signed_in(&plane, &pool, &user).await;
    let ada = json!({"UserPoolId": pool, "Username": "ada"});
    assert_eq!(plane.ok("AdminDisableUser", ada.clone()).await, json!({}));
    assert_eq!((shown(&plane, &pool, "ada").await["Enabled"].as_bool(), left(&plane).await), (Some(false), 1));
    assert_eq!(plane.ok("AdminEnableUser", ada).await, json!({}));
    assert_eq!(shown(&plane, &pool, "ada").await["Enabled"], true);
}

#[tokio::test]
async fn nothing_of_a_user_outlives_it_and_nothing_of_a_pool_outlives_that() {
    let plane = Plane::new();
    let pool = pool_with(&plane, json!({"AutoVerifiedAttributes": ["email"]})).await;
    let group = json!({"UserPoolId": pool, "GroupName": "sailors"});
    plane.ok("CreateGroup", group.clone()).await;
    let client = plane.browser(&pool).await;
    for username in ["ada", "bob"] {
        let email = [("email", "a@example.com"), ("email_verified", "true")];
        let user = created(&plane, &pool, username, &email).await;
        signed_in(&plane, &pool, &user).await;
        let set = json!({"UserPoolId": pool, "Username": username, "Password": "Pass-w0rd", "Permanent": true});
        plane.ok("AdminSetUserPassword", set).await;
        plane.ok("AdminAddUserToGroup", with(group.clone(), json!({"Username": username}))).await;
        plane.ok("ForgotPassword", json!({"ClientId": client, "Username": username})).await;
    }
    let described = plane.ok("DescribeUserPool", json!({"UserPoolId": pool})).await;
    assert_eq!((described["UserPool"]["EstimatedNumberOfUsers"].as_u64(), left(&plane).await), (Some(2), 11));
    assert_eq!(plane.ok("AdminDeleteUser", json!({"UserPoolId": pool, "Username": "ada"})).await, Value::Null);
    assert_eq!(left(&plane).await, 6);
    let mut tx = plane.stored().await;
    let tenant = plane.caller.tenant();
    assert_eq!(tx.count_of::<Correspondence>(&tenant, &pool).await.unwrap(), 1);
    assert_eq!(tx.count_of::<Message>(&tenant, &pool).await.unwrap(), 1);
    let members = tx.rows_of_kind(Kind::GroupMember, None, 10).await.unwrap();
    assert_eq!(tx.count_of::<GroupMember>(&tenant, &members[0].key.parent).await.unwrap(), 1);
    drop(tx);
    plane.ok("DeleteUserPool", json!({"UserPoolId": pool})).await;
    assert_eq!(left(&plane).await, 0);
}
