//! Users who sign themselves up, and those who forget their passwords.

use claviger_oauth::secret_hash;
use serde_json::{Value, json};

use crate::plane::{Plane, with};

const INVALID: &str = "InvalidParameterException";
const NOT_AUTHORIZED: &str = "NotAuthorizedException";
const MISMATCH: (&str, &str) = ("CodeMismatchException", "Invalid verification code provided, please try again.");
const EXPIRED: (&str, &str) = ("ExpiredCodeException", "Invalid code provided, please request a code again.");
const LIMIT: (&str, &str) = ("LimitExceededException", "Attempt limit exceeded, please try after some time.");
const NOBODY: (&str, &str) = ("UserNotFoundException", "Username/client id combination not found.");

/// A pool that verifies addresses, and a public client of it.
struct People {
    plane: Plane,
    pool: String,
    client: String,
}

impl People {
    async fn new(members: Value) -> Self {
        let plane = Plane::new();
        let input = with(json!({"PoolName": "people", "AutoVerifiedAttributes": ["email"]}), members);
        let created = plane.ok("CreateUserPool", input).await;
        let pool = created["UserPool"]["Id"].as_str().unwrap().to_owned();
        let client = plane.browser(&pool).await;
        Self { plane, pool, client }
    }

    fn input(&self, username: &str, members: Value) -> Value {
        with(json!({"ClientId": self.client, "Username": username}), members)
    }

    async fn sign_up(&self, username: &str, email: &str) -> Value {
        let attributes = json!([{"Name": "email", "Value": email}]);
        let members = json!({"Password": "Pass-w0rd", "UserAttributes": attributes});
        self.plane.ok("SignUp", self.input(username, members)).await
    }

    /// A user who is confirmed.
    async fn confirmed(&self, username: &str, email: &str) {
        self.sign_up(username, email).await;
        let code = self.plane.code(&self.pool, username).await;
        self.plane.ok("ConfirmSignUp", self.input(username, json!({"ConfirmationCode": code}))).await;
    }

    async fn refused(&self, operation: &str, username: &str, members: Value, (exception, message): (&str, &str)) {
        self.plane.refused(operation, self.input(username, members), exception, message).await;
    }

    async fn user(&self, username: &str) -> Value {
        self.plane.ok("AdminGetUser", json!({"UserPoolId": self.pool, "Username": username})).await
    }
}

/// A code that is not this one.
fn other_than(code: &str) -> String {
    code.chars().map(|digit| if digit == '9' { '0' } else { char::from(digit as u8 + 1) }).collect()
}

#[tokio::test]
async fn a_user_signs_up_and_confirms_with_a_code() {
    let people = People::new(json!({})).await;
    let answer = people.sign_up("ada", "ada@example.com").await;
    let details = json!({"Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"});
    assert_eq!((&answer["UserConfirmed"], &answer["CodeDeliveryDetails"]), (&json!(false), &details));
    let user = people.user("ada").await;
    let verified = |user: &Value| {
        let list = user["UserAttributes"].as_array().unwrap();
        list.iter().find(|one| one["Name"] == "email_verified").unwrap()["Value"].clone()
    };
    assert_eq!((&user["UserStatus"], verified(&user)), (&json!("UNCONFIRMED"), json!("false")));
    let code = people.plane.code(&people.pool, "ada").await;
    assert_eq!((code.len(), code.bytes().all(|digit| digit.is_ascii_digit())), (6, true));
    people.refused("ConfirmSignUp", "ada", json!({"ConfirmationCode": other_than(&code)}), MISMATCH).await;
    people.plane.ok("ConfirmSignUp", people.input("ada", json!({"ConfirmationCode": code}))).await;
    let user = people.user("ada").await;
    assert_eq!((&user["UserStatus"], verified(&user)), (&json!("CONFIRMED"), json!("true")));
    let again = (NOT_AUTHORIZED, "User cannot be confirmed. Current status is CONFIRMED");
    people.refused("ConfirmSignUp", "ada", json!({"ConfirmationCode": code}), again).await;
    let resend = (INVALID, "User is already confirmed.");
    people.refused("ResendConfirmationCode", "ada", json!({}), resend).await;
}

