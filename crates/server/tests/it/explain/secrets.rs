//! Secrets in every place where a client can put one.

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::json;

use crate::stack::{FORM, Machine, basic, request};
use crate::support::Server;

const PASSWORD: &str = "Sup3r-secret/pass:word";
const GRANT: &str = "grant_type=client_credentials";

/// A machine, its token, and an API that wants one: what must never be kept, and where it is sent.
struct Secrets {
    machine: Machine,
    api: String,
    token: String,
}

impl Secrets {
    async fn of(server: &Server) -> Self {
        let machine = server.machine().await;
        let api = server.storms(&machine).await;
        let token = machine.token(server, "weather-api/post").await;
        Self { machine, api, token }
    }

    /// Sends what must be refused, asks why, and looks for secrets in the answer.
    async fn look_after(&self, server: &Server, sent: Vec<Request<Full<Bytes>>>) {
        let (own, secret, encoded) = (self.machine.basic(), &self.machine.secret, encoded());
        let signature = self.token.rsplit_once('.').unwrap().1;
        let secrets =
            [secret, &secret[..26], &self.token, signature, PASSWORD, &encoded, own.split_once(' ').unwrap().1];
        for (number, sent) in sent.into_iter().enumerate() {
            let reply = server.ask(sent).await;
            assert!(reply.status.is_client_error(), "{number}: {reply:?}");
            let found = server.explain(&reply).await.to_string();
            for secret in secrets {
                assert!(!found.contains(secret), "{number}: {secret} in {found}");
            }
        }
    }
}

fn encoded() -> String {
    form_urlencoded::byte_serialize(PASSWORD.as_bytes()).collect()
}

#[tokio::test]
async fn the_oauth_endpoints_keep_no_secret() {
    let server = Server::dev();
    let secrets = Secrets::of(&server).await;
    let Secrets { machine, token, .. } = &secrets;
    let Machine { pool, client_id, secret, .. } = machine;
    let (encoded, own) = (encoded(), machine.basic());
    let (wrong, bearer) = (basic(client_id, PASSWORD), format!("Bearer {token}"));
    let bare = &[("Content-Type", FORM)][..];
    let with_own = &[bare[0], ("Authorization", &*own)][..];
    let with_wrong = &[bare[0], ("Authorization", &*wrong)][..];
    let post = |target: &str, headers: &[(&str, &str)], form: String| request("POST", target, headers, &form);
    let ask = |headers: &[(&str, &str)], rest: String| post("/oauth2/token", headers, format!("{GRANT}&{rest}"));
    let password = format!("grant_type=password&password={encoded}&client_id={client_id}&scope={encoded}");
    let sent = vec![
        ask(bare, format!("client_id={secret}&client_secret={client_id}")),
        ask(bare, format!("client_id={client_id}&client_secret={encoded}&scope={encoded}")),
        ask(with_own, format!("scope={secret}")),
        ask(with_own, format!("scope={token}")),
        ask(with_wrong, format!("scope={encoded}")),
        post("/oauth2/token", bare, password),
        post(&format!("/oauth2/token?client_secret={secret}&password={encoded}"), bare, "client_id=x".to_owned()),
        post("/oauth2/revoke", with_own, format!("token={token}")),
        post("/oauth2/revoke", bare, format!("token={token}&client_id={client_id}&client_secret={encoded}")),
        post("/oauth2/revoke", with_own, format!("scope={token}")),
        request("GET", &format!("/oauth2/userInfo?access_token={token}"), &[("Authorization", &*bearer)], ""),
        request("GET", "/oauth2/userInfo", &[("Authorization", &*own)], ""),
        request("GET", &format!("/login?password={encoded}"), &[("Cookie", &*format!("session={secret}"))], ""),
        request("GET", &format!("/{token}/.well-known/jwks.json"), &[], ""),
        request("GET", &format!("/{pool}/.well-known/{token}"), &[], ""),
    ];
    secrets.look_after(&server, sent).await;
}

#[tokio::test]
async fn the_gate_keeps_no_secret() {
    let server = Server::dev();
    let secrets = Secrets::of(&server).await;
    let Secrets { machine, token, api } = &secrets;
    let secret = &machine.secret;
    let (target, bearer, own) =
        (format!("/_aws/execute-api/{api}/weather"), format!("Bearer {token}"), machine.basic());
    let json = ("Content-Type", "application/json");
    let cookies = format!("a={secret}; b={token}");
    let sent = vec![
        request("GET", &target, &[("Authorization", &*bearer), ("Cookie", &*cookies)], ""),
        request("GET", &target, &[("Authorization", &*format!("{bearer}x"))], ""),
        request("GET", &target, &[("Authorization", &**token), ("X-Api-Key", &**secret)], ""),
        request("GET", &format!("{target}/{secret}/{token}?token={token}"), &[("x-api-key", &**secret)], ""),
        request("POST", &target, &[("Authorization", &*own), json], &format!("\"{token}\"")),
        request("GET", &format!("/_aws/execute-api/{api}/{token}"), &[], ""),
        request("GET", &format!("/_aws/execute-api/{secret}/live"), &[("Authorization", &*bearer)], ""),
        request("GET", &format!("/{secret}/{token}"), &[("Authorization", &*bearer)], ""),
        request("GET", "/restapis", &[("Origin", &*format!("https://{secret}.example")), ("Cookie", &**token)], ""),
    ];
    secrets.look_after(&server, sent).await;
}

#[tokio::test]
async fn the_control_plane_keeps_no_secret() {
    let server = Server::dev();
    let secrets = Secrets::of(&server).await;
    let Secrets { machine, token, .. } = &secrets;
    let Machine { pool, client_id, secret, .. } = machine;
    let call = |operation: &str, input: serde_json::Value| {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        request("POST", "/", &[("X-Amz-Target", &*target)], &input.to_string())
    };
    let user = json!({ "USERNAME": "u", "PASSWORD": PASSWORD, "SECRET_HASH": secret });
    let create = "CreateUserPoolClient";
    let sent = vec![
        call("InitiateAuth", json!({ "ClientId": client_id, "AuthFlow": "USER_AUTH", "AuthParameters": user })),
        call("InitiateAuth", json!({ "ClientId": client_id, "AuthFlow": token, "AuthParameters": user })),
        call("SignUp", json!({ "ClientId": client_id, "Username": "", "Password": PASSWORD, "SecretHash": secret })),
        call("SignUp", json!({ "ClientId": client_id, "Username": "", "Password": PASSWORD, "SecretHash": "!" })),
        call("GetUser", json!({ "AccessToken": token })),
        call(create, json!({ "UserPoolId": pool, "ClientName": "c", "ClientSecret": format!("{secret}!") })),
        call(create, json!({ "UserPoolId": pool, "ClientName": format!("{secret}/{token}") })),
        call("AddUserPoolClientSecret", json!({ "UserPoolId": pool, "ClientId": "x", "ClientSecret": secret })),
        call(token, json!({})),
        request("GET", &format!("/restapis/{secret}?position={token}"), &[("X-Amz-Security-Token", &**token)], ""),
        request("POST", "/restapis", &[], &json!({ "name": { "a": secret }, "description": token }).to_string()),
        request("POST", "/", &[("Content-Type", FORM)], &format!("Action=X&Version=2010-05-08&Password={}", encoded())),
    ];
    secrets.look_after(&server, sent).await;
}
