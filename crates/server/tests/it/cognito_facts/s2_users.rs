//! Section 2.4 and what else concerns users: their tokens beside those of machines.

use serde_json::{Value, json};

use super::cases;
use super::world::{GRANT, World};
use crate::stack::{FORM, claims};

/// The claims of the three kinds of token.
struct Tokens {
    machine: Value,
    access: Value,
    id: Value,
}

cases! { |w|
    s2_4_sub => {
        let tokens = tokens(&w, "sub").await;
        assert_eq!(tokens.machine["sub"], json!(w.machine.client_id));
        assert!(tokens.access["sub"].as_str().unwrap().parse::<uuid::Uuid>().is_ok());
        assert_eq!(tokens.access["sub"], tokens.id["sub"]);
    };
    s2_4_client_id => {
        let tokens = tokens(&w, "client-id").await;
        assert_eq!(tokens.machine["client_id"], json!(w.machine.client_id));
        assert!(tokens.access["client_id"].is_string());
        assert_eq!((&tokens.access["client_id"], tokens.id.get("client_id")), (&tokens.id["aud"], None));
    };
    s2_4_aud => {
        let tokens = tokens(&w, "aud").await;
        assert_eq!((tokens.machine.get("aud"), tokens.access.get("aud")), (None, None));
        assert_eq!(tokens.id["aud"], tokens.access["client_id"]);
    };
    s2_4_scope => {
        let tokens = tokens(&w, "scope").await;
        assert_eq!(tokens.machine["scope"], "weather-api/get weather-api/post");
        assert_eq!(tokens.access["scope"], "aws.cognito.signin.user.admin");
        assert_eq!(tokens.id.get("scope"), None);
    };
    s2_4_version => {
        let tokens = tokens(&w, "version").await;
        assert_eq!(tokens.machine["version"], 2);
        assert_eq!((tokens.access.get("version"), tokens.id.get("version")), (None, None));
    };
    s2_4_username => {
        let tokens = tokens(&w, "username").await;
        assert_eq!((tokens.machine.get("username"), tokens.machine.get("cognito:username")), (None, None));
        assert_eq!(tokens.access["username"], "username");
        assert_eq!(tokens.id["cognito:username"], "username");
    };
    s2_4_groups => {
        let without = tokens(&w, "loner").await;
        let all = [&without.machine, &without.access, &without.id];
        assert!(all.into_iter().all(|claims| claims.get("cognito:groups").is_none()));
        w.ok("CreateGroup", w.of_pool(json!({ "GroupName": "forecasters" }))).await;
        let client = member(&w, "member").await;
        w.ok("AdminAddUserToGroup", w.of_pool(json!({ "GroupName": "forecasters", "Username": "member" }))).await;
        let (access, id) = read(&sign_in(&w, &client, "member").await);
        assert_eq!(access["cognito:groups"], json!(["forecasters"]));
        assert_eq!(id["cognito:groups"], json!(["forecasters"]));
    };
    s2_4_jti => {
        let tokens = tokens(&w, "jti").await;
        assert_eq!(tokens.machine.get("origin_jti"), None);
        assert_eq!(tokens.access["origin_jti"], tokens.id["origin_jti"]);
        let ids = [&tokens.machine["jti"], &tokens.access["jti"], &tokens.id["jti"], &tokens.id["origin_jti"]];
        for (place, id) in ids.iter().enumerate() {
            assert!(id.as_str().unwrap().parse::<uuid::Uuid>().is_ok(), "{id}");
            assert!(ids.iter().skip(place + 1).all(|other| other != id), "{id}");
        }
    };
    s2_4_event_id => {
        let tokens = tokens(&w, "event-id").await;
        assert_eq!(tokens.machine.get("event_id"), None);
        assert!(tokens.access["event_id"].is_string());
        assert_eq!(tokens.access["event_id"], tokens.id["event_id"]);
    };
    s2_4_auth_time => {
        let machine = w.granted(&w.machine.basic(), GRANT).await;
        assert_eq!(machine["auth_time"], machine["iat"]);
        let client = member(&w, "auth-time").await;
        let first = sign_in(&w, &client, "auth-time").await;
        w.server.advance(60).await;
        let refresh = json!({
            "ClientId": client, "AuthFlow": "REFRESH_TOKEN_AUTH",
            "AuthParameters": { "REFRESH_TOKEN": first["RefreshToken"] },
        });
        let second = w.ok("InitiateAuth", refresh).await["AuthenticationResult"].take();
        let ((before, _), (after, id)) = (read(&first), read(&second));
        assert_eq!((&before["auth_time"], &before["auth_time"]), (&after["auth_time"], &id["auth_time"]));
        assert!(after["iat"].as_i64() >= before["iat"].as_i64().map(|issued| issued + 60), "{after}");
        assert_eq!(before["origin_jti"], after["origin_jti"]);
    };
    s2_4_attributes => {
        let tokens = tokens(&w, "attributes").await;
        assert_eq!((tokens.machine.get("email"), tokens.access.get("email")), (None, None));
        assert_eq!(tokens.id["email"], "attributes@weather.example");
    };
    s2_4_nonce => {
        let tokens = tokens(&w, "nonce").await;
        for claims in [&tokens.machine, &tokens.access, &tokens.id] {
            for name in ["nonce", "identities", "at_hash"] {
                assert_eq!(claims.get(name), None, "{name}");
            }
        }
    };

    s3_4_revocation_disabled => {
        for (username, enabled, expected) in
            [("revocable", true, (200, "")), ("irrevocable", false, (400, r#"{"error":"invalid_request"}"#))]
        {
            let client = member(&w, username).await;
            let flows = json!(["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]);
            let update = json!({ "ClientId": client, "ExplicitAuthFlows": flows, "EnableTokenRevocation": enabled });
            w.ok("UpdateUserPoolClient", w.of_pool(update)).await;
            let token = sign_in(&w, &client, username).await["RefreshToken"].take();
            let form = format!("token={}&client_id={client}", token.as_str().unwrap());
            assert_eq!(w.post("/oauth2/revoke", &[("Content-Type", FORM)], &form).await.said(), expected);
        }
    };
    s3_5_get_user => {
        let token = json!({ "AccessToken": w.machine.token(&w.server, "").await });
        w.no("GetUser", token, "NotAuthorizedException", "Access Token does not have required scopes").await;
        let client = member(&w, "get-user").await;
        let token = sign_in(&w, &client, "get-user").await["AccessToken"].take();
        assert_eq!(w.ok("GetUser", json!({ "AccessToken": token })).await["Username"], "get-user");
    };
    s5_4_code_attempts => {
        let pool = w.pool(json!({ "AutoVerifiedAttributes": ["email"] })).await;
        let client = w.ok("CreateUserPoolClient", json!({ "UserPoolId": pool, "ClientName": "app" })).await;
        let client = &client["UserPoolClient"]["ClientId"];
        let email = json!([{ "Name": "email", "Value": "attempts@weather.example" }]);
        let sign_up = json!({
            "ClientId": client, "Username": "attempts", "Password": "Thunder-storm-1", "UserAttributes": email,
        });
        w.ok("SignUp", sign_up).await;
        let guess = json!({ "ClientId": client, "Username": "attempts", "ConfirmationCode": "no-code" });
        let mut last = Value::Null;
        for _ in 0..ATTEMPTS {
            last = w.server.cognito_as(None, "ConfirmSignUp", &guess).await.json();
            if last["__type"] == "LimitExceededException" {
                break;
            }
            assert_eq!(last["__type"], "CodeMismatchException", "{last}");
        }
        let message = "Attempt limit exceeded, please try after some time.";
        assert_eq!(last, json!({ "__type": "LimitExceededException", "message": message }));
    };
}

/// More guesses at a code than anybody is given.
const ATTEMPTS: usize = 30;

/// Makes a user with an address and a password, and a client by which it signs in.
async fn member(w: &World, username: &str) -> String {
    let email = json!([{ "Name": "email", "Value": format!("{username}@weather.example") }]);
    let user = json!({ "Username": username, "UserAttributes": email, "MessageAction": "SUPPRESS" });
    w.ok("AdminCreateUser", w.of_pool(user)).await;
    let password = json!({ "Username": username, "Password": "Thunder-storm-1", "Permanent": true });
    w.ok("AdminSetUserPassword", w.of_pool(password)).await;
    let flows = json!(["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]);
    let made =
        w.ok("CreateUserPoolClient", w.of_pool(json!({ "ClientName": "app", "ExplicitAuthFlows": flows }))).await;
    made["UserPoolClient"]["ClientId"].as_str().unwrap().to_owned()
}

/// What signing in answers.
async fn sign_in(w: &World, client: &str, username: &str) -> Value {
    let input = json!({
        "ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": { "USERNAME": username, "PASSWORD": "Thunder-storm-1" },
    });
    w.ok("InitiateAuth", input).await["AuthenticationResult"].take()
}

/// The claims of an answer's access and ID token.
fn read(answer: &Value) -> (Value, Value) {
    let claims = |name: &str| claims(answer[name].as_str().unwrap());
    (claims("AccessToken"), claims("IdToken"))
}

/// The claims of the world's machine and of a new user.
async fn tokens(w: &World, username: &str) -> Tokens {
    let client = member(w, username).await;
    let (access, id) = read(&sign_in(w, &client, username).await);
    Tokens { machine: w.granted(&w.machine.basic(), GRANT).await, access, id }
}