#[tokio::test]
async fn sign_up_is_refused_for_what_pool_and_client_do_not_allow() {
    let people = People::new(json!({"Schema": [{"Name": "name", "Required": true}]})).await;
    let name = json!([{"Name": "name", "Value": "Ada"}]);
    let check = async |members: Value, exception: &str, message: &str| {
        let input = with(json!({"Password": "Pass-w0rd", "UserAttributes": name}), members);
        people.refused("SignUp", "ada", input, (exception, message)).await;
    };
    let attribute = |key: &str, value: &str| json!({"UserAttributes": [{"Name": "name", "Value": "Ada"}, {"Name": key, "Value": value}]});
    check(
        json!({"Password": "short"}),
        "InvalidPasswordException",
        "Password did not conform with policy: Password not long enough",
    )
    .await;
    let required = "Attributes did not conform to the schema: name: The attribute is required\n";
    check(json!({"UserAttributes": []}), INVALID, required).await;
    let unknown = "Attributes did not conform to the schema: custom:x: Attribute does not exist in the schema.\n";
    check(attribute("custom:x", "y"), INVALID, unknown).await;
    check(attribute("email", "ada"), INVALID, "Invalid email address format.").await;
    let unauthorized = "A client attempted to write unauthorized attribute";
    check(attribute("email_verified", "true"), NOT_AUTHORIZED, unauthorized).await;
    check(attribute("sub", "x"), INVALID, "user.sub: Attribute cannot be updated.\n").await;
    let missing =
        "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null";
    people.refused("SignUp", "ada", json!({"UserAttributes": name}), (INVALID, missing)).await;
    let nobody = ("ResourceNotFoundException", "User pool client none does not exist.");
    people.refused("SignUp", "ada", json!({"ClientId": "none", "Password": "Pass-w0rd"}), nobody).await;
    let limited = json!({"UserPoolId": people.pool, "ClientName": "b", "WriteAttributes": ["name"]});
    let limited = people.plane.ok("CreateUserPoolClient", limited).await["UserPoolClient"]["ClientId"].clone();
    let nickname = with(attribute("nickname", "A"), json!({"ClientId": limited, "Password": "Pass-w0rd"}));
    people.refused("SignUp", "ada", nickname, (NOT_AUTHORIZED, unauthorized)).await;
}

#[tokio::test]
async fn a_client_with_a_secret_shows_that_it_knows_one() {
    let people = People::new(json!({})).await;
    let input = json!({"UserPoolId": people.pool, "ClientName": "backend", "GenerateSecret": true});
    let client = people.plane.ok("CreateUserPoolClient", input).await["UserPoolClient"].take();
    let id = client["ClientId"].as_str().unwrap();
    let key = json!({"UserPoolId": people.pool, "ClientId": id});
    let second = people.plane.ok("AddUserPoolClientSecret", key).await;
    let base = json!({"ClientId": id, "Password": "Pass-w0rd"});
    let message = format!("Client {id} is configured with secret but SECRET_HASH was not received");
    people.refused("SignUp", "ada", base.clone(), (NOT_AUTHORIZED, &message)).await;
    let hash = |secret: &Value, name: &str| secret_hash::of(secret.as_str().unwrap().as_bytes(), name, id);
    let message = format!("Unable to verify secret hash for client {id}");
    let wrong = with(base.clone(), json!({"SecretHash": hash(&client["ClientSecret"], "eve")}));
    people.refused("SignUp", "ada", wrong, (NOT_AUTHORIZED, &message)).await;
    for (name, secret) in
        [("ada", &client["ClientSecret"]), ("bob", &second["ClientSecretDescriptor"]["ClientSecretValue"])]
    {
        let members = with(base.clone(), json!({"SecretHash": hash(secret, name)}));
        people.plane.ok("SignUp", people.input(name, members)).await;
    }
    for operation in ["ConfirmSignUp", "ResendConfirmationCode", "ForgotPassword", "ConfirmForgotPassword"] {
        let members = json!({"ClientId": id, "ConfirmationCode": "1", "Password": "Pass-w0rd", "SecretHash": "AAAA"});
        people.refused(operation, "ada", members, (NOT_AUTHORIZED, &message)).await;
    }
}

#[tokio::test]
async fn administrators_alone_may_create_users_and_confirm_them_without_a_code() {
    let closed = People::new(json!({"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": true}})).await;
    let refused = (NOT_AUTHORIZED, "SignUp is not permitted for this user pool");
    closed.refused("SignUp", "ada", json!({"Password": "Pass-w0rd"}), refused).await;
    let people = People::new(json!({})).await;
    people.sign_up("ada", "ada@example.com").await;
    let key = json!({"UserPoolId": people.pool, "Username": "ada"});
    people.plane.ok("AdminConfirmSignUp", key.clone()).await;
    assert_eq!(people.user("ada").await["UserStatus"], "CONFIRMED");
    let again = "User cannot be confirmed. Current status is CONFIRMED";
    people.plane.refused("AdminConfirmSignUp", key, NOT_AUTHORIZED, again).await;
}

#[tokio::test]
async fn a_code_is_good_for_a_day_and_a_newer_one_replaces_it() {
    let people = People::new(json!({})).await;
    people.sign_up("ada", "ada@example.com").await;
    let first = people.plane.code(&people.pool, "ada").await;
    people.plane.ok("ResendConfirmationCode", people.input("ada", json!({}))).await;
    let second = people.plane.code(&people.pool, "ada").await;
    assert_ne!(first, second);
    people.refused("ConfirmSignUp", "ada", json!({"ConfirmationCode": first}), MISMATCH).await;
    people.plane.clock.advance_seconds(86_400);
    people.refused("ConfirmSignUp", "ada", json!({"ConfirmationCode": second}), EXPIRED).await;
    people.plane.ok("ResendConfirmationCode", people.input("ada", json!({}))).await;
    let third = people.plane.code(&people.pool, "ada").await;
    people.plane.ok("ConfirmSignUp", people.input("ada", json!({"ConfirmationCode": third}))).await;
}

#[tokio::test]
async fn guessing_ends_soon_and_voids_the_code() {
    let people = People::new(json!({})).await;
    people.confirmed("ada", "ada@example.com").await;
    people.plane.ok("ForgotPassword", people.input("ada", json!({}))).await;
    let code = people.plane.code(&people.pool, "ada").await;
    let with_code = |code: &str| json!({"ConfirmationCode": code, "Password": "Pass-w0rd2"});
    for _ in 0..5 {
        people.refused("ConfirmForgotPassword", "ada", with_code(&other_than(&code)), MISMATCH).await;
    }
    people.refused("ConfirmForgotPassword", "ada", with_code(&code), LIMIT).await;
    people.refused("ForgotPassword", "ada", json!({}), LIMIT).await;
    people.plane.clock.advance_seconds(900);
    people.refused("ConfirmForgotPassword", "ada", with_code(&code), EXPIRED).await;
    people.plane.ok("ForgotPassword", people.input("ada", json!({}))).await;
    let code = people.plane.code(&people.pool, "ada").await;
    people.plane.ok("ConfirmForgotPassword", people.input("ada", with_code(&code))).await;
}

#[tokio::test]
async fn codes_are_not_asked_for_without_end() {
    let people = People::new(json!({})).await;
    people.sign_up("ada", "ada@example.com").await;
    for _ in 0..20 {
        people.plane.ok("ResendConfirmationCode", people.input("ada", json!({}))).await;
    }
    people.refused("ResendConfirmationCode", "ada", json!({}), LIMIT).await;
    people.plane.clock.advance_seconds(3_600);
    people.plane.ok("ResendConfirmationCode", people.input("ada", json!({}))).await;
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_once_and_within_the_hour() {
    let people = People::new(json!({})).await;
    people.confirmed("ada", "ada@example.com").await;
    let answer = people.plane.ok("ForgotPassword", people.input("ada", json!({}))).await;
    assert_eq!(answer["CodeDeliveryDetails"]["Destination"], "a***@e***");
    let code = people.plane.code(&people.pool, "ada").await;
    let with_code = |password: &str| json!({"ConfirmationCode": code, "Password": password});
    let weak = ("InvalidPasswordException", "Password did not conform with policy: Password not long enough");
    people.refused("ConfirmForgotPassword", "ada", with_code("short"), weak).await;
    people.plane.ok("ConfirmForgotPassword", people.input("ada", with_code("Pass-w0rd2"))).await;
    people.refused("ConfirmForgotPassword", "ada", with_code("Pass-w0rd3"), EXPIRED).await;
    people.plane.ok("AdminResetUserPassword", json!({"UserPoolId": people.pool, "Username": "ada"})).await;
    assert_eq!(people.user("ada").await["UserStatus"], "RESET_REQUIRED");
    let code = people.plane.code(&people.pool, "ada").await;
    people.plane.clock.advance_seconds(3_600);
    let late = json!({"ConfirmationCode": code, "Password": "Pass-w0rd2"});
    people.refused("ConfirmForgotPassword", "ada", late, EXPIRED).await;
}

#[tokio::test]
async fn a_password_is_reset_only_where_a_code_can_be_sent() {
    let people = People::new(json!({})).await;
    let nowhere = "Cannot reset password for the user as there is no registered/verified email or phone_number";
    people.sign_up("ada", "ada@example.com").await;
    people.refused("ForgotPassword", "ada", json!({}), (INVALID, nowhere)).await;
    let bob = json!({"UserPoolId": people.pool, "Username": "bob"});
    people.plane.ok("AdminCreateUser", bob.clone()).await;
    let state = (NOT_AUTHORIZED, "User password cannot be reset in the current state.");
    people.refused("ForgotPassword", "bob", json!({}), state).await;
    people.plane.ok("AdminDisableUser", bob).await;
    people.refused("ForgotPassword", "bob", json!({}), (NOT_AUTHORIZED, "User is disabled.")).await;
    let admin_only = json!({"RecoveryMechanisms": [{"Priority": 1, "Name": "admin_only"}]});
    let people = People::new(json!({"AccountRecoverySetting": admin_only})).await;
    people.confirmed("ada", "ada@example.com").await;
    let refused = (NOT_AUTHORIZED, "Contact administrator to reset password.");
    people.refused("ForgotPassword", "ada", json!({}), refused).await;
}

#[tokio::test]
async fn strangers_learn_who_is_there_only_where_the_client_lets_them() {
    let people = People::new(json!({})).await;
    let code = json!({"ConfirmationCode": "123456", "Password": "Pass-w0rd"});
    for operation in ["ConfirmSignUp", "ResendConfirmationCode", "ForgotPassword", "ConfirmForgotPassword"] {
        people.refused(operation, "eve", code.clone(), NOBODY).await;
    }
    let input = json!({"UserPoolId": people.pool, "ClientName": "b", "PreventUserExistenceErrors": "ENABLED"});
    let discreet = people.plane.ok("CreateUserPoolClient", input).await["UserPoolClient"]["ClientId"].clone();
    let members = with(code, json!({"ClientId": discreet}));
    people.refused("ConfirmSignUp", "eve", members.clone(), EXPIRED).await;
    people.refused("ConfirmForgotPassword", "eve", members.clone(), MISMATCH).await;
    for operation in ["ResendConfirmationCode", "ForgotPassword"] {
        let first = people.plane.ok(operation, people.input("eve@example.com", members.clone())).await;
        let details = json!({"Destination": "e***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"});
        assert_eq!(first["CodeDeliveryDetails"], details);
        let invented = people.plane.ok(operation, people.input("eve", members.clone())).await;
        assert_eq!(invented, people.plane.ok(operation, people.input("eve", members.clone())).await);
    }
}

#[tokio::test]
async fn confirming_makes_the_address_an_alias_unless_another_has_it() {
    let people = People::new(json!({"AliasAttributes": ["email"]})).await;
    people.confirmed("ada", "a@example.com").await;
    people.sign_up("eve", "a@example.com").await;
    let code = people.plane.code(&people.pool, "eve").await;
    let taken = ("AliasExistsException", "An account with the email already exists.");
    people.refused("ConfirmSignUp", "eve", json!({"ConfirmationCode": code}), taken).await;
    assert_eq!(people.user("a@example.com").await["Username"], "ada");
    let force = json!({"ConfirmationCode": code, "ForceAliasCreation": true});
    people.plane.ok("ConfirmSignUp", people.input("eve", force)).await;
    assert_eq!(people.user("a@example.com").await["Username"], "eve");
}
